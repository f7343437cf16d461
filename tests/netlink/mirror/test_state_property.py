# SPDX-License-Identifier: Apache-2.0
"""After any operations on a namespace, the state kept by events equals a fresh dump.

Thousands of random operations, of which some race with each other; then the kernel is left alone, and what
the mirror shows is compared in every fact with a dump by the library, and in every field that a monitor
shows with pyroute2.
"""

from __future__ import annotations

import os
import select
import subprocess
from collections import Counter
from collections.abc import Callable
from time import monotonic
from typing import Any

import pytest
from kernel_fixtures import Namespace
from netlink_oracle import Pyroute2Oracle
from random_network import RandomNetwork

from amf_netwatch.netlink.codec.address import Address
from amf_netwatch.netlink.codec.constants import MessageType
from amf_netwatch.netlink.codec.link import Link
from amf_netwatch.netlink.codec.neighbour import Neighbour
from amf_netwatch.netlink.codec.requests import pack_neighbour_request, pack_rule_request
from amf_netwatch.netlink.codec.rule import Rule
from amf_netwatch.netlink.conversation import Conversation
from amf_netwatch.netlink.mirror.follower import Follower
from amf_netwatch.netlink.mirror.lines import list_fields
from amf_netwatch.netlink.mirror.state import State
from amf_netwatch.netlink.mirror.tables.addresses import address_key
from amf_netwatch.netlink.mirror.tables.changes import (
    ADDRESS_FACTS,
    LINK_FACTS,
    NEIGHBOUR_FACTS,
    PORT_FACTS,
    ROUTE_FACTS,
    Action,
    Change,
    Value,
    read_facts,
    rule_identity,
)
from amf_netwatch.netlink.mirror.tables.namespace import Tables
from amf_netwatch.netlink.mirror.tables.neighbours import counts_as_neighbour, neighbour_key
from amf_netwatch.netlink.mirror.tables.routes import FAMILIES, route_interfaces, route_key

# The second kernel (`make test-kernel`) needs ten times as long to start `ip`, which every operation does.
FEWER = 4 if os.environ.get("AMF_NETWATCH_KERNEL") == "uml" else 1
SETTLING = 5.0  # seconds; the kernel tells a lost carrier up to one second later
LINK_FIELDS = ("ifname", "mac", "mtu", "admin_state", "oper_state", "running", "master", "kind")


def picture_of(links: Any, addresses: Any, routes: Any, rules: Any, neighbours: Any) -> tuple[Any, ...]:
    """All facts, in an order of their own."""
    return (
        {link.ifindex: (read_facts(LINK_FACTS, link), read_facts(PORT_FACTS, link)) for link in links},
        {address_key(one): read_facts(ADDRESS_FACTS, one) for one in addresses},
        sorted(((route_key(one), read_facts(ROUTE_FACTS, one)) for one in routes), key=repr),
        sorted(map(rule_identity, rules), key=repr),
        {
            neighbour_key(one): read_facts(NEIGHBOUR_FACTS, one)
            for one in neighbours
            if counts_as_neighbour(one)
        },
    )


def picture_of_kernel(conversation: Conversation) -> tuple[Any, ...]:
    routes = [route for family in FAMILIES for route in conversation.dump_routes(family)]
    rules = [
        rule
        for family in FAMILIES
        for rule in conversation.dump(MessageType.GETRULE, pack_rule_request(family))
    ]
    neighbours = conversation.dump(MessageType.GETNEIGH, pack_neighbour_request())
    return picture_of(conversation.dump_links(), conversation.dump_addresses(), routes, rules, neighbours)


def picture_of_tables(tables: Tables) -> tuple[Any, ...]:
    return picture_of(tables.links.values(), tables.addresses, tables.routes, tables.rules, tables.neighbours)


def picture_of_state(state: State) -> tuple[Any, ...]:
    return picture_of(state.links, state.addresses, state.routes, state.rules, state.neighbours)


class Driver:
    """A follower that is kept reading."""

    def __init__(self, follower: Follower) -> None:
        self.follower = follower
        self._poll = select.poll()
        self._poll.register(follower.fileno(), select.POLLIN)

    def catch_up(self, milliseconds: int = 0) -> None:
        while self.follower.behind or self._poll.poll(milliseconds):
            self.follower.read()

    def run(self, operations: list[str]) -> None:
        """Let two shells do it at the same time, and read meanwhile."""
        halves = [operations[0::2], operations[1::2]]
        shells = [
            subprocess.Popen(["sh"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            for _ in halves
        ]
        for shell, half in zip(shells, halves):
            assert shell.stdin is not None
            shell.stdin.write("".join(f"ip {operation}\n" for operation in half))
            shell.stdin.close()
        while any(shell.poll() is None for shell in shells):
            self.catch_up(1)

    def batch(self, operations: list[str]) -> None:
        """Let one process do it as fast as it can, and read only afterwards; nothing may fail."""
        script = "\n".join(operations) + "\n"
        subprocess.run(["ip", "-batch", "-"], input=script, text=True, check=True, capture_output=True)

    def settle(self, conversation: Conversation, operations: list[str]) -> None:
        """Read until the mirror equals a dump; fails when it does not come to that."""
        deadline = monotonic() + SETTLING
        while True:
            self.catch_up()
            ours, kernels = picture_of_tables(self.follower.mirror.tables), picture_of_kernel(conversation)
            if ours == kernels:
                return
            assert monotonic() < deadline, (operations, ours, kernels)
            self.catch_up(20)


def compare_with_pyroute2(tables: Tables, pyroute2: Pyroute2Oracle) -> None:
    lines = [
        list_fields(
            Change(Action.CURRENT, None, None, value),
            0.0,
            tables,
        )
        for value in tables
    ]
    links = {
        line["ifindex"]: {
            **{name: line[name] for name in LINK_FIELDS},
            "ifname": tables.find_name(line["ifindex"]).decode(),
        }
        for line in lines
        if "mtu" in line
    }
    assert links == pyroute2.links()
    addresses = {
        (line["ifindex"], line["address"], line["family"])
        for line in lines
        if "address" in line and "permanent" not in line
    }
    assert addresses == pyroute2.addresses()
    routes = [
        (line["family"], line["table"], line["dst"], line["gateway"], line["ifindex"])
        for line in lines
        if "gateway" in line and "next_hops" not in line
    ]
    assert sorted(routes, key=repr) == pyroute2.routes()


class Accountant:
    """Adds up the changes that observers are told; what they add up to must be what the tables show."""

    def __init__(self) -> None:
        self.shown: Counter[Any] = Counter()
        self._announced: Change | None = None
        self._complete = False

    def before(self, change: Change) -> None:
        assert self._announced is None
        self._announced = change

    def after(self, change: Change) -> None:
        if change.action is Action.LOST:
            self._complete = True
            return
        if change.action is Action.CURRENT:
            if self._complete:
                assert self.shown[entry(change.after)] >= 1
            else:
                self.shown[entry(change.after)] += 1
            return
        self._complete = True
        assert self._announced == change, "`before` was not told first"
        self._announced = None
        assert (change.before is None) == (change.action is Action.NEW)
        assert (change.after is None) == (change.action is Action.REMOVED)
        assert bool(change.changed) == (change.action is Action.CHANGED)
        if change.before is not None:
            assert self.shown[entry(change.before)] >= 1, "what was not there has changed or gone"
            self.shown[entry(change.before)] -= 1
        if change.after is not None:
            self.shown[entry(change.after)] += 1

    def compare(self, tables: Tables) -> None:
        assert +self.shown == Counter(map(entry, tables))
        # What is found by an index is what a look at everything finds.
        for ifindex in [*tables.links, 4711]:
            through = [one for one in tables.routes if ifindex in route_interfaces(one)]
            assert sorted(map(repr, tables.routes.through(ifindex))) == sorted(map(repr, through))
            neighbours = [one for one in tables.neighbours if one.ifindex == ifindex]
            assert sorted(map(repr, tables.neighbours.of(ifindex))) == sorted(map(repr, neighbours))
            addresses = [one for one in tables.addresses if one.ifindex == ifindex]
            assert sorted(map(repr, tables.addresses.of(ifindex))) == sorted(map(repr, addresses))
        assert tables.names == {link.name: ifindex for ifindex, link in tables.links.items()}


def entry(value: Value) -> Any:
    if isinstance(value, Link):
        return value.ifindex, read_facts(LINK_FACTS, value)
    if isinstance(value, Address):
        return address_key(value), read_facts(ADDRESS_FACTS, value)
    if isinstance(value, Rule):
        return rule_identity(value)
    if isinstance(value, Neighbour):
        return neighbour_key(value), read_facts(NEIGHBOUR_FACTS, value)
    return route_key(value), read_facts(ROUTE_FACTS, value)


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("seed", "rounds", "length", "receive_buffer"),
    [(1, 25, 40, None), (2, 25, 40, None), (3, 8, 150, None), (4, 15, 60, 4096), (5, 15, 60, 4096)],
)
def test_the_mirror_equals_a_fresh_dump(
    namespace: Namespace,
    new_namespace: Callable[[], Namespace],
    seed: int,
    rounds: int,
    length: int,
    receive_buffer: int | None,
) -> None:
    network = RandomNetwork(seed, new_namespace().name)
    accountant = Accountant()
    with (
        Conversation() as conversation,
        Pyroute2Oracle() as pyroute2,
        Follower(before=accountant.before, after=accountant.after, receive_buffer=receive_buffer) as follower,
    ):
        driver = Driver(follower)
        driver.catch_up()
        # A slow kernel overflows a buffer only now and then, so these rounds are not fewer.
        for _ in range(rounds if receive_buffer else rounds // FEWER):
            operations = [network.operation() for _ in range(length)]
            driver.run(operations)
            driver.settle(conversation, operations)
            accountant.compare(follower.mirror.tables)
        compare_with_pyroute2(follower.mirror.tables, pyroute2)
        if receive_buffer is not None:
            assert follower.losses, "the buffer was meant to overflow"


# With these the kernel tells even less: IPv6 routes end without a word too, routes over next hop objects do
# not say by which link they leave, and addresses become tentative, or are so for seconds, unannounced.
SILENT = (
    "net.ipv6.route.skip_notify_on_dev_down=1",
    "net.ipv4.nexthop_compat_mode=0",
    "net.ipv6.conf.all.keep_addr_on_down=1",
    "net.ipv6.conf.default.keep_addr_on_down=1",
    "net.ipv6.conf.default.accept_dad=1",
    "net.ipv4.conf.all.promote_secondaries=1",
    "net.ipv6.conf.default.forwarding=1",
)


@pytest.mark.kernel
@pytest.mark.parametrize("seed", [612, 613])
def test_the_mirror_equals_a_fresh_dump_of_a_taciturn_kernel(
    namespace: Namespace, new_namespace: Callable[[], Namespace], seed: int
) -> None:
    taken = [namespace.run("sysctl", "-qw", setting, check=False).returncode == 0 for setting in SILENT]
    assert sum(taken) > len(SILENT) / 2, "some of them are for the machine's own root only"
    network = RandomNetwork(seed, new_namespace().name)
    with Conversation() as conversation, Follower() as follower:
        driver = Driver(follower)
        driver.catch_up()
        for _ in range(12 // FEWER):
            operations = [network.operation() for _ in range(60)]
            driver.run(operations)
            driver.settle(conversation, operations)


@pytest.mark.kernel
def test_a_state_in_its_thread_equals_a_fresh_dump(
    namespace: Namespace, new_namespace: Callable[[], Namespace]
) -> None:
    network = RandomNetwork(6, new_namespace().name)
    with State() as state, Conversation() as conversation:
        for _ in range(8 // FEWER):
            script = "".join(f"ip {network.operation()}\n" for _ in range(60))
            namespace.run("sh", input=script, check=False)
            deadline = monotonic() + SETTLING
            while picture_of_state(state) != picture_of_kernel(conversation):
                assert monotonic() < deadline
                try:
                    state.wait_for(lambda _: False, timeout=0.02)
                except TimeoutError:
                    pass


@pytest.mark.kernel
def test_a_storm_with_a_tiny_buffer_ends_in_the_right_state(namespace: Namespace) -> None:
    lost: list[Change] = []
    with (
        Conversation() as conversation,
        Follower(
            after=lambda change: lost.append(change) if change.action is Action.LOST else None,
            receive_buffer=4096,
        ) as follower,
    ):
        driver = Driver(follower)
        driver.catch_up()
        storm = [f"link add s{n} type veth peer name t{n}" for n in range(150)]
        storm += [f"link set s{n} up" for n in range(150)] + [f"link set t{n} up" for n in range(150)]
        storm += [f"addr add 192.0.2.{n}/32 dev s{n}" for n in range(150)]
        storm += [f"link set t{n} name u{n}" for n in range(0, 150, 3)]
        storm += [f"link del s{n}" for n in range(1, 150, 3)]
        driver.batch(storm)
        driver.settle(conversation, storm)
        assert lost
        assert len(follower.mirror.tables.links) == 1 + 200
