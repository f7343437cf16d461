# SPDX-License-Identifier: Apache-2.0
"""Several simulated nodes on one machine: where components run, and what happens when a node fails."""

from __future__ import annotations

from pathlib import Path

import pytest
from amf_cluster import AmfCluster, is_alive

from saf_shim.pytest_plugin import SafShim

NODES = ["SC-1", "SC-2=env CONFAMF_WHERE=SC-2", "PL-3=env CONFAMF_WHERE=PL-3"]
NAMES = ("SC-1", "SC-2", "PL-3")


@pytest.fixture
def cluster(saf_shim: SafShim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AmfCluster:
    return AmfCluster(saf_shim, tmp_path, monkeypatch)


def node(name: str) -> str:
    return f"safAmfNode={name},safAmfCluster=myAmfCluster"


def spread(names: tuple[str, ...]) -> dict[str, dict[str, str]]:
    return {f"SU{n}": {"saAmfSUHostNodeOrNodeGroup": node(name)} for n, name in enumerate(names, 1)}


@pytest.mark.saf_shim(nodes=NODES)
def test_each_node_has_its_unit(cluster: AmfCluster) -> None:
    suite = cluster.suite
    group = suite.group(
        "NR",
        sus=3,
        sis={f"S{n}": {"I1": {}} for n in (1, 2, 3)},
        su={"saAmfSUHostNodeOrNodeGroup": None},
        sg={"saAmfSGSuHostNodeGroup": "safAmfNodeGroup=AllNodes,safAmfCluster=myAmfCluster"},
    )
    cluster.model(group, nodes=NAMES)
    units = [suite.su_dn("NR", f"SU{n}") for n in (1, 2, 3)]
    cluster.up(*units)
    hosts = {cluster.state(unit, "saAmfSUHostedByNode") for unit in units}
    assert hosts == {node(name) for name in NAMES}, "the node group gives each SU a node of its own"
    where = {}
    for number, unit in enumerate(units, 1):
        command = cluster.events(f"NR.SU{number}.C1", "clc")[0]
        host = cluster.state(unit, "saAmfSUHostedByNode").partition("=")[2].partition(",")[0]
        where[host] = command["env"].get("CONFAMF_WHERE")
    assert where == {"SC-1": None, "SC-2": "SC-2", "PL-3": "PL-3"}, "commands run behind the node's prefix"
    for number, unit in enumerate(units, 1):
        assert cluster.state(f"safSi=S{number},{suite.APP}", "saAmfSIAssignmentState") == "2"
        assert cluster.state(unit, "saAmfSUNumCurrActiveSIs") == "1"


def two_n(cluster: AmfCluster) -> list[str]:
    suite = cluster.suite
    group = suite.group("TN", redundancy=suite.TWON, sus=2, su_each=spread(("SC-1", "SC-2")))
    cluster.model(group, nodes=("SC-1", "SC-2"))
    units = [suite.su_dn("TN", "SU1"), suite.su_dn("TN", "SU2")]
    cluster.up(*units)
    return units


@pytest.mark.saf_shim(nodes=NODES[:2])
def test_a_node_is_locked_and_unlocked(cluster: AmfCluster) -> None:
    two_n(cluster)
    cluster.adm("lock", node("SC-1"))
    assert cluster.call("TN.SU2.C1", "ha_state", "main", cluster.suite.csi_dn()) == ["SA_AIS_OK", 1]
    assert cluster.state(node("SC-1"), "saAmfNodeAdminState") == "2"
    cluster.adm("unlock", node("SC-1"))
    assert cluster.call("TN.SU1.C1", "ha_state", "main", cluster.suite.csi_dn()) == ["SA_AIS_OK", 2]
    cluster.adm("lock", node("SC-2"))
    cluster.adm("lock-in", node("SC-2"))
    assert cluster.state(cluster.suite.su_dn("TN", "SU2"), "saAmfSUPresenceState") == "1"
    cluster.adm("unlock-in", node("SC-2"))
    cluster.adm("unlock", node("SC-2"))
    assert cluster.call("TN.SU2.C1", "ha_state", "main", cluster.suite.csi_dn()) == ["SA_AIS_OK", 2]


@pytest.mark.saf_shim(nodes=NODES[:2])
def test_a_failed_node_is_emptied_and_comes_back(cluster: AmfCluster) -> None:
    """The limit of SU failovers is reached: the other node takes over, this one is rebooted (simulated)."""
    units = two_n(cluster)
    cluster.shim.run("immcfg", "-a", "saAmfNodeSuFailoverMax=0", node("SC-1"))
    victim = cluster.pid("TN.SU1.C1")
    code, _ = cluster.call("TN.SU1.C1", "error_report", "main", 3)
    assert code == "SA_AIS_OK"
    csi = cluster.suite.csi_dn()
    cluster.shim.wait_for(lambda: cluster.call("TN.SU2.C1", "ha_state", "main", csi) == ["SA_AIS_OK", 1])
    cluster.wait_state(units[0], "saAmfSUPresenceState", "3")
    cluster.shim.wait_for(lambda: cluster.call("TN.SU1.C1", "ha_state", "main", csi) == ["SA_AIS_OK", 2])
    assert not is_alive(victim)
    assert cluster.state(node("SC-1"), "saAmfNodeOperState") == "1"
    assert cluster.state(units[0], "saAmfSUOperState") == "1"
    # the other node's component was told of a takeover, not restarted
    assert len(cluster.events("TN.SU2.C1", "clc")) == 1
    assert [(e["ha"], e.get("transition")) for e in cluster.events("TN.SU2.C1", "csi_set")] == [
        (2, None),
        (1, 3),
    ]


@pytest.mark.saf_shim(nodes=NODES[:2])
def test_nothing_is_left_when_the_simulator_stops(cluster: AmfCluster) -> None:
    two_n(cluster)
    pids = [cluster.pid("TN.SU1.C1"), cluster.pid("TN.SU2.C1")]
    assert all(is_alive(pid) for pid in pids)
    cluster.shim.stop()
    assert not any(is_alive(pid) for pid in pids)
