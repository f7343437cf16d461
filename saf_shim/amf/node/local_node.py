# SPDX-License-Identifier: Apache-2.0
"""A node director's state: the units of its node, the phase of the whole node, and its outbox.

The modules of this room are functions over this state. A module calls the modules below it directly. Three
events must go upward, and they go through the node: `LocalNode.component_event`, `LocalNode.unit_event` and
`LocalNode.assignment_done`. The director says at the start which functions receive them (`Receivers`)."""

from __future__ import annotations

from collections.abc import Hashable
from enum import Enum
from typing import Callable, NamedTuple, Optional

from saf_shim.amf.configuration import CommandLine, Configuration
from saf_shim.amf.effects import Log, RunCommand, StartTimer, StopTimer
from saf_shim.amf.events import ComponentEvent, UnitEvent
from saf_shim.amf.messages import ComponentTrigger, OperationalReport, RebootRequest, Report
from saf_shim.amf.node.records import LocalComponent, LocalSi, LocalUnit, delete_assignments
from saf_shim.amf.outbox import Outbox
from saf_shim.amf.states import Operational, Presence, Recovery

_PROBATIONS = ("escalation", "failover")
"""Timers of periods that scripts observe from outside, between failures and the reading of counts."""


class Phase(Enum):
    """The phase of the node as a whole."""

    UP = "up"
    SWITCHING_OVER = "switching over"  # its assignments are being moved away in order
    FAILING_OVER = "failing over"  # every component is being cleaned up
    FAILED_OVER = "failed over"  # every component is gone


class Receivers(NamedTuple):
    """The functions that receive the upward events. Each has the name of its event."""

    component_event: Callable[[LocalNode, LocalComponent, ComponentEvent], None]
    unit_event: Callable[[LocalNode, LocalUnit, UnitEvent, Optional[LocalComponent]], None]
    assignment_done: Callable[[LocalNode, LocalUnit, Optional[LocalSi]], None]


class LocalNode:
    """What amfnd keeps about the AMF node `dn`, whose RDN value is `name`."""

    def __init__(
        self, dn: str, name: str, configuration: Configuration, outbox: Outbox, receivers: Receivers
    ) -> None:
        self.dn = dn
        self.name = name
        self.configuration = configuration
        self.outbox = outbox
        self._receivers = receivers
        self.units: dict[str, LocalUnit] = {}
        self.components: dict[str, LocalComponent] = {}
        self.last_invocation = 0
        self.last_healthcheck = 0
        self.commands: dict[int, tuple[str, str]] = {}  # by ticket: component and command
        self.last_commands: set[int] = set()  # tickets of the cleanup commands of a node that goes down
        self.start()

    def start(self) -> None:
        """Set the state of a node that has just started."""
        self.operational = Operational.ENABLED
        self.phase = Phase.UP
        self.level = 0
        self.failovers = 0
        self.failed_unit: Optional[LocalUnit] = None

    # -- events that go upward

    def component_event(self, component: LocalComponent, event: ComponentEvent) -> None:
        """Let the event happen to the component's presence now. `trigger` does it after the present event."""
        self._receivers.component_event(self, component, event)

    def unit_event(
        self, unit: LocalUnit, event: UnitEvent, component: Optional[LocalComponent] = None
    ) -> None:
        """Let the event happen to the unit's presence now. `component` is the component that caused it."""
        self._receivers.unit_event(self, unit, event, component)

    def assignment_done(self, unit: LocalUnit, si: Optional[LocalSi]) -> None:
        """Note that a component has finished its part of an operation on `si` (None: on all SIs of the
        unit)."""
        self._receivers.assignment_done(self, unit, si)

    # -- the way out

    def log(self, text: str) -> None:
        self.outbox.emit(Log(f"amfnd[{self.name}] {text}"))

    def start_timer(self, kind: str, what: Hashable, delay: int) -> None:
        self.outbox.emit(StartTimer((self.name, kind, what), delay, kind in _PROBATIONS))

    def stop_timer(self, kind: str, what: Hashable) -> None:
        self.outbox.emit(StopTimer((self.name, kind, what)))

    def report(self, dn: str, attribute: str, value: int) -> None:
        self.outbox.to_cluster(Report(dn, attribute, int(value)))

    def report_unit(self, unit: LocalUnit, recovery: Optional[Recovery] = None) -> None:
        """Report the unit's operational state, and what the cluster director must recover."""
        self.outbox.to_cluster(
            OperationalReport(self.name, unit.dn, unit.operational, self.operational, recovery)
        )

    def hand_over_restart(self, unit: LocalUnit) -> None:
        """Give a restart to the cluster director, because assignments must be removed before it."""
        self.outbox.to_cluster(
            OperationalReport(self.name, unit.dn, Operational.ENABLED, self.operational, Recovery.SU_RESTART)
        )
        unit.operational = Operational.DISABLED

    def set_presence(self, component: LocalComponent, state: Presence) -> None:
        component.presence = state
        self.report(component.dn, "saAmfCompPresenceState", state)

    def set_operational(self, component: LocalComponent, state: Operational) -> None:
        component.operational = state
        self.report(component.dn, "saAmfCompOperState", state)

    def set_unit_presence(self, unit: LocalUnit, state: Presence) -> None:
        unit.presence = state
        self.report(unit.dn, "saAmfSUPresenceState", state)

    def run_command(self, component: LocalComponent, command: str) -> None:
        """Run the instantiate or cleanup command, unless the same one is under way."""
        if component.command == command:
            return
        component.command = command
        line: CommandLine = self.configuration.command(component.dn, self.dn, command)
        environment = dict(line.environment)
        environment["SA_AMF_COMPONENT_NAME"] = component.dn
        timeout = self.configuration.instantiate_timeout(component.dn)
        if command == "cleanup":
            environment["OSAF_COMPONENT_ERROR_SOURCE"] = str(int(component.error_source))
            timeout = self.configuration.cleanup_timeout(component.dn)
        ticket = self.outbox.ticket()
        self.commands[ticket] = (component.dn, command)
        component.ticket = ticket
        self.outbox.emit(RunCommand(ticket, self.name, line.argv, environment, timeout))

    def trigger(self, component: LocalComponent, event: ComponentEvent) -> None:
        """Let the event happen to the component after the present event."""
        self.outbox.to_node(self.name, ComponentTrigger(component.dn, event))

    # -- questions

    def restartable(self, unit: LocalUnit) -> bool:
        """Tell whether no component of the unit disables restart."""
        return not any(self.configuration.restart_disabled(c.dn) for c in unit.components)

    def has_unrestartable_assignment(self, unit: LocalUnit) -> bool:
        return any(c.csis and self.configuration.restart_disabled(c.dn) for c in unit.components)

    def _fails_as_a_whole(self, unit: LocalUnit) -> bool:
        return unit.failed and unit.failover and not unit.restart and self.configuration.su_failover(unit.dn)

    def failing_over(self, unit: LocalUnit) -> bool:
        """Tell whether an SU failover of the unit is under way."""
        return self._fails_as_a_whole(unit) and self.operational != Operational.DISABLED

    @property
    def switching_over(self) -> bool:
        return self.phase == Phase.SWITCHING_OVER

    @property
    def ending(self) -> bool:
        return self.phase == Phase.FAILING_OVER

    @property
    def ended(self) -> bool:
        return self.phase == Phase.FAILED_OVER

    def leaving(self, unit: LocalUnit) -> bool:
        """Tell whether the whole unit is lost. Its assignments then end without a callback to its
        components."""
        return self.failing_over(unit) or (self._fails_as_a_whole(unit) and self.switching_over)

    # -- recoveries of the node as a whole

    def begin_switchover(self, unit: LocalUnit) -> None:
        self.phase = Phase.SWITCHING_OVER
        self.failed_unit = unit
        self.operational = Operational.DISABLED

    def continue_switchover(self, unit: LocalUnit) -> None:
        """Let the assignments of the node be moved away in order, when the failed component is cleaned up."""
        failed = self.failed_unit
        if self.phase != Phase.SWITCHING_OVER or failed is None or self.configuration.su_failover(unit.dn):
            return
        pending = (
            Presence.INSTANTIATING,
            Presence.TERMINATING,
            Presence.RESTARTING,
            Presence.TERMINATION_FAILED,
        )
        if any(c.presence in pending for c in failed.components):
            return
        if not self.configuration.su_failover(failed.dn):
            self.report_unit(failed, Recovery.NODE_SWITCHOVER)
            self.failed_unit = None

    def begin_failover(self, unit: LocalUnit) -> None:
        self.phase = Phase.FAILING_OVER
        self.failed_unit = unit
        self.operational = Operational.DISABLED

    def holds_back(self, component: LocalComponent, event: ComponentEvent) -> bool:
        """Handle events while the node fails over: components are cleaned up and do nothing else.

        True if the event has been handled here and the component's own table must not see it."""
        if self.phase != Phase.FAILING_OVER or event == ComponentEvent.CLEANUP:
            return False
        if event == ComponentEvent.CLEANUP_FAILED:
            self.reboot(component.unit, Recovery.NODE_FAILOVER)
        elif event == ComponentEvent.CLEANED_UP:
            self.set_presence(component, Presence.UNINSTANTIATED)
            if all(c.at_rest for c in self.components.values()) and self.failed_unit is not None:
                self.phase = Phase.FAILED_OVER
                self.report_unit(self.failed_unit, Recovery.NODE_FAILOVER)
                for unit in self.units.values():
                    delete_assignments(unit)
        return True

    def reboot(self, unit: LocalUnit, recovery: Recovery) -> None:
        """Ask that the node goes down at once and comes back."""
        self.operational = Operational.DISABLED
        self.outbox.to_cluster(RebootRequest(self.name, recovery))
