# SPDX-License-Identifier: Apache-2.0
"""NO_DANGLING references: whether an attribute may name an object, and whether a CCB leaves a reference
without its target.

The functions return the fault as a text (some with a code). The text is empty when there is no fault. The
texts
are those that an administrator of OpenSAF sees, its spelling included.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Optional

from imm_model.classes import AttributeFlag
from saf_shim.codes import Code
from saf_shim.imm.content.rules import ChangeKind
from saf_shim.imm.content.store import Lock, Store, StoredClass, StoredObject
from saf_shim.imm.manager.mutation import Mutation


def reference_attributes(cls: StoredClass) -> list[str]:
    """Return the attributes of a class whose targets must exist, in alphabetical order."""
    return sorted(a.name for a in cls.definition.attributes if a.flags & AttributeFlag.NO_DANGLING)


def fault_of_target(target: StoredObject, ccb: Lock) -> tuple[Code, str]:
    """Tell why an attribute that `ccb` sets may not name `target`."""
    if not target.cls.is_config and not target.cls.persistent:
        return Code.ERR_INVALID_PARAM, "a non-persistent RTO"
    if target.deleting:
        if target.ccb is ccb:
            return Code.ERR_BAD_OPERATION, "object flagged for deletion in the same CCB"
        return Code.ERR_BUSY, "object flagged for deletion in another CCB"
    if target.creating and target.ccb is not ccb:
        return Code.ERR_BUSY, "object flagged for creation in another CCB"
    return Code.OK, ""


def fault_of_new_object(store: Store, made: StoredObject, ccb: Lock) -> tuple[Code, str]:
    """Tell why a new object may not have its references. A target that does not exist is no fault yet."""
    for name in reference_attributes(made.cls):
        for dn in made.values.get(name, ()):
            target = store.objects.get(str(dn))
            if target is None:
                continue
            code, word = fault_of_target(target, ccb)
            if word:
                return code, f"IMM: {code.name}: Object {made.dn} refers to {word} ({dn!s})"
    return Code.OK, ""


def creation_that_names(dn: str, mutations: Iterable[Mutation]) -> Optional[StoredObject]:
    """Return an object that the CCB creates and that refers to `dn`, or None."""
    for mutation in mutations:
        if mutation.kind is ChangeKind.CREATE and any(
            dn in mutation.after.get(name, ()) for name in reference_attributes(mutation.found.cls)
        ):
            return mutation.found
    return None


def fault_of_ccb(store: Store, mutations: Mapping[str, Mutation], ccb: Lock) -> str:
    """Tell why a CCB would leave a reference without its target."""
    for mutation in mutations.values():
        if mutation.kind is ChangeKind.DELETE:
            fault = _fault_of_deletion(store, mutation.found, mutations)
        else:
            fault = _fault_of_image(store, mutation, ccb)
        if fault:
            return fault
    return ""


def _fault_of_image(store: Store, mutation: Mutation, ccb: Lock) -> str:
    for name in reference_attributes(mutation.found.cls):
        for dn in mutation.after.get(name, ()):
            fault = _fault_at_the_end(store.objects.get(str(dn)), ccb)
            if fault:
                return f"IMM: ERR_FAILED_OPERATION: Object {mutation.found.dn} {fault} ({dn!s})"
    return ""


def _fault_at_the_end(target: Optional[StoredObject], ccb: Lock) -> str:
    if target is None:
        return "has dangling reference"
    if not target.cls.is_config and not target.cls.persistent:
        return "refers to a non-persistent RTO"
    if target.deleting:
        return "refers to object flagged for deletion"
    if target.creating and target.ccb is not ccb:
        return "refers to object flagged for creation in another CCB"
    return ""


def _fault_of_deletion(store: Store, found: StoredObject, mutations: Mapping[str, Mutation]) -> str:
    for referrer in store.referrers(found.dn):
        mutation = mutations.get(referrer.dn)
        if mutation is not None:
            if mutation.kind is ChangeKind.DELETE:
                continue
            names = reference_attributes(referrer.cls)
            if not any(found.dn in mutation.after.get(name, ()) for name in names):
                continue
        what = "by another CCB" if referrer.deleting else "by this CCB"
        word = "scheduled" if referrer.deleting else "not scheduled"
        return (
            f"IMM: ERR_FAILED_OPERATION: Object {found.dn} is currently reffered by "
            f"object {referrer.dn}, {word} for deletion {what}"
        )
    return ""
