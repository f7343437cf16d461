# SPDX-License-Identifier: Apache-2.0
"""Programs that fork: a handle belongs to the process that opened it, and a child is a client of its own."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import pytest
from imm_client import Oi, Om, make_runtime_class, values

from saf_shim.pytest_plugin import SafShim

# Python 3.12 and later warn about a fork in a process with threads. These tests need such a fork.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")


def in_child(act: Callable[[], str]) -> str:
    """Return what `act` returns in a forked child, which ends without cleaning up; "" if it dies."""
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.write(write, act().encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as answer:
        said = answer.read().decode()
    os.waitpid(pid, 0)
    return said


def test_a_child_cannot_use_its_parents_handles(saf_shim: SafShim) -> None:
    om, oi = Om(), Oi("Parent")
    make_runtime_class(om)

    def misuse() -> str:
        codes = [om.get("safApp=safImmService")[0], oi.create("TestRt", None, values("child"))]
        return " ".join([*codes, oi.dispatch(), oi.finalize(), om.finalize()])

    assert in_child(misuse) == " ".join(["ERR_BAD_HANDLE"] * 5)
    assert oi.create("TestRt", None, values("parent")) == "OK"
    assert om.get("rt=parent", "number") == ("OK", {"number": [1]})
    assert oi.selection_object() > 0
    assert oi.dispatch() == "OK"
    assert saf_shim.objects("TestRt") == ["rt=parent"]


def test_a_child_opens_handles_of_its_own(saf_shim: SafShim) -> None:
    om, oi = Om(), Oi("Parent")
    make_runtime_class(om)

    def live() -> str:
        own = Oi("Child")
        return " ".join([own.rc, own.create("TestRt", None, values("child")), own.dispatch()])

    assert in_child(live) == "OK OK OK"
    saf_shim.wait_for(lambda: Oi("Child").rc == "OK")  # its name is free when it is dead
    assert saf_shim.objects("TestRt") == ["rt=child"]
    assert oi.create("TestRt", None, values("parent")) == "OK"


def test_a_fork_in_the_middle_of_another_threads_call_does_not_hang_the_child(saf_shim: SafShim) -> None:
    om = Om()
    saf_shim.fault("saImmOmAccessorGet_2", "none", delay=1.0)

    def read_slowly() -> None:
        while om.get("safApp=safImmService")[0] == "ERR_LIBRARY":  # met one of the calls below
            pass

    thread = threading.Thread(target=read_slowly)
    thread.start()
    saf_shim.wait_for(lambda: om.owner("Another")[0] == "ERR_LIBRARY")  # the other thread is in its call
    assert in_child(lambda: om.get("safApp=safImmService")[0]) == "ERR_BAD_HANDLE"
    assert in_child(lambda: Om().owner("Child")[0]) == "OK"
    thread.join()
    assert om.owner("Another")[0] == "OK"
