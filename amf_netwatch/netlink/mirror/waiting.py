# SPDX-License-Identifier: Apache-2.0
"""The ways in which a program waits for changes of a state: an event queue, a watch, a predicate.

Each is made by the `State` that it belongs to and lives under that state's lock; the state's thread puts
changes in, the program's thread takes them out. Not here: the state itself (`state`), and waiting for a link
without a state (`wait`).
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from time import monotonic
from typing import Any, Callable, Optional

from amf_netwatch.netlink.errors import WaitTimeoutError
from amf_netwatch.netlink.mirror.tables.changes import Action, Change
from amf_netwatch.netlink.mirror.tables.mirror import Mirror


class News:
    """The lock of a state, and how its threads tell each other that there is something new.

    `check` raises StateError when the state has ended. `thread` is the state's own, once it runs.
    """

    def __init__(self, check: Callable[[], None]) -> None:
        self.lock = threading.RLock()
        self.thread: threading.Thread | None = None
        self._arrived = threading.Condition(self.lock)
        self._check = check

    def check(self) -> None:
        """Raise StateError if the state has ended. The caller holds the lock."""
        self._check()

    def check_thread(self) -> None:
        """Raise RuntimeError in the state's own thread, which would wait for itself."""
        if threading.current_thread() is self.thread:
            raise RuntimeError("an observer cannot wait for the thread that it runs in")

    def announce(self) -> None:
        """Wake all waiting threads. The caller holds the lock."""
        self._arrived.notify_all()

    def wait_until(self, is_over: Callable[[], Any], timeout: float | None, otherwise: str) -> None:
        """Wait until ``is_over()`` is true. It is called after each announcement. The caller holds the lock.

        Raises WaitTimeoutError with the text `otherwise` after `timeout` seconds (None: never), StateError
        when the state ends first, and RuntimeError in the state's own thread.
        """
        self.check_thread()
        deadline = None if timeout is None else monotonic() + timeout
        while not is_over():
            self.check()
            left = None if deadline is None else deadline - monotonic()
            if left is not None and left <= 0:
                raise WaitTimeoutError(f"{otherwise} in time")
            self._arrived.wait(left)


class Waiter:
    """A thread that waits in `State.wait_for`."""

    __slots__ = ("_predicate", "done", "error", "result")

    def __init__(self, predicate: Callable[[], Any]) -> None:
        self._predicate = predicate
        self.result: Any = None
        self.error: BaseException | None = None
        self.done = False

    def ask(self) -> None:
        """Call the predicate, unless it was true before."""
        if self.done:
            return
        try:
            self.result = self._predicate()
            self.done = bool(self.result)
        except Exception as error:  # it is raised in the waiting thread
            self.error = error
            self.done = True


class EventQueue:
    """Changes in order: first the state as it is at `__enter__` (`Action.CURRENT`), then every change since.

    Nothing is missed and nothing comes twice. If the kernel lost events, or if more than `limit` changes were
    waiting, there is one `Action.LOST`, and then the whole state again. Only one thread may use it, and not
    the thread of the state.
    """

    def __init__(self, news: News, mirror: Mirror, members: list[EventQueue], limit: int) -> None:
        self._news = news
        self._mirror = mirror
        self._members = members  # the queues that the state fills
        self._limit = limit
        self._changes: deque[Change] = deque()
        self._overflowed = False

    def __enter__(self) -> EventQueue:
        with self._news.lock:
            self._news.check()
            self._fill()
            self._members.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        with self._news.lock:
            self._members.remove(self)
        self._changes.clear()

    def __iter__(self) -> Iterator[Change]:
        """Yield each change, for ever. Raises StateError when the state ends."""
        while True:
            yield self.get()

    def get(self, timeout: float | None = None) -> Change:
        """Return the next change. It waits at most `timeout` seconds, then raises WaitTimeoutError.

        Raises StateError when the state has ended and nothing is left.
        """
        with self._news.lock:
            self._news.wait_until(self._has_change, timeout, "nothing has changed")
            return self._changes.popleft()

    def _has_change(self) -> bool:
        if not self._changes and self._overflowed:
            self._overflowed = False
            self._changes.append(Change(Action.LOST, None))
            self._fill()
        return bool(self._changes)

    def _fill(self) -> None:
        self._changes.extend(self._mirror.list_current())
        if self._mirror.reading:  # the view is old, and a new one is being read
            self._changes.append(Change(Action.LOST, None))

    def put(self, change: Change) -> None:
        """Add a change; the state's thread calls this with the lock."""
        if self._overflowed:
            return
        # The listing after a loss has no limit: it is as long as the state.
        if len(self._changes) >= self._limit and change.action is not Action.CURRENT:
            self._changes.clear()
            self._overflowed = True
            return
        self._changes.append(change)


class Watch:
    """Waits for one change: armed by ``with``, before you act; waited for afterwards.

    ::

        with state.watch(name="eth0", up=True) as watch:
            plug_in()
            link = watch.wait(timeout=5)

    What the state shows when the watch is armed does not count; only later changes count.
    """

    def __init__(
        self, news: News, members: list[Watch], matches: Callable[[Change], bool], what: str
    ) -> None:
        self._news = news
        self._members = members  # the watches that the state shows changes to
        self._matches = matches
        self._what = what
        self.change: Optional[Change] = None  # the first change that matched

    def __enter__(self) -> Watch:
        with self._news.lock:
            self._news.check()
            self.change = None
            self._members.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        with self._news.lock:
            self._members.remove(self)

    def wait(self, timeout: float | None = None) -> Any:
        """Return the object of the first matching change: as it was then, or as it was before it was gone.

        Waits at most `timeout` seconds (None: for ever), then raises WaitTimeoutError. Raises StateError when
        the state ends. Not from a callback of the state.
        """
        with self._news.lock:
            self._news.wait_until(lambda: self.change is not None, timeout, f"{self._what} has not come")
            assert self.change is not None
            return self.change.value

    def see(self, change: Change) -> None:
        """Check a change. The state's thread calls this while it holds the lock."""
        if self.change is None and self._matches(change):
            self.change = change
