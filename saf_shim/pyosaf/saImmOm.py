# SPDX-License-Identifier: Apache-2.0
"""The object management side of IMM (saImmOm.h, OpenSAF's A.2.11 to A.2.18): reading and configuring.

Functions fill in handles, versions and results in place. What the library owns until the next call on the
handle (attributes, error strings) is kept alive here as long.
"""

from __future__ import annotations

import os
from ctypes import CFUNCTYPE, POINTER, Structure
from typing import Any, Optional

from saf_shim.codes import Code
from saf_shim.patience import call_timeout

from . import _handles
from ._native import native
from .saAis import (
    BYREF,
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
    marshalNullArray,
)
from .saEnumConst import Const, Enumeration
from .saImm import (
    Memory,
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
    read_array,
    read_definition,
    read_modification,
    read_names,
    read_parameter,
    read_strings,
    read_value,
    read_values,
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
_AttributesPP = POINTER(POINTER(SaImmAttrValuesT_2))
_ModificationsPP = POINTER(POINTER(SaImmAttrModificationT_2))
_DefinitionsPP = POINTER(POINTER(SaImmAttrDefinitionT_2))
_ParametersPP = POINTER(POINTER(SaImmAdminOperationParamsT_2))
# Seconds more that an apply waits to learn whether a CCB that took too long was applied or aborted.
_OUTCOME = 10.0


# Handles


def _open(immHandle: Any, immCallbacks: Any, version: Any) -> int:
    if not immHandle or not version:
        return Code.ERR_INVALID_PARAM
    callbacks = immCallbacks[0] if immCallbacks else None
    args = {"version": _handles.read_version(version), "callbacks": int(callbacks is not None)}
    rc, out, handle = _handles.initialize("saImmOmInitialize", args, timeout=call_timeout(os.environ))
    if "version" in out:
        _handles.write_version(version, out["version"])
    if handle is not None:
        immHandle[0] = handle.number
        if callbacks is not None:
            handle.callbacks = callbacks.saImmOmAdminOperationInvokeCallback
    return rc


@native(POINTER(SaImmHandleT), POINTER(SaImmCallbacksT), POINTER(SaVersionT))
def _initialize(immHandle: Any, immCallbacks: Any, version: Any) -> int:
    return _open(immHandle, immCallbacks, version)


@native(POINTER(SaImmHandleT), POINTER(SaImmCallbacksT_o2), POINTER(SaVersionT))
def _initialize_o2(immHandle: Any, immCallbacks: Any, version: Any) -> int:
    return _open(immHandle, immCallbacks, version)


def saImmOmInitialize_o2(immHandle: Any, immCallbacks: Any, version: Any) -> int:
    """Open an OM handle whose callback also gets the parameters that an operation came back with."""
    rc = _initialize_o2(BYREF(immHandle), BYREF(immCallbacks), BYREF(version))
    if rc == Code.OK:
        _handles.handles[immHandle.value].kept = immCallbacks
    return rc


def saImmOmInitialize(immHandle: Any, immCallbacks: Any, version: Any) -> int:
    """Open an OM handle; fills in `immHandle` and `version`."""
    rc = _initialize(BYREF(immHandle), BYREF(immCallbacks), BYREF(version))
    if rc == Code.OK:
        _handles.handles[immHandle.value].kept = immCallbacks
    return rc


@native(SaImmHandleT, POINTER(SaSelectionObjectT))
def _selection_object_get(immHandle: int, selectionObject: Any) -> int:
    return _handles.selection_object(immHandle, "saImmOmSelectionObjectGet", selectionObject)


def saImmOmSelectionObjectGet(immHandle: Any, selectionObject: Any) -> int:
    """Fill in the descriptor that is readable while callbacks wait."""
    return _selection_object_get(immHandle, BYREF(selectionObject))


def _run(handle: _handles.Handle, _name: str, args: _handles.Out) -> Optional[int]:
    if isinstance(handle.callbacks, SaImmOmAdminOperationInvokeCallbackT_o2):
        parameters = Memory().parameters(args["returnParams"])
        handle.callbacks(args["invocation"], args["operationReturnValue"], args["error"], parameters)
    elif handle.callbacks:
        handle.callbacks(args["invocation"], args["operationReturnValue"], args["error"])
    return None


@native(SaImmHandleT, SaDispatchFlagsT)
def saImmOmDispatch(immHandle: int, dispatchFlags: int) -> int:
    """Run waiting callbacks in this thread."""
    return _handles.dispatch(immHandle, "saImmOmDispatch", dispatchFlags, _run)


@native(SaImmHandleT)
def saImmOmFinalize(immHandle: int) -> int:
    """Close an OM handle and all made from it."""
    return _handles.finalize(immHandle, "saImmOmFinalize")


# Classes


@native(SaImmHandleT, SaImmClassNameT, SaImmClassCategoryT, _DefinitionsPP)
def _class_create(immHandle: int, className: Any, classCategory: int, attrDefinitions: Any) -> int:
    args = {
        "className": _handles.read_string(className),
        "classCategory": classCategory,
        "attrDefinitions": read_array(attrDefinitions, read_definition),
    }
    return _handles.call(immHandle, "saImmOmClassCreate_2", args)[0]


def saImmOmClassCreate_2(immHandle: Any, className: Any, classCategory: Any, attrDefinitions: Any) -> int:
    """Create a class from a list of SaImmAttrDefinitionT_2."""
    return _class_create(immHandle, className, classCategory, marshalNullArray(attrDefinitions))


@native(SaImmHandleT, SaImmClassNameT, POINTER(SaImmClassCategoryT), POINTER(_DefinitionsPP))
def _class_description_get(immHandle: int, className: Any, classCategory: Any, attrDefinitions: Any) -> int:
    if not classCategory or not attrDefinitions:
        return Code.ERR_INVALID_PARAM
    args = {"className": _handles.read_string(className)}
    rc, out = _handles.call(immHandle, "saImmOmClassDescriptionGet_2", args)
    if rc == Code.OK:
        memory = Memory()
        classCategory[0] = out["classCategory"]
        attrDefinitions[0] = memory.definitions(out["attrDefinitions"])
        _handles.handles[immHandle].keep = memory
    return rc


def saImmOmClassDescriptionGet_2(
    immHandle: Any, className: Any, classCategory: Any, attrDefinitions: Any
) -> int:
    """Fill in category and attribute definitions of a class."""
    return _class_description_get(immHandle, className, BYREF(classCategory), BYREF(attrDefinitions))


@native(SaImmHandleT, _DefinitionsPP)
def saImmOmClassDescriptionMemoryFree_2(immHandle: int, attrDefinitions: Any) -> int:
    """Give back what saImmOmClassDescriptionGet_2 filled in."""
    del attrDefinitions
    handle = _handles.handles.get(immHandle)
    if handle is None:
        return Code.ERR_BAD_HANDLE
    handle.keep = None
    return Code.OK


@native(SaImmHandleT, SaImmClassNameT)
def saImmOmClassDelete(immHandle: int, className: Any) -> int:
    """Delete a class without instances."""
    return _handles.call(immHandle, "saImmOmClassDelete", {"className": _handles.read_string(className)})[0]


# Searches


@native(
    SaImmHandleT,
    _NameP,
    SaImmScopeT,
    SaImmSearchOptionsT,
    POINTER(SaImmSearchParametersT_2),
    POINTER(SaImmAttrNameT),
    POINTER(SaImmSearchHandleT),
)
def _search_initialize(
    immHandle: int,
    rootName: Any,
    scope: int,
    searchOptions: int,
    searchParam: Any,
    attributeNames: Any,
    searchHandle: Any,
) -> int:
    if not searchHandle:
        return Code.ERR_INVALID_PARAM
    parameters = None
    if searchParam:
        one = searchParam[0].searchOneAttr
        value = read_value(one.attrValue, one.attrValueType)
        parameters = [_handles.read_string(one.attrName), one.attrValueType, value]
    args = {
        "rootName": _handles.read_name(rootName),
        "scope": scope,
        "searchOptions": searchOptions,
        "searchParam": parameters,
        "attributeNames": read_strings(attributeNames),
    }
    rc, searchHandle[0] = _handles.open_below(immHandle, "saImmOmSearchInitialize_2", args)
    return rc


def saImmOmSearchInitialize_2(
    immHandle: Any,
    rootName: Any,
    scope: Any,
    searchOptions: Any,
    searchParams: Any,
    attributeNames: Any,
    searchHandle: Any,
) -> int:
    """Begin a search; fills in `searchHandle`."""
    return _search_initialize(
        immHandle,
        BYREF(rootName),
        scope,
        searchOptions,
        BYREF(searchParams),
        marshalNullArray(attributeNames),
        BYREF(searchHandle),
    )


@native(SaImmSearchHandleT, _NameP, POINTER(_AttributesPP))
def _search_next(searchHandle: int, objectName: Any, attributes: Any) -> int:
    if not objectName or not attributes:
        return Code.ERR_INVALID_PARAM
    rc, out = _handles.call(searchHandle, "saImmOmSearchNext_2", {})
    if rc == Code.OK:
        objectName[0] = SaNameT(out["objectName"])
        _keep_attributes(searchHandle, attributes, out)
    return rc


def saImmOmSearchNext_2(searchHandle: Any, objectName: Any, attributes: Any) -> int:
    """Fill in name and attributes of the next object found."""
    return _search_next(searchHandle, BYREF(objectName), BYREF(attributes))


def _keep_attributes(number: int, target: Any, out: _handles.Out) -> None:
    memory = Memory()
    target[0] = memory.attributes(out["attributes"])
    handle = _handles.handles.get(number)
    if handle is not None:
        handle.keep = memory


@native(SaImmSearchHandleT)
def saImmOmSearchFinalize(searchHandle: int) -> int:
    """End a search."""
    return _handles.finalize(searchHandle, "saImmOmSearchFinalize")


# Accessors


@native(SaImmHandleT, POINTER(SaImmAccessorHandleT))
def _accessor_initialize(immHandle: int, accessorHandle: Any) -> int:
    if not accessorHandle:
        return Code.ERR_INVALID_PARAM
    rc, accessorHandle[0] = _handles.open_below(immHandle, "saImmOmAccessorInitialize", {})
    return rc


def saImmOmAccessorInitialize(immHandle: Any, accessorHandle: Any) -> int:
    """Open an accessor; fills in `accessorHandle`."""
    return _accessor_initialize(immHandle, BYREF(accessorHandle))


@native(SaImmAccessorHandleT, _NameP, POINTER(SaImmAttrNameT), POINTER(_AttributesPP))
def _accessor_get(accessorHandle: int, objectName: Any, attributeNames: Any, attributes: Any) -> int:
    if not attributes:
        return Code.ERR_INVALID_PARAM
    args = {"objectName": _handles.read_name(objectName), "attributeNames": read_strings(attributeNames)}
    rc, out = _handles.call(accessorHandle, "saImmOmAccessorGet_2", args)
    if rc == Code.OK:
        _keep_attributes(accessorHandle, attributes, out)
    return rc


def saImmOmAccessorGet_2(accessorHandle: Any, objectName: Any, attributeNames: Any, attributes: Any) -> int:
    """Fill in attributes of an object: the named ones, all for None."""
    return _accessor_get(
        accessorHandle, BYREF(objectName), marshalNullArray(attributeNames), BYREF(attributes)
    )


@native(SaImmAccessorHandleT)
def saImmOmAccessorFinalize(accessorHandle: int) -> int:
    """Close an accessor."""
    return _handles.finalize(accessorHandle, "saImmOmAccessorFinalize")


# Administrative owners


@native(SaImmHandleT, SaImmAdminOwnerNameT, SaBoolT, POINTER(SaImmAdminOwnerHandleT))
def _owner_initialize(
    immHandle: int, adminOwnerName: Any, releaseOwnershipOnFinalize: int, ownerHandle: Any
) -> int:
    if not ownerHandle:
        return Code.ERR_INVALID_PARAM
    args = {
        "adminOwnerName": _handles.read_string(adminOwnerName),
        "releaseOwnershipOnFinalize": releaseOwnershipOnFinalize,
    }
    rc, ownerHandle[0] = _handles.open_below(immHandle, "saImmOmAdminOwnerInitialize", args)
    return rc


def saImmOmAdminOwnerInitialize(
    immHandle: Any, adminOwnerName: Any, releaseOwnershipOnFinalize: Any, ownerHandle: Any
) -> int:
    """Open an admin owner handle; fills in `ownerHandle`."""
    return _owner_initialize(immHandle, adminOwnerName, releaseOwnershipOnFinalize, BYREF(ownerHandle))


def _change_owner(number: int, name: str, objectNames: Any, scope: int) -> int:
    return _handles.call(number, name, {"objectNames": read_names(objectNames), "scope": scope})[0]


@native(SaImmAdminOwnerHandleT, POINTER(_NameP), SaImmScopeT)
def _owner_set(ownerHandle: int, objectNames: Any, scope: int) -> int:
    return _change_owner(ownerHandle, "saImmOmAdminOwnerSet", objectNames, scope)


def saImmOmAdminOwnerSet(ownerHandle: Any, objectNames: Any, scope: Any) -> int:
    """Own the objects of a list of names."""
    return _owner_set(ownerHandle, marshalNullArray(objectNames), scope)


@native(SaImmAdminOwnerHandleT, POINTER(_NameP), SaImmScopeT)
def _owner_release(ownerHandle: int, objectNames: Any, scope: int) -> int:
    return _change_owner(ownerHandle, "saImmOmAdminOwnerRelease", objectNames, scope)


def saImmOmAdminOwnerRelease(ownerHandle: Any, objectNames: Any, scope: Any) -> int:
    """Give up the objects of a list of names."""
    return _owner_release(ownerHandle, marshalNullArray(objectNames), scope)


@native(SaImmAdminOwnerHandleT)
def saImmOmAdminOwnerFinalize(ownerHandle: int) -> int:
    """Close an admin owner handle."""
    return _handles.finalize(ownerHandle, "saImmOmAdminOwnerFinalize")


@native(SaImmHandleT, POINTER(_NameP), SaImmScopeT)
def _owner_clear(immHandle: int, objectNames: Any, scope: int) -> int:
    return _change_owner(immHandle, "saImmOmAdminOwnerClear", objectNames, scope)


def saImmOmAdminOwnerClear(immHandle: Any, objectNames: Any, scope: Any) -> int:
    """Take away the owner of the objects of a list of names, whoever it is."""
    return _owner_clear(immHandle, marshalNullArray(objectNames), scope)


# Configuration change bundles


@native(SaImmAdminOwnerHandleT, SaImmCcbFlagsT, POINTER(SaImmCcbHandleT))
def _ccb_initialize(ownerHandle: int, ccbFlags: int, ccbHandle: Any) -> int:
    if not ccbHandle:
        return Code.ERR_INVALID_PARAM
    rc, ccbHandle[0] = _handles.open_below(ownerHandle, "saImmOmCcbInitialize", {"ccbFlags": ccbFlags})
    return rc


def saImmOmCcbInitialize(ownerHandle: Any, ccbFlags: Any, ccbHandle: Any) -> int:
    """Open a CCB handle; fills in `ccbHandle`."""
    return _ccb_initialize(ownerHandle, ccbFlags, BYREF(ccbHandle))


@native(SaImmCcbHandleT, SaImmClassNameT, _NameP, _AttributesPP)
def _ccb_create(ccbHandle: int, className: Any, parentName: Any, attrValues: Any) -> int:
    args = {
        "className": _handles.read_string(className),
        "parentName": _handles.read_name(parentName),
        "attrValues": read_array(attrValues, read_values),
    }
    return _handles.call(ccbHandle, "saImmOmCcbObjectCreate_2", args)[0]


def saImmOmCcbObjectCreate_2(ccbHandle: Any, className: Any, parentName: Any, attrValues: Any) -> int:
    """Create an object from a list of SaImmAttrValuesT_2."""
    return _ccb_create(ccbHandle, className, BYREF(parentName), marshalNullArray(attrValues))


@native(SaImmCcbHandleT, _NameP)
def _ccb_delete(ccbHandle: int, objectName: Any) -> int:
    args = {"objectName": _handles.read_name(objectName)}
    return _handles.call(ccbHandle, "saImmOmCcbObjectDelete", args)[0]


def saImmOmCcbObjectDelete(ccbHandle: Any, objectName: Any) -> int:
    """Delete an object and all below it."""
    return _ccb_delete(ccbHandle, BYREF(objectName))


@native(SaImmCcbHandleT, _NameP, _ModificationsPP)
def _ccb_modify(ccbHandle: int, objectName: Any, attrMods: Any) -> int:
    args = {
        "objectName": _handles.read_name(objectName),
        "attrMods": read_array(attrMods, read_modification),
    }
    return _handles.call(ccbHandle, "saImmOmCcbObjectModify_2", args)[0]


def saImmOmCcbObjectModify_2(ccbHandle: Any, objectName: Any, attrMods: Any) -> int:
    """Change an object by a list of SaImmAttrModificationT_2."""
    return _ccb_modify(ccbHandle, BYREF(objectName), marshalNullArray(attrMods))


@native(SaImmCcbHandleT)
def saImmOmCcbApply(ccbHandle: int) -> int:
    """Make the changes, all or none; when that took too long, it has been found out which."""
    handle = _handles.handles.get(ccbHandle)
    timeout = None if handle is None or handle.timeout is None else handle.timeout + _OUTCOME
    return _handles.call(ccbHandle, "saImmOmCcbApply", {}, timeout)[0]


@native(SaImmCcbHandleT)
def saImmOmCcbFinalize(ccbHandle: int) -> int:
    """Close a CCB handle; changes not applied are dropped."""
    return _handles.finalize(ccbHandle, "saImmOmCcbFinalize")


@native(SaImmCcbHandleT, POINTER(POINTER(SaStringT)))
def _ccb_errors(ccbHandle: int, errorStrings: Any) -> int:
    if not errorStrings:
        return Code.ERR_INVALID_PARAM
    rc, out = _handles.call(ccbHandle, "saImmOmCcbGetErrorStrings", {})
    if rc == Code.OK:
        memory = Memory()
        if out["errorStrings"]:
            errorStrings[0] = memory.strings(out["errorStrings"])
        else:
            errorStrings[0] = POINTER(SaStringT)()
        _handles.handles[ccbHandle].keep = memory
    return rc


def saImmOmCcbGetErrorStrings(ccbHandle: Any, errorStrings: Any) -> int:
    """Fill in why the last call on the CCB failed; NULL when nobody said."""
    return _ccb_errors(ccbHandle, BYREF(errorStrings))


# Administrative operations


def _operation(objectName: Any, continuationId: int, operationId: int, params: Any) -> dict[str, Any]:
    return {
        "objectName": _handles.read_name(objectName),
        "continuationId": continuationId,
        "operationId": operationId,
        "params": read_array(params, read_parameter) if params is not None and params else None,
    }


@native(
    SaImmAdminOwnerHandleT,
    _NameP,
    SaImmContinuationIdT,
    SaImmAdminOperationIdT,
    _ParametersPP,
    POINTER(SaAisErrorT),
    SaTimeT,
)
def _invoke_2(
    ownerHandle: int,
    objectName: Any,
    continuationId: int,
    operationId: int,
    params: Any,
    operationReturnValue: Any,
    timeout: int,
) -> int:
    args = _operation(objectName, continuationId, operationId, params)
    args |= {"timeout": timeout, "returnValueIsNull": not operationReturnValue}
    # The simulator keeps the time; this is for the case that it does not answer at all.
    rc, out = _handles.call(ownerHandle, "saImmOmAdminOperationInvoke_2", args, timeout / 1e9 + 5.0)
    if rc == Code.OK:
        operationReturnValue[0] = out["operationReturnValue"]
    return rc


def saImmOmAdminOperationInvoke_2(
    ownerHandle: Any,
    objectName: Any,
    continuationId: Any,
    operationId: Any,
    params: Any,
    operationReturnValue: Any,
    timeout: Any,
) -> int:
    """Have an implementer do something; fills in its result. `params` is a list, which may be empty."""
    return _invoke_2(
        ownerHandle,
        BYREF(objectName),
        continuationId,
        operationId,
        marshalNullArray(params, SaImmAdminOperationParamsT_2),
        BYREF(operationReturnValue),
        timeout,
    )


@native(
    SaImmAdminOwnerHandleT,
    SaInvocationT,
    _NameP,
    SaImmContinuationIdT,
    SaImmAdminOperationIdT,
    _ParametersPP,
)
def _invoke_async(
    ownerHandle: int,
    invocation: int,
    objectName: Any,
    continuationId: int,
    operationId: int,
    params: Any,
) -> int:
    args = {**_operation(objectName, continuationId, operationId, params), "invocation": invocation}
    return _handles.call(ownerHandle, "saImmOmAdminOperationInvokeAsync_2", args)[0]


def saImmOmAdminOperationInvokeAsync_2(
    ownerHandle: Any,
    invocation: Any,
    objectName: Any,
    continuationId: Any,
    operationId: Any,
    params: Any,
) -> int:
    """Have an implementer do something; the result comes through the OM handle's callback."""
    return _invoke_async(
        ownerHandle, invocation, BYREF(objectName), continuationId, operationId, marshalNullArray(params)
    )


@native(SaImmAdminOwnerHandleT, _NameP, SaImmContinuationIdT, POINTER(SaAisErrorT))
def _continue(ownerHandle: int, objectName: Any, continuationId: int, operationReturnValue: Any) -> int:
    del operationReturnValue
    args = {"objectName": _handles.read_name(objectName), "continuationId": continuationId}
    return _handles.call(ownerHandle, "saImmOmAdminOperationContinue", args)[0]


def saImmOmAdminOperationContinue(
    ownerHandle: Any, objectName: Any, continuationId: Any, operationReturnValue: Any
) -> int:
    """Not supported, as in OpenSAF."""
    return _continue(ownerHandle, BYREF(objectName), continuationId, BYREF(operationReturnValue))


@native(SaImmAdminOwnerHandleT, SaInvocationT, _NameP, SaImmContinuationIdT)
def _continue_async(ownerHandle: int, invocation: int, objectName: Any, continuationId: int) -> int:
    args = {
        "objectName": _handles.read_name(objectName),
        "continuationId": continuationId,
        "invocation": invocation,
    }
    return _handles.call(ownerHandle, "saImmOmAdminOperationContinueAsync", args)[0]


def saImmOmAdminOperationContinueAsync(
    ownerHandle: Any, invocation: Any, objectName: Any, continuationId: Any
) -> int:
    """Not supported, as in OpenSAF."""
    return _continue_async(ownerHandle, invocation, BYREF(objectName), continuationId)


@native(SaImmAdminOwnerHandleT, _NameP, SaImmContinuationIdT)
def _continuation_clear(ownerHandle: int, objectName: Any, continuationId: int) -> int:
    args = {"objectName": _handles.read_name(objectName), "continuationId": continuationId}
    return _handles.call(ownerHandle, "saImmOmAdminOperationContinuationClear", args)[0]


def saImmOmAdminOperationContinuationClear(ownerHandle: Any, objectName: Any, continuationId: Any) -> int:
    """Not supported, as in OpenSAF."""
    return _continuation_clear(ownerHandle, BYREF(objectName), continuationId)
