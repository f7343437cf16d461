# SPDX-License-Identifier: Apache-2.0
"""The calls of saImmOm that work on a CCB."""

from __future__ import annotations

from collections.abc import Mapping

from saf_shim.codes import AisError, Code
from saf_shim.contract import Answer, Call
from saf_shim.imm.calls.handles import CCB, OWNER, ImmHandle, ImmHandles, ServeCall
from saf_shim.imm.calls.wire import (
    attribute_list,
    modification_list,
    name_list,
    optional_name,
    reply_attributes,
)
from saf_shim.imm.manager import ccb_changes, reading
from saf_shim.imm.manager.ccb_handle import CcbHandle
from saf_shim.patience import call_timeout

ERROR_STRINGS_MINOR = 11  # saImmOmCcbGetErrorStrings came with A.2.11


def ccb_open(imm: ImmHandles, call: Call, handle: ImmHandle) -> Answer:
    patience = call_timeout(call.session.environment)
    made = CcbHandle(imm.store, imm.world, handle.resource, call.args.get("ccbFlags"), patience)
    return Answer(Code.OK, {"handle": imm.open(CCB, call.session, handle, made).number})


def ccb_create(_imm: ImmHandles, call: Call, handle: ImmHandle) -> None:
    args = call.args
    name, attributes = args.get("className"), args.get("attrValues")
    if not isinstance(name, str) or not name or attributes is None:
        raise AisError(Code.ERR_INVALID_PARAM)
    given = attribute_list(call, attributes)
    parent = optional_name(args.get("parentName"))
    handle.resource.perform(lambda ccb, done: ccb_changes.create(ccb, name, parent, given, done), call.reply)


def ccb_modify(_imm: ImmHandles, call: Call, handle: ImmHandle) -> None:
    changes = call.args.get("attrMods")
    if changes is None:
        raise AisError(Code.ERR_INVALID_PARAM)
    given = modification_list(call, changes)
    handle.resource.perform(
        lambda ccb, done: ccb_changes.modify(ccb, call.args.get("objectName"), given, done),
        call.reply,
    )


def ccb_delete(_imm: ImmHandles, call: Call, handle: ImmHandle) -> None:
    handle.resource.perform(
        lambda ccb, done: ccb_changes.delete(ccb, call.args.get("objectName"), done),
        call.reply,
    )


def ccb_apply(_imm: ImmHandles, call: Call, handle: ImmHandle) -> None:
    handle.resource.apply(call.reply)


def ccb_validate(_imm: ImmHandles, call: Call, handle: ImmHandle) -> None:
    handle.resource.validate(call.reply)


def ccb_read(imm: ImmHandles, call: Call, handle: ImmHandle) -> None:
    """Read an object as it will be after the CCB (saImmOmCcbObjectRead)."""
    dn = call.args.get("objectName")
    if not isinstance(dn, str) or not dn:
        raise AisError(Code.ERR_INVALID_PARAM)
    names = name_list(call.args.get("attributeNames"))
    ccb = handle.resource.ccb
    mutation = None if ccb is None else ccb.mutations.get(dn)
    found = imm.store.find(dn) if mutation is None else mutation.found
    if not found.cls.is_config:
        raise AisError(Code.ERR_INVALID_PARAM)
    if found.locked_by(ccb):
        raise AisError(Code.ERR_BUSY)
    if found.deleting:
        raise AisError(Code.ERR_NOT_EXIST)
    reading.read(
        found,
        reading.select(found, names),
        lambda rc, attributes: reply_attributes(call, rc, attributes),
        imm.world,
        None if mutation is None else mutation.after,
    )


def ccb_errors(_imm: ImmHandles, _call: Call, handle: ImmHandle) -> Answer:
    if handle.root().minor < ERROR_STRINGS_MINOR:
        return Answer(Code.ERR_VERSION)
    return Answer(Code.OK, {"errorStrings": handle.resource.errors})


CALLS: Mapping[str, tuple[str, ServeCall]] = {
    "saImmOmCcbInitialize": (OWNER, ccb_open),
    "saImmOmCcbObjectCreate_2": (CCB, ccb_create),
    "saImmOmCcbObjectModify_2": (CCB, ccb_modify),
    "saImmOmCcbObjectDelete": (CCB, ccb_delete),
    "saImmOmCcbObjectRead": (CCB, ccb_read),
    "saImmOmCcbApply": (CCB, ccb_apply),
    "saImmOmCcbValidate": (CCB, ccb_validate),
    "saImmOmCcbGetErrorStrings": (CCB, ccb_errors),
}
