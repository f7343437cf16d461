# SPDX-License-Identifier: Apache-2.0
"""Creating, changing and deleting classes (saImmOmClass*). A class knows nothing of who may do it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

from imm_model.classes import (
    SYSTEM_ATTRIBUTES,
    AttributeDefinition,
    AttributeFlag,
    Category,
    ClassDefinition,
    ClassError,
    check_class,
    is_class_name,
)
from imm_model.types import Value, ValueType

from ..codes import AisError, Code
from .rules import is_printable
from .store import Store, StoredClass

MAX_CLASSES = 1000
# Flags that adding to an existing attribute does not make incompatible with its instances.
_CHANGEABLE = AttributeFlag.NOTIFY | AttributeFlag.STRONG_DEFAULT | AttributeFlag.DEFAULT_REMOVED
_LOOSENING = AttributeFlag.WRITABLE | AttributeFlag.MULTI_VALUE  # may be gained, not lost


def create_class(
    store: Store, name: object, category: object, attributes: Optional[Sequence[Any]]
) -> StoredClass:
    """Create a class from ``[name, type, flags, default]`` entries, or change it where schema changes are on.

    AisError INVALID_PARAM for a definition that IMM refuses, EXIST for a class that is there."""
    if not isinstance(name, str) or not is_class_name(name) or attributes is None:
        raise AisError(Code.ERR_INVALID_PARAM, "no proper class name, or no attributes")
    try:
        definition = ClassDefinition(name, Category(int(str(category))), tuple(map(_definition, attributes)))
        # Entries for the system attributes are accepted and dropped: IMM adds its own.
        kept = tuple(a for a in definition.attributes if a.name not in SYSTEM_ATTRIBUTES)
        definition = definition._replace(attributes=kept)
        _check_name_is_free(store, name)
        check_class(definition)
    except (ValueError, ClassError) as error:
        raise AisError(Code.ERR_INVALID_PARAM, str(error)) from None
    if any(not is_printable(attribute.name) for attribute in definition.attributes):
        raise AisError(Code.ERR_INVALID_PARAM, "an attribute's name is not printable")
    return define(store, definition)


def _check_name_is_free(store: Store, name: str) -> None:
    """Names that differ in case only are the same. A class that is there is refused before its new
    definition is looked at, unless it may be changed."""
    if name in store.classes and store.schema_changes:
        return
    lower = name.lower()
    if any(other.lower() == lower for other in store.classes):
        raise AisError(Code.ERR_EXIST, f"class {name} exists")


def define(store: Store, definition: ClassDefinition) -> StoredClass:
    """Add a checked definition, or change the class of that name."""
    present = store.classes.get(definition.name)
    if present is not None:
        change_class(store, present, definition)
        return present
    if len(store.classes) >= store.limit("maxClasses", MAX_CLASSES):
        raise AisError(Code.ERR_NO_RESOURCES, "too many classes")
    made = store.classes[definition.name] = StoredClass(definition)
    store.list_classes()
    if made.is_config:
        made.implementer = store.waiting_bindings.pop(definition.name, None)
    return made


def _definition(entry: Any) -> AttributeDefinition:
    name, kind, flags, default = entry
    if not isinstance(name, str) or not name or "\0" in name:
        raise ValueError("an attribute needs a name")
    value_type = ValueType(kind)
    value: Optional[Value] = default
    if default is not None and value_type is ValueType.ANY:
        value = bytes.fromhex(default)
    known = 0
    for flag in AttributeFlag:
        known |= int(flag)
    if flags & ~known:
        raise ValueError(f"unknown flags {flags:#x}")
    return AttributeDefinition(name, value_type, AttributeFlag(flags), value)


def change_class(store: Store, present: StoredClass, definition: ClassDefinition) -> None:
    """Change a class compatibly: new attributes, other defaults, notification; EXIST for anything else."""
    if not store.schema_changes or not _compatible(present.definition, definition):
        raise AisError(Code.ERR_EXIST, f"class {present.name} exists")
    old = {attribute.name for attribute in present.definition.attributes}
    present.redefine(definition)
    for attribute in definition.attributes:
        if attribute.name not in old and attribute.default is not None:
            for instance in present.instances.values():
                instance.values[attribute.name] = (attribute.default,)


def _compatible(old: ClassDefinition, new: ClassDefinition) -> bool:
    """May instances of `old` become instances of `new`, and is there a difference at all?"""
    if old.category != new.category or old == new:
        return False
    entries = {attribute.name: attribute for attribute in new.attributes}
    for before in old.attributes:
        after = entries.pop(before.name, None)
        if after is None or not _compatible_attribute(before, after):
            return False
    return all(not a.flags & AttributeFlag.INITIALIZED and not a.is_rdn for a in entries.values())


def _compatible_attribute(before: AttributeDefinition, after: AttributeDefinition) -> bool:
    gained, lost = after.flags & ~before.flags, before.flags & ~after.flags
    faults = (
        after.type != before.type,
        (gained | lost) & ~(_CHANGEABLE | _LOOSENING | AttributeFlag.NO_DUPLICATES),
        lost & _LOOSENING,
        gained & AttributeFlag.NO_DUPLICATES,
        before.default is not None
        and after.default is None
        and not after.flags & AttributeFlag.DEFAULT_REMOVED,
    )
    return not any(faults)


def delete_class(store: Store, name: object) -> None:
    """Delete a class; BUSY while it has instances."""
    found = store.find_class(name)
    if found.instances or found.name in store.occupied:
        raise AisError(Code.ERR_BUSY, f"class {found.name} has instances")
    del store.classes[found.name]
    store.list_classes()


def describe_class(found: StoredClass) -> list[list[Any]]:
    """``[name, type, flags, default or None]`` of each attribute, system attributes included; ANY is
    bytes."""
    described = [found.attributes[name] for name in found.read_order]
    return [[a.name, int(a.type), int(a.flags), a.default] for a in described]
