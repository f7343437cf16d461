# SPDX-License-Identifier: Apache-2.0
"""IMM hangs: AMF gets its answers in time, the component lives on, and IMM is right soon after it is back."""

from __future__ import annotations

import os
import signal

import pytest
from component_cluster import BIN, Cluster, eventually, is_true

from amf_netwatch.deployment.model import ModelOptions

pytestmark = pytest.mark.kernel
PERIOD = 0.3
NODE = "netWatchNode=SC-1"


@pytest.fixture
def cluster(namespace, tmp_path):
    namespace.ip("link add v0 type veth peer name v1")
    cluster = Cluster(tmp_path, ModelOptions(period=PERIOD))
    yield cluster
    cluster.run(BIN / "saf-shim", "imm", "back", check=False)
    cluster.stop()


def imm(cluster, what):
    cluster.run(BIN / "saf-shim", "imm", what)


def answers(cluster):
    """Return how often the component has answered AMF since the log was cleared."""
    pid = cluster.pid()
    return sum(each["pid"] == pid for each in cluster.calls("saAmfResponse_4"))


ADMIN_STATES = {"unlock": "1", "lock": "2"}


def begin(cluster, operation):
    """Start `amf-adm` and wait until AMF has taken the operation up."""
    tool = cluster.start("amf-adm", operation, cluster.unit())
    eventually(lambda: cluster.attribute(cluster.unit(), "saAmfSUAdminState") == ADMIN_STATES[operation])
    return tool


def admin_while_imm_hangs(cluster, operation):
    """AMF begins an operation, whose callbacks the component meets when IMM hangs.

    `amf-adm` itself goes through IMM, so IMM must not hang before AMF has the operation.
    """
    pid = cluster.pid()
    os.kill(pid, signal.SIGSTOP)
    try:
        tool = begin(cluster, operation)
        imm(cluster, "hang")
    finally:
        os.kill(pid, signal.SIGCONT)
    return tool


def ends(cluster, tool):
    """The operation has its end when IMM is back to tell it."""
    imm(cluster, "back")
    _, complaint = tool.communicate(timeout=60)
    assert tool.returncode == 0, (complaint, cluster.log_lines())


def stays_well(cluster, healthchecks=5):
    """AMF's healthchecks are answered while IMM hangs."""
    cluster.calls(clear=True)
    eventually(lambda: answers(cluster) >= healthchecks)


def test_before_the_assignment(cluster, namespace):
    cluster.admin("unlock-in")
    pid = cluster.pid()
    tool = admin_while_imm_hangs(cluster, "unlock")
    eventually(lambda: "assigned" in cluster.events())
    stays_well(cluster)
    ends(cluster, tool)
    eventually(lambda: is_true(cluster, namespace))
    assert cluster.pid() == pid


def test_in_a_refresh(cluster, namespace):
    cluster.unlock()
    pid = cluster.pid()
    imm(cluster, "hang")
    namespace.ip("link set v0 mtu 1300")
    stays_well(cluster)
    namespace.ip("link set v0 mtu 1400")
    namespace.ip("link add w0 type veth peer name w1")
    stays_well(cluster)
    imm(cluster, "back")
    eventually(lambda: is_true(cluster, namespace))
    assert cluster.pid() == pid


def test_in_a_withdrawal(cluster, namespace):
    cluster.unlock()
    pid = cluster.pid()
    tool = admin_while_imm_hangs(cluster, "lock")
    eventually(lambda: "removed" in cluster.events())
    stays_well(cluster)
    ends(cluster, tool)
    eventually(lambda: cluster.find("NetWatchNode") == set())
    cluster.admin("unlock")
    eventually(lambda: is_true(cluster, namespace))
    assert cluster.pid() == pid


def test_in_finalize(cluster, namespace):
    """A dead handle is given back while IMM hangs."""
    cluster.unlock()
    pid = cluster.pid()
    cluster.fault("saImmOiRtObjectUpdate_2", "ERR_LIBRARY", "--times", 1)
    cluster.fault("saImmOiFinalize", "none", "--delay", 3)
    namespace.ip("link set v0 mtu 1300")
    stays_well(cluster)
    imm(cluster, "hang")
    stays_well(cluster)
    imm(cluster, "back")
    eventually(lambda: is_true(cluster, namespace), 20)
    assert cluster.pid() == pid


def test_at_the_end_and_at_the_start(cluster, namespace):
    """The process ends though a call hangs; the next one starts in time, and adopts what is left."""
    cluster.unlock()
    pid = cluster.pid()
    imm(cluster, "hang")
    os.kill(pid, signal.SIGTERM)
    eventually(lambda: cluster.pid() not in (None, pid))
    pid = cluster.pid()
    eventually(lambda: cluster.events().count("assigned") == 2)
    assert "stopped" in cluster.events()
    namespace.ip("link set v0 mtu 1300")
    stays_well(cluster)
    imm(cluster, "back")
    eventually(lambda: is_true(cluster, namespace))
    assert cluster.pid() == pid


def test_a_reading_that_takes_longer_than_amf_waits(cluster, namespace):
    """The objects of a killed incarnation are read in several rounds."""
    namespace.batch([f"link add x{number} type veth peer name y{number}" for number in range(20)])
    cluster.unlock()
    cluster.fault("saImmOmSearchNext_2", "none", "--delay", 0.3, "--times", 42)
    cluster.calls(clear=True)
    before = cluster.pid()
    os.kill(before, signal.SIGKILL)
    eventually(lambda: cluster.pid() not in (None, before))
    pid = cluster.pid()
    eventually(lambda: cluster.events().count("budget-spent") >= 2, 30)
    stays_well(cluster)
    cluster.fault("--clear")
    eventually(lambda: is_true(cluster, namespace), 30)
    assert cluster.pid() == pid


@pytest.mark.parametrize("way", ["finalize fails", "stopped in between"])
def test_the_component_does_not_lock_itself_out(cluster, namespace, way):
    cluster.unlock()
    pid = cluster.pid()
    if way == "finalize fails":
        cluster.fault("saImmOiFinalize", "ERR_LIBRARY", "--times", 1)
        cluster.fault("saImmOiRtObjectUpdate_2", "ERR_BAD_HANDLE", "--times", 1)
        namespace.ip("link set v0 mtu 1300")
    else:
        os.kill(pid, signal.SIGSTOP)
        tool = begin(cluster, "lock")
        imm(cluster, "absent")
        os.kill(pid, signal.SIGCONT)
        eventually(lambda: "removed" in cluster.events())
        imm(cluster, "back")
        assert tool.wait(30) == 0
        eventually(lambda: cluster.find("NetWatchNode") == set())
        cluster.admin("unlock")
    eventually(lambda: is_true(cluster, namespace))
    assert "name-taken" not in cluster.events()
    assert cluster.pid() == pid
