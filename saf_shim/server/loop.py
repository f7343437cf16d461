# SPDX-License-Identifier: Apache-2.0
"""The server's one thread: descriptors, timers and processes. It knows nothing of IMM or AMF.

The loop sleeps in epoll until a descriptor, a timer or the end of a process wakes it; there are no periodic
wake-ups. Processes are watched by pidfd, both children and others.
"""

from __future__ import annotations

import errno
import heapq
import os
import select
import time
import traceback
from collections.abc import Callable
from typing import Optional

READ = select.EPOLLIN
WRITE = select.EPOLLOUT
_ENDED = select.EPOLLHUP | select.EPOLLERR


class LoopTimer:
    """A timer of the loop: a `saf_shim.contract.Timer`."""

    __slots__ = ("function", "when")

    def __init__(self, when: float, function: Callable[[], None]) -> None:
        self.when = when
        self.function: Optional[Callable[[], None]] = function

    def cancel(self) -> None:
        """Cancel the timer: its function will not be called."""
        self.function = None


class ProcessWatch:
    """A request to be told of the end of a process: a `saf_shim.contract.Watch`."""

    __slots__ = ("_cancel",)

    def __init__(self, cancel: Callable[[], None]) -> None:
        self._cancel: Optional[Callable[[], None]] = cancel

    def cancel(self) -> None:
        """Stop watching."""
        cancel, self._cancel = self._cancel, None
        if cancel is not None:
            cancel()


class Loop:
    """Calls functions when descriptors are ready, timers run out or processes end, until `stop`."""

    def __init__(self, report: Callable[[str], None]) -> None:
        self._report = report  # gets the traceback of a function that failed
        self._epoll = select.epoll(flags=select.EPOLL_CLOEXEC)
        self._ready: dict[int, Callable[[int], None]] = {}
        self._timers: list[tuple[float, int, LoopTimer]] = []
        self._counter = 0
        self._running = False

    # descriptors

    def register(self, fd: int, ready: Callable[[int], None], events: int = READ) -> None:
        """Call `ready(events)` whenever `fd` is ready. Errors and hang-ups count as readable."""
        self._ready[fd] = ready
        self._epoll.register(fd, events)

    def modify(self, fd: int, events: int) -> None:
        """Watch other events of a registered descriptor."""
        self._epoll.modify(fd, events)

    def unregister(self, fd: int) -> None:
        """Forget `fd`. Call this before it is closed."""
        if self._ready.pop(fd, None) is not None:
            try:
                self._epoll.unregister(fd)
            except OSError:  # somebody else has closed it
                pass

    # time

    @staticmethod
    def now() -> float:
        """Return monotonic seconds."""
        return time.monotonic()

    def start_timer(self, delay: float, function: Callable[[], None]) -> LoopTimer:
        """Call `function` once after `delay` seconds. Timers of the same moment keep their order."""
        timer = LoopTimer(time.monotonic() + max(delay, 0.0), function)
        self._counter += 1
        heapq.heappush(self._timers, (timer.when, self._counter, timer))
        return timer

    # processes

    def watch_process(self, pid: int, on_death: Callable[[], None]) -> Optional[ProcessWatch]:
        """Call `on_death` once when process `pid` ends (a zombie has ended). Return None if there is no such
        process."""
        try:
            fd = os.pidfd_open(pid)
        except OSError as error:
            if error.errno in (errno.ESRCH, errno.EINVAL):
                return None
            raise

        def cancel() -> None:
            self.unregister(fd)
            os.close(fd)

        watch = ProcessWatch(cancel)

        def ended(_events: int) -> None:
            watch.cancel()
            on_death()

        self.register(fd, ended)
        return watch

    # running

    def run(self) -> None:
        """Run until `stop`. An exception of a function is reported, and the other functions still run."""
        self._running = True
        while self._running:
            self._run_once()

    def stop(self) -> None:
        """Leave `run` when the present function returns."""
        self._running = False

    def descriptors(self) -> set[int]:
        """Return the loop's own descriptor and those that it watches."""
        return {self._epoll.fileno(), *self._ready}

    def close(self) -> None:
        """Close the loop's own descriptor."""
        self._epoll.close()

    def _run_once(self) -> None:
        timers = self._timers
        while timers and timers[0][2].function is None:
            heapq.heappop(timers)
        timeout = -1.0
        if timers:
            timeout = max(0.0, timers[0][0] - time.monotonic())
        happened = [(self._ready.get(fd), fd, events) for fd, events in self._epoll.poll(timeout)]
        for ready, fd, events in happened:
            # An earlier function of this round may have unregistered it, and the number may have been reused
            # since.
            if ready is not None and self._ready.get(fd) is ready:
                self._guard(ready, READ if events & _ENDED else events)
        now = time.monotonic()
        while timers and timers[0][0] <= now:
            function = heapq.heappop(timers)[2].function
            if function is not None:
                self._guard(function)

    def _guard(self, function: Callable[..., None], *arguments: int) -> None:
        try:
            function(*arguments)
        except Exception:
            self._report(traceback.format_exc())
