# SPDX-License-Identifier: Apache-2.0
"""How long a CCB waits for its implementers, and what its administrator gets when that takes too long."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

import pytest

from saf_shim.codes import Code
from saf_shim.imm.content import classes
from saf_shim.imm.content.rules import AttributeValues
from saf_shim.imm.content.store import Store
from saf_shim.imm.implementer import bindings
from saf_shim.imm.manager import ccb_changes
from saf_shim.imm.manager.ccb import ABANDONED, Ccb
from saf_shim.imm.manager.owners import AdminOwner
from saf_shim.patience import CALLBACK_TIME, callback_timeout

STRING = 9
TIMED_OUT = "IMM: Resource abort: CCB abort due to either OI timeout or explicit abort request."


class Timers:
    """A world whose timers fire when the test wants it."""

    def __init__(self) -> None:
        self.running: list[Timer] = []

    def start_timer(self, delay: float, function: Callable[[], None]) -> Timer:
        self.running.append(Timer(self, delay, function))
        return self.running[-1]

    def delays(self) -> list[float]:
        return [timer.delay for timer in self.running]


class Timer:
    def __init__(self, timers: Timers, delay: float, function: Callable[[], None]) -> None:
        self._timers, self.delay, self.function = timers, delay, function

    def cancel(self) -> None:
        if self in self._timers.running:
            self._timers.running.remove(self)


class Silent:
    """An implementer that keeps the functions by which it could answer."""

    def __init__(self, patience: float) -> None:
        self.patience = patience
        self.answers: list[Callable[[int, str], None]] = []
        self.aborted = False

    def create(self, *arguments: Any) -> None:
        self.answers.append(arguments[-1])

    def completed(self, _ccb: int, answer: Callable[[int, str], None]) -> None:
        self.answers.append(answer)

    def abort(self, _ccb: int) -> None:
        self.aborted = True


class Bench:
    """A CCB in which one object of each implementer is created; the next thing is to apply it."""

    def __init__(self, client: float, *implementers: float) -> None:
        store, self.timers = Store(), Timers()
        self.ports = [Silent(patience) for patience in implementers]
        self.ccb = Ccb(store, self.timers, AdminOwner("me", True), 0, client)
        self.codes: list[int] = []
        for number, port in enumerate(self.ports):
            name = f"C{number}"
            classes.create_class(store, name, 1, [["cfg", STRING, 0x102, None]])
            implementer = bindings.attach(store, name, port)
            bindings.set_class(store, implementer, name)
            given = [AttributeValues("cfg", STRING, (f"cfg={number}",))]
            ccb_changes.create(self.ccb, name, None, given, self.codes.append)
            port.answers.pop()(Code.OK, "")


@pytest.mark.parametrize(
    ("text", "seconds"), [(None, CALLBACK_TIME), ("20", 20.0), ("0", CALLBACK_TIME), ("soon", CALLBACK_TIME)]
)
def test_an_implementer_says_how_long_it_may_take(text: Optional[str], seconds: float) -> None:
    assert callback_timeout({} if text is None else {"IMMA_OI_CALLBACK_TIMEOUT": text}) == seconds


def test_each_implementer_has_its_own_time() -> None:
    bench = Bench(10.0, 6.0, 9.0)
    bench.ccb.apply(bench.codes.append)
    assert bench.timers.delays() == [6.0, 9.0]
    bench.ports[0].answers.pop()(Code.OK, "")
    assert bench.timers.delays() == [9.0], "whoever has answered is not waited for"
    bench.timers.running[0].function()
    assert bench.codes[-1] == Code.ERR_FAILED_OPERATION
    assert bench.ccb.grab_strings() == [TIMED_OUT]
    assert all(port.aborted for port in bench.ports)
    assert bench.timers.delays() == []


def test_a_client_that_gives_up_first_gets_no_text() -> None:
    bench = Bench(10.0, 20.0)
    bench.ccb.apply(bench.codes.append)
    assert bench.timers.delays() == [10.0 + ABANDONED]
    bench.timers.running[0].function()
    assert bench.codes[-1] == Code.ERR_FAILED_OPERATION
    assert bench.ccb.grab_strings() == []
    assert bench.ports[0].aborted


def test_an_answer_that_comes_too_late_changes_nothing() -> None:
    bench = Bench(10.0, 6.0)
    bench.ccb.apply(bench.codes.append)
    bench.timers.running[0].function()
    assert bench.codes == [Code.OK, Code.ERR_FAILED_OPERATION]
    bench.ports[0].answers.pop()(Code.OK, "")
    assert bench.codes == [Code.OK, Code.ERR_FAILED_OPERATION]
