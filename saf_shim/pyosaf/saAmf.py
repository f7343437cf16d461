# SPDX-License-Identifier: Apache-2.0
"""The availability management framework (saAmf.h, B.04.01 and B.01.01): being a component, and watching
components.

A NULL argument, or one out of range that the real library refuses before it looks at the handle, is refused
here; everything else is the simulator's answer."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import CFUNCTYPE, POINTER, Structure, Union, addressof, cast, create_string_buffer, pointer
from typing import Any, Optional

from saf_shim.client import Session, UnreachableError
from saf_shim.codes import Code

from . import _handles
from ._native import native
from ._notifications import SaNtfCorrelationIdsT, SaNtfIdentifierT
from .saAis import (
    BYREF,
    SaAisErrorT,
    SaDispatchFlagsT,
    SaEnumT,
    SaInt8T,
    SaInt32T,
    SaInt64T,
    SaInvocationT,
    SaNameT,
    SaSelectionObjectT,
    SaTimeT,
    SaUint8T,
    SaUint16T,
    SaUint32T,
    SaUint64T,
    SaVersionT,
)
from .saEnumConst import Const, Enumeration

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
    """An enumeration whose members count from 1."""
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

# Structures


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
    """One or the other, by HA state."""

    _fields_ = [
        ("activeDescriptor", SaAmfCSIActiveDescriptorT),
        ("standbyDescriptor", SaAmfCSIStandbyDescriptorT),
    ]


class SaAmfCSIAttributeT(Structure):
    """Name and value, C strings."""

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
    """Room for notifications; None for none."""
    return (SaAmfProtectionGroupNotificationT * size)() if size else None


class SaAmfProtectionGroupNotificationBufferT(Structure):
    """Members (B.01)."""

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
    """Members."""

    _fields_ = [
        ("numberOfItems", SaUint32T),
        ("notification", POINTER(SaAmfProtectionGroupNotificationT_4)),
    ]


_NameP = POINTER(SaNameT)
_KeyP = POINTER(SaAmfHealthcheckKeyT)
_CorrelationP = POINTER(SaNtfCorrelationIdsT)

SaAmfHealthcheckCallbackT = CFUNCTYPE(None, SaInvocationT, _NameP, _KeyP)
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


class SaAmfCallbacksT_4(Structure):
    """The callbacks of a handle (B.04); any may be NULL."""

    _fields_ = [
        *_COMMON,
        ("saAmfProtectionGroupTrackCallback", SaAmfProtectionGroupTrackCallbackT_4),
        *_PROXIED,
        *_CONTAINED,
    ]


# Handles


def _open(name: str, amfHandle: Any, amfCallbacks: Any, version: Any) -> int:
    given = {}
    if amfCallbacks:
        # The library copies the pointers: changing the structure later has no effect.
        for field in amfCallbacks[0]._fields_:
            function: Any = getattr(amfCallbacks[0], field[0])
            if function:
                given[field[0]] = type(function).from_buffer_copy(bytes(function))
    args = {
        "version": _handles.read_version(version),
        "hasHandle": bool(amfHandle),
        "callbacks": list(given),
    }
    try:
        session = Session(exclusive=False)
    except UnreachableError:
        return Code.ERR_LIBRARY
    rc, out = session.call(name, args)
    if "version" in out and version:
        _handles.write_version(version, out["version"])
    if rc != Code.OK:
        session.close()
        return rc
    handle = _handles.Handle(out["handle"], session)
    handle.callbacks = given
    _handles.handles[handle.number] = handle
    amfHandle[0] = handle.number
    return rc


@native(POINTER(SaAmfHandleT), POINTER(SaAmfCallbacksT), POINTER(SaVersionT))
def _initialize(amfHandle: Any, amfCallbacks: Any, version: Any) -> int:
    return _open("saAmfInitialize", amfHandle, amfCallbacks, version)


def saAmfInitialize(amfHandle: Any, amfCallbacks: Any, version: Any) -> int:
    """Open a handle (B.01); fills in `amfHandle` and `version`."""
    rc = _initialize(BYREF(amfHandle), BYREF(amfCallbacks), BYREF(version))
    if rc == Code.OK:
        _handles.handles[amfHandle.value].kept = amfCallbacks
    return rc


@native(POINTER(SaAmfHandleT), POINTER(SaAmfCallbacksT_4), POINTER(SaVersionT))
def _initialize_4(amfHandle: Any, amfCallbacks: Any, version: Any) -> int:
    return _open("saAmfInitialize_4", amfHandle, amfCallbacks, version)


def saAmfInitialize_4(amfHandle: Any, amfCallbacks: Any, version: Any) -> int:
    """Open a handle (B.04); fills in `amfHandle` and `version`.

    One that fails takes a use from the library, which shuts down with the last: to AMF the process has
    died."""
    rc = _initialize_4(BYREF(amfHandle), BYREF(amfCallbacks), BYREF(version))
    if rc == Code.OK:
        _handles.handles[amfHandle.value].kept = amfCallbacks
    return rc


@native(SaAmfHandleT, POINTER(SaSelectionObjectT))
def _selection_object_get(amfHandle: int, selectionObject: Any) -> int:
    return _handles.selection_object(amfHandle, "saAmfSelectionObjectGet", selectionObject)


def saAmfSelectionObjectGet(amfHandle: Any, selectionObject: Any) -> int:
    """Fill in the descriptor that is readable while callbacks wait."""
    return _selection_object_get(amfHandle, BYREF(selectionObject))


@native(SaAmfHandleT, SaDispatchFlagsT)
def saAmfDispatch(amfHandle: int, dispatchFlags: int) -> int:
    """Run waiting callbacks in this thread."""
    if dispatchFlags not in (1, 2, 3):
        return Code.ERR_INVALID_PARAM
    return _handles.dispatch(amfHandle, "saAmfDispatch", dispatchFlags, _run)


@native(SaAmfHandleT)
def saAmfFinalize(amfHandle: int) -> int:
    """Close a handle. That of a registered component: the component is out of service, but has not died."""
    rc = _handles.finalize(amfHandle, "saAmfFinalize")
    _allocated.pop(amfHandle, None)
    return rc


# Callbacks

_running: list[int] = []  # invocations whose callbacks have not returned yet, in any thread
_allocated: dict[int, dict[int, Any]] = {}  # handle: address: notifications that the library has made


def _text(text: str) -> Any:
    return create_string_buffer(text.encode("utf-8", "surrogateescape"))


def _descriptor(wire: dict[str, Any], keep: list[Any]) -> SaAmfCSIDescriptorT:
    made = SaAmfCSIDescriptorT()
    made.csiFlags = wire["csiFlags"]
    made.csiName = SaNameT(wire["csiName"])
    if "standbyRank" in wire:
        standby = made.csiStateDescriptor.standbyDescriptor
        standby.activeCompName = SaNameT(wire["activeCompName"])
        standby.standbyRank = wire["standbyRank"]
    elif "transitionDescriptor" in wire:
        active = made.csiStateDescriptor.activeDescriptor
        active.transitionDescriptor = wire["transitionDescriptor"]
        active.activeCompName = SaNameT(wire["activeCompName"])
    pairs = wire["attributes"]
    if pairs:
        attributes = (SaAmfCSIAttributeT * len(pairs))()
        for target, (name, value) in zip(attributes, pairs):
            texts = _text(name), _text(value)
            keep.append(texts)
            target.attrName, target.attrValue = (cast(text, POINTER(SaUint8T)) for text in texts)
        keep.append(attributes)
        made.csiAttr.attr = attributes
    made.csiAttr.number = len(pairs)
    return made


def _run_healthcheck(function: Any, args: _handles.Out, keep: list[Any]) -> None:
    key = SaAmfHealthcheckKeyT(args["healthcheckKey"])
    function(args["invocation"], pointer(SaNameT(args["compName"])), pointer(key))


def _run_terminate(function: Any, args: _handles.Out, keep: list[Any]) -> None:
    function(args["invocation"], pointer(SaNameT(args["compName"])))


def _run_csi_set(function: Any, args: _handles.Out, keep: list[Any]) -> None:
    descriptor = _descriptor(args["csiDescriptor"], keep)
    function(args["invocation"], pointer(SaNameT(args["compName"])), args["haState"], descriptor)


def _run_csi_remove(function: Any, args: _handles.Out, keep: list[Any]) -> None:
    names = pointer(SaNameT(args["compName"])), pointer(SaNameT(args["csiName"]))
    function(args["invocation"], *names, args["csiFlags"])


def _notifications(item: Any, members: list[dict[str, Any]], spare: int = 0) -> Any:
    made = (item * (len(members) + spare))()
    for target, member in zip(made, members):
        target.member.compName = SaNameT(member["compName"])
        target.member.haState = member["haState"]
        target.member.rank = member["rank"]
        if item is SaAmfProtectionGroupNotificationT_4:
            target.member.haReadinessState = eSaAmfHAReadinessStateT.SA_AMF_HARS_READY_FOR_ASSIGNMENT
        target.change = member["change"]
    return made


def _run_track(function: Any, args: _handles.Out, keep: list[Any]) -> None:
    four = isinstance(function, SaAmfProtectionGroupTrackCallbackT_4)
    item = SaAmfProtectionGroupNotificationT_4 if four else SaAmfProtectionGroupNotificationT
    buffer = (
        SaAmfProtectionGroupNotificationBufferT_4() if four else SaAmfProtectionGroupNotificationBufferT()
    )
    members = args["members"]
    buffer.numberOfItems = len(members)
    if members:
        buffer.notification = _notifications(item, members)
    function(pointer(SaNameT(args["csiName"])), pointer(buffer), args["numberOfMembers"], args["error"])


_RUNNERS: dict[str, Callable[[Any, _handles.Out, list[Any]], None]] = {
    "saAmfHealthcheckCallback": _run_healthcheck,
    "saAmfComponentTerminateCallback": _run_terminate,
    "saAmfCSISetCallback": _run_csi_set,
    "saAmfCSIRemoveCallback": _run_csi_remove,
    "saAmfProtectionGroupTrackCallback": _run_track,
}


def _run(handle: _handles.Handle, name: str, args: _handles.Out) -> Optional[int]:
    function = handle.callbacks.get(name)
    if function is None:
        return None
    invocation = args.get("invocation")
    if invocation is not None:
        _running.append(invocation)
    try:
        _RUNNERS[name](function, args, [])
    finally:
        if invocation is not None:
            _running.remove(invocation)
    return None


# Components


@native(SaAmfHandleT, _NameP, _NameP)
def _component_register(amfHandle: int, compName: Any, proxyCompName: Any) -> int:
    if not compName:
        return Code.ERR_INVALID_PARAM
    names = {"compName": _handles.read_name(compName), "proxyCompName": _handles.read_name(proxyCompName)}
    return _handles.call(amfHandle, "saAmfComponentRegister", names)[0]


def saAmfComponentRegister(amfHandle: Any, compName: Any, proxyCompName: Any) -> int:
    """Be a component: with the name from SA_AMF_COMPONENT_NAME, and None."""
    return _component_register(amfHandle, BYREF(compName), BYREF(proxyCompName))


@native(SaAmfHandleT, _NameP, _NameP)
def _component_unregister(amfHandle: int, compName: Any, proxyCompName: Any) -> int:
    if not compName:
        return Code.ERR_INVALID_PARAM
    names = {"compName": _handles.read_name(compName), "proxyCompName": _handles.read_name(proxyCompName)}
    return _handles.call(amfHandle, "saAmfComponentUnregister", names)[0]


def saAmfComponentUnregister(amfHandle: Any, compName: Any, proxyCompName: Any) -> int:
    """Be a component no more (B.01 handles only)."""
    return _component_unregister(amfHandle, BYREF(compName), BYREF(proxyCompName))


@native(SaAmfHandleT, _NameP)
def _component_name_get(amfHandle: int, compName: Any) -> int:
    if not compName:
        return Code.ERR_INVALID_PARAM
    rc, out = _handles.call(amfHandle, "saAmfComponentNameGet", {})
    if rc == Code.OK:
        name = SaNameT(out["compName"])
        _handles.handles[amfHandle].keep = name
        compName[0] = name
    return rc


def saAmfComponentNameGet(amfHandle: Any, compName: Any) -> int:
    """Fill in the name of the component that this process is."""
    return _component_name_get(amfHandle, BYREF(compName))


# Healthchecks


def _key(healthcheckKey: Any) -> Optional[str]:
    """None: not a key."""
    if not healthcheckKey:
        return None
    length = healthcheckKey[0].keyLen
    if not 0 < length <= saAmf.SA_AMF_HEALTHCHECK_KEY_MAX:
        return None
    # .key ends at the first NUL; the key does not
    raw = bytes((SaUint8T * length).from_buffer_copy(healthcheckKey[0]))
    return raw.decode("utf-8", "surrogateescape")


def _is_answer(code: int) -> bool:
    return code in (Code.OK, Code.ERR_FAILED_OPERATION)


@native(SaAmfHandleT, _NameP, _KeyP, SaAmfHealthcheckInvocationT, SaAmfRecommendedRecoveryT)
def _healthcheck_start(amfHandle: int, compName: Any, healthcheckKey: Any, kind: int, recovery: int) -> int:
    key = _key(healthcheckKey)
    if kind not in (1, 2) or not compName or key is None:
        return Code.ERR_INVALID_PARAM
    args = {
        "compName": _handles.read_name(compName),
        "healthcheckKey": key,
        "invocationType": kind,
        "recommendedRecovery": recovery,
    }
    return _handles.call(amfHandle, "saAmfHealthcheckStart", args)[0]


def saAmfHealthcheckStart(
    amfHandle: Any, compName: Any, healthcheckKey: Any, invocationType: Any, recommendedRecovery: Any
) -> int:
    """Begin a healthcheck: AMF calls back, or waits for confirmations."""
    return _healthcheck_start(
        amfHandle, BYREF(compName), BYREF(healthcheckKey), invocationType, recommendedRecovery
    )


@native(SaAmfHandleT, _NameP, _KeyP, SaAisErrorT)
def _healthcheck_confirm(amfHandle: int, compName: Any, healthcheckKey: Any, healthcheckResult: int) -> int:
    key = _key(healthcheckKey)
    if not compName or key is None or not _is_answer(healthcheckResult):
        return Code.ERR_INVALID_PARAM
    args = {
        "compName": _handles.read_name(compName),
        "healthcheckKey": key,
        "healthcheckResult": healthcheckResult,
    }
    return _handles.call(amfHandle, "saAmfHealthcheckConfirm", args)[0]


def saAmfHealthcheckConfirm(
    amfHandle: Any, compName: Any, healthcheckKey: Any, healthcheckResult: Any
) -> int:
    """Confirm a healthcheck that the component invokes."""
    return _healthcheck_confirm(amfHandle, BYREF(compName), BYREF(healthcheckKey), healthcheckResult)


@native(SaAmfHandleT, _NameP, _KeyP)
def _healthcheck_stop(amfHandle: int, compName: Any, healthcheckKey: Any) -> int:
    key = _key(healthcheckKey)
    if not compName or key is None:
        return Code.ERR_INVALID_PARAM
    args = {"compName": _handles.read_name(compName), "healthcheckKey": key}
    return _handles.call(amfHandle, "saAmfHealthcheckStop", args)[0]


def saAmfHealthcheckStop(amfHandle: Any, compName: Any, healthcheckKey: Any) -> int:
    """End a healthcheck."""
    return _healthcheck_stop(amfHandle, BYREF(compName), BYREF(healthcheckKey))


# Passive monitoring


def _pm_errors(errors: int) -> int:
    known = saAmf.SA_AMF_PM_ZERO_EXIT | saAmf.SA_AMF_PM_NON_ZERO_EXIT | saAmf.SA_AMF_PM_ABNORMAL_END
    if not 0 < errors <= known:
        return Code.ERR_INVALID_PARAM
    return Code.ERR_NOT_SUPPORTED if errors & saAmf.SA_AMF_PM_ABNORMAL_END else Code.OK


def _pm_args(compName: Any, processId: int, depth: int, pmErrors: int, recovery: int) -> _handles.Out:
    return {
        "compName": _handles.read_name(compName),
        "processId": processId,
        "descendentsTreeDepth": depth,
        "pmErrors": pmErrors,
        "recommendedRecovery": recovery,
    }


@native(SaAmfHandleT, _NameP, SaUint64T, SaInt32T, SaAmfPmErrorsT, SaAmfRecommendedRecoveryT)
def _pm_start(amfHandle: int, compName: Any, processId: int, depth: int, pmErrors: int, recovery: int) -> int:
    if not compName or depth < -1:
        return Code.ERR_INVALID_PARAM
    rc = _pm_errors(pmErrors)
    if rc != Code.OK:
        return rc
    if not 1 <= recovery <= 9 or processId == 0:
        return Code.ERR_INVALID_PARAM
    args = _pm_args(compName, processId, depth, pmErrors, recovery)
    return _handles.call(amfHandle, "saAmfPmStart", args)[0]


def saAmfPmStart(
    amfHandle: Any,
    compName: Any,
    processId: Any,
    descendentsTreeDepth: Any,
    pmErrors: Any,
    recommendedRecovery: Any,
) -> int:
    """Let AMF watch a process of a component (B.01)."""
    return _pm_start(
        amfHandle, BYREF(compName), processId, descendentsTreeDepth, pmErrors, recommendedRecovery
    )


@native(SaAmfHandleT, _NameP, SaInt64T, SaInt32T, SaAmfPmErrorsT, SaAmfRecommendedRecoveryT)
def _pm_start_3(
    amfHandle: int, compName: Any, processId: int, depth: int, pmErrors: int, recovery: int
) -> int:
    args = _pm_args(compName, processId, depth, pmErrors, recovery)
    return _handles.call(amfHandle, "saAmfPmStart_3", args)[0]


def saAmfPmStart_3(
    amfHandle: Any,
    compName: Any,
    processId: Any,
    descendentsTreeDepth: Any,
    pmErrors: Any,
    recommendedRecovery: Any,
) -> int:
    """Let AMF watch a process of a component."""
    return _pm_start_3(
        amfHandle, BYREF(compName), processId, descendentsTreeDepth, pmErrors, recommendedRecovery
    )


@native(SaAmfHandleT, _NameP, SaAmfPmStopQualifierT, SaInt64T, SaAmfPmErrorsT)
def _pm_stop(amfHandle: int, compName: Any, stopQualifier: int, processId: int, pmErrors: int) -> int:
    if not compName or stopQualifier not in (1, 2, 3):
        return Code.ERR_INVALID_PARAM
    rc = _pm_errors(pmErrors)
    if rc != Code.OK:
        return rc
    if processId == 0:
        return Code.ERR_INVALID_PARAM
    args = {**_pm_args(compName, processId, 0, pmErrors, 0), "stopQualifier": stopQualifier}
    return _handles.call(amfHandle, "saAmfPmStop", args)[0]


def saAmfPmStop(amfHandle: Any, compName: Any, stopQualifier: Any, processId: Any, pmErrors: Any) -> int:
    """Let AMF watch a process no more."""
    return _pm_stop(amfHandle, BYREF(compName), stopQualifier, processId, pmErrors)


# Answers


def _correlation(correlationIds: Any) -> Optional[list[int]]:
    if not correlationIds:
        return None
    ids = correlationIds[0]
    return [ids.rootCorrelationId, ids.parentCorrelationId, ids.notificationId]


@native(SaAmfHandleT, SaInvocationT, SaAisErrorT)
def saAmfResponse(amfHandle: int, invocation: int, error: int) -> int:
    """Answer a callback (B.01)."""
    if not invocation:
        return Code.ERR_INVALID_PARAM
    args = {"invocation": invocation, "error": error, "running": list(_running)}
    return _handles.call(amfHandle, "saAmfResponse", args)[0]


@native(SaAmfHandleT, SaInvocationT, _CorrelationP, SaAisErrorT)
def _response_4(amfHandle: int, invocation: int, correlationIds: Any, error: int) -> int:
    args = {
        "invocation": invocation,
        "error": error,
        "running": list(_running),
        "correlationIds": _correlation(correlationIds),
    }
    return _handles.call(amfHandle, "saAmfResponse_4", args)[0]


def saAmfResponse_4(amfHandle: Any, invocation: Any, correlationIds: Any, error: Any) -> int:
    """Answer a callback; `correlationIds` is None."""
    return _response_4(amfHandle, invocation, BYREF(correlationIds), error)


@native(SaAmfHandleT, SaInvocationT, SaAisErrorT)
def saAmfCSIQuiescingComplete(amfHandle: int, invocation: int, error: int) -> int:
    """Tell AMF that quiescing, asked for in this callback, is complete."""
    if not invocation or not _is_answer(error):
        return Code.ERR_INVALID_PARAM
    args = {"invocation": invocation, "error": error, "running": list(_running)}
    return _handles.call(amfHandle, "saAmfCSIQuiescingComplete", args)[0]


# States


@native(SaAmfHandleT, _NameP, _NameP, POINTER(SaAmfHAStateT))
def _ha_state_get(amfHandle: int, compName: Any, csiName: Any, haState: Any) -> int:
    if not compName or not csiName or not haState:
        return Code.ERR_INVALID_PARAM
    args = {"compName": _handles.read_name(compName), "csiName": _handles.read_name(csiName)}
    rc, out = _handles.call(amfHandle, "saAmfHAStateGet", args)
    if rc == Code.OK:
        haState[0] = out["haState"]
    return rc


def saAmfHAStateGet(amfHandle: Any, compName: Any, csiName: Any, haState: Any) -> int:
    """Fill in the HA state of a component for a CSI."""
    return _ha_state_get(amfHandle, BYREF(compName), BYREF(csiName), BYREF(haState))


@native(SaAmfHandleT, _NameP, _NameP, SaAmfHAReadinessStateT, _CorrelationP)
def _ha_readiness_state_set(
    amfHandle: int, compName: Any, csiName: Any, haReadinessState: int, correlationIds: Any
) -> int:
    _handles.call(amfHandle, "saAmfHAReadinessStateSet", {"haReadinessState": haReadinessState})
    return Code.ERR_NOT_SUPPORTED


def saAmfHAReadinessStateSet(
    amfHandle: Any, compName: Any, csiName: Any, haReadinessState: Any, correlationIds: Any
) -> int:
    """Not supported, as in OpenSAF."""
    return _ha_readiness_state_set(
        amfHandle, BYREF(compName), BYREF(csiName), haReadinessState, BYREF(correlationIds)
    )


@native(SaAmfHandleT, SaInvocationT, _CorrelationP)
def _correlation_ids_get(amfHandle: int, invocation: int, correlationIds: Any) -> int:
    _handles.call(amfHandle, "saAmfCorrelationIdsGet", {"invocation": invocation})
    return Code.ERR_NOT_SUPPORTED


def saAmfCorrelationIdsGet(amfHandle: Any, invocation: Any, correlationIds: Any) -> int:
    """Not supported, as in OpenSAF."""
    return _correlation_ids_get(amfHandle, invocation, BYREF(correlationIds))


# Protection groups


def _track(name: str, item: Any, amfHandle: int, csiName: Any, trackFlags: int, buffer: Any) -> int:
    room = None
    if buffer:
        room = buffer[0].numberOfItems if buffer[0].notification else -1
    new = item is SaAmfProtectionGroupNotificationT_4
    args = {
        "csiName": _handles.read_name(csiName),
        "trackFlags": trackFlags,
        "buffer": room,
        "new": new,
    }
    rc, out = _handles.call(amfHandle, name, args)
    if "members" not in out or not buffer:
        return rc
    members = out["members"]
    buffer[0].numberOfItems = out["numberOfItems"]
    if room != -1:
        for index, entry in enumerate(_notifications(item, members)):
            buffer[0].notification[index] = entry
    elif members:
        made = _notifications(item, members, spare=1)
        _allocated.setdefault(amfHandle, {})[addressof(made)] = made
        buffer[0].notification = made
    return rc


@native(SaAmfHandleT, _NameP, SaUint8T, POINTER(SaAmfProtectionGroupNotificationBufferT))
def _protection_group_track(amfHandle: int, csiName: Any, trackFlags: int, notificationBuffer: Any) -> int:
    if not csiName:
        return Code.ERR_INVALID_PARAM
    item = SaAmfProtectionGroupNotificationT
    return _track("saAmfProtectionGroupTrack", item, amfHandle, csiName, trackFlags, notificationBuffer)


def saAmfProtectionGroupTrack(amfHandle: Any, csiName: Any, trackFlags: Any, notificationBuffer: Any) -> int:
    """Get who serves a CSI, in `notificationBuffer` or by callback, or be told of changes (B.01)."""
    return _protection_group_track(amfHandle, BYREF(csiName), trackFlags, BYREF(notificationBuffer))


@native(SaAmfHandleT, _NameP, SaUint8T, POINTER(SaAmfProtectionGroupNotificationBufferT_4))
def _protection_group_track_4(amfHandle: int, csiName: Any, trackFlags: int, notificationBuffer: Any) -> int:
    item = SaAmfProtectionGroupNotificationT_4
    return _track("saAmfProtectionGroupTrack_4", item, amfHandle, csiName, trackFlags, notificationBuffer)


def saAmfProtectionGroupTrack_4(
    amfHandle: Any, csiName: Any, trackFlags: Any, notificationBuffer: Any
) -> int:
    """Get who serves a CSI, in `notificationBuffer` or by callback, or be told of changes."""
    return _protection_group_track_4(amfHandle, BYREF(csiName), trackFlags, BYREF(notificationBuffer))


@native(SaAmfHandleT, _NameP)
def _protection_group_track_stop(amfHandle: int, csiName: Any) -> int:
    if not csiName:
        return Code.ERR_INVALID_PARAM
    args = {"csiName": _handles.read_name(csiName)}
    return _handles.call(amfHandle, "saAmfProtectionGroupTrackStop", args)[0]


def saAmfProtectionGroupTrackStop(amfHandle: Any, csiName: Any) -> int:
    """Be told of changes no more."""
    return _protection_group_track_stop(amfHandle, BYREF(csiName))


@native(SaAmfHandleT, POINTER(SaAmfProtectionGroupNotificationT_4))
def saAmfProtectionGroupNotificationFree_4(amfHandle: int, notification: Any) -> int:
    """Give back the notifications that saAmfProtectionGroupTrack_4 has allocated."""
    args = {"hasNotification": bool(notification)}
    rc = _handles.call(amfHandle, "saAmfProtectionGroupNotificationFree_4", args)[0]
    if rc == Code.OK:
        _allocated.get(amfHandle, {}).pop(addressof(notification.contents), None)
    return rc


# Errors


@native(SaAmfHandleT, _NameP, SaTimeT, SaAmfRecommendedRecoveryT, SaNtfIdentifierT)
def _component_error_report(
    amfHandle: int, erroneousComponent: Any, errorDetectionTime: int, recovery: int, ntfIdentifier: int
) -> int:
    if not erroneousComponent:
        return Code.ERR_INVALID_PARAM
    args = {
        "erroneousComponent": _handles.read_name(erroneousComponent),
        "errorDetectionTime": errorDetectionTime,
        "recommendedRecovery": recovery,
    }
    return _handles.call(amfHandle, "saAmfComponentErrorReport", args)[0]


def saAmfComponentErrorReport(
    amfHandle: Any,
    compName: Any,
    errorDetectionTime: Any,
    recommendedRecovery: Any,
    ntfIdentifier: Any,
) -> int:
    """Report an error of a component (B.01, and good on B.04 handles)."""
    return _component_error_report(
        amfHandle, BYREF(compName), errorDetectionTime, recommendedRecovery, ntfIdentifier
    )


@native(SaAmfHandleT, _NameP, SaTimeT, SaAmfRecommendedRecoveryT, _CorrelationP)
def _component_error_report_4(
    amfHandle: int, erroneousComponent: Any, errorDetectionTime: int, recovery: int, correlationIds: Any
) -> int:
    args = {
        "erroneousComponent": _handles.read_name(erroneousComponent),
        "errorDetectionTime": errorDetectionTime,
        "recommendedRecovery": recovery,
        "correlationIds": _correlation(correlationIds),
    }
    return _handles.call(amfHandle, "saAmfComponentErrorReport_4", args)[0]


def saAmfComponentErrorReport_4(
    amfHandle: Any,
    compName: Any,
    errorDetectionTime: Any,
    recommendedRecovery: Any,
    correlationIds: Any,
) -> int:
    """Report an error of a component; `correlationIds` must be given, and empty."""
    return _component_error_report_4(
        amfHandle, BYREF(compName), errorDetectionTime, recommendedRecovery, BYREF(correlationIds)
    )


@native(SaAmfHandleT, _NameP, SaNtfIdentifierT)
def _component_error_clear(amfHandle: int, compName: Any, ntfIdentifier: int) -> int:
    if not compName:
        return Code.ERR_INVALID_PARAM
    args = {"compName": _handles.read_name(compName)}
    return _handles.call(amfHandle, "saAmfComponentErrorClear", args)[0]


def saAmfComponentErrorClear(amfHandle: Any, compName: Any, ntfIdentifier: Any) -> int:
    """Say that a component's error is gone (B.01, and good on B.04 handles)."""
    return _component_error_clear(amfHandle, BYREF(compName), ntfIdentifier)


@native(SaAmfHandleT, _CorrelationP)
def _component_error_clear_4(amfHandle: int, correlationIds: Any) -> int:
    return Code.ERR_INVALID_PARAM


def saAmfComponentErrorClear_4(amfHandle: Any, compName: Any, correlationIds: Any) -> int:
    """Of no use, as in the real bindings: their prototype lacks the name (ctypes.ArgumentError)."""
    return _component_error_clear_4(amfHandle, BYREF(compName), BYREF(correlationIds))
