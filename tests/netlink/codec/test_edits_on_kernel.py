# SPDX-License-Identifier: Apache-2.0
"""Requests that change something, on a running kernel: what `ip` shows afterwards is what was packed."""

from __future__ import annotations

import pytest

from amf_netwatch.netlink import Conversation, KernelError, parse_ip
from amf_netwatch.netlink.codec import edits
from amf_netwatch.netlink.codec.address import Address
from amf_netwatch.netlink.codec.constants import Family, LinkFlag, Scope
from amf_netwatch.netlink.codec.kinds.registry import pack_options, pack_port_options
from amf_netwatch.netlink.codec.link import LinkInfo
from amf_netwatch.netlink.codec.neighbour import Neighbour
from amf_netwatch.netlink.codec.route import Metrics, NextHop, Route
from amf_netwatch.netlink.codec.route_constants import (
    NeighbourState,
    RouteFlag,
    RouteProtocol,
    RouteType,
    RuleAction,
)
from amf_netwatch.netlink.codec.rule import Range, Rule

pytestmark = pytest.mark.kernel
EEXIST, ESRCH = 17, 3


@pytest.fixture
def conversation(namespace):
    with Conversation() as opened:
        yield opened


@pytest.fixture
def ends(namespace):
    """The indexes of two links that are up and joined."""
    first = namespace.add_link("v0", "veth", "peer", "name", "v1")
    namespace.ip("link set v0 up")
    namespace.ip("link set v1 up")
    return first, namespace.ip_json("link show v1")[0]["ifindex"]


def do(conversation, pack, *arguments):
    """Send one request and wait for its acknowledgement; raises KernelError."""
    answers = conversation.reserve()
    conversation.send(pack(*arguments, answers.sequence))
    assert list(answers) == []


def test_links(namespace, conversation):
    data = pack_options("bridge", {"forward_delay": 400})
    made = edits.plan_link(
        b"br0",
        ifindex=77,
        mtu=1400,
        address=bytes.fromhex("020000000001"),
        info=LinkInfo("bridge", data=data),
    )
    do(conversation, edits.pack_create_link, made)
    (said,) = namespace.ip_json("-d link show br0")
    assert (said["ifindex"], said["mtu"], said["address"]) == (77, 1400, "02:00:00:00:00:01")
    assert said["linkinfo"]["info_data"]["forward_delay"] == 400
    with pytest.raises(KernelError) as caught:
        do(conversation, edits.pack_create_link, made)
    assert caught.value.errno == EEXIST
    change = edits.plan_link(
        ifindex=77, alias="text", queue_length=7, group=3, flags=LinkFlag.UP, change=LinkFlag.UP
    )
    do(conversation, edits.pack_set_link, change)
    info = LinkInfo("bridge", data=pack_options("bridge", {"stp_state": 1}))
    do(conversation, edits.pack_change_link, edits.plan_link(ifindex=77, info=info))
    do(conversation, edits.pack_add_names, 77, (b"other", b"another"))
    do(conversation, edits.pack_remove_names, 77, (b"other",))
    (said,) = namespace.ip_json("-d link show br0")
    assert (said["ifalias"], said["txqlen"], said["group"], said["altnames"]) == ("text", 7, "3", ["another"])
    assert "UP" in said["flags"]
    assert said["linkinfo"]["info_data"]["stp_state"] == 1
    do(conversation, edits.pack_delete_link, 77)
    assert [item["ifname"] for item in namespace.ip_json("link show")] == ["lo"]


def test_a_veth_with_its_peer_and_a_port(namespace, conversation):
    peer = edits.pack_peer(edits.plan_link(b"w1", mtu=1300))
    do(conversation, edits.pack_create_link, edits.plan_link(b"w0", info=LinkInfo("veth", data=peer)))
    do(conversation, edits.pack_create_link, edits.plan_link(b"br0", info=LinkInfo("bridge")))
    said = {item["ifname"]: item for item in namespace.ip_json("link show")}
    assert said["w1"]["mtu"] == 1300
    index, master = said["w0"]["ifindex"], said["br0"]["ifindex"]
    do(conversation, edits.pack_set_link, edits.plan_link(ifindex=index, master=master))
    port = pack_port_options("bridge", {"cost": 7, "hairpin": True})
    do(conversation, edits.pack_set_port, index, "bridge", port)
    (item,) = namespace.ip_json("-d link show w0")
    found = item["linkinfo"]["info_slave_data"]
    assert (item["master"], found["cost"], found["hairpin"]) == ("br0", 7, True)
    do(conversation, edits.pack_set_link, edits.plan_link(ifindex=index, master=0))
    assert "master" not in namespace.ip_json("link show w0")[0]


def test_addresses(namespace, conversation, ends):
    four = Address(
        Family.INET,
        24,
        0,
        Scope.UNIVERSE,
        ends[0],
        local=parse_ip("192.0.2.1"),
        broadcast=parse_ip("192.0.2.255"),
    )
    six = Address(
        Family.INET6, 64, 0, Scope.UNIVERSE, ends[0], address=parse_ip("2001:db8::1"), all_flags=0x2
    )
    for address in (four, six):
        do(conversation, edits.pack_add_address, address)
        with pytest.raises(KernelError) as caught:
            do(conversation, edits.pack_add_address, address)
        assert caught.value.errno == EEXIST
        do(conversation, edits.pack_replace_address, address)
    said = {item["local"]: item for item in namespace.ip_json("addr show v0")[0]["addr_info"]}
    assert (said["192.0.2.1"]["prefixlen"], said["192.0.2.1"]["broadcast"]) == (24, "192.0.2.255")
    assert said["2001:db8::1"]["prefixlen"] == 64
    for address in (four, six):
        do(conversation, edits.pack_delete_address, address)
    left = {item["local"] for item in namespace.ip_json("addr show v0")[0]["addr_info"]}
    assert not left & {"192.0.2.1", "2001:db8::1"}


def route(destination, length, **more):
    return Route(
        Family.INET, length, 0, 0, more.pop("table_byte", 254), RouteProtocol.STATIC, Scope.UNIVERSE,
        RouteType.UNICAST, more.pop("flags", 0), destination=parse_ip(destination), **more,
    )  # fmt: skip


def test_routes_with_metrics_and_several_ways(namespace, conversation, ends):
    namespace.ip("addr add 192.0.2.1/24 dev v0")
    gateway = parse_ip("192.0.2.9")
    metrics = Metrics.from_values({"mtu": 1300, "rtt": 3, "hoplimit": 5, "congestion": "reno", "ecn": None})
    one = route("10.1.0.0", 16, gateway=gateway, interface=ends[0], priority=7, metrics=metrics)
    hops = (
        NextHop(RouteFlag.ONLINK, 3, ends[0], gateway),
        NextHop(0, 1, ends[0], parse_ip("192.0.2.10")),
    )
    many = route("10.2.0.0", 16, next_hops=hops, table_byte=0, table_number=1000)
    for value in (one, many):
        do(conversation, edits.pack_add_route, value)
    said = {item["dst"]: item for item in namespace.ip_json("-d route show table all")}
    first, second = said["10.1.0.0/16"], said["10.2.0.0/16"]
    assert (first["gateway"], first["metric"], first["metrics"]) == ("192.0.2.9", 7, [metrics.values()])
    assert second["table"] == "1000"
    assert [(way["gateway"], way["weight"]) for way in second["nexthops"]] == [
        ("192.0.2.9", 3),
        ("192.0.2.10", 1),
    ]
    do(conversation, edits.pack_replace_route, one._replace(gateway=parse_ip("192.0.2.8")))
    do(conversation, edits.pack_append_route, one)
    ways = [item["gateway"] for item in namespace.ip_json("route show 10.1.0.0/16")]
    assert ways == ["192.0.2.8", "192.0.2.9"]
    for value in (one, one._replace(gateway=parse_ip("192.0.2.8")), many):
        do(conversation, edits.pack_delete_route, value)
    with pytest.raises(KernelError) as caught:
        do(conversation, edits.pack_delete_route, one)
    assert caught.value.errno == ESRCH


@pytest.mark.parametrize("family", [Family.INET, Family.INET6])
def test_rules(namespace, conversation, family):
    source = parse_ip("192.0.2.0" if family == Family.INET else "2001:db8::")
    rule = Rule(
        family, 0, 24, 0, 0, RuleAction.TO_TBL, 0,
        priority=500, source=source, input=b"v9", mark=5, mask=0xFF, table_number=1000,
        protocol=RouteProtocol.STATIC, destination_ports=Range(80, 81), ip_protocol=6,
    )  # fmt: skip
    do(conversation, edits.pack_add_rule, rule)
    found = [value for value in conversation.dump_rules(family) if value.priority == 500]
    assert len(found) == 1
    assert found[0]._replace(flags=0, unknown=None) == rule._replace(table_byte=found[0].table_byte)
    option = "-4" if family == Family.INET else "-6"
    (said,) = [item for item in namespace.ip_json(f"{option} rule show") if item["priority"] == 500]
    assert (said["srclen"], said["fwmark"], said["fwmask"], said["iif"]) == (24, "0x5", "0xff", "v9")
    with pytest.raises(KernelError) as caught:
        do(conversation, edits.pack_add_rule, rule)
    assert caught.value.errno == EEXIST
    do(conversation, edits.pack_delete_rule, found[0])
    assert [value for value in conversation.dump_rules(family) if value.priority == 500] == []


@pytest.mark.parametrize("text", ["192.0.2.9", "2001:db8::9"])
def test_neighbours(namespace, conversation, ends, text):
    family = Family.INET6 if ":" in text else Family.INET
    neighbour = Neighbour(
        family, ends[0], NeighbourState.PERMANENT, 0, 0, parse_ip(text), bytes.fromhex("020000000009")
    )
    do(conversation, edits.pack_add_neighbour, neighbour)
    with pytest.raises(KernelError) as caught:
        do(conversation, edits.pack_add_neighbour, neighbour)
    assert caught.value.errno == EEXIST
    other = neighbour._replace(address=bytes.fromhex("02000000000a"))
    do(conversation, edits.pack_replace_neighbour, other)
    found = [value for value in conversation.dump_neighbours(family, interface=ends[0]) if value.permanent]
    assert [(value.text, value.address) for value in found] == [(text, other.address)]
    (said,) = [item for item in namespace.ip_json("neigh show dev v0") if item["dst"] == text]
    assert (said["lladdr"], said["state"]) == ("02:00:00:00:00:0a", ["PERMANENT"])
    do(conversation, edits.pack_delete_neighbour, other)
    assert not [value for value in conversation.dump_neighbours(family) if value.permanent]
