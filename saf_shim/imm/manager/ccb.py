# SPDX-License-Identifier: Apache-2.0
"""Configuration change bundles: their state, what they ask of implementers, their end.

What one change may do is in `ccb_changes`. A CCB waits for implementers without blocking: every operation
takes a `done`, called once with the call's code, now or later. Refused operations leave the CCB usable
unless an implementer refused (`veto`); then it can only be ended.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import Any, NamedTuple, Optional

from imm_model.classes import AttributeFlag
from saf_shim.codes import AisError, Code
from saf_shim.contract import Timer, World
from saf_shim.imm.content.rules import Values
from saf_shim.imm.content.store import Implementer, Store, StoredClass, StoredObject
from saf_shim.imm.manager.owners import AdminOwner

REGISTERED_OI = 0x1
ALLOW_NULL_OI = 0x100
OI_TIMEOUT = 6.0  # seconds that an implementer has for a callback
# Seconds until a CCB is aborted whose client has given up waiting; measured: within a second.
ABANDONED = 0.5
# Seconds that an apply waits for implementers to notice it. OpenSAF does not wait at all, but its answer
# takes a longer way than its callbacks; a manager that looks at what an implementer did should not win the
# race here, either.
APPLY_GRACE = 0.05

VALIDATION = "IMM: Validation abort: "
RESOURCE = "IMM: Resource abort: "
_TIMED_OUT = RESOURCE + "CCB abort due to either OI timeout or explicit abort request."

Done = Callable[[int], None]
# An implementer's answer: its code (one of those AIS allows) and its last error string.
ImplementerDone = Callable[[int, str], None]


class Kind(Enum):
    """What a CCB does to an object."""

    CREATE = 1
    MODIFY = 2
    DELETE = 3


class Mutation(NamedTuple):
    """One object in a CCB. `after` is its image after the change, unused for deletions."""

    kind: Kind
    found: StoredObject
    after: dict[str, Values]


class State(Enum):
    """Where a CCB is."""

    OPEN = 1
    WAITING = 2  # for implementers, in the middle of an operation
    VALIDATED = 3  # explicitly; only apply or abort can follow
    APPLIED = 4
    ABORTED = 5


class _Wait:
    """One operation's wait for implementers."""

    def __init__(self, count: int, state: State, finish: Callable[[], None]) -> None:
        self.tokens = {object() for _ in range(count)}
        self.state = state  # of the CCB afterwards
        self.finish = finish
        self.timer: Optional[Timer] = None

    def stop(self) -> None:
        """Let its time not run out."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


class Ccb:
    """One CCB: a series of changes that become visible together or not at all."""

    def __init__(
        self, store: Store, world: World, owner: AdminOwner, flags: int, patience: float = OI_TIMEOUT
    ) -> None:
        """`patience`: seconds that the client waits for a call."""
        store.ccb_counter += 1
        self._time = min(OI_TIMEOUT, patience + ABANDONED)
        self.id = store.ccb_counter
        self.store = store
        self.world = world
        self.owner = owner
        self.flags = flags
        self.state = State.OPEN
        self.veto = False
        self.mutations: dict[str, Mutation] = {}
        self.participants: dict[Implementer, None] = {}  # implementers that were asked
        self.watchers: dict[Implementer, None] = {}  # appliers that were told
        self.strings: list[str] = []  # error strings since the last failed call
        self.augmenting: Optional[Implementer] = None  # an implementer that adds changes of its own
        self._waits: list[_Wait] = []  # an augmentation's inside the one that it happens in

    @property
    def active(self) -> bool:
        """Does it still lock its objects?"""
        return self.state not in (State.APPLIED, State.ABORTED)

    def check_open(self) -> None:
        """Raise FAILED_OPERATION, with its string, unless the CCB takes changes."""
        if self.veto or not self.active:
            self.note(RESOURCE + "CCB is in an error state")
            raise AisError(Code.ERR_FAILED_OPERATION)
        if self.state is not State.OPEN:
            self.note(RESOURCE + "CCB is not in an expected state")
            raise AisError(Code.ERR_FAILED_OPERATION)

    # error strings

    def note(self, text: str) -> None:
        """Add an error string for the administrator: each once, one abort reason at most, validation wins."""
        if text in self.strings:
            return
        if text.startswith((VALIDATION, RESOURCE)):
            for index, present in enumerate(self.strings):
                if text.startswith(VALIDATION) and present.startswith(RESOURCE):
                    self.strings[index] = text
                    return
                if text.startswith(RESOURCE) and present.startswith((RESOURCE, VALIDATION)):
                    return
        self.strings.append(text)

    def grab_strings(self) -> list[str]:
        """The error strings since the last call of this; they are gone then."""
        strings, self.strings = self.strings, []
        return strings

    # implementers

    def attached(self, found: StoredObject) -> Optional[Implementer]:
        """The object's implementer if somebody holds its name."""
        implementer = found.implementer
        return implementer if implementer is not None and implementer.port is not None else None

    def tell_appliers(self, found: StoredObject, tell: Callable[[Any], None]) -> None:
        """Let the object's appliers know of a change."""
        for implementer in [*found.cls.appliers, *found.appliers]:
            if implementer.port is not None:
                self.watchers[implementer] = None
                tell(implementer.port)

    def ask(
        self,
        requests: list[tuple[Implementer, Callable[[Any, ImplementerDone], None]]],
        on_refusal: Callable[[int, str], None],
        finish: Callable[[], None],
    ) -> None:
        """Send requests to implementers; `finish` when all have answered, at once if there are none.

        `on_refusal` gets each code that is not OK, with the implementer's text. Silence, and losing an
        implementer, abort the CCB. Who augments the CCB is not asked about its own changes."""
        requests = [request for request in requests if request[0] is not self.augmenting]
        wait = _Wait(len(requests), self.state, finish)
        self._waits.append(wait)
        self.state = State.WAITING

        def answered(token: object, rc: int, text: str) -> None:
            if token not in wait.tokens:
                return  # too late: the CCB has been aborted
            wait.tokens.discard(token)
            if rc != Code.OK:
                on_refusal(rc, text)
                self.veto = True
            if not wait.tokens:
                self._end_wait(wait)

        tokens = list(wait.tokens)
        if requests:
            wait.timer = self.world.start_timer(self._time, self.abort)
        for token, (implementer, send) in zip(tokens, requests):
            self.participants[implementer] = None
            send(implementer.port, partial(answered, token))
        if not requests:
            self._end_wait(wait)

    def _end_wait(self, wait: _Wait) -> None:
        wait.stop()
        self._waits.remove(wait)
        self.state = wait.state
        wait.finish()

    def begin_augmentation(self, implementer: Implementer) -> None:
        """An implementer that is being asked adds changes of its own before it answers."""
        if self.augmenting is not None:
            raise AisError(Code.ERR_TRY_AGAIN, "another implementer augments the CCB")
        if self.veto:
            self.note(RESOURCE + "CCB is in an error state")
            raise AisError(Code.ERR_FAILED_OPERATION)
        if self.state is not State.WAITING or not self._waits or implementer not in self.participants:
            raise AisError(Code.ERR_BAD_OPERATION, "the CCB asks nobody at present")
        self.augmenting = implementer
        self._waits[-1].stop()  # the time belongs to the augmentation now
        self.state = State.OPEN

    def end_augmentation(self) -> None:
        """The implementer is about to answer."""
        self.augmenting = None
        if self.active and self._waits:
            self.state = State.WAITING

    def implementer_left(self, implementer: Implementer) -> None:
        """An implementer's holder has gone: a CCB it takes part in is aborted."""
        if self.active and implementer in self.participants:
            self.abort()

    # ends

    def abort(self) -> None:
        """Undo everything; participants and watchers are told. A call that waits fails."""
        if not self.active:
            return
        waits, self._waits = self._waits, []
        for wait in waits:
            wait.stop()
            wait.tokens.clear()
        self.state = State.ABORTED
        self.veto = True
        created = [m.found for m in self.mutations.values() if m.kind is Kind.CREATE]
        for mutation in self.mutations.values():
            mutation.found.deleting = False
        for found in reversed(created):
            self.store.remove(found)
        self.mutations.clear()
        for implementer in [*self.participants, *self.watchers]:
            if implementer.port is not None:
                implementer.port.abort(self.id)
        if waits:
            self.note(_TIMED_OUT)
        for wait in reversed(waits):
            wait.finish()

    def validate(self, done: Done) -> None:
        """Let implementers validate the whole (saImmOmCcbValidate)."""
        self._complete(State.VALIDATED, done)

    def apply(self, done: Done) -> None:
        """Validate if that has not been done, commit, tell everybody; FAILED_OPERATION aborts."""
        if self.state is State.VALIDATED:
            self._commit(done)
            return

        def validated(rc: int) -> None:
            if rc == Code.OK:
                self._commit(done)
            else:
                done(rc)

        self._complete(State.OPEN, validated)

    def _complete(self, state: State, done: Done) -> None:
        if self.veto or not self.active or self.state is State.WAITING:  # for a call that was given up
            self.note(RESOURCE + "CCB is in an error state")
            self.abort()
            done(Code.ERR_FAILED_OPERATION)
            return
        if not self._references_hold():
            self.note(VALIDATION + "No dangling validation failed")
            self.abort()
            done(Code.ERR_FAILED_OPERATION)
            return

        def refused(rc: int, text: str) -> None:
            if not self.veto:
                reason = "ERR_BAD_OPERATION" if rc == Code.ERR_BAD_OPERATION else f"Error code: {int(rc)}"
                kind = RESOURCE if rc in (Code.ERR_NO_MEMORY, Code.ERR_NO_RESOURCES) else VALIDATION
                self.note(f"{kind}Completed validation fails ({reason})")
            if text:
                self.note(text)

        def finish() -> None:
            if self.veto:
                self.abort()
                done(Code.ERR_FAILED_OPERATION)
                return
            self.state = state
            done(Code.OK)

        self.ask(
            [
                (implementer, lambda port, answer: port.completed(self.id, answer))
                for implementer in self.participants
            ],
            refused,
            finish,
        )

    def _commit(self, done: Done) -> None:
        deleted = []
        for mutation in self.mutations.values():
            found = mutation.found
            if mutation.kind is Kind.DELETE:
                deleted.append(found)
            else:
                found.creating = False
                if mutation.kind is Kind.MODIFY:
                    runtime = {
                        name: values
                        for name, values in found.values.items()
                        if not found.cls.attributes[name].is_config
                    }
                    found.values = {**runtime, **mutation.after}
        for found in reversed(deleted):
            self.store.remove(found)
        self.state = State.APPLIED
        present = [each for each in [*self.participants, *self.watchers] if each.port is not None]
        unaware: set[object] = set(present)

        def noticed(implementer: object, _rc: int = 0, _text: str = "") -> None:
            unaware.discard(implementer)
            if not unaware:
                finish()

        def finish() -> None:
            timer.cancel()
            unaware.clear()
            if not finished:
                finished.append(True)
                done(Code.OK)

        finished: list[bool] = []
        timer = self.world.start_timer(APPLY_GRACE if present else 0, finish)
        for implementer in present:
            if implementer in self.watchers:
                implementer.port.completed(self.id, None)  # type: ignore[union-attr]
            implementer.port.apply(self.id, partial(noticed, implementer))  # type: ignore[union-attr]
        if not present:
            finish()

    # NO_DANGLING references

    def _references_hold(self) -> bool:
        return all(
            self._not_referred_to(mutation.found)
            if mutation.kind is Kind.DELETE
            else self._refers_well(mutation.found, mutation.after)
            for mutation in self.mutations.values()
        )

    def _refers_well(self, found: StoredObject, after: dict[str, Values]) -> bool:
        for name in reference_attributes(found.cls):
            for target_dn in after.get(name, ()):
                fault = self._fault_of_target(str(target_dn))
                if fault:
                    self.note(f"IMM: ERR_FAILED_OPERATION: Object {found.dn} {fault} ({target_dn!s})")
                    return False
        return True

    def _fault_of_target(self, dn: str) -> str:
        target = self.store.objects.get(dn)
        if target is None:
            return "has dangling reference"
        if not target.cls.is_config and not target.cls.persistent:
            return "refers to a non-persistent RTO"
        if target.deleting:
            return "refers to object flagged for deletion"
        if target.creating and target.ccb is not self:
            return "refers to object flagged for creation in another CCB"
        return ""

    def _not_referred_to(self, found: StoredObject) -> bool:
        for referrer in self.store.referrers(found.dn):
            mutation = self.mutations.get(referrer.dn)
            if mutation is not None:
                if mutation.kind is Kind.DELETE:
                    continue
                if not any(found.dn in mutation.after.get(n, ()) for n in reference_attributes(referrer.cls)):
                    continue
            what = (
                "scheduled for deletion by another CCB"
                if referrer.deleting
                else "not scheduled for deletion by this CCB"
            )
            self.note(
                f"IMM: ERR_FAILED_OPERATION: Object {found.dn} is currently reffered by "
                f"object {referrer.dn}, {what}"
            )
            return False
        return True


def reference_attributes(cls: StoredClass) -> list[str]:
    """The attributes of a class whose targets must exist."""
    return [a.name for a in cls.definition.attributes if a.flags & AttributeFlag.NO_DANGLING]


class CcbHandle:
    """A CCB handle: one CCB after the other, a new one after each apply."""

    def __init__(
        self, store: Store, world: World, owner: AdminOwner, flags: object, patience: float = OI_TIMEOUT
    ) -> None:
        if not isinstance(flags, int) or flags & ~(REGISTERED_OI | ALLOW_NULL_OI):
            raise AisError(Code.ERR_INVALID_PARAM, "unknown CCB flags")
        self._store = store
        self._world = world
        self.owner = owner
        self.flags = flags
        self._patience = patience
        self.ccb: Optional[Ccb] = Ccb(store, world, owner, flags, patience)
        self.errors: list[str] = []
        self._dead = False

    def perform(self, operation: Callable[[Ccb, Done], None], done: Done) -> None:
        """Perform a change in the current CCB, begun anew after an apply."""
        if self._dead:
            done(Code.ERR_FAILED_OPERATION)
            return
        self.errors = []
        if self.ccb is None:
            self.ccb = Ccb(self._store, self._world, self.owner, self.flags, self._patience)
        ccb = self.ccb
        try:
            ccb.check_open()
            operation(ccb, lambda rc: done(self._ended(ccb, rc)))
        except AisError as error:
            done(self._ended(ccb, error.code))

    def _ended(self, ccb: Ccb, rc: int) -> int:
        if rc != Code.OK:
            self.errors = ccb.grab_strings()
        if rc == Code.ERR_FAILED_OPERATION:
            self._dead = True
        return rc

    def validate(self, done: Done) -> None:
        """saImmOmCcbValidate: once is enough."""
        self._close("validate", done)

    def apply(self, done: Done) -> None:
        """saImmOmCcbApply; applying twice in a row is an error that only abort mends."""
        self._close("apply", done)

    def _close(self, what: str, done: Done) -> None:
        ccb = self.ccb
        if self._dead or ccb is None:
            self._dead = True
            done(Code.ERR_FAILED_OPERATION)
            return
        if what == "validate" and ccb.state is State.VALIDATED:
            done(Code.OK)
            return
        self.errors = []

        def ended(rc: int) -> None:
            if rc == Code.OK and what == "apply":
                self.ccb = None
            done(self._ended(ccb, rc))

        if what == "apply":
            ccb.apply(ended)
        else:
            ccb.validate(ended)

    def abort(self) -> None:
        """saImmOmCcbAbort: the handle is as new."""
        if self.ccb is not None:
            self.ccb.abort()
        self.ccb = Ccb(self._store, self._world, self.owner, self.flags, self._patience)
        self.errors = []
        self._dead = False

    def end(self) -> None:
        """The handle, or its process, has gone."""
        if self.ccb is not None:
            self.ccb.abort()
