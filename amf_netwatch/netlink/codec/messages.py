# SPDX-License-Identifier: Apache-2.0
"""The frame of netlink: messages in a datagram, attributes in a message.

Bytes in, values out; no IO, no state.  It knows nothing of links or routes (`link`, `address`, `route` do).

::

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    +---------------------------------------------------------------+
    |                length: header and payload                     |  nlmsghdr, in host byte order
    +-------------------------------+-------------------------------+
    |             type              |             flags             |
    +-------------------------------+-------------------------------+
    |                           sequence                            |  events: 0, or the cause's own
    +---------------------------------------------------------------+
    |                             port                              |  events: 0, or the cause's own
    +---------------------------------------------------------------+
    |  payload: a fixed structure, then attributes ...              |  padded to a multiple of 4

    +-------------------------------+-------------------------------+
    |  length: header and value     |N|O|          type             |  nlattr (N nested, O network order)
    +-------------------------------+-------------------------------+
    |  value ...                                                    |  padded to a multiple of 4

The rules of this file: every length is checked against its own header and against what is left; every step
goes forward; a structure is unpacked with ``=`` and explicit padding, never with native alignment; the
padding of the last element may be missing; anything else raises `DecodeError`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from struct import Struct
from struct import error as StructError  # noqa: N812
from typing import Any, Callable, NamedTuple, Union

from amf_netwatch.netlink.errors import DecodeError

Buffer = Union[bytes, bytearray, memoryview]
Reader = Callable[[Buffer, int, int], Any]
"""Reads one attribute's value from ``buffer[start:end]``; raises DecodeError when it has the wrong size."""

HEADER = Struct("=IHHII")  # length, type, flags, sequence, port
HEADER_SIZE = 16
ATTRIBUTE = Struct("=HH")  # length, type
ATTRIBUTE_HEADER_SIZE = 4
ATTRIBUTE_TYPE_MASK = 0x3FFF  # without NLA_F_NESTED and NLA_F_NET_BYTEORDER
ALIGNMENT_MASK = -4  # NLMSG_ALIGNTO and NLA_ALIGNTO are both 4

_U8 = Struct("=B")
_U16 = Struct("=H")
_U32 = Struct("=I")
_S32 = Struct("=i")


class Message(NamedTuple):
    """One nlmsghdr and where its payload lies in the datagram: ``buffer[start:end]``."""

    type: int
    flags: int
    sequence: int
    port: int
    buffer: Buffer
    start: int
    end: int

    @property
    def payload(self) -> bytes:
        """A copy of the payload."""
        return bytes(self.buffer[self.start : self.end])


class Attribute(NamedTuple):
    """One attribute: its type without the flag bits, and its value's place ``[start, end)``."""

    type: int
    start: int
    end: int


def iter_messages(buffer: Buffer, end: int | None = None) -> Iterator[Message]:
    """Each message of a datagram, in order.

    `end`: where the datagram ends in a larger buffer.  Raises DecodeError at the first length that lies; what
    came before it has been handed over by then.
    """
    unpack, size = HEADER.unpack_from, len(buffer) if end is None else end
    offset = 0
    while offset < size:
        if size - offset < HEADER_SIZE:
            raise DecodeError(f"{size - offset} bytes at offset {offset} are no message header")
        length, kind, flags, sequence, port = unpack(buffer, offset)
        if length < HEADER_SIZE or length > size - offset:
            raise DecodeError(f"message length {length} at offset {offset}, where {size - offset} are left")
        yield Message(kind, flags, sequence, port, buffer, offset + HEADER_SIZE, offset + length)
        offset += (length + 3) & ALIGNMENT_MASK


def iter_attributes(buffer: Buffer, start: int, end: int) -> Iterator[Attribute]:
    """Each attribute of ``buffer[start:end]``, in order; raises DecodeError at a length that lies."""
    unpack = ATTRIBUTE.unpack_from
    while start < end:
        if end - start < ATTRIBUTE_HEADER_SIZE:
            raise DecodeError(f"{end - start} bytes at offset {start} are no attribute header")
        length, kind = unpack(buffer, start)
        if length < ATTRIBUTE_HEADER_SIZE or length > end - start:
            raise DecodeError(f"attribute length {length} at offset {start}, where {end - start} are left")
        yield Attribute(kind & ATTRIBUTE_TYPE_MASK, start + ATTRIBUTE_HEADER_SIZE, start + length)
        start += (length + 3) & ALIGNMENT_MASK


class ByteFilter(NamedTuple):
    """Which messages to look at: those that have `value` at `place` in their payload's fixed structure.

    There, one byte each, stand family, prefix lengths, table, protocol, scope and type.
    """

    place: int
    value: int


def count_alike(buffer: Buffer, offset: int, step: int) -> int:
    """How many messages from `offset` on, at least one, have the very header of the first; each takes `step`.

    In a dump hundreds in a row do.  Sixteen strided slices prove it: 20 ns a message, where reading each
    header costs 300.
    """
    first = bytes(buffer[offset : offset + HEADER_SIZE])
    if buffer[offset + step : offset + step + HEADER_SIZE] != first:
        return 1
    count = (len(buffer) - offset) // step
    for place in range(HEADER_SIZE):
        column = bytes(buffer[offset + place : offset + count * step : step])
        count = len(column) - len(column.lstrip(first[place : place + 1]))
    return count


class Row(NamedTuple):
    """A line of an attribute table: the wire number, the field it fills, what reads it."""

    type: int
    name: str
    reader: Reader


AttributeTable = Mapping[int, "tuple[int, Reader]"]
"""By attribute type: the slot that the value goes to, and its reader."""


def attribute_table(rows: tuple[Row, ...], fields: tuple[str, ...]) -> AttributeTable:
    """The rows as `read_attributes` wants them; `fields` are the names of the slots, in order."""
    return {int(row.type): (fields.index(row.name), row.reader) for row in rows}


def read_attributes(buffer: Buffer, start: int, end: int, table: AttributeTable, slots: list[Any]) -> None:
    """Read every attribute that the table knows into its slot; pass over the others.

    The loop of `iter_attributes` written out: a generator costs 60 ns an attribute, and a link has forty.
    """
    unpack = ATTRIBUTE.unpack_from
    try:
        while start < end:
            length, kind = unpack(buffer, start)
            if not ATTRIBUTE_HEADER_SIZE <= length <= end - start:
                raise DecodeError(
                    f"attribute length {length} at offset {start}, where {end - start} are left"
                )
            if kind > ATTRIBUTE_TYPE_MASK:
                kind &= ATTRIBUTE_TYPE_MASK
            if kind in table:
                slot, reader = table[kind]
                slots[slot] = reader(buffer, start + ATTRIBUTE_HEADER_SIZE, start + length)
            start += (length + 3) & ALIGNMENT_MASK
    except StructError:
        raise DecodeError(f"{end - start} bytes at offset {start} are no attribute header") from None


def check_room(start: int, end: int, size: int, what: str) -> None:
    """Raise DecodeError unless `what`, a structure of `size` bytes, fits ``[start, end)``."""
    if end - start < size:
        raise DecodeError(f"{what} needs {size} bytes, {end - start} are there")


def read_u8(buffer: Buffer, start: int, end: int) -> int:
    """An 8-bit number."""
    if end - start != 1:
        raise DecodeError(f"{end - start} bytes at offset {start} are no 8-bit number")
    return buffer[start]


def read_u16(buffer: Buffer, start: int, end: int) -> int:
    """A 16-bit number in host order."""
    if end - start != 2:
        raise DecodeError(f"{end - start} bytes at offset {start} are no 16-bit number")
    value: int = _U16.unpack_from(buffer, start)[0]
    return value


def read_u32(buffer: Buffer, start: int, end: int) -> int:
    """A 32-bit number in host order."""
    if end - start != 4:
        raise DecodeError(f"{end - start} bytes at offset {start} are no 32-bit number")
    value: int = _U32.unpack_from(buffer, start)[0]
    return value


def read_s32(buffer: Buffer, start: int, end: int) -> int:
    """A signed 32-bit number in host order."""
    if end - start != 4:
        raise DecodeError(f"{end - start} bytes at offset {start} are no 32-bit number")
    value: int = _S32.unpack_from(buffer, start)[0]
    return value


def read_bytes(buffer: Buffer, start: int, end: int) -> bytes:
    """The bytes as they are."""
    value = buffer[start:end]
    return value if isinstance(value, bytes) else bytes(value)


def read_name(buffer: Buffer, start: int, end: int) -> bytes:
    """Bytes up to the first NUL: names may hold any byte but that one."""
    value = bytes(buffer[start:end])
    cut = value.find(b"\0")
    return value if cut < 0 else value[:cut]


def read_text(buffer: Buffer, start: int, end: int) -> str:
    """Text up to the first NUL; bytes that are no UTF-8 survive as surrogates (`os.fsencode` gives them
    back)."""
    return read_name(buffer, start, end).decode("utf-8", "surrogateescape")


def pack_message(kind: int, flags: int, sequence: int, payload: bytes) -> bytes:
    """A request: header and payload; the kernel fills in our port."""
    return HEADER.pack(HEADER_SIZE + len(payload), kind, flags, sequence, 0) + payload


def pack_attribute(kind: int, value: bytes) -> bytes:
    """One attribute, padded."""
    length = ATTRIBUTE_HEADER_SIZE + len(value)
    return ATTRIBUTE.pack(length, kind) + value + bytes(-length & 3)
