# SPDX-License-Identifier: Apache-2.0
"""Taking one step in IMM, and knowing what IMM holds after it.

Every step can be repeated: EXIST on create becomes an update of everything, NOT_EXIST on delete is success,
NOT_EXIST on update becomes a create. After a time-out nobody knows whether IMM did it: the object is then
noted without attributes, so that the next difference writes all of them.
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
    """IMM does not hold the objects that it held: what it holds has to be read again."""


class Written:
    """How many objects one round created, updated and deleted."""

    __slots__ = ("created", "deleted", "updated")

    def __init__(self) -> None:
        self.created = self.updated = self.deleted = 0

    def __bool__(self) -> bool:
        return bool(self.created or self.updated or self.deleted)


class Writer:
    """Takes steps, and knows what IMM holds. `now`: ns since the epoch. For one thread.

    `held`: what IMM holds, by DN, without the time of its last change. `surprised`: IMM turned out to hold
    something else than that.
    """

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self.held: dict[str, ImmObject] = {}
        self.unexpected: set[str] = set()  # the DNs of objects below our node that are no interface
        self.surprised = False
        self.written = Written()
        self._tree_lost = False  # has a create failed for want of its parent, or of its class?

    def begin_round(self) -> None:
        """Count anew."""
        if self.written:
            self.written = Written()

    def know(self, held: dict[str, ImmObject], unexpected: set[str]) -> None:
        """From now on this is what IMM holds."""
        self.held, self.unexpected, self.surprised = held, unexpected, False

    def forget(self) -> None:
        """From now on nothing is known of what IMM holds."""
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
                # The class may be missing as well as the parent. So only the first of such errors counts.
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
            return  # it went with an object above it
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
        if step.dn in self.unexpected:  # unlike an interface's object, it may have had others below it
            below = "," + step.dn
            self.held = {dn: obj for dn, obj in self.held.items() if not dn.endswith(below)}

    def _note_uncertain(self, dn: str) -> None:
        """The object may be there; which values it has is not known."""
        self.held[dn] = ImmObject(dn, class_of(dn), {})

    def _stamped(self, attributes: Attributes) -> Attributes:
        return {**attributes, _LAST_CHANGE: (self._now(),)}


def class_of(dn: str) -> str:
    """The class of one of our objects, told from its place.

    Of an object that had no implementer for 6 s IMM does not tell the class any more.
    """
    return INTERFACE_CLASS if parent_dn(dn) else NODE_CLASS
