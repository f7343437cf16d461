# SPDX-License-Identifier: Apache-2.0
"""The port of a client's OI handle: it turns what IMM asks of an implementer into callbacks of the
session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Optional, Union

from saf_shim.codes import AisError, Code
from saf_shim.contract import Arguments, Session
from saf_shim.imm.content.port import ALLOWED, AdminOperation, Answer
from saf_shim.imm.content.rules import AttributeValues, Modification
from saf_shim.imm.manager.augmentation import Augmentation
from saf_shim.patience import callback_timeout

CANONICAL_MINOR = 17  # since A.2.17 an implementer gets the resulting values, not the modifications


def wire(value: Union[int, float, str, bytes]) -> Union[int, float, str]:
    """Return a value in the form that JSON has for it."""
    return value.hex() if isinstance(value, bytes) else value


class ClientPort:
    """A client's OI handle as IMM calls it. `Port` explains the methods."""

    def __init__(self, session: Session, minor: int) -> None:
        self._session = session
        self._minor = minor
        self.patience = callback_timeout(session.environment)
        self.operations: dict[int, AdminOperation] = {}
        self._texts: dict[int, str] = {}  # the last error string of each CCB
        self._open: dict[int, int] = {}  # how many callbacks of each CCB the client is answering
        self.augmentations: dict[int, Augmentation] = {}  # by the number of the CCB

    def set_error_string(self, ccb: object, text: object) -> None:
        """Keep an error string (saImmOiCcbSetErrorString). That works only inside a callback of that CCB."""
        if not isinstance(text, str) or not text:
            raise AisError(Code.ERR_INVALID_PARAM, "no text")
        if not isinstance(ccb, int) or not self._open.get(ccb):
            raise AisError(Code.ERR_NOT_EXIST, "no callback of that CCB is being answered")
        self._texts[ccb] = text

    def is_answering(self, ccb: int) -> bool:
        """Tell whether the client is answering a callback of that CCB."""
        return bool(self._open.get(ccb))

    def result(self, invocation: object, rc: int, parameters: Sequence[Any]) -> None:
        """End an administrative operation (saImmOiAdminOperationResult)."""
        operation = self.operations.pop(invocation, None) if isinstance(invocation, int) else None
        if operation is None:
            raise AisError(Code.ERR_INVALID_PARAM, "no such invocation")
        operation.end(Code.OK, rc, parameters)

    def admin(self, operation: AdminOperation) -> None:
        self.operations[operation.number] = operation
        args: Arguments = {
            "invocation": operation.number,
            "objectName": operation.dn,
            "operationId": operation.operation,
            "params": [[p.name, int(p.type), wire(p.value)] for p in operation.parameters],
        }

        def returned(rc: Optional[int]) -> None:
            if rc not in (None, Code.OK):  # the handle has no such callback
                operation.end(Code.ERR_FAILED_OPERATION)

        self._session.push(("saImmOiAdminOperationCallback", args), returned)

    def read_pure(self, dn: str, names: Sequence[str], done: Callable[[int], None]) -> None:
        def returned(rc: Optional[int]) -> None:
            done(Code.ERR_NO_RESOURCES if rc is None else rc)

        args: Arguments = {"objectName": dn, "attributeNames": list(names)}
        self._session.push(("saImmOiRtAttrUpdateCallback", args), returned)

    def _call(self, name: str, ccb: int, args: Arguments, answer: Answer) -> None:
        args["ccbId"] = ccb
        if answer is None:
            self._session.push((name, args))
            return
        self._open[ccb] = self._open.get(ccb, 0) + 1
        reply = answer

        def returned(rc: Optional[int]) -> None:
            self._open[ccb] -= 1
            text = self._texts.pop(ccb, "")
            augmentation = self.augmentations.pop(ccb, None)
            if augmentation is not None:
                rc = augmentation.close(Code.ERR_FAILED_OPERATION if rc is None else rc)
            if rc is not None:
                reply(rc if rc in ALLOWED else Code.ERR_FAILED_OPERATION, text)

        self._session.push((name, args), returned)

    def create(
        self,
        ccb: int,
        class_name: str,
        parent: str,
        dn: str,
        attributes: list[AttributeValues],
        answer: Answer,
    ) -> None:
        del dn
        entries = [[name, kind, [wire(value) for value in values]] for name, kind, values in attributes]
        args: Arguments = {"className": class_name, "parentName": parent, "attr": entries}
        self._call("saImmOiCcbObjectCreateCallback", ccb, args, answer)

    def modify(
        self, ccb: int, dn: str, results: list[Modification], given: list[Modification], answer: Answer
    ) -> None:
        # The given modifications arrive in reverse order, because OpenSAF's library builds a list from its
        # end.
        changes = results if self._minor >= CANONICAL_MINOR else given[::-1]
        entries = [
            [how, name, kind, [wire(value) for value in values]] for how, name, kind, values in changes
        ]
        self._call("saImmOiCcbObjectModifyCallback", ccb, {"objectName": dn, "attrMods": entries}, answer)

    def delete(self, ccb: int, dn: str, answer: Answer) -> None:
        self._call("saImmOiCcbObjectDeleteCallback", ccb, {"objectName": dn}, answer)

    def completed(self, ccb: int, answer: Answer) -> None:
        self._call("saImmOiCcbCompletedCallback", ccb, {}, answer)

    def apply(self, ccb: int, answer: Answer) -> None:
        self._forget(ccb)

        def returned(_rc: Optional[int]) -> None:
            if answer is not None:
                answer(Code.OK, "")

        self._session.push(("saImmOiCcbApplyCallback", {"ccbId": ccb}), returned)

    def abort(self, ccb: int) -> None:
        self._forget(ccb)
        self._session.push(("saImmOiCcbAbortCallback", {"ccbId": ccb}))

    def _forget(self, ccb: int) -> None:
        self._texts.pop(ccb, None)
