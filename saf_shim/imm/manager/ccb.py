# SPDX-License-Identifier: Apache-2.0
"""Configuration change bundles: their states, what they ask of implementers, and their end.

`ccb_changes` holds what one change may do. A CCB waits for implementers without blocking: every operation
takes a function `done`, which is called once with the code of the call, now or later. A refused operation
leaves the CCB usable, unless an implementer refused it (`veto`); then the CCB can only be ended.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import Optional

from saf_shim.codes import AisError, Code
from saf_shim.contract import Timer, World
from saf_shim.imm.content.port import ImplementerDone, Port
from saf_shim.imm.content.rules import ChangeKind
from saf_shim.imm.content.store import Implementer, Store, StoredObject
from saf_shim.imm.manager import references
from saf_shim.imm.manager.mutation import Mutation
from saf_shim.imm.manager.owners import AdminOwner
from saf_shim.patience import CALLBACK_TIME

REGISTERED_OI = 0x1
ALLOW_NULL_OI = 0x100
# Seconds until a CCB is aborted after its client has given up waiting. Measured: less than a second.
ABANDONED = 0.5
# Seconds that an apply waits for implementers to notice it. OpenSAF does not wait at all, but there the
# answer to the manager usually arrives later than the callback at the implementer. The wait lets a manager
# find here, too, that the implementer has already acted.
APPLY_GRACE = 0.05

VALIDATION = "IMM: Validation abort: "
RESOURCE = "IMM: Resource abort: "
_TIMED_OUT = RESOURCE + "CCB abort due to either OI timeout or explicit abort request."

Done = Callable[[int], None]


class State(Enum):
    """How far a CCB has come."""

    OPEN = 1
    WAITING = 2  # it waits for implementers in the middle of an operation
    VALIDATED = 3  # the client has called validate; only apply or abort can follow
    APPLIED = 4
    ABORTED = 5


class _Wait:
    """The implementers that one operation still waits for, each with a timer of its own."""

    def __init__(self, state: State, finish: Callable[[], None]) -> None:
        self.timers: dict[object, Timer] = {}
        self.state = state  # the state of the CCB when the wait ends
        self.finish = finish

    def stop(self) -> None:
        """Stop the timers."""
        for timer in self.timers.values():
            timer.cancel()


class Ccb:
    """One CCB: a series of changes that become visible together or not at all."""

    def __init__(
        self, store: Store, world: World, owner: AdminOwner, flags: int, patience: float = CALLBACK_TIME
    ) -> None:
        """Begin a CCB. `patience` is how many seconds the client waits for a call."""
        store.ccb_counter += 1
        self._patience = patience + ABANDONED
        self.id = store.ccb_counter
        self.store = store
        self.world = world
        self.owner = owner
        self.flags = flags
        self.state = State.OPEN
        self.veto = False
        self.mutations: dict[str, Mutation] = {}
        self.participants: dict[Implementer, None] = {}  # implementers that were asked about a change
        self.watchers: dict[Implementer, None] = {}  # appliers that were told of a change
        self.strings: list[str] = []  # error strings since the last failed call
        self.augmenting: Optional[Implementer] = None  # an implementer that adds changes of its own
        self._waits: list[_Wait] = []  # the last one is that of an augmentation, if there are two

    @property
    def active(self) -> bool:
        """Tell whether the CCB still locks its objects."""
        return self.state not in (State.APPLIED, State.ABORTED)

    def check_open(self) -> None:
        """Raise FAILED_OPERATION and keep an error string, unless the CCB can take changes."""
        if self.veto or not self.active:
            self.note(RESOURCE + "CCB is in an error state")
            raise AisError(Code.ERR_FAILED_OPERATION)
        if self.state is not State.OPEN:
            self.note(RESOURCE + "CCB is not in an expected state")
            raise AisError(Code.ERR_FAILED_OPERATION)

    # error strings

    def note(self, text: str) -> None:
        """Add an error string for the administrator.

        Each text is kept once. At most one text is a reason for the abort: a validation abort replaces a
        resource abort."""
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
        """Return the error strings since the last call of this function, and forget them."""
        strings, self.strings = self.strings, []
        return strings

    # implementers

    def attached(self, found: StoredObject) -> Optional[Implementer]:
        """Return the object's implementer if somebody holds its name, else None."""
        implementer = found.implementer
        return implementer if implementer is not None and implementer.port is not None else None

    def tell_appliers(self, found: StoredObject, tell: Callable[[Port], None]) -> None:
        """Tell the object's appliers of a change."""
        for implementer in [*found.cls.appliers, *found.appliers]:
            if implementer.port is not None:
                self.watchers[implementer] = None
                tell(implementer.port)

    def ask(
        self,
        requests: list[tuple[Implementer, Callable[[Port, ImplementerDone], None]]],
        on_refusal: Callable[[int, str], None],
        finish: Callable[[], None],
    ) -> None:
        """Send requests to implementers and call `finish` when all have answered (at once if there are none).

        `on_refusal` gets each code that is not OK, with the implementer's text. The CCB is aborted when an
        implementer does not answer in time or leaves. An implementer that augments the CCB is not asked about
        its own changes."""
        requests = [request for request in requests if request[0] is not self.augmenting]
        wait = _Wait(self.state, finish)
        self._waits.append(wait)
        self.state = State.WAITING

        def answered(token: object, rc: int, text: str) -> None:
            timer = wait.timers.pop(token, None)
            if timer is None:
                return  # too late: the CCB has been aborted
            timer.cancel()
            if rc != Code.OK:
                on_refusal(rc, text)
                self.veto = True
            if not wait.timers:
                self._end_wait(wait)

        tokens = [object() for _ in requests]
        for token, (implementer, _) in zip(tokens, requests):
            wait.timers[token] = self._start_timer(implementer.port)
        for token, (implementer, send) in zip(tokens, requests):
            self.participants[implementer] = None
            if implementer.port is not None:  # otherwise it left during this loop, and the CCB is aborted
                send(implementer.port, partial(answered, token))
        if not requests:
            self._end_wait(wait)

    def _start_timer(self, port: Optional[Port]) -> Timer:
        """Start a timer that aborts the CCB when an implementer takes too long. If the client gives up first,
        the abort has no error string."""
        limit = CALLBACK_TIME if port is None else port.patience
        if limit <= self._patience:
            return self.world.start_timer(limit, self.abort)
        return self.world.start_timer(self._patience, partial(self.abort, abandoned=True))

    def _end_wait(self, wait: _Wait) -> None:
        wait.stop()
        self._waits.remove(wait)
        self.state = wait.state
        wait.finish()

    def begin_augmentation(self, implementer: Implementer) -> None:
        """Let an implementer that is being asked add changes of its own before it answers."""
        if self.augmenting is not None:
            raise AisError(Code.ERR_TRY_AGAIN, "another implementer augments the CCB")
        if self.veto:
            self.note(RESOURCE + "CCB is in an error state")
            raise AisError(Code.ERR_FAILED_OPERATION)
        if self.state is not State.WAITING or not self._waits or implementer not in self.participants:
            raise AisError(Code.ERR_BAD_OPERATION, "the CCB asks nobody at present")
        self.augmenting = implementer
        self._waits[-1].stop()  # the implementer's timer does not run while it augments the CCB
        self.state = State.OPEN

    def end_augmentation(self) -> None:
        """Wait again for the implementer, which is about to answer."""
        self.augmenting = None
        if self.active and self._waits:
            self.state = State.WAITING

    def implementer_left(self, implementer: Implementer) -> None:
        """Abort the CCB if this implementer takes part in it. The holder of its name is gone."""
        if self.active and implementer in self.participants:
            self.abort()

    # ends

    def abort(self, abandoned: bool = False) -> None:
        """Undo everything and tell participants and watchers. A call that waits fails, with an error string
        unless the client has `abandoned` it."""
        if not self.active:
            return
        waits, self._waits = self._waits, []
        for wait in waits:
            wait.stop()
            wait.timers.clear()
        self.state = State.ABORTED
        self.veto = True
        created = [m.found for m in self.mutations.values() if m.kind is ChangeKind.CREATE]
        for mutation in self.mutations.values():
            mutation.found.deleting = False
        for found in reversed(created):
            self.store.remove(found)
        self.mutations.clear()
        for implementer in [*self.participants, *self.watchers]:
            if implementer.port is not None:
                implementer.port.abort(self.id)
        if waits and not abandoned:
            self.note(_TIMED_OUT)
        for wait in reversed(waits):
            wait.finish()

    def validate(self, done: Done) -> None:
        """Let the implementers validate the whole CCB (saImmOmCcbValidate)."""
        self._complete(State.VALIDATED, done)

    def apply(self, done: Done) -> None:
        """Commit the CCB and tell everybody. The CCB is validated first if that has not been done. When
        validation fails, the CCB is aborted and the code is FAILED_OPERATION."""
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
        if self.veto or not self.active or self.state is State.WAITING:  # WAITING after a call given up
            self.note(RESOURCE + "CCB is in an error state")
            self.abort()
            done(Code.ERR_FAILED_OPERATION)
            return
        fault = references.fault_of_ccb(self.store, self.mutations, self)
        if fault:
            self.note(fault)
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
            if mutation.kind is ChangeKind.DELETE:
                deleted.append(found)
            else:
                found.creating = False
                if mutation.kind is ChangeKind.MODIFY:
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
