# SPDX-License-Identifier: Apache-2.0
"""The calls of saImmOm that do not work on a CCB: classes, reading, owners, administrative operations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Optional

from imm_model.classes import is_class_name
from saf_shim.codes import AisError, Code
from saf_shim.contract import OK, Answer, Call
from saf_shim.imm.calls.client_port import wire
from saf_shim.imm.calls.handles import ACCESSOR, CCB, OM, OWNER, SEARCH, ImmHandle, ImmHandles, ServeCall
from saf_shim.imm.calls.wire import (
    name_list,
    parameter_list,
    reply_attributes,
    search_criterion,
    wire_attributes,
)
from saf_shim.imm.content import classes
from saf_shim.imm.content.port import Parameter
from saf_shim.imm.content.rules import AttributeValues
from saf_shim.imm.manager import owners, reading
from saf_shim.imm.manager.search import Search


def class_create(imm: ImmHandles, call: Call, _handle: ImmHandle) -> Answer:
    args = call.args
    classes.create_class(
        imm.store, args.get("className"), args.get("classCategory"), args.get("attrDefinitions")
    )
    return OK


def class_describe(imm: ImmHandles, call: Call, _handle: ImmHandle) -> Answer:
    name = call.args.get("className")
    if not isinstance(name, str) or not is_class_name(name):
        return Answer(Code.ERR_INVALID_PARAM)  # other calls treat such a name as one that nobody has
    found = imm.store.find_class(name)
    definitions = [
        [name, kind, flags, None if default is None else wire(default)]
        for name, kind, flags, default in classes.describe_class(found)
    ]
    return Answer(Code.OK, {"classCategory": int(found.category), "attrDefinitions": definitions})


def class_delete(imm: ImmHandles, call: Call, _handle: ImmHandle) -> Answer:
    classes.delete_class(imm.store, call.args.get("className"))
    return OK


def accessor_open(imm: ImmHandles, call: Call, handle: ImmHandle) -> Answer:
    return Answer(Code.OK, {"handle": imm.open(ACCESSOR, call.session, handle).number})


def accessor_get(imm: ImmHandles, call: Call, _handle: ImmHandle) -> Optional[Answer]:
    found = imm.store.find(call.args.get("objectName"))
    names = reading.select(found, name_list(call.args.get("attributeNames")))
    reading.read(found, names, lambda rc, attributes: reply_attributes(call, rc, attributes), imm.world)
    return None


def close_handle(imm: ImmHandles, _call: Call, handle: ImmHandle) -> Answer:
    imm.end(handle)
    return OK


def search_open(imm: ImmHandles, call: Call, handle: ImmHandle) -> Answer:
    args = call.args
    search = Search(
        imm.store,
        args.get("rootName"),
        args.get("scope"),
        args.get("searchOptions"),
        search_criterion(args.get("searchParam")),
        name_list(args.get("attributeNames")),
    )
    return Answer(Code.OK, {"handle": imm.open(SEARCH, call.session, handle, search).number})


def search_next(imm: ImmHandles, call: Call, handle: ImmHandle) -> Optional[Answer]:
    def done(rc: int, dn: str, attributes: list[AttributeValues]) -> None:
        if rc != Code.OK:
            call.reply(rc)
        else:
            call.reply(rc, {"objectName": dn, "attributes": wire_attributes(attributes)})

    handle.resource.next(done, imm.world)
    return None


def owner_open(imm: ImmHandles, call: Call, handle: ImmHandle) -> Answer:
    args = call.args
    owner = owners.new_owner(args.get("adminOwnerName"), args.get("releaseOwnershipOnFinalize"))
    return Answer(Code.OK, {"handle": imm.open(OWNER, call.session, handle, owner).number})


def owner_set(imm: ImmHandles, call: Call, handle: ImmHandle) -> Answer:
    owners.set_owner(
        imm.store, handle.resource, name_list(call.args.get("objectNames")), call.args.get("scope")
    )
    return OK


def owner_release(imm: ImmHandles, call: Call, handle: ImmHandle) -> Answer:
    owners.release_owner(
        imm.store, handle.resource, name_list(call.args.get("objectNames")), call.args.get("scope")
    )
    return OK


def owner_clear(imm: ImmHandles, call: Call, _handle: ImmHandle) -> Answer:
    owners.release_owner(imm.store, None, name_list(call.args.get("objectNames")), call.args.get("scope"))
    return OK


def owner_close(imm: ImmHandles, _call: Call, handle: ImmHandle) -> Answer:
    """Finalize an owner. Its open CCBs stay until the OM handle ends, but nobody can reach them any more."""
    above = handle.above
    for below in list(handle.below.values()):
        imm.forget(below)
        if above is not None and below.resource.ccb is not None and below.resource.ccb.mutations:
            below.above = above
            above.below[below.number] = below
    imm.end(handle)
    return OK


def invoke(imm: ImmHandles, call: Call, handle: ImmHandle) -> None:
    args = call.args
    timeout = args.get("timeout")
    if not isinstance(timeout, int) or timeout < 0 or args.get("returnValueIsNull"):
        raise AisError(Code.ERR_INVALID_PARAM)
    root = handle.root()

    def done(rc: int, result: int, parameters: Sequence[Parameter]) -> None:
        if rc == Code.ERR_TIMEOUT:
            root.spent = True
        if rc != Code.OK:
            call.reply(rc)
            return
        call.reply(
            rc,
            {
                "operationReturnValue": result,
                "returnParams": [[p.name, int(p.type), wire(p.value)] for p in reversed(parameters)],
            },
        )

    imm.operations.invoke(
        handle.resource,
        args.get("objectName"),
        args.get("operationId"),
        parameter_list(args.get("params")),
        timeout / 1e9,
        done,
    )


def invoke_async(imm: ImmHandles, call: Call, handle: ImmHandle) -> Answer:
    args = call.args
    session = call.session
    root = session.data
    if not isinstance(root, ImmHandle) or not root.has_callbacks:
        return Answer(Code.ERR_INIT)
    parameters = parameter_list(args.get("params"))
    operation = args.get("operationId")
    if parameters is None or not args.get("objectName") or not isinstance(operation, int):
        return Answer(Code.ERR_INVALID_PARAM)

    def done(rc: int, result: int, returned: Sequence[Parameter]) -> None:
        message = {
            "invocation": args.get("invocation"),
            "operationReturnValue": result if rc == Code.OK else 0,
            "error": int(rc),
            "returnParams": [[p.name, int(p.type), wire(p.value)] for p in reversed(returned)],
        }
        session.push(("saImmOmAdminOperationInvokeCallback", message))

    try:
        imm.operations.invoke(handle.resource, args["objectName"], operation, parameters, None, done)
    except AisError as error:
        if error.code == Code.ERR_INVALID_PARAM:
            raise
        done(error.code, 0, ())
    return OK


def continuation(_imm: ImmHandles, _call: Call, _handle: ImmHandle) -> Answer:
    """Refuse: OpenSAF does not support the continuation of administrative operations either."""
    return Answer(Code.ERR_NOT_SUPPORTED)


CALLS: Mapping[str, tuple[str, ServeCall]] = {
    "saImmOmClassCreate_2": (OM, class_create),
    "saImmOmClassDescriptionGet_2": (OM, class_describe),
    "saImmOmClassDelete": (OM, class_delete),
    "saImmOmAccessorInitialize": (OM, accessor_open),
    "saImmOmAccessorGet_2": (ACCESSOR, accessor_get),
    "saImmOmAccessorFinalize": (ACCESSOR, close_handle),
    "saImmOmSearchInitialize_2": (OM, search_open),
    "saImmOmSearchNext_2": (SEARCH, search_next),
    "saImmOmSearchFinalize": (SEARCH, close_handle),
    "saImmOmAdminOwnerInitialize": (OM, owner_open),
    "saImmOmAdminOwnerSet": (OWNER, owner_set),
    "saImmOmAdminOwnerRelease": (OWNER, owner_release),
    "saImmOmAdminOwnerFinalize": (OWNER, owner_close),
    "saImmOmAdminOwnerClear": (OM, owner_clear),
    "saImmOmCcbFinalize": (CCB, close_handle),
    "saImmOmAdminOperationInvoke_2": (OWNER, invoke),
    "saImmOmAdminOperationInvokeAsync_2": (OWNER, invoke_async),
    "saImmOmAdminOperationContinue": (OWNER, continuation),
    "saImmOmAdminOperationContinueAsync": (OWNER, continuation),
    "saImmOmAdminOperationContinuationClear": (OWNER, continuation),
}
