# SPDX-License-Identifier: Apache-2.0
"""Cluster membership (saClm.h, B.01.01 and B.04.01): the nodes of the cluster, and changes of membership."""

from __future__ import annotations

from ctypes import POINTER, pointer
from typing import Any, Optional

from saf_shim.codes import Code

from ._library import handles
from ._library.native import by_reference, native
from ._library.refusal import miss_symbol
from ._types.ais import *  # noqa: F403 - as the real module hands on
from ._types.ais import PY3 as PY3  # noqa: PLC0414 - programs take it from here
from ._types.ais import (
    SaDispatchFlagsT,
    SaInvocationT,
    SaNameT,
    SaSelectionObjectT,
    SaTimeT,
    SaUint8T,
    SaVersionT,
)
from ._types.clm import *  # noqa: F403 - what programs find in this module
from ._types.clm import (
    SaClmCallbacksT,
    SaClmCallbacksT_4,
    SaClmClusterNodeT,
    SaClmClusterNodeT_4,
    SaClmClusterNotificationBufferT,
    SaClmClusterNotificationBufferT_4,
    SaClmClusterNotificationT,
    SaClmClusterNotificationT_4,
    SaClmHandleT,
    SaClmNodeAddressT,
    SaClmNodeIdT,
    SaClmResponseT,
    eSaClmNodeAddressFamilyT,
)


class _Callbacks:
    """The functions that a handle calls, and the version of the structures that they take."""

    def __init__(self, callbacks: Any, four: bool) -> None:
        self.callbacks = callbacks
        self.four = four


def _open(name: str, clmHandle: Any, clmCallbacks: Any, version: Any) -> int:
    if not clmHandle or not version:
        return Code.ERR_INVALID_PARAM
    args = {"version": handles.read_version(version)}
    rc, out, handle = handles.initialize(name, args, exclusive=False)
    if "version" in out:
        handles.write_version(version, out["version"])
    if handle is not None:
        clmHandle[0] = handle.number
        callbacks = None
        if clmCallbacks:
            callbacks = type(clmCallbacks[0]).from_buffer_copy(clmCallbacks[0])
        handle.callbacks = _Callbacks(callbacks, name.endswith("_4"))
    return rc


@native(
    by_reference(SaClmHandleT),
    by_reference(SaClmCallbacksT),
    by_reference(SaVersionT),
    on_ok=handles.keep_callbacks,
)
def saClmInitialize(clmHandle: Any, clmCallbacks: Any, version: Any) -> int:
    """Open a handle (B.01). Fills in `clmHandle` and `version`."""
    return _open("saClmInitialize", clmHandle, clmCallbacks, version)


@native(
    by_reference(SaClmHandleT),
    by_reference(SaClmCallbacksT_4),
    by_reference(SaVersionT),
    on_ok=handles.keep_callbacks,
)
def saClmInitialize_4(clmHandle: Any, clmCallbacks: Any, version: Any) -> int:
    """Open a handle (B.04). Fills in `clmHandle` and `version`."""
    return _open("saClmInitialize_4", clmHandle, clmCallbacks, version)


# The real bindings have this name, and calling it raises the same exception.
saClmInitialize_3 = miss_symbol("saClmInitialize_3")


@native(SaClmHandleT, by_reference(SaSelectionObjectT))
def saClmSelectionObjectGet(clmHandle: int, selectionObject: Any) -> int:
    """Fill in the descriptor that is readable while callbacks wait."""
    return handles.selection_object(clmHandle, "saClmSelectionObjectGet", selectionObject)


@native(SaClmHandleT, SaDispatchFlagsT)
def saClmDispatch(clmHandle: int, dispatchFlags: int) -> int:
    """Run waiting callbacks in this thread."""
    return handles.dispatch(clmHandle, "saClmDispatch", dispatchFlags, _run)


@native(SaClmHandleT)
def saClmFinalize(clmHandle: int) -> int:
    """Close a handle."""
    return handles.finalize(clmHandle, "saClmFinalize")


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


def _run(handle: handles.Handle, name: str, args: handles.Out) -> Optional[int]:
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
    rc, out = handles.call(clmHandle, name, {"trackFlags": trackFlags, "numberOfItems": room})
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
            handles.handles[clmHandle].keep = made
        buffer.numberOfItems = len(made)
        buffer.viewNumber = out["viewNumber"]
    return rc


@native(SaClmHandleT, SaUint8T, by_reference(SaClmClusterNotificationBufferT))
def saClmClusterTrack(clmHandle: int, trackFlags: int, notificationBuffer: Any) -> int:
    """Get the present nodes, in `notificationBuffer` or by callback, or track changes (B.01)."""
    return _track("saClmClusterTrack", SaClmClusterNotificationT, clmHandle, trackFlags, notificationBuffer)


@native(SaClmHandleT, SaUint8T, by_reference(SaClmClusterNotificationBufferT_4))
def saClmClusterTrack_4(clmHandle: int, trackFlags: int, notificationBuffer: Any) -> int:
    """Get the present nodes, in `notificationBuffer` or by callback, or track changes (B.04)."""
    return _track(
        "saClmClusterTrack_4", SaClmClusterNotificationT_4, clmHandle, trackFlags, notificationBuffer
    )


@native(SaClmHandleT)
def saClmClusterTrackStop(clmHandle: int) -> int:
    """Stop tracking changes."""
    return handles.call(clmHandle, "saClmClusterTrackStop", {})[0]


def _free(clmHandle: int) -> int:
    handle = handles.handles.get(clmHandle)
    if handle is None:
        return Code.ERR_BAD_HANDLE
    handle.keep = None
    return Code.OK


@native(SaClmHandleT, POINTER(SaClmClusterNotificationT))
def saClmClusterNotificationFree(clmHandle: int, notification: Any) -> int:
    """Free what saClmClusterTrack has allocated."""
    return _free(clmHandle) if notification else Code.ERR_INVALID_PARAM


@native(SaClmHandleT, POINTER(SaClmClusterNotificationT_4))
def saClmClusterNotificationFree_4(clmHandle: int, notification: Any) -> int:
    """Free what saClmClusterTrack_4 has allocated."""
    return _free(clmHandle) if notification else Code.ERR_INVALID_PARAM


def _node_get(name: str, clmHandle: int, nodeId: int, timeout: int, clusterNode: Any) -> int:
    if not clusterNode:
        return Code.ERR_INVALID_PARAM
    rc, out = handles.call(clmHandle, name, {"nodeId": nodeId, "timeout": timeout})
    if rc == Code.OK:
        _fill_node(clusterNode[0], out["clusterNode"])
    return rc


@native(SaClmHandleT, SaClmNodeIdT, SaTimeT, by_reference(SaClmClusterNodeT))
def saClmClusterNodeGet(clmHandle: int, nodeId: int, timeout: int, clusterNode: Any) -> int:
    """Fill in a node (B.01)."""
    return _node_get("saClmClusterNodeGet", clmHandle, nodeId, timeout, clusterNode)


@native(SaClmHandleT, SaClmNodeIdT, SaTimeT, by_reference(SaClmClusterNodeT_4))
def saClmClusterNodeGet_4(clmHandle: int, nodeId: int, timeout: int, clusterNode: Any) -> int:
    """Fill in a node (B.04)."""
    return _node_get("saClmClusterNodeGet_4", clmHandle, nodeId, timeout, clusterNode)


@native(SaClmHandleT, SaInvocationT, SaClmNodeIdT)
def saClmClusterNodeGetAsync(clmHandle: int, invocation: int, nodeId: int) -> int:
    """Get a node by callback."""
    args = {"invocation": invocation, "nodeId": nodeId}
    return handles.call(clmHandle, "saClmClusterNodeGetAsync", args)[0]


@native(SaClmHandleT, SaInvocationT, SaClmResponseT)
def saClmResponse_4(clmHandle: int, invocation: int, response: int) -> int:
    """Answer a callback that needs an answer. None of the simulator's callbacks needs one."""
    args = {"invocation": invocation, "response": response}
    return handles.call(clmHandle, "saClmResponse_4", args)[0]
