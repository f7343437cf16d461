# SPDX-License-Identifier: Apache-2.0
"""Queues for the calls that follow a late call, and for all calls of a service that hangs.

Both queues are first in, first out, as in OpenSAF. Even if a client has given up a call long ago, its later
calls still wait for that call. The end of a session waits like a call.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol


class StartTimer(Protocol):
    """The function by which a queue asks to be called later."""

    def __call__(self, delay: float, function: Callable[[], None], /) -> object:
        """Call `function` once, in `delay` seconds."""


class Line:
    """The calls of one session. They keep their order when a fault delays one of them."""

    def __init__(self, start_timer: StartTimer, now: Callable[[], float]) -> None:
        self._start_timer = start_timer
        self._now = now
        self._waiting: deque[tuple[float, Callable[[], None]]] = deque()  # the earliest time, the function

    def add(self, function: Callable[[], None], delay: float = 0.0) -> None:
        """Call `function` after everything that was added before, and not before `delay` seconds are over."""
        if not self._waiting and delay <= 0:
            function()
            return
        self._waiting.append((self._now() + delay, function))
        if len(self._waiting) == 1:
            self._start_timer(delay, self._go_on)

    def _go_on(self) -> None:
        while self._waiting:
            moment, function = self._waiting[0]
            left = moment - self._now()
            if left > 0:
                self._start_timer(left, self._go_on)
                return
            try:
                function()
            finally:
                self._waiting.popleft()


class Hang:
    """The calls of all clients to a service that hangs. The service executes them when it continues."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()

    def add(self, function: Callable[[], None]) -> None:
        """Call `function` when the service continues."""
        self._waiting.append(function)

    def end(self) -> None:
        """Let the service execute all waiting calls in their order."""
        while self._waiting:
            self._waiting.popleft()()
