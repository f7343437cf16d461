# SPDX-License-Identifier: Apache-2.0
"""The coverage table says what is, and what it calls refused is refused so."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from imm_client import Oi, Om, name_of

from saf_shim import coverage
from saf_shim.pyosaf import saAis, saClm, saImmOi, saImmOm
from saf_shim.pytest_plugin import SafShim

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "shim-coverage.md"


def test_the_table_is_current() -> None:
    assert DOCUMENT.read_text("utf-8") == coverage.table(), (
        "run python -m saf_shim.coverage > docs/shim-coverage.md"
    )


@pytest.mark.parametrize("module", coverage.API)
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
    assert functions - {module} <= set(coverage.API[module].split())


@pytest.mark.parametrize("module", coverage.ABSENT_MODULES)
def test_absent_modules_are_absent(module: str) -> None:
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(f"saf_shim.pyosaf.{module}")


def test_what_is_refused_is_refused_with_that_code(saf_shim: SafShim) -> None:
    om, oi = Om(), Oi("Refused")
    _, owner = om.owner("Owner")
    name = saAis.SaNameT("safApp=safImmService")
    clm = saClm.SaClmHandleT()
    assert saClm.saClmInitialize_4(clm, None, saAis.SaVersionT("B", 4, 1)) == 1
    ccb, augmented = saImmOm.SaImmCcbHandleT(), saImmOm.SaImmAdminOwnerHandleT()
    answers = {
        "saImmOmAdminOperationContinue": saImmOm.saImmOmAdminOperationContinue(
            owner, name, 1, saAis.SaAisErrorT()
        ),
        "saImmOmAdminOperationContinueAsync": saImmOm.saImmOmAdminOperationContinueAsync(owner, 1, name, 1),
        "saImmOmAdminOperationContinuationClear": saImmOm.saImmOmAdminOperationContinuationClear(
            owner, name, 1
        ),
        "saImmOiAugmentCcbInitialize": saImmOi.saImmOiAugmentCcbInitialize(oi.handle, 1, ccb, augmented),
        "saClmResponse_4": saClm.saClmResponse_4(clm, 1, 1),
    }
    assert set(answers) == set(coverage.REFUSED)
    for function, rc in answers.items():
        assert coverage.REFUSED[function].startswith(name_of(rc)), function
