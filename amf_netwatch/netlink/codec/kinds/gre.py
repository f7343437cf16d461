# SPDX-License-Identifier: Apache-2.0
"""GRE tunnels (IFLA_GRE_*, RFC 2784, RFC 2890) over IPv4 and IPv6, and ERSPAN. Source: linux/if_tunnel.h.

Keys, sequence numbers and checksums are switched on by bits of two attributes, one for each direction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amf_netwatch.netlink.codec.kinds.iptunnel import encapsulation, ip6_options, path_mtu_discovery
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
    presence,
    truth,
    unpack,
    word,
)

_CHECKSUM, _KEY, _SEQUENCE = 0x8000, 0x2000, 0x1000  # GRE_CSUM, GRE_KEY, GRE_SEQ
_INPUT_FLAGS, _OUTPUT_FLAGS = 2, 3
_BE16, _BE32 = LAYOUTS["be16"], LAYOUTS["be32"]


def _key(name: str, attribute: int, flags: int) -> Option:
    """A key, printed as an IPv4 address; the bit in `flags` says whether there is one."""
    parse = parse_ip_of(4)

    def read(found: Mapping[int, bytes]) -> Any:
        if attribute not in found or not unpack(_BE16, found.get(flags, bytes(2))) & _KEY:
            return ABSENT
        return ip_text(found[attribute])

    def write(value: Any, packed: Attributes) -> None:
        packed[attribute] = pack(_BE32, value) if isinstance(value, int) else parse(value)
        packed[flags] = pack(_BE16, unpack(_BE16, packed.get(flags, bytes(2))) | _KEY)

    return Option(name, (attribute, flags), read, write)


_KEYS_AND_FLAGS = (
    _key("ikey", 4, _INPUT_FLAGS),
    _key("okey", 5, _OUTPUT_FLAGS),
    bit("iseq", _INPUT_FLAGS, _SEQUENCE, "be16"),
    bit("oseq", _OUTPUT_FLAGS, _SEQUENCE, "be16"),
    bit("icsum", _INPUT_FLAGS, _CHECKSUM, "be16"),
    bit("ocsum", _OUTPUT_FLAGS, _CHECKSUM, "be16"),
)
_ERSPAN_OPTIONS = (
    number("erspan_index", 21, "u32"),
    number("erspan_ver", 22, "u8"),
    word("erspan_dir", 23, "u8", ("ingress", "egress")),
    hexadecimal("erspan_hwid", 24, "u16", zero=True),
    encapsulation(14, 15, 16, 17),
)
_IPV4_OPTIONS = (
    presence("external", 18),
    endpoint("remote", 7, 4),
    endpoint("local", 6, 4),
    link("link", 1),
    number("ttl", 8, "u8", default=0),
    hexadecimal("tos", 9, "u8"),
    path_mtu_discovery(10, ABSENT),
    truth("ignore_df", 19, only_true=True),
    *_KEYS_AND_FLAGS,
    hexadecimal("fwmark", 20, "u32"),
    *_ERSPAN_OPTIONS,
)
_IPV6_OPTIONS = (
    presence("external", 18),
    endpoint("remote", 7, 16),
    endpoint("local", 6, 16),
    link("link", 1),
    *ip6_options(8, 11, 12, 13, 20, _KEYS_AND_FLAGS),
    *_ERSPAN_OPTIONS,
)
_UNUSED_BY_IPV4, _UNUSED_BY_IPV6 = frozenset((11, 12, 13)), frozenset((9, 10, 19))

GRE = Table("gre", _IPV4_OPTIONS, _UNUSED_BY_IPV4, whole=True)
GRETAP = Table("gretap", _IPV4_OPTIONS, _UNUSED_BY_IPV4, whole=True)
ERSPAN = Table("erspan", _IPV4_OPTIONS, _UNUSED_BY_IPV4, whole=True)
IP6GRE = Table("ip6gre", _IPV6_OPTIONS, _UNUSED_BY_IPV6, whole=True)
IP6GRETAP = Table("ip6gretap", _IPV6_OPTIONS, _UNUSED_BY_IPV6, whole=True)
IP6ERSPAN = Table("ip6erspan", _IPV6_OPTIONS, _UNUSED_BY_IPV6, whole=True)
