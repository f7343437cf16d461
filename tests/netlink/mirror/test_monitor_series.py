# SPDX-License-Identifier: Apache-2.0
"""A series of operations, one by one, and what the command `monitor --json` prints for each.

Each event once, in order, with the right fields: after every operation what the lines add up to is compared
with `ip -j` and pyroute2.
"""

from __future__ import annotations

import signal
from typing import Any

import pytest
from kernel_fixtures import Namespace
from netlink_oracle import (
    Pyroute2Oracle,
    ip_addresses,
    ip_links,
    ip_neighbours,
    ip_routes,
    ip_rules,
)
from netlink_programs import MONITOR, Program

Row = dict[str, Any]

# What to do, and the lines that follow: action, object, link, address or destination, what changed.
SERIES = """
ip link add name v0 type veth peer name v1
    new link v1
    new link v0
ip link set v0 addrgenmode none
ip link set v1 addrgenmode none
ip link set v0 address 02:00:00:00:00:01
    changed link v0 mac
ip link set v0 address 02:00:00:00:00:01
ip link set v0 mtu 1400
    changed link v0 mtu
ip link set v0 name w0
    changed link w0 ifname
ip link set w0 name v0
    changed link v0 ifname
ip link set v0 up
    changed link v0 admin_state,oper_state
ip link set v1 up
    changed link v1 admin_state,oper_state
    new route v1 ff00::/8
    changed link v1 oper_state,running
    new route v0 ff00::/8
    changed link v0 oper_state,running
ip link set v1 down
    changed link v1 admin_state,oper_state,running
    removed route v1 ff00::/8
    changed link v0 oper_state,running
ip link set v1 up
    changed link v1 admin_state,oper_state
    new route v1 ff00::/8
    changed link v1 oper_state,running
    changed link v0 oper_state,running
ip addr add 192.0.2.1/24 dev v0
    new address v0 192.0.2.1/24
    new route v0 192.0.2.1/32
    new route v0 192.0.2.0/24
    new route v0 192.0.2.255/32
ip addr add 192.0.2.2/24 dev v0
    new address v0 192.0.2.2/24
    new route v0 192.0.2.2/32
ip addr add 2001:db8::1/64 dev v0 nodad
    new route v0 2001:db8::/64
    new address v0 2001:db8::1/64
    new route v0 2001:db8::1/128
ip route add 198.51.100.0/24 via 192.0.2.9
    new route v0 198.51.100.0/24
ip route replace 198.51.100.0/24 via 192.0.2.10
    changed route v0 198.51.100.0/24 gateway
ip route replace 198.51.100.0/24 dev v0
    changed route v0 198.51.100.0/24 gateway,scope
ip route add 203.0.113.0/24 via 192.0.2.9 metric 5
    new route v0 203.0.113.0/24
ip route add 203.0.113.0/24 via 192.0.2.9 metric 6
    new route v0 203.0.113.0/24
ip route del 203.0.113.0/24 metric 5
    removed route v0 203.0.113.0/24
ip route add default via 192.0.2.9 table 1000
    new route v0 default
ip route change 203.0.113.0/24 via 192.0.2.9 metric 6 mtu 1300
    changed route v0 203.0.113.0/24 metrics
ip rule add from 192.0.2.0/24 table 100 priority 1000
    new rule None 1000
ip rule add from 192.0.2.0/24 iif v0 fwmark 2 table 100 priority 1000
    new rule None 1000
ip -6 rule add to 2001:db8::/32 type blackhole priority 1001
    new rule None 1001
ip rule add oif v0 goto 32766 priority 1002
    new rule None 1002
ip rule del iif v0 priority 1000
    removed rule None 1000
ip neigh add 192.0.2.77 lladdr 02:00:00:00:00:77 dev v0 nud permanent
    new neighbour v0 192.0.2.77
ip neigh change 192.0.2.77 lladdr 02:00:00:00:00:78 dev v0 nud permanent
    changed neighbour v0 192.0.2.77 mac
ip neigh change 192.0.2.77 lladdr 02:00:00:00:00:78 dev v0 nud stale
    changed neighbour v0 192.0.2.77 permanent
ip neigh del 192.0.2.77 dev v0
    removed neighbour v0 192.0.2.77
ip neigh add 192.0.2.78 lladdr 02:00:00:00:00:78 dev v0 nud permanent
    new neighbour v0 192.0.2.78
ip route add blackhole 10.0.0.0/8
    new route None 10.0.0.0/8
ip route add 10.1.0.0/16 nexthop via 192.0.2.9 nexthop via 192.0.2.10 weight 2
    new route None 10.1.0.0/16
ip -6 route add 2001:db8:9::/48 via 2001:db8::9
    new route v0 2001:db8:9::/48
ip -6 route replace 2001:db8:9::/48 via 2001:db8::a
    changed route v0 2001:db8:9::/48 gateway
ip -6 route add default via 2001:db8::9 metric 7
    new route v0 default
ip -6 route del 2001:db8:9::/48
    removed route v0 2001:db8:9::/48
ip -6 route del default
    removed route v0 default
ip addr del 192.0.2.2/24 dev v0
    removed address v0 192.0.2.2/24
    removed route v0 192.0.2.2/32
ip route del 10.1.0.0/16
    removed route None 10.1.0.0/16
ip route del blackhole 10.0.0.0/8
    removed route None 10.0.0.0/8
ip link add br0 type bridge
    new link br0
ip link set br0 addrgenmode none
ip link set br0 address 02:00:00:00:00:b0
    changed link br0 mac
ip link set br0 up
    changed link br0 admin_state
ip link set v1 master br0
    changed link v1 master
    new route br0 ff00::/8
    changed link br0 oper_state,running
ip link set v1 type bridge_slave cost 5
    changed link v1 port
ip link set v1 nomaster
    changed link v1 master
    changed link br0 oper_state,running
ip link set v1 master br0
    changed link v1 master
    changed link br0 oper_state,running
ip link del br0
    changed link v1 master
    changed link br0 admin_state,oper_state,running
    removed route br0 ff00::/8
    removed link br0
ip addr del 2001:db8::1/64 dev v0
    removed address v0 2001:db8::1/64
    removed route v0 2001:db8::1/128
    removed route v0 2001:db8::/64
ip addr add 192.0.2.1/24 dev v1
    new address v1 192.0.2.1/24
    new route v1 192.0.2.1/32
    new route v1 192.0.2.0/24
    new route v1 192.0.2.255/32
ip addr del 192.0.2.1/24 dev v1
    removed address v1 192.0.2.1/24
    removed route v1 192.0.2.0/24
    removed route v1 192.0.2.255/32
    removed route v1 192.0.2.1/32
ip route del 198.51.100.0/24
    removed route v0 198.51.100.0/24
ip link set v0 down
    changed link v0 admin_state,oper_state,running
    removed route v0 ff00::/8
    removed neighbour v0 192.0.2.78
    changed link v1 oper_state,running
    removed route v0 192.0.2.0/24
    removed route v0 192.0.2.255/32
    removed route v0 203.0.113.0/24
    removed route v0 default
ip link set v0 mtu 1500
    changed link v0 mtu
ip link set v0 alias nothing
ip link set v0 promisc on
ip link set v0 txqueuelen 7
ip link set v0 promisc off
ip link set v0 up
    changed link v0 admin_state,oper_state
    new route v0 192.0.2.0/24
    new route v0 192.0.2.255/32
    new route v0 ff00::/8
    changed link v0 oper_state,running
    changed link v1 oper_state,running
ip addr del 192.0.2.1/24 dev v0
    removed address v0 192.0.2.1/24
    removed route v0 192.0.2.0/24
    removed route v0 192.0.2.255/32
    removed route v0 192.0.2.1/32
ip link add mv0 link v0 address 02:00:00:00:00:03 type macvlan
    new link mv0
ip link set mv0 addrgenmode none
ip link set mv0 up
    changed link mv0 admin_state,oper_state,running
    new route mv0 ff00::/8
ip link set v0 down
    changed link v0 admin_state,oper_state,running
    removed route v0 ff00::/8
    changed link v1 oper_state,running
    changed link mv0 oper_state,running
ip link del mv0
    changed link mv0 admin_state,oper_state
    removed route mv0 ff00::/8
    removed link mv0
ip link add name p0 index 77 type veth peer name p1 index 78
    new link p1
    new link p0
ip link del p0
    removed link p0
    removed link p1
ip link add name q0 index 77 type veth peer name q1 index 78
    new link q1
    new link q0
ip link set q0 netns {elsewhere}
    removed link q0
ip link del q1
    removed link q1
ip link set v1 down
    changed link v1 admin_state,oper_state
    removed route v1 ff00::/8
ip link del v0
    removed link v0
    removed link v1
"""

LINK_FIELDS = ("ifname", "mac", "mtu", "admin_state", "oper_state", "running", "master", "kind")


def read_series() -> list[tuple[str, list[str]]]:
    series: list[tuple[str, list[str]]] = []
    for line in SERIES.strip().splitlines():
        if line.startswith("ip "):
            series.append((line[3:], []))
        else:
            series[-1][1].append(line.strip())
    return series


class Picture:
    """The view that results from the lines of a monitor."""

    def __init__(self) -> None:
        self.links: dict[int, Row] = {}
        self.addresses: set[tuple[int, str, str]] = set()
        self.routes: list[Row] = []
        self.rules: list[tuple[Any, ...]] = []
        self.neighbours: dict[tuple[str, str], tuple[str, bool]] = {}

    def add(self, line: Row) -> None:
        """One line; fails when it tells what cannot be."""
        action, gone = line["action"], line["action"] == "removed"
        if line["object"] == "link":
            known = line["ifindex"] in self.links
            assert known == (action in ("changed", "removed")), line
            if gone:
                del self.links[line["ifindex"]]
            else:
                self.links[line["ifindex"]] = line
        elif line["object"] == "address":
            address = (line["ifindex"], line["address"], line["family"])
            assert (address in self.addresses) == gone, line
            self.addresses ^= {address}
        elif line["object"] == "rule":
            self.rules.remove(rule_of(line)) if gone else self.rules.append(rule_of(line))
        elif line["object"] == "neighbour":
            if action in ("changed", "removed"):
                del self.neighbours[line["ifname"], line["address"]]
            if not gone:
                self.neighbours[line["ifname"], line["address"]] = (line["mac"], line["permanent"])
        else:
            if action == "changed":
                # The series never has two of one destination when it replaces one.
                (old,) = [one for one in self.routes if one["dst"] == line["dst"]]
                self.routes.remove(old)
            if gone:
                self.routes.remove(next(one for one in self.routes if route_of(one) == route_of(line)))
            else:
                self.routes.append(line)


def route_of(line: Row) -> tuple[Any, ...]:
    return (line["family"], line["table"], line["dst"], line["gateway"], line["ifname"])


def rule_of(line: Row) -> tuple[Any, ...]:
    names = ("family", "priority", "src", "dst", "input", "output", "mark", "table", "rule_action")
    return tuple(line[name] for name in names)


def describe(line: Row) -> str:
    what = line.get("address") or line.get("dst") or ""
    if line["object"] == "rule":
        what = str(line["priority"])
    words = (line["action"], line["object"], str(line["ifname"]), what, ",".join(line.get("changed", ())))
    return " ".join(word for word in words if word)


def read_current(monitor: Program, picture: Picture, count: int) -> None:
    for _ in range(count):
        line = monitor.json_line()
        assert line["action"] == "current"
        picture.add(line)


def compare(picture: Picture, namespace: Namespace, pyroute2: Pyroute2Oracle) -> None:
    links = {index: {name: line[name] for name in LINK_FIELDS} for index, line in picture.links.items()}
    assert links == ip_links(namespace)
    assert links == pyroute2.links()
    assert sorted(picture.rules, key=repr) == ip_rules(namespace)
    assert {(*key, *value) for key, value in picture.neighbours.items()} == ip_neighbours(namespace)
    assert picture.addresses == ip_addresses(namespace) == pyroute2.addresses()
    assert sorted(map(route_of, picture.routes), key=repr) == ip_routes(namespace)
    single = [
        (line["family"], line["table"], line["dst"], line["gateway"], line["ifindex"])
        for line in picture.routes
        if "next_hops" not in line
    ]
    assert sorted(single, key=repr) == pyroute2.routes()


@pytest.mark.kernel
def test_a_series_of_operations_is_told_once_in_order_and_rightly(
    namespace: Namespace, new_namespace: Any
) -> None:
    elsewhere = new_namespace().name
    picture = Picture()
    with Pyroute2Oracle() as pyroute2, Program(MONITOR, "--json") as monitor:
        present = sum(
            len(listed(namespace)) for listed in (ip_links, ip_addresses, ip_routes, ip_rules, ip_neighbours)
        )
        read_current(monitor, picture, present)
        compare(picture, namespace, pyroute2)
        for operation, expected in read_series():
            namespace.ip(operation.format(elsewhere=elsewhere))
            lines = [monitor.json_line() for _ in expected]
            told = [describe(line) for line in lines]
            # Carrier follows in its own time; an address takes its two routes along in an order that differs
            # between kernels (6.1 and 6.18).
            if any(word in operation for word in (" up", " down", "master", "link del", "addr del")):
                assert sorted(told) == sorted(expected), operation
            else:
                assert told == expected, operation
            for line in lines:
                picture.add(line)
            compare(picture, namespace, pyroute2)
        monitor.process.send_signal(signal.SIGINT)
        assert monitor.finish() == (0, "", "")
