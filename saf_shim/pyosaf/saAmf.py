# SPDX-License-Identifier: Apache-2.0
"""The availability management framework (saAmf.h, B.04.01 and B.01.01): how to be a component, and how to
watch components.

This module refuses a NULL argument, or a value out of range, if the real library refuses it before it looks
at the handle. The simulator answers everything else."""

from __future__ import annotations

from ctypes import POINTER, addressof
from typing import Any, Optional

from saf_shim.client import Session, UnreachableError
from saf_shim.codes import Code

from ._library import amf_callbacks, handles
from ._library.native import by_reference, native
from ._types.ais import *  # noqa: F403 - as the real module hands on
from ._types.ais import (
    SaAisErrorT,
    SaDispatchFlagsT,
    SaInt32T,
    SaInt64T,
    SaInvocationT,
    SaNameT,
    SaSelectionObjectT,
    SaTimeT,
    SaUint8T,
    SaUint64T,
    SaVersionT,
)
from ._types.amf import *  # noqa: F403 - what programs find in this module
from ._types.amf import (
    SaAmfCallbacksT,
    SaAmfCallbacksT_4,
    SaAmfHandleT,
    SaAmfHAReadinessStateT,
    SaAmfHAStateT,
    SaAmfHealthcheckInvocationT,
    SaAmfHealthcheckKeyT,
    SaAmfPmErrorsT,
    SaAmfPmStopQualifierT,
    SaAmfProtectionGroupNotificationBufferT,
    SaAmfProtectionGroupNotificationBufferT_4,
    SaAmfProtectionGroupNotificationT,
    SaAmfProtectionGroupNotificationT_4,
    SaAmfRecommendedRecoveryT,
    saAmf,
)
from ._types.ntf_references import SaNtfCorrelationIdsT, SaNtfIdentifierT

# The notifications that the library has allocated, by handle and address.
_allocated: dict[int, dict[int, Any]] = {}

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
        "version": handles.read_version(version),
        "hasHandle": bool(amfHandle),
        "callbacks": list(given),
    }
    try:
        session = Session(exclusive=False)
    except UnreachableError:
        return Code.ERR_LIBRARY
    rc, out = session.call(name, args)
    if "version" in out and version:
        handles.write_version(version, out["version"])
    if rc != Code.OK:
        session.close()
        return rc
    handle = handles.Handle(out["handle"], session)
    handle.callbacks = given
    handles.handles[handle.number] = handle
    amfHandle[0] = handle.number
    return rc


@native(
    by_reference(SaAmfHandleT),
    by_reference(SaAmfCallbacksT),
    by_reference(SaVersionT),
    on_ok=handles.keep_callbacks,
)
def saAmfInitialize(amfHandle: Any, amfCallbacks: Any, version: Any) -> int:
    """Open a handle (B.01). Fills in `amfHandle` and `version`."""
    return _open("saAmfInitialize", amfHandle, amfCallbacks, version)


@native(
    by_reference(SaAmfHandleT),
    by_reference(SaAmfCallbacksT_4),
    by_reference(SaVersionT),
    on_ok=handles.keep_callbacks,
)
def saAmfInitialize_4(amfHandle: Any, amfCallbacks: Any, version: Any) -> int:
    """Open a handle (B.04). Fills in `amfHandle` and `version`.

    A call that fails lowers the library's count of users. At 0 the library shuts down, and for AMF the
    process has died."""
    return _open("saAmfInitialize_4", amfHandle, amfCallbacks, version)


@native(SaAmfHandleT, by_reference(SaSelectionObjectT))
def saAmfSelectionObjectGet(amfHandle: int, selectionObject: Any) -> int:
    """Fill in the descriptor that is readable while callbacks wait."""
    return handles.selection_object(amfHandle, "saAmfSelectionObjectGet", selectionObject)


@native(SaAmfHandleT, SaDispatchFlagsT)
def saAmfDispatch(amfHandle: int, dispatchFlags: int) -> int:
    """Run waiting callbacks in this thread."""
    if dispatchFlags not in (1, 2, 3):
        return Code.ERR_INVALID_PARAM
    return handles.dispatch(amfHandle, "saAmfDispatch", dispatchFlags, amf_callbacks.run)


@native(SaAmfHandleT)
def saAmfFinalize(amfHandle: int) -> int:
    """Close a handle. If a component registered with it, the component is out of service but has not died."""
    rc = handles.finalize(amfHandle, "saAmfFinalize")
    _allocated.pop(amfHandle, None)
    return rc


# Components


@native(SaAmfHandleT, by_reference(SaNameT), by_reference(SaNameT))
def saAmfComponentRegister(amfHandle: int, compName: Any, proxyCompName: Any) -> int:
    """Register as a component. The name is the value of SA_AMF_COMPONENT_NAME, the proxy is None."""
    if not compName:
        return Code.ERR_INVALID_PARAM
    names = {"compName": handles.read_name(compName), "proxyCompName": handles.read_name(proxyCompName)}
    return handles.call(amfHandle, "saAmfComponentRegister", names)[0]


@native(SaAmfHandleT, by_reference(SaNameT), by_reference(SaNameT))
def saAmfComponentUnregister(amfHandle: int, compName: Any, proxyCompName: Any) -> int:
    """Unregister the component (B.01 handles only)."""
    if not compName:
        return Code.ERR_INVALID_PARAM
    names = {"compName": handles.read_name(compName), "proxyCompName": handles.read_name(proxyCompName)}
    return handles.call(amfHandle, "saAmfComponentUnregister", names)[0]


@native(SaAmfHandleT, by_reference(SaNameT))
def saAmfComponentNameGet(amfHandle: int, compName: Any) -> int:
    """Fill in the name of the component that this process is."""
    if not compName:
        return Code.ERR_INVALID_PARAM
    rc, out = handles.call(amfHandle, "saAmfComponentNameGet", {})
    if rc == Code.OK:
        name = SaNameT(out["compName"])
        handles.handles[amfHandle].keep = name
        compName[0] = name
    return rc


# Healthchecks


def _key(healthcheckKey: Any) -> Optional[str]:
    """Return the text of a healthcheck key. None if it is not a key."""
    if not healthcheckKey:
        return None
    length = healthcheckKey[0].keyLen
    if not 0 < length <= saAmf.SA_AMF_HEALTHCHECK_KEY_MAX:
        return None
    # `.key` ends at the first NUL, but the key itself does not.
    raw = bytes((SaUint8T * length).from_buffer_copy(healthcheckKey[0]))
    return raw.decode("utf-8", "surrogateescape")


def _is_answer(code: int) -> bool:
    return code in (Code.OK, Code.ERR_FAILED_OPERATION)


@native(
    SaAmfHandleT,
    by_reference(SaNameT),
    by_reference(SaAmfHealthcheckKeyT),
    SaAmfHealthcheckInvocationT,
    SaAmfRecommendedRecoveryT,
)
def saAmfHealthcheckStart(
    amfHandle: int, compName: Any, healthcheckKey: Any, invocationType: int, recommendedRecovery: int
) -> int:
    """Begin a healthcheck: AMF sends callbacks, or waits for confirmations."""
    key = _key(healthcheckKey)
    if invocationType not in (1, 2) or not compName or key is None:
        return Code.ERR_INVALID_PARAM
    args = {
        "compName": handles.read_name(compName),
        "healthcheckKey": key,
        "invocationType": invocationType,
        "recommendedRecovery": recommendedRecovery,
    }
    return handles.call(amfHandle, "saAmfHealthcheckStart", args)[0]


@native(SaAmfHandleT, by_reference(SaNameT), by_reference(SaAmfHealthcheckKeyT), SaAisErrorT)
def saAmfHealthcheckConfirm(
    amfHandle: int, compName: Any, healthcheckKey: Any, healthcheckResult: int
) -> int:
    """Confirm a healthcheck that the component invokes."""
    key = _key(healthcheckKey)
    if not compName or key is None or not _is_answer(healthcheckResult):
        return Code.ERR_INVALID_PARAM
    args = {
        "compName": handles.read_name(compName),
        "healthcheckKey": key,
        "healthcheckResult": healthcheckResult,
    }
    return handles.call(amfHandle, "saAmfHealthcheckConfirm", args)[0]


@native(SaAmfHandleT, by_reference(SaNameT), by_reference(SaAmfHealthcheckKeyT))
def saAmfHealthcheckStop(amfHandle: int, compName: Any, healthcheckKey: Any) -> int:
    """End a healthcheck."""
    key = _key(healthcheckKey)
    if not compName or key is None:
        return Code.ERR_INVALID_PARAM
    args = {"compName": handles.read_name(compName), "healthcheckKey": key}
    return handles.call(amfHandle, "saAmfHealthcheckStop", args)[0]


# Passive monitoring


def _pm_errors(errors: int) -> int:
    known = saAmf.SA_AMF_PM_ZERO_EXIT | saAmf.SA_AMF_PM_NON_ZERO_EXIT | saAmf.SA_AMF_PM_ABNORMAL_END
    if not 0 < errors <= known:
        return Code.ERR_INVALID_PARAM
    return Code.ERR_NOT_SUPPORTED if errors & saAmf.SA_AMF_PM_ABNORMAL_END else Code.OK


def _pm_args(compName: Any, processId: int, depth: int, pmErrors: int, recovery: int) -> handles.Out:
    return {
        "compName": handles.read_name(compName),
        "processId": processId,
        "descendentsTreeDepth": depth,
        "pmErrors": pmErrors,
        "recommendedRecovery": recovery,
    }


@native(SaAmfHandleT, by_reference(SaNameT), SaUint64T, SaInt32T, SaAmfPmErrorsT, SaAmfRecommendedRecoveryT)
def saAmfPmStart(
    amfHandle: int,
    compName: Any,
    processId: int,
    descendentsTreeDepth: int,
    pmErrors: int,
    recommendedRecovery: int,
) -> int:
    """Let AMF watch a process of a component (B.01)."""
    if not compName or descendentsTreeDepth < -1:
        return Code.ERR_INVALID_PARAM
    rc = _pm_errors(pmErrors)
    if rc != Code.OK:
        return rc
    if not 1 <= recommendedRecovery <= 9 or processId == 0:
        return Code.ERR_INVALID_PARAM
    args = _pm_args(compName, processId, descendentsTreeDepth, pmErrors, recommendedRecovery)
    return handles.call(amfHandle, "saAmfPmStart", args)[0]


@native(SaAmfHandleT, by_reference(SaNameT), SaInt64T, SaInt32T, SaAmfPmErrorsT, SaAmfRecommendedRecoveryT)
def saAmfPmStart_3(
    amfHandle: int,
    compName: Any,
    processId: int,
    descendentsTreeDepth: int,
    pmErrors: int,
    recommendedRecovery: int,
) -> int:
    """Let AMF watch a process of a component."""
    args = _pm_args(compName, processId, descendentsTreeDepth, pmErrors, recommendedRecovery)
    return handles.call(amfHandle, "saAmfPmStart_3", args)[0]


@native(SaAmfHandleT, by_reference(SaNameT), SaAmfPmStopQualifierT, SaInt64T, SaAmfPmErrorsT)
def saAmfPmStop(amfHandle: int, compName: Any, stopQualifier: int, processId: int, pmErrors: int) -> int:
    """Stop AMF from watching a process."""
    if not compName or stopQualifier not in (1, 2, 3):
        return Code.ERR_INVALID_PARAM
    rc = _pm_errors(pmErrors)
    if rc != Code.OK:
        return rc
    if processId == 0:
        return Code.ERR_INVALID_PARAM
    args = {**_pm_args(compName, processId, 0, pmErrors, 0), "stopQualifier": stopQualifier}
    return handles.call(amfHandle, "saAmfPmStop", args)[0]


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
    args = {"invocation": invocation, "error": error, "running": list(amf_callbacks.running)}
    return handles.call(amfHandle, "saAmfResponse", args)[0]


@native(SaAmfHandleT, SaInvocationT, by_reference(SaNtfCorrelationIdsT), SaAisErrorT)
def saAmfResponse_4(amfHandle: int, invocation: int, correlationIds: Any, error: int) -> int:
    """Answer a callback. `correlationIds` is None."""
    args = {
        "invocation": invocation,
        "error": error,
        "running": list(amf_callbacks.running),
        "correlationIds": _correlation(correlationIds),
    }
    return handles.call(amfHandle, "saAmfResponse_4", args)[0]


@native(SaAmfHandleT, SaInvocationT, SaAisErrorT)
def saAmfCSIQuiescingComplete(amfHandle: int, invocation: int, error: int) -> int:
    """Tell AMF that the quiescing of this callback is complete."""
    if not invocation or not _is_answer(error):
        return Code.ERR_INVALID_PARAM
    args = {"invocation": invocation, "error": error, "running": list(amf_callbacks.running)}
    return handles.call(amfHandle, "saAmfCSIQuiescingComplete", args)[0]


# States


@native(SaAmfHandleT, by_reference(SaNameT), by_reference(SaNameT), by_reference(SaAmfHAStateT))
def saAmfHAStateGet(amfHandle: int, compName: Any, csiName: Any, haState: Any) -> int:
    """Fill in the HA state of a component for a CSI."""
    if not compName or not csiName or not haState:
        return Code.ERR_INVALID_PARAM
    args = {"compName": handles.read_name(compName), "csiName": handles.read_name(csiName)}
    rc, out = handles.call(amfHandle, "saAmfHAStateGet", args)
    if rc == Code.OK:
        haState[0] = out["haState"]
    return rc


@native(
    SaAmfHandleT,
    by_reference(SaNameT),
    by_reference(SaNameT),
    SaAmfHAReadinessStateT,
    by_reference(SaNtfCorrelationIdsT),
)
def saAmfHAReadinessStateSet(
    amfHandle: int, compName: Any, csiName: Any, haReadinessState: int, correlationIds: Any
) -> int:
    """Answer ERR_NOT_SUPPORTED, as OpenSAF does."""
    handles.call(amfHandle, "saAmfHAReadinessStateSet", {"haReadinessState": haReadinessState})
    return Code.ERR_NOT_SUPPORTED


@native(SaAmfHandleT, SaInvocationT, by_reference(SaNtfCorrelationIdsT))
def saAmfCorrelationIdsGet(amfHandle: int, invocation: int, correlationIds: Any) -> int:
    """Answer ERR_NOT_SUPPORTED, as OpenSAF does."""
    handles.call(amfHandle, "saAmfCorrelationIdsGet", {"invocation": invocation})
    return Code.ERR_NOT_SUPPORTED


# Protection groups


def _track(name: str, item: Any, amfHandle: int, csiName: Any, trackFlags: int, buffer: Any) -> int:
    room = None
    if buffer:
        room = buffer[0].numberOfItems if buffer[0].notification else -1
    new = item is SaAmfProtectionGroupNotificationT_4
    args = {
        "csiName": handles.read_name(csiName),
        "trackFlags": trackFlags,
        "buffer": room,
        "new": new,
    }
    rc, out = handles.call(amfHandle, name, args)
    if "members" not in out or not buffer:
        return rc
    members = out["members"]
    buffer[0].numberOfItems = out["numberOfItems"]
    if room != -1:
        for index, entry in enumerate(amf_callbacks.make_notifications(item, members)):
            buffer[0].notification[index] = entry
    elif members:
        made = amf_callbacks.make_notifications(item, members, spare=1)
        _allocated.setdefault(amfHandle, {})[addressof(made)] = made
        buffer[0].notification = made
    return rc


@native(SaAmfHandleT, by_reference(SaNameT), SaUint8T, by_reference(SaAmfProtectionGroupNotificationBufferT))
def saAmfProtectionGroupTrack(amfHandle: int, csiName: Any, trackFlags: int, notificationBuffer: Any) -> int:
    """Get the members that serve a CSI, in `notificationBuffer` or by callback, or track changes (B.01)."""
    if not csiName:
        return Code.ERR_INVALID_PARAM
    item = SaAmfProtectionGroupNotificationT
    return _track("saAmfProtectionGroupTrack", item, amfHandle, csiName, trackFlags, notificationBuffer)


@native(
    SaAmfHandleT, by_reference(SaNameT), SaUint8T, by_reference(SaAmfProtectionGroupNotificationBufferT_4)
)
def saAmfProtectionGroupTrack_4(
    amfHandle: int, csiName: Any, trackFlags: int, notificationBuffer: Any
) -> int:
    """Get the members that serve a CSI, in `notificationBuffer` or by callback, or track changes."""
    item = SaAmfProtectionGroupNotificationT_4
    return _track("saAmfProtectionGroupTrack_4", item, amfHandle, csiName, trackFlags, notificationBuffer)


@native(SaAmfHandleT, by_reference(SaNameT))
def saAmfProtectionGroupTrackStop(amfHandle: int, csiName: Any) -> int:
    """Stop tracking changes."""
    if not csiName:
        return Code.ERR_INVALID_PARAM
    args = {"csiName": handles.read_name(csiName)}
    return handles.call(amfHandle, "saAmfProtectionGroupTrackStop", args)[0]


@native(SaAmfHandleT, POINTER(SaAmfProtectionGroupNotificationT_4))
def saAmfProtectionGroupNotificationFree_4(amfHandle: int, notification: Any) -> int:
    """Free the notifications that saAmfProtectionGroupTrack_4 has allocated."""
    args = {"hasNotification": bool(notification)}
    rc = handles.call(amfHandle, "saAmfProtectionGroupNotificationFree_4", args)[0]
    if rc == Code.OK:
        _allocated.get(amfHandle, {}).pop(addressof(notification.contents), None)
    return rc


# Errors


@native(SaAmfHandleT, by_reference(SaNameT), SaTimeT, SaAmfRecommendedRecoveryT, SaNtfIdentifierT)
def saAmfComponentErrorReport(
    amfHandle: int, compName: Any, errorDetectionTime: int, recommendedRecovery: int, ntfIdentifier: int
) -> int:
    """Report an error of a component (B.01; also works on B.04 handles)."""
    if not compName:
        return Code.ERR_INVALID_PARAM
    args = {
        "erroneousComponent": handles.read_name(compName),
        "errorDetectionTime": errorDetectionTime,
        "recommendedRecovery": recommendedRecovery,
    }
    return handles.call(amfHandle, "saAmfComponentErrorReport", args)[0]


@native(
    SaAmfHandleT,
    by_reference(SaNameT),
    SaTimeT,
    SaAmfRecommendedRecoveryT,
    by_reference(SaNtfCorrelationIdsT),
)
def saAmfComponentErrorReport_4(
    amfHandle: int, compName: Any, errorDetectionTime: int, recommendedRecovery: int, correlationIds: Any
) -> int:
    """Report an error of a component. `correlationIds` must be given and must be empty."""
    args = {
        "erroneousComponent": handles.read_name(compName),
        "errorDetectionTime": errorDetectionTime,
        "recommendedRecovery": recommendedRecovery,
        "correlationIds": _correlation(correlationIds),
    }
    return handles.call(amfHandle, "saAmfComponentErrorReport_4", args)[0]


@native(SaAmfHandleT, by_reference(SaNameT), SaNtfIdentifierT)
def saAmfComponentErrorClear(amfHandle: int, compName: Any, ntfIdentifier: int) -> int:
    """Report that a component's error is gone (B.01; also works on B.04 handles)."""
    if not compName:
        return Code.ERR_INVALID_PARAM
    args = {"compName": handles.read_name(compName)}
    return handles.call(amfHandle, "saAmfComponentErrorClear", args)[0]


@native(SaAmfHandleT, by_reference(SaNtfCorrelationIdsT), by_reference(SaNtfCorrelationIdsT))
def saAmfComponentErrorClear_4(amfHandle: int, compName: Any, correlationIds: Any) -> int:
    """Fail with ctypes.ArgumentError. The real bindings do so, because their prototype lacks the name."""
    return Code.ERR_INVALID_PARAM
