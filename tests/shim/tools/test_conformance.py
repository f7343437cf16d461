# SPDX-License-Identifier: Apache-2.0
"""The recorded command lines of a real node, replayed on the simulator, scenario by scenario."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SUITE = Path(__file__).resolve().parents[2] / "conformance" / "tools"
SCENARIOS = sorted(path.stem for path in (SUITE / "scenarios").glob("*.txt"))
RECORDED = 856  # commands
WAITING = {"immadm", "immcfg_oi", "immlist_runtime"}  # for time-outs of 1 to 6 s


def test_the_suite_is_whole() -> None:
    done = subprocess.run(
        [sys.executable, SUITE / "run.py", "--list"], check=True, capture_output=True, text=True
    )
    assert done.stdout.split()[-1] == str(RECORDED)


@pytest.mark.parametrize(
    "scenario",
    [pytest.param(name, marks=[pytest.mark.slow] if name in WAITING else []) for name in SCENARIOS],
)
def test_tools_do_what_was_recorded(scenario: str) -> None:
    replay = [sys.executable, str(SUITE / "run.py"), "--check", "-k", scenario]
    done = subprocess.run(
        [sys.executable, "-m", "saf_shim.cli", "run", "--", *replay],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stdout
    assert ", 0 differ" in done.stdout
