# SPDX-License-Identifier: Apache-2.0
"""Creating, changing and deleting classes (saImmOmClass*). Every client may do it."""

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
from saf_shim.codes import AisError, Code
from saf_shim.imm.content.schema import change_class
from saf_shim.imm.content.store import Store, StoredClass

MAX_CLASSES = 1000
_NOT_FOR_RDN = AttributeFlag.NO_DANGLING | AttributeFlag.DN | AttributeFlag.STRONG_DEFAULT


def create_class(
    store: Store, name: object, category: object, attributes: Optional[Sequence[Any]]
) -> StoredClass:
    """Create a class from ``[name, type, flags, default]`` entries. While schema changes are allowed, a class
    that exists is changed instead.

    AisError INVALID_PARAM for a definition that IMM refuses, EXIST for a class that exists already."""
    if not isinstance(name, str) or not is_class_name(name) or attributes is None:
        raise AisError(Code.ERR_INVALID_PARAM, "no proper class name, or no attributes")
    try:
        definition = ClassDefinition(name, Category(int(str(category))), tuple(map(_definition, attributes)))
        # Entries for the system attributes are accepted and dropped: IMM adds its own.
        kept = tuple(a for a in definition.attributes if a.name not in SYSTEM_ATTRIBUTES)
        definition = definition._replace(attributes=kept)
        _check_library_rules(definition)
        _check_name_is_free(store, name)
        check_class(definition)
        if name not in store.classes and any(a.flags & AttributeFlag.DEFAULT_REMOVED for a in kept):
            raise ClassError("a new class has no default to remove")
    except (ValueError, ClassError) as error:
        raise AisError(Code.ERR_INVALID_PARAM, str(error)) from None
    return define(store, definition)


def _check_library_rules(definition: ClassDefinition) -> None:
    """Raise ClassError for what the client library refuses before it asks IMM whether the class exists."""
    for attribute in definition.attributes:
        flags, is_string = attribute.flags, attribute.type is ValueType.STRING
        is_name = attribute.type is ValueType.NAME
        faults = (
            attribute.is_rdn and (attribute.is_multi or flags & _NOT_FOR_RDN or not (is_name or is_string)),
            flags & AttributeFlag.NO_DANGLING
            and (
                definition.category is Category.RUNTIME
                or flags & AttributeFlag.RUNTIME
                or not (is_name or (is_string and flags & AttributeFlag.DN))
            ),
            flags & AttributeFlag.DN and not is_string,
        )
        if any(faults):
            raise ClassError(f"attribute {attribute.name!r}: its flags do not go with its type")


def _check_name_is_free(store: Store, name: str) -> None:
    """Raise AisError if a class has this name, or the same name in another case.

    A class that exists is refused before its new definition is checked, unless schema changes are allowed."""
    if name in store.classes and store.schema_changes:
        return
    lower = name.lower()
    if any(other.lower() == lower for other in store.classes):
        raise AisError(Code.ERR_EXIST, f"class {name} exists")


def define(store: Store, definition: ClassDefinition) -> StoredClass:
    """Add a checked definition, or change the class that has its name."""
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


def delete_class(store: Store, name: object) -> None:
    """Delete a class. AisError BUSY while the class has instances."""
    found = store.find_class(name)
    if found.instances or found.name in store.occupied:
        raise AisError(Code.ERR_BUSY, f"class {found.name} has instances")
    del store.classes[found.name]
    store.list_classes()


def describe_class(found: StoredClass) -> list[list[Any]]:
    """Return ``[name, type, flags, default or None]`` of each attribute, with the system attributes. A
    default of type SA_ANY_T is bytes."""
    described = [found.attributes[name] for name in found.read_order]
    return [[a.name, int(a.type), int(a.flags), a.default] for a in described]
