# SPDX-License-Identifier: Apache-2.0
"""Random operations on a namespace's network, as commands of `ip`: any that an administrator may run.

Many fail, because what they name is not there; that is meant. The same seed gives the same operations.
"""

from __future__ import annotations

from random import Random

LINKS = ("a0", "b0", "a1", "b1", "a2", "b2", "br0", "br1", "mv0", "vx0", "if0")
OTHER_NAMES = ("c0", "c1", "a0", "b1")
IPV4 = ("192.0.2.1/24", "192.0.2.2/24", "192.0.2.130/25", "198.51.100.1/32", "10.1.0.1/16")
IPV6 = ("2001:db8::1/64", "2001:db8::2/64", "2001:db8:1::1/48", "fd00::1/128")
PREFIXES4 = ("203.0.113.0/24", "203.0.113.128/25", "10.9.0.0/16", "default", "192.0.2.0/24")
PREFIXES6 = ("2001:db8:9::/48", "2001:db8:a::/64", "default", "2001:db8::/64")
GATEWAYS4 = ("192.0.2.9", "192.0.2.10", "10.1.0.9", "192.0.2.140")
GATEWAYS6 = ("fe80::9", "2001:db8::9", "2001:db8::a", "2001:db8:1::9")
MANNERS = ("add", "add", "append", "prepend", "replace", "change", "del", "del")


class RandomNetwork:
    """Gives operations; `elsewhere` is the name of a namespace that links may move to."""

    def __init__(self, seed: int, elsewhere: str) -> None:
        self._random = Random(seed)
        self._elsewhere = elsewhere
        self._operations = [
            (3, self._create),
            (2, self._delete),
            (8, self._switch),
            (2, self._rename),
            (4, self._set),
            (4, self._port),
            (8, self._address),
            (8, self._route4),
            (8, self._route6),
            (2, self._next_hop),
            (3, self._rule),
            (6, self._neighbour),
            (5, self._port_option),
            (1, self._move),
            (1, self._flush),
        ]

    def operation(self) -> str:
        """The next one."""
        weights = [weight for weight, _ in self._operations]
        (operation,) = self._random.choices(self._operations, weights)
        return operation[1]()

    def _pick(self, *choices: str) -> str:
        return self._random.choice(choices)

    def _link(self) -> str:
        return self._pick(*LINKS)

    def _create(self) -> str:
        number = self._pick("0", "1", "2")
        index = f"index {self._random.randint(50, 53)} " if self._random.random() < 0.2 else ""
        return self._pick(
            f"link add a{number} {index}type veth peer name b{number}",
            f"link add a{number} {index}type veth peer name b{number}",
            f"link add br{self._pick('0', '1')} {index}type bridge",
            f"link add mv0 link {self._link()} {index}type macvlan",
            f"link add vx0 {index}type vxlan id 7 dstport 4789 dev {self._link()}",
            f"link add if0 {index}type ifb",
        )

    def _delete(self) -> str:
        return f"link del {self._link()}"

    def _switch(self) -> str:
        return f"link set {self._link()} {self._pick('up', 'up', 'up', 'down')}"

    def _rename(self) -> str:
        if self._random.random() < 0.3:
            return f"link set {self._pick(*OTHER_NAMES)} name {self._link()}"
        return f"link set {self._link()} name {self._pick(*OTHER_NAMES)}"

    def _set(self) -> str:
        what = self._pick(
            "mtu 1400",
            "mtu 1500",
            "mtu 1200",
            "mtu 67",
            "address 02:00:00:00:00:01",
            "address 02:00:00:00:00:02",
            "promisc on",
            "promisc off",
            "allmulticast on",
            "arp off",
            "arp on",
            "txqueuelen 7",
            "alias something",
            "multicast off",
            "addrgenmode none",
            "addrgenmode eui64",
            "carrier off",
            "carrier on",
        )
        return f"link set {self._link()} {what}"

    def _port(self) -> str:
        bridge = self._pick("br0", "br1")
        return f"link set {self._link()} {self._pick('nomaster', f'master {bridge}', f'master {bridge}')}"

    def _address(self) -> str:
        manner = self._pick("add", "add", "add", "del", "replace")
        address = self._pick(*IPV4, *IPV6)
        more = self._pick("", "", "", " noprefixroute", " scope link", " preferred_lft 1000 valid_lft 2000")
        if ":" not in address:
            more += self._pick("", "", " broadcast +")
            if self._random.random() < 0.2:
                address = f"{address.split('/')[0]} peer 10.7.7.{self._random.randint(1, 2)}/32"
        elif manner == "add":
            more += self._pick(" nodad", " nodad", "")
        return f"addr {manner} {address} dev {self._link()}{more}"

    def _table(self) -> str:
        return self._pick("", "", "", " table 1000", " table 77")

    def _metrics(self) -> str:
        metrics = self._pick(
            "mtu 1300", "mtu 1300", "advmss 900", "hoplimit 9", "initcwnd 20", "mtu lock 1350"
        )
        return self._pick("", "", "", f" {metrics}", f" {metrics} rtt 200ms")

    def _rule(self) -> str:
        family, addresses = self._pick("-4", "-6"), ("192.0.2.0/24", "10.1.0.1")
        if family == "-6":
            addresses = ("2001:db8::/32", "fd00::1")
        selector = self._pick(
            f"from {self._pick(*addresses)}",
            f"to {self._pick(*addresses)}",
            f"iif {self._link()}",
            f"oif {self._link()}",
            f"not from {self._pick(*addresses)} fwmark {self._pick('1', '2/0xff')}",
            "suppress_prefixlength 0",
            "ipproto tcp dport 80-90",
        )
        action = self._pick("table 77", "table 1000", "blackhole", "goto 32000")
        priority = self._pick("", " priority 100", " priority 200")
        return f"{family} rule {self._pick('add', 'add', 'del')} {selector} {action}{priority}"

    def _neighbour(self) -> str:
        address = self._pick("192.0.2.9", "192.0.2.10", "10.77.0.1", "2001:db8::9", "fe80::9")
        link = self._pick("a0", "b0", "a1", "br0")
        if self._random.random() < 0.3:
            return f"neigh del {address} dev {link}"
        manner, mac = self._pick("add", "replace", "replace"), f"02:00:00:00:00:0{self._random.randint(1, 3)}"
        state = self._pick("", "", " nud reachable", " nud stale", " nud failed", " nud noarp", " router")
        return f"neigh {manner} {address} lladdr {mac} dev {link}{state}"

    def _port_option(self) -> str:
        names = ("cost 5", "cost 7", "priority 9", "hairpin on", "hairpin off", "guard on", "learning off")
        option = self._pick(*names, "state 1")
        return f"link set {self._pick('a0', 'b0', 'a1', 'b1')} type bridge_slave {option}"

    def _route4(self) -> str:
        manner, prefix = self._pick(*MANNERS), self._pick(*PREFIXES4)
        more = self._table() + self._pick("", "", " metric 5", " tos 0x10", " proto static", " scope link")
        more += self._metrics()
        kind = self._random.random()
        if kind < 0.5:
            way = f"via {self._pick(*GATEWAYS4)}"
            if self._random.random() < 0.3:
                way += f" dev {self._link()} onlink"
            if self._random.random() < 0.2:
                way += f" src {self._pick(*IPV4).split('/')[0]}"
        elif kind < 0.7:
            way = f"dev {self._link()}"
        elif kind < 0.85:
            first, second = self._pick(*GATEWAYS4), self._pick(*GATEWAYS4)
            return (
                f"-4 route {manner} {prefix}{more} "
                f"nexthop via {first} nexthop via {second} weight {self._random.randint(1, 3)}"
            )
        elif kind < 0.93:
            way = f"nhid {self._random.randint(1, 3)}"
        else:
            return f"-4 route {manner} {self._pick('blackhole', 'unreachable', 'prohibit')} {prefix}{more}"
        return f"-4 route {manner} {prefix} {way}{more}"

    def _route6(self) -> str:
        manner, prefix = self._pick(*MANNERS), self._pick(*PREFIXES6)
        more = self._table() + self._pick("", "", "", " metric 5", " proto static") + self._metrics()
        kind = self._random.random()
        if kind < 0.5:
            way = f"via {self._pick(*GATEWAYS6)} dev {self._link()}"
        elif kind < 0.65:
            way = f"dev {self._link()}"
        elif kind < 0.85:
            ways = [f"nexthop via {self._pick(*GATEWAYS6)} dev {self._link()}" for _ in range(2)]
            return f"-6 route {manner} {prefix}{more} {' '.join(ways)}"
        elif kind < 0.93:
            way = f"nhid {self._random.randint(11, 13)}"
        else:
            return f"-6 route {manner} {self._pick('blackhole', 'unreachable')} {prefix}{more}"
        return f"-6 route {manner} {prefix} {way}{more}"

    def _next_hop(self) -> str:
        number = self._random.randint(1, 3)
        return self._pick(
            f"nexthop replace id {number} via {self._pick(*GATEWAYS4)} dev {self._link()}",
            f"nexthop replace id {10 + number} via fe80::{number} dev {self._link()}",
            f"nexthop del id {self._pick(str(number), str(10 + number))}",
        )

    def _move(self) -> str:
        return f"link set {self._link()} netns {self._elsewhere}"

    def _flush(self) -> str:
        return self._pick(
            f"addr flush dev {self._link()}",
            "route flush table 1000",
            f"-6 route flush dev {self._link()}",
            "-4 route flush proto static",
            f"neigh flush dev {self._link()} nud all",
            "rule flush",
        )
