# SPDX-License-Identifier: Apache-2.0
"""`amf-netwatch show` against the simulator: nodes that have gone, nodes that never were."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from package_tools import eventually

ROOT = Path(__file__).resolve().parents[2]

# A component of another node, which publishes two interfaces and dies.
PUBLISH = """
import os
from amf_netwatch.ais import ObjectImplementer
from amf_netwatch.publication.classes import CLASSES
from imm_model.objects import ImmObject

node = {"macAddresses": ("",), "interfaceCount": (2,)}
node |= dict.fromkeys(["changeCount", "overrunCount", "lastChange"], (1,))
interface = {"macAddress": ("02:00:00:00:00:01",), "ifIndex": (2,), "mtu": (1500,)}
interface |= dict.fromkeys(["physical", "lastChange"], (1,))
interface |= dict.fromkeys(["adminState", "operState"], ("up",))
interface |= dict.fromkeys(["master", "ipv4Addresses", "ipv6Addresses"], ("",))
implementer = ObjectImplementer(CLASSES)
implementer.set_name("NetWatch_PL-3")
implementer.create(ImmObject("netWatchNode=PL-3", "NetWatchNode", node))
for name in ("eth0", "a%2Cb"):
    implementer.create(ImmObject(f"netIf={name},netWatchNode=PL-3", "NetWatchInterface", interface))
os._exit(9)
"""


@pytest.fixture
def simulator(tmp_path):
    """A function that runs a command in a simulator with the component's classes."""
    commands = [sys.executable, "-m", "saf_shim"]
    classes = tmp_path / "classes.xml"
    classes.write_text(run([sys.executable, "-m", "amf_netwatch", "classes"]).stdout, encoding="utf-8")
    directory = str(tmp_path / "simulator")
    started = run([*commands, "start", "--dir", directory, "--load", str(classes)])
    assert started.returncode == 0, started.stderr
    yield lambda *words: run([*commands, "exec", "--dir", directory, "--", *words])
    run([*commands, "stop", "--dir", directory])


def run(words):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SAF_SHIM")}
    return subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)


@pytest.mark.slow
def test_the_interfaces_of_a_node_that_died_are_shown_as_gone(simulator):
    """IMM keeps the objects, and shows them without values 6 s after their owner went."""
    done = simulator(sys.executable, "-c", PUBLISH)
    assert done.returncode == 9, done.stderr

    def show(*words):
        return simulator(sys.executable, "-m", "amf_netwatch", "show", *words).stdout.splitlines()

    rows = [json.loads(line) for line in show("--json")]
    assert [(row["interface"], row["mtu"], row["gone"]) for row in rows] == [
        ("a,b", 1500, False),
        ("eth0", 1500, False),
    ]
    eventually("they are gone", lambda: all(json.loads(line)["gone"] for line in show("--json")))
    assert [line.split() for line in show()[1:]] == [
        ["PL-3", name, "gone", "-", "-", "-", "-", "-"] for name in ("a,b", "eth0")
    ]
    rows = [json.loads(line) for line in show("--json", "--node", "PL-3")]
    assert [(row["interface"], row["mtu"], row["stale"]) for row in rows] == [
        ("a,b", None, True),
        ("eth0", None, True),
    ]


def test_a_node_that_nobody_knows_is_named(simulator):
    done = simulator(sys.executable, "-m", "amf_netwatch", "show", "--node", "PL-9")
    assert (done.returncode, done.stdout) == (1, "no interfaces\n")
    assert done.stderr == "amf-netwatch show: IMM has nothing of a node 'PL-9'\n"
