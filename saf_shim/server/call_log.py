# SPDX-License-Identifier: Apache-2.0
"""The log of AIS calls, which ``saf-shim calls`` shows."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from saf_shim import protocol
from saf_shim.contract import Arguments

MAX_CALLS = 200_000
MAX_BYTES = 64 * 1024 * 1024  # the size of all lines together
_NUMBERS = struct.Struct("=qqqq")  # time, pid, session, code


class CallRecord(NamedTuple):
    """One call that has been answered."""

    number: int  # counted from the start of the simulator, from 1
    time: int  # when it was answered, in ns since the epoch
    pid: int  # the process that called
    session: int
    name: str
    rc: int
    args: Arguments  # as the client sent them, with the handle


class CallLog:
    """The calls that have been answered, oldest first. When the log is full, the oldest calls are dropped.

    A call is kept as the line that was received, and is decoded when somebody reads the log. A typical call
    then takes 290 bytes; its decoded arguments would take 1.3 kB.
    """

    def __init__(self, calls: int = MAX_CALLS, size: int = MAX_BYTES) -> None:
        """Make a log for at most this many calls, and this many bytes of their lines."""
        self._max_calls = calls
        self._max_size = size
        self._entries: deque[tuple[str, bytes, bytes]] = deque()  # name, numbers, line
        self._names: dict[str, str] = {}  # keeps one copy of each name
        self._size = 0
        self._count = 0

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, time: int, pid: int, session: int, name: str, rc: int, line: bytes) -> None:
        """Note an answered call. `line` is the request as it was received."""
        self._count += 1
        known = self._names.get(name)
        if known is None:
            # Clients may send any name, so the table of names must be limited.
            known = self._names.setdefault(name, name) if len(self._names) < 1000 else name
        self._entries.append((known, _NUMBERS.pack(time, pid, session, rc), line))
        self._size += len(line)
        while len(self._entries) > self._max_calls or self._size > self._max_size:
            self._size -= len(self._entries.popleft()[2])

    def read(self, prefix: str = "") -> Iterator[CallRecord]:
        """Yield the calls whose names begin with `prefix`, oldest first."""
        first = self._count - len(self._entries) + 1
        for number, (name, numbers, line) in enumerate(self._entries, first):
            if name.startswith(prefix):
                time, pid, session, rc = _NUMBERS.unpack(numbers)
                yield CallRecord(number, time, pid, session, name, rc, protocol.decode_line(line)[2])

    def clear(self) -> None:
        """Forget the calls. The numbering of calls continues."""
        self._entries.clear()
        self._size = 0
