# SPDX-License-Identifier: Apache-2.0
"""Administrative operations on service units and components."""

from __future__ import annotations

from saf_shim.amf.cluster.administration.operation_rules import Done, Rule
from saf_shim.amf.cluster.group_events import group_event
from saf_shim.amf.entities.cluster import Cluster
from saf_shim.amf.entities.records import Component, Unit
from saf_shim.amf.messages import ComponentOperation, UnitOperation
from saf_shim.amf.redundancy.groups import Cause, GroupEvent
from saf_shim.amf.states import (
    AT_REST,
    MOVING,
    Admin,
    GroupState,
    Operation,
    Operational,
    Presence,
    Readiness,
)
from saf_shim.codes import AisError, Code

# -- service units


def check_unit(cluster: Cluster, unit: Unit, operation: int, rules: dict[Operation, Rule]) -> None:
    """Make sure that the operation can begin, in OpenSAF's order of checks; AisError if it cannot."""
    if operation not in rules and not 0 <= operation <= Operation.RESTART:
        raise AisError(Code.ERR_NOT_SUPPORTED, f"Unsupported admin op for SU: {operation}")
    for other in unit.group.units:
        if other is not unit and other.pending is not None:
            raise AisError(Code.ERR_TRY_AGAIN, f"Admin operation is already going on (su'{other.dn}')")
    if any(a.adding is not None for si in unit.group.sis for a in si.assignments):
        text = f"Single Csi assignment undergoing on (sg'{unit.group.dn}')"
        raise AisError(Code.ERR_TRY_AGAIN, text)
    if unit.group.state != GroupState.STABLE:
        hurried = unit.group.state == GroupState.SU_OPERATION and unit.admin == Admin.SHUTTING_DOWN
        if not (hurried and operation == Operation.LOCK):
            raise AisError(Code.ERR_TRY_AGAIN, "SG state is not stable")
        cluster.end(unit, Code.ERR_INTERRUPT, f"SU lock has been issued '{unit.dn}'")
    rule = rules.get(Operation(operation)) if operation in rules else None
    if rule is not None and unit.admin in rule.no_op:
        text = f"Admin operation ({operation}) has no effect on current state ({int(unit.admin)})"
        raise AisError(Code.ERR_NO_OP, text)
    if rule is None or unit.admin not in rule.accepted:
        text = f"State transition invalid, state {int(unit.admin)}, op {operation}"
        raise AisError(Code.ERR_BAD_OPERATION, text)
    if operation == Operation.RESTART:
        _check_unit_restart(unit)
    node = unit.node
    if node.pending is not None:
        text = f"Node'{node.dn}' hosting SU'{unit.dn}', undergoing admin operation"
        raise AisError(Code.ERR_TRY_AGAIN, f"{text}'{int(node.pending.operation)}'")
    pending = unit.pending
    if (
        pending is not None
        and pending.operation == Operation.RESTART
        and operation in (Operation.LOCK, Operation.UNLOCK)
    ):
        text = f"SU'{unit.dn}', undergoing admin operation'{int(pending.operation)}'"
        raise AisError(Code.ERR_TRY_AGAIN, text)


def _check_unit_restart(unit: Unit) -> None:
    operation = int(Operation.RESTART)
    if unit.presence == Presence.UNINSTANTIATED:
        text = f"Prescence state of SU is uninstantiated, it is: {int(unit.presence)}, op_id: {operation}"
        raise AisError(Code.ERR_BAD_OPERATION, text)
    if unit.operational == Operational.DISABLED:
        text = f"SU is disabled ({int(unit.operational)}), repair it or check node status, op_id: {operation}"
        raise AisError(Code.ERR_BAD_OPERATION, text)
    unstable = (
        unit.pending is not None
        or unit.presence in MOVING
        or unit.presence in AT_REST
        or any(component.pending is not None for component in unit.components)
    )
    if unstable:
        text = f"Some entity is unstable, Operation cannot be performed on '{unit.dn}'"
        raise AisError(Code.ERR_TRY_AGAIN, f"{text}Check syslog for entity details")


def _unlock_unit(cluster: Cluster, unit: Unit, operation: Operation) -> Done:
    cluster.set_unit_admin(unit, Admin.UNLOCKED)
    if cluster.in_service(unit):
        cluster.set_readiness(unit, Readiness.IN_SERVICE)
        if not group_event(cluster, unit.group, GroupEvent.SU_UP, Cause(unit)):
            cluster.set_readiness(unit, Readiness.OUT_OF_SERVICE)
            cluster.set_unit_admin(unit, Admin.LOCKED)
            text = "SG redundancy model specific handler failed"
            raise AisError(Code.ERR_FAILED_OPERATION, text)
    cluster.instantiate_spares(unit.group)
    return unit.group.state != GroupState.REALIGN


def _lock_unit(cluster: Cluster, unit: Unit, operation: Operation) -> Done:
    if not unit.assignments:
        cluster.set_readiness(unit, Readiness.OUT_OF_SERVICE)
        cluster.set_unit_admin(unit, Admin.LOCKED)
        cluster.instantiate_spares(unit.group)
        return True
    before = unit.readiness, unit.admin
    cluster.set_readiness(unit, Readiness.OUT_OF_SERVICE)
    shutdown = operation == Operation.SHUTDOWN
    cluster.set_unit_admin(unit, Admin.SHUTTING_DOWN if shutdown else Admin.LOCKED)
    possible = group_event(cluster, unit.group, GroupEvent.SU_DOWN, Cause(unit))
    cluster.instantiate_spares(unit.group)
    if not possible:
        cluster.set_readiness(unit, before[0])
        cluster.set_unit_admin(unit, before[1])
        raise AisError(Code.ERR_FAILED_OPERATION, "SG redundancy model specific handler failed")
    return unit.group.state not in (GroupState.REALIGN, GroupState.SU_OPERATION)


def _lock_unit_instantiation(cluster: Cluster, unit: Unit, operation: Operation) -> Done:
    if not unit.instantiation_told:
        raise AisError(Code.ERR_TRY_AGAIN, f"'{unit.dn}' instantiate not done")
    if unit.assignments:
        raise AisError(Code.ERR_TRY_AGAIN, f"SIs still assigned to this SU '{unit.dn}'")
    if unit.presence in MOVING:
        text = f"'{unit.dn}' presence state is '{int(unit.presence)}'"
        raise AisError(Code.ERR_TRY_AGAIN, text)
    cluster.set_unit_admin(unit, Admin.LOCKED_INSTANTIATION)
    if unit.presence in AT_REST or not unit.node.present:
        unit.terminated = True
        return True
    cluster.terminate(unit)
    return False


def _unlock_unit_instantiation(cluster: Cluster, unit: Unit, operation: Operation) -> Done:
    if not unit.components:
        text = f"There is no component configured for SU '{unit.dn}'."
        raise AisError(Code.ERR_BAD_OPERATION, text)
    if unit.presence != Presence.UNINSTANTIATED:
        text = f"Can't instantiate '{unit.dn}', whose presence state is '{int(unit.presence)}'"
        raise AisError(Code.ERR_BAD_OPERATION, text)
    group = unit.group
    wanted = cluster.configuration.preferred_in_service(group.dn) or len(group.units)
    now = (
        unit.node.present
        and Admin.LOCKED_INSTANTIATION not in (unit.node.admin, group.admin)
        and unit.operational == Operational.ENABLED
        and wanted > cluster.instantiated(group)
    )
    unit.terminated = False
    cluster.set_unit_admin(unit, Admin.LOCKED)
    if not now:
        return True
    cluster.instantiate(unit)
    return False


def _repair_unit(cluster: Cluster, unit: Unit, operation: Operation) -> Done:
    if unit.operational == Operational.ENABLED:
        text = f"Admin repair request for '{unit.dn}', op state already enabled"
        raise AisError(Code.ERR_NO_OP, text)
    if unit.node.operational == Operational.DISABLED:
        text = f"Admin repair request for '{unit.dn}', hosting node'{unit.node.dn}' is absent"
        raise AisError(Code.ERR_BAD_OPERATION, text)
    cluster.outbox.to_node(unit.node.name, UnitOperation(unit.dn, Operation.REPAIRED))
    return False


def _has_csi(component: Component) -> bool:
    return any(each.component is component for a in component.unit.assignments for each in a.csis)


def _restart_unit(cluster: Cluster, unit: Unit, operation: Operation) -> Done:
    disabled = [c for c in unit.components if cluster.configuration.restart_disabled(c.dn)]
    if any(_has_csi(component) for component in disabled):
        # The unit's assignments are removed first. The restart follows when that is done.
        cluster.set_readiness(unit, Readiness.OUT_OF_SERVICE)
        group_event(cluster, unit.group, GroupEvent.SU_FAULT, Cause(unit))
    else:
        cluster.outbox.to_node(unit.node.name, UnitOperation(unit.dn, Operation.RESTART))
    return False


_ALL = (Admin.UNLOCKED, Admin.LOCKED, Admin.LOCKED_INSTANTIATION, Admin.SHUTTING_DOWN)

UNIT: dict[Operation, Rule] = {
    Operation.UNLOCK: Rule(
        (Admin.LOCKED,), (Admin.UNLOCKED,), Admin.UNLOCKED, _unlock_unit, "in service: SIs are assigned"
    ),
    Operation.LOCK: Rule(
        (Admin.UNLOCKED, Admin.SHUTTING_DOWN),
        (Admin.LOCKED,),
        Admin.LOCKED,
        _lock_unit,
        "QUIESCED, then the assignments are removed",
    ),
    Operation.SHUTDOWN: Rule(
        (Admin.UNLOCKED,), (), Admin.LOCKED, _lock_unit, "QUIESCING, then the assignments are removed"
    ),
    Operation.LOCK_INSTANTIATION: Rule(
        (Admin.LOCKED,),
        (Admin.LOCKED_INSTANTIATION,),
        Admin.LOCKED_INSTANTIATION,
        _lock_unit_instantiation,
        "the components are terminated",
    ),
    Operation.UNLOCK_INSTANTIATION: Rule(
        (Admin.LOCKED_INSTANTIATION,),
        (Admin.LOCKED,),
        Admin.LOCKED,
        _unlock_unit_instantiation,
        "the components are instantiated",
    ),
    Operation.RESTART: Rule(
        (Admin.UNLOCKED, Admin.LOCKED), (), None, _restart_unit, "the components are restarted"
    ),
    Operation.REPAIRED: Rule(
        _ALL, (), None, _repair_unit, "ENABLED and UNINSTANTIATED; instantiated unless locked-in"
    ),
}


# -- components


def _restart_component(cluster: Cluster, component: Component, operation: Operation) -> Done:
    unit, dn = component.unit, component.dn
    if component.pending is not None:
        raise AisError(Code.ERR_TRY_AGAIN, f"Component undergoing admin operation '{dn}'")
    if unit.pending is not None:
        raise AisError(Code.ERR_TRY_AGAIN, f"SU undergoing admin operation '{dn}'")
    if unit.node.pending is not None:
        raise AisError(Code.ERR_TRY_AGAIN, f"Node undergoing admin operation '{dn}'")
    if component.presence != Presence.INSTANTIATED:
        raise AisError(Code.ERR_BAD_OPERATION, f"Component not instantiated '{dn}'")
    if component.operational == Operational.DISABLED:
        text = f"Component disabled, first repair su or check node status'{dn}'"
        raise AisError(Code.ERR_BAD_OPERATION, text)
    if cluster.configuration.restart_disabled(dn) and _has_csi(component):
        unit.restarting = True
        cluster.set_readiness(unit, Readiness.OUT_OF_SERVICE)
        group_event(cluster, unit.group, GroupEvent.SU_FAULT, Cause(unit))
    else:
        cluster.outbox.to_node(unit.node.name, ComponentOperation(dn, Operation.RESTART))
    return False


COMPONENT: dict[Operation, Rule] = {
    Operation.RESTART: Rule((), (), None, _restart_component, "terminated and instantiated, assigned again"),
}
