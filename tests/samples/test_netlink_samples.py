# SPDX-License-Identifier: Apache-2.0
"""Every sample about netlink runs, and does what it says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from kernel_fixtures import Namespace

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"
RECORDING = ROOT / "tests" / "netlink" / "recordings" / "bridge-port.rec"
ARGUMENTS = {
    "netlink_monitor": ["0.2"],
    "netlink_wait": ["s0"],
    "netlink_conversation": [],
    "netlink_state": ["s0"],
    "netlink_replay": [str(RECORDING)],
}
SAID = {
    "netlink_monitor": ["current lo 00:00:00:00:00:00\n", "current v0 02:00:00:00:00:01\n"],
    "netlink_wait": ["attached: s0\n", "up: True", "carrier: True", "detached: s0"],
    "netlink_conversation": [
        "3 v0 down 192.0.2.1/24\n",
        "default gateways:\n",
        "refused: the kernel answered: Invalid argument",
    ],
    "netlink_state": [
        "links now: lo v1 v0\n",
        "tables with routes: 255\n",
        "has its address: 192.0.2.1/24\n",
        "is up: s0 192.0.2.1/24\n",
        "going: s0 mtu 1400\n",
        "event: new\n",
        "event: removed\n",
    ],
    "netlink_replay": ["changes: 20 damage: none\n", "start: start\n", "read again: [2, 3, 4]\n"],
}


@pytest.mark.kernel
@pytest.mark.parametrize("name", sorted(path.stem for path in SAMPLES.glob("netlink_*.py")))
def test_a_sample_runs(namespace: Namespace, name: str) -> None:
    namespace.ip("link add v0 address 02:00:00:00:00:01 type veth peer name v1")
    namespace.ip("addr add 192.0.2.1/24 dev v0")
    command = [sys.executable, str(SAMPLES / f"{name}.py"), *ARGUMENTS[name]]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, timeout=20)
    assert (done.returncode, done.stderr) == (0, "")
    assert [said for said in SAID[name] if said not in done.stdout] == [], done.stdout


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("netlink_replay", [], "usage: netlink_replay.py FILE"),
        ("netlink_replay", ["/no/such/file"], "netlink_replay: [Errno 2] No such file or directory"),
        ("netlink_replay", [str(Path(__file__))], "is no recording"),
        ("netlink_monitor", ["soon"], "usage: netlink_monitor.py [SECONDS]"),
        ("netlink_wait", ["lo"], "netlink_wait: `ip` refused"),
        ("netlink_state", ["lo"], "netlink_state: `ip` refused"),
    ],
)
def test_a_sample_ends_with_one_line_and_no_traceback(
    namespace: Namespace, name: str, arguments: list[str], said: str
) -> None:
    command = [sys.executable, str(SAMPLES / f"{name}.py"), *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, timeout=20)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.kernel
@pytest.mark.parametrize("name", ["netlink_wait", "netlink_state"])
def test_a_sample_says_that_ip_is_missing(namespace: Namespace, name: str) -> None:
    command = [sys.executable, str(SAMPLES / f"{name}.py")]
    environment = {**os.environ, "PATH": "/nonexistent"}
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=ROOT, timeout=20, env=environment
    )
    assert (done.returncode, done.stderr) == (1, f"{name}: the command `ip` (iproute2) is missing\n")


def test_every_sample_is_in_the_documentation() -> None:
    text = (ROOT / "docs" / "netlink.md").read_text(encoding="utf-8")
    assert [path.name for path in SAMPLES.glob("netlink_*.py") if f"samples/{path.name}" not in text] == []
