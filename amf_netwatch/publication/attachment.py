# SPDX-License-Identifier: Apache-2.0
"""Our side of a connection to IMM: the handle, the implementer name, and reading our objects in IMM.

The connection makes single attempts and raises AisError. The publisher decides which attempt comes next.
Reading stops when the time for a round is over, and continues in the next round, because reading many objects
from a slow IMM may take longer than one round.

A handle whose finalize failed still holds the implementer name and a descriptor. It is kept, and finalized
again before the next handle is opened, because otherwise our own old handle would keep the name from us.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Callable, Optional, Protocol

from amf_netwatch.errors import ERR_BAD_HANDLE, ERR_NOT_EXIST, AisError, SurroundingsError
from amf_netwatch.publication.classes import IMPLEMENTER_PREFIX
from amf_netwatch.publication.imm import Imm, Implementer, Manager
from amf_netwatch.publication.objects import node_dn
from imm_model.names import parent_dn, rdn_value
from imm_model.objects import ImmObject

_HOSTED_BY = "saAmfSUHostedByNode"
_MOST_KEPT = 16  # handles whose finalize failed; more of them would be a leak of the library, not ours


class _Handle(Protocol):
    def finalize(self) -> None:
        """Give the handle back."""


class Attachment:
    """One connection to IMM. `component`: the DN of our AMF component. Only one thread may use it."""

    def __init__(self, imm: Imm, component: str) -> None:
        self._imm = imm
        self._unit = parent_dn(component)
        self._handle: Optional[Implementer] = None
        self._unfinalized: list[_Handle] = []
        self._manager: Optional[Manager] = None  # only set while reading
        self._search: Optional[Iterator[ImmObject]] = None
        self._found: dict[str, ImmObject] = {}
        self.descriptor: Optional[int] = None  # readable when IMM has an event
        self.implementer = ""  # our implementer name
        self.root = ""  # the DN of our node's object; empty until the node is known

    @property
    def handle(self) -> Implementer:
        """Return the handle. `open` must have been called."""
        assert self._handle is not None
        return self._handle

    def learn_node(self) -> None:
        """Find out on which node we are, once. Raises SurroundingsError if IMM does not know it."""
        if self.root:
            return
        self._finalize_again()
        manager = self._imm.open_manager()
        try:
            values = manager.read(self._unit, _HOSTED_BY).get(_HOSTED_BY, ())
        except AisError as error:
            if error.code == ERR_NOT_EXIST:
                raise SurroundingsError(f"IMM has no object {self._unit}") from error
            raise
        finally:
            self._finalize(manager)
        node = rdn_value(str(values[0])) if values else ""
        if not node:
            raise SurroundingsError(f"{_HOSTED_BY} of {self._unit} has no value")
        self.implementer = IMPLEMENTER_PREFIX + node
        self.root = node_dn(node)

    def open(self) -> None:
        """Open a handle."""
        self._finalize_again()
        handle = self._imm.open_implementer()
        try:
            self.descriptor = handle.selection_object()
        except AisError:
            self._finalize(handle)
            raise
        self._handle = handle

    def is_anything_there(self) -> bool:
        """Tell whether IMM holds any object of our node, made by any incarnation of this component."""
        self._finalize_again()
        manager = self._imm.open_manager()
        try:
            return next(manager.iterate_subtree(self.root), None) is not None
        finally:
            self._finalize(manager)

    def read(self, is_over: Callable[[], bool]) -> Optional[dict[str, ImmObject]]:
        """Return all objects of our node in IMM, by DN. None if the time for this round was over first.

        In that case the next call continues. After an error, the next call begins again.
        """
        try:
            if self._search is None:
                self._finalize_again()
                self._manager = self._imm.open_manager()
                self._search = self._manager.iterate_subtree(self.root)
                self._found = {}
            for obj in self._search:
                self._found[obj.dn] = obj
                if is_over():
                    return None
        except AisError:
            self.stop_reading()
            raise
        found = self._found
        self.stop_reading()
        return found

    def stop_reading(self) -> None:
        """Forget what has been read so far."""
        manager, self._manager, self._search, self._found = self._manager, None, None, {}
        if manager is not None:
            self._finalize(manager)

    def give_back(self) -> None:
        """Give the handle back, if there is one. IMM decides how long this takes: 11 s were measured."""
        self.stop_reading()
        handle, self._handle, self.descriptor = self._handle, None, None
        if handle is not None:
            self._finalize(handle)

    def _finalize(self, handle: _Handle) -> None:
        if not _is_finalized(handle):
            self._unfinalized = [*self._unfinalized, handle][-_MOST_KEPT:]

    def _finalize_again(self) -> None:
        if self._unfinalized:
            self._unfinalized = [handle for handle in self._unfinalized if not _is_finalized(handle)]


def _is_finalized(handle: _Handle) -> bool:
    try:
        handle.finalize()
    except AisError as error:
        return error.code == ERR_BAD_HANDLE  # IMM does not know the handle, so there is nothing to give back
    return True
