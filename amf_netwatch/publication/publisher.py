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
from amf_netwatch.publication.states import TRANSITIONS, Outcome, State
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
        self._attachment = Attachment(imm, component)
        self._writer = Writer(now)
        self._complaints = Complaints(log, clock)
        self.state = State.DETACHED
        self._left = True  # is anything left to do after the last outcome?
        self._desired: dict[bytes, Interface] = {}
        self._changed: set[bytes] = set()  # the names whose object may differ from what is desired
        self._node = NodeFacts((), 0, 0)
        self._change_count = 0
        self._deadline = 0.0
        self._interrupted: Callable[[], bool] = lambda: False

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

    def publish(self, budget: float, interrupted: Callable[[], bool] = lambda: False) -> bool:
        """A round: make IMM hold what is desired, as far as `budget` seconds and IMM allow; is it so now?

        It ends early when it was `interrupted`. It does not raise AisError: what went wrong is logged, and
        left for the next round.
        """
        self._deadline, self._interrupted = self._clock() + budget, interrupted
        self._writer.begin_round()
        repairs = [Outcome.HANDLE_DEAD, Outcome.SURPRISED]
        while True:
            outcome = self._advance(repairs)
            self._pass(outcome)
            if outcome not in repairs:
                break
            repairs.remove(outcome)
        if outcome in (Outcome.ALL_WRITTEN, Outcome.REFUSED, Outcome.BUDGET_SPENT):
            self._complaints.back()
        self._complaints.round_over()
        written = self._writer.written
        if written:
            self._change_count += 1
            self._log.event(
                "published", created=written.created, updated=written.updated, deleted=written.deleted
            )
        return not self.pending

    def _advance(self, repairs: list[Outcome]) -> Outcome:
        """Go as far as it goes; the outcome that ended it. An outcome among `repairs` is no complaint yet."""
        try:
            if self.state is State.DETACHED:
                self._attachment.learn_node()
                self._attachment.open()
                self._pass(Outcome.HANDLE_OPENED)
            if self.state is State.OPENED:
                self._attachment.handle.set_name(self._attachment.implementer)
                self._pass(Outcome.NAME_TAKEN)
            if self.state is State.ATTACHED:
                found = self._attachment.read(self._is_over)
                if found is None:
                    return self._over(len(self._desired))
                self._adopt(found)
                self._pass(Outcome.ALL_READ)
            return self._write_differences()
        except LostTreeError:
            return Outcome.SURPRISED
        except SurroundingsError as error:
            self._complaints.node_unknown(error)
            return Outcome.NODE_UNKNOWN
        except AisError as error:
            return self._classify(error, repairs)

    def _classify(self, error: AisError, repairs: list[Outcome]) -> Outcome:
        """The outcome that an error of IMM is, unless it concerns one object only."""
        if self.state is State.OPENED and error.code == ERR_EXIST:
            self._complaints.name_held(self._attachment.implementer)
            return Outcome.NAME_HELD
        if error.code in HANDLE_DEAD:
            if error.code != ERR_BAD_HANDLE and Outcome.HANDLE_DEAD in repairs:
                repairs.remove(Outcome.HANDLE_DEAD)  # the library is ill: not again in this round
            if Outcome.HANDLE_DEAD not in repairs:
                self._complaints.away(error)
            return Outcome.HANDLE_DEAD
        self._complaints.away(error)
        if self.state is State.OPENED and error.code == ERR_TIMEOUT:
            return Outcome.NAME_UNCERTAIN
        return Outcome.IMM_AWAY

    def _pass(self, outcome: Outcome) -> None:
        """Go where the table says."""
        before = self.state
        self.state, self._left = TRANSITIONS[before, outcome]
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
            self._pass(Outcome.HANDLE_DEAD)
        else:
            self._attachment.stop_reading()
            self._pass(Outcome.IMM_SPOKE)

    # ---------------------------------------------------------------------------------------- withdrawing

    def withdraw(self) -> bool:
        """One attempt to delete the node's objects and to give the name back; False when IMM did not let us.

        Without a handle it looks first: where nothing is, no name has to be taken. It does not raise
        AisError. When it is True, call `release`.
        """
        repairs = [Outcome.HANDLE_DEAD]
        while True:
            outcome = self._advance_withdrawal(repairs)
            self._pass(outcome)
            if outcome not in repairs:
                break
            repairs.remove(outcome)
        self._complaints.round_over()
        return outcome in (Outcome.NAME_CLEARED, Outcome.NOTHING_FOUND, Outcome.REFUSED, Outcome.NODE_UNKNOWN)

    def _advance_withdrawal(self, repairs: list[Outcome]) -> Outcome:
        attachment = self._attachment
        try:
            if self.state is State.DETACHED:
                attachment.learn_node()
                if not attachment.is_anything_there():
                    return Outcome.NOTHING_FOUND
                attachment.open()
                self._pass(Outcome.HANDLE_OPENED)
            if self.state is State.OPENED:
                attachment.handle.set_name(attachment.implementer)
                self._pass(Outcome.NAME_TAKEN)
            attachment.stop_reading()
            self._pass(Outcome.WITHDRAWAL_BEGUN)
            self._delete_root()
            attachment.handle.clear_name()
        except SurroundingsError:
            return Outcome.NODE_UNKNOWN  # it was never known, so nothing of ours is there
        except AisError as error:
            if self.state is State.ATTACHED and error.code not in HANDLE_DEAD | SERVICE_AWAY:
                self._complaints.refused(attachment.root, error)
                return Outcome.REFUSED
            return self._classify(error, repairs)
        self._log.event("withdrawn", dn=attachment.root)
        return Outcome.NAME_CLEARED

    def _delete_root(self) -> None:
        try:
            self._attachment.handle.delete(self._attachment.root)
        except AisError as error:
            if error.code != ERR_NOT_EXIST:
                raise

    def release(self) -> None:
        """After a withdrawal: give the handle back. This may take as long as IMM pleases."""
        self._complaints.back()
        self._pass(Outcome.RELEASED)

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

    def _write_differences(self) -> Outcome:
        """Write what differs. Raises AisError and LostTreeError; then the names stay noted."""
        names, self._changed = self._changed, set()
        outcome = Outcome.REFUSED  # unless it ends better
        try:
            steps = self._plan(names)
            root = self._writer.held.get(self._attachment.root)
            node_first = root is None or not root.attributes
            if node_first:
                steps.insert(0, Create(self._node_object()))
            outcome = self._carry_out(steps)
            if not node_first and outcome is not Outcome.BUDGET_SPENT:
                outcome = self._update_node() or outcome
        finally:
            if outcome is not Outcome.ALL_WRITTEN:
                self._changed |= names
        return Outcome.SURPRISED if outcome is Outcome.ALL_WRITTEN and self._writer.surprised else outcome

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

    def _carry_out(self, steps: list[Step]) -> Outcome:
        """Take one step after the other within the budget; how it ended.

        A refusal that concerns one object does not keep the others from being written, unless it is the
        node's object: the others are below it.
        """
        handle, root = self._attachment.handle, self._attachment.root
        refused = False
        for done, step in enumerate(steps):
            if self._is_over():
                return self._over(len(steps) - done)
            try:
                self._writer.take(handle, step)
            except AisError as error:
                if error.code in SERVICE_AWAY or error.code in HANDLE_DEAD:
                    raise
                self._complaints.refused(step.dn, error)
                refused = True
                if step.dn == root:
                    break
        return Outcome.REFUSED if refused else Outcome.ALL_WRITTEN

    def _is_over(self) -> bool:
        """Is the time for this round over?"""
        return self._clock() >= self._deadline or self._interrupted()

    def _over(self, left: int) -> Outcome:
        if not self._interrupted():
            self._log.event("budget-spent", left=left)
        return Outcome.BUDGET_SPENT

    def _node_object(self) -> ImmObject:
        attributes = {**node_attributes(self._node), _CHANGE_COUNT: (self._change_count + 1,)}
        return ImmObject(self._attachment.root, NODE_CLASS, attributes)

    def _update_node(self) -> Optional[Outcome]:
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
            outcome = self._carry_out([step])
            return None if outcome is Outcome.ALL_WRITTEN else outcome
        return None


def _compared(obj: ImmObject) -> ImmObject:
    """What is compared of an object that IMM holds."""
    class_name = class_of(obj.dn)
    names = _COMPARED[class_name]
    return ImmObject(
        obj.dn, class_name, {name: values for name, values in obj.attributes.items() if name in names}
    )
