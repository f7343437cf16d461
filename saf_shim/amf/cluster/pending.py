# SPDX-License-Identifier: Apache-2.0
"""Administrative operations that wait: which event ends them, and with which code and text.

An operation waits at the entity that it is about (`Cluster.wait`). The functions here are called after
changes for which an operation may wait. Codes and texts are those of OpenSAF 5.21."""

from __future__ import annotations

from saf_shim.amf.entities.cluster import Cluster
from saf_shim.amf.entities.records import Component, Group, Unit
from saf_shim.amf.messages import AssignmentReport, ComponentOperation, UnitOperation
from saf_shim.amf.states import Act, Admin, GroupState, Operation, Operational, Presence
from saf_shim.codes import AisError, Code


def all_in(unit: Unit, presence: Presence) -> bool:
    return all(component.presence == presence for component in unit.components)


def is_instantiation_over(cluster: Cluster, group: Group, operation: Operation) -> bool:
    """Tell whether the lock-in or unlock-in of a group has ended."""
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
    wanted = cluster.configuration.preferred_in_service(group.dn) or len(group.units)
    return instantiated >= wanted or waiting == 0


def end_group_instantiation(cluster: Cluster, group: Group) -> None:
    if group.pending is not None and is_instantiation_over(cluster, group, group.pending.operation):
        cluster.end(group)


def presence_changed(cluster: Cluster, unit: Unit, presence: Presence) -> None:
    """End the operation that waits for the unit, if the new presence state decides its result."""
    assert unit.pending is not None
    operation = unit.pending.operation
    failed = presence in (Presence.INSTANTIATION_FAILED, Presence.TERMINATION_FAILED)
    if operation == Operation.LOCK_INSTANTIATION:
        if presence == Presence.UNINSTANTIATED:
            cluster.end(unit)
        elif presence == Presence.TERMINATION_FAILED:
            text = f"SU '{unit.dn}' moved to 'termination failed' state"
            cluster.end(unit, Code.ERR_REPAIR_PENDING, text)
    elif operation == Operation.UNLOCK_INSTANTIATION:
        if presence == Presence.INSTANTIATED:
            cluster.end(unit)
        elif failed:
            text = f"SU '{unit.dn}' moved to 'instantiation/termination failed' state"
            cluster.end(unit, Code.ERR_REPAIR_PENDING, text)
    elif operation == Operation.REPAIRED:
        if presence == Presence.UNINSTANTIATED:
            cluster.end(unit)
            cluster.instantiate_spares(unit.group)
        else:
            text = f"Bad presence state {int(presence)} after '{unit.dn}' adm repaired"
            cluster.end(unit, Code.ERR_BAD_OPERATION, text)
    elif operation == Operation.RESTART:
        _end_unit_restart(cluster, unit, presence)


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


def _end_unit_restart(cluster: Cluster, unit: Unit, presence: Presence) -> None:
    configuration = cluster.configuration
    restartable = not any(configuration.restart_disabled(c.dn) for c in unit.components)
    code = Code.OK
    before = unit.presence
    if restartable and presence == Presence.INSTANTIATED and before != Presence.INSTANTIATED:
        if not all_in(unit, Presence.INSTANTIATED):
            return
    elif restartable and before == Presence.INSTANTIATED and presence != Presence.RESTARTING:
        code = Code.ERR_BAD_OPERATION
    elif not restartable and before == Presence.INSTANTIATING:
        code = Code.OK if presence == Presence.INSTANTIATED else Code.ERR_REPAIR_PENDING
    elif (before, presence) in _SU_RESTART_GOES_ON[restartable]:
        return
    else:
        code = Code.ERR_REPAIR_PENDING if restartable else Code.ERR_BAD_OPERATION
    cluster.end(unit, code, "" if code == Code.OK else f"Couldn't restart su '{unit.dn}'")


def component_presence_changed(cluster: Cluster, component: Component, presence: Presence) -> None:
    if component.pending is None:
        return
    before = component.presence
    if cluster.configuration.restart_disabled(component.dn):
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
        cluster.end(component)
        return
    last = before == steps[-2]
    code = Code.ERR_REPAIR_PENDING if last else Code.ERR_BAD_OPERATION
    cluster.end(component, code, f"Couldn't restart Comp '{component.dn}'")


def assignment_done(cluster: Cluster, unit: Unit, message: AssignmentReport) -> None:  # noqa: PLR0912
    """End the administrative operation that waited for this answer of the unit's node."""
    if unit.pending is not None:
        operation = unit.pending.operation
        if operation in (Operation.LOCK, Operation.SHUTDOWN):
            if unit.active == unit.standby == 0:
                if message.act == Act.REMOVE:
                    cluster.end(unit)
            elif not message.ok:
                cluster.end(unit, Code.ERR_REPAIR_PENDING)
        elif operation == Operation.UNLOCK:
            if not message.ok:
                cluster.end(unit, Code.ERR_TIMEOUT)
            elif unit.group.state == GroupState.STABLE:
                cluster.end(unit)
        elif operation == Operation.RESTART and not unit.assignments:
            cluster.outbox.to_node(unit.node.name, UnitOperation(unit.dn, Operation.RESTART))
        return
    restarted = next((c for c in unit.components if c.pending is not None), None)
    if restarted is not None:
        if not unit.assignments:
            cluster.outbox.to_node(unit.node.name, ComponentOperation(restarted.dn, Operation.RESTART))
    elif message.ok and unit.group.state == GroupState.STABLE:
        for other in unit.group.units:
            if other.pending is not None and other.pending.operation in (
                Operation.LOCK,
                Operation.UNLOCK,
                Operation.SHUTDOWN,
            ):
                cluster.end(other)


def continue_node_groups(cluster: Cluster) -> None:
    """Continue operations on node groups whose present node is finished."""
    for group in cluster.node_groups.values():
        if group.pending is None or (group.at is not None and group.at.pending is not None):
            continue
        group.at = None
        while group.steps and group.at is None:
            step = group.steps.pop(0)
            try:
                done = step.begin()
            except AisError as error:
                group.steps.clear()
                cluster.end(group, Code(error.code), error.text)
                break
            if not done:
                group.at = step.node
                cluster.wait(step.node, group.pending.operation, cluster.outbox.ticket())
        if group.at is None:
            if group.admin == Admin.SHUTTING_DOWN:
                cluster.set_node_group_admin(group, Admin.LOCKED)
            cluster.end(group)


def finish_node_operations(cluster: Cluster) -> None:
    """End operations on nodes whose units have finished."""
    for node in cluster.nodes.values():
        if node.pending is None:
            continue
        operation = node.pending.operation
        if operation == Operation.REPAIRED:
            if node.operational == Operational.ENABLED:
                cluster.end(node)
            continue
        if any(unit.group.state != GroupState.STABLE for unit in node.units):
            continue
        states = {unit.presence for unit in node.units}
        if operation in (Operation.LOCK, Operation.SHUTDOWN):
            if any(unit.assignments for unit in node.units):
                continue
            if node.admin == Admin.SHUTTING_DOWN:
                cluster.set_node_admin(node, Admin.LOCKED)
        elif states & {Presence.INSTANTIATING, Presence.TERMINATING, Presence.RESTARTING}:
            continue
        failed = {Presence.TERMINATION_FAILED}
        if operation == Operation.UNLOCK_INSTANTIATION:
            failed.add(Presence.INSTANTIATION_FAILED)
        bad = [unit for unit in node.units if unit.presence in failed]
        instantiation = operation in (Operation.LOCK_INSTANTIATION, Operation.UNLOCK_INSTANTIATION)
        if bad and instantiation:
            what = "instantiation/termination failed" if len(failed) > 1 else "termination failed"
            cluster.end(node, Code.ERR_REPAIR_PENDING, f"SU '{bad[0].dn}' moved to '{what}' state")
        else:
            cluster.end(node)
