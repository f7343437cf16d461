# SPDX-License-Identifier: Apache-2.0
"""Changes on the kernel: what was asked is there afterwards, or everything is as it was."""

from __future__ import annotations

from typing import Any

import pytest
from kernel_fixtures import Namespace
from network_dump import compare, dump_all

from amf_netwatch.netlink import CommitError, DocumentError, RefusedError
from amf_netwatch.netlink.network.change import Change
from amf_netwatch.netlink.network.committer import Committer

pytestmark = pytest.mark.kernel


def apply(document: dict[str, Any], **options: Any) -> Any:
    return Committer().change().load(document).commit(**options)


def names_of(space: Namespace) -> dict[str, dict[str, Any]]:
    return {entry["ifname"]: entry for entry in space.ip_json("-d link")}


def addresses_of(space: Namespace, link: str) -> list[str]:
    return [
        f"{one['local']}/{one['prefixlen']}" for one in space.ip_json(f"addr show dev {link}")[0]["addr_info"]
    ]


DOCUMENT: dict[str, Any] = {
    "links": [
        {
            "name": "br0",
            "kind": "bridge",
            "state": "up",
            "mtu": 1400,
            "addresses": ["192.0.2.1/24", "192.0.2.7/24", "2001:db8::2/64", "2001:db8::1/64"],
            "options": {"stp_state": 1, "ageing_time": 20000},
        },
        {
            "name": "eth1",
            "kind": "veth",
            "peer": "eth2",
            "master": "br0",
            "port": {"cost": 200},
            "state": "up",
        },
    ],
    "routes": [
        {"dst": "default", "gateway": "192.0.2.254", "metrics": {"mtu": 1300}},
        {
            "dst": "198.51.100.0/24",
            "table": 1000,
            "priority": 10,
            "nexthops": [{"gateway": "192.0.2.2", "weight": 2}, {"gateway": "192.0.2.3"}],
        },
        {"dst": "203.0.113.0/24", "kind": "blackhole"},
        {"dst": "2001:db8:7::/48", "gateway": "2001:db8::99"},
    ],
    "rules": [{"priority": 15000, "src": "192.0.2.0/24", "table": 1000}],
    "neighbours": [{"link": "br0", "address": "192.0.2.9", "mac": "02:00:00:00:00:09"}],
}


def test_everything_that_is_named_is_there(quiet: Namespace) -> None:
    apply(DOCUMENT, guard=True)
    links = names_of(quiet)
    assert links["br0"]["mtu"] == 1400
    assert "UP" in links["br0"]["flags"]
    assert links["br0"]["linkinfo"]["info_data"]["ageing_time"] == 20000
    assert links["eth1"]["master"] == "br0"
    assert links["eth1"]["linkinfo"]["info_slave_data"]["cost"] == 200
    assert addresses_of(quiet, "br0") == ["192.0.2.1/24", "192.0.2.7/24", "2001:db8::2/64", "2001:db8::1/64"]
    default = quiet.ip_json("route show default")[0]
    assert (default["gateway"], default["metrics"]) == ("192.0.2.254", [{"mtu": 1300}])
    route = quiet.ip_json("route show table 1000")[0]
    assert [(hop["gateway"], hop["weight"]) for hop in route["nexthops"]] == [
        ("192.0.2.2", 2),
        ("192.0.2.3", 1),
    ]
    assert quiet.ip_json("route show 203.0.113.0/24")[0]["type"] == "blackhole"
    assert quiet.ip_json("-6 route show 2001:db8:7::/48")[0]["gateway"] == "2001:db8::99"
    assert [rule["table"] for rule in quiet.ip_json("rule") if rule["priority"] == 15000] == ["1000"]
    assert quiet.ip_json("neigh show 192.0.2.9 dev br0")[0]["lladdr"] == "02:00:00:00:00:09"


def test_the_same_again_changes_nothing(quiet: Namespace) -> None:
    apply(DOCUMENT)
    before = dump_all()
    change = Committer().change().load(DOCUMENT)
    assert change.review() == {}
    assert change.commit().outcome.plan.stages == ()
    assert compare(before, dump_all()) == []


def test_a_refusal_leaves_nothing(quiet: Namespace) -> None:
    quiet.ip("link add v0 type veth peer name v1")
    quiet.ip("addr add 10.0.0.1/24 dev v0")
    quiet.ip("link set v0 up")
    quiet.ip("route add 10.9.0.0/16 via 10.0.0.9")
    before = dump_all()
    wrong = {
        "links": [*DOCUMENT["links"], {"name": "v0", "state": "down", "mtu": 1300, "addresses": []}],
        "routes": [*DOCUMENT["routes"], {"dst": "10.8.0.0/16", "gateway": "172.31.0.1"}],
    }
    with pytest.raises(CommitError) as caught:
        apply(wrong)
    assert caught.value.step == "route add 10.8.0.0/16 via 172.31.0.1"
    assert "Nexthop has invalid gateway" in caught.value.reason
    assert caught.value.left == ()
    assert compare(before, dump_all()) == []


def test_names_are_swapped(quiet: Namespace) -> None:
    for name, peer in (("x0", "px"), ("y0", "py"), ("z0", "pz")):
        quiet.add_link(name, "veth", "peer", "name", peer)
        quiet.ip(f"link set {name} up")
    before = {entry["ifindex"]: entry["ifname"] for entry in quiet.ip_json("link")}
    change = Committer().change()
    change.links["x0"].set(name="y0")
    change.links["y0"].set(name="z0")
    change.links["z0"].set(name="x0")
    change.commit()
    after = {entry["ifindex"]: entry["ifname"] for entry in quiet.ip_json("link")}
    turned = {"x0": "y0", "y0": "z0", "z0": "x0"}
    assert after == {index: turned.get(name, name) for index, name in before.items()}


def test_a_port_moves_to_another_bridge_and_an_address_to_another_link(quiet: Namespace) -> None:
    for name in ("br0", "br1"):
        quiet.add_link(name, "bridge")
    quiet.add_link("v0", "veth", "peer", "name", "v1")
    quiet.ip("link set v0 master br0")
    quiet.ip("addr add 10.0.0.1/24 dev br0")
    apply(
        {
            "links": [
                {"name": "v0", "master": "br1"},
                {"name": "br0", "addresses": []},
                {"name": "br1", "addresses": ["10.0.0.1/24"]},
            ]
        }
    )
    assert names_of(quiet)["v0"]["master"] == "br1"
    assert addresses_of(quiet, "br0") == []
    assert addresses_of(quiet, "br1") == ["10.0.0.1/24"]


def test_mtu_is_raised_from_below_and_lowered_from_above(quiet: Namespace) -> None:
    quiet.add_link("v0", "veth", "peer", "name", "v1")
    quiet.ip("link add m0 link v0 type macvlan mode bridge")
    for mtu in (9000, 1400):
        apply({"links": [{"name": "m0", "mtu": mtu}, {"name": "v0", "mtu": mtu}]})
        assert {names_of(quiet)[name]["mtu"] for name in ("m0", "v0")} == {mtu}


def test_the_mtu_of_an_upper_link_goes_down_with_the_lower_and_comes_back_on_undo(quiet: Namespace) -> None:
    quiet.add_link("v0", "veth", "peer", "name", "v1")
    quiet.ip("link add m0 link v0 type macvlan mode bridge")
    committer = Committer()
    change = committer.change().load({"links": [{"name": "v0", "mtu": 1300}]})
    before = dump_all()
    change.commit()
    assert names_of(quiet)["m0"]["mtu"] == 1300
    committer.undo(change)
    assert compare(before, dump_all()) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("via 10.0.0.9", {"kind": "blackhole"}),
        ("via 10.0.0.9", {"gateway": "10.0.0.8"}),
        ("via 10.0.0.9", {"nexthops": [{"gateway": "10.0.0.8"}, {"gateway": "10.0.0.7", "weight": 3}]}),
        ("nexthop via 10.0.0.9 nexthop via 10.0.0.8", {"gateway": "10.0.0.7"}),
        ("dev v0", {"gateway": "10.0.0.7"}),
        ("via 10.0.0.9 mtu 1400", {"metrics": {"advmss": 1000}}),
        ("via 2001:db8::9", {"kind": "blackhole"}),
        ("via 2001:db8::9", {"gateway": "2001:db8::8"}),
        ("via 2001:db8::9", {"nexthops": [{"gateway": "2001:db8::8"}, {"gateway": "2001:db8::7"}]}),
        ("nexthop via 2001:db8::9 nexthop via 2001:db8::8", {"gateway": "2001:db8::7"}),
        ("dev v0", {"gateway": "2001:db8::7"}),
        ("via 2001:db8::9", {"gateway": None, "link": "v0"}),
    ],
)
def test_a_route_is_replaced_and_comes_back(quiet: Namespace, old: str, new: dict[str, Any]) -> None:
    six = ":" in old + str(new.get("gateway"))
    dst = "2001:db8:5::/48" if six else "10.5.0.0/16"
    quiet.add_link("v0", "veth", "peer", "name", "v1")
    quiet.ip("addr add 10.0.0.1/24 dev v0")
    quiet.ip("addr add 2001:db8::1/64 dev v0")
    quiet.ip("link set v0 up")
    quiet.ip(f"{'-6' if six else '-4'} route add {dst} {old}")
    before = dump_all()
    committer = Committer()
    change = committer.change().load({"routes": [{"dst": dst, **new}]})
    change.commit()
    assert committer.change().load({"routes": [{"dst": dst, **new}]}).review() == {}
    [route] = quiet.ip_json(f"-d {'-6' if six else '-4'} route show {dst}")
    if "metrics" in new:
        assert route["metrics"] == [{"mtu": 1400, "advmss": 1000}]
    if "nexthops" in new:
        assert len(route["nexthops"]) == 2
    assert route.get("gateway") == new.get("gateway", route.get("gateway"))
    committer.undo(change)
    assert compare(before, dump_all()) == []


def test_rules_of_equal_priority_stand_side_by_side(quiet: Namespace) -> None:
    rules = [{"priority": 100, "src": f"10.{number}.0.0/16", "table": 7} for number in range(3)]
    apply({"rules": rules})
    apply({"rules": rules})
    assert len([rule for rule in quiet.ip_json("rule") if rule["priority"] == 100]) == 3
    apply({"rules": [{**rules[1], "state": "absent"}]})
    assert [rule["src"] for rule in quiet.ip_json("rule") if rule["priority"] == 100] == [
        "10.0.0.0",
        "10.2.0.0",
    ]


def test_the_order_of_addresses_is_that_of_the_document(quiet: Namespace) -> None:
    quiet.add_link("v0", "veth", "peer", "name", "v1")
    wanted = ["10.0.0.1/24", "10.0.0.2/24", "10.0.0.3/24", "2001:db8::1/64", "2001:db8::2/64"]
    for order in (wanted, [*wanted[:3][::-1], *wanted[3:][::-1]], wanted[2:4], wanted):
        apply({"links": [{"name": "v0", "addresses": order}]})
        assert addresses_of(quiet, "v0") == order


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"links": [{"name": "nope", "mtu": 1500}]}, "without a kind"),
        ({"links": [{"name": "v0", "kind": "bridge"}]}, "delete it and create it anew"),
        ({"links": [{"name": "v0", "kind": "veth", "peer": "lo"}]}, "cannot be changed"),
        ({"links": [{"name": "lo", "state": "absent"}]}, "loopback"),
        ({"links": [{"name": "v0", "port": {"cost": 1}}]}, "no port"),
        ({"links": [{"name": "v0", "master": "nope"}]}, "to be the master"),
        ({"links": [{"name": "m", "kind": "macvlan", "lower": "nope"}]}, "to put m on"),
        ({"routes": [{"dst": "10.0.0.0/24", "gateway": "10.0.0.9"}]}, "the kernel's own"),
        ({"routes": [{"dst": "10.0.0.0/24", "state": "absent"}]}, "the kernel's own"),
        ({"routes": [{"dst": "10.6.0.0/16", "gateway": "10.0.0.7"}]}, "cannot be expressed"),
    ],
)
def test_what_cannot_be_planned_is_refused_before_the_first_step(
    quiet: Namespace, document: dict[str, Any], said: str
) -> None:
    quiet.add_link("v0", "veth", "peer", "name", "v1")
    quiet.ip("link set v0 up")
    quiet.ip("addr add 10.0.0.1/24 dev v0")
    quiet.ip("route add 10.6.0.0/16 via 10.0.0.9")
    quiet.ip("route append 10.6.0.0/16 via 10.0.0.8")
    before = dump_all()
    with pytest.raises(RefusedError, match=said):
        apply(document)
    assert compare(before, dump_all()) == []


def test_a_check_and_hooks_can_refuse(quiet: Namespace) -> None:
    quiet.add_link("v0", "veth", "peer", "name", "v1")
    document = {"links": [{"name": "v0", "state": "up", "addresses": ["10.0.0.1/24"]}]}
    before = dump_all()
    with pytest.raises(CommitError, match="the check says no"):
        apply(document, check=lambda: False)
    with pytest.raises(CommitError, match="ZeroDivisionError"):
        apply(document, check=lambda: 1 // 0)
    assert compare(before, dump_all()) == []
    committer = Committer()
    end = committer.add_hook(lambda change: False)
    with pytest.raises(RefusedError, match="a hook says no"):
        committer.change().load(document).commit()
    end()
    end = committer.add_hook(lambda change: False, after=True)
    with pytest.raises(CommitError, match="a hook says no"):
        committer.change().load(document).commit()
    end()
    assert compare(before, dump_all()) == []
    committer.change().load(document).commit()
    assert addresses_of(quiet, "v0") == ["10.0.0.1/24"]


def test_a_time_out_and_an_interruption_put_everything_back(quiet: Namespace) -> None:
    quiet.add_link("v0", "veth", "peer", "name", "v1")
    document = {"links": [{"name": "v0", "state": "up", "addresses": ["10.0.0.1/24"]}]}
    before = dump_all()
    with pytest.raises(CommitError, match="not done within 0 s"):
        apply(document, timeout=0)
    assert compare(before, dump_all()) == []

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply(document, check=interrupt)
    assert compare(before, dump_all()) == []


def test_strict_refuses_what_changed_meanwhile(quiet: Namespace) -> None:
    quiet.add_link("v0", "veth", "peer", "name", "v1")
    quiet.add_link("w0", "veth", "peer", "name", "w1")
    change = Committer().change().load({"links": [{"name": "v0", "mtu": 1400}]})
    quiet.ip("link set w0 mtu 1300")
    change.commit(strict=True)
    change.load({"links": [{"name": "v0", "mtu": 1300}]})
    quiet.ip("addr add 10.0.0.1/24 dev v0")
    with pytest.raises(RefusedError, match="v0 has changed"):
        change.commit(strict=True)


def test_what_others_add_stays_on_roll_back_and_undo(quiet: Namespace) -> None:
    quiet.add_link("v0", "veth", "peer", "name", "v1")
    quiet.ip("link set v0 up")
    committer = Committer()
    change = committer.change().load({"links": [{"name": "v0", "addresses": ["10.0.0.1/24"]}]})

    def somebody_else() -> bool:
        quiet.ip("addr add 10.7.0.1/24 dev v0")
        quiet.ip("route add 10.8.0.0/16 dev v0")
        return False

    with pytest.raises(CommitError) as caught:
        change.commit(check=somebody_else)
    assert caught.value.left == ()
    assert addresses_of(quiet, "v0") == ["10.7.0.1/24"]
    assert quiet.ip_json("route show 10.8.0.0/16")


def test_undo_leaves_alone_what_others_changed_since(quiet: Namespace) -> None:
    quiet.add_link("v0", "veth", "peer", "name", "v1")
    quiet.ip("link set v0 up")
    committer = Committer()
    change = committer.change().load({"links": [{"name": "v0", "mtu": 1400, "addresses": ["10.0.0.1/24"]}]})
    change.commit()
    quiet.ip("addr add 10.7.0.1/24 dev v0")
    committer.undo(change)
    assert addresses_of(quiet, "v0") == ["10.7.0.1/24"]
    assert names_of(quiet)["v0"]["mtu"] == 1500
    with pytest.raises(RefusedError):
        committer.undo(change)


def test_deleting_a_link_needs_no_force_if_it_can_be_made_again(quiet: Namespace) -> None:
    quiet.add_link("v0", "veth", "peer", "name", "v1")
    quiet.ip("link set v0 up alias words txqueuelen 7")
    quiet.ip("link set v1 up")
    quiet.ip("addr add 10.0.0.1/24 dev v0")
    quiet.ip("route add 10.5.0.0/16 via 10.0.0.9")
    quiet.ip("link add m0 link v0 type macvlan mode private")
    quiet.ip("link set m0 up")
    before = dump_all()
    committer = Committer()
    change = committer.change().load({"links": [{"name": "v0", "state": "absent"}]})
    assert change.review()["links"] == [{"name": name, "state": "absent"} for name in ("v1", "v0", "m0")]
    change.commit()
    assert set(names_of(quiet)) == {"lo"}
    committer.undo(change)
    assert compare(before, dump_all()) == []


# -- the library ---------------------------------------------------------------------------------------------


def test_a_change_is_built_by_calls(quiet: Namespace) -> None:
    quiet.add_link("eth1", "veth", "peer", "name", "eth2")
    with Committer().change() as change:
        br0 = change.create("bridge", "br0", stp_state=1).set(mtu=1400).up().add_address("192.0.2.1/24")
        br0.add_address("192.0.2.2", 24).add_address(("2001:db8::1", 64))
        br0.add_port("eth1")
        change.links["eth1"].port["cost"] = 200
        change.routes.add("default", gateway="192.0.2.254", metrics={"mtu": 1300})
        change.rules.add(priority=15000, src="192.0.2.0/24", table=100)
        change.neighbours.add("br0", "192.0.2.9", "02:00:00:00:00:09")
        review = change.review()
    assert [entry["name"] for entry in review["links"]] == ["eth1", "br0"]
    assert names_of(quiet)["eth1"]["linkinfo"]["info_slave_data"]["cost"] == 200
    assert addresses_of(quiet, "br0") == ["192.0.2.1/24", "192.0.2.2/24", "2001:db8::1/64"]
    with Committer().change() as change:
        change.links["br0"].del_address("192.0.2.2/24").del_port("eth1")["alias"] = "words"
        change.routes["default"].set(gateway="192.0.2.253").metrics["advmss"] = 1000
        change.rules.remove(priority=15000)
        change.neighbours.remove("br0", "192.0.2.9")
    assert addresses_of(quiet, "br0") == ["192.0.2.1/24", "2001:db8::1/64"]
    assert "master" not in names_of(quiet)["eth1"]
    assert quiet.ip_json("route show default")[0]["metrics"] == [{"mtu": 1300, "advmss": 1000}]


def test_next_hops_are_added_and_removed(quiet: Namespace) -> None:
    quiet.add_link("v0", "veth", "peer", "name", "v1")
    quiet.ip("link set v0 up")
    quiet.ip("addr add 10.0.0.1/24 dev v0")
    committer = Committer()
    with committer.change() as change:
        change.routes.add("10.5.0.0/16", gateway="10.0.0.2")
    with committer.change() as change:
        change.routes["10.5.0.0/16"].add_nexthop(gateway="10.0.0.3", weight=2)
    [route] = quiet.ip_json("route show 10.5.0.0/16")
    assert [(hop["gateway"], hop["weight"]) for hop in route["nexthops"]] == [
        ("10.0.0.2", 1),
        ("10.0.0.3", 2),
    ]
    with committer.change() as change:
        change.routes["10.5.0.0/16"].del_nexthop(gateway="10.0.0.2")
    [route] = quiet.ip_json("route show 10.5.0.0/16")
    assert route["gateway"] == "10.0.0.3"
    with committer.change() as change:
        change.routes["10.5.0.0/16"].remove()
    assert quiet.ip_json("route show 10.5.0.0/16") == []


def create_and_fail(change: Change) -> None:
    with change:
        change.create("bridge", "br0")
        raise ZeroDivisionError


def test_an_exception_drops_the_change_and_a_refused_one_can_be_mended(quiet: Namespace) -> None:
    before = dump_all()
    committer = Committer()
    with pytest.raises(ZeroDivisionError):
        create_and_fail(change := committer.change())
    assert compare(before, dump_all()) == []
    with pytest.raises(RefusedError, match="dropped"):
        change.commit()
    change = committer.change()
    br0 = change.create("bridge", "br0").set(mac="01:00:5e:00:00:01")
    with pytest.raises(CommitError, match="Cannot assign requested address"):
        change.commit()
    assert compare(before, dump_all()) == []
    br0.set(mac="02:00:00:00:00:01")
    change.commit()
    assert names_of(quiet)["br0"]["address"] == "02:00:00:00:00:01"


def test_creating_what_is_there_is_refused_unless_it_may_be_reused(quiet: Namespace) -> None:
    quiet.add_link("br0", "bridge")
    change = Committer().change()
    change.create("bridge", "br0")
    with pytest.raises(RefusedError, match="already"):
        change.commit()
    change = Committer().change()
    change.create("bridge", "br0", reuse=True).up()
    change.commit()
    assert "UP" in names_of(quiet)["br0"]["flags"]


def test_wrong_values_are_refused_at_once(quiet: Namespace) -> None:
    change = Committer().change()
    with pytest.raises(DocumentError):
        change.create("bridge", "br0", colour=1)
    with pytest.raises(RefusedError):
        change.links["lo"].add_address("10.0.0.1/99")
    with pytest.raises(KeyError):
        change.links["nope"]
    with pytest.raises(KeyError):
        change.routes["10.99.0.0/16"]


def test_a_name_that_somebody_else_takes_is_refused_and_an_index_is_not(quiet: Namespace) -> None:
    change = Committer().change()
    change.create("bridge", "br0")
    index = max(change.goal().links)
    quiet.ip(f"link add other index {index} type bridge")
    change.commit()
    assert {"br0", "other"} <= set(names_of(quiet))


def test_reviewing_asks_nobody(quiet: Namespace, monkeypatch: pytest.MonkeyPatch) -> None:
    change = Committer().change().load(DOCUMENT)

    def never(*_: object, **__: object) -> None:
        raise AssertionError("a system call")

    monkeypatch.setattr("amf_netwatch.netlink.socket.NetlinkSocket.__init__", never)
    monkeypatch.setattr("amf_netwatch.netlink.socket.NetlinkSocket.send", never)
    assert len(change.review()["routes"]) == 4
    assert change.plan().count() > 10
