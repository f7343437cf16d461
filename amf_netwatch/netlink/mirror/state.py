# SPDX-License-Identifier: Apache-2.0
"""The live state of a network namespace: a thread follows the kernel, and every thread may read the state.

::

    with State() as state:
        link = state.links["eth0"]
        state.wait_for(lambda state: state.links["eth0"].running, timeout=5)
        with state.events() as events:
            for change in events: ...

Once everything that the kernel has announced is taken in, the state is what a dump would list, in every
*fact* (see `changes`). Other values are as the kernel last reported them; `refresh` reads them again.

Threads: the state's own thread ("netlink-state") applies changes and calls observers. It holds the lock
while it does so, but not while it waits for the kernel. Every method may be called in any thread, even from
observers, except the methods that wait. A returned value does not change afterwards.

What ends the thread, and what does not:

=================================  ======================================================================
what happens                       what follows
=================================  ======================================================================
an observer raises                 it is logged, and the observer is dropped
events were lost                   everything is read anew; the old view stays until then
the kernel does not answer a dump  the same, until it does
a socket breaks                    new sockets, then everything is read anew; tried for three seconds
no new sockets in that time, or    the thread ends; every method raises StateError from then on
anything else raises
=================================  ======================================================================
"""

from __future__ import annotations

import os
import select
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING, Any

from amf_netwatch.netlink.codec.parsers import ParserRegistry
from amf_netwatch.netlink.errors import SocketError, StateError
from amf_netwatch.netlink.listener import PAUSES
from amf_netwatch.netlink.mirror.follower import EVERYTHING, Follower
from amf_netwatch.netlink.mirror.tables.changes import Action, Change, Object, Value
from amf_netwatch.netlink.mirror.tables.namespace import Observer
from amf_netwatch.netlink.mirror.views import (
    AddressView,
    LinkView,
    NeighbourView,
    RouteView,
    RuleView,
    matcher,
)
from amf_netwatch.netlink.mirror.waiting import EventQueue, News, Waiter, Watch
from amf_netwatch.netlink.socket import DATAGRAM_SIZE, RECEIVE_BUFFER, Namespace
from amf_netwatch.netlink.transport import QueryTransport, Transport

if TYPE_CHECKING:
    from amf_netwatch.netlink.mirror.recording import Recorder

EVENTS = 65536  # changes that an event queue holds
_INCREMENTS = (Action.NEW, Action.CHANGED, Action.REMOVED)


class State:
    """The content of a namespace. It is complete when the constructor returns.

    `links`, `addresses`, `routes`, `rules` and `neighbours` are live views, see `views`. The arguments are
    those of `Follower`, and `log`: called with one ``key=value`` line when an observer was dropped or a
    socket broke, was replaced or was given up, in the state's thread; without it such lines go to standard
    error. Raises NetlinkError.
    """

    def __init__(
        self,
        objects: Collection[Object] = EVERYTHING,
        *,
        namespace: Namespace | None = None,
        receive_buffer: int | None = RECEIVE_BUFFER,
        datagram_size: int = DATAGRAM_SIZE,
        ignored_tables: Collection[int] = (),
        recorder: Recorder | None = None,
        open_events: Callable[[], Transport] | None = None,
        open_queries: Callable[[], QueryTransport] | None = None,
        timeout: float | None = None,
        parsers: ParserRegistry | None = None,
        log: Callable[[str], object] | None = None,
    ) -> None:
        self._news = News(self._check)
        self._log = log or _log_to_standard_error
        self._observers: list[tuple[Observer | None, Observer | None]] = []
        self._queues: list[EventQueue] = []
        self._watches: list[Watch] = []
        self._waiters: list[Waiter] = []
        self._failure: BaseException | None = None
        self._closed = False
        self._refreshes = 0  # how many refreshes were asked for
        self._refreshed = 0  # how many of them are done
        self._follower = Follower(
            objects,
            before=self._before,
            after=self._after,
            namespace=namespace,
            receive_buffer=receive_buffer,
            datagram_size=datagram_size,
            ignored_tables=ignored_tables,
            recorder=recorder,
            lock=self._news.lock,
            open_events=open_events,
            open_queries=open_queries,
            timeout=timeout,
            parsers=parsers,
        )
        self._mirror = self._follower.mirror
        self.links = LinkView(self._news, self._mirror.tables)
        self.addresses = AddressView(self._news, self._mirror.tables)
        self.routes = RouteView(self._news, self._mirror.tables)
        self.rules = RuleView(self._news, self._mirror.tables)
        self.neighbours = NeighbourView(self._news, self._mirror.tables)
        try:
            while self._mirror.reading:
                self._follower.read()
            self._wake, self._wake_writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        except BaseException:
            self._follower.close()
            raise
        # It is a daemon thread, so that a program that forgets to close its state can still end.
        self._thread = threading.Thread(target=self._run, name="netlink-state", daemon=True)
        self._news.thread = self._thread
        self._thread.start()

    def __enter__(self) -> State:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the thread and close the sockets. Waiting threads get a StateError. A second call does nothing.

        Do not call it from an observer. It waits for a running dump, but not longer than the dump's time-out.
        """
        if threading.current_thread() is self._thread:
            raise RuntimeError("an observer cannot close its state")
        with self._news.lock:
            if self._closed:
                return
            self._closed = True
            self._news.announce()
        self._rouse()
        self._thread.join()
        self._follower.close()
        os.close(self._wake)
        os.close(self._wake_writer)

    # -- looking ------------------------------------------------------------------------------------------

    @property
    def losses(self) -> int:
        """Return how often the kernel's events were lost and everything was read again."""
        return self._follower.losses

    @property
    def reopenings(self) -> int:
        """Return how often broken sockets were replaced."""
        return self._follower.reopenings

    def __iter__(self) -> Iterator[Value]:
        """Yield links, addresses, routes, rules and neighbours, all as of one moment."""
        with self._news.lock:
            self._check()
            return iter(tuple(self._mirror.tables))

    def refresh(self, timeout: float | None = None) -> None:
        """Read all links again, and return when the state shows them.

        Only values that are not facts need this: the kernel does not announce, for example, a new alias or
        another bridge option while the link is down. Raises WaitTimeoutError and StateError. Do not call it
        from an observer.
        """
        with self._news.lock:
            self._check()
            self._refreshes += 1
            number = self._refreshes
            self._rouse()
            self._news.wait_until(lambda: self._refreshed >= number, timeout, "the links have not been read")

    # -- following ----------------------------------------------------------------------------------------

    def observe(self, *, before: Observer | None = None, after: Observer | None = None) -> Callable[[], None]:
        """Call `before(change)` when a change is certain and the state still shows what was, and
        `after(change)` when it shows what is; returns a function that ends that.

        After a loss, too, only the differences are reported (with `Change.resync`). Observers run in the
        state's thread, and everyone else waits meanwhile. One that raises is logged and not called again.
        """
        entry = (before, after)
        with self._news.lock:
            self._check()
            self._observers = [*self._observers, entry]
        return lambda: self._forget(entry)

    def events(self, limit: int = EVENTS) -> EventQueue:
        """A queue, for ``with``, that holds the present state and every change from then on."""
        return EventQueue(self._news, self._mirror, self._queues, limit)

    def watch(
        self, object: Object | str = Object.LINK, *, action: Action | str | None = None, **facts: Any
    ) -> Watch:
        """A watch, for ``with``, that waits for a change after which an object has all these facts.

        `object`: what it is about. `action`: only such changes (`new`, `changed`, `removed`); with `removed`
        the facts are those that the object had. The names of the facts are those of the view's `find`; raises
        TypeError for others.
        """
        about = Object(object)
        wanted = None if action is None else Action(action)
        matches = matcher(about, self._mirror.tables, facts)

        def is_it(change: Change) -> bool:
            if change.object is not about or (wanted is not None and change.action is not wanted):
                return False
            return (change.after is not None or wanted is Action.REMOVED) and matches(change.value)

        words = " ".join([str(about), *(f"{name}={value!r}" for name, value in facts.items())])
        return Watch(self._news, self._watches, is_it, words)

    def wait_for(self, predicate: Callable[[State], Any], timeout: float | None = None) -> Any:
        """Wait until ``predicate(state)`` is true, and return what it returned.

        The predicate is asked now and after every single change, in the state's thread, so it sees also what
        is true for a moment only. Raises WaitTimeoutError after `timeout` seconds (None: never), StateError,
        and what the predicate raises.
        """
        self._news.check_thread()
        waiter = Waiter(lambda: predicate(self))
        with self._news.lock:
            self._check()
            waiter.ask()
            if not waiter.done:
                self._waiters.append(waiter)
                try:
                    self._news.wait_until(
                        lambda: waiter.done, timeout, "what was waited for has not happened"
                    )
                finally:
                    self._waiters.remove(waiter)
        if waiter.error is not None:
            raise waiter.error
        return waiter.result

    def _check(self) -> None:
        if self._failure is not None:
            raise StateError(f"the state is not followed any more: {self._failure}") from self._failure
        if self._closed:
            raise StateError("the state was closed")

    def _forget(self, entry: tuple[Observer | None, Observer | None]) -> None:
        with self._news.lock:
            self._observers = [one for one in self._observers if one is not entry]

    # -- the thread ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while self._wait():
                self._read()
        except BaseException as error:  # whatever it was, it is raised wherever somebody looks
            with self._news.lock:
                self._failure = error
                self._news.announce()
            self._log(f"state state=failed reason={error}")

    def _wait(self) -> bool:
        """Wait until there is something to read; False: the state was closed."""
        poll = select.poll()
        poll.register(self._wake, select.POLLIN)
        poll.register(self._follower.fileno(), select.POLLIN)
        ready = poll.poll(0 if self._follower.behind else None)
        return not any(descriptor == self._wake for descriptor, _ in ready) or self._is_wanted()

    def _is_wanted(self) -> bool:
        """Somebody woke the thread: for a refresh, or (False) to end it."""
        os.read(self._wake, 4096)
        return not self._closed

    def _read(self) -> None:
        """Read what there is, and do the refreshes that were asked for."""
        with self._news.lock:
            asked = self._refreshes
            if asked != self._refreshed:
                self._follower.refresh()
        try:
            self._follower.read()
        except SocketError as error:
            if not self._reopen(error):
                return
        with self._news.lock:
            if asked != self._refreshed and not self._follower.behind:
                self._refreshed = asked
                self._news.announce()

    def _reopen(self, error: SocketError) -> bool:
        """Try to get new sockets; False: the state was closed meanwhile. Raises the last error when it
        gives up.
        """
        self._log(f"state state=broken errno={error.errno} doing={error.doing}")
        poll = select.poll()
        poll.register(self._wake, select.POLLIN)
        for pause in PAUSES:
            if poll.poll(pause * 1000) and not self._is_wanted():
                return False
            try:
                self._follower.read()
            except SocketError as refused:
                error = refused
            else:
                self._log("state state=reopened")
                return True
        raise error

    def _rouse(self) -> None:
        try:
            os.write(self._wake_writer, b"x")
        except BlockingIOError:
            pass  # the pipe is full of reasons to wake up

    def _before(self, change: Change) -> None:
        for entry in self._observers:
            if entry[0] is not None:
                self._call(entry, entry[0], change)

    def _after(self, change: Change) -> None:
        if change.action in _INCREMENTS:
            for entry in self._observers:
                if entry[1] is not None:
                    self._call(entry, entry[1], change)
            for waiter in self._waiters:
                waiter.ask()
            for watch in self._watches:
                watch.see(change)
        if not change.resync:
            for queue in self._queues:
                queue.put(change)
        if self._waiters or self._queues or self._watches:
            self._news.announce()

    def _call(
        self, entry: tuple[Observer | None, Observer | None], observer: Observer, change: Change
    ) -> None:
        try:
            observer(change)
        except Exception as error:
            self._forget(entry)
            name = getattr(observer, "__qualname__", type(observer).__qualname__)
            self._log(f"state observer={name} dropped reason={error!r}")


def _log_to_standard_error(line: str) -> None:
    if sys.stderr is not None:
        print(line, file=sys.stderr)
