# SPDX-License-Identifier: Apache-2.0
"""Probations leave out what the machine costs the cluster, and do not end while a script looks."""

from __future__ import annotations

from collections.abc import Callable, Hashable

import pytest

from saf_shim.amf.effects import StartTimer
from saf_shim.amf.states import SECOND
from saf_shim.amf.timers import Timers
from saf_shim.contract import Lateness


class Clock:
    """A world in which time passes only when a test wants it."""

    def __init__(self) -> None:
        self.time = 100.0
        self.late = Lateness(0.0, False)
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def now(self) -> float:
        return self.time

    def lateness(self) -> Lateness:
        return self.late

    def start_timer(self, delay: float, function: Callable[[], None]) -> Clock.Entry:
        entry = (self.time + delay, function)
        self.timers.append(entry)
        return Clock.Entry(self, entry)

    def go(self, seconds: float) -> None:
        """Let time pass, with what falls due in it."""
        end = self.time + seconds
        while self.timers and min(self.timers, key=lambda entry: entry[0])[0] <= end:
            entry = min(self.timers, key=lambda entry: entry[0])
            self.timers.remove(entry)
            self.time = max(self.time, entry[0])
            entry[1]()
        self.time = end

    class Entry:
        def __init__(self, clock: Clock, entry: tuple[float, Callable[[], None]]) -> None:
            self.clock, self.entry = clock, entry

        def cancel(self) -> None:
            if self.entry in self.clock.timers:
                self.clock.timers.remove(self.entry)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fired() -> list[Hashable]:
    return []


@pytest.fixture
def timers(clock: Clock, fired: list[Hashable]) -> Timers:
    return Timers(clock, fired.append)  # type: ignore[arg-type]


PROBATION = StartTimer("probation", SECOND, leaves_out_lateness=True)
PERIOD = StartTimer("period", SECOND)


def test_timers_have_the_tick_of_amfnd(clock: Clock, timers: Timers, fired: list[Hashable]) -> None:
    timers.start(PERIOD)
    timers.start(PROBATION)
    clock.go(0.99)
    assert fired == []
    clock.go(0.12)
    assert sorted(map(str, fired)) == ["period", "probation"]


def test_a_probation_leaves_out_lateness_and_another_timer_does_not(
    clock: Clock, timers: Timers, fired: list[Hashable]
) -> None:
    timers.start(PERIOD)
    timers.start(PROBATION)
    clock.late = Lateness(0.7, False)
    clock.go(1.2)
    assert fired == ["period"]
    clock.go(0.7)
    assert fired == ["period", "probation"]


def test_lateness_before_the_start_does_not_count(
    clock: Clock, timers: Timers, fired: list[Hashable]
) -> None:
    clock.late = Lateness(50.0, False)
    timers.start(PROBATION)
    clock.go(1.2)
    assert fired == ["probation"]


def test_a_probation_does_not_end_while_a_script_looks(
    clock: Clock, timers: Timers, fired: list[Hashable]
) -> None:
    timers.start(PROBATION)
    clock.late = Lateness(0.0, True)
    clock.go(1.5)
    assert fired == []
    clock.late = Lateness(0.0, False)
    clock.go(0.1)
    assert fired == ["probation"]


def test_a_script_that_asks_again_and_again_gets_its_answer(
    clock: Clock, timers: Timers, fired: list[Hashable]
) -> None:
    timers.start(PROBATION)
    clock.late = Lateness(0.0, True)
    clock.go(2.5)
    assert fired == ["probation"]


def test_an_operation_comes_after_a_probation_that_is_over(
    clock: Clock, timers: Timers, fired: list[Hashable]
) -> None:
    timers.start(PROBATION)
    clock.late = Lateness(0.0, True)
    clock.go(0.5)
    timers.fire_what_is_over()
    assert fired == []
    clock.go(0.7)
    timers.fire_what_is_over()
    assert fired == ["probation"]
    clock.go(9.0)
    assert fired == ["probation"], "once"


def test_a_timer_that_is_stopped_or_started_again(
    clock: Clock, timers: Timers, fired: list[Hashable]
) -> None:
    timers.start(PROBATION)
    timers.start(PERIOD)
    clock.go(0.6)
    timers.start(PROBATION)
    timers.stop("period")
    timers.stop("period")
    clock.go(0.6)
    assert fired == []
    clock.go(0.6)
    assert fired == ["probation"]
    timers.start(PERIOD)
    timers.stop_all()
    clock.go(9.0)
    assert fired == ["probation"]
    assert clock.timers == []
