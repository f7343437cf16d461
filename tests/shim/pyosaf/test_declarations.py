# SPDX-License-Identifier: Apache-2.0
"""How the functions take their arguments, and names without which programs cannot be imported."""

from __future__ import annotations

import ctypes
import importlib
import inspect
import sys
from ctypes import sizeof

import pytest

from saf_shim.pyosaf import saAis, saAmf, saImmOm, saNtf
from saf_shim.pytest_plugin import SafShim

# Names of the real modules that OpenSAF's own programs use and that were missing here once.
NEEDED = {
    "saAis": "SaLogLimitIdT eSaLogLimitIdT marshalNullArrayVoidPtrPtr",
    "saAmf": "SaAmfCallbacksT_3 SaNameT",
    "saClm": "SaClmCallbacksT_3 SaClmClusterNodeEvictionCallbackT",
    "saImmOi": "SaImmAttrValuesT_2 SaNameT",
    "saLog": "SaLogLimitIdT eSaLogLimitIdT",
    "saNtf": """SaNtfValueT SaNtfValueTypeMap SaNtfAdditionalInfoT SaNtfAttributeT SaNtfAttributeChangeT
        SaNtfStateChangeT SaNtfStateChangeT_3 SaNtfSpecificProblemT SaNtfThresholdInformationT
        SaNtfProposedRepairActionT SaNtfServiceUserT SaNtfSecurityAlarmDetectorT SaNtfNotificationHeaderT
        SaNtfObjectCreateDeleteNotificationT SaNtfAttributeChangeNotificationT SaNtfStateChangeNotificationT
        SaNtfStateChangeNotificationT_3 SaNtfAlarmNotificationT SaNtfSecurityAlarmNotificationT
        SaNtfMiscellaneousNotificationT SaNtfNotificationsT SaNtfNotificationsT_3
        SaNtfNotificationFilterHeaderT SaNtfObjectCreateDeleteNotificationFilterT
        SaNtfAttributeChangeNotificationFilterT SaNtfStateChangeNotificationFilterT
        SaNtfStateChangeNotificationFilterT_2 SaNtfAlarmNotificationFilterT
        SaNtfSecurityAlarmNotificationFilterT SaNtfMiscellaneousNotificationFilterT""",
}


@pytest.mark.parametrize("module", NEEDED)
def test_names_that_programs_need_are_there(module: str) -> None:
    found = importlib.import_module(f"saf_shim.pyosaf.{module}")
    assert [name for name in NEEDED[module].split() if not hasattr(found, name)] == []


@pytest.mark.skipif(sys.maxsize < 2**32, reason="the sizes are those of 64 bits")
def test_structures_of_notifications_are_as_large_as_in_c() -> None:
    """Computed by hand from saNtf.h, with the alignment of x86-64."""
    assert sizeof(saNtf.SaNtfValueT) == 8
    assert sizeof(saNtf.SaNtfAdditionalInfoT) == 16
    assert sizeof(saNtf.SaNtfAttributeChangeT) == 32
    assert sizeof(saNtf.SaNtfStateChangeT) == 12
    assert sizeof(saNtf.SaNtfStateChangeT_3) == 24
    assert sizeof(saNtf.SaNtfThresholdInformationT) == 40
    assert sizeof(saNtf.SaNtfNotificationHeaderT) == 80
    assert sizeof(saNtf.SaNtfAlarmNotificationT) == 8 + 80 + 8 + 7 * 8


def test_arguments_may_be_named_and_their_names_can_be_asked_for() -> None:
    names = list(inspect.signature(saImmOm.saImmOmSearchInitialize_2).parameters)
    assert names == [
        "immHandle",
        "rootName",
        "scope",
        "searchOptions",
        "searchParams",
        "attributeNames",
        "searchHandle",
    ]
    rc = saAmf.saAmfSelectionObjectGet(selectionObject=saAis.SaUint64T(), amfHandle=0)
    assert rc == saAis.eSaAisErrorT.SA_AIS_ERR_BAD_HANDLE


@pytest.mark.parametrize("arguments", [(), (0,), (0, None, None)])
def test_a_wrong_number_of_arguments_is_a_type_error(arguments: tuple[object, ...]) -> None:
    with pytest.raises(TypeError, match="saAmfSelectionObjectGet"):
        saAmf.saAmfSelectionObjectGet(*arguments)


def test_an_argument_of_another_type_is_refused_as_by_ctypes() -> None:
    with pytest.raises(ctypes.ArgumentError):
        saAmf.saAmfSelectionObjectGet("handle", saAis.SaUint64T())
    with pytest.raises(ctypes.ArgumentError):
        saAmf.saAmfSelectionObjectGet(0, saAis.SaInt8T())


def test_callbacks_are_kept_for_the_life_of_the_handle(saf_shim: SafShim) -> None:
    del saf_shim
    handle = saAmf.SaAmfHandleT()
    callbacks = saAmf.SaAmfCallbacksT_4()
    before = sys.getrefcount(callbacks)
    assert saAmf.saAmfInitialize_4(handle, callbacks, saAis.SaVersionT("B", 4, 1)) == 1
    assert sys.getrefcount(callbacks) == before + 1
    assert saAmf.saAmfFinalize(handle) == 1
    assert sys.getrefcount(callbacks) == before
