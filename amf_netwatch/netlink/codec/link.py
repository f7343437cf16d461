# SPDX-License-Identifier: Apache-2.0
"""Link messages (RTM_NEWLINK, RTM_DELLINK): what the kernel reports about one network interface.

`decode_link` decodes everything; `link_facts` has a fast decoder for those who follow thousands of events a
second. This module does not know what the facts are used for, and does not read sysfs.

::

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    +---------------+---------------+-------------------------------+
    |    family     |    padding    |        hardware type          |  ifinfomsg
    +---------------+---------------+-------------------------------+
    |                      index (signed)                           |
    +---------------------------------------------------------------+
    |                           flags                               |
    +---------------------------------------------------------------+
    |                     change: which flags did                   |
    +---------------------------------------------------------------+
    |  attributes (IFLA_*) ...                                      |

Rules: only a message of family AF_UNSPEC reports that a link exists or is gone (the link group also carries
AF_BRIDGE messages, and a port leaving its bridge is a DELLINK of that family). A partial message is normal
(wireless events), so an absent value is None, never zero. Names are bytes. Hardware addresses have any
length.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from amf_netwatch.netlink.codec.constants import (
    Family,
    HardwareType,
    LinkAttribute,
    LinkFlag,
    LinkInfoAttribute,
    Members,
    OperState,
)
from amf_netwatch.netlink.codec.messages import (
    Buffer,
    Row,
    Unknown,
    attribute_table,
    check_room,
    iter_attributes,
    pack_attribute,
    pack_attributes,
    pack_fixed,
    read_attributes,
    read_bytes,
    read_name,
    read_s32,
    read_text,
    read_u8,
    read_u32,
    write_bytes,
    write_name,
    write_s32,
    write_text,
    write_u32,
)
from amf_netwatch.netlink.codec.requests import IFINFO

_FAMILIES, _HARDWARE_TYPES, _OPERSTATES = Members(Family), Members(HardwareType), Members(OperState)


class LinkInfo(NamedTuple):
    """IFLA_LINKINFO: what the link is made of.

    `data` and `port_data` are kept as bytes, because the options of most messages are never needed:
    """

    kind: str | None = None  # veth, bridge, vlan ...; None for hardware
    port_kind: str | None = None  # the kind of the link it is a port of
    data: bytes | None = None  # the options of its kind
    port_data: bytes | None = None  # its options as a port


class Link(NamedTuple):
    """One link message. A field is None if the message does not have it."""

    family: Family  # UNSPEC: it is about the link itself; BRIDGE: it is about the link as a port
    hardware_type: HardwareType
    ifindex: int  # the link's identity while it lives; reused afterwards
    flags: int  # LinkFlag bits
    change: int  # LinkFlag bits that changed; of little use, because the kernel often reports all of them
    name: bytes | None = None
    address: bytes | None = None  # b"" or None: has none
    broadcast: bytes | None = None
    permanent_address: bytes | None = None  # the hardware's own
    mtu: int | None = None  # bytes
    operstate: OperState | None = None
    carrier: bool | None = None
    carrier_changes: int | None = None
    master: int | None = None  # ifindex of the bridge or bond above
    lower: int | None = None  # ifindex of the link below, or of the veth peer
    lower_namespace: int | None = None  # id of the namespace of `lower`, if it is another one
    info: LinkInfo | None = None
    queue_length: int | None = None  # packets
    group: int | None = None
    promiscuity: int | None = None
    qdisc: str | None = None
    alias: str | None = None
    alternative_names: tuple[bytes, ...] | None = None
    wireless: bytes | None = None  # present: an event of wireless extensions, the message is partial
    new_namespace: int | None = None  # of a DELLINK: id of the namespace it moved to
    new_index: int | None = None  # its index there
    min_mtu: int | None = None
    max_mtu: int | None = None  # 0: no limit
    unknown: tuple[Unknown, ...] | None = None

    @property
    def up(self) -> bool:
        """Return IFF_UP: an administrator wants it up."""
        return bool(self.flags & LinkFlag.UP)

    @property
    def running(self) -> bool:
        """Return IFF_RUNNING: traffic can pass."""
        return bool(self.flags & LinkFlag.RUNNING)

    @property
    def lower_up(self) -> bool:
        """Return IFF_LOWER_UP: there is a carrier."""
        return bool(self.flags & LinkFlag.LOWER_UP)

    @property
    def kind(self) -> str | None:
        """Return veth, bridge, vlan ...; None for hardware, or if the message does not have it."""
        return self.info.kind if self.info is not None else None


def format_address(address: bytes | None) -> str:
    """Return a hardware address of any length as lower-case hex with colons; '' if there is none."""
    return address.hex(":") if address else ""


def _read_operstate(buffer: Buffer, start: int, end: int) -> OperState:
    return _OPERSTATES[read_u8(buffer, start, end)]


def _read_carrier(buffer: Buffer, start: int, end: int) -> bool:
    return read_u8(buffer, start, end) != 0


def _read_link_info(buffer: Buffer, start: int, end: int) -> LinkInfo:
    slots: list[Any] = [None, None, None, None]
    read_attributes(buffer, start, end, _INFO_TABLE, slots)
    return _new(LinkInfo, slots)


def _read_names(buffer: Buffer, start: int, end: int) -> tuple[bytes, ...]:
    return tuple(
        read_name(buffer, attribute.start, attribute.end)
        for attribute in iter_attributes(buffer, start, end)
        if attribute.type == LinkAttribute.ALT_IFNAME
    )


def _write_link_info(value: LinkInfo) -> bytes:
    return pack_attributes(_INFO_ATTRIBUTES, value)


def _write_names(value: tuple[bytes, ...]) -> bytes:
    return b"".join(pack_attribute(LinkAttribute.ALT_IFNAME, write_name(name)) for name in value)


_INFO_ATTRIBUTES = (
    Row(LinkInfoAttribute.KIND, "kind", read_text, write_text),
    Row(LinkInfoAttribute.DATA, "data", read_bytes, write_bytes),
    Row(LinkInfoAttribute.SLAVE_KIND, "port_kind", read_text, write_text),
    Row(LinkInfoAttribute.SLAVE_DATA, "port_data", read_bytes, write_bytes),
)
_INFO_TABLE = attribute_table(_INFO_ATTRIBUTES, LinkInfo._fields)

LINK_ATTRIBUTES = (
    Row(LinkAttribute.IFNAME, "name", read_name, write_name),
    Row(LinkAttribute.ADDRESS, "address", read_bytes, write_bytes),
    Row(LinkAttribute.BROADCAST, "broadcast", read_bytes, write_bytes),
    Row(LinkAttribute.PERM_ADDRESS, "permanent_address", read_bytes),
    Row(LinkAttribute.MTU, "mtu", read_u32, write_u32),
    Row(LinkAttribute.OPERSTATE, "operstate", _read_operstate),
    Row(LinkAttribute.CARRIER, "carrier", _read_carrier),
    Row(LinkAttribute.CARRIER_CHANGES, "carrier_changes", read_u32),
    Row(LinkAttribute.MASTER, "master", read_u32, write_u32),
    Row(LinkAttribute.LINK, "lower", read_u32, write_u32),
    Row(LinkAttribute.LINK_NETNSID, "lower_namespace", read_s32, write_s32),
    Row(LinkAttribute.LINKINFO, "info", _read_link_info, _write_link_info),
    Row(LinkAttribute.TXQLEN, "queue_length", read_u32, write_u32),
    Row(LinkAttribute.GROUP, "group", read_u32, write_u32),
    Row(LinkAttribute.PROMISCUITY, "promiscuity", read_u32),
    Row(LinkAttribute.QDISC, "qdisc", read_text),
    Row(LinkAttribute.IFALIAS, "alias", read_text, write_text),
    Row(LinkAttribute.PROP_LIST, "alternative_names", _read_names, _write_names, True),
    Row(LinkAttribute.WIRELESS, "wireless", read_bytes),
    Row(LinkAttribute.NEW_NETNSID, "new_namespace", read_s32),
    Row(LinkAttribute.NEW_IFINDEX, "new_index", read_s32),
    Row(LinkAttribute.MIN_MTU, "min_mtu", read_u32),
    Row(LinkAttribute.MAX_MTU, "max_mtu", read_u32),
)
_LINK_TABLE = attribute_table(LINK_ATTRIBUTES, Link._fields)
# The end of the list in Linux 6.18. What the table leaves out up to here: counters, hardware queues, virtual
# functions, settings of protocols.
_LAST = 69
_new = tuple.__new__  # what _make does, without its check of the length
_ABSENT = (None,) * (len(Link._fields) - 5)


def decode_link(buffer: Buffer, start: int, end: int) -> Link:
    """Return the link message with the payload ``buffer[start:end]``. Raises DecodeError."""
    check_room(start, end, IFINFO.size, "a link message")
    family, kind, index, flags, change = IFINFO.unpack_from(buffer, start)
    slots: list[Any] = [_FAMILIES[family], _HARDWARE_TYPES[kind], index, flags, change, *_ABSENT]
    read_attributes(buffer, start + IFINFO.size, end, _LINK_TABLE, slots, _LAST)
    return _new(Link, slots)


def pack_link(link: Link) -> bytes:
    """Return the payload of a NEWLINK, SETLINK or DELLINK, which `decode_link` can read. Raises EncodeError.

    Every field that is not None is sent, except those that only the kernel sets. So build a new value with
    what must be changed, and do not edit a value that was read. `change` says which of `flags` count; the
    kernel takes 0 as "all of them".
    """
    fixed = pack_fixed(IFINFO, link.family, link.hardware_type, link.ifindex, link.flags, link.change)
    return fixed + pack_attributes(LINK_ATTRIBUTES, link)
