# SPDX-License-Identifier: Apache-2.0
"""Loading class and object files (``--load``) into a store before anybody is served.

It does what ``immcfg -f`` does on a running system, but for two things: it is strict about the file, and no
implementer is asked. Classes and objects that exist already are skipped.
"""

from __future__ import annotations

from imm_model.classes import Category
from imm_model.names import parent_dn, rdn_of
from imm_model.xml import XmlError, read_imm_xml, typed_values

from .codes import AisError, Code
from .imm import ccb_changes
from .imm.ccb import Ccb
from .imm.classes import define
from .imm.owners import AdminOwner
from .imm.rules import LOADER, GivenValues
from .imm.store import Store, StoredObject
from .service import World


class LoadError(Exception):
    """A file that cannot be loaded; the text says where and why."""


def load_file(store: Store, world: World, path: str) -> None:
    """Load one file, all of it or (LoadError) nothing but its classes."""
    try:
        document = read_imm_xml(path)
    except OSError as error:
        raise LoadError(f"{path}: {error.strerror}") from None
    except XmlError as error:
        raise LoadError(str(error)) from None
    for definition in document.classes:
        if definition.name not in store.classes:
            define(store, definition)
    ccb = Ccb(store, world, AdminOwner(LOADER, False), 0)
    owners: dict[str, str] = {}
    codes: list[int] = []
    # A file may list a child before its parent.
    for item in sorted(document.objects, key=lambda each: each.dn.replace("\\,", "").count(",")):
        if item.dn in store.objects:
            continue
        where = f"{path}:{item.line}: object {item.dn}"
        cls = store.classes.get(item.class_name)
        if cls is None:
            raise LoadError(f"{where}: there is no class {item.class_name}")
        try:
            typed = typed_values(item, cls.definition, path)
        except XmlError as error:
            raise LoadError(str(error)) from None
        given = [GivenValues(cls.rdn.name, int(cls.rdn.type), (rdn_of(item.dn),))]
        for name, values in typed.attributes.items():
            attribute = cls.attributes[name]
            kept = values if len(values) == 1 else tuple(value for value in values if value != "")
            given.append(GivenValues(name, int(attribute.type), kept[::-1]))  # IMM gives them in this order
        parent = parent_dn(item.dn)
        try:
            if cls.category == Category.RUNTIME:
                _insert_runtime(store, item.dn, cls.name, given)
                continue
            above = store.objects.get(parent)
            if above is not None and above.owner != LOADER:
                owners[parent], above.owner = above.owner, LOADER
            ccb_changes.create(ccb, cls.name, parent, given, codes.append)
        except AisError as error:
            raise LoadError(f"{where}: {error.text or error.code.name}") from None
    ccb.apply(codes.append)
    for dn, owner in owners.items():
        store.objects[dn].owner = owner
    if any(code != Code.OK for code in codes):
        raise LoadError(f"{path}: {'; '.join(ccb.strings) or 'refused'}")


def _insert_runtime(store: Store, dn: str, class_name: str, given: list[GivenValues]) -> None:
    """A persistent runtime object out of a dump: an orphan until its implementer comes."""
    cls = store.classes[class_name]
    parent = store.objects.get(parent_dn(dn))
    if parent is None and parent_dn(dn):
        raise AisError(Code.ERR_NOT_EXIST, "there is no parent")
    values = {a.name: (a.default,) for a in cls.definition.attributes if a.default is not None}
    store.insert(StoredObject(dn, cls, parent, {**values, **{g.name: g.values for g in given if g.values}}))
