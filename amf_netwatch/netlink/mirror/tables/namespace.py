# SPDX-License-Identifier: Apache-2.0
"""The links of a namespace, and all its tables together, kept up to date by events.

`Tables` is one view of a namespace. It knows no sockets, threads or files: it is given messages and dumps,
and it reports each change. `mirror` keeps such a view for its users even while events are lost.

Rules of this file:

* Only a message of family AF_UNSPEC tells that a link exists or has gone.
* A partial link message (from a wireless driver) overwrites only the fields that it has.
* A link is identified by its index.
* The kernel does not announce everything. What must be read again is noted: here in `links_to_reread`, and in
  `to_reread` of addresses, routes and rules. Whoever has a socket (`follower`) reads it and hands in the
  answer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from amf_netwatch.netlink.codec.address import Address
from amf_netwatch.netlink.codec.constants import Family, LinkFlag, MessageType
from amf_netwatch.netlink.codec.link import Link
from amf_netwatch.netlink.codec.messages import Message
from amf_netwatch.netlink.codec.parsers import ParserRegistry
from amf_netwatch.netlink.codec.route import Route
from amf_netwatch.netlink.codec.rule import Rule
from amf_netwatch.netlink.mirror.tables.addresses import AddressTable
from amf_netwatch.netlink.mirror.tables.changes import (
    LINK_FACTS,
    PORT_FACTS,
    Change,
    Object,
    Value,
    changed_facts,
    make_change,
    same_port,
)
from amf_netwatch.netlink.mirror.tables.neighbours import NeighbourTable
from amf_netwatch.netlink.mirror.tables.routes import FAMILIES, RouteScope, RouteTable
from amf_netwatch.netlink.mirror.tables.rules import RuleTable

_UP, _LOWER_UP = int(LinkFlag.UP), int(LinkFlag.LOWER_UP)
_CARRIER_FLAGS = int(LinkFlag.UP | LinkFlag.RUNNING | LinkFlag.LOWER_UP)
# When one of these facts changes, the link may get or lose IPv6 addresses without an event.
_IPV6_FACTS = frozenset(("admin_state", "running", "carrier", "mtu", "master"))
# A link whose MTU falls below this loses IPv6 as if it went down (RFC 8200); below 68, IPv4 as well.
IPV6_MIN_MTU = 1280

Observer = Callable[[Change], None]


def changed_link_facts(old: Link, new: Link) -> tuple[str, ...]:
    """Return the names of the facts that differ.

    Facts of a port are compared only while it stays up and a port of the same link; that it joins, leaves, or
    goes up is a change of its own. `carrier` is among them also when it was lost and regained between the two
    messages: the kernel's counter of carrier changes shows that.
    """
    changed = changed_facts(LINK_FACTS, old, new)
    if old.master == new.master and old.up and new.up and not same_port(old, new):
        changed += changed_facts(PORT_FACTS, old, new)
    if (
        "carrier" not in changed
        and new.flags & _LOWER_UP
        and old.carrier_changes is not None
        and new.carrier_changes is not None
        and new.carrier_changes - old.carrier_changes >= 2  # 1 is no loss: the counter lags behind the flag
    ):
        return (*changed, "carrier")
    return changed


def merge_links(old: Link, new: Link) -> Link:
    """Return the link after a message: a whole message replaces the old link, a partial one adds to it."""
    if new.mtu is not None:  # every whole message of the kernel has an MTU
        return new
    return Link._make(now if now is not None else before for now, before in zip(new, old))


class Tables:
    """One view of a namespace.

    For each change `before` is called when it is certain and the view still shows what was, and `after` when
    the view shows what is. Routes of `ignored_tables` are not kept. For one thread at a time.
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
        self.links: dict[int, Link] = {}  # by ifindex
        self.names: dict[bytes, int] = {}  # name to ifindex
        self.addresses = AddressTable(self._commit, self._note_address_removed)
        self.routes = RouteTable(self._commit, ignored_tables)
        self.rules = RuleTable(self._commit)
        self.neighbours = NeighbourTable(self._commit)
        self.links_to_reread: set[int] = set()  # by ifindex; 0 stands for all links
        self._touched_links: set[int] | None = None  # links in events during a dump, else None
        self._before = before
        self._after = after

    def observe(self, before: Observer | None, after: Observer | None) -> None:
        """Call these observers from now on."""
        self._before = before
        self._after = after

    def clear(self) -> None:
        """Forget everything. No observer is called."""
        self.links.clear()
        self.names.clear()
        self.links_to_reread.clear()
        self._touched_links = None
        self.addresses.clear()
        self.routes.clear()
        self.rules.clear()
        self.neighbours.clear()

    @property
    def needs_reread(self) -> bool:
        """Tell whether something must be read from the kernel again."""
        return bool(
            self.links_to_reread or self.addresses.to_reread or self.routes.to_reread or self.rules.to_reread
        )

    def find_name(self, ifindex: int | None) -> bytes | None:
        """Return the name of a link. None if no link has this index."""
        link = self.links.get(ifindex) if ifindex is not None else None
        return None if link is None else link.name

    def __iter__(self) -> Iterator[Value]:
        """Yield links, addresses, routes, rules, neighbours, in this order."""
        yield from self.links.values()
        yield from self.addresses
        yield from self.routes
        yield from self.rules
        yield from self.neighbours

    # -- events -------------------------------------------------------------------------------------------

    def apply(self, message: Message, maybe_old: bool = False) -> None:
        """Take in one event. Raises DecodeError. Messages of other types are ignored.

        `maybe_old`: a dump that has been loaded may be newer than the event. Only rules need to know, because
        several equal ones may exist.
        """
        if message.type in _NEXT_HOP_TYPES:  # they are not kept, but routes may vanish with them
            self.routes.note_next_hops_changed()
            return
        take_in = _EVENTS.get(message.type)
        if take_in is None:
            return
        value = self.parsers.parse(message)
        if value is None:
            return  # its parser ignores it
        take_in(self, value, message.flags)
        if maybe_old and isinstance(value, Rule) and value.family in FAMILIES:
            self.rules.to_reread.add(value.family)

    def put_link(self, link: Link, resync: bool = False) -> None:
        """Apply a message about a new or changed link.

        A message of another family than AF_UNSPEC only says that options of a port have changed, which no
        other event may tell of, and not what they are now: the link must be read again.
        """
        if link.family != Family.UNSPEC:
            if link.ifindex in self.links:
                self.links_to_reread.add(link.ifindex)
            return
        old = self.links.get(link.ifindex)
        if old is None and link.mtu is None:
            return  # a partial message about an unknown link: a whole message will follow
        if old is not None:
            link = merge_links(old, link)
        if self._touched_links is not None:
            self._touched_links.add(link.ifindex)

        def make() -> None:
            if old is not None and self.names.get(old.name or b"") == link.ifindex:
                del self.names[old.name or b""]
            self.names[link.name or b""] = link.ifindex
            self.links[link.ifindex] = link

        changed = changed_link_facts(old, link) if old is not None else ()
        if old is not None and not changed:
            make()
        else:
            self._commit(make_change(Object.LINK, old, link, changed, resync), make)
        self._note_consequences(old, link, changed)

    def _note_consequences(self, old: Link | None, link: Link, changed: tuple[str, ...]) -> None:
        """Note what a change of a link may do to addresses and routes without an event."""
        if (old is None and link.flags & _UP) or not _IPV6_FACTS.isdisjoint(changed):
            self.addresses.to_reread.add(link.ifindex)
        if "mtu" in changed:
            self.routes.note_mtu_changed(link.ifindex)
        gone = 0 if old is None else old.flags & ~link.flags
        if gone & _UP or (link.mtu or 0) < min(IPV6_MIN_MTU, (old and old.mtu) or 0):
            self.routes.note_link_down(link.ifindex)
        if gone & _CARRIER_FLAGS:
            self.routes.note_next_hops_changed(link.ifindex)

    def remove_link(self, ifindex: int, resync: bool = False) -> None:
        """Remove a link that has gone from this namespace, and with it its addresses, neighbours and
        routes."""
        old = self.links.get(ifindex)
        if old is None:
            return
        for address in self.addresses.of(ifindex):
            self.addresses.remove(address, resync)
        for neighbour in self.neighbours.of(ifindex):
            self.neighbours.remove(neighbour, resync)
        if not resync:
            self.routes.remove_interface(ifindex)
            self.routes.note_next_hops_changed(ifindex)

        def make() -> None:
            if self.names.get(old.name or b"") == ifindex:
                del self.names[old.name or b""]
            del self.links[ifindex]

        self._commit(make_change(Object.LINK, old, None, (), resync), make)

    def _note_address_removed(self, address: Address) -> None:
        self.routes.note_link_down(address.ifindex)  # routes may be gone, as when the link goes down
        self.routes.note_source_removed(address.family, address.own)

    def _commit(self, change: Change, make: Callable[[], None]) -> None:
        value = change.value
        name = value.name if isinstance(value, Link) else self.find_name(change.ifindex)
        change = change._replace(name=name)
        if self._before is not None:
            self._before(change)
        make()
        if self._after is not None:
            self._after(change)

    # -- dumps --------------------------------------------------------------------------------------------

    def load(self, values: Iterable[Value]) -> None:
        """Take in whole dumps. Only for tables that have no observers yet."""
        to_reread = set(self.addresses.to_reread)
        routes: list[Route] = []
        rules: list[Rule] = []
        for value in values:
            if isinstance(value, Link):
                self.put_link(value)
            elif isinstance(value, Address):
                self.addresses.put(value)
            elif isinstance(value, Route):
                routes.append(value)
            elif isinstance(value, Rule):
                rules.append(value)
            else:
                self.neighbours.put(value)
        self.routes.load(routes)
        self.rules.load(rules)
        self.addresses.to_reread = to_reread  # what a dump listed need not be read again

    def begin_dump(self) -> None:
        """Begin to read something again. Later events are newer than what is read."""
        self.addresses.begin_dump()
        self.routes.begin_dump()
        self.rules.begin_dump()
        self._touched_links = set()

    def end_dump(self) -> None:
        """End the reading. Everything read since `begin_dump` has been handed in."""
        self.addresses.end_dump()
        self.routes.end_dump()
        self.rules.end_dump()
        self._touched_links = None

    def apply_link_dump(self, links: Iterable[Link]) -> None:
        """Apply a dump since `begin_dump` that listed these links.

        It may hold fewer links than there are: no link goes without an event.
        """
        touched, self._touched_links = self._touched_links or set(), None
        for link in links:
            if link.ifindex in self.links and link.ifindex not in touched:
                self.put_link(link)
        self._touched_links = touched

    def apply_address_dump(self, ifindex: int, listed: Iterable[Address]) -> None:
        """Apply a dump since `begin_dump` that listed all IPv6 addresses of one link (0: of all links)."""
        self.addresses.apply_dump(ifindex, listed, self.links.__contains__)

    def resynchronise(self, fresh: Tables) -> None:
        """Make this view equal to `fresh`, as changes marked `resync`.

        Links that are new come first, and links that went go last, so that at every moment an address or a
        route has its link.
        """
        self.addresses.remove_missing(fresh.addresses)
        self.end_dump()
        gone = [index for index in self.links if index not in fresh.links]
        for index in gone:
            for family in FAMILIES:
                self.routes.apply_dump(RouteScope(family, None, index), (), True)
        for index in gone:
            self.remove_link(index, True)
        for link in fresh.links.values():
            self.put_link(link, True)
        for address in fresh.addresses:
            self.addresses.put(address, True)
        for family in FAMILIES:
            self.routes.apply_dump(RouteScope(family), fresh.routes, True)
            self.rules.apply_dump(family, fresh.rules, True)
        self.neighbours.resynchronise(fresh.neighbours)
        self.links_to_reread = set(fresh.links_to_reread)
        self.addresses.to_reread = set(fresh.addresses.to_reread)
        self.routes.to_reread = set(fresh.routes.to_reread)
        self.rules.to_reread = set(fresh.rules.to_reread)


def _remove_link(tables: Tables, link: Any, _: int) -> None:
    if link.family == Family.UNSPEC:  # another family means that a port leaves its bridge
        tables.remove_link(link.ifindex)


TakeIn = Callable[[Tables, Any, int], None]
_NEXT_HOP_TYPES = frozenset((int(MessageType.NEWNEXTHOP), int(MessageType.DELNEXTHOP)))
# By message type: the function that takes the value and the flags of the header.
_EVENTS: dict[int, TakeIn] = {
    int(MessageType.NEWLINK): lambda tables, link, _: tables.put_link(link),
    int(MessageType.DELLINK): _remove_link,
    int(MessageType.NEWADDR): lambda tables, address, _: tables.addresses.put(address),
    int(MessageType.DELADDR): lambda tables, address, _: tables.addresses.remove(address),
    int(MessageType.NEWROUTE): lambda tables, route, flags: tables.routes.add(route, flags),
    int(MessageType.DELROUTE): lambda tables, route, _: tables.routes.remove(route),
    int(MessageType.NEWRULE): lambda tables, rule, _: tables.rules.add(rule),
    int(MessageType.DELRULE): lambda tables, rule, _: tables.rules.remove(rule),
    int(MessageType.NEWNEIGH): lambda tables, one, _: tables.neighbours.put(one),
    int(MessageType.DELNEIGH): lambda tables, one, _: tables.neighbours.remove(one),
}
