# SPDX-License-Identifier: Apache-2.0
"""The dump: what a document can say is in it, the rest is marked, and applying it changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from kernel_fixtures import Namespace

from amf_netwatch.netlink import Network
from amf_netwatch.netlink.network.committer import Committer
from amf_netwatch.netlink.network.documents import reader
from amf_netwatch.netlink.network.documents.reader import print_document, same_document

pytestmark = pytest.mark.kernel

NETWORK = (
    "link set lo up",
    "link add br0 type bridge ageing_time 10000",
    "link add v0 type veth peer name v1",
    "link add mv0 link v1 type macvlan mode bridge",
    "link add vx0 type vxlan id 7 dstport 4789 local 192.0.2.1",
    "link add if0 type ifb",
    "link set v0 master br0",
    "link set v0 type bridge_slave cost 77 hairpin on",
    "link set v1 alias uplink mtu 1400 txqueuelen 77",
    "link set br0 up",
    "link set v0 up",
    "link set v1 up",
    "addr add 192.0.2.1/24 dev br0",
    "addr add 192.0.2.2/24 dev br0",
    "addr add 10.7.7.1 peer 10.7.7.2/32 dev v1",
    "addr add 2001:db8::1/64 dev br0 nodad",
    "addr add fe80::77/64 dev br0 nodad",
    "addr add 2001:db8::2/64 dev br0 nodad preferred_lft 1000 valid_lft 2000",
    "route add default via 192.0.2.254 mtu 1300 advmss 900",
    "route add 198.51.100.0/24 table 100 metric 10 nexthop via 192.0.2.9 weight 2 nexthop via 192.0.2.8",
    "route add blackhole 203.0.113.0/24",
    "route add 10.9.0.0/16 dev v1 src 10.7.7.1",
    "route add 10.10.0.0/16 via 172.16.0.1 dev v1 onlink",
    "route add 2001:db8:9::/48 via 2001:db8::9 metric 5",
    "route add default via 2001:db8::9",
    "route add unreachable 2001:db8:a::/48",
    "rule add from 192.0.2.0/24 table 100 priority 1000",
    "rule add iif v1 fwmark 2 table 100 priority 1000",
    "neigh add 192.0.2.9 lladdr 02:00:00:00:00:09 dev br0 nud permanent",
    "neigh add 192.0.2.10 lladdr 02:00:00:00:00:10 dev br0 nud stale",
)
UNSPEAKABLE = (
    "rule add not from 192.0.2.0/24 table 100 priority 1001",
    "rule add from 192.0.2.0/24 goto 2000 priority 1002",
    "rule add fwmark 2/0xff table 100 priority 1003",
    "route append 10.9.0.0/16 via 192.0.2.9",
    "nexthop add id 1 via 192.0.2.9 dev br0",
    "route add 10.11.0.0/16 nhid 1",
)


@pytest.fixture
def network(namespace: Namespace) -> Namespace:
    namespace.batch(list(NETWORK))
    namespace.ip("-6 rule add to 2001:db8::/32 type blackhole priority 1001")
    return namespace


def by(entries: list[dict[str, Any]], key: str) -> dict[Any, dict[str, Any]]:
    return {entry[key]: entry for entry in entries}


def test_everything_that_a_document_can_say_is_in_it(network: Namespace) -> None:
    document = Committer().dump()
    links = by(document["links"], "name")
    assert list(links) == ["br0", "if0", "lo", "mv0", "v0", "v1", "vx0"]
    assert links["br0"]["addresses"] == ["192.0.2.1/24", "192.0.2.2/24", "2001:db8::1/64", "fe80::77/64"]
    assert links["br0"]["dynamic"] == ["2001:db8::2/64"]
    assert links["br0"]["options"]["ageing_time"] == 10000
    assert (links["br0"]["kind"], links["br0"]["state"], links["if0"]["state"]) == ("bridge", "up", "down")
    assert (links["v0"]["peer"], links["v0"]["master"], links["v0"]["port"]["cost"]) == ("v1", "br0", 77)
    assert "state" not in links["v0"]["port"], "it follows from the carrier"
    described = (links["v1"]["alias"], links["v1"]["mtu"], links["v1"]["txqlen"], links["v1"]["master"])
    assert described == ("uplink", 1400, 77, None)
    assert links["v1"]["addresses"] == ["10.7.7.1 peer 10.7.7.2/32"]
    assert (links["mv0"]["lower"], links["mv0"]["options"]["mode"]) == ("v1", "bridge")
    assert (links["vx0"]["options"]["id"], links["vx0"]["options"]["local"]) == (7, "192.0.2.1")
    routes = [(route["dst"], route.get("table"), route.get("gateway")) for route in document["routes"]]
    assert routes == [
        ("198.51.100.0/24", 100, None),
        ("default", None, "192.0.2.254"),
        ("10.9.0.0/16", None, None),
        ("10.10.0.0/16", None, "172.16.0.1"),
        ("203.0.113.0/24", None, None),
        ("default", None, "2001:db8::9"),
        ("2001:db8:9::/48", None, "2001:db8::9"),
        ("2001:db8:a::/48", None, None),
    ]
    assert document["routes"][1]["metrics"] == {"advmss": 900, "mtu": 1300}
    assert document["rules"] == [
        {"priority": 1000, "family": "ipv4", "src": "192.0.2.0/24", "table": 100},
        {"priority": 1000, "family": "ipv4", "input": "v1", "mark": 2, "table": 100},
        {"priority": 1001, "family": "ipv6", "dst": "2001:db8::/32", "action": "blackhole"},
    ]
    assert document["neighbours"] == [{"link": "br0", "address": "192.0.2.9", "mac": "02:00:00:00:00:09"}]
    assert not [entry for entries in document.values() for entry in entries if "foreign" in entry]


def test_a_dump_is_valid_and_applying_it_changes_nothing(network: Namespace) -> None:
    network.batch(list(UNSPEAKABLE))
    committer = Committer()
    document = committer.dump()
    schema = Path(reader.__file__).parent / "document.schema.json"
    Draft202012Validator(json.loads(schema.read_text(encoding="utf-8"))).validate(document)
    assert same_document(document, json.loads(print_document(document)))
    change = committer.change()
    change.load(document)
    assert change.plan().describe() == []
    assert change.review() == {}


def test_what_a_document_cannot_say_is_marked(network: Namespace) -> None:
    network.batch(list(UNSPEAKABLE))
    document = Committer().dump()
    assert {rule["priority"] for rule in document["rules"] if rule.get("foreign")} == {1001, 1002, 1003}
    foreign = [route["dst"] for route in document["routes"] if route.get("foreign")]
    assert foreign == ["10.9.0.0/16", "10.9.0.0/16", "10.11.0.0/16"]


def test_a_dump_makes_the_network_again(network: Namespace) -> None:
    committer = Committer()
    document = committer.dump()
    network.batch([f"link del {name}" for name in ("vx0", "br0", "v0", "if0")])
    network.batch(["rule del priority 1000", "rule del priority 1000", "route flush table 100"])
    change = committer.change()
    change.load(document)
    change.commit()
    again = committer.dump()
    for section in ("rules", "neighbours"):
        assert again[section] == document[section]
    for entry in (*document["links"], *again["links"]):
        entry.pop("dynamic", None)  # nobody demands these
    assert by(again["links"], "name") == by(document["links"], "name")
    assert again["routes"] == document["routes"]


def test_some_objects_and_a_network(network: Namespace) -> None:
    with Network() as whole:
        assert whole.dump() == Committer().dump()
        assert list(whole.dump(["rule"])) == ["rules"]
        assert whole.dump(["address"])["links"][0] == {
            "name": "br0",
            "addresses": ["192.0.2.1/24", "192.0.2.2/24", "2001:db8::1/64", "fe80::77/64"],
            "dynamic": ["2001:db8::2/64"],
        }
        assert "addresses" not in whole.dump(["link"])["links"][0]


def test_a_peer_in_another_namespace_has_no_name_here(namespace: Namespace, new_namespace: Any) -> None:
    there = new_namespace()
    namespace.batch(["link add v0 type veth peer name v1", f"link set v1 netns {there.name}"])
    assert "peer" not in by(Committer().dump()["links"], "name")["v0"]
