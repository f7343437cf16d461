# SPDX-License-Identifier: Apache-2.0
"""The functions of AIS that programs can call in a simulator, grouped by the module of the bindings.

The names are those of the standard's headers, with OpenSAF's additions. docs/shim-coverage.md says for each
name whether it is imitated. ``saf-shim fault`` accepts only these names.
"""

from __future__ import annotations

from collections.abc import Mapping

FUNCTIONS: Mapping[str, str] = {
    "saImmOm": """
        saImmOmInitialize saImmOmInitialize_o2 saImmOmSelectionObjectGet saImmOmDispatch saImmOmFinalize
        saImmOmClassCreate_2 saImmOmClassDescriptionGet_2 saImmOmClassDescriptionMemoryFree_2
        saImmOmClassDelete saImmOmSearchInitialize_2 saImmOmSearchNext_2 saImmOmSearchFinalize
        saImmOmAccessorInitialize saImmOmAccessorGet_2 saImmOmAccessorFinalize
        saImmOmAdminOwnerInitialize saImmOmAdminOwnerSet saImmOmAdminOwnerRelease saImmOmAdminOwnerFinalize
        saImmOmAdminOwnerClear
        saImmOmCcbInitialize saImmOmCcbObjectCreate_2 saImmOmCcbObjectDelete saImmOmCcbObjectModify_2
        saImmOmCcbObjectRead saImmOmCcbApply saImmOmCcbValidate saImmOmCcbAbort saImmOmCcbFinalize
        saImmOmCcbGetErrorStrings
        saImmOmAdminOperationInvoke_2 saImmOmAdminOperationInvoke_o2 saImmOmAdminOperationInvokeAsync_2
        saImmOmAdminOperationMemoryFree saImmOmAdminOperationContinue saImmOmAdminOperationContinue_o2
        saImmOmAdminOperationContinueAsync saImmOmAdminOperationContinuationClear
        saImmOmSearchInitialize_o3 saImmOmSearchNext_o3 saImmOmAccessorGet_o3 saImmOmAdminOwnerSet_o3
        saImmOmAdminOwnerRelease_o3 saImmOmAdminOwnerClear_o3 saImmOmCcbObjectCreate_o3
        saImmOmCcbObjectDelete_o3 saImmOmCcbObjectModify_o3 saImmOmAdminOperationInvoke_o3
        saImmOmAdminOperationInvokeAsync_o3 saImmOmAdminOperationContinue_o3
        saImmOmAdminOperationContinueAsync_o3 saImmOmAdminOperationContinuationClear_o3""",
    "saImmOi": """
        saImmOiInitialize_2 saImmOiSelectionObjectGet saImmOiDispatch saImmOiFinalize
        saImmOiImplementerSet saImmOiImplementerClear saImmOiClassImplementerSet
        saImmOiClassImplementerRelease saImmOiObjectImplementerSet saImmOiObjectImplementerRelease
        saImmOiRtObjectCreate_2 saImmOiRtObjectDelete saImmOiRtObjectUpdate_2
        saImmOiAdminOperationResult saImmOiAdminOperationResult_o2 saImmOiCcbSetErrorString
        saImmOiAugmentCcbInitialize
        saImmOiInitialize_o3 saImmOiObjectImplementerSet_o3 saImmOiObjectImplementerRelease_o3
        saImmOiRtObjectCreate_o3 saImmOiRtObjectDelete_o3 saImmOiRtObjectUpdate_o3""",
    "saAmf": """
        saAmfInitialize saAmfInitialize_3 saAmfInitialize_4 saAmfInitialize_o4 saAmfSelectionObjectGet
        saAmfDispatch saAmfFinalize
        saAmfComponentRegister saAmfComponentUnregister saAmfComponentNameGet
        saAmfHealthcheckStart saAmfHealthcheckConfirm saAmfHealthcheckStop
        saAmfPmStart saAmfPmStart_3 saAmfPmStop
        saAmfHAStateGet saAmfHAReadinessStateSet saAmfCSIQuiescingComplete
        saAmfResponse saAmfResponse_4 saAmfCorrelationIdsGet
        saAmfProtectionGroupTrack saAmfProtectionGroupTrack_4 saAmfProtectionGroupTrackStop
        saAmfProtectionGroupNotificationFree saAmfProtectionGroupNotificationFree_4
        saAmfComponentErrorReport saAmfComponentErrorReport_4 saAmfComponentErrorClear
        saAmfComponentErrorClear_4""",
    "saClm": """
        saClmInitialize saClmInitialize_3 saClmInitialize_4 saClmSelectionObjectGet saClmDispatch
        saClmFinalize saClmClusterTrack saClmClusterTrack_4 saClmClusterTrackStop saClmClusterNotificationFree
        saClmClusterNotificationFree_4 saClmClusterNodeGet saClmClusterNodeGet_4 saClmClusterNodeGetAsync
        saClmResponse saClmResponse_4""",
}
# The simulator refuses to open a handle for these services, which it does not have.
REFUSED_HANDLES = ("saLogInitialize", "saNtfInitialize")


def calls() -> list[str]:
    """Return all calls that reach the simulator, in alphabetical order."""
    names = [name for functions in FUNCTIONS.values() for name in functions.split()]
    return sorted([*names, *REFUSED_HANDLES])
