# SPDX-License-Identifier: Apache-2.0
"""Every fact that was measured on a real AMF, and what shows that the simulator has it.

Evidence is one of: a step of the recordings in `tests/conformance/amf`, replayed by
`test_conformance`; a test here or in a sibling; or the reason why the simulator is different.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from amf_cluster import AmfCluster

from saf_shim.pytest_plugin import SafShim

HERE = Path(__file__).resolve().parent
EXPECTED = HERE.parents[1] / "conformance" / "amf" / "expected"
C = "NR.SU1.C1"


class Fact(NamedTuple):
    """`steps`: (scenario, beginning of the step's name)."""

    topic: str
    text: str
    steps: tuple[tuple[str, str], ...] = ()
    tests: tuple[str, ...] = ()
    different: str = ""


def step(scenario: str, *names: str) -> tuple[tuple[str, str], ...]:
    return tuple((scenario, name) for name in names)


FACTS = (
    Fact(
        "model",
        "the model loads in one CCB; SUs must be given as locked-in",
        step("admin_su", "01"),
        ("test_model",),
    ),
    Fact("model", "the redundancy model is on the SG type", step("two_n", "07"), ("test_model",)),
    Fact(
        "model", "bundle prefix, relative path and argv make the command", step("env_argv", "02", "12", "13")
    ),
    Fact("model", "changes end with the IMM that holds them", different="a simulator begins afresh, always"),
    Fact("commands", "the environment of commands is this, whole", (), ("test_environment",)),
    Fact(
        "commands",
        "saAmfCompCmdEnv wins over saAmfCtDefCmdEnv, both are merged",
        step("env_argv", "02", "08"),
    ),
    Fact("commands", "no HOME, USER, LOGNAME, SHELL", step("env_argv", "02"), ("test_environment",)),
    Fact(
        "commands",
        "no PYTHONPATH",
        different="it has the simulator's own, or nobody would find its pyosaf; PATH begins with its tools",
    ),
    Fact(
        "commands",
        "cleanup gets OSAF_COMPONENT_ERROR_SOURCE",
        step("env_argv", "07", "10"),
        ("test_environment",),
    ),
    Fact("commands", "error sources: 0", step("instantiate", "02"), ("test_error_sources",)),
    Fact("commands", "error sources: 1", step("error_report", "02")),
    Fact("commands", "error sources: 2", step("health", "06"), ("test_error_sources",)),
    Fact("commands", "error sources: 6, 7, 8", step("health", "11"), ("test_error_sources",)),
    Fact(
        "commands", "error sources: 10, 12, 13", step("callbacks", "02", "06", "22"), ("test_error_sources",)
    ),
    Fact("commands", "error sources: 14", step("callbacks", "25"), ("test_error_sources",)),
    Fact("commands", "instantiate gets none", step("env_argv", "02")),
    Fact("commands", "CSI attributes are not in the environment", (), ("test_environment",)),
    Fact("commands", "commands run as root", different="they run as the user of the simulator"),
    Fact("commands", "cwd /, umask 022", step("env_argv", "02")),
    Fact("commands", "stdio is /dev/null, nothing else is open", step("env_argv", "02")),
    Fact("commands", "the session of amfnd", step("env_argv", "02"), ("test_signals_and_session",)),
    Fact(
        "commands",
        "SIGHUP and the terminal's signals are ignored, nothing is blocked",
        (),
        ("test_signals_and_session",),
    ),
    Fact(
        "commands",
        "20000 descriptors, no core",
        different="limits are those of whoever started the simulator",
    ),
    Fact("commands", "success is exit 0 and registration, in any order", step("instantiate", "11", "30")),
    Fact(
        "commands",
        "a command that never ends fails although the component has registered",
        step("instantiate", "26", "27"),
    ),
    Fact("commands", "output of commands goes nowhere", step("env_argv", "02")),
    Fact(
        "commands",
        "exit 3: cleanup, a second try, cleanup, INSTANTIATION-FAILED",
        step("instantiate", "01", "02"),
    ),
    Fact("commands", "nobody registers: the same after the time-out", step("instantiate", "14", "15")),
    Fact("commands", "the command hangs: killed, and the same", step("instantiate", "24", "25")),
    Fact("commands", "a component in the foreground counts as hanging", step("instantiate", "26", "27")),
    Fact("commands", "two tries without delay", step("instantiate", "02", "12")),
    Fact(
        "commands",
        "unlock-in waits, and fails with REPAIR_PENDING; repaired instantiates",
        step("instantiate", "01", "08"),
    ),
    Fact("commands", "an orderly lock-in calls no command", step("admin_su", "44", "45"), ("test_life",)),
    Fact("commands", "unlock-in returns when the SU is INSTANTIATED", step("admin_su", "11"), ("test_life",)),
    Fact(
        "callbacks",
        "unlock-in: no callbacks but healthchecks, which run while locked",
        step("admin_su", "12"),
        ("test_life",),
    ),
    Fact(
        "callbacks", "unlock: ACTIVE, ADD_ONE, NEW_ASSIGN, attributes", step("admin_su", "22"), ("test_life",)
    ),
    Fact("callbacks", "lock: QUIESCED then remove, TARGET_ONE", step("admin_su", "36")),
    Fact("callbacks", "shutdown: QUIESCING, then remove without QUIESCED", step("admin_su", "42")),
    Fact("callbacks", "lock-in: terminate", step("admin_su", "45")),
    Fact("callbacks", "restart: terminate, instantiate, ACTIVE", step("admin_su", "30", "33")),
    Fact("callbacks", "component restart: cleanup, instantiate, ACTIVE", step("death", "01")),
    Fact("callbacks", "TARGET_ALL has no name, and comes in 2N", step("two_n", "14", "20")),
    Fact("callbacks", "attributes come with ADD_ONE alone", step("csi_attrs", "02", "05"), ("test_life",)),
    Fact("callbacks", "several values are several pairs", step("csi_attrs", "02"), ("test_life",)),
    Fact(
        "callbacks",
        "a changed attribute calls nobody, and comes with the next ADD_ONE",
        step("csi_attrs", "16", "18", "23"),
    ),
    Fact("callbacks", "shutdown stays open until quiescing is complete", step("callbacks", "33", "34", "35")),
    Fact("callbacks", "invocations are reused", (), ("test_invocations_are_reused",)),
    Fact("callbacks", "the HA state is an int, the descriptor a value", step("admin_su", "22")),
    Fact(
        "callbacks",
        "ComponentNameGet gives the variable; handles look like 0xffb00001",
        step("api_inside", "01"),
        ("test_life",),
    ),
    Fact("callbacks", "ACTIVE refused: restart, unlock is OK", step("callbacks", "01", "02")),
    Fact("callbacks", "ACTIVE unanswered: restart after the time-out", step("callbacks", "05", "06")),
    Fact(
        "callbacks",
        "quiescing never complete: failover, shutdown fails with TIMEOUT",
        step("callbacks", "24", "25"),
    ),
    Fact(
        "callbacks",
        "terminate answered, process stays: cleanup after the time-out",
        step("terminate", "07", "08"),
    ),
    Fact("callbacks", "terminate never answered: cleanup after the time-out", step("terminate", "10", "11")),
    Fact("callbacks", "terminate refused: cleanup at once", step("terminate", "13", "14")),
    Fact("callbacks", "exit without an answer: cleanup at once", step("terminate", "16", "17")),
    Fact(
        "healthchecks",
        "the first healthcheck comes at once",
        step("health", "02"),
        ("test_first_healthcheck",),
    ),
    Fact("healthchecks", "ticks of 100 ms", step("health", "03"), ("test_ticks",)),
    Fact("healthchecks", "the period counts from the sending", step("health", "04"), ("test_period",)),
    Fact(
        "healthchecks",
        "a late answer brings the next at once, never two at a time",
        (),
        ("test_late_answer",),
    ),
    Fact("healthchecks", "no answer: the recovery given at the start", step("health", "10", "11")),
    Fact(
        "healthchecks",
        "FAILED_OPERATION: restart at once",
        step("health", "14", "17"),
        ("test_error_sources",),
    ),
    Fact(
        "healthchecks",
        "COMPONENT_INVOKED: a confirmation within each period",
        step("health_api", "40", "46", "49"),
    ),
    Fact(
        "healthchecks",
        "instance, then type, else NOT_EXIST",
        step("health_api", "03"),
        ("test_healthcheck_instance",),
    ),
    Fact("healthchecks", "a changed period counts from the next callback", step("health_api", "34", "38")),
    Fact(
        "healthchecks",
        "an instance made at run time is not used, and stays while assigned",
        (),
        ("test_healthcheck_instance",),
    ),
    Fact(
        "healthchecks",
        "times below the least are refused",
        step("health_api", "35", "36"),
        ("test_healthcheck_instance",),
    ),
    Fact(
        "healthchecks",
        "stop removes what is pending, start calls at once",
        step("health_api", "23", "26", "27"),
    ),
    Fact(
        "errors",
        "any death is seen at once: cleanup, instantiate, ACTIVE",
        step("death", "01", "03", "05", "07"),
    ),
    Fact(
        "errors",
        "finalize of the registered handle (later found: no death)",
        (),
        ("test_finalize_is_no_death",),
    ),
    Fact("errors", "two component restarts", step("escalation", "02", "04")),
    Fact("errors", "then an SU restart", step("escalation", "10", "11")),
    Fact(
        "errors",
        "then an SU failover: nothing is started again",
        step("escalation", "17", "18"),
        ("test_failed_over",),
    ),
    Fact("errors", "amf-state names SI and SU", (), ("test_failed_over",)),
    Fact("errors", "repaired: assigned again, no alarm", step("escalation", "23", "24", "25")),
    Fact("errors", "the level stays until the node's probation ends", step("escalation", "27", "28")),
    Fact(
        "errors",
        "more failovers: the node",
        (),
        ("test_cluster.test_a_failed_node_is_emptied_and_comes_back",),
    ),
    Fact(
        "errors",
        "after the probation counts are 0",
        step("escalation", "05", "07"),
        ("test_director.test_ladder",),
    ),
    Fact("errors", "limits of the SG, else of its type, changed at run time", step("escalation", "26")),
    Fact("errors", "AutoRepair", (), ("test_director.test_auto_repair",)),
    Fact(
        "errors",
        "amfnd's death ends components by SIGTERM",
        different="they end by SIGKILL with the simulator",
    ),
    Fact("errors", "the old ErrorReport works on a B.04 handle", step("error_report", "01", "02")),
    Fact("errors", "ErrorReport_4 without ids: INVALID_PARAM", step("api_inside", "42")),
    Fact(
        "errors",
        "APPLICATION_RESTART, CONTAINER_RESTART, unknown component",
        step("api_inside", "39", "40", "41"),
    ),
    Fact("errors", "a recovery out of range", (), ("test_director.test_recovery_out_of_range",)),
    Fact("errors", "node-level recoveries", (), ("test_director.test_node_recoveries",)),
    Fact("calls", "initialize outside AMF", step("api_outside", "01")),
    Fact("calls", "initialize without OpenSAF: LIBRARY", (), ("test_initialize_without_a_simulator",)),
    Fact("calls", "versions B.4.0, B.4.2", step("api_outside", "02"), ("test_versions",)),
    Fact("calls", "versions B.1.1, B.5.1, A, C", step("api_outside", "03", "05", "06", "07")),
    Fact("calls", "no callbacks", step("api_outside", "08")),
    Fact("calls", "no name", step("api_outside", "11")),
    Fact("calls", "register without name", step("api_outside", "12")),
    Fact("calls", "register while locked-in", step("api_outside", "40")),
    Fact("calls", "register without callbacks: INIT", (), ("test_versions",)),
    Fact("calls", "register twice", step("api_inside", "03", "62")),
    Fact("calls", "register another, an unknown, an empty name", step("api_inside", "04", "05", "06")),
    Fact("calls", "unregister", step("api_inside", "09")),
    Fact("calls", "HealthcheckStart", step("health_api", "19", "03", "16", "04"), ("test_versions",)),
    Fact("calls", "HealthcheckStart, recovery out of range", step("health_api", "09", "10")),
    Fact("calls", "HealthcheckStop", step("health_api", "02", "24")),
    Fact("calls", "HealthcheckConfirm", step("health_api", "21")),
    Fact("calls", "Response", step("api_inside", "18", "20", "22")),
    Fact("calls", "SelectionObjectGet", step("api_inside", "11")),
    Fact("calls", "Dispatch", step("api_inside", "14", "16")),
    Fact("calls", "bad handles", step("api_inside", "02", "08", "12", "17", "25")),
    Fact("calls", "passive monitoring", step("api_inside", "44", "45", "46")),
    Fact("calls", "ErrorClear", step("api_inside", "36")),
    Fact("calls", "HAStateGet", step("api_inside", "31", "32")),
    Fact("calls", "HAReadinessStateSet, CorrelationIdsGet", step("api_inside", "47", "48")),
    Fact("calls", "protection groups", step("api_inside", "53", "58", "59")),
    Fact(
        "calls", "a failing initialize shuts the library down", (), ("test_a_failing_initialize_is_a_death",)
    ),
    Fact("calls", "a second handle is harmless", step("api_inside", "61", "63")),
    Fact("tools", "amf-adm: silence, errors on stderr, status 1, usage on stdout, -t", (), ("test_amf_adm",)),
    Fact("tools", "the form of errors", step("admin_su", "02"), ("test_amf_adm",)),
    Fact("tools", "repeated operations: NO_OP", step("admin_su", "04"), ("test_amf_adm",)),
    Fact("tools", "wrong states: BAD_OPERATION", step("admin_su", "02", "26")),
    Fact("tools", "unlock-in leaves LOCKED", step("admin_su", "13")),
    Fact("tools", "what is not supported", step("admin_si_sg", "69", "75", "42")),
    Fact("tools", "it returns after the whole cycle", step("admin_su", "21", "22"), ("test_life",)),
    Fact("tools", "amf-state", (), ("test_amf_state",)),
    Fact("tools", "amfclusterstatus", different="not among the simulator's tools"),
)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: f"{fact.topic}: {fact.text}")
def test_every_fact_has_evidence(fact: Fact) -> None:
    assert fact.steps or fact.tests or fact.different
    for scenario, name in fact.steps:
        recorded = [
            json.loads(line)["step"] for line in (EXPECTED / f"{scenario}.jsonl").open(encoding="utf-8")
        ]
        assert any(each.startswith(name) for each in recorded), (scenario, name)
    for name in fact.tests:
        module, _, function = name.rpartition(".")
        found = globals() if not module else vars(sibling(module))
        assert callable(found.get(function)), name


def sibling(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# -- what the recordings do not show


@pytest.fixture
def cluster(saf_shim: SafShim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AmfCluster:
    return AmfCluster(saf_shim, tmp_path, monkeypatch)


@pytest.fixture
def unit(cluster: AmfCluster) -> str:
    name: str = cluster.suite.su_dn("NR")
    return name


def test_model(cluster: AmfCluster) -> None:
    cluster.model(
        cluster.suite.group("TN", redundancy=1, sus=2), cluster.suite.group("NR", sis={"S2": {"I1": {}}})
    )
    for name in (cluster.suite.su_dn("TN"), cluster.suite.su_dn("NR")):
        assert cluster.state(name, "saAmfSUAdminState") == "3"
        assert cluster.state(name, "saAmfSUPresenceState") == "1"
    kind = f"saAmfSUType=safVersion=NR,safSuType={cluster.suite.NAME}"
    host = f"saAmfSUHostNodeOrNodeGroup={cluster.suite.NODE}"
    added = cluster.suite.su_dn("NR", "SU9")
    done = cluster.shim.run("immcfg", "-c", "SaAmfSU", "-a", kind, "-a", host, added, check=False)
    assert done.returncode == 1
    assert "SG or node not configured properly to allow creation of UNLOCKED SU" in done.stderr


def script(cluster: AmfCluster, text: str) -> None:
    """Replace the CLC-CLI command."""
    path = cluster.folder / "clc.sh"
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_environment(cluster: AmfCluster, unit: str) -> None:
    """The whole of it, with the simulator's own three additions."""
    attributes = {"alpha": ["secret"]}
    cluster.model(cluster.suite.group("NR", sis={"S1": {"I1": attributes}}))
    script(cluster, f"#!/bin/sh\n/usr/bin/env -0 > {cluster.folder}/env-$1\nexit 1\n")
    assert cluster.adm("unlock-in", unit, check=False).returncode == 1
    found = {}
    for command in ("instantiate", "cleanup"):
        pairs = (cluster.folder / f"env-{command}").read_text().split("\0")
        found[command] = dict(pair.split("=", 1) for pair in pairs if pair)
    started = found["instantiate"]
    assert started.keys() - {"_", "OLDPWD", "SHLVL"} == {
        "AVND_PM_MONITORING_RATE",
        "LANG",
        "LD_LIBRARY_PATH",
        "MDS_TIPC_MCAST_ENABLED",
        "MDS_TRANSPORT",
        "NCS_ENV_NODE_ID",
        "OPENSAF_GROUP",
        "OPENSAF_MANAGE_TIPC",
        "OPENSAF_REBOOT_TIMEOUT",
        "OPENSAF_USER",
        "PATH",
        "PWD",
        "SA_AMF_COMPONENT_NAME",
        "PYTHONPATH",
        "SAF_SHIM_DIR",
    }
    assert started["NCS_ENV_NODE_ID"] == "131343"
    assert started["SA_AMF_COMPONENT_NAME"] == cluster.suite.comp_dn("NR")
    assert started["PATH"].split(":")[0] == f"{cluster.shim.directory}/bin"
    assert found["cleanup"].keys() - started.keys() == {"OSAF_COMPONENT_ERROR_SOURCE"}
    assert found["cleanup"]["OSAF_COMPONENT_ERROR_SOURCE"] == "0"


def test_signals_and_session(cluster: AmfCluster, unit: str) -> None:
    cluster.model(cluster.suite.group("NR"))
    script(
        cluster,
        f"#!/bin/sh\ncd {cluster.folder}\ncp /proc/self/status status\ncp /proc/self/stat stat\nexit 1\n",
    )
    cluster.adm("unlock-in", unit, check=False)
    status = dict(line.split(":", 1) for line in (cluster.folder / "status").read_text().splitlines())
    ignored = int(status["SigIgn"], 16)
    for number in (signal.SIGHUP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU):
        assert ignored >> (number - 1) & 1, number
    assert not int(status["SigBlk"], 16)
    session = int((cluster.folder / "stat").read_text().rpartition(")")[2].split()[3])
    assert session == os.getsid(cluster.shim.status()["pid"])


def test_life(cluster: AmfCluster, unit: str) -> None:
    attributes = {"alpha": ["1", "2"], "beta": ["3"]}
    cluster.model(cluster.suite.group("NR", sis={"S1": {"I1": attributes}}))
    cluster.recorder.behave(C, start={"healthchecks": [["Key", 1, 2]]})
    cluster.adm("unlock-in", unit)
    assert cluster.state(unit, "saAmfSUPresenceState") == "3"
    cluster.shim.wait_for(lambda: len(cluster.events(C, "healthcheck")) > 1)
    assert not cluster.events(C, "csi_set")
    assert cluster.state(unit, "saAmfSUReadinessState") == "1"
    cluster.adm("unlock", unit)
    (active,) = cluster.events(C, "csi_set")
    assert active["attrs"] == [["alpha", "1"], ["alpha", "2"], ["beta", "3"]]
    assert (active["ha"], active["flags"], active["transition"], active["active_comp"]) == (1, 1, 1, "")
    cluster.adm("lock", unit)
    cluster.adm("lock-in", unit)
    assert [event["cmd"] for event in cluster.events(C, "clc")] == ["instantiate"]
    assert len(cluster.events(C, "terminate")) == 1


def test_invocations_are_reused(cluster: AmfCluster, unit: str) -> None:
    cluster.model(cluster.suite.group("NR"))
    cluster.recorder.behave(C, healthcheck={"answer": "OK"})
    cluster.up(unit)
    for _ in range(60):
        cluster.call(C, "hc_start", "main", "Key")
        before = len(cluster.events(C, "healthcheck"))
        cluster.shim.wait_for(lambda before=before: len(cluster.events(C, "healthcheck")) > before - 1)
        cluster.call(C, "hc_stop", "main", "Key")
    numbers = [call.args["invocation"] for call in cluster.shim.calls("saAmfResponse_4")]
    assert len(set(numbers)) < len(numbers)
    assert min(numbers) > 0xFF000000


ERRORS = {
    # behaviour or call, and the error source that cleanup gets
    "report": (("call", "error_report", "main", 2), 1),
    "confirmed as failed": (("own", 21), 2),
    "healthcheck unanswered": (("healthcheck", "never"), 6),
    "healthcheck failed": (("healthcheck", "FAILED_OPERATION"), 7),
    "killed": (("call", "die", 9), 8),
    "ACTIVE unanswered": (("active", "never"), 10),
    "ACTIVE refused": (("active", "FAILED_OPERATION"), 12),
    "remove refused": (("remove", "FAILED_OPERATION"), 13),
    "remove unanswered": (("remove", "never"), 11),
    "quiescing not completed": (("complete", "never"), 14),
}


@pytest.mark.parametrize("what", ERRORS)
def test_error_sources(cluster: AmfCluster, unit: str, what: str) -> None:
    (kind, *given), source = ERRORS[what]
    cluster.model(cluster.suite.group("NR"))
    if kind in ("active", "remove", "healthcheck"):
        cluster.recorder.behave(C, **{kind: [{"answer": given[0]}, {}]})
    elif kind == "complete":
        cluster.recorder.behave(C, quiescing={"complete": given[0]})
    cluster.up(unit)
    if kind == "call":
        cluster.call(C, *given)
    elif kind == "own":
        cluster.call(C, "hc_start", "main", "Key", 2)
        cluster.call(C, "hc_confirm", "main", "Key", given[0])
    elif kind == "healthcheck":
        cluster.call(C, "hc_start", "main", "Key")
    elif kind == "remove":
        cluster.adm("lock", unit)
    elif kind == "complete":
        assert cluster.adm("shutdown", unit, check=False).returncode == 1
    cluster.shim.wait_for(lambda: [e for e in cluster.events(C, "clc") if e["cmd"] == "cleanup"])
    (cleanup, *_) = [event for event in cluster.events(C, "clc") if event["cmd"] == "cleanup"]
    assert cleanup["env"]["OSAF_COMPONENT_ERROR_SOURCE"] == str(source)


# -- healthchecks


def times(cluster: AmfCluster, count: int) -> list[float]:
    """When the first `count` healthchecks came."""
    found = cluster.shim.wait_for(
        lambda: len(cluster.events(C, "healthcheck")) >= count and cluster.events(C, "healthcheck"), 15
    )
    return [event["t"] for event in found[:count]]


def test_first_healthcheck(cluster: AmfCluster, unit: str) -> None:
    cluster.model(cluster.suite.group("NR"))
    cluster.up(unit)
    assert cluster.call(C, "hc_start", "main", "Key")[0] == "SA_AIS_OK"
    (first,) = times(cluster, 1)
    started = next(call for call in cluster.shim.calls("saAmfHealthcheckStart"))
    assert first - (time.monotonic() - (time.time_ns() - started.time) / 1e9) < 0.5


def test_ticks(cluster: AmfCluster, unit: str) -> None:
    """1 s is 1.0 to 1.1 s and what the component takes."""
    cluster.model(cluster.suite.group("NR"))
    cluster.up(unit)
    cluster.call(C, "hc_start", "main", "Key")
    found = times(cluster, 4)
    for before, after in zip(found, found[1:]):
        assert 0.99 < after - before < 1.5


def test_period(cluster: AmfCluster, unit: str) -> None:
    """It counts from the sending: an answer after half of it changes nothing."""
    cluster.model(cluster.suite.group("NR", keys={"Key": (1, 2)}))
    cluster.recorder.behave(C, healthcheck={"after": 0.5})
    cluster.up(unit)
    cluster.call(C, "hc_start", "main", "Key")
    found = times(cluster, 3)
    assert 1.9 < found[2] - found[0] < 2.9


def test_late_answer(cluster: AmfCluster, unit: str) -> None:
    """An answer after 1.5 periods brings the next callback at once; never two are out."""
    cluster.model(cluster.suite.group("NR", keys={"Key": (1, 3)}))
    cluster.recorder.behave(C, healthcheck={"after": 1.5})
    cluster.up(unit)
    cluster.call(C, "hc_start", "main", "Key")
    found = times(cluster, 3)
    for before, after in zip(found, found[1:]):
        assert 1.45 < after - before < 2.0
    sent = [e["ev"] for e in cluster.events(C) if e["ev"] in ("healthcheck", "response")]
    assert sent[:4] == ["healthcheck", "response", "healthcheck", "response"]


def test_healthcheck_instance(cluster: AmfCluster, unit: str) -> None:
    """Made with the component it counts, made later it does not."""
    component = cluster.suite.comp_dn("NR")
    cluster.model(cluster.suite.group("NR", keys={}))
    made = ["-a", "saAmfHealthcheckPeriod=20000000000", "-a", "saAmfHealthcheckMaxDuration=1000000000"]
    cluster.shim.run("immcfg", "-c", "SaAmfHealthcheck", *made, f"safHealthcheckKey=Late,{component}")
    cluster.up(unit)
    assert cluster.call(C, "hc_start", "main", "Late")[0] == "SA_AIS_ERR_NOT_EXIST"
    done = cluster.shim.run("immcfg", "-d", f"safHealthcheckKey=Late,{component}", check=False)
    assert done.returncode == 1
    assert "requires comp without any csi assignment" in done.stderr
    late = f"safHealthcheckKey=Late,{component}"
    done = cluster.shim.run("immcfg", "-a", "saAmfHealthcheckPeriod=50000000", late, check=False)
    assert done.returncode == 1
    assert f"Unreasonable saAmfHealthcheckPeriod 50000000 for '{late}'" in done.stderr


# -- death


def test_finalize_is_no_death(cluster: AmfCluster, unit: str) -> None:
    cluster.model(cluster.suite.group("NR"))
    cluster.up(unit)
    pid = cluster.pid(C)
    assert cluster.call(C, "finalize_later", "main")[0] == "OK"
    cluster.wait_state(cluster.suite.comp_dn("NR"), "saAmfCompOperState", "2")
    assert cluster.state(cluster.suite.comp_dn("NR"), "saAmfCompPresenceState") == "3"
    assert cluster.state(unit, "saAmfSUOperState") == "2"
    assert cluster.pid(C) == pid
    assert [event["cmd"] for event in cluster.events(C, "clc")] == ["instantiate"]


def test_a_failing_initialize_is_a_death(cluster: AmfCluster, unit: str) -> None:
    cluster.model(cluster.suite.group("NR"))
    cluster.up(unit)
    assert cluster.call(C, "init", "other", ["B", 5, 1])[0] in ("SA_AIS_ERR_VERSION", "NO COMPONENT", "DIED")
    cluster.shim.wait_for(lambda: len(cluster.events(C, "csi_set")) == 2)
    commands = [event for event in cluster.events(C, "clc") if event["cmd"] == "cleanup"]
    assert [event["env"]["OSAF_COMPONENT_ERROR_SOURCE"] for event in commands] == ["8"]


def test_failed_over(cluster: AmfCluster, unit: str) -> None:
    cluster.model(cluster.suite.group("NR"))
    cluster.up(unit)
    cluster.call(C, "error_report", "main", 3)
    cluster.wait_state(unit, "saAmfSUOperState", "2")
    cluster.wait_state(unit, "saAmfSUPresenceState", "1")
    si = cluster.suite.si_dn()
    assert cluster.state(si, "saAmfUnassignedAlarmStatus") == "1"
    assert cluster.shim.objects("SaAmfSIAssignment") == []
    assert cluster.shim.run("amf-state").stdout == (
        f"\nService Instances UNLOCKED and UNASSIGNED:\n   {si}\n"
        f"\nService Units UNLOCKED and DISABLED:\n   {unit}\n"
        "\nNodes UNLOCKED and DISABLED:\n\n"
    )
    assert [event["cmd"] for event in cluster.events(C, "clc")] == ["instantiate", "cleanup"]


# -- the API


def test_initialize_without_a_simulator(cluster: AmfCluster) -> None:
    program = (
        "from pyosaf import saAmf, saAis\n"
        "print(saAmf.saAmfInitialize_4(saAmf.SaAmfHandleT(), None, saAis.SaVersionT('B', 4, 1)))\n"
        "print(saAmf.saAmfSelectionObjectGet(7, saAis.SaSelectionObjectT()))\n"
    )
    environment = {**cluster.shim.environment(), "SAF_SHIM_DIR": "/nowhere"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["2", "9"]


def test_versions(cluster: AmfCluster, unit: str) -> None:
    cluster.model(cluster.suite.group("NR"))
    peer = cluster.recorder.peer({"SA_AMF_COMPONENT_NAME": cluster.suite.comp_dn("NR")})
    try:
        assert peer.request("init", ["h", ["B", 4, 2]]) == ["SA_AIS_OK", "B.4.1"]
        assert peer.request("init", ["bare", ["B", 4, 1], "empty"]) == ["SA_AIS_OK", "B.4.1"]
        assert peer.request("register", ["bare"])[0] == "SA_AIS_ERR_INIT"
        assert peer.request("hc_start", ["bare", "Key"])[0] == "SA_AIS_ERR_INIT"
    finally:
        peer.close()


# -- tools


def test_amf_adm(cluster: AmfCluster, unit: str) -> None:
    cluster.model(cluster.suite.group("NR"))
    done = cluster.adm("unlock-in", unit)
    assert (done.stdout, done.stderr) == ("", "")
    refused = cluster.adm("unlock-in", unit, check=False)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        "error - saImmOmAdminOperationInvoke_2 admin-op RETURNED: SA_AIS_ERR_NO_OP (28)\n"
        "error-string: Admin operation (4) has no effect on current state (2)\n"
    )
    for words in (("-h",), (), ("lock",), ("lock", unit, "-t", "5"), ("bogus", unit)):
        usage = cluster.adm(*words, check=False)
        assert (usage.returncode, usage.stderr) == (1, "")
        assert "usage: amf-adm" in usage.stdout
    assert usage.stdout.startswith("illegal admin operation: bogus\n")
    cluster.adm("unlock", unit)
    cluster.recorder.behave(C, quiescing={"complete_after": 3})
    late = cluster.adm("-t", "1", "shutdown", unit, check=False)
    assert (late.returncode, late.stderr) == (1, "error - command timed out (alarm)\n")
    missing = cluster.adm("lock", "safSu=none,safApp=none", check=False)
    assert missing.stderr == "error - saImmOmAdminOwnerSet - object 'safSu=none,safApp=none' does not exist\n"


def test_amf_state(cluster: AmfCluster, unit: str) -> None:
    cluster.model(cluster.suite.group("NR"))

    def state(*words: str) -> tuple[int, str]:
        done = cluster.shim.run("amf-state", *words, check=False)
        assert not done.stderr
        return done.returncode, done.stdout

    shown = (
        f"{unit}\n\tsaAmfSUAdminState=LOCKED-INSTANTIATION(3)\n\tsaAmfSUOperState=ENABLED(1)\n"
        "\tsaAmfSUPresenceState=UNINSTANTIATED(1)\n\tsaAmfSUReadinessState=OUT-OF-SERVICE(1)\n"
    )
    assert state("su", "all", unit) == (0, shown)
    assert state("comp", "pres", unit)[1].endswith("\tsaAmfCompPresenceState=UNINSTANTIATED(1)\n")
    assert state("siass", "all", cluster.suite.APP) == (0, "")
    assert state("su", "all", "safSu=none") == (
        1,
        "object/parent/ancestor 'safSu=none' does not exist in model\n",
    )
    assert state("su", "ha") == (1, "error - state 'ha' not supported for su\n")
    assert state("ng", "pres") == (1, "error - state 'pres' not supported for NodeGroup\n")
    assert state("-h")[0] == 1
    assert state("a", "b", "c", "d")[0] == 1
    cluster.up(unit)
    si = cluster.suite.si_dn()
    name = f"safSISU={unit.replace(',', chr(92) + ',')},{si}"
    assert state("siass", "all", cluster.suite.APP) == (
        0,
        f"{name}\n\tsaAmfSISUHAState=ACTIVE(1)\n\tsaAmfSISUHAReadinessState=READY_FOR_ASSIGNMENT(1)\n",
    )
    assert state("node") == (
        0,
        f"{cluster.suite.NODE}\n\tsaAmfNodeAdminState=UNLOCKED(1)\n\tsaAmfNodeOperState=ENABLED(1)\n",
    )
