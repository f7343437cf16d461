# SPDX-License-Identifier: Apache-2.0
"""What a real AMF did, replayed on the simulator: 681 recorded steps of components and administrators.

Scenarios mostly wait for time-outs, so some run at the same time, each on a simulator of its own.
They look at states in passing, fractions of a second after what brings them about; on a machine that is
too busy for that, what differs is replayed once more, alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

import pytest

SUITE = Path(__file__).resolve().parents[2] / "conformance" / "amf"
SCENARIOS = sorted(path.stem for path in (SUITE / "scenarios").glob("*.py"))
RECORDED = 681  # steps
QUICK = {"api_outside", "error_report"}  # the others take 10 s and more

Replays = dict[str, "Future[subprocess.CompletedProcess[str]]"]


def replay(scenario: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, str(SUITE / "run.py"), "--check", "--no-wait", "-k", scenario]
    return subprocess.run(
        [sys.executable, "-m", "saf_shim.cli", "run", "--node", "SC-1", "--", *program],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=280,
    )


@pytest.fixture(scope="module")
def replays(request: pytest.FixtureRequest) -> Iterator[Replays]:
    """The scenarios that were asked for, under way."""
    wanted = [
        item.callspec.params["scenario"]
        for item in request.session.items
        if isinstance(item, pytest.Function)
        and item.module is request.module
        and hasattr(item, "callspec")
        and "scenario" in item.callspec.params
    ]
    with ThreadPoolExecutor(max_workers=max(1, (os.cpu_count() or 1) // 2)) as pool:
        yield {scenario: pool.submit(replay, scenario) for scenario in wanted}
        pool.shutdown(wait=True, cancel_futures=True)


def test_the_suite_is_whole() -> None:
    lines = [len(path.read_text("utf-8").splitlines()) for path in (SUITE / "expected").glob("*.jsonl")]
    assert sum(lines) == RECORDED
    assert {path.stem for path in (SUITE / "expected").glob("*.jsonl")} == set(SCENARIOS)


@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    "scenario",
    [pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow]) for name in SCENARIOS],
)
def test_amf_does_what_was_recorded(scenario: str, replays: Replays) -> None:
    done = replays[scenario].result()
    if done.returncode:
        wait(replays.values())
        done = replay(scenario)
    assert done.returncode == 0, done.stdout
    assert ", 0 differ" in done.stdout
