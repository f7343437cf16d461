# SPDX-License-Identifier: Apache-2.0
"""The faults that ``saf-shim fault`` sets: which calls fail, how, and how often."""

from __future__ import annotations

from typing import NamedTuple, Optional


class Fault(NamedTuple):
    """How the calls of one function fail."""

    call: str  # the AIS function
    rc: Optional[int]  # the answer, without executing the call; None if the call is executed
    times: Optional[int] = None  # for how many calls; None for all
    delay: float = 0.0  # seconds before the call is executed or answered
    lost: bool = False  # the call is executed, but its answer never reaches the client


class Faults:
    """The faults that are set. Several faults of one function take effect one after the other."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[Fault]] = {}

    def add(self, fault: Fault) -> None:
        """Set a fault; ValueError for one that makes no sense."""
        if fault.times is not None and fault.times < 1:
            raise ValueError("times must be at least 1")
        if not 0 <= fault.delay < float("inf"):
            raise ValueError("the delay must be a number of seconds, and not negative")
        self._waiting.setdefault(fault.call, []).append(fault)

    def take(self, call: str) -> Optional[Fault]:
        """Return the fault for this call of the function, or None. `times` of the fault is reduced by one."""
        waiting = self._waiting.get(call)
        if not waiting:
            return None
        fault = waiting[0]
        if fault.times is not None:
            if fault.times > 1:
                waiting[0] = fault._replace(times=fault.times - 1)
            else:
                waiting.pop(0)
        return fault

    def pending(self) -> list[Fault]:
        """Return all faults that are set, in the order in which they take effect."""
        return [fault for faults in self._waiting.values() for fault in faults]

    def clear(self) -> None:
        """Remove all faults."""
        self._waiting.clear()
