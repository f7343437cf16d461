# SPDX-License-Identifier: Apache-2.0
"""The follower listens to the kernel and keeps a mirror up to date. It has no thread: its owner calls `read`.

It has two sockets: events come on one, answers on the other. `read` does this::

    at the start, and after a loss                   otherwise
    1 throw away what has queued up, after a loss    1 apply events until none is left
    2 dump links, addresses, routes ...              2 if something must be read again: dump that part,
    3 apply what was announced since 1, silently       apply the events that came meanwhile, then compare
    4 settle the mirror                              3 nothing left, nothing to read again: return

Because of step 3 nothing is missed or reported twice. What a dump lists is as old as the last event about it,
or older. So after the dumps and all events since they began, the view is that of the present moment.

A loss (overrun, truncation, bytes that do not decode) at any step leads to the left column. So does a broken
socket: `read` opens new ones.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from errno import EAFNOSUPPORT, EINVAL, ENODEV, ENOENT, EOPNOTSUPP
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Optional

from amf_netwatch.netlink.buffer import ReceiveBuffer
from amf_netwatch.netlink.codec.constants import Family, Group
from amf_netwatch.netlink.codec.link import Link
from amf_netwatch.netlink.codec.parsers import ParserRegistry
from amf_netwatch.netlink.codec.route import Route
from amf_netwatch.netlink.codec.rule import Rule
from amf_netwatch.netlink.conversation import Conversation
from amf_netwatch.netlink.errors import (
    AnswerTimeoutError,
    DecodeError,
    InterruptedDumpError,
    KernelError,
    LossError,
    SocketError,
    TruncatedError,
)
from amf_netwatch.netlink.mirror.tables.changes import Object, Value
from amf_netwatch.netlink.mirror.tables.mirror import Mirror
from amf_netwatch.netlink.mirror.tables.namespace import Observer
from amf_netwatch.netlink.mirror.tables.routes import FAMILIES, RouteScope
from amf_netwatch.netlink.socket import DATAGRAM_SIZE, RECEIVE_BUFFER, Namespace, NetlinkSocket
from amf_netwatch.netlink.transport import QueryTransport, Transport

if TYPE_CHECKING:  # importing it costs 4 ms, and few followers record
    from amf_netwatch.netlink.mirror.recording import AnswerRecorder, Recorder

EVERYTHING = (Object.LINK, Object.ADDRESS, Object.ROUTE, Object.RULE, Object.NEIGHBOUR)
_FEW = 8  # if more links or scopes than this must be read, everything is dumped once
_BATCH = 512  # datagrams; after this number `read` returns, so that its owner can check the time


class _Noted(NamedTuple):
    """What must be read again."""

    links: list[int]  # by ifindex; 0: all
    scopes: list[RouteScope]
    address_owners: list[int]  # links, by ifindex; 0: all
    rule_families: list[int]


_Record = Callable[[list[bytes]], None]


class _Reading(NamedTuple):
    """A part of the namespace that was read again."""

    answers: list[bytes]  # the datagrams, for a recording
    record: Optional[_Record]
    apply: Callable[[], None]


def groups_of(objects: Collection[Object]) -> list[int]:
    """Return the multicast groups that report changes of these objects.

    Links are always among them, and addresses when routes are wanted: with an address, routes may vanish
    without an event.
    """
    groups = [int(Group.LINK)]
    if Object.ADDRESS in objects or Object.ROUTE in objects:
        groups += [Group.IPV4_ADDRESS, Group.IPV6_ADDRESS]
    if Object.ROUTE in objects:
        groups += [Group.IPV4_ROUTE, Group.IPV6_ROUTE]
    if Object.RULE in objects:
        groups += [Group.IPV4_RULE, Group.IPV6_RULE]
    if Object.NEIGHBOUR in objects:
        groups.append(Group.NEIGHBOUR)
    return groups


class Follower:
    """Keeps `mirror` up to date. It gets every event since it was constructed. Only one thread may use it.

    `objects`: what to follow; links always are. `before`, `after`: called for each change, see `Mirror`.
    `namespace`: see `NetlinkSocket`. `receive_buffer`, `datagram_size`: bytes, of the event socket.
    `ignored_tables`: routing tables whose routes are left out. `recorder`: it is given everything that the
    mirror is given, and its owner closes it. `lock`: it is held while the mirror changes, and not while the
    kernel is asked. `open_events`, `open_queries`: where events come from and where questions go, if not to
    sockets of this machine; called again after a transport broke. `timeout`: seconds that a dump may take.
    `parsers`: what reads messages, of events and answers alike; one that returns None hides an object.
    `buffered`: a thread takes events out of the kernel's small queue, for an owner that may pause.
    Raises SocketError.
    """

    def __init__(
        self,
        objects: Collection[Object] = EVERYTHING,
        *,
        before: Observer | None = None,
        after: Observer | None = None,
        namespace: Namespace | None = None,
        receive_buffer: int | None = RECEIVE_BUFFER,
        datagram_size: int = DATAGRAM_SIZE,
        ignored_tables: Collection[int] = (),
        recorder: Recorder | None = None,
        lock: AbstractContextManager[object] | None = None,
        open_events: Callable[[], Transport] | None = None,
        open_queries: Callable[[], QueryTransport] | None = None,
        timeout: float | None = None,
        parsers: ParserRegistry | None = None,
        buffered: bool = False,
    ) -> None:
        self.parsers = parsers or ParserRegistry()
        self.mirror = Mirror(before, after, ignored_tables=ignored_tables, parsers=self.parsers)
        self.losses = 0  # overruns, truncations, unreadable datagrams, interrupted dumps
        self.reopenings = 0  # how often broken sockets were replaced
        self._objects = frozenset(objects) | {Object.LINK}
        self._recorder = recorder
        self._lock = nullcontext() if lock is None else lock
        self._timeout = timeout

        def subscribe() -> Transport:
            opened = _subscribe(groups_of(self._objects), namespace, receive_buffer, datagram_size)
            return ReceiveBuffer(opened) if buffered else opened

        def connect() -> QueryTransport:
            return NetlinkSocket(receive_buffer=None, extended_ack=True, strict=True, namespace=namespace)

        self._open_events = open_events or subscribe
        self._open_queries = open_queries or connect
        self._events: Transport
        self._answers: AnswerRecorder | None = None
        self._conversation: Conversation
        self._open()
        self._broken: SocketError | None = None
        self._behind = True

    def __enter__(self) -> Follower:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def behind(self) -> bool:
        """Tell whether there is more to do at once: if so, call `read` without waiting for `fileno()`."""
        return self._behind

    def fileno(self) -> int:
        """Return a descriptor that is readable when `read` has something to do.

        It changes when `read` has replaced a broken socket, so ask for it before each wait.
        """
        return self._events.fileno()

    def close(self) -> None:
        """Close both sockets. A second call does nothing."""
        self._events.close()
        self._conversation.close()

    def refresh(self) -> None:
        """Let `read` read all links again, even the fields whose changes the kernel does not announce."""
        self.mirror.tables.links_to_reread.add(0)
        self._behind = True

    def read(self) -> None:
        """Take in what the kernel has announced. It never waits for events, only for answers to dumps.

        Returns when nothing is left, or earlier: after a batch, after a loss, when the kernel did not answer
        in time, when sockets were replaced; then `behind` is true. Raises SocketError when sockets broke and
        new ones cannot be opened (call `read` again, later, to try again), KernelError when the kernel
        refuses a dump, and the exceptions of observers.
        """
        self._behind = True
        try:
            if self._broken is not None:
                self._reopen()
            self._behind = not self._read()
        except SocketError as error:
            if self._broken is not None:
                raise
            self._broken = error
            self.close()
            self._note_loss("reopened")
            self._reopen()

    def _read(self) -> bool:
        """Return True if nothing is left to do."""
        if self.mirror.reading:
            if not self._read_everything():
                return False
        elif not self._drain(_BATCH):
            return False
        if self.mirror.tables.needs_reread and not self._reread():
            return False
        return not self.mirror.tables.needs_reread

    # -- sockets ------------------------------------------------------------------------------------------

    def _open(self) -> None:
        events = self._open_events()
        try:
            queries = self._open_queries()
        except SocketError:
            events.close()
            raise
        self._events = events
        if self._recorder is not None:
            queries = self._answers = self._recorder.tap(queries)
        self._conversation = (
            Conversation(queries) if self._timeout is None else Conversation(queries, timeout=self._timeout)
        )
        self._conversation.parsers = self.parsers

    def _reopen(self) -> None:
        """Open new sockets, after which everything is read again. SocketError if they cannot be opened."""
        self._open()
        self._broken = None
        self.reopenings += 1

    # -- events -------------------------------------------------------------------------------------------

    def _drain(self, limit: int) -> bool:
        """Apply at most `limit` queued datagrams. True if the queue is empty and nothing was lost."""
        with self._lock:
            receive, apply = self._events.receive, self.mirror.apply
            for _ in range(limit):
                try:
                    datagram = receive()
                except LossError as error:
                    if isinstance(error, TruncatedError):
                        grow = getattr(self._events, "grow", None)  # not every transport has room to grow
                        if grow is not None:
                            grow(error.size)
                    self._lose("truncated" if isinstance(error, TruncatedError) else "overrun")
                    return False
                if datagram is None:
                    return True
                if self._recorder is not None:
                    self._recorder.event(datagram)
                try:
                    apply(datagram)
                except DecodeError:
                    self._lose("unreadable")
                    return False
        return False

    def _drain_all(self) -> bool:
        """Apply queued datagrams until the queue is empty. False if something was lost."""
        losses = self.losses
        while not self._drain(_BATCH):
            if self.losses != losses:
                return False
        return True

    def _lose(self, reason: str) -> None:
        self.losses += 1
        self._note_loss(reason)
        self._events.discard()

    def _note_loss(self, reason: str) -> None:
        with self._lock:
            if self._recorder is not None:
                self._recorder.loss(reason)
            self.mirror.lose()

    # -- dumps --------------------------------------------------------------------------------------------

    def _read_everything(self) -> bool:
        """Do the left column of the table above. False if it was lost or interrupted, and must be
        repeated."""
        ask = self._conversation
        try:
            self._load(ask.dump_links())
            if Object.ADDRESS in self._objects:
                for family in FAMILIES:
                    # A kernel without IPv6 lists everything instead.
                    self._load([one for one in ask.dump_addresses(0, family) if one.family == family])
            if Object.ROUTE in self._objects:
                for family in FAMILIES:
                    self._load([one for one in ask.dump_routes(family) if one.family == family])
            if Object.RULE in self._objects:
                for family in FAMILIES:
                    self._load(self._dump_rules(family))
            if Object.NEIGHBOUR in self._objects:
                self._load(ask.dump_neighbours())
        except (LossError, InterruptedDumpError):
            self._lose("interrupted")
            return False
        except AnswerTimeoutError:  # another process holds the kernel's lock, and will release it
            self._lose("unanswered")
            return False
        if not self._drain_all():
            return False
        if self._recorder is not None:
            self._recorder.settled()
        with self._lock:
            self.mirror.settle()
        return True

    def _load(self, values: Sequence[Value]) -> None:
        if self._recorder is not None:
            self._recorder.loaded(self._take_answers())
        self.mirror.load(values)

    def _reread(self) -> bool:
        """Read again what is noted. False if there was a loss, or no answer."""
        noted = self._take_noted()
        if not any(noted):
            return True
        if self._recorder is not None:
            self._recorder.marked()
        self.mirror.begin_dump()
        try:
            # An event may come before the kernel has finished its consequences, and routes are listed without
            # the kernel's lock. A question about a link waits for that lock.
            self._conversation.get_link(ifindex=1)
            readings = list(self._read_noted(noted))
        except (LossError, InterruptedDumpError):
            self._lose("interrupted")
            return False
        except AnswerTimeoutError:
            self._put_back(noted)
            return False
        if not self._drain_all():
            return False
        with self._lock:
            for reading in readings:
                if reading.record is not None:
                    reading.record(reading.answers)
                reading.apply()
            self.mirror.end_dump()
        return True

    def _take_noted(self) -> _Noted:
        """Return what the tables have noted, as the dumps that read it, and clear the notes."""
        tables = self.mirror.tables
        links, families = tables.links_to_reread, tables.rules.to_reread
        noted = _Noted(
            [0] if 0 in links or len(links) > _FEW else sorted(links),
            self._scopes_to_read(),
            self._address_owners_to_read(),
            sorted(families) if Object.RULE in self._objects else [],
        )
        tables.links_to_reread.clear()
        tables.routes.to_reread.clear()
        tables.addresses.to_reread.clear()
        tables.rules.to_reread.clear()
        return noted

    def _put_back(self, noted: _Noted) -> None:
        tables = self.mirror.tables
        tables.links_to_reread.update(noted.links)
        tables.routes.to_reread.update(noted.scopes)
        tables.addresses.to_reread.update(noted.address_owners)
        tables.rules.to_reread.update(noted.rule_families)

    def _read_noted(self, noted: _Noted) -> Iterator[_Reading]:
        """Ask the kernel for everything that is noted."""
        mirror, recorder, take = self.mirror, self._recorder, self._take_answers
        record: _Record | None
        for index in noted.links:
            links = self._dump_links(index)
            record = None if recorder is None else recorder.relinked
            yield _Reading(take(), record, partial(mirror.apply_link_dump, links))
        for scope in noted.scopes:
            routes = self._dump_routes(scope)
            if routes is None:
                continue  # the link is gone, and the event for that is in the queue
            record = None if recorder is None else partial(recorder.reread, scope)
            yield _Reading(take(), record, partial(mirror.apply_route_dump, scope, routes))
        for owner in noted.address_owners:
            addresses = self._conversation.dump_addresses(owner, Family.INET6)
            record = None if recorder is None else partial(recorder.relisted, owner)
            yield _Reading(take(), record, partial(mirror.apply_address_dump, owner, addresses))
        for family in noted.rule_families:
            rules = self._dump_rules(family)
            record = None if recorder is None else partial(recorder.reruled, family)
            yield _Reading(take(), record, partial(mirror.apply_rule_dump, family, rules))

    def _dump_links(self, ifindex: int) -> list[Link]:
        """Return this link as it is now, if it still exists. 0 stands for all links."""
        if ifindex == 0:
            return self._conversation.dump_links()
        link = self._conversation.get_link(ifindex=ifindex)
        return [] if link is None else [link]

    def _dump_rules(self, family: int) -> list[Rule]:
        """The rules of a family; none if the kernel has no rules (CONFIG_IP_MULTIPLE_TABLES)."""
        try:
            rules = self._conversation.dump_rules(family)
        except KernelError as error:
            if error.errno in (EOPNOTSUPP, EAFNOSUPPORT):
                return []
            raise
        return [rule for rule in rules if rule.family == family]

    def _dump_routes(self, scope: RouteScope) -> list[Route] | None:
        """The routes in this scope; None: there is no such link."""
        try:
            return self._conversation.dump_routes(
                Family(scope.family), table=scope.table, interface=scope.interface or None
            )
        except KernelError as error:
            if error.errno == ENODEV:
                return None
            if error.errno == ENOENT:
                return []  # there is no such table, or not any more
            raise

    def _scopes_to_read(self) -> list[RouteScope]:
        """Which routes to read again: what is noted, without the scopes in which the view has no route."""
        noted = self.mirror.tables.routes.to_reread
        if Object.ROUTE not in self._objects or not noted:
            return []
        scopes = []
        for family in FAMILIES:
            ours = [
                scope
                for scope in noted
                if scope.family == family and self.mirror.tables.routes.reaches(scope)
            ]
            whole = RouteScope(family)
            # The kernel walks through all its routes for each scope.
            scopes += [whole] if whole in ours or len(ours) > _FEW else ours
        return scopes

    def _address_owners_to_read(self) -> list[int]:
        """The links whose IPv6 addresses to read again, without those that have gone; [0]: all links."""
        if Object.ADDRESS not in self._objects:
            return []
        noted = self.mirror.tables.addresses.to_reread
        ours = sorted(noted.intersection(self.mirror.tables.links) | ({0} & noted))
        return [0] if len(ours) > _FEW or 0 in ours else ours

    def _take_answers(self) -> list[bytes]:
        return [] if self._answers is None else self._answers.take()


def _subscribe(
    groups: list[int], namespace: Namespace | None, receive_buffer: int | None, datagram_size: int
) -> NetlinkSocket:
    """The event socket; it also hears of next hop objects if it is to follow routes."""
    if Group.IPV4_ROUTE in groups:
        try:
            return NetlinkSocket(
                [*groups, Group.NEXT_HOP],  # since Linux 5.3
                namespace=namespace,
                receive_buffer=receive_buffer,
                datagram_size=datagram_size,
            )
        except SocketError as error:
            if error.errno != EINVAL:
                raise
    return NetlinkSocket(
        groups, namespace=namespace, receive_buffer=receive_buffer, datagram_size=datagram_size
    )
