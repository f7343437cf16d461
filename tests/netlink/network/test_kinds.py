# SPDX-License-Identifier: Apache-2.0
"""Every kind of link: created with options, found again, deleted and put back, and undone."""

from __future__ import annotations

from typing import Any

import pytest
from kernel_fixtures import Namespace
from network_dump import compare, dump_all

from amf_netwatch.netlink import CommitError
from amf_netwatch.netlink.network.committer import Committer

pytestmark = pytest.mark.kernel

_ENDS4 = {"local": "192.0.2.1", "remote": "192.0.2.9"}
_ENDS6 = {"local": "2001:db8::1", "remote": "2001:db8::9"}
KINDS: dict[str, dict[str, Any]] = {
    "veth": {"peer": "x1"},
    "bridge": {"options": {"stp_state": 1, "forward_delay": 400, "ageing_time": 500}},
    "vlan": {"lower": "low0", "options": {"id": 7}},
    "vxlan": {"options": {"id": 7, "port": 4789, "remote": "192.0.2.9"}},
    "macvlan": {"lower": "low0", "options": {"mode": "private"}},
    "macvtap": {"lower": "low0", "options": {"mode": "bridge"}},
    "ipvlan": {"lower": "low0", "options": {"mode": "l2"}},
    "bond": {"options": {"mode": "active-backup", "miimon": 100}},
    "vrf": {"options": {"table": 100}},
    "dummy": {},
    "ifb": {},
    "gre": {"options": {**_ENDS4, "ttl": 64}},
    "gretap": {"options": {**_ENDS4, "ttl": 64}},
    "ip6gre": {"options": _ENDS6},
    "ipip": {"options": {**_ENDS4, "ttl": 64}},
    "sit": {"options": {**_ENDS4, "ttl": 64}},
    "vti": {"options": {**_ENDS4, "ikey": "0.0.0.5", "okey": "0.0.0.6"}},
    "vti6": {"options": _ENDS6},
    "ip6tnl": {"options": _ENDS6},
    "geneve": {"options": {"id": 9, "remote": "192.0.2.9", "port": 6081}},
}


@pytest.fixture
def committer(quiet: Namespace) -> Committer:
    quiet.batch(
        [
            "link add low0 type veth peer name low1",
            "link set low0 up",
            "link set low1 up",
            "addr add 192.0.2.1/24 dev low0",
            "addr add 2001:db8::1/64 dev low0",
        ]
    )
    return Committer()


def create(committer: Committer, kind: str) -> Any:
    """The committed change that made x0, with an address and a route through a gateway."""
    link = {"name": "x0", "kind": kind, "state": "up", "addresses": ["10.0.0.1/24"], **KINDS[kind]}
    route = {"dst": "10.5.0.0/16", "gateway": "10.0.0.9"}
    if kind == "vrf":  # a route through a VRF itself is one of its table
        route["table"] = 100
    change = committer.change().load({"links": [link], "routes": [route]})
    try:
        change.commit()
    except CommitError as error:
        if "Unknown device type" in error.reason:
            pytest.skip(f"this kernel has no links of kind {kind}; see `make test-kernel`")
        raise
    return change


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_created_found_put_back_and_undone(committer: Committer, kind: str) -> None:
    modules = create(committer, kind)  # its module may bring fallback links, which stay
    committer.undo(modules)
    nothing = dump_all()
    change = create(committer, kind)
    again = {"name": "x0", "kind": kind, **KINDS[kind]}
    assert committer.change().load({"links": [again]}).review() == {}
    before = dump_all()
    for wish in ({"state": "absent"}, {"state": "down"}, {"addresses": []}):
        with pytest.raises(CommitError) as caught:
            committer.change().load({"links": [{"name": "x0", **wish}]}).commit(check=lambda: False)
        assert caught.value.left == (), wish
        assert compare(before, dump_all()) == [], wish
    committer.undo(change)
    assert compare(nothing, dump_all()) == []


def test_a_bond_gets_its_ports_back(committer: Committer, quiet: Namespace) -> None:
    change = create(committer, "bond")
    port = {"name": "p0", "kind": "veth", "peer": "p1", "master": "x0", "state": "up"}
    committer.change().load({"links": [port]}).commit()
    before = dump_all()
    for wish in (
        {"name": "x0", "state": "absent"},
        {"name": "p0", "master": None},
        {"name": "x0", "state": "down"},
    ):
        with pytest.raises(CommitError) as caught:
            committer.change().load({"links": [wish]}).commit(check=lambda: False)
        assert caught.value.left == (), wish
        assert compare(before, dump_all()) == [], wish
    assert change.outcome is not None


def test_a_vrf_gets_its_ports_back(committer: Committer, quiet: Namespace) -> None:
    create(committer, "vrf")
    quiet.batch(
        [
            "link add p0 type veth peer name p1",
            "link set p0 up",
            "addr add 10.1.0.1/24 dev p0",
            "addr add 2001:db8:1::1/64 dev p0",
            "route add 10.6.0.0/16 via 10.1.0.9",
        ]
    )
    before = dump_all()
    with pytest.raises(CommitError) as caught:
        committer.change().load({"links": [{"name": "p0", "master": "x0"}]}).commit(check=lambda: False)
    assert caught.value.left == ()
    assert compare(before, dump_all()) == []


def test_a_vlan_goes_down_with_its_lower_and_comes_back_as_it_was(
    committer: Committer, quiet: Namespace
) -> None:
    create(committer, "vlan")
    quiet.ip("link add link low0 name y0 type vlan id 8")  # down, and stays down
    before = dump_all()
    with pytest.raises(CommitError) as caught:
        committer.change().load({"links": [{"name": "low0", "state": "down"}]}).commit(check=lambda: False)
    assert caught.value.left == ()
    assert compare(before, dump_all()) == []
