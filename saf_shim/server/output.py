# SPDX-License-Identifier: Apache-2.0
"""What the commands of AMF, and the components that they start, write to standard output and standard error.

A real node gives them ``/dev/null``, so nobody learns why a component failed. Here each command gets a pipe,
which the daemons that it starts inherit, and its output goes into the simulator's log line by line. A
component that never stops writing must neither fill the disk nor block the simulator. Therefore output above
a rate is dropped, and pipes are read in small parts.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from saf_shim.server.loop import Loop

MAX_LINE = 4096  # bytes; a longer line is cut into several
MAX_LINES = 1000  # how many lines are remembered
MAX_BURST = 1024 * 1024  # bytes that one command and the processes it starts may write at once
RATE = 64 * 1024  # bytes that they may write in each second without limit of time
_CHUNK = 65536


class OutputLine(NamedTuple):
    """One line that a command or a component has written."""

    time: int  # ns since the epoch, when the simulator read it
    component: str  # DN
    text: str


class Outputs:
    """The pipes of all commands, and the last lines that were read from them."""

    def __init__(self, loop: Loop, wall_clock: Callable[[], int], log: Callable[[str], None]) -> None:
        """Make the pipes' keeper. `log` gets each line for the simulator's log."""
        self._loop = loop
        self._wall_clock = wall_clock
        self._log = log
        self._pipes: set[Pipe] = set()
        self._lines: deque[OutputLine] = deque(maxlen=MAX_LINES)

    def open(self, component: str) -> Pipe:
        """Make a pipe for a command of a component. The caller closes the write end after starting the
        command."""
        pipe = Pipe(self, component)
        self._pipes.add(pipe)
        self._loop.register(pipe.read_end, lambda _events: pipe.read())
        return pipe

    def note(self, component: str, text: str) -> None:
        """Remember a line, and log it."""
        self.remember(component, text)
        self._log(f"{component}: {text}")

    def remember(self, component: str, text: str) -> None:
        """Remember a line that the log already has in another form."""
        self._lines.append(OutputLine(self._wall_clock(), component, text))

    def since(self, moment: int) -> list[OutputLine]:
        """Return the lines that came at `moment` (ns since the epoch) or later, oldest first."""
        return [line for line in self._lines if line.time >= moment]

    def forget(self, pipe: Pipe) -> None:
        """Close a pipe that no process can write to any more."""
        self._pipes.discard(pipe)
        self._loop.unregister(pipe.read_end)
        os.close(pipe.read_end)

    def close(self) -> None:
        """Read what is left and close all pipes."""
        for pipe in list(self._pipes):
            pipe.read(parts=2)
        for pipe in list(self._pipes):
            self.forget(pipe)


class Pipe:
    """The pipe of one command and of the processes that it leaves running."""

    def __init__(self, outputs: Outputs, component: str) -> None:
        self._outputs = outputs
        self._component = component
        self._tail = b""
        self._left = float(MAX_BURST)
        self._filled = time.monotonic()
        self._dropped = 0
        self._ended = False
        self.read_end, self.write_end = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self.read_end, False)  # the write end blocks, as usual for pipes

    def _may_keep(self, chunk: bytes) -> bool:
        """Tell whether there is room for a part. If not, it is dropped; the log says so when there is room
        again."""
        now = time.monotonic()
        self._left = min(MAX_BURST, self._left + (now - self._filled) * RATE)
        self._filled = now
        if chunk and len(chunk) > self._left:
            self._dropped += len(chunk)
            return False
        if self._dropped:
            self._outputs.note(self._component, f"[{self._dropped} bytes are dropped: it writes too much]")
            self._tail, self._dropped = b"", 0
        self._left -= len(chunk)
        return True

    def read(self, parts: int = 1) -> None:
        """Read what is in the pipe now, at most `parts` times 64 kB; a pipe holds no more than one such part.

        At the end of the pipe, a last line without a newline counts as a line."""
        for _ in range(parts):
            if self._ended:
                return
            try:
                chunk = os.read(self.read_end, _CHUNK)
            except BlockingIOError:
                return
            if not self._may_keep(chunk):
                continue
            *lines, self._tail = (self._tail + chunk).split(b"\n")
            if len(self._tail) > MAX_LINE or not chunk:
                lines, self._tail = [*lines, self._tail] if self._tail else lines, b""
            for line in lines:
                for place in range(0, len(line) or 1, MAX_LINE):
                    text = line[place : place + MAX_LINE].decode("utf-8", "backslashreplace")
                    self._outputs.note(self._component, text)
            if not chunk:
                self._ended = True
                self._outputs.forget(self)
