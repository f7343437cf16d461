# SPDX-License-Identifier: Apache-2.0
"""Rule messages (RTM_NEWRULE, RTM_DELRULE): which routing table is used for which packets.

::

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    +---------------+---------------+---------------+---------------+
    |    family     |  destination  |    source     |      tos      |  fib_rule_hdr; the two lengths in bits
    |               | prefix length | prefix length |               |
    +---------------+---------------+---------------+---------------+
    |     table     |           (unused)            |    action     |
    +---------------+---------------+---------------+---------------+
    |                            flags                              |
    +---------------------------------------------------------------+
    |  attributes (FRA_*) ...                                       |

Rules: the rules of IPv4 and of IPv6 are separate lists. A rule has no number of its own: all its fields
together are its identity. The kernel writes -1 for "suppresses nothing", which is None here.
"""

from __future__ import annotations

from struct import Struct
from typing import Any, NamedTuple, Optional

from amf_netwatch.netlink.codec.address import format_ip
from amf_netwatch.netlink.codec.constants import Family, Members
from amf_netwatch.netlink.codec.messages import (
    Buffer,
    Reader,
    Row,
    Unknown,
    Writer,
    attribute_table,
    check_room,
    pack_attributes,
    pack_fixed,
    read_attributes,
    read_bytes,
    read_name,
    read_s32,
    read_u8,
    read_u16,
    read_u32,
    read_u64_network,
    write_bytes,
    write_name,
    write_s32,
    write_u8,
    write_u16,
    write_u32,
    write_u64_network,
)
from amf_netwatch.netlink.codec.requests import FIB_RULE
from amf_netwatch.netlink.codec.route_constants import RouteProtocol, RuleAction, RuleAttribute

_UIDS = Struct("=II")
_PORTS = Struct("=HH")
_FAMILIES, _ACTIONS, _PROTOCOLS = Members(Family), Members(RuleAction), Members(RouteProtocol)


class Range(NamedTuple):
    """Numbers from `first` to `last`, both included."""

    first: int
    last: int


class Rule(NamedTuple):
    """One rule message. A field is None if the message does not have it."""

    family: Family
    destination_length: int  # bits
    source_length: int  # bits
    tos: int
    table_byte: int  # see `table`
    action: RuleAction
    flags: int  # RuleFlag bits
    priority: int | None = None  # None: 0, the first to be looked at
    destination: bytes | None = None
    source: bytes | None = None
    input: bytes | None = None  # the name of the interface that a packet comes in by
    output: bytes | None = None  # the name of the interface that a socket is bound to
    mark: int | None = None
    mask: int | None = None  # the bits of `mark` that count
    table_number: int | None = None  # see `table`
    goto: int | None = None  # the priority of the rule to go on with
    realms: int | None = None  # the source's in the upper half
    tunnel: int | None = None  # the id of a tunnel
    suppress_group: int | None = None  # do not take a route through an interface of this group
    suppress_length: int | None = None  # do not take a route with a prefix of this length or a shorter one
    l3mdev: int | None = None  # 1: look into the table of the packet's VRF
    users: Range | None = None  # numbers of users
    protocol: RouteProtocol | None = None  # who made the rule
    ip_protocol: int | None = None
    source_ports: Range | None = None
    destination_ports: Range | None = None
    source_port_mask: int | None = None  # the bits that count
    destination_port_mask: int | None = None
    dscp: int | None = None  # differentiated services, RFC 2474
    dscp_mask: int | None = None
    flow_label: bytes | None = None  # IPv6, 4 bytes in network order
    flow_label_mask: bytes | None = None
    unknown: tuple[Unknown, ...] | None = None

    @property
    def table(self) -> int:
        """Return the number of its table; 0 for an action other than a table."""
        return self.table_byte if self.table_number is None else self.table_number

    @property
    def source_text(self) -> str:
        """Return the source with its prefix length; ``all`` for any."""
        return _prefix_text(self.source, self.source_length)

    @property
    def destination_text(self) -> str:
        """Return the destination with its prefix length; ``all`` for any."""
        return _prefix_text(self.destination, self.destination_length)


def _prefix_text(address: bytes | None, length: int) -> str:
    if address is None:
        return f"?/{length}" if length else "all"
    return f"{format_ip(address)}/{length}"


def _read_suppressed(buffer: Buffer, start: int, end: int) -> Optional[int]:
    value = read_s32(buffer, start, end)
    return None if value == -1 else value


def _read_protocol(buffer: Buffer, start: int, end: int) -> RouteProtocol:
    return _PROTOCOLS[read_u8(buffer, start, end)]


def _range_reader(layout: Struct) -> Reader:
    def read(buffer: Buffer, start: int, end: int) -> Range:
        check_room(start, end, layout.size, "a range")
        return Range._make(layout.unpack_from(buffer, start))

    return read


def _range_writer(layout: Struct) -> Writer:
    def write(value: Any) -> bytes:
        return pack_fixed(layout, *value)

    return write


RULE_ATTRIBUTES = (
    Row(RuleAttribute.PRIORITY, "priority", read_u32, write_u32),
    Row(RuleAttribute.DST, "destination", read_bytes, write_bytes),
    Row(RuleAttribute.SRC, "source", read_bytes, write_bytes),
    Row(RuleAttribute.IIFNAME, "input", read_name, write_name),
    Row(RuleAttribute.OIFNAME, "output", read_name, write_name),
    Row(RuleAttribute.FWMARK, "mark", read_u32, write_u32),
    Row(RuleAttribute.FWMASK, "mask", read_u32, write_u32),
    Row(RuleAttribute.TABLE, "table_number", read_u32, write_u32),
    Row(RuleAttribute.GOTO, "goto", read_u32, write_u32),
    Row(RuleAttribute.FLOW, "realms", read_u32, write_u32),
    Row(RuleAttribute.TUN_ID, "tunnel", read_u64_network, write_u64_network),
    Row(RuleAttribute.SUPPRESS_IFGROUP, "suppress_group", _read_suppressed, write_s32),
    Row(RuleAttribute.SUPPRESS_PREFIXLEN, "suppress_length", _read_suppressed, write_s32),
    Row(RuleAttribute.L3MDEV, "l3mdev", read_u8, write_u8),
    Row(RuleAttribute.UID_RANGE, "users", _range_reader(_UIDS), _range_writer(_UIDS)),
    Row(RuleAttribute.PROTOCOL, "protocol", _read_protocol, write_u8),
    Row(RuleAttribute.IP_PROTO, "ip_protocol", read_u8, write_u8),
    Row(RuleAttribute.SPORT_RANGE, "source_ports", _range_reader(_PORTS), _range_writer(_PORTS)),
    Row(RuleAttribute.DPORT_RANGE, "destination_ports", _range_reader(_PORTS), _range_writer(_PORTS)),
    Row(RuleAttribute.SPORT_MASK, "source_port_mask", read_u16, write_u16),
    Row(RuleAttribute.DPORT_MASK, "destination_port_mask", read_u16, write_u16),
    Row(RuleAttribute.DSCP, "dscp", read_u8, write_u8),
    Row(RuleAttribute.DSCP_MASK, "dscp_mask", read_u8, write_u8),
    Row(RuleAttribute.FLOWLABEL, "flow_label", read_bytes, write_bytes),
    Row(RuleAttribute.FLOWLABEL_MASK, "flow_label_mask", read_bytes, write_bytes),
)
_RULE_TABLE = attribute_table(RULE_ATTRIBUTES, Rule._fields)
_LAST = 30  # the end of the list in Linux 6.18
_ABSENT = (None,) * (len(Rule._fields) - 7)


def decode_rule(buffer: Buffer, start: int, end: int) -> Rule:
    """Return the rule message with the payload ``buffer[start:end]``. Raises DecodeError."""
    check_room(start, end, FIB_RULE.size, "a rule message")
    family, to_bits, from_bits, tos, table, action, flags = FIB_RULE.unpack_from(buffer, start)
    slots: list[Any] = [_FAMILIES[family], to_bits, from_bits, tos, table, _ACTIONS[action], flags, *_ABSENT]
    read_attributes(buffer, start + FIB_RULE.size, end, _RULE_TABLE, slots, _LAST)
    return Rule._make(slots)


def pack_rule(rule: Rule) -> bytes:
    """Return the payload of a NEWRULE or DELRULE, which `decode_rule` can read. Raises EncodeError.

    The kernel deletes the first rule that has everything that is named, so name everything.
    """
    return pack_fixed(FIB_RULE, *rule[:7]) + pack_attributes(RULE_ATTRIBUTES, rule)
