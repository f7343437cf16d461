# SPDX-License-Identifier: Apache-2.0
"""The samples run as their README says, and do what it says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from kernel_fixtures import Namespace

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"


def run(*command: str) -> list[str]:
    """The lines that a command of the README prints; it must end well and complain about nothing."""
    commands = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": f"{commands}:{os.environ['PATH']}", "PYTHON": sys.executable}
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=ROOT, timeout=60, env=environment
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


@pytest.mark.kernel
def test_the_interfaces_of_two_nodes_are_read_from_imm(namespace: Namespace) -> None:
    namespace.ip("link add v0 address 02:00:00:00:00:01 type veth peer name v1 address 02:00:00:00:00:02")
    namespace.ip("addr add 192.0.2.1/24 dev v0")
    lines = run(
        "saf-shim", "run", "--node", "SC-1", "--node", "SC-2", "--", "sh", "samples/cluster_interfaces.sh"
    )
    assert [line for line in lines if " v" in line] == [
        f"{node} {rest}"
        for node in ("SC-1", "SC-2")
        for rest in ("v0 02:00:00:00:00:01 down 192.0.2.1/24", "v1 02:00:00:00:00:02 down")
    ]


def test_the_lamp_lives() -> None:
    assert run("saf-shim", "run", "--", "sh", "samples/lamp/lamp.sh") == ["colour=red", "blinks=1"]


def test_the_lamp_passes_its_own_tests() -> None:
    lines = run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "samples/lamp")
    assert " passed in " in lines[-1]


def test_every_sample_is_in_the_readme() -> None:
    text = (SAMPLES / "README.md").read_text(encoding="utf-8")
    names = [path.name for path in SAMPLES.iterdir() if path.suffix == ".py" or path.is_dir()]
    assert [name for name in names if name != "__pycache__" and f"]({name})" not in text] == []
