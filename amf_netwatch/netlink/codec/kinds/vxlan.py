# SPDX-License-Identifier: Apache-2.0
"""VXLANs (IFLA_VXLAN_*, RFC 7348). Source: linux/if_link.h.

One attribute has several names, by what it holds: a multicast address is a `group`, another one a `remote`.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from typing import Any

from amf_netwatch.netlink.codec.kinds.table import (
    ABSENT,
    LAYOUTS,
    Attributes,
    Option,
    Table,
    hexadecimal,
    ip_text,
    link,
    number,
    pack,
    parse_ip_of,
    presence,
    truth,
    unpack,
    word,
)
from amf_netwatch.netlink.errors import DecodeError, EncodeError

_PORT_RANGE = Struct(">HH")  # low, high


def _is_multicast(address: bytes) -> bool:
    return address[0] == 0xFF if len(address) == 16 else address[0] >> 4 == 0xE


def address(name: str, attribute: int, size: int, *, multicast: bool | None = None) -> Option:
    """An address that is printed unless it is all zero; `multicast`: only if it is one, or only if not."""
    parse = parse_ip_of(size)

    def read(found: Mapping[int, bytes]) -> Any:
        data = found.get(attribute, b"")
        if data and len(data) != size:
            raise DecodeError(f"{len(data)} bytes are no address of {size} bytes")
        if not any(data) or multicast not in (None, _is_multicast(data)):
            return ABSENT
        return ip_text(data)

    def write(value: Any, packed: Attributes) -> None:
        data = parse(value)
        if any(data) and multicast not in (None, _is_multicast(data)):
            raise EncodeError(f"{value} is {'no' if multicast else 'a'} multicast address")
        packed[attribute] = data

    return Option(name, (attribute,), read, write)


def hop_limit(attribute: int, inherited: int, said: bytes) -> tuple[Option, Option]:
    """A time to live, `ttl`. It may be inherited, which `ip` does not print; the word is ``inherit``.

    `said`: the value of the attribute that says so. The VXLAN's takes none, though the kernel tells it as a
    number.
    """

    def is_inherited(found: Mapping[int, bytes]) -> bool:
        return inherited in found and bool(unpack(LAYOUTS["u8"], found[inherited]))

    def read(found: Mapping[int, bytes]) -> Any:
        if attribute not in found or is_inherited(found):
            return ABSENT
        return unpack(LAYOUTS["u8"], found[attribute])

    def read_inherited(found: Mapping[int, bytes]) -> Any:
        return "inherit" if is_inherited(found) else ABSENT

    def write(value: Any, packed: Attributes) -> None:
        if value == "inherit":
            packed[inherited] = said
        else:
            packed[attribute] = pack(LAYOUTS["u8"], value)

    plain = Option("ttl", (attribute, inherited), read, write)
    return plain, plain._replace(read=read_inherited).but_newer()


def _read_port_range(found: Mapping[int, bytes]) -> Any:
    if 10 not in found:
        return ABSENT
    if len(found[10]) != _PORT_RANGE.size:
        raise DecodeError(f"{len(found[10])} bytes are no range of ports")
    return dict(zip(("low", "high"), _PORT_RANGE.unpack(found[10])))


def _write_port_range(value: Any, packed: Attributes) -> None:
    try:
        packed[10] = _PORT_RANGE.pack(value["low"], value["high"])
    except Exception:
        raise EncodeError(f"{value!r} is no range of ports with `low` and `high`") from None


VXLAN = Table(
    "vxlan",
    (
        truth("external", 25, only_true=True).but_fixed(),
        truth("vnifilter", 30, only_true=True).but_fixed(),
        number("id", 1, "u32").but_fixed(),
        address("group", 2, 4, multicast=True),
        address("remote", 2, 4, multicast=False),
        address("group6", 16, 16, multicast=True),
        address("remote6", 16, 16, multicast=False),
        address("local", 4, 4),
        address("local6", 17, 16),
        link("link", 3),
        Option("port_range", (10,), _read_port_range, _write_port_range).but_fixed(),
        number("port", 15, "be16").but_fixed(),
        truth("learning", 7),
        truth("proxy", 11, only_true=True).but_fixed(),
        truth("rsc", 12, only_true=True).but_fixed(),
        truth("l2miss", 13, only_true=True).but_fixed(),
        truth("l3miss", 14, only_true=True).but_fixed(),
        hexadecimal("tos", 6, "u8"),
        *hop_limit(5, 28, b""),
        word("df", 29, "u8", ("unset", "set", "inherit")),
        hexadecimal("label", 26, "be32"),
        number("ageing", 8, "u32"),
        number("limit", 9, "u32", zero=False).but_fixed(),
        truth("udp_csum", 18).but_fixed(),
        truth("udp_zero_csum6_tx", 19).but_fixed(),
        truth("udp_zero_csum6_rx", 20).but_fixed(),
        truth("remcsum_tx", 21, only_true=True).but_fixed(),
        truth("remcsum_rx", 22, only_true=True).but_fixed(),
        presence("gbp", 23).but_fixed(),
        presence("gpe", 27).but_fixed(),
        truth("localbypass", 31).but_newer(),
    ),
    passed_over=frozenset((24, 32, 33, 34)),  # REMCSUM_NOPARTIAL, label policy, reserved bits, MC_ROUTE
)
