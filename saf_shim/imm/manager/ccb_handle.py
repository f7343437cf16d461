# SPDX-License-Identifier: Apache-2.0
"""A client's CCB handle, on which one CCB follows another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Optional

from saf_shim.codes import AisError, Code
from saf_shim.contract import World
from saf_shim.imm.content.store import Store
from saf_shim.imm.manager.ccb import ALLOW_NULL_OI, REGISTERED_OI, Ccb, Done, State
from saf_shim.imm.manager.owners import AdminOwner
from saf_shim.patience import CALLBACK_TIME


class CcbHandle:
    """A CCB handle. One CCB follows another: after an apply, the next change begins a new CCB."""

    def __init__(
        self, store: Store, world: World, owner: AdminOwner, flags: object, patience: float = CALLBACK_TIME
    ) -> None:
        if not isinstance(flags, int) or flags & ~(REGISTERED_OI | ALLOW_NULL_OI):
            raise AisError(Code.ERR_INVALID_PARAM, "unknown CCB flags")
        self._store = store
        self._world = world
        self.owner = owner
        self.flags = flags
        self._patience = patience
        self.ccb: Optional[Ccb] = Ccb(store, world, owner, flags, patience)
        self.errors: list[str] = []
        self._dead = False

    def perform(self, operation: Callable[[Ccb, Done], None], done: Done) -> None:
        """Perform a change in the current CCB. After an apply a new CCB begins."""
        if self._dead:
            done(Code.ERR_FAILED_OPERATION)
            return
        self.errors = []
        if self.ccb is None:
            self.ccb = Ccb(self._store, self._world, self.owner, self.flags, self._patience)
        ccb = self.ccb
        try:
            ccb.check_open()
            operation(ccb, lambda rc: done(self._ended(ccb, rc)))
        except AisError as error:
            done(self._ended(ccb, error.code))

    def _ended(self, ccb: Ccb, rc: int) -> int:
        if rc != Code.OK:
            self.errors = ccb.grab_strings()
        if rc == Code.ERR_FAILED_OPERATION:
            self._dead = True
        return rc

    def validate(self, done: Done) -> None:
        """Validate the CCB (saImmOmCcbValidate). Validating again changes nothing."""
        self._close("validate", done)

    def apply(self, done: Done) -> None:
        """Apply the CCB (saImmOmCcbApply). Applying twice in a row is an error, and the handle is useless
        afterwards."""
        self._close("apply", done)

    def _close(self, what: str, done: Done) -> None:
        ccb = self.ccb
        if self._dead or ccb is None:
            self._dead = True
            done(Code.ERR_FAILED_OPERATION)
            return
        if what == "validate" and ccb.state is State.VALIDATED:
            done(Code.OK)
            return
        self.errors = []

        def ended(rc: int) -> None:
            if rc == Code.OK and what == "apply":
                self.ccb = None
            done(self._ended(ccb, rc))

        if what == "apply":
            ccb.apply(ended)
        else:
            ccb.validate(ended)

    def end(self) -> None:
        """Abort an open CCB, because the handle or its process is gone."""
        if self.ccb is not None:
            self.ccb.abort()
