# SPDX-License-Identifier: Apache-2.0
"""What clients give for an object and its attributes, checked in the order in which OpenSAF checks it.

Runtime objects and configuration objects share these checks.
"""

from __future__ import annotations

from collections.abc import Sequence

from imm_model.classes import SYSTEM_ATTRIBUTES, AttributeDefinition, AttributeFlag
from imm_model.types import ValueType
from saf_shim.codes import AisError, Code
from saf_shim.imm.content.rules import (
    AttributeValues,
    Modification,
    ModificationType,
    Values,
    check_first_value,
    check_rdn,
    has_duplicates,
    is_name_like,
    longest,
)
from saf_shim.imm.content.store import Store, StoredClass, StoredObject

UNEXTENDED = 255  # bytes; a name of this length or longer needs long DNs


def unique(attributes: Sequence[AttributeValues]) -> dict[str, AttributeValues]:
    """Return the given attributes that have values, by name. AisError for an attribute that is given twice
    or that IMM sets itself."""
    found: dict[str, AttributeValues] = {}
    seen = set()
    for entry in attributes:
        if not entry.name or entry.name in SYSTEM_ATTRIBUTES or entry.name in seen:
            raise AisError(
                Code.ERR_INVALID_PARAM, f"attribute {entry.name!r} is not to be given, or given twice"
            )
        seen.add(entry.name)
        if entry.values:
            found[entry.name] = entry
    return found


def take_rdn(store: Store, cls: StoredClass, given: dict[str, AttributeValues], too_long: Code) -> str:
    """Return the RDN among the given attributes. All names and strings are checked first, as in OpenSAF."""
    rdn = ""
    for entry in given.values():
        if entry.name == cls.rdn.name:
            if entry.type not in (ValueType.NAME, ValueType.STRING):
                raise AisError(Code.ERR_INVALID_PARAM, "an RDN is a name or a string")
            rdn = str(entry.values[0])
            check_rdn(rdn, cls.rdn.type, store.long_names)
        elif entry.type in (ValueType.NAME, ValueType.STRING):
            definition = cls.attributes.get(entry.name)
            if definition is None:
                raise AisError(Code.ERR_INVALID_PARAM, f"class {cls.name} has no attribute {entry.name}")
            if is_name_like(definition) and longest(entry.values) >= UNEXTENDED and not store.long_names:
                raise AisError(too_long, f"{entry.name}: the name is too long")
    if not rdn:
        raise AisError(Code.ERR_INVALID_PARAM, "there is no RDN")
    return rdn


def check_new_values(values: Values, definition: AttributeDefinition) -> None:
    """Raise AisError unless an attribute of a new object may have `values`. There is at least one value."""
    check_first_value(values[0], definition)
    if len(values) > 1:
        if not definition.is_multi:
            raise AisError(Code.ERR_INVALID_PARAM, f"{definition.name}: several values")
        if definition.flags & AttributeFlag.NO_DUPLICATES and has_duplicates(values):
            raise AisError(Code.ERR_INVALID_PARAM, f"{definition.name}: duplicate values")


def check_modifications(modifications: Sequence[Modification]) -> None:
    """Raise AisError for what OpenSAF's library refuses before IMM sees it."""
    seen = set()
    for change in modifications:
        if not change.name or change.name in seen:
            raise AisError(Code.ERR_INVALID_PARAM, f"attribute {change.name!r} twice, or without name")
        seen.add(change.name)
        if change.how not in (ModificationType.ADD, ModificationType.DELETE, ModificationType.REPLACE):
            raise AisError(Code.ERR_INVALID_PARAM, f"no kind of modification: {change.how}")
        if not change.values and change.how != ModificationType.REPLACE:
            raise AisError(Code.ERR_INVALID_PARAM, "nothing to add or delete")


def or_strong_default(values: Values, definition: AttributeDefinition) -> Values:
    """Return `values`, or the attribute's default if it must have a value and `values` is empty."""
    if not values and definition.flags & AttributeFlag.STRONG_DEFAULT and definition.default is not None:
        return (definition.default,)
    return values


def set_values(found: StoredObject, values: dict[str, Values]) -> None:
    """Give attributes of an object these values. An empty list removes the attribute's values."""
    for name, new in values.items():
        if new:
            found.values[name] = new
        else:
            found.values.pop(name, None)
