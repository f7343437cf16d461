# SPDX-License-Identifier: Apache-2.0
"""Writing to IMM what differs from what IMM confirmed, and taking it all away again.

Every step is idempotent: EXIST on create becomes an update, NOT_EXIST on delete is success, NOT_EXIST on
update becomes a create. An object whose last write has an unknown outcome (time-out) is kept without
attributes, so that the next comparison writes all of them. After attaching, and whenever IMM may have lost
something, what IMM holds is read and becomes the base: so a former incarnation's objects are adopted.

Nothing here waits or repeats within a round: what is left or refused stays noted (`pending`) and goes on in
the next one. IMM being away is normal, not an error. Nothing here reads the kernel. One thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from time import monotonic, time_ns
from typing import Callable, NamedTuple, Optional, Protocol

from amf_netwatch.errors import (
    ERR_BAD_HANDLE,
    ERR_EXIST,
    ERR_LIBRARY,
    ERR_NO_MEMORY,
    ERR_NO_RESOURCES,
    ERR_NOT_EXIST,
    ERR_TIMEOUT,
    ERR_TRY_AGAIN,
    AisError,
    SurroundingsError,
)
from amf_netwatch.interfaces.inventory import Inventory
from amf_netwatch.interfaces.record import NodeFacts
from amf_netwatch.log import Log
from amf_netwatch.publication.classes import IMPLEMENTER_PREFIX, INTERFACE_CLASS, NODE_CLASS
from amf_netwatch.publication.objects import (
    Attributes,
    interface_attributes,
    interface_dn,
    interface_name,
    node_attributes,
    node_dn,
)
from imm_model.diff import changed_attributes
from imm_model.names import parent_dn
from imm_model.objects import ImmObject
from imm_model.types import Value

_HANDLE_DEAD = frozenset({ERR_BAD_HANDLE, ERR_LIBRARY})
_SERVICE_AWAY = frozenset({ERR_TRY_AGAIN, ERR_TIMEOUT, ERR_NO_MEMORY, ERR_NO_RESOURCES})
_LAST_CHANGE, _CHANGE_COUNT = "lastChange", "changeCount"


class Implementer(Protocol):
    """An OI handle; each method is one call and raises AisError. See `ais.ObjectImplementer`."""

    def selection_object(self) -> int:
        """The descriptor to poll."""

    def dispatch(self) -> None:
        """Deal with what has come."""

    def set_name(self, name: str) -> None:
        """Become this implementer."""

    def clear_name(self) -> None:
        """Be nobody again."""

    def create(self, obj: ImmObject) -> None:
        """Create."""

    def update(self, dn: str, class_name: str, attributes: Mapping[str, Sequence[Value]]) -> None:
        """Replace attributes."""

    def delete(self, dn: str) -> None:
        """Delete a subtree."""

    def finalize(self) -> None:
        """Give back; does not raise."""


class Imm(Protocol):
    """What the publisher needs of IMM; each method raises AisError."""

    def open_implementer(self) -> Implementer:
        """A new OI handle."""

    def read_subtree(self, root: str) -> Iterable[ImmObject]:
        """`root` and what is below it, without system attributes; nothing when there is no such object."""

    def read_node(self) -> str:
        """The name of the AMF node that hosts us; SurroundingsError when IMM does not say."""


class _RoundOverError(Exception):
    """This round can write no more; what is left stays noted."""


class _TreeLostError(Exception):
    """IMM does not hold what it held: read it again."""


class _Step(NamedTuple):
    """One object to write: `action` with its arguments."""

    dn: str
    action: Callable[..., None]
    arguments: tuple[object, ...]


class Publisher:
    """The node's objects in IMM. `now`: ns since the epoch; `clock`: seconds, monotonic."""

    def __init__(
        self,
        imm: Imm,
        inventory: Inventory,
        log: Log,
        clock: Callable[[], float] = monotonic,
        now: Callable[[], int] = time_ns,
    ) -> None:
        self._imm = imm
        self._inventory = inventory
        self._log = log
        self._clock = clock
        self._now = now
        self._handle: Optional[Implementer] = None
        self.descriptor: Optional[int] = None  # poll it; when readable, call `dispatch`
        self._implementer = ""
        self._root = ""  # DN of the node's object
        self._published: dict[str, ImmObject] = {}
        self._strays: set[str] = set()  # what was found below our node and is no interface
        self._compared = False  # is `_published` what IMM holds?
        self._tree_lost = False
        self._left = False
        self._away = False
        self._refused: set[tuple[str, int]] = set()
        self._complaint: tuple[str, ...] = ()
        self._change_count = 0
        self._wrote = [0, 0, 0]  # created, updated, deleted in this round
        self._deadline = 0.0

    @property
    def pending(self) -> bool:
        """Is there anything to write, or to compare, apart from what a new read brings?"""
        return self._left or not self._compared or self._inventory.has_changed

    # ---------------------------------------------------------------------------------------- publishing

    def publish(self, overrun_count: int, budget: float) -> bool:
        """Make IMM equal to the inventory, as far as `budget` seconds and IMM allow; True when it is.

        Does not raise AisError: what went wrong is logged once and stays pending.
        """
        self._deadline = self._clock() + budget
        self._wrote = [0, 0, 0]
        self._left = True
        try:
            try:
                done = self._publish_once(overrun_count)
            except _TreeLostError:
                self._compared = False
                done = self._publish_once(overrun_count)
            except AisError as error:
                if error.code != ERR_BAD_HANDLE:
                    raise
                self._detach()
                done = self._publish_once(overrun_count)
            self._left = not done
            self._note_back()
        except AisError as error:
            if error.code in _HANDLE_DEAD:
                self._detach()
            self._note_away(error)
        except SurroundingsError as error:
            self._complain("node-unknown", reason=error)
        except _TreeLostError:
            self._compared = False
        except _RoundOverError:
            pass
        finally:
            if any(self._wrote):
                self._change_count += 1
                created, updated, deleted = self._wrote
                self._log.event("published", created=created, updated=updated, deleted=deleted)
        return not self._left

    def _publish_once(self, overrun_count: int) -> bool:
        if not self._compared:  # which is never so without a handle
            self._attach()
        return self._write_differences(overrun_count)

    def dispatch(self) -> None:
        """IMM has something to say: it went away, or came back; compare with what it holds, in the next
        round.

        A handle that cannot dispatch is given up, so that its descriptor cannot keep the caller busy.
        """
        self._compared = False
        if self._handle is None:
            return
        try:
            self._handle.dispatch()
        except AisError as error:
            self._detach()
            self._note_away(error)

    def withdraw(self) -> bool:
        """Delete the node's objects and give the name back; False when IMM did not let us: try again later.

        Without a handle it looks first: where nothing is, there is nobody to become. Does not raise AisError.
        """
        try:
            if self._handle is None and not self._is_anything_there():
                self.release()
                return True
            for attempt in (1, 2):
                try:
                    self._open()
                    assert self._handle is not None
                    self._delete_root(self._handle)
                    self._handle.clear_name()
                    break
                except AisError as error:
                    self._detach()
                    if error.code != ERR_BAD_HANDLE or attempt == 2:
                        raise
        except AisError as error:
            if error.code in _SERVICE_AWAY or error.code in _HANDLE_DEAD or error.code == ERR_EXIST:
                self._note_away(error)
                return False
            self._note_refused(self._root, error)
        except SurroundingsError:
            return True  # the node was never known, so nothing of ours is there
        else:
            self._log.event("withdrawn", dn=self._root)
        self.release()
        return True

    def release(self) -> None:
        """Give the handle back and forget what was published; the objects stay in IMM."""
        self._detach()
        self._left = False
        self._away = False
        self._refused.clear()

    # ----------------------------------------------------------------------------------------- attaching

    def _learn_node(self) -> None:
        """Know what our names are; raises AisError, SurroundingsError."""
        if not self._root:
            node = self._imm.read_node()
            self._implementer = IMPLEMENTER_PREFIX + node
            self._root = node_dn(node)

    def _is_anything_there(self) -> bool:
        """Does IMM hold anything of our node, whoever of us made it?"""
        self._learn_node()
        return any(True for _ in self._imm.read_subtree(self._root))

    def _open(self) -> None:
        """Have a handle with our implementer name; raises AisError, SurroundingsError."""
        self._learn_node()
        if self._handle is not None:
            return
        handle = self._imm.open_implementer()
        try:
            handle.set_name(self._implementer)
            self.descriptor = handle.selection_object()
        except AisError:
            handle.finalize()
            raise
        self._handle = handle
        self._compared = False

    def _attach(self) -> None:
        self._open()
        if self._compared:
            return
        found = {obj.dn: _without(obj, _LAST_CHANGE) for obj in self._imm.read_subtree(self._root)}
        self._published = found
        self._compared = True
        self._inventory.put_back(list(self._inventory.names()))
        self._strays = set()
        for dn in found:
            name = interface_name(dn, self._root)
            if name is not None:
                self._inventory.put_back((name,))
            elif dn != self._root:
                self._strays.add(dn)
        self._log.event("attached", implementer=self._implementer, adopted=len(found))

    def _detach(self) -> None:
        if self._handle is not None:
            self._handle.finalize()
        self._handle = None
        self.descriptor = None
        self._compared = False
        self._published = {}

    # ------------------------------------------------------------------------------------------- writing

    def _write_differences(self, overrun_count: int) -> bool:
        """One round; True when nothing was refused. Raises AisError and what this module raises."""
        inventory = self._inventory
        names = inventory.take_changed()
        try:
            steps = self._steps(names)
            published = self._published.get(self._root)
            node_first = published is None or not published.attributes
            if node_first:
                steps.insert(0, _Step(self._root, self._create, (self._node_object(overrun_count),)))
            refused = bool(steps) and self._carry_out(steps)
            if not node_first:
                self._update_node(overrun_count)
        except BaseException:
            inventory.put_back(names)
            raise
        if refused:
            inventory.put_back(names)
        return not refused

    def _steps(self, names: set[bytes]) -> list[_Step]:
        """What to do for these names, and about strays: deletes, then creates, then updates."""
        published = self._published
        deletes = [_Step(dn, self._delete, (dn,)) for dn in self._strays if dn in published]
        creates, updates = [], []
        for name in names:
            dn = interface_dn(name, self._root)
            old, facts = published.get(dn), self._inventory.find(name)
            if facts is None:
                if old is not None:
                    deletes.append(_Step(dn, self._delete, (dn,)))
                continue
            desired = interface_attributes(facts)
            if old is None:
                creates.append(_Step(dn, self._create, (ImmObject(dn, INTERFACE_CLASS, desired),)))
                continue
            changed = changed_attributes(old.attributes, desired)
            if changed:
                updates.append(_Step(dn, self._update, (dn, changed)))
        return deletes + creates + updates

    def _carry_out(self, steps: list[_Step]) -> bool:
        """Write one object after the other within the budget; True when IMM refused any of them.

        A refusal that concerns one object alone does not keep the others from being written, unless it is
        the node's object: the others are below it.
        """
        refused = False
        for done, step in enumerate(steps):
            if self._clock() >= self._deadline:
                self._log.event("budget-spent", left=len(steps) - done)
                raise _RoundOverError
            try:
                step.action(*step.arguments)
            except AisError as error:
                if error.code in _SERVICE_AWAY or error.code in _HANDLE_DEAD:
                    raise
                self._note_refused(step.dn, error)
                if step.dn == self._root:
                    raise _RoundOverError from error
                refused = True
            else:
                if self._refused:
                    self._refused = {each for each in self._refused if each[0] != step.dn}
        return refused

    def _create(self, obj: ImmObject) -> None:
        assert self._handle is not None
        try:
            self._handle.create(obj._replace(attributes={**obj.attributes, _LAST_CHANGE: (self._now(),)}))
        except AisError as error:
            if error.code == ERR_EXIST:
                self._published[obj.dn] = ImmObject(obj.dn, obj.class_name, {})
                self._put(obj.dn, obj.class_name, obj.attributes)
                return
            if error.code == ERR_TIMEOUT:
                self._published[obj.dn] = ImmObject(obj.dn, obj.class_name, {})
            if error.code == ERR_NOT_EXIST and parent_dn(obj.dn) in self._published and not self._tree_lost:
                self._tree_lost = True  # once in a row: it may also be the class that is missing
                raise _TreeLostError from error
            raise
        self._tree_lost = False
        self._published[obj.dn] = obj
        self._wrote[0] += 1

    def _update(self, dn: str, attributes: Attributes) -> None:
        old = self._published[dn]
        try:
            self._put(dn, old.class_name, attributes)
        except AisError as error:
            if error.code != ERR_NOT_EXIST:
                raise
            self._compared = False  # more may be missing: look in the next round
            del self._published[dn]
            self._create(ImmObject(dn, old.class_name, {**old.attributes, **attributes}))

    def _put(self, dn: str, class_name: str, attributes: Attributes) -> None:
        """Update, and note what IMM has then, or that we do not know."""
        assert self._handle is not None
        old = self._published[dn]
        try:
            self._handle.update(dn, class_name, {**attributes, _LAST_CHANGE: (self._now(),)})
        except AisError as error:
            if error.code == ERR_TIMEOUT:
                self._published[dn] = old._replace(attributes={})
            raise
        self._published[dn] = old._replace(attributes={**old.attributes, **attributes})
        self._wrote[1] += 1

    def _delete(self, dn: str) -> None:
        assert self._handle is not None
        if dn not in self._published:
            return  # it went with a stray above it
        try:
            self._handle.delete(dn)
            self._wrote[2] += 1
        except AisError as error:
            if error.code == ERR_TIMEOUT:
                self._published[dn] = self._published[dn]._replace(attributes={})
            if error.code != ERR_NOT_EXIST:
                raise
            self._compared = False  # not what we believed: look in the next round
        del self._published[dn]
        if dn in self._strays:  # unlike an interface, it may have had children
            below = "," + dn
            self._published = {each: obj for each, obj in self._published.items() if not each.endswith(below)}

    def _delete_root(self, handle: Implementer) -> None:
        try:
            handle.delete(self._root)
        except AisError as error:
            if error.code != ERR_NOT_EXIST:
                raise

    # ------------------------------------------------------------------------------------ the node's object

    def _node_attributes(self, overrun_count: int) -> dict[str, tuple[Value, ...]]:
        return node_attributes(NodeFacts(self._inventory.macs, len(self._inventory), overrun_count))

    def _node_object(self, overrun_count: int) -> ImmObject:
        attributes = self._node_attributes(overrun_count)
        return ImmObject(self._root, NODE_CLASS, {**attributes, _CHANGE_COUNT: (self._change_count + 1,)})

    def _update_node(self, overrun_count: int) -> None:
        """Write the node's object when anything else was written, or when it is not as it should be."""
        published = self._published[self._root].attributes
        desired = self._node_attributes(overrun_count)
        changed = {name: values for name, values in desired.items() if published.get(name) != values}
        if changed or any(self._wrote) or published.get(_CHANGE_COUNT) != (self._change_count,):
            changed[_CHANGE_COUNT] = (self._change_count + 1,)
            self._carry_out([_Step(self._root, self._update, (self._root, changed))])

    # ------------------------------------------------------------------------------------------ complaints

    def _note_away(self, error: AisError) -> None:
        self._left = True
        if error.code == ERR_EXIST:
            self._complain("name-taken", implementer=self._implementer)
        elif not self._away:
            self._away = True
            self._log.event("imm-away", call=error.call, code=error.name)

    def _note_back(self) -> None:
        self._complaint = ()
        if self._away:
            self._away = False
            self._log.event("imm-back")

    def _note_refused(self, dn: str, error: AisError) -> None:
        self._left = True
        if (dn, error.code) not in self._refused:
            self._refused.add((dn, error.code))
            self._log.event("imm-refused", call=error.call, code=error.name, dn=dn)

    def _complain(self, event: str, **fields: object) -> None:
        """Log it unless it was the last complaint."""
        self._left = True
        complaint = (event, *(str(value) for value in fields.values()))
        if complaint != self._complaint:
            self._complaint = complaint
            self._log.event(event, **fields)


def _without(obj: ImmObject, name: str) -> ImmObject:
    return obj._replace(attributes={each: values for each, values in obj.attributes.items() if each != name})
