# SPDX-License-Identifier: Apache-2.0
"""Bridges (IFLA_BR_*) and their ports (IFLA_BRPORT_*). Source: linux/if_link.h.

Delays and intervals are in hundredths of a second, as the kernel has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from typing import Any

from amf_netwatch.netlink.codec.kinds.table import (
    ABSENT,
    LAYOUTS,
    Option,
    Table,
    hexadecimal,
    ip_text,
    iter_nested,
    link,
    mac,
    masked_bit,
    number,
    text,
    truth,
    unpack,
    word,
)
from amf_netwatch.netlink.codec.kinds.vlan import vlan_protocol
from amf_netwatch.netlink.errors import DecodeError

_BRIDGE_ID = Struct("2s6s")  # priority, hardware address
_GROUPS = {0: "stp", 2: "lacp", 14: "lldp"}  # of 01:80:c2:00:00:0X, by X
_PORT_STATES = ("disabled", "listening", "learning", "forwarding", "blocking")


def _bridge_id(name: str, attribute: int) -> Option:
    """A bridge's identity, ``8000.52:a1:6:89:56:d2``: `ip` prints this address without leading zeros."""

    def form(data: bytes) -> str:
        if len(data) != _BRIDGE_ID.size:
            raise DecodeError(f"{len(data)} bytes are no bridge id")
        priority, address = _BRIDGE_ID.unpack(data)
        return f"{priority.hex()}.{':'.join(f'{byte:x}' for byte in address)}"

    return text(name, attribute, form, lambda value: b"").but_read_only()


def _timer(name: str, attribute: int) -> Option:
    """What is left of a timer, in seconds."""

    def read(found: Mapping[int, bytes]) -> Any:
        return unpack(LAYOUTS["u64"], found[attribute]) / 100 if attribute in found else ABSENT

    return Option(name, (attribute,), read, None)


def _querier(family: int, first: int) -> Option:
    """What is known of the multicast querier of a family: nested address, port and timer from `first` on."""
    prefix = f"mcast_querier_ipv{family}"

    def read(found: Mapping[int, bytes]) -> Any:
        if 47 not in found:
            return ABSENT
        nested = dict(iter_nested(found[47]))
        state: dict[str, Any] = {}
        if first in nested:
            state[f"{prefix}_addr"] = ip_text(nested[first])
        if first + 1 in nested:
            state[f"{prefix}_port"] = unpack(LAYOUTS["u32"], nested[first + 1])
        return state

    return Option(f"mcast_querier_state_ipv{family}", (47,), read, None, newer=True)


def _forwarded_groups(found: Mapping[int, bytes]) -> Any:
    if 31 not in found:
        return ABSENT
    mask = unpack(LAYOUTS["u16"], found[31])
    names = [_GROUPS.get(place, hex(1 << place)) for place in range(16) if mask >> place & 1]
    return ",".join(names) or "0x0"


BRIDGE = Table(
    "bridge",
    (
        number("forward_delay", 1, "u32"),
        number("hello_time", 2, "u32"),
        number("max_age", 3, "u32"),
        number("ageing_time", 4, "u32"),
        number("stp_state", 5, "u32"),
        number("priority", 6, "u16"),
        number("vlan_filtering", 7, "u8"),
        vlan_protocol("vlan_protocol", 8),
        _bridge_id("bridge_id", 11),
        _bridge_id("root_id", 10),
        number("root_port", 12, "u16").but_read_only(),
        number("root_path_cost", 13, "u32").but_read_only(),
        number("topology_change", 14, "u8").but_read_only(),
        number("topology_change_detected", 15, "u8").but_read_only(),
        _timer("hello_timer", 16),
        _timer("tcn_timer", 17),
        _timer("topology_change_timer", 18),
        _timer("gc_timer", 19),
        number("fdb_n_learned", 48, "u32").but_read_only().but_newer(),
        number("fdb_max_learned", 49, "u32").but_newer(),
        number("vlan_default_pvid", 39, "u16"),
        number("vlan_stats_enabled", 41, "u8"),
        number("vlan_stats_per_port", 45, "u8"),
        hexadecimal("group_fwd_mask", 9, "u16", zero=True),
        mac("group_addr", 20),
        number("mcast_snooping", 23, "u8"),
        masked_bit("no_linklocal_learn", 46, 1 << 0),
        masked_bit("mcast_vlan_snooping", 46, 1 << 1),
        masked_bit("mst_enabled", 46, 1 << 2).but_newer(),
        masked_bit("mdb_offload_fail_notification", 46, 1 << 3).but_newer(),
        masked_bit("fdb_local_vlan_0", 46, 1 << 4).but_newer(),
        number("mcast_router", 22, "u8"),
        number("mcast_query_use_ifaddr", 24, "u8"),
        number("mcast_querier", 25, "u8"),
        _querier(4, 1),
        _querier(6, 5),
        number("mcast_hash_elasticity", 26, "u32"),
        number("mcast_hash_max", 27, "u32"),
        number("mcast_last_member_cnt", 28, "u32"),
        number("mcast_startup_query_cnt", 29, "u32"),
        number("mcast_last_member_intvl", 30, "u64"),
        number("mcast_membership_intvl", 31, "u64"),
        number("mcast_querier_intvl", 32, "u64"),
        number("mcast_query_intvl", 33, "u64"),
        number("mcast_query_response_intvl", 34, "u64"),
        number("mcast_startup_query_intvl", 35, "u64"),
        number("mcast_stats_enabled", 42, "u8"),
        number("mcast_igmp_version", 43, "u8"),
        number("mcast_mld_version", 44, "u8"),
        number("nf_call_iptables", 36, "u8"),
        number("nf_call_ip6tables", 37, "u8"),
        number("nf_call_arptables", 38, "u8"),
    ),
    passed_over=frozenset((21, 40)),  # FDB_FLUSH, which is an order, and padding
)

BRIDGE_PORT = Table(
    "bridge port",
    (
        word("state", 1, "u8", _PORT_STATES),
        number("priority", 2, "u16"),
        number("cost", 3, "u32"),
        truth("hairpin", 4),
        truth("guard", 5),
        truth("root_block", 6),
        truth("fastleave", 7),
        truth("learning", 8),
        truth("flood", 9),
        hexadecimal("id", 17, "u16", zero=True).but_read_only(),
        hexadecimal("no", 18, "u16", zero=True).but_read_only(),
        number("designated_port", 15, "u16").but_read_only(),
        number("designated_cost", 16, "u16").but_read_only(),
        _bridge_id("bridge_id", 14),
        _bridge_id("root_id", 13),
        _timer("hold_timer", 23),
        _timer("message_age_timer", 21),
        _timer("forward_delay_timer", 22),
        number("topology_change_ack", 19, "u8").but_read_only(),
        number("config_pending", 20, "u8").but_read_only(),
        truth("proxy_arp", 10),
        truth("proxy_arp_wifi", 12),
        number("multicast_router", 25, "u8"),
        truth("mcast_flood", 27),
        truth("bcast_flood", 30),
        truth("mcast_to_unicast", 28),
        truth("neigh_suppress", 32),
        truth("neigh_vlan_suppress", 43).but_newer(),
        truth("neigh_forward_grat", 45).but_newer(),
        hexadecimal("group_fwd_mask", 31, "u16", zero=True),
        Option("group_fwd_mask_str", (31,), _forwarded_groups, None),
        truth("vlan_tunnel", 29),
        truth("isolated", 33),
        truth("locked", 39),
        truth("mab", 40).but_newer(),
        link("backup_port", 34),
        number("backup_nhid", 44, "u32").but_newer(),
    ),
    # LEARNING_SYNC, FLUSH, padding, the Media Redundancy Protocol, limits of the multicast database
    passed_over=frozenset((11, 24, 26, 35, 36, 37, 38, 41, 42)),
)
