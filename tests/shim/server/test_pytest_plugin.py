# SPDX-License-Identifier: Apache-2.0
"""The plugin as a stranger's tests use it, in a pytest of their own."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

HEAD = "import os, signal, subprocess, sys, time\nimport pytest\n\n"
CLASS = """<?xml version="1.0"?>
<imm:IMM-contents xmlns:imm="http://www.saforum.org/IMMSchema">
  <class name="Pot">
    <category>SA_CONFIG</category>
    <rdn><name>pot</name><type>SA_STRING_T</type><category>SA_CONFIG</category><flag>SA_INITIALIZED</flag></rdn>
    <attr><name>size</name><type>SA_UINT32_T</type><category>SA_CONFIG</category><flag>SA_WRITABLE</flag></attr>
  </class>
  <object class="Pot"><dn>pot=1</dn><attr><name>size</name><value>7</value></attr></object>
</imm:IMM-contents>
"""


def run(where: Path, source: str, *options: str) -> tuple[int, str]:
    (where / "test_it.py").write_text(HEAD + source, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, "test_it.py"]
    done = subprocess.run(command, cwd=where, capture_output=True, text=True, timeout=100, check=False)
    return done.returncode, done.stdout + done.stderr


def test_each_test_has_its_own_simulator_and_the_session_one_for_all(tmp_path: Path) -> None:
    source = """
seen = set()

@pytest.mark.parametrize("number", [1, 2])
def test_own(saf_shim, number):
    assert saf_shim.directory not in seen
    seen.add(saf_shim.directory)
    saf_shim.fault("saImmOmInitialize", "ERR_NO_RESOURCES", times=1)
    assert saf_shim.run("immlist", "safApp=safImmService", check=False).returncode == 1

@pytest.mark.parametrize("number", [1, 2])
def test_shared(saf_shim_session, number):
    seen.add(saf_shim_session.directory)
    assert len(seen) == 3

def test_both(saf_shim, saf_shim_session):
    assert saf_shim.directory != saf_shim_session.directory
    assert os.environ["SAF_SHIM_DIR"] == saf_shim.directory
"""
    code, output = run(tmp_path, source)
    assert code == 0, output


def test_the_marker_gives_nodes_and_files(tmp_path: Path) -> None:
    (tmp_path / "pot.xml").write_text(CLASS, "ascii")
    source = """
@pytest.mark.saf_shim(nodes=["SC-1", "SC-2", "PL-3=env NODE=3"], load=["pot.xml"])
def test_marked(saf_shim):
    assert saf_shim.values("pot=1", "size") == [7]
    assert len(saf_shim.objects("SaAmfNode")) == 3
    assert saf_shim.run("immlist", "-a", "size", "pot=1").stdout == "size=7\\n"

@pytest.mark.saf_shim(node=["SC-1"])
def test_mistaken(saf_shim):
    pass
"""
    code, output = run(tmp_path, source)
    assert code == 1
    assert "1 passed, 1 error" in output
    assert "unexpected keyword argument 'node'" in output


def test_a_file_that_cannot_be_loaded_is_an_error_that_says_why(tmp_path: Path) -> None:
    (tmp_path / "pot.xml").write_text(CLASS.replace("SA_UINT32_T", "SA_UINT31_T"), "ascii")
    source = """
@pytest.mark.saf_shim(load=["pot.xml"])
def test_marked(saf_shim):
    pass
"""
    code, output = run(tmp_path, source)
    assert code == 1
    assert "1 error" in output
    assert "pot.xml" in output
    assert "SA_UINT31_T" in output


def test_pyosaf_works_in_the_tests_process(tmp_path: Path) -> None:
    source = """
@pytest.mark.parametrize("number", [1, 2])
def test_own(saf_shim, number):
    from pyosaf import saAis, saImm, saImmOm
    handle, version = saImmOm.SaImmHandleT(), saAis.SaVersionT("A", 2, 1)
    assert saImmOm.saImmOmInitialize(handle, None, version) == 1
    assert [(call.name, call.rc, call.pid) for call in saf_shim.calls()] == [
        ("saImmOmInitialize", 1, os.getpid())
    ]
"""
    code, output = run(tmp_path, source)
    assert code == 0, output


def test_workers_of_xdist_do_not_meet(tmp_path: Path) -> None:
    pytest.importorskip("xdist")
    (tmp_path / "pot.xml").write_text(CLASS, "ascii")
    source = """
@pytest.mark.saf_shim(load=["pot.xml"])
@pytest.mark.parametrize("number", range(8))
def test_own(saf_shim, number):
    saf_shim.run("immcfg", "-a", f"size={number}", "pot=1")
    assert saf_shim.values("pot=1", "size") == [number]
    assert saf_shim.calls("saImmOmCcbApply")
"""
    code, output = run(tmp_path, source, "-n", "3")
    assert code == 0, output


def test_a_simulator_goes_with_a_pytest_that_is_killed(tmp_path: Path) -> None:
    source = """
def test_killed(saf_shim):
    with open("pid.new", "w") as handle:
        handle.write(str(saf_shim.status()["pid"]))
    os.rename("pid.new", "pid")
    signal.pause()  # until killed
"""
    (tmp_path / "test_it.py").write_text(HEAD + source, "utf-8")
    with subprocess.Popen([sys.executable, "-m", "pytest", "-q", "test_it.py"], cwd=tmp_path) as running:
        deadline = time.monotonic() + 30
        while not (tmp_path / "pid").exists():
            assert time.monotonic() < deadline
            select.poll().poll(20)
        simulator = int((tmp_path / "pid").read_text("ascii"))
        os.kill(simulator, 0)
        running.send_signal(signal.SIGKILL)
    while os.path.exists(f"/proc/{simulator}"):
        assert time.monotonic() < deadline
        select.poll().poll(20)


def test_a_failing_test_is_shown_with_the_log_and_the_last_calls(tmp_path: Path) -> None:
    source = """
def test_fails(saf_shim):
    saf_shim.run("immlist", "safApp=safImmService")
    assert 0

def test_fails_after_the_simulator(saf_shim):
    saf_shim.stop()
    assert 0

def test_passes(saf_shim):
    pass
"""
    code, output = run(tmp_path, source)
    assert code == 1
    assert output.count(" saf_shim log ") == 2
    assert output.count("serving nodes SC-1") == 2
    assert "saImmOmAccessorGet_2(safApp=safImmService) OK" in output
