# SPDX-License-Identifier: Apache-2.0
"""Classes, objects and implementers: what IMM holds, and finding it. Who may change it is other modules'
affair.

An object that an open CCB creates is in the store already, marked with its CCB; every reader but that CCB
must look away (`Store.visible`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Optional

from imm_model.classes import AttributeDefinition, AttributeFlag, Category, ClassDefinition
from imm_model.types import ValueType
from saf_shim.codes import AisError, Code
from saf_shim.imm.content.rules import (
    CLASS_NAME,
    IMPLEMENTER_NAME,
    OWNER_NAME,
    Scope,
    Values,
    is_printable,
    size,
)

if TYPE_CHECKING:
    from saf_shim.imm.implementer.hooks import Hooks, InternalImplementer
    from saf_shim.imm.manager.ccb import Ccb

IMM_OBJECT = "opensafImm=opensafImm,safApp=safImmService"
CLASS_NAMES = "opensafImmClassNames"  # an attribute of it
IMM_OBJECT_CLASS = "OpensafImm"
MANAGEMENT_OBJECT = "safRdn=immManagement,safApp=safImmService"
MANAGEMENT_CLASS = "SaImmMngt"
SCHEMA_CHANGE_ALLOWED = 0x1  # bit of opensafImmNostdFlags


class Implementer:
    """A name under which objects are implemented; bindings belong to the name, whoever holds it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.port: Optional[Any] = None  # the attached holder: see `ports`

    @property
    def is_applier(self) -> bool:
        """Does it only watch?"""
        return self.name.startswith("@")


class StoredClass:
    """A class, its three system attributes included, and its instances."""

    def __init__(self, definition: ClassDefinition) -> None:
        self.implementer: Optional[Implementer] = None
        self.appliers: list[Implementer] = []
        self.instances: dict[str, StoredObject] = {}
        self.redefine(definition)

    def redefine(self, definition: ClassDefinition) -> None:
        """Take over a (changed) definition; instances are the caller's affair."""
        self.definition = definition
        self.name = definition.name
        self.category = definition.category
        self.rdn = definition.rdn
        self.persistent = bool(self.rdn.flags & AttributeFlag.PERSISTENT)
        flags = AttributeFlag.CONFIG
        if self.category == Category.RUNTIME:
            flags = AttributeFlag.RUNTIME | AttributeFlag.CACHED
            if self.persistent:
                flags |= AttributeFlag.PERSISTENT
        attributes = {attribute.name: attribute for attribute in definition.attributes}
        for name in (CLASS_NAME, IMPLEMENTER_NAME, OWNER_NAME):
            default = self.name if name == CLASS_NAME else None
            attributes[name] = AttributeDefinition(name, ValueType.STRING, flags, default)
        self.attributes: dict[str, AttributeDefinition] = attributes
        # Readers get attributes in descending byte order of their names.
        self.read_order = sorted(
            attributes, key=lambda name: name.encode("utf-8", "surrogateescape"), reverse=True
        )
        self.pure = frozenset(name for name, attribute in attributes.items() if attribute.is_pure)

    @property
    def is_config(self) -> bool:
        """Is it a class of configuration objects?"""
        return self.category == Category.CONFIG


class StoredObject:
    """One object. `values` has every attribute with a value, but not the three system attributes."""

    __slots__ = (
        "appliers",
        "ccb",
        "children",
        "cls",
        "creating",
        "deleting",
        "dn",
        "implementer",
        "owner",
        "parent",
        "values",
    )

    def __init__(
        self, dn: str, cls: StoredClass, parent: Optional[StoredObject], values: dict[str, Values]
    ) -> None:
        self.dn = dn
        self.cls = cls
        self.parent = parent
        self.children: dict[str, StoredObject] = {}
        self.values = values
        self.implementer: Optional[Implementer] = None
        self.appliers: list[Implementer] = []
        self.owner = ""
        self.ccb: Optional[Ccb] = None  # the last CCB that touched it; a lock while that is active
        self.creating = False
        self.deleting = False

    def get(self, name: str) -> Values:
        """The values of an attribute, system attributes included."""
        if name == CLASS_NAME:
            return (self.cls.name,)
        if name == IMPLEMENTER_NAME:
            return (self.implementer.name,) if self.implementer else ()
        if name == OWNER_NAME:
            return (self.owner,) if self.owner else ()
        return self.values.get(name, ())

    def subtree(self) -> Iterator[StoredObject]:
        """The object and all below it, parents first."""
        todo = [self]
        while todo:
            item = todo.pop()
            yield item
            todo += [item.children[dn] for dn in sorted(item.children, reverse=True)]

    def in_scope(self, scope: int) -> list[StoredObject]:
        """The object, alone, with its children, or with its subtree."""
        if scope == Scope.ONE:
            return [self]
        if scope == Scope.SUBLEVEL:
            return [self, *(self.children[dn] for dn in sorted(self.children))]
        return list(self.subtree())

    def locked_by(self, ccb: Optional[Ccb]) -> bool:
        """Is an active CCB other than `ccb` working on it?"""
        return self.ccb is not None and self.ccb is not ccb and self.ccb.active


class Store:
    """All of IMM's content. It changes only through the functions of the sibling modules."""

    def __init__(self) -> None:
        self.classes: dict[str, StoredClass] = {}
        self.objects: dict[str, StoredObject] = {}
        self.top: dict[str, StoredObject] = {}
        self.implementers: dict[str, Implementer] = {}
        self.ccb_counter = 0
        self.occupied: frozenset[str] = frozenset()  # classes that are never free to be deleted
        self.waiting_bindings: dict[str, Implementer] = {}  # class to be bound when it is created

    # finding

    def find_class(self, name: object) -> StoredClass:
        """The class; AisError INVALID_PARAM for no or no proper name, NOT_EXIST."""
        if not isinstance(name, str) or not name or not is_printable(name):
            raise AisError(Code.ERR_INVALID_PARAM, "no class name")
        found = self.classes.get(name)
        if found is None:
            raise AisError(Code.ERR_NOT_EXIST, f"class {name} does not exist")
        return found

    def visible(self, dn: str) -> Optional[StoredObject]:
        """The object, unless it is only being created."""
        found = self.objects.get(dn)
        return None if found is None or found.creating else found

    def find(self, dn: object) -> StoredObject:
        """The visible object; AisError INVALID_PARAM for no or no proper DN, NOT_EXIST."""
        if not isinstance(dn, str) or not dn or not is_printable(dn):
            raise AisError(Code.ERR_INVALID_PARAM, "no proper DN")
        if size(dn) > 255 and not self.long_names:
            raise AisError(Code.ERR_INVALID_PARAM, "the DN is too long")
        found = self.visible(dn)
        if found is None:
            raise AisError(Code.ERR_NOT_EXIST, f"{dn} does not exist")
        return found

    def roots(self) -> list[StoredObject]:
        """The objects at the top, byte order."""
        return [self.top[dn] for dn in sorted(self.top)]

    def everything(self) -> Iterator[StoredObject]:
        """All objects in byte order of their DNs, those being created included."""
        for dn in sorted(self.objects):
            yield self.objects[dn]

    def attach_internal(self, name: str, hooks: Hooks) -> InternalImplementer:
        """Let a part of the server hold an implementer name; see `internal`."""
        from saf_shim.imm.implementer.attached import Attached  # noqa: PLC0415 - which is built on this module

        return Attached(self, name, hooks)

    # settings that are attributes of IMM's own object

    def _setting(self, name: str, default: int) -> int:
        found = self.objects.get(IMM_OBJECT)
        values = found.values.get(name) if found is not None else None
        return int(values[0]) if values else default

    @property
    def long_names(self) -> bool:
        """May names be up to 2048 bytes long?"""
        return bool(self._setting("longDnsAllowed", 0))

    @property
    def schema_changes(self) -> bool:
        """May classes be changed?"""
        return bool(self._setting("opensafImmNostdFlags", 0) & SCHEMA_CHANGE_ALLOWED)

    def limit(self, name: str, default: int) -> int:
        """A limit such as ``maxClasses``."""
        return self._setting(name, default)

    # the raw changes

    def insert(self, found: StoredObject) -> None:
        """Put an object where its DN says."""
        self.objects[found.dn] = found
        found.cls.instances[found.dn] = found
        (self.top if found.parent is None else found.parent.children)[found.dn] = found
        if found.dn == IMM_OBJECT:
            self.list_classes()

    def list_classes(self) -> None:
        """Let IMM's own object name the classes there are: that is where immdump finds them."""
        found = self.objects.get(IMM_OBJECT)
        if found is not None and CLASS_NAMES in found.cls.attributes:
            found.values[CLASS_NAMES] = tuple(self.classes)

    def remove(self, found: StoredObject) -> None:
        """Take an object out; it has no children any more."""
        del self.objects[found.dn]
        del found.cls.instances[found.dn]
        del (self.top if found.parent is None else found.parent.children)[found.dn]

    def implementer(self, name: str) -> Implementer:
        """The record of an implementer name, made at need."""
        found = self.implementers.get(name)
        if found is None:
            found = self.implementers[name] = Implementer(name)
        return found

    def referrers(self, dn: str) -> list[StoredObject]:
        """Objects with a NO_DANGLING attribute that names `dn`."""
        found = []
        for cls in self.classes.values():
            names = [a.name for a in cls.definition.attributes if a.flags & AttributeFlag.NO_DANGLING]
            if names:
                found += [
                    instance
                    for instance in cls.instances.values()
                    if not instance.creating and any(dn in instance.values.get(name, ()) for name in names)
                ]
        return found


def defaults_of(cls: StoredClass, flag: AttributeFlag) -> dict[str, Values]:
    """The default values of the attributes that have `flag`."""
    return {
        a.name: (a.default,) for a in cls.definition.attributes if a.default is not None and a.flags & flag
    }


def check_given(cls: StoredClass, given: Mapping[str, Any], unknown: Code) -> None:
    """Raise AisError for a system attribute or one that the class lacks."""
    for name in given:
        if name in (CLASS_NAME, IMPLEMENTER_NAME, OWNER_NAME):
            raise AisError(Code.ERR_INVALID_PARAM, f"{name} cannot be given")
        if name not in cls.attributes:
            raise AisError(unknown, f"class {cls.name} has no attribute {name}")
