# SPDX-License-Identifier: Apache-2.0
"""Addresses, routes, rules and neighbours exactly as a dump tells them, so that they can be made again.

A record keeps everything that the kernel needs to make the object again: attributes that this library
does not understand stay as bytes. What changes by itself (counters, ages, states of the carrier) is left
out, so two records of one unchanged object are equal. Each record has a `key`, its identity in the kernel,
and each kind has a function that reads it from a dump and one that packs it for a request.

Rules: an address without a lifetime is permanent. A route's identity is family, destination, source prefix,
tos, priority and table; in IPv6 an absent priority is 1024. All fields of a rule are its identity. Not
here: links (`picture`), because they are changed attribute by attribute, and never replaced.
"""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple, Optional, Union

from amf_netwatch.netlink.codec.messages import ALIGNMENT_MASK, ATTRIBUTE, Buffer, pack_attribute
from amf_netwatch.netlink.errors import DecodeError

INET, INET6 = 2, 10
FOR_EVER = 0xFFFFFFFF

_IFADDR = Struct("=BBBBI")  # family, prefix length, flags, scope, index
_RTMSG = Struct("=BBBBBBBBI")  # family, prefix lengths (2), tos, table, protocol, scope, type, flags
_NDMSG = Struct("=BxxxiHBB")  # family, index, state, flags, type
_RULE = Struct("=BBBBBxxBI")  # family, prefix lengths (2), tos, table, action, flags
_NEXT_HOP = Struct("=HBBi")  # length, flags, weight - 1, interface
_NEXT_HOP_OBJECT = Struct("=BBBxI")  # family, scope, protocol, flags
_NEXT_HOP_MEMBER = Struct("=IBBH")  # id, weight - 1, its upper byte, reserved
_NHA_ID, _NHA_GROUP, _NHA_OIF, _LAST_NHA = 1, 2, 5, 11
_LIFETIMES = Struct("=IIII")  # preferred, valid (seconds), created, updated
_U32 = Struct("=I")
_S32 = Struct("=i")

IFA_ADDRESS, IFA_LOCAL, IFA_LABEL, IFA_BROADCAST, IFA_CACHEINFO, IFA_FLAGS = 1, 2, 3, 4, 6, 8
IFA_RT_PRIORITY, IFA_PROTO = 9, 11
RTA_DST, RTA_SRC, RTA_OIF, RTA_GATEWAY, RTA_PRIORITY, RTA_PREFSRC, RTA_METRICS = 1, 2, 4, 5, 6, 7, 8
RTA_MULTIPATH, RTA_CACHEINFO, RTA_TABLE, RTA_VIA, RTA_PREF, RTA_EXPIRES, RTA_NH_ID = 9, 12, 15, 18, 20, 23, 30
FRA_DST, FRA_SRC, FRA_IIFNAME, FRA_PRIORITY, FRA_TABLE, FRA_OIFNAME = 1, 2, 3, 6, 15, 17
NDA_DST, NDA_LLADDR, NDA_PROTOCOL = 1, 2, 12

_ADDRESS_STATES = 0x01 | 0x08 | 0x20 | 0x40 | 0x80  # secondary, dadfailed, deprecated, tentative, permanent
_SECONDARY = 0x01
NODAD = 0x02
_ROUTE_FLAGS = 0x04  # onlink; the others are states
_RULE_FLAGS = 0x02  # invert; the others are states
_CLONED = 0x200
PROTOCOL_KERNEL = 2
TABLE_COMPAT, TABLE_LOCAL = 252, 255
IPV6_PRIORITY = 1024  # the kernel's value for "no priority" in IPv6
PERMANENT, PROXY = 0x80, 0x08  # neighbour state, neighbour flag


def read_raw(buffer: Buffer, start: int, end: int) -> dict[int, bytes]:
    """Return the attributes of ``buffer[start:end]`` by number. Raises DecodeError."""
    found: dict[int, bytes] = {}
    unpack = ATTRIBUTE.unpack_from
    while start < end:
        if end - start < 4:
            raise DecodeError(f"{end - start} bytes at offset {start} are no attribute header")
        length, kind = unpack(buffer, start)
        if length < 4 or length > end - start:
            raise DecodeError(f"attribute length {length} at offset {start}, where {end - start} are left")
        found[kind & 0x3FFF] = bytes(buffer[start + 4 : start + length])
        start += (length + 3) & ALIGNMENT_MASK
    return found


def pack_raw(attributes: dict[int, bytes]) -> bytes:
    """Do the inverse of `read_raw`."""
    return b"".join([pack_attribute(kind, value) for kind, value in attributes.items()])


AddressKey = tuple[int, bytes, int, Optional[bytes]]
"""The link's index, the own address, and in IPv4 the prefix length and the peer."""


class AddressRecord(NamedTuple):
    """One address of a link."""

    ifindex: int
    local: bytes  # 4 or 16 bytes
    prefix_length: int
    peer: bytes | None = None
    scope: int = 0
    flags: int = 0  # without the flags that the kernel sets by itself
    label: bytes | None = None
    broadcast: bytes | None = None
    priority: int | None = None  # the priority of its prefix route
    protocol: int | None = None  # who made it; 1 to 3 are the kernel
    valid: int = FOR_EVER  # seconds
    preferred: int = FOR_EVER  # seconds
    secondary: bool = False  # IPv4: another address of its subnet was added before

    @property
    def family(self) -> int:
        """Return `INET` or `INET6`."""
        return INET if len(self.local) == 4 else INET6

    @property
    def key(self) -> AddressKey:
        """Return its identity: in IPv6 the address, in IPv4 also the prefix length and the peer."""
        if len(self.local) == 4:
            return (self.ifindex, self.local, self.prefix_length, self.peer)
        return (self.ifindex, self.local, 0, None)

    @property
    def permanent(self) -> bool:
        """Tell whether it has no lifetime: an administrator set it, not router advertisements or DHCP."""
        return self.valid == FOR_EVER

    @property
    def link_local(self) -> bool:
        """Tell whether it is an IPv6 address of fe80::/10, which the kernel usually makes by itself."""
        return len(self.local) == 16 and self.local[0] == 0xFE and self.local[1] & 0xC0 == 0x80

    def facts(self) -> AddressRecord:
        """Return the record without the lifetimes and without what follows from the other addresses."""
        if self.valid == FOR_EVER and self.preferred in (FOR_EVER, 0):
            return self._replace(secondary=False)
        return self._replace(valid=1, preferred=min(self.preferred, 1), secondary=False)


class RouteRecord(NamedTuple):
    """One route, or one multipath route with all its next hops."""

    key: RouteKey
    protocol: int
    scope: int
    type: int
    flags: int
    attributes: dict[int, bytes]  # RTA_*, without destination, source prefix, priority and table

    @property
    def family(self) -> int:
        """Return `INET` or `INET6`."""
        return self.key.family

    @property
    def foreign(self) -> bool:
        """Tell whether it goes through a next hop object, which a document cannot describe."""
        return RTA_NH_ID in self.attributes

    def interfaces(self) -> tuple[int, ...]:
        """Return the indexes of the links through which it leaves."""
        own = self.attributes.get(RTA_OIF)
        if own is not None:
            return (int(_U32.unpack(own)[0]),)
        hops = self.attributes.get(RTA_MULTIPATH)
        return () if hops is None else tuple(hop[2] for hop in iter_next_hops(hops))

    def gateways(self) -> tuple[bytes, ...]:
        """Return the gateways of its own family."""
        own = self.attributes.get(RTA_GATEWAY)
        if own is not None:
            return (own,)
        hops = self.attributes.get(RTA_MULTIPATH)
        if hops is None:
            return ()
        return tuple(hop[3][RTA_GATEWAY] for hop in iter_next_hops(hops) if RTA_GATEWAY in hop[3])


class RouteKey(NamedTuple):
    """The identity of a route. In prefixes, all bits after their length are 0."""

    family: int
    destination: bytes  # b"" if the length is 0
    length: int
    table: int = 254
    priority: int = 0
    tos: int = 0
    source: bytes = b""  # IPv6: only for packets from this prefix
    source_length: int = 0


class RuleRecord(NamedTuple):
    """One rule. It is hashable, because all its fields are its identity."""

    family: int
    destination_length: int
    source_length: int
    tos: int
    action: int
    flags: int
    attributes: tuple[tuple[int, bytes], ...]  # FRA_*, sorted; the table always as an attribute

    def find(self, kind: int) -> bytes | None:
        """Return the value of one attribute."""
        for number, value in self.attributes:
            if number == kind:
                return value
        return None

    @property
    def priority(self) -> int:
        """Return the place of the rule; 0 comes first."""
        value = self.find(FRA_PRIORITY)
        return 0 if value is None else int(_U32.unpack(value)[0])


class NextHopRecord(NamedTuple):
    """A next hop object, or a group of them, that routes refer to by its id."""

    id: int
    family: int
    scope: int
    protocol: int
    flags: int
    attributes: dict[int, bytes]  # NHA_*, without what only the kernel says

    @property
    def interface(self) -> int | None:
        """Return the link through which it leaves. None for a group and for a blackhole."""
        value = self.attributes.get(_NHA_OIF)
        return None if value is None else int(_U32.unpack(value)[0])

    def members(self) -> tuple[int, ...]:
        """Return the ids of the next hops of a group."""
        value = self.attributes.get(_NHA_GROUP, b"")
        return tuple(_NEXT_HOP_MEMBER.unpack_from(value, place)[0] for place in range(0, len(value) - 7, 8))


class NeighbourRecord(NamedTuple):
    """A permanent neighbour, or an address that a link answers for (a proxy)."""

    ifindex: int
    address: bytes
    proxy: bool
    state: int
    flags: int
    mac: bytes | None
    attributes: dict[int, bytes]  # NDA_* that are kept unchanged

    @property
    def key(self) -> tuple[int, bytes, bool]:
        """Return its identity."""
        return (self.ifindex, self.address, self.proxy)


Record = Union[NextHopRecord, AddressRecord, RouteRecord, RuleRecord, NeighbourRecord]


def iter_next_hops(value: bytes) -> list[tuple[int, int, int, dict[int, bytes]]]:
    """Return the next hops of RTA_MULTIPATH: (flags, weight, interface, attributes)."""
    hops = []
    start, end = 0, len(value)
    while start + 8 <= end:
        length, flags, weight, interface = _NEXT_HOP.unpack_from(value, start)
        if length < 8 or length > end - start:
            raise DecodeError(f"next hop length {length}, where {end - start} are left")
        hops.append((flags, weight + 1, interface, read_raw(value, start + 8, start + length)))
        start += (length + 3) & ALIGNMENT_MASK
    return hops


def pack_next_hops(hops: list[tuple[int, int, int, dict[int, bytes]]]) -> bytes:
    """Do the inverse of `iter_next_hops`, without the flags that are states."""
    packed = b""
    for flags, weight, interface, attributes in hops:
        body = pack_raw(attributes)
        packed += _NEXT_HOP.pack(8 + len(body), flags & _ROUTE_FLAGS, weight - 1, interface) + body
    return packed


# -- from a dump --------------------------------------------------------------------------------------------


def read_address(buffer: Buffer, start: int, end: int) -> AddressRecord | None:
    """Read an RTM_NEWADDR of IPv4 or IPv6. None for another family."""
    family, length, flags, scope, index = _IFADDR.unpack_from(buffer, start)
    if family not in (INET, INET6):
        return None
    found = read_raw(buffer, start + 8, end)
    address, local = found.get(IFA_ADDRESS), found.get(IFA_LOCAL)
    own = local if local is not None else address
    if own is None:
        return None
    if IFA_FLAGS in found:
        flags = _U32.unpack(found[IFA_FLAGS])[0]
    valid = preferred = FOR_EVER
    if IFA_CACHEINFO in found:
        preferred, valid = _LIFETIMES.unpack(found[IFA_CACHEINFO])[:2]
    priority = found.get(IFA_RT_PRIORITY)
    protocol = found.get(IFA_PROTO)
    label = found.get(IFA_LABEL)
    return AddressRecord(
        index,
        own,
        length,
        address if address != own else None,
        scope,
        flags & ~_ADDRESS_STATES & 0xFFFFFFFF,
        label.rstrip(b"\0") if label is not None else None,
        found.get(IFA_BROADCAST),
        _U32.unpack(priority)[0] if priority is not None else None,
        protocol[0] if protocol else None,
        valid,
        preferred,
        family == INET and bool(flags & _SECONDARY),
    )


def read_route(buffer: Buffer, start: int, end: int) -> RouteRecord | None:
    """Read an RTM_NEWROUTE of IPv4 or IPv6. None for caches and for the kernel's routes in the local
    table."""
    family, to_bits, from_bits, tos, table, protocol, scope, kind, flags = _RTMSG.unpack_from(buffer, start)
    if (
        (protocol == PROTOCOL_KERNEL and table == TABLE_LOCAL)
        or flags & _CLONED
        or family not in (INET, INET6)
    ):
        return None
    found = read_raw(buffer, start + 12, end)
    number = found.pop(RTA_TABLE, None)
    if number is not None:
        table = _U32.unpack(number)[0]
    priority = found.pop(RTA_PRIORITY, None)
    cache = found.pop(RTA_CACHEINFO, None)
    if cache is not None and family == INET6 and len(cache) >= 12:
        left = _S32.unpack_from(cache, 8)[0]  # in hundredths of a second; 0 means for ever
        if left > 0:
            found[RTA_EXPIRES] = _U32.pack(left // 100 + 1)
    if RTA_MULTIPATH in found:
        found[RTA_MULTIPATH] = pack_next_hops(iter_next_hops(found[RTA_MULTIPATH]))
    key = RouteKey(
        family,
        found.pop(RTA_DST, b""),
        to_bits,
        table,
        0 if priority is None else _U32.unpack(priority)[0],
        tos,
        found.pop(RTA_SRC, b""),
        from_bits,
    )
    return RouteRecord(key, protocol, scope, kind, flags & _ROUTE_FLAGS, found)


def read_rule(buffer: Buffer, start: int, end: int) -> RuleRecord | None:
    """Read an RTM_NEWRULE of IPv4 or IPv6."""
    family, to_bits, from_bits, tos, table, action, flags = _RULE.unpack_from(buffer, start)
    if family not in (INET, INET6):
        return None
    found = read_raw(buffer, start + 12, end)
    found.setdefault(FRA_TABLE, _U32.pack(table))
    return RuleRecord(
        family, to_bits, from_bits, tos, action, flags & _RULE_FLAGS, tuple(sorted(found.items()))
    )


def read_neighbour(buffer: Buffer, start: int, end: int) -> NeighbourRecord | None:
    """Read an RTM_NEWNEIGH by an administrator: a permanent entry or a proxy. None for any other."""
    family, index, state, flags, _ = _NDMSG.unpack_from(buffer, start)
    proxy = bool(flags & PROXY)
    if family not in (INET, INET6) or not (proxy or state & PERMANENT):
        return None
    found = read_raw(buffer, start + 12, end)
    address = found.get(NDA_DST)
    if address is None:
        return None
    kept = {kind: value for kind, value in found.items() if kind == NDA_PROTOCOL}
    return NeighbourRecord(index, address, proxy, state, flags, found.get(NDA_LLADDR), kept)


def read_next_hop(buffer: Buffer, start: int, end: int) -> NextHopRecord | None:
    """Read an RTM_NEWNEXTHOP."""
    family, scope, protocol, flags = _NEXT_HOP_OBJECT.unpack_from(buffer, start)
    found = read_raw(buffer, start + _NEXT_HOP_OBJECT.size, end)
    number = _U32.unpack(found[_NHA_ID])[0]
    kept = {kind: value for kind, value in found.items() if kind <= _LAST_NHA}
    return NextHopRecord(number, family, scope, protocol, flags & _ROUTE_FLAGS, kept)


# -- for a request ------------------------------------------------------------------------------------------


def pack_address(record: AddressRecord, *, known: bool = False) -> bytes:
    """Return the payload of an RTM_NEWADDR or RTM_DELADDR.

    `known`: the address was valid before, so it is restored without duplicate detection.
    """
    local = record.local
    flags = record.flags
    if known and len(local) == 16 and not record.link_local:
        flags |= NODAD
    packed = _IFADDR.pack(
        INET if len(local) == 4 else INET6, record.prefix_length, flags & 0xFF, record.scope, record.ifindex
    )
    packed += pack_attribute(IFA_LOCAL, local)
    packed += pack_attribute(IFA_ADDRESS, local if record.peer is None else record.peer)
    if record.broadcast is not None:
        packed += pack_attribute(IFA_BROADCAST, record.broadcast)
    if record.label is not None:
        packed += pack_attribute(IFA_LABEL, record.label + b"\0")
    if flags & ~0xFF:
        packed += pack_attribute(IFA_FLAGS, _U32.pack(flags))
    if record.valid != FOR_EVER or record.preferred != FOR_EVER:
        packed += pack_attribute(IFA_CACHEINFO, _LIFETIMES.pack(record.preferred, record.valid, 0, 0))
    if record.priority is not None:
        packed += pack_attribute(IFA_RT_PRIORITY, _U32.pack(record.priority))
    if record.protocol is not None and record.protocol > 3:
        packed += pack_attribute(IFA_PROTO, bytes((record.protocol,)))
    return packed


def pack_route(record: RouteRecord) -> bytes:
    """Return the payload of an RTM_NEWROUTE or RTM_DELROUTE. It names everything, so it matches no other
    route."""
    key = record.key
    attributes = record.attributes
    packed = [
        _RTMSG.pack(
            key.family,
            key.length,
            key.source_length,
            key.tos,
            key.table if key.table < 256 else TABLE_COMPAT,
            record.protocol,
            record.scope,
            record.type,
            record.flags,
        )
    ]
    if key.length:
        packed.append(pack_attribute(RTA_DST, key.destination))
    if key.source_length:
        packed.append(pack_attribute(RTA_SRC, key.source))
    packed.append(_TABLE_ATTRIBUTE + _U32.pack(key.table))
    if key.priority:
        packed.append(_PRIORITY_ATTRIBUTE + _U32.pack(key.priority))
    if RTA_NH_ID in attributes:  # the kernel refuses a request with both the object and its content
        packed.append(pack_attribute(RTA_NH_ID, attributes[RTA_NH_ID]))
        return b"".join(packed)
    for kind, value in attributes.items():
        packed.append(pack_attribute(kind, value))
    return b"".join(packed)


_TABLE_ATTRIBUTE = ATTRIBUTE.pack(8, RTA_TABLE)
_PRIORITY_ATTRIBUTE = ATTRIBUTE.pack(8, RTA_PRIORITY)


def pack_rule(record: RuleRecord) -> bytes:
    """Return the payload of an RTM_NEWRULE or RTM_DELRULE."""
    table = _U32.unpack(record.find(FRA_TABLE) or bytes(4))[0]
    packed = _RULE.pack(
        record.family,
        record.destination_length,
        record.source_length,
        record.tos,
        table if table < 256 else 0,
        record.action,
        record.flags,
    )
    return packed + pack_raw(dict(record.attributes))


def pack_neighbour(record: NeighbourRecord) -> bytes:
    """Return the payload of an RTM_NEWNEIGH or RTM_DELNEIGH."""
    family = INET if len(record.address) == 4 else INET6
    packed = _NDMSG.pack(family, record.ifindex, record.state, record.flags, 0)
    packed += pack_attribute(NDA_DST, record.address)
    if record.mac is not None:
        packed += pack_attribute(NDA_LLADDR, record.mac)
    return packed + pack_raw(record.attributes)


def pack_next_hop(record: NextHopRecord) -> bytes:
    """Return the payload of an RTM_NEWNEXTHOP."""
    head = _NEXT_HOP_OBJECT.pack(record.family, 0, record.protocol, record.flags)  # no scope in requests
    return head + pack_raw(record.attributes)
