# SPDX-License-Identifier: Apache-2.0
"""IMM for clients: which function serves each call, and what kind of handle the call needs.

The functions are in `om`, `ccb` and `oi`. A function that refuses a call raises AisError, and the server
turns that into the return code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Optional

from saf_shim.codes import Code
from saf_shim.contract import OK, Answer, Call, Session, World
from saf_shim.imm.calls import ccb as ccb_calls
from saf_shim.imm.calls import oi as oi_calls
from saf_shim.imm.calls import om as om_calls
from saf_shim.imm.calls.client_port import ClientPort
from saf_shim.imm.calls.handles import OI, OM, ImmHandle, ImmHandles, ServeCall
from saf_shim.imm.calls.wire import integer
from saf_shim.imm.content.store import Store

SUPPORTED = [ord("A"), 2, 18]


class ImmService:
    """The service behind saImm*. The server calls the methods of `saf_shim.contract.Service`."""

    # OpenSAF answers OK when a client finalizes a handle of IMM that was lost.
    finalizers: Mapping[str, Code] = {"saImmOmFinalize": Code.OK, "saImmOiFinalize": Code.OK}
    local_calls = frozenset(
        ("saImmOmDispatch", "saImmOmSelectionObjectGet", "saImmOiDispatch", "saImmOiSelectionObjectGet")
    )

    def __init__(self, world: World, store: Store) -> None:
        self.store = store
        self._imm = ImmHandles(world, store)

    # the methods that the server calls

    def start(self) -> None:
        """Do nothing: IMM acts only when it is called."""

    def stop(self) -> None:
        """Do nothing: what IMM holds ends with the process."""

    def handle_call(self, call: Call) -> Optional[Answer]:
        if call.name in ("saImmOmInitialize", "saImmOiInitialize_2"):
            return self._initialize(call)
        entry = _CALLS.get(call.name)
        if entry is None:
            return Answer(Code.ERR_NOT_SUPPORTED)
        kind, serve = entry
        number = call.args.get("handle")
        handle = self._imm.handles.get(number) if isinstance(number, int) else None
        if handle is None or handle.kind != kind or handle.session is not call.session:
            return Answer(Code.ERR_BAD_HANDLE)
        if handle.root().spent and serve is not _finalize:
            return Answer(Code.ERR_BAD_HANDLE)
        return serve(self._imm, call, handle)

    def session_closed(self, session: Session) -> None:
        root = session.data
        if isinstance(root, ImmHandle):
            self._imm.end(root)

    # handles

    def _initialize(self, call: Call) -> Answer:
        version = call.args.get("version")
        if (
            not isinstance(version, list)
            or len(version) != 3
            or not all(isinstance(part, int) for part in version)
            or not call.args.get("hasHandle", True)
        ):
            return Answer(Code.ERR_INVALID_PARAM)
        release, major, minor = version
        if release != SUPPORTED[0] or major != SUPPORTED[1]:
            return Answer(Code.ERR_VERSION, {"version": SUPPORTED})
        if call.session.data is not None:
            return Answer(Code.ERR_LIBRARY)
        handle = self._imm.open(OM if call.name == "saImmOmInitialize" else OI, call.session, None)
        handle.minor = minor
        handle.has_callbacks = bool(call.args.get("callbacks"))
        if handle.kind == OI:
            handle.port = ClientPort(call.session, minor)
        call.session.data = handle
        return Answer(Code.OK, {"handle": handle.number, "version": SUPPORTED})

    # commands of the simulator

    def restart(self) -> None:
        """Imitate a restart of IMM: clients lose their handles. Without a back end they also lose their
        runtime objects."""
        for handle in list(self._imm.handles.values()):
            if handle.above is None:
                handle.session.lose()
                handle.session.data = None
                self._imm.end(handle)
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


def _finalize(imm: ImmHandles, call: Call, handle: ImmHandle) -> Answer:
    imm.end(handle)
    call.session.data = None
    call.session.finish()
    return OK


def _selection_object(_imm: ImmHandles, _call: Call, handle: ImmHandle) -> Answer:
    if handle.kind == OM and not handle.has_callbacks:
        return Answer(Code.ERR_INVALID_PARAM)
    return OK


def _dispatch(_imm: ImmHandles, call: Call, _handle: ImmHandle) -> Optional[Answer]:
    return call.session.dispatch(call, integer(call.args.get("flags")))


_CALLS: Mapping[str, tuple[str, ServeCall]] = {
    "saImmOmFinalize": (OM, _finalize),
    "saImmOmSelectionObjectGet": (OM, _selection_object),
    "saImmOmDispatch": (OM, _dispatch),
    "saImmOiFinalize": (OI, _finalize),
    "saImmOiSelectionObjectGet": (OI, _selection_object),
    "saImmOiDispatch": (OI, _dispatch),
    **om_calls.CALLS,
    **ccb_calls.CALLS,
    **oi_calls.CALLS,
}
