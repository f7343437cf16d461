# SPDX-License-Identifier: Apache-2.0
"""Address messages (RTM_NEWADDR, RTM_DELADDR): an IPv4 or IPv6 address of a link.

::

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    +---------------+---------------+---------------+---------------+
    |    family     | prefix length |     flags     |     scope     |  ifaddrmsg
    +---------------+---------------+---------------+---------------+
    |                            index                              |  of the link
    +---------------------------------------------------------------+
    |  attributes (IFA_*) ...                                       |

Rules: our own address is IFA_LOCAL if that exists, else IFA_ADDRESS (IPv6 without a peer). If both exist and
differ, IFA_ADDRESS is the peer's address. Lifetimes are not read, because they change by themselves.
"""

from __future__ import annotations

from struct import Struct
from typing import Any, NamedTuple

from amf_netwatch.netlink.codec.constants import AddressAttribute, Family, Members, Scope
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
    read_text,
    read_u8,
    read_u32,
    write_bytes,
    write_text,
    write_u8,
    write_u32,
)
from amf_netwatch.netlink.codec.requests import IFADDR

_EIGHT_GROUPS = Struct(">8H")
_FAMILIES, _SCOPES = Members(Family), Members(Scope)


class Address(NamedTuple):
    """One address message. A field is None if the message does not have it."""

    family: Family
    prefix_length: int  # bits
    flags: int  # AddressFlag bits; the attribute, if present, has more of them
    scope: Scope
    ifindex: int  # the link's index
    address: bytes | None = None  # IFA_ADDRESS, 4 or 16 bytes
    local: bytes | None = None  # IFA_LOCAL
    label: str | None = None
    broadcast: bytes | None = None
    all_flags: int | None = None  # IFA_FLAGS
    priority: int | None = None  # the metric of the routes that come with it
    protocol: int | None = None  # who assigned it; the kernel reports this since Linux 5.18
    unknown: tuple[Unknown, ...] | None = None

    @property
    def own(self) -> bytes | None:
        """Return our own address, 4 or 16 bytes."""
        return self.address if self.local is None else self.local

    @property
    def text(self) -> str:
        """Return our own address with its prefix length: ``192.0.2.1/24``; '' if the message has none."""
        return f"{format_ip(self.own)}/{self.prefix_length}" if self.own is not None else ""


def format_ip(address: bytes | None) -> str:
    """Return 4 bytes as dotted quad, 16 bytes as RFC 5952 text, others as hex; '' for None."""
    if address is None:
        return ""
    if len(address) == 4:
        return "{}.{}.{}.{}".format(*address)
    if len(address) == 16:
        return _format_ipv6(address)
    return address.hex(":")


def _format_ipv6(address: bytes) -> str:
    """Return 16 bytes as RFC 5952 text, as inet_ntop(3) writes it.

    It is written by hand, because the component formats addresses and imports must be cheap: `ipaddress`, the
    part of the standard library that does it without sockets, costs 4 ms and 1.1 MB. A test compares the two.
    """
    groups = _EIGHT_GROUPS.unpack(address)
    best_start, best, start = 0, 0, 0  # the longest run of zero groups, the first of several
    for place in range(8):
        if groups[place]:
            start = place + 1
        elif place + 1 - start > best:
            best_start, best = start, place + 1 - start
    if best_start == 0 and (best == 6 or (best == 5 and groups[5] == 0xFFFF)):  # an IPv4 address inside
        return ("::ffff:" if best == 5 else "::") + format_ip(address[12:])
    if best < 2:
        return ":".join(f"{group:x}" for group in groups)
    before = ":".join(f"{group:x}" for group in groups[:best_start])
    return before + "::" + ":".join(f"{group:x}" for group in groups[best_start + best :])


def parse_ip(text: str) -> bytes:
    """Do the opposite of `format_ip`: return 4 or 16 bytes. ValueError for a text that is not an IP
    address."""
    from ipaddress import ip_address  # noqa: PLC0415 - 4 ms, and who only reads never comes here

    if not isinstance(text, str) or "%" in text:  # "fe80::1%eth0" also names a link
        raise ValueError(f"{text!r} is no IP address")
    return ip_address(text).packed


ADDRESS_ATTRIBUTES = (
    Row(AddressAttribute.ADDRESS, "address", read_bytes, write_bytes),
    Row(AddressAttribute.LOCAL, "local", read_bytes, write_bytes),
    Row(AddressAttribute.LABEL, "label", read_text, write_text),
    Row(AddressAttribute.BROADCAST, "broadcast", read_bytes, write_bytes),
    Row(AddressAttribute.FLAGS, "all_flags", read_u32, write_u32),
    Row(AddressAttribute.RT_PRIORITY, "priority", read_u32, write_u32),
    Row(AddressAttribute.PROTO, "protocol", read_u8, write_u8),
)
_ADDRESS_TABLE = attribute_table(ADDRESS_ATTRIBUTES, Address._fields)
_LAST = 11  # the end of the list in Linux 6.18
_ABSENT = (None,) * (len(Address._fields) - 5)


def decode_address(buffer: Buffer, start: int, end: int) -> Address:
    """Return the address message with the payload ``buffer[start:end]``. Raises DecodeError."""
    check_room(start, end, IFADDR.size, "an address message")
    family, prefix_length, flags, scope, index = IFADDR.unpack_from(buffer, start)
    slots: list[Any] = [_FAMILIES[family], prefix_length, flags, _SCOPES[scope], index, *_ABSENT]
    read_attributes(buffer, start + IFADDR.size, end, _ADDRESS_TABLE, slots, _LAST)
    return Address._make(slots)


def pack_address(address: Address) -> bytes:
    """Return the payload of a NEWADDR or DELADDR, which `decode_address` can read. Raises EncodeError.

    It has no lifetimes, which means that the address is valid for ever.
    """
    family, prefix_length, flags, scope, ifindex, *_ = address
    fixed = pack_fixed(IFADDR, family, prefix_length, flags & 0xFF, scope, ifindex)
    return fixed + pack_attributes(ADDRESS_ATTRIBUTES, address)
