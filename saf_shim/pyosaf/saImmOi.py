# SPDX-License-Identifier: Apache-2.0
"""The object implementer side of IMM (saImmOi.h, OpenSAF's A.2.11 to A.2.18): to own objects and to answer
for them."""

from __future__ import annotations

import os
from collections.abc import Callable
from ctypes import CFUNCTYPE, POINTER, Structure, pointer
from typing import Any, Optional

from saf_shim.codes import Code
from saf_shim.patience import FINALIZE_TIME, INITIALIZE_TIME, call_timeout

from ._library import handles
from ._library.imm_values import (
    Memory,
    read_array,
    read_modification,
    read_parameter,
    read_values,
)
from ._library.native import array_of, by_reference, native
from ._types.ais import *  # noqa: F403 - as the real module hands on
from ._types.ais import (
    SaAisErrorT,
    SaDispatchFlagsT,
    SaInvocationT,
    SaNameT,
    SaSelectionObjectT,
    SaStringT,
    SaUint64T,
    SaVersionT,
)
from ._types.imm import *  # noqa: F403
from ._types.imm import (
    SaImmAdminOperationIdT,
    SaImmAdminOperationParamsT_2,
    SaImmAttrModificationT_2,
    SaImmAttrNameT,
    SaImmAttrValuesT_2,
    SaImmClassNameT,
    SaImmScopeT,
)
from .saImmOm import SaImmAdminOwnerHandleT, SaImmCcbHandleT

SaImmOiHandleT = SaUint64T
SaImmOiImplementerNameT = SaStringT
SaImmOiCcbIdT = SaUint64T

_NameP = POINTER(SaNameT)
_AttributesP = POINTER(SaImmAttrValuesT_2)
_AttributesPP = POINTER(_AttributesP)
_ModificationsP = POINTER(SaImmAttrModificationT_2)
_ModificationsPP = POINTER(_ModificationsP)
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
    """The callbacks of an OI handle. Any of them may be NULL."""

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


@native(
    by_reference(SaImmOiHandleT),
    by_reference(SaImmOiCallbacksT_2),
    by_reference(SaVersionT),
    on_ok=handles.keep_callbacks,
)
def saImmOiInitialize_2(immOiHandle: Any, immOiCallbacks: Any, version: Any) -> int:
    """Open an OI handle. Fills in `immOiHandle` and `version`."""
    if not immOiHandle or not version:
        return Code.ERR_INVALID_PARAM
    given = {}
    if immOiCallbacks:
        # The library copies the pointers: changing the structure later has no effect.
        for field in SaImmOiCallbacksT_2._fields_:
            function: Any = getattr(immOiCallbacks[0], field[0])
            if function:
                given[field[0]] = type(function).from_buffer_copy(bytes(function))
    args = {"version": handles.read_version(version), "callbacks": len(given)}
    rc, out, handle = handles.initialize("saImmOiInitialize_2", args, timeout=INITIALIZE_TIME)
    if "version" in out:
        handles.write_version(version, out["version"])
    if handle is not None:
        immOiHandle[0] = handle.number
        handle.timeout = call_timeout(os.environ)
        handle.callbacks = given
    return rc


@native(SaImmOiHandleT, by_reference(SaSelectionObjectT))
def saImmOiSelectionObjectGet(immOiHandle: int, selectionObject: Any) -> int:
    """Fill in the descriptor that is readable while callbacks wait."""
    return handles.selection_object(immOiHandle, "saImmOiSelectionObjectGet", selectionObject)


@native(SaImmOiHandleT, SaDispatchFlagsT)
def saImmOiDispatch(immOiHandle: int, dispatchFlags: int) -> int:
    """Run waiting callbacks in this thread."""
    return handles.dispatch(immOiHandle, "saImmOiDispatch", dispatchFlags, _run)


@native(SaImmOiHandleT)
def saImmOiFinalize(immOiHandle: int) -> int:
    """Close an OI handle. Its implementer name becomes free, and its runtime objects stay."""
    return handles.finalize(immOiHandle, "saImmOiFinalize", FINALIZE_TIME)


def _name(text: str) -> Any:
    return pointer(SaNameT(text))


def _run_admin_operation(function: Any, number: int, args: handles.Out, memory: Memory) -> int:
    function(
        number,
        args["invocation"],
        _name(args["objectName"]),
        args["operationId"],
        memory.parameters(args["params"]),
    )
    return Code.OK


def _run_create(function: Any, number: int, args: handles.Out, memory: Memory) -> int:
    parent, attributes = _name(args["parentName"]), memory.attributes(args["attr"])
    code: int = function(number, args["ccbId"], memory.string(args["className"]), parent, attributes)
    return code


def _run_delete(function: Any, number: int, args: handles.Out, _memory: Memory) -> int:
    code: int = function(number, args["ccbId"], _name(args["objectName"]))
    return code


def _run_modify(function: Any, number: int, args: handles.Out, memory: Memory) -> int:
    changes = memory.modifications(args["attrMods"])
    code: int = function(number, args["ccbId"], _name(args["objectName"]), changes)
    return code


def _run_completed(function: Any, number: int, args: handles.Out, _memory: Memory) -> int:
    code: int = function(number, args["ccbId"])
    return code


def _run_note(function: Any, number: int, args: handles.Out, _memory: Memory) -> int:
    function(number, args["ccbId"])
    return Code.OK


def _run_pure(function: Any, number: int, args: handles.Out, memory: Memory) -> int:
    names = memory.strings(args["attributeNames"])
    code: int = function(number, _name(args["objectName"]), names)
    return code


_RUNNERS: dict[str, Callable[[Any, int, handles.Out, Memory], int]] = {
    "saImmOiAdminOperationCallback": _run_admin_operation,
    "saImmOiCcbAbortCallback": _run_note,
    "saImmOiCcbApplyCallback": _run_note,
    "saImmOiCcbCompletedCallback": _run_completed,
    "saImmOiCcbObjectCreateCallback": _run_create,
    "saImmOiCcbObjectDeleteCallback": _run_delete,
    "saImmOiCcbObjectModifyCallback": _run_modify,
    "saImmOiRtAttrUpdateCallback": _run_pure,
}


def _run(handle: handles.Handle, name: str, args: handles.Out) -> Optional[int]:
    function = handle.callbacks.get(name)
    if function is None:
        return None  # the session then answers FAILED_OPERATION
    return _RUNNERS[name](function, handle.number, args, Memory())


# Implementer names and bindings

# The callbacks that every applier must have. The applier of a class needs more.
_APPLIER_NEEDS = {f"saImmOiCcb{what}Callback" for what in ("Apply", "Abort", "ObjectModify", "ObjectDelete")}
_CREATE = "saImmOiCcbObjectCreateCallback"


@native(SaImmOiHandleT, SaImmOiImplementerNameT)
def saImmOiImplementerSet(immOiHandle: int, implementerName: Any) -> int:
    """Take an implementer name."""
    name = handles.read_string(implementerName)
    handle = handles.handles.get(immOiHandle)
    lacking = () if handle is None or handle.implementer else _APPLIER_NEEDS.difference(handle.callbacks)
    if lacking and name is not None and name.startswith("@"):
        return Code.ERR_INIT
    rc, _ = handles.call(immOiHandle, "saImmOiImplementerSet", {"implementerName": name})
    if rc == Code.OK and handle is not None:
        handle.implementer = name or ""
    return rc


@native(SaImmOiHandleT)
def saImmOiImplementerClear(immOiHandle: int) -> int:
    """Give up the implementer name."""
    rc, _ = handles.call(immOiHandle, "saImmOiImplementerClear", {})
    handle = handles.handles.get(immOiHandle)
    if rc == Code.OK and handle is not None:
        handle.implementer = ""
    return rc


@native(SaImmOiHandleT, SaImmClassNameT)
def saImmOiClassImplementerSet(immOiHandle: int, className: Any) -> int:
    """Implement a configuration class."""
    handle = handles.handles.get(immOiHandle)
    if handle is not None and handle.implementer.startswith("@") and _CREATE not in handle.callbacks:
        return Code.ERR_INIT
    args = {"className": handles.read_string(className)}
    return handles.call(immOiHandle, "saImmOiClassImplementerSet", args)[0]


@native(SaImmOiHandleT, SaImmClassNameT)
def saImmOiClassImplementerRelease(immOiHandle: int, className: Any) -> int:
    """Stop implementing a configuration class."""
    args = {"className": handles.read_string(className)}
    return handles.call(immOiHandle, "saImmOiClassImplementerRelease", args)[0]


@native(SaImmOiHandleT, by_reference(SaNameT), SaImmScopeT)
def saImmOiObjectImplementerSet(immOiHandle: int, objectName: Any, scope: int) -> int:
    """Implement configuration objects."""
    args = {"objectName": handles.read_name(objectName), "scope": scope}
    return handles.call(immOiHandle, "saImmOiObjectImplementerSet", args)[0]


@native(SaImmOiHandleT, by_reference(SaNameT), SaImmScopeT)
def saImmOiObjectImplementerRelease(immOiHandle: int, objectName: Any, scope: int) -> int:
    """Stop implementing configuration objects."""
    args = {"objectName": handles.read_name(objectName), "scope": scope}
    return handles.call(immOiHandle, "saImmOiObjectImplementerRelease", args)[0]


# Runtime objects


@native(SaImmOiHandleT, SaImmClassNameT, by_reference(SaNameT), array_of(_AttributesP))
def saImmOiRtObjectCreate_2(immOiHandle: int, className: Any, parentName: Any, attrValues: Any) -> int:
    """Create a runtime object from a list of SaImmAttrValuesT_2."""
    args = {
        "className": handles.read_string(className),
        "parentName": handles.read_name(parentName),
        "attrValues": read_array(attrValues, read_values),
    }
    return handles.call(immOiHandle, "saImmOiRtObjectCreate_2", args)[0]


@native(SaImmOiHandleT, by_reference(SaNameT))
def saImmOiRtObjectDelete(immOiHandle: int, objectName: Any) -> int:
    """Delete a runtime object and all objects below it."""
    args = {"objectName": handles.read_name(objectName)}
    return handles.call(immOiHandle, "saImmOiRtObjectDelete", args)[0]


@native(SaImmOiHandleT, by_reference(SaNameT), array_of(_ModificationsP))
def saImmOiRtObjectUpdate_2(immOiHandle: int, objectName: Any, attrMods: Any) -> int:
    """Change runtime attributes by a list of SaImmAttrModificationT_2."""
    args = {
        "objectName": handles.read_name(objectName),
        "attrMods": read_array(attrMods, read_modification),
    }
    return handles.call(immOiHandle, "saImmOiRtObjectUpdate_2", args)[0]


# Answers


@native(SaImmOiHandleT, SaInvocationT, SaAisErrorT)
def saImmOiAdminOperationResult(immOiHandle: int, invocation: int, result: int) -> int:
    """Answer an administrative operation, in its callback or later."""
    args = {"invocation": invocation, "result": result}
    return handles.call(immOiHandle, "saImmOiAdminOperationResult", args, answering=True)[0]


@native(SaImmOiHandleT, SaInvocationT, SaAisErrorT, by_reference(POINTER(SaImmAdminOperationParamsT_2)))
def saImmOiAdminOperationResult_o2(immOiHandle: int, invocation: int, result: int, returnParams: Any) -> int:
    """Answer with parameters. `returnParams` is the first pointer of an array that ends with NULL, or None.

    A list is refused (TypeError), as in the real bindings."""
    args = {
        "invocation": invocation,
        "result": result,
        "returnParams": read_array(returnParams, read_parameter),
    }
    return handles.call(immOiHandle, "saImmOiAdminOperationResult_o2", args, answering=True)[0]


@native(SaImmOiHandleT, SaImmOiCcbIdT, SaStringT)
def saImmOiCcbSetErrorString(immOiHandle: int, ccbId: int, errorString: Any) -> int:
    """Give the administrator a reason. This works only in a callback of that CCB."""
    args = {"ccbId": ccbId, "errorString": handles.read_string(errorString)}
    return handles.call(immOiHandle, "saImmOiCcbSetErrorString", args, answering=True)[0]


@native(SaImmOiHandleT, SaImmOiCcbIdT, by_reference(SaImmCcbHandleT), by_reference(SaImmAdminOwnerHandleT))
def saImmOiAugmentCcbInitialize(immOiHandle: int, ccbId64: int, ccbHandle: Any, ownerHandle: Any) -> int:
    """Add changes to the CCB of a callback. Fills in handles that are valid until the callback returns."""
    if not ccbHandle or not ownerHandle:
        return Code.ERR_INVALID_PARAM
    rc, out = handles.call(immOiHandle, "saImmOiAugmentCcbInitialize", {"ccbId": ccbId64})
    if rc == Code.OK:
        parent = handles.handles[immOiHandle]
        for target, number in ((ownerHandle, out["ownerHandle"]), (ccbHandle, out["ccbHandle"])):
            made = handles.Handle(number, parent.session, parent)
            made.timeout = parent.timeout
            handles.handles[number] = made
            parent.below.add(number)
            target[0] = number
    return rc
