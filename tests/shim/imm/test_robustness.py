# SPDX-License-Identifier: Apache-2.0
"""Calls that crash the real library or its daemon get a return code here (docs/shim.md lists them)."""

from __future__ import annotations

import subprocess
import sys
import threading
from ctypes import POINTER
from pathlib import Path

import pytest
from imm_client import Kept, Oi, Om, changes, fill, make_config_class, make_runtime_class, name_of, values

from saf_shim.pyosaf import saAis, saImm, saImmOi, saImmOm
from saf_shim.pytest_plugin import SafShim

SUPPORT = Path(__file__).resolve().parents[2] / "support"


def test_null_inside_a_value_array(saf_shim: SafShim) -> None:
    om, oi = Om(), Oi("Null")
    make_runtime_class(om)
    kept = Kept()
    item = saImm.SaImmAttrValuesT_2()
    fill(kept, item, ("rt", "STRING", ["rt=a"]))
    item.attrValues[0] = None
    rc = saImmOi.saImmOiRtObjectCreate_2(oi.handle, saAis.SaStringT("TestRt"), None, [item])
    assert name_of(rc) == "ERR_INVALID_PARAM"


def test_a_number_of_values_without_values(saf_shim: SafShim) -> None:
    oi = Oi("Null")
    item = saImm.SaImmAttrValuesT_2(saAis.SaStringT("rt"), 9, 3, None)
    rc = saImmOi.saImmOiRtObjectCreate_2(oi.handle, saAis.SaStringT("TestRt"), None, [item])
    assert name_of(rc) == "ERR_INVALID_PARAM"


def test_an_attribute_without_name(saf_shim: SafShim) -> None:
    om, oi = Om(), Oi("Null")
    make_runtime_class(om)
    assert oi.create("TestRt", None, values("a")) == "OK"
    rc = saImmOi.saImmOiRtObjectCreate_2(
        oi.handle, saAis.SaStringT("TestRt"), None, [saImm.SaImmAttrValuesT_2()]
    )
    assert name_of(rc) == "ERR_INVALID_PARAM"
    rc = saImmOi.saImmOiRtObjectUpdate_2(oi.handle, saAis.SaNameT("rt=a"), [saImm.SaImmAttrModificationT_2()])
    assert name_of(rc) == "ERR_INVALID_PARAM"


def test_a_class_search_by_a_number(saf_shim: SafShim) -> None:
    om = Om()
    kept = Kept()
    parameters = saImm.SaImmSearchParametersT_2()
    parameters.searchOneAttr.attrName = kept.add(saAis.SaStringT("SaImmAttrClassName"))
    parameters.searchOneAttr.attrValueType = 2
    number = kept.add(saAis.SaUint32T(7))
    parameters.searchOneAttr.attrValue = kept.add(saImm.cast(saImm.pointer(number), saAis.SaVoidPtr))
    search = saImmOm.SaImmSearchHandleT()
    rc = saImmOm.saImmOmSearchInitialize_2(om.handle, None, 3, 0x201, parameters, None, search)
    assert name_of(rc) == "OK"
    found = saImmOm.saImmOmSearchNext_2(search, saAis.SaNameT(), POINTER(POINTER(saImm.SaImmAttrValuesT_2))())
    assert name_of(found) == "ERR_NOT_EXIST"


def test_a_name_of_256_bytes_in_an_update(saf_shim: SafShim) -> None:
    om, oi = Om(), Oi("Long")
    assert om.create_class("Named", 2, [("n", "STRING", 0x50002), ("dn", "NAME", 0x50000)]) == "OK"
    assert oi.create("Named", None, [("n", "STRING", ["n=1"]), ("dn", "NAME", ["x"])]) == "OK"
    assert oi.update("n=1", [("dn", "NAME", ["x" * 256])]) == "ERR_INVALID_PARAM"
    assert oi.update("n=1", [("dn", "NAME", ["x" * 255])]) == "ERR_BAD_OPERATION"
    assert oi.update("n=1", [("dn", "NAME", ["x" * 254])]) == "OK"


def test_two_threads_in_one_accessor(saf_shim: SafShim) -> None:
    om = Om()
    codes: set[str] = set()

    def read() -> None:
        for _ in range(200):
            codes.add(om.get("safApp=safImmService", "safApp")[0])

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes <= {"OK", "ERR_LIBRARY"}
    assert "OK" in codes


PERCENT = """
import sys; sys.path.insert(0, sys.argv[1])
from imm_client import *
import select
handle_of = {}
def refuse(handle, ccb, name, mods):
    saImmOi.saImmOiCcbSetErrorString(handle, ccb, saAis.SaStringT("the disk is at 100%"))
    return saAis.eSaAisErrorT.SA_AIS_ERR_BAD_OPERATION
callbacks = saImmOi.SaImmOiCallbacksT_2()
callbacks.saImmOiCcbObjectModifyCallback = saImmOi.SaImmOiCcbObjectModifyCallbackT_2(refuse)
oi = Oi("Percent", callbacks)
assert saImmOi.saImmOiClassImplementerSet(oi.handle, saAis.SaStringT("TestCfg")) == 1
fd = oi.selection_object()
print("ready", flush=True)
while True:
    select.select([fd], [], [])
    oi.dispatch()
"""


def test_a_percent_sign_in_an_error_string(saf_shim: SafShim) -> None:
    om = Om()
    make_config_class(om)
    _, owner = om.owner("Administrator")
    ccb = saImmOm.SaImmCcbHandleT()
    assert saImmOm.saImmOmCcbInitialize(owner, 0, ccb) == 1
    kept = Kept()
    item = kept.add(saImm.SaImmAttrValuesT_2())
    fill(kept, item, ("cfg", "STRING", ["cfg=1"]))
    assert saImmOm.saImmOmCcbObjectCreate_2(ccb, saAis.SaStringT("TestCfg"), None, [item]) == 1
    assert saImmOm.saImmOmCcbApply(ccb) == 1
    child = saf_shim.start_program(
        sys.executable, "-c", PERCENT, str(SUPPORT), stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        rc = saImmOm.saImmOmCcbObjectModify_2(
            ccb, saAis.SaNameT("cfg=1"), changes(kept, [("value", "UINT32", [1])])
        )
        assert name_of(rc) == "ERR_FAILED_OPERATION"
        strings = POINTER(saAis.SaStringT)()
        assert saImmOm.saImmOmCcbGetErrorStrings(ccb, strings) == 1
        assert str(strings[0]) == "the disk is at 100%"
    finally:
        child.kill()
        child.wait()


def test_a_dropped_structure_of_callbacks(saf_shim: SafShim) -> None:
    """A program should keep it until finalize; here forgetting that does no harm."""
    seen: list[str] = []

    def initialize() -> Oi:
        callbacks = saImmOi.SaImmOiCallbacksT_2()
        callbacks.saImmOiRtAttrUpdateCallback = saImmOi.SaImmOiRtAttrUpdateCallbackT(
            lambda handle, name, names: seen.append(str(name[0])) or 1
        )
        return Oi("Forgetful", callbacks)

    om = Om()
    make_runtime_class(om)
    oi = initialize()
    assert oi.create("TestRt", None, values("a")) == "OK"
    reader = threading.Thread(target=lambda: om.get("rt=a", "pure"))
    reader.start()
    saf_shim.wait_for(lambda: oi.dispatch() == "OK" and seen)
    reader.join()
    assert seen == ["rt=a"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_exception_in_a_callback_is_an_error_of_the_implementer(saf_shim: SafShim) -> None:
    def fail(_handle: int, _name: object, _names: object) -> int:
        raise RuntimeError("on purpose")

    callbacks = saImmOi.SaImmOiCallbacksT_2()
    callbacks.saImmOiRtAttrUpdateCallback = saImmOi.SaImmOiRtAttrUpdateCallbackT(fail)
    om = Om()
    make_runtime_class(om)
    oi = Oi("Failing", callbacks)
    assert oi.create("TestRt", None, values("a")) == "OK"
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(om.get("rt=a", "pure")[0]))
    reader.start()
    saf_shim.wait_for(lambda: oi.dispatch() == "OK" and not reader.is_alive())
    assert got == ["ERR_NO_RESOURCES"]
