# SPDX-License-Identifier: Apache-2.0
"""Campaigns executed on a (simulated) AMF and IMM, with the component running: install, upgrade, remove."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from package_tools import eventually, run
from small_smf import Cluster, execute

from amf_netwatch.deployment.campaign import Commands, install_campaign, remove_campaign, upgrade_campaign
from amf_netwatch.deployment.model import ModelOptions, build_model
from imm_model.objects import ImmObject
from imm_model.xml import format_imm_xml

COMMANDS = Path(sys.executable).parent
# The nodes are one machine here, whose interfaces they all publish: the loopback is enough.
OPTIONS = ModelOptions(
    ("SC-1", "SC-2"), str(COMMANDS), 0.3, settings=(("types", "all"), ("include", "lo"), ("addresses", "no"))
)


class SimulatedCluster(Cluster):
    """Does every step on a simulator as well, which refuses what AMF and IMM refuse."""

    def __init__(self, directory):
        super().__init__()
        self._directory = directory
        self._files = 0

    def exec(self, *command):
        words = [COMMANDS / "saf-shim", "exec", "--dir", self._directory, "--", *command]
        return run(*words).stdout

    def ccb(self, creations, deletions=(), modifications=()):
        if creations:
            self._files += 1
            file = self._directory / f"ccb{self._files}.xml"
            objects = [ImmObject(dn, kind, attributes) for dn, kind, attributes in creations]
            file.write_text(format_imm_xml(objects=objects), encoding="utf-8")
            self.exec("immcfg", "-f", file)
        for dn in deletions:
            self.exec("immcfg", "-d", dn)
        for dn, attributes in modifications:
            words = [
                word
                for name, texts in attributes.items()
                for text in texts
                for word in ("-a", f"{name}={text}")
            ]
            self.exec("immcfg", *words, dn)
        super().ccb(creations, deletions, modifications)

    def lock(self, unit):
        self.exec("amf-adm", "lock", unit)
        self.exec("amf-adm", "lock-in", unit)
        super().lock(unit)

    def unlock(self, unit):
        super().unlock(unit)
        self.exec("amf-adm", "unlock-in", unit)
        self.exec("amf-adm", "unlock", unit)

    def run(self, command, node):
        self.exec("/bin/sh", "-c", command)
        super().run(command, node)


@pytest.fixture
def cluster(tmp_path):
    if not (COMMANDS / "saf-shim").exists():
        pytest.skip("the commands are not installed beside this Python")
    directory = tmp_path / "cluster"
    run(COMMANDS / "saf-shim", "start", "--dir", directory, "--node", "SC-1", "--node", "SC-2")
    yield SimulatedCluster(directory)
    subprocess.run([COMMANDS / "saf-shim", "stop", "--dir", directory], check=False)


def test_install_upgrade_and_remove(cluster, tmp_path):
    log = tmp_path / "commands"

    def logging(version):
        return Commands(f"echo install {version} >> {log}", f"echo remove {version} >> {log}")

    def types():
        words = [f"safComp=NetWatch,safSu={node},safSg=NetWatch,safApp=NetWatch" for node in OPTIONS.nodes]
        return cluster.exec("immlist", "-a", "saAmfCompType", *words).split()

    old, new = build_model(OPTIONS), build_model(OPTIONS._replace(version="2", period=0.4))
    interfaces = [f"netIf=lo,netWatchNode={node}" for node in OPTIONS.nodes]

    execute(install_campaign(old, "Install", logging(1)), cluster)
    eventually(
        "both nodes publish",
        lambda: sorted(cluster.exec("immfind", "-c", "NetWatchInterface").split()) == interfaces,
    )

    execute(upgrade_campaign(old, new, "Upgrade", logging(2)), cluster)
    assert "safVersion=2,safCompType=NetWatch" in " ".join(types())
    assert "safVersion=1,safCompType=NetWatch" not in cluster.exec("immfind")
    eventually(
        "both nodes publish again",
        lambda: sorted(cluster.exec("immfind", "-c", "NetWatchInterface").split()) == interfaces,
    )

    execute(remove_campaign(new, "Remove", logging(3)), cluster)
    left = [line for line in cluster.exec("immfind").splitlines() if "etWatch" in line]
    assert left == []
    expected = ["install 1"] * 2 + ["remove 1", "install 2"] * 2 + ["remove 3"] * 2
    assert log.read_text(encoding="utf-8").splitlines() == expected
