# SPDX-License-Identifier: Apache-2.0
"""What a real AMF did, replayed on the simulator: 681 recorded steps of components and administrators.

Each scenario has a simulator of its own; they mostly wait for time-outs. They also say how long things took
on an idle machine ("within 0.6 s"), so `make test` replays them when none of its other tests runs. Probations
leave out what other work of the machine costs (`saf_shim.lateness`), so no scenario is replayed twice.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SUITE = Path(__file__).resolve().parents[2] / "conformance" / "amf"
SCENARIOS = sorted(path.stem for path in (SUITE / "scenarios").glob("*.py"))
RECORDED = 681  # steps


def replay(scenario: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, str(SUITE / "run.py"), "--check", "--no-wait", "-k", scenario]
    return subprocess.run(
        [sys.executable, "-m", "saf_shim.cli", "run", "--discard-output", "--", *program],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=280,
    )


def test_the_suite_is_whole() -> None:
    lines = [len(path.read_text("utf-8").splitlines()) for path in (SUITE / "expected").glob("*.jsonl")]
    assert sum(lines) == RECORDED
    assert {path.stem for path in (SUITE / "expected").glob("*.jsonl")} == set(SCENARIOS)


@pytest.mark.moments
@pytest.mark.timeout(600)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_amf_does_what_was_recorded(scenario: str) -> None:
    done = replay(scenario)
    assert done.returncode == 0, done.stdout
    assert ", 0 differ" in done.stdout
