# SPDX-License-Identifier: Apache-2.0
"""Cluster membership (saClm.h, B.01.01 and B.04.01): which nodes there are, and changes of that."""

from __future__ import annotations

from ctypes import CFUNCTYPE, POINTER, Structure, pointer
from typing import Any, Optional

from saf_shim.codes import Code

from . import _handles
from ._native import native
from ._notifications import SaNtfCorrelationIdsT
from .saAis import (
    BYREF,
    SaAisErrorT,
    SaBoolT,
    SaDispatchFlagsT,
    SaEnumT,
    SaInt8T,
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
from .saAis import PY3 as PY3  # noqa: PLC0414 - programs take it from here
from .saEnumConst import Const, Enumeration

SaClmHandleT = SaUint64T
SaClmNodeIdT = SaUint32T
SaClmNodeAddressFamilyT = SaEnumT
SaClmClusterChangesT = SaEnumT
SaClmStateT = SaEnumT
SaClmAdminOperationIdT = SaEnumT
SaClmAdminStateT = SaEnumT
SaClmChangeStepT = SaEnumT
SaClmResponseT = SaEnumT
SaClmAdditionalInfoIdT = SaEnumT
SaClmAdditionalInfoIdT_4 = SaEnumT
SaClmNotificationMinorIdT = SaEnumT

saClm = Const()
saClm.SA_CLM_LOCAL_NODE_ID = 0xFFFFFFFF
saClm.SA_CLM_MAX_ADDRESS_LENGTH = 64

eSaClmNodeAddressFamilyT = Enumeration((("SA_CLM_AF_INET", 1), "SA_CLM_AF_INET6"))
eSaClmClusterChangesT = Enumeration(
    (
        ("SA_CLM_NODE_NO_CHANGE", 1),
        "SA_CLM_NODE_JOINED",
        "SA_CLM_NODE_LEFT",
        "SA_CLM_NODE_RECONFIGURED",
        "SA_CLM_NODE_UNLOCK",
        "SA_CLM_NODE_SHUTDOWN",
    )
)
eSaClmStateT = Enumeration((("SA_CLM_CLUSTER_CHANGE_STATUS", 1), "SA_CLM_ADMIN_STATE"))
eSaClmAdminOperationIdT = Enumeration(
    (
        ("SA_CLM_ADMIN_UNLOCK", 1),
        "SA_CLM_ADMIN_LOCK",
        "SA_CLM_ADMIN_SHUTDOWN",
        "SA_CLM_ADMIN_RESET",
        "SA_CLM_ADMIN_ACTION",
    )
)
eSaClmAdminStateT = Enumeration(
    (("SA_CLM_ADMIN_UNLOCKED", 1), "SA_CLM_ADMIN_LOCKED", "SA_CLM_ADMIN_SHUTTING_DOWN")
)
eSaClmChangeStepT = Enumeration(
    (("SA_CLM_CHANGE_VALIDATE", 1), "SA_CLM_CHANGE_START", "SA_CLM_CHANGE_ABORTED", "SA_CLM_CHANGE_COMPLETED")
)
eSaClmAdditionalInfoIdT = Enumeration((("SA_CLM_NODE_NAME", 1),))
eSaClmAdditionalInfoIdT_4 = Enumeration((("SA_CLM_ROOT_CAUSE_ENTITY", 1),))
eSaClmNotificationMinorIdT = Enumeration(
    (
        ("SA_CLM_NTFID_NODE_JOIN", 101),
        "SA_CLM_NTFID_NODE_LEAVE",
        "SA_CLM_NTFID_NODE_RECONFIG",
        "SA_CLM_NTFID_NODE_ADMIN_STATE",
    )
)
eSaClmResponseT = Enumeration(
    (
        ("SA_CLM_CALLBACK_RESPONSE_OK", 1),
        "SA_CLM_CALLBACK_RESPONSE_REJECTED",
        "SA_CLM_CALLBACK_RESPONSE_ERROR",
    )
)


class SaClmNodeAddressT(Structure):
    """A node's address as text."""

    _fields_ = [("family", SaClmNodeAddressFamilyT), ("length", SaUint16T), ("value", SaInt8T * 64)]

    def __init__(self, family: int = 0, address: str = "") -> None:
        raw = address.encode("utf-8")
        super().__init__(family, len(raw), raw)

    def __str__(self) -> str:
        return self.value.decode("utf-8", "replace")  # type: ignore[no-any-return]


class SaClmClusterNodeT(Structure):
    """A node (B.01 to B.03)."""

    _fields_ = [
        ("nodeId", SaClmNodeIdT),
        ("nodeAddress", SaClmNodeAddressT),
        ("nodeName", SaNameT),
        ("member", SaBoolT),
        ("bootTimestamp", SaTimeT),
        ("initialViewNumber", SaUint64T),
    ]


class SaClmClusterNodeT_4(Structure):
    """A node (B.04)."""

    _fields_ = [
        ("nodeId", SaClmNodeIdT),
        ("nodeAddress", SaClmNodeAddressT),
        ("nodeName", SaNameT),
        ("executionEnvironment", SaNameT),
        ("member", SaBoolT),
        ("bootTimestamp", SaTimeT),
        ("initialViewNumber", SaUint64T),
    ]


class SaClmClusterNotificationT(Structure):
    """A node and what happened to it (B.01 to B.03)."""

    _fields_ = [("clusterNode", SaClmClusterNodeT), ("clusterChange", SaClmClusterChangesT)]


class SaClmClusterNotificationT_4(Structure):
    """A node and what happened to it (B.04)."""

    _fields_ = [("clusterNode", SaClmClusterNodeT_4), ("clusterChange", SaClmClusterChangesT)]


class SaClmClusterNotificationBufferT(Structure):
    """The nodes of a view (B.01 to B.03)."""

    _fields_ = [
        ("viewNumber", SaUint64T),
        ("numberOfItems", SaUint32T),
        ("notification", POINTER(SaClmClusterNotificationT)),
    ]


class SaClmClusterNotificationBufferT_4(Structure):
    """The nodes of a view (B.04)."""

    _fields_ = [
        ("viewNumber", SaUint64T),
        ("numberOfItems", SaUint32T),
        ("notification", POINTER(SaClmClusterNotificationT_4)),
    ]


SaClmClusterTrackCallbackT = CFUNCTYPE(None, POINTER(SaClmClusterNotificationBufferT), SaUint32T, SaAisErrorT)
SaClmClusterNodeGetCallbackT = CFUNCTYPE(None, SaInvocationT, POINTER(SaClmClusterNodeT), SaAisErrorT)
SaClmClusterTrackCallbackT_4 = CFUNCTYPE(
    None,
    POINTER(SaClmClusterNotificationBufferT_4),
    SaUint32T,
    SaInvocationT,
    POINTER(SaNameT),
    POINTER(SaNtfCorrelationIdsT),
    SaClmChangeStepT,
    SaTimeT,
    SaAisErrorT,
)
SaClmClusterNodeGetCallbackT_4 = CFUNCTYPE(None, SaInvocationT, POINTER(SaClmClusterNodeT_4), SaAisErrorT)


class SaClmCallbacksT(Structure):
    """The callbacks of a handle (B.01)."""

    _fields_ = [
        ("saClmClusterNodeGetCallback", SaClmClusterNodeGetCallbackT),
        ("saClmClusterTrackCallback", SaClmClusterTrackCallbackT),
    ]


class SaClmCallbacksT_4(Structure):
    """The callbacks of a handle (B.04)."""

    _fields_ = [
        ("saClmClusterNodeGetCallback", SaClmClusterNodeGetCallbackT_4),
        ("saClmClusterTrackCallback", SaClmClusterTrackCallbackT_4),
    ]


class _Callbacks:
    """What a handle calls, and in which of the two shapes."""

    def __init__(self, callbacks: Any, four: bool) -> None:
        self.callbacks = callbacks
        self.four = four


def _open(name: str, clmHandle: Any, clmCallbacks: Any, version: Any) -> int:
    if not clmHandle or not version:
        return Code.ERR_INVALID_PARAM
    args = {"version": _handles.read_version(version)}
    rc, out, handle = _handles.initialize(name, args, exclusive=False)
    if "version" in out:
        _handles.write_version(version, out["version"])
    if handle is not None:
        clmHandle[0] = handle.number
        callbacks = None
        if clmCallbacks:
            callbacks = type(clmCallbacks[0]).from_buffer_copy(clmCallbacks[0])
        handle.callbacks = _Callbacks(callbacks, name.endswith("_4"))
    return rc


@native(POINTER(SaClmHandleT), POINTER(SaClmCallbacksT), POINTER(SaVersionT))
def _initialize(clmHandle: Any, clmCallbacks: Any, version: Any) -> int:
    return _open("saClmInitialize", clmHandle, clmCallbacks, version)


def saClmInitialize(clmHandle: Any, clmCallbacks: Any, version: Any) -> int:
    """Open a handle (B.01); fills in `clmHandle` and `version`."""
    rc = _initialize(BYREF(clmHandle), BYREF(clmCallbacks), BYREF(version))
    if rc == Code.OK:
        _handles.handles[clmHandle.value].kept = clmCallbacks
    return rc


@native(POINTER(SaClmHandleT), POINTER(SaClmCallbacksT_4), POINTER(SaVersionT))
def _initialize_4(clmHandle: Any, clmCallbacks: Any, version: Any) -> int:
    return _open("saClmInitialize_4", clmHandle, clmCallbacks, version)


def saClmInitialize_4(clmHandle: Any, clmCallbacks: Any, version: Any) -> int:
    """Open a handle (B.04); fills in `clmHandle` and `version`."""
    rc = _initialize_4(BYREF(clmHandle), BYREF(clmCallbacks), BYREF(version))
    if rc == Code.OK:
        _handles.handles[clmHandle.value].kept = clmCallbacks
    return rc


def saClmInitialize_3(clmHandle: Any, clmCallbacks: Any, version: Any) -> int:
    """Not in OpenSAF's library: the real bindings have the name, and calling it raises the same."""
    raise AttributeError("undefined symbol: saClmInitialize_3")


@native(SaClmHandleT, POINTER(SaSelectionObjectT))
def _selection_object_get(clmHandle: int, selectionObject: Any) -> int:
    return _handles.selection_object(clmHandle, "saClmSelectionObjectGet", selectionObject)


def saClmSelectionObjectGet(clmHandle: Any, selectionObject: Any) -> int:
    """Fill in the descriptor that is readable while callbacks wait."""
    return _selection_object_get(clmHandle, BYREF(selectionObject))


@native(SaClmHandleT, SaDispatchFlagsT)
def saClmDispatch(clmHandle: int, dispatchFlags: int) -> int:
    """Run waiting callbacks in this thread."""
    return _handles.dispatch(clmHandle, "saClmDispatch", dispatchFlags, _run)


@native(SaClmHandleT)
def saClmFinalize(clmHandle: int) -> int:
    """Close a handle."""
    return _handles.finalize(clmHandle, "saClmFinalize")


def _fill_node(target: Any, member: list[Any]) -> None:
    node_id, name, address, boot_time, view = member[:5]
    target.nodeId = node_id
    target.nodeAddress = SaClmNodeAddressT(eSaClmNodeAddressFamilyT.SA_CLM_AF_INET, address)
    target.nodeName = SaNameT(name)
    target.member = 1
    target.bootTimestamp = boot_time
    target.initialViewNumber = view


def _make_notifications(item: Any, members: list[list[Any]]) -> Any:
    made = (item * len(members))()
    for target, member in zip(made, members):
        _fill_node(target.clusterNode, member)
        target.clusterChange = member[5]
    return made


def _run(handle: _handles.Handle, name: str, args: _handles.Out) -> Optional[int]:
    four = handle.callbacks.four
    function = getattr(handle.callbacks.callbacks, name, None)
    if not function:
        return None
    if name == "saClmClusterNodeGetCallback":
        node = SaClmClusterNodeT_4() if four else SaClmClusterNodeT()
        if "clusterNode" in args:
            _fill_node(node, args["clusterNode"])
        function(args["invocation"], pointer(node), args["error"])
        return None
    item = SaClmClusterNotificationT_4 if four else SaClmClusterNotificationT
    items = _make_notifications(item, args["notification"])
    buffer = SaClmClusterNotificationBufferT_4() if four else SaClmClusterNotificationBufferT()
    buffer.viewNumber = args["viewNumber"]
    buffer.numberOfItems = len(items)
    buffer.notification = items
    if four:
        members, step, error = args["numberOfMembers"], args["step"], args["error"]
        function(pointer(buffer), members, 0, None, None, step, 0, error)
    else:
        function(pointer(buffer), args["numberOfMembers"], args["error"])
    return None


def _track(name: str, item: Any, clmHandle: int, trackFlags: int, notificationBuffer: Any) -> int:
    room = None
    if notificationBuffer:
        room = notificationBuffer[0].numberOfItems if notificationBuffer[0].notification else 0
    rc, out = _handles.call(clmHandle, name, {"trackFlags": trackFlags, "numberOfItems": room})
    if rc == Code.ERR_NO_SPACE:
        notificationBuffer[0].numberOfItems = out["numberOfItems"]
    if rc == Code.OK and "notification" in out:
        made = _make_notifications(item, out["notification"])
        buffer = notificationBuffer[0]
        if buffer.notification:
            for index, entry in enumerate(made):
                buffer.notification[index] = entry
        else:
            buffer.notification = made
            _handles.handles[clmHandle].keep = made
        buffer.numberOfItems = len(made)
        buffer.viewNumber = out["viewNumber"]
    return rc


@native(SaClmHandleT, SaUint8T, POINTER(SaClmClusterNotificationBufferT))
def _cluster_track(clmHandle: int, trackFlags: int, notificationBuffer: Any) -> int:
    return _track("saClmClusterTrack", SaClmClusterNotificationT, clmHandle, trackFlags, notificationBuffer)


def saClmClusterTrack(clmHandle: Any, trackFlags: Any, notificationBuffer: Any) -> int:
    """Get the nodes now, in `notificationBuffer` or by callback, or be told of changes (B.01)."""
    return _cluster_track(clmHandle, trackFlags, BYREF(notificationBuffer))


@native(SaClmHandleT, SaUint8T, POINTER(SaClmClusterNotificationBufferT_4))
def _cluster_track_4(clmHandle: int, trackFlags: int, notificationBuffer: Any) -> int:
    return _track(
        "saClmClusterTrack_4", SaClmClusterNotificationT_4, clmHandle, trackFlags, notificationBuffer
    )


def saClmClusterTrack_4(clmHandle: Any, trackFlags: Any, notificationBuffer: Any) -> int:
    """Get the nodes now, in `notificationBuffer` or by callback, or be told of changes (B.04)."""
    return _cluster_track_4(clmHandle, trackFlags, BYREF(notificationBuffer))


@native(SaClmHandleT)
def saClmClusterTrackStop(clmHandle: int) -> int:
    """Be told of changes no more."""
    return _handles.call(clmHandle, "saClmClusterTrackStop", {})[0]


def _free(clmHandle: int) -> int:
    handle = _handles.handles.get(clmHandle)
    if handle is None:
        return Code.ERR_BAD_HANDLE
    handle.keep = None
    return Code.OK


@native(SaClmHandleT, POINTER(SaClmClusterNotificationT))
def saClmClusterNotificationFree(clmHandle: int, notification: Any) -> int:
    """Give back what saClmClusterTrack made."""
    return _free(clmHandle) if notification else Code.ERR_INVALID_PARAM


@native(SaClmHandleT, POINTER(SaClmClusterNotificationT_4))
def saClmClusterNotificationFree_4(clmHandle: int, notification: Any) -> int:
    """Give back what saClmClusterTrack_4 made."""
    return _free(clmHandle) if notification else Code.ERR_INVALID_PARAM


def _node_get(name: str, clmHandle: int, nodeId: int, timeout: int, clusterNode: Any) -> int:
    if not clusterNode:
        return Code.ERR_INVALID_PARAM
    rc, out = _handles.call(clmHandle, name, {"nodeId": nodeId, "timeout": timeout})
    if rc == Code.OK:
        _fill_node(clusterNode[0], out["clusterNode"])
    return rc


@native(SaClmHandleT, SaClmNodeIdT, SaTimeT, POINTER(SaClmClusterNodeT))
def _cluster_node_get(clmHandle: int, nodeId: int, timeout: int, clusterNode: Any) -> int:
    return _node_get("saClmClusterNodeGet", clmHandle, nodeId, timeout, clusterNode)


def saClmClusterNodeGet(clmHandle: Any, nodeId: Any, timeout: Any, clusterNode: Any) -> int:
    """Fill in a node (B.01)."""
    return _cluster_node_get(clmHandle, nodeId, timeout, BYREF(clusterNode))


@native(SaClmHandleT, SaClmNodeIdT, SaTimeT, POINTER(SaClmClusterNodeT_4))
def _cluster_node_get_4(clmHandle: int, nodeId: int, timeout: int, clusterNode: Any) -> int:
    return _node_get("saClmClusterNodeGet_4", clmHandle, nodeId, timeout, clusterNode)


def saClmClusterNodeGet_4(clmHandle: Any, nodeId: Any, timeout: Any, clusterNode: Any) -> int:
    """Fill in a node (B.04)."""
    return _cluster_node_get_4(clmHandle, nodeId, timeout, BYREF(clusterNode))


@native(SaClmHandleT, SaInvocationT, SaClmNodeIdT)
def saClmClusterNodeGetAsync(clmHandle: int, invocation: int, nodeId: int) -> int:
    """Get a node by callback."""
    args = {"invocation": invocation, "nodeId": nodeId}
    return _handles.call(clmHandle, "saClmClusterNodeGetAsync", args)[0]


@native(SaClmHandleT, SaInvocationT, SaClmResponseT)
def saClmResponse_4(clmHandle: int, invocation: int, response: int) -> int:
    """Answer a callback that asks for it; none of the simulator's does."""
    args = {"invocation": invocation, "response": response}
    return _handles.call(clmHandle, "saClmResponse_4", args)[0]
