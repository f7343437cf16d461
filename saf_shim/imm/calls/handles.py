# SPDX-License-Identifier: Apache-2.0
"""The handles of IMM's clients: from which handle each is made, and which handles end together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

from saf_shim.contract import Answer, Call, Session, World
from saf_shim.imm.calls.client_port import ClientPort
from saf_shim.imm.content.store import Implementer, Store
from saf_shim.imm.implementer import bindings
from saf_shim.imm.manager import owners
from saf_shim.imm.manager.admin_operations import Operations
from saf_shim.imm.manager.ccb_handle import CcbHandle

_STEP = 0x10001

OM, OI, ACCESSOR, SEARCH, OWNER, CCB = "om", "oi", "accessor", "search", "owner", "ccb"


class ImmHandle:
    """One handle of a client."""

    def __init__(self, number: int, kind: str, session: Session, resource: Any = None) -> None:
        self.number = number
        self.kind = kind
        self.session = session
        self.resource = resource  # what it stands for: a Search, AdminOwner, CcbHandle or Augmentation
        self.minor = 0
        self.has_callbacks = False
        self.port: Optional[ClientPort] = None
        self.implementer: Optional[Implementer] = None
        self.below: dict[int, ImmHandle] = {}
        self.above: Optional[ImmHandle] = None
        self.spent = False  # True once the time-out of an operation has made the handle useless

    def root(self) -> ImmHandle:
        """Return the OM or OI handle from which this one was made. An OM or OI handle is its own root."""
        return self if self.above is None else self.above.root()


class ImmHandles:
    """All handles, and what the calls on them need."""

    def __init__(self, world: World, store: Store) -> None:
        self.world = world
        self.store = store
        self.operations = Operations(store, world)
        self.handles: dict[int, ImmHandle] = {}
        self._last = 0x5AF000000000

    def open(
        self, kind: str, session: Session, above: Optional[ImmHandle], resource: Any = None
    ) -> ImmHandle:
        """Make a new handle and put it into the tables."""
        self._last += _STEP
        made = ImmHandle(self._last, kind, session, resource)
        self.handles[made.number] = made
        if above is not None:
            made.above = above
            above.below[made.number] = made
        return made

    def forget(self, handle: ImmHandle) -> None:
        """Remove a handle from the tables. Nothing else is ended."""
        self.handles.pop(handle.number, None)
        if handle.above is not None:
            handle.above.below.pop(handle.number, None)

    def end(self, handle: ImmHandle) -> None:
        """End a handle and all handles that were made from it. CCBs end first, because they lock the objects
        that owners release."""
        for below in sorted(handle.below.values(), key=lambda each: each.kind == OWNER):
            self.end(below)
        self.forget(handle)
        if handle.kind == CCB:
            handle.resource.end()
        elif handle.kind == OWNER:
            owners.end_owner(handle.resource)
        elif handle.kind == OI:
            self.clear_implementer(handle)

    def clear_implementer(self, handle: ImmHandle) -> None:
        """Take the implementer name, if there is one, from an OI handle."""
        implementer, handle.implementer = handle.implementer, None
        if implementer is None:
            return
        bindings.detach(self.store, implementer, self.world)
        for other in list(self.handles.values()):
            if isinstance(other.resource, CcbHandle) and other.resource.ccb is not None:
                other.resource.ccb.implementer_left(implementer)


ServeCall = Callable[[ImmHandles, Call, ImmHandle], Optional[Answer]]
