# SPDX-License-Identifier: Apache-2.0
"""What the machine costs the simulated cluster: time that OpenSAF on an idle machine would not have lost.

Commands of the simulator (immlist, amf-adm...) are Python programs. They start and end some 15 ms later than
OpenSAF's, and a script that reads many objects runs many of them. Commands and components of AMF wait for a
processor when the machine does other work. Both delays are measured here, so that AMF can leave them out of
periods that scripts observe (`saf_shim.contract.World.lateness`).

Two times are counted, and no moment is counted twice. The first is the time in which a command of the
simulator runs and does not wait for an answer, minus the time that a C program needs. The second is the time
in which a program that is starting, or a command of AMF, had no processor. The numbers come from proc(5) and
wait4(2).
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
QUIET = 0.3  # seconds within which the next command of the same script follows
COMING_UP = 5.0  # a process that is older than this at its first call is not just starting
_TICKS = os.sysconf("SC_CLK_TCK")
_HALF_A_TICK = 0.5 / _TICKS  # proc(5) gives the start of a process in ticks, rounded down


WatchProcess = Callable[[int, Callable[[], None]], Optional[Watch]]


class LatenessMeter:
    """Measures lateness while the simulator runs. Everything happens in the server's thread."""

    def __init__(self, watch_process: WatchProcess, directory: str) -> None:
        """Make a meter. `watch_process` is that of `contract.World`. `directory` is the simulator's DIR,
        which its commands have in their environment."""
        self._watch_process = watch_process
        self._mark = f"{protocol.DIRECTORY_VARIABLE}={directory}".encode()
        self._lost = 0.0
        self._counted_until = 0.0
        self._known: set[int] = set()  # processes that have called at least once
        self._waiting: dict[int, int] = {}  # for each command of the simulator: how many answers it waits for
        self._last_command = -QUIET

    def read(self) -> Lateness:
        """Return what has been lost up to now, and whether a script is looking."""
        self._count_commands()
        looks = bool(self._waiting) or time.monotonic() < self._last_command + QUIET
        return Lateness(self._lost, looks or self._is_command_coming_up())

    def _count_commands(self) -> None:
        if self._is_running():
            self._count(self._counted_until, time.monotonic())

    def appeared(self, pid: int) -> None:
        """Note that a process has opened a session."""
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
        """Note a call. Until its answer, the command waits for the cluster and not for the machine."""
        if pid in self._waiting:
            self._count_commands()
            self._waiting[pid] += 1

    def is_answered(self, pid: int) -> None:
        """Note that an answer has been sent."""
        if pid in self._waiting:
            self._count_commands()
            self._waiting[pid] -= 1
            self._counted_until = max(self._counted_until, time.monotonic())

    def waited(self, seconds: float, processor: float) -> None:
        """Note that a program took `seconds` up to now, and had a processor for `processor` seconds of
        them."""
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
        """Tell whether a command has been started but has not called yet. On a busy machine this takes
        time."""
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
        return any(_is_command(pid) and self._mark in _read(pid, "environ").split(b"\0") for pid in pids)

    def _is_running(self) -> bool:
        return any(not answers for answers in self._waiting.values())

    def _count(self, start: float, end: float) -> None:
        """Count the time from `start` to `end`, without the parts that are counted already."""
        start = max(start, self._counted_until)
        if end > start:
            self._lost += end - start
            self._counted_until = end


def _times_of(pid: int) -> Optional[tuple[float, float]]:
    """Return the age of a process and its processor time, in seconds. None if it is gone."""
    fields = _read(pid, "stat").rpartition(b")")[2].split()
    if not fields:
        return None
    user, system, started = int(fields[11]), int(fields[12]), int(fields[19])
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - started / _TICKS
    return max(0.0, age - _HALF_A_TICK), (user + system) / _TICKS


def _is_command(pid: int) -> bool:
    """Tell whether the process is a command of the simulator."""
    return b"saf_shim.tools" in _read(pid, "cmdline")


def _read(pid: int, name: str) -> bytes:
    """Return a file of /proc about a process. Empty if the process is gone or belongs to another user."""
    try:
        with open(f"/proc/{pid}/{name}", "rb") as file:
            return file.read()
    except OSError:
        return b""
