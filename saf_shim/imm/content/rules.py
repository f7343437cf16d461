# SPDX-License-Identifier: Apache-2.0
"""What IMM takes as a name, a DN or a value, and how lists of values change.

The functions here know no store. The rules, and the order of the checks, were measured on OpenSAF 5.21.03. A
call with two faults is refused for the fault that OpenSAF checks first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple

from imm_model.classes import SYSTEM_ATTRIBUTES, AttributeDefinition, AttributeFlag
from imm_model.types import Value, ValueType, encode_text
from saf_shim.codes import AisError, Code

LOADER = "IMMLOADER"  # owns the objects that were loaded at the start; everybody may take them
MAX_DN = 255
MAX_LONG_DN = 2048
MAX_STRING_RDN = 64
MAX_OWNER_NAME = 255
MAX_IMPLEMENTER_NAME = 254

CLASS_NAME, IMPLEMENTER_NAME, OWNER_NAME = SYSTEM_ATTRIBUTES

Values = tuple[Value, ...]


class Scope(IntEnum):
    """How much of a tree a call means (SaImmScopeT)."""

    ONE = 1
    SUBLEVEL = 2  # an object and the objects right below it
    SUBTREE = 3


class ModificationType(IntEnum):
    """How a modification changes an attribute (SaImmAttrModificationTypeT)."""

    ADD = 1
    DELETE = 2
    REPLACE = 3


class ChangeKind(IntEnum):
    """What a CCB does to one object."""

    CREATE = 1
    MODIFY = 2
    DELETE = 3


class AttributeValues(NamedTuple):
    """One attribute with its values, as a client gave it or gets it (SaImmAttrValuesT_2)."""

    name: str
    type: int
    values: Values


class Modification(NamedTuple):
    """One modification of an attribute as a client gave it (SaImmAttrModificationT_2)."""

    how: int  # a ModificationType, or another number if the client gave a wrong one
    name: str
    type: int
    values: Values


def is_printable(name: str) -> bool:
    """Tell whether `name` holds only printable ASCII without blanks. True for the empty name."""
    return all("\x21" <= character <= "\x7e" for character in name)


def size(text: str) -> int:
    """Return how many bytes a name or string has."""
    return len(text) if text.isascii() else len(encode_text(text))


def is_utf8(text: str) -> bool:
    """Tell whether every byte of `text` belonged to a UTF-8 character."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def check_rdn(rdn: str, kind: int, long_names: bool) -> None:
    """Raise AisError unless `rdn` can be the first part of a DN."""
    if kind == ValueType.STRING and size(rdn) > MAX_STRING_RDN and not long_names:
        raise AisError(Code.ERR_INVALID_PARAM, "the RDN is longer than 64 bytes")
    if not rdn or not is_printable(rdn) or "," in rdn.replace("\\,", ""):
        raise AisError(Code.ERR_INVALID_PARAM, "the RDN is empty or not printable, or has a bare comma")


def check_dn_length(dn: str, long_names: bool) -> None:
    """Raise AisError for a DN that is too long."""
    if size(dn) > (MAX_LONG_DN if long_names else MAX_DN):
        raise AisError(Code.ERR_NAME_TOO_LONG, "the DN is too long")


def check_first_value(value: Value, definition: AttributeDefinition) -> None:
    """Raise AisError for a name that is not printable or a string that is not UTF-8.

    OpenSAF looks only at the first value of a list."""
    if definition.type == ValueType.NAME:
        if not is_printable(str(value)):
            raise AisError(Code.ERR_INVALID_PARAM, f"{definition.name}: not printable")
    elif definition.type == ValueType.STRING and not is_utf8(str(value)):
        raise AisError(Code.ERR_INVALID_PARAM, f"{definition.name}: not UTF-8")


def is_name_like(definition: AttributeDefinition) -> bool:
    """Tell whether the attribute holds DNs."""
    return definition.type == ValueType.NAME or (
        definition.type == ValueType.STRING and bool(definition.flags & AttributeFlag.DN)
    )


def longest(values: Iterable[Value]) -> int:
    """Return the length in bytes of the longest text; 0 if there are no texts."""
    return max((size(str(value)) for value in values), default=0)


def has_duplicates(values: Sequence[Value]) -> bool:
    """Tell whether any value occurs twice."""
    return len(set(values)) < len(values)


def remove_values(present: Values, unwanted: Iterable[Value]) -> Values:
    """Return `present` without all values that equal one of `unwanted`.

    IMM keeps a list as its first value and the other values reversed. This becomes visible when the first
    value is removed: ``a b c a`` without ``a`` becomes ``c b``."""
    for value in unwanted:
        stored = [kept for kept in (*present[:1], *present[:0:-1]) if kept != value]
        present = (*stored[:1], *stored[:0:-1])
    return present


def as_sent(values: Values) -> Values:
    """Return values in the order in which an implementer gets them when OpenSAF passes on the caller's own
    message: the first value, then the others reversed."""
    return (*values[:1], *values[:0:-1])
