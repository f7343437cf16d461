# SPDX-License-Identifier: Apache-2.0
"""The SA-aware component: how it starts, and what it does when AMF calls.

================  ======================================================================================
AMF says          the component
================  ======================================================================================
healthcheck       answers first: OK if the listener lives and our last refresh had no defect of ours;
                  then, if the network changed or work is left, reads and hands the difference over
CSI set ACTIVE    reads the settings, reads everything, hands the difference over, answers
CSI set STANDBY   listens, does not write, holds no implementer name; deletes the objects of a former
                  incarnation that was killed while it was active, because nobody would keep them true
QUIESCED          withdraws, answers
QUIESCING         withdraws, answers, reports completion
CSI remove        as QUIESCED
terminate         withdraws, answers, ends with status 0
================  ======================================================================================

Everything here happens in the main thread, which makes every call of AMF and no call of IMM: IMM belongs to
`publication.owner`. So no answer to AMF waits for IMM, with one exception: a withdrawal is waited for, but
only for a limited time. If IMM is away, that is not our defect: the answer is OK, and the next healthcheck
tries again.

A listener that died is started again once. If it dies again, the component reports to AMF, which repairs it.
The first healthcheck after a start always succeeds, so a persistent failure costs one restart in each
healthcheck period and never an endless fast loop (`clc` slows that down further).
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Callable, Optional

from amf_netwatch.assignment import CsiDescriptor, CsiFlag, HAState, Recovery
from amf_netwatch.errors import (
    ERR_FAILED_OPERATION,
    ERR_NOT_EXIST,
    OK,
    AisError,
    SettingsError,
    SurroundingsError,
    SysfsError,
    place_of,
)
from amf_netwatch.interfaces.inventory import Inventory
from amf_netwatch.interfaces.record import NodeFacts
from amf_netwatch.interfaces.refresh import Refresh
from amf_netwatch.log import Log
from amf_netwatch.netlink.errors import InterruptedDumpError, NetlinkError
from amf_netwatch.netlink.listener import Listener
from amf_netwatch.settings import Settings, Sources

if TYPE_CHECKING:
    from amf_netwatch.ais import Amf, Invocation
    from amf_netwatch.publication.owner import Owner

LISTENER_MEMORY = 3600.0  # seconds after which a restart of the listener no longer counts
READ_FAILURES = 3  # rounds in a row in which the kernel cannot be read, before AMF is told
DISAGREEMENTS = 3  # rounds in a row in which netlink and sysfs disagree, before it is logged
WITHDRAWAL_PATIENCE = 2.0  # seconds to wait for IMM when the component ends; objects may remain after that


class Component:
    """The callbacks and the state they share.

    `connect`: initializes AMF; called once, when the listener listens. `make_owner`: makes the owner of IMM
    for the component with this DN. `make_refresh`: builds a reader with these settings. Only the main thread
    may use this class, except for `network_changed`, `awake` and `failed`.
    """

    def __init__(
        self,
        *,
        listener: Listener,
        connect: Callable[[], Amf],
        make_owner: Callable[[str, Component], Owner],
        make_refresh: Callable[[Settings, Inventory], Refresh],
        sources: Sources,
        log: Log,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._listener = listener
        self._connect = connect
        self._make_owner = make_owner
        self._make_refresh = make_refresh
        self._sources = sources
        self._log = log
        self._clock = clock
        self._owner: Owner
        self._to_stop: list[Callable[[], None]] = []  # the threads that run, in the order of their start
        self.amf: Amf
        self._inventory = Inventory()
        self._refresh: Optional[Refresh] = None
        self._settings: dict[str, Settings] = {}  # by CSI, because attributes come with ADD_ONE only
        self._in_force = Settings()
        self._ha_state: Optional[HAState] = None
        self._published = False  # True if objects of ours may be in IMM
        self._publishing = False  # True if the last order to the owner was to publish
        self._node = NodeFacts((), 0, 0)  # the facts that were last handed over
        self._defect = ""
        self._read_failures = 0
        self._interrupted = False  # True if the last read was interrupted again and again
        self._disagreements = 0  # rounds in a row in which netlink and sysfs disagreed
        self._listener_restarted: Optional[float] = None
        self._overruns_logged = 0
        self._quiet = False  # True if nothing is left to do until the listener's flag goes up
        self.ending = False

    @property
    def network_changed(self) -> bool:
        """Return the flag that the listener thread raises: an interface has changed since the last
        refresh."""
        return self._listener.network_changed

    def initialize(self) -> str:
        """Start the netlink listener thread, initialize AMF, register, start the healthcheck.

        Return the DN of our component, as AMF gives it. Raises SocketError, NoAisError, AisError,
        SurroundingsError.
        """
        self._listener.start()
        self._to_stop.append(self._listener.stop)
        amf = self.amf = self._connect()
        name = amf.component_name()
        self._owner = self._make_owner(name, self)
        self._owner.start()
        self._to_stop.append(self._owner.stop)
        amf.register(self)
        key = self._sources.process_settings().healthcheck_key
        try:
            amf.start_healthcheck(key, Recovery.COMPONENT_RESTART)
        except AisError as error:
            if error.code != ERR_NOT_EXIST:
                raise
            raise SurroundingsError(
                f"{error}: the AMF model has no healthcheck {key!r} for this component"
            ) from error
        return name

    def finalize(self) -> None:
        """Stop the threads that were started. A thread that hangs in a call of IMM is left behind."""
        while self._to_stop:
            self._to_stop.pop()()

    # -------------------------------------------------------------------------------------- AMF's callbacks

    def healthcheckCallback(self, invocation: Invocation, comp_name: str, healthcheck_key: str) -> None:
        """Answer first, then do the work that is left. Do nothing if nothing changed."""
        # The flag is up while nobody listens. So a flag that is down proves that the listener lives.
        if self._quiet and not self._listener.network_changed:
            invocation.answer()
            return
        invocation.answer(OK if self._is_healthy() else ERR_FAILED_OPERATION)
        if self._ha_state is HAState.ACTIVE:
            self._refresh_imm()
        elif self._published:
            self._look_after_withdrawal()
        self._settle()

    def csiSetCallback(
        self, invocation: Invocation, comp_name: str, ha_state: HAState, csi_descriptor: CsiDescriptor
    ) -> None:
        """Take the HA state that AMF gives. Refuse wrong settings.

        ACTIVE is answered when listening and reading work. IMM need not be there.
        """
        self._quiet = False
        csi = csi_descriptor.name
        if csi_descriptor.flags == CsiFlag.ADD_ONE:
            try:
                self._settings[csi or ""] = self._sources.settings(csi_descriptor.attributes)
            except SettingsError as error:
                self._log.event("assignment-refused", reason=error)
                invocation.answer(ERR_FAILED_OPERATION)
                return
        settings = self._settings.get(csi or "", self._in_force)
        self._ha_state = ha_state
        self._log.event(
            "assigned",
            ha=ha_state.name,
            csi=csi if csi is not None else "all",
            settings=_describe(settings),
        )
        if ha_state is HAState.ACTIVE:
            self._published = True
            self._take_settings(settings)
            works = self._is_healthy() and (self._refresh_imm() or self._refresh_imm())
            invocation.answer(OK if works else ERR_FAILED_OPERATION)
        else:
            # A former incarnation may have been killed while it was active, and AMF gave its work to another
            # node.
            self._published = self._published or ha_state is HAState.STANDBY
            self._in_force = settings
            self._withdraw(0.0 if ha_state is HAState.STANDBY else WITHDRAWAL_PATIENCE)
            invocation.answer()
        if ha_state is HAState.QUIESCING:
            invocation.complete_quiescing()
        self._settle()

    def csiRemoveCallback(
        self, invocation: Invocation, comp_name: str, csi_name: Optional[str], csi_flags: int
    ) -> None:
        """Withdraw everything from IMM."""
        self._quiet = False
        self._ha_state = None
        if csi_name is None:
            self._settings.clear()
        else:
            self._settings.pop(csi_name, None)
        self._withdraw(WITHDRAWAL_PATIENCE)
        self._log.event("removed", csi=csi_name if csi_name is not None else "all")
        invocation.answer()
        self._settle()

    def componentTerminateCallback(self, invocation: Invocation, comp_name: str) -> None:
        """Withdraw everything from IMM, answer, and end."""
        self.end("AMF asked for it")
        invocation.answer()

    def failed(self, callback: str, error: BaseException) -> None:
        """Note a defect of ours, in a callback or in the owner of IMM. The next healthcheck tells AMF.

        It may be called in any thread.
        """
        self._defect = f"{type(error).__name__}: {error}"
        self._quiet = False
        self._log.event("callback-failed", callback=callback, reason=f"{self._defect} at {place_of(error)}")

    def unanswered(self, error: AisError) -> None:
        """Log that AMF did not accept an answer. A restart would not help: AMF decides how long it waits."""
        self._log.event("answer-lost", call=error.call, code=error.name)

    # --------------------------------------------------------------------------------------------- the rest

    def awake(self) -> None:
        """Note that the owner of IMM has work left without an order. The next healthcheck gives the order.

        It is called in the owner's thread.
        """
        self._quiet = False

    def end(self, reason: str) -> None:
        """Withdraw, wait for it for a limited time, and leave the loop."""
        self.ending = True
        self._ha_state = None
        self._withdraw(WITHDRAWAL_PATIENCE)
        self._log.event("stopped", reason=reason)

    def _settle(self) -> None:
        """Note whether anything is left to do."""
        # The flag is set first, because another thread may clear it from now on (`awake` and `failed`).
        self._quiet = True
        if self._ha_state is HAState.ACTIVE:
            busy = self._refresh is None or self._refresh.pending or not self._owner.settled
        else:
            busy = self._published
        if busy or self._defect or self._read_failures:
            self._quiet = False

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
        """Use these settings from now on. They may select other links, so everything is read again."""
        if self._refresh is not None and settings == self._in_force:
            self._refresh.mark_everything()
            return
        self._in_force = settings
        self._drop_reader()

    def _drop_reader(self) -> None:
        if self._refresh is not None:
            self._refresh.source.close()
            self._refresh = None

    def _refresh_imm(self) -> bool:
        """Take the changes, read the links, hand the difference over. False if the kernel cannot be read."""
        if not self._read_changes():
            return False
        overruns = self._listener.overruns + self._listener.truncations
        if overruns != self._overruns_logged:
            self._overruns_logged = overruns
            self._log.event("events-lost", total=overruns)
        difference = self._inventory.take_difference(overruns)
        new = bool(difference.interfaces) or difference.node != self._node or not self._publishing
        if new or not (self._owner.settled or self._owner.busy):
            self._node, self._publishing = difference.node, True
            self._owner.publish(difference, self._in_force.budget)
        return True

    def _read_changes(self) -> bool:
        """Read the changed links into the inventory. False if the kernel cannot be read."""
        try:
            if self._refresh is None:
                self._refresh = self._make_refresh(self._in_force, self._inventory)
            if self._listener.network_changed:
                # The flag is cleared before reading: a change during the read costs one more read, and is
                # never lost.
                self._refresh.mark(self._listener.take())
            uncertain = self._refresh.read() if self._refresh.pending else frozenset()
        except InterruptedDumpError as error:
            # Links come and go faster than they can be listed. This is no defect, and the next round reads
            # again.
            if not self._interrupted:
                self._log.event("read-interrupted", reason=error)
            self._interrupted = True
            return True
        except (NetlinkError, SysfsError) as error:
            self._read_failures += 1
            self._log.event("read-failed", reason=error)
            self._drop_reader()  # its socket may be broken; a new one reads everything
            return False
        self._read_failures = 0
        self._interrupted = False
        if uncertain or self._disagreements:
            self._note_disagreement(uncertain)
        return True

    def _note_disagreement(self, uncertain: frozenset[int]) -> None:
        self._disagreements = self._disagreements + 1 if uncertain else 0
        if self._disagreements == DISAGREEMENTS:
            self._log.event("sources-disagree", ifindexes=",".join(map(str, sorted(uncertain))))

    def _withdraw(self, patience: float) -> None:
        """Withdraw everything from IMM. If IMM does not allow it in time, the next healthcheck tries
        again."""
        if self._published:
            self._drop_reader()
            self._publishing = False
            self._published = not self._owner.withdraw(patience)

    def _look_after_withdrawal(self) -> None:
        """Check whether the last withdrawal left nothing in IMM. If it left something, order another one."""
        if self._owner.withdrawn:
            self._published = False
        elif not self._owner.busy:
            self._owner.withdraw(0.0)


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
