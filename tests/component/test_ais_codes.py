# SPDX-License-Identifier: Apache-2.0
"""The door to AIS against mocked functions of pyosaf: each call with each return code.

What a call does with values is tested against the simulator (`test_ais`); here it is what follows an answer:
an error with call, code and name, or, for the calls that must not be given up lightly, the call again.
"""

from __future__ import annotations

import ctypes
import importlib
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from amf_netwatch.assignment import Recovery
from amf_netwatch.errors import OK, AisError, NoAisError
from amf_netwatch.publication.classes import CLASSES
from imm_model.objects import ImmObject

MODULES = ("saAis", "saAmf", "saImm", "saImmOi", "saImmOm")
TRY_AGAIN = 6
PASSING = {5, 6, 8, 18}  # TIMEOUT, TRY_AGAIN, NO_MEMORY, NO_RESOURCES
CODES = [*range(1, 39), 99]
OBJECT = ImmObject("netWatchNode=SC-1", "NetWatchNode", {"interfaceCount": (1,)})


@pytest.fixture(scope="module")
def door():
    """The module, imported on the simulator's pyosaf."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMMA_SYNCR_TIMEOUT", "100")
        patch.setitem(sys.modules, "pyosaf", importlib.import_module("saf_shim.pyosaf"))
        for name in MODULES:
            patch.setitem(sys.modules, f"pyosaf.{name}", importlib.import_module(f"saf_shim.pyosaf.{name}"))
        patch.delitem(sys.modules, "amf_netwatch.ais", raising=False)
        yield importlib.import_module("amf_netwatch.ais")
        sys.modules.pop("amf_netwatch.ais", None)


@pytest.fixture
def ais(door, monkeypatch, mocker):
    """The module, with every function that it calls mocked to answer OK; time is a number."""
    source = Path(door.__file__).read_text(encoding="utf-8")
    for module, function in set(re.findall(r"\b(saAmf|saImmOi|saImmOm)\.(sa(?:Amf|Imm)\w+)\(", source)):
        if not function.endswith("T") and "T_" not in function:
            mocker.patch.object(getattr(door, module), function, return_value=OK)
    door.clock = now = [0.0]
    monkeypatch.setattr(door, "monotonic", lambda: now[0])

    def pause(milliseconds):
        now[0] += milliseconds / 1000

    monkeypatch.setattr(door.select, "poll", lambda: SimpleNamespace(poll=pause))
    return door


class Handler:
    def __init__(self):
        self.lost = []
        self.failures = []

    def unanswered(self, error):
        self.lost.append(error)

    def failed(self, callback, error):
        self.failures.append((callback, error))


def amf(ais):
    made = ais.Amf()
    made._handler = Handler()
    return made


ONCE = [
    ("saImmOi", "saImmOiInitialize_2", lambda ais: ais.ObjectImplementer()),
    ("saImmOi", "saImmOiSelectionObjectGet", lambda ais: ais.ObjectImplementer().selection_object()),
    ("saImmOi", "saImmOiDispatch", lambda ais: ais.ObjectImplementer().dispatch()),
    ("saImmOi", "saImmOiImplementerSet", lambda ais: ais.ObjectImplementer().set_name("x")),
    ("saImmOi", "saImmOiImplementerClear", lambda ais: ais.ObjectImplementer().clear_name()),
    ("saImmOi", "saImmOiRtObjectCreate_2", lambda ais: ais.ObjectImplementer(CLASSES).create(OBJECT)),
    (
        "saImmOi",
        "saImmOiRtObjectUpdate_2",
        lambda ais: ais.ObjectImplementer(CLASSES).update(OBJECT.dn, OBJECT.class_name, OBJECT.attributes),
    ),
    ("saImmOi", "saImmOiRtObjectDelete", lambda ais: ais.ObjectImplementer().delete(OBJECT.dn)),
    ("saImmOi", "saImmOiFinalize", lambda ais: ais.ObjectImplementer().finalize()),
    ("saImmOm", "saImmOmInitialize", lambda ais: ais.ObjectManager()),
    ("saImmOm", "saImmOmFinalize", lambda ais: ais.ObjectManager().finalize()),
    ("saImmOm", "saImmOmAccessorInitialize", lambda ais: ais.ObjectManager().read("a=b", "x")),
    ("saImmOm", "saImmOmAccessorGet_2", lambda ais: ais.ObjectManager().read("a=b", "x")),
    ("saAmf", "saAmfDispatch", lambda ais: amf(ais).dispatch()),
    (
        "saAmf",
        "saAmfComponentErrorReport",
        lambda ais: amf(ais).report_error(Recovery.COMPONENT_RESTART),
    ),
    ("saAmf", "saAmfFinalize", lambda ais: amf(ais).finalize()),
]
AGAIN = [
    ("saAmfInitialize_4", {TRY_AGAIN}, lambda ais: ais.Amf()),
    ("saAmfComponentNameGet", PASSING, lambda ais: amf(ais).component_name()),
    ("saAmfSelectionObjectGet", PASSING, lambda ais: amf(ais).selection_object()),
    ("saAmfComponentRegister", {TRY_AGAIN}, lambda ais: amf(ais).register(Handler())),
    (
        "saAmfHealthcheckStart",
        {TRY_AGAIN},
        lambda ais: amf(ais).start_healthcheck("NetWatch", Recovery.COMPONENT_RESTART),
    ),
]


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize(("module", "function", "call"), ONCE, ids=[each[1] for each in ONCE])
def test_a_call_is_made_once_and_its_code_is_the_error(ais, mocker, module, function, call, code):
    mock = mocker.patch.object(getattr(ais, module), function, return_value=code)
    if code == OK:
        call(ais)
    else:
        with pytest.raises(AisError) as caught:
            call(ais)
        error = caught.value
        assert (error.call, error.code, error.name) == (function, code, ais.name_of(code))
    assert mock.call_count == 1


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize(("function", "passing", "call"), AGAIN, ids=[each[0] for each in AGAIN])
def test_a_call_that_must_not_be_given_up_is_repeated(ais, mocker, function, passing, call, code):
    mock = mocker.patch.object(ais.saAmf, function, side_effect=[code, OK])
    if code == OK or code in passing:
        call(ais)
        assert mock.call_count == (1 if code == OK else 2)
        return
    with pytest.raises(AisError) as caught:
        call(ais)
    assert (caught.value.call, caught.value.code) == (function, code)
    assert mock.call_count == 1


@pytest.mark.parametrize(("function", "passing", "call"), AGAIN, ids=[each[0] for each in AGAIN])
def test_patience_has_an_end(ais, mocker, function, passing, call):
    mock = mocker.patch.object(ais.saAmf, function, return_value=TRY_AGAIN)
    with pytest.raises(AisError):
        call(ais)
    assert 1.9 < ais.clock[0] < 2.2
    assert mock.call_count > 10


def test_a_call_that_takes_longer_than_the_patience_is_repeated_once(ais, mocker):
    def slow(*_):
        ais.clock[0] += 10
        return 5

    mock = mocker.patch.object(ais.saAmf, "saAmfComponentNameGet", side_effect=slow)
    with pytest.raises(AisError):
        amf(ais).component_name()
    assert mock.call_count == 2


TELLING = [
    ("saAmfResponse_4", lambda invocation: invocation.answer()),
    ("saAmfCSIQuiescingComplete", lambda invocation: invocation.complete_quiescing()),
]


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize(("function", "tell"), TELLING, ids=[each[0] for each in TELLING])
def test_an_answer_that_amf_does_not_take_once_is_no_defect(ais, mocker, function, tell, code):
    mock = mocker.patch.object(ais.saAmf, function, side_effect=[code, OK])
    made = amf(ais)
    tell(ais.Invocation(made, 42))
    assert (made._handler.failures, made._handler.lost) == ([], [])
    assert mock.call_args.args[1] == 42
    assert mock.call_count == (1 if code == OK else 2)


@pytest.mark.parametrize("code", [code for code in CODES if code != OK])
@pytest.mark.parametrize(("function", "tell"), TELLING, ids=[each[0] for each in TELLING])
def test_an_answer_that_amf_never_takes_is_told(ais, mocker, function, tell, code):
    mock = mocker.patch.object(ais.saAmf, function, return_value=code)
    made = amf(ais)
    tell(ais.Invocation(made, 42))
    assert [(error.call, error.code) for error in made._handler.lost] == [(function, code)]
    assert made._handler.failures == []
    assert (mock.call_count == 2) == (code not in PASSING)
    assert ais.clock[0] < 2.2


def test_a_callback_whose_answer_is_lost_has_not_failed(ais, mocker):
    mocker.patch.object(ais.saAmf, "saAmfResponse_4", return_value=9)
    made = amf(ais)
    made._handler.healthcheckCallback = lambda invocation, name, key: invocation.answer()
    made._on_healthcheck(42, None, None)
    assert made._handler.failures == []
    assert [error.code for error in made._handler.lost] == [9]


def test_callbacks_get_the_parameters_that_amf_documents(ais, mocker):
    mocker.patch.object(ais.saAmf, "saAmfResponse_4", return_value=OK)
    made = amf(ais)
    called = []
    for name in ("healthcheckCallback", "componentTerminateCallback", "csiSetCallback", "csiRemoveCallback"):
        setattr(made._handler, name, lambda *given, name=name: called.append((name, *given[1:])))

    def component_name(_handle, name):
        name.value, name.length = b"safComp=x", 9
        return OK

    mocker.patch.object(ais.saAmf, "saAmfComponentNameGet", side_effect=component_name)
    made.component_name()
    made.start_healthcheck("NetWatch", Recovery.COMPONENT_RESTART)
    made._on_healthcheck(1, None, None)
    made._on_terminate(2, None)
    descriptor = ais.saAmf.SaAmfCSIDescriptorT()
    descriptor.csiFlags = 4
    made._on_csi_set(3, None, 1, descriptor)
    csi = ais.SaNameT("safCsi=c")
    made._on_csi_remove(4, None, ctypes.pointer(csi), 2)
    made._on_csi_remove(5, None, ctypes.pointer(csi), 4)
    assert called == [
        ("healthcheckCallback", "safComp=x", "NetWatch"),
        ("componentTerminateCallback", "safComp=x"),
        ("csiSetCallback", "safComp=x", 1, (4, None, ())),
        ("csiRemoveCallback", "safComp=x", "safCsi=c", 2),
        ("csiRemoveCallback", "safComp=x", None, 4),
    ]


SEARCHES = [
    ("subtree", lambda manager: list(manager.iterate_subtree("a=b"))),
    ("class", lambda manager: manager.find_class("C")),
]
NOT_EXIST = 12


@pytest.mark.parametrize("code", [code for code in CODES if code != OK])
@pytest.mark.parametrize("function", ["saImmOmSearchInitialize_2", "saImmOmSearchNext_2"])
@pytest.mark.parametrize(("what", "search"), SEARCHES, ids=[each[0] for each in SEARCHES])
def test_a_search_ends_with_not_exist_and_gives_its_handle_back(ais, mocker, what, search, function, code):
    mocker.patch.object(ais.saImmOm, function, return_value=code)
    finalize = mocker.patch.object(ais.saImmOm, "saImmOmSearchFinalize", return_value=OK)
    if code == NOT_EXIST:
        assert search(ais.ObjectManager()) == []
    else:
        with pytest.raises(AisError) as caught:
            search(ais.ObjectManager())
        assert (caught.value.call, caught.value.code) == (function, code)
    assert finalize.call_count == (1 if function == "saImmOmSearchNext_2" else 0)


def test_a_search_that_is_left_gives_its_handle_back(ais, mocker):
    mocker.patch.object(ais.saImmOm, "saImmOmSearchNext_2", return_value=OK)
    finalize = mocker.patch.object(ais.saImmOm, "saImmOmSearchFinalize", return_value=OK)
    manager = ais.ObjectManager()
    mocker.patch.object(ais, "_found_object", return_value=ais.FoundObject(OBJECT, ""))
    search = manager.iterate_subtree("a=b")
    assert next(search) == OBJECT
    assert finalize.call_count == 0
    search.close()
    assert finalize.call_count == 1


@pytest.mark.parametrize("code", CODES)
def test_the_accessor_is_given_back_whatever_the_answer(ais, mocker, code):
    mocker.patch.object(ais.saImmOm, "saImmOmAccessorGet_2", return_value=code)
    finalize = mocker.patch.object(ais.saImmOm, "saImmOmAccessorFinalize", return_value=OK)
    try:
        ais.ObjectManager().read("a=b", "x")
    except AisError:
        assert code != OK
    assert finalize.call_count == 1


def test_an_update_of_nothing_is_no_call(ais):
    ais.ObjectImplementer(CLASSES).update(OBJECT.dn, OBJECT.class_name, {})
    assert ais.saImmOi.saImmOiRtObjectUpdate_2.call_count == 0


def test_each_attempt_has_a_version_of_its_own(ais, mocker):
    versions = []

    def initialize(_handle, _callbacks, version):
        versions.append((version, version.releaseCode, version.majorVersion, version.minorVersion))
        version.minorVersion = 77  # the structure is in and out
        return TRY_AGAIN if len(versions) < 3 else OK

    mocker.patch.object(ais.saAmf, "saAmfInitialize_4", side_effect=initialize)
    ais.Amf()
    assert len({id(version) for version, *_ in versions}) == 3
    assert len({tuple(numbers) for _, *numbers in versions}) == 1


def test_without_pyosaf_the_error_says_what_is_missing(monkeypatch):
    monkeypatch.setenv("IMMA_SYNCR_TIMEOUT", "100")
    monkeypatch.setitem(sys.modules, "pyosaf", None)
    monkeypatch.delitem(sys.modules, "amf_netwatch.ais", raising=False)
    with pytest.raises(NoAisError, match="opensaf-python"):
        importlib.import_module("amf_netwatch.ais")
