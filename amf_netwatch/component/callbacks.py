# SPDX-License-Identifier: Apache-2.0
"""The SA-aware component: AMF's callbacks, and the loop that waits for them.

================  ======================================================================================
AMF says          the component
================  ======================================================================================
healthcheck       answers first: OK while the listener lives and our last refresh had no defect of ours;
                  then, if the network changed or something is left, reads and publishes
CSI set ACTIVE    reads the settings, attaches, adopts, publishes everything, answers
CSI set STANDBY   listens, does not write, holds no implementer name; what a former incarnation of ours left
                  when it was killed as the active one is taken away, as nobody would keep it true
QUIESCED          withdraws, answers
QUIESCING         withdraws, answers, reports completion
CSI remove        as QUIESCED
terminate         withdraws, answers, ends with status 0
================  ======================================================================================

Every AIS call is made from the main thread. IMM being away is not our defect: OK, and again in the next
round. A listener that died is started anew once; then AMF is told, and repairs us. The first healthcheck
after a start always succeeds, so that a persistent failure costs a restart per healthcheck period, never a
hot loop (`clc` slows that down further).
"""

from __future__ import annotations

import select
from math import inf
from time import monotonic
from typing import Callable, Optional, Protocol

from amf_netwatch.assignment import Assignment, CsiFlag, HAState
from amf_netwatch.errors import ERR_FAILED_OPERATION, OK, SettingsError, place_of
from amf_netwatch.interfaces.refresh import Changes, Refresh
from amf_netwatch.log import Log
from amf_netwatch.netlink.errors import NetlinkError
from amf_netwatch.publication.publisher import Publisher
from amf_netwatch.settings import Settings, Sources

LISTENER_MEMORY = 3600.0  # seconds after which a restart of the listener no longer counts
READ_FAILURES = 3  # rounds in a row in which the kernel cannot be read, until AMF is told
ASSIGNMENT_BUDGET = 2.0  # seconds in IMM before ACTIVE is answered, whatever the setting says
WITHDRAW_PATIENCE = 2.0  # seconds to wait for IMM before an end leaves something behind
_PAUSE_MS = 100


class Invocation(Protocol):
    """The ticket of a callback; see `ais.Invocation`."""

    def answer(self, code: int = OK) -> None:
        """Answer it, once."""

    def complete_quiescing(self, code: int = OK) -> None:
        """Say that quiescing is complete."""


class ListenerLike(Protocol):
    """What is needed of `netlink.listener.Listener`."""

    network_changed: bool
    healthy: bool
    failure: Optional[BaseException]
    overruns: int
    truncations: int

    def take(self) -> Changes:
        """What changed since the last call."""

    def restart(self) -> None:
        """Stop and start; raises SocketError."""


class Component:
    """The callbacks and the state they share. `make_refresh` builds a reader for the settings given."""

    def __init__(
        self,
        *,
        listener: ListenerLike,
        publisher: Publisher,
        make_refresh: Callable[[Settings], Refresh],
        sources: Sources,
        log: Log,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._listener = listener
        self._publisher = publisher
        self._make_refresh = make_refresh
        self._sources = sources
        self._log = log
        self._clock = clock
        self._refresh: Optional[Refresh] = None
        self._settings: dict[str, Settings] = {}  # by CSI: attributes come with ADD_ONE only
        self._in_force = Settings()
        self._ha_state: Optional[HAState] = None
        self._published = False  # there may be something of ours in IMM
        self._defect = ""
        self._read_failures = 0
        self._listener_restarted: Optional[float] = None
        self._overruns_told = 0
        self._quiet = False  # nothing is left to do until the listener's flag goes up
        self.ending = False

    # -------------------------------------------------------------------------------------- AMF's callbacks

    def healthcheckCallback(self, invocation: Invocation) -> None:
        """Answer first, then do what is to be done; nothing, when nothing changed."""
        # The flag is up while nobody listens: down, it says that the listener lives.
        if self._quiet and not self._listener.network_changed:
            invocation.answer()
            return
        healthy = self._is_healthy()
        invocation.answer(OK if healthy else ERR_FAILED_OPERATION)
        if self._ha_state is HAState.ACTIVE:
            self._publish_changes()
        else:
            self._withdraw()
        self._settle()

    def csiSetCallback(self, invocation: Invocation, assignment: Assignment) -> None:
        """Take the HA state that AMF gives; refuse settings that are wrong."""
        self._quiet = False
        if assignment.flag == CsiFlag.ADD_ONE:
            try:
                self._settings[assignment.csi or ""] = self._sources.settings(assignment.attributes)
            except SettingsError as error:
                self._log.event("assignment-refused", reason=error)
                invocation.answer(ERR_FAILED_OPERATION)
                return
        settings = self._settings.get(assignment.csi or "", self._in_force)
        self._ha_state = assignment.ha_state
        self._log.event(
            "assigned",
            ha=assignment.ha_state.name,
            csi=assignment.csi if assignment.csi is not None else "all",
            settings=_describe(settings),
        )
        if assignment.ha_state is HAState.ACTIVE:
            self._published = True
            self._take_settings(settings)
            self._publish_changes(ASSIGNMENT_BUDGET)  # AMF waits; the next healthcheck goes on
        else:
            # A former incarnation may have been killed while it was active, and its work went elsewhere.
            self._published = self._published or assignment.ha_state is HAState.STANDBY
            self._in_force = settings
            self._withdraw()
        invocation.answer()
        if assignment.ha_state is HAState.QUIESCING:
            invocation.complete_quiescing()
        self._settle()

    def csiRemoveCallback(self, invocation: Invocation, csi: Optional[str]) -> None:
        """Leave nothing in IMM."""
        self._quiet = False
        self._ha_state = None
        if csi is None:
            self._settings.clear()
        else:
            self._settings.pop(csi, None)
        self._withdraw()
        self._log.event("removed", csi=csi if csi is not None else "all")
        invocation.answer()
        self._settle()

    def componentTerminateCallback(self, invocation: Invocation) -> None:
        """Leave nothing in IMM, answer, end."""
        self.end("AMF asked for it")
        invocation.answer()

    def failed(self, callback: str, error: BaseException) -> None:
        """A callback raised: a defect of ours, which the next healthcheck tells AMF."""
        self._quiet = False
        self._defect = f"{type(error).__name__}: {error}"
        self._log.event("callback-failed", callback=callback, reason=f"{self._defect} at {place_of(error)}")

    # --------------------------------------------------------------------------------------------- the rest

    def end(self, reason: str) -> None:
        """Withdraw, with some patience, and leave the loop."""
        self.ending = True
        self._ha_state = None
        patience = self._clock() + WITHDRAW_PATIENCE
        self._withdraw()
        while self._published and self._clock() < patience:
            select.poll().poll(_PAUSE_MS)  # IMM has no event that says when to try again
            self._withdraw()
        self._log.event("stopped", reason=reason)

    def imm_speaks(self) -> None:
        """IMM's descriptor is readable: it went away or came back; the next healthcheck compares."""
        self._publisher.dispatch()
        self._quiet = False

    def _settle(self) -> None:
        refresh = self._refresh
        if self._ha_state is HAState.ACTIVE:
            busy = self._publisher.pending or refresh is None or refresh.pending
        else:
            busy = self._published
        self._quiet = not busy and not self._defect and not self._read_failures

    def _is_healthy(self) -> bool:
        listener = self._listener
        if not listener.healthy:
            reason = str(listener.failure)
            now = self._clock()
            restarted = self._listener_restarted
            if restarted is not None and now - restarted < LISTENER_MEMORY:
                self._log.event("listener-failed", reason=reason)
                return False
            self._listener_restarted = now
            try:
                listener.restart()
            except NetlinkError as error:
                self._log.event("listener-failed", reason=f"{reason}; then {error}")
                return False
            self._log.event("listener-restarted", reason=reason)
        return not self._defect and self._read_failures < READ_FAILURES

    def _take_settings(self, settings: Settings) -> None:
        """Read with these settings from now on: everything, as another selection may hold."""
        if self._refresh is not None and settings == self._in_force:
            self._refresh.mark_everything()
            return
        self._in_force = settings
        self._drop_reader()

    def _drop_reader(self) -> None:
        if self._refresh is not None:
            self._refresh.source.close()
            self._refresh = None

    def _publish_changes(self, budget: float = inf) -> None:
        """A refresh: take what changed, read it, write the differences within the setting, and `budget`."""
        try:
            if self._refresh is None:
                self._refresh = self._make_refresh(self._in_force)
            if self._listener.network_changed:
                # Cleared before reading: what changes meanwhile costs one more read, and is never lost.
                self._refresh.mark(self._listener.take())
            if self._refresh.pending:
                self._refresh.read()
            self._read_failures = 0
        except NetlinkError as error:
            self._read_failures += 1
            self._log.event("read-failed", reason=error)
            self._drop_reader()  # its socket may be broken; a new one reads everything
            return
        overruns = self._listener.overruns + self._listener.truncations
        if overruns != self._overruns_told:
            self._overruns_told = overruns
            self._log.event("events-lost", total=overruns)
        self._publisher.publish(overruns, min(budget, self._in_force.budget))

    def _withdraw(self) -> None:
        """Leave nothing in IMM; when IMM does not let us, the next healthcheck tries again."""
        if self._published:
            self._drop_reader()
            self._published = not self._publisher.withdraw()


def _describe(settings: Settings) -> str:
    words = []
    for name, value in settings._asdict().items():
        if isinstance(value, tuple):
            text = "|".join(each.decode("utf-8", "replace") for each in value)
        elif isinstance(value, bool):
            text = "yes" if value else "no"
        else:
            text = str(value)
        words.append(f"{name.replace('_', '-')}:{text}")
    return ",".join(words)
