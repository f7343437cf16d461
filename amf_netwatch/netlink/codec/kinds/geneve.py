# SPDX-License-Identifier: Apache-2.0
"""Geneve tunnels (IFLA_GENEVE_*, RFC 8926). Source: linux/if_link.h."""

from __future__ import annotations

from amf_netwatch.netlink.codec.kinds.table import Table, hexadecimal, number, presence, truth, word
from amf_netwatch.netlink.codec.kinds.vxlan import address, hop_limit

GENEVE = Table(
    "geneve",
    (
        presence("external", 6).but_fixed(),
        number("id", 1, "u32").but_fixed(),
        address("remote", 2, 4),
        address("remote6", 7, 16, multicast=False),
        *hop_limit(3, 12, b"\1"),
        hexadecimal("tos", 4, "u8"),
        word("df", 13, "u8", ("unset", "set", "inherit")),
        hexadecimal("label", 11, "be32"),
        number("port", 5, "be16").but_fixed(),
        truth("udp_csum", 8).but_fixed(),
        truth("udp_zero_csum6_tx", 9).but_fixed(),
        truth("udp_zero_csum6_rx", 10).but_fixed(),
        presence("inner_proto_inherit", 14).but_fixed(),
    ),
)
