# SPDX-License-Identifier: Apache-2.0
"""Implementers inside the server: their port (`HooksPort`) and what they work with (`Attached`).

See `internal` for what both promise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Optional

from imm_model.types import ValueType
from saf_shim.codes import AisError, Code
from saf_shim.imm.calls.client_port import ALLOWED, Answer
from saf_shim.imm.content.rules import CLASS_NAME, IMPLEMENTER_NAME, OWNER_NAME, GivenChange, GivenValues
from saf_shim.imm.content.rules import Change as How
from saf_shim.imm.content.store import Store, StoredObject
from saf_shim.imm.implementer import bindings as implementers
from saf_shim.imm.implementer import runtime_objects as runtime
from saf_shim.imm.implementer.hooks import Change, ChangeKind, Hooks, Modification, Values
from saf_shim.imm.manager.admin_operations import Operation


class StoreView:
    """Reading the store, as it is or as it will be after a CCB; see `internal.View`."""

    def __init__(self, store: Store, after_ccb: bool = False) -> None:
        self._store = store
        self._after = after_ccb
        self._images: dict[str, Mapping[str, Values]] = {}

    def note_image(self, dn: str, values: Mapping[str, Values]) -> None:
        """The CCB gives this object these attributes."""
        self._images[dn] = values

    def _find(self, dn: str) -> Optional[StoredObject]:
        found = self._store.objects.get(dn)
        if found is None or (found.deleting if self._after else found.creating):
            return None
        return found

    def get(self, dn: str) -> Optional[Mapping[str, Values]]:
        """See `internal.View`."""
        found = self._find(dn)
        if found is None:
            return None
        image = self._images.get(dn)
        return attributes_of(found) if image is None else image

    def class_of(self, dn: str) -> Optional[str]:
        """See `internal.View`."""
        found = self._find(dn)
        return None if found is None else found.cls.name

    def children(self, dn: str, class_name: str = "") -> list[str]:
        """See `internal.View`."""
        parent = self._store.objects.get(dn)
        below = self._store.top if not dn else {} if parent is None else parent.children
        return sorted(
            child
            for child, found in below.items()
            if (not class_name or found.cls.name == class_name) and self._find(child) is not None
        )

    def of_class(self, class_name: str, root: str = "") -> list[str]:
        """See `internal.View`."""
        cls = self._store.classes.get(class_name)
        if cls is None:
            return []
        end = f",{root}"
        return sorted(
            dn
            for dn in cls.instances
            if self._find(dn) is not None and (not root or dn == root or dn.endswith(end))
        )


def attributes_of(found: StoredObject, values: Optional[Mapping[str, Values]] = None) -> dict[str, Values]:
    """All attributes of an object by name; those without value are empty."""
    present = found.values if values is None else values
    taken: dict[str, Values] = {name: present.get(name, ()) for name in found.cls.attributes}
    for name in (CLASS_NAME, IMPLEMENTER_NAME, OWNER_NAME):
        taken[name] = found.get(name)
    return taken


class HooksPort:
    """Turns what IMM asks (see `ports.Port`) into calls of hooks."""

    def __init__(self, store: Store, hooks: Hooks) -> None:
        self._store = store
        self._hooks = hooks
        self._changes: dict[int, list[Change]] = {}

    def admin(self, operation: Operation) -> None:
        """See `Port`."""
        self._hooks.admin_operation(operation)

    def read_pure(self, found: StoredObject, names: Sequence[str], done: Callable[[int], None]) -> None:
        """See `Port`."""
        values = self._hooks.read_pure(found.dn, names)
        runtime.set_values(found, {name: tuple(values.get(name, ())) for name in names})
        done(Code.OK)

    def create(
        self, ccb: int, class_name: str, parent: str, dn: str, attributes: list[GivenValues], answer: Answer
    ) -> None:
        """See `Port`."""
        del parent, attributes
        found = self._store.objects[dn]
        change = Change(ChangeKind.CREATE, dn, class_name, None, attributes_of(found))
        self._changed(ccb, change, answer)

    def modify(
        self, ccb: int, dn: str, results: list[GivenChange], given: list[GivenChange], answer: Answer
    ) -> None:
        """See `Port`."""
        found = self._store.objects[dn]
        earlier = [change for change in self._changes.get(ccb, ()) if change.dn == dn]
        before = attributes_of(found)
        if earlier and earlier[-1].after is not None:
            before = dict(earlier[-1].after)
        after = {**before, **{result.name: result.values for result in results}}
        modifications = [Modification(g.how, g.name, ValueType(g.type), g.values) for g in given]
        self._changed(
            ccb, Change(ChangeKind.MODIFY, dn, found.cls.name, before, after, modifications), answer
        )

    def delete(self, ccb: int, dn: str, answer: Answer) -> None:
        """See `Port`."""
        found = self._store.objects[dn]
        change = Change(ChangeKind.DELETE, dn, found.cls.name, attributes_of(found), None)
        self._changed(ccb, change, answer)

    def _changed(self, ccb: int, change: Change, answer: Answer) -> None:
        self._changes.setdefault(ccb, []).append(change)
        self._answer(answer, lambda: self._hooks.ccb_changed(ccb, change))

    def completed(self, ccb: int, answer: Answer) -> None:
        """See `Port`."""
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
        """See `Port`."""
        self._hooks.ccb_applied(ccb, self._changes.pop(ccb, []))
        if answer is not None:
            answer(Code.OK, "")

    def abort(self, ccb: int) -> None:
        """See `Port`."""
        if self._changes.pop(ccb, None) is not None:
            self._hooks.ccb_aborted(ccb)


class Attached(StoreView):
    """An implementer name held inside the server; see `internal.InternalImplementer`."""

    def __init__(self, store: Store, name: str, hooks: Hooks) -> None:
        super().__init__(store)
        self.name = name
        self._implementer = implementers.attach(store, name, HooksPort(store, hooks))

    def bind_classes(self, class_names: Iterable[str]) -> None:
        """See `internal.InternalImplementer`."""
        for name in class_names:
            if name in self._store.classes:
                implementers.set_class(self._store, self._implementer, name)
            else:
                self._store.waiting_bindings[name] = self._implementer

    def create(self, class_name: str, parent: str, attributes: Mapping[str, Values]) -> str:
        """See `internal.InternalImplementer`."""
        cls = self._store.find_class(class_name)
        given = []
        for name, values in attributes.items():
            definition = cls.attributes.get(name)
            kind = int(definition.type) if definition is not None else 0
            given.append(GivenValues(name, kind, tuple(values)))
        return runtime.create(self._store, self._implementer, class_name, parent, given).dn

    def update(self, dn: str, attributes: Mapping[str, Values]) -> None:
        """See `internal.InternalImplementer`."""
        found = self._store.find(dn)
        changes = []
        for name, values in attributes.items():
            if found.values.get(name, ()) == tuple(values):
                continue
            definition = found.cls.attributes.get(name)
            kind = int(definition.type) if definition is not None else 0
            changes.append(GivenChange(How.REPLACE, name, kind, tuple(values)))
        if changes:
            runtime.update(self._store, self._implementer, dn, changes)

    def delete(self, dn: str) -> None:
        """See `internal.InternalImplementer`."""
        runtime.delete(self._store, self._implementer, dn)

    def release(self) -> None:
        """See `internal.InternalImplementer`."""
        implementers.detach(self._store, self._implementer)
