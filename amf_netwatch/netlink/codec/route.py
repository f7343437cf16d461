# SPDX-License-Identifier: Apache-2.0
"""Route messages (RTM_NEWROUTE, RTM_DELROUTE): where packets for a destination go.

::

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    +---------------+---------------+---------------+---------------+
    |    family     |  destination  |    source     |      tos      |  rtmsg; the two lengths in bits
    |               | prefix length | prefix length |               |
    +---------------+---------------+---------------+---------------+
    |     table     |   protocol    |     scope     |     type      |
    +---------------+---------------+---------------+---------------+
    |                            flags                              |
    +---------------------------------------------------------------+
    |  attributes (RTA_*) ...                                       |

    +-------------------------------+---------------+---------------+
    |    length: with attributes    |     flags     |    weight-1   |  rtnexthop, several in RTA_MULTIPATH
    +-------------------------------+---------------+---------------+
    |                      interface (signed)                       |
    +---------------------------------------------------------------+
    |  attributes (RTA_GATEWAY, RTA_VIA, RTA_ENCAP ...) ...         |

Rules: the table is RTA_TABLE when present (the header's byte holds no number above 255).  A destination
prefix length of 0 is the default route and has no RTA_DST.  IPv6 announces a multipath route in one message
or in several.
"""

from __future__ import annotations

from struct import Struct
from typing import Any, NamedTuple

from amf_netwatch.netlink.codec.address import format_ip
from amf_netwatch.netlink.codec.constants import Family, Members, RouteScope
from amf_netwatch.netlink.codec.messages import (
    ALIGNMENT_MASK,
    Buffer,
    ByteFilter,
    Row,
    attribute_table,
    check_room,
    read_attributes,
    read_bytes,
    read_u32,
)
from amf_netwatch.netlink.codec.requests import RTMSG
from amf_netwatch.netlink.codec.route_constants import RouteAttribute, RouteProtocol, RouteType
from amf_netwatch.netlink.errors import DecodeError

NEXT_HOP = Struct("=HBBi")  # length, flags, weight - 1, interface
_VIA_FAMILY = Struct("=H")
_FAMILIES, _PROTOCOLS = Members(Family), Members(RouteProtocol)
_SCOPES, _TYPES = Members(RouteScope), Members(RouteType)


DEFAULT_ROUTES = ByteFilter(place=1, value=0)  # destination prefix length 0


class NextHop(NamedTuple):
    """One of the ways of a multipath route."""

    flags: int  # RouteFlag bits
    weight: int
    interface: int  # ifindex
    gateway: bytes | None = None
    via: Via | None = None


class Via(NamedTuple):
    """A next hop in another family than the route's: IPv4 through IPv6."""

    family: Family
    address: bytes


class Route(NamedTuple):
    """One route message.  None: the message does not say."""

    family: Family
    destination_length: int  # bits; 0: the default route
    source_length: int  # bits
    tos: int
    table_byte: int  # see `table`
    protocol: RouteProtocol
    scope: RouteScope
    type: RouteType
    flags: int  # RouteFlag bits
    destination: bytes | None = None
    source: bytes | None = None
    preferred_source: bytes | None = None
    gateway: bytes | None = None
    via: Via | None = None
    interface: int | None = None  # ifindex it leaves by
    input_interface: int | None = None
    priority: int | None = None  # the metric
    table_number: int | None = None  # see `table`
    next_hops: tuple[NextHop, ...] | None = None
    next_hop_id: int | None = None

    @property
    def table(self) -> int:
        """The number of the table it belongs to; `RouteTable` names the usual ones."""
        return self.table_byte if self.table_number is None else self.table_number

    @property
    def text(self) -> str:
        """The destination with its prefix length; ``default`` for the default route."""
        if self.destination is None:
            return "default" if self.destination_length == 0 else f"?/{self.destination_length}"
        return f"{format_ip(self.destination)}/{self.destination_length}"


def _read_via(buffer: Buffer, start: int, end: int) -> Via:
    check_room(start, end, _VIA_FAMILY.size, "a next hop of another family")
    return Via(Family(_VIA_FAMILY.unpack_from(buffer, start)[0]), bytes(buffer[start + 2 : end]))


def _read_next_hops(buffer: Buffer, start: int, end: int) -> tuple[NextHop, ...]:
    hops: list[NextHop] = []
    while start < end:
        check_room(start, end, NEXT_HOP.size, "a next hop")
        length, flags, weight, interface = NEXT_HOP.unpack_from(buffer, start)
        if length < NEXT_HOP.size or length > end - start:
            raise DecodeError(f"next hop length {length} at offset {start}, where {end - start} are left")
        slots: list[Any] = [flags, weight + 1, interface, None, None]
        read_attributes(buffer, start + NEXT_HOP.size, start + length, _NEXT_HOP_TABLE, slots)
        hops.append(NextHop._make(slots))
        start += (length + 3) & ALIGNMENT_MASK
    return tuple(hops)


_NEXT_HOP_TABLE = attribute_table(
    (Row(RouteAttribute.GATEWAY, "gateway", read_bytes), Row(RouteAttribute.VIA, "via", _read_via)),
    NextHop._fields,
)

ROUTE_ATTRIBUTES = (
    Row(RouteAttribute.DST, "destination", read_bytes),
    Row(RouteAttribute.SRC, "source", read_bytes),
    Row(RouteAttribute.PREFSRC, "preferred_source", read_bytes),
    Row(RouteAttribute.GATEWAY, "gateway", read_bytes),
    Row(RouteAttribute.VIA, "via", _read_via),
    Row(RouteAttribute.OIF, "interface", read_u32),
    Row(RouteAttribute.IIF, "input_interface", read_u32),
    Row(RouteAttribute.PRIORITY, "priority", read_u32),
    Row(RouteAttribute.TABLE, "table_number", read_u32),
    Row(RouteAttribute.MULTIPATH, "next_hops", _read_next_hops),
    Row(RouteAttribute.NH_ID, "next_hop_id", read_u32),
)
_ROUTE_TABLE = attribute_table(ROUTE_ATTRIBUTES, Route._fields)
_new = tuple.__new__  # what _make does, without its check of the length
_ABSENT = (None,) * (len(Route._fields) - 9)


def decode_route(buffer: Buffer, start: int, end: int) -> Route:
    """The route message whose payload is ``buffer[start:end]``; raises DecodeError."""
    check_room(start, end, RTMSG.size, "a route message")
    family, to_bits, from_bits, tos, table, protocol, scope, kind, flags = RTMSG.unpack_from(buffer, start)
    slots: list[Any] = [
        _FAMILIES[family],
        to_bits,
        from_bits,
        tos,
        table,
        _PROTOCOLS[protocol],
        _SCOPES[scope],
        _TYPES[kind],
        flags,
        *_ABSENT,
    ]
    read_attributes(buffer, start + RTMSG.size, end, _ROUTE_TABLE, slots)
    return _new(Route, slots)
