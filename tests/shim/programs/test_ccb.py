# SPDX-License-Identifier: Apache-2.0
"""Configuration changes whose administrator or implementer leaves, or stops answering, in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from imm_client import Kept, Oi, Om, attributes, make_config_class, name_of

from saf_shim.pyosaf import saAis, saImmOi, saImmOm
from saf_shim.pytest_plugin import SafShim

SUPPORT = Path(__file__).resolve().parents[2] / "support"


class Judge:
    """An implementer of the class TestCfg, in a thread, that notes what it is asked.

    At the callback `pause_at` it sets `asked` and waits until `go` is set."""

    def __init__(self, pause_at: str = "") -> None:
        self.seen: list[str] = []
        self.asked, self.go = threading.Event(), threading.Event()
        self.pause_at = pause_at
        self.callbacks = callbacks = saImmOi.SaImmOiCallbacksT_2()
        for name in ("ObjectCreate", "ObjectDelete", "ObjectModify", "Completed", "Apply", "Abort"):
            field = f"saImmOiCcb{name}Callback"
            kind = dict(saImmOi.SaImmOiCallbacksT_2._fields_)[field]
            setattr(callbacks, field, kind(self._make(name)))
        self.oi = Oi("Judge", callbacks)
        assert self.oi.rc == "OK"
        rc = saImmOi.saImmOiClassImplementerSet(self.oi.handle, saAis.SaStringT("TestCfg"))
        assert name_of(rc) == "OK"
        self.thread = threading.Thread(target=self.oi.dispatch, args=(3,))
        self.thread.start()

    def _make(self, name: str) -> Any:
        def callback(*_arguments: Any) -> Any:
            self.seen.append(name)
            if name == self.pause_at:
                self.asked.set()
                self.go.wait(20)
            return None if name in ("Apply", "Abort") else 1

        return callback

    def end(self) -> None:
        self.go.set()
        self.oi.finalize()
        self.thread.join(10)
        assert not self.thread.is_alive()


@contextmanager
def judge(pause_at: str = "") -> Iterator[Judge]:
    made = Judge(pause_at)
    try:
        yield made
    finally:
        made.end()


class Change:
    """A CCB that creates an object of TestCfg."""

    def __init__(self, om: Om, owner: str = "Administrator") -> None:
        code, self.owner = om.owner(owner)
        assert code == "OK"
        self.handle = saImmOm.SaImmCcbHandleT()
        assert name_of(saImmOm.saImmOmCcbInitialize(self.owner, 0, self.handle)) == "OK"

    def create(self, name: str) -> str:
        kept = Kept()
        given = attributes(kept, [("cfg", "STRING", [f"cfg={name}"])])
        class_name = saAis.SaStringT("TestCfg")
        return name_of(saImmOm.saImmOmCcbObjectCreate_2(self.handle, class_name, None, given))

    def apply(self) -> str:
        return name_of(saImmOm.saImmOmCcbApply(self.handle))


ADMINISTRATOR = """
import sys; sys.path[:0] = [sys.argv[1], sys.argv[2]]
from test_ccb import Change, Om
change = Change(Om(), "Mortal")
assert change.create("a") == "OK"
print("created", flush=True)
if sys.argv[3] == "apply":
    change.apply()
sys.stdin.read()
"""


def administrator(saf_shim: SafShim, *what: str) -> subprocess.Popen[str]:
    """A program that has created ``cfg=a`` in a CCB, and applies it if told so."""
    return saf_shim.start_program(
        *(sys.executable, "-c", ADMINISTRATOR, str(SUPPORT), str(Path(__file__).parent), *what),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("pause_at", ["ObjectCreate", "Completed"])
def test_the_administrator_dies_while_an_implementer_thinks(saf_shim: SafShim, pause_at: str) -> None:
    make_config_class(Om())
    with judge(pause_at) as witness:
        program = administrator(saf_shim, "apply")
        assert witness.asked.wait(10)
        os.kill(program.pid, signal.SIGKILL)
        program.communicate()
        saf_shim.wait_for(lambda: saf_shim.objects("TestCfg") == [])
        witness.go.set()
        saf_shim.wait_for(lambda: "Abort" in witness.seen)
        assert "Apply" not in witness.seen
        change = Change(Om())  # the handle can be used again
        assert (change.create("a"), change.apply()) == ("OK", "OK")
    assert saf_shim.objects("TestCfg") == ["cfg=a"]


def test_the_administrator_dies_between_two_changes(saf_shim: SafShim) -> None:
    make_config_class(Om())
    with judge() as witness:
        program = administrator(saf_shim, "wait")
        assert program.stdout is not None
        assert program.stdout.readline() == "created\n"
        assert Change(Om()).create("a") == "ERR_EXIST"
        program.kill()
        program.communicate()
        saf_shim.wait_for(lambda: "Abort" in witness.seen)
        assert saf_shim.objects("TestCfg") == []
        assert Change(Om()).create("a") == "OK"


IMPLEMENTER = """
import os, sys; sys.path[:0] = [sys.argv[1], sys.argv[2]]
import test_ccb as tests
class Mortal(tests.Judge):
    def _make(self, name):
        return lambda *_: os._exit(9) if name == sys.argv[3] else 1
mortal = Mortal()
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("last", ["ObjectCreate", "Completed"])
def test_the_implementer_dies_while_it_is_asked(saf_shim: SafShim, last: str) -> None:
    make_config_class(Om())
    program = saf_shim.start_program(
        *(sys.executable, "-c", IMPLEMENTER, str(SUPPORT), str(Path(__file__).parent), last),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "ready\n"
    change = Change(Om())
    created = change.create("a")
    applied = change.apply()
    program.communicate()
    assert program.returncode == 9
    assert applied == "ERR_FAILED_OPERATION"
    assert created == ("OK" if last == "Completed" else "ERR_FAILED_OPERATION")
    assert saf_shim.objects("TestCfg") == []
    with judge():  # its successor
        change = Change(Om())
        assert (change.create("a"), change.apply()) == ("OK", "OK")


@pytest.mark.parametrize(
    ("asleep_at", "created", "applied"),
    [
        ("ObjectCreate", "ERR_TIMEOUT", "ERR_FAILED_OPERATION"),
        ("Completed", "OK", "ERR_FAILED_OPERATION"),  # not a time-out: it is known that the CCB was aborted
    ],
)
def test_an_administrator_that_does_not_wait_long_for_a_sleeping_implementer(
    saf_shim: SafShim, monkeypatch: pytest.MonkeyPatch, asleep_at: str, created: str, applied: str
) -> None:
    """As on OpenSAF 5.21.03, which aborts the CCB within a second of the time-out."""
    make_config_class(Om())
    with judge(asleep_at) as sleeper:
        monkeypatch.setenv("IMMA_SYNCR_TIMEOUT", "30")  # 10 ms each, read when the handle is opened
        change = Change(Om())
        assert change.create("a") == created
        assert Om().get("safApp=safImmService", "safApp")[0] == "OK", "nobody else waits"
        assert change.apply() == applied
        sleeper.go.set()
        saf_shim.wait_for(lambda: sleeper.seen[-1] == "Abort")
        assert saf_shim.objects("TestCfg") == []
