# SPDX-License-Identifier: Apache-2.0
"""Objects that the kernel removes by itself are restored: each operation is applied and rolled back.

Each on a link with primary and secondary IPv4 addresses, IPv6 addresses, routes in two tables, neighbours, a
proxy, rules; with promote_secondaries and keep_addr_on_down off and on.
"""

from __future__ import annotations

import select
from typing import Any

import pytest
from kernel_fixtures import Namespace
from network_dump import compare, dump_all

from amf_netwatch.netlink import CommitError
from amf_netwatch.netlink.network.committer import Committer

pytestmark = pytest.mark.kernel

ROWS: dict[str, dict[str, Any]] = {
    "link down": {"links": [{"name": "v0", "state": "down"}]},
    "both links down": {"links": [{"name": "v0", "state": "down"}, {"name": "w0", "state": "down"}]},
    "link deleted": {"links": [{"name": "v0", "state": "absent"}]},
    "upper link deleted": {"links": [{"name": "m0", "state": "absent"}]},
    "bridge deleted": {"links": [{"name": "br0", "state": "absent"}]},
    "into a bridge": {"links": [{"name": "w0", "master": "br0"}]},
    "out of a bridge": {"links": [{"name": "p0", "master": None}]},
    "primary address": {"links": [{"name": "v0", "addresses": ["10.0.0.2/24", "10.1.0.1/24"]}]},
    "secondary address": {
        "links": [{"name": "v0", "addresses": ["10.0.0.1/24", "10.0.0.3/24", "10.1.0.1/24"]}]
    },
    "all addresses": {"links": [{"name": "v0", "addresses": []}]},
    "other addresses": {"links": [{"name": "v0", "addresses": ["10.9.0.1/24"]}]},
    "order of addresses": {
        "links": [
            {
                "name": "v0",
                "addresses": [
                    "10.1.0.1/24",
                    "10.0.0.3/24",
                    "10.0.0.1/24",
                    "2001:db8::1/64",
                    "2001:db8::2/64",
                ],
            }
        ]
    },
    "MAC": {"links": [{"name": "v0", "mac": "02:00:00:00:00:99"}]},
    "MTU": {"links": [{"name": "v0", "mtu": 1400}]},
    "MTU below IPv6": {"links": [{"name": "v0", "mtu": 1200}]},
    "route in the way": {"routes": [{"dst": "10.5.0.0/16", "kind": "blackhole"}]},
    "route that makes a gateway reachable": {"routes": [{"dst": "10.6.0.0/16", "state": "absent"}]},
    "rule": {"rules": [{"priority": 1000, "state": "absent"}]},
    "neighbour": {"neighbours": [{"link": "v0", "address": "10.0.0.7", "state": "absent"}]},
    "alias, queue": {"links": [{"name": "v0", "alias": "other", "txqlen": 5}]},
    "port options": {"links": [{"name": "p0", "port": {"cost": 5, "priority": 9, "hairpin": True}}]},
    "bridge options": {"links": [{"name": "br0", "options": {"ageing_time": 500, "stp_state": 1}}]},
}
SETTINGS = [(0, 0), (1, 0), (0, 1), (1, 1)]


def build(space: Namespace, promote: int, keep: int) -> None:
    prepare(space, promote, keep)
    while space.ip_json("-6 addr show tentative dev v0"):  # a second at most: the carrier must be noticed
        select.poll().poll(50)
    space.ip("-6 rule add pref 1001 from 2001:db8::/64 table 100")
    space.ip("-6 route add 2001:db8:6::/48 dev v0 src 2001:db8::2 metric 9")


def prepare(space: Namespace, promote: int, keep: int) -> None:
    for family, name, value in (
        ("ipv4", "promote_secondaries", promote),
        ("ipv6", "keep_addr_on_down", keep),
    ):
        for scope in ("all", "default"):
            space.run("sysctl", "-qw", f"net.{family}.conf.{scope}.{name}={value}")
    space.batch(
        [
            "link add v0 type veth peer name p0",
            "link add w0 type veth peer name q0",
            "link add br0 type bridge ageing_time 1000",
            "link add m0 link v0 type macvlan mode bridge",
            "link set v0 address 02:00:00:00:00:10 alias words txqueuelen 77",
            *(f"link set {name} up" for name in ("v0", "p0", "w0", "q0", "br0", "m0")),
            "link set p0 master br0",
            "link set p0 type bridge_slave cost 77 hairpin on",
            "addr add 10.0.0.1/24 dev v0",
            "addr add 10.0.0.2/24 dev v0",
            "addr add 10.0.0.3/24 dev v0",
            "addr add 10.1.0.1/24 dev v0",
            "addr add 10.2.0.1/24 dev w0",
            "addr add 10.3.0.1/24 dev m0",
            "addr add 10.4.0.1/24 dev br0",
            "addr add 2001:db8::1/64 dev v0",
            "addr add 2001:db8::2/64 dev v0",
            "addr add 2001:db8:3::1/64 dev m0",
            "route add 10.5.0.0/16 via 10.0.0.9",
            "route add 10.6.0.0/16 via 10.0.0.9 table 100 metric 7 mtu 1300",
            "route add 10.6.0.0/16 dev v0",
            "route add 10.7.0.0/16 via 10.6.0.9",
            "route add 10.8.0.0/16 dev v0 src 10.0.0.2",
            "route add 10.9.9.0/24 via 10.99.0.1 dev v0 onlink",
            "route add 10.10.0.0/16 nexthop via 10.0.0.9 weight 2 nexthop via 10.2.0.9",
            "route add 10.11.0.0/16 via 10.3.0.9",
            "route add 10.12.0.0/16 via 10.4.0.9 proto static",
            "route add 2001:db8:5::/48 via 2001:db8::9",
            "route add 2001:db8:7::/48 via 2001:db8::9 table 100 mtu 1300",
            "route add 2001:db8:8::/48 nexthop via 2001:db8::9 nexthop via 2001:db8::8",
            "route add 2001:db8:9::/48 via 2001:db8:3::9",
            "rule add pref 1000 iif v0 table 100",
            "rule add pref 1000 from 10.0.0.0/24 table 100",
            "nexthop add id 7 via 10.0.0.9 dev v0",
            "nexthop add id 8 via 10.2.0.9 dev w0",
            "nexthop add id 9 group 7,3/8",
            "route add 10.13.0.0/16 nhid 7",
            "route add 10.14.0.0/16 nhid 9",
            "neigh add 10.0.0.7 lladdr 02:00:00:00:01:01 dev v0",
            "neigh add 2001:db8::7 lladdr 02:00:00:00:01:02 dev v0",
            "neigh add 10.3.0.7 lladdr 02:00:00:00:01:03 dev m0",
            "neigh add proxy 10.0.0.8 dev v0",
        ]
    )


@pytest.mark.parametrize(("promote", "keep"), SETTINGS, ids=str)
@pytest.mark.parametrize("row", ROWS)
def test_a_row_is_rolled_back_and_undone(quiet: Namespace, row: str, promote: int, keep: int) -> None:
    build(quiet, promote, keep)
    before = dump_all()
    committer = Committer()
    change = committer.change().load(ROWS[row])
    with pytest.raises(CommitError) as caught:
        change.commit(check=lambda: False)
    assert caught.value.left == ()
    assert compare(before, dump_all()) == []
    change.commit()
    after = dump_all()
    assert compare(before, after)
    committer.undo(change)
    assert compare(before, dump_all()) == []


@pytest.mark.parametrize(("promote", "keep"), SETTINGS, ids=str)
@pytest.mark.parametrize(
    ("row", "changed"),
    [
        ("MAC", ("links",)),
        ("MTU", ("links",)),
        ("alias, queue", ("links",)),
        ("order of addresses", ("addresses", "routes", "routes6")),
        ("secondary address", ("addresses", "routes", "routes6")),
        ("route in the way", ("routes",)),
        ("port options", ("links",)),
    ],
)
def test_nothing_changes_but_what_was_asked_for(
    quiet: Namespace, row: str, changed: tuple[str, ...], promote: int, keep: int
) -> None:
    build(quiet, promote, keep)
    before = dump_all()
    Committer().change().load(ROWS[row]).commit()
    after = dump_all()
    assert {section for section in before if before[section] != after[section]} <= set(changed)
    if row == "MAC":
        assert before["neighbours"] == after["neighbours"]


@pytest.mark.parametrize("operation", ["down", "no address", "deleted"])
@pytest.mark.parametrize("kind", ["veth", "bridge", "macvlan", "macvtap", "ifb", "vxlan"])
def test_a_route_through_a_gateway_survives_roll_back(quiet: Namespace, kind: str, operation: str) -> None:
    arguments = {
        "veth": ("peer", "name", "p0"),
        "vxlan": ("id", "7", "dstport", "4789", "remote", "192.0.2.9"),
    }.get(kind, ())
    if kind.startswith("macv"):
        quiet.add_link("low0", "veth", "peer", "name", "low1")
        quiet.ip("link set low0 up")
        quiet.ip(f"link add x0 link low0 type {kind} mode bridge")
    else:
        quiet.add_link("x0", kind, *arguments)
    quiet.batch(
        [
            "link set x0 up",
            "addr add 10.0.0.1/24 dev x0",
            "addr add 2001:db8::1/64 dev x0",
            "route add default via 10.0.0.9",
            "route add default via 2001:db8::9",
        ]
    )
    before = dump_all()
    wish = {"down": {"state": "down"}, "no address": {"addresses": []}, "deleted": {"state": "absent"}}
    change = Committer().change().load({"links": [{"name": "x0", **wish[operation]}]})
    with pytest.raises(CommitError) as caught:
        change.commit(check=lambda: False)
    assert caught.value.left == ()
    assert compare(before, dump_all()) == []


def test_a_route_whose_gateway_nothing_makes_reachable_any_more_comes_back(quiet: Namespace) -> None:
    quiet.add_link("v0", "veth", "peer", "name", "v1")
    quiet.batch(
        [
            "link set v0 up",
            "addr add 10.0.0.1/24 dev v0",
            "addr add 10.1.0.1/24 dev v0",
            "route add 10.5.0.0/16 via 10.1.0.9",
            "addr del 10.1.0.1/24 dev v0",
        ]
    )
    before = dump_all()
    committer = Committer()
    change = committer.change().load({"links": [{"name": "v0", "state": "down"}]})
    change.commit()
    committer.undo(change)
    assert compare(before, dump_all()) == []
