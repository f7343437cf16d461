# SPDX-License-Identifier: Apache-2.0
"""C enumerations and constants as Python sees them: `Enumeration` and `Const`."""

from __future__ import annotations

from ._types.enumerations import *  # noqa: F403 - what programs find in this module
