# SPDX-License-Identifier: Apache-2.0
"""The publisher: it makes IMM hold the facts of the interfaces, and withdraws them again.

It is a state machine with four states, whose transitions are a table (`states`). A round begins where the
last one ended: it opens a handle, takes the implementer name, reads what IMM holds, and writes the
differences. When a step fails, the table gives the next state, and the next round continues from there.
Reading also finds the objects of a former incarnation of the component, so they are adopted.

Nothing here waits. Within a round nothing is repeated except two repairs, each once: a dead handle is
replaced, and a tree that IMM lost is read again. It is normal and no error that IMM is away. All methods of
this class, and so all calls of IMM, are made in one thread (`owner`).
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
# The attributes that are compared: not the RDN, and not the time of the last change.
_COMPARED = {
    definition.name: frozenset(each.name for each in definition.attributes if not each.is_rdn)
    - {"lastChange"}
    for definition in (NODE, INTERFACE)
}


class Publisher:
    """The node's objects in IMM. `component`: the DN of our AMF component.

    `now`: ns since the epoch; `clock`: seconds, monotonic. Only one thread may use it.
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
        self._left = True  # True if anything is left to do after the last outcome
        self._desired: dict[bytes, Interface] = {}
        self._changed: set[bytes] = set()  # names whose object in IMM may differ from the desired one
        self._node = NodeFacts((), 0, 0)
        self._change_count = 0
        self._deadline = 0.0
        self._interrupted: Callable[[], bool] = lambda: False

    @property
    def pending(self) -> bool:
        """Tell whether anything is left to do."""
        return self._left or bool(self._changed)

    @property
    def descriptor(self) -> Optional[int]:
        """Return the descriptor to poll, if there is one. When it is readable, call `dispatch`."""
        return self._attachment.descriptor

    def note(self, difference: Difference) -> None:
        """Note a change of what IMM should hold. The next round writes it."""
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
        """Do a round: make IMM hold what is desired, as far as `budget` seconds and IMM allow. Return whether
        it does.

        The round ends early if it is `interrupted`. It does not raise AisError: an error is logged, and its
        work is left for the next round.
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
        """Go through the states as far as possible. Return the outcome that ended this; `repairs` are not
        logged."""
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
        """Return the outcome that an error of IMM means, if the error does not concern only one object."""
        if self.state is State.OPENED and error.code == ERR_EXIST:
            self._complaints.name_held(self._attachment.implementer)
            return Outcome.NAME_HELD
        if error.code in HANDLE_DEAD:
            if error.code != ERR_BAD_HANDLE and Outcome.HANDLE_DEAD in repairs:
                repairs.remove(Outcome.HANDLE_DEAD)  # a fault of the library, so repair only once
            if Outcome.HANDLE_DEAD not in repairs:
                self._complaints.away(error)
            return Outcome.HANDLE_DEAD
        self._complaints.away(error)
        if self.state is State.OPENED and error.code == ERR_TIMEOUT:
            return Outcome.NAME_UNCERTAIN
        return Outcome.IMM_AWAY

    def _pass(self, outcome: Outcome) -> None:
        """Change the state as the table says."""
        before = self.state
        self.state, self._left = TRANSITIONS[before, outcome]
        if self.state is State.DETACHED and before is not State.DETACHED:
            self._attachment.give_back()
        if self.state is not State.COMPARED and before is State.COMPARED:
            self._writer.forget()

    def dispatch(self) -> None:
        """Process an event of IMM: it went away or came back. The next round compares.

        A handle that cannot dispatch is given up, so that its descriptor does not wake the caller all the
        time.
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
        """Try once to delete the node's objects and to give the name back. False if IMM did not allow it.

        Without a handle it first looks for objects: if there are none, no name has to be taken. It does not
        raise AisError. If the result is True, call `release`.
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
            return Outcome.NODE_UNKNOWN  # the node was never known, so IMM has nothing of ours
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
        """Give the handle back after a withdrawal. IMM decides how long this takes."""
        self._complaints.back()
        self._pass(Outcome.RELEASED)

    # ------------------------------------------------------------------------------------------- writing

    def _adopt(self, found: dict[str, ImmObject]) -> None:
        """Take over what IMM holds, and note that everything must be compared with it."""
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
        """Write what differs. Raises AisError and LostTreeError; the names then stay noted."""
        names, self._changed = self._changed, set()
        outcome = Outcome.REFUSED  # stays if nothing below sets another outcome
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
        """Return the steps for these names, and for objects that should not be there."""
        root = self._attachment.root
        wanted: list[tuple[str, str, Optional[Attributes]]] = []
        for name in names:
            facts = self._desired.get(name)
            attributes = interface_attributes(facts) if facts is not None else None
            wanted.append((interface_dn(name, root), INTERFACE_CLASS, attributes))
        for dn in sorted(self._writer.unexpected, key=len):  # objects above others come first
            wanted.append((dn, "", None))
        return plan_steps(self._writer.held, wanted)

    def _carry_out(self, steps: list[Step]) -> Outcome:
        """Take one step after the other within the budget. Return the outcome.

        If one object is refused, the others are still written, unless it is the node's object, because the
        others are below it.
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
        """Tell whether the time for this round is over."""
        return self._clock() >= self._deadline or self._interrupted()

    def _over(self, left: int) -> Outcome:
        if not self._interrupted():
            self._log.event("budget-spent", left=left)
        return Outcome.BUDGET_SPENT

    def _node_object(self) -> ImmObject:
        attributes = {**node_attributes(self._node), _CHANGE_COUNT: (self._change_count + 1,)}
        return ImmObject(self._attachment.root, NODE_CLASS, attributes)

    def _update_node(self) -> Optional[Outcome]:
        """Update the node's object if another object was written, or if it is not as it should be."""
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
    """Return the part of an object of IMM that is compared."""
    class_name = class_of(obj.dn)
    names = _COMPARED[class_name]
    return ImmObject(
        obj.dn, class_name, {name: values for name, values in obj.attributes.items() if name in names}
    )
