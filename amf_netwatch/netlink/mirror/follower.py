# SPDX-License-Identifier: Apache-2.0
"""The follower: listens to the kernel and keeps a mirror true.  It has no thread: its owner calls `read`.

Two sockets: events come on one, answers on the other.  What `read` does::

    reading (at the start, and after a loss)         settled
    1 throw away what has queued up, after a loss    1 apply events until none is left
    2 dump links, addresses, routes                  2 are some routes or addresses in doubt?  Dump those,
    3 apply what was announced since 1, silently       apply what was announced meanwhile, then compare
    4 settle                                         3 nothing left, nothing in doubt: return

Step 3 is why nothing is missed or told twice: what a dump lists is older than the last event on it, or the
same; so after the dumps and all events since their beginning the view is that of this moment.

A loss (overrun, truncation, bytes that do not decode) at any step leads to the left column.
"""

from __future__ import annotations

from collections.abc import Collection
from errno import EINVAL, ENODEV, ENOENT
from typing import TYPE_CHECKING

from amf_netwatch.netlink.codec.address import Address
from amf_netwatch.netlink.codec.constants import Family, Group
from amf_netwatch.netlink.codec.link import Link
from amf_netwatch.netlink.codec.route import Route
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
from amf_netwatch.netlink.mirror.changes import Object
from amf_netwatch.netlink.mirror.route_table import FAMILIES, RouteScope
from amf_netwatch.netlink.mirror.tables import Mirror, Observer
from amf_netwatch.netlink.socket import RECEIVE_BUFFER, Namespace, NetlinkSocket
from amf_netwatch.netlink.transport import QueryTransport

if TYPE_CHECKING:  # 4 ms that only those pay who record
    from amf_netwatch.netlink.mirror.recording import Recorder

EVERYTHING = (Object.LINK, Object.ADDRESS, Object.ROUTE)
_NEXT_HOPS = 32  # RTNLGRP_NEXTHOP, since Linux 5.3
_FEW = 8  # scopes to read one by one
_BATCH = 512  # datagrams; then `read` returns, so that its owner can look at the time


def groups_of(objects: Collection[Object]) -> list[int]:
    """The multicast groups that tell of these objects; links always, and addresses when routes are wanted,
    for with an address routes may vanish silently."""
    groups = [int(Group.LINK)]
    if Object.ADDRESS in objects or Object.ROUTE in objects:
        groups += [Group.IPV4_ADDRESS, Group.IPV6_ADDRESS]
    if Object.ROUTE in objects:
        groups += [Group.IPV4_ROUTE, Group.IPV6_ROUTE]
    return groups


class Follower:
    """Keeps `mirror` true by the kernel's events and dumps; subscribed when constructed.  For one thread.

    `objects`: what to follow; links always are.  `before`, `after`: see `Tables`; `after` also hears CURRENT
    and LOST.  `recorder`: is told everything, and stays its owner's to close.  Raises SocketError.
    """

    def __init__(
        self,
        objects: Collection[Object] = EVERYTHING,
        *,
        before: Observer | None = None,
        after: Observer | None = None,
        namespace: Namespace | None = None,
        receive_buffer: int | None = RECEIVE_BUFFER,
        recorder: Recorder | None = None,
    ) -> None:
        self.mirror = Mirror(before, after)
        self.losses = 0  # overruns, truncations, unreadable datagrams
        self._objects = frozenset(objects) | {Object.LINK}
        self._recorder = recorder
        self._events = _subscribe(groups_of(self._objects), namespace, receive_buffer)
        try:
            transport: QueryTransport = NetlinkSocket(
                receive_buffer=None, extended_ack=True, strict=True, namespace=namespace
            )
        except SocketError:
            self._events.close()
            raise
        self._answers = None if recorder is None else recorder.tap(transport)
        self._conversation = Conversation(self._answers or transport)
        self._behind = True

    def __enter__(self) -> Follower:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def behind(self) -> bool:
        """There is more to do at once: call `read` without waiting for `fileno()`."""
        return self._behind

    def fileno(self) -> int:
        """Polls readable when `read` has something to do."""
        return self._events.fileno()

    def close(self) -> None:
        """Close both sockets; a second call does nothing."""
        self._events.close()
        self._conversation.close()

    def read(self) -> None:
        """Take in what the kernel has announced; never waits for events, only for answers to dumps.

        Returns when nothing is left, or after a batch, or when a loss interrupted it or the kernel did not
        answer: see `behind`.  Raises NetlinkError when a socket breaks, and what the observers raise.
        """
        self._behind = True
        if self.mirror.reading:
            if not self._read_everything():
                return
        elif not self._drain(_BATCH):
            return
        if self.mirror.in_doubt and not self._reread():
            return
        self._behind = self.mirror.in_doubt

    # -- events -------------------------------------------------------------------------------------------

    def _drain(self, limit: int) -> bool:
        """Apply what has queued up, at most `limit` datagrams; True: the queue is empty, nothing was lost."""
        receive, apply = self._events.receive, self.mirror.apply
        for _ in range(limit):
            try:
                datagram = receive()
            except LossError as error:
                if isinstance(error, TruncatedError):
                    self._events.grow(error.size)
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
        """Apply what has queued up until the queue is empty; False: something was lost."""
        losses = self.losses
        while not self._drain(_BATCH):
            if self.losses != losses:
                return False
        return True

    def _lose(self, reason: str) -> None:
        self.losses += 1
        if self._recorder is not None:
            self._recorder.loss(reason)
        self.mirror.lose()
        self._events.discard()

    # -- dumps --------------------------------------------------------------------------------------------

    def _read_everything(self) -> bool:
        """The left column of the table above; False: lost or interrupted, to be tried again."""
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
        except (LossError, InterruptedDumpError):
            self._lose("interrupted")
            return False
        except AnswerTimeoutError:  # whoever holds the kernel's lock will let it go some day
            self._lose("unanswered")
            return False
        if not self._drain_all():
            return False
        if self._recorder is not None:
            self._recorder.settled()
        self.mirror.settle()
        return True

    def _load(self, values: list[Link] | list[Address] | list[Route]) -> None:
        if self._recorder is not None:
            self._recorder.loaded(self._take_answers())
        self.mirror.load(values)

    def _reread(self) -> bool:
        """Read what is in doubt again; False: a loss came in between, or no answer."""
        tables = self.mirror.tables
        scopes, indexes = self._prune(tables.routes.doubts), self._prune_links(tables.address_doubts)
        tables.routes.doubts.clear()
        tables.address_doubts.clear()
        if not scopes and not indexes:
            return True
        if self._recorder is not None:
            self._recorder.marked()
        self.mirror.mark()
        try:
            # An event may be told before the kernel has done all that belongs to it, and routes are listed
            # without its lock; a question about a link waits for that lock.
            self._conversation.get_link(ifindex=1)
            routes = [(scope, self._dump_routes(scope), self._take_answers()) for scope in scopes]
            addresses = [
                (index, self._conversation.dump_addresses(index, Family.INET6), self._take_answers())
                for index in indexes
            ]
        except (LossError, InterruptedDumpError):
            self._lose("interrupted")
            return False
        except AnswerTimeoutError:
            tables.routes.doubts.update(scopes)
            tables.address_doubts.update(indexes)
            return False
        if not self._drain_all():
            return False
        for scope, listed, answers in routes:
            if listed is None:
                continue  # the link has gone meanwhile; its DELLINK is on its way
            if self._recorder is not None:
                self._recorder.reread(scope, answers)
            self.mirror.reread(scope, listed)
        for index, found, answers in addresses:
            if self._recorder is not None:
                self._recorder.relisted(index, answers)
            self.mirror.reread_addresses(index, found)
        self.mirror.unmark()
        return True

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
                return []  # there is no such table (any more)
            raise

    def _prune(self, doubts: set[RouteScope]) -> list[RouteScope]:
        """What to read: the doubts without those in which no route of ours is."""
        if Object.ROUTE not in self._objects or not doubts:
            return []
        scopes = []
        for family in FAMILIES:
            ours = [scope for scope in doubts if scope.family == family and self._has_routes(scope)]
            whole = RouteScope(family)
            # The kernel walks all its routes for each of them.
            scopes += [whole] if whole in ours or len(ours) > _FEW else ours
        return scopes

    def _prune_links(self, doubts: set[int]) -> list[int]:
        """Whose IPv6 addresses to read: those of the links still there; [0] for all."""
        if Object.ADDRESS not in self._objects:
            return []
        ours = sorted(doubts.intersection(self.mirror.tables.links) | ({0} & doubts))
        return [0] if len(ours) > _FEW or 0 in ours else ours

    def _has_routes(self, scope: RouteScope) -> bool:
        return self.mirror.tables.routes.reaches(scope)

    def _take_answers(self) -> list[bytes]:
        return [] if self._answers is None else self._answers.take()


def _subscribe(groups: list[int], namespace: Namespace | None, receive_buffer: int | None) -> NetlinkSocket:
    """The event socket; with next hop objects, where the kernel knows them and routes are followed."""
    if Group.IPV4_ROUTE in groups:
        try:
            return NetlinkSocket([*groups, _NEXT_HOPS], namespace=namespace, receive_buffer=receive_buffer)
        except SocketError as error:
            if error.errno != EINVAL:
                raise
    return NetlinkSocket(groups, namespace=namespace, receive_buffer=receive_buffer)
