# SPDX-License-Identifier: Apache-2.0
"""The component as a process: memory, time to register, CPU while nothing changes.

The process that the simulator's AMF started, against a bare interpreter of the same kind. Bytecode is cached,
as it is wherever the package is installed.
"""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import CLOCK_BOOTTIME, clock_gettime, monotonic, time

from bench.measure import Row, at_most
from bench.world import links

UNIT = "safSu=SC-1,safSg=NetWatch,safApp=NetWatch"
COMPONENT = f"safComp=NetWatch,{UNIT}"
PERIODS = 15  # healthchecks, one a second, over which an idle component is watched
STARTS = 9
_BARE = "import signal; print(flush=True); signal.pause()"
_BIN = Path(sys.executable).parent


class Cluster:
    """A simulated node with the component's model loaded."""

    def __init__(self, folder: str) -> None:
        self.directory = f"{folder}/cluster"
        self._environment = {**os.environ, "PATH": f"{_BIN}:{os.environ['PATH']}"}
        files = []
        for name, arguments in (("classes", ()), ("model", ("--node", "SC-1", "--period", "1"))):
            path = f"{folder}/{name}.xml"
            Path(path).write_text(self.run("amf-netwatch", name, *arguments), encoding="utf-8")
            files += ["--load", path]
        self.run("saf-shim", "start", "--dir", self.directory, "--node", "SC-1", *files)

    def run(self, *command: str) -> str:
        done = subprocess.run(command, env=self._environment, check=True, capture_output=True, text=True)
        return done.stdout

    def inside(self, *command: str) -> str:
        return self.run("saf-shim", "exec", "--dir", self.directory, "--", *command)

    def calls(self, name: str) -> list[dict[str, object]]:
        text = self.run("saf-shim", "calls", "--dir", self.directory, "--json", "--prefix", name)
        return [json.loads(line) for line in text.splitlines()]

    def stop(self) -> None:
        self.run("saf-shim", "stop", "--dir", self.directory)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A simulated node, for as long as the block runs."""
    with tempfile.TemporaryDirectory() as folder:
        made = Cluster(folder)
        try:
            yield made
        finally:
            made.stop()


def rows() -> Iterator[Row]:
    """Every figure of this part."""
    with links(4), cluster() as node:
        yield _start(node)
        node.inside("amf-adm", "unlock", UNIT)
        pid = int(node.calls("saAmfComponentRegister")[-1]["pid"])  # type: ignore[call-overload]
        yield _memory(pid)
        yield from _idle(pid)


def _start(node: Cluster) -> Row:
    """Return the time from the process's start to the answered registration, minus that of bare Python."""
    taken = []
    for turn in range(STARTS + 1):
        node.inside("amf-adm", "unlock-in", UNIT)
        call = node.calls("saAmfComponentRegister")[-1]
        if turn:  # the first one fills the caches
            taken.append(int(str(call["time"])) / 1e9 - _started(int(str(call["pid"]))))
        if turn < STARTS:
            node.inside("amf-adm", "lock-in", UNIT)
    bare = median(_bare_start() for _ in range(STARTS))
    ours = median(taken)
    return at_most(
        "start to registered, over bare Python",
        (ours - bare) * 1e3,
        100,
        "ms",
        f"bare Python {bare * 1e3:.3g} ms",
    )


def _started(pid: int) -> float:
    """Return when the process started, in seconds since the epoch; the kernel counts hundredths."""
    fields = (
        Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    )
    since_boot = int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return time() - clock_gettime(CLOCK_BOOTTIME) + since_boot


def _bare_start() -> float:
    began = monotonic()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return monotonic() - began


def _memory(pid: int) -> Row:
    bare = subprocess.Popen([sys.executable, "-c", _BARE], stdout=subprocess.PIPE)
    general = subprocess.Popen(
        [sys.executable, "-c", f"import pyroute2; pyroute2.IPRoute().get_links(); {_BARE}"],
        stdout=subprocess.PIPE,
    )
    try:
        for process in (bare, general):
            assert process.stdout is not None
            process.stdout.readline()
        floor = _resident(bare.pid)
        return at_most(
            "memory over bare Python",
            _resident(pid) - floor,
            6,
            "MB",
            f"pyroute2 {_resident(general.pid) - floor:.3g} MB",
        )
    finally:
        for process in (bare, general):
            process.send_signal(signal.SIGKILL)
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


def _resident(pid: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
    assert found
    return int(found[1]) / 1024


def _idle(pid: int) -> Iterator[Row]:
    threads = {int(task): Path(f"/proc/{pid}/task/{task}") for task in os.listdir(f"/proc/{pid}/task")}
    before = {task: _switches(path) for task, path in threads.items()}
    cpu = _cpu(pid)
    select.poll().poll(PERIODS * 1000)
    spent = (_cpu(pid) - cpu) / 1e6
    others = [_switches(path) - before[task] for task, path in threads.items() if task != pid]
    yield at_most("CPU per idle healthcheck, the whole process", spent / PERIODS, 1, "ms")
    yield at_most(f"wake-ups of its other threads in {PERIODS} s", sum(others), 0, "")


def _switches(task: Path) -> int:
    found = re.search(r"^voluntary_ctxt_switches:\s+(\d+)", (task / "status").read_text(), re.MULTILINE)
    assert found
    return int(found[1])


def _cpu(pid: int) -> int:
    """CPU time of all threads, ns."""
    return sum(
        int(Path(f"/proc/{pid}/task/{task}/schedstat").read_text(encoding="ascii").split()[0])
        for task in os.listdir(f"/proc/{pid}/task")
    )
