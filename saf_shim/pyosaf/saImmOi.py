# SPDX-License-Identifier: Apache-2.0
"""The object implementer side of IMM (saImmOi.h, OpenSAF's A.2.11 to A.2.18): owning objects, answering for
them."""

from __future__ import annotations

import os
from collections.abc import Callable
from ctypes import CFUNCTYPE, POINTER, Structure, pointer
from typing import Any, Optional

from saf_shim.codes import Code
from saf_shim.patience import call_timeout

from . import _handles
from ._native import native
from .saAis import (
    BYREF,
    SaAisErrorT,
    SaDispatchFlagsT,
    SaInvocationT,
    SaNameT,
    SaSelectionObjectT,
    SaStringT,
    SaUint64T,
    SaVersionT,
    marshalNullArray,
)
from .saImm import (
    Memory,
    SaImmAdminOperationIdT,
    SaImmAdminOperationParamsT_2,
    SaImmAttrModificationT_2,
    SaImmAttrNameT,
    SaImmAttrValuesT_2,
    SaImmClassNameT,
    SaImmScopeT,
    read_array,
    read_modification,
    read_parameter,
    read_values,
)
from .saImmOm import SaImmAdminOwnerHandleT, SaImmCcbHandleT

SaImmOiHandleT = SaUint64T
SaImmOiImplementerNameT = SaStringT
SaImmOiCcbIdT = SaUint64T

_NameP = POINTER(SaNameT)
_AttributesPP = POINTER(POINTER(SaImmAttrValuesT_2))
_ModificationsPP = POINTER(POINTER(SaImmAttrModificationT_2))
_ParametersPP = POINTER(POINTER(SaImmAdminOperationParamsT_2))

SaImmOiRtAttrUpdateCallbackT = CFUNCTYPE(SaAisErrorT, SaImmOiHandleT, _NameP, POINTER(SaImmAttrNameT))
SaImmOiCcbObjectCreateCallbackT_2 = CFUNCTYPE(
    SaAisErrorT, SaImmOiHandleT, SaImmOiCcbIdT, SaImmClassNameT, _NameP, _AttributesPP
)
SaImmOiCcbObjectDeleteCallbackT = CFUNCTYPE(SaAisErrorT, SaImmOiHandleT, SaImmOiCcbIdT, _NameP)
SaImmOiCcbObjectModifyCallbackT_2 = CFUNCTYPE(
    SaAisErrorT, SaImmOiHandleT, SaImmOiCcbIdT, _NameP, _ModificationsPP
)
SaImmOiCcbCompletedCallbackT = CFUNCTYPE(SaAisErrorT, SaImmOiHandleT, SaImmOiCcbIdT)
SaImmOiCcbApplyCallbackT = CFUNCTYPE(None, SaImmOiHandleT, SaImmOiCcbIdT)
SaImmOiCcbAbortCallbackT = CFUNCTYPE(None, SaImmOiHandleT, SaImmOiCcbIdT)
SaImmOiAdminOperationCallbackT_2 = CFUNCTYPE(
    None, SaImmOiHandleT, SaInvocationT, _NameP, SaImmAdminOperationIdT, _ParametersPP
)


class SaImmOiCallbacksT_2(Structure):
    """The callbacks of an OI handle; any may be NULL."""

    _fields_ = [
        ("saImmOiAdminOperationCallback", SaImmOiAdminOperationCallbackT_2),
        ("saImmOiCcbAbortCallback", SaImmOiCcbAbortCallbackT),
        ("saImmOiCcbApplyCallback", SaImmOiCcbApplyCallbackT),
        ("saImmOiCcbCompletedCallback", SaImmOiCcbCompletedCallbackT),
        ("saImmOiCcbObjectCreateCallback", SaImmOiCcbObjectCreateCallbackT_2),
        ("saImmOiCcbObjectDeleteCallback", SaImmOiCcbObjectDeleteCallbackT),
        ("saImmOiCcbObjectModifyCallback", SaImmOiCcbObjectModifyCallbackT_2),
        ("saImmOiRtAttrUpdateCallback", SaImmOiRtAttrUpdateCallbackT),
    ]


# Handles


@native(POINTER(SaImmOiHandleT), POINTER(SaImmOiCallbacksT_2), POINTER(SaVersionT))
def _initialize(immOiHandle: Any, immOiCallbacks: Any, version: Any) -> int:
    if not immOiHandle or not version:
        return Code.ERR_INVALID_PARAM
    given = {}
    if immOiCallbacks:
        # The library copies the pointers: changing the structure later has no effect.
        for field in SaImmOiCallbacksT_2._fields_:
            function: Any = getattr(immOiCallbacks[0], field[0])
            if function:
                given[field[0]] = type(function).from_buffer_copy(bytes(function))
    args = {"version": _handles.read_version(version), "callbacks": len(given)}
    rc, out, handle = _handles.initialize("saImmOiInitialize_2", args, timeout=call_timeout(os.environ))
    if "version" in out:
        _handles.write_version(version, out["version"])
    if handle is not None:
        immOiHandle[0] = handle.number
        handle.callbacks = given
    return rc


def saImmOiInitialize_2(immOiHandle: Any, immOiCallbacks: Any, version: Any) -> int:
    """Open an OI handle; fills in `immOiHandle` and `version`."""
    rc = _initialize(BYREF(immOiHandle), BYREF(immOiCallbacks), BYREF(version))
    if rc == Code.OK:
        _handles.handles[immOiHandle.value].kept = immOiCallbacks
    return rc


@native(SaImmOiHandleT, POINTER(SaSelectionObjectT))
def _selection_object_get(immOiHandle: int, selectionObject: Any) -> int:
    return _handles.selection_object(immOiHandle, "saImmOiSelectionObjectGet", selectionObject)


def saImmOiSelectionObjectGet(immOiHandle: Any, selectionObject: Any) -> int:
    """Fill in the descriptor that is readable while callbacks wait."""
    return _selection_object_get(immOiHandle, BYREF(selectionObject))


@native(SaImmOiHandleT, SaDispatchFlagsT)
def saImmOiDispatch(immOiHandle: int, dispatchFlags: int) -> int:
    """Run waiting callbacks in this thread."""
    return _handles.dispatch(immOiHandle, "saImmOiDispatch", dispatchFlags, _run)


@native(SaImmOiHandleT)
def saImmOiFinalize(immOiHandle: int) -> int:
    """Close an OI handle; its implementer name is free, its runtime objects stay."""
    return _handles.finalize(immOiHandle, "saImmOiFinalize")


def _name(text: str) -> Any:
    return pointer(SaNameT(text))


def _run_admin_operation(function: Any, number: int, args: _handles.Out, memory: Memory) -> int:
    function(
        number,
        args["invocation"],
        _name(args["objectName"]),
        args["operationId"],
        memory.parameters(args["params"]),
    )
    return Code.OK


def _run_create(function: Any, number: int, args: _handles.Out, memory: Memory) -> int:
    parent, attributes = _name(args["parentName"]), memory.attributes(args["attr"])
    code: int = function(number, args["ccbId"], memory.string(args["className"]), parent, attributes)
    return code


def _run_delete(function: Any, number: int, args: _handles.Out, _memory: Memory) -> int:
    code: int = function(number, args["ccbId"], _name(args["objectName"]))
    return code


def _run_modify(function: Any, number: int, args: _handles.Out, memory: Memory) -> int:
    changes = memory.modifications(args["attrMods"])
    code: int = function(number, args["ccbId"], _name(args["objectName"]), changes)
    return code


def _run_completed(function: Any, number: int, args: _handles.Out, _memory: Memory) -> int:
    code: int = function(number, args["ccbId"])
    return code


def _run_note(function: Any, number: int, args: _handles.Out, _memory: Memory) -> int:
    function(number, args["ccbId"])
    return Code.OK


def _run_pure(function: Any, number: int, args: _handles.Out, memory: Memory) -> int:
    names = memory.strings(args["attributeNames"])
    code: int = function(number, _name(args["objectName"]), names)
    return code


_RUNNERS: dict[str, Callable[[Any, int, _handles.Out, Memory], int]] = {
    "saImmOiAdminOperationCallback": _run_admin_operation,
    "saImmOiCcbAbortCallback": _run_note,
    "saImmOiCcbApplyCallback": _run_note,
    "saImmOiCcbCompletedCallback": _run_completed,
    "saImmOiCcbObjectCreateCallback": _run_create,
    "saImmOiCcbObjectDeleteCallback": _run_delete,
    "saImmOiCcbObjectModifyCallback": _run_modify,
    "saImmOiRtAttrUpdateCallback": _run_pure,
}


def _run(handle: _handles.Handle, name: str, args: _handles.Out) -> Optional[int]:
    function = handle.callbacks.get(name)
    if function is None:
        return None  # the session answers for us: FAILED_OPERATION
    return _RUNNERS[name](function, handle.number, args, Memory())


# Implementer names and bindings

# The callbacks that an applier must have, and what the applier of a class must have besides.
_APPLIER_NEEDS = {f"saImmOiCcb{what}Callback" for what in ("Apply", "Abort", "ObjectModify", "ObjectDelete")}
_CREATE = "saImmOiCcbObjectCreateCallback"


@native(SaImmOiHandleT, SaImmOiImplementerNameT)
def saImmOiImplementerSet(immOiHandle: int, implementerName: Any) -> int:
    """Take an implementer name."""
    name = _handles.read_string(implementerName)
    handle = _handles.handles.get(immOiHandle)
    lacking = () if handle is None or handle.implementer else _APPLIER_NEEDS.difference(handle.callbacks)
    if lacking and name is not None and name.startswith("@"):
        return Code.ERR_INIT
    rc, _ = _handles.call(immOiHandle, "saImmOiImplementerSet", {"implementerName": name})
    if rc == Code.OK and handle is not None:
        handle.implementer = name or ""
    return rc


@native(SaImmOiHandleT)
def saImmOiImplementerClear(immOiHandle: int) -> int:
    """Give up the implementer name."""
    rc, _ = _handles.call(immOiHandle, "saImmOiImplementerClear", {})
    handle = _handles.handles.get(immOiHandle)
    if rc == Code.OK and handle is not None:
        handle.implementer = ""
    return rc


@native(SaImmOiHandleT, SaImmClassNameT)
def saImmOiClassImplementerSet(immOiHandle: int, className: Any) -> int:
    """Implement a configuration class."""
    handle = _handles.handles.get(immOiHandle)
    if handle is not None and handle.implementer.startswith("@") and _CREATE not in handle.callbacks:
        return Code.ERR_INIT
    args = {"className": _handles.read_string(className)}
    return _handles.call(immOiHandle, "saImmOiClassImplementerSet", args)[0]


@native(SaImmOiHandleT, SaImmClassNameT)
def saImmOiClassImplementerRelease(immOiHandle: int, className: Any) -> int:
    """Implement a configuration class no more."""
    args = {"className": _handles.read_string(className)}
    return _handles.call(immOiHandle, "saImmOiClassImplementerRelease", args)[0]


@native(SaImmOiHandleT, _NameP, SaImmScopeT)
def _object_implementer_set(immOiHandle: int, objectName: Any, scope: int) -> int:
    args = {"objectName": _handles.read_name(objectName), "scope": scope}
    return _handles.call(immOiHandle, "saImmOiObjectImplementerSet", args)[0]


def saImmOiObjectImplementerSet(immOiHandle: Any, objectName: Any, scope: Any) -> int:
    """Implement configuration objects."""
    return _object_implementer_set(immOiHandle, BYREF(objectName), scope)


@native(SaImmOiHandleT, _NameP, SaImmScopeT)
def _object_implementer_release(immOiHandle: int, objectName: Any, scope: int) -> int:
    args = {"objectName": _handles.read_name(objectName), "scope": scope}
    return _handles.call(immOiHandle, "saImmOiObjectImplementerRelease", args)[0]


def saImmOiObjectImplementerRelease(immOiHandle: Any, objectName: Any, scope: Any) -> int:
    """Implement configuration objects no more."""
    return _object_implementer_release(immOiHandle, BYREF(objectName), scope)


# Runtime objects


@native(SaImmOiHandleT, SaImmClassNameT, _NameP, _AttributesPP)
def _object_create(immOiHandle: int, className: Any, parentName: Any, attrValues: Any) -> int:
    args = {
        "className": _handles.read_string(className),
        "parentName": _handles.read_name(parentName),
        "attrValues": read_array(attrValues, read_values),
    }
    return _handles.call(immOiHandle, "saImmOiRtObjectCreate_2", args)[0]


def saImmOiRtObjectCreate_2(immOiHandle: Any, className: Any, parentName: Any, attrValues: Any) -> int:
    """Create a runtime object from a list of SaImmAttrValuesT_2."""
    return _object_create(immOiHandle, className, BYREF(parentName), marshalNullArray(attrValues))


@native(SaImmOiHandleT, _NameP)
def _object_delete(immOiHandle: int, objectName: Any) -> int:
    args = {"objectName": _handles.read_name(objectName)}
    return _handles.call(immOiHandle, "saImmOiRtObjectDelete", args)[0]


def saImmOiRtObjectDelete(immOiHandle: Any, objectName: Any) -> int:
    """Delete a runtime object and all below it."""
    return _object_delete(immOiHandle, BYREF(objectName))


@native(SaImmOiHandleT, _NameP, _ModificationsPP)
def _object_update(immOiHandle: int, objectName: Any, attrMods: Any) -> int:
    args = {
        "objectName": _handles.read_name(objectName),
        "attrMods": read_array(attrMods, read_modification),
    }
    return _handles.call(immOiHandle, "saImmOiRtObjectUpdate_2", args)[0]


def saImmOiRtObjectUpdate_2(immOiHandle: Any, objectName: Any, attrMods: Any) -> int:
    """Change runtime attributes by a list of SaImmAttrModificationT_2."""
    return _object_update(immOiHandle, BYREF(objectName), marshalNullArray(attrMods))


# Answers


@native(SaImmOiHandleT, SaInvocationT, SaAisErrorT)
def saImmOiAdminOperationResult(immOiHandle: int, invocation: int, result: int) -> int:
    """Answer an administrative operation, in its callback or later."""
    args = {"invocation": invocation, "result": result}
    return _handles.call(immOiHandle, "saImmOiAdminOperationResult", args, answering=True)[0]


@native(SaImmOiHandleT, SaInvocationT, SaAisErrorT, _ParametersPP)
def _admin_operation_result_o2(immOiHandle: int, invocation: int, result: int, returnParams: Any) -> int:
    args = {
        "invocation": invocation,
        "result": result,
        "returnParams": read_array(returnParams, read_parameter),
    }
    return _handles.call(immOiHandle, "saImmOiAdminOperationResult_o2", args, answering=True)[0]


def saImmOiAdminOperationResult_o2(immOiHandle: Any, invocation: Any, result: Any, returnParams: Any) -> int:
    """Answer with parameters: `returnParams` is the first pointer of an array that ends with NULL, or None.

    As with the real bindings a list is refused here (TypeError)."""
    return _admin_operation_result_o2(immOiHandle, invocation, result, BYREF(returnParams))


@native(SaImmOiHandleT, SaImmOiCcbIdT, SaStringT)
def saImmOiCcbSetErrorString(immOiHandle: int, ccbId: int, errorString: Any) -> int:
    """Tell the administrator why; in a callback of that CCB only."""
    args = {"ccbId": ccbId, "errorString": _handles.read_string(errorString)}
    return _handles.call(immOiHandle, "saImmOiCcbSetErrorString", args, answering=True)[0]


@native(SaImmOiHandleT, SaImmOiCcbIdT, POINTER(SaImmCcbHandleT), POINTER(SaImmAdminOwnerHandleT))
def _augment_ccb_initialize(immOiHandle: int, ccbId: int, ccbHandle: Any, ownerHandle: Any) -> int:
    if not ccbHandle or not ownerHandle:
        return Code.ERR_INVALID_PARAM
    rc, out = _handles.call(immOiHandle, "saImmOiAugmentCcbInitialize", {"ccbId": ccbId})
    if rc == Code.OK:
        parent = _handles.handles[immOiHandle]
        for target, number in ((ownerHandle, out["ownerHandle"]), (ccbHandle, out["ccbHandle"])):
            made = _handles.Handle(number, parent.session, parent)
            made.timeout = parent.timeout
            _handles.handles[number] = made
            parent.below.add(number)
            target[0] = number
    return rc


def saImmOiAugmentCcbInitialize(immOiHandle: Any, ccbId64: Any, ccbHandle: Any, ownerHandle: Any) -> int:
    """Add to the CCB of a callback: fills in handles that are good until the callback returns."""
    return _augment_ccb_initialize(immOiHandle, ccbId64, BYREF(ccbHandle), BYREF(ownerHandle))
