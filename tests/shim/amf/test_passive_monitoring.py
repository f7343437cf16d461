# SPDX-License-Identifier: Apache-2.0
"""Passive monitoring asks the world about processes, and leaves the call as the client gave it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from amf_cluster import AmfCluster

from saf_shim.pytest_plugin import SafShim

PROGRAM = """
import sys
from pyosaf import saAmf, saAis
handle = saAmf.SaAmfHandleT()
version = saAis.SaVersionT("B", 4, 1)
assert saAmf.saAmfInitialize_4(handle, None, version) == 1
print(saAmf.saAmfPmStart(handle, saAis.SaNameT(sys.argv[1]), int(sys.argv[2]), 0, 3, 2))
"""


@pytest.fixture
def cluster(saf_shim: SafShim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AmfCluster:
    return AmfCluster(saf_shim, tmp_path, monkeypatch)


def test_the_process_must_be_there_and_the_log_shows_what_was_asked(cluster: AmfCluster) -> None:
    cluster.model(cluster.suite.group("NR"))
    unit = cluster.suite.su_dn("NR")
    cluster.adm("unlock-in", unit)
    component = f"safComp=C1,{unit}"
    with subprocess.Popen([sys.executable, "-IS", "-c", "pass"]) as gone:
        gone.wait()
    codes = []
    for pid in (os.getpid(), gone.pid):
        done = cluster.shim.run(sys.executable, "-c", PROGRAM, component, str(pid))
        codes.append(int(done.stdout))
    assert codes == [1, 12]
    asked = [call.args for call in cluster.shim.calls("saAmfPmStart")]
    assert [args["processId"] for args in asked] == [os.getpid(), gone.pid]
    assert all("alive" not in args for args in asked)
