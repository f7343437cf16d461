# SPDX-License-Identifier: Apache-2.0
"""With duplicate detection and link-local addresses, as on any machine: waiting only where it is needed."""

from __future__ import annotations

import select
from time import monotonic
from typing import Any

import pytest
from kernel_fixtures import Namespace
from network_dump import compare, dump_all

from amf_netwatch.netlink import CommitError
from amf_netwatch.netlink.network.committer import Committer

pytestmark = pytest.mark.kernel


@pytest.fixture
def real(namespace: Namespace) -> Namespace:
    """A namespace with duplicate detection, and a link that is up and has its link-local address."""
    for scope in ("all", "default"):
        namespace.run("sysctl", "-qw", f"net.ipv6.conf.{scope}.accept_dad=1")
    namespace.batch(["link add v0 type veth peer name v1", "link set v0 up", "link set v1 up"])
    settle(namespace, "v0", "v1")
    return namespace


def addresses(space: Namespace, link: str) -> list[Any]:
    found: list[Any] = space.ip_json(f"-6 addr show dev {link}")
    return found[0]["addr_info"] if found else []


def settle(space: Namespace, *links: str) -> None:
    """Wait until every link has a link-local address, and no address is tentative."""
    deadline = monotonic() + 20
    while not all(addresses(space, link) for link in links) or any(
        one.get("tentative") for link in links for one in addresses(space, link)
    ):
        assert monotonic() < deadline
        select.poll().poll(50)


def test_a_source_address_that_is_new_is_waited_for(real: Namespace) -> None:
    Committer().change().load(
        {
            "links": [{"name": "v0", "addresses": ["2001:db8::1/64"]}],
            "routes": [{"dst": "2001:db8:5::/48", "link": "v0", "source": "2001:db8::1"}],
        }
    ).commit()
    assert real.ip_json("-6 route show 2001:db8:5::/48")[0]["prefsrc"] == "2001:db8::1"


def test_what_was_valid_comes_back_without_detection(real: Namespace) -> None:
    real.batch(
        [
            "addr add 2001:db8::1/64 dev v0",
            "addr add 2001:db8::2/64 dev v0",
            "route add 2001:db8:6::/48 via 2001:db8::9",
        ]
    )
    settle(real, "v0")
    real.ip("-6 route add 2001:db8:5::/48 dev v0 src 2001:db8::1")
    before = dump_all()
    for wish in ({"state": "down"}, {"state": "absent"}, {"addresses": []}, {"mtu": 1200}):
        with pytest.raises(CommitError) as caught:
            Committer().change().load({"links": [{"name": "v0", **wish}]}).commit(check=lambda: False)
        assert caught.value.left == (), wish
        assert not [one for one in addresses(real, "v0") if one.get("tentative") and one["scope"] == "global"]
        settle(real, "v0", "v1")
        assert compare(before, dump_all()) == [], wish
