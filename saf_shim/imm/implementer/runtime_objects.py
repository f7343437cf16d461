# SPDX-License-Identifier: Apache-2.0
"""Runtime objects: creating, updating and deleting them as their implementer (saImmOiRtObject*)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from imm_model.classes import SYSTEM_ATTRIBUTES, AttributeDefinition, AttributeFlag
from imm_model.names import join_dn
from imm_model.types import ValueType
from saf_shim.codes import AisError, Code
from saf_shim.imm.content.rules import (
    Change,
    GivenChange,
    GivenValues,
    Values,
    check_dn_length,
    check_first_value,
    check_rdn,
    has_duplicates,
    is_name_like,
    is_printable,
    longest,
    remove_values,
    size,
)
from saf_shim.imm.content.store import Implementer, Store, StoredClass, StoredObject

_UNEXTENDED = 255  # bytes from which on a name needs long DNs


def create(
    store: Store,
    implementer: Implementer,
    class_name: object,
    parent_dn: Optional[str],
    attributes: Sequence[GivenValues],
) -> StoredObject:
    """Create a runtime object of `implementer`."""
    given = unique(attributes)
    parent_dn = parent_dn or ""
    if size(parent_dn) > _UNEXTENDED and not store.long_names:
        raise AisError(Code.ERR_NOT_EXIST, "the parent's DN is too long")
    if not is_printable(parent_dn):
        raise AisError(Code.ERR_INVALID_PARAM, "the parent is no proper DN")
    cls = store.find_class(class_name)
    if cls.is_config:
        raise AisError(Code.ERR_INVALID_PARAM, f"class {cls.name} is a configuration class")
    parent = None
    if parent_dn:
        parent = store.visible(parent_dn)
        if parent is None or parent.deleting:
            raise AisError(Code.ERR_NOT_EXIST, f"parent {parent_dn} does not exist")
    if cls.persistent and parent is not None and not parent.cls.is_config and not parent.cls.persistent:
        raise AisError(Code.ERR_INVALID_PARAM, "a persistent object below one that is not")
    rdn = take_rdn(store, cls, given, Code.ERR_NAME_TOO_LONG)
    dn = join_dn(rdn, parent_dn)
    check_dn_length(dn, store.long_names)
    if dn in store.objects:
        raise AisError(Code.ERR_EXIST, f"{dn} exists")
    values: dict[str, Values] = {
        a.name: (a.default,) for a in cls.definition.attributes if a.default is not None
    }
    for entry in given.values():
        definition = cls.attributes.get(entry.name)
        if definition is None:
            raise AisError(Code.ERR_NOT_EXIST, f"class {cls.name} has no attribute {entry.name}")
        if entry.type != definition.type or not definition.is_cached:
            raise AisError(Code.ERR_INVALID_PARAM, f"{entry.name}: another type, or not cached")
        check_new_values(entry.values, definition)
        values[entry.name] = entry.values
    for definition in cls.definition.attributes:
        if definition.is_cached and definition.name not in values:
            raise AisError(Code.ERR_INVALID_PARAM, f"{definition.name} is cached and has no value")
    made = StoredObject(dn, cls, parent, values)
    made.implementer = implementer
    store.insert(made)
    return made


def unique(attributes: Sequence[GivenValues]) -> dict[str, GivenValues]:
    """The given attributes that have values, by name; AisError for one given twice or set by IMM alone."""
    found: dict[str, GivenValues] = {}
    seen = set()
    for entry in attributes:
        if not entry.name or entry.name in SYSTEM_ATTRIBUTES or entry.name in seen:
            raise AisError(
                Code.ERR_INVALID_PARAM, f"attribute {entry.name!r} is not to be given, or given twice"
            )
        seen.add(entry.name)
        if entry.type == ValueType.NAME and longest(entry.values) > _UNEXTENDED:
            raise AisError(Code.ERR_INVALID_PARAM, f"{entry.name}: the name is too long")
        if entry.values:
            found[entry.name] = entry
    return found


def take_rdn(store: Store, cls: StoredClass, given: dict[str, GivenValues], too_long: Code) -> str:
    """The RDN among the given attributes, having looked at all their names as OpenSAF does first."""
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
            if is_name_like(definition) and longest(entry.values) >= _UNEXTENDED and not store.long_names:
                raise AisError(too_long, f"{entry.name}: the name is too long")
    if not rdn:
        raise AisError(Code.ERR_INVALID_PARAM, "there is no RDN")
    return rdn


def check_new_values(values: Values, definition: AttributeDefinition) -> None:
    """Raise AisError unless an attribute of a new object may have `values` (at least one)."""
    check_first_value(values[0], definition)
    if len(values) > 1:
        if not definition.is_multi:
            raise AisError(Code.ERR_INVALID_PARAM, f"{definition.name}: several values")
        if definition.flags & AttributeFlag.NO_DUPLICATES and has_duplicates(values):
            raise AisError(Code.ERR_INVALID_PARAM, f"{definition.name}: duplicate values")


def check_changes(changes: Sequence[GivenChange]) -> None:
    """Raise AisError for what the library refuses before IMM sees it."""
    seen = set()
    for change in changes:
        if not change.name or change.name in seen:
            raise AisError(Code.ERR_INVALID_PARAM, f"attribute {change.name!r} twice, or without name")
        seen.add(change.name)
        if change.how not in (Change.ADD, Change.DELETE, Change.REPLACE):
            raise AisError(Code.ERR_INVALID_PARAM, f"no kind of modification: {change.how}")
        if not change.values and change.how != Change.REPLACE:
            raise AisError(Code.ERR_INVALID_PARAM, "nothing to add or delete")
        if change.type == ValueType.NAME and longest(change.values) > _UNEXTENDED:
            raise AisError(Code.ERR_INVALID_PARAM, f"{change.name}: the name is too long")


def update(
    store: Store, implementer: Implementer, dn: object, changes: Sequence[GivenChange]
) -> StoredObject:
    """Change runtime attributes of an object that `implementer` owns: all of the changes or none."""
    check_changes(changes)
    found = store.find(dn)
    if found.deleting:
        raise AisError(Code.ERR_TRY_AGAIN, f"{found.dn} is being deleted")
    if found.implementer is not implementer:
        raise AisError(Code.ERR_BAD_OPERATION, f"{found.dn} belongs to another implementer")
    after: dict[str, Values] = {}
    for change in changes:
        definition = found.cls.attributes.get(change.name)
        if definition is None:
            raise AisError(Code.ERR_NOT_EXIST, f"class {found.cls.name} has no attribute {change.name}")
        if change.type != definition.type or definition.is_config or definition.is_rdn:
            raise AisError(Code.ERR_INVALID_PARAM, f"{change.name}: another type, or not to be updated")
        if change.name in SYSTEM_ATTRIBUTES:
            continue  # accepted, without effect
        if is_name_like(definition) and longest(change.values) >= _UNEXTENDED and not store.long_names:
            raise AisError(Code.ERR_BAD_OPERATION, f"{change.name}: the name is too long")
        if change.values:
            check_first_value(change.values[0], definition)
        after[change.name] = _updated(found.values.get(change.name, ()), change, definition)
    set_values(found, after)
    return found


def _updated(present: Values, change: GivenChange, definition: AttributeDefinition) -> Values:
    values = change.values
    if change.how == Change.DELETE:
        return or_strong_default(remove_values(present, values), definition)
    if not values:
        return or_strong_default((), definition)
    adding = change.how == Change.ADD
    if not definition.is_multi and (len(values) > 1 or (adding and present)):
        raise AisError(Code.ERR_INVALID_PARAM, f"{definition.name}: several values")
    if definition.flags & AttributeFlag.NO_DUPLICATES:
        # The later values of a REPLACE are compared with those it replaces, too.
        others = (*present, *values) if adding else values
        clash = len(values) > 1 and bool(set(values[1:]) & set(present))
        if has_duplicates(others) or clash:
            raise AisError(Code.ERR_INVALID_PARAM, f"{definition.name}: duplicate values")
    return (*present, *values) if adding else values


def or_strong_default(values: Values, definition: AttributeDefinition) -> Values:
    """`values`, or the default where an attribute must not become empty."""
    if not values and definition.flags & AttributeFlag.STRONG_DEFAULT and definition.default is not None:
        return (definition.default,)
    return values


def set_values(found: StoredObject, values: dict[str, Values]) -> None:
    """Give attributes of an object these values; none takes an attribute's values away."""
    for name, new in values.items():
        if new:
            found.values[name] = new
        else:
            found.values.pop(name, None)


def delete(store: Store, implementer: Implementer, dn: object) -> list[str]:
    """Delete a runtime object and all below it, if all of it belongs to `implementer`; the DNs."""
    found = store.find(dn)
    if found.deleting:
        raise AisError(Code.ERR_TRY_AGAIN, f"{found.dn} is being deleted")
    tree = list(found.subtree())
    for item in tree:
        if item.implementer is not implementer or item.cls.is_config:
            raise AisError(
                Code.ERR_BAD_OPERATION, f"{item.dn} belongs to another, or is a configuration object"
            )
        if item.cls.persistent and store.referrers(item.dn):
            raise AisError(Code.ERR_BAD_OPERATION, f"{item.dn} is referred to")
    for item in reversed(tree):
        store.remove(item)
    return [item.dn for item in tree]
