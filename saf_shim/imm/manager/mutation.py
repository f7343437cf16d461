# SPDX-License-Identifier: Apache-2.0
"""What a CCB does to one object, and the attributes that the object will have."""

from __future__ import annotations

from typing import NamedTuple

from saf_shim.imm.content.rules import ChangeKind, Values
from saf_shim.imm.content.store import StoredObject


class Mutation(NamedTuple):
    """One object in a CCB. `after` holds its attributes after the change; a deletion does not use it."""

    kind: ChangeKind
    found: StoredObject
    after: dict[str, Values]
