# SPDX-License-Identifier: Apache-2.0
"""The state of a namespace, always at hand: a thread follows the kernel, everyone may look.

::

    with State() as state:
        link = state.find_link(b"eth0")
        state.wait_for(lambda state: (link := state.find_link(b"eth0")) and link.running, timeout=5)
        with state.events() as events:
            for change in events: ...

At any moment at which the kernel has told everything, the state is what a dump would list, in every *fact*
(see `changes`); what is no fact is as the kernel last told it.

Threads: the state's own one ("netlink-state") applies changes and calls callbacks, holding the lock; every
method may be called in any thread, from callbacks too, except those that wait.  What a method returns is a
value and does not change afterwards.  A failure (the socket broke, the kernel does not answer, a callback
raised) ends the thread and is raised by every call from then on.
"""

from __future__ import annotations

import os
import select
import threading
from collections import deque
from collections.abc import Collection, Iterator
from time import monotonic
from typing import TYPE_CHECKING, Any, Callable

from amf_netwatch.netlink.codec.address import Address
from amf_netwatch.netlink.codec.link import Link
from amf_netwatch.netlink.codec.route import Route
from amf_netwatch.netlink.errors import StateError, WaitTimeoutError
from amf_netwatch.netlink.mirror.changes import Action, Change, Object, Value
from amf_netwatch.netlink.mirror.follower import EVERYTHING, Follower
from amf_netwatch.netlink.mirror.tables import Observer
from amf_netwatch.netlink.socket import RECEIVE_BUFFER, Namespace

if TYPE_CHECKING:
    from amf_netwatch.netlink.mirror.recording import Recorder

EVENTS = 65536  # changes that an event queue holds
_INCREMENTS = (Action.NEW, Action.CHANGED, Action.REMOVED)


class State:
    """Links, addresses and routes of a namespace.  Complete when the constructor returns.

    `objects`: what to follow; links always are.  `recorder` is told everything, and stays its owner's to
    close, after `close()`.  Raises NetlinkError.
    """

    def __init__(
        self,
        objects: Collection[Object] = EVERYTHING,
        *,
        namespace: Namespace | None = None,
        receive_buffer: int | None = RECEIVE_BUFFER,
        recorder: Recorder | None = None,
    ) -> None:
        self._lock = threading.RLock()
        self._news = threading.Condition(self._lock)  # for waiters and queues
        self._observers: list[tuple[Observer | None, Observer | None]] = []
        self._queues: list[EventQueue] = []
        self._waiters: list[_Waiter] = []
        self._failure: BaseException | None = None
        self._closed = False
        self._follower = Follower(
            objects,
            before=self._before,
            after=self._after,
            namespace=namespace,
            receive_buffer=receive_buffer,
            recorder=recorder,
        )
        self._mirror = self._follower.mirror
        try:
            while self._mirror.reading:
                self._follower.read()
            self._stop, self._stop_writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        except BaseException:
            self._follower.close()
            raise
        self._thread = threading.Thread(target=self._run, name="netlink-state", daemon=True)
        self._thread.start()

    def __enter__(self) -> State:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the thread and close the sockets; whoever waits gets a StateError.  Not from a callback.

        A second call does nothing.
        """
        if threading.current_thread() is self._thread:
            raise RuntimeError("a callback cannot close its state")
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._news.notify_all()
        os.write(self._stop_writer, b"x")
        self._thread.join()
        self._follower.close()
        os.close(self._stop)
        os.close(self._stop_writer)

    # -- looking ------------------------------------------------------------------------------------------

    @property
    def losses(self) -> int:
        """How often the kernel's events were lost and everything was read anew."""
        return self._follower.losses

    def links(self) -> tuple[Link, ...]:
        """All links."""
        with self._lock:
            self._check()
            return tuple(self._mirror.tables.links.values())

    def addresses(self, ifindex: int | None = None) -> tuple[Address, ...]:
        """All addresses, or those of one link."""
        with self._lock:
            self._check()
            tables = self._mirror.tables
            return tuple(tables.addresses.values() if ifindex is None else tables.list_addresses(ifindex))

    def routes(self, *, ifindex: int | None = None, table: int | None = None) -> tuple[Route, ...]:
        """All routes, or those through one link, or of one table."""
        with self._lock:
            self._check()
            routes = self._mirror.tables.routes
            some = routes if ifindex is None else routes.through(ifindex)
            return tuple(route for route in some if table is None or route.table == table)

    def __iter__(self) -> Iterator[Value]:
        """Links, then addresses, then routes, of one moment."""
        with self._lock:
            self._check()
            return iter(tuple(self._mirror.tables))

    def find_link(self, link: bytes | str | int) -> Link | None:
        """The link of this name or index; None: there is none."""
        with self._lock:
            self._check()
            tables = self._mirror.tables
            index = link if isinstance(link, int) else tables.names.get(os.fsencode(link))
            return None if index is None else tables.links.get(index)

    # -- following ----------------------------------------------------------------------------------------

    def observe(self, *, before: Observer | None = None, after: Observer | None = None) -> Callable[[], None]:
        """Call `before(change)` when a change is certain and the state still shows what was, and
        `after(change)` when it shows what is; returns a function that ends that.

        Only what differs is told, also after a loss (then with `Change.resync`).  Callbacks run in the
        state's thread and keep everyone else waiting.
        """
        entry = (before, after)
        with self._lock:
            self._check()
            self._observers = [*self._observers, entry]

        def end() -> None:
            with self._lock:
                self._observers = [one for one in self._observers if one is not entry]

        return end

    def events(self, limit: int = EVENTS) -> EventQueue:
        """A queue that holds the present state and everything that happens from then on; see `EventQueue`."""
        return EventQueue(self, limit)

    def wait_for(self, predicate: Callable[[State], Any], timeout: float | None = None) -> Any:
        """Wait until ``predicate(state)`` is true, and return what it returned.

        It is asked now and after every single change, in the state's thread, so nothing passes unseen
        however quickly it goes again.  Raises WaitTimeoutError after `timeout` seconds (None: never),
        StateError, and what the predicate raises.
        """
        self._check_thread()
        deadline = None if timeout is None else monotonic() + timeout
        with self._lock:
            self._check()
            waiter = _Waiter(predicate)
            waiter.ask(self)
            if not waiter.done:
                self._waiters.append(waiter)
                try:
                    while not waiter.done:
                        self._check()
                        self._sleep(deadline, "what was waited for has not happened")
                finally:
                    self._waiters.remove(waiter)
        if waiter.error is not None:
            raise waiter.error
        return waiter.result

    def _sleep(self, deadline: float | None, what: str) -> None:
        """Wait for news, with the lock."""
        if deadline is None:
            self._news.wait()
        else:
            left = deadline - monotonic()
            if left <= 0:
                raise WaitTimeoutError(f"{what} in time")
            self._news.wait(left)

    def _check(self) -> None:
        if self._failure is not None:
            raise StateError(f"the state is not followed any more: {self._failure}") from self._failure
        if self._closed:
            raise StateError("the state was closed")

    def _check_thread(self) -> None:
        if threading.current_thread() is self._thread:
            raise RuntimeError("a callback cannot wait for the thread that it runs in")

    # -- the thread ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._stop, select.POLLIN)
        poll.register(self._follower.fileno(), select.POLLIN)
        try:
            while True:
                ready = dict(poll.poll(0 if self._follower.behind else None))
                if self._stop in ready:
                    return
                with self._lock:
                    self._follower.read()
        except BaseException as error:  # a callback's too: it is raised wherever somebody looks
            with self._lock:
                self._failure = error
                self._news.notify_all()

    def _before(self, change: Change) -> None:
        for before, _ in self._observers:
            if before is not None:
                before(change)

    def _after(self, change: Change) -> None:
        if change.action in _INCREMENTS:
            for _, after in self._observers:
                if after is not None:
                    after(change)
            for waiter in self._waiters:
                waiter.ask(self)
        if not change.resync:
            for queue in self._queues:
                queue._put(change)
        if self._waiters or self._queues:
            self._news.notify_all()


class _Waiter:
    """Somebody in `State.wait_for`."""

    __slots__ = ("done", "error", "predicate", "result")

    def __init__(self, predicate: Callable[[State], Any]) -> None:
        self.predicate = predicate
        self.result: Any = None
        self.error: BaseException | None = None
        self.done = False

    def ask(self, state: State) -> None:
        if self.done:
            return
        try:
            self.result = self.predicate(state)
            self.done = bool(self.result)
        except Exception as error:  # belongs to the thread that waits
            self.error = error
            self.done = True


class EventQueue:
    """Changes in order: first the state at `__enter__` (`Action.CURRENT`), then everything since.

    Nothing is missed or told twice.  When the kernel lost events, or when more than `limit` changes were
    waiting to be taken, there is one `Action.LOST`, and then the state anew.  For one thread.
    """

    def __init__(self, state: State, limit: int) -> None:
        self._state = state
        self._limit = limit
        self._changes: deque[Change] = deque()
        self._overflowed = False

    def __enter__(self) -> EventQueue:
        state = self._state
        with state._lock:
            state._check()
            self._fill()
            state._queues.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        with self._state._lock:
            self._state._queues.remove(self)
        self._changes.clear()

    def __iter__(self) -> Iterator[Change]:
        """Each change, for ever; raises StateError when the state ends."""
        while True:
            yield self.get()

    def get(self, timeout: float | None = None) -> Change:
        """The next change; waits for it at most `timeout` seconds, then raises WaitTimeoutError.

        Raises StateError when the state ended and nothing is left.
        """
        state = self._state
        state._check_thread()
        deadline = None if timeout is None else monotonic() + timeout
        with state._lock:
            while not self._changes:
                state._check()
                if self._overflowed:
                    self._overflowed = False
                    self._changes.append(Change(Action.LOST, None))
                    self._fill()
                else:
                    state._sleep(deadline, "nothing has changed")
            return self._changes.popleft()

    def _fill(self) -> None:
        mirror = self._state._mirror
        self._changes.extend(mirror.list_current())
        if mirror.reading:  # the view is of the past; a new one comes by itself
            self._changes.append(Change(Action.LOST, None))

    def _put(self, change: Change) -> None:
        if self._overflowed:
            return
        # The listing that follows a loss has no limit: it is as long as the state.
        if len(self._changes) >= self._limit and change.action is not Action.CURRENT:
            self._changes.clear()
            self._overflowed = True
            return
        self._changes.append(change)
