# SPDX-License-Identifier: Apache-2.0
"""The view of a namespace that its users see, even while events are lost.

When events were lost, the users keep the old view until a new one has been read completely; then the two are
compared, and the differences are reported. Everything that goes into a mirror (event datagrams, losses,
dumps) is a call of its own, so a recording of the calls (`recording`) is a recording of everything.
`follower` makes the calls while it listens. Not here: sockets, threads, files.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from amf_netwatch.netlink.codec.address import Address
from amf_netwatch.netlink.codec.link import Link
from amf_netwatch.netlink.codec.messages import Buffer, iter_messages
from amf_netwatch.netlink.codec.neighbour import Neighbour
from amf_netwatch.netlink.codec.parsers import ParserRegistry
from amf_netwatch.netlink.codec.route import Route
from amf_netwatch.netlink.codec.rule import Rule
from amf_netwatch.netlink.mirror.tables.changes import Action, Change, Object, Value
from amf_netwatch.netlink.mirror.tables.namespace import Observer, Tables
from amf_netwatch.netlink.mirror.tables.routes import RouteScope

_OBJECTS: dict[type, Object] = {
    Link: Object.LINK,
    Address: Object.ADDRESS,
    Route: Object.ROUTE,
    Rule: Object.RULE,
    Neighbour: Object.NEIGHBOUR,
}


class Mirror:
    """The view that its users see.

    A mirror begins empty, and reading: call `load` with what dumps list, `apply` with what was announced
    since the first of the dumps began, then `settle`. After `lose` do the same again. `before` and `after`
    are called as in `Tables`; `after` also gets the changes `Action.CURRENT` and `Action.LOST`. `parsers`:
    what reads the messages. For one thread at a time.
    """

    def __init__(
        self,
        before: Observer | None = None,
        after: Observer | None = None,
        *,
        ignored_tables: Collection[int] = (),
        parsers: ParserRegistry | None = None,
    ) -> None:
        self.parsers = parsers or ParserRegistry()
        self._before = before
        self._after = after
        self._ignored_tables = ignored_tables
        # This object stays the same as long as the mirror lives.
        self.tables = Tables(ignored_tables=ignored_tables, parsers=self.parsers)
        self._fresh: Tables | None = self.tables  # it is filled in place at first, because nobody sees it yet

    @property
    def reading(self) -> bool:
        """Tell whether the mirror waits for dumps. Events then make no visible changes."""
        return self._fresh is not None

    def lose(self) -> None:
        """Note that events were lost. The view stays as it is, and is not updated until `settle`."""
        if self._fresh is None:
            self._announce(Change(Action.LOST, None))
            self._fresh = Tables(ignored_tables=self._ignored_tables, parsers=self.parsers)
        else:
            self._fresh.clear()

    def load(self, values: Iterable[Value]) -> None:
        """Take in what a dump listed. This has an effect only between `lose` and `settle`."""
        if self._fresh is not None:
            self._fresh.load(values)

    def apply(self, datagram: Buffer) -> None:
        """Take in an event datagram. If it raises DecodeError, it has applied the messages before the
        fault."""
        tables = self.tables if self._fresh is None else self._fresh
        reading = self.reading
        for message in iter_messages(datagram):
            tables.apply(message, reading)

    def settle(self) -> None:
        """Complete the new view: report how it differs from the old one, then `CURRENT` for everything."""
        if self._fresh is None:
            return
        fresh, self._fresh = self._fresh, None
        if fresh is self.tables:
            self.tables.observe(self._before, self._after)
        else:
            self.tables.resynchronise(fresh)
        for change in self.list_current():
            self._announce(change)

    def list_current(self) -> Iterator[Change]:
        """Yield the whole view as changes of `Action.CURRENT`, in the order of `Tables`."""
        for value in self.tables:
            kind = _OBJECTS[type(value)]
            change = Change(Action.CURRENT, kind, None, value)
            yield change._replace(name=self.tables.find_name(change.ifindex))

    def begin_dump(self) -> None:
        """Begin to read something again. Later events are newer than what is read."""
        self.tables.begin_dump()

    def end_dump(self) -> None:
        """End the reading. Everything read since `begin_dump` has been handed in."""
        self.tables.end_dump()

    def apply_link_dump(self, links: Iterable[Link]) -> None:
        """Apply a dump since `begin_dump`, which listed these links, perhaps not all.

        Call this and those below when the events that came meanwhile have been applied.
        """
        if self._fresh is None:
            self.tables.apply_link_dump(links)

    def apply_route_dump(self, scope: RouteScope, routes: Iterable[Route]) -> None:
        """Apply a dump since `begin_dump`, which listed all routes of `scope`."""
        if self._fresh is None:
            self.tables.routes.apply_dump(scope, routes)

    def apply_address_dump(self, ifindex: int, addresses: Iterable[Address]) -> None:
        """Apply a dump since `begin_dump`, which listed all IPv6 addresses of one link (0: of all links)."""
        if self._fresh is None:
            self.tables.apply_address_dump(ifindex, addresses)

    def apply_rule_dump(self, family: int, rules: Iterable[Rule]) -> None:
        """Apply a dump since `begin_dump`, which listed all rules of a family."""
        if self._fresh is None:
            self.tables.rules.apply_dump(family, rules)

    def _announce(self, change: Change) -> None:
        if self._after is not None:
            self._after(change)
