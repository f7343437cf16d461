# SPDX-License-Identifier: Apache-2.0
"""What one CCB operation may do: the checks for creating, modifying and deleting configuration objects.

The order of the checks and the error strings are those of OpenSAF.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Optional

from imm_model.classes import AttributeDefinition, AttributeFlag
from imm_model.names import join_dn
from saf_shim.codes import AisError, Code
from saf_shim.imm.content.given import (
    check_modifications,
    check_new_values,
    or_strong_default,
    take_rdn,
    unique,
)
from saf_shim.imm.content.port import ImplementerDone, Port
from saf_shim.imm.content.rules import (
    IMPLEMENTER_NAME,
    AttributeValues,
    ChangeKind,
    Modification,
    ModificationType,
    Values,
    as_sent,
    check_dn_length,
    check_first_value,
    has_duplicates,
    is_name_like,
    is_printable,
    longest,
    remove_values,
    size,
)
from saf_shim.imm.content.store import IMM_OBJECT, Implementer, StoredClass, StoredObject
from saf_shim.imm.manager import own_objects, references
from saf_shim.imm.manager.ccb import (
    ALLOW_NULL_OI,
    REGISTERED_OI,
    RESOURCE,
    VALIDATION,
    Ccb,
    Done,
    State,
)
from saf_shim.imm.manager.mutation import Mutation

Request = tuple[Implementer, Callable[[Port, ImplementerDone], None]]


def create(
    ccb: Ccb, class_name: object, parent_dn: Optional[str], attributes: Sequence[AttributeValues], done: Done
) -> None:
    """Prepare a configuration object. It becomes visible when the CCB is applied."""
    store = ccb.store
    given = unique(attributes)
    parent_dn = parent_dn or ""
    if size(parent_dn) > 255 and not store.long_names:
        raise AisError(Code.ERR_NAME_TOO_LONG, "the parent's DN is too long")
    if not is_printable(parent_dn):
        raise AisError(Code.ERR_INVALID_PARAM, "the parent is no proper DN")
    try:
        cls = store.find_class(class_name)
    except AisError as error:
        if error.code == Code.ERR_NOT_EXIST:
            ccb.note(f"IMM: ERR_NOT_EXIST: class '{class_name}' does not exist")
        raise
    if not cls.is_config:
        raise AisError(Code.ERR_INVALID_PARAM, f"{cls.name} is a runtime class")
    parent = _parent(ccb, parent_dn)
    rdn = take_rdn(store, cls, given, Code.ERR_NAME_TOO_LONG)
    dn = join_dn(rdn, parent_dn)
    check_dn_length(dn, store.long_names)
    present = store.objects.get(dn)
    if present is not None:
        if present.creating:
            ccb.note("IMM: ERR_EXIST: object is already registered for creation in a ccb")
        raise AisError(Code.ERR_EXIST, f"{dn} exists")
    made = StoredObject(dn, cls, parent, _new_values(ccb, cls, given))
    made.implementer = cls.implementer
    made.owner = ccb.owner.name
    code, fault = references.fault_of_new_object(store, made, ccb)
    if fault:
        ccb.note(fault)
        raise AisError(code)
    implementer = ccb.attached(made)
    if implementer is None:
        own_objects.check_create(ccb, cls)
        if ccb.flags & REGISTERED_OI and not (made.implementer is None and ccb.flags & ALLOW_NULL_OI):
            ccb.note(
                f"IMM: ERR_NOT_EXIST: class '{cls.name}' does not have an implementer and "
                "flag SA_IMM_CCB_REGISTERED_OI is set"
            )
            raise AisError(Code.ERR_NOT_EXIST)
    made.creating = True
    made.ccb = ccb
    store.insert(made)
    ccb.mutations[dn] = Mutation(ChangeKind.CREATE, made, made.values)
    ccb.owner.touch(made)
    message = _create_message(made, given, rdn_first=implementer is not None)
    ccb.tell_appliers(made, lambda port: port.create(ccb.id, cls.name, parent_dn, dn, message, None))
    requests: list[Request] = []
    if implementer is not None:
        requests.append(
            (implementer, lambda port, answer: port.create(ccb.id, cls.name, parent_dn, dn, message, answer))
        )
    _ask(ccb, requests, done, text_first=True)


def _parent(ccb: Ccb, dn: str) -> Optional[StoredObject]:
    if not dn:
        return None
    parent = ccb.store.objects.get(dn)
    if (
        parent is None
        or (parent.creating and parent.ccb is not ccb)
        or parent.deleting
        or not parent.cls.is_config
    ):
        raise AisError(Code.ERR_NOT_EXIST, f"there is no parent {dn}")
    if parent.owner != ccb.owner.name:
        raise AisError(Code.ERR_BAD_OPERATION, f"{dn} belongs to {parent.owner or 'nobody'}")
    return parent


def _new_values(ccb: Ccb, cls: StoredClass, given: dict[str, AttributeValues]) -> dict[str, Values]:
    values: dict[str, Values] = {
        a.name: (a.default,) for a in cls.definition.attributes if a.default is not None
    }
    for entry in given.values():
        definition = cls.attributes.get(entry.name)
        if definition is None:
            ccb.note(f"IMM: ERR_NOT_EXIST: attr '{entry.name}' not defined")
            raise AisError(Code.ERR_NOT_EXIST, f"class {cls.name} has no attribute {entry.name}")
        runtime = not definition.is_config and not definition.flags & AttributeFlag.PERSISTENT
        if entry.type != definition.type or runtime:
            raise AisError(Code.ERR_INVALID_PARAM, f"{entry.name}: another type, or a runtime attribute")
        check_new_values(entry.values, definition)
        values[entry.name] = entry.values
    for definition in cls.definition.attributes:
        if definition.flags & AttributeFlag.INITIALIZED and definition.name not in values:
            raise AisError(Code.ERR_INVALID_PARAM, f"{definition.name} must be given")
    return values


def _create_message(
    made: StoredObject, given: dict[str, AttributeValues], rdn_first: bool
) -> list[AttributeValues]:
    """Return what implementers are told of a new object: every configuration attribute, even without values.

    The order is OpenSAF's: first the attributes that were not given, by name, then the given attributes in
    reverse order. If an object implementer is told, the RDN comes first."""
    names = [name for name in made.cls.read_order if name not in given]
    names.extend(reversed(given))
    if rdn_first:
        names.sort(key=lambda name: name != made.cls.rdn.name)
    message = []
    for name in names:
        definition = made.cls.attributes[name]
        if definition.is_config or definition.flags & AttributeFlag.PERSISTENT:
            values = () if name == IMPLEMENTER_NAME else as_sent(made.get(name))
            message.append(AttributeValues(name, definition.type, values))
    return message


def modify(ccb: Ccb, dn: object, modifications: Sequence[Modification], done: Done) -> None:
    """Prepare a change of writable configuration attributes. It takes effect when the CCB is applied."""
    check_modifications(modifications)
    found = _changeable(ccb, dn)
    if found.locked_by(ccb):
        raise AisError(Code.ERR_BUSY, f"another CCB works on {found.dn}")
    if not found.cls.is_config:
        raise AisError(Code.ERR_INVALID_PARAM, f"{found.dn} is a runtime object")
    mutation = ccb.mutations.get(found.dn)
    if mutation is not None and mutation.kind is ChangeKind.DELETE:
        raise AisError(Code.ERR_NOT_EXIST, f"{found.dn} is being deleted")
    before = found.values if mutation is None else mutation.after
    after = {name: values for name, values in before.items() if found.cls.attributes[name].is_config}
    try:
        for change in modifications:
            _change(ccb, found, after, change)
        own_objects.check_modify(ccb, found, after)
        implementer = None if found.dn == IMM_OBJECT else ccb.attached(found)
        if implementer is None and found.dn != IMM_OBJECT:
            _check_registered(ccb, found)
    except AisError:
        if mutation is not None:  # the CCB has changed this object before, and that cannot be undone
            ccb.veto = True
            ccb.note(RESOURCE + "Corrupted CCB")
            raise AisError(Code.ERR_FAILED_OPERATION) from None
        raise
    if mutation is not None and mutation.kind is ChangeKind.CREATE:
        found.values = after
        ccb.mutations[found.dn] = Mutation(ChangeKind.CREATE, found, after)
    else:
        ccb.mutations[found.dn] = Mutation(ChangeKind.MODIFY, found, after)
    found.ccb = ccb
    ccb.owner.touch(found)
    everything = [
        Modification(ModificationType.REPLACE, name, definition.type, after.get(name, ()))
        for name in found.cls.read_order
        for definition in [found.cls.attributes[name]]
        if definition.flags & AttributeFlag.WRITABLE
    ]
    given = [c._replace(values=as_sent(c.values)) for c in modifications]
    ccb.tell_appliers(found, lambda port: port.modify(ccb.id, found.dn, everything, given, None))
    requests: list[Request] = []
    if implementer is not None:
        results = [
            Modification(ModificationType.REPLACE, c.name, c.type, after.get(c.name, ()))
            for c in modifications
        ]
        requests.append(
            (implementer, lambda port, answer: port.modify(ccb.id, found.dn, results, given, answer))
        )
    _ask(ccb, requests, done, text_first=True)


def _changeable(ccb: Ccb, dn: object) -> StoredObject:
    if not isinstance(dn, str) or not dn or not is_printable(dn):
        raise AisError(Code.ERR_INVALID_PARAM, "no proper DN")
    check_dn_length(dn, ccb.store.long_names)
    found = ccb.store.objects.get(dn)
    if found is None:
        raise AisError(Code.ERR_NOT_EXIST, f"{dn} does not exist")
    if found.owner != ccb.owner.name:
        raise AisError(Code.ERR_BAD_OPERATION, f"{dn} belongs to {found.owner or 'nobody'}")
    return found


def _change(ccb: Ccb, found: StoredObject, after: dict[str, Values], change: Modification) -> None:
    own_objects.check_change(ccb, found, change)
    definition = found.cls.attributes.get(change.name)
    if definition is None:
        ccb.note(f"IMM: ERR_NOT_EXIST: attr '{change.name}' does not exist in object {found.dn}")
        raise AisError(Code.ERR_NOT_EXIST, f"class {found.cls.name} has no attribute {change.name}")
    writable = definition.is_config and definition.flags & AttributeFlag.WRITABLE
    if change.type != definition.type or not writable:
        raise AisError(Code.ERR_INVALID_PARAM, f"{change.name}: another type, or not writable")
    if is_name_like(definition) and longest(change.values) >= 255 and not ccb.store.long_names:
        raise AisError(Code.ERR_BAD_OPERATION, f"{change.name}: the name is too long")
    if change.values:
        check_first_value(change.values[0], definition)
    values = _changed(after.get(change.name, ()), change, definition)
    if definition.flags & AttributeFlag.NO_DANGLING and change.how != ModificationType.DELETE:
        for dn in map(str, change.values):
            target = ccb.store.objects.get(dn)
            code = Code.OK if target is None else references.fault_of_target(target, ccb)[0]
            if code != Code.OK:
                raise AisError(code, f"{change.name}: {dn} cannot be referred to")
    if values:
        after[change.name] = values
    else:
        after.pop(change.name, None)


def _changed(present: Values, change: Modification, definition: AttributeDefinition) -> Values:
    if change.how == ModificationType.DELETE:
        values = remove_values(present, change.values)
    elif change.how == ModificationType.ADD:
        values = (*present, *change.values)
    else:
        values = change.values
    if not values:
        if definition.flags & AttributeFlag.INITIALIZED:
            raise AisError(Code.ERR_INVALID_PARAM, f"{definition.name} must not be empty")
        return or_strong_default((), definition)
    if change.how != ModificationType.DELETE:
        if len(values) > 1 and not definition.is_multi:
            raise AisError(Code.ERR_INVALID_PARAM, f"{definition.name}: several values")
        if definition.flags & AttributeFlag.NO_DUPLICATES and has_duplicates(values):
            raise AisError(Code.ERR_INVALID_PARAM, f"{definition.name}: duplicate values")
    return values


def _check_registered(ccb: Ccb, found: StoredObject) -> None:
    if ccb.flags & REGISTERED_OI and not (found.implementer is None and ccb.flags & ALLOW_NULL_OI):
        ccb.note(f"IMM: ERR_NOT_EXIST: object '{found.dn}' exist but no implementer (which is required)")
        raise AisError(Code.ERR_NOT_EXIST)


def delete(ccb: Ccb, dn: object, done: Done) -> None:
    """Prepare the deletion of a configuration object and all objects below it, for when the CCB is
    applied."""
    if not isinstance(dn, str) or not dn or not is_printable(dn):
        raise AisError(Code.ERR_INVALID_PARAM, "no proper DN")
    check_dn_length(dn, ccb.store.long_names)
    root = ccb.store.objects.get(dn)
    if root is None:
        raise AisError(Code.ERR_NOT_EXIST, f"{dn} does not exist")
    if not root.cls.is_config:
        raise AisError(Code.ERR_BAD_OPERATION, f"{dn} is a runtime object")
    tree = list(root.subtree())
    for found in tree:
        _check_delete(ccb, found)
    requests: list[Request] = []
    for found in tree:
        if found.dn in ccb.mutations:
            continue  # the CCB deletes it already
        found.ccb = ccb
        found.deleting = True
        ccb.mutations[found.dn] = Mutation(ChangeKind.DELETE, found, {})
        if found.cls.is_config:
            ccb.tell_appliers(found, partial(_send_delete, ccb.id, found.dn, answer=None))
            implementer = ccb.attached(found)
            if implementer is not None:
                requests.append((implementer, partial(_send_delete, ccb.id, found.dn)))
    _ask(ccb, requests, done, text_first=False)


def _send_delete(ccb: int, dn: str, port: Port, answer: Optional[ImplementerDone]) -> None:
    port.delete(ccb, dn, answer)


def _check_delete(ccb: Ccb, found: StoredObject) -> None:
    if found.owner != ccb.owner.name:
        raise AisError(Code.ERR_BAD_OPERATION, f"{found.dn} belongs to {found.owner or 'nobody'}")
    if found.locked_by(ccb):
        raise AisError(Code.ERR_BUSY, f"another CCB works on {found.dn}")
    if found.cls.is_config or found.cls.persistent:
        referrer = references.creation_that_names(found.dn, ccb.mutations.values())
        if referrer is not None:
            ccb.note(
                f"IMM: ERR_BAD_OPERATION: Object {referrer.dn} refers to object {found.dn} "
                "and is flagged for creation in this CCB"
            )
            raise AisError(Code.ERR_BAD_OPERATION)
    if found.cls.is_config and ccb.attached(found) is None:
        own_objects.check_delete(ccb, found)
        _check_registered(ccb, found)
    mutation = ccb.mutations.get(found.dn)
    if mutation is not None and mutation.kind is not ChangeKind.DELETE:
        raise AisError(Code.ERR_BAD_OPERATION, f"the CCB has created or modified {found.dn}")


def _ask(ccb: Ccb, requests: list[Request], done: Done, text_first: bool) -> None:
    """Ask implementers, and then end the operation. After a refusal the CCB can only be ended.

    `text_first` says whether the implementer's error string comes before IMM's; OpenSAF's order differs
    between the operations."""

    def refused(rc: int, text: str) -> None:
        kind = VALIDATION if rc in (Code.ERR_BAD_OPERATION, Code.ERR_FAILED_OPERATION) else RESOURCE
        if text and text_first:
            ccb.strings.insert(0, text)
        if not ccb.veto:
            ccb.note(f"{kind}Implementer returned error: {int(rc)}")
        if text and not text_first:
            ccb.note(text)

    def finish() -> None:
        done(Code.ERR_FAILED_OPERATION if ccb.veto or ccb.state is State.ABORTED else Code.OK)

    ccb.ask(requests, refused, finish)
