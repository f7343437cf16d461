# SPDX-License-Identifier: Apache-2.0
"""An object of the information model as a plain value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from imm_model.types import Value


class ImmObject(NamedTuple):
    """One object: its DN, its class, and its attributes with all their values.

    The RDN attribute is not in `attributes`, because the DN holds it. An attribute without a value is
    either left out or has an empty list of values; both mean the same.
    """

    dn: str
    class_name: str
    attributes: Mapping[str, tuple[Value, ...]]
