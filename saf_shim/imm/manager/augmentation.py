# SPDX-License-Identifier: Apache-2.0
"""An implementer's own changes to the CCB that it is being asked about (saImmOiAugmentCcbInitialize).

The implementer makes them during the callback. They belong to the CCB and become visible when the CCB is
applied. The implementer itself is not asked about them, but other implementers are. It must apply the
augmentation before it answers the callback; that alone makes nothing visible.
"""

from __future__ import annotations

from collections.abc import Callable

from saf_shim.codes import AisError, Code
from saf_shim.imm.content.store import Implementer
from saf_shim.imm.manager.ccb import Ccb, Done


class Augmentation:
    """An implementer's CCB handle. It offers the methods of `ccb_handle.CcbHandle`."""

    def __init__(self, ccb: Ccb, implementer: Implementer, on_close: Callable[[], None]) -> None:
        """Begin the augmentation. AisError when the CCB cannot be augmented at present."""
        ccb.begin_augmentation(implementer)
        self._on_close = on_close
        self.ccb = ccb
        self.errors: list[str] = []
        self._has_changes = False
        self._applied = False
        self._ended = False

    def perform(self, operation: Callable[[Ccb, Done], None], done: Done) -> None:
        """Perform a change in the CCB."""
        if self._ended or self._applied:
            done(Code.ERR_BAD_OPERATION if self._applied else Code.ERR_FAILED_OPERATION)
            return
        self.errors = []

        def ended(rc: int) -> None:
            if rc == Code.OK:
                self._has_changes = True
            else:
                self.errors = list(self.ccb.strings)
            done(rc)

        try:
            self.ccb.check_open()
            operation(self.ccb, ended)
        except AisError as error:
            ended(error.code)

    def apply(self, done: Done) -> None:
        """Confirm the changes; they stay invisible until the CCB is applied."""
        self._applied = True
        done(Code.OK)

    def validate(self, done: Done) -> None:
        """Refuse: only the administrator may validate the CCB."""
        done(Code.ERR_BAD_OPERATION)

    def end(self) -> None:
        """Do nothing when the handle is finalized: the callback's answer still decides."""

    def close(self, rc: int) -> int:
        """End the augmentation when the callback returns `rc`. Return the code that counts: changes that were
        not applied count as a refusal."""
        if not self._ended:
            self._ended = True
            self.ccb.end_augmentation()
            self._on_close()
        return Code.ERR_FAILED_OPERATION if rc == Code.OK and self._has_changes and not self._applied else rc
