# SPDX-License-Identifier: Apache-2.0
"""The forms that arguments and answers have on the wire, and the values that they stand for.

An argument of the wrong form is the client's fault: the answer is INVALID_PARAM."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Optional, Union

from imm_model.types import Value, ValueType
from saf_shim.codes import AisError, Code
from saf_shim.contract import Call
from saf_shim.imm.content.given import UNEXTENDED
from saf_shim.imm.content.port import Parameter
from saf_shim.imm.content.rules import AttributeValues, Modification, longest
from saf_shim.imm.manager.search import Criterion


def integer(value: object) -> int:
    """Return `value` if it is an integer."""
    if not isinstance(value, int):
        raise AisError(Code.ERR_INVALID_PARAM, "no integer")
    return value


def optional_name(value: object) -> Optional[str]:
    """Return a name, or None for NULL."""
    if value is not None and not isinstance(value, str):
        raise AisError(Code.ERR_INVALID_PARAM, "no name")
    return value


def name_list(value: object) -> Optional[list[str]]:
    """Return a list of names, or None for NULL."""
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise AisError(Code.ERR_INVALID_PARAM, "no list of names")
    return value


_ANY = int(ValueType.ANY)
_TEXTS = (ValueType.NAME, ValueType.STRING)
_FLOATS = (ValueType.FLOAT, ValueType.DOUBLE)
_FLOAT_LIMIT = 1 << 1023
_CRITERION_PARTS = 3  # name, type, value


def value_of(value: object, kind: object) -> Value:
    """Return a value of the wire in the form that the store has for it: for SA_ANY_T that is bytes."""
    if kind == ValueType.ANY:
        if isinstance(value, str):
            try:
                return bytes.fromhex(value)
            except ValueError:
                pass
    elif kind in _TEXTS:
        if isinstance(value, str):
            return value
    elif kind in _FLOATS:
        if isinstance(value, float) or (isinstance(value, int) and abs(value) < _FLOAT_LIMIT):
            return float(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        return value
    raise AisError(Code.ERR_INVALID_PARAM, "a value that is NULL, or not of its type")


def _attribute_name(name: object) -> str:
    if not isinstance(name, str):
        raise AisError(Code.ERR_INVALID_PARAM, "an attribute without name")
    return name


def _check_names(call: Call, given: Iterable[Union[AttributeValues, Modification]]) -> None:
    """Refuse long names from a program that does not enable them, as OpenSAF's library does."""
    if call.session.environment.get("SA_ENABLE_EXTENDED_NAMES") == "1":
        return
    for entry in given:
        if entry.type == ValueType.NAME and longest(entry.values) > UNEXTENDED:
            raise AisError(Code.ERR_INVALID_PARAM, f"{entry.name}: the name is too long")


def attribute_list(call: Call, attributes: object) -> list[AttributeValues]:
    """Return attributes with their values."""
    try:
        given = [
            AttributeValues(_attribute_name(name), kind, tuple([value_of(value, kind) for value in values]))
            for name, kind, values in attributes  # type: ignore[attr-defined]
        ]
    except (TypeError, ValueError):
        raise AisError(Code.ERR_INVALID_PARAM, "no list of attributes") from None
    _check_names(call, given)
    return given


def modification_list(call: Call, modifications: object) -> list[Modification]:
    """Return modifications."""
    try:
        given = [
            Modification(
                integer(how), _attribute_name(name), kind, tuple([value_of(value, kind) for value in values])
            )
            for how, name, kind, values in modifications  # type: ignore[attr-defined]
        ]
    except (TypeError, ValueError):
        raise AisError(Code.ERR_INVALID_PARAM, "no list of modifications") from None
    _check_names(call, given)
    return given


def parameter_list(parameters: object) -> Optional[list[Parameter]]:
    """Return the parameters of an operation, or None for NULL."""
    if parameters is None:
        return None
    try:
        return [
            Parameter(name, ValueType(kind), value_of(value, kind))
            for name, kind, value in parameters  # type: ignore[attr-defined]
        ]
    except (TypeError, ValueError):
        raise AisError(Code.ERR_INVALID_PARAM, "no list of parameters") from None


def search_criterion(given: object) -> Optional[Criterion]:
    """Return what a search looks for, or None for NULL."""
    if given is None:
        return None
    if not isinstance(given, list) or len(given) != _CRITERION_PARTS:
        raise AisError(Code.ERR_INVALID_PARAM, "no search parameter")
    name, kind, value = given
    return Criterion(name, kind, None if value is None else value_of(value, kind))


def wire_attributes(attributes: Sequence[AttributeValues]) -> list[list[Any]]:
    """Return attributes in the form that JSON has for them."""
    return [
        [name, kind, list(values) if kind != _ANY else [value.hex() for value in values]]  # type: ignore[union-attr]
        for name, kind, values in attributes
    ]


def reply_attributes(call: Call, rc: int, attributes: Optional[Sequence[AttributeValues]]) -> None:
    """Answer a call with the attributes that IMM has read."""
    call.reply(rc, None if attributes is None else {"attributes": wire_attributes(attributes)})
