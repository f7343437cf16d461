# SPDX-License-Identifier: Apache-2.0
"""An implementer's own changes to the CCB that it is being asked about (saImmOiAugmentCcbInitialize).

They are made in the callback, belong to the CCB and become visible with it. The implementer is not asked
about them, others are. It has to apply the augmentation, which makes nothing visible, before it answers.
"""

from __future__ import annotations

from collections.abc import Callable

from saf_shim.codes import AisError, Code
from saf_shim.imm.content.store import Implementer
from saf_shim.imm.manager.ccb import Ccb, Done


class Augmentation:
    """What a CCB handle is to an implementer; has the methods of `ccb.CcbHandle`."""

    def __init__(self, ccb: Ccb, implementer: Implementer, on_close: Callable[[], None]) -> None:
        """AisError when the CCB cannot be augmented at present."""
        ccb.begin_augmentation(implementer)
        self._on_close = on_close
        self.ccb = ccb
        self.errors: list[str] = []
        self._tainted = False  # has it changed anything?
        self._applied = False
        self._ended = False

    def perform(self, operation: Callable[[Ccb, Done], None], done: Done) -> None:
        """Perform a change."""
        if self._ended or self._applied:
            done(Code.ERR_BAD_OPERATION if self._applied else Code.ERR_FAILED_OPERATION)
            return
        self.errors = []

        def ended(rc: int) -> None:
            if rc == Code.OK:
                self._tainted = True
            else:
                self.errors = list(self.ccb.strings)
            done(rc)

        try:
            self.ccb.check_open()
            operation(self.ccb, ended)
        except AisError as error:
            ended(error.code)

    def apply(self, done: Done) -> None:
        """Confirm the changes."""
        self._applied = True
        done(Code.OK)

    def validate(self, done: Done) -> None:
        """Not for implementers."""
        done(Code.ERR_BAD_OPERATION)

    def abort(self) -> None:
        """Changes that were made cannot be taken back: the whole CCB is refused then."""
        self._applied = not self._tainted

    def end(self) -> None:
        """Its handle has gone."""

    def close(self, rc: int) -> int:
        """The callback returns `rc`: what counts, as an augmentation that was not applied counts as a
        refusal."""
        if not self._ended:
            self._ended = True
            self.ccb.end_augmentation()
            self._on_close()
        return Code.ERR_FAILED_OPERATION if rc == Code.OK and self._tainted and not self._applied else rc
