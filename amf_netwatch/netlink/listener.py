# SPDX-License-Identifier: Apache-2.0
"""The listener: a thread that raises a flag when the kernel says that something changed.

It notes which links changed, but not how: an event is a hint, and whoever takes it reads the facts again. It
does not decode links, keep state, or write a log.

The flag, `network_changed`, also decides which thread owns the socket::

    flag down    the thread owns socket and notes: it waits for a message, notes it, raises the flag
    flag up      the taker owns them: the thread waits for `take()`, and for nothing else
    take()       the taker notes what has queued up since, lowers the flag and arms the socket again

The socket is armed for one event at a time (EPOLLONESHOT), so arming it wakes no thread: waking the thread at
every `take()` would cost 30 us, in which the two threads compete for the interpreter.

So a storm costs the thread one message, whatever its size: until `take()`, the kernel's queue keeps the
messages. `take()` reads at most `DRAIN` datagrams. If more are queued, or if the kernel's queue overflowed,
everything counts as changed, and the rest is thrown away unread. A message that arrives during or after
`take()` raises the flag again at once: no change is lost between taking and reading.

The reasons why the thread ends or continues:

=========================  ==========================================================================
what `receive` says        what follows
=========================  ==========================================================================
EINTR, EAGAIN              wait again (the socket module hides both)
ENOBUFS, truncated         everything changed; counted
bytes that do not decode   everything changed; counted
any other errno            a new socket, then everything changed; tried for three seconds, with pauses
no new socket in time      the thread ends: `healthy` is False, `failure` tells why, the flag stays up
anything else raised       the same: it is our defect
=========================  ==========================================================================
"""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable, Iterable
from enum import Enum
from errno import EBADF, EPIPE
from typing import TYPE_CHECKING, NamedTuple

from amf_netwatch.netlink.codec.constants import Group
from amf_netwatch.netlink.codec.hints import add_changed_links
from amf_netwatch.netlink.errors import DecodeError, OverrunError, SocketError, TruncatedError
from amf_netwatch.netlink.socket import NetlinkSocket

if TYPE_CHECKING:
    from amf_netwatch.netlink.transport import Transport

GROUPS = (Group.LINK, Group.IPV4_ADDRESS, Group.IPV6_ADDRESS)
DRAIN = 256  # datagrams; a container start has 14. Up to this number, links are read one by one: 0.4 ms
_ONE_MESSAGE = select.EPOLLIN | select.EPOLLONESHOT
PAUSES = (0.0, 0.1, 0.2, 0.4, 0.8, 1.6)  # seconds before each attempt at a new socket


class Cause(Enum):
    """Why everything counts as changed."""

    NONE = "none"  # not everything counts as changed
    START = "start"  # nothing has been read yet
    OVERRUN = "overrun"  # the kernel's queue was full
    TRUNCATED = "truncated"  # a datagram was larger than our buffer
    UNREADABLE = "unreadable"  # a datagram that does not decode
    STORM = "storm"  # more than DRAIN datagrams between two takes
    REOPENED = "reopened"  # the socket broke; there is a new one
    FAILED = "failed"  # no thread is listening


class ChangedLinks(NamedTuple):
    """What `take()` returns. It is false if nothing has changed."""

    everything: bool  # if true, `ifindexes` is empty
    ifindexes: frozenset[int]  # links that appeared, changed or disappeared, or whose addresses changed
    cause: Cause
    only_links: frozenset[int] = frozenset()  # links that still exist and have the same addresses

    def __bool__(self) -> bool:
        return self.everything or bool(self.ifindexes)


NO_CHANGES = ChangedLinks(False, frozenset(), Cause.NONE)


class Listener:
    """Listens to rtnetlink in a thread of its own. One other thread calls everything else.

    `groups`: what to subscribe to. `open_transport`: opens the source of datagrams, if it is not a
    `NetlinkSocket`; called by `start()`, and by the thread after the socket broke. `log`: called with one
    ``key=value`` line when the socket breaks, is replaced, or is given up, in the listener's thread or in the
    thread that calls `take()`.

    Plain attributes, which are cheap to read in every healthcheck:

    `network_changed`: something changed since the last `take()`; it is up at the start, and while no thread
    listens.
    `healthy`: the thread runs. `failure`: what ended it, or None.
    `overruns`, `truncations`, `unreadable`, `reopenings`: how often, since this object exists.
    """

    def __init__(
        self,
        groups: Iterable[int] = GROUPS,
        *,
        open_transport: Callable[[], Transport] | None = None,
        log: Callable[[str], None] | None = None,
    ) -> None:
        self.network_changed = True
        self.healthy = False
        self.failure: BaseException | None = None
        self.overruns = self.truncations = self.unreadable = self.reopenings = 0
        groups = tuple(groups)
        self._open = open_transport or (lambda: NetlinkSocket(groups))
        self._log = log
        self._transport: Transport | None = None
        self._broken: SocketError | None = None  # the last error of the transport, which must be replaced
        self._foreign = 0  # foreign datagrams of the earlier transports
        self._ifindexes: set[int] = set()
        self._reread_addresses: set[int] = set()  # links for which an event other than NEWLINK came
        self._cause = Cause.START
        self._thread: threading.Thread | None = None
        self._process = 0
        self._stopping = False
        self._wake = self._wake_writer = -1

    def __enter__(self) -> Listener:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def foreign(self) -> int:
        """Return how many datagrams were dropped because they did not come from the kernel."""
        return self._foreign + int(getattr(self._transport, "foreign", 0))

    def start(self) -> None:
        """Subscribe and start the thread. Raises SocketError, and RuntimeError if it was started already.

        After it returns, no later change will be missed, so read everything then.
        """
        if self._thread is not None:
            raise RuntimeError("the listener was started already")
        transport = self._open()
        try:
            self._epoll = epoll = select.epoll()
            try:
                self._wake, self._wake_writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
            except OSError:
                epoll.close()
                raise
            epoll.register(self._wake, select.EPOLLIN)
        except OSError as error:
            transport.close()
            raise SocketError(error.errno or 0, "open what the thread waits with") from error
        self._transport = transport
        self._process = os.getpid()
        self._stopping, self._broken, self.failure = False, None, None
        self._ifindexes.clear()
        self._reread_addresses.clear()
        self._cause = Cause.START
        self.network_changed = True
        self.healthy = True
        self._thread = threading.Thread(target=self._run, name="netlink-listener", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread. A second call does nothing.

        After it returns, the thread has ended, all descriptors are closed, the flag is up and `take()`
        returns "everything". It only waits for the thread's next step, which takes microseconds. In a forked
        child, where the thread does not exist, it only closes the descriptors.
        """
        if self._thread is None:
            return
        if os.getpid() == self._process:
            self._stopping = True
            self._rouse()
            self._thread.join()
        self._thread = None
        self.healthy = False
        self._close_transport()
        self._epoll.close()
        os.close(self._wake)
        os.close(self._wake_writer)
        self.network_changed = True

    def restart(self) -> None:
        """Call `stop()` and `start()`. This is the only repair that needs no help from outside. Raises
        SocketError."""
        self.stop()
        self.start()

    def take(self) -> ChangedLinks:
        """Return what changed since the last call. Lower the flag, unless no thread listens.

        Read the links after this has returned, not before. It never blocks and raises nothing.
        """
        if not self.network_changed:
            return NO_CHANGES
        if not self.healthy:
            return ChangedLinks(True, frozenset(), Cause.START if self.failure is None else Cause.FAILED)
        self._drain()
        if self._cause is Cause.NONE:
            ifindexes = frozenset(self._ifindexes)
            changes = ChangedLinks(False, ifindexes, Cause.NONE, ifindexes - self._reread_addresses)
        else:
            changes = ChangedLinks(True, frozenset(), self._cause)
        self._ifindexes.clear()
        self._reread_addresses.clear()
        self._cause = Cause.NONE
        descriptor = self._descriptor()
        self.network_changed = False  # from here on, the thread owns socket and notes
        if not self._watch(descriptor):
            self._rouse()  # the thread will find out what is wrong with the socket
        return changes

    # -- the owner's work: by the thread while the flag is down, by the taker while it is up ---------------

    def _drain(self) -> None:
        """Note or throw away the queued datagrams. Then the queue is empty, or the transport is broken."""
        transport = self._transport
        if transport is None or self._broken is not None:
            return
        for _ in range(DRAIN):
            if self._cause is not Cause.NONE:
                break
            if not self._receive(transport):
                return
        else:
            self._changed(Cause.STORM)
        try:
            transport.discard()
        except SocketError as error:
            self._broken = error

    def _receive(self, transport: Transport) -> bool:
        """Note one datagram or loss. False if nothing is there, or if the transport broke."""
        try:
            datagram = transport.receive()
            if datagram is None:
                return False
            add_changed_links(datagram, self._ifindexes, self._reread_addresses)
        except OverrunError:
            self.overruns += 1
            self._changed(Cause.OVERRUN)
        except TruncatedError:
            self.truncations += 1
            self._changed(Cause.TRUNCATED)
        except DecodeError:
            self.unreadable += 1
            self._changed(Cause.UNREADABLE)
        except SocketError as error:
            self._broken = error
            return False
        return True

    def _changed(self, cause: Cause) -> None:
        """Note that everything has changed. The first cause is kept; later causes do not replace it."""
        if self._cause is Cause.NONE:
            self._cause = cause

    # -- the thread ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._listen()
        except BaseException as error:  # a thread that ends must report it, whatever the reason
            self.failure = error
            self.healthy = False
            self._say(f"listener state=failed reason={error}")
        finally:
            self.network_changed = True

    def _listen(self) -> None:
        """Wait and note until stopped. Raises if no socket can be opened any more."""
        while True:
            if self._broken is not None and not self.network_changed:
                if not self._reopen():
                    return
                self.network_changed = True
            for descriptor, event in self._epoll.poll():
                if descriptor == self._wake:
                    self._empty_wake()
                    if self._stopping:
                        return
                    if not self.network_changed:
                        self._arm()  # `take()` was not able to
                else:
                    self._hear(event)

    def _hear(self, event: int) -> None:
        """Receive from the readable socket, and raise the flag if a message reports a change."""
        transport = self._transport
        assert transport is not None
        if not self._receive(transport) and event != select.EPOLLIN and self._broken is None:
            # If `receive` does not explain an error or hang-up, this loop would never end.
            self._broken = SocketError(EPIPE, "poll")
        if self._ifindexes or self._cause is not Cause.NONE:
            self.network_changed = True  # from here on, the taker owns socket and notes
        else:
            self._arm()

    def _descriptor(self) -> int:
        """Return the descriptor to wait for; -1 if the transport is broken."""
        if self._broken is not None or self._transport is None:
            return -1
        return self._transport.fileno()

    def _arm(self) -> None:
        """Wait for the next message. A transport that cannot be waited for is broken."""
        if self._broken is None and not self._watch(self._descriptor()):
            self._broken = SocketError(EBADF, "poll")

    def _watch(self, descriptor: int) -> bool:
        """Arm the descriptor for one event. False if it cannot be waited for. Both threads may call it."""
        try:
            try:
                self._epoll.modify(descriptor, _ONE_MESSAGE)
            except FileNotFoundError:  # this happens at first, and after a new socket
                self._epoll.register(descriptor, _ONE_MESSAGE)
        except (OSError, ValueError):  # a closed descriptor is -1, or does not exist
            return False
        return True

    def _reopen(self) -> bool:
        """Replace a broken transport. False if stopped meanwhile. Raises the last error if it gives up."""
        error = self._broken
        assert error is not None
        self._say(f"listener state=broken errno={error.errno} doing={error.doing}")
        self._close_transport()
        for pause in PAUSES:
            if self._epoll.poll(pause):
                self._empty_wake()
                if self._stopping:
                    return False
            try:
                self._transport = self._open()
            except SocketError as refused:
                error = refused
                continue
            self._broken = None
            self.reopenings += 1
            self._changed(Cause.REOPENED)
            self._say("listener state=reopened")
            return True
        raise error

    def _rouse(self) -> None:
        try:
            os.write(self._wake_writer, b"x")
        except BlockingIOError:
            pass  # the pipe is full, so the thread will wake up anyway

    def _empty_wake(self) -> None:
        try:
            os.read(self._wake, 4096)
        except BlockingIOError:
            pass  # a forked child that shares the pipe has read it first

    def _close_transport(self) -> None:
        if self._transport is not None:
            transport, self._foreign, self._transport = self._transport, self.foreign, None
            transport.close()

    def _say(self, line: str) -> None:
        if self._log is not None:
            self._log(line)
