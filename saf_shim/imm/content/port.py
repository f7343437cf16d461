# SPDX-License-Identifier: Apache-2.0
"""How IMM reaches the holder of an implementer name.

The holder is a client's OI handle (`calls.client_port`) or a part of the server (`implementer.attached`).
Both offer the methods of `Port`. A client's port turns them into callbacks of its session, and an attached
implementer's port turns them into calls of its hooks. This module has only the protocols and the plain values
that both sides exchange; it does nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Optional, Protocol

from imm_model.types import Value, ValueType
from saf_shim.codes import Code
from saf_shim.imm.content.rules import AttributeValues, Modification

# The codes that an implementer may answer to a callback of a CCB. Every other code counts as
# FAILED_OPERATION.
ALLOWED = (Code.OK, Code.ERR_NO_MEMORY, Code.ERR_NO_RESOURCES, Code.ERR_BAD_OPERATION)

# Called with an implementer's answer: its code (one of `ALLOWED`) and its last error string.
ImplementerDone = Callable[[int, str], None]
# What a port calls when its holder has answered. It is None for appliers, because nobody waits for them.
Answer = Optional[ImplementerDone]


class Parameter(NamedTuple):
    """One parameter of an administrative operation."""

    name: str
    type: ValueType
    value: Value


class AdminOperation(Protocol):
    """An administrative operation on an object of the holder. The holder answers it once, now or later."""

    number: int  # the invocation by which a client answers
    dn: str
    operation: int
    parameters: Sequence[Parameter]  # in the order in which a real implementer sees them
    answered: bool

    def answer(self, result: int, error_text: str = "") -> None:
        """End the operation with this result. `error_text` becomes the parameter
        ``SaImmAdminOperationError``."""

    def end(self, rc: int, result: int = 0, parameters: Sequence[Parameter] = ()) -> None:
        """End the call with `rc`. If that is OK, the operation's result and its parameters are returned
        too."""


class Port(Protocol):
    """A holder of an implementer name."""

    patience: float  # seconds after which IMM aborts a CCB for which the holder does not answer

    def admin(self, operation: AdminOperation) -> None:
        """Serve an administrative operation."""

    def read_pure(self, dn: str, names: Sequence[str], done: Callable[[int], None]) -> None:
        """Update the pure attributes `names` of an object in the store, then call `done` with the code."""

    def create(
        self,
        ccb: int,
        class_name: str,
        parent: str,
        dn: str,
        attributes: list[AttributeValues],
        answer: Answer,
    ) -> None:
        """An object is being created."""

    def modify(
        self, ccb: int, dn: str, results: list[Modification], given: list[Modification], answer: Answer
    ) -> None:
        """An object is being modified. `given` comes from the administrator, `results` are the new values."""

    def delete(self, ccb: int, dn: str, answer: Answer) -> None:
        """An object is being deleted."""

    def completed(self, ccb: int, answer: Answer) -> None:
        """The CCB is complete: the holder validates it."""

    def apply(self, ccb: int, answer: Answer) -> None:
        """The CCB is committed. The answer says that the holder has noticed this; it may never come."""

    def abort(self, ccb: int) -> None:
        """The CCB is aborted."""
