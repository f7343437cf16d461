# SPDX-License-Identifier: Apache-2.0
"""Neighbour messages (RTM_NEWNEIGH, RTM_DELNEIGH): the hardware address of an IP address on a link.

::

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    +---------------+-----------------------------------------------+
    |    family     |                   padding                     |  ndmsg
    +---------------+-----------------------------------------------+
    |                      index (signed)                           |  of the link
    +-------------------------------+---------------+---------------+
    |             state             |     flags     |     type      |
    +-------------------------------+---------------+---------------+
    |  attributes (NDA_*) ...                                       |

Rules: the group of neighbours also carries the forwarding entries of bridges and VXLANs (family AF_BRIDGE).
Ages and probes are not read, because they change by themselves.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from amf_netwatch.netlink.codec.address import format_ip
from amf_netwatch.netlink.codec.constants import Family, Members
from amf_netwatch.netlink.codec.messages import (
    Buffer,
    Row,
    Unknown,
    attribute_table,
    check_room,
    pack_attributes,
    pack_fixed,
    read_attributes,
    read_bytes,
    read_u8,
    read_u16,
    read_u16_network,
    read_u32,
    write_bytes,
    write_u8,
    write_u16,
    write_u16_network,
    write_u32,
)
from amf_netwatch.netlink.codec.requests import NEIGHBOUR
from amf_netwatch.netlink.codec.route_constants import NeighbourAttribute, NeighbourFlag, NeighbourState

_FAMILIES = Members(Family)


class Neighbour(NamedTuple):
    """One neighbour message. A field is None if the message does not have it."""

    family: Family  # BRIDGE: a forwarding entry
    ifindex: int  # of the link
    state: int  # NeighbourState bits
    flags: int  # NeighbourFlag bits
    type: int  # RouteType
    destination: bytes | None = None  # the neighbour's address, 4 or 16 bytes
    address: bytes | None = None  # its hardware address, of any length
    vlan: int | None = None
    port: int | None = None  # of UDP
    vni: int | None = None
    output: int | None = None  # ifindex of the link that a VXLAN sends by
    master: int | None = None  # ifindex of the bridge or VRF above the link
    protocol: int | None = None  # RouteProtocol: who made it
    next_hop_id: int | None = None
    extended_flags: int | None = None
    unknown: tuple[Unknown, ...] | None = None

    @property
    def text(self) -> str:
        """Return the neighbour's address; '' if the message has none."""
        return format_ip(self.destination)

    @property
    def permanent(self) -> bool:
        """Tell whether an administrator made it."""
        return bool(self.state & NeighbourState.PERMANENT)

    @property
    def proxy(self) -> bool:
        """Tell whether this host answers for the address."""
        return bool(self.flags & NeighbourFlag.PROXY)


NEIGHBOUR_ATTRIBUTES = (
    Row(NeighbourAttribute.DST, "destination", read_bytes, write_bytes),
    Row(NeighbourAttribute.LLADDR, "address", read_bytes, write_bytes),
    Row(NeighbourAttribute.VLAN, "vlan", read_u16, write_u16),
    Row(NeighbourAttribute.PORT, "port", read_u16_network, write_u16_network),
    Row(NeighbourAttribute.VNI, "vni", read_u32, write_u32),
    Row(NeighbourAttribute.IFINDEX, "output", read_u32, write_u32),
    Row(NeighbourAttribute.MASTER, "master", read_u32, write_u32),
    Row(NeighbourAttribute.PROTOCOL, "protocol", read_u8, write_u8),
    Row(NeighbourAttribute.NH_ID, "next_hop_id", read_u32, write_u32),
    Row(NeighbourAttribute.FLAGS_EXT, "extended_flags", read_u32, write_u32),
)
_NEIGHBOUR_TABLE = attribute_table(NEIGHBOUR_ATTRIBUTES, Neighbour._fields)
_LAST = 17  # the end of the list in Linux 6.18
_ABSENT = (None,) * (len(Neighbour._fields) - 5)


def decode_neighbour(buffer: Buffer, start: int, end: int) -> Neighbour:
    """Return the neighbour message with the payload ``buffer[start:end]``. Raises DecodeError."""
    check_room(start, end, NEIGHBOUR.size, "a neighbour message")
    family, ifindex, state, flags, kind = NEIGHBOUR.unpack_from(buffer, start)
    slots: list[Any] = [_FAMILIES[family], ifindex, state, flags, kind, *_ABSENT]
    read_attributes(buffer, start + NEIGHBOUR.size, end, _NEIGHBOUR_TABLE, slots, _LAST)
    return Neighbour._make(slots)


def pack_neighbour(neighbour: Neighbour) -> bytes:
    """Return the payload of a NEWNEIGH or DELNEIGH, which `decode_neighbour` can read. Raises EncodeError."""
    return pack_fixed(NEIGHBOUR, *neighbour[:5]) + pack_attributes(NEIGHBOUR_ATTRIBUTES, neighbour)
