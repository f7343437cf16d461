# SPDX-License-Identifier: Apache-2.0
"""Measuring side by side: rivals take turns in one run, medians are compared as ratios.

A machine's speed drifts, so absolute times mean little; a ratio of medians taken in turns holds.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from statistics import median
from time import perf_counter_ns
from typing import Any, Callable, NamedTuple


class Row(NamedTuple):
    """One line of the report.

    `ours` and `rival` print as they are; `ratio` is how many times better ours is (None: not a
    comparison); `met` is None where no target was set.
    """

    what: str
    ours: str
    rival: str = ""
    ratio: float | None = None
    target: str = ""
    met: bool | None = None


class Contender(NamedTuple):
    """What is timed: `work` is called `inner` times for each sample.

    With `prepare`, which is not timed, called before each of them, the sample is their median; `work` then
    returns the clock (ns) at which what it is timed for was done.
    """

    work: Callable[[], object]
    inner: int = 1
    prepare: Callable[[], object] | None = None


def contest(contenders: Mapping[str, Contender], samples: int = 15) -> dict[str, float]:
    """Median seconds of one call, by name; the contenders take turns, after one uncounted turn."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    with collector_off():
        for turn in range(samples + 1):
            for name, contender in contenders.items():
                taken = _time(*contender) if contender.prepare is None else _time_each(*contender)
                if turn:
                    times[name].append(taken)
    return {name: median(each) for name, each in times.items()}


@contextmanager
def collector_off() -> Iterator[None]:
    """No garbage collection in the middle of a sample."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _time_each(work: Callable[[], Any], inner: int, prepare: Callable[[], object]) -> float:
    taken = []
    for _ in range(inner):
        prepare()
        started = perf_counter_ns()
        taken.append(work() - started)
    return median(taken) / 1e9


def _time(work: Callable[[], object], inner: int, _prepare: None = None) -> float:
    turns = range(inner)
    started = perf_counter_ns()
    for _ in turns:
        work()
    return (perf_counter_ns() - started) / inner / 1e9


def show_seconds(seconds: float) -> str:
    """A time with the unit that suits it: ``48 ns``, ``3.3 us``, ``1.6 ms``."""
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def faster(what: str, ours: float, rival: float, rival_name: str, at_least: float | None = None) -> Row:
    """The row of a race: ours must be at least `at_least` times faster than the rival."""
    ratio = rival / ours
    return Row(
        what,
        show_seconds(ours),
        f"{rival_name} {show_seconds(rival)}",
        ratio,
        f">= {at_least:g}x" if at_least is not None else "",
        ratio >= at_least if at_least is not None else None,
    )


def at_most(what: str, value: float, limit: float, unit: str, rival: str = "") -> Row:
    """The row of a cost with a limit."""
    return Row(what, f"{value:.3g} {unit}", rival, None, f"<= {limit:g} {unit}", value <= limit)
