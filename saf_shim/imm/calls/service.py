# SPDX-License-Identifier: Apache-2.0
"""IMM for clients: which function serves which call, and of what kind its handle must be.

The calls are in `om_calls`, `ccb_calls` and `oi_calls`; what they do is in the other modules. A refusal is an
AisError anywhere below, which the server turns into the return code.
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
from saf_shim.imm.calls.handles import OI, OM, Handle, ImmHandles, Server
from saf_shim.imm.calls.wire import integer
from saf_shim.imm.content.store import Store

SUPPORTED = [ord("A"), 2, 18]


class ImmService:
    """IMM for clients; see `saf_shim.contract.Service`."""

    # Whoever gives a lost handle of IMM back is told that this went well, as by OpenSAF.
    finalizers: Mapping[str, Code] = {"saImmOmFinalize": Code.OK, "saImmOiFinalize": Code.OK}

    def __init__(self, world: World, store: Store) -> None:
        self.store = store
        self._imm = ImmHandles(world, store)

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
        handle = self._imm.handles.get(number) if isinstance(number, int) else None
        if handle is None or handle.kind != kind or handle.session is not call.session:
            return Answer(Code.ERR_BAD_HANDLE)
        if handle.root().spent and serve is not _finalize:
            return Answer(Code.ERR_BAD_HANDLE)
        return serve(self._imm, call, handle)

    def session_closed(self, session: Session) -> None:
        """See `Service`."""
        root = session.data
        if isinstance(root, Handle):
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

    # the simulator's own

    def restart(self) -> None:
        """IMM restarts: handles are lost, and with them all runtime objects of clients (there is no back
        end)."""
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


def _finalize(imm: ImmHandles, call: Call, handle: Handle) -> Answer:
    imm.end(handle)
    call.session.data = None
    call.session.finish()
    return OK


def _selection_object(_imm: ImmHandles, _call: Call, handle: Handle) -> Answer:
    if handle.kind == OM and not handle.has_callbacks:
        return Answer(Code.ERR_INVALID_PARAM)
    return OK


def _dispatch(_imm: ImmHandles, call: Call, _handle: Handle) -> Optional[Answer]:
    return call.session.dispatch(call, integer(call.args.get("flags")))


_CALLS: Mapping[str, tuple[str, Server]] = {
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
