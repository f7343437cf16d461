# SPDX-License-Identifier: Apache-2.0
"""The frame of netlink: messages in a datagram, attributes in a message.

Bytes in, values out; no IO, no state. It knows nothing of links or routes (`link`, `address`, `route` do).

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
from typing import Any, Callable, NamedTuple, Optional, Union

from amf_netwatch.netlink.errors import DecodeError, EncodeError

Buffer = Union[bytes, bytearray, memoryview]
Reader = Callable[[Buffer, int, int], Any]
"""Reads one attribute's value from ``buffer[start:end]``; raises DecodeError when it has the wrong size."""

Writer = Callable[[Any], bytes]
"""Writes one attribute's value; raises EncodeError when the value does not fit."""

HEADER = Struct("=IHHII")  # length, type, flags, sequence, port
HEADER_SIZE = 16
ATTRIBUTE = Struct("=HH")  # length, type
ATTRIBUTE_HEADER_SIZE = 4
ATTRIBUTE_TYPE_MASK = 0x3FFF  # without NLA_F_NESTED and NLA_F_NET_BYTEORDER
_LONGEST_ATTRIBUTE = 0xFFFF
_NESTED = 0x8000  # NLA_F_NESTED
ALIGNMENT_MASK = -4  # NLMSG_ALIGNTO and NLA_ALIGNTO are both 4

_U8 = Struct("=B")
_U16 = Struct("=H")
_U16_NETWORK = Struct(">H")
_U32 = Struct("=I")
_S32 = Struct("=i")
_U64_NETWORK = Struct(">Q")


class Message(NamedTuple):
    """One nlmsghdr, and the place of its payload in the datagram: ``buffer[start:end]``."""

    type: int
    flags: int
    sequence: int
    port: int
    buffer: Buffer
    start: int
    end: int

    @property
    def payload(self) -> bytes:
        """Return a copy of the payload."""
        return bytes(self.buffer[self.start : self.end])


class Attribute(NamedTuple):
    """One attribute: its type without the flag bits, and its value's place ``[start, end)``."""

    type: int
    start: int
    end: int


def iter_messages(buffer: Buffer, end: int | None = None) -> Iterator[Message]:
    """Yield each message of a datagram, in order.

    `end`: where the datagram ends in a larger buffer. Raises DecodeError at the first wrong length; the
    messages before it have been yielded by then.
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
    """Yield each attribute of ``buffer[start:end]``, in order. Raises DecodeError at a wrong length."""
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
    """Selects messages: those that have `value` at `place` in the fixed structure of their payload.

    Family, prefix lengths, table, protocol, scope and type are there, one byte each.
    """

    place: int
    value: int


def count_alike(buffer: Buffer, offset: int, step: int) -> int:
    """Return how many messages from `offset` on, at least one, have the same header as the first.

    Each takes `step` bytes. In a dump, hundreds in a row do. Sixteen strided slices prove it: 20 ns a
    message; reading each header costs 300 ns.
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
    """A line of an attribute table: the wire number, the field, what reads it and what writes it."""

    type: int
    name: str
    reader: Reader
    writer: Optional[Writer] = None  # None if this attribute is never sent to the kernel
    nested: bool = False  # the kernel requires NLA_F_NESTED


class Unknown(NamedTuple):
    """An attribute that no table knows: kept as it came, so that it can be sent back."""

    type: int  # with its flag bits
    value: bytes


AttributeTable = Mapping[int, "tuple[int, Reader, int, Callable[..., tuple[Any, ...]]]"]
"""By attribute type, with or without flag bits: the slot that the value goes to, its reader, and for a plain
number the attribute's length and the unpacking function (length -1: not a plain number)."""


def attribute_table(rows: tuple[Row, ...], fields: tuple[str, ...]) -> AttributeTable:
    """Return the rows in the form that `read_attributes` needs; `fields` are the names of the slots, in
    order."""
    return {
        int(row.type) | flags: (fields.index(row.name), row.reader, *_NUMBERS.get(row.reader, _NO_NUMBER))
        for row in rows
        for flags in _FLAG_BITS
    }


def read_attributes(
    buffer: Buffer,
    start: int,
    end: int,
    table: AttributeTable,
    slots: list[Any],
    last: int = 0xFFFF,
) -> None:
    """Read every attribute that the table knows into its slot.

    Types that the table does not know are ignored up to the number `last`. Higher types, which came into the
    kernel after this library was written, go into the last slot as a tuple of `Unknown`.

    It is the loop of `iter_attributes` with the readers of plain numbers inside: a generator costs 60 ns an
    attribute and a reader's call 70 ns, and a link has forty attributes.
    """
    unpack = ATTRIBUTE.unpack_from
    unknown = None
    try:
        while start < end:
            length, kind = unpack(buffer, start)
            if not ATTRIBUTE_HEADER_SIZE <= length <= end - start:
                raise DecodeError(
                    f"attribute length {length} at offset {start}, where {end - start} are left"
                )
            if kind in table:
                slot, reader, wanted, number = table[kind]
                if length == wanted:
                    (slots[slot],) = number(buffer, start + ATTRIBUTE_HEADER_SIZE)
                else:
                    slots[slot] = reader(buffer, start + ATTRIBUTE_HEADER_SIZE, start + length)
            elif kind > last and kind & ATTRIBUTE_TYPE_MASK > last:
                unknown = [] if unknown is None else unknown
                unknown.append(Unknown(kind, bytes(buffer[start + ATTRIBUTE_HEADER_SIZE : start + length])))
            start += (length + 3) & ALIGNMENT_MASK
    except StructError:
        raise DecodeError(f"{end - start} bytes at offset {start} are no attribute header") from None
    if unknown is not None:
        slots[-1] = tuple(unknown)


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


_FLAG_BITS = (0, 0x4000, 0x8000, 0xC000)  # NLA_F_NET_BYTEORDER, NLA_F_NESTED: the kernel sets them or not
_NO_NUMBER = (-1, _U32.unpack_from)
_NUMBERS: dict[Reader, tuple[int, Callable[..., tuple[Any, ...]]]] = {
    read_u8: (ATTRIBUTE_HEADER_SIZE + 1, _U8.unpack_from),
    read_u16: (ATTRIBUTE_HEADER_SIZE + 2, _U16.unpack_from),
    read_u32: (ATTRIBUTE_HEADER_SIZE + 4, _U32.unpack_from),
    read_s32: (ATTRIBUTE_HEADER_SIZE + 4, _S32.unpack_from),
}


def read_bytes(buffer: Buffer, start: int, end: int) -> bytes:
    """Return the bytes unchanged."""
    value = buffer[start:end]
    return value if isinstance(value, bytes) else bytes(value)


def read_name(buffer: Buffer, start: int, end: int) -> bytes:
    """Return the bytes up to the first NUL: names may have any byte except NUL."""
    return bytes(buffer[start:end]).partition(b"\0")[0]


def read_text(buffer: Buffer, start: int, end: int) -> str:
    """Return the text up to the first NUL. Bytes that are not UTF-8 become surrogates (`os.fsencode` gives
    them back)."""
    return bytes(buffer[start:end]).partition(b"\0")[0].decode("utf-8", "surrogateescape")


def read_u16_network(buffer: Buffer, start: int, end: int) -> int:
    """A 16-bit number in network order, such as a port of UDP."""
    if end - start != 2:
        raise DecodeError(f"{end - start} bytes at offset {start} are no 16-bit number")
    value: int = _U16_NETWORK.unpack_from(buffer, start)[0]
    return value


def read_u64_network(buffer: Buffer, start: int, end: int) -> int:
    """A 64-bit number in network order."""
    if end - start != 8:
        raise DecodeError(f"{end - start} bytes at offset {start} are no 64-bit number")
    value: int = _U64_NETWORK.unpack_from(buffer, start)[0]
    return value


def number_writer(layout: Struct) -> Writer:
    """Return a function that writes a number in this layout."""

    def write(value: Any) -> bytes:
        try:
            packed: bytes = layout.pack(value)
        except StructError as error:
            raise EncodeError(f"{value!r}: {error}") from None
        return packed

    return write


write_u8 = number_writer(_U8)
write_u16 = number_writer(_U16)
write_u16_network = number_writer(_U16_NETWORK)
write_u32 = number_writer(_U32)
write_s32 = number_writer(_S32)
write_u64_network = number_writer(_U64_NETWORK)


def write_bytes(value: Any) -> bytes:
    """Return the bytes unchanged."""
    try:
        return bytes(memoryview(value))
    except TypeError:
        raise EncodeError(f"{value!r} is not bytes") from None


def write_name(value: Any) -> bytes:
    """Return the bytes with a NUL at the end."""
    name = write_bytes(value)
    if 0 in name:
        raise EncodeError(f"{name!r} has a NUL inside")
    return name + b"\0"


def write_text(value: Any) -> bytes:
    """Return the text with a NUL at the end. Surrogates become the bytes that they stand for."""
    if not isinstance(value, str):
        raise EncodeError(f"{value!r} is no text")
    try:
        return write_name(value.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError as error:
        raise EncodeError(f"{value!r}: {error.reason}") from None


def pack_message(kind: int, flags: int, sequence: int, payload: bytes) -> bytes:
    """Return a request: header and payload. The kernel fills in our port."""
    return HEADER.pack(HEADER_SIZE + len(payload), kind, flags, sequence, 0) + payload


def pack_attribute(kind: int, value: bytes) -> bytes:
    """Return one attribute, padded. EncodeError if the value is too long for the 16-bit length."""
    length = ATTRIBUTE_HEADER_SIZE + len(value)
    if length > _LONGEST_ATTRIBUTE:
        raise EncodeError(f"{len(value)} bytes do not fit an attribute")
    return ATTRIBUTE.pack(length, kind) + value + bytes(-length & 3)


def pack_attributes(rows: tuple[Row, ...], value: Any) -> bytes:
    """Return every field of `value` that is not None and that a row can write. Raises EncodeError.

    `value` is a named tuple with the fields that the rows name. It may have one more field, `unknown`, a
    tuple of `Unknown`. This is the opposite of `read_attributes`.
    """
    packed = []
    for row in rows:
        field = getattr(value, row.name)
        if field is not None and row.writer is not None:
            try:
                kind = row.type | _NESTED if row.nested else row.type
                packed.append(pack_attribute(kind, row.writer(field)))
            except EncodeError as error:
                raise EncodeError(f"{row.name}: {error}") from None
    packed += [pack_attribute(*attribute) for attribute in getattr(value, "unknown", None) or ()]
    return b"".join(packed)


def pack_fixed(layout: Struct, *fields: int) -> bytes:
    """Return the fixed structure at the head of a payload. EncodeError if a number does not fit."""
    try:
        packed: bytes = layout.pack(*fields)
    except StructError as error:
        raise EncodeError(f"{fields}: {error}") from None
    return packed
