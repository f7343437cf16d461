# SPDX-License-Identifier: Apache-2.0
"""Signal handlers that make calls on a handle which their own thread is using: nothing waits for itself."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from imm_client import Oi

from saf_shim.codes import Code
from saf_shim.pyosaf import saAis, saClm, saImmOi
from saf_shim.pytest_plugin import SafShim

BLOCKING = saAis.eSaDispatchFlagsT.SA_DISPATCH_BLOCKING


@contextmanager
def signalled(handler: Callable[[], object]) -> Iterator[None]:
    """Run `handler` as a signal handler of this thread while it waits in the block."""

    def signal_thread(thread: int) -> None:
        threading.Event().wait(0.2)
        signal.pthread_kill(thread, signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, lambda _number, _frame: handler())
    helper = threading.Thread(target=signal_thread, args=(threading.get_ident(),))
    helper.start()
    try:
        yield
    finally:
        helper.join()
        signal.signal(signal.SIGUSR1, before)


def open_clm() -> saClm.SaClmHandleT:
    handle = saClm.SaClmHandleT()
    assert saClm.saClmInitialize_4(handle, None, saAis.SaVersionT("B", 4, 1)) == Code.OK
    return handle


def node_get(handle: saClm.SaClmHandleT) -> int:
    node = saClm.SaClmClusterNodeT_4()
    return saClm.saClmClusterNodeGet_4(handle, saClm.saClm.SA_CLM_LOCAL_NODE_ID, 10**9, node)


def test_a_handler_may_end_the_dispatch_it_interrupts(saf_shim: SafShim) -> None:
    oi = Oi("Handled")
    answers: list[int] = []
    with signalled(lambda: answers.append(saImmOi.saImmOiFinalize(oi.handle))):
        assert saImmOi.saImmOiDispatch(oi.handle, BLOCKING) == Code.OK
    assert answers == [Code.OK]
    assert saImmOi.saImmOiDispatch(oi.handle, BLOCKING) == Code.ERR_BAD_HANDLE


def test_a_handler_that_dispatches_within_a_dispatch_is_told_to_wait(saf_shim: SafShim) -> None:
    handle = open_clm()
    answers: list[int] = []

    def handler() -> None:
        answers.append(saClm.saClmDispatch(handle, saAis.eSaDispatchFlagsT.SA_DISPATCH_ALL))
        answers.append(saClm.saClmFinalize(handle))

    with signalled(handler):
        assert saClm.saClmDispatch(handle, BLOCKING) == Code.OK
    assert answers == [Code.ERR_TRY_AGAIN, Code.OK]


def test_a_handler_that_calls_within_a_call_is_told_to_wait(saf_shim: SafShim) -> None:
    handle = open_clm()
    saf_shim.fault("saClmClusterNodeGet_4", "none", times=1, delay=0.6)
    answers: list[int] = []
    with signalled(lambda: answers.append(node_get(handle))):
        assert node_get(handle) == Code.OK
    assert answers == [Code.ERR_TRY_AGAIN]
    assert node_get(handle) == Code.OK


@pytest.mark.parametrize("times", [1, 2])
def test_a_handler_that_finalizes_within_a_call_is_refused(saf_shim: SafShim, times: int) -> None:
    oi = Oi("Handled")
    saf_shim.fault("saImmOiImplementerClear", "none", times=1, delay=0.6)
    answers: list[int] = []
    with signalled(lambda: answers.extend(saImmOi.saImmOiFinalize(oi.handle) for _ in range(times))):
        assert saImmOi.saImmOiImplementerClear(oi.handle) == Code.OK
    assert answers == [Code.ERR_LIBRARY] * times
    assert saImmOi.saImmOiFinalize(oi.handle) == Code.OK
