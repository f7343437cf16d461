# SPDX-License-Identifier: Apache-2.0
"""Many routes, many events, no events: what it costs in time, memory and wake-ups."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kernel_fixtures import Namespace
from netlink_programs import MONITOR, Program
from pyroute2 import IPRoute

from amf_netwatch.netlink.conversation import Conversation
from amf_netwatch.netlink.mirror.follower import Follower
from amf_netwatch.netlink.mirror.state import State
from amf_netwatch.netlink.mirror.tables.changes import Action, Change, Object

pytestmark = pytest.mark.kernel
ROUTES = 5000
GROWTH = 256  # KiB; the allocator's own noise is about 50


@pytest.fixture
def many_routes(namespace: Namespace) -> Namespace:
    """v0 with 5000 routes through it; the bench has 50,000."""
    namespace.add_link("v0", "veth", "peer", "name", "v1")
    namespace.batch(
        [
            "link set v0 up",
            "link set v1 up",
            "addr add 198.18.0.2/16 dev v0",
            *(f"route add 10.{n >> 8}.{n & 255}.0/24 via 198.18.0.1 dev v0" for n in range(ROUTES)),
        ]
    )
    return namespace


def cost(work: Callable[[], Any]) -> float:
    """Processor seconds of the best of three: other processes do not count."""
    best = float("inf")
    for _ in range(3):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return best


def test_routes_are_dumped_and_decoded_ten_times_faster_than_by_pyroute2(many_routes: Namespace) -> None:
    with Conversation() as conversation, IPRoute() as general:
        assert len(conversation.dump_routes()) == len(list(general.get_routes())) > ROUTES
        assert 10 * cost(conversation.dump_routes) < cost(lambda: list(general.get_routes()))


def test_routes_that_end_without_a_word_are_told(many_routes: Namespace) -> None:
    """5000 at once, and only those; no other route is read again."""
    with State() as state, state.events() as events:
        assert len(state.routes.filter(table=254)) > ROUTES
        many_routes.ip("link set v0 down")
        gone = set()
        while len(gone) < ROUTES + 1:
            change = events.get(10)
            if (
                change.action is Action.REMOVED
                and change.object is Object.ROUTE
                and change.before.table == 254
            ):
                gone.add(change.before.text)
        assert {text for text in gone if text.startswith("10.")} == {
            f"10.{n >> 8}.{n & 255}.0/24" for n in range(ROUTES)
        }
        assert state.losses == 0


def resident(pid: int) -> int:
    """KiB of memory that is the process's own."""
    pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()
    return (int(pages[1]) - int(pages[2])) * os.sysconf("SC_PAGE_SIZE") // 1024


def switches(pid: int) -> int:
    """Return how often the process slept voluntarily."""
    text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    (line,) = [line for line in text.splitlines() if line.startswith("voluntary_ctxt_switches")]
    return int(line.split()[1])


def test_memory_is_flat_while_monitoring(namespace: Namespace) -> None:
    """Links come and go under ever new numbers, addresses and routes with them."""

    numbers = itertools.count()

    def churn() -> list[str]:
        """Objects that never existed before are added and removed."""
        commands = ["link add v0 type veth peer name v1", "link set v0 up", "link set v1 up"]
        for number in itertools.islice(numbers, 30):
            address = f"10.{number >> 8 & 255}.{number & 255}"
            commands += [
                f"addr add {address}.1/24 dev v0",
                f"route add 172.16.{number & 255}.0/24 via {address}.2 table {1000 + number}",
                f"route add 2001:db8:{number:x}::/48 dev v0",
                f"route del 172.16.{number & 255}.0/24 table {1000 + number}",
                f"route del 2001:db8:{number:x}::/48 dev v0",
                f"addr del {address}.1/24 dev v0",
            ]
        return [*commands, "link del v0", "link add mark type ifb", "link del mark"]

    def run(monitor: Program, rounds: int) -> int:
        """Make this many rounds, and read all their lines. Return the number of lines."""
        lines = 0
        for _ in range(rounds):
            namespace.batch(churn())
            line: str | None = ""
            while line is not None and "removed link      mark" not in line:
                line = monitor.line()
                lines += 1
        return lines

    with Program(MONITOR) as monitor:
        monitor.line()  # from here on it hears everything
        run(monitor, 10)
        before = resident(monitor.process.pid)
        assert run(monitor, 40) > 40 * 30 * 10
        assert resident(monitor.process.pid) - before < GROWTH


def test_an_idle_monitor_sleeps(namespace: Namespace) -> None:
    with Program(MONITOR, "--timeout", "60", "--count", "5") as monitor:
        monitor.line()
        while not monitor.quiet(0.2):
            monitor.line()
        before = switches(monitor.process.pid)
        assert monitor.quiet(1.5)
        assert switches(monitor.process.pid) == before


def test_each_of_many_changes_is_told_in_order(namespace: Namespace) -> None:
    """Changes of one link, as fast as `ip` makes them: each is reported, in order."""
    namespace.add_link("if0", "ifb")
    seen: list[int] = []

    def after(change: Change) -> None:
        if change.action is Action.CHANGED and "mtu" in change.changed:
            seen.append(change.after.mtu)

    with Follower([Object.LINK], after=after) as follower:
        while follower.behind:
            follower.read()
        for _ in range(20):
            namespace.batch([f"link set if0 mtu {1000 + n % 7}" for n in range(60)])
            follower.read()
        assert follower.losses == 0
        assert seen == [1000 + n % 7 for _ in range(20) for n in range(60)]
