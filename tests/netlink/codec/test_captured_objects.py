# SPDX-License-Identifier: Apache-2.0
"""Recorded rules, neighbours, metrics and kinds of links, against what `ip` said and against pyroute2."""

from __future__ import annotations

import pytest
from netlink_captures import every_message, read_json, read_messages
from pyroute2.netlink.rtnl.fibmsg import fibmsg
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg
from pyroute2.netlink.rtnl.ndmsg import ndmsg

from amf_netwatch.netlink import (
    Choice,
    Family,
    NeighbourFlag,
    NeighbourState,
    RuleAction,
    RuleFlag,
    decode_link,
    decode_neighbour,
    decode_route,
    decode_rule,
    format_address,
    format_ip,
    pack_options,
    pack_port_options,
    read_options,
    read_port_options,
)
from amf_netwatch.netlink.codec.kinds.registry import decode_options, find_port_table, find_table, list_kinds
from amf_netwatch.netlink.codec.route import Metrics

RULE_TYPES, NEIGHBOUR_TYPES = (32, 33), (28, 29)
# How `ip` writes what it has names for.
TABLES = {255: "local", 254: "main", 253: "default"}
PROTOCOLS = {0: "unspec", 2: "kernel", 99: "openr"}
STATES = {state: state.name for state in NeighbourState}


def decode(decoder, message):
    return decoder(message.buffer, message.start, message.end)


def oracle(kind, message):
    found = kind(message.buffer[message.start - 16 : message.end])
    found.decode()
    return found


# -- rules ------------------------------------------------------------------------------------------------


def rule_as_ip(rule):  # noqa: PLR0912 - one branch for each key
    """A rule with the keys and values of ``ip -j -d rule``."""
    said = {"priority": rule.priority or 0}
    if rule.flags & RuleFlag.INVERT:
        said["not"] = None
    said["src"] = "all" if rule.source is None else format_ip(rule.source)
    if rule.source is not None and rule.source_length < 8 * len(rule.source):
        said["srclen"] = rule.source_length
    if rule.destination is not None:
        said["dst"] = format_ip(rule.destination)
        if rule.destination_length < 8 * len(rule.destination):
            said["dstlen"] = rule.destination_length
    if rule.tos:
        said["tos"] = hex(rule.tos)
    if rule.mark is not None:
        said["fwmark"] = hex(rule.mark)
        if rule.mask != 0xFFFFFFFF:
            said["fwmask"] = hex(rule.mask)
    for name, value, detached in (
        ("iif", rule.input, RuleFlag.IIF_DETACHED),
        ("oif", rule.output, RuleFlag.OIF_DETACHED),
    ):
        if value is not None:
            said[name] = value.decode()
            if rule.flags & detached:
                said[f"{name}_detached"] = None
    if rule.l3mdev:
        said["l3mdev"] = None
    if rule.users is not None:
        said |= {"uid_start": rule.users.first, "uid_end": rule.users.last}
    if rule.ip_protocol is not None:
        said["ipproto"] = {6: "tcp"}[rule.ip_protocol]
    for name, ports in (("sport", rule.source_ports), ("dport", rule.destination_ports)):
        if ports is not None and ports.first == ports.last:
            said[name] = ports.first
        elif ports is not None:
            said |= {f"{name}_start": ports.first, f"{name}_end": ports.last}
    if rule.tunnel is not None:
        said["tun_id"] = rule.tunnel
    if rule.table:
        said["table"] = TABLES.get(rule.table, str(rule.table))
        if rule.suppress_length is not None:
            said["suppress_prefixlen"] = rule.suppress_length
        if rule.suppress_group is not None:
            said["suppress_ifgroup"] = str(rule.suppress_group)
    if rule.realms is not None:
        said |= {"flow_from": str(rule.realms >> 16), "flow_to": str(rule.realms & 0xFFFF)}
    if rule.action == RuleAction.GOTO:
        said["goto"] = rule.goto
        if rule.flags & RuleFlag.UNRESOLVED:
            said["unresolved"] = None
    elif rule.action != RuleAction.TO_TBL:
        said["action"] = str(rule.action)
    said["protocol"] = PROTOCOLS[rule.protocol]
    return said


def test_rules_are_what_ip_said():
    rules = [decode(decode_rule, message) for message in read_messages("rules.dump", RULE_TYPES)]
    multicast = (Family.IPMR, Family.IP6MR)  # these have rules, too, which `ip rule` does not show
    assert [rule_as_ip(rule) for rule in rules if rule.family not in multicast] == read_json("rules")
    assert all(rule.unknown is None for rule in rules)


RULES = every_message(RULE_TYPES)


@pytest.mark.parametrize("number", range(len(RULES)))
def test_a_rule_is_what_pyroute2_reads(number):
    rule, said = decode(decode_rule, RULES[number]), oracle(fibmsg, RULES[number])
    assert (rule.family, rule.destination_length, rule.source_length, rule.tos) == (
        said["family"], said["dst_len"], said["src_len"], said["tos"],
    )  # fmt: skip
    assert (rule.action, rule.flags) == (said["action"], said["flags"])
    for field, name in {
        "priority": "FRA_PRIORITY",
        "mark": "FRA_FWMARK",
        "mask": "FRA_FWMASK",
        "table_number": "FRA_TABLE",
        "goto": "FRA_GOTO",
        "realms": "FRA_FLOW",
        "tunnel": "FRA_TUN_ID",
        "l3mdev": "FRA_L3MDEV",
        "protocol": "FRA_PROTOCOL",
        "ip_protocol": "FRA_IP_PROTO",
    }.items():
        assert getattr(rule, field) == said.get(name), field
    for field, name in {"input": "FRA_IIFNAME", "output": "FRA_OIFNAME"}.items():
        value = getattr(rule, field)
        assert (value.decode() if value is not None else None) == said.get(name), field
    for field, name in {"source": "FRA_SRC", "destination": "FRA_DST"}.items():
        assert (format_ip(getattr(rule, field)) or None) == said.get(name), field


# -- neighbours -------------------------------------------------------------------------------------------


def neighbour_as_ip(neighbour):
    """A neighbour with the keys and values of ``ip -j -d neigh``, but for the name of its link."""
    said = {"dst": neighbour.text}
    if neighbour.address is not None:
        said["lladdr"] = format_address(neighbour.address)
    for flag in (NeighbourFlag.ROUTER, NeighbourFlag.PROXY):
        if neighbour.flags & flag:
            said[flag.name.lower()] = None
    said["state"] = [name for state, name in STATES.items() if neighbour.state & state]
    if neighbour.protocol:
        said["protocol"] = PROTOCOLS[neighbour.protocol]
    return said


def in_order(items):
    return sorted(items, key=lambda item: sorted(map(repr, item.items())))


def test_neighbours_are_what_ip_said():
    said = [{key: value for key, value in item.items() if key != "dev"} for item in read_json("neighbours")]
    messages = read_messages("neighbours.dump", NEIGHBOUR_TYPES)
    neighbours = [decode(decode_neighbour, message) for message in messages]
    assert in_order(map(neighbour_as_ip, neighbours)) == in_order(said)
    assert any(found.permanent for found in neighbours)
    assert all(found.unknown is None for found in neighbours)


NEIGHBOURS = every_message(NEIGHBOUR_TYPES)


@pytest.mark.parametrize("number", range(len(NEIGHBOURS)))
def test_a_neighbour_is_what_pyroute2_reads(number):
    neighbour, said = decode(decode_neighbour, NEIGHBOURS[number]), oracle(ndmsg, NEIGHBOURS[number])
    assert (neighbour.family, neighbour.ifindex, neighbour.state, neighbour.flags, neighbour.type) == (
        said["family"], said["ifindex"], said["state"], said["flags"], said["ndm_type"],
    )  # fmt: skip
    assert (neighbour.text or None) == said.get("NDA_DST")
    assert (format_address(neighbour.address) or None) == (said.get("NDA_LLADDR") or None)
    for field, name in {"vlan": "NDA_VLAN", "vni": "NDA_VNI", "master": "NDA_MASTER"}.items():
        assert getattr(neighbour, field) == said.get(name), field


# -- metrics ----------------------------------------------------------------------------------------------


def test_metrics_and_ways_of_routes_are_what_ip_said():
    said = {item["dst"]: item for item in read_json("metrics")}
    messages = read_messages("metrics.dump", (24,))
    every = [decode(decode_route, message) for message in messages]
    routes = {route.text: route for route in every if route.table == 254}
    assert len(routes) == len(said)
    for text, item in said.items():
        route = routes[text] if text in routes else routes[f"{text}/32"]
        metrics = route.metrics or Metrics()
        assert metrics.values() == (item["metrics"][0] if "metrics" in item else {}), text
        assert (format_ip(route.preferred_source) or None) == item.get("prefsrc")
        assert (hex(route.tos) if route.tos else None) == item.get("tos")
        assert route.priority == item.get("metric")
        hops = route.next_hops or ()
        assert [(hop.weight, format_ip(hop.gateway) or None, bool(hop.flags & 4)) for hop in hops] == [
            (way["weight"], way.get("gateway"), "onlink" in way["flags"]) for way in item.get("nexthops", ())
        ]
        if "flow" in item:
            assert route.realms == int(item["flow"]["from"]) << 16 | int(item["flow"]["to"])
    rich = routes["10.6.0.0/16"].metrics
    assert rich.lock == 1 << 7 | 1 << 8 | 1 << 13, "cwnd, advmss, rto_min"
    assert Metrics.from_values(rich.values()) == rich._replace(lock=None)


# -- kinds of links ---------------------------------------------------------------------------------------

KINDS = [decode(decode_link, message) for message in read_messages("kinds-6.1.dump", (16,))]
NAMES = {link.ifindex: link.name.decode() for link in KINDS}
INDEXES = {name: index for index, name in NAMES.items()}
SAID = {item["ifname"]: item.get("linkinfo", {}) for item in read_json("kinds-6.1")}


@pytest.mark.parametrize("name", SAID)
def test_options_are_what_ip_said(name):
    """On every machine; `test_kinds_on_kernel` asks the kernels that are there."""
    link = next(link for link in KINDS if link.name.decode() == name)
    info = SAID[name]
    assert link.kind == info.get("info_kind")
    assert read_options(link, NAMES.get) == info.get("info_data", {})
    assert read_port_options(link, NAMES.get) == info.get("info_slave_data", {})
    if link.kind in list_kinds():
        wanted = read_options(link, NAMES.get, Choice.SETTABLE)
        data = pack_options(link.kind, wanted, INDEXES.get)
        assert decode_options(find_table(link.kind), data, NAMES.get, Choice.SETTABLE) == wanted
    if info.get("info_slave_kind") in ("bridge", "bond"):
        wanted = read_port_options(link, NAMES.get, Choice.SETTABLE)
        data = pack_port_options(info["info_slave_kind"], wanted, INDEXES.get)
        table = find_port_table(info["info_slave_kind"])
        assert decode_options(table, data, NAMES.get, Choice.SETTABLE) == wanted


# Options that pyroute2 reads as plain numbers.
PYROUTE2_NUMBERS = {
    "bridge": {
        "forward_delay": "IFLA_BR_FORWARD_DELAY",
        "ageing_time": "IFLA_BR_AGEING_TIME",
        "stp_state": "IFLA_BR_STP_STATE",
        "priority": "IFLA_BR_PRIORITY",
        "vlan_filtering": "IFLA_BR_VLAN_FILTERING",
        "mcast_querier_intvl": "IFLA_BR_MCAST_QUERIER_INTVL",
        "mcast_hash_max": "IFLA_BR_MCAST_HASH_MAX",
    },
    "bond": {
        "miimon": "IFLA_BOND_MIIMON",
        "arp_interval": "IFLA_BOND_ARP_INTERVAL",
        "resend_igmp": "IFLA_BOND_RESEND_IGMP",
        "packets_per_slave": "IFLA_BOND_PACKETS_PER_SLAVE",
    },
    "vlan": {"id": "IFLA_VLAN_ID"},
    "vrf": {"table": "IFLA_VRF_TABLE"},
    "vxlan": {"id": "IFLA_VXLAN_ID", "ageing": "IFLA_VXLAN_AGEING", "port": "IFLA_VXLAN_PORT"},
    "geneve": {"id": "IFLA_GENEVE_ID", "port": "IFLA_GENEVE_PORT"},
    "gre": {"ttl": "IFLA_GRE_TTL"},
}


def test_options_are_what_pyroute2_reads():
    compared = 0
    for message in read_messages("kinds-6.1.dump", (16,)):
        link, said = decode(decode_link, message), oracle(ifinfmsg, message)
        info = said.get("IFLA_LINKINFO")
        assert link.kind == (info.get_attr("IFLA_INFO_KIND") if info else None)
        data = info.get_attr("IFLA_INFO_DATA") if info else None
        options = read_options(link)
        for name, attribute in PYROUTE2_NUMBERS.get(link.kind, {}).items():
            if name in options:
                assert options[name] == data.get_attr(attribute), (link.kind, name)
                compared += 1
    assert compared > 25


def test_the_recording_has_every_kind_that_the_second_kernel_has():
    missing = set(list_kinds()) - {link.kind for link in KINDS}
    assert missing == {"ipvtap", "ip6gretap", "ip6erspan", "xfrm"}
    assert all(link.unknown is None for link in KINDS)
