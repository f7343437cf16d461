# SPDX-License-Identifier: Apache-2.0
"""The speed of the simulator: at most five times what a call costs on OpenSAF 5.21.03."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from imm_client import Oi, Om, make_runtime_class, values

from saf_shim.pytest_plugin import SafShim

FACTOR = 5
REAL = {"create": 410e-6, "update": 410e-6, "delete": 375e-6, "get": 215e-6}  # seconds a call
COUNT = 1000


def crowd() -> float:
    """Return how many processes share a processor with this one: a busy machine makes everything slower."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def processor_seconds(pid: int) -> float:
    """Return the processor time that a process has had."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as handle:
        fields = handle.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cost(server: int, function: Callable[[int], object]) -> float:
    """Return what one of many calls costs: the processor time of both sides, or the time that it takes while
    nothing disturbs it, whichever is longer."""
    took = []
    busy = -processor_seconds(server) - time.process_time()
    for number in range(COUNT):
        begin = time.perf_counter()
        function(number)
        took.append(time.perf_counter() - begin)
    busy += processor_seconds(server) + time.process_time()
    return max(busy / COUNT, sorted(took)[COUNT // 4] / crowd())


def test_a_thousand_objects_cost_at_most_five_times_the_real_service(saf_shim: SafShim) -> None:
    om, oi = Om(), Oi("Speed")
    make_runtime_class(om)
    answers: list[str] = []
    pid = saf_shim.status()["pid"]
    measured = {
        "create": cost(pid, lambda n: answers.append(oi.create("TestRt", None, values(str(n))))),
        "update": cost(pid, lambda n: answers.append(oi.update(f"rt={n}", [("number", "UINT32", [n])]))),
        "get": cost(pid, lambda n: answers.append(om.get(f"rt={n}", "number", "text")[0])),
        "delete": cost(pid, lambda n: answers.append(oi.delete(f"rt={n}"))),
    }
    assert set(answers) == {"OK"}
    slow = {name: f"{took * 1e6:.0f} us" for name, took in measured.items() if took > FACTOR * REAL[name]}
    assert not slow


def test_a_subtree_of_a_thousand_goes_in_one_quick_call(saf_shim: SafShim) -> None:
    om, oi = Om(), Oi("Speed")
    make_runtime_class(om)
    assert oi.create("TestRt", None, values("top")) == "OK"
    for number in range(COUNT):
        assert oi.create("TestRt", "rt=top", values(str(number))) == "OK"
    begin = time.perf_counter()
    assert oi.delete("rt=top") == "OK"
    assert time.perf_counter() - begin < 0.1 * crowd()
    assert saf_shim.objects("TestRt") == []


def test_starting_and_stopping_takes_less_than_300_ms() -> None:
    command = [sys.executable, "-m", "saf_shim.cli", "run", "--", "/bin/true"]
    took = []
    while len(took) < 10 and min(took, default=1.0) >= 0.3:  # the best: others may be using the machine
        begin = time.perf_counter()
        subprocess.run(command, check=True)
        took.append(time.perf_counter() - begin)
    assert min(took) < 0.3 * crowd()


@pytest.mark.parametrize("busy", [False, True], ids=["nobody", "a client"])
def test_an_idle_simulator_uses_no_processor(saf_shim: SafShim, busy: bool) -> None:
    oi = Oi("Idle") if busy else None
    if oi is not None:
        oi.selection_object()
    pid = saf_shim.status()["pid"]

    def switches_and_seconds() -> tuple[int, float]:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as handle:
            lines = dict(line.split(":", 1) for line in handle)
        return int(lines["voluntary_ctxt_switches"]), processor_seconds(pid)

    def settled() -> bool:
        """Tell whether the simulator has noticed that the connection of the test itself has ended."""
        now = switches_and_seconds()
        select.poll().poll(100)
        return switches_and_seconds() == now

    saf_shim.wait_for(settled)
    before = switches_and_seconds()
    select.poll().poll(1000)  # nothing to wait for: that nothing happens is the point
    assert switches_and_seconds() == before
    assert os.path.exists(f"/proc/{pid}")
