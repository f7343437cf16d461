# SPDX-License-Identifier: Apache-2.0
"""From an error of a component to its recovery (AIS AMF B.04.01 3.11; the escalation is that of amfnd).

`error` works in two steps: `escalate` turns the recommended recovery into the recovery to carry out, and
`RECOVERIES` carries it out. Errors within probation times go up the ladder (`LADDER`): restarts of components
of a unit (level 0), restarts of the unit (1), failovers of units of the node (2), then recovery of the node
itself (3)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Callable, NamedTuple, Optional

from saf_shim.amf.events import ComponentEvent, UnitEvent
from saf_shim.amf.node import callbacks, presence, unit_assignment
from saf_shim.amf.node.local_node import LocalNode
from saf_shim.amf.node.records import LocalComponent, LocalUnit
from saf_shim.amf.states import ERROR_WORDS, RECOVERY_WORDS, ErrorSource, Operational, Presence, Recovery


class Level(IntEnum):
    """How far the escalation of a unit's errors has come."""

    COMPONENT_RESTART = 0
    SU_RESTART = 1
    SU_FAILOVER = 2
    NODE_FAILOVER = 3


class Step(NamedTuple):
    """One level of the ladder, for documents and tests."""

    level: Level
    recovery: str
    limit: str
    probation: str
    after: str


LADDER = (
    Step(
        Level.COMPONENT_RESTART,
        "componentRestart",
        "saAmfSGCompRestartMax",
        "saAmfSGCompRestartProb",
        "probation over: the counts are 0 again",
    ),
    Step(
        Level.SU_RESTART,
        "suRestart",
        "saAmfSGSuRestartMax",
        "saAmfSGSuRestartProb",
        "probation over: level 0; skipped while the SU is being instantiated, restarted or assigned",
    ),
    Step(
        Level.SU_FAILOVER,
        "suFailover (saAmfSUFailover), else componentFailover",
        "saAmfNodeSuFailoverMax",
        "saAmfNodeSuFailOverProb",
        "probation over: every SU of the node at level 2 is back at level 0",
    ),
    Step(Level.NODE_FAILOVER, "nodeFailover", "-", "-", "the node is rebooted (simulated)"),
)


# -- what is found wrong


def error(
    node: LocalNode, component: LocalComponent, source: ErrorSource, recommended: Optional[int] = None
) -> None:
    """Act on an error of `component`. `recommended` is a Recovery; None means the model's recommendation."""
    if recommended is None:
        recommended = node.configuration.recovery_on_error(component.dn)
    if component.termination_invocation:
        callbacks.forget_termination(node, component)
    if component.admin_restart:
        return
    recovery = Recovery(recommended)
    if node.level == Level.NODE_FAILOVER and recovery != Recovery.NODE_FAILFAST:
        if source != ErrorSource.DEATH:
            return
        recovery = Recovery.NODE_FAILOVER
    if component.at_rest:
        return
    unit = component.unit
    if component.presence == Presence.TERMINATING:
        if source != ErrorSource.HEALTHCHECK:
            node.log(f"'{component.dn}' faulted due to '{ERROR_WORDS[source]}' : Recovery is 'cleanup'")
            node.component_event(component, ComponentEvent.CLEANUP)
        return
    component.error_source = source
    recovery = escalate(node, unit, component, recovery)
    node.log(
        f"'{component.dn}' faulted due to '{ERROR_WORDS[source]}' : Recovery is '{RECOVERY_WORDS[recovery]}'"
    )
    if source == ErrorSource.DEATH:
        node.stop_timer("registration", component.dn)
        component.handle = 0
        component.process = 0
    recover(node, unit, component, recovery)


# -- which recovery


def escalate(node: LocalNode, unit: LocalUnit, component: LocalComponent, recovery: Recovery) -> Recovery:
    """Return the recovery to carry out instead of the recommended one, and count it."""
    configuration = node.configuration
    if recovery == Recovery.NO_RECOMMENDATION:
        recovery = configuration.recovery_on_error(component.dn)
    if recovery == Recovery.APPLICATION_RESTART:
        return Recovery.NODE_FAILFAST  # amfnd 5.21 aborts on it, and the node goes down
    # There are no containers. In that case amfnd restarts the SU instead.
    contained = recovery == Recovery.CONTAINER_RESTART
    if recovery in (Recovery.COMPONENT_RESTART, Recovery.CONTAINER_RESTART):
        recovery = Recovery.COMPONENT_RESTART
        if configuration.restart_disabled(component.dn) or component.has_quiesced_assignment:
            recovery = Recovery.COMPONENT_FAILOVER
    if recovery == Recovery.COMPONENT_FAILOVER:
        return _count_failover(node, unit)
    if recovery == Recovery.COMPONENT_RESTART:
        recovery = _climb(node, unit)
        if contained and recovery == Recovery.COMPONENT_RESTART:
            return Recovery.SU_RESTART
    return recovery


def _climb(node: LocalNode, unit: LocalUnit) -> Recovery:
    configuration = node.configuration
    if unit.level == Level.COMPONENT_RESTART and unit.component_restarts == 0:
        unit.level = _first_level(node, unit)
    if unit.level == Level.COMPONENT_RESTART:
        if unit.component_restarts == 0 or unit.component_restarts < configuration.component_restart_max(
            unit.dn
        ):
            if unit.component_restarts == 0:
                node.start_timer("escalation", unit.dn, configuration.component_restart_probation(unit.dn))
            unit.component_restarts += 1
            return Recovery.COMPONENT_RESTART
        node.stop_timer("escalation", unit.dn)
        unit.component_restarts = 0
        reset_component_restarts(node, unit)
        unit.level = _level_above_component_restart(node, unit)
    if unit.level == Level.SU_RESTART:
        return _su_restart(node, unit)
    if unit.level == Level.SU_FAILOVER:
        return _su_failover(node, unit)
    node.level = Level.NODE_FAILOVER
    return Recovery.NODE_FAILOVER


def _first_level(node: LocalNode, unit: LocalUnit) -> Level:
    """Return the lowest level of the ladder. A level whose limit is 0 is left out."""
    if node.configuration.component_restart_max(unit.dn) != 0:
        return Level.COMPONENT_RESTART
    return _level_above_component_restart(node, unit)


def _level_above_component_restart(node: LocalNode, unit: LocalUnit) -> Level:
    configuration = node.configuration
    if configuration.unit_restart_max(unit.dn) != 0 and node.restartable(unit):
        return Level.SU_RESTART
    return _level_above_unit_restart(node)


def _level_above_unit_restart(node: LocalNode) -> Level:
    return Level.SU_FAILOVER if node.configuration.failover_max(node.dn) != 0 else Level.NODE_FAILOVER


def _su_restart(node: LocalNode, unit: LocalUnit) -> Recovery:
    configuration = node.configuration
    recovery = Recovery.SU_RESTART
    if unit.presence in (Presence.INSTANTIATING, Presence.RESTARTING) or unit.assignment_pending:
        recovery = _leave_unit_restart(node, unit)
    elif unit.restarts < configuration.unit_restart_max(unit.dn):
        if unit.restarts == 0:
            node.start_timer("escalation", unit.dn, configuration.unit_restart_probation(unit.dn))
        unit.restarts += 1
    else:
        node.stop_timer("escalation", unit.dn)
        unit.restarts = 0
        reset_component_restarts(node, unit)
        recovery = _leave_unit_restart(node, unit)
    node.report(unit.dn, "saAmfSURestartCount", unit.restarts)
    return recovery


def _leave_unit_restart(node: LocalNode, unit: LocalUnit) -> Recovery:
    if _level_above_unit_restart(node) == Level.SU_FAILOVER:
        unit.level = Level.SU_FAILOVER
        return _su_failover(node, unit)
    node.level = Level.NODE_FAILOVER
    return Recovery.NODE_FAILOVER


def _su_failover(node: LocalNode, unit: LocalUnit) -> Recovery:
    """Return the recovery for a restart that has reached level 2."""
    configuration = node.configuration
    if node.failovers and node.failovers >= configuration.failover_max(node.dn):
        return _fail_node_over(node)
    _count(node)
    return Recovery.SU_FAILOVER if configuration.su_failover(unit.dn) else Recovery.COMPONENT_FAILOVER


def _count_failover(node: LocalNode, unit: LocalUnit) -> Recovery:
    """Return the recovery for a recommended failover."""
    configuration = node.configuration
    if configuration.failover_max(node.dn) == 0 or (
        node.failovers and node.failovers >= configuration.failover_max(node.dn)
    ):
        return _fail_node_over(node)
    unit.level = Level.SU_FAILOVER
    _count(node)
    return Recovery.SU_FAILOVER if configuration.su_failover(unit.dn) else Recovery.COMPONENT_FAILOVER


def _count(node: LocalNode) -> None:
    if node.failovers == 0:
        node.start_timer("failover", "", node.configuration.failover_probation(node.dn))
    node.failovers += 1


def _fail_node_over(node: LocalNode) -> Recovery:
    node.stop_timer("failover", "")
    node.failovers = 0
    node.level = Level.NODE_FAILOVER
    return Recovery.NODE_FAILOVER


def unit_probation_over(node: LocalNode, unit: LocalUnit) -> None:
    if unit.level == Level.COMPONENT_RESTART:
        unit.component_restarts = 0
        reset_component_restarts(node, unit)
    elif unit.level == Level.SU_RESTART:
        unit.restarts = 0
        unit.level = node.level = Level.COMPONENT_RESTART
        reset_component_restarts(node, unit)
        node.report(unit.dn, "saAmfSURestartCount", 0)
    else:
        node.failovers = 0
        unit.level = node.level = Level.COMPONENT_RESTART


def node_probation_over(node: LocalNode) -> None:
    for unit in node.units.values():
        if unit.level == Level.SU_FAILOVER:
            unit.component_restarts = 0
            unit.restarts = 0
            reset_component_restarts(node, unit)
            node.report(unit.dn, "saAmfSURestartCount", 0)
            unit.level = Level.COMPONENT_RESTART
    node.failovers = 0
    node.level = Level.COMPONENT_RESTART


def reset_component_restarts(node: LocalNode, unit: LocalUnit) -> None:
    for component in unit.components:
        if component.restarts:
            component.restarts = 0
            node.report(component.dn, "saAmfCompRestartCount", 0)


# -- carrying it out


def recover(node: LocalNode, unit: LocalUnit, component: LocalComponent, recovery: Recovery) -> None:
    if component.presence == Presence.INSTANTIATING:
        _mark(node, component)
        node.component_event(component, ComponentEvent.INSTANTIATION_FAILED)
        return
    ends_all = recovery in (
        Recovery.NODE_FAILOVER,
        Recovery.NODE_FAILFAST,
        Recovery.NODE_SWITCHOVER,
        Recovery.SU_FAILOVER,
    )
    if unit.presence == Presence.TERMINATING and not ends_all:
        _mark(node, component)
        node.component_event(component, ComponentEvent.CLEANUP)
        return
    RECOVERIES[recovery](node, unit, component)


def _mark(node: LocalNode, component: LocalComponent) -> None:
    component.failed = True
    node.set_operational(component, Operational.DISABLED)


def restart_component(node: LocalNode, component: LocalComponent) -> None:
    """Restart a component, as a recovery or for the administrator."""
    presence.forget(node, component)
    node.component_event(component, ComponentEvent.RESTART)


def _component_restart(node: LocalNode, unit: LocalUnit, component: LocalComponent) -> None:
    component.failed = True
    restart_component(node, component)


def _unit_restart(node: LocalNode, unit: LocalUnit, component: LocalComponent) -> None:
    unit.failed = True
    unit.operational = Operational.DISABLED
    _mark(node, component)
    unit.restart = True
    if node.restartable(unit):
        forget_unit(node, unit)
        unit_assignment.unmark(node, unit)
        node.unit_event(unit, UnitEvent.RESTART)
    else:
        node.component_event(component, ComponentEvent.CLEANUP)


def _component_failover(node: LocalNode, unit: LocalUnit, component: LocalComponent) -> None:
    _mark(node, component)
    unit.failed = True
    unit.failover = True
    unit.operational = Operational.DISABLED
    _end_restart(unit)
    node.component_event(component, ComponentEvent.CLEANUP)


def _unit_failover(node: LocalNode, unit: LocalUnit, component: LocalComponent) -> None:
    component.failed = True
    component.operational = Operational.DISABLED
    unit.failed = True
    unit.operational = Operational.DISABLED
    _end_restart(unit)
    unit.all_sis = False
    unit.failover = True
    for each in list(unit.components):
        node.component_event(each, ComponentEvent.CLEANUP)
        node.set_unit_presence(unit, Presence.TERMINATING)


def _end_restart(unit: LocalUnit) -> None:
    if unit.restart:
        unit.restart = False
        unit.admin_restart = False


def _node_switchover(node: LocalNode, unit: LocalUnit, component: LocalComponent) -> None:
    _mark(node, component)
    unit.failed = True
    node.begin_switchover(unit)
    unit.operational = Operational.DISABLED
    if unit.restart:
        unit.admin_restart = False
    if node.configuration.su_failover(unit.dn):
        unit.all_sis = False
        _end_restart(unit)
        unit.failover = True
        for each in list(unit.components):
            node.component_event(each, ComponentEvent.CLEANUP)
            node.set_unit_presence(unit, Presence.TERMINATING)
    else:
        node.component_event(component, ComponentEvent.CLEANUP)


def _node_failover(node: LocalNode, unit: LocalUnit, component: LocalComponent) -> None:
    node.begin_failover(unit)
    component.failed = True
    component.operational = Operational.DISABLED
    unit.failed = True
    unit.operational = Operational.DISABLED
    _end_restart(unit)
    for each in sorted(node.components.values(), key=lambda c: c.dn):
        presence.forget(node, each)
        node.component_event(each, ComponentEvent.CLEANUP)
        node.set_unit_presence(each.unit, Presence.TERMINATING)


def _node_failfast(node: LocalNode, unit: LocalUnit, component: LocalComponent) -> None:
    """Reboot the node at once."""
    node.reboot(unit, Recovery.NODE_FAILFAST)


def _cluster_reset(node: LocalNode, unit: LocalUnit, component: LocalComponent) -> None:
    """Reboot every node at once."""
    node.reboot(unit, Recovery.CLUSTER_RESET)


RECOVERIES: Mapping[Recovery, Callable[[LocalNode, LocalUnit, LocalComponent], None]] = {
    Recovery.COMPONENT_RESTART: _component_restart,
    Recovery.SU_RESTART: _unit_restart,
    Recovery.COMPONENT_FAILOVER: _component_failover,
    Recovery.SU_FAILOVER: _unit_failover,
    Recovery.NODE_SWITCHOVER: _node_switchover,
    Recovery.NODE_FAILOVER: _node_failover,
    Recovery.NODE_FAILFAST: _node_failfast,
    Recovery.CLUSTER_RESET: _cluster_reset,
}


def forget_unit(node: LocalNode, unit: LocalUnit) -> None:
    """Set the counts of the unit back to 0 unless it failed, and forget what its processes asked for."""
    if not unit.failed:
        unit.level = Level.COMPONENT_RESTART
        unit.component_restarts = 0
        reset_component_restarts(node, unit)
        unit.restarts = 0
        node.report(unit.dn, "saAmfSURestartCount", 0)
    for component in unit.components:
        presence.forget(node, component)
