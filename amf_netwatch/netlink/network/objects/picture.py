# SPDX-License-Identifier: Apache-2.0
"""A picture: everything in a namespace that a change could touch, from one dump.

A change is computed from pictures: the one before it, the one that is wanted, and the one that the kernel
shows afterwards. Only `read_picture` asks the kernel.

Rules: a link's identity is its index. The addresses of a link keep the kernel's order, which decides which
one is the primary. Routes of one identity are a list, because the kernel allows several.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from errno import EINVAL, EOPNOTSUPP
from struct import Struct
from typing import Any, NamedTuple

from amf_netwatch.netlink.codec.messages import Buffer, iter_attributes, pack_attribute
from amf_netwatch.netlink.conversation import Conversation
from amf_netwatch.netlink.errors import KernelError
from amf_netwatch.netlink.network.objects.records import (
    AddressRecord,
    NeighbourRecord,
    NextHopRecord,
    RouteKey,
    RouteRecord,
    RuleRecord,
    read_address,
    read_neighbour,
    read_next_hop,
    read_raw,
    read_route,
    read_rule,
)

_IFINFO = Struct("=BxHiII")
_U32 = Struct("=I")
_S32 = Struct("=i")
UP = 0x1
LOOPBACK = 772  # hardware type

# Kinds of links that are deleted together with the link below them.
_STACKED = frozenset(("vlan", "macvlan", "macvtap", "ipvlan", "ipvtap", "vxlan", "macsec", "geneve"))


class LinkRecord(NamedTuple):
    """One link, with what can be set on it."""

    ifindex: int
    name: bytes
    kind: str | None = None
    lower: int | None = None  # index of the link below, or of the veth peer
    lower_namespace: int | None = None  # id of the namespace of `lower`, if it is another one
    master: int | None = None
    up: bool = False
    mtu: int | None = None
    mac: bytes = b""
    queue_length: int | None = None
    alias: str = ""
    group: int = 0
    alternative_names: tuple[bytes, ...] = ()
    hardware_type: int = 1
    port_kind: str | None = None
    flags: int = 0
    data: bytes = b""  # the options of its kind, as the kernel packs them
    port_data: bytes = b""  # its options as a port
    generation_mode: int | None = None  # how IPv6 makes the link-local address
    options: dict[str, Any] = {}  # only in a wish: the options to set
    port: dict[str, Any] = {}  # only in a wish: the port options to set

    @property
    def is_peer_pair(self) -> bool:
        """Tell whether `lower` is the other end of a pair in this namespace. One end is deleted with the
        other."""
        return self.kind == "veth" and self.lower is not None and self.lower_namespace is None


class Picture:
    """Links, addresses, routes, rules and neighbours of one namespace. Its tables may be changed."""

    __slots__ = ("addresses", "links", "neighbours", "next_hops", "routes", "rules")

    def __init__(
        self,
        links: Iterable[LinkRecord] = (),
        addresses: Iterable[AddressRecord] = (),
        routes: Iterable[RouteRecord] = (),
        rules: Iterable[RuleRecord] = (),
        neighbours: Iterable[NeighbourRecord] = (),
        next_hops: Iterable[NextHopRecord] = (),
    ) -> None:
        self.links: dict[int, LinkRecord] = {link.ifindex: link for link in links}
        self.addresses: dict[int, tuple[AddressRecord, ...]] = {}
        grouped: dict[int, list[AddressRecord]] = {}
        for address in addresses:
            grouped.setdefault(address.ifindex, []).append(address)
        for ifindex, some in grouped.items():
            self.addresses[ifindex] = tuple(some)
        self.routes: dict[RouteKey, tuple[RouteRecord, ...]] = {}
        for route in routes:
            before = self.routes.get(route.key)
            self.routes[route.key] = (route,) if before is None else (*before, route)
        self.rules: tuple[RuleRecord, ...] = tuple(rules)
        self.next_hops: dict[int, NextHopRecord] = {one.id: one for one in next_hops}
        self.neighbours: dict[tuple[int, bytes, bool], NeighbourRecord] = {
            neighbour.key: neighbour for neighbour in neighbours
        }

    def copy(self) -> Picture:
        """Return a picture with tables of its own. The records are shared."""
        other = Picture()
        other.links = dict(self.links)
        other.addresses = dict(self.addresses)
        other.routes = dict(self.routes)
        other.rules = self.rules
        other.neighbours = dict(self.neighbours)
        other.next_hops = dict(self.next_hops)
        return other

    def find(self, name: bytes) -> LinkRecord | None:
        """Return the link with this name or alternative name."""
        for link in self.links.values():
            if link.name == name:
                return link
        for link in self.links.values():
            if name in link.alternative_names:
                return link
        return None

    def names(self) -> dict[bytes, int]:
        """Return the index of every link by its name and its alternative names."""
        found = {name: link.ifindex for link in self.links.values() for name in link.alternative_names}
        found.update((link.name, link.ifindex) for link in self.links.values())
        return found

    def name_of(self, ifindex: int | None) -> str:
        """Return the name of a link as text; ``#7`` if there is no link with that index."""
        link = None if ifindex is None else self.links.get(ifindex)
        return f"#{ifindex}" if link is None else link.name.decode("utf-8", "surrogateescape")

    def iter_routes(self) -> Iterator[RouteRecord]:
        """Yield every route."""
        for some in self.routes.values():
            yield from some

    def doomed_with(self, ifindex: int) -> set[int]:
        """Return the links that the kernel deletes together with this one. This link is one of them."""
        doomed: set[int] = set()
        waiting = [ifindex]
        while waiting:
            one = waiting.pop()
            if one in doomed or one not in self.links:
                continue
            doomed.add(one)
            link = self.links[one]
            if link.is_peer_pair and link.lower is not None:
                waiting.append(link.lower)
            waiting += [
                upper.ifindex
                for upper in self.links.values()
                if upper.lower == one and upper.lower_namespace is None and upper.kind in _STACKED
            ]
        return doomed

    def related(self, indexes: Iterable[int]) -> set[int]:
        """Return the closure: these links, the links below and above them, their peers, masters and ports."""
        reached: set[int] = set()
        waiting = list(indexes)
        uppers: dict[int, list[int]] = {}
        for link in self.links.values():
            if link.lower is not None and link.lower_namespace is None:
                uppers.setdefault(link.lower, []).append(link.ifindex)
            if link.master is not None:
                uppers.setdefault(link.master, []).append(link.ifindex)
                uppers.setdefault(link.ifindex, []).append(link.master)
        below: set[int] = set()  # links below the given ones; other links above these are not touched
        while waiting:
            one = waiting.pop()
            if one in reached:
                continue
            reached.add(one)
            waiting += uppers.get(one, ())
            here = self.links.get(one)
            if here is not None and here.lower and here.lower_namespace is None:
                below.add(here.lower)
        return reached | below

    def remove_links(self, indexes: set[int]) -> None:
        """Remove these links, and everything that the kernel deletes with a link."""
        for ifindex in indexes:
            self.links.pop(ifindex, None)
            self.addresses.pop(ifindex, None)
        for ifindex, link in list(self.links.items()):
            if link.master in indexes:
                self.links[ifindex] = link._replace(master=None, port_kind=None, port_data=b"")
        self.drop_routes(indexes)
        self.neighbours = {key: one for key, one in self.neighbours.items() if key[0] not in indexes}

    def drop_routes(self, indexes: set[int]) -> None:
        """Remove the routes that leave through one of these links."""
        for key, some in list(self.routes.items()):
            kept = tuple(route for route in some if not indexes.intersection(route.interfaces()))
            if len(kept) != len(some):
                if kept:
                    self.routes[key] = kept
                else:
                    del self.routes[key]


# -- reading ------------------------------------------------------------------------------------------------

_NEWLINK_GET, _GETADDR, _GETROUTE, _GETNEIGH, _GETRULE, _GETNEXTHOP = 18, 22, 26, 30, 34, 106
_SKIP_STATISTICS = pack_attribute(29, _U32.pack(8))  # IFLA_EXT_MASK
_PROXIES = Struct("=BxxxiHBB").pack(0, 0, 0, 8, 0)


def read_link(buffer: Buffer, start: int, end: int) -> LinkRecord | None:
    """Read an RTM_NEWLINK about a link itself. None if it is about a bridge's port."""
    family, hardware_type, index, flags, _ = _IFINFO.unpack_from(buffer, start)
    if family != 0:
        return None
    found = read_raw(buffer, start + 16, end)
    information = found.get(18)
    inside = read_raw(information, 0, len(information)) if information else {}
    kind, port_kind = inside.get(1), inside.get(4)
    properties = found.get(52)
    return LinkRecord(
        index,
        _text(found.get(3, b"")),
        None if kind is None else _text(kind).decode(),
        _number(found.get(5)),
        _number(found.get(37)),
        _number(found.get(10)),
        bool(flags & UP),
        _number(found.get(4)),
        found.get(1, b""),
        _number(found.get(13)),
        _text(found.get(20, b"")).decode("utf-8", "surrogateescape"),
        _number(found.get(27)) or 0,
        tuple(
            _text(properties[one.start : one.end]) for one in iter_attributes(properties, 0, len(properties))
        )
        if properties
        else (),
        hardware_type,
        None if port_kind is None else _text(port_kind).decode(),
        flags,
        inside.get(2, b""),
        inside.get(5, b""),
        _generation_mode(found.get(26)),
    )


def _text(value: bytes) -> bytes:
    return value.partition(b"\0")[0]


def _number(value: bytes | None) -> int | None:
    return None if value is None else int(_S32.unpack(value)[0])


def _generation_mode(families: bytes | None) -> int | None:
    """Return IFLA_INET6_ADDR_GEN_MODE of IFLA_AF_SPEC."""
    if not families:
        return None
    inet6 = read_raw(families, 0, len(families)).get(10)
    mode = read_raw(inet6, 0, len(inet6)).get(8) if inet6 else None
    return mode[0] if mode else None


def read_picture(conversation: Conversation) -> Picture:
    """Ask the kernel for everything. Raises NetlinkError."""
    dump = conversation.dump
    return Picture(
        dump(_NEWLINK_GET, _IFINFO.pack(0, 0, 0, 0, 0) + _SKIP_STATISTICS, parser=read_link),
        dump(_GETADDR, bytes(8), parser=read_address),
        dump(_GETROUTE, bytes(12), parser=read_route),
        dump(_GETRULE, bytes(12), parser=read_rule),
        [
            *dump(_GETNEIGH, bytes(12), parser=read_neighbour),
            *dump(_GETNEIGH, _PROXIES, parser=read_neighbour),
        ],
        _read_next_hops(conversation),
    )


def _read_next_hops(conversation: Conversation) -> list[NextHopRecord]:
    try:
        return conversation.dump(_GETNEXTHOP, bytes(8), parser=read_next_hop)
    except KernelError as error:
        if error.errno in (EOPNOTSUPP, EINVAL):  # Linux before 5.3 has no next hop objects
            return []
        raise
