# SPDX-License-Identifier: Apache-2.0
"""A node director: what amfnd does on one node. Its state, and the seams between the modules that make it up.

`presence` and `units` are its state machines, `unit_assignment` and `component_assignment` its assignments,
`callbacks` and `healthcheck` its talk with components, `escalation` its answer to errors, `registration`
its processes. They call each other through the methods here. It talks to the cluster director in messages
and to the world in effects."""

from __future__ import annotations

from collections.abc import Hashable
from enum import Enum
from typing import Optional, Protocol

from saf_shim.amf.configuration import CommandLine, Configuration
from saf_shim.amf.effects import Effect, KillCommand, Log, RunCommand, StartTimer, StopTimer
from saf_shim.amf.events import ComponentEvent, UnitEvent
from saf_shim.amf.messages import (
    AssignmentRequest,
    ComponentOperation,
    ComponentTrigger,
    InstantiateUnit,
    NodeOperation,
    OperationalReport,
    RebootRequest,
    Report,
    TerminateUnit,
    ToCluster,
    ToNode,
    UnitOperation,
)
from saf_shim.amf.node import (
    callbacks,
    component_assignment,
    escalation,
    healthcheck,
    monitoring,
    presence,
    registration,
    unit_assignment,
    units,
)
from saf_shim.amf.node.records import Callback, Healthcheck, LocalComponent, LocalCsi, LocalSi, LocalUnit
from saf_shim.amf.states import SECOND, Act, ErrorSource, Operation, Operational, Presence, Recovery
from saf_shim.codes import Code

PROBATION_GRACE = 6 * SECOND // 10
"""Probations last longer by this: the simulator's tools start some 30 ms slower each than C programs, and a
script that looks at counts right after a failure shall see what it sees on a node."""

_PROBATIONS = ("escalation", "failover")


class Phase(Enum):
    """What the node as a whole is going through."""

    UP = "up"
    SWITCHING_OVER = "switching over"  # its assignments are being moved away in order
    FAILING_OVER = "failing over"  # every component is being cleaned up
    FAILED_OVER = "failed over"  # every component is gone


class Post(Protocol):
    """The way out: effects, and messages to be delivered in order."""

    def emit(self, effect: Effect) -> None: ...

    def to_cluster(self, message: ToCluster) -> None: ...

    def to_node(self, node: str, message: ToNode) -> None: ...

    def ticket(self) -> int: ...


class NodeDirector:
    """amfnd of the AMF node `dn` (RDN value `name`)."""

    def __init__(self, dn: str, name: str, configuration: Configuration, post: Post) -> None:
        self.dn = dn
        self.name = name
        self.configuration = configuration
        self.post = post
        self.units: dict[str, LocalUnit] = {}
        self.components: dict[str, LocalComponent] = {}
        self.last_invocation = 0
        self.last_healthcheck = 0
        self.commands: dict[int, tuple[str, str]] = {}  # ticket: component, command
        self.last_commands: set[int] = set()  # tickets of the cleanup of a node that goes down
        self.start()

    def start(self) -> None:
        """As after a start of the node."""
        self.operational = Operational.ENABLED
        self.phase = Phase.UP
        self.level = 0
        self.failovers = 0
        self.failed_unit: Optional[LocalUnit] = None

    # -- records

    def add_unit(self, dn: str) -> LocalUnit:
        """Know the unit and its components (their healthcheck objects are read now, and not again)."""
        unit = self.units.get(dn)
        if unit is None:
            unit = self.units[dn] = LocalUnit(dn)
        for name in self.configuration.components_of(dn):
            if name not in self.components:
                component = LocalComponent(name, unit, self.configuration.instantiation_level(name))
                component.instances = self.configuration.healthcheck_instances(name)
                self.components[name] = component
                unit.insert_component(component)
        return unit

    def remove_unit(self, dn: str) -> None:
        unit = self.units.pop(dn, None)
        if unit is not None:
            for component in list(unit.components):
                self.remove_component_record(component.dn)
            self.stop_timer("escalation", dn)

    def remove_component_record(self, dn: str) -> None:
        component = self.components.pop(dn, None)
        if component is not None:
            self.stop_timer("registration", dn)
            self.stop_timer("quiescing", dn)
            healthcheck.delete_all(self, component)
            monitoring.forget(self, component)
            callbacks.drop_all(self, component)
            component.unit.components.remove(component)

    # -- the way out

    def emit(self, effect: Effect) -> None:
        self.post.emit(effect)

    def send(self, message: ToCluster) -> None:
        self.post.to_cluster(message)

    def log(self, text: str) -> None:
        self.emit(Log(f"amfnd[{self.name}] {text}"))

    def start_timer(self, kind: str, what: Hashable, delay: int) -> None:
        if kind in _PROBATIONS:
            delay += PROBATION_GRACE
        self.emit(StartTimer((self.name, kind, what), delay))

    def stop_timer(self, kind: str, what: Hashable) -> None:
        self.emit(StopTimer((self.name, kind, what)))

    def report(self, dn: str, attribute: str, value: int) -> None:
        self.send(Report(dn, attribute, int(value)))

    def report_unit(self, unit: LocalUnit, recovery: Optional[Recovery] = None) -> None:
        """The unit's operational state, and what the cluster director has to recover."""
        self.send(OperationalReport(self.name, unit.dn, unit.operational, self.operational, recovery))

    def hand_over_restart(self, unit: LocalUnit) -> None:
        """A restart that the cluster director has to do, since assignments must be removed before."""
        self.send(
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
        ticket = self.post.ticket()
        self.commands[ticket] = (component.dn, command)
        component.ticket = ticket
        self.emit(RunCommand(ticket, self.name, line.argv, environment, timeout))

    def trigger(self, component: LocalComponent, event: ComponentEvent) -> None:
        """Let the event happen to the component when the present one is dealt with."""
        self.post.to_node(self.name, ComponentTrigger(component.dn, event))

    # -- events from outside

    def receive(self, message: ToNode) -> None:
        """A message of the cluster director, or of this one to itself."""
        if isinstance(message, AssignmentRequest):
            unit_assignment.receive(self, message)
        elif isinstance(message, InstantiateUnit):
            self._instantiate(message.unit)
        elif isinstance(message, TerminateUnit):
            self._terminate(message.unit)
        elif isinstance(message, UnitOperation):
            self._operate_unit(message)
        elif isinstance(message, ComponentOperation):
            self._operate_component(message)
        elif isinstance(message, NodeOperation):
            self._repair()
        else:
            self._triggered(message)

    def command_ended(self, ticket: int, status: Optional[int]) -> None:
        name, command = self.commands.pop(ticket)
        component = self.components.get(name)
        if component is not None and component.ticket == ticket:  # else a later command has overtaken it
            presence.command_ended(self, component, command, status)

    def timer_fired(self, kind: str, what: Hashable) -> None:
        _TIMERS[kind](self, what)

    # -- seams

    def component_event(self, component: LocalComponent, event: ComponentEvent) -> None:
        if self.phase == Phase.FAILING_OVER and not self._failing_over_takes(component, event):
            return
        presence.handle_event(self, component, event)

    def unit_event(
        self, unit: LocalUnit, event: UnitEvent, component: Optional[LocalComponent] = None
    ) -> None:
        units.handle_event(self, unit, event, component)

    def error(
        self, component: LocalComponent, source: ErrorSource, recommended: Optional[int] = None
    ) -> None:
        """`recommended` None: what the model says for errors of this component."""
        if recommended is None:
            recommended = self.configuration.recovery_on_error(component.dn)
        escalation.error(self, component, source, recommended)

    def forget(self, component: LocalComponent) -> None:
        presence.forget(self, component)

    def send_callback(self, component: LocalComponent, kind: str, csi: Optional[LocalCsi] = None) -> None:
        callbacks.send(self, component, kind, csi)

    def drop_callback(self, component: LocalComponent, callback: Callback) -> None:
        callbacks.drop(self, component, callback)

    def drop_callbacks(self, component: LocalComponent) -> None:
        callbacks.drop_all(self, component)

    def drop_csi_callbacks(self, component: LocalComponent, csi: str) -> None:
        callbacks.drop_csi(self, component, csi)

    def run_healthcheck(self, check: Healthcheck) -> None:
        healthcheck.run(self, check)

    def drop_healthchecks(self, component: LocalComponent) -> None:
        healthcheck.delete_all(self, component)
        monitoring.forget(self, component)

    def assign_component(self, component: LocalComponent, csi: Optional[LocalCsi]) -> None:
        component_assignment.assign(self, component, csi)

    def remove_component(self, component: LocalComponent, csi: Optional[LocalCsi]) -> None:
        component_assignment.remove(self, component, csi)

    def component_assigned(self, component: LocalComponent, csi: Optional[LocalCsi]) -> None:
        component_assignment.assigned(self, component, csi)

    def component_removed(self, component: LocalComponent, csi: Optional[LocalCsi]) -> None:
        component_assignment.removed(self, component, csi)

    def assign_again(self, component: LocalComponent) -> None:
        component_assignment.assign_again(self, component)

    def complete_callbacks(self, component: LocalComponent) -> None:
        component_assignment.complete_callbacks(self, component)

    def complete_assignments(self, component: LocalComponent) -> None:
        component_assignment.complete_assignments(self, component)

    def assignment_done(self, unit: LocalUnit, si: Optional[LocalSi]) -> None:
        unit_assignment.done(self, unit, si)

    def assign_unit_again(self, unit: LocalUnit) -> None:
        unit_assignment.assign_again(self, unit)

    def delete_assignments(self, unit: LocalUnit) -> None:
        unit_assignment.delete_all(unit)

    def take_next(self, unit: LocalUnit) -> None:
        unit_assignment.take_next(self, unit)

    # -- questions

    def restartable(self, unit: LocalUnit) -> bool:
        """No component of the unit disables restart."""
        return not any(self.configuration.restart_disabled(c.dn) for c in unit.components)

    def has_unrestartable_assignment(self, unit: LocalUnit) -> bool:
        return any(c.csis and self.configuration.restart_disabled(c.dn) for c in unit.components)

    def _fails_as_a_whole(self, unit: LocalUnit) -> bool:
        return unit.failed and unit.failover and not unit.restart and self.configuration.su_failover(unit.dn)

    def failing_over(self, unit: LocalUnit) -> bool:
        """An SU failover is under way."""
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
        """The unit is lost as a whole: its assignments will go without a word to its components."""
        return self.failing_over(unit) or (self._fails_as_a_whole(unit) and self.switching_over)

    # -- operations of the administrator

    def _instantiate(self, dn: str) -> None:
        unit = self.add_unit(dn)
        unit.terminated_by_admin = False
        for component in unit.components:
            self.report(component.dn, "saAmfCompOperState", component.operational)
        self.unit_event(unit, UnitEvent.INSTANTIATE)

    def _terminate(self, dn: str) -> None:
        unit = self.units.get(dn)
        if unit is None:
            return
        if unit.level in (escalation.Level.COMPONENT_RESTART, escalation.Level.SU_RESTART):
            self.stop_timer("escalation", unit.dn)
        unit.terminated_by_admin = True
        escalation.forget_unit(self, unit)
        unit.restart = unit.admin_restart = False
        for component in unit.components:
            component.admin_restart = False
        self.unit_event(unit, UnitEvent.TERMINATE)

    def _operate_unit(self, message: UnitOperation) -> None:
        unit = self.units.get(message.unit)
        if unit is None:
            return
        if message.operation == Operation.REPAIRED:
            self._reset(unit)
        elif message.operation == Operation.RESTART:
            unit.admin_restart = True
            unit.restart = True
            if not self.has_unrestartable_assignment(unit):
                escalation.forget_unit(self, unit)
                unit_assignment.unmark(self, unit)
            self.unit_event(unit, UnitEvent.RESTART)

    def _reset(self, unit: LocalUnit) -> None:
        """Everything about it counts as repaired; nothing is started."""
        unit.restart = unit.admin_restart = False
        for component in unit.components:
            component.admin_restart = False
            component.handle = 0
            component.process = 0
            component.failed = False
            component.command_succeeded = False
            component.all_csis = False
            component.termination_failed = False
            self.set_presence(component, Presence.UNINSTANTIATED)
            self.set_operational(component, Operational.ENABLED)
        unit.admin_restart = False
        unit.reset()
        unit.operational = Operational.ENABLED
        self.report(unit.dn, "saAmfSUOperState", unit.operational)
        self.set_unit_presence(unit, Presence.UNINSTANTIATED)
        self.report_unit(unit)

    def _operate_component(self, message: ComponentOperation) -> None:
        component = self.components.get(message.component)
        if component is not None and component.presence == Presence.INSTANTIATED:
            component.admin_restart = True
            escalation.restart_component(self, component)

    def _repair(self) -> None:
        """The node is repaired: every unit that failed begins afresh."""
        self.start()
        for unit in sorted(self.units.values(), key=lambda u: u.dn):
            unit.component_restarts = 0
            unit.restarts = 0
            unit.level = 0
            if unit.operational == Operational.ENABLED:
                self.report_unit(unit)
            else:
                self._reset(unit)

    def _triggered(self, message: ComponentTrigger) -> None:
        component = self.components.get(message.component)
        if component is None:
            return
        unit = component.unit
        whole = unit.uninstantiated
        self.component_event(component, message.event)
        if whole and component.presence == Presence.INSTANTIATING:
            self.set_unit_presence(unit, Presence.INSTANTIATING)

    # -- recovery of the node as a whole

    def begin_switchover(self, unit: LocalUnit) -> None:
        self.phase = Phase.SWITCHING_OVER
        self.failed_unit = unit
        self.operational = Operational.DISABLED

    def continue_switchover(self, unit: LocalUnit) -> None:
        """The failed component is cleaned up: now the assignments of the node can be moved away in order."""
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

    def _failing_over_takes(self, component: LocalComponent, event: ComponentEvent) -> bool:
        """While the node fails over every component is only cleaned up."""
        if event == ComponentEvent.CLEANUP:
            return True
        if event == ComponentEvent.CLEANUP_FAILED:
            self.reboot(component.unit, Recovery.NODE_FAILOVER)
        elif event == ComponentEvent.CLEANED_UP:
            self.set_presence(component, Presence.UNINSTANTIATED)
            if all(c.at_rest for c in self.components.values()) and self.failed_unit is not None:
                self.phase = Phase.FAILED_OVER
                self.report_unit(self.failed_unit, Recovery.NODE_FAILOVER)
                for unit in self.units.values():
                    self.delete_assignments(unit)
        return False

    def reboot(self, unit: LocalUnit, recovery: Recovery) -> None:
        """The node shall go down at once and come back."""
        self.operational = Operational.DISABLED
        self.send(RebootRequest(self.name, recovery))

    def go_down(self) -> None:
        """Everything here ends: commands are killed, what may run is cleaned up, nothing stays known."""
        for ticket in self.commands:
            self.emit(KillCommand(ticket))
        self.commands.clear()
        for unit in self.units.values():
            for component in unit.components:
                if not component.at_rest:
                    component.command = None
                    component.error_source = ErrorSource.NONE
                    self.run_command(component, "cleanup")
        self.last_commands = set(self.commands)
        self.commands.clear()
        for dn in list(self.units):
            self.remove_unit(dn)
        self.stop_timer("failover", "")

    # -- API calls (the library's checks are made before)

    def register(self, name: str, proxy: str, handle: int, process: int) -> Code:
        return registration.register(self, name, proxy, handle, process)


def _callback_expired(node: NodeDirector, what: Hashable) -> None:
    assert isinstance(what, tuple)
    component = node.components.get(what[0])
    if component is not None:
        callbacks.expired(node, component, what[1])


def _registration_expired(node: NodeDirector, what: Hashable) -> None:
    component = node.components.get(str(what))
    if component is not None:
        presence.registration_expired(node, component)


def _quiescing_expired(node: NodeDirector, what: Hashable) -> None:
    component = node.components.get(str(what))
    if component is not None:
        node.error(component, ErrorSource.QUIESCING_TIMEOUT)


def _period_over(node: NodeDirector, what: Hashable) -> None:
    for component in node.components.values():
        for check in list(component.healthchecks.values()):
            if check.identity == what:
                healthcheck.period_over(node, check)
                return


def _unit_probation_over(node: NodeDirector, what: Hashable) -> None:
    unit = node.units.get(str(what))
    if unit is not None:
        escalation.unit_probation_over(node, unit)


def _node_probation_over(node: NodeDirector, what: Hashable) -> None:
    escalation.node_probation_over(node)


_TIMERS = {
    "callback": _callback_expired,
    "registration": _registration_expired,
    "quiescing": _quiescing_expired,
    "healthcheck": _period_over,
    "escalation": _unit_probation_over,
    "failover": _node_probation_over,
}

__all__ = ["Act", "NodeDirector", "Phase", "Post"]
