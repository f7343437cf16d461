# SPDX-License-Identifier: Apache-2.0
"""The time that the machine costs the cluster is counted once, from the kernel's own numbers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from saf_shim.lateness import LatenessMeter
from saf_shim.server.loop import Loop

DIRECTORY = "/nowhere/cluster"
STAY = "import sys; print(flush=True); sys.stdin.read()"


@pytest.fixture
def loop() -> Iterator[Loop]:
    made = Loop(lambda _text: None)
    yield made
    made.close()


def spend(loop: Loop, seconds: float) -> None:
    """Let the loop run for so long."""
    loop.start_timer(seconds, loop.stop)
    loop.run()


@pytest.fixture
def program() -> Iterator[subprocess.Popen[bytes]]:
    """A process that looks like a command of the simulator."""
    with subprocess.Popen(
        [sys.executable, "-IS", "-c", STAY, "saf_shim.tools"], stdin=subprocess.PIPE
    ) as process:
        yield process


def test_a_command_counts_from_its_start_but_for_the_answers_it_waits_for(
    loop: Loop, program: subprocess.Popen[bytes]
) -> None:
    meter = LatenessMeter(loop.watch_process, DIRECTORY)
    assert meter.read() == (0.0, False)
    spend(loop, 0.1)
    meter.appeared(program.pid)
    came_up = meter.read()
    assert came_up.lost > 0.05, "it has been there for 0.1 s"
    assert came_up.is_watched
    meter.asks(program.pid)
    asked = meter.read().lost
    spend(loop, 0.05)
    assert meter.read() == (asked, True), "it waits for the cluster"
    meter.is_answered(program.pid)
    spend(loop, 0.05)
    running = meter.read().lost
    assert running >= asked + 0.045
    assert program.stdin is not None
    program.stdin.close()
    while loop_has_not_seen_the_end(meter):
        spend(loop, 0.01)
    ended = meter.read().lost
    spend(loop, 0.05)
    assert meter.read() == (ended, False)


def loop_has_not_seen_the_end(meter: LatenessMeter) -> bool:
    return meter.read().is_watched


def test_two_commands_at_a_time_count_once(loop: Loop) -> None:
    meter = LatenessMeter(loop.watch_process, DIRECTORY)
    words = [sys.executable, "-IS", "-c", STAY, "saf_shim.tools"]
    with (
        subprocess.Popen(words, stdin=subprocess.PIPE) as one,
        subprocess.Popen(words, stdin=subprocess.PIPE) as two,
    ):
        meter.appeared(one.pid)
        meter.appeared(two.pid)
        before = meter.read().lost
        start = os.times().elapsed
        spend(loop, 0.1)
        lost = meter.read().lost - before
        assert 0.09 <= lost <= os.times().elapsed - start + 0.02
        for process in (one, two):
            assert process.stdin is not None
            process.stdin.close()


def test_waiting_for_a_processor_counts_once(loop: Loop) -> None:
    meter = LatenessMeter(loop.watch_process, DIRECTORY)
    start = time.monotonic()
    meter.waited(0.5, 0.1)
    assert meter.read().lost == pytest.approx(0.4)
    meter.waited(0.5, 0.1)
    assert 0.4 <= meter.read().lost <= 0.4 + time.monotonic() - start, "the same moments, but for the last"
    before = meter.read()
    meter.waited(0.1, 0.3)
    assert meter.read() == before


def test_a_process_that_is_gone_or_old_counts_nothing(loop: Loop) -> None:
    meter = LatenessMeter(loop.watch_process, DIRECTORY)
    with subprocess.Popen([sys.executable, "-IS", "-c", "pass"]) as process:
        process.wait()
        meter.appeared(process.pid)
    meter.appeared(0)
    meter.appeared(1)  # as old as the machine
    assert meter.read() == (0.0, False)


def test_a_command_that_comes_up_is_seen_before_it_calls(loop: Loop) -> None:
    """On a busy machine it takes its time; a command of another simulator does not count."""
    meter = LatenessMeter(loop.watch_process, DIRECTORY)
    words = [sys.executable, "-IS", "-c", STAY, "saf_shim.tools"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(words, env={"SAF_SHIM_DIR": "/other"}, **pipes) as other:
        assert other.stdout is not None
        other.stdout.readline()  # proc(5) shows a program's words only some time after exec
        assert not meter.read().is_watched
        with subprocess.Popen(words, env={"SAF_SHIM_DIR": DIRECTORY}, **pipes) as own:
            assert own.stdout is not None
            own.stdout.readline()
            assert meter.read().is_watched
            assert own.stdin is not None
            own.stdin.close()
        assert not meter.read().is_watched
        assert other.stdin is not None
        other.stdin.close()
