# SPDX-License-Identifier: Apache-2.0
"""The types, numbers and structures of availability management (saAmf.h, B.01.01 and B.04.01)."""

from __future__ import annotations

from ctypes import CFUNCTYPE, POINTER, Structure, Union
from typing import Any

from .ais import (
    SaAisErrorT,
    SaEnumT,
    SaInt8T,
    SaInvocationT,
    SaNameT,
    SaUint8T,
    SaUint16T,
    SaUint32T,
    SaUint64T,
)
from .enumerations import Const, Enumeration

SaAmfHandleT = SaUint64T
SaAmfPmErrorsT = SaUint32T
SaAmfCSIFlagsT = SaUint32T
SaAmfCompCategoryT = SaUint32T
SaAmfPmStopQualifierT = SaEnumT
SaAmfHealthcheckInvocationT = SaEnumT
SaAmfHAStateT = SaEnumT
SaAmfReadinessStateT = SaEnumT
SaAmfPresenceStateT = SaEnumT
SaAmfOperationalStateT = SaEnumT
SaAmfAdminStateT = SaEnumT
SaAmfAssignmentStateT = SaEnumT
SaAmfHAReadinessStateT = SaEnumT
SaAmfProxyStatusT = SaEnumT
SaAmfStateT = SaEnumT
SaAmfCSITransitionDescriptorT = SaEnumT
SaAmfProtectionGroupChangesT = SaEnumT
SaAmfRecommendedRecoveryT = SaEnumT
SaAmfRedundancyModelT = SaEnumT
SaAmfCompCapabilityModelT = SaEnumT
SaAmfAdditionalInfoIdT = SaEnumT
SaAmfNotificationMinorIdT = SaEnumT
SaAmfAdminOperationIdT = SaEnumT

saAmf = Const()
saAmf.SA_AMF_PM_ZERO_EXIT = 0x1
saAmf.SA_AMF_PM_NON_ZERO_EXIT = 0x2
saAmf.SA_AMF_PM_ABNORMAL_END = 0x4
saAmf.SA_AMF_HEALTHCHECK_KEY_MAX = 32
saAmf.SA_AMF_CSI_ADD_ONE = 0x1
saAmf.SA_AMF_CSI_TARGET_ONE = 0x2
saAmf.SA_AMF_CSI_TARGET_ALL = 0x4
saAmf.SA_AMF_COMP_SA_AWARE = 0x0001
saAmf.SA_AMF_COMP_PROXY = 0x0002
saAmf.SA_AMF_COMP_PROXIED = 0x0004
saAmf.SA_AMF_COMP_LOCAL = 0x0008
saAmf.SA_AMF_COMP_CONTAINER = 0x0010
saAmf.SA_AMF_COMP_CONTAINED = 0x0020
saAmf.SA_AMF_COMP_PROXIED_NPI = 0x0040


def _numbered(prefix: str, *words: str) -> Enumeration:
    """Return an enumeration whose members count from 1."""
    return Enumeration([(f"SA_AMF_{prefix}{word}", number) for number, word in enumerate(words, 1)])


eSaAmfPmStopQualifierT = _numbered("PM_", "PROC", "PROC_AND_DESCENDENTS", "ALL_PROCESSES")
eSaAmfHealthcheckInvocationT = _numbered("HEALTHCHECK_", "AMF_INVOKED", "COMPONENT_INVOKED")
eSaAmfHAStateT = _numbered("HA_", "ACTIVE", "STANDBY", "QUIESCED", "QUIESCING")
eSaAmfReadinessStateT = _numbered("READINESS_", "OUT_OF_SERVICE", "IN_SERVICE", "STOPPING")
eSaAmfPresenceStateT = _numbered(
    "PRESENCE_",
    "UNINSTANTIATED",
    "INSTANTIATING",
    "INSTANTIATED",
    "TERMINATING",
    "RESTARTING",
    "INSTANTIATION_FAILED",
    "TERMINATION_FAILED",
)
eSaAmfOperationalStateT = _numbered("OPERATIONAL_", "ENABLED", "DISABLED")
eSaAmfAdminStateT = _numbered("ADMIN_", "UNLOCKED", "LOCKED", "LOCKED_INSTANTIATION", "SHUTTING_DOWN")
eSaAmfAssignmentStateT = _numbered("ASSIGNMENT_", "UNASSIGNED", "FULLY_ASSIGNED", "PARTIALLY_ASSIGNED")
eSaAmfHAReadinessStateT = _numbered(
    "HARS_",
    "READY_FOR_ASSIGNMENT",
    "READY_FOR_ACTIVE_DEGRADED",
    "NOT_READY_FOR_ACTIVE",
    "NOT_READY_FOR_ASSIGNMENT",
)
eSaAmfProxyStatusT = _numbered("PROXY_STATUS_", "UNPROXIED", "PROXIED")
eSaAmfStateT = _numbered(
    "",
    "READINESS_STATE",
    "HA_STATE",
    "PRESENCE_STATE",
    "OP_STATE",
    "ADMIN_STATE",
    "ASSIGNMENT_STATE",
    "PROXY_STATUS",
    "HA_READINESS_STATE",
)
eSaAmfCSITransitionDescriptorT = _numbered("CSI_", "NEW_ASSIGN", "QUIESCED", "NOT_QUIESCED", "STILL_ACTIVE")
eSaAmfProtectionGroupChangesT = _numbered(
    "PROTECTION_GROUP_", "NO_CHANGE", "ADDED", "REMOVED", "STATE_CHANGE"
)
eSaAmfRecommendedRecoveryT = _numbered(
    "",
    "NO_RECOMMENDATION",
    "COMPONENT_RESTART",
    "COMPONENT_FAILOVER",
    "NODE_SWITCHOVER",
    "NODE_FAILOVER",
    "NODE_FAILFAST",
    "CLUSTER_RESET",
    "APPLICATION_RESTART",
    "CONTAINER_RESTART",
)
eSaAmfRedundancyModelT = _numbered(
    "",
    "2N_REDUNDANCY_MODEL",
    "NPM_REDUNDANCY_MODEL",
    "N_WAY_REDUNDANCY_MODEL",
    "N_WAY_ACTIVE_REDUNDANCY_MODEL",
    "NO_REDUNDANCY_MODEL",
)
eSaAmfCompCapabilityModelT = _numbered(
    "COMP_",
    "X_ACTIVE_AND_Y_STANDBY",
    "X_ACTIVE_OR_Y_STANDBY",
    "ONE_ACTIVE_OR_Y_STANDBY",
    "ONE_ACTIVE_OR_ONE_STANDBY",
    "X_ACTIVE",
    "1_ACTIVE",
    "NON_PRE_INSTANTIABLE",
)
eSaAmfAdditionalInfoIdT = _numbered(
    "", "NODE_NAME", "SI_NAME", "MAINTENANCE_CAMPAIGN_DN", "AI_RECOMMENDED_RECOVERY", "AI_APPLIED_RECOVERY"
)
eSaAmfNotificationMinorIdT = Enumeration(
    (
        ("SA_AMF_NTFID_COMP_INSTANTIATION_FAILED", 0x02),
        "SA_AMF_NTFID_COMP_CLEANUP_FAILED",
        "SA_AMF_NTFID_CLUSTER_RESET",
        "SA_AMF_NTFID_SI_UNASSIGNED",
        "SA_AMF_NTFID_COMP_UNPROXIED",
        ("SA_AMF_NTFID_NODE_ADMIN_STATE", 0x65),
        "SA_AMF_NTFID_SU_ADMIN_STATE",
        "SA_AMF_NTFID_SG_ADMIN_STATE",
        "SA_AMF_NTFID_SI_ADMIN_STATE",
        "SA_AMF_NTFID_APP_ADMIN_STATE",
        "SA_AMF_NTFID_CLUSTER_ADMIN_STATE",
        "SA_AMF_NTFID_NODE_OP_STATE",
        "SA_AMF_NTFID_SU_OP_STATE",
        "SA_AMF_NTFID_SU_PRESENCE_STATE",
        "SA_AMF_NTFID_SU_SI_HA_STATE",
        "SA_AMF_NTFID_SI_ASSIGNMENT_STATE",
        "SA_AMF_NTFID_COMP_PROXY_STATUS",
        "SA_AMF_NTFID_SU_SI_HA_READINESS_STATE",
        ("SA_AMF_NTFID_ERROR_REPORT", 0x191),
        "SA_AMF_NTFID_ERROR_CLEAR",
    )
)
eSaAmfAdminOperationIdT = _numbered(
    "ADMIN_",
    "UNLOCK",
    "LOCK",
    "LOCK_INSTANTIATION",
    "UNLOCK_INSTANTIATION",
    "SHUTDOWN",
    "RESTART",
    "SI_SWAP",
    "SG_ADJUST",
    "REPAIRED",
    "EAM_START",
    "EAM_STOP",
)


class SaAmfHealthcheckKeyT(Structure):
    """The name of a healthcheck: up to 32 bytes."""

    _fields_ = [("key", SaInt8T * saAmf.SA_AMF_HEALTHCHECK_KEY_MAX), ("keyLen", SaUint16T)]

    def __init__(self, key: str = "") -> None:
        raw = key.encode("utf-8", "surrogateescape")
        super().__init__(raw, len(raw))


class SaAmfCSIActiveDescriptorT(Structure):
    """How a CSI becomes ACTIVE."""

    _fields_ = [("transitionDescriptor", SaAmfCSITransitionDescriptorT), ("activeCompName", SaNameT)]


class SaAmfCSIStandbyDescriptorT(Structure):
    """How a CSI becomes STANDBY."""

    _fields_ = [("activeCompName", SaNameT), ("standbyRank", SaUint32T)]


class SaAmfCSIStateDescriptorT(Union):
    """The ACTIVE or the STANDBY descriptor, according to the HA state."""

    _fields_ = [
        ("activeDescriptor", SaAmfCSIActiveDescriptorT),
        ("standbyDescriptor", SaAmfCSIStandbyDescriptorT),
    ]


class SaAmfCSIAttributeT(Structure):
    """An attribute's name and value, as C strings."""

    _fields_ = [("attrName", POINTER(SaUint8T)), ("attrValue", POINTER(SaUint8T))]


class SaAmfCSIAttributeListT(Structure):
    """The attributes of a CSI: one entry for each value."""

    _fields_ = [("attr", POINTER(SaAmfCSIAttributeT)), ("number", SaUint32T)]


class SaAmfCSIDescriptorT(Structure):
    """What a CSI set callback is about."""

    _fields_ = [
        ("csiFlags", SaAmfCSIFlagsT),
        ("csiName", SaNameT),
        ("csiStateDescriptor", SaAmfCSIStateDescriptorT),
        ("csiAttr", SaAmfCSIAttributeListT),
    ]


class SaAmfProtectionGroupMemberT(Structure):
    """A component that serves a CSI (B.01)."""

    _fields_ = [("compName", SaNameT), ("haState", SaAmfHAStateT), ("rank", SaUint32T)]


class SaAmfProtectionGroupNotificationT(Structure):
    """A member and what has changed (B.01)."""

    _fields_ = [("member", SaAmfProtectionGroupMemberT), ("change", SaAmfProtectionGroupChangesT)]


def createProtectionGroupNotificationVector(size: int) -> Any:
    """Return room for this many notifications. None for 0."""
    return (SaAmfProtectionGroupNotificationT * size)() if size else None


class SaAmfProtectionGroupNotificationBufferT(Structure):
    """The members of a protection group (B.01)."""

    _fields_ = [
        ("numberOfItems", SaUint32T),
        ("notification", POINTER(SaAmfProtectionGroupNotificationT)),
    ]

    def __init__(self, size: int = 0) -> None:
        super().__init__(size, createProtectionGroupNotificationVector(size))


class SaAmfProtectionGroupMemberT_4(Structure):
    """A component that serves a CSI."""

    _fields_ = [
        ("compName", SaNameT),
        ("haState", SaAmfHAStateT),
        ("haReadinessState", SaAmfHAReadinessStateT),
        ("rank", SaUint32T),
    ]


class SaAmfProtectionGroupNotificationT_4(Structure):
    """A member and what has changed."""

    _fields_ = [("member", SaAmfProtectionGroupMemberT_4), ("change", SaAmfProtectionGroupChangesT)]


class SaAmfProtectionGroupNotificationBufferT_4(Structure):
    """The members of a protection group."""

    _fields_ = [
        ("numberOfItems", SaUint32T),
        ("notification", POINTER(SaAmfProtectionGroupNotificationT_4)),
    ]


_NameP = POINTER(SaNameT)

SaAmfHealthcheckCallbackT = CFUNCTYPE(None, SaInvocationT, _NameP, POINTER(SaAmfHealthcheckKeyT))
SaAmfComponentTerminateCallbackT = CFUNCTYPE(None, SaInvocationT, _NameP)
SaAmfCSISetCallbackT = CFUNCTYPE(None, SaInvocationT, _NameP, SaAmfHAStateT, SaAmfCSIDescriptorT)
SaAmfCSIRemoveCallbackT = CFUNCTYPE(None, SaInvocationT, _NameP, _NameP, SaAmfCSIFlagsT)
SaAmfProtectionGroupTrackCallbackT = CFUNCTYPE(
    None, _NameP, POINTER(SaAmfProtectionGroupNotificationBufferT), SaUint32T, SaAisErrorT
)
SaAmfProtectionGroupTrackCallbackT_4 = CFUNCTYPE(
    None, _NameP, POINTER(SaAmfProtectionGroupNotificationBufferT_4), SaUint32T, SaAisErrorT
)
SaAmfProxiedComponentInstantiateCallbackT = CFUNCTYPE(None, SaInvocationT, _NameP)
SaAmfProxiedComponentCleanupCallbackT = CFUNCTYPE(None, SaInvocationT, _NameP)
SaAmfContainedComponentInstantiateCallbackT = CFUNCTYPE(None, SaInvocationT, _NameP)
SaAmfContainedComponentCleanupCallbackT = CFUNCTYPE(None, SaInvocationT, _NameP)

_COMMON = [
    ("saAmfHealthcheckCallback", SaAmfHealthcheckCallbackT),
    ("saAmfComponentTerminateCallback", SaAmfComponentTerminateCallbackT),
    ("saAmfCSISetCallback", SaAmfCSISetCallbackT),
    ("saAmfCSIRemoveCallback", SaAmfCSIRemoveCallbackT),
]
_PROXIED = [
    ("saAmfProxiedComponentInstantiateCallback", SaAmfProxiedComponentInstantiateCallbackT),
    ("saAmfProxiedComponentCleanupCallback", SaAmfProxiedComponentCleanupCallbackT),
]
_CONTAINED = [
    ("saAmfContainedComponentInstantiateCallback", SaAmfContainedComponentInstantiateCallbackT),
    ("saAmfContainedComponentCleanupCallback", SaAmfContainedComponentCleanupCallbackT),
]


class SaAmfCallbacksT(Structure):
    """The callbacks of a handle (B.01); any may be NULL."""

    _fields_ = [
        *_COMMON,
        ("saAmfProtectionGroupTrackCallback", SaAmfProtectionGroupTrackCallbackT),
        *_PROXIED,
    ]


class SaAmfCallbacksT_3(Structure):
    """The callbacks of a handle (B.03). Programs use the name, but no function of OpenSAF takes it."""

    _fields_ = [
        *_COMMON,
        ("saAmfProtectionGroupTrackCallback", SaAmfProtectionGroupTrackCallbackT),
        *_PROXIED,
        *_CONTAINED,
    ]


class SaAmfCallbacksT_4(Structure):
    """The callbacks of a handle (B.04); any may be NULL."""

    _fields_ = [
        *_COMMON,
        ("saAmfProtectionGroupTrackCallback", SaAmfProtectionGroupTrackCallbackT_4),
        *_PROXIED,
        *_CONTAINED,
    ]
