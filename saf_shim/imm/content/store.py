# SPDX-License-Identifier: Apache-2.0
"""What IMM holds (classes, objects and implementers), and how to find it.

Other modules decide who may change the content. An object that an open CCB creates is in the store already
and
is marked with its CCB. Only that CCB may see it; all other readers use `Store.visible`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Optional, Protocol

from imm_model.classes import AttributeDefinition, AttributeFlag, Category, ClassDefinition, is_class_name
from imm_model.types import ValueType
from saf_shim.codes import AisError, Code
from saf_shim.imm.content.port import Port
from saf_shim.imm.content.rules import (
    CLASS_NAME,
    IMPLEMENTER_NAME,
    OWNER_NAME,
    Scope,
    Values,
    is_printable,
    size,
)

IMM_OBJECT = "opensafImm=opensafImm,safApp=safImmService"
CLASS_NAMES = "opensafImmClassNames"  # an attribute of IMM's own object
IMM_OBJECT_CLASS = "OpensafImm"
MANAGEMENT_OBJECT = "safRdn=immManagement,safApp=safImmService"
MANAGEMENT_CLASS = "SaImmMngt"
SCHEMA_CHANGE_ALLOWED = 0x1  # bit of opensafImmNostdFlags


class Lock(Protocol):
    """An open CCB, as the objects that it changes see it."""

    id: int

    @property
    def active(self) -> bool:
        """Tell whether the CCB still locks its objects."""

    def abort(self) -> None:
        """Undo the CCB and tell everybody who takes part in it."""


class Implementer:
    """A name under which objects are implemented. Bindings belong to the name and not to its holder."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.port: Optional[Port] = None  # leads to the holder of the name; None while nobody holds it
        self.departures = 0  # how many holders have left
        self.is_away = False  # whether the last holder left so long ago that readers do not see its values

    @property
    def is_applier(self) -> bool:
        """Tell whether the name belongs to an applier, which is told of changes but is never asked."""
        return self.name.startswith("@")


class StoredClass:
    """A class with its three system attributes, and its instances."""

    def __init__(self, definition: ClassDefinition) -> None:
        self.implementer: Optional[Implementer] = None
        self.appliers: list[Implementer] = []
        self.instances: dict[str, StoredObject] = {}
        self.redefine(definition)

    def redefine(self, definition: ClassDefinition) -> None:
        """Take over a new or changed definition. The caller updates the instances."""
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
        # Plain numbers, because enumeration members make a reader of many objects three times as slow.
        self.types = {name: int(attribute.type) for name, attribute in attributes.items()}
        # Readers get attributes in descending byte order of their names.
        self.read_order = sorted(
            attributes, key=lambda name: name.encode("utf-8", "surrogateescape"), reverse=True
        )
        self.pure = frozenset(name for name, attribute in attributes.items() if attribute.is_pure)
        # The attributes that readers still see of an object that nobody implements.
        kept = AttributeFlag.CONFIG | AttributeFlag.PERSISTENT
        self.volatile = frozenset(name for name, a in attributes.items() if not a.flags & kept)

    @property
    def is_config(self) -> bool:
        """Tell whether its instances are configuration objects."""
        return self.category == Category.CONFIG


class StoredObject:
    """One object. `values` holds every attribute that has a value, except the three system attributes."""

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
        self.ccb: Optional[Lock] = None  # the last CCB that changed it; a lock while that CCB is active
        self.creating = False
        self.deleting = False

    def get(self, name: str) -> Values:
        """Return the values of an attribute. This works for system attributes too."""
        if name == CLASS_NAME:
            return (self.cls.name,)
        if name == IMPLEMENTER_NAME:
            return (self.implementer.name,) if self.implementer else ()
        if name == OWNER_NAME:
            return (self.owner,) if self.owner else ()
        return self.values.get(name, ())

    def subtree(self) -> Iterator[StoredObject]:
        """Yield the object and all objects below it, parents before their children."""
        todo = [self]
        while todo:
            item = todo.pop()
            yield item
            todo += [item.children[dn] for dn in sorted(item.children, reverse=True)]

    def in_scope(self, scope: int) -> list[StoredObject]:
        """Return the object alone, with its children, or with its whole subtree."""
        if scope == Scope.ONE:
            return [self]
        if scope == Scope.SUBLEVEL:
            return [self, *(self.children[dn] for dn in sorted(self.children))]
        return list(self.subtree())

    def locked_by(self, ccb: Optional[Lock]) -> bool:
        """Tell whether an active CCB other than `ccb` locks the object."""
        return self.ccb is not None and self.ccb is not ccb and self.ccb.active


class Store:
    """All of IMM's content. Only the functions of the other modules of IMM change it."""

    def __init__(self) -> None:
        self.classes: dict[str, StoredClass] = {}
        self.objects: dict[str, StoredObject] = {}
        self.top: dict[str, StoredObject] = {}
        self.implementers: dict[str, Implementer] = {}
        self.ccb_counter = 0
        self.occupied: frozenset[str] = (
            frozenset()
        )  # classes that cannot be deleted, like classes with instances
        self.waiting_bindings: dict[str, Implementer] = {}  # classes that are bound when they are created

    # finding

    def find_class(self, name: object) -> StoredClass:
        """Return the class; AisError INVALID_PARAM for a missing or improper name, NOT_EXIST for an unknown
        one."""
        if not isinstance(name, str) or not is_class_name(name):
            raise AisError(Code.ERR_INVALID_PARAM, "no class name")
        found = self.classes.get(name)
        if found is None:
            raise AisError(Code.ERR_NOT_EXIST, f"class {name} does not exist")
        return found

    def visible(self, dn: str) -> Optional[StoredObject]:
        """Return the object, or None if there is none, or if an open CCB is still creating it."""
        found = self.objects.get(dn)
        return None if found is None or found.creating else found

    def find(self, dn: object) -> StoredObject:
        """Return the visible object; AisError INVALID_PARAM for a missing or improper DN, NOT_EXIST for an
        unknown one."""
        if not isinstance(dn, str) or not dn or not is_printable(dn):
            raise AisError(Code.ERR_INVALID_PARAM, "no proper DN")
        if size(dn) > 255 and not self.long_names:
            raise AisError(Code.ERR_INVALID_PARAM, "the DN is too long")
        found = self.visible(dn)
        if found is None:
            raise AisError(Code.ERR_NOT_EXIST, f"{dn} does not exist")
        return found

    def roots(self) -> list[StoredObject]:
        """Return the objects at the top in byte order."""
        return [self.top[dn] for dn in sorted(self.top)]

    def everything(self) -> Iterator[StoredObject]:
        """Yield all objects in byte order of their DNs. Objects that an open CCB creates are included."""
        for dn in sorted(self.objects):
            yield self.objects[dn]

    # settings: attributes of IMM's own object

    def _setting(self, name: str, default: int) -> int:
        found = self.objects.get(IMM_OBJECT)
        values = found.values.get(name) if found is not None else None
        return int(values[0]) if values else default

    @property
    def long_names(self) -> bool:
        """Tell whether names may be up to 2048 bytes long."""
        return bool(self._setting("longDnsAllowed", 0))

    @property
    def schema_changes(self) -> bool:
        """Tell whether classes may be changed."""
        return bool(self._setting("opensafImmNostdFlags", 0) & SCHEMA_CHANGE_ALLOWED)

    def limit(self, name: str, default: int) -> int:
        """Return a limit such as ``maxClasses``; `default` when IMM's object does not set it."""
        return self._setting(name, default)

    # unchecked changes

    def insert(self, found: StoredObject) -> None:
        """Put an object at the place that its DN gives."""
        self.objects[found.dn] = found
        found.cls.instances[found.dn] = found
        (self.top if found.parent is None else found.parent.children)[found.dn] = found
        if found.dn == IMM_OBJECT:
            self.list_classes()

    def list_classes(self) -> None:
        """List all classes in an attribute of IMM's own object, where immdump finds them."""
        found = self.objects.get(IMM_OBJECT)
        if found is not None and CLASS_NAMES in found.cls.attributes:
            found.values[CLASS_NAMES] = tuple(self.classes)

    def remove(self, found: StoredObject) -> None:
        """Take an object out. The caller has removed its children first."""
        del self.objects[found.dn]
        del found.cls.instances[found.dn]
        del (self.top if found.parent is None else found.parent.children)[found.dn]

    def implementer(self, name: str) -> Implementer:
        """Return the record of an implementer name. A missing record is made."""
        found = self.implementers.get(name)
        if found is None:
            found = self.implementers[name] = Implementer(name)
        return found

    def referrers(self, dn: str) -> list[StoredObject]:
        """Return the objects that have `dn` as a value of a NO_DANGLING attribute."""
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
