# SPDX-License-Identifier: Apache-2.0
"""End to end: kernel change to IMM object, under the simulator's AMF, through the commands users type."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from component_cluster import BIN, ROOT, Cluster, eventually, is_true, knows_other_users

from amf_netwatch.deployment.model import TWO_N, ModelOptions

pytestmark = pytest.mark.kernel
PERIOD = 0.3
NODE = "netWatchNode=SC-1"


@pytest.fixture
def start(namespace, tmp_path):
    """A function that starts a cluster with these settings, not yet unlocked."""
    started = []

    def start_cluster(*settings, **options):
        cluster = Cluster(tmp_path, ModelOptions(period=PERIOD, settings=settings, **options))
        started.append(cluster)
        return cluster

    yield start_cluster
    for cluster in started:
        cluster.stop()


@pytest.fixture
def cluster(start, namespace):
    """A cluster whose component publishes one veth pair: v0 and v1."""
    namespace.ip("link add v0 address 02:00:00:00:00:01 type veth peer name v1 address 02:00:00:00:00:02")
    cluster = start()
    cluster.unlock()
    return cluster


def dn(name):
    return f"netIf={name},{NODE}"


def test_unlock_publishes(cluster, namespace):
    assert cluster.find() == {dn("v0"), dn("v1")}
    assert cluster.find("NetWatchNode") == {NODE}
    assert cluster.attribute(dn("v0"), "macAddress") == "02:00:00:00:00:01"
    assert cluster.attribute(NODE, "interfaceCount") == "2"
    assert (
        cluster.attribute(NODE, "macAddresses") == "02:00:00:00:00:01:02:00:00:00:00:02"
    )  # immlist joins by ':'
    assert cluster.attribute(dn("v0"), "SaImmAttrImplementerName") == "NetWatch_SC-1"
    assert is_true(cluster, namespace)


CHANGES = [
    ("new", ["link add n0 type veth peer name n1"]),
    ("deleted", ["link delete v0"]),
    ("deleted while up", ["link set v0 up", "link set v1 up", "link delete v0"]),
    ("rename", ["link set v0 name lan0"]),
    ("swap", ["link set v0 name tmp0", "link set v1 name v0", "link set tmp0 name v1"]),
    ("mac", ["link set v0 address 02:00:00:00:00:aa"]),
    ("up", ["link set v0 up", "link set v1 up"]),
    ("down", ["link set v0 up", "link set v1 up", "link set v0 down"]),
    ("mtu", ["link set v0 mtu 1300"]),
    ("addresses", ["address add 192.0.2.1/24 dev v0", "address add 2001:db8::1/64 dev v0"]),
    ("address removed", ["address add 192.0.2.1/24 dev v0", "address delete 192.0.2.1/24 dev v0"]),
    ("bridge in", ["link add br0 type bridge", "link set v0 master br0", "link set br0 up"]),
    ("bridge out", ["link add br0 type bridge", "link set v0 master br0", "link set v0 nomaster"]),
    ("bridge renamed", ["link add br0 type bridge", "link set v0 master br0", "link set br0 name br1"]),
    ("comma", ["link add a,b=c type veth peer name p"]),
    ("letter", ["link add é type veth peer name p"]),
    ("same again", ["link set v0 address 02:00:00:00:00:01"]),
]


@pytest.mark.parametrize("commands", [each[1] for each in CHANGES], ids=[each[0] for each in CHANGES])
def test_a_change_is_in_imm_after_one_healthcheck(cluster, namespace, commands):
    for command in commands:
        namespace.ip(command)
    eventually(lambda: is_true(cluster, namespace), 3 * PERIOD + 3)


def test_odd_names_in_dns(cluster, namespace):
    namespace.ip("link add a,b=c type veth peer name é")
    eventually(lambda: {dn("a%2Cb=c"), dn("%C3%A9")} <= cluster.find())


def test_a_link_that_moves_away_goes(cluster, namespace, new_namespace):
    namespace.ip(f"link set v0 netns {new_namespace().name}")
    eventually(lambda: cluster.find() == {dn("v1")})


def test_a_tun_is_published_with_types_all(start, namespace):
    if namespace.run("ip", "tuntap", "add", "mode", "tun", "name", "tun0", check=False).returncode:
        pytest.skip("no tun here")
    cluster = start(("types", "all"))
    cluster.unlock()
    assert cluster.find() == {dn("lo"), dn("tun0")}
    found = next(each for each in cluster.show() if each["interface"] == "tun0")
    assert found["macAddress"] == ""


def component_calls(cluster):
    """The component's own calls since the log was cleared, by name."""
    pid = cluster.pid()
    return [each["call"] for each in cluster.calls() if each["pid"] == pid]


def test_no_change_no_imm_call_over_ten_healthchecks(cluster):
    cluster.calls(clear=True)
    names = eventually(
        lambda: (found := component_calls(cluster)) and found.count("saAmfResponse_4") >= 10 and found, 20
    )
    assert not [name for name in names if name.startswith("saImm")]


def test_one_change_is_one_update_and_one_of_the_node(cluster, namespace):
    cluster.calls(clear=True)
    namespace.ip("link set v0 mtu 1300")
    eventually(lambda: cluster.attribute(dn("v0"), "mtu") == "1300")
    names = component_calls(cluster)
    assert [name for name in names if name.startswith("saImm")] == ["saImmOiRtObjectUpdate_2"] * 2


def test_lock_leaves_nothing_and_unlock_brings_it_back(cluster, namespace):
    cluster.admin("lock")
    assert cluster.find() == set()
    assert cluster.find("NetWatchNode") == set()
    cluster.admin("unlock")
    eventually(lambda: is_true(cluster, namespace))
    cluster.admin("shutdown")
    assert cluster.find("NetWatchNode") == set()


def test_lock_in_ends_the_process(cluster):
    pid = cluster.pid()
    cluster.admin("lock", "lock-in")
    eventually(lambda: not os.path.exists(f"/proc/{pid}"))
    assert "stopped" in cluster.events()
    cluster.unlock()
    assert cluster.find() == {dn("v0"), dn("v1")}


def test_killed_at_any_moment_the_next_incarnation_adopts(cluster, namespace):
    for number in range(4):
        pid = cluster.pid()
        namespace.ip(f"link add k{number} type veth peer name l{number}")
        os.kill(pid, signal.SIGKILL)
        namespace.ip(f"link set k{number} mtu {1300 + number}")
        if number:
            namespace.ip(f"link delete k{number - 1}")
        eventually(lambda: cluster.pid() not in (None, pid))  # noqa: B023
        eventually(lambda: is_true(cluster, namespace))
    assert any("adopted=3" in line for line in cluster.log_lines())


def test_what_a_dead_incarnation_left_is_not_shown_for_long(cluster, namespace):
    os.kill(cluster.pid(), signal.SIGKILL)
    namespace.ip("link delete v0")
    eventually(lambda: cluster.find() == set())
    assert cluster.find("NetWatchNode") == {NODE}


CODES = [
    "lost",
    "ERR_TRY_AGAIN",
    "ERR_BAD_HANDLE",
    "ERR_EXIST",
    "ERR_NOT_EXIST",
    "ERR_TIMEOUT",
    "ERR_NO_RESOURCES",
]
IMM_CALLS = [
    "saImmOiRtObjectCreate_2",
    "saImmOiRtObjectUpdate_2",
    "saImmOiRtObjectDelete",
]


@pytest.mark.parametrize("code", CODES)
def test_imm_faults_while_running(cluster, namespace, code):
    pid = cluster.pid()
    for call in IMM_CALLS:
        cluster.fault(call, code, "--times", 2)
    namespace.ip("link set v0 mtu 1300")
    namespace.ip("link add n0 type veth peer name n1")
    namespace.ip("link set v1 name w1")
    eventually(lambda: is_true(cluster, namespace))
    assert cluster.pid() == pid, cluster.log_lines()
    cluster.fault("--clear")


@pytest.mark.parametrize("code", ["ERR_TRY_AGAIN", "ERR_TIMEOUT", "ERR_BAD_HANDLE", "ERR_LIBRARY"])
@pytest.mark.parametrize(
    "call",
    [
        "saImmOmAccessorInitialize",
        "saImmOmAccessorGet_2",
        "saImmOiInitialize_2",
        "saImmOiImplementerSet",
        "saImmOiSelectionObjectGet",
        "saImmOmSearchInitialize_2",
        "saImmOmSearchNext_2",
    ],
)
def test_imm_faults_at_the_assignment(start, namespace, call, code):
    namespace.ip("link add v0 type veth peer name v1")
    cluster = start()
    cluster.admin("unlock-in")
    pid = cluster.pid()
    cluster.fault(call, code, "--times", 2)
    cluster.admin("unlock")
    eventually(lambda: cluster.find("NetWatchNode") == {NODE})
    eventually(lambda: is_true(cluster, namespace))
    assert cluster.pid() == pid, cluster.log_lines()


def test_imm_absent_and_back(cluster, namespace):
    pid = cluster.pid()
    cluster.run(BIN / "saf-shim", "imm", "absent")
    namespace.ip("link set v0 mtu 1300")
    cluster.calls(clear=True)
    eventually(lambda: component_calls(cluster).count("saAmfResponse_4") >= 4)
    cluster.run(BIN / "saf-shim", "imm", "back")
    eventually(lambda: is_true(cluster, namespace))
    assert cluster.pid() == pid, cluster.log_lines()
    assert cluster.events().count("imm-away") == 1
    assert "imm-back" in cluster.events()


def test_imm_restart_is_noticed_without_any_change(cluster, namespace):
    pid = cluster.pid()
    cluster.run(BIN / "saf-shim", "imm", "restart")
    eventually(lambda: is_true(cluster, namespace) and cluster.find("NetWatchNode") == {NODE})
    assert cluster.pid() == pid


def test_descriptors_stay_flat_over_restarts_of_imm(cluster):
    before = len(os.listdir(f"/proc/{cluster.pid()}/fd"))
    for _ in range(5):
        cluster.run(BIN / "saf-shim", "imm", "restart")
        eventually(lambda: cluster.find("NetWatchNode") == {NODE})
    assert len(os.listdir(f"/proc/{cluster.pid()}/fd")) == before


def test_descriptors_stay_flat_while_imm_is_away_and_restarts(cluster, namespace):
    def descriptors():
        return len(os.listdir(f"/proc/{cluster.pid()}/fd"))

    before = descriptors()
    for number in range(4):
        cluster.run(BIN / "saf-shim", "imm", "absent")
        namespace.ip(f"link set v0 mtu {1300 + number}")
        cluster.calls(clear=True)
        eventually(lambda: component_calls(cluster).count("saAmfResponse_4") >= 3)
        cluster.run(BIN / "saf-shim", "imm", "restart")
        cluster.run(BIN / "saf-shim", "imm", "back")
        eventually(lambda: is_true(cluster, namespace))
    eventually(lambda: descriptors() <= before)


@pytest.mark.parametrize("code", ["ERR_TRY_AGAIN", "ERR_TIMEOUT", "ERR_NO_RESOURCES"])
def test_amf_that_does_not_answer_twice_at_the_start(start, namespace, code):
    namespace.ip("link add v0 type veth peer name v1")
    cluster = start()
    for call in ("saAmfComponentNameGet", "saAmfSelectionObjectGet"):
        cluster.fault(call, code, "--times", 2)
    cluster.unlock()
    assert is_true(cluster, namespace)


@pytest.mark.parametrize("code", ["ERR_TIMEOUT", "ERR_NO_RESOURCES", "ERR_NOT_EXIST", "ERR_LIBRARY"])
def test_an_answer_that_amf_does_not_take_once_costs_no_restart(cluster, code):
    pid = cluster.pid()
    cluster.fault("saAmfResponse_4", code, "--times", 1)
    cluster.calls(clear=True)
    eventually(lambda: component_calls(cluster).count("saAmfResponse_4") >= 5)
    assert cluster.pid() == pid, cluster.log_lines()


def test_wrong_settings_are_refused_with_a_reason_and_not_in_a_hot_loop(start):
    cluster = start(("types", "all"))
    attribute = "safCsiAttr=types,safCsi=NetWatch,safSi=NetWatch1,safApp=NetWatch"
    cluster.run("immcfg", "-a", "saAmfCSIAttriValue=wifi", attribute)
    cluster.admin("unlock-in")
    before = time.monotonic()
    cluster.run("amf-adm", "-t", 1, "unlock", cluster.unit(), check=False)  # it waits for the assignment
    eventually(lambda: cluster.events().count("assignment-refused") >= 4)
    assert (
        time.monotonic() - before > 1.4
    )  # at once, after 0.5 s, after 1 s; AMF alone tries 8 times a second
    line = next(each for each in cluster.log_lines() if "assignment-refused" in each)
    assert "types" in line
    assert "wifi" in line
    assert "backing-off" in cluster.events()


def test_a_missing_healthcheck_fails_at_instantiate(start):
    cluster = start()
    cluster.run("immcfg", "-d", "safHealthcheckKey=NetWatch,safVersion=1,safCompType=NetWatch")
    done = cluster.run("amf-adm", "unlock-in", cluster.unit(), check=False)
    assert done.returncode == 1
    assert any("start-failed" in line and "NetWatch" in line for line in cluster.log_lines())


def test_sigterm_withdraws(cluster):
    cluster.admin("lock")
    cluster.admin("unlock")
    handle = os.pidfd_open(cluster.pid())
    os.kill(cluster.pid(), signal.SIGTERM)
    select.select([handle], [], [], 10)
    os.close(handle)
    eventually(lambda: any("stopped reason=SIGTERM" in line for line in cluster.log_lines()))


def test_show_filters(cluster):
    assert {each["interface"] for each in cluster.show("--interface", "v1")} == {"v1"}
    done = cluster.run(
        BIN / "amf-netwatch", "show", "--json", "--node", "PL-9", "--node", "SC-1", check=False
    )
    assert done.returncode == 1
    assert done.stderr == "amf-netwatch show: IMM has nothing of a node 'PL-9'\n"
    assert {json.loads(line)["node"] for line in done.stdout.splitlines()} == {"SC-1"}
    text = cluster.run(BIN / "amf-netwatch", "show").stdout
    assert text.splitlines()[0].split()[:3] == ["NODE", "INTERFACE", "STATE"]
    done = cluster.run(BIN / "amf-netwatch", "show", "--duplicates", check=False)
    assert (done.returncode, done.stdout) == (0, "no duplicates\n")


def test_three_nodes_in_three_namespaces(new_namespace, tmp_path):
    spaces = {node: new_namespace() for node in ("SC-1", "SC-2", "PL-3")}
    nodes = tuple(f"{node}=ip netns exec {space.name}" for node, space in spaces.items())
    cluster = Cluster(tmp_path, ModelOptions(tuple(spaces), period=PERIOD), nodes)
    try:
        for node, space in spaces.items():
            space.ip("link add v0 address 02:00:00:00:00:01 type veth peer name v1")
            cluster.unlock(node)
        assert {(each["node"], each["interface"]) for each in cluster.show()} == {
            (node, name) for node in spaces for name in ("v0", "v1")
        }
        assert {each["node"] for each in cluster.show("--duplicates", check=False)} == set(spaces)
        spaces["SC-2"].ip("link set v0 mtu 1300")
        eventually(lambda: cluster.attribute("netIf=v0,netWatchNode=SC-2", "mtu") == "1300")
        assert cluster.attribute("netIf=v0,netWatchNode=SC-1", "mtu") == "1500"
        cluster.admin("lock", node="SC-2")
        assert cluster.find("NetWatchNode") == {"netWatchNode=SC-1", "netWatchNode=PL-3"}
    finally:
        cluster.stop()


def test_2n_one_publishes_and_the_other_takes_over(new_namespace, tmp_path):
    spaces = {node: new_namespace() for node in ("SC-1", "SC-2")}
    nodes = tuple(f"{node}=ip netns exec {space.name}" for node, space in spaces.items())
    cluster = Cluster(tmp_path, ModelOptions(tuple(spaces), period=PERIOD, redundancy=TWO_N), nodes)
    try:
        for node, space in spaces.items():
            space.ip("link add v0 type veth peer name v1")
            cluster.admin("unlock-in", "unlock", node=node)
        eventually(lambda: cluster.find("NetWatchNode") == {"netWatchNode=SC-1"})
        cluster.run("amf-adm", "si-swap", "safSi=NetWatch1,safApp=NetWatch")
        eventually(lambda: cluster.find("NetWatchNode") == {"netWatchNode=SC-2"})
        cluster.admin("lock", node="SC-2")
        eventually(lambda: cluster.find("NetWatchNode") == {"netWatchNode=SC-1"})
    finally:
        cluster.stop()


def test_2n_a_killed_active_one_that_comes_back_as_standby_leaves_nothing(new_namespace, tmp_path):
    spaces = {node: new_namespace() for node in ("SC-1", "SC-2")}
    nodes = tuple(f"{node}=ip netns exec {space.name}" for node, space in spaces.items())
    cluster = Cluster(tmp_path, ModelOptions(tuple(spaces), period=PERIOD, redundancy=TWO_N), nodes)
    try:
        spaces["SC-1"].ip("link add v0 type veth peer name v1")
        cluster.unlock("SC-1")
        active = cluster.pid()
        cluster.admin("unlock-in", "unlock", node="SC-2")
        limits = ("saAmfSGCompRestartMax=0", "saAmfSGSuRestartMax=0")
        cluster.run("immcfg", *(f"-a{limit}" for limit in limits), "safSg=NetWatch,safApp=NetWatch")
        os.kill(active, signal.SIGKILL)
        eventually(lambda: cluster.find("NetWatchNode") == {"netWatchNode=SC-1", "netWatchNode=SC-2"})
        cluster.run("amf-adm", "repaired", cluster.unit("SC-1"))
        eventually(lambda: cluster.find("NetWatchNode") == {"netWatchNode=SC-2"})
        assert cluster.find() == set()
    finally:
        cluster.stop()


def test_the_demo_prints_the_table_and_leaves_nothing(namespace):
    namespace.ip("link add v0 address 02:00:00:00:00:01 type veth peer name v1")
    done = subprocess.run(
        [BIN / "amf-netwatch", "demo", "--once"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["SC-1", "v0"] in [words[:2] for words in lines]
    assert any("02:00:00:00:00:01" in words for words in lines)


@pytest.mark.skipif(not knows_other_users(), reason="only root can become somebody else")
def test_the_component_gives_up_root(namespace):
    namespace.ip("link add v0 type veth peer name v1")
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        options = ModelOptions(period=PERIOD, settings=(("user", "nobody"),))
        cluster = Cluster(Path(directory), options)
        try:
            for path, mode in (("", 0o755), ("socket", 0o666)):  # a simulator talks to its own user only
                os.chmod(cluster.simulator / path, mode)
            os.chmod(cluster.directory / "log", 0o666)
            cluster.unlock()
            assert is_true(cluster, namespace)
            status = Path(f"/proc/{cluster.pid()}/status").read_text()
            fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
            assert "0" not in fields["Uid"].split()
            assert "0" not in fields["Gid"].split() + fields["Groups"].split()
            assert fields["CapEff"].strip("0") == ""
            assert fields["Name"] == "amf-netwatch"
            namespace.ip("link set v0 mtu 1300")
            eventually(lambda: is_true(cluster, namespace))
            assert "user=nobody" in next(line for line in cluster.log_lines() if "event=started" in line)
            cluster.admin("lock", "lock-in")
            assert cluster.find("NetWatchNode") == set()
        finally:
            cluster.stop()


@pytest.mark.parametrize("names", [("v0", "v1"), ("w0", "w1")], ids=["same names", "other names"])
def test_a_foreign_sysfs_is_not_believed(namespace, new_namespace, tmp_path, names):
    """The component's network namespace is another one than that of the sysfs it sees."""
    space = new_namespace()
    namespace.ip(f"link add {names[0]} address 02:00:00:00:00:01 type veth peer name {names[1]}")
    space.ip("link add v0 address 02:00:00:00:00:aa type veth peer name v1")
    node = f"SC-1=nsenter --net=/run/netns/{space.name}"
    cluster = Cluster(tmp_path, ModelOptions(period=PERIOD), (node,))
    try:
        cluster.unlock()
        assert cluster.attribute(dn("v0"), "macAddress") == "02:00:00:00:00:aa"
        assert cluster.events().count("sysfs-foreign") == 1
        space.ip("link set v0 address 02:00:00:00:00:bb")
        eventually(lambda: cluster.attribute(dn("v0"), "macAddress") == "02:00:00:00:00:bb")
    finally:
        cluster.stop()
