# SPDX-License-Identifier: Apache-2.0
"""Bonds (IFLA_BOND_*) and their ports (IFLA_BOND_SLAVE_*). Source: linux/if_link.h, if_bonding.h.

The kernel checks which option may be set in which mode, and whether ports may exist then.
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
    ip_text,
    iter_nested,
    link,
    mac,
    number,
    pack_nested,
    parse_ip_of,
    truth,
    unpack,
    word,
)
from amf_netwatch.netlink.errors import EncodeError

_MODES = (
    "balance-rr",
    "active-backup",
    "balance-xor",
    "broadcast",
    "802.3ad",
    "balance-tlb",
    "balance-alb",
)
_VALIDATIONS = (None, "active", "backup", "all", "filter", "filter_active", "filter_backup")
_POLICIES = ("layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac")
_AD_NUMBERS = {1: "aggregator", 2: "num_ports", 3: "actor_key", 4: "partner_key"}
_AD_PARTNER_MAC = 5
_LACP_STATES = (
    "active",
    "short_timeout",
    "aggregating",
    "in_sync",
    "collecting",
    "distributing",
    "defaulted",
    "expired",
)


def _targets(name: str, attribute: int, size: int) -> Option:
    """Addresses that are asked for, as a list."""
    parse = parse_ip_of(size)

    def read(found: Mapping[int, bytes]) -> Any:
        addresses = [ip_text(value) for _, value in iter_nested(found.get(attribute, b""))]
        return addresses or ABSENT

    def write(value: Any, packed: Attributes) -> None:
        if isinstance(value, str) or not hasattr(value, "__iter__"):
            raise EncodeError(f"{value!r} is no list of addresses")
        packed[attribute] = pack_nested({place: parse(address) for place, address in enumerate(value)})

    return Option(name, (attribute,), read, write)


def _validation() -> Option:
    plain = word("arp_validate", 9, "u32", _VALIDATIONS)

    def write(value: Any, packed: Attributes) -> None:
        assert plain.write is not None
        plain.write(None if value == "none" else value, packed)

    return plain._replace(write=write)


def _read_ad_info(found: Mapping[int, bytes]) -> Any:
    if 23 not in found:
        return ABSENT
    nested = dict(iter_nested(found[23]))
    info: dict[str, Any] = {
        name: unpack(LAYOUTS["u16"], nested[kind]) for kind, name in _AD_NUMBERS.items() if kind in nested
    }
    if _AD_PARTNER_MAC in nested:
        info["partner_mac"] = nested[_AD_PARTNER_MAC].hex(":")
    return info


def _lacp_state(name: str, attribute: int) -> tuple[Option, Option]:
    """The state of LACP on a port (IEEE 802.1AX), as a number and as words."""

    def read_words(found: Mapping[int, bytes]) -> Any:
        if attribute not in found:
            return ABSENT
        state = unpack(LAYOUTS["u8"], found[attribute])
        return [word for place, word in enumerate(_LACP_STATES) if state >> place & 1]

    return (
        number(name, attribute, "u8").but_read_only(),
        Option(f"{name}_str", (attribute,), read_words, None),
    )


BOND = Table(
    "bond",
    (
        word("mode", 1, "u8", _MODES),
        link("active_slave", 2),
        number("miimon", 3, "u32"),
        number("updelay", 4, "u32"),
        number("downdelay", 5, "u32"),
        number("peer_notify_delay", 28, "u32"),
        number("use_carrier", 6, "u8"),
        number("arp_interval", 7, "u32"),
        number("arp_missed_max", 30, "u8"),
        _targets("arp_ip_target", 8, 4),
        _targets("ns_ip6_target", 31, 16),
        _validation(),
        word("arp_all_targets", 10, "u32", ("any", "all")),
        link("primary", 11),
        word("primary_reselect", 12, "u8", ("always", "better", "failure")),
        word("fail_over_mac", 13, "u8", ("none", "active", "follow")),
        word("xmit_hash_policy", 14, "u8", _POLICIES),
        number("resend_igmp", 15, "u32"),
        number("num_peer_notif", 16, "u8"),
        number("all_slaves_active", 17, "u8"),
        number("min_links", 18, "u32"),
        number("lp_interval", 19, "u32"),
        number("packets_per_slave", 20, "u32"),
        word("ad_lacp_active", 29, "u8", ("off", "on")),
        word("ad_lacp_rate", 21, "u8", ("slow", "fast")),
        truth("coupled_control", 32).but_newer(),
        truth("broadcast_neighbor", 33).but_newer(),
        word("ad_select", 22, "u8", ("stable", "bandwidth", "count", "actor_port_prio")),
        Option("ad_info", (23,), _read_ad_info, None),
        number("ad_actor_sys_prio", 24, "u16"),
        number("ad_user_port_key", 25, "u16"),
        mac("ad_actor_system", 26),
        number("tlb_dynamic_lb", 27, "u8"),
    ),
)

BOND_PORT = Table(
    "bond port",
    (
        word("state", 1, "u8", ("ACTIVE", "BACKUP")).but_read_only(),
        word("mii_status", 2, "u8", ("UP", "GOING_DOWN", "DOWN", "GOING_BACK")).but_read_only(),
        number("link_failure_count", 3, "u32").but_read_only(),
        mac("perm_hwaddr", 4).but_read_only(),
        number("queue_id", 5, "u16"),
        number("prio", 9, "s32"),
        number("ad_aggregator_id", 6, "u16").but_read_only(),
        *_lacp_state("ad_actor_oper_port_state", 7),
        *_lacp_state("ad_partner_oper_port_state", 8),
        word("churn_actor_state", 11, "u8", ("monitor", "churned", "none")).but_read_only().but_newer(),
        word("churn_partner_state", 12, "u8", ("monitor", "churned", "none")).but_read_only().but_newer(),
        number("actor_port_prio", 10, "u16").but_newer(),
    ),
)
