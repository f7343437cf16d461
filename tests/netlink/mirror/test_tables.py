# SPDX-License-Identifier: Apache-2.0
"""The pure tables: what each message does to them, case by case.

The links of these tests are values; datagrams come from the recordings of a kernel.
"""

from __future__ import annotations

import sys
from typing import Any

import pytest
from netlink_captures import EVENTS, read_datagrams

from amf_netwatch.netlink import (
    Action,
    Address,
    Change,
    Family,
    HardwareType,
    HeaderFlag,
    Link,
    LinkFlag,
    MessageType,
    Mirror,
    NextHop,
    Object,
    OperState,
    Route,
    RouteFlag,
    RouteProtocol,
    RouteType,
    Scope,
    Tables,
)
from amf_netwatch.netlink.codec.link import LinkInfo
from amf_netwatch.netlink.codec.messages import pack_attribute, pack_message
from amf_netwatch.netlink.codec.neighbour import Neighbour
from amf_netwatch.netlink.codec.route import Metrics
from amf_netwatch.netlink.codec.route_constants import (
    NeighbourFlag,
    NeighbourState,
    RuleAction,
    RuleFlag,
)
from amf_netwatch.netlink.codec.rule import Rule, pack_rule
from amf_netwatch.netlink.mirror.tables import routes

UP, LOWER_UP, RUNNING = LinkFlag.UP, LinkFlag.LOWER_UP, LinkFlag.RUNNING


def link(ifindex: int, name: bytes, flags: int = 0, **more: Any) -> Link:
    fields = {"mtu": 1500, "operstate": OperState.UP, "address": b"\x02\0\0\0\0\x01", **more}
    return Link(Family.UNSPEC, HardwareType.ETHER, ifindex, int(flags), 0, name=name, **fields)


def partial(ifindex: int, **more: Any) -> Link:
    """Return a message of wireless extensions: a header, perhaps a name, an event."""
    return Link(Family.UNSPEC, HardwareType.ETHER, ifindex, int(UP), 0, wireless=b"?", **more)


def ipv4(
    address: bytes, ifindex: int = 1, *, length: int = 24, peer: bytes | None = None, **more: Any
) -> Address:
    return Address(
        Family.INET,
        length,
        0x80,
        Scope.UNIVERSE,
        ifindex,
        address=peer or address,
        local=address,
        **more,
    )


def route(destination: bytes = b"\x0a\0\0\0", *, family: Family = Family.INET, **more: Any) -> Route:
    length, kind = 8 * len(destination), RouteType.UNICAST
    return Route(family, length, 0, 0, 254, RouteProtocol.BOOT, Scope.UNIVERSE, kind, 0, destination, **more)


class Seen:
    """Tables whose changes are written down."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.tables = Tables(after=self.changes.append)

    def take(self) -> list[str]:
        texts = [
            " ".join([str(change.action), str(change.object), *change.changed]) for change in self.changes
        ]
        self.changes.clear()
        return texts


@pytest.fixture
def seen() -> Seen:
    return Seen()


# -- links -------------------------------------------------------------------------------------------------


def test_a_partial_message_wipes_nothing(seen: Seen) -> None:
    seen.tables.put_link(link(3, b"wlan0", UP, master=2))
    seen.take()
    seen.tables.put_link(partial(3, name=b"wlan0"))
    assert seen.take() == []
    assert seen.tables.links[3].mtu == 1500
    assert seen.tables.links[3].master == 2
    seen.tables.put_link(partial(3, name=b"wlan1"))
    assert seen.take() == ["changed link ifname"]
    seen.tables.put_link(partial(9))
    assert seen.take() == [], "a link of which only a part is known is not told"


def test_a_whole_message_without_a_master_means_that_there_is_none(seen: Seen) -> None:
    seen.tables.put_link(link(3, b"v0", master=2))
    seen.tables.put_link(link(3, b"v0"))
    assert seen.take() == ["new link", "changed link master"]


def test_what_was_set_again_is_no_change(seen: Seen) -> None:
    for flags, queue in ((UP, 1000), (UP, 7), (UP | LinkFlag.PROMISC, 7)):
        seen.tables.put_link(link(3, b"v0", flags, queue_length=queue))
    assert seen.take() == ["new link"]
    assert seen.tables.links[3].queue_length == 7, "but the last message counts"


def test_messages_of_a_bridge_say_nothing_of_the_link(seen: Seen) -> None:
    seen.tables.put_link(link(3, b"v0"))
    seen.tables.put_link(link(3, b"v0", mtu=1)._replace(family=Family.BRIDGE))
    assert seen.take() == ["new link"]
    assert seen.tables.links[3].mtu == 1500


@pytest.mark.skipif(sys.byteorder != "little", reason="the recordings are little-endian")
def test_a_port_that_leaves_its_bridge_lives_on() -> None:
    changes: list[Change] = []
    mirror = Mirror(after=changes.append)
    mirror.settle()
    datagrams = [datagram for name in EVENTS for datagram in read_datagrams(f"{name}.events")]
    for datagram in datagrams:
        mirror.apply(datagram)
    kinds = {int.from_bytes(datagram[4:6], "little") for datagram in datagrams if datagram[16] == 7}
    assert kinds == {16, 17}, "the recording has RTM_NEWLINK and RTM_DELLINK of AF_BRIDGE"
    masters = [change.changed for change in changes if change.action is Action.CHANGED]
    assert ("master",) in masters


def test_a_reused_index_is_a_new_link_and_names_follow_their_links(seen: Seen) -> None:
    seen.tables.put_link(link(77, b"p0"))
    seen.tables.addresses.put(ipv4(b"\xc0\0\x02\x01", 77))
    seen.tables.remove_link(77)
    seen.tables.put_link(link(77, b"q0"))
    assert seen.take() == ["new link", "new address", "removed address", "removed link", "new link"]
    seen.tables.put_link(link(78, b"p0"))
    seen.tables.put_link(link(78, b"r0"))
    assert seen.tables.names == {b"q0": 77, b"r0": 78}
    seen.tables.remove_link(4711)


def test_a_carrier_that_flapped_between_two_messages_is_told(seen: Seen) -> None:
    on = UP | LOWER_UP | RUNNING
    seen.tables.put_link(link(3, b"v0", on, carrier_changes=1))
    seen.tables.put_link(link(3, b"v0", on, carrier_changes=2))
    assert seen.take() == ["new link"], "one is the counter's lag"
    seen.tables.put_link(link(3, b"v0", on, carrier_changes=4))
    assert seen.take() == ["changed link carrier"]
    seen.tables.put_link(link(3, b"v0", UP, carrier_changes=9))
    assert seen.take() == ["changed link running carrier"]


# -- addresses ---------------------------------------------------------------------------------------------


def test_an_addresss_identity_is_of_its_family(seen: Seen) -> None:
    one, two = b"\xc0\0\x02\x01", b"\x0a\0\0\x01"
    seen.tables.addresses.put(ipv4(one))
    seen.tables.addresses.put(ipv4(one, length=25))
    seen.tables.addresses.put(ipv4(one, peer=two))
    seen.tables.addresses.put(ipv4(one, 2))
    assert seen.take() == ["new address"] * 4
    six = Address(Family.INET6, 64, 0x40, Scope.UNIVERSE, 1, address=bytes(15) + b"\x07")
    seen.tables.addresses.put(six)
    seen.tables.addresses.put(six._replace(flags=0))
    seen.tables.addresses.put(six._replace(flags=0, local=six.address, address=bytes(16), prefix_length=128))
    assert seen.take() == ["new address", "changed address flags", "changed address prefix_length peer"]
    seen.tables.addresses.remove(ipv4(one, length=26))
    assert seen.take() == []


# -- routes ------------------------------------------------------------------------------------------------

GATEWAY, OTHER, THIRD = b"\xc0\0\x02\x01", b"\xc0\0\x02\x02", b"\xc0\0\x02\x03"
APPEND, REPLACE = int(HeaderFlag.APPEND), int(HeaderFlag.REPLACE)


def gateways(seen: Seen) -> list[bytes | None]:
    return [one.gateway for one in seen.tables.routes]


def test_ipv4_keeps_routes_of_one_place_side_by_side_and_replaces_the_first(seen: Seen) -> None:
    table = seen.tables.routes
    table.add(route(gateway=GATEWAY), 0)
    table.add(route(gateway=OTHER), APPEND)
    table.add(route(gateway=THIRD), 0)  # prepend
    assert gateways(seen) == [THIRD, GATEWAY, OTHER]
    assert not table.to_reread
    table.add(route(gateway=THIRD, interface=9), REPLACE)
    assert seen.take() == ["new route"] * 3 + ["changed route ifindex"]
    assert table.to_reread == {routes.RouteScope(Family.INET, 254)}, "which one was the first?"
    table.remove(route(gateway=OTHER))
    assert gateways(seen) == [THIRD, GATEWAY]
    table.remove(route(gateway=OTHER))
    assert seen.take() == ["removed route"]


def test_places_differ_by_metric_table_tos_and_length(seen: Seen) -> None:
    table = seen.tables.routes
    for one in (
        route(gateway=GATEWAY),
        route(gateway=GATEWAY, priority=5),
        route(gateway=GATEWAY, table_number=1000),
        route(gateway=GATEWAY)._replace(tos=16),
        route(gateway=GATEWAY)._replace(destination_length=31),
    ):
        table.add(one, REPLACE)
    assert seen.take() == ["new route"] * 5
    assert len(table) == 5
    assert not table.to_reread


def test_replacing_a_route_by_the_same_is_no_change(seen: Seen) -> None:
    table = seen.tables.routes
    table.add(route(gateway=GATEWAY), 0)
    table.add(route(gateway=GATEWAY)._replace(flags=int(RouteFlag.LINKDOWN)), REPLACE)
    assert seen.take() == ["new route"]
    table.add(route(gateway=OTHER)._replace(flags=int(RouteFlag.CLONED)), 0)
    table.remove(route(gateway=GATEWAY)._replace(flags=int(RouteFlag.CLONED)))
    table.add(route(gateway=OTHER)._replace(family=Family(128)), 0)
    assert seen.take() == [], "cache entries and multicast routing are other tables"
    assert not table.to_reread


def test_routes_that_differ_only_in_what_is_not_read_are_counted_by_the_dump(seen: Seen) -> None:
    table, twin = seen.tables.routes, route(gateway=GATEWAY)
    table.add(twin, 0)
    table.add(route(gateway=GATEWAY)._replace(flags=int(RouteFlag.ONLINK)), 0)
    assert len(table) == 2, "ONLINK is read"
    table.add(twin, APPEND)
    assert seen.take() == ["new route"] * 2
    scope = routes.RouteScope(Family.INET, 254)
    assert table.to_reread == {scope}
    table.apply_dump(scope, [*table, twin])
    assert seen.take() == ["new route"]
    table.remove(twin)
    table.remove(twin)
    assert (seen.take(), len(table)) == (["removed route"] * 2, 1)
    table.load([route(b"\x0b\0\0\0"), route(b"\x0b\0\0\0")])
    assert len(table) == 3


def six(*ways: tuple[bytes, int], **more: Any) -> Route:
    if len(ways) == 1:
        more.update(gateway=ways[0][0], interface=ways[0][1])
    else:
        more["next_hops"] = tuple(NextHop(0, 1, interface, gateway) for gateway, interface in ways)
    return route(bytes(16), family=Family.INET6, **more)


A, B, C = (bytes(15) + b"\x01", 1), (bytes(15) + b"\x02", 2), (bytes(15) + b"\x03", 3)


def test_ipv6_merges_ways_and_takes_them_apart(seen: Seen) -> None:
    table = seen.tables.routes
    table.add(six(A), 0)
    table.add(six(A, B), APPEND)
    table.add(six(A, B, C), APPEND)
    assert seen.take() == ["new route", "changed route gateway ifindex next_hops", "changed route next_hops"]
    table.remove(six(B))
    table.remove(six(A))
    assert seen.take() == ["changed route next_hops", "changed route gateway ifindex next_hops"]
    assert [one.gateway for one in table] == [C[0]]
    assert table.to_reread == {routes.RouteScope(Family.INET6, 254)}
    table.remove(six(C))
    assert seen.take() == ["removed route"]


def test_ipv6_ways_have_no_order(seen: Seen) -> None:
    table = seen.tables.routes
    table.add(six(A, B), 0)
    table.add(six(B, A), 0)
    assert seen.take() == ["new route"]
    table.remove(six(B, A))
    assert seen.take() == ["removed route"]


def test_ipv6_routes_without_gateway_live_side_by_side(seen: Seen) -> None:
    table = seen.tables.routes
    for interface in (1, 2):
        table.add(route(bytes(8), family=Family.INET6, interface=interface), 0)
    assert seen.take() == ["new route"] * 2
    table.remove(route(bytes(8), family=Family.INET6, interface=1))
    assert [one.interface for one in table] == [2]


def test_what_may_end_without_an_event_is_noted(seen: Seen) -> None:
    tables = seen.tables
    tables.put_link(link(1, b"v0", UP | RUNNING | LOWER_UP))
    tables.routes.add(route(gateway=GATEWAY, interface=1), 0)
    tables.routes.add(route(b"\x0b\0\0\0", interface=2, preferred_source=GATEWAY), 0)
    tables.routes.add(route(b"\x0c\0\0\0", interface=1, next_hop_id=7), 0)

    def to_reread() -> set[Any]:
        noted, tables.routes.to_reread = tables.routes.to_reread, set()
        return noted

    assert to_reread() == set()
    tables.put_link(link(1, b"v0", UP))
    assert to_reread() == {routes.RouteScope(Family.INET, None, 1)}, "the next hop object, with its carrier"
    tables.put_link(link(1, b"v0"))
    both = {routes.RouteScope(family, None, 1) for family in routes.FAMILIES}
    assert to_reread() == both
    tables.addresses.remove(ipv4(GATEWAY))
    assert to_reread() == both | {routes.RouteScope(Family.INET, None, 2)}
    tables.routes.note_next_hops_changed()
    assert to_reread() == {routes.RouteScope(Family.INET)}
    seen.take()
    tables.remove_link(1)
    assert seen.take() == ["removed route", "removed route", "removed link"]


def test_reading_again_tells_what_is_missing_new_or_other(seen: Seen) -> None:
    table = seen.tables.routes
    table.add(route(gateway=GATEWAY, interface=1), 0)
    table.add(route(b"\x0b\0\0\0", interface=1), 0)
    table.add(route(b"\x0c\0\0\0", interface=2), 0)
    seen.take()
    listed = [
        route(gateway=OTHER, interface=1),
        route(b"\x0d\0\0\0", interface=1),
        route(b"\x0e\0\0\0", interface=3),
    ]
    table.begin_dump()
    table.apply_dump(routes.RouteScope(Family.INET, None, 1), listed)
    assert seen.take() == ["changed route gateway", "removed route", "new route"]
    assert {one.destination for one in table} == {b"\x0a\0\0\0", b"\x0c\0\0\0", b"\x0d\0\0\0"}


def test_an_event_is_newer_than_the_dump_it_overtakes_and_the_place_is_read_once_more(seen: Seen) -> None:
    table, scope = seen.tables.routes, routes.RouteScope(Family.INET)
    table.add(route(gateway=GATEWAY), 0)
    table.begin_dump()
    table.add(route(gateway=OTHER), REPLACE)
    seen.take()
    table.apply_dump(scope, [route(gateway=GATEWAY)])
    assert seen.take() == []
    assert gateways(seen) == [OTHER]
    assert table.to_reread == {scope}
    table.to_reread.clear()
    table.end_dump()
    table.begin_dump()
    table.apply_dump(scope, [route(gateway=OTHER)])
    assert (seen.take(), table.to_reread) == ([], set())


# -- the mirror --------------------------------------------------------------------------------------------


def test_a_mirror_shows_nothing_until_it_is_settled_and_the_old_while_it_reads_anew() -> None:
    told: list[Change] = []
    mirror = Mirror(after=told.append)
    mirror.load([link(1, b"v0"), link(2, b"v1"), ipv4(b"\xc0\0\x02\x01"), route(interface=1)])
    assert not told
    mirror.settle()
    mirror.settle()
    assert [(change.action, change.object, change.name) for change in told] == [
        (Action.CURRENT, Object.LINK, b"v0"),
        (Action.CURRENT, Object.LINK, b"v1"),
        (Action.CURRENT, Object.ADDRESS, b"v0"),
        (Action.CURRENT, Object.ROUTE, b"v0"),
    ]
    told.clear()
    mirror.lose()
    mirror.lose()
    mirror.load([link(7, b"never")])
    mirror.lose()
    mirror.load([link(2, b"v2"), link(3, b"v0")])
    assert [change.action for change in told] == [Action.LOST]
    assert set(mirror.tables.links) == {1, 2}
    mirror.settle()
    assert [(str(change.action), change.name, change.resync) for change in told[1:]] == [
        ("removed", b"v0", True),  # its address
        ("removed", b"v0", True),  # its route
        ("removed", b"v0", True),
        ("changed", b"v2", True),
        ("new", b"v0", True),
        ("current", b"v2", False),
        ("current", b"v0", False),
    ]
    assert mirror.tables.names == {b"v2": 2, b"v0": 3}


def test_names_that_changed_places_during_a_loss_are_found() -> None:
    mirror = Mirror()
    mirror.load([link(1, b"a"), link(2, b"b")])
    mirror.settle()
    mirror.lose()
    mirror.load([link(1, b"b"), link(2, b"a")])
    mirror.settle()
    assert mirror.tables.names == {b"b": 1, b"a": 2}


# -- rules and neighbours ----------------------------------------------------------------------------------


def rule(priority: int, family: Family = Family.INET, **more: Any) -> Rule:
    return Rule(family, 0, 0, 0, 100, RuleAction.TO_TBL, 0, priority, **more)


def test_rules_come_in_the_kernels_order_and_their_detached_flag_is_no_change(seen: Seen) -> None:
    table = seen.tables.rules
    for one in (rule(9), rule(3, Family.INET6), rule(5, input=b"v0"), rule(5, output=b"v0")):
        table.add(one)
    assert [(one.family, one.priority) for one in table] == [
        (Family.INET, 5),
        (Family.INET, 5),
        (Family.INET, 9),
        (Family.INET6, 3),
    ]
    assert seen.take() == ["new rule"] * 4
    detached = rule(5, input=b"v0")._replace(flags=int(RuleFlag.IIF_DETACHED))
    table.apply_dump(Family.INET, [rule(9), rule(5, output=b"v0"), detached])
    assert (seen.take(), table.to_reread) == ([], set())
    table.remove(detached)
    assert seen.take() == ["removed rule"]
    table.add(rule(1, Family(128)))
    table.remove(rule(1, Family(128)))
    assert (seen.take(), len(table)) == ([], 3)


def test_a_rule_that_is_there_already_is_read_again(seen: Seen) -> None:
    table = seen.tables.rules
    table.add(rule(5))
    table.add(rule(5))
    assert (seen.take(), table.to_reread) == (["new rule"], {Family.INET})
    table.to_reread.clear()
    table.begin_dump()
    table.apply_dump(Family.INET, [rule(5), rule(5), rule(7, Family.INET6)])
    table.end_dump()
    assert (seen.take(), len(table), table.to_reread) == (["new rule"], 2, set())
    table.remove(rule(5))
    assert (seen.take(), len(table)) == (["removed rule"], 1)
    table.begin_dump()
    table.remove(rule(5))
    table.apply_dump(Family.INET, [rule(5)])
    assert (seen.take(), len(table), table.to_reread) == (["removed rule"], 0, {Family.INET})


def test_a_rule_event_that_a_first_dump_may_have_overtaken_is_checked() -> None:
    told: list[Change] = []
    mirror = Mirror(after=told.append)
    mirror.load([rule(5)])
    mirror.apply(pack_message(MessageType.DELRULE, 0, 0, pack_rule(rule(5))))
    mirror.settle()
    assert mirror.tables.rules.to_reread == {Family.INET}
    mirror.begin_dump()
    mirror.apply_rule_dump(Family.INET, [rule(5)])
    mirror.end_dump()
    assert [str(change.action) for change in told] == ["new"], "an equal one had been added before"


def neighbour(state: NeighbourState, mac: bytes = b"\x02\0\0\0\0\x09", **more: Any) -> Neighbour:
    fields = {"flags": 0, "destination": b"\xc0\0\2\x09", **more}
    return Neighbour(Family.INET, 1, int(state), type=1, address=mac, **fields)


def test_a_neighbour_counts_while_its_hardware_address_is_known(seen: Seen) -> None:
    table = seen.tables.neighbours
    table.put(neighbour(NeighbourState.INCOMPLETE))
    table.put(neighbour(NeighbourState.NOARP))
    assert seen.take() == []
    table.put(neighbour(NeighbourState.REACHABLE))
    table.put(neighbour(NeighbourState.STALE))
    assert seen.take() == ["new neighbour"], "the kernel does not announce every step between these states"
    table.put(neighbour(NeighbourState.DELAY, b"\x02\0\0\0\0\x08"))
    table.put(neighbour(NeighbourState.PERMANENT, b"\x02\0\0\0\0\x08"))
    assert seen.take() == ["changed neighbour mac", "changed neighbour permanent"]
    table.put(neighbour(NeighbourState.PERMANENT, flags=int(NeighbourFlag.PROXY)))
    table.remove(neighbour(NeighbourState.PERMANENT, flags=int(NeighbourFlag.PROXY)))
    table.put(neighbour(NeighbourState.PERMANENT)._replace(family=Family.BRIDGE))
    assert seen.take() == [], "proxies and forwarding entries are no neighbours"
    table.put(neighbour(NeighbourState.FAILED))
    assert seen.take() == ["removed neighbour"]
    table.remove(neighbour(NeighbourState.FAILED))
    assert (seen.take(), len(table)) == ([], 0)


def test_neighbours_go_with_their_link(seen: Seen) -> None:
    seen.tables.put_link(link(1, b"v0"))
    seen.tables.neighbours.put(neighbour(NeighbourState.REACHABLE))
    seen.take()
    seen.tables.remove_link(1)
    assert seen.take() == ["removed neighbour", "removed link"]


# -- ports and metrics -------------------------------------------------------------------------------------


def port(cost: int, state: int = 3, **more: Any) -> Link:
    data = pack_attribute(1, bytes([state])) + pack_attribute(3, cost.to_bytes(4, sys.byteorder))
    info = LinkInfo("veth", "bridge", port_data=data)
    return link(3, b"v0", UP, **{"master": 2, "info": info, **more})


def test_the_options_of_a_port_are_facts_while_it_stays_one(seen: Seen) -> None:
    seen.tables.put_link(link(3, b"v0", UP, info=LinkInfo("veth")))
    seen.tables.put_link(port(2))
    assert seen.take() == ["new link", "changed link master"]
    seen.tables.put_link(port(5))
    seen.tables.put_link(port(5, 4))
    assert seen.take() == ["changed link port", "changed link port_state"]
    seen.tables.put_link(port(7)._replace(flags=0))
    seen.tables.put_link(port(9)._replace(flags=0))
    assert seen.take() == ["changed link admin_state"], "nothing is announced of a port that is down"
    assert seen.tables.links_to_reread == set()
    seen.tables.put_link(port(9)._replace(family=Family.BRIDGE))
    assert (seen.take(), seen.tables.links_to_reread) == ([], {3})


def test_an_mtu_changes_the_metrics_of_ipv6_routes_in_silence(seen: Seen) -> None:
    table = seen.tables.routes
    seen.tables.put_link(link(1, b"v0"))
    table.add(six((bytes(16), 1), metrics=Metrics(mtu=1400)), 0)
    table.add(route(interface=1, metrics=Metrics(mtu=1400)), 0)
    seen.tables.put_link(link(1, b"v0", mtu=1450))
    assert table.to_reread == {routes.RouteScope(Family.INET6, None, 1)}
