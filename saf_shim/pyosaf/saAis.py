# SPDX-License-Identifier: Apache-2.0
"""Types, codes and constants that all AIS services share (saAis.h), and the helpers of the bindings."""

from __future__ import annotations

from ._types.ais import *  # noqa: F403 - what programs find in this module
