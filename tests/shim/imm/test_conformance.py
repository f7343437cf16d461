# SPDX-License-Identifier: Apache-2.0
"""The recorded calls of a real node's IMM, replayed on the simulator through pyosaf, scenario by scenario."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SUITE = Path(__file__).resolve().parents[2] / "conformance"
SCENARIOS = sorted(path.stem for path in (SUITE / "scenarios").glob("*.py"))
RECORDED = 1432  # steps
WAITING = {"admin_op", "ccb_oi_state", "orphans_late", "rtattr"}  # for time-outs of several seconds


def test_the_suite_is_whole() -> None:
    lines = [len(path.read_text("utf-8").splitlines()) for path in (SUITE / "expected").glob("*.jsonl")]
    assert sum(lines) == RECORDED
    assert {path.stem for path in (SUITE / "expected").glob("*.jsonl")} == set(SCENARIOS)


def replay(scenario: str, *options: str) -> None:
    program = [sys.executable, str(SUITE / "run.py"), "--check", "-k", scenario, *options]
    done = subprocess.run(
        [sys.executable, "-m", "saf_shim.cli", "run", "--", *program],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stdout
    assert ", 0 differ" in done.stdout


@pytest.mark.parametrize(
    "scenario",
    [pytest.param(name, marks=[pytest.mark.slow] if name in WAITING else []) for name in SCENARIOS],
)
def test_imm_answers_what_was_recorded(scenario: str) -> None:
    replay(scenario, "--class-load", "api")


@pytest.mark.parametrize("scenario", ["classes", "ccb"])
def test_classes_loaded_by_command_are_the_same(scenario: str) -> None:
    replay(scenario)
