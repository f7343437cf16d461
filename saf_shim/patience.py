# SPDX-License-Identifier: Apache-2.0
"""How long a client of IMM waits for a call, and how long IMM waits for an implementer.

The simulator uses the client's time as well: it ends a CCB whose client has given up. The times were measured
on OpenSAF 5.21.03."""

from __future__ import annotations

TYPE_CHECKING = False  # importing it from `typing` would make each start of a client slower
if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "IMMA_SYNCR_TIMEOUT"  # in units of 10 ms
CALLBACK_VARIABLE = "IMMA_OI_CALLBACK_TIMEOUT"  # in seconds
CALLBACK_TIME = 6.0  # seconds that an implementer has for a callback if that variable does not say otherwise
_DEFAULT = 1000
# Initializing and finalizing ignore IMMA_SYNCR_TIMEOUT. When IMM hangs, initializing fails after this many
# seconds with ERR_TIMEOUT. Finalizing succeeds, because the library gives up handle and descriptor by itself.
INITIALIZE_TIME = 21.0
FINALIZE_TIME = 11.0
_LEAST = 10


def call_timeout(environment: Mapping[str, str]) -> float:
    """Return the seconds that a call may take, from the client's environment when it opens a handle."""
    text = environment.get(VARIABLE, "")
    number = int(text) if text.isdigit() else _DEFAULT
    return max(number, _LEAST) / 100


def callback_timeout(environment: Mapping[str, str]) -> float:
    """Return the seconds that an implementer may take for a callback of a CCB, from its environment."""
    text = environment.get(CALLBACK_VARIABLE, "")
    return float(text) if text.isdigit() and int(text) else CALLBACK_TIME
