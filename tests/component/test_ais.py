# SPDX-License-Identifier: Apache-2.0
"""The door to AIS, against the simulator's pyosaf: values there and back, errors, and callbacks that
raise.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from amf_netwatch.deployment.model import format_classes

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def simulator(tmp_path_factory):
    """Run a program inside a simulator that knows our classes; each `assert` in it counts."""
    directory = tmp_path_factory.mktemp("ais")
    classes = directory / "classes.xml"
    classes.write_text(format_classes())
    place = directory / "simulator"
    start = [BIN / "saf-shim", "start", "--dir", place, "--load", classes, "--until-exit", str(os.getpid())]
    subprocess.run(start, check=True, cwd=ROOT)

    def run(text):
        done = subprocess.run(
            [BIN / "saf-shim", "exec", "--dir", place, "--", sys.executable, "-c", PRELUDE + text],
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    yield run
    subprocess.run([BIN / "saf-shim", "stop", "--dir", place], check=True)


PRELUDE = """
from amf_netwatch import ais
from amf_netwatch.assignment import *
from amf_netwatch.errors import *
from amf_netwatch.interfaces.record import *
from amf_netwatch.publication.classes import CLASSES
from amf_netwatch.publication.objects import *
from imm_model.objects import ImmObject

def node(name, **changes):
    facts = {**node_attributes(NodeFacts(("02:01",), 1, 0)), "changeCount": (1,), "lastChange": (-5,)}
    return ImmObject(node_dn(name), "NetWatchNode", {**facts, **changes})

def code_of(call, *arguments):
    try:
        call(*arguments)
    except AisError as error:
        return error.code
    return OK

oi = ais.ObjectImplementer(CLASSES)
"""


def test_values_there_and_back(simulator):
    simulator("""
oi.set_name("A")
root = node("A", changeCount=(2**64 - 1,), interfaceCount=(2**32 - 1,), macAddresses=("é", "b,c", ""))
oi.create(root)
facts = Interface("é,=%".encode(), 7, "", 1500, False, "down", b"\\xff", True, ("192.0.2.1/24",), ())
child = ImmObject(interface_dn(facts.name, root.dn), "NetWatchInterface",
                  {**interface_attributes(facts), "lastChange": (1,)})
oi.create(child)
with ais.ObjectManager() as manager:
    assert {each.dn: each for each in manager.iterate_subtree(root.dn)} == {root.dn: root, child.dn: child}
    (found,) = manager.find_class("NetWatchInterface")
    assert found == (child, "A")
    assert manager.read(root.dn, "changeCount") == {"changeCount": (2**64 - 1,)}
    oi.update(root.dn, "NetWatchNode", {"interfaceCount": (3,), "macAddresses": ("x",)})
    assert manager.read(root.dn, "interfaceCount", "macAddresses") == {
        "interfaceCount": (3,), "macAddresses": ("x",)}
    oi.delete(root.dn)
    assert list(manager.iterate_subtree(root.dn)) == []
    assert manager.find_class("NoSuchClass") == []
""")


def test_answers_are_errors_with_call_and_code(simulator):
    simulator("""
assert code_of(oi.create, node("B")) == ERR_BAD_OPERATION  # no name yet
oi.set_name("B")
assert code_of(oi.set_name, "B") == ERR_INVALID_PARAM
assert code_of(ais.ObjectImplementer().set_name, "B") == ERR_EXIST
oi.create(node("B"))
assert code_of(oi.create, node("B")) == ERR_EXIST
assert code_of(oi.update, "netWatchNode=nobody", "NetWatchNode", {"interfaceCount": (1,)}) == ERR_NOT_EXIST
assert code_of(oi.delete, "netWatchNode=nobody") == ERR_NOT_EXIST
oi.update("netWatchNode=nobody", "NetWatchNode", {})  # no attributes, no call
with ais.ObjectManager() as manager:
    assert code_of(manager.read, "netWatchNode=nobody", "x") == ERR_NOT_EXIST
oi.delete("netWatchNode=B")
oi.finalize()
assert code_of(oi.finalize) == ERR_BAD_HANDLE
assert code_of(oi.clear_name) == ERR_BAD_HANDLE
try:
    oi.clear_name()
except AisError as error:
    assert str(error) == "saImmOiImplementerClear: SA_AIS_ERR_BAD_HANDLE (9)"
""")


@pytest.mark.parametrize(
    "attributes",
    [
        '{"interfaceCount": (-1,)}',
        '{"interfaceCount": (2**32,)}',
        '{"interfaceCount": ("1",)}',
        '{"macAddresses": (1,)}',
        '{"macAddresses": ("a\\0b",)}',
        '{"lastChange": (2**63,)}',
    ],
)
def test_what_ctypes_would_bend_is_refused(simulator, attributes):
    simulator(f"""
oi.set_name("C")
try:
    oi.create(node("C", **{attributes}))
except ValueError:
    pass
else:
    raise SystemExit("taken")
""")


def test_a_recovery_out_of_range_never_reaches_amf(simulator):
    simulator("""
amf = ais.Amf()
for wrong in (0, 8, 99, -1):
    for call in (amf.report_error, lambda value: amf.start_healthcheck("k", value)):
        try:
            call(wrong)
        except ValueError:
            continue
        raise SystemExit("taken")
""")


GUARD = """
class Handler:
    def __init__(self, behaviour):
        self.behaviour = behaviour
        self.failures = []
    def healthcheckCallback(self, invocation, comp_name, healthcheck_key):
        self.behaviour(invocation)
    def failed(self, callback, error):
        self.failures.append((callback, type(error).__name__))

def run(behaviour, respond=None):
    answers = []
    amf = ais.Amf()
    amf._handler = handler = Handler(behaviour)
    amf.respond = respond or (lambda number, code: answers.append((number, code)))
    amf._on_healthcheck(42, None, None)
    return answers, handler.failures

def answer_then(error):
    def behaviour(invocation):
        invocation.answer(1)
        raise error
    return behaviour

def raising(error):
    def behaviour(invocation):
        raise error
    return behaviour
"""


def test_every_invocation_is_answered_once_whatever_happens(simulator):
    simulator(
        GUARD
        + """
assert run(lambda invocation: invocation.answer()) == ([(42, OK)], [])
assert run(lambda invocation: None) == ([(42, ERR_FAILED_OPERATION)], [])
assert run(raising(KeyError("x"))) == ([(42, ERR_FAILED_OPERATION)], [("healthcheckCallback", "KeyError")])
assert run(raising(KeyboardInterrupt())) == (
    [(42, ERR_FAILED_OPERATION)], [("healthcheckCallback", "KeyboardInterrupt")])
assert run(answer_then(KeyError("x"))) == ([(42, OK)], [("healthcheckCallback", "KeyError")])

def twice(invocation):
    invocation.answer()
    invocation.answer()
assert run(twice) == ([(42, OK)], [("healthcheckCallback", "AssertionError")])

"""
    )


def test_outside_of_amf_there_is_no_component(simulator):
    simulator("""
amf = ais.Amf()
assert code_of(amf.component_name) == ERR_NOT_EXIST
""")


def test_the_time_out_of_imm_is_short_before_its_library_is_loaded():
    text = """
import os
try:
    import amf_netwatch.ais
except Exception:
    pass  # there is no pyosaf here
print(os.environ["IMMA_SYNCR_TIMEOUT"])
"""
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, cwd=ROOT, check=True)
    assert 10 <= int(done.stdout) <= 200  # units of 10 ms; 10 is the least that counts
