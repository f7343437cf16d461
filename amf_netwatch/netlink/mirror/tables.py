# SPDX-License-Identifier: Apache-2.0
"""The links, addresses and routes of one network namespace, kept up to date by events.

`Tables` is one view of a namespace. It knows no sockets, threads or files: it is given messages and dumps,
and it reports each change. `mirror` keeps such a view for its users also while events are lost.

Rules of this file:

* Only a message of family AF_UNSPEC tells that a link exists or has gone.
* A partial link message (from a wireless driver) overwrites only the fields that it has.
* A link is identified by its index.
* An address is identified by its link and, in IPv4, by address, prefix length and peer; in IPv6, by the
  address.
* The kernel does not announce everything. What must be read again is noted in `links_to_reread`,
  `addresses_to_reread` and `routes.to_reread`; whoever has a socket (`follower`) reads it and hands in the
  answer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Callable, NamedTuple, Optional

from amf_netwatch.netlink.codec.address import Address, decode_address
from amf_netwatch.netlink.codec.constants import Family, LinkFlag, MessageType
from amf_netwatch.netlink.codec.link import Link, decode_link
from amf_netwatch.netlink.codec.messages import Message
from amf_netwatch.netlink.codec.route import decode_route
from amf_netwatch.netlink.mirror.changes import (
    ADDRESS_FACTS,
    LINK_FACTS,
    Action,
    Change,
    Object,
    Value,
    changed_facts,
)
from amf_netwatch.netlink.mirror.route_table import FAMILIES, RouteScope, RouteTable

_NEWLINK, _DELLINK = int(MessageType.NEWLINK), int(MessageType.DELLINK)
_NEWADDR, _DELADDR = int(MessageType.NEWADDR), int(MessageType.DELADDR)
_NEWROUTE, _DELROUTE = int(MessageType.NEWROUTE), int(MessageType.DELROUTE)
# RTM_NEWNEXTHOP and RTM_DELNEXTHOP. Next hop objects are not kept; but routes may go with them.
NEWNEXTHOP, DELNEXTHOP = 104, 105

# When one of these facts changes, the link may get or lose IPv6 addresses without an event.
_IPV6_FACTS = frozenset(("admin_state", "running", "carrier", "mtu", "master"))
# A link whose MTU falls below this loses IPv6 as if it went down (RFC 8200); below 68, IPv4 as well.
IPV6_MIN_MTU = 1280

Observer = Callable[[Change], None]


class AddressKey(NamedTuple):
    """What identifies an address."""

    ifindex: int
    family: int
    own: Optional[bytes]
    prefix_length: int  # 0 in IPv6
    peer: Optional[bytes]  # None in IPv6


def address_key(address: Address) -> AddressKey:
    """What identifies this address."""
    if address.family == Family.INET6:
        return AddressKey(address.ifindex, address.family, address.own, 0, None)
    return AddressKey(address.ifindex, address.family, address.own, address.prefix_length, address.address)


def changed_link_facts(old: Link, new: Link) -> tuple[str, ...]:
    """The names of the facts that differ.

    `carrier` is among them also when it was lost and regained between the two messages: the kernel's counter
    of carrier changes shows that.
    """
    changed = changed_facts(LINK_FACTS, old, new)
    if (
        "carrier" not in changed
        and new.flags & LinkFlag.LOWER_UP
        and old.carrier_changes is not None
        and new.carrier_changes is not None
        and new.carrier_changes - old.carrier_changes >= 2  # 1 is no loss: the counter lags behind the flag
    ):
        return (*changed, "carrier")
    return changed


def merge_links(old: Link, new: Link) -> Link:
    """The link after a message: a whole message replaces the old one, a partial one adds to it."""
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
    ) -> None:
        self.links: dict[int, Link] = {}  # by ifindex
        self.names: dict[bytes, int] = {}  # name to ifindex
        self.addresses: dict[AddressKey, Address] = {}
        self._addresses_of: dict[int, dict[AddressKey, None]] = {}  # by ifindex
        self.routes = RouteTable(self._commit, ignored_tables)
        # Links (by ifindex) whose IPv6 addresses must be read again: a link that comes up gets an address
        # that the kernel announces only seconds later, after duplicate address detection.
        self.addresses_to_reread: set[int] = set()
        self.links_to_reread: set[int] = set()  # links (by ifindex; 0: all) that must be read again
        # What events named since `begin_dump`; None: no dump is under way.
        self._touched: set[AddressKey] | None = None
        self._touched_links: set[int] | None = None
        self._before = before
        self._after = after

    def observe(self, before: Observer | None, after: Observer | None) -> None:
        """Call these from now on."""
        self._before = before
        self._after = after

    def clear(self) -> None:
        """Forget everything. Nobody is called."""
        self.links.clear()
        self.names.clear()
        self.addresses.clear()
        self._addresses_of.clear()
        self.routes.clear()
        self.addresses_to_reread.clear()
        self.links_to_reread.clear()
        self._touched = self._touched_links = None

    @property
    def needs_reread(self) -> bool:
        """Something must be read from the kernel again."""
        return bool(self.routes.to_reread or self.addresses_to_reread or self.links_to_reread)

    def find_name(self, ifindex: int | None) -> bytes | None:
        """The name of a link; None when no link has this index."""
        link = self.links.get(ifindex) if ifindex is not None else None
        return None if link is None else link.name

    def list_addresses(self, ifindex: int) -> list[Address]:
        """The addresses of one link."""
        return [self.addresses[key] for key in self._addresses_of.get(ifindex, ())]

    def __iter__(self) -> Iterator[Value]:
        """Links, then addresses, then routes."""
        yield from self.links.values()
        yield from self.addresses.values()
        yield from self.routes

    # -- events -------------------------------------------------------------------------------------------

    def apply(self, message: Message) -> None:
        """Take in one event; raises DecodeError. Messages of other types are passed over."""
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
            self.routes.note_next_hops_changed()

    def put_link(self, link: Link, resync: bool = False) -> None:
        """A link is new or has changed; a message of another family than AF_UNSPEC is passed over."""
        if link.family != Family.UNSPEC:
            return
        old = self.links.get(link.ifindex)
        if old is None and link.mtu is None:
            return  # a partial message about a link that is not known yet: the whole one follows
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
        self._put(Object.LINK, changed, old, link, make, resync)
        if (old is None and link.flags & LinkFlag.UP) or not _IPV6_FACTS.isdisjoint(changed):
            self.addresses_to_reread.add(link.ifindex)
        gone = 0 if old is None else old.flags & ~link.flags
        if gone & LinkFlag.UP or (link.mtu or 0) < min(IPV6_MIN_MTU, (old and old.mtu) or 0):
            self.routes.note_link_down(link.ifindex)
        if gone & (LinkFlag.UP | LinkFlag.RUNNING | LinkFlag.LOWER_UP):
            self.routes.note_next_hops_changed(link.ifindex)

    def remove_link(self, ifindex: int, resync: bool = False) -> None:
        """A link has gone from this namespace, and with it its addresses and routes."""
        old = self.links.get(ifindex)
        if old is None:
            return
        for address in self.list_addresses(ifindex):
            self.remove_address(address, resync)
        if not resync:
            self.routes.remove_interface(ifindex)
            self.routes.note_next_hops_changed(ifindex)

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
        """An address has gone."""
        key = self._touch(address_key(address))
        old = self.addresses.get(key)
        if old is not None:

            def make() -> None:
                del self.addresses[key]
                del self._addresses_of[key.ifindex][key]
                if not self._addresses_of[key.ifindex]:
                    del self._addresses_of[key.ifindex]

            self._put(Object.ADDRESS, (), old, None, make, resync)
        self.routes.note_link_down(address.ifindex)  # routes may have gone as if the link went down
        self.routes.note_source_removed(address.family, address.own)

    def _touch(self, key: AddressKey) -> AddressKey:
        if self._touched is not None:
            self._touched.add(key)
        return key

    def _put(
        self,
        kind: Object,
        changed: tuple[str, ...],
        old: Value | None,
        new: Value | None,
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
        """Take in whole dumps; only for tables that nobody observes yet."""
        routes, to_reread = [], set(self.addresses_to_reread)
        for value in values:
            if isinstance(value, Link):
                self.put_link(value)
            elif isinstance(value, Address):
                self.put_address(value)
            else:
                routes.append(value)
        self.routes.load(routes)
        self.addresses_to_reread = to_reread  # what a dump listed need not be read again

    def begin_dump(self) -> None:
        """Something is being read again. What events say from now on is newer than that."""
        self.routes.begin_dump()
        self._touched, self._touched_links = set(), set()

    def end_dump(self) -> None:
        """Everything that was read since `begin_dump` has been handed in."""
        self.routes.end_dump()
        self._touched = self._touched_links = None

    def apply_link_dump(self, links: Iterable[Link]) -> None:
        """A dump since `begin_dump` listed these links.

        It may hold fewer links than there are: no link goes without an event.
        """
        touched, self._touched_links = self._touched_links or set(), None
        for link in links:
            if link.ifindex in self.links and link.ifindex not in touched:
                self.put_link(link)
        self._touched_links = touched

    def apply_address_dump(self, ifindex: int, listed: Iterable[Address]) -> None:
        """A dump since `begin_dump` listed all IPv6 addresses of one link (0: of all links)."""
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
                self.addresses_to_reread.add(key.ifindex)  # nobody knows which came first, event or dump
            elif new is not None and key.ifindex in self.links:
                self.put_address(new)
            elif new is None and old is not None:
                self.remove_address(old)
        self._touched = touched

    def resynchronise(self, fresh: Tables) -> None:
        """Make this view equal to `fresh`, by changes marked `resync`.

        Links that are new come first, and links that went go last, so that at every moment an address or a
        route has its link.
        """
        for address in list(self.addresses.values()):
            if address_key(address) not in fresh.addresses:
                self.remove_address(address, True)
        self.end_dump()
        gone = [index for index in self.links if index not in fresh.links]
        for index in gone:
            for family in FAMILIES:
                self.routes.apply_dump(RouteScope(family, None, index), (), True)
        for index in gone:
            self.remove_link(index, True)
        for link in fresh.links.values():
            self.put_link(link, True)
        for address in fresh.addresses.values():
            self.put_address(address, True)
        for family in FAMILIES:
            self.routes.apply_dump(RouteScope(family), fresh.routes, True)
        self.routes.to_reread = set(fresh.routes.to_reread)
        self.addresses_to_reread = set(fresh.addresses_to_reread)
        self.links_to_reread = set(fresh.links_to_reread)
