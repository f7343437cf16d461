# SPDX-License-Identifier: Apache-2.0
"""The calls of saImmOi: implementer names, runtime objects and the answers to callbacks."""

from __future__ import annotations

from collections.abc import Mapping

from saf_shim.codes import AisError, Code
from saf_shim.contract import OK, Answer, Call
from saf_shim.imm.calls.handles import CCB, OI, OWNER, ImmHandle, ImmHandles, ServeCall
from saf_shim.imm.calls.wire import attribute_list, integer, modification_list, optional_name, parameter_list
from saf_shim.imm.content.store import Implementer
from saf_shim.imm.implementer import bindings, runtime_objects
from saf_shim.imm.manager import owners
from saf_shim.imm.manager.augmentation import Augmentation
from saf_shim.imm.manager.ccb_handle import CcbHandle

AUGMENT_MINOR = 11  # saImmOiAugmentCcbInitialize came with A.2.11


def _is_ccb(handle: ImmHandle, number: int) -> bool:
    return (
        isinstance(handle.resource, CcbHandle)
        and handle.resource.ccb is not None
        and handle.resource.ccb.id == number
    )


def _implementer(handle: ImmHandle) -> Implementer:
    if handle.implementer is None:
        raise AisError(Code.ERR_BAD_HANDLE, "the handle has no implementer name")
    return handle.implementer


def _creator(handle: ImmHandle) -> Implementer:
    if handle.implementer is None or handle.implementer.is_applier:
        raise AisError(Code.ERR_BAD_OPERATION, "the handle has no implementer name")
    return handle.implementer


def implementer_set(imm: ImmHandles, call: Call, handle: ImmHandle) -> Answer:
    name = call.args.get("implementerName")
    assert handle.port is not None
    if handle.implementer is not None:
        return Answer(Code.ERR_INVALID_PARAM)
    handle.implementer = bindings.attach(imm.store, name, handle.port)
    return OK


def implementer_clear(imm: ImmHandles, _call: Call, handle: ImmHandle) -> Answer:
    _implementer(handle)
    imm.clear_implementer(handle)
    return OK


def class_implementer(imm: ImmHandles, call: Call, handle: ImmHandle) -> Answer:
    name = call.args.get("className")
    if name is None:
        return Answer(Code.ERR_INVALID_PARAM)
    change = bindings.set_class if call.name.endswith("Set") else bindings.release_class
    change(imm.store, _implementer(handle), name)
    return OK


def object_implementer(imm: ImmHandles, call: Call, handle: ImmHandle) -> Answer:
    name, scope = call.args.get("objectName"), call.args.get("scope")
    if name is None:
        return Answer(Code.ERR_INVALID_PARAM)
    change = bindings.set_object if call.name.endswith("Set") else bindings.release_object
    change(imm.store, _implementer(handle), name, scope)
    return OK


def runtime_create(imm: ImmHandles, call: Call, handle: ImmHandle) -> Answer:
    args = call.args
    name, attributes = args.get("className"), args.get("attrValues")
    if not isinstance(name, str) or not name or attributes is None:
        return Answer(Code.ERR_INVALID_PARAM)
    parent = optional_name(args.get("parentName"))
    runtime_objects.create(imm.store, _creator(handle), name, parent, attribute_list(call, attributes))
    return OK


def runtime_update(imm: ImmHandles, call: Call, handle: ImmHandle) -> Answer:
    dn, changes = call.args.get("objectName"), call.args.get("attrMods")
    if not dn or changes is None:
        return Answer(Code.ERR_INVALID_PARAM)
    runtime_objects.update(imm.store, _creator(handle), dn, modification_list(call, changes))
    return OK


def runtime_delete(imm: ImmHandles, call: Call, handle: ImmHandle) -> Answer:
    dn = call.args.get("objectName")
    if not dn:
        return Answer(Code.ERR_INVALID_PARAM)
    runtime_objects.delete(imm.store, _creator(handle), dn)
    return OK


def admin_result(_imm: ImmHandles, call: Call, handle: ImmHandle) -> Answer:
    args = call.args
    parameters = parameter_list(args.get("returnParams") or []) or []
    result = integer(args.get("result"))
    refused = any(p.name == "SaImmAdminOperationError" for p in parameters)
    if refused and result == Code.OK:
        return Answer(Code.ERR_INVALID_PARAM)
    assert handle.port is not None
    handle.port.result(integer(args.get("invocation")), result, parameters)
    return OK


def error_string(_imm: ImmHandles, call: Call, handle: ImmHandle) -> Answer:
    assert handle.port is not None
    handle.port.set_error_string(integer(call.args.get("ccbId")), optional_name(call.args.get("errorString")))
    return OK


def augment(imm: ImmHandles, call: Call, handle: ImmHandle) -> Answer:
    number = call.args.get("ccbId")
    port = handle.port
    if not isinstance(number, int) or not number or port is None:
        return Answer(Code.ERR_INVALID_PARAM)
    if handle.minor < AUGMENT_MINOR:
        return Answer(Code.ERR_VERSION)
    ccb = next(
        (each.resource.ccb for each in imm.handles.values() if each.kind == CCB and _is_ccb(each, number)),
        None,
    )
    if ccb is None or not port.is_answering(number) or handle.implementer is None:
        return Answer(Code.ERR_BAD_OPERATION)
    if number in port.augmentations:
        return Answer(Code.ERR_TRY_AGAIN)
    owner = imm.open(OWNER, call.session, handle, owners.AdminOwner(ccb.owner.name, True))
    try:
        augmentation = Augmentation(ccb, handle.implementer, lambda: imm.end(owner))
    except AisError:
        imm.forget(owner)
        raise
    port.augmentations[number] = augmentation
    made = imm.open(CCB, call.session, owner, augmentation)
    return Answer(Code.OK, {"ccbHandle": made.number, "ownerHandle": owner.number})


CALLS: Mapping[str, tuple[str, ServeCall]] = {
    "saImmOiImplementerSet": (OI, implementer_set),
    "saImmOiImplementerClear": (OI, implementer_clear),
    "saImmOiClassImplementerSet": (OI, class_implementer),
    "saImmOiClassImplementerRelease": (OI, class_implementer),
    "saImmOiObjectImplementerSet": (OI, object_implementer),
    "saImmOiObjectImplementerRelease": (OI, object_implementer),
    "saImmOiRtObjectCreate_2": (OI, runtime_create),
    "saImmOiRtObjectUpdate_2": (OI, runtime_update),
    "saImmOiRtObjectDelete": (OI, runtime_delete),
    "saImmOiAdminOperationResult": (OI, admin_result),
    "saImmOiAdminOperationResult_o2": (OI, admin_result),
    "saImmOiCcbSetErrorString": (OI, error_string),
    "saImmOiAugmentCcbInitialize": (OI, augment),
}
