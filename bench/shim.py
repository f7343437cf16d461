# SPDX-License-Identifier: Apache-2.0
"""The simulator: its start and stop, what a call costs through its pyosaf, and the start of its tools.

The real service's costs are those measured on OpenSAF 5.21.03: 380 us for a create, 400 for an update, 352
for a delete.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from time import monotonic

from bench.measure import Row, at_most
from bench.process import cluster
from saf_shim.server.directory import TOOLS, prepare

REAL = {"create": 380, "update": 400, "delete": 352}  # us
OBJECTS = 1000
TOOL_STARTS = 21
_COMMAND = str(Path(sys.executable).parent / "saf-shim")
_PROGRAM = f"""
import sys; sys.path.insert(0, {str(Path(__file__).resolve().parent.parent)!r})
from time import perf_counter
from amf_netwatch.ais import ObjectImplementer
from amf_netwatch.interfaces.record import Interface, NodeFacts
from amf_netwatch.publication.classes import CLASSES
from amf_netwatch.publication.objects import interface_attributes, node_attributes
from imm_model.objects import ImmObject
handle = ObjectImplementer(CLASSES)
handle.set_name("NetWatch_bench")
root = "netWatchNode=bench"
counted = {{"changeCount": (0,), "lastChange": (0,)}}
handle.create(ImmObject(root, "NetWatchNode", {{**node_attributes(NodeFacts((), 0, 0)), **counted}}))
facts = Interface(b"eth0", 1, "02:00:00:00:00:01", 1500, True, "up", b"", False, ("192.0.2.1/24",), ())
attributes = {{**interface_attributes(facts), "lastChange": (0,)}}
names = [f"netIf=e{{number}},{{root}}" for number in range({OBJECTS})]
def measure(what, call):
    began = perf_counter()
    for dn in names:
        call(dn)
    print(what, (perf_counter() - began) / len(names) * 1e6)
measure("create", lambda dn: handle.create(ImmObject(dn, "NetWatchInterface", attributes)))
measure("update", lambda dn: handle.update(dn, "NetWatchInterface", {{"mtu": (1400,), "lastChange": (1,)}}))
measure("delete", handle.delete)
"""


def rows() -> Iterator[Row]:
    """Every figure of this part."""
    yield at_most("simulator: start and stop", _start_and_stop() * 1e3, 300, "ms")
    with cluster() as node:
        text = node.inside(sys.executable, "-c", _PROGRAM)
    for tool, cost in _tool_starts().items():
        yield at_most(f"{tool}: start and end, over bare Python", cost, 15, "ms of processor time")
    for what, cost in (line.split() for line in text.splitlines()):
        limit = 5 * REAL[what]
        yield at_most(
            f"runtime object {what} through pyosaf", float(cost), limit, "us", f"real {REAL[what]} us"
        )


def _start_and_stop() -> float:
    taken = []
    for _ in range(7):
        with tempfile.TemporaryDirectory() as folder:
            began = monotonic()
            subprocess.run([_COMMAND, "start", "--dir", f"{folder}/d"], check=True)
            subprocess.run([_COMMAND, "stop", "--dir", f"{folder}/d"], check=True)
            taken.append(monotonic() - began)
    return median(taken)


def _tool_starts() -> dict[str, float]:
    """The processor time (ms) of each tool that prints its usage, less that of a Python that does nothing."""
    with tempfile.TemporaryDirectory() as where:
        prepare(where)
        bare = _processor_time([sys.executable, "-IS", "-c", "pass"])
        return {tool: _processor_time([f"{where}/bin/{tool}", "-h"]) - bare for tool in TOOLS}


def _processor_time(command: Sequence[str]) -> float:
    """The median of user and system time, in ms, of a command whose output goes nowhere."""
    null = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_WRONLY, 0) for number in (1, 2)]
    times = []
    for _ in range(TOOL_STARTS):
        pid = os.posix_spawn(command[0], command, os.environ, file_actions=null)
        usage = os.wait4(pid, 0)[2]
        times.append((usage.ru_utime + usage.ru_stime) * 1e3)
    return median(times)
