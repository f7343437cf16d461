# SPDX-License-Identifier: Apache-2.0
"""``saf-shim new``: what it writes works at once, as a stranger would try it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SHIM = [sys.executable, "-m", "saf_shim"]
ROOT = Path(__file__).resolve().parents[3]


def new(name: str, where: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*SHIM, "new", name], check=False, cwd=where, env=environment, capture_output=True, text=True
    )


def test_its_tests_pass_and_its_life_can_be_watched(tmp_path: Path) -> None:
    done = new("my-component", tmp_path)
    assert done.returncode == 0, done.stderr
    made = tmp_path / "my-component"
    assert {path.name for path in made.iterdir()} == {
        "my_component.py",
        "model.py",
        "test_my_component.py",
        "try.sh",
        "README.md",
    }
    assert "@" not in "".join(path.read_text("utf-8") for path in made.iterdir()).replace(
        "@pytest", ""
    ).replace("@property", "").replace("@staticmethod", "")
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "."]
    passed = subprocess.run(tests, cwd=made, capture_output=True, text=True, timeout=200, check=False)
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert "6 passed" in passed.stdout
    early = subprocess.run(["sh", "-c", f"{made}/model.py | true"], check=True, capture_output=True)
    assert early.stderr == b""
    life = subprocess.run(
        [*SHIM, "run", "--", "sh", str(made / "try.sh")],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert life.returncode == 0, life.stderr
    assert "saAmfSUPresenceState=INSTANTIATED(3)" in life.stdout
    assert "mode=brisk" in life.stdout


def test_what_it_writes_is_in_our_own_style(tmp_path: Path) -> None:
    new("pump2", tmp_path)
    check = [sys.executable, "-m", "ruff", "--config", str(ROOT / "pyproject.toml")]
    ignored = "--ignore=INP001,T20"
    done = subprocess.run(
        [check[0], *check[1:3], "check", *check[3:], ignored, "pump2"],
        cwd=tmp_path, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "name", ["", "My", "a b", "-x", "x-", "x--y", "9x", "x/y", "ä", "x" * 41, "model", "test"]
)
def test_names_that_cannot_be_are_wrong_use(name: str, tmp_path: Path) -> None:
    done = new(name, tmp_path)
    assert done.returncode == 2
    assert done.stderr
    assert list(tmp_path.iterdir()) == []


def test_it_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "pump").mkdir()
    done = new("pump", tmp_path)
    assert (done.returncode, done.stderr) == (1, "saf-shim: cannot make the directory pump: File exists\n")
