# SPDX-License-Identifier: Apache-2.0
"""AMF's callbacks: they make C structures from the simulator's messages and call the program's
functions."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import POINTER, cast, create_string_buffer, pointer
from typing import Any, Optional

from .._types.ais import SaNameT, SaUint8T
from .._types.amf import (
    SaAmfCSIAttributeT,
    SaAmfCSIDescriptorT,
    SaAmfHealthcheckKeyT,
    SaAmfProtectionGroupNotificationBufferT,
    SaAmfProtectionGroupNotificationBufferT_4,
    SaAmfProtectionGroupNotificationT,
    SaAmfProtectionGroupNotificationT_4,
    SaAmfProtectionGroupTrackCallbackT_4,
    eSaAmfHAReadinessStateT,
)
from .handles import Handle, Out

running: list[int] = []  # invocations whose callbacks have not returned yet, in all threads


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


def _run_healthcheck(function: Any, args: Out, keep: list[Any]) -> None:
    key = SaAmfHealthcheckKeyT(args["healthcheckKey"])
    function(args["invocation"], pointer(SaNameT(args["compName"])), pointer(key))


def _run_terminate(function: Any, args: Out, keep: list[Any]) -> None:
    function(args["invocation"], pointer(SaNameT(args["compName"])))


def _run_csi_set(function: Any, args: Out, keep: list[Any]) -> None:
    descriptor = _descriptor(args["csiDescriptor"], keep)
    function(args["invocation"], pointer(SaNameT(args["compName"])), args["haState"], descriptor)


def _run_csi_remove(function: Any, args: Out, keep: list[Any]) -> None:
    names = pointer(SaNameT(args["compName"])), pointer(SaNameT(args["csiName"]))
    function(args["invocation"], *names, args["csiFlags"])


def make_notifications(item: Any, members: list[dict[str, Any]], spare: int = 0) -> Any:
    """Return an array of notifications (of the structure `item`), with room for `spare` more."""
    made = (item * (len(members) + spare))()
    for target, member in zip(made, members):
        target.member.compName = SaNameT(member["compName"])
        target.member.haState = member["haState"]
        target.member.rank = member["rank"]
        if item is SaAmfProtectionGroupNotificationT_4:
            target.member.haReadinessState = eSaAmfHAReadinessStateT.SA_AMF_HARS_READY_FOR_ASSIGNMENT
        target.change = member["change"]
    return made


def _run_track(function: Any, args: Out, keep: list[Any]) -> None:
    four = isinstance(function, SaAmfProtectionGroupTrackCallbackT_4)
    item = SaAmfProtectionGroupNotificationT_4 if four else SaAmfProtectionGroupNotificationT
    buffer = (
        SaAmfProtectionGroupNotificationBufferT_4() if four else SaAmfProtectionGroupNotificationBufferT()
    )
    members = args["members"]
    buffer.numberOfItems = len(members)
    if members:
        buffer.notification = make_notifications(item, members)
    function(pointer(SaNameT(args["csiName"])), pointer(buffer), args["numberOfMembers"], args["error"])


_RUNNERS: dict[str, Callable[[Any, Out, list[Any]], None]] = {
    "saAmfHealthcheckCallback": _run_healthcheck,
    "saAmfComponentTerminateCallback": _run_terminate,
    "saAmfCSISetCallback": _run_csi_set,
    "saAmfCSIRemoveCallback": _run_csi_remove,
    "saAmfProtectionGroupTrackCallback": _run_track,
}


def run(handle: Handle, name: str, args: Out) -> Optional[int]:
    """Run a callback of a handle in this thread. Return None, because AMF's callbacks return nothing."""
    function = handle.callbacks.get(name)
    if function is None:
        return None
    invocation = args.get("invocation")
    if invocation is not None:
        running.append(invocation)
    try:
        _RUNNERS[name](function, args, [])
    finally:
        if invocation is not None:
            running.remove(invocation)
    return None
