# SPDX-License-Identifier: Apache-2.0
"""Signal handlers that raise, as Ctrl-C does, in the middle of a call: the handle stays as good as it was."""

from __future__ import annotations

import select
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from imm_client import Oi, Om, make_runtime_class, values

from saf_shim.pyosaf import saImmOi
from saf_shim.pytest_plugin import SafShim


class HandlerError(Exception):
    """The exception that the signal handler raises."""


@contextmanager
def interrupted() -> Iterator[None]:
    """Interrupt this thread while it waits in the block."""

    def handle(_number: int, _frame: object) -> None:
        raise HandlerError

    def interrupt(thread: int) -> None:
        threading.Event().wait(0.2)
        signal.pthread_kill(thread, signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, handle)
    helper = threading.Thread(target=interrupt, args=(threading.get_ident(),))
    helper.start()
    try:
        with pytest.raises(HandlerError):
            yield
    finally:
        helper.join()
        signal.signal(signal.SIGUSR1, before)


def test_an_interrupted_call_does_not_spoil_the_next(saf_shim: SafShim) -> None:
    om = Om()
    saf_shim.fault("saImmOmAccessorGet_2", "none", times=1, delay=0.5)
    with interrupted():
        om.get("safApp=safImmService", "safApp")
    assert om.get("safRdn=immManagement,safApp=safImmService", "safRdn") == (
        "OK",
        {"safRdn": ["safRdn=immManagement"]},
    )


def test_an_interrupted_dispatch_loses_no_callback_and_leaves_no_noise(saf_shim: SafShim) -> None:
    seen: list[str] = []
    callbacks = saImmOi.SaImmOiCallbacksT_2()
    callbacks.saImmOiRtAttrUpdateCallback = saImmOi.SaImmOiRtAttrUpdateCallbackT(
        lambda _handle, name, _names: seen.append(str(name[0])) or 1
    )
    make_runtime_class(Om())
    oi = Oi("Interrupted", callbacks)
    assert oi.create("TestRt", None, values("a")) == "OK"
    with interrupted():
        oi.dispatch(3)
    assert oi.update("rt=a", [("number", "UINT32", [2])]) == "OK"
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(Om().get("rt=a", "pure")[0]))
    reader.start()
    fd = oi.selection_object()
    assert select.select([fd], [], [], 10)[0]
    assert oi.dispatch() == "OK"
    reader.join()
    assert (got, seen) == (["OK"], ["rt=a"])
    assert oi.dispatch() == "OK"
    assert select.select([fd], [], [], 0)[0] == [], "readable for ever: the program would spin"
