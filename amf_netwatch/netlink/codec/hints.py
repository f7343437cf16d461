# SPDX-License-Identifier: Apache-2.0
"""Which links a datagram is about, and nothing more: the decoder of the listener.

It is for readers that take an event only as a hint and read the facts elsewhere. It looks at the header, the
fixed structure and one attribute header, which takes half a microsecond for each message.
"""

from __future__ import annotations

from struct import Struct

from amf_netwatch.netlink.codec.constants import Family, LinkAttribute, MessageType
from amf_netwatch.netlink.codec.messages import (
    ALIGNMENT_MASK,
    ATTRIBUTE_HEADER_SIZE,
    HEADER_SIZE,
    Buffer,
    iter_attributes,
)
from amf_netwatch.netlink.codec.requests import IFINFO
from amf_netwatch.netlink.errors import DecodeError, OverrunError

# nlmsghdr's length and type, then family and index, which ifinfomsg and ifaddrmsg have in the same places
_START = Struct("=IH10xB3xI")
_SHORT = Struct("=IH")
_START_SIZE = _START.size
_FIRST_ATTRIBUTE = Struct("=32xHH")  # of a link message: its first attribute's length and type
_FIRST_ATTRIBUTE_SIZE = _FIRST_ATTRIBUTE.size
_ATTRIBUTES = HEADER_SIZE + IFINFO.size  # where the attributes of a link message begin
_UNSPEC = int(Family.UNSPEC)
_LINK_TYPES = frozenset((int(MessageType.NEWLINK), int(MessageType.DELLINK)))
_DELLINK = int(MessageType.DELLINK)
_ADDRESS_TYPES = frozenset((int(MessageType.NEWADDR), int(MessageType.DELADDR)))
_OVERRUN = int(MessageType.OVERRUN)
_IFNAME = int(LinkAttribute.IFNAME)
_IDENTITY = frozenset((int(LinkAttribute.IFNAME), int(LinkAttribute.ADDRESS)))


def add_changed_links(
    datagram: Buffer, ifindexes: set[int], reread_addresses: set[int] | None = None
) -> None:
    """Add the index of each link that has changed, appeared or gone, or whose addresses have changed,
    according to the datagram.

    A message counts when it is a NEWLINK or DELLINK of family AF_UNSPEC with a name or a hardware address, or
    an address message. What a bridge reports about its ports (family AF_BRIDGE) does not count.
    `reread_addresses` gets the links whose addresses must be read again as well: there was an address
    message, or the link is gone and another link may have its index by now.

    Raises DecodeError for a wrong length, OverrunError if a message says that data was lost. Links from
    earlier messages have been added by then.
    """
    unpack, size, offset = _START.unpack_from, len(datagram), 0
    while offset < size:
        if size - offset < _START_SIZE:
            offset = _pass_short_message(datagram, offset, size)
            continue
        length, kind, family, ifindex = unpack(datagram, offset)
        if length < HEADER_SIZE or length > size - offset:
            raise DecodeError(f"message length {length} at offset {offset}, where {size - offset} are left")
        if kind in _LINK_TYPES:
            if length < _ATTRIBUTES:
                raise DecodeError(f"a link message of {length} bytes at offset {offset}")
            if family == _UNSPEC and _has_identity(datagram, offset, offset + length):
                ifindexes.add(ifindex)
                if kind == _DELLINK and reread_addresses is not None:
                    reread_addresses.add(ifindex)
        elif kind in _ADDRESS_TYPES:
            if length < _START_SIZE:
                raise DecodeError(f"an address message of {length} bytes at offset {offset}")
            ifindexes.add(ifindex)
            if reread_addresses is not None:
                reread_addresses.add(ifindex)
        elif kind == _OVERRUN:
            raise OverrunError("the kernel sent NLMSG_OVERRUN")
        offset += (length + 3) & ALIGNMENT_MASK


def _has_identity(datagram: Buffer, start: int, end: int) -> bool:
    """Return whether a link message has a name or a hardware address."""
    if end - start >= _FIRST_ATTRIBUTE_SIZE:
        # The kernel puts the name first, so it is found without a walk.
        length, kind = _FIRST_ATTRIBUTE.unpack_from(datagram, start)
        if kind == _IFNAME and ATTRIBUTE_HEADER_SIZE < length <= end - start - _ATTRIBUTES:
            return True
    return any(
        attribute.type in _IDENTITY for attribute in iter_attributes(datagram, start + _ATTRIBUTES, end)
    )


def _pass_short_message(datagram: Buffer, offset: int, size: int) -> int:
    """Return where the last message ends, if it is shorter than any message that is looked into."""
    if size - offset < HEADER_SIZE:
        raise DecodeError(f"{size - offset} bytes at offset {offset} are no message header")
    length, kind = _SHORT.unpack_from(datagram, offset)
    if length < HEADER_SIZE or length > size - offset or kind in _LINK_TYPES or kind in _ADDRESS_TYPES:
        raise DecodeError(f"message type {kind}, length {length}, where {size - offset} are left")
    if kind == _OVERRUN:
        raise OverrunError("the kernel sent NLMSG_OVERRUN")
    return size
