# SPDX-License-Identifier: Apache-2.0
"""The terminal of the live demonstration: its alternate screen, keys, size, and signals.

Ctrl-Z restores the terminal before the process stops, and `fg` takes it again. Signals wake the poll of
`wait` through a pipe; signal handlers do nothing themselves.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import termios
import tty
from types import FrameType, TracebackType
from typing import Any, Optional, TextIO

_HOME, _CLEAR_LINE, _CLEAR_BELOW = "\033[H", "\033[K", "\033[J"
# The alternate screen, without cursor and without automatic line breaks.
_ENTER, _LEAVE = "\033[?1049h\033[?25l\033[?7l", "\033[?7h\033[?25h\033[?1049l\r\033[K"
_SMALLEST = (80, 24)


class Terminal:
    """A context manager: inside the block, the terminal shows our screen. Use it in the main thread."""

    def __init__(self, output: TextIO) -> None:
        self._output = output
        self._keys = sys.stdin.fileno() if sys.stdin is not None and sys.stdin.isatty() else None
        self.ended = False
        self._modes: Optional[list[Any]] = None
        self._wake, self._woken = socket.socketpair()
        for end in (self._wake, self._woken):
            end.setblocking(False)
        self._old_wakeup = -1
        self._old_handlers: dict[int, Any] = {}

    def __enter__(self) -> Terminal:
        self._old_wakeup = signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTSTP, signal.SIGWINCH, signal.SIGCONT):
            self._old_handlers[number] = signal.signal(number, _do_nothing)
        self._take()
        return self

    def __exit__(
        self,
        _kind: Optional[type[BaseException]],
        _error: Optional[BaseException],
        _traceback: Optional[TracebackType],
    ) -> None:
        self._give_back()
        for number, handler in self._old_handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._old_wakeup)
        self._wake.close()
        self._woken.close()

    @property
    def size(self) -> tuple[int, int]:
        """Return the number of columns and of lines."""
        try:
            columns, lines = os.get_terminal_size(self._output.fileno())
        except OSError:
            return _SMALLEST
        return columns or _SMALLEST[0], lines or _SMALLEST[1]

    def draw(self, lines: list[str]) -> None:
        """Show these lines. None may be longer than the terminal is wide."""
        body = f"{_CLEAR_LINE}\r\n".join(lines)
        self._output.write(f"{_HOME}{body}{_CLEAR_LINE}{_CLEAR_BELOW}")
        self._output.flush()

    def wait(self, seconds: float, other: socket.socket) -> bool:
        """Wait this many seconds, or until there is a key, a signal, or data at `other`.

        True: the screen may be damaged and must be drawn again. On Ctrl-Z the process stops in this call.
        Afterwards `ended` tells whether the user has pressed q or the terminal is gone.
        """
        poll = select.poll()
        for descriptor in (self._woken.fileno(), other.fileno(), self._keys):
            if descriptor is not None:
                poll.register(descriptor, select.POLLIN)
        ready = {descriptor for descriptor, _ in poll.poll(seconds * 1000)}
        if self._keys is not None and self._keys in ready:
            self._read_keys(self._keys)
        if self._woken.fileno() not in ready:
            return False
        if signal.SIGTSTP in self._woken.recv(4096):
            self._stop()
        return True

    def _read_keys(self, descriptor: int) -> None:
        try:
            pressed = os.read(descriptor, 100)
        except OSError:
            pressed = b""
        self.ended = not pressed or bool(set(pressed) & set(b"qQ"))

    def _stop(self) -> None:
        self._give_back()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, _do_nothing)  # the process continues here
        self._take()

    def _take(self) -> None:
        if self._keys is not None:
            self._modes = termios.tcgetattr(self._keys)
            tty.setcbreak(self._keys)
        self._output.write(_ENTER)
        self._output.flush()

    def _give_back(self) -> None:
        try:
            self._output.write(_LEAVE)
            self._output.flush()
            if self._keys is not None and self._modes is not None:
                termios.tcsetattr(self._keys, termios.TCSADRAIN, self._modes)
        except (OSError, termios.error):
            return  # the terminal is gone, so there is nothing to restore


def _do_nothing(_number: int, _frame: Optional[FrameType]) -> None:
    """Replace the default action of a signal, so that the signal only reaches the pipe."""
