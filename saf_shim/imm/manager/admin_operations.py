# SPDX-License-Identifier: Apache-2.0
"""Administrative operations, which go from a manager to an implementer and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Optional

from imm_model.types import ValueType
from saf_shim.codes import AisError, Code
from saf_shim.contract import Timer, World
from saf_shim.imm.content.port import Parameter
from saf_shim.imm.content.rules import is_printable
from saf_shim.imm.content.store import IMM_OBJECT, MANAGEMENT_OBJECT, Store
from saf_shim.imm.manager import own_objects
from saf_shim.imm.manager.owners import AdminOwner

MAX_OPERATION = 2**63 - 1
NAME_PARAMETER = "SaImmAdminOperationName"  # names the operation when its id is above MAX_OPERATION
ERROR_PARAMETER = "SaImmAdminOperationError"

# Called once with the call's code and, if that is OK, with the operation's result and its parameters.
OperationDone = Callable[[int, int, Sequence[Parameter]], None]


class Operation:
    """One operation that an implementer must answer. It implements `port.AdminOperation`."""

    def __init__(
        self, number: int, dn: str, operation: int, parameters: Sequence[Parameter], done: OperationDone
    ) -> None:
        self.number = number
        self.dn = dn
        self.operation = operation
        self.parameters = parameters
        self.answered = False
        self.timer: Optional[Timer] = None
        self._done: Optional[OperationDone] = done

    def answer(self, result: int, error_text: str = "") -> None:
        """Give the operation's result, as an implementer inside the server does."""
        given = []
        if error_text:
            given.append(Parameter(ERROR_PARAMETER, ValueType.STRING, error_text))
        self.end(Code.OK, result, given)

    def end(self, rc: int, result: int = 0, parameters: Sequence[Parameter] = ()) -> None:
        """End the call. Only the first end counts."""
        done, self._done = self._done, None
        self.answered = True
        if self.timer is not None:
            self.timer.cancel()
        if done is not None:
            done(rc, result, parameters)


class Operations:
    """Starts administrative operations and waits for their answers."""

    def __init__(self, store: Store, world: World) -> None:
        self._store = store
        self._world = world
        self._counter = 0

    def invoke(
        self,
        owner: AdminOwner,
        dn: object,
        operation: object,
        parameters: Optional[Sequence[Parameter]],
        timeout: Optional[float],
        done: OperationDone,
    ) -> None:
        """Start an operation. AisError when it cannot be started. `done` gets TIMEOUT after `timeout`
        seconds."""
        if parameters is None or not isinstance(dn, str) or not dn or not is_printable(dn):
            raise AisError(Code.ERR_INVALID_PARAM, "no parameters, or no object")
        has_name = any(parameter.name == NAME_PARAMETER for parameter in parameters)
        last = 2 * MAX_OPERATION + 1 if has_name else MAX_OPERATION
        if not isinstance(operation, int) or not 0 <= operation <= last:
            raise AisError(Code.ERR_INVALID_PARAM, "no operation id, or one by name without the name")
        found = self._store.objects.get(dn)
        if found is None:
            implementer = self._store.implementers.get(dn)  # an operation on the implementer itself
            if implementer is None or implementer.port is None or owner.name != dn:
                raise AisError(Code.ERR_NOT_EXIST, f"{dn} does not exist")
        else:
            implementer = found.implementer
            if implementer is None or implementer.port is None:
                if dn not in (IMM_OBJECT, MANAGEMENT_OBJECT):
                    raise AisError(Code.ERR_NOT_EXIST, f"{dn} has no implementer")
                implementer = None
            if found.locked_by(None):
                raise AisError(Code.ERR_BUSY, f"a CCB works on {dn}")
            if implementer is not None and found.owner != owner.name:
                raise AisError(Code.ERR_BAD_OPERATION, f"{dn} belongs to {found.owner or 'nobody'}")
            if implementer is None:
                code = own_objects.admin_operation(found, operation, parameters)
                if code != Code.OK:
                    raise AisError(code)
                done(Code.OK, Code.OK, ())
                return
        self._counter += 1
        made = Operation(self._counter, dn, operation, list(reversed(parameters)), done)
        if timeout is not None:
            made.timer = self._world.start_timer(timeout, lambda: made.end(Code.ERR_TIMEOUT))
        assert implementer is not None
        assert implementer.port is not None
        implementer.port.admin(made)
