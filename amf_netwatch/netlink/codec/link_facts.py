# SPDX-License-Identifier: Apache-2.0
"""The fast decoder of link messages: the facts that the kernel puts before its counters, nothing else.

`decode_link_facts` walks the attributes and stops at IFLA_ADDRESS. The kernel writes a link message in a
fixed order (rtnl_fill_ifinfo), in which every field of `LinkFacts` comes before it; a test on the running
kernel compares the result with `decode_link`.

`LinkFactsDecoder` goes further. The place of each attribute depends only on the lengths before it, so
messages of one kind of link have the same layout. The decoder keeps the layouts that it has met: a mask that
covers every attribute header up to IFLA_ADDRESS (or the end), the bits that a message of that layout has
under the mask, and one `Struct` that reads all values. One comparison of two integers then proves what the
walk would have found, and one unpack reads the values. A message with an unknown layout is walked, and its
layout is learnt. The result is the same for any bytes.
"""

from __future__ import annotations

from operator import itemgetter
from struct import Struct
from struct import error as StructError  # noqa: N812
from typing import Any, Callable, NamedTuple

from amf_netwatch.netlink.codec.messages import (
    ALIGNMENT_MASK,
    ATTRIBUTE,
    ATTRIBUTE_HEADER_SIZE,
    ATTRIBUTE_TYPE_MASK,
    Buffer,
    check_room,
    read_bytes,
    read_name,
    read_u8,
    read_u32,
)
from amf_netwatch.netlink.codec.requests import IFINFO
from amf_netwatch.netlink.errors import DecodeError

_ADDRESS, _IFNAME, _MTU, _MASTER, _OPERSTATE, _CARRIER = (
    1,
    3,
    4,
    10,
    16,
    33,
)  # LinkAttribute: plain, for speed
_KNOWN_LAYOUTS = 256  # kinds of links times lengths of names; when full, other messages are walked
_NONE = (None,)
_number = int.from_bytes
_new = tuple.__new__
_IFINFO_SIZE = IFINFO.size
_IN_ORDER = (*range(10), -1)  # the kernel's order is that of LinkFacts, but for a link below a master


class LinkFacts(NamedTuple):
    """The facts at the beginning of a link message. A field is None if the message does not have it."""

    family: int  # Family; only UNSPEC tells of the link's life
    hardware_type: int  # HardwareType
    ifindex: int
    flags: int  # LinkFlag bits
    change: int
    name: bytes | None
    operstate: int | None  # OperState
    mtu: int | None
    carrier: int | None  # 0 or 1
    address: bytes | None
    master: int | None


_SLOTS = {
    _IFNAME: (5, read_name, "{}s"),
    _OPERSTATE: (6, read_u8, "B"),
    _MTU: (7, read_u32, "I"),
    _CARRIER: (8, read_u8, "B"),
    _ADDRESS: (9, read_bytes, "{}s"),
    _MASTER: (10, read_u32, "I"),
}


def decode_link_facts(buffer: Buffer, start: int, end: int) -> LinkFacts:
    """Return the facts of the link message with the payload ``buffer[start:end]``. Raises DecodeError.

    Attributes after IFLA_ADDRESS are neither read nor checked.
    """
    check_room(start, end, _IFINFO_SIZE, "a link message")
    slots: list[Any] = [*IFINFO.unpack_from(buffer, start), None, None, None, None, None, None]
    start += _IFINFO_SIZE
    unpack, wanted = ATTRIBUTE.unpack_from, _SLOTS
    try:
        while start < end:
            length, kind = unpack(buffer, start)
            if not ATTRIBUTE_HEADER_SIZE <= length <= end - start:
                raise DecodeError(
                    f"attribute length {length} at offset {start}, where {end - start} are left"
                )
            if kind in wanted or kind > ATTRIBUTE_TYPE_MASK:
                kind &= ATTRIBUTE_TYPE_MASK
                if kind in wanted:
                    slot, reader, _ = wanted[kind]
                    slots[slot] = reader(buffer, start + ATTRIBUTE_HEADER_SIZE, start + length)
                    if kind == _ADDRESS:
                        break
            start += (length + 3) & ALIGNMENT_MASK
    except StructError:
        raise DecodeError(f"{end - start} bytes at offset {start} are no attribute header") from None
    return LinkFacts._make(slots)


class _Layout(NamedTuple):
    stop: int  # bytes of the payload that the comparison covers
    mask: int
    bits: int
    unpack: Callable[[Buffer, int], tuple[Any, ...]]
    arrange: Callable[[tuple[Any, ...]], tuple[Any, ...]] | None  # from the wire's order to that of LinkFacts


class LinkFactsDecoder:
    """`decode_link_facts` with a memory for layouts. For one thread; `walked` counts what no layout
    fitted."""

    def __init__(self) -> None:
        self._layouts: dict[int, list[_Layout]] = {}
        self._room = _KNOWN_LAYOUTS
        self.walked = 0

    def decode(self, buffer: Buffer, start: int, end: int) -> LinkFacts:
        """Do the same as `decode_link_facts`."""
        size = end - start
        if size > _IFINFO_SIZE:
            # Whole length and name's length: nearly always one layout only.
            for stop, mask, bits, unpack, arrange in self._layouts.get(size << 16 | buffer[start + 16], ()):
                if _number(buffer[start : start + stop], "little") & mask == bits:
                    values = unpack(buffer, start) + _NONE
                    if arrange is not None:
                        values = arrange(values)
                    if 0 not in (values[5] or b""):
                        return _new(LinkFacts, values)
        facts = decode_link_facts(buffer, start, end)
        self.walked += 1
        if self._room and size > _IFINFO_SIZE:
            self._learn(buffer, start, end)
        return facts

    def _learn(self, buffer: Buffer, start: int, end: int) -> None:
        """Keep the layout of a message that `decode_link_facts` has accepted."""
        mask = bytearray(IFINFO.size)  # nothing of ifinfomsg is compared: it has no lengths
        form, reach = "=BxHiII", IFINFO.size  # the values to pick, and how far they reach
        # slot -> place in what `form` picks; -1: the None at its end
        arrangement = [*range(5), *[-1] * 6]
        picked, kind = 5, 0
        while kind != _ADDRESS and start + len(mask) < end:
            here = start + len(mask)
            length, kind = ATTRIBUTE.unpack_from(buffer, here)
            kind &= ATTRIBUTE_TYPE_MASK
            mask += b"\xff" * ATTRIBUTE_HEADER_SIZE
            value = len(mask)
            mask += bytes(((length + 3) & ALIGNMENT_MASK) - ATTRIBUTE_HEADER_SIZE)
            if kind not in _SLOTS:
                continue
            slot, _, code = _SLOTS[kind]
            size = length - ATTRIBUTE_HEADER_SIZE
            if kind == _IFNAME:
                size -= 1
                name = bytes(buffer[here + ATTRIBUTE_HEADER_SIZE : here + length])
                if size < 0 or name.find(0) != size:
                    return  # not the name that the kernel writes: NUL-terminated, with no NUL inside
                mask[value + size] = 0xFF
            if arrangement[slot] != -1:
                return  # twice in one message
            form += f"{value - reach}x" + code.format(size)
            reach = value + size
            arrangement[slot] = picked
            picked += 1
        stop = value if kind == _ADDRESS else min(len(mask), end - start)
        bits = int.from_bytes(buffer[start : start + stop], "little")
        number = int.from_bytes(mask[:stop], "little")
        arrange = None if tuple(arrangement) == _IN_ORDER else itemgetter(*arrangement)
        layout = _Layout(stop, number, bits & number, Struct(form).unpack_from, arrange)
        self._layouts.setdefault((end - start) << 16 | buffer[start + IFINFO.size], []).append(layout)
        self._room -= 1
