# SPDX-License-Identifier: Apache-2.0
"""The door to a node director: messages, ends of commands and timers arrive here.

It passes each event to the right module, and carries out the administrator's operations on units and
components. The state is in `LocalNode`. A node director sends messages to the cluster director, and effects
to the outside."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Callable, Optional

from saf_shim.amf.configuration import Configuration
from saf_shim.amf.effects import KillCommand
from saf_shim.amf.events import UnitEvent
from saf_shim.amf.messages import (
    AssignmentRequest,
    ComponentOperation,
    ComponentTrigger,
    InstantiateUnit,
    NodeOperation,
    TerminateUnit,
    ToNode,
    UnitOperation,
)
from saf_shim.amf.node import (
    escalation,
    presence,
    supervision,
    unit_assignment,
    units,
)
from saf_shim.amf.node.local_node import LocalNode, Receivers
from saf_shim.amf.node.records import LocalComponent, LocalUnit
from saf_shim.amf.outbox import Outbox
from saf_shim.amf.states import ErrorSource, Operation, Operational, Presence

RECEIVERS = Receivers(presence.handle_event, units.handle_event, unit_assignment.done)


def new_node(dn: str, name: str, configuration: Configuration, outbox: Outbox) -> LocalNode:
    """Return the state of a node director that is ready to receive."""
    return LocalNode(dn, name, configuration, outbox, RECEIVERS)


def receive(node: LocalNode, message: ToNode) -> None:
    """Serve a message from the cluster director or from this node director to itself."""
    if isinstance(message, AssignmentRequest):
        unit_assignment.receive(node, message)
    elif isinstance(message, InstantiateUnit):
        _instantiate_unit(node, message.unit)
    elif isinstance(message, TerminateUnit):
        _terminate_unit(node, message.unit)
    elif isinstance(message, UnitOperation):
        _operate_unit(node, message)
    elif isinstance(message, ComponentOperation):
        _operate_component(node, message)
    elif isinstance(message, NodeOperation):
        _repair_node(node)
    else:
        _triggered(node, message)


def command_ended(node: LocalNode, ticket: int, status: Optional[int]) -> None:
    """Handle the end of a command of this node. `status` is None if it was killed or could not be started."""
    name, command = node.commands.pop(ticket)
    component = node.components.get(name)
    if component is not None and component.ticket == ticket:  # otherwise a later command has replaced it
        presence.command_ended(node, component, command, status)


def timer_fired(node: LocalNode, kind: str, what: Hashable) -> None:
    _TIMERS[kind](node, what)


# -- what the node has


def add_unit(node: LocalNode, dn: str) -> LocalUnit:
    """Add a unit and its components to the records. Their healthcheck objects are read only here."""
    unit = node.units.get(dn)
    if unit is None:
        unit = node.units[dn] = LocalUnit(dn)
    for name in node.configuration.components_of(dn):
        if name not in node.components:
            component = LocalComponent(name, unit, node.configuration.instantiation_level(name))
            component.instances = node.configuration.healthcheck_instances(name)
            node.components[name] = component
            unit.insert_component(component)
    return unit


def remove_unit(node: LocalNode, dn: str) -> None:
    unit = node.units.pop(dn, None)
    if unit is not None:
        for component in list(unit.components):
            remove_component(node, component.dn)
        node.stop_timer("escalation", dn)


def remove_component(node: LocalNode, dn: str) -> None:
    component = node.components.pop(dn, None)
    if component is not None:
        node.stop_timer("registration", dn)
        node.stop_timer("quiescing", dn)
        presence.forget_calls(node, component)
        component.unit.components.remove(component)


def go_down(node: LocalNode) -> None:
    """End everything on the node: kill commands, clean up what may run, forget all units."""
    for ticket in node.commands:
        node.outbox.emit(KillCommand(ticket))
    node.commands.clear()
    for unit in node.units.values():
        for component in unit.components:
            if not component.at_rest:
                component.command = None
                component.error_source = ErrorSource.NONE
                node.run_command(component, "cleanup")
    node.last_commands = set(node.commands)
    node.commands.clear()
    for dn in list(node.units):
        remove_unit(node, dn)
    node.stop_timer("failover", "")


# -- operations of the administrator


def _instantiate_unit(node: LocalNode, dn: str) -> None:
    unit = add_unit(node, dn)
    unit.terminated_by_admin = False
    for component in unit.components:
        node.report(component.dn, "saAmfCompOperState", component.operational)
    node.unit_event(unit, UnitEvent.INSTANTIATE)


def _terminate_unit(node: LocalNode, dn: str) -> None:
    unit = node.units.get(dn)
    if unit is None:
        return
    if unit.level in (escalation.Level.COMPONENT_RESTART, escalation.Level.SU_RESTART):
        node.stop_timer("escalation", unit.dn)
    unit.terminated_by_admin = True
    escalation.forget_unit(node, unit)
    unit.restart = unit.admin_restart = False
    for component in unit.components:
        component.admin_restart = False
    node.unit_event(unit, UnitEvent.TERMINATE)


def _operate_unit(node: LocalNode, message: UnitOperation) -> None:
    unit = node.units.get(message.unit)
    if unit is None:
        return
    if message.operation == Operation.REPAIRED:
        _reset(node, unit)
    elif message.operation == Operation.RESTART:
        unit.admin_restart = True
        unit.restart = True
        if not node.has_unrestartable_assignment(unit):
            escalation.forget_unit(node, unit)
            unit_assignment.unmark(node, unit)
        node.unit_event(unit, UnitEvent.RESTART)


def _reset(node: LocalNode, unit: LocalUnit) -> None:
    """Mark everything of the unit as repaired. Nothing is started."""
    unit.restart = unit.admin_restart = False
    for component in unit.components:
        component.admin_restart = False
        component.handle = 0
        component.process = 0
        component.failed = False
        component.command_succeeded = False
        component.all_csis = False
        component.termination_failed = False
        node.set_presence(component, Presence.UNINSTANTIATED)
        node.set_operational(component, Operational.ENABLED)
    unit.admin_restart = False
    unit.reset()
    unit.operational = Operational.ENABLED
    node.report(unit.dn, "saAmfSUOperState", unit.operational)
    node.set_unit_presence(unit, Presence.UNINSTANTIATED)
    node.report_unit(unit)


def _operate_component(node: LocalNode, message: ComponentOperation) -> None:
    component = node.components.get(message.component)
    if component is not None and component.presence == Presence.INSTANTIATED:
        component.admin_restart = True
        escalation.restart_component(node, component)


def _repair_node(node: LocalNode) -> None:
    """Repair the node: every failed unit starts from the beginning."""
    node.start()
    for unit in sorted(node.units.values(), key=lambda u: u.dn):
        unit.component_restarts = 0
        unit.restarts = 0
        unit.level = 0
        if unit.operational == Operational.ENABLED:
            node.report_unit(unit)
        else:
            _reset(node, unit)


def _triggered(node: LocalNode, message: ComponentTrigger) -> None:
    component = node.components.get(message.component)
    if component is None:
        return
    unit = component.unit
    whole = unit.uninstantiated
    node.component_event(component, message.event)
    if whole and component.presence == Presence.INSTANTIATING:
        node.set_unit_presence(unit, Presence.INSTANTIATING)


# -- timers


def _callback_expired(node: LocalNode, what: Hashable) -> None:
    assert isinstance(what, tuple)
    component = node.components.get(what[0])
    if component is not None:
        supervision.callback_expired(node, component, what[1])


def _registration_expired(node: LocalNode, what: Hashable) -> None:
    component = node.components.get(str(what))
    if component is not None:
        presence.registration_expired(node, component)


def _quiescing_expired(node: LocalNode, what: Hashable) -> None:
    component = node.components.get(str(what))
    if component is not None:
        escalation.error(node, component, ErrorSource.QUIESCING_TIMEOUT)


def _period_over(node: LocalNode, what: Hashable) -> None:
    for component in node.components.values():
        for check in list(component.healthchecks.values()):
            if check.identity == what:
                supervision.period_over(node, check)
                return


def _unit_probation_over(node: LocalNode, what: Hashable) -> None:
    unit = node.units.get(str(what))
    if unit is not None:
        escalation.unit_probation_over(node, unit)


def _node_probation_over(node: LocalNode, what: Hashable) -> None:
    escalation.node_probation_over(node)


_TIMERS: Mapping[str, Callable[[LocalNode, Hashable], None]] = {
    "callback": _callback_expired,
    "registration": _registration_expired,
    "quiescing": _quiescing_expired,
    "healthcheck": _period_over,
    "escalation": _unit_probation_over,
    "failover": _node_probation_over,
}
