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

Rules: the table is RTA_TABLE if present (the header's byte cannot hold a number above 255). A destination
prefix length of 0 is the default route and has no RTA_DST. IPv6 announces a multipath route in one message
or in several.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from typing import Any, NamedTuple

from amf_netwatch.netlink.codec.address import format_ip
from amf_netwatch.netlink.codec.constants import Family, Members, Scope
from amf_netwatch.netlink.codec.messages import (
    ALIGNMENT_MASK,
    Buffer,
    ByteFilter,
    Row,
    Unknown,
    attribute_table,
    check_room,
    pack_attributes,
    pack_fixed,
    read_attributes,
    read_bytes,
    read_text,
    read_u8,
    read_u16,
    read_u32,
    write_bytes,
    write_text,
    write_u8,
    write_u16,
    write_u32,
)
from amf_netwatch.netlink.codec.requests import RTMSG
from amf_netwatch.netlink.codec.route_constants import RouteAttribute, RouteMetric, RouteProtocol, RouteType
from amf_netwatch.netlink.errors import DecodeError, EncodeError

NEXT_HOP = Struct("=HBBi")  # length, flags, weight - 1, interface
_VIA_FAMILY = Struct("=H")
_FAMILIES, _PROTOCOLS = Members(Family), Members(RouteProtocol)
_SCOPES, _TYPES = Members(Scope), Members(RouteType)


DEFAULT_ROUTES = ByteFilter(place=1, value=0)  # destination prefix length 0


class NextHop(NamedTuple):
    """One of the ways of a multipath route."""

    flags: int  # RouteFlag bits
    weight: int
    interface: int  # ifindex
    gateway: bytes | None = None
    via: Via | None = None
    realms: int | None = None
    encap_type: int | None = None
    encap: bytes | None = None  # attributes whose meaning depends on `encap_type`


class Via(NamedTuple):
    """A next hop in another family than the route's: IPv4 through IPv6."""

    family: Family
    address: bytes


class Metrics(NamedTuple):
    """RTA_METRICS, in the kernel's units. None means not set. `values` has them as `ip` prints them."""

    lock: int | None = None  # bit 1 << RouteMetric: the kernel must not adapt this one
    mtu: int | None = None
    window: int | None = None
    rtt: int | None = None  # eighths of a millisecond
    rttvar: int | None = None  # quarters of a millisecond
    ssthresh: int | None = None
    cwnd: int | None = None
    advmss: int | None = None
    reordering: int | None = None
    hoplimit: int | None = None
    initcwnd: int | None = None
    features: int | None = None  # bits
    rto_min: int | None = None  # milliseconds
    initrwnd: int | None = None
    quickack: int | None = None
    congestion: str | None = None
    fastopen_no_cookie: int | None = None
    unknown: tuple[Unknown, ...] | None = None

    def values(self) -> dict[str, Any]:
        """Return names and values as ``ip -d -j route`` prints them. `from_values` is the opposite."""
        found: dict[str, Any] = {}
        for name in self._fields[1:-1]:
            value: Any = getattr(self, name)
            if value is None or (name == "hoplimit" and value == _DEFAULT_HOP_LIMIT):
                continue
            if name == "features":
                if value & _ECN:
                    found["ecn"] = None
                if value & ~_ECN:
                    found["features"] = hex(value)
            else:
                found[name] = value // _UNITS[name] if name in _UNITS else value
        return found

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Metrics:
        """Return the metrics with these names and values. EncodeError for a wrong name or value."""
        fields: dict[str, Any] = {}
        for name, value in values.items():
            if name == "ecn":
                fields["features"] = fields.get("features", 0) | _ECN
            elif name == "features":
                try:
                    bits = int(value, 0) if isinstance(value, str) else int(value)
                except (TypeError, ValueError):
                    raise EncodeError(f"features: {value!r} is no number") from None
                fields["features"] = fields.get("features", 0) | bits
            elif name not in cls._fields[1:-1]:
                raise EncodeError(f"{name} is no metric of a route")
            elif isinstance(value, bool) or not isinstance(value, str if name == "congestion" else int):
                raise EncodeError(f"{name}: {value!r} is no {'text' if name == 'congestion' else 'number'}")
            else:
                fields[name] = value * _UNITS[name] if name in _UNITS else value
        return cls(**fields)


class Route(NamedTuple):
    """One route message. A field is None if the message does not have it."""

    family: Family
    destination_length: int  # bits; 0: the default route
    source_length: int  # bits
    tos: int
    table_byte: int  # see `table`
    protocol: RouteProtocol
    scope: Scope
    type: RouteType
    flags: int  # RouteFlag bits
    destination: bytes | None = None
    source: bytes | None = None
    preferred_source: bytes | None = None
    gateway: bytes | None = None
    via: Via | None = None
    interface: int | None = None  # ifindex of the link through which it leaves
    input_interface: int | None = None
    priority: int | None = None  # the metric
    table_number: int | None = None  # see `table`
    next_hops: tuple[NextHop, ...] | None = None
    next_hop_id: int | None = None
    metrics: Metrics | None = None
    realms: int | None = None  # the source's in the upper half
    mark: int | None = None
    preference: int | None = None  # RFC 4191: 0 medium, 1 high, 3 low
    encap_type: int | None = None
    encap: bytes | None = None  # attributes whose meaning depends on `encap_type`
    new_destination: bytes | None = None  # MPLS: the labels that replace the destination
    ttl_propagate: int | None = None
    expires: int | None = None  # seconds; in requests only
    unknown: tuple[Unknown, ...] | None = None

    @property
    def table(self) -> int:
        """Return the number of its table. `TableNumber` names the usual ones."""
        return self.table_byte if self.table_number is None else self.table_number

    @property
    def text(self) -> str:
        """Return the destination with its prefix length; ``default`` for the default route."""
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
        slots: list[Any] = [flags, weight + 1, interface, None, None, None, None, None]
        read_attributes(buffer, start + NEXT_HOP.size, start + length, _NEXT_HOP_TABLE, slots)
        hops.append(NextHop._make(slots))
        start += (length + 3) & ALIGNMENT_MASK
    return tuple(hops)


def _write_via(value: Via) -> bytes:
    return pack_fixed(_VIA_FAMILY, value.family) + value.address


def _write_next_hops(value: tuple[NextHop, ...]) -> bytes:
    packed = []
    for hop in value:
        attributes = pack_attributes(NEXT_HOP_ATTRIBUTES, hop)
        length = NEXT_HOP.size + len(attributes)
        packed.append(pack_fixed(NEXT_HOP, length, hop.flags, hop.weight - 1, hop.interface) + attributes)
    return b"".join(packed)


def _read_metrics(buffer: Buffer, start: int, end: int) -> Metrics:
    slots: list[Any] = [None] * len(Metrics._fields)
    read_attributes(buffer, start, end, _METRICS_TABLE, slots, 0)
    return Metrics._make(slots)


def _write_metrics(value: Metrics) -> bytes:
    return pack_attributes(METRICS_ATTRIBUTES, value)


_ECN = 1  # RTAX_FEATURE_ECN
_DEFAULT_HOP_LIMIT = 0xFFFFFFFF  # "the system's"
_UNITS = {"rtt": 8, "rttvar": 4}  # of a millisecond
METRICS_ATTRIBUTES = (
    *(
        Row(metric, metric.name.lower(), read_u32, write_u32)
        for metric in RouteMetric
        if metric is not RouteMetric.CC_ALGO
    ),
    Row(RouteMetric.CC_ALGO, "congestion", read_text, write_text),
)
_METRICS_TABLE = attribute_table(METRICS_ATTRIBUTES, Metrics._fields)

NEXT_HOP_ATTRIBUTES = (
    Row(RouteAttribute.GATEWAY, "gateway", read_bytes, write_bytes),
    Row(RouteAttribute.VIA, "via", _read_via, _write_via),
    Row(RouteAttribute.FLOW, "realms", read_u32, write_u32),
    Row(RouteAttribute.ENCAP_TYPE, "encap_type", read_u16, write_u16),
    Row(RouteAttribute.ENCAP, "encap", read_bytes, write_bytes),
)
_NEXT_HOP_TABLE = attribute_table(NEXT_HOP_ATTRIBUTES, NextHop._fields)

ROUTE_ATTRIBUTES = (
    Row(RouteAttribute.DST, "destination", read_bytes, write_bytes),
    Row(RouteAttribute.SRC, "source", read_bytes, write_bytes),
    Row(RouteAttribute.PREFSRC, "preferred_source", read_bytes, write_bytes),
    Row(RouteAttribute.GATEWAY, "gateway", read_bytes, write_bytes),
    Row(RouteAttribute.VIA, "via", _read_via, _write_via),
    Row(RouteAttribute.OIF, "interface", read_u32, write_u32),
    Row(RouteAttribute.IIF, "input_interface", read_u32, write_u32),
    Row(RouteAttribute.PRIORITY, "priority", read_u32, write_u32),
    Row(RouteAttribute.TABLE, "table_number", read_u32, write_u32),
    Row(RouteAttribute.MULTIPATH, "next_hops", _read_next_hops, _write_next_hops),
    Row(RouteAttribute.NH_ID, "next_hop_id", read_u32, write_u32),
    Row(RouteAttribute.METRICS, "metrics", _read_metrics, _write_metrics),
    Row(RouteAttribute.FLOW, "realms", read_u32, write_u32),
    Row(RouteAttribute.MARK, "mark", read_u32, write_u32),
    Row(RouteAttribute.PREF, "preference", read_u8, write_u8),
    Row(RouteAttribute.ENCAP_TYPE, "encap_type", read_u16, write_u16),
    Row(RouteAttribute.ENCAP, "encap", read_bytes, write_bytes),
    Row(RouteAttribute.NEWDST, "new_destination", read_bytes, write_bytes),
    Row(RouteAttribute.TTL_PROPAGATE, "ttl_propagate", read_u8, write_u8),
    Row(RouteAttribute.EXPIRES, "expires", read_u32, write_u32),
)
_ROUTE_TABLE = attribute_table(ROUTE_ATTRIBUTES, Route._fields)
_LAST = 31  # the end of the list in Linux 6.18; left out up to here: when the route was used, multicast
_new = tuple.__new__  # what _make does, without its check of the length
_ABSENT = (None,) * (len(Route._fields) - 9)
_RTMSG_SIZE = RTMSG.size


def decode_route(buffer: Buffer, start: int, end: int) -> Route:
    """Return the route message with the payload ``buffer[start:end]``. Raises DecodeError."""
    if end - start < _RTMSG_SIZE:
        check_room(start, end, _RTMSG_SIZE, "a route message")
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
    read_attributes(buffer, start + _RTMSG_SIZE, end, _ROUTE_TABLE, slots, _LAST)
    return _new(Route, slots)


def pack_route(route: Route) -> bytes:
    """Return the payload of a NEWROUTE or DELROUTE, which `decode_route` can read. Raises EncodeError.

    A table number above 255 belongs in `table_number`, with `table_byte` 0.
    """
    return pack_fixed(RTMSG, *route[:9]) + pack_attributes(ROUTE_ATTRIBUTES, route)
