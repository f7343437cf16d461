# SPDX-License-Identifier: Apache-2.0
"""What the nodes report: values of attributes, operational states, answers to assignment requests.

Other units take over the assignments of a failed unit, as its redundancy model says. Afterwards the unit is
repaired by AMF itself (saAmfSGAutoRepair, after an SU failover) or by the administrator."""

from __future__ import annotations

from typing import Optional

from saf_shim.amf.cluster import csi_changes, node_failures, pending, unit_failover
from saf_shim.amf.cluster.group_events import group_event
from saf_shim.amf.cluster.simulated import SimulatedCluster
from saf_shim.amf.entities import assignments, counting
from saf_shim.amf.entities.records import Assignment, Component, Unit
from saf_shim.amf.messages import AssignmentReport, OperationalReport, Report
from saf_shim.amf.redundancy.groups import Cause, GroupEvent
from saf_shim.amf.states import (
    AT_REST,
    Act,
    GroupState,
    Ha,
    Operation,
    Operational,
    Presence,
    Readiness,
    Recovery,
    Susi,
)
from saf_shim.codes import Code


def attribute_reported(cluster: SimulatedCluster, message: Report) -> None:
    """A node director reports a new value of a runtime attribute."""
    component = cluster.components.get(message.dn)
    if component is not None:
        _component_reported(cluster, component, message)
        return
    unit = cluster.units.get(message.dn)
    if unit is None:
        return
    if message.attribute == "saAmfSUOperState":
        cluster.set_operational(unit, Operational(message.value))
    elif message.attribute == "saAmfSURestartCount":
        unit.restarts = message.value
    elif message.attribute == "saAmfSUPresenceState":
        _presence_reported(cluster, unit, Presence(message.value))


def _component_reported(cluster: SimulatedCluster, component: Component, message: Report) -> None:
    if message.attribute == "saAmfCompRestartCount":
        component.restarts = message.value
    elif message.attribute == "saAmfCompOperState":
        cluster.set_component_operational(component, Operational(message.value))
        cluster.set_component_readiness(component)
    else:
        presence = Presence(message.value)
        pending.component_presence_changed(cluster, component, presence)
        cluster.set_component_presence(component, presence)
        unit = component.unit
        waiting = unit.pending
        if (
            waiting is not None
            and waiting.operation == Operation.RESTART
            and presence == unit.presence == Presence.INSTANTIATED
            and pending.all_in(unit, Presence.INSTANTIATED)
        ):
            cluster.end(unit)
        if presence in (Presence.INSTANTIATION_FAILED, Presence.TERMINATION_FAILED):
            node_failures.fail_fast(cluster, component, presence)


def _presence_reported(cluster: SimulatedCluster, unit: Unit, presence: Presence) -> None:
    if unit.pending is not None:
        pending.presence_changed(cluster, unit, presence)
    cluster.set_presence(unit, presence)
    group = unit.group
    if presence == Presence.TERMINATION_FAILED:
        for si in group.sis:
            cluster.end(si, Code.ERR_REPAIR_PENDING, f"SU '{unit.dn}' moved to 'termination failed' state")
    if presence in AT_REST and unit.terminated:
        for component in unit.components:
            text = f"Couldn't restart Comp '{component.dn}'"
            cluster.end(component, Code.ERR_BAD_OPERATION, text)
    pending.end_group_instantiation(cluster, group)


def operational_reported(cluster: SimulatedCluster, message: OperationalReport) -> None:
    unit = cluster.units.get(message.unit)
    if unit is None:
        return
    if message.recovery == Recovery.SU_RESTART:
        unit.restarting = True
        cluster.set_readiness(unit, Readiness.OUT_OF_SERVICE)
        group_event(cluster, unit.group, GroupEvent.SU_FAULT, Cause(unit))
    elif message.unit_state == Operational.DISABLED:
        cluster.give_up_restart(unit)
        cluster.set_operational(unit, Operational.DISABLED)
        cluster.set_readiness(unit, Readiness.OUT_OF_SERVICE)
        if message.node_state == Operational.DISABLED:
            node_failures.node_failed(cluster, unit.node, message.recovery)
        else:
            _unit_failed(cluster, unit, message.recovery)
    else:
        _unit_enabled(cluster, unit)


def _unit_failed(cluster: SimulatedCluster, unit: Unit, recovery: Optional[Recovery]) -> None:
    if unit.assignments:
        if recovery == Recovery.COMPONENT_FAILOVER:
            group_event(cluster, unit.group, GroupEvent.SU_FAULT, Cause(unit))
        elif recovery in (None, Recovery.SU_FAILOVER):
            unit_failover.fail_over(cluster, unit)
    if not unit.assignments:
        unit_failover.try_repair(cluster, unit)
    cluster.instantiate_spares(unit.group)


def _unit_enabled(cluster: SimulatedCluster, unit: Unit) -> None:
    cluster.set_operational(unit, Operational.ENABLED)
    group = unit.group
    moving = any(a.state != Susi.ASSIGNED for each in group.units for a in each.assignments)
    if not moving and not group.queue:
        cluster.set_group_state(group, GroupState.STABLE)
    waiting = unit.node.pending
    if waiting is not None and waiting.operation == Operation.REPAIRED:
        cluster.set_node_operational(unit.node, Operational.ENABLED)
        unit.node.recovering = False
    if unit.presence == Presence.UNINSTANTIATED:
        cluster.instantiate_spares(group)
    elif cluster.in_service(unit):
        cluster.set_readiness(unit, Readiness.IN_SERVICE)
        group_event(cluster, group, GroupEvent.SU_UP, Cause(unit))


def assignment_reported(cluster: SimulatedCluster, message: AssignmentReport) -> None:
    unit = cluster.units.get(message.unit)
    if unit is None:
        return
    handled = _one_reported(cluster, unit, message) if message.si else _all_reported(cluster, unit, message)
    if handled:
        pending.assignment_done(cluster, unit, message)
        node_failures.repair_if_emptied(cluster, unit.node)


def _all_reported(cluster: SimulatedCluster, unit: Unit, message: AssignmentReport) -> bool:
    if not unit.assignments or message.act == Act.ASSIGN:
        return False
    if message.act == Act.MODIFY:
        for assignment in unit.assignments:
            if (
                assignment.ha not in (message.ha, Ha.QUIESCING)
                and message.ha != Ha.QUIESCED
                and assignment.state != Susi.REMOVING
            ):
                return False
        if message.ok:
            assignments.all_assigned(cluster, unit)
    _tell_group(cluster, unit, None, message)
    return True


def _one_reported(cluster: SimulatedCluster, unit: Unit, message: AssignmentReport) -> bool:
    assignment = unit.assignment(message.si)
    if assignment is None:
        return False
    if message.single:
        csi_changes.confirmed(cluster, assignment, message.act)
        return False
    if message.act == Act.ASSIGN:
        if assignment.state != Susi.ASSIGNING or assignment.ha != message.ha:
            return False
        if message.ok:
            assignment.state = Susi.ASSIGNED
            assignments.tell_group(cluster, assignment)
    elif message.act == Act.MODIFY:
        expected = assignment.ha in (message.ha, Ha.QUIESCING) or message.ha == Ha.QUIESCED
        if assignment.state != Susi.MODIFYING or not expected:
            return False
        if message.ok:
            if assignment.ha == Ha.QUIESCING:
                assignment.ha = Ha.QUIESCED
                counting.count(cluster, assignment, Act.MODIFY, Ha.QUIESCING, Ha.QUIESCED)
            assignment.state = Susi.ASSIGNED
            assignments.tell_group(cluster, assignment)
    _tell_group(cluster, unit, assignment, message)
    return True


def _tell_group(
    cluster: SimulatedCluster, unit: Unit, assignment: Optional[Assignment], message: AssignmentReport
) -> None:
    if not message.ok:
        event = GroupEvent.REFUSED
    elif message.act == Act.REMOVE:
        event = GroupEvent.REMOVED
    elif message.ha == Ha.QUIESCED:
        event = GroupEvent.QUIESCED
    else:
        event = GroupEvent.SERVING
    group_event(cluster, unit.group, event, Cause(unit, None, assignment, message.ha))
