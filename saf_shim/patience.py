# SPDX-License-Identifier: Apache-2.0
"""How long a client of IMM waits for a call. The simulator asks too: it ends what was given up."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "IMMA_SYNCR_TIMEOUT"  # in units of 10 ms
_DEFAULT = 1000
_LEAST = 10


def call_timeout(environment: Mapping[str, str]) -> float:
    """Seconds that a call may take, as the client's environment says when it opens a handle."""
    text = environment.get(VARIABLE, "")
    number = int(text) if text.isdigit() else _DEFAULT
    return max(number, _LEAST) / 100
