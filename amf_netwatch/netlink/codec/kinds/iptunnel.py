# SPDX-License-Identifier: Apache-2.0
"""Tunnels of IP in IP (IFLA_IPTUN_*): ipip, sit and ip6tnl; and rows that other tunnels share.

Source: linux/if_tunnel.h, ip6_tunnel.h.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amf_netwatch.netlink.codec.kinds.table import (
    ABSENT,
    LAYOUTS,
    Attributes,
    Option,
    Table,
    bit,
    endpoint,
    hexadecimal,
    ip_text,
    link,
    number,
    pack,
    parse_ip_of,
    parse_number,
    presence,
    truth,
    unpack,
)
from amf_netwatch.netlink.errors import EncodeError

_U8, _U16, _U32 = LAYOUTS["u8"], LAYOUTS["u16"], LAYOUTS["u32"]
_BE16, _BE32 = LAYOUTS["be16"], LAYOUTS["be32"]
_ENCAPSULATIONS = {1: "fou", 2: "gue"}
_ENCAPSULATION_FLAGS = {"csum": 0x1, "csum6": 0x2, "remcsum": 0x4}

# IP6_TNL_F_*
_NO_ENCAP_LIMIT, _ORIGINAL_CLASS, _ORIGINAL_LABEL, _ORIGINAL_MARK = 0x1, 0x2, 0x4, 0x20
_CLASS_SHIFT, _CLASS_MASK, _LABEL_MASK = 20, 0x0FF00000, 0x000FFFFF


def encapsulation(kind: int, flags: int, source_port: int, destination_port: int) -> Option:
    """The UDP around a tunnel's packets (foo over UDP, generic UDP encapsulation): four attributes."""

    def read(found: Mapping[int, bytes]) -> Any:
        number = unpack(_U16, found[kind]) if kind in found else 0
        if number == 0:
            return ABSENT
        bits = unpack(_U16, found.get(flags, bytes(2)))
        return {
            "type": _ENCAPSULATIONS.get(number),
            "sport": unpack(_BE16, found.get(source_port, bytes(2))),
            "dport": unpack(_BE16, found.get(destination_port, bytes(2))),
            **{name: bool(bits & mask) for name, mask in _ENCAPSULATION_FLAGS.items()},
        }

    def write(value: Any, packed: Attributes) -> None:
        try:
            numbers = {name: number for number, name in _ENCAPSULATIONS.items()}
            packed[kind] = pack(_U16, numbers[value["type"]])
            bits = sum(mask for name, mask in _ENCAPSULATION_FLAGS.items() if value.get(name))
            packed[flags] = pack(_U16, bits)
            packed[source_port] = pack(_BE16, value.get("sport", 0))
            packed[destination_port] = pack(_BE16, value.get("dport", 0))
        except (AttributeError, KeyError, TypeError):
            raise EncodeError(f"{value!r} is no encapsulation with `type`, `sport` and `dport`") from None

    return Option("encap", (kind, flags, source_port, destination_port), read, write)


def path_mtu_discovery(attribute: int, default: Any) -> Option:
    """Return whether the tunnel finds out the path's MTU; `default` is printed if the attribute is
    missing."""
    plain = truth("pmtudisc", attribute)

    def read(found: Mapping[int, bytes]) -> Any:
        return plain.read(found) if attribute in found else default

    return plain._replace(read=read)


def ip6_options(
    ttl: int, encap_limit: int, flow: int, flags: int, mark: int, more: tuple[Option, ...] = ()
) -> tuple[Option, ...]:
    """What tunnels over IPv6 have in common; `more`: the options printed before the last ones."""

    def unless(bit_: int, option: Option) -> Option:
        """Return the option, which is not printed while this bit of the flags is set."""

        def read(found: Mapping[int, bytes]) -> Any:
            return ABSENT if unpack(_U32, found.get(flags, bytes(4))) & bit_ else option.read(found)

        return option._replace(attributes=(*option.attributes, flags), read=read)

    def part_of_flow(name: str, mask: int, shift: int, digits: int) -> Option:
        def read(found: Mapping[int, bytes]) -> Any:
            if flow not in found:
                return ABSENT
            return f"0x{(unpack(_BE32, found[flow]) & mask) >> shift:0{digits}x}"

        def write(value: Any, packed: Attributes) -> None:
            part = parse_number(value) << shift
            if part & ~mask:
                raise EncodeError(f"{value!r} does not fit {mask.bit_length() - shift} bits")
            rest = unpack(_BE32, packed.get(flow, bytes(4))) & ~mask
            packed[flow] = pack(_BE32, rest | part)

        return Option(name, (flow,), read, write)

    return (
        number("ttl", ttl, "u8", default=0),
        bit("ip6_tnl_f_ign_encap_limit", flags, _NO_ENCAP_LIMIT, "u32"),
        unless(_NO_ENCAP_LIMIT, number("encap_limit", encap_limit, "u8")),
        bit("ip6_tnl_f_use_orig_tclass", flags, _ORIGINAL_CLASS, "u32"),
        unless(_ORIGINAL_CLASS, part_of_flow("tclass", _CLASS_MASK, _CLASS_SHIFT, 2)),
        bit("ip6_tnl_f_use_orig_flowlabel", flags, _ORIGINAL_LABEL, "u32"),
        unless(_ORIGINAL_LABEL, part_of_flow("flowlabel", _LABEL_MASK, 0, 5)),
        bit("ip6_tnl_f_rcv_dscp_copy", flags, 0x10, "u32"),
        *more,
        bit("ip6_tnl_f_allow_local_remote", flags, 0x40, "u32"),
        bit("ip6_tnl_f_use_orig_fwmark", flags, _ORIGINAL_MARK, "u32"),
        unless(_ORIGINAL_MARK, hexadecimal("fwmark", mark, "u32")),
    )


def _protocol(words: dict[int, str]) -> Option:
    """Which protocol the tunnel carries."""

    def read(found: Mapping[int, bytes]) -> Any:
        return words.get(unpack(_U8, found[9]), ABSENT) if 9 in found else ABSENT

    def write(value: Any, packed: Attributes) -> None:
        for kind, known in words.items():
            if value == known:
                packed[9] = pack(_U8, kind)
                return
        raise EncodeError(f"{value!r} is none of {', '.join(words.values())}")

    return Option("proto", (9,), read, write)


def _of_6rd(name: str, attribute: int, length: int, size: int) -> Option:
    """A prefix of IPv6 rapid deployment (RFC 5969); none without a length."""
    parse = parse_ip_of(size)

    def read(found: Mapping[int, bytes]) -> Any:
        if attribute not in found or not unpack(_U16, found.get(length, bytes(2))):
            return ABSENT
        value = ip_text(found[attribute])
        return ABSENT if size == 4 and value == "0.0.0.0" else value

    def write(value: Any, packed: Attributes) -> None:
        packed[attribute] = parse(value)

    return Option(name, (attribute, length), read, write)


def _length_of_6rd(name: str, attribute: int, prefix: int, length: int) -> Option:
    """The length of a prefix of 6rd; not printed without the prefix."""
    plain = number(name, attribute, "u16")

    def read(found: Mapping[int, bytes]) -> Any:
        if not unpack(_U16, found.get(length, bytes(2))) or not any(found.get(prefix, b"")):
            return ABSENT
        return plain.read(found)

    return plain._replace(attributes=(attribute, prefix, length), read=read)


_IPV4_OPTIONS = (
    endpoint("remote", 3, 4),
    endpoint("local", 2, 4),
    link("link", 1),
    number("ttl", 4, "u8", default=0),
    hexadecimal("tos", 5, "u8"),
    path_mtu_discovery(10, False),
)
_LAST_IPV4_OPTIONS = (hexadecimal("fwmark", 20, "u32"), encapsulation(15, 16, 17, 18))
_WORDS = {4: "ipip", 41: "ip6ip", 137: "mplsip", 0: "any"}
_UNUSED_BY_IPV4 = frozenset((6, 7, 8, 11, 12, 13, 14))

IPIP = Table(
    "ipip",
    (presence("external", 19), _protocol(_WORDS), *_IPV4_OPTIONS, *_LAST_IPV4_OPTIONS),
    passed_over=_UNUSED_BY_IPV4,
    whole=True,
)
SIT = Table(
    "sit",
    (
        presence("external", 19),
        _protocol(_WORDS),
        *_IPV4_OPTIONS,
        bit("isatap", 8, 0x1, "u16"),
        _of_6rd("prefix", 11, 13, 16),
        _length_of_6rd("prefixlen", 13, 11, 13),
        _of_6rd("relay_prefix", 12, 13, 4),
        _length_of_6rd("relay_prefixlen", 14, 12, 13),
        *_LAST_IPV4_OPTIONS,
    ),
    passed_over=frozenset((6, 7)),
    whole=True,
)
IP6TNL = Table(
    "ip6tnl",
    (
        presence("external", 19),
        _protocol({4: "ipip6", 41: "ip6ip6", 0: "any"}),
        endpoint("remote", 3, 16),
        endpoint("local", 2, 16),
        link("link", 1),
        *ip6_options(4, 6, 7, 8, 20, (bit("ip6_tnl_f_mip6_dev", 8, 0x8, "u32"),)),
        encapsulation(15, 16, 17, 18),
    ),
    passed_over=frozenset((5, 10)),
    whole=True,
)
