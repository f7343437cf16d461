# SPDX-License-Identifier: Apache-2.0
"""The netlink tools: their start, a change through the monitor, a wait's answer, a view of 50,000 routes."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from threading import Thread
from time import perf_counter_ns

from pyroute2 import IPRoute

from amf_netwatch.netlink import Follower, Group, LinkWaiter, Monitor, NetlinkSocket, Selection, format_json
from bench.listening import Link
from bench.measure import Contender, Row, at_most, contest, faster, show_seconds
from bench.world import ip, links

ROUTES = 50_000
CHANGES = 2_000
ROUNDS = 25
_COMMAND = (
    "import sys; from amf_netwatch.commands.network.monitor import main; main(['link', '--count', '0'])"
)
_GENERAL = (
    "from pyroute2 import IPRoute\nwith IPRoute() as ipr: print([link['index'] for link in ipr.get_links()])"
)


def rows() -> Iterator[Row]:
    """Every figure of this part."""
    with links(4):
        yield from _start()
        yield from _change()
        yield from _wait()
    with links(2):
        yield from _view()


def _start() -> Iterator[Row]:
    def run(program: str) -> Contender:
        return Contender(
            lambda: subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
        )

    medians = contest({"ours": run(_COMMAND), "bare": run("pass"), "pyroute2": run(_GENERAL)}, samples=9)
    bare = medians["bare"]
    yield faster("monitor: start to the end of its listing, over bare Python", medians["ours"] - bare,
                 medians["pyroute2"] - bare, "pyroute2, the same")  # fmt: skip


def _change() -> Iterator[Row]:
    """CPU of one event of a link until its line is written."""
    link = Link()
    written: list[str] = []
    monitor = Monitor(written.append, format_json, Selection())
    with Follower(after=monitor.observe) as follower:
        monitor.tables = follower.mirror.tables
        while follower.behind:
            follower.read()
        ours = 0
        for _ in range(CHANGES // 100):
            link.change(100)
            started = time.thread_time_ns()
            follower.read()
            monitor.flush()
            ours += time.thread_time_ns() - started
        assert sum(text.count("changed") // 2 for text in written) >= CHANGES
    with IPRoute() as general:
        general.bind()
        seen = 0
        link.change(CHANGES // 10)
        started = time.process_time_ns()
        while seen < CHANGES // 10:
            seen += len(list(general.get()))
        general_cost = time.process_time_ns() - started
    link.close()
    yield faster(
        "monitor --json: CPU of a change until its line",
        ours / CHANGES / 1e9,
        general_cost / seen / 1e9,
        "pyroute2, decoded only",
    )


def _wait() -> Iterator[Row]:
    """From the system call that makes the event to the return of the wait, in another thread."""
    taken = []
    for _ in range(ROUNDS):
        ip("link set b1a down")
        with LinkWaiter() as waiter:
            returned: list[int] = []

            def run(waiter: LinkWaiter = waiter, returned: list[int] = returned) -> None:
                waiter.up("b1a", timeout=5)
                returned.append(perf_counter_ns())

            thread = Thread(target=run)
            thread.start()
            thread.join(0.02)
            with NetlinkSocket((Group.LINK,)) as events:
                poll = select.poll()
                poll.register(events.fileno(), select.POLLIN)
                with subprocess.Popen(["ip", "link", "set", "b1a", "up"]):
                    poll.poll(5000)
                    at = perf_counter_ns()
            thread.join()
            taken.append(max(0, returned[0] - at))
    yield at_most("wait up: from the event to the return", median(taken) / 1e6, 100, "ms")


def _view() -> Iterator[Row]:
    ip(
        "link set b0b up",
        *(f"route add 10.{n >> 8}.{n & 255}.0/25 via 198.18.0.1 dev b0a onlink" for n in range(ROUTES // 2)),
        *(
            f"route add 10.{n >> 8}.{n & 255}.128/25 via 198.18.0.1 dev b0a onlink"
            for n in range(ROUTES // 2)
        ),
    )

    def follow() -> None:
        with Follower() as follower:
            while follower.behind:
                follower.read()

    with IPRoute() as general:
        medians = contest(
            {"ours": Contender(follow), "pyroute2": Contender(lambda: list(general.get_routes()))}, samples=3
        )
    yield faster(f"a view of {ROUTES} routes, complete", medians["ours"], medians["pyroute2"],
                 "pyroute2 get_routes")  # fmt: skip
    with Follower() as follower:
        while follower.behind:
            follower.read()
        started = time.thread_time()
        ip("link set b0a down")
        while len(follower.mirror.tables.routes) > ROUTES:
            follower.read()
        yield Row("  all of them end without a word: told in", show_seconds(time.thread_time() - started))
    yield Row("  memory of this process then", f"{_resident():.0f} MB")


def _resident() -> float:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()
    return (int(pages[1]) - int(pages[2])) * os.sysconf("SC_PAGE_SIZE") / 1e6
