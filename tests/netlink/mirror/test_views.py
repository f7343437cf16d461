# SPDX-License-Identifier: Apache-2.0
"""The views of a state: what is found, by which words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kernel_fixtures import Namespace

from amf_netwatch.netlink import Family, Scope
from amf_netwatch.netlink.mirror.state import State

PATIENCE = 20.0  # seconds; only a failing test waits so long
pytestmark = pytest.mark.kernel


@pytest.fixture
def state(namespace: Namespace) -> Iterator[State]:
    """v0 and v1, up, v0 in br0; addresses, routes in three tables."""
    namespace.add_link("br0", "bridge")
    namespace.add_link("v0", "veth", "peer", "name", "v1")
    namespace.batch(
        [
            "link set br0 address 02:00:00:00:00:b0",
            "link property add dev v1 altname uplink",
            "link set v0 master br0",
            "link set br0 up",
            "link set v0 up",
            "link set v1 up",
            "addr add 192.0.2.1/24 dev v1",
            "addr add 198.51.100.1/24 dev br0",
            "addr add 2001:db8::1/64 dev v1",
            "route add default via 192.0.2.254 metric 10",
            "route add default via 192.0.2.253 metric 5",
            "route add 10.0.0.0/8 via 192.0.2.254 table 100",
            "route add 10.0.0.0/8 via 192.0.2.254 metric 10",
            "route add 203.0.113.0/24 nexthop via 192.0.2.2 nexthop via 198.51.100.2",
            "route add blackhole 203.0.113.7",
            "route add default via 2001:db8::2",
        ]
    )
    with State() as state:
        yield state


def test_links_by_name_alternative_name_and_index(state: State) -> None:
    link = state.links["v1"]
    assert link == state.links[b"v1"] == state.links["uplink"] == state.links[link.ifindex]
    assert "uplink" in state.links
    assert link.ifindex in state.links
    for missing in ("v2", 4711):
        assert missing not in state.links
        assert state.links.get(missing) is None
        with pytest.raises(KeyError, match=str(missing)):
            _ = state.links[missing]
    assert len(state.links) == 4
    assert [one.name for one in state.links] == [b"lo", b"br0", b"v1", b"v0"]


def test_links_by_facts(state: State) -> None:
    def names(**facts: object) -> list[bytes | None]:
        return [link.name for link in state.links.filter(**facts)]

    assert names(kind="veth") == [b"v1", b"v0"]
    assert names(kind="veth", master="br0") == [b"v0"]
    assert names(master=state.links["br0"].ifindex) == [b"v0"]
    assert names(master=None, kind="veth") == [b"v1"]
    assert names(mac="02:00:00:00:00:b0") == [b"br0"]
    assert names(state="up", mtu=1500, kind="bridge") == [b"br0"]
    assert names(name="v0") == names(name=b"v0") == [b"v0"]
    assert names(operstate="unknown") == [b"lo"]
    assert names(lower="v0") == [b"v1"], "the other end of a veth pair"
    assert names(up=False) == []
    found = state.links.find(kind="bridge")
    assert found is not None
    assert found.name == b"br0"
    assert state.links.find(kind="vlan") is None


def test_addresses_of_a_link_and_by_family(state: State) -> None:
    of = state.addresses.of("v1")
    assert [one.text for one in of.ipv4] == ["192.0.2.1/24"]
    assert [one.text for one in of.ipv6 if one.scope == Scope.UNIVERSE] == ["2001:db8::1/64"]
    assert {*of} == {*state.addresses.of("uplink")} == {*of.ipv4, *of.ipv6}
    assert of.ipv6.ipv4.filter(family="ipv6") == ()
    assert list(state.addresses.of("v2")) == []
    address = state.addresses["192.0.2.1/24"]
    assert address == state.addresses["192.0.2.1"] == state.addresses.find(link="v1", family="ipv4")
    assert state.addresses.filter(address=b"\xc0\0\2\1") == (address,)
    assert "192.0.2.1" in state.addresses.ipv4
    assert "192.0.2.1" not in state.addresses.ipv6
    assert "192.0.2.1" not in state.addresses.of("br0")
    with pytest.raises(KeyError):
        _ = state.addresses["192.0.2.2"]


def test_a_view_is_live(state: State, namespace: Namespace) -> None:
    view = state.addresses.of("v0").ipv4
    assert len(view) == 0
    with state.watch("address", address="203.0.113.1/32") as watch:
        namespace.ip("addr add 203.0.113.1/32 dev v0")
        watch.wait(PATIENCE)
    assert [one.text for one in view] == ["203.0.113.1/32"]


def test_routes_by_destination(state: State) -> None:
    assert (state.routes["default"].family, state.routes["default"].priority) == (Family.INET, 5)
    assert state.routes["::/0"].family == Family.INET6
    assert state.routes["0.0.0.0/0"].family == Family.INET
    assert state.routes["10.0.0.0/8"].table == 254, "the main table comes first"
    assert str(state.routes["203.0.113.7"].type) == "blackhole"
    assert "203.0.113.7/32" in state.routes
    assert "203.0.113.8" not in state.routes
    with pytest.raises(KeyError):
        _ = state.routes["203.0.113.8"]
    with pytest.raises(ValueError, match="host bits"):
        _ = state.routes["10.0.0.1/8"]


def test_routes_by_facts(state: State) -> None:
    found = state.routes.find(dst="10.0.0.0/8", priority=10)
    assert found is not None
    assert found.table == 254
    assert state.routes.find(dst="10.0.0.0/8", priority=11) is None
    (route,) = state.routes.filter(table=100, family="ipv4")
    assert route.text == "10.0.0.0/8"
    assert state.routes.filter(table=100, family="ipv6") == ()
    assert state.routes.filter(table=100, family=Family.INET) == (route,)
    assert {one.text for one in state.routes.filter(gateway="192.0.2.254")} == {"default", "10.0.0.0/8"}
    assert [one.text for one in state.routes.filter(kind="blackhole")] == ["203.0.113.7/32"]
    several = {one.text for one in state.routes.filter(link="v1", table=254, family="inet")}
    assert {"203.0.113.0/24", "192.0.2.0/24"} <= several
    assert "203.0.113.0/24" in {one.text for one in state.routes.filter(link="br0")}
    assert {one.text for one in state.routes.filter(source="192.0.2.1", table=254)} == {"192.0.2.0/24"}
    assert state.routes.tables == (100, 254, 255)


def test_a_fact_that_is_none_is_refused(state: State) -> None:
    with pytest.raises(TypeError, match="a route has no fact 'colour'"):
        state.routes.filter(colour="red")
    with pytest.raises(TypeError, match="a link has no fact '_replace'"):
        state.links.find(_replace=None)
