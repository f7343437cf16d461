# SPDX-License-Identifier: Apache-2.0
"""Loads class and object files (``--load``) into a store before the server accepts clients.

It does the same as ``immcfg -f`` on a running system, with two differences: it is strict about the file, and
no implementer is asked. Classes and objects that exist already are skipped.
"""

from __future__ import annotations

from imm_model.classes import Category
from imm_model.names import parent_dn, rdn_of
from imm_model.xml import XmlError, XmlObject, read_imm_xml, typed_values
from saf_shim.codes import AisError, Code
from saf_shim.contract import World
from saf_shim.imm.content.classes import define
from saf_shim.imm.content.rules import LOADER, AttributeValues
from saf_shim.imm.content.store import Store, StoredObject
from saf_shim.imm.manager import ccb_changes
from saf_shim.imm.manager.ccb import Ccb
from saf_shim.imm.manager.owners import AdminOwner


class LoadError(Exception):
    """A file cannot be loaded. The text says where the fault is and what it is."""


def load_file(store: Store, world: World, path: str) -> None:
    """Load one file. If an object cannot be created, raise LoadError; only the classes stay then."""
    try:
        document = read_imm_xml(path)
    except OSError as error:
        raise LoadError(f"{path}: {error.strerror}") from None
    except XmlError as error:
        raise LoadError(str(error)) from None
    for definition in document.classes:
        if definition.name not in store.classes:
            define(store, definition)
    loader = _Loader(store, world, path)
    # A file may list a child before its parent.
    for item in sorted(document.objects, key=lambda each: each.dn.replace("\\,", "").count(",")):
        if item.dn not in store.objects:
            loader.create(item)
    loader.finish()


class _Loader:
    """Puts the objects of a file into the store, in one CCB that no implementer is asked about."""

    def __init__(self, store: Store, world: World, path: str) -> None:
        self._store = store
        self._path = path
        self._ccb = Ccb(store, world, AdminOwner(LOADER, False), 0)
        self._owners: dict[str, str] = {}  # the former owners of parents that the loader owns meanwhile
        self._codes: list[int] = []

    def create(self, item: XmlObject) -> None:
        """Create one object. LoadError names file and line."""
        where = f"{self._path}:{item.line}: object {item.dn}"
        cls = self._store.classes.get(item.class_name)
        if cls is None:
            raise LoadError(f"{where}: there is no class {item.class_name}")
        try:
            typed = typed_values(item, cls.definition, self._path)
        except XmlError as error:
            raise LoadError(str(error)) from None
        given = [AttributeValues(cls.rdn.name, int(cls.rdn.type), (rdn_of(item.dn),))]
        for name, values in typed.attributes.items():
            kept = values if len(values) == 1 else tuple(value for value in values if value != "")
            # IMM keeps several values in the reverse order of the file.
            given.append(AttributeValues(name, int(cls.attributes[name].type), kept[::-1]))
        try:
            if cls.category == Category.RUNTIME:
                _insert_runtime(self._store, item.dn, cls.name, given)
            else:
                self._borrow(parent_dn(item.dn))
                ccb_changes.create(self._ccb, cls.name, parent_dn(item.dn), given, self._codes.append)
        except AisError as error:
            raise LoadError(f"{where}: {error.text or error.code.name}") from None

    def _borrow(self, dn: str) -> None:
        parent = self._store.objects.get(dn)
        if parent is not None and parent.owner != LOADER:
            self._owners[dn], parent.owner = parent.owner, LOADER

    def finish(self) -> None:
        """Apply the CCB. LoadError if an object refers to one that does not exist."""
        self._ccb.apply(self._codes.append)
        for dn, owner in self._owners.items():
            self._store.objects[dn].owner = owner
        if any(code != Code.OK for code in self._codes):
            raise LoadError(f"{self._path}: {'; '.join(self._ccb.strings) or 'refused'}")


def _insert_runtime(store: Store, dn: str, class_name: str, given: list[AttributeValues]) -> None:
    """Insert a persistent runtime object of a dump. It has no implementer until one sets its name."""
    cls = store.classes[class_name]
    parent = store.objects.get(parent_dn(dn))
    if parent is None and parent_dn(dn):
        raise AisError(Code.ERR_NOT_EXIST, "there is no parent")
    values = {a.name: (a.default,) for a in cls.definition.attributes if a.default is not None}
    store.insert(StoredObject(dn, cls, parent, {**values, **{g.name: g.values for g in given if g.values}}))
