# SPDX-License-Identifier: Apache-2.0
"""Every sample about netlink runs, and does what it says."""

from __future__ import annotations

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
    "netlink_monitor": ["current b'lo' 00:00:00:00:00:00", "current b'v0' 02:00:00:00:00:01"],
    "netlink_wait": ["attached: s0", "up: True", "carrier: True", "detached: True"],
    "netlink_conversation": ["3 b'v0' down 192.0.2.1/24", "refused: the kernel answered: Invalid argument"],
    "netlink_state": ["has its address: True", "going: b's0'", "event: new", "event: removed"],
    "netlink_replay": ["changes: 20 damage: None", "start: start", "read again: [2, 3, 4]"],
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


def test_every_sample_is_in_the_documentation() -> None:
    text = (ROOT / "docs" / "netlink.md").read_text(encoding="utf-8")
    assert [path.name for path in SAMPLES.glob("netlink_*.py") if f"samples/{path.name}" not in text] == []
