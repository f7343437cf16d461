# SPDX-License-Identifier: Apache-2.0
"""What the machine costs the simulated cluster: time that OpenSAF on an idle machine would not have lost.

Commands of the simulator (immlist, amf-adm...) are Python programs: they start and end some 15 ms later than
OpenSAF's, and a script that reads many objects runs many of them. Commands and components of AMF wait for a
processor when the machine does other work. Both is measured here, so that AMF can leave it out of periods in
which scripts look at it (`saf_shim.contract.World.lateness`).

Counted is, without counting any moment twice: the time in which a command of the simulator runs and does not
wait for an answer, less what a C program needs; and the time in which a program that comes up, or a command
of AMF, had no processor. Source of the numbers: proc(5), and the resources that wait4(2) tells.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from typing import Optional

from saf_shim import protocol
from saf_shim.contract import Lateness, Watch

COMMAND_IN_C = 0.010  # seconds that a command of OpenSAF takes from start to end (measured: 5 to 15 ms)
QUIET = 0.3  # seconds after a command within which the next one of the same script comes
COMING_UP = 5.0  # a process that is older when it first calls did not just start
_TICKS = os.sysconf("SC_CLK_TCK")
_HALF_A_TICK = 0.5 / _TICKS  # proc(5) tells the start of a process in ticks, rounded down


WatchProcess = Callable[[int, Callable[[], None]], Optional[Watch]]


class LatenessMeter:
    """Measures while the simulator runs; all in the server's thread."""

    def __init__(self, watch_process: WatchProcess, directory: str) -> None:
        """`watch_process`: as in `contract.World`. `directory`: the simulator's DIR, which its commands have
        in their environment."""
        self._watch_process = watch_process
        self._mark = f"{protocol.DIRECTORY_VARIABLE}={directory}".encode()
        self._lost = 0.0
        self._counted_until = 0.0
        self._known: set[int] = set()  # processes that have called before
        self._waiting: dict[int, int] = {}  # commands of the simulator: how many answers they wait for
        self._last_command = -QUIET

    def read(self) -> Lateness:
        """What has been lost up to now, and whether a script is looking."""
        self._count_commands()
        looks = bool(self._waiting) or time.monotonic() < self._last_command + QUIET
        return Lateness(self._lost, looks or self._is_command_coming_up())

    def _count_commands(self) -> None:
        if self._is_running():
            self._count(self._counted_until, time.monotonic())

    def appeared(self, pid: int) -> None:
        """A process has opened a session."""
        if not pid or pid in self._known:
            return
        watch = self._watch_process(pid, partial(self._ended, pid))
        times = _times_of(pid)
        if watch is None or times is None:
            return
        self._known.add(pid)
        now = time.monotonic()
        age, processor = times
        if _is_command(pid):
            if self._is_running():
                self._count(self._counted_until, now)
            else:
                self._count(now - age + COMMAND_IN_C, now)
            self._waiting[pid] = 0
        elif age < COMING_UP:
            self.waited(age, processor)

    def asks(self, pid: int) -> None:
        """A call has come; until its answer the command waits for the cluster, not for the machine."""
        if pid in self._waiting:
            self._count_commands()
            self._waiting[pid] += 1

    def is_answered(self, pid: int) -> None:
        """An answer has gone out."""
        if pid in self._waiting:
            self._count_commands()
            self._waiting[pid] -= 1
            self._counted_until = max(self._counted_until, time.monotonic())

    def waited(self, seconds: float, processor: float) -> None:
        """A program took `seconds` up to now, and had a processor for `processor` seconds of them."""
        if seconds > processor:
            now = time.monotonic()
            self._count(now - (seconds - processor), now)

    def _ended(self, pid: int) -> None:
        self._known.discard(pid)
        if pid in self._waiting:
            self._count_commands()
            del self._waiting[pid]
            self._last_command = time.monotonic()

    def _is_command_coming_up(self) -> bool:
        """Has a command been started that has not called yet? On a busy machine it takes its time."""
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
        return any(_is_command(pid) and self._mark in _read(pid, "environ").split(b"\0") for pid in pids)

    def _is_running(self) -> bool:
        return any(not answers for answers in self._waiting.values())

    def _count(self, start: float, end: float) -> None:
        """Count from `start` to `end`, without what has been counted already."""
        start = max(start, self._counted_until)
        if end > start:
            self._lost += end - start
            self._counted_until = end


def _times_of(pid: int) -> Optional[tuple[float, float]]:
    """The age of a process and its time on a processor, in seconds; None when it is gone."""
    fields = _read(pid, "stat").rpartition(b")")[2].split()
    if not fields:
        return None
    user, system, started = int(fields[11]), int(fields[12]), int(fields[19])
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - started / _TICKS
    return max(0.0, age - _HALF_A_TICK), (user + system) / _TICKS


def _is_command(pid: int) -> bool:
    """Is the process a simulator's command?"""
    return b"saf_shim.tools" in _read(pid, "cmdline")


def _read(pid: int, name: str) -> bytes:
    """A file of /proc about a process; empty when the process is gone, or somebody else's."""
    try:
        with open(f"/proc/{pid}/{name}", "rb") as file:
            return file.read()
    except OSError:
        return b""
