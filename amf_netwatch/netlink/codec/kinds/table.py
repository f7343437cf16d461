# SPDX-License-Identifier: Apache-2.0
"""What a table of options is made of, and the rows that most kinds share.

An option is one name of ``ip -d -j link``. Usually it is one attribute; it may also be a bit of an attribute
that holds several, or need two attributes. So a row reads from all attributes of the kind (a mapping from
number to bytes), and writes into such a mapping.

Rules: what `ip` does not print is not in the result: a reader returns `ABSENT` for it. A row without a writer
cannot be set: only the kernel sets it. An attribute that no row of the table names is kept as bytes under
the name ``unknown(n)``. A value that refers to another link is its index; the registry translates names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from struct import Struct
from struct import error as StructError  # noqa: N812
from typing import Any, Callable, NamedTuple, Optional

from amf_netwatch.netlink.codec.address import format_ip, parse_ip
from amf_netwatch.netlink.codec.messages import iter_attributes, pack_attribute
from amf_netwatch.netlink.errors import DecodeError, EncodeError

Attributes = dict[int, bytes]
"""The attributes of one kind, by number without flag bits."""

ABSENT: Any = object()  # stands for a value that `ip` does not print


class Option(NamedTuple):
    """A row of a table: an option of a kind."""

    name: str
    attributes: tuple[int, ...]
    read: Callable[[Mapping[int, bytes]], Any]
    write: Optional[Callable[[Any, Attributes], None]] = None  # None: only the kernel sets it
    link: bool = False  # the value is another link: its index, or its name where names are known
    fixed: bool = False  # it can be set at creation only
    newer: bool = False  # iproute2 6.1 does not know it, a later one does

    def but_newer(self) -> Option:
        """The same option, which iproute2 6.1 does not know."""
        return self._replace(newer=True)

    def but_fixed(self) -> Option:
        """The same option, which can be set at creation only."""
        return self._replace(fixed=True)

    def but_read_only(self) -> Option:
        """The same option, which only the kernel sets."""
        return self._replace(write=None)


class Table(NamedTuple):
    """The options of one kind, in the order in which `ip` prints them."""

    kind: str
    options: tuple[Option, ...]
    passed_over: frozenset[int] = frozenset()  # attributes that no administrator needs
    whole: bool = False  # a change must carry every option: what is not sent falls back to its default


_U8, _U16, _U32, _S32, _U64 = (Struct(f"={code}") for code in "BHIiQ")
_U16_NETWORK, _U32_NETWORK = Struct(">H"), Struct(">I")
LAYOUTS = {
    "u8": _U8,
    "u16": _U16,
    "u32": _U32,
    "s32": _S32,
    "u64": _U64,
    "be16": _U16_NETWORK,
    "be32": _U32_NETWORK,
}


def unpack(layout: Struct, data: bytes) -> int:
    """Return the number that fills `data`. DecodeError if the size is different."""
    try:
        value: int = layout.unpack(data)[0]
    except StructError:
        raise DecodeError(f"{len(data)} bytes are no number of {layout.size} bytes") from None
    return value


def pack(layout: Struct, value: Any) -> bytes:
    """Return the number in this layout. EncodeError if it is not a number or does not fit."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise EncodeError(f"{value!r} is no number")
    try:
        packed: bytes = layout.pack(value)
    except StructError:
        raise EncodeError(f"{value} does not fit {layout.size} bytes") from None
    return packed


def parse_number(value: Any) -> int:
    """Return a number, which may be given as text (``0x8``, ``8``). Raises EncodeError."""
    if isinstance(value, str):
        try:
            return int(value, 0)
        except ValueError:
            raise EncodeError(f"{value!r} is no number") from None
    if isinstance(value, bool) or not isinstance(value, int):
        raise EncodeError(f"{value!r} is no number")
    return int(value)


def parse_truth(value: Any) -> bool:
    """Return True or False, which may be given as 1 and 0. Raises EncodeError."""
    if value in (0, 1):
        return bool(value)
    raise EncodeError(f"{value!r} is neither true nor false")


# -- rows for one attribute -------------------------------------------------------------------------------


def number(name: str, attribute: int, size: str, *, zero: bool = True, default: Any = ABSENT) -> Option:
    """A number. `zero` False: 0 is not printed. `default`: what is printed without the attribute."""
    layout = LAYOUTS[size]

    def read(found: Mapping[int, bytes]) -> Any:
        if attribute not in found:
            return default
        value = unpack(layout, found[attribute])
        return value if value or zero else ABSENT

    def write(value: Any, packed: Attributes) -> None:
        packed[attribute] = pack(layout, value)

    return Option(name, (attribute,), read, write)


def hexadecimal(name: str, attribute: int, size: str, *, zero: bool = False) -> Option:
    """A number that is printed as hexadecimal text; `zero`: 0 is printed, as ``0``."""
    layout = LAYOUTS[size]

    def read(found: Mapping[int, bytes]) -> Any:
        if attribute not in found:
            return ABSENT
        value = unpack(layout, found[attribute])
        if value == 0:
            return "0" if zero else ABSENT
        return hex(value)

    def write(value: Any, packed: Attributes) -> None:
        packed[attribute] = pack(layout, parse_number(value))

    return Option(name, (attribute,), read, write)


def truth(name: str, attribute: int, *, only_true: bool = False) -> Option:
    """An 8-bit number that is true or false; `only_true`: false is not printed."""

    def read(found: Mapping[int, bytes]) -> Any:
        if attribute not in found:
            return ABSENT
        value = bool(unpack(_U8, found[attribute]))
        return value if value or not only_true else ABSENT

    def write(value: Any, packed: Attributes) -> None:
        packed[attribute] = pack(_U8, int(parse_truth(value)))

    return Option(name, (attribute,), read, write)


def presence(name: str, attribute: int) -> Option:
    """An attribute without a value: true if it is there, otherwise not printed."""

    def read(found: Mapping[int, bytes]) -> Any:
        return True if attribute in found else ABSENT

    def write(value: Any, packed: Attributes) -> None:
        if parse_truth(value):
            packed[attribute] = b""

    return Option(name, (attribute,), read, write)


def word(name: str, attribute: int, size: str, words: tuple[Optional[str], ...]) -> Option:
    """A number that has a word: its place in `words`. A number without one is printed as a number."""
    layout = LAYOUTS[size]

    def read(found: Mapping[int, bytes]) -> Any:
        if attribute not in found:
            return ABSENT
        value = unpack(layout, found[attribute])
        return words[value] if 0 <= value < len(words) else value

    def write(value: Any, packed: Attributes) -> None:
        if not isinstance(value, bool) and isinstance(value, int):
            packed[attribute] = pack(layout, value)
        elif value in words:
            packed[attribute] = pack(layout, words.index(value))
        else:
            raise EncodeError(f"{value!r} is none of {', '.join(map(str, words))}")

    return Option(name, (attribute,), read, write)


def text(name: str, attribute: int, form: Callable[[bytes], str], parse: Callable[[Any], bytes]) -> Option:
    """Bytes that are printed as text: `form` and `parse` are inverses."""

    def read(found: Mapping[int, bytes]) -> Any:
        return form(found[attribute]) if attribute in found else ABSENT

    def write(value: Any, packed: Attributes) -> None:
        packed[attribute] = parse(value)

    return Option(name, (attribute,), read, write)


def mac(name: str, attribute: int) -> Option:
    """A hardware address, as colon hex."""
    return text(name, attribute, lambda data: data.hex(":") if data else "", parse_mac)


def parse_mac(value: Any) -> bytes:
    """The bytes of a hardware address; raises EncodeError."""
    parts = value.split(":") if isinstance(value, str) else [""]
    try:
        return bytes(int(part, 16) for part in parts)
    except ValueError:
        raise EncodeError(f"{value!r} is no hardware address") from None


def ip_text(data: bytes) -> str:
    """An address of 4 or 16 bytes as text; raises DecodeError for another size."""
    if len(data) not in (4, 16):
        raise DecodeError(f"{len(data)} bytes are no IP address")
    return format_ip(data)


def parse_ip_of(size: int) -> Callable[[Any], bytes]:
    """Return a function that parses addresses of this many bytes."""

    def parse(value: Any) -> bytes:
        try:
            address = parse_ip(value)
        except ValueError:
            address = b""
        if len(address) != size:
            raise EncodeError(f"{value!r} is no IPv{4 if size == 4 else 6} address")
        return address

    return parse


def endpoint(name: str, attribute: int, size: int) -> Option:
    """An end of a tunnel: an address, or ``any`` for none. `size`: of its addresses, in bytes."""
    parse = parse_ip_of(size)

    def read(found: Mapping[int, bytes]) -> Any:
        data = found.get(attribute, b"")
        if data and len(data) != size:
            raise DecodeError(f"{len(data)} bytes are no address of {size} bytes")
        return ip_text(data) if any(data) else "any"

    def write(value: Any, packed: Attributes) -> None:
        packed[attribute] = bytes(size) if value in ("any", None) else parse(value)

    return Option(name, (attribute,), read, write)


def key(name: str, attribute: int) -> Option:
    """A tunnel's key, printed as an IPv4 address. 0 means that there is no key."""
    parse = parse_ip_of(4)

    def read(found: Mapping[int, bytes]) -> Any:
        data = found.get(attribute, b"")
        if data and len(data) != 4:
            raise DecodeError(f"{len(data)} bytes are no key")
        return ip_text(data) if any(data) else ABSENT

    def write(value: Any, packed: Attributes) -> None:
        packed[attribute] = pack(_U32_NETWORK, value) if isinstance(value, int) else parse(value)

    return Option(name, (attribute,), read, write)


def link(name: str, attribute: int) -> Option:
    """Another link, by index; 0 is none, and is not printed. To set it back to none, write None or ''."""
    plain = number(name, attribute, "u32", zero=False)

    def write(value: Any, packed: Attributes) -> None:
        packed[attribute] = pack(_U32, value or 0)

    return plain._replace(write=write, link=True)


# -- rows for a part of an attribute ----------------------------------------------------------------------


def bit(name: str, attribute: int, mask: int, size: str) -> Option:
    """One bit of an attribute that holds several: true if it is set, otherwise not printed."""
    layout = LAYOUTS[size]

    def read(found: Mapping[int, bytes]) -> Any:
        if attribute not in found:
            return ABSENT
        return True if unpack(layout, found[attribute]) & mask else ABSENT

    def write(value: Any, packed: Attributes) -> None:
        bits = unpack(layout, packed.get(attribute, bytes(layout.size)))
        packed[attribute] = layout.pack(bits | mask if parse_truth(value) else bits & ~mask)

    return Option(name, (attribute,), read, write)


def masked_bit(name: str, attribute: int, mask: int) -> Option:
    """One bit of a pair (value u32, mask u32), in which the mask says which bits count: printed as 0 or 1."""
    pair = Struct("=II")

    def read(found: Mapping[int, bytes]) -> Any:
        if attribute not in found:
            return ABSENT
        if len(found[attribute]) != pair.size:
            raise DecodeError(f"{len(found[attribute])} bytes are no value with mask")
        value, valid = pair.unpack(found[attribute])
        return int(bool(value & mask)) if valid & mask else ABSENT

    def write(value: Any, packed: Attributes) -> None:
        bits, valid = pair.unpack(packed.get(attribute, bytes(pair.size)))
        packed[attribute] = pair.pack(bits | mask if parse_truth(value) else bits & ~mask, valid | mask)

    return Option(name, (attribute,), read, write)


# -- rows for nested attributes ---------------------------------------------------------------------------


def iter_nested(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Number (without flag bits) and value of each nested attribute; raises DecodeError."""
    for found in iter_attributes(data, 0, len(data)):
        yield found.type, data[found.start : found.end]


def pack_nested(attributes: Mapping[int, bytes]) -> bytes:
    """The opposite of `iter_nested`; raises EncodeError when a value is too long."""
    return b"".join(pack_attribute(kind, value) for kind, value in attributes.items())
