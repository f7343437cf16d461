# SPDX-License-Identifier: Apache-2.0
"""Three nodes, each with a network namespace of its own, through the application's whole life."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from package_tools import eventually, need, need_root, run

NODES = ("SC-1", "SC-2", "PL-3")
COMMANDS = Path(sys.executable).parent
TYPES = ("safAppType", "safSgType", "safSuType", "safCompType", "safSvcType", "safCSType")


def unit(node):
    return f"safSu={node},safSg=NetWatch,safApp=NetWatch"


class Cluster:
    """A simulated cluster whose nodes are namespaces of this machine."""

    def __init__(self, directory):
        self.directory = directory
        self.namespaces = {node: f"nw-{os.getpid()}-{node}" for node in NODES}
        try:
            for number, namespace in enumerate(self.namespaces.values(), 1):
                run("ip", "netns", "add", namespace)
                run("ip", "-n", namespace, "link", "set", "lo", "up")
                mac, peer = f"02:00:00:00:0{number}:01", f"02:00:00:00:0{number}:02"
                run(
                    "ip",
                    "-n",
                    namespace,
                    "link",
                    "add",
                    "eth0",
                    "address",
                    mac,
                    "type",
                    "veth",
                    "peer",
                    "eth9",
                )
                run("ip", "-n", namespace, "link", "set", "eth9", "address", peer)
            words = [f"--node={node}=ip netns exec {name}" for node, name in self.namespaces.items()]
            run(COMMANDS / "saf-shim", "start", "--dir", self.directory / "shim", *words)
        except BaseException:
            self.close()
            raise

    def exec(self, *command):
        words = [COMMANDS / "saf-shim", "exec", "--dir", self.directory / "shim", "--", *command]
        return run(*words).stdout

    def ip(self, node, *words):
        run("ip", "-n", self.namespaces[node], *words)

    def interfaces(self):
        """Return the rows of `show`, as (node, name)."""
        lines = self.exec(COMMANDS / "amf-netwatch", "show", "--json").splitlines()
        return {(each["node"], each["interface"]): each for each in map(json.loads, lines)}

    def close(self):
        subprocess.run([COMMANDS / "saf-shim", "stop", "--dir", self.directory / "shim"], check=False)
        for namespace in self.namespaces.values():
            subprocess.run(["ip", "netns", "del", namespace], check=False, stderr=subprocess.DEVNULL)


@pytest.fixture
def cluster(tmp_path):
    need_root()
    need("ip")
    if not (COMMANDS / "saf-shim").exists():
        pytest.skip("the commands are not installed beside this Python")
    (tmp_path / "run").mkdir(mode=0o755)
    cluster = Cluster(tmp_path)
    yield cluster
    cluster.close()
    shutil.rmtree(tmp_path / "shim", ignore_errors=True)


def test_three_nodes_from_install_to_removal(cluster, tmp_path):
    classes, model = tmp_path / "classes.xml", tmp_path / "model.xml"
    nodes = [word for node in NODES for word in ("--node", node)]
    classes.write_text(run(COMMANDS / "amf-netwatch", "classes").stdout, encoding="utf-8")
    settings = ["--period", "0.3", "--set", "exclude=eth9"]
    printed = run(COMMANDS / "amf-netwatch", "model", *nodes, "--prefix", COMMANDS, *settings).stdout
    model.write_text(printed, encoding="utf-8")
    for file in (classes, model, model):
        cluster.exec("immcfg", "-f", file)

    for node in NODES:
        # A run directory of its own keeps this cluster's pid files apart from all others'.
        variable = f"AMF_NETWATCH_RUN_DIR={tmp_path / 'run'}"
        cluster.exec("immcfg", "-a", f"saAmfCompCmdEnv={variable}", f"safComp=NetWatch,{unit(node)}")
        cluster.exec("amf-adm", "unlock-in", unit(node))
        cluster.exec("amf-adm", "unlock", unit(node))
    links = {(node, "eth0") for node in NODES}
    eventually("every node publishes", lambda: set(cluster.interfaces()) == links)
    published = cluster.interfaces()
    assert [published[node, "eth0"]["macAddress"] for node in NODES] == [
        f"02:00:00:00:0{n}:01" for n in (1, 2, 3)
    ]

    # A change on one node, and nothing written for the others.
    before = {node: published[node, "eth0"]["lastChange"] for node in NODES}
    cluster.ip("PL-3", "link", "add", "eth1", "type", "bridge")
    eventually("the new link of PL-3", lambda: ("PL-3", "eth1") in cluster.interfaces())
    after = cluster.interfaces()
    assert {node: after[node, "eth0"]["lastChange"] for node in NODES} == before

    # The same MAC on two nodes: only the cluster's view can tell.
    cluster.ip("SC-2", "link", "set", "eth0", "address", "02:00:00:00:01:01")
    eventually("the new MAC", lambda: cluster.interfaces()["SC-2", "eth0"]["macAddress"].endswith("01:01"))

    pid = component_pid(cluster, "SC-2")
    os.kill(pid, 9)
    cluster.ip("SC-2", "link", "set", "eth0", "mtu", "1300")
    eventually("SC-2 is repaired and right", lambda: cluster.interfaces()["SC-2", "eth0"]["mtu"] == 1300)
    assert component_pid(cluster, "SC-2") != pid

    cluster.exec("amf-adm", "lock", unit("SC-1"))
    assert {node for node, _ in cluster.interfaces()} == {"SC-2", "PL-3"}
    for node in NODES[1:]:
        cluster.exec("amf-adm", "lock", unit(node))
    for node in NODES:
        cluster.exec("amf-adm", "lock-in", unit(node))
    assert cluster.interfaces() == {}
    assert cluster.exec("immfind", "-c", "NetWatchNode") == ""

    cluster.exec("immcfg", "-d", "safApp=NetWatch")
    for node in NODES:
        bundle = f"safInstalledSwBundle=safSmfBundle=NetWatch,safAmfNode={node},safAmfCluster=myAmfCluster"
        cluster.exec("immcfg", "-d", bundle)
    for dn in (*(f"{name}=NetWatch" for name in TYPES), "safSmfBundle=NetWatch"):
        cluster.exec("immcfg", "-d", dn)
    assert "NetWatch" not in cluster.exec("immfind")


def component_pid(cluster, node):
    (file,) = (cluster.directory / "run").glob(f"*safSu_{node}_*.pid")
    return int(file.read_text(encoding="utf-8").split()[0])
