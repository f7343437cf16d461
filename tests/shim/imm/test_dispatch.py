# SPDX-License-Identifier: Apache-2.0
"""A blocking dispatch in one thread, while another thread ends the handle."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from imm_client import Oi, Om, make_runtime_class, values

from saf_shim.pyosaf import saImmOi
from saf_shim.pyosaf._library import handles
from saf_shim.pytest_plugin import SafShim

BLOCKING = 3


@pytest.fixture
def reading() -> Iterator[Any]:
    """Readers in threads of their own, which are joined at the end."""
    threads: list[threading.Thread] = []

    def start(om: Om) -> None:
        threads.append(threading.Thread(target=lambda: om.get("rt=a", "pure")))
        threads[-1].start()

    yield start
    for thread in threads:
        thread.join()


def test_the_end_of_the_handle_ends_a_blocking_dispatch_with_ok(
    saf_shim: SafShim, reading: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when the dispatching thread learns of the end before the thread that finalizes the handle."""
    in_callback, go_on = threading.Event(), threading.Event()

    def fill_in(_handle: int, _name: object, _names: object) -> int:
        in_callback.set()
        go_on.wait()
        return 1

    callbacks = saImmOi.SaImmOiCallbacksT_2()
    callbacks.saImmOiRtAttrUpdateCallback = saImmOi.SaImmOiRtAttrUpdateCallbackT(fill_in)
    om, oi = Om(), Oi("Blocking", callbacks)
    make_runtime_class(om)
    assert oi.create("TestRt", None, values("a")) == "OK"
    codes: list[str] = []
    dispatcher = threading.Thread(target=lambda: codes.append(oi.dispatch(BLOCKING)))
    forget = handles.forget

    def forget_late(number: int) -> None:
        go_on.set()
        dispatcher.join()
        forget(number)

    monkeypatch.setattr(handles, "forget", forget_late)
    dispatcher.start()
    reading(om)
    in_callback.wait()
    assert oi.finalize() == "OK"
    assert codes == ["OK"]
