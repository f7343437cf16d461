# SPDX-License-Identifier: Apache-2.0
"""The links, addresses and routes of a namespace, kept by events: pure values, no IO, no threads.

`Tables` is one view.  `Mirror` is the view that its users see, and what is done when events were lost: the
old view stays until a new one has been read whole, then the two are compared.  Everything that goes into a
mirror (event datagrams, losses, dumps) is a call of its own, so that a recording of the calls is a recording
of everything (`recording`); `follower` makes the calls while it listens.

Rules: only AF_UNSPEC tells of a link's life; a partial link message (wireless) overwrites only what it says;
the link's index is its identity.  An address's identity is, beside its link, in IPv4 the address, its prefix
length and its peer; in IPv6 the address.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Callable, NamedTuple, Optional

from amf_netwatch.netlink.codec.address import Address, decode_address
from amf_netwatch.netlink.codec.constants import Family, LinkFlag, MessageType
from amf_netwatch.netlink.codec.link import Link, decode_link
from amf_netwatch.netlink.codec.messages import Buffer, Message, iter_messages
from amf_netwatch.netlink.codec.route import Route, decode_route
from amf_netwatch.netlink.mirror.changes import (
    ADDRESS_FACTS,
    LINK_FACTS,
    Action,
    Change,
    Object,
    Value,
    changed_facts,
)
from amf_netwatch.netlink.mirror.route_table import RouteScope, RouteTable

_NEWLINK, _DELLINK = int(MessageType.NEWLINK), int(MessageType.DELLINK)
_NEWADDR, _DELADDR = int(MessageType.NEWADDR), int(MessageType.DELADDR)
_NEWROUTE, _DELROUTE = int(MessageType.NEWROUTE), int(MessageType.DELROUTE)
NEWNEXTHOP, DELNEXTHOP = 104, 105  # next hop objects: no values of ours, only a reason to doubt routes

# With these a link gets or loses IPv6 addresses.
_IPV6_FACTS = frozenset(("admin_state", "running", "carrier", "mtu", "master"))
IPV6_MIN_MTU = 1280  # below it a link loses IPv6 (RFC 8200), and below 68 IPv4, as if it went down

Observer = Callable[[Change], None]


class AddressKey(NamedTuple):
    """The identity of an address."""

    ifindex: int
    family: int
    own: Optional[bytes]
    prefix_length: int  # 0 in IPv6
    peer: Optional[bytes]  # None in IPv6


def address_key(address: Address) -> AddressKey:
    """The identity of an address."""
    if address.family == Family.INET6:
        return AddressKey(address.ifindex, address.family, address.own, 0, None)
    return AddressKey(address.ifindex, address.family, address.own, address.prefix_length, address.address)


def changed_link_facts(old: Link, new: Link) -> tuple[str, ...]:
    """The names of the facts that differ; `carrier` also when it was lost and regained between the two
    messages, which the kernel's counter betrays."""
    changed = changed_facts(LINK_FACTS, old, new)
    if (
        "carrier" not in changed
        and new.flags & LinkFlag.LOWER_UP
        and old.carrier_changes is not None
        and new.carrier_changes is not None
        and new.carrier_changes - old.carrier_changes >= 2  # one: the counter lags behind the flag
    ):
        return (*changed, "carrier")
    return changed


def merge_links(old: Link, new: Link) -> Link:
    """The link after a message: a whole one takes the old one's place, a partial one adds to it."""
    if new.mtu is not None:  # the kernel's whole messages always have one
        return new
    return Link._make(is_said if is_said is not None else was for is_said, was in zip(new, old))


class Tables:
    """One view.  `before` is called when a change is certain, `after` when the view shows it."""

    def __init__(self, before: Observer | None = None, after: Observer | None = None) -> None:
        self.links: dict[int, Link] = {}
        self.names: dict[bytes, int] = {}  # to ifindex
        self.addresses: dict[AddressKey, Address] = {}
        self._addresses_of: dict[int, dict[AddressKey, None]] = {}  # by ifindex
        self.routes = RouteTable(self._commit)
        # Links whose IPv6 addresses should be read again: a link that comes up gets one that the kernel
        # announces only after duplicate detection, seconds later.
        self.address_doubts: set[int] = set()
        self._touched: set[AddressKey] | None = None  # since `mark`
        self._before = before
        self._after = after

    def observe(self, before: Observer | None, after: Observer | None) -> None:
        """From now on call these."""
        self._before = before
        self._after = after

    def clear(self) -> None:
        """Forget everything, without a word to anybody."""
        self.links.clear()
        self.names.clear()
        self.addresses.clear()
        self._addresses_of.clear()
        self.routes.clear()
        self.address_doubts.clear()
        self._touched = None

    def find_name(self, ifindex: int | None) -> bytes | None:
        """The name of a link; None when there is none of this index."""
        link = self.links.get(ifindex) if ifindex is not None else None
        return None if link is None else link.name

    def list_addresses(self, ifindex: int) -> list[Address]:
        """The addresses of one link."""
        return [self.addresses[key] for key in self._addresses_of.get(ifindex, ())]

    def __iter__(self) -> Iterator[Value]:
        yield from self.links.values()
        yield from self.addresses.values()
        yield from self.routes

    # -- events -------------------------------------------------------------------------------------------

    def apply(self, message: Message) -> None:
        """One event; raises DecodeError."""
        kind, place = message.type, (message.buffer, message.start, message.end)
        if kind == _NEWLINK:
            self.put_link(decode_link(*place))
        elif kind == _DELLINK:
            link = decode_link(*place)
            if link.family == Family.UNSPEC:
                self.remove_link(link.ifindex)
        elif kind == _NEWADDR:
            self.put_address(decode_address(*place))
        elif kind == _DELADDR:
            self.remove_address(decode_address(*place))
        elif kind == _NEWROUTE:
            self.routes.add(decode_route(*place), message.flags)
        elif kind == _DELROUTE:
            self.routes.remove(decode_route(*place))
        elif kind in (NEWNEXTHOP, DELNEXTHOP):
            self.routes.doubt_next_hops()

    def put_link(self, link: Link, resync: bool = False) -> None:
        """A link is new or has changed; messages of other families than AF_UNSPEC are passed over."""
        if link.family != Family.UNSPEC:
            return
        old = self.links.get(link.ifindex)
        if old is None and link.mtu is None:
            return  # a partial message of a link that we do not know: the whole one is on its way
        if old is not None:
            link = merge_links(old, link)

        def make() -> None:
            if old is not None and self.names.get(old.name or b"") == link.ifindex:
                del self.names[old.name or b""]
            self.names[link.name or b""] = link.ifindex
            self.links[link.ifindex] = link

        changed = changed_link_facts(old, link) if old is not None else ()
        self._put(Object.LINK, changed, old, link, make, resync)
        if (old is None and link.flags & LinkFlag.UP) or not _IPV6_FACTS.isdisjoint(changed):
            self.address_doubts.add(link.ifindex)
        gone = 0 if old is None else old.flags & ~link.flags
        if gone & LinkFlag.UP or (link.mtu or 0) < min(IPV6_MIN_MTU, (old and old.mtu) or 0):
            self.routes.doubt_interface(link.ifindex)
        if gone & (LinkFlag.UP | LinkFlag.RUNNING | LinkFlag.LOWER_UP):
            self.routes.doubt_next_hops(link.ifindex)

    def remove_link(self, ifindex: int, resync: bool = False) -> None:
        """A link is gone from this namespace, and what belonged to it."""
        old = self.links.get(ifindex)
        if old is None:
            return
        for address in self.list_addresses(ifindex):
            self.remove_address(address, resync)
        if not resync:
            self.routes.remove_interface(ifindex)
            self.routes.doubt_next_hops(ifindex)

        def make() -> None:
            if self.names.get(old.name or b"") == ifindex:
                del self.names[old.name or b""]
            del self.links[ifindex]

        self._put(Object.LINK, (), old, None, make, resync)

    def put_address(self, address: Address, resync: bool = False) -> None:
        """An address is new or has changed."""
        key = self._touch(address_key(address))

        def make() -> None:
            self.addresses[key] = address
            self._addresses_of.setdefault(address.ifindex, {})[key] = None

        old = self.addresses.get(key)
        changed = changed_facts(ADDRESS_FACTS, old, address) if old is not None else ()
        self._put(Object.ADDRESS, changed, old, address, make, resync)

    def remove_address(self, address: Address, resync: bool = False) -> None:
        """An address is gone."""
        key = self._touch(address_key(address))
        old = self.addresses.get(key)
        if old is not None:

            def make() -> None:
                del self.addresses[key]
                del self._addresses_of[key.ifindex][key]
                if not self._addresses_of[key.ifindex]:
                    del self._addresses_of[key.ifindex]

            self._put(Object.ADDRESS, (), old, None, make, resync)
        self.routes.doubt_interface(address.ifindex)
        self.routes.doubt_source(address.family, address.own)

    def _touch(self, key: AddressKey) -> AddressKey:
        if self._touched is not None:
            self._touched.add(key)
        return key

    def _put(
        self,
        kind: Object,
        changed: tuple[str, ...],
        old: Link | Address | None,
        new: Link | Address | None,
        make: Callable[[], None],
        resync: bool,
    ) -> None:
        if old is not None and new is not None and not changed:
            make()
            return
        action = Action.NEW if old is None else Action.REMOVED if new is None else Action.CHANGED
        self._commit(Change(action, kind, old, new, changed, None, resync), make)

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
        """What dumps listed; of tables that nobody observes yet."""
        routes, doubts = [], set(self.address_doubts)
        for value in values:
            if isinstance(value, Link):
                self.put_link(value)
            elif isinstance(value, Address):
                self.put_address(value)
            else:
                routes.append(value)
        self.routes.load(routes)
        self.address_doubts = doubts  # what was listed is beyond doubt

    def mark(self) -> None:
        """Routes and addresses are being read again: what is announced from now on is newer."""
        self.routes.mark()
        self._touched = set()

    def unmark(self) -> None:
        """All that was listed since `mark` has been told."""
        self.routes.unmark()
        self._touched = None

    def reread_addresses(self, ifindex: int, listed: Iterable[Address]) -> None:
        """What a dump since `mark` lists are all IPv6 addresses of one link (0: of all links)."""
        found = {
            address_key(one): one
            for one in listed
            if one.family == Family.INET6 and ifindex in (0, one.ifindex)
        }
        ours = self.list_addresses(ifindex) if ifindex else list(self.addresses.values())
        here = {address_key(one): one for one in ours if one.family == Family.INET6}
        touched, self._touched = self._touched or set(), None
        for key in [*here, *(key for key in found if key not in here)]:
            old, new = here.get(key), found.get(key)
            if old is not None and new is not None and not changed_facts(ADDRESS_FACTS, old, new):
                continue
            if key in touched:
                self.address_doubts.add(key.ifindex)  # which was first?
            elif new is not None and key.ifindex in self.links:
                self.put_address(new)
            elif new is None and old is not None:
                self.remove_address(old)
        self._touched = touched

    def resynchronise(self, fresh: Tables) -> None:
        """Make this view like `fresh`, by changes marked `resync`: links first, and last when they went."""
        for address in list(self.addresses.values()):
            if address_key(address) not in fresh.addresses:
                self.remove_address(address, True)
        self.unmark()
        gone = [index for index in self.links if index not in fresh.links]
        for index in gone:
            for family in (Family.INET, Family.INET6):
                self.routes.reread(RouteScope(family, None, index), (), True)
        for index in gone:
            self.remove_link(index, True)
        for link in fresh.links.values():
            self.put_link(link, True)
        for address in fresh.addresses.values():
            self.put_address(address, True)
        for family in (Family.INET, Family.INET6):
            self.routes.reread(RouteScope(family), fresh.routes, True)
        self.routes.doubts = set(fresh.routes.doubts)
        self.address_doubts = set(fresh.address_doubts)


class Mirror:
    """The view that users see.  `observers` as in `Tables`; `after` also hears CURRENT and LOST.

    A mirror begins without content, reading: `load` what dumps list, `apply` what was announced since the
    first of them began, then `settle`.  After `lose` the same again.  For one thread.
    """

    def __init__(self, before: Observer | None = None, after: Observer | None = None) -> None:
        self._before = before
        self._after = after
        self.tables = Tables()  # the same object as long as the mirror lives
        self._fresh: Tables | None = self.tables  # at first nobody sees it: it is filled in place

    @property
    def reading(self) -> bool:
        """Dumps are awaited, and events make no changes."""
        return self._fresh is not None

    @property
    def in_doubt(self) -> bool:
        """Some routes or addresses should be read again: `tables.routes.doubts`, `tables.address_doubts`."""
        return bool(self.tables.routes.doubts or self.tables.address_doubts)

    def lose(self) -> None:
        """Events were lost: what is shown stays, but is not followed any more until `settle`."""
        if self._fresh is None:
            self._announce(Change(Action.LOST, None))
            self._fresh = Tables()
        else:
            self._fresh.clear()

    def load(self, values: Iterable[Value]) -> None:
        """What a dump listed; between `lose` and `settle` only."""
        if self._fresh is not None:
            self._fresh.load(values)

    def apply(self, datagram: Buffer) -> None:
        """An event datagram; raises DecodeError, and has applied what came before the bad place by then."""
        tables = self.tables if self._fresh is None else self._fresh
        for message in iter_messages(datagram):
            tables.apply(message)

    def settle(self) -> None:
        """The new view is complete: the changes since the old one, then CURRENT for everything."""
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
        """The whole view as changes of `Action.CURRENT`: links, addresses, routes."""
        for value in self.tables:
            kind = _OBJECTS[type(value)]
            change = Change(Action.CURRENT, kind, None, value)
            yield change._replace(name=self.tables.find_name(change.ifindex))

    def mark(self) -> None:
        """Routes and addresses are being read again: what is announced from now on is newer."""
        self.tables.mark()

    def unmark(self) -> None:
        """All that was listed since `mark` has been told."""
        self.tables.unmark()

    def reread(self, scope: RouteScope, routes: Iterable[Route]) -> None:
        """What was listed since `mark`; call when what was announced in the meantime has been applied."""
        if self._fresh is None:
            self.tables.routes.reread(scope, routes)

    def reread_addresses(self, ifindex: int, addresses: Iterable[Address]) -> None:
        """The same for the IPv6 addresses of one link (0: of all links)."""
        if self._fresh is None:
            self.tables.reread_addresses(ifindex, addresses)

    def _announce(self, change: Change) -> None:
        if self._after is not None:
            self._after(change)


_OBJECTS: dict[type, Object] = {Link: Object.LINK, Address: Object.ADDRESS, Route: Object.ROUTE}
