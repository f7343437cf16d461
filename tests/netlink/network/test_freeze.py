# SPDX-License-Identifier: Apache-2.0
"""A freeze: what anybody changes on its links is put back, and nothing else is touched."""

from __future__ import annotations

import random
import select
from time import monotonic

import pytest
from kernel_fixtures import Namespace
from network_dump import compare, dump_all

from amf_netwatch.netlink import RefusedError
from amf_netwatch.netlink.network import freeze as freeze_module
from amf_netwatch.netlink.network.freeze import Freeze

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(300)]

ALTERATIONS = (
    "addr add 10.0.0.9/24 dev v0",
    "addr del 10.0.0.1/24 dev v0",
    "addr del 10.0.0.2/24 dev v0",
    "addr flush dev v0",
    "link set v0 down",
    "link set v0 mtu 1300",
    "link set v0 address 02:00:00:00:00:77",
    "link set v0 alias other",
    "link set v0 txqueuelen 3",
    "link set v0 nomaster",
    "route del 10.5.0.0/16",
    "route replace 10.5.0.0/16 via 10.0.0.8",
    "route add 10.6.0.0/16 dev v0",
    "route add 10.7.0.0/16 via 10.0.0.9 table 7",
    "neigh del 10.0.0.7 dev v0",
    "neigh add 10.0.0.6 lladdr 02:00:00:00:00:66 dev v0",
)


def build(space: Namespace) -> None:
    space.batch(
        [
            "link add v0 type veth peer name p0",
            "link add w0 type veth peer name q0",
            "link add br0 type bridge",
            *(f"link set {name} up" for name in ("v0", "p0", "w0", "q0")),
            "addr add 10.0.0.1/24 dev v0",
            "addr add 10.0.0.2/24 dev v0",
            "addr add 2001:db8::1/64 dev v0",
            "route add 10.5.0.0/16 via 10.0.0.9",
            "route add 2001:db8:5::/48 via 2001:db8::9",
            "neigh add 10.0.0.7 lladdr 02:00:00:00:00:07 dev v0",
        ]
    )


def wait_until_same(before: object, seconds: float) -> list[str]:
    """Return what still differs after this many seconds; [] as soon as nothing differs."""
    deadline = monotonic() + seconds
    while True:
        differing = compare(before, dump_all())  # type: ignore[arg-type]
        if not differing or monotonic() > deadline:
            return differing
        select.poll().poll(10)


@pytest.mark.parametrize("alteration", [*ALTERATIONS, "link del v0", "link set v0 down name other"])
def test_an_alteration_is_put_back(quiet: Namespace, alteration: str) -> None:
    build(quiet)
    before = dump_all()
    lines: list[str] = []
    with Freeze(("v0", "p0"), report=lines.append) as freeze:
        quiet.run("ip", *alteration.split(), check=False)
        assert wait_until_same(before, 10) == []
        assert freeze.failure is None
    assert lines or "nomaster" in alteration
    quiet.run("ip", *ALTERATIONS[0].split())
    assert compare(before, dump_all())


def test_many_random_alterations(quiet: Namespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freeze_module, "LIMIT", 10_000)
    build(quiet)
    chance = random.Random(11)
    before = dump_all()
    with Freeze(("v0", "p0")) as freeze:
        for _ in range(100):
            quiet.batch_anyhow([chance.choice(ALTERATIONS) for _ in range(10)])
            assert wait_until_same(before, 10) == []
        assert freeze.reverted >= 100
        assert freeze.failure is None


def test_other_links_are_not_touched(quiet: Namespace) -> None:
    build(quiet)
    with Freeze(("v0",)):
        quiet.batch(
            ["addr add 10.9.0.1/24 dev w0", "route add 10.10.0.0/16 via 10.9.0.9", "link set w0 mtu 1400"]
        )
        after = dump_all()
        quiet.ip("addr add 10.0.0.9/24 dev v0")
        assert wait_until_same(after, 10) == []
    assert quiet.ip_json("route show 10.10.0.0/16")


def test_a_fight_is_given_up_for_a_while_and_told(quiet: Namespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freeze_module, "LIMIT", 3)
    monkeypatch.setattr(freeze_module, "FIRST_PAUSE", 0.5)
    build(quiet)
    before = dump_all()
    lines: list[str] = []
    with Freeze(("v0",), report=lines.append):
        for _ in range(20):
            quiet.run("ip", "addr", "add", "10.0.0.9/24", "dev", "v0", check=False)
            if any("left alone" in line for line in lines):
                break
            wait_until_same(before, 0.5)
        assert [line for line in lines if "left alone for 0.5 s: addr del 10.0.0.9/24 dev v0" in line]
        assert wait_until_same(before, 10) == []


def test_a_link_that_is_not_there_is_refused(quiet: Namespace) -> None:
    with pytest.raises(RefusedError, match="no link nope"):
        Freeze(("nope",))
