# SPDX-License-Identifier: Apache-2.0
"""What the cluster director does with what the nodes report: states, ends of assignments, failures of units
and nodes.

A failed unit's assignments are taken over by others; afterwards it is repaired by AMF itself
(saAmfSGAutoRepair, after an SU failover) or by the administrator. A failed node is emptied and, with
saAmfNodeAutoRepair, rebooted: in the simulator it comes back at once with its units uninstantiated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from saf_shim.amf.cluster import assignments
from saf_shim.amf.cluster.records import Assignment, Component, Group, Node, Si, Unit
from saf_shim.amf.messages import (
    AssignmentReport,
    ComponentOperation,
    OperationalReport,
    RebootRequest,
    Report,
    UnitOperation,
)
from saf_shim.amf.redundancy.groups import Cause, GroupEvent
from saf_shim.amf.states import (
    AT_REST,
    Act,
    Admin,
    GroupChange,
    GroupState,
    Ha,
    Operation,
    Operational,
    Presence,
    Readiness,
    Recovery,
    Redundancy,
    Susi,
)
from saf_shim.codes import Code

if TYPE_CHECKING:
    from saf_shim.amf.cluster.director import Director

# -- attributes


def attribute_reported(director: Director, message: Report) -> None:
    """A node director has a new value for a runtime attribute."""
    component = director.components.get(message.dn)
    if component is not None:
        _component_reported(director, component, message)
        return
    unit = director.units.get(message.dn)
    if unit is None:
        return
    if message.attribute == "saAmfSUOperState":
        director.set_operational(unit, Operational(message.value))
    elif message.attribute == "saAmfSURestartCount":
        unit.restarts = message.value
    elif message.attribute == "saAmfSUPresenceState":
        _presence_reported(director, unit, Presence(message.value))


def _component_reported(director: Director, component: Component, message: Report) -> None:
    if message.attribute == "saAmfCompRestartCount":
        component.restarts = message.value
    elif message.attribute == "saAmfCompOperState":
        director.set_component_operational(component, Operational(message.value))
        director.set_component_readiness(component)
    else:
        presence = Presence(message.value)
        _end_component_restart(director, component, presence)
        director.set_component_presence(component, presence)
        unit = component.unit
        pending = unit.pending
        if (
            pending is not None
            and pending.operation == Operation.RESTART
            and presence == unit.presence == Presence.INSTANTIATED
            and _all_in(unit, Presence.INSTANTIATED)
        ):
            director.end(unit)
        if presence in (Presence.INSTANTIATION_FAILED, Presence.TERMINATION_FAILED):
            _failfast(director, component, presence)


def _failfast(director: Director, component: Component, presence: Presence) -> None:
    node, configuration = component.unit.node, director.configuration
    which = "Instantiation" if presence == Presence.INSTANTIATION_FAILED else "Termination"
    wanted = configuration.failfast_on(node.dn, which)
    if (
        wanted
        and configuration.auto_repair(component.unit.group.dn)
        and configuration.node_auto_repair(node.dn)
    ):
        reboot(director, node)


def _all_in(unit: Unit, presence: Presence) -> bool:
    return all(component.presence == presence for component in unit.components)


def _presence_reported(director: Director, unit: Unit, presence: Presence) -> None:
    if unit.pending is not None:
        _answer_presence(director, unit, presence)
    director.set_presence(unit, presence)
    group = unit.group
    if presence == Presence.TERMINATION_FAILED:
        for si in group.sis:
            director.end(si, Code.ERR_REPAIR_PENDING, f"SU '{unit.dn}' moved to 'termination failed' state")
    if presence in AT_REST and unit.terminated:
        for component in unit.components:
            text = f"Couldn't restart Comp '{component.dn}'"
            director.end(component, Code.ERR_BAD_OPERATION, text)
    _end_group_instantiation(director, group)


def _end_group_instantiation(director: Director, group: Group) -> None:
    if group.pending is not None and is_instantiation_over(director, group, group.pending.operation):
        director.end(group)


def _answer_presence(director: Director, unit: Unit, presence: Presence) -> None:
    """What a new presence state of the unit means for the operation that waits for it."""
    assert unit.pending is not None
    operation = unit.pending.operation
    failed = presence in (Presence.INSTANTIATION_FAILED, Presence.TERMINATION_FAILED)
    if operation == Operation.LOCK_INSTANTIATION:
        if presence == Presence.UNINSTANTIATED:
            director.end(unit)
        elif presence == Presence.TERMINATION_FAILED:
            text = f"SU '{unit.dn}' moved to 'termination failed' state"
            director.end(unit, Code.ERR_REPAIR_PENDING, text)
    elif operation == Operation.UNLOCK_INSTANTIATION:
        if presence == Presence.INSTANTIATED:
            director.end(unit)
        elif failed:
            text = f"SU '{unit.dn}' moved to 'instantiation/termination failed' state"
            director.end(unit, Code.ERR_REPAIR_PENDING, text)
    elif operation == Operation.REPAIRED:
        if presence == Presence.UNINSTANTIATED:
            director.end(unit)
            director.instantiate_spares(unit.group)
        else:
            text = f"Bad presence state {int(presence)} after '{unit.dn}' adm repaired"
            director.end(unit, Code.ERR_BAD_OPERATION, text)
    elif operation == Operation.RESTART:
        _end_unit_restart(director, unit, presence)


_SU_RESTART_GOES_ON = {
    # restartable: {(state before, new state)}
    True: {
        (Presence.INSTANTIATED, Presence.RESTARTING),
        (Presence.RESTARTING, Presence.RESTARTING),
        (Presence.INSTANTIATED, Presence.INSTANTIATED),
    },
    False: {
        (Presence.INSTANTIATED, Presence.TERMINATING),
        (Presence.TERMINATING, Presence.UNINSTANTIATED),
        (Presence.TERMINATING, Presence.INSTANTIATING),
        (Presence.TERMINATING, Presence.TERMINATING),
        (Presence.UNINSTANTIATED, Presence.INSTANTIATING),
        (Presence.UNINSTANTIATED, Presence.TERMINATING),
    },
}


def _end_unit_restart(director: Director, unit: Unit, presence: Presence) -> None:
    configuration = director.configuration
    restartable = not any(configuration.restart_disabled(c.dn) for c in unit.components)
    code = Code.OK
    before = unit.presence
    if restartable and presence == Presence.INSTANTIATED and before != Presence.INSTANTIATED:
        if not _all_in(unit, Presence.INSTANTIATED):
            return
    elif restartable and before == Presence.INSTANTIATED and presence != Presence.RESTARTING:
        code = Code.ERR_BAD_OPERATION
    elif not restartable and before == Presence.INSTANTIATING:
        code = Code.OK if presence == Presence.INSTANTIATED else Code.ERR_REPAIR_PENDING
    elif (before, presence) in _SU_RESTART_GOES_ON[restartable]:
        return
    else:
        code = Code.ERR_REPAIR_PENDING if restartable else Code.ERR_BAD_OPERATION
    director.end(unit, code, "" if code == Code.OK else f"Couldn't restart su '{unit.dn}'")


def _end_component_restart(director: Director, component: Component, presence: Presence) -> None:
    if component.pending is None:
        return
    before = component.presence
    if director.configuration.restart_disabled(component.dn):
        steps: tuple[Presence, ...] = (
            Presence.INSTANTIATED,
            Presence.TERMINATING,
            Presence.UNINSTANTIATED,
            Presence.INSTANTIATING,
            Presence.INSTANTIATED,
        )
    else:
        steps = (Presence.INSTANTIATED, Presence.RESTARTING, Presence.INSTANTIATED)
    if before in steps[:-1] and presence == steps[steps.index(before) + 1]:
        if steps.index(before) + 2 < len(steps):
            return
        director.end(component)
        return
    last = before == steps[-2]
    code = Code.ERR_REPAIR_PENDING if last else Code.ERR_BAD_OPERATION
    director.end(component, code, f"Couldn't restart Comp '{component.dn}'")


def is_instantiation_over(director: Director, group: Group, operation: Operation) -> bool:
    """The lock-in or unlock-in of a group has come to its end."""
    failed = (Presence.INSTANTIATION_FAILED, Presence.TERMINATION_FAILED)
    if operation == Operation.LOCK_INSTANTIATION:
        return all(unit.presence in (Presence.UNINSTANTIATED, *failed) for unit in group.units)
    if operation != Operation.UNLOCK_INSTANTIATION:
        return False
    instantiated = waiting = 0
    for unit in group.units:
        if unit.presence in failed:
            continue
        if unit.presence == Presence.INSTANTIATED:
            instantiated += 1
        elif (
            Admin.LOCKED_INSTANTIATION not in (unit.node.admin, unit.admin)
            and unit.operational == Operational.ENABLED
            and unit.node.present
        ):
            if unit.presence == Presence.INSTANTIATING:
                return False
            waiting += unit.presence == Presence.UNINSTANTIATED
    wanted = director.configuration.preferred_in_service(group.dn) or len(group.units)
    return instantiated >= wanted or waiting == 0


# -- operational states


def operational_reported(director: Director, message: OperationalReport) -> None:
    unit = director.units.get(message.unit)
    if unit is None:
        return
    if message.recovery == Recovery.SU_RESTART:
        unit.restarting = True
        director.set_readiness(unit, Readiness.OUT_OF_SERVICE)
        director.group_event(unit.group, GroupEvent.SU_FAULT, Cause(unit))
    elif message.unit_state == Operational.DISABLED:
        director.give_up_restart(unit)
        director.set_operational(unit, Operational.DISABLED)
        director.set_readiness(unit, Readiness.OUT_OF_SERVICE)
        if message.node_state == Operational.DISABLED:
            _node_failed(director, unit.node, message.recovery)
        else:
            _unit_failed(director, unit, message.recovery)
    else:
        _unit_enabled(director, unit)


def _unit_failed(director: Director, unit: Unit, recovery: Optional[Recovery]) -> None:
    if unit.assignments:
        if recovery == Recovery.COMPONENT_FAILOVER:
            director.group_event(unit.group, GroupEvent.SU_FAULT, Cause(unit))
        elif recovery in (None, Recovery.SU_FAILOVER):
            fail_over(director, unit)
    if not unit.assignments:
        try_repair(director, unit)
    director.instantiate_spares(unit.group)


def _unit_enabled(director: Director, unit: Unit) -> None:
    director.set_operational(unit, Operational.ENABLED)
    group = unit.group
    moving = any(a.state != Susi.ASSIGNED for each in group.units for a in each.assignments)
    if not moving and not group.queue:
        director.set_group_state(group, GroupState.STABLE)
    pending = unit.node.pending
    if pending is not None and pending.operation == Operation.REPAIRED:
        director.set_node_operational(unit.node, Operational.ENABLED)
        unit.node.recovering = False
    if unit.presence == Presence.UNINSTANTIATED:
        director.instantiate_spares(group)
    elif director.in_service(unit):
        director.set_readiness(unit, Readiness.IN_SERVICE)
        director.group_event(group, GroupEvent.SU_UP, Cause(unit))


def try_repair(director: Director, unit: Unit) -> None:
    """AMF's own repair after an SU failover."""
    failed = (Presence.INSTANTIATION_FAILED, Presence.TERMINATION_FAILED)
    if (
        director.configuration.auto_repair(unit.group.dn)
        and director.configuration.su_failover(unit.dn)
        and unit.operational == Operational.DISABLED
        and unit.presence not in failed
    ):
        director.log(f"Ordering Auto repair of '{unit.dn}' as sufailover repair action")
        director.to_node(unit.node.name, UnitOperation(unit.dn, Operation.REPAIRED))


def fail_over(director: Director, unit: Unit) -> None:
    """The unit is gone with everything it had."""
    if not unit.assignments:
        return
    director.set_operational(unit, Operational.DISABLED)
    director.set_readiness(unit, Readiness.OUT_OF_SERVICE)
    director.end(unit, Code.OK if unit.admin == Admin.LOCKED else Code.ERR_TIMEOUT)
    disable_components(director, unit)
    group = unit.group
    for assignment in unit.assignments:
        _discount(director, assignment)
        shutdown = group.admin_si is not None and group.admin_si.admin == Admin.SHUTTING_DOWN
        if not (shutdown and group.redundancy == Redundancy.TWO_N):
            director.end(assignment.si)
    director.group_event(group, GroupEvent.SU_LOST, Cause(unit))
    assignments.delete_all(director, unit)


def _discount(director: Director, assignment: Assignment) -> None:
    """What was being changed never became true."""
    if assignment.state != Susi.MODIFYING:
        return
    if assignment.ha == Ha.QUIESCING:
        assignments.count(director, assignment, Act.MODIFY, Ha.QUIESCING, Ha.QUIESCED)
    elif assignment.ha == Ha.ACTIVE:
        assignments.count_si(director, assignment.si, -1, 0)
    elif assignment.ha == Ha.STANDBY:
        assignments.count_si(director, assignment.si, 0, -1)


def disable_components(director: Director, unit: Unit) -> None:
    for component in unit.components:
        director.set_component_operational(component, Operational.DISABLED)
        if component.presence != Presence.TERMINATION_FAILED or not unit.node.present:
            director.set_component_presence(component, Presence.UNINSTANTIATED)
        component.restarts = 0
        director.end(component, Code.ERR_TIMEOUT)


# -- answers to assignment requests


def assignment_reported(director: Director, message: AssignmentReport) -> None:
    unit = director.units.get(message.unit)
    if unit is None:
        return
    handled = _one_reported(director, unit, message) if message.si else _all_reported(director, unit, message)
    if handled:
        _answer_assignment(director, unit, message)
        _repair_emptied_node(director, unit.node)


def _all_reported(director: Director, unit: Unit, message: AssignmentReport) -> bool:
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
            assignments.all_assigned(director, unit)
    _tell_group(director, unit, None, message)
    return True


def _one_reported(director: Director, unit: Unit, message: AssignmentReport) -> bool:
    assignment = unit.assignment(message.si)
    if assignment is None:
        return False
    if message.single:
        _csi_changed(director, assignment, message.act)
        return False
    if message.act == Act.ASSIGN:
        if assignment.state != Susi.ASSIGNING or assignment.ha != message.ha:
            return False
        if message.ok:
            assignment.state = Susi.ASSIGNED
            assignments.tell_group(director, assignment)
    elif message.act == Act.MODIFY:
        expected = assignment.ha in (message.ha, Ha.QUIESCING) or message.ha == Ha.QUIESCED
        if assignment.state != Susi.MODIFYING or not expected:
            return False
        if message.ok:
            if assignment.ha == Ha.QUIESCING:
                assignment.ha = Ha.QUIESCED
                assignments.count(director, assignment, Act.MODIFY, Ha.QUIESCING, Ha.QUIESCED)
            assignment.state = Susi.ASSIGNED
            assignments.tell_group(director, assignment)
    _tell_group(director, unit, assignment, message)
    return True


def _tell_group(
    director: Director, unit: Unit, assignment: Optional[Assignment], message: AssignmentReport
) -> None:
    if not message.ok:
        event = GroupEvent.REFUSED
    elif message.act == Act.REMOVE:
        event = GroupEvent.REMOVED
    elif message.ha == Ha.QUIESCED:
        event = GroupEvent.QUIESCED
    else:
        event = GroupEvent.SERVING
    director.group_event(unit.group, event, Cause(unit, None, assignment, message.ha))


def _answer_assignment(director: Director, unit: Unit, message: AssignmentReport) -> None:  # noqa: PLR0912
    """End the administrative operation that waited for this."""
    if unit.pending is not None:
        operation = unit.pending.operation
        if operation in (Operation.LOCK, Operation.SHUTDOWN):
            if unit.active == unit.standby == 0:
                if message.act == Act.REMOVE:
                    director.end(unit)
            elif not message.ok:
                director.end(unit, Code.ERR_REPAIR_PENDING)
        elif operation == Operation.UNLOCK:
            if not message.ok:
                director.end(unit, Code.ERR_TIMEOUT)
            elif unit.group.state == GroupState.STABLE:
                director.end(unit)
        elif operation == Operation.RESTART and not unit.assignments:
            director.to_node(unit.node.name, UnitOperation(unit.dn, Operation.RESTART))
        return
    restarted = next((c for c in unit.components if c.pending is not None), None)
    if restarted is not None:
        if not unit.assignments:
            director.to_node(unit.node.name, ComponentOperation(restarted.dn, Operation.RESTART))
    elif message.ok and unit.group.state == GroupState.STABLE:
        for other in unit.group.units:
            if other.pending is not None and other.pending.operation in (
                Operation.LOCK,
                Operation.UNLOCK,
                Operation.SHUTDOWN,
            ):
                director.end(other)


# -- one CSI more or less in an assigned SI


def _csi_changed(director: Director, assignment: Assignment, act: Act) -> None:
    changed, assignment.adding = assignment.adding, None
    if changed is None:
        return
    if act == Act.REMOVE:
        assignments.delete_csi(director, changed)
    else:
        director.protection.changed(changed, GroupChange.ADDED)
    continue_csi_change(director, assignment.si)


def continue_csi_change(director: Director, si: Si) -> None:
    """Tell the next unit that has the SI."""
    for assignment in si.assignments:
        if assignment.adding is not None:
            assignments.send(director, assignment.unit, assignment, assignment.single, assignment.adding)
            return


# -- nodes


def _node_failed(director: Director, node: Node, recovery: Optional[Recovery]) -> None:
    director.set_node_operational(node, Operational.DISABLED)
    node.recovering = True
    if recovery == Recovery.NODE_SWITCHOVER:
        _switch_over(director, node)
        return
    if recovery == Recovery.NODE_FAILOVER:
        empty(director, node)
    _try_node_repair(director, node)


def _switch_over(director: Director, node: Node) -> None:
    """Move every assignment of the node away, in order where it is possible."""
    for unit in node.units:
        director.set_readiness(unit, Readiness.OUT_OF_SERVICE)
    for unit in node.units:
        if not unit.assignments:
            continue
        disabled = unit.operational == Operational.DISABLED
        if disabled and director.configuration.su_failover(unit.dn):
            fail_over(director, unit)
        else:
            director.group_event(unit.group, GroupEvent.SU_FAULT, Cause(unit))
        director.instantiate_spares(unit.group)
    _repair_emptied_node(director, node)


def empty(director: Director, node: Node) -> None:
    """Every unit of the node is gone with what it had."""
    for unit in node.units:
        director.set_operational(unit, Operational.DISABLED)
        disable_components(director, unit)
        director.set_presence(unit, Presence.UNINSTANTIATED)
        director.set_readiness(unit, Readiness.OUT_OF_SERVICE)
        director.end(unit, Code.ERR_TIMEOUT)
    for unit in node.units:
        for assignment in unit.assignments:
            _discount(director, assignment)
        director.group_event(unit.group, GroupEvent.SU_LOST, Cause(unit))
        assignments.delete_all(director, unit)
        director.instantiate_spares(unit.group)
        _end_group_instantiation(director, unit.group)


def _repair_emptied_node(director: Director, node: Node) -> None:
    """A failed node is repaired when nothing is assigned there any more."""
    failed = node.operational == Operational.DISABLED and node.recovering
    if failed and not any(unit.assignments for unit in node.units):
        _try_node_repair(director, node)


def _try_node_repair(director: Director, node: Node) -> None:
    if director.configuration.node_auto_repair(node.dn):
        director.log(f"Ordering reboot of '{node.dn}' as node fail/switch-over repair action")
        reboot(director, node)
    else:
        director.log(f"NodeAutorepair disabled for '{node.dn}', NO reboot ordered")


def reboot_for(director: Director, request: RebootRequest) -> None:
    for node in list(director.nodes.values()):
        if node.present and (request.recovery == Recovery.CLUSTER_RESET or node.name == request.node):
            reboot(director, node)


def reboot(director: Director, node: Node) -> None:
    """The simulated node goes down with all its processes, and comes back when these are gone."""
    if not node.present:
        return
    director.log(f"Rebooting '{node.dn}' (simulated)")
    local = director.directors[node.name]
    down(director, node)
    if not local.last_commands:
        up(director, node)


def down(director: Director, node: Node) -> None:
    """The node's processes are ended, its units are lost."""
    director.set_node_operational(node, Operational.DISABLED)
    node.present = False
    director.directors[node.name].go_down()
    director.forget_mail(node)
    empty(director, node)


def up(director: Director, node: Node) -> None:
    """The node joins: its units are enabled and, if they may be, instantiated."""
    local = director.directors[node.name]
    local.start()
    node.present = True
    node.recovering = False
    director.set_node_operational(node, Operational.ENABLED)
    for unit in node.units:
        local.add_unit(unit.dn)
        director.set_operational(unit, Operational.ENABLED)
        for component in unit.components:
            director.set_component_operational(component, Operational.ENABLED)
    for unit in node.units:
        director.instantiate_spares(unit.group)


def finish_node_operations(director: Director) -> None:
    """End operations on nodes whose units have come to rest."""
    for node in director.nodes.values():
        if node.pending is None:
            continue
        operation = node.pending.operation
        if operation == Operation.REPAIRED:
            if node.operational == Operational.ENABLED:
                director.end(node)
            continue
        if any(unit.group.state != GroupState.STABLE for unit in node.units):
            continue
        states = {unit.presence for unit in node.units}
        if operation in (Operation.LOCK, Operation.SHUTDOWN):
            if any(unit.assignments for unit in node.units):
                continue
            if node.admin == Admin.SHUTTING_DOWN:
                director.set_node_admin(node, Admin.LOCKED)
        elif states & {Presence.INSTANTIATING, Presence.TERMINATING, Presence.RESTARTING}:
            continue
        failed = {Presence.TERMINATION_FAILED}
        if operation == Operation.UNLOCK_INSTANTIATION:
            failed.add(Presence.INSTANTIATION_FAILED)
        bad = [unit for unit in node.units if unit.presence in failed]
        instantiation = operation in (Operation.LOCK_INSTANTIATION, Operation.UNLOCK_INSTANTIATION)
        if bad and instantiation:
            what = "instantiation/termination failed" if len(failed) > 1 else "termination failed"
            director.end(node, Code.ERR_REPAIR_PENDING, f"SU '{bad[0].dn}' moved to '{what}' state")
        else:
            director.end(node)
