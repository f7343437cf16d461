# SPDX-License-Identifier: Apache-2.0
"""The calls of saImmOm and saImmOi: handles, arguments off the wire, answers back on it.

One table says which function serves which call and of what kind its handle must be. What the calls do is in
the sibling modules; a refusal is an AisError anywhere below, which the server turns into the return code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Optional

from ..codes import AisError, Code
from ..service import OK, Answer, Call, Session, World
from . import ccb_changes, classes, implementers, owners, reading, runtime
from .adminop import Operations
from .augmentation import Augmentation
from .ccb import CcbHandle
from .internal import Parameter
from .ports import ClientPort, wire
from .rules import GivenValues
from .store import Implementer, Store
from .wire import (
    attribute_list,
    change_list,
    integer,
    name_list,
    optional_name,
    parameter_list,
    value_of,
    wire_attributes,
)

SUPPORTED = [ord("A"), 2, 18]
_HANDLE_STEP = 0x10001
AUGMENT_MINOR = 11
ERROR_STRINGS_MINOR = 11  # saImmOmCcbGetErrorStrings came with A.2.11

OM, OI, ACCESSOR, SEARCH, OWNER, CCB = "om", "oi", "accessor", "search", "owner", "ccb"


class Handle:
    """One handle of a client."""

    def __init__(self, number: int, kind: str, session: Session, thing: Any = None) -> None:
        self.number = number
        self.kind = kind
        self.session = session
        self.thing = thing  # Search, AdminOwner, CcbHandle
        self.minor = 0
        self.has_callbacks = False
        self.port: Optional[ClientPort] = None
        self.implementer: Optional[Implementer] = None
        self.below: dict[int, Handle] = {}
        self.above: Optional[Handle] = None
        self.spent = False  # a time-out of an administrative operation cost it


Server = Callable[["ImmService", Call, Handle], Optional[Answer]]


class ImmService:
    """IMM for clients; see `saf_shim.service.Service`."""

    def __init__(self, world: World, store: Store) -> None:
        self._world = world
        self.store = store
        self._operations = Operations(store, world)
        self._handles: dict[int, Handle] = {}
        self._last = 0x5AF000000000

    # the plug

    def start(self) -> None:
        """See `Service`."""

    def stop(self) -> None:
        """See `Service`."""

    def handle_call(self, call: Call) -> Optional[Answer]:
        """See `Service`."""
        if call.name in ("saImmOmInitialize", "saImmOiInitialize_2"):
            return self._initialize(call)
        entry = _CALLS.get(call.name)
        if entry is None:
            return Answer(Code.ERR_NOT_SUPPORTED)
        kind, serve = entry
        number = call.args.get("handle")
        handle = self._handles.get(number) if isinstance(number, int) else None
        if handle is None or handle.kind != kind or handle.session is not call.session:
            return Answer(Code.ERR_BAD_HANDLE)
        root = handle
        while root.above is not None:
            root = root.above
        if root.spent and serve is not ImmService._finalize_om:
            return Answer(Code.ERR_BAD_HANDLE)
        return serve(self, call, handle)

    def session_closed(self, session: Session) -> None:
        """See `Service`."""
        root = session.data
        if isinstance(root, Handle):
            self._end(root)

    # handles

    def _open(self, kind: str, session: Session, above: Optional[Handle], thing: Any = None) -> Handle:
        self._last += _HANDLE_STEP
        made = Handle(self._last, kind, session, thing)
        self._handles[made.number] = made
        if above is not None:
            made.above = above
            above.below[made.number] = made
        return made

    def _close(self, handle: Handle) -> None:
        """Forget a handle without its consequences."""
        self._handles.pop(handle.number, None)
        if handle.above is not None:
            handle.above.below.pop(handle.number, None)

    def _end(self, handle: Handle) -> None:
        """A handle and all made from it go: CCBs first, as they lock what owners release."""
        for below in sorted(handle.below.values(), key=lambda each: each.kind == OWNER):
            self._end(below)
        self._close(handle)
        if handle.kind == CCB:
            handle.thing.end()
        elif handle.kind == OWNER:
            owners.end_owner(handle.thing)
        elif handle.kind == OI:
            self._clear(handle)

    def _clear(self, handle: Handle) -> None:
        implementer, handle.implementer = handle.implementer, None
        if implementer is None:
            return
        implementers.detach(self.store, implementer)
        for other in list(self._handles.values()):
            if isinstance(other.thing, CcbHandle) and other.thing.ccb is not None:
                other.thing.ccb.implementer_left(implementer)

    def _initialize(self, call: Call) -> Answer:
        version = call.args.get("version")
        if not isinstance(version, list) or len(version) != 3 or not call.args.get("hasHandle", True):
            return Answer(Code.ERR_INVALID_PARAM)
        release, major, minor = version
        if release != SUPPORTED[0] or major != SUPPORTED[1]:
            return Answer(Code.ERR_VERSION, {"version": SUPPORTED})
        if call.session.data is not None:
            return Answer(Code.ERR_LIBRARY)
        handle = self._open(OM if call.name == "saImmOmInitialize" else OI, call.session, None)
        handle.minor = minor
        handle.has_callbacks = bool(call.args.get("callbacks"))
        if handle.kind == OI:
            handle.port = ClientPort(call.session, minor)
        call.session.data = handle
        return Answer(Code.OK, {"handle": handle.number, "version": SUPPORTED})

    def _finalize_om(self, call: Call, handle: Handle) -> Answer:
        self._end(handle)
        call.session.data = None
        call.session.finish()
        return OK

    def _finalize_oi(self, call: Call, handle: Handle) -> Answer:
        return self._finalize_om(call, handle)

    def _selection_object(self, _call: Call, handle: Handle) -> Answer:
        if handle.kind == OM and not handle.has_callbacks:
            return Answer(Code.ERR_INVALID_PARAM)
        return OK

    def _dispatch(self, call: Call, _handle: Handle) -> Optional[Answer]:
        return call.session.dispatch(call, integer(call.args.get("flags")))

    # classes

    def _class_create(self, call: Call, _handle: Handle) -> Answer:
        args = call.args
        classes.create_class(
            self.store, args.get("className"), args.get("classCategory"), args.get("attrDefinitions")
        )
        return OK

    def _class_describe(self, call: Call, _handle: Handle) -> Answer:
        found = self.store.find_class(call.args.get("className"))
        definitions = [
            [name, kind, flags, None if default is None else wire(default)]
            for name, kind, flags, default in classes.describe_class(found)
        ]
        return Answer(Code.OK, {"classCategory": int(found.category), "attrDefinitions": definitions})

    def _class_delete(self, call: Call, _handle: Handle) -> Answer:
        classes.delete_class(self.store, call.args.get("className"))
        return OK

    # accessors and searches

    def _accessor_open(self, call: Call, handle: Handle) -> Answer:
        return Answer(Code.OK, {"handle": self._open(ACCESSOR, call.session, handle).number})

    def _accessor_get(self, call: Call, _handle: Handle) -> Optional[Answer]:
        found = self.store.find(call.args.get("objectName"))
        names = reading.select(found, name_list(call.args.get("attributeNames")))
        reading.read(
            found, names, lambda rc, attributes: _reply_attributes(call, rc, attributes), self._world
        )
        return None

    def _close_handle(self, _call: Call, handle: Handle) -> Answer:
        self._end(handle)
        return OK

    def _search_open(self, call: Call, handle: Handle) -> Answer:
        args = call.args
        criterion = None
        given = args.get("searchParam")
        if given is not None:
            name, kind, value = given
            criterion = reading.Criterion(name, kind, None if value is None else value_of(value, kind))
        search = reading.Search(
            self.store,
            args.get("rootName"),
            args.get("scope"),
            args.get("searchOptions"),
            criterion,
            name_list(args.get("attributeNames")),
        )
        return Answer(Code.OK, {"handle": self._open(SEARCH, call.session, handle, search).number})

    def _search_next(self, call: Call, handle: Handle) -> Optional[Answer]:
        def done(rc: int, dn: str, attributes: list[GivenValues]) -> None:
            if rc != Code.OK:
                call.reply(rc)
            else:
                call.reply(rc, {"objectName": dn, "attributes": wire_attributes(attributes)})

        handle.thing.next(done, self._world)
        return None

    # owners

    def _owner_open(self, call: Call, handle: Handle) -> Answer:
        args = call.args
        owner = owners.new_owner(args.get("adminOwnerName"), args.get("releaseOwnershipOnFinalize"))
        return Answer(Code.OK, {"handle": self._open(OWNER, call.session, handle, owner).number})

    def _owner_set(self, call: Call, handle: Handle) -> Answer:
        owners.set_owner(
            self.store, handle.thing, name_list(call.args.get("objectNames")), call.args.get("scope")
        )
        return OK

    def _owner_release(self, call: Call, handle: Handle) -> Answer:
        owners.release_owner(
            self.store, handle.thing, name_list(call.args.get("objectNames")), call.args.get("scope")
        )
        return OK

    def _owner_clear(self, call: Call, _handle: Handle) -> Answer:
        owners.release_owner(
            self.store, None, name_list(call.args.get("objectNames")), call.args.get("scope")
        )
        return OK

    def _owner_close(self, _call: Call, handle: Handle) -> Answer:
        """Its open CCBs stay, out of reach, until the OM handle goes."""
        above = handle.above
        for below in list(handle.below.values()):
            self._close(below)
            if above is not None and below.thing.ccb is not None and below.thing.ccb.mutations:
                below.above = above
                above.below[below.number] = below
        self._end(handle)
        return OK

    # CCBs

    def _ccb_open(self, call: Call, handle: Handle) -> Answer:
        made = CcbHandle(self.store, self._world, handle.thing, call.args.get("ccbFlags"))
        return Answer(Code.OK, {"handle": self._open(CCB, call.session, handle, made).number})

    def _ccb_create(self, call: Call, handle: Handle) -> None:
        args = call.args
        name, attributes = args.get("className"), args.get("attrValues")
        if not isinstance(name, str) or not name or attributes is None:
            raise AisError(Code.ERR_INVALID_PARAM)
        given = attribute_list(attributes)
        parent = optional_name(args.get("parentName"))
        handle.thing.perform(lambda ccb, done: ccb_changes.create(ccb, name, parent, given, done), call.reply)

    def _ccb_modify(self, call: Call, handle: Handle) -> None:
        changes = call.args.get("attrMods")
        if changes is None:
            raise AisError(Code.ERR_INVALID_PARAM)
        given = change_list(changes)
        handle.thing.perform(
            lambda ccb, done: ccb_changes.modify(ccb, call.args.get("objectName"), given, done),
            call.reply,
        )

    def _ccb_delete(self, call: Call, handle: Handle) -> None:
        handle.thing.perform(
            lambda ccb, done: ccb_changes.delete(ccb, call.args.get("objectName"), done),
            call.reply,
        )

    def _ccb_apply(self, call: Call, handle: Handle) -> None:
        handle.thing.apply(call.reply)

    def _ccb_validate(self, call: Call, handle: Handle) -> None:
        handle.thing.validate(call.reply)

    def _ccb_abort(self, _call: Call, handle: Handle) -> Answer:
        handle.thing.abort()
        return OK

    def _ccb_read(self, call: Call, handle: Handle) -> None:
        """Read an object as the CCB sees it (saImmOmCcbObjectRead)."""
        dn = call.args.get("objectName")
        if not isinstance(dn, str) or not dn:
            raise AisError(Code.ERR_INVALID_PARAM)
        names = name_list(call.args.get("attributeNames"))
        ccb = handle.thing.ccb
        mutation = None if ccb is None else ccb.mutations.get(dn)
        found = self.store.find(dn) if mutation is None else mutation.found
        if not found.cls.is_config:
            raise AisError(Code.ERR_INVALID_PARAM)
        if found.locked_by(ccb):
            raise AisError(Code.ERR_BUSY)
        if found.deleting:
            raise AisError(Code.ERR_NOT_EXIST)
        reading.read(
            found,
            reading.select(found, names),
            lambda rc, attributes: _reply_attributes(call, rc, attributes),
            self._world,
            None if mutation is None else mutation.after,
        )

    def _ccb_errors(self, _call: Call, handle: Handle) -> Answer:
        root = handle
        while root.above is not None:
            root = root.above
        if root.minor < ERROR_STRINGS_MINOR:
            return Answer(Code.ERR_VERSION)
        return Answer(Code.OK, {"errorStrings": handle.thing.errors})

    # administrative operations

    def _invoke(self, call: Call, handle: Handle) -> None:
        args = call.args
        timeout = args.get("timeout")
        if not isinstance(timeout, int) or timeout < 0 or args.get("returnValueIsNull"):
            raise AisError(Code.ERR_INVALID_PARAM)
        root = handle
        while root.above is not None:
            root = root.above

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

        self._operations.invoke(
            handle.thing,
            args.get("objectName"),
            args.get("operationId"),
            parameter_list(args.get("params")),
            timeout / 1e9,
            done,
        )

    def _invoke_async(self, call: Call, handle: Handle) -> Answer:
        args = call.args
        session = call.session
        root = session.data
        if not isinstance(root, Handle) or not root.has_callbacks:
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
            self._operations.invoke(handle.thing, args["objectName"], operation, parameters, None, done)
        except AisError as error:
            if error.code == Code.ERR_INVALID_PARAM:
                raise
            done(error.code, 0, ())
        return OK

    def _continuation(self, _call: Call, _handle: Handle) -> Answer:
        """OpenSAF has no continuation of administrative operations either."""
        return Answer(Code.ERR_NOT_SUPPORTED)

    # implementers

    def _implementer_set(self, call: Call, handle: Handle) -> Answer:
        name = call.args.get("implementerName")
        if handle.implementer is not None:
            return Answer(Code.ERR_INVALID_PARAM)
        handle.implementer = implementers.attach(self.store, name, handle.port)
        return OK

    def _implementer_clear(self, _call: Call, handle: Handle) -> Answer:
        _implementer(handle)
        self._clear(handle)
        return OK

    def _class_implementer(self, call: Call, handle: Handle) -> Answer:
        name = call.args.get("className")
        if name is None:
            return Answer(Code.ERR_INVALID_PARAM)
        change = implementers.set_class if call.name.endswith("Set") else implementers.release_class
        change(self.store, _implementer(handle), name)
        return OK

    def _object_implementer(self, call: Call, handle: Handle) -> Answer:
        name, scope = call.args.get("objectName"), call.args.get("scope")
        if name is None:
            return Answer(Code.ERR_INVALID_PARAM)
        change = implementers.set_object if call.name.endswith("Set") else implementers.release_object
        change(self.store, _implementer(handle), name, scope)
        return OK

    # runtime objects

    def _runtime_create(self, call: Call, handle: Handle) -> Answer:
        args = call.args
        name, attributes = args.get("className"), args.get("attrValues")
        if not isinstance(name, str) or not name or attributes is None:
            return Answer(Code.ERR_INVALID_PARAM)
        parent = optional_name(args.get("parentName"))
        runtime.create(self.store, _creator(handle), name, parent, attribute_list(attributes))
        return OK

    def _runtime_update(self, call: Call, handle: Handle) -> Answer:
        dn, changes = call.args.get("objectName"), call.args.get("attrMods")
        if not dn or changes is None:
            return Answer(Code.ERR_INVALID_PARAM)
        runtime.update(self.store, _creator(handle), dn, change_list(changes))
        return OK

    def _runtime_delete(self, call: Call, handle: Handle) -> Answer:
        dn = call.args.get("objectName")
        if not dn:
            return Answer(Code.ERR_INVALID_PARAM)
        runtime.delete(self.store, _creator(handle), dn)
        return OK

    # answers of implementers

    def _admin_result(self, call: Call, handle: Handle) -> Answer:
        args = call.args
        parameters = parameter_list(args.get("returnParams") or []) or []
        result = integer(args.get("result"))
        refused = any(p.name == "SaImmAdminOperationError" for p in parameters)
        if refused and result == Code.OK:
            return Answer(Code.ERR_INVALID_PARAM)
        assert handle.port is not None
        handle.port.result(args.get("invocation"), result, parameters)
        return OK

    def _error_string(self, call: Call, handle: Handle) -> Answer:
        assert handle.port is not None
        handle.port.set_error_string(call.args.get("ccbId"), call.args.get("errorString"))
        return OK

    def _augment(self, call: Call, handle: Handle) -> Answer:
        number = call.args.get("ccbId")
        port = handle.port
        if not isinstance(number, int) or not number or port is None:
            return Answer(Code.ERR_INVALID_PARAM)
        if handle.minor < AUGMENT_MINOR:
            return Answer(Code.ERR_VERSION)
        ccb = next(
            (each.thing.ccb for each in self._handles.values() if each.kind == CCB and _is_ccb(each, number)),
            None,
        )
        if ccb is None or not port.is_answering(number) or handle.implementer is None:
            return Answer(Code.ERR_BAD_OPERATION)
        if number in port.augmentations:
            return Answer(Code.ERR_TRY_AGAIN)
        owner = self._open(OWNER, call.session, handle, owners.AdminOwner(ccb.owner.name, True))
        try:
            augmentation = Augmentation(ccb, handle.implementer, lambda: self._end(owner))
        except AisError:
            self._close(owner)
            raise
        port.augmentations[number] = augmentation
        made = self._open(CCB, call.session, owner, augmentation)
        return Answer(Code.OK, {"ccbHandle": made.number, "ownerHandle": owner.number})

    # the simulator's own

    def restart(self) -> None:
        """IMM restarts: handles are lost, and with them all runtime objects of clients (there is no back
        end)."""
        for handle in list(self._handles.values()):
            if handle.above is None:
                handle.session.lose()
                handle.session.data = None
                self._end(handle)
        for found in sorted(self.store.objects.values(), key=lambda each: len(each.dn), reverse=True):
            implementer = found.implementer
            internal = implementer is not None and implementer.port is not None
            if not found.cls.is_config and not internal and not found.children:
                self.store.remove(found)
        for cls in self.store.classes.values():
            if cls.implementer is not None and cls.implementer.port is None:
                cls.implementer = None
        for found in self.store.objects.values():
            found.owner = ""
            if found.implementer is not None and found.implementer.port is None:
                found.implementer = None


def _is_ccb(handle: Handle, number: int) -> bool:
    return (
        isinstance(handle.thing, CcbHandle) and handle.thing.ccb is not None and handle.thing.ccb.id == number
    )


def _implementer(handle: Handle) -> Implementer:
    if handle.implementer is None:
        raise AisError(Code.ERR_BAD_HANDLE, "the handle has no implementer name")
    return handle.implementer


def _creator(handle: Handle) -> Implementer:
    if handle.implementer is None or handle.implementer.is_applier:
        raise AisError(Code.ERR_BAD_OPERATION, "the handle has no implementer name")
    return handle.implementer


def _reply_attributes(call: Call, rc: int, attributes: Optional[list[GivenValues]]) -> None:
    call.reply(rc, None if attributes is None else {"attributes": wire_attributes(attributes)})


_CALLS: Mapping[str, tuple[str, Server]] = {
    "saImmOmFinalize": (OM, ImmService._finalize_om),
    "saImmOmSelectionObjectGet": (OM, ImmService._selection_object),
    "saImmOmDispatch": (OM, ImmService._dispatch),
    "saImmOmClassCreate_2": (OM, ImmService._class_create),
    "saImmOmClassDescriptionGet_2": (OM, ImmService._class_describe),
    "saImmOmClassDelete": (OM, ImmService._class_delete),
    "saImmOmAccessorInitialize": (OM, ImmService._accessor_open),
    "saImmOmAccessorGet_2": (ACCESSOR, ImmService._accessor_get),
    "saImmOmAccessorFinalize": (ACCESSOR, ImmService._close_handle),
    "saImmOmSearchInitialize_2": (OM, ImmService._search_open),
    "saImmOmSearchNext_2": (SEARCH, ImmService._search_next),
    "saImmOmSearchFinalize": (SEARCH, ImmService._close_handle),
    "saImmOmAdminOwnerInitialize": (OM, ImmService._owner_open),
    "saImmOmAdminOwnerSet": (OWNER, ImmService._owner_set),
    "saImmOmAdminOwnerRelease": (OWNER, ImmService._owner_release),
    "saImmOmAdminOwnerFinalize": (OWNER, ImmService._owner_close),
    "saImmOmAdminOwnerClear": (OM, ImmService._owner_clear),
    "saImmOmCcbInitialize": (OWNER, ImmService._ccb_open),
    "saImmOmCcbObjectCreate_2": (CCB, ImmService._ccb_create),
    "saImmOmCcbObjectModify_2": (CCB, ImmService._ccb_modify),
    "saImmOmCcbObjectDelete": (CCB, ImmService._ccb_delete),
    "saImmOmCcbObjectRead": (CCB, ImmService._ccb_read),
    "saImmOmCcbApply": (CCB, ImmService._ccb_apply),
    "saImmOmCcbValidate": (CCB, ImmService._ccb_validate),
    "saImmOmCcbAbort": (CCB, ImmService._ccb_abort),
    "saImmOmCcbFinalize": (CCB, ImmService._close_handle),
    "saImmOmCcbGetErrorStrings": (CCB, ImmService._ccb_errors),
    "saImmOmAdminOperationInvoke_2": (OWNER, ImmService._invoke),
    "saImmOmAdminOperationInvokeAsync_2": (OWNER, ImmService._invoke_async),
    "saImmOmAdminOperationContinue": (OWNER, ImmService._continuation),
    "saImmOmAdminOperationContinueAsync": (OWNER, ImmService._continuation),
    "saImmOmAdminOperationContinuationClear": (OWNER, ImmService._continuation),
    "saImmOiFinalize": (OI, ImmService._finalize_oi),
    "saImmOiSelectionObjectGet": (OI, ImmService._selection_object),
    "saImmOiDispatch": (OI, ImmService._dispatch),
    "saImmOiImplementerSet": (OI, ImmService._implementer_set),
    "saImmOiImplementerClear": (OI, ImmService._implementer_clear),
    "saImmOiClassImplementerSet": (OI, ImmService._class_implementer),
    "saImmOiClassImplementerRelease": (OI, ImmService._class_implementer),
    "saImmOiObjectImplementerSet": (OI, ImmService._object_implementer),
    "saImmOiObjectImplementerRelease": (OI, ImmService._object_implementer),
    "saImmOiRtObjectCreate_2": (OI, ImmService._runtime_create),
    "saImmOiRtObjectUpdate_2": (OI, ImmService._runtime_update),
    "saImmOiRtObjectDelete": (OI, ImmService._runtime_delete),
    "saImmOiAdminOperationResult": (OI, ImmService._admin_result),
    "saImmOiAdminOperationResult_o2": (OI, ImmService._admin_result),
    "saImmOiCcbSetErrorString": (OI, ImmService._error_string),
    "saImmOiAugmentCcbInitialize": (OI, ImmService._augment),
}
