# SPDX-License-Identifier: Apache-2.0
"""An IMM that hangs, is away, or answers late: how long calls take, and in which order they take effect."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from imm_client import Oi, Om, make_runtime_class, values

from saf_shim import patience
from saf_shim.pyosaf import saImmOi, saImmOm
from saf_shim.pytest_plugin import SafShim

SUPPORT = Path(__file__).resolve().parents[2] / "support"
INITIALIZE, FINALIZE = 0.9, 0.6  # seconds in the tests that do not wait for the real times


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls, and the two that have times of their own, give up early."""
    monkeypatch.setenv("IMMA_SYNCR_TIMEOUT", "30")  # 300 ms
    for module in (saImmOi, saImmOm):
        monkeypatch.setattr(module, "INITIALIZE_TIME", INITIALIZE)
        monkeypatch.setattr(module, "FINALIZE_TIME", FINALIZE)


def seconds(begin: float) -> float:
    return time.monotonic() - begin


def test_the_times_are_those_of_the_real_library() -> None:
    assert (patience.INITIALIZE_TIME, patience.FINALIZE_TIME) == (21.0, 11.0)


@pytest.mark.usefixtures("impatient")
def test_a_hanging_imm_times_calls_out(saf_shim: SafShim) -> None:
    om, oi = Om(), Oi("Hanging")
    make_runtime_class(om)
    saf_shim.imm("hang")
    assert saf_shim.status()["imm"] == "hanging"
    begin = time.monotonic()
    assert oi.create("TestRt", None, values("a")) == "ERR_TIMEOUT"
    assert om.get("safApp=safImmService")[0] == "ERR_TIMEOUT"
    assert seconds(begin) >= 0.6
    begin = time.monotonic()
    assert Om().rc == "ERR_TIMEOUT"
    assert Oi().rc == "ERR_TIMEOUT"
    assert seconds(begin) >= 2 * INITIALIZE
    assert saf_shim.status()["imm"] == "hanging"


@pytest.mark.usefixtures("impatient")
def test_dispatching_needs_no_node_director(saf_shim: SafShim) -> None:
    oi = Oi("Hanging")
    saf_shim.imm("hang")
    assert oi.selection_object() >= 0
    assert oi.dispatch() == "OK"


@pytest.mark.usefixtures("impatient")
def test_finalizing_under_a_hanging_imm_succeeds_and_frees_everything(saf_shim: SafShim) -> None:
    oi = Oi("Hanging")
    saf_shim.imm("hang")
    begin = time.monotonic()
    assert oi.finalize() == "OK"
    assert seconds(begin) >= FINALIZE
    assert oi.finalize() == "ERR_BAD_HANDLE"
    saf_shim.wait_for(lambda: saf_shim.status()["sessions"] == [])
    saf_shim.imm("back")
    assert Oi("Hanging").rc == "OK", "the name is free at the first try"


@pytest.mark.usefixtures("impatient")
def test_what_was_asked_meanwhile_is_done_in_its_order(saf_shim: SafShim) -> None:
    om, oi = Om(), Oi("Hanging")
    make_runtime_class(om)
    saf_shim.imm("hang")
    assert oi.create("TestRt", None, values("a", 1)) == "ERR_TIMEOUT"
    assert oi.update("rt=a", [("number", "UINT32", [2])]) == "ERR_TIMEOUT"
    assert oi.update("rt=a", [("number", "UINT32", [3])]) == "ERR_TIMEOUT"
    assert oi.finalize() == "OK"
    assert saf_shim.objects("TestRt") == []
    saf_shim.imm("back")
    assert saf_shim.values("rt=a", "number") == [3]
    assert om.get("rt=a", "SaImmAttrImplementerName")[0] == "OK"


def test_a_tool_gives_up_when_imm_begins_to_hang(saf_shim: SafShim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMMA_SYNCR_TIMEOUT", "30")
    saf_shim.fault("saImmOmAccessorInitialize", "lost", times=1)
    given_up = saf_shim.run("immlist", "safApp=safImmService", check=False)
    assert given_up.returncode == 1
    assert "saImmOmAccessorInitialize FAILED: SA_AIS_ERR_TIMEOUT (5)" in given_up.stderr


def test_a_restart_ends_a_hang(saf_shim: SafShim) -> None:
    om = Om()
    saf_shim.imm("hang")
    saf_shim.imm("restart")
    assert saf_shim.status()["imm"] == "present"
    assert om.get("safApp=safImmService")[0] == "ERR_BAD_HANDLE"
    assert Om().rc == "OK"


@pytest.mark.slow
def test_the_real_times_pass(saf_shim: SafShim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMMA_SYNCR_TIMEOUT", "100")
    oi = Oi("Hanging")
    saf_shim.imm("hang")
    program = "import sys; sys.path.insert(0, sys.argv[1]); from imm_client import Om; print(Om().rc)"
    begin = time.monotonic()
    opening = saf_shim.start_program(
        sys.executable, "-c", program, str(SUPPORT), stdout=subprocess.PIPE, text=True
    )
    assert oi.finalize() == "OK"
    assert 11 <= seconds(begin) < 21
    assert opening.communicate()[0] == "ERR_TIMEOUT\n"
    assert seconds(begin) >= 21


def test_finalizing_succeeds_while_imm_is_away(saf_shim: SafShim) -> None:
    oi = Oi("Away")
    saf_shim.imm("absent")
    assert oi.finalize() == "OK"
    saf_shim.imm("back")
    assert Oi("Away").rc == "OK", "the handle that was given back holds no name"


def test_a_late_call_is_not_overtaken(saf_shim: SafShim, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that gave a call up must not find its later one undone by it."""
    monkeypatch.setenv("IMMA_SYNCR_TIMEOUT", "20")
    om, oi = Om(), Oi("Late")
    make_runtime_class(om)
    assert oi.create("TestRt", None, values("a", 1)) == "OK"
    saf_shim.fault("saImmOiRtObjectUpdate_2", "none", times=1, delay=0.5)
    assert oi.update("rt=a", [("number", "UINT32", [1400])]) == "ERR_TIMEOUT"
    while oi.update("rt=a", [("number", "UINT32", [1450])]) == "ERR_TIMEOUT":
        pass
    assert saf_shim.values("rt=a", "number") == [1450]


def test_the_end_of_a_handle_waits_for_a_late_call(
    saf_shim: SafShim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMMA_SYNCR_TIMEOUT", "20")
    om, oi = Om(), Oi("Late")
    make_runtime_class(om)
    saf_shim.fault("saImmOiRtObjectCreate_2", "none", times=1, delay=0.5)
    assert oi.create("TestRt", None, values("a", 1)) == "ERR_TIMEOUT"
    assert oi.finalize() == "OK"
    assert saf_shim.objects("TestRt") == ["rt=a"]
    assert Oi("Late").rc == "OK"
