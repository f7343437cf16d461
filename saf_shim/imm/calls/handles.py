# SPDX-License-Identifier: Apache-2.0
"""The handles of IMM's clients: what hangs on what, and what goes when one ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

from saf_shim.contract import Answer, Call, Session, World
from saf_shim.imm.calls.client_port import ClientPort
from saf_shim.imm.content.store import Implementer, Store
from saf_shim.imm.implementer import bindings as implementers
from saf_shim.imm.manager import owners
from saf_shim.imm.manager.admin_operations import Operations
from saf_shim.imm.manager.ccb import CcbHandle

_STEP = 0x10001

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

    def root(self) -> Handle:
        """The OM or OI handle it was made from, or itself."""
        return self if self.above is None else self.above.root()


class ImmHandles:
    """All handles, with what the calls on them need."""

    def __init__(self, world: World, store: Store) -> None:
        self.world = world
        self.store = store
        self.operations = Operations(store, world)
        self.handles: dict[int, Handle] = {}
        self._last = 0x5AF000000000

    def open(self, kind: str, session: Session, above: Optional[Handle], thing: Any = None) -> Handle:
        """A new handle."""
        self._last += _STEP
        made = Handle(self._last, kind, session, thing)
        self.handles[made.number] = made
        if above is not None:
            made.above = above
            above.below[made.number] = made
        return made

    def forget(self, handle: Handle) -> None:
        """Remove a handle without its consequences."""
        self.handles.pop(handle.number, None)
        if handle.above is not None:
            handle.above.below.pop(handle.number, None)

    def end(self, handle: Handle) -> None:
        """A handle and all made from it go: CCBs first, as they lock what owners release."""
        for below in sorted(handle.below.values(), key=lambda each: each.kind == OWNER):
            self.end(below)
        self.forget(handle)
        if handle.kind == CCB:
            handle.thing.end()
        elif handle.kind == OWNER:
            owners.end_owner(handle.thing)
        elif handle.kind == OI:
            self.clear_implementer(handle)

    def clear_implementer(self, handle: Handle) -> None:
        """An OI handle's implementer, if it has one, leaves."""
        implementer, handle.implementer = handle.implementer, None
        if implementer is None:
            return
        implementers.detach(self.store, implementer)
        for other in list(self.handles.values()):
            if isinstance(other.thing, CcbHandle) and other.thing.ccb is not None:
                other.thing.ccb.implementer_left(implementer)


Server = Callable[[ImmHandles, Call, Handle], Optional[Answer]]
