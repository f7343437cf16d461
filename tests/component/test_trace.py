# SPDX-License-Identifier: Apache-2.0
"""The files that the component opens, from strace: none while nothing changes, one for one changed MAC."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess

import pytest
from component_cluster import Cluster, eventually

from amf_netwatch.deployment.model import ModelOptions

pytestmark = pytest.mark.kernel
STRACE = shutil.which("strace")
DN = "netIf=v0,netWatchNode=SC-1"
MAC = "02:00:00:00:00:aa"


class Trace:
    """strace on every thread of a process; `take` gives the calls since the last time."""

    def __init__(self, pid, file):
        self._file = file
        self._taken = 0
        self._process = subprocess.Popen(
            [STRACE, "-f", "-e", "trace=openat,open", "-o", str(file), "-p", str(pid)],
            stderr=subprocess.PIPE,
            text=True,
        )
        line = self._process.stderr.readline()
        assert "attached" in line, line

    def take(self):
        lines = self._file.read_text().splitlines()
        calls = [line for line in lines if "open" in line]
        new, self._taken = calls[self._taken :], len(calls)
        return new

    def stop(self):
        self._process.send_signal(signal.SIGINT)
        self._process.communicate(timeout=10)


@pytest.mark.skipif(STRACE is None, reason="no strace: run make system-packages")
def test_idle_opens_nothing_and_one_changed_mac_one_file(namespace, tmp_path):
    namespace.ip("link add v0 type veth peer name v1")
    cluster = Cluster(tmp_path, ModelOptions(period=0.2))
    trace = None
    try:
        cluster.unlock()
        pid = cluster.pid()
        for _ in range(2):  # the first healthchecks finish what the assignment began
            cluster.calls(clear=True)
            eventually(lambda: len(cluster.calls("saAmfResponse_4")) >= 2)
        trace = Trace(pid, tmp_path / "trace")
        cluster.calls(clear=True)
        eventually(lambda: sum(each["pid"] == pid for each in cluster.calls("saAmfResponse_4")) >= 10)
        assert trace.take() == []
        namespace.ip(f"link set v0 address {MAC}")
        eventually(lambda: cluster.attribute(DN, "macAddress") == MAC)
        cluster.calls(clear=True)
        eventually(lambda: sum(each["pid"] == pid for each in cluster.calls("saAmfResponse_4")) >= 3)
        (call,) = trace.take()
        assert re.search(r'openat\(\d+, "v0/address", O_RDONLY\|O_CLOEXEC\)', call)
    finally:
        if trace is not None:
            trace.stop()
        cluster.stop()
