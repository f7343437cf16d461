# SPDX-License-Identifier: Apache-2.0
"""The coverage table says what is, and what it calls refused is refused so."""

from __future__ import annotations

import ctypes
import importlib
from pathlib import Path

import pytest
from imm_client import Om, name_of

from saf_shim import coverage
from saf_shim.api import FUNCTIONS
from saf_shim.pyosaf import saAis, saAmf, saClm, saImmOm, saNtf
from saf_shim.pytest_plugin import SafShim

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "shim-coverage.md"


def test_the_table_is_current() -> None:
    assert DOCUMENT.read_text("utf-8") == coverage.table(), (
        "run python -m saf_shim.coverage > docs/shim-coverage.md"
    )


@pytest.mark.parametrize("module", FUNCTIONS)
def test_the_modules_have_no_function_that_the_table_lacks(module: str) -> None:
    found = importlib.import_module(f"saf_shim.pyosaf.{module}")
    functions = {
        name
        for name, value in vars(found).items()
        if name.startswith(module)
        and callable(value)
        and not isinstance(value, type)
        and not name.endswith("T")
    }
    assert functions - {module} <= set(FUNCTIONS[module].split())


@pytest.mark.parametrize("module", coverage.ABSENT_MODULES)
def test_absent_modules_are_absent(module: str) -> None:
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(f"saf_shim.pyosaf.{module}")


@pytest.mark.parametrize(("module", "version"), [("saLog", ("A", 2, 1)), ("saNtf", ("A", 1, 1))])
def test_services_that_are_not_there_say_so(
    saf_shim: SafShim, module: str, version: tuple[str, int, int]
) -> None:
    assert module in coverage.REFUSING_MODULES
    found = importlib.import_module(f"saf_shim.pyosaf.{module}")
    handle = saAis.SaUint64T()
    rc = getattr(found, f"{module}Initialize")(handle, None, saAis.SaVersionT(*version))
    assert name_of(rc) == "ERR_NOT_SUPPORTED"
    assert name_of(getattr(found, f"{module}Finalize")(handle)) == "ERR_BAD_HANDLE"


@pytest.mark.parametrize(
    "function", ["saNtf.saNtfInitialize_3", "saNtf.saNtfNotificationSendWithId", "saClm.saClmInitialize_3"]
)
def test_what_the_real_library_lacks_is_lacking(function: str) -> None:
    module, name = function.split(".")
    with pytest.raises(AttributeError, match=name):
        getattr(importlib.import_module(f"saf_shim.pyosaf.{module}"), name)(None, None, None)


def test_what_is_refused_is_refused_with_that_code(saf_shim: SafShim) -> None:
    om = Om()
    _, owner = om.owner("Owner")
    name = saAis.SaNameT("safApp=safImmService")
    clm = saClm.SaClmHandleT()
    assert saClm.saClmInitialize_4(clm, None, saAis.SaVersionT("B", 4, 1)) == 1
    amf, ids = saAmf.SaAmfHandleT(), saNtf.SaNtfCorrelationIdsT()
    assert saAmf.saAmfInitialize_4(amf, None, saAis.SaVersionT("B", 4, 1)) == 1
    answers = {
        "saImmOmAdminOperationContinue": saImmOm.saImmOmAdminOperationContinue(
            owner, name, 1, saAis.SaAisErrorT()
        ),
        "saImmOmAdminOperationContinueAsync": saImmOm.saImmOmAdminOperationContinueAsync(owner, 1, name, 1),
        "saImmOmAdminOperationContinuationClear": saImmOm.saImmOmAdminOperationContinuationClear(
            owner, name, 1
        ),
        "saClmResponse_4": saClm.saClmResponse_4(clm, 1, 1),
        "saAmfHAReadinessStateSet": saAmf.saAmfHAReadinessStateSet(amf, name, name, 1, ids),
        "saAmfCorrelationIdsGet": saAmf.saAmfCorrelationIdsGet(amf, 1, ids),
    }
    with pytest.raises(ctypes.ArgumentError) as refusal:
        saAmf.saAmfComponentErrorClear_4(amf, name, ids)
    assert coverage.REFUSED["saAmfComponentErrorClear_4"].startswith(f"ctypes.{refusal.typename}")
    assert set(answers) | {"saAmfComponentErrorClear_4"} == set(coverage.REFUSED)
    for function, rc in answers.items():
        assert coverage.REFUSED[function].startswith(name_of(rc)), function
