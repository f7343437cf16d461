# SPDX-License-Identifier: Apache-2.0
"""Implementers inside the server: their port (`HooksPort`) and what they work with (`Attached`).

`hooks` has the promises of both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Optional

from saf_shim.codes import AisError, Code
from saf_shim.imm.content.given import set_values
from saf_shim.imm.content.port import ALLOWED, AdminOperation, Answer
from saf_shim.imm.content.rules import (
    CLASS_NAME,
    IMPLEMENTER_NAME,
    OWNER_NAME,
    AttributeValues,
    ChangeKind,
    Modification,
    ModificationType,
    Values,
)
from saf_shim.imm.content.store import Store, StoredObject
from saf_shim.imm.implementer import bindings, runtime_objects
from saf_shim.imm.implementer.hooks import Hooks, ObjectChange
from saf_shim.patience import CALLBACK_TIME


class StoreView:
    """A `View` of the store, as it is or as it will be after a CCB."""

    def __init__(self, store: Store, after_ccb: bool = False) -> None:
        self._store = store
        self._after = after_ccb
        self._images: dict[str, Mapping[str, Values]] = {}

    def note_image(self, dn: str, values: Mapping[str, Values]) -> None:
        """Remember that the object will have these attributes after the CCB."""
        self._images[dn] = values

    def _find(self, dn: str) -> Optional[StoredObject]:
        found = self._store.objects.get(dn)
        if found is None or (found.deleting if self._after else found.creating):
            return None
        return found

    def get(self, dn: str) -> Optional[Mapping[str, Values]]:
        found = self._find(dn)
        if found is None:
            return None
        image = self._images.get(dn)
        return attributes_of(found) if image is None else image

    def class_of(self, dn: str) -> Optional[str]:
        found = self._find(dn)
        return None if found is None else found.cls.name

    def children(self, dn: str, class_name: str = "") -> list[str]:
        parent = self._store.objects.get(dn)
        below = self._store.top if not dn else {} if parent is None else parent.children
        return sorted(
            child
            for child, found in below.items()
            if (not class_name or found.cls.name == class_name) and self._find(child) is not None
        )

    def of_class(self, class_name: str, root: str = "") -> list[str]:
        cls = self._store.classes.get(class_name)
        if cls is None:
            return []
        end = f",{root}"
        return sorted(
            dn
            for dn in cls.instances
            if self._find(dn) is not None and (not root or dn == root or dn.endswith(end))
        )


def attributes_of(found: StoredObject) -> dict[str, Values]:
    """Return all attributes of an object by name; those without a value are empty."""
    taken: dict[str, Values] = {name: found.values.get(name, ()) for name in found.cls.attributes}
    for name in (CLASS_NAME, IMPLEMENTER_NAME, OWNER_NAME):
        taken[name] = found.get(name)
    return taken


class HooksPort:
    """The port of an implementer inside the server: it turns each call of `Port` into one of its hooks."""

    def __init__(self, store: Store, hooks: Hooks) -> None:
        self._store = store
        self._hooks = hooks
        self.patience = CALLBACK_TIME
        self._changes: dict[int, list[ObjectChange]] = {}

    def admin(self, operation: AdminOperation) -> None:
        self._hooks.admin_operation(operation)

    def read_pure(self, dn: str, names: Sequence[str], done: Callable[[int], None]) -> None:
        values = self._hooks.read_pure(dn, names)
        set_values(self._store.objects[dn], {name: tuple(values.get(name, ())) for name in names})
        done(Code.OK)

    def create(
        self,
        ccb: int,
        class_name: str,
        parent: str,
        dn: str,
        attributes: list[AttributeValues],
        answer: Answer,
    ) -> None:
        del parent, attributes
        found = self._store.objects[dn]
        change = ObjectChange(ChangeKind.CREATE, dn, class_name, None, attributes_of(found))
        self._changed(ccb, change, answer)

    def modify(
        self, ccb: int, dn: str, results: list[Modification], given: list[Modification], answer: Answer
    ) -> None:
        found = self._store.objects[dn]
        earlier = [change for change in self._changes.get(ccb, ()) if change.dn == dn]
        before = attributes_of(found)
        if earlier and earlier[-1].after is not None:
            before = dict(earlier[-1].after)
        after = {**before, **{result.name: result.values for result in results}}
        self._changed(ccb, ObjectChange(ChangeKind.MODIFY, dn, found.cls.name, before, after, given), answer)

    def delete(self, ccb: int, dn: str, answer: Answer) -> None:
        found = self._store.objects[dn]
        change = ObjectChange(ChangeKind.DELETE, dn, found.cls.name, attributes_of(found), None)
        self._changed(ccb, change, answer)

    def _changed(self, ccb: int, change: ObjectChange, answer: Answer) -> None:
        self._changes.setdefault(ccb, []).append(change)
        self._answer(answer, lambda: self._hooks.ccb_changed(ccb, change))

    def completed(self, ccb: int, answer: Answer) -> None:
        changes = self._changes.get(ccb, [])
        view = StoreView(self._store, after_ccb=True)
        for change in changes:
            if change.after is not None:
                view.note_image(change.dn, change.after)
        self._answer(answer, lambda: self._hooks.ccb_completed(ccb, changes, view))

    @staticmethod
    def _answer(answer: Answer, hook: Callable[[], None]) -> None:
        try:
            hook()
        except AisError as error:
            if answer is not None:
                code = error.code if error.code in ALLOWED else Code.ERR_FAILED_OPERATION
                answer(code, error.text)
        else:
            if answer is not None:
                answer(Code.OK, "")

    def apply(self, ccb: int, answer: Answer) -> None:
        self._hooks.ccb_applied(ccb, self._changes.pop(ccb, []))
        if answer is not None:
            answer(Code.OK, "")

    def abort(self, ccb: int) -> None:
        if self._changes.pop(ccb, None) is not None:
            self._hooks.ccb_aborted(ccb)


class Attached(StoreView):
    """An implementer inside the server: it holds a name, reads the model, and owns runtime objects."""

    def __init__(self, store: Store, name: str, hooks: Hooks) -> None:
        """Take the implementer name for the life of the server; AisError EXIST when somebody holds it."""
        super().__init__(store)
        self.name = name
        self._implementer = bindings.attach(store, name, HooksPort(store, hooks))

    def bind_classes(self, class_names: Iterable[str]) -> None:
        """Become the implementer of configuration classes.

        Classes that do not exist yet are bound when they are created."""
        for name in class_names:
            if name in self._store.classes:
                bindings.set_class(self._store, self._implementer, name)
            else:
                self._store.waiting_bindings[name] = self._implementer

    def create(self, class_name: str, parent: str, attributes: Mapping[str, Values]) -> str:
        """Create a runtime object and return its DN. The RDN is one of the `attributes`. AisError as for
        saImmOiRtObjectCreate_2."""
        cls = self._store.find_class(class_name)
        given = []
        for name, values in attributes.items():
            definition = cls.attributes.get(name)
            kind = int(definition.type) if definition is not None else 0
            given.append(AttributeValues(name, kind, tuple(values)))
        return runtime_objects.create(self._store, self._implementer, class_name, parent, given).dn

    def update(self, dn: str, attributes: Mapping[str, Values]) -> None:
        """Replace the values of runtime attributes, cached or not, of a runtime or configuration object.

        Values that do not change cost nothing. AisError as for saImmOiRtObjectUpdate_2."""
        found = self._store.find(dn)
        changes = []
        for name, values in attributes.items():
            if found.values.get(name, ()) == tuple(values):
                continue
            definition = found.cls.attributes.get(name)
            kind = int(definition.type) if definition is not None else 0
            changes.append(Modification(ModificationType.REPLACE, name, kind, tuple(values)))
        if changes:
            runtime_objects.update(self._store, self._implementer, dn, changes)

    def delete(self, dn: str) -> None:
        """Delete a runtime object and all objects below it. AisError as for saImmOiRtObjectDelete."""
        runtime_objects.delete(self._store, self._implementer, dn)
