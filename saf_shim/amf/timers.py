# SPDX-License-Identifier: Apache-2.0
"""The directors' timers on the world's clock.

They have the tick of amfnd, 100 ms. Timers of periods that scripts observe from outside, the probations,
leave out lateness: a period of 1 s is over when an OpenSAF cluster on an idle machine would have run for 1 s
(`saf_shim.contract.Lateness`). Such a period also does not end while a script is reading. A script reads
object by object. On a cluster this takes a moment, here it takes longer, and the values should not change
meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from saf_shim.amf.effects import StartTimer
from saf_shim.amf.states import SECOND
from saf_shim.contract import Timer, World

TICK = SECOND // 10
LOOK = 1.0
"""The longest time, in seconds without lateness, for which a period that is over waits for a script. A
script that asks again and again whether the period is over gets its answer."""


class Timers:
    """The timers that are running, by the directors' keys."""

    def __init__(self, world: World, fired: Callable[[Hashable], None]) -> None:
        """Make the timers. `fired` gets the key of each timer that has run out."""
        self._world = world
        self._fired = fired
        self._running: dict[Hashable, Timer] = {}
        self._due: dict[
            Hashable, float
        ] = {}  # only for timers that leave out lateness; measured on a clock that leaves it out as well

    def start(self, effect: StartTimer) -> None:
        """Start a timer. A running timer with the same key starts again."""
        self.stop(effect.key)
        now = self._world.now()
        ticks = int(now * SECOND) // TICK - (-effect.delay // TICK) + 1
        delay = max(0.0, ticks * TICK / SECOND - now)
        if effect.leaves_out_lateness:
            self._due[effect.key] = now + delay - self._world.lateness().lost
        self._wait(effect.key, delay)

    def stop(self, key: Hashable) -> None:
        """Forget the timer, if there is one."""
        self._due.pop(key, None)
        running = self._running.pop(key, None)
        if running is not None:
            running.cancel()

    def stop_all(self) -> None:
        for key in list(self._running):
            self.stop(key)

    def fire_what_is_over(self) -> None:
        """End the periods that are over and only wait until a script has read. An administrative operation
        happens after them."""
        lost, now = self._world.lateness().lost, self._world.now()
        for key in [key for key, due in self._due.items() if due + lost <= now]:
            self._fire(key)

    def _wait(self, key: Hashable, delay: float) -> None:
        self._running[key] = self._world.start_timer(delay, lambda: self._is_over(key))

    def _is_over(self, key: Hashable) -> None:
        rest = self._rest(key)
        if rest > 0:
            self._wait(key, rest)
        else:
            self._fire(key)

    def _rest(self, key: Hashable) -> float:
        """Return how many seconds a timer must still run after its time is over on the world's clock."""
        due = self._due.get(key)
        if due is None:
            return 0.0
        late = self._world.lateness()
        rest = due + late.lost - self._world.now()
        return max(rest, TICK / SECOND / 2) if late.is_watched and rest > -LOOK else rest

    def _fire(self, key: Hashable) -> None:
        self.stop(key)
        self._fired(key)
