# SPDX-License-Identifier: Apache-2.0
"""The main thread's loop: what follows when AMF cannot be dispatched, and when a signal comes."""

from __future__ import annotations

import os
import select
import signal
import threading

import pytest
from component_fakes import MemoryLog

from amf_netwatch.component.loop import EXIT_AMF_LOST, EXIT_OK, serve
from amf_netwatch.errors import AisError


class FakeAmf:
    """A dispatcher on a real descriptor; each dispatch takes the next of `script`."""

    def __init__(self, script):
        self.readable, writable = os.pipe()
        os.write(writable, b"x")  # it stays readable
        self.script = script
        self.dispatched = 0

    def selection_object(self):
        return self.readable

    def dispatch(self):
        self.dispatched += 1
        action = self.script.pop(0)
        if isinstance(action, BaseException):
            raise action
        action()


class FakeComponent:
    def __init__(self):
        self.ending = False
        self.reasons = []

    def end(self, reason):
        self.reasons.append(reason)
        self.ending = True

    def finish(self):
        self.ending = True


@pytest.fixture(autouse=True)
def _signals():
    """`serve` takes the process's signals."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    signal.set_wakeup_fd(-1)
    for number, handler in before.items():
        signal.signal(number, handler)


def error(code, name):
    return AisError("saAmfDispatch", code, name)


def run(script):
    component, log = FakeComponent(), MemoryLog()
    amf = FakeAmf(script(component))
    return serve(component, amf, log), component, amf, log


def test_the_loop_ends_when_the_component_does():
    status, component, amf, log = run(lambda component: [lambda: None, component.finish])
    assert (status, component.reasons, amf.dispatched, log.events) == (EXIT_OK, [], 2, [])


def test_try_again_is_tried_again():
    again = error(6, "SA_AIS_ERR_TRY_AGAIN")
    status, component, amf, log = run(lambda component: [again, again, component.finish])
    assert (status, component.reasons, amf.dispatched, log.events) == (EXIT_OK, [], 3, [])


def test_when_amf_is_lost_the_component_withdraws_and_ends_with_3():
    status, component, _, log = run(lambda component: [error(9, "SA_AIS_ERR_BAD_HANDLE")])
    assert status == EXIT_AMF_LOST == 3
    assert component.reasons == ["AMF is lost"]
    assert log.events == [("amf-lost", {"call": "saAmfDispatch", "code": "SA_AIS_ERR_BAD_HANDLE"})]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_component_in_an_orderly_way(number):
    status, component, amf, _ = run(lambda component: [lambda: os.kill(os.getpid(), number)])
    assert (status, component.reasons, amf.dispatched) == (EXIT_OK, [number.name], 1)


def test_a_signal_wakes_a_loop_that_waits_for_a_silent_amf():
    component, amf = FakeComponent(), FakeAmf([])
    os.read(amf.readable, 1)  # nothing to dispatch
    handlers = signal.getsignal(signal.SIGTERM)

    def send():
        while signal.getsignal(signal.SIGTERM) is handlers:
            select.select([], [], [], 0.001)
        select.select([], [], [], 0.1)  # by now it waits, or it will find the signal noted
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=send)
    thread.start()
    assert serve(component, amf, MemoryLog()) == EXIT_OK
    thread.join()
    assert (component.reasons, amf.dispatched) == (["SIGTERM"], 0)
