# SPDX-License-Identifier: Apache-2.0
"""Types and constants of the information model (saImm.h and OpenSAF's additions to it), and functions that
convert values."""

from __future__ import annotations

from ._types.ais import *  # noqa: F403 - as the real module hands on
from ._types.imm import *  # noqa: F403 - what programs find in this module
