# SPDX-License-Identifier: Apache-2.0
"""Taking one step in IMM, and knowing what IMM holds after that step.

Every step can be repeated: EXIST on create becomes an update of all attributes, NOT_EXIST on delete is
success, NOT_EXIST on update becomes a create. After a time-out it is unknown whether IMM did the step. The
object is then noted without attributes, so that the next difference writes all of them.
"""

from __future__ import annotations

from typing import Callable

from amf_netwatch.errors import ERR_EXIST, ERR_NOT_EXIST, ERR_TIMEOUT, AisError
from amf_netwatch.publication.classes import INTERFACE_CLASS, NODE_CLASS
from amf_netwatch.publication.imm import Implementer
from amf_netwatch.publication.objects import Attributes
from amf_netwatch.publication.steps import Create, Delete, Step, Update
from imm_model.names import parent_dn
from imm_model.objects import ImmObject

_LAST_CHANGE = "lastChange"


class LostTreeError(Exception):
    """IMM does not hold the objects that it held before. Its content must be read again."""


class Written:
    """How many objects one round created, updated and deleted."""

    __slots__ = ("created", "deleted", "updated")

    def __init__(self) -> None:
        self.created = self.updated = self.deleted = 0

    def __bool__(self) -> bool:
        return bool(self.created or self.updated or self.deleted)


class Writer:
    """Takes steps, and knows what IMM holds. `now`: ns since the epoch. Only one thread may use it.

    `held`: what IMM holds, by DN, without the time of its last change. `surprised`: IMM held something else
    than `held` said.
    """

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self.held: dict[str, ImmObject] = {}
        self.unexpected: set[str] = set()  # the DNs of objects below our node that are not interfaces
        self.surprised = False
        self.written = Written()
        self._tree_lost = False  # True if a create failed because its parent or its class is missing

    def begin_round(self) -> None:
        """Set the counts of the round to 0."""
        if self.written:
            self.written = Written()

    def know(self, held: dict[str, ImmObject], unexpected: set[str]) -> None:
        """Take over what IMM holds."""
        self.held, self.unexpected, self.surprised = held, unexpected, False

    def forget(self) -> None:
        """Forget what IMM holds."""
        self.know({}, set())

    def take(self, handle: Implementer, step: Step) -> None:
        """Take one step. Raises AisError and LostTreeError."""
        if isinstance(step, Create):
            self._create(handle, step.obj)
        elif isinstance(step, Update):
            self._update(handle, step)
        else:
            self._delete(handle, step)

    def _create(self, handle: Implementer, obj: ImmObject) -> None:
        try:
            handle.create(obj._replace(attributes=self._stamped(obj.attributes)))
        except AisError as error:
            if error.code == ERR_EXIST:
                self._note_uncertain(obj.dn)
                self._put(handle, obj.dn, obj.attributes)
                return
            if error.code == ERR_TIMEOUT:
                self._note_uncertain(obj.dn)
            if error.code == ERR_NOT_EXIST and parent_dn(obj.dn) in self.held and not self._tree_lost:
                # The class may be missing instead of the parent. So only the first of these errors counts.
                self._tree_lost = True
                raise LostTreeError from error
            raise
        self._tree_lost = False
        self.held[obj.dn] = obj
        self.written.created += 1

    def _update(self, handle: Implementer, step: Update) -> None:
        try:
            self._put(handle, step.dn, step.attributes)
        except AisError as error:
            if error.code != ERR_NOT_EXIST:
                raise
            self.surprised = True
            old = self.held.pop(step.dn)
            self._create(handle, old._replace(attributes={**old.attributes, **step.attributes}))

    def _put(self, handle: Implementer, dn: str, attributes: Attributes) -> None:
        old = self.held[dn]
        try:
            handle.update(dn, old.class_name, self._stamped(attributes))
        except AisError as error:
            if error.code == ERR_TIMEOUT:
                self._note_uncertain(dn)
            raise
        self.held[dn] = old._replace(attributes={**old.attributes, **attributes})
        self.written.updated += 1

    def _delete(self, handle: Implementer, step: Delete) -> None:
        if step.dn not in self.held:
            return  # it was deleted together with an object above it
        try:
            handle.delete(step.dn)
            self.written.deleted += 1
        except AisError as error:
            if error.code == ERR_TIMEOUT:
                self._note_uncertain(step.dn)
            if error.code != ERR_NOT_EXIST:
                raise
            self.surprised = True
        del self.held[step.dn]
        if step.dn in self.unexpected:  # unlike an interface's object, it may have had objects below it
            below = "," + step.dn
            self.held = {dn: obj for dn, obj in self.held.items() if not dn.endswith(below)}

    def _note_uncertain(self, dn: str) -> None:
        """Note that the object may exist, and that its values are not known."""
        self.held[dn] = ImmObject(dn, class_of(dn), {})

    def _stamped(self, attributes: Attributes) -> Attributes:
        return {**attributes, _LAST_CHANGE: (self._now(),)}


def class_of(dn: str) -> str:
    """Return the class of one of our objects, from its place in the tree.

    IMM does not return the class of an object whose implementer has been away for 6 s.
    """
    return INTERFACE_CLASS if parent_dn(dn) else NODE_CLASS
