# SPDX-License-Identifier: Apache-2.0
"""Implementer names, who holds them, and what they are bound to (saImmOi*Implementer*).

One handle at a time holds a name (`Implementer.port`). The bindings of a name survive its holder, except
those of an applier.
"""

from __future__ import annotations

from collections.abc import Iterable

from saf_shim.codes import AisError, Code
from saf_shim.contract import World
from saf_shim.imm.content.port import Port
from saf_shim.imm.content.rules import MAX_IMPLEMENTER_NAME, Scope, is_printable, size
from saf_shim.imm.content.store import Implementer, Store, StoredClass, StoredObject

MAX_IMPLEMENTERS = 3000
# Seconds for which readers see the cached values of an implementer that has left; measured on OpenSAF
# 5.21.03.
ORPHAN_TIME = 6.0


def attach(store: Store, name: object, port: Port) -> Implementer:
    """Let `port` hold the name: IMM calls it for everything that is bound to the name. Return its record."""
    if not isinstance(name, str) or not name:
        raise AisError(Code.ERR_INVALID_PARAM, "no implementer name")
    if size(name) > MAX_IMPLEMENTER_NAME:
        raise AisError(Code.ERR_LIBRARY, "the name is too long")
    if not is_printable(name):
        raise AisError(Code.ERR_INVALID_PARAM, "the name is not printable")
    present = store.implementers.get(name)
    if present is not None and present.port is not None:
        raise AisError(Code.ERR_EXIST, f"{name} is in use")
    if present is None and len(store.implementers) >= store.limit("maxImplementers", MAX_IMPLEMENTERS):
        raise AisError(Code.ERR_NO_RESOURCES, "too many implementers")
    found = store.implementer(name)
    found.port = port
    found.is_away = False
    return found


def detach(store: Store, implementer: Implementer, world: World) -> None:
    """Take the name from its holder. The bindings of an applier end at once. Readers stop seeing cached
    values later (`ORPHAN_TIME`)."""
    implementer.port = None
    implementer.departures += 1
    departure = implementer.departures

    def hide() -> None:
        if implementer.port is None and implementer.departures == departure:
            implementer.is_away = True

    world.start_timer(ORPHAN_TIME, hide)
    if implementer.is_applier:
        for cls in store.classes.values():
            if implementer in cls.appliers:
                cls.appliers.remove(implementer)
        for found in store.objects.values():
            if implementer in found.appliers:
                found.appliers.remove(implementer)


def _class_in_use(cls: StoredClass) -> bool:
    return any(instance.locked_by(None) for instance in cls.instances.values())


def _abort_ccbs(objects: Iterable[StoredObject]) -> None:
    """Abort the CCBs that work on any of the objects, and raise TRY_AGAIN if there are any.

    Binding has priority in OpenSAF: it aborts the CCB, and the next attempt to bind succeeds."""
    locks = {found.ccb.id: found.ccb for found in objects if found.ccb is not None and found.ccb.active}
    for lock in locks.values():
        lock.abort()
    if locks:
        raise AisError(Code.ERR_TRY_AGAIN, "a CCB worked on the objects, and was aborted")


def set_class(store: Store, implementer: Implementer, name: object) -> None:
    """Bind a configuration class to the name."""
    cls = _config_class(store, name)
    if implementer.is_applier:
        _abort_ccbs(cls.instances.values())
        if any(implementer in instance.appliers for instance in cls.instances.values()):
            raise AisError(Code.ERR_EXIST, f"{implementer.name} is applier of an instance")
        if implementer not in cls.appliers:
            cls.appliers.append(implementer)
        return
    for instance in cls.instances.values():
        if instance.implementer not in (None, implementer):
            raise AisError(Code.ERR_EXIST, f"{instance.dn} has another implementer")
    if cls.implementer not in (None, implementer):
        raise AisError(Code.ERR_EXIST, f"class {cls.name} has another implementer")
    _abort_ccbs(cls.instances.values())
    cls.implementer = implementer
    for instance in cls.instances.values():
        instance.implementer = implementer


def release_class(store: Store, implementer: Implementer, name: object) -> None:
    """Take a class and its instances from the name (saImmOiClassImplementerRelease)."""
    cls = _config_class(store, name)
    if implementer.is_applier:
        if implementer not in cls.appliers:
            if any(implementer in instance.appliers for instance in cls.instances.values()):
                raise AisError(Code.ERR_NOT_EXIST, f"{implementer.name} is applier of an instance")
            return
        if _class_in_use(cls):
            raise AisError(Code.ERR_BUSY, f"a CCB works on class {cls.name}")
        cls.appliers.remove(implementer)
        return
    if cls.implementer is None:
        if any(instance.implementer not in (None, implementer) for instance in cls.instances.values()):
            raise AisError(Code.ERR_NOT_EXIST, "an instance has another implementer")
        return
    if cls.implementer is not implementer:
        raise AisError(Code.ERR_NOT_EXIST, f"class {cls.name} has another implementer")
    if _class_in_use(cls):
        raise AisError(Code.ERR_BUSY, f"a CCB works on class {cls.name}")
    cls.implementer = None
    for instance in cls.instances.values():
        _forget(instance)


def _config_class(store: Store, name: object) -> StoredClass:
    cls = store.find_class(name)
    if not cls.is_config:
        raise AisError(Code.ERR_BAD_OPERATION, f"{cls.name} is a runtime class")
    return cls


def _forget(found: StoredObject) -> None:
    """Take the implementer from an object, and with it the values of its runtime attributes."""
    found.implementer = None
    for attribute in found.cls.definition.attributes:
        if not attribute.is_config:
            found.values.pop(attribute.name, None)


def set_object(store: Store, implementer: Implementer, dn: object, scope: object) -> None:
    """Bind configuration objects to the name."""
    for found in _config_objects(store, dn, scope):
        if implementer.is_applier:
            if implementer in found.cls.appliers:
                raise AisError(Code.ERR_EXIST, f"{implementer.name} is applier of the class")
        elif found.implementer not in (None, implementer) or found.cls.implementer is not None:
            raise AisError(Code.ERR_EXIST, f"{found.dn} has another implementer, or its class has one")
    tree = list(_config_objects(store, dn, scope))
    _abort_ccbs(tree)
    for found in tree:
        if not implementer.is_applier:
            found.implementer = implementer
        elif implementer not in found.appliers:
            found.appliers.append(implementer)


def release_object(store: Store, implementer: Implementer, dn: object, scope: object) -> None:
    """Take configuration objects from the name (saImmOiObjectImplementerRelease)."""
    for found in _config_objects(store, dn, scope):
        if found.locked_by(None):
            raise AisError(Code.ERR_BUSY, f"a CCB works on {found.dn}")
        if implementer.is_applier:
            if implementer in found.cls.appliers:
                raise AisError(Code.ERR_NOT_EXIST, f"{implementer.name} is applier of the class")
        elif found.implementer is not None and (
            found.implementer is not implementer or found.cls.implementer is not None
        ):
            raise AisError(Code.ERR_NOT_EXIST, f"{found.dn} has another implementer, or its class has one")
    for found in _config_objects(store, dn, scope):
        if not implementer.is_applier:
            if found.implementer is implementer:
                _forget(found)
        elif implementer in found.appliers:
            found.appliers.remove(implementer)


def _config_objects(store: Store, dn: object, scope: object) -> Iterable[StoredObject]:
    if scope not in (Scope.ONE, Scope.SUBLEVEL, Scope.SUBTREE):
        raise AisError(Code.ERR_INVALID_PARAM, f"no scope: {scope}")
    tree = store.find(dn).in_scope(int(str(scope)))
    for found in tree:
        if not found.cls.is_config:
            raise AisError(Code.ERR_BAD_OPERATION, f"{found.dn} is a runtime object")
    return [found for found in tree if not found.creating]
