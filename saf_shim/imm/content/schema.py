# SPDX-License-Identifier: Apache-2.0
"""Changing a class that exists, as OpenSAF does while schema changes are allowed.

Changes that the instances cannot follow are refused: attributes may be added and rules may become weaker,
but types, categories and names stay. The instances get the defaults of new attributes and keep the values
that they have.
"""

from __future__ import annotations

from imm_model.classes import AttributeDefinition, AttributeFlag, Category, ClassDefinition
from saf_shim.codes import AisError, Code
from saf_shim.imm.content.rules import has_duplicates
from saf_shim.imm.content.store import Store, StoredClass

# The flags, grouped by the changes that are allowed. A flag in no group may be set and cleared freely.
_FIXED = (
    AttributeFlag.RUNTIME | AttributeFlag.CONFIG | AttributeFlag.CACHED | AttributeFlag.RDN | AttributeFlag.DN
)
_MAY_COME = AttributeFlag.MULTI_VALUE | AttributeFlag.WRITABLE
_MAY_GO = AttributeFlag.INITIALIZED | AttributeFlag.PERSISTENT


def change_class(store: Store, present: StoredClass, definition: ClassDefinition) -> None:
    """Give `present` another definition. AisError EXIST when schema changes are off, or when this change is
    not allowed."""
    if not store.schema_changes or not _is_change(store, present, definition):
        raise AisError(Code.ERR_EXIST, f"class {present.name} exists")
    old = {attribute.name for attribute in present.definition.attributes}
    present.redefine(definition)
    for attribute in definition.attributes:
        if attribute.name not in old and attribute.default is not None:
            for instance in present.instances.values():
                instance.values[attribute.name] = (attribute.default,)


def _is_change(store: Store, present: StoredClass, new: ClassDefinition) -> bool:
    """Tell whether `new` differs from `present` in a way that the instances can follow."""
    before = {attribute.name: attribute for attribute in present.definition.attributes}
    after = {attribute.name: attribute for attribute in new.attributes}
    if present.category != new.category or before.keys() - after.keys():
        return False
    for name, attribute in after.items():
        if name in before:
            if not _may_become(store, present, before[name], attribute):
                return False
        elif not _may_be_added(attribute, new.category):
            return False
    return before != after


def _may_be_added(attribute: AttributeDefinition, category: Category) -> bool:
    lacks_value = category is Category.RUNTIME and attribute.is_cached and attribute.default is None
    return not lacks_value and not attribute.flags & (
        AttributeFlag.INITIALIZED | AttributeFlag.DEFAULT_REMOVED
    )


def _may_become(
    store: Store, present: StoredClass, before: AttributeDefinition, after: AttributeDefinition
) -> bool:
    come, gone = after.flags & ~before.flags, before.flags & ~after.flags
    removed = bool(after.flags & AttributeFlag.DEFAULT_REMOVED)
    faults = (
        before.type != after.type,
        (come | gone) & _FIXED,
        come & _MAY_GO,
        gone & _MAY_COME,
        come & AttributeFlag.DEFAULT_REMOVED and before.default is None,
        gone & AttributeFlag.DEFAULT_REMOVED and after.default is None,
        before.default is not None and after.default is None and not removed,
    )
    return not any(faults) and _instances_allow(store, present, before.name, come, gone)


def _instances_allow(
    store: Store, present: StoredClass, name: str, come: AttributeFlag, gone: AttributeFlag
) -> bool:
    for instance in present.instances.values():
        values = instance.values.get(name, ())
        if come & AttributeFlag.NO_DUPLICATES and has_duplicates(values):
            return False
        if come & AttributeFlag.STRONG_DEFAULT and not values:
            return False
        if (come | gone) & AttributeFlag.NO_DANGLING:
            for dn in values:
                target = store.visible(str(dn))
                if target is None or target.deleting:
                    return False
    return True
