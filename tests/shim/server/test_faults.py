# SPDX-License-Identifier: Apache-2.0
"""Faults on purpose, the call log, and what a client's death frees."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from imm_client import Oi, Om, make_config_class, make_runtime_class, name_of, values

from saf_shim.pyosaf import saAis, saImmOi, saImmOm
from saf_shim.pytest_plugin import SafShim, ShimError

SUPPORT = Path(__file__).resolve().parents[2] / "support"


def test_a_fault_answers_its_code_and_does_nothing(saf_shim: SafShim) -> None:
    om, oi = Om(), Oi("Faulty")
    make_runtime_class(om)
    saf_shim.fault("saImmOiRtObjectCreate_2", "ERR_TRY_AGAIN", times=2)
    assert [oi.create("TestRt", None, values("a")) for _ in range(3)] == [
        "ERR_TRY_AGAIN",
        "ERR_TRY_AGAIN",
        "OK",
    ]
    saf_shim.fault("saImmOiRtObjectDelete", "SA_AIS_ERR_BUSY")
    assert {oi.delete("rt=a") for _ in range(5)} == {"ERR_BUSY"}
    saf_shim.clear_faults()
    assert oi.delete("rt=a") == "OK"


def test_a_slow_call_is_done_and_late(saf_shim: SafShim) -> None:
    saf_shim.fault("saImmOiImplementerSet", "none", times=1, delay=0.2)
    begin = time.monotonic()
    assert Oi("Slow").rc == "OK"
    assert time.monotonic() - begin >= 0.2


def test_a_lost_answer_times_out_and_the_work_is_done(
    saf_shim: SafShim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMMA_SYNCR_TIMEOUT", "20")  # 200 ms
    om, oi = Om(), Oi("Lossy")
    make_runtime_class(om)
    saf_shim.fault("saImmOiRtObjectCreate_2", "lost", times=1)
    assert oi.create("TestRt", None, values("a")) == "ERR_TIMEOUT"
    assert oi.create("TestRt", None, values("a")) == "ERR_EXIST"
    assert saf_shim.objects("TestRt") == ["rt=a"]


def test_a_late_answer_is_not_taken_for_the_next_one(
    saf_shim: SafShim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMMA_SYNCR_TIMEOUT", "10")
    om, oi = Om(), Oi("Late")
    make_runtime_class(om)
    saf_shim.fault("saImmOiRtObjectDelete", "none", times=1, delay=0.3)
    assert oi.delete("rt=nothing") == "ERR_TIMEOUT"
    answers = []
    for number in range(20):
        answers.append(oi.create("TestRt", None, values(str(number))))
        select.poll().poll(20)  # so that the late answer comes in between
    assert "OK" in answers
    assert set(answers) <= {"OK", "ERR_TIMEOUT"}, "never ERR_NOT_EXIST, which is the late answer"
    assert sorted(saf_shim.objects("TestRt")) == sorted(f"rt={number}" for number in range(20))


@pytest.mark.parametrize("word", ["nonsense", "ERR_NONSENSE", "-1"])
def test_an_unknown_code_is_refused(saf_shim: SafShim, word: str) -> None:
    with pytest.raises(ValueError):
        saf_shim.fault("saImmOmInitialize", word)


def test_a_faulty_dispatch_loses_no_callback(saf_shim: SafShim) -> None:
    seen: list[int] = []
    callbacks = saImmOi.SaImmOiCallbacksT_2()
    callbacks.saImmOiAdminOperationCallback = saImmOi.SaImmOiAdminOperationCallbackT_2(
        lambda handle, invocation, obj, operation, params: seen.append(operation)
    )
    om = Om()
    make_runtime_class(om)
    oi = Oi("Dispatching", callbacks)
    assert oi.create("TestRt", None, values("a")) == "OK"
    _, owner = om.owner("Owner")
    assert saImmOm.saImmOmAdminOwnerSet(owner, [saAis.SaNameT("rt=a")], 1) == 1
    fd = oi.selection_object()
    saf_shim.fault("saImmOiDispatch", "ERR_TRY_AGAIN", times=1)
    done = threading.Thread(
        target=lambda: saImmOm.saImmOmAdminOperationInvoke_2(
            owner, saAis.SaNameT("rt=a"), 0, 7, [], saAis.SaAisErrorT(), 300_000_000
        )
    )
    done.start()
    assert select.select([fd], [], [], 5)[0]
    assert oi.dispatch() == "ERR_TRY_AGAIN"
    assert select.select([fd], [], [], 5)[0], "the callback still waits"
    assert oi.dispatch() == "OK"
    assert seen == [7]
    done.join()


def test_imm_absent_and_back(saf_shim: SafShim) -> None:
    om, oi = Om(), Oi("Patient")
    make_runtime_class(om)
    saf_shim.imm("absent")
    assert Om().rc == "ERR_TRY_AGAIN"
    assert oi.create("TestRt", None, values("a")) == "ERR_TRY_AGAIN"
    assert saf_shim.status()["imm"] == "absent"
    saf_shim.imm("back")
    assert oi.create("TestRt", None, values("a")) == "OK"


def test_a_restart_loses_runtime_objects_and_handles(saf_shim: SafShim) -> None:
    om, oi = Om(), Oi("Unlucky")
    make_runtime_class(om)
    make_config_class(om)
    assert oi.create("TestRt", None, values("a")) == "OK"
    config = saf_shim.objects("SaAmfApplication")
    fd = oi.selection_object()
    assert not select.select([fd], [], [], 0)[0]
    saf_shim.imm("restart")
    assert select.select([fd], [], [], 5)[0], "a program that waits must notice"
    assert oi.dispatch() == "ERR_BAD_HANDLE"
    assert oi.update("rt=a", [("number", "UINT32", [2])]) == "ERR_BAD_HANDLE"
    assert om.get("rt=a")[0] == "ERR_BAD_HANDLE"
    assert saf_shim.objects("TestRt") == []
    assert saf_shim.objects("SaAmfApplication") == config
    again = Oi("Unlucky")
    assert again.rc == "OK"
    assert again.create("TestRt", None, values("a")) == "OK"
    with pytest.raises(ShimError):
        saf_shim.imm("upside down")


def test_the_log_has_every_call_with_its_code(saf_shim: SafShim) -> None:
    om = Om()
    make_runtime_class(om)
    saf_shim.calls(clear=True)
    oi = Oi("Logged")
    oi.create("TestRt", None, values("a", 5))
    oi.create("TestRt", None, values("a", 5))
    oi.dispatch()
    calls = saf_shim.calls("saImmOi")
    assert [(call.name, name_of(call.rc)) for call in calls] == [
        ("saImmOiInitialize_2", "OK"),
        ("saImmOiImplementerSet", "OK"),
        ("saImmOiRtObjectCreate_2", "OK"),
        ("saImmOiRtObjectCreate_2", "ERR_EXIST"),
        ("saImmOiDispatch", "OK"),
    ]
    assert calls[2].pid == os.getpid()
    assert calls[2].args["className"] == "TestRt"
    assert ["number", 2, [5]] in calls[2].args["attrValues"]
    assert saf_shim.calls(clear=True)
    assert saf_shim.calls() == []


CHILD = """
import sys; sys.path.insert(0, sys.argv[1])
import os
from imm_client import *
om = Om()
rc, owner = om.owner("Mortal")
assert saImmOm.saImmOmAdminOwnerSet(owner, [saAis.SaNameT("safApp=safEvtService")], 1) == 1
ccb = saImmOm.SaImmCcbHandleT()
assert saImmOm.saImmOmCcbInitialize(owner, 0, ccb) == 1
kept = Kept()
assert saImmOm.saImmOmCcbObjectCreate_2(
    ccb, saAis.SaStringT("TestCfg"), None, attributes(kept, [("cfg", "STRING", ["cfg=open"])])) == 1
oi = Oi("Mortal")
assert oi.rc == "OK"
assert oi.create("TestRt", None, values("orphan")) == "OK"
if sys.argv[2] == "fork":
    # the child keeps our connections open, and lives on
    if not os.fork():
        os.close(1)
        sys.stdin.read()
        os._exit(0)
print("ready", flush=True)
sys.stdin.readline()
if sys.argv[2] == "exit":
    os._exit(0)
sys.stdin.read()
"""


@pytest.mark.parametrize("how", ["kill", "exit", "fork"])
def test_death_frees_what_a_client_held_and_leaves_its_objects(saf_shim: SafShim, how: str) -> None:
    om = Om()
    make_runtime_class(om)
    make_config_class(om)
    child = saf_shim.start_program(
        sys.executable, "-c", CHILD, str(SUPPORT), how, stdin=-1, stdout=-1, text=True
    )
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    assert Oi("Mortal").rc == "ERR_EXIST"
    assert saf_shim.attributes("safApp=safEvtService")["SaImmAttrAdminOwnerName"] == ["Mortal"]
    if how == "exit":
        child.stdin.write("\n")
        child.stdin.flush()
    else:
        os.kill(child.pid, signal.SIGKILL)
    child.wait()
    heir = saf_shim.wait_for(lambda: next((oi for oi in [Oi("Mortal")] if oi.rc == "OK"), None))
    assert saf_shim.objects("TestCfg") == [], "the open CCB is aborted"
    assert om.get("cfg=open")[0] == "ERR_NOT_EXIST"
    assert saf_shim.attributes("safApp=safEvtService")["SaImmAttrAdminOwnerName"] == []
    assert saf_shim.objects("TestRt") == ["rt=orphan"]
    assert heir.delete("rt=orphan") == "OK"
    child.stdin.close()


def test_overlapping_calls_on_one_handle_are_refused(saf_shim: SafShim) -> None:
    om, oi = Om(), Oi("Threads")
    make_runtime_class(om)
    saf_shim.fault("saImmOiRtObjectCreate_2", "none", times=1, delay=0.5)
    first: list[str] = []

    def create() -> None:
        while not first or first[-1] == "ERR_LIBRARY":  # when ours was the second
            first.append(oi.create("TestRt", None, values("a")))

    thread = threading.Thread(target=create)
    thread.start()
    other = saf_shim.wait_for(lambda: [rc for rc in [oi.delete("rt=none")] if rc == "ERR_LIBRARY"])
    assert other == ["ERR_LIBRARY"]
    assert oi.dispatch() == "OK", "dispatching beside a call is fine"
    thread.join()
    assert first[-1] == "OK"
    assert oi.delete("rt=a") == "OK"


LOST_SESSIONS = """
import os, sys
from pyosaf import saAis, saImm, saImmOm
for _ in range(3):
    handle, search = saImmOm.SaImmHandleT(), saImmOm.SaImmSearchHandleT()
    assert saImmOm.saImmOmInitialize(handle, None, saAis.SaVersionT("A", 2, 17)) == 1
    scope, options = saImm.eSaImmScopeT.SA_IMM_SUBTREE, saImm.saImm.SA_IMM_SEARCH_GET_NO_ATTR
    assert saImmOm.saImmOmSearchInitialize_2(handle, None, scope, options, None, None, search) == 1
    print("open", flush=True)
    sys.stdin.readline()
    print(saImmOm.saImmOmSearchFinalize(search), saImmOm.saImmOmFinalize(handle), flush=True)
print(len(os.listdir("/proc/self/fd")), flush=True)
"""


def test_only_a_services_own_finalizer_ends_a_lost_session(saf_shim: SafShim) -> None:
    """The name of a search's finalizer ends in the same word, and it must not end the handle under it."""
    program = saf_shim.start_program(
        sys.executable, "-c", LOST_SESSIONS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert program.stdin is not None
    assert program.stdout is not None
    for _ in range(3):
        assert program.stdout.readline() == "open\n"
        saf_shim.imm("restart")
        program.stdin.write("\n")
        program.stdin.flush()
        assert program.stdout.readline() == "9 1\n", "ERR_BAD_HANDLE for the search, OK for the handle"
    assert program.stdout.readline() == "4\n", "the standard streams, and the directory that is listed"
    program.communicate()
    assert saf_shim.status()["sessions"] == []
