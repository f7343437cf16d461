# SPDX-License-Identifier: Apache-2.0
"""The object management side of IMM (saImmOm.h, OpenSAF's A.2.11 to A.2.18): reading and configuring.

Functions fill in handles, versions and results in place. The real library owns some results (attributes,
error strings) until the next call on the handle. They are kept alive here for the same time.
"""

from __future__ import annotations

import os
from ctypes import CFUNCTYPE, POINTER, Structure
from typing import Any, Optional

from saf_shim.codes import Code
from saf_shim.patience import FINALIZE_TIME, INITIALIZE_TIME, call_timeout

from ._library import handles
from ._library.imm_values import (
    Memory,
    read_array,
    read_definition,
    read_modification,
    read_names,
    read_parameter,
    read_strings,
    read_value,
    read_values,
)
from ._library.native import array_of, by_reference, native
from ._types.ais import *  # noqa: F403 - as the real module hands on
from ._types.ais import (
    SaAisErrorT,
    SaBoolT,
    SaDispatchFlagsT,
    SaEnumT,
    SaInvocationT,
    SaNameT,
    SaSelectionObjectT,
    SaStringT,
    SaTimeT,
    SaUint64T,
    SaVersionT,
)
from ._types.enumerations import Const, Enumeration
from ._types.imm import *  # noqa: F403
from ._types.imm import (
    SaImmAdminOperationIdT,
    SaImmAdminOperationParamsT_2,
    SaImmAdminOwnerNameT,
    SaImmAttrDefinitionT_2,
    SaImmAttrModificationT_2,
    SaImmAttrNameT,
    SaImmAttrValuesT_2,
    SaImmCcbFlagsT,
    SaImmClassCategoryT,
    SaImmClassNameT,
    SaImmContinuationIdT,
    SaImmScopeT,
    SaImmSearchOptionsT,
    SaImmSearchParametersT_2,
)

SaImmHandleT = SaUint64T
SaImmAdminOwnerHandleT = SaUint64T
SaImmCcbHandleT = SaUint64T
SaImmSearchHandleT = SaUint64T
SaImmAccessorHandleT = SaUint64T
SaImmRepositoryInitModeT = SaEnumT

saImmOm = Const()
saImmOm.SA_IMM_ATTR_CLASS_NAME = "SaImmAttrClassName"
saImmOm.SA_IMM_ATTR_ADMIN_OWNER_NAME = "SaImmAttrAdminOwnerName"
saImmOm.SA_IMM_ATTR_IMPLEMENTER_NAME = "SaImmAttrImplementerName"

eSaImmRepositoryInitModeT = Enumeration((("SA_IMM_KEEP_REPOSITORY", 1), "SA_IMM_INIT_FROM_FILE"))

SaImmOmAdminOperationInvokeCallbackT = CFUNCTYPE(None, SaInvocationT, SaAisErrorT, SaAisErrorT)


class SaImmCallbacksT(Structure):
    """The callbacks of an OM handle."""

    _fields_ = [("saImmOmAdminOperationInvokeCallback", SaImmOmAdminOperationInvokeCallbackT)]


SaImmOmAdminOperationInvokeCallbackT_o2 = CFUNCTYPE(
    None,
    SaInvocationT,
    SaAisErrorT,
    SaAisErrorT,
    POINTER(POINTER(SaImmAdminOperationParamsT_2)),
)


class SaImmCallbacksT_o2(Structure):
    """The callbacks of an OM handle whose operations have result parameters."""

    _fields_ = [("saImmOmAdminOperationInvokeCallback", SaImmOmAdminOperationInvokeCallbackT_o2)]


_NameP = POINTER(SaNameT)
_AttributesP = POINTER(SaImmAttrValuesT_2)
_AttributesPP = POINTER(_AttributesP)
_ModificationsP = POINTER(SaImmAttrModificationT_2)
_ModificationsPP = POINTER(_ModificationsP)
_DefinitionsP = POINTER(SaImmAttrDefinitionT_2)
_DefinitionsPP = POINTER(_DefinitionsP)
_ParametersPP = POINTER(POINTER(SaImmAdminOperationParamsT_2))
# Extra seconds for an apply that takes too long, to find out whether the CCB was applied or aborted.
_OUTCOME = 10.0


# Handles


def _open(immHandle: Any, immCallbacks: Any, version: Any) -> int:
    if not immHandle or not version:
        return Code.ERR_INVALID_PARAM
    callbacks = immCallbacks[0] if immCallbacks else None
    args = {"version": handles.read_version(version), "callbacks": int(callbacks is not None)}
    rc, out, handle = handles.initialize("saImmOmInitialize", args, timeout=INITIALIZE_TIME)
    if "version" in out:
        handles.write_version(version, out["version"])
    if handle is not None:
        immHandle[0] = handle.number
        handle.timeout = call_timeout(os.environ)
        if callbacks is not None:
            handle.callbacks = callbacks.saImmOmAdminOperationInvokeCallback
    return rc


@native(
    by_reference(SaImmHandleT),
    by_reference(SaImmCallbacksT),
    by_reference(SaVersionT),
    on_ok=handles.keep_callbacks,
)
def saImmOmInitialize(immHandle: Any, immCallbacks: Any, version: Any) -> int:
    """Open an OM handle. Fills in `immHandle` and `version`."""
    return _open(immHandle, immCallbacks, version)


@native(
    by_reference(SaImmHandleT),
    by_reference(SaImmCallbacksT_o2),
    by_reference(SaVersionT),
    on_ok=handles.keep_callbacks,
)
def saImmOmInitialize_o2(immHandle: Any, immCallbacks: Any, version: Any) -> int:
    """Open an OM handle whose callback also gets the result parameters of an operation."""
    return _open(immHandle, immCallbacks, version)


@native(SaImmHandleT, by_reference(SaSelectionObjectT))
def saImmOmSelectionObjectGet(immHandle: int, selectionObject: Any) -> int:
    """Fill in the descriptor that is readable while callbacks wait."""
    return handles.selection_object(immHandle, "saImmOmSelectionObjectGet", selectionObject)


def _run(handle: handles.Handle, _name: str, args: handles.Out) -> Optional[int]:
    if isinstance(handle.callbacks, SaImmOmAdminOperationInvokeCallbackT_o2):
        parameters = Memory().parameters(args["returnParams"])
        handle.callbacks(args["invocation"], args["operationReturnValue"], args["error"], parameters)
    elif handle.callbacks:
        handle.callbacks(args["invocation"], args["operationReturnValue"], args["error"])
    return None


@native(SaImmHandleT, SaDispatchFlagsT)
def saImmOmDispatch(immHandle: int, dispatchFlags: int) -> int:
    """Run waiting callbacks in this thread."""
    return handles.dispatch(immHandle, "saImmOmDispatch", dispatchFlags, _run)


@native(SaImmHandleT)
def saImmOmFinalize(immHandle: int) -> int:
    """Close an OM handle and all handles made from it."""
    return handles.finalize(immHandle, "saImmOmFinalize", FINALIZE_TIME)


# Classes


@native(SaImmHandleT, SaImmClassNameT, SaImmClassCategoryT, array_of(_DefinitionsP))
def saImmOmClassCreate_2(immHandle: int, className: Any, classCategory: int, attrDefinitions: Any) -> int:
    """Create a class from a list of SaImmAttrDefinitionT_2."""
    args = {
        "className": handles.read_string(className),
        "classCategory": classCategory,
        "attrDefinitions": read_array(attrDefinitions, read_definition),
    }
    return handles.call(immHandle, "saImmOmClassCreate_2", args)[0]


@native(SaImmHandleT, SaImmClassNameT, by_reference(SaImmClassCategoryT), by_reference(_DefinitionsPP))
def saImmOmClassDescriptionGet_2(
    immHandle: int, className: Any, classCategory: Any, attrDefinitions: Any
) -> int:
    """Fill in category and attribute definitions of a class."""
    if not classCategory or not attrDefinitions:
        return Code.ERR_INVALID_PARAM
    args = {"className": handles.read_string(className)}
    rc, out = handles.call(immHandle, "saImmOmClassDescriptionGet_2", args)
    if rc == Code.OK:
        memory = Memory()
        classCategory[0] = out["classCategory"]
        attrDefinitions[0] = memory.definitions(out["attrDefinitions"])
        handles.handles[immHandle].keep = memory
    return rc


@native(SaImmHandleT, _DefinitionsPP)
def saImmOmClassDescriptionMemoryFree_2(immHandle: int, attrDefinitions: Any) -> int:
    """Free what saImmOmClassDescriptionGet_2 filled in."""
    del attrDefinitions
    handle = handles.handles.get(immHandle)
    if handle is None:
        return Code.ERR_BAD_HANDLE
    handle.keep = None
    return Code.OK


@native(SaImmHandleT, SaImmClassNameT)
def saImmOmClassDelete(immHandle: int, className: Any) -> int:
    """Delete a class without instances."""
    return handles.call(immHandle, "saImmOmClassDelete", {"className": handles.read_string(className)})[0]


# Searches


@native(
    SaImmHandleT,
    by_reference(SaNameT),
    SaImmScopeT,
    SaImmSearchOptionsT,
    by_reference(SaImmSearchParametersT_2),
    array_of(SaImmAttrNameT),
    by_reference(SaImmSearchHandleT),
)
def saImmOmSearchInitialize_2(
    immHandle: int,
    rootName: Any,
    scope: int,
    searchOptions: int,
    searchParams: Any,
    attributeNames: Any,
    searchHandle: Any,
) -> int:
    """Begin a search. Fills in `searchHandle`."""
    if not searchHandle:
        return Code.ERR_INVALID_PARAM
    parameters = None
    if searchParams:
        one = searchParams[0].searchOneAttr
        value = read_value(one.attrValue, one.attrValueType)
        parameters = [handles.read_string(one.attrName), one.attrValueType, value]
    args = {
        "rootName": handles.read_name(rootName),
        "scope": scope,
        "searchOptions": searchOptions,
        "searchParam": parameters,
        "attributeNames": read_strings(attributeNames),
    }
    rc, searchHandle[0] = handles.open_below(immHandle, "saImmOmSearchInitialize_2", args)
    return rc


@native(SaImmSearchHandleT, by_reference(SaNameT), by_reference(_AttributesPP))
def saImmOmSearchNext_2(searchHandle: int, objectName: Any, attributes: Any) -> int:
    """Fill in name and attributes of the next object found."""
    if not objectName or not attributes:
        return Code.ERR_INVALID_PARAM
    rc, out = handles.call(searchHandle, "saImmOmSearchNext_2", {})
    if rc == Code.OK:
        objectName[0] = SaNameT(out["objectName"])
        _keep_attributes(searchHandle, attributes, out)
    return rc


def _keep_attributes(number: int, target: Any, out: handles.Out) -> None:
    memory = Memory()
    target[0] = memory.attributes(out["attributes"])
    handle = handles.handles.get(number)
    if handle is not None:
        handle.keep = memory


@native(SaImmSearchHandleT)
def saImmOmSearchFinalize(searchHandle: int) -> int:
    """End a search."""
    return handles.finalize(searchHandle, "saImmOmSearchFinalize")


# Accessors


@native(SaImmHandleT, by_reference(SaImmAccessorHandleT))
def saImmOmAccessorInitialize(immHandle: int, accessorHandle: Any) -> int:
    """Open an accessor. Fills in `accessorHandle`."""
    if not accessorHandle:
        return Code.ERR_INVALID_PARAM
    rc, accessorHandle[0] = handles.open_below(immHandle, "saImmOmAccessorInitialize", {})
    return rc


@native(SaImmAccessorHandleT, by_reference(SaNameT), array_of(SaImmAttrNameT), by_reference(_AttributesPP))
def saImmOmAccessorGet_2(accessorHandle: int, objectName: Any, attributeNames: Any, attributes: Any) -> int:
    """Fill in the named attributes of an object, or all of them for None."""
    if not attributes:
        return Code.ERR_INVALID_PARAM
    args = {"objectName": handles.read_name(objectName), "attributeNames": read_strings(attributeNames)}
    rc, out = handles.call(accessorHandle, "saImmOmAccessorGet_2", args)
    if rc == Code.OK:
        _keep_attributes(accessorHandle, attributes, out)
    return rc


@native(SaImmAccessorHandleT)
def saImmOmAccessorFinalize(accessorHandle: int) -> int:
    """Close an accessor."""
    return handles.finalize(accessorHandle, "saImmOmAccessorFinalize")


# Administrative owners


@native(SaImmHandleT, SaImmAdminOwnerNameT, SaBoolT, by_reference(SaImmAdminOwnerHandleT))
def saImmOmAdminOwnerInitialize(
    immHandle: int, adminOwnerName: Any, releaseOwnershipOnFinalize: int, ownerHandle: Any
) -> int:
    """Open an admin owner handle. Fills in `ownerHandle`."""
    if not ownerHandle:
        return Code.ERR_INVALID_PARAM
    args = {
        "adminOwnerName": handles.read_string(adminOwnerName),
        "releaseOwnershipOnFinalize": releaseOwnershipOnFinalize,
    }
    rc, ownerHandle[0] = handles.open_below(immHandle, "saImmOmAdminOwnerInitialize", args)
    return rc


def _change_owner(number: int, name: str, objectNames: Any, scope: int) -> int:
    return handles.call(number, name, {"objectNames": read_names(objectNames), "scope": scope})[0]


@native(SaImmAdminOwnerHandleT, array_of(_NameP), SaImmScopeT)
def saImmOmAdminOwnerSet(ownerHandle: int, objectNames: Any, scope: int) -> int:
    """Set the owner of the objects in a list of names."""
    return _change_owner(ownerHandle, "saImmOmAdminOwnerSet", objectNames, scope)


@native(SaImmAdminOwnerHandleT, array_of(_NameP), SaImmScopeT)
def saImmOmAdminOwnerRelease(ownerHandle: int, objectNames: Any, scope: int) -> int:
    """Release the objects in a list of names."""
    return _change_owner(ownerHandle, "saImmOmAdminOwnerRelease", objectNames, scope)


@native(SaImmAdminOwnerHandleT)
def saImmOmAdminOwnerFinalize(ownerHandle: int) -> int:
    """Close an admin owner handle."""
    return handles.finalize(ownerHandle, "saImmOmAdminOwnerFinalize")


@native(SaImmHandleT, array_of(_NameP), SaImmScopeT)
def saImmOmAdminOwnerClear(immHandle: int, objectNames: Any, scope: int) -> int:
    """Remove the owner of the objects in a list of names, whoever it is."""
    return _change_owner(immHandle, "saImmOmAdminOwnerClear", objectNames, scope)


# Configuration change bundles


@native(SaImmAdminOwnerHandleT, SaImmCcbFlagsT, by_reference(SaImmCcbHandleT))
def saImmOmCcbInitialize(ownerHandle: int, ccbFlags: int, ccbHandle: Any) -> int:
    """Open a CCB handle. Fills in `ccbHandle`."""
    if not ccbHandle:
        return Code.ERR_INVALID_PARAM
    rc, ccbHandle[0] = handles.open_below(ownerHandle, "saImmOmCcbInitialize", {"ccbFlags": ccbFlags})
    return rc


@native(SaImmCcbHandleT, SaImmClassNameT, by_reference(SaNameT), array_of(_AttributesP))
def saImmOmCcbObjectCreate_2(ccbHandle: int, className: Any, parentName: Any, attrValues: Any) -> int:
    """Create an object from a list of SaImmAttrValuesT_2."""
    args = {
        "className": handles.read_string(className),
        "parentName": handles.read_name(parentName),
        "attrValues": read_array(attrValues, read_values),
    }
    return handles.call(ccbHandle, "saImmOmCcbObjectCreate_2", args)[0]


@native(SaImmCcbHandleT, by_reference(SaNameT))
def saImmOmCcbObjectDelete(ccbHandle: int, objectName: Any) -> int:
    """Delete an object and all objects below it."""
    args = {"objectName": handles.read_name(objectName)}
    return handles.call(ccbHandle, "saImmOmCcbObjectDelete", args)[0]


@native(SaImmCcbHandleT, by_reference(SaNameT), array_of(_ModificationsP))
def saImmOmCcbObjectModify_2(ccbHandle: int, objectName: Any, attrMods: Any) -> int:
    """Change an object by a list of SaImmAttrModificationT_2."""
    args = {
        "objectName": handles.read_name(objectName),
        "attrMods": read_array(attrMods, read_modification),
    }
    return handles.call(ccbHandle, "saImmOmCcbObjectModify_2", args)[0]


@native(SaImmCcbHandleT)
def saImmOmCcbApply(ccbHandle: int) -> int:
    """Apply all changes or none. A call that takes too long waits until it is known which of the two
    happened."""
    handle = handles.handles.get(ccbHandle)
    timeout = None if handle is None or handle.timeout is None else handle.timeout + _OUTCOME
    return handles.call(ccbHandle, "saImmOmCcbApply", {}, timeout)[0]


@native(SaImmCcbHandleT)
def saImmOmCcbFinalize(ccbHandle: int) -> int:
    """Close a CCB handle. Changes that were not applied are dropped."""
    return handles.finalize(ccbHandle, "saImmOmCcbFinalize")


@native(SaImmCcbHandleT, by_reference(POINTER(SaStringT)))
def saImmOmCcbGetErrorStrings(ccbHandle: int, errorStrings: Any) -> int:
    """Fill in the reasons why the last call on the CCB failed. NULL if there is no text."""
    if not errorStrings:
        return Code.ERR_INVALID_PARAM
    rc, out = handles.call(ccbHandle, "saImmOmCcbGetErrorStrings", {})
    if rc == Code.OK:
        memory = Memory()
        if out["errorStrings"]:
            errorStrings[0] = memory.strings(out["errorStrings"])
        else:
            errorStrings[0] = POINTER(SaStringT)()
        handles.handles[ccbHandle].keep = memory
    return rc


# Administrative operations


def _operation(objectName: Any, continuationId: int, operationId: int, params: Any) -> dict[str, Any]:
    return {
        "objectName": handles.read_name(objectName),
        "continuationId": continuationId,
        "operationId": operationId,
        "params": read_array(params, read_parameter) if params is not None and params else None,
    }


@native(
    SaImmAdminOwnerHandleT,
    by_reference(SaNameT),
    SaImmContinuationIdT,
    SaImmAdminOperationIdT,
    array_of(POINTER(SaImmAdminOperationParamsT_2), SaImmAdminOperationParamsT_2),
    by_reference(SaAisErrorT),
    SaTimeT,
)
def saImmOmAdminOperationInvoke_2(
    ownerHandle: int,
    objectName: Any,
    continuationId: int,
    operationId: int,
    params: Any,
    operationReturnValue: Any,
    timeout: int,
) -> int:
    """Ask an implementer to do something. Fills in its result. `params` is a list, which may be empty."""
    args = _operation(objectName, continuationId, operationId, params)
    args |= {"timeout": timeout, "returnValueIsNull": not operationReturnValue}
    # The simulator measures the time-out. This limit is for the case that the simulator does not answer at
    # all.
    rc, out = handles.call(ownerHandle, "saImmOmAdminOperationInvoke_2", args, timeout / 1e9 + 5.0)
    if rc == Code.OK:
        operationReturnValue[0] = out["operationReturnValue"]
    return rc


@native(
    SaImmAdminOwnerHandleT,
    SaInvocationT,
    by_reference(SaNameT),
    SaImmContinuationIdT,
    SaImmAdminOperationIdT,
    array_of(POINTER(SaImmAdminOperationParamsT_2)),
)
def saImmOmAdminOperationInvokeAsync_2(
    ownerHandle: int, invocation: int, objectName: Any, continuationId: int, operationId: int, params: Any
) -> int:
    """Ask an implementer to do something. The result comes through the OM handle's callback."""
    args = {**_operation(objectName, continuationId, operationId, params), "invocation": invocation}
    return handles.call(ownerHandle, "saImmOmAdminOperationInvokeAsync_2", args)[0]


@native(SaImmAdminOwnerHandleT, by_reference(SaNameT), SaImmContinuationIdT, by_reference(SaAisErrorT))
def saImmOmAdminOperationContinue(
    ownerHandle: int, objectName: Any, continuationId: int, operationReturnValue: Any
) -> int:
    """Answer ERR_NOT_SUPPORTED, as OpenSAF does."""
    del operationReturnValue
    args = {"objectName": handles.read_name(objectName), "continuationId": continuationId}
    return handles.call(ownerHandle, "saImmOmAdminOperationContinue", args)[0]


@native(SaImmAdminOwnerHandleT, SaInvocationT, by_reference(SaNameT), SaImmContinuationIdT)
def saImmOmAdminOperationContinueAsync(
    ownerHandle: int, invocation: int, objectName: Any, continuationId: int
) -> int:
    """Answer ERR_NOT_SUPPORTED, as OpenSAF does."""
    args = {
        "objectName": handles.read_name(objectName),
        "continuationId": continuationId,
        "invocation": invocation,
    }
    return handles.call(ownerHandle, "saImmOmAdminOperationContinueAsync", args)[0]


@native(SaImmAdminOwnerHandleT, by_reference(SaNameT), SaImmContinuationIdT)
def saImmOmAdminOperationContinuationClear(ownerHandle: int, objectName: Any, continuationId: int) -> int:
    """Answer ERR_NOT_SUPPORTED, as OpenSAF does."""
    args = {"objectName": handles.read_name(objectName), "continuationId": continuationId}
    return handles.call(ownerHandle, "saImmOmAdminOperationContinuationClear", args)[0]
