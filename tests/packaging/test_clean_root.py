# SPDX-License-Identifier: Apache-2.0
"""From a clean system: package installed, AMF model loaded, published, killed, repaired, locked, removed.

The system is a minimal Debian made for this test, with nothing but Python in it; AMF and IMM are the packaged
simulator. It is one test, because each step needs the step before.
"""

from __future__ import annotations

import shutil
import subprocess

import pytest
from clean_root import Machine
from package_tools import PACKAGING, eventually

import amf_netwatch

SU = "safSu=SC-1,safSg=NetWatch,safApp=NetWatch"
COMPONENT = f"safComp=NetWatch,{SU}"
DIRECTORY = "/tmp/cluster"
RPM_PATH = "usr/lib/python3/dist-packages/rpm.pth"
MAC = "02:00:00:00:00:0a"


@pytest.fixture
def machine(minimal_system, tmp_path):
    """A machine of its own for the test, out of the minimal system."""
    root = tmp_path / "root"
    subprocess.run(["cp", "-a", "--reflink=auto", minimal_system, root], check=True)
    machine = Machine(root)
    yield machine
    machine.close()
    shutil.rmtree(root)


def install_debs(machine, debs):
    version = amf_netwatch.__version__
    names = [f"{name}_{version}_all.deb" for name in ("amf-netwatch", "saf-shim")]
    for name in names:
        shutil.copy(debs / name, machine.root / "root" / name)
    machine.run("dpkg", "--install", *(f"/root/{name}" for name in names))


def install_rpms(machine, rpms):
    """As on a distribution with RPM; Debian's Python gets to know where such a one has its packages."""
    version = amf_netwatch.__version__
    names = [f"{name}-{version}-1.noarch.rpm" for name in ("python3-imm-model", "amf-netwatch", "saf-shim")]
    # No rpm inside, and --nodeps: this system's Python is no package that rpm knows of.
    machine.outside("rpm", "--root", machine.root, "--nodeps", "--install", *(rpms / name for name in names))
    packages = next((machine.root / "usr" / "lib").glob("python3.*/site-packages"))
    (machine.root / RPM_PATH).write_text(f"/{packages.relative_to(machine.root)}\n", encoding="utf-8")


def remove_debs(machine, *names):
    machine.run("dpkg", "--force-depends", "--purge", *names)


def remove_rpms(machine, *names):
    machine.outside("rpm", "--root", machine.root, "--nodeps", "--erase", *names)


def live(machine, remove):
    """The life of the application, as the operations manual tells it; ends with nothing in IMM."""
    machine.outside("ip", "link", "add", "nw0", "address", MAC, "type", "veth", "peer", "name", "nw1")
    machine.run("sh", "-c", "amf-netwatch classes > /tmp/classes.xml")
    machine.run("sh", "-c", "amf-netwatch model --node SC-1 --period 0.5 > /tmp/model.xml")
    machine.run("saf-shim", "start", "--dir", DIRECTORY)

    def cluster(*command):
        return machine.run("saf-shim", "exec", "--dir", DIRECTORY, "--", *command)

    def published():
        return cluster("immfind", "-c", "NetWatchInterface").split()

    def value(name, dn):
        return cluster("immlist", "-a", name, dn).strip()

    for file in ("classes.xml", "model.xml", "model.xml"):  # loading again is harmless
        cluster("immcfg", "-f", f"/tmp/{file}")
    # Under the simulator pid files are in its directory; here they must be where they are on a cluster.
    cluster("immcfg", "-a", "saAmfCompCmdEnv=AMF_NETWATCH_RUN_DIR=/run/amf-netwatch", COMPONENT)
    assert published() == []
    cluster("amf-adm", "unlock-in", SU)
    cluster("amf-adm", "unlock", SU)
    interfaces = ["netIf=nw0,netWatchNode=SC-1", "netIf=nw1,netWatchNode=SC-1"]
    eventually("both links are published", lambda: sorted(published()) == interfaces)
    assert value("macAddress", "netIf=nw0,netWatchNode=SC-1") == f"macAddress={MAC}"
    assert value("adminState", "netIf=nw0,netWatchNode=SC-1") == "adminState=down"
    assert "nw0" in cluster("amf-netwatch", "show", "--json")

    machine.outside("ip", "link", "set", "nw0", "mtu", "1400")
    eventually("the MTU is published", lambda: value("mtu", "netIf=nw0,netWatchNode=SC-1") == "mtu=1400")

    before = component_pid(machine)
    machine.run("sh", "-c", f"kill -9 {before}")
    eventually(
        "AMF has repaired it",
        lambda: (
            value("saAmfCompRestartCount", COMPONENT) == "saAmfCompRestartCount=1"
            and component_pid(machine) not in ("", before)
        ),
    )
    machine.outside("ip", "link", "set", "nw1", "name", "a,b")
    eventually("it publishes again", lambda: "netIf=a%2Cb,netWatchNode=SC-1" in published())

    with pytest.raises(AssertionError, match=r"the component .* runs"):  # AMF needs its command
        remove(machine, "amf-netwatch")

    cluster("amf-adm", "lock", SU)
    assert published() == []
    cluster("amf-adm", "lock-in", SU)
    eventually("the process has ended", lambda: component_pid(machine) == "")
    installed = "safInstalledSwBundle=safSmfBundle=NetWatch,safAmfNode=SC-1,safAmfCluster=myAmfCluster"
    for dn in ("safApp=NetWatch", "safCompType=NetWatch", installed, "safSmfBundle=NetWatch"):
        cluster("immcfg", "-d", dn)
    for name in ("NetWatchInterface", "NetWatchNode"):
        cluster("immcfg", "--delete-class", name)
    machine.run("saf-shim", "stop", "--dir", DIRECTORY)


def component_pid(machine):
    """The number of the component's process inside, from its pid file; empty when it does not live."""
    script = (
        'pid=$(cut -d " " -f 1 /run/amf-netwatch/*.pid) && kill -0 "$pid" 2>/dev/null && echo "$pid" || true'
    )
    return machine.run("sh", "-c", script).strip()


@pytest.mark.timeout(300)
def test_the_debian_packages_live_and_leave_no_trace(machine, debs):
    before = machine.files()
    install_debs(machine, debs)
    assert machine.run("amf-netwatch", "--version") == f"amf-netwatch {amf_netwatch.__version__}\n"
    shutil.copy(PACKAGING / "deb" / "debian" / "tests" / "smoke", machine.root / "root" / "smoke")
    assert " lo " in machine.run("/root/smoke")
    live(machine, remove_debs)
    remove_debs(machine, "saf-shim", "amf-netwatch")
    assert "amf-netwatch" not in machine.run("dpkg-query", "--show")
    assert machine.files() == before
    assert "amf" not in machine.processes()


@pytest.mark.timeout(300)
def test_the_rpm_packages_live_and_leave_no_trace(machine, rpms):
    before = machine.files()
    install_rpms(machine, rpms)
    assert machine.run("amf-netwatch", "--version") == f"amf-netwatch {amf_netwatch.__version__}\n"
    live(machine, remove_rpms)
    remove_rpms(machine, "saf-shim", "amf-netwatch", "python3-imm-model")
    (machine.root / RPM_PATH).unlink()
    # Where RPM is at home these folders belong to python3 and to the file system's package.
    assert {
        each for each in machine.files() - before if not each.endswith(("/site-packages", "/licenses"))
    } == set()
    assert before <= machine.files()
    assert "amf" not in machine.processes()
