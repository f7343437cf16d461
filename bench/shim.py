# SPDX-License-Identifier: Apache-2.0
"""The simulator: its start and stop, and what a call costs through its pyosaf.

The real service's costs are those measured on OpenSAF 5.21.03: 380 us for a create, 400 for an update, 352
for a delete.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import monotonic

from bench.measure import Row, at_most
from bench.process import cluster

REAL = {"create": 380, "update": 400, "delete": 352}  # us
OBJECTS = 1000
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
