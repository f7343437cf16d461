# SPDX-License-Identifier: Apache-2.0
"""Which links a datagram speaks of, and nothing more: the decoder of the listener.

It serves readers that take an event as a hint and read the truth elsewhere. It looks at the header, the fixed
structure and one attribute header, which takes half a microsecond a message.
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
    """Add the index of each link that the datagram says has changed, appeared or gone, or whose addresses
    have.

    A message counts when it is a NEWLINK or DELLINK of family AF_UNSPEC with a name or a hardware address, or
    an address message. What a bridge says of its ports (family AF_BRIDGE) does not count.
    `reread_addresses` gets the links whose addresses have to be read again as well: an address message told
    of them, or they went, and another link may have their index by now.

    Raises DecodeError when a length lies, OverrunError when a message says that data was lost. What came
    before such a message has been added by then.
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
    """Whether a link message carries a name or a hardware address."""
    if end - start >= _FIRST_ATTRIBUTE_SIZE:
        # The kernel puts the name first: no walk needed to find it.
        length, kind = _FIRST_ATTRIBUTE.unpack_from(datagram, start)
        if kind == _IFNAME and ATTRIBUTE_HEADER_SIZE < length <= end - start - _ATTRIBUTES:
            return True
    return any(
        attribute.type in _IDENTITY for attribute in iter_attributes(datagram, start + _ATTRIBUTES, end)
    )


def _pass_short_message(datagram: Buffer, offset: int, size: int) -> int:
    """The last message of a datagram may be shorter than any that we look into; returns where it ends."""
    if size - offset < HEADER_SIZE:
        raise DecodeError(f"{size - offset} bytes at offset {offset} are no message header")
    length, kind = _SHORT.unpack_from(datagram, offset)
    if length < HEADER_SIZE or length > size - offset or kind in _LINK_TYPES or kind in _ADDRESS_TYPES:
        raise DecodeError(f"message type {kind}, length {length}, where {size - offset} are left")
    if kind == _OVERRUN:
        raise OverrunError("the kernel sent NLMSG_OVERRUN")
    return size
