# SPDX-License-Identifier: Apache-2.0
"""Runtime objects: their implementer creates, updates and deletes them (saImmOiRtObject*)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from imm_model.classes import SYSTEM_ATTRIBUTES, AttributeDefinition, AttributeFlag
from imm_model.names import join_dn
from saf_shim.codes import AisError, Code
from saf_shim.imm.content.given import (
    UNEXTENDED,
    check_modifications,
    check_new_values,
    or_strong_default,
    set_values,
    take_rdn,
    unique,
)
from saf_shim.imm.content.rules import (
    AttributeValues,
    Modification,
    ModificationType,
    Values,
    check_dn_length,
    check_first_value,
    has_duplicates,
    is_name_like,
    is_printable,
    longest,
    remove_values,
    size,
)
from saf_shim.imm.content.store import Implementer, Store, StoredObject


def create(
    store: Store,
    implementer: Implementer,
    class_name: object,
    parent_dn: Optional[str],
    attributes: Sequence[AttributeValues],
) -> StoredObject:
    """Create a runtime object that belongs to `implementer`, and return it."""
    given = unique(attributes)
    parent_dn = parent_dn or ""
    if size(parent_dn) > UNEXTENDED and not store.long_names:
        raise AisError(Code.ERR_INVALID_PARAM, "the parent's DN is too long")
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


def update(
    store: Store, implementer: Implementer, dn: object, modifications: Sequence[Modification]
) -> StoredObject:
    """Change runtime attributes of an object that `implementer` owns. If one modification is refused, none
    takes effect."""
    check_modifications(modifications)
    found = store.find(dn)
    if found.deleting:
        raise AisError(Code.ERR_TRY_AGAIN, f"{found.dn} is being deleted")
    if found.implementer is not implementer:
        raise AisError(Code.ERR_BAD_OPERATION, f"{found.dn} belongs to another implementer")
    after: dict[str, Values] = {}
    for change in modifications:
        definition = found.cls.attributes.get(change.name)
        if definition is None:
            raise AisError(Code.ERR_NOT_EXIST, f"class {found.cls.name} has no attribute {change.name}")
        if change.type != definition.type or definition.is_config or definition.is_rdn:
            raise AisError(Code.ERR_INVALID_PARAM, f"{change.name}: another type, or not to be updated")
        if change.name in SYSTEM_ATTRIBUTES:
            continue  # this is accepted but has no effect
        if is_name_like(definition) and longest(change.values) >= UNEXTENDED and not store.long_names:
            raise AisError(Code.ERR_BAD_OPERATION, f"{change.name}: the name is too long")
        if change.values:
            check_first_value(change.values[0], definition)
        after[change.name] = _updated(found.values.get(change.name, ()), change, definition)
    set_values(found, after)
    return found


def _updated(present: Values, change: Modification, definition: AttributeDefinition) -> Values:
    values = change.values
    if change.how == ModificationType.DELETE:
        return or_strong_default(remove_values(present, values), definition)
    if not values:
        return or_strong_default((), definition)
    adding = change.how == ModificationType.ADD
    if not definition.is_multi and (len(values) > 1 or (adding and present)):
        raise AisError(Code.ERR_INVALID_PARAM, f"{definition.name}: several values")
    if definition.flags & AttributeFlag.NO_DUPLICATES:
        # A REPLACE compares its later values also with the values that it replaces.
        others = (*present, *values) if adding else values
        clash = len(values) > 1 and bool(set(values[1:]) & set(present))
        if has_duplicates(others) or clash:
            raise AisError(Code.ERR_INVALID_PARAM, f"{definition.name}: duplicate values")
    return (*present, *values) if adding else values


def delete(store: Store, implementer: Implementer, dn: object) -> list[str]:
    """Delete a runtime object and all objects below it, and return their DNs. All of them must belong to
    `implementer`."""
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
