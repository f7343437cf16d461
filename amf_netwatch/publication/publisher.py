# SPDX-License-Identifier: Apache-2.0
"""The publisher: it makes IMM hold what the interfaces are, and takes it all away again.

It is a machine with four states, whose transitions are a table (`states`). A round begins where the last one
ended: it opens a handle, takes the implementer name, reads what IMM holds, writes the differences. When
something fails, the table says where we are then; the next round goes on from there. What a former
incarnation of the component left is found by the reading, so it is adopted.

Nothing here waits, and within a round nothing is repeated but two repairs, each once: a dead handle is
replaced, and a tree that IMM lost is read again. IMM being away is normal and no error. All calls of IMM are
made by one thread, in which all methods of this class are called (`owner`).
"""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic, time_ns
from typing import Callable, Optional

from amf_netwatch.errors import (
    ERR_BAD_HANDLE,
    ERR_EXIST,
    ERR_NOT_EXIST,
    ERR_TIMEOUT,
    AisError,
    SurroundingsError,
)
from amf_netwatch.interfaces.inventory import Difference
from amf_netwatch.interfaces.record import Interface, NodeFacts
from amf_netwatch.log import Log
from amf_netwatch.publication.attachment import Attachment
from amf_netwatch.publication.classes import INTERFACE, INTERFACE_CLASS, NODE, NODE_CLASS
from amf_netwatch.publication.complaints import Complaints
from amf_netwatch.publication.imm import HANDLE_DEAD, SERVICE_AWAY, Imm
from amf_netwatch.publication.objects import (
    Attributes,
    interface_attributes,
    interface_dn,
    interface_name,
    node_attributes,
)
from amf_netwatch.publication.states import TRANSITIONS, Event, State
from amf_netwatch.publication.steps import Create, Step, Update, plan_steps
from amf_netwatch.publication.writer import LostTreeError, Writer, class_of
from imm_model.objects import ImmObject

_CHANGE_COUNT = "changeCount"
# The attributes that a difference is made of: not the RDN, and not the time of the last change.
_COMPARED = {
    definition.name: frozenset(each.name for each in definition.attributes if not each.is_rdn)
    - {"lastChange"}
    for definition in (NODE, INTERFACE)
}


class Publisher:
    """The node's objects in IMM. `component`: the DN of our AMF component.

    `now`: ns since the epoch; `clock`: seconds, monotonic. For one thread.
    """

    def __init__(
        self,
        imm: Imm,
        component: str,
        log: Log,
        clock: Callable[[], float] = monotonic,
        now: Callable[[], int] = time_ns,
    ) -> None:
        self._log = log
        self._clock = clock
        self._attachment = Attachment(imm, component, clock)
        self._writer = Writer(now)
        self._complaints = Complaints(log, clock)
        self.state = State.DETACHED
        self._left = True  # is anything left to do after the last event?
        self._desired: dict[bytes, Interface] = {}
        self._changed: set[bytes] = set()  # the names whose object may differ from what is desired
        self._node = NodeFacts((), 0, 0)
        self._change_count = 0
        self._deadline = 0.0

    @property
    def pending(self) -> bool:
        """Is anything left to do?"""
        return self._left or bool(self._changed)

    @property
    def descriptor(self) -> Optional[int]:
        """The descriptor to poll, if there is one; when it is readable, call `dispatch`."""
        return self._attachment.descriptor

    def note(self, difference: Difference) -> None:
        """What IMM should hold has changed by this; the next round writes it."""
        for name, facts in difference.interfaces.items():
            if facts is None:
                self._desired.pop(name, None)
            else:
                self._desired[name] = facts
        self._changed.update(difference.interfaces)
        if difference.node != self._node:
            self._node = difference.node
            self._left = True

    # ------------------------------------------------------------------------------------------- rounds

    def publish(self, budget: float) -> bool:
        """A round: make IMM hold what is desired, as far as `budget` seconds and IMM allow; is it so now?

        It does not raise AisError: what went wrong is logged, and left for the next round.
        """
        self._deadline = self._clock() + budget
        self._writer.begin_round()
        repairs = [Event.HANDLE_DEAD, Event.SURPRISED]
        while True:
            event = self._advance(repairs)
            self._pass(event)
            if event not in repairs:
                break
            repairs.remove(event)
        if event in (Event.ALL_WRITTEN, Event.REFUSED, Event.BUDGET_SPENT):
            self._complaints.back()
        self._complaints.round_over()
        written = self._writer.written
        if written:
            self._change_count += 1
            self._log.event(
                "published", created=written.created, updated=written.updated, deleted=written.deleted
            )
        return not self.pending

    def _advance(self, repairs: list[Event]) -> Event:
        """Go as far as it goes; the event that ended it. An event among `repairs` is no complaint yet."""
        try:
            if self.state is State.DETACHED:
                self._attachment.learn_node()
                self._attachment.open()
                self._pass(Event.HANDLE_OPENED)
            if self.state is State.OPENED:
                self._attachment.handle.set_name(self._attachment.implementer)
                self._pass(Event.NAME_TAKEN)
            if self.state is State.ATTACHED:
                found = self._attachment.read(self._deadline)
                if found is None:
                    self._log.event("budget-spent", left=len(self._desired))
                    return Event.BUDGET_SPENT
                self._adopt(found)
                self._pass(Event.ALL_READ)
            return self._write_differences()
        except LostTreeError:
            return Event.SURPRISED
        except SurroundingsError as error:
            self._complaints.node_unknown(error)
            return Event.NODE_UNKNOWN
        except AisError as error:
            return self._classify(error, repairs)

    def _classify(self, error: AisError, repairs: list[Event]) -> Event:
        """The event that an error of IMM is, unless it concerns one object only."""
        if self.state is State.OPENED and error.code == ERR_EXIST:
            self._complaints.name_held(self._attachment.implementer)
            return Event.NAME_HELD
        if error.code in HANDLE_DEAD:
            if error.code != ERR_BAD_HANDLE and Event.HANDLE_DEAD in repairs:
                repairs.remove(Event.HANDLE_DEAD)  # the library is ill: not again in this round
            if Event.HANDLE_DEAD not in repairs:
                self._complaints.away(error)
            return Event.HANDLE_DEAD
        self._complaints.away(error)
        if self.state is State.OPENED and error.code == ERR_TIMEOUT:
            return Event.NAME_UNCERTAIN
        return Event.IMM_AWAY

    def _pass(self, event: Event) -> None:
        """Go where the table says."""
        before = self.state
        self.state, self._left = TRANSITIONS[before, event]
        if self.state is State.DETACHED and before is not State.DETACHED:
            self._attachment.give_back()
        if self.state is not State.COMPARED and before is State.COMPARED:
            self._writer.forget()

    def dispatch(self) -> None:
        """IMM has something to say: it went away, or came back. The next round compares.

        A handle that cannot dispatch is given up, so that its descriptor cannot keep the caller busy.
        """
        if self.state is State.DETACHED:
            return
        try:
            self._attachment.handle.dispatch()
        except AisError as error:
            self._complaints.away(error)
            self._pass(Event.HANDLE_DEAD)
        else:
            self._attachment.stop_reading()
            self._pass(Event.IMM_SPOKE)

    # ---------------------------------------------------------------------------------------- withdrawing

    def withdraw(self) -> bool:
        """One attempt to delete the node's objects and to give the name back; False when IMM did not let us.

        Without a handle it looks first: where nothing is, no name has to be taken. It does not raise
        AisError. When it is True, call `release`.
        """
        repairs = [Event.HANDLE_DEAD]
        while True:
            event = self._advance_withdrawal(repairs)
            self._pass(event)
            if event not in repairs:
                break
            repairs.remove(event)
        self._complaints.round_over()
        return event in (Event.NAME_CLEARED, Event.NOTHING_FOUND, Event.REFUSED, Event.NODE_UNKNOWN)

    def _advance_withdrawal(self, repairs: list[Event]) -> Event:
        attachment = self._attachment
        try:
            if self.state is State.DETACHED:
                attachment.learn_node()
                if not attachment.is_anything_there():
                    return Event.NOTHING_FOUND
                attachment.open()
                self._pass(Event.HANDLE_OPENED)
            if self.state is State.OPENED:
                attachment.handle.set_name(attachment.implementer)
                self._pass(Event.NAME_TAKEN)
            attachment.stop_reading()
            self._pass(Event.WITHDRAWAL_BEGUN)
            self._delete_root()
            attachment.handle.clear_name()
        except SurroundingsError:
            return Event.NODE_UNKNOWN  # it was never known, so nothing of ours is there
        except AisError as error:
            if self.state is State.ATTACHED and error.code not in HANDLE_DEAD | SERVICE_AWAY:
                self._complaints.refused(attachment.root, error)
                return Event.REFUSED
            return self._classify(error, repairs)
        self._log.event("withdrawn", dn=attachment.root)
        return Event.NAME_CLEARED

    def _delete_root(self) -> None:
        try:
            self._attachment.handle.delete(self._attachment.root)
        except AisError as error:
            if error.code != ERR_NOT_EXIST:
                raise

    def release(self) -> None:
        """After a withdrawal: give the handle back. This may take as long as IMM pleases."""
        self._complaints.back()
        self._pass(Event.RELEASED)

    # ------------------------------------------------------------------------------------------- writing

    def _adopt(self, found: dict[str, ImmObject]) -> None:
        """This is what IMM holds: compare everything with it."""
        held, unexpected = {}, set()
        self._changed = set(self._desired)
        for dn, obj in found.items():
            name = interface_name(dn, self._attachment.root)
            if name is not None:
                self._changed.add(name)
            elif dn != self._attachment.root:
                unexpected.add(dn)
            held[dn] = _compared(obj)
        self._writer.know(held, unexpected)
        self._log.event("attached", implementer=self._attachment.implementer, adopted=len(found))

    def _write_differences(self) -> Event:
        """Write what differs. Raises AisError and LostTreeError; then the names stay noted."""
        names, self._changed = self._changed, set()
        event = Event.REFUSED  # unless it ends better
        try:
            steps = self._plan(names)
            root = self._writer.held.get(self._attachment.root)
            node_first = root is None or not root.attributes
            if node_first:
                steps.insert(0, Create(self._node_object()))
            event = self._carry_out(steps)
            if not node_first and event is not Event.BUDGET_SPENT:
                event = self._update_node() or event
        finally:
            if event is not Event.ALL_WRITTEN:
                self._changed |= names
        return Event.SURPRISED if event is Event.ALL_WRITTEN and self._writer.surprised else event

    def _plan(self, names: Iterable[bytes]) -> list[Step]:
        """What to do for these names, and about objects that should not be there."""
        root = self._attachment.root
        wanted: list[tuple[str, str, Optional[Attributes]]] = []
        for name in names:
            facts = self._desired.get(name)
            attributes = interface_attributes(facts) if facts is not None else None
            wanted.append((interface_dn(name, root), INTERFACE_CLASS, attributes))
        for dn in sorted(self._writer.unexpected, key=len):  # those above before those below
            wanted.append((dn, "", None))
        return plan_steps(self._writer.held, wanted)

    def _carry_out(self, steps: list[Step]) -> Event:
        """Take one step after the other within the budget; how it ended.

        A refusal that concerns one object does not keep the others from being written, unless it is the
        node's object: the others are below it.
        """
        handle, root = self._attachment.handle, self._attachment.root
        refused = False
        for done, step in enumerate(steps):
            if self._clock() >= self._deadline:
                self._log.event("budget-spent", left=len(steps) - done)
                return Event.BUDGET_SPENT
            try:
                self._writer.take(handle, step)
            except AisError as error:
                if error.code in SERVICE_AWAY or error.code in HANDLE_DEAD:
                    raise
                self._complaints.refused(step.dn, error)
                refused = True
                if step.dn == root:
                    break
        return Event.REFUSED if refused else Event.ALL_WRITTEN

    def _node_object(self) -> ImmObject:
        attributes = {**node_attributes(self._node), _CHANGE_COUNT: (self._change_count + 1,)}
        return ImmObject(self._attachment.root, NODE_CLASS, attributes)

    def _update_node(self) -> Optional[Event]:
        """Update the node's object when another one was written, or when it is not as it should be."""
        held = self._writer.held.get(self._attachment.root)
        if held is None:
            return None  # it was refused
        desired = node_attributes(self._node)
        changed: Attributes = {
            name: values for name, values in desired.items() if held.attributes.get(name) != values
        }
        if changed or self._writer.written or held.attributes.get(_CHANGE_COUNT) != (self._change_count,):
            step = Update(held.dn, {**changed, _CHANGE_COUNT: (self._change_count + 1,)})
            event = self._carry_out([step])
            return None if event is Event.ALL_WRITTEN else event
        return None


def _compared(obj: ImmObject) -> ImmObject:
    """What is compared of an object that IMM holds."""
    class_name = class_of(obj.dn)
    names = _COMPARED[class_name]
    return ImmObject(
        obj.dn, class_name, {name: values for name, values in obj.attributes.items() if name in names}
    )
