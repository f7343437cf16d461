# SPDX-License-Identifier: Apache-2.0
"""Administrative operations: which there are for which object, when they are refused, how they begin.

`OPERATIONS` is the table: for each kind of object and operation the administrative states in which it is
carried out. An operation that has to wait is remembered (`Director.wait`) and ended by `recovery` or the
group's table. Codes and texts are those of OpenSAF 5.21; a refusal is an AisError."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saf_shim.amf.cluster.administration_nodes import NODE
from saf_shim.amf.cluster.administration_rules import Done, Rule
from saf_shim.amf.cluster.administration_services import GROUP, INSTANCE
from saf_shim.amf.cluster.records import Component, Unit
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

if TYPE_CHECKING:
    from saf_shim.amf.cluster.director import Director

# -- service units


def _check_unit(director: Director, unit: Unit, operation: int, rules: dict[Operation, Rule]) -> None:
    """What refuses an operation on an SU, in OpenSAF's order."""
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
        director.end(unit, Code.ERR_INTERRUPT, f"SU lock has been issued '{unit.dn}'")
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


def _unlock_unit(director: Director, unit: Unit, operation: Operation) -> Done:
    director.set_unit_admin(unit, Admin.UNLOCKED)
    if director.in_service(unit):
        director.set_readiness(unit, Readiness.IN_SERVICE)
        if not director.group_event(unit.group, GroupEvent.SU_UP, Cause(unit)):
            director.set_readiness(unit, Readiness.OUT_OF_SERVICE)
            director.set_unit_admin(unit, Admin.LOCKED)
            text = "SG redundancy model specific handler failed"
            raise AisError(Code.ERR_FAILED_OPERATION, text)
    director.instantiate_spares(unit.group)
    return unit.group.state != GroupState.REALIGN


def _lock_unit(director: Director, unit: Unit, operation: Operation) -> Done:
    if not unit.assignments:
        director.set_readiness(unit, Readiness.OUT_OF_SERVICE)
        director.set_unit_admin(unit, Admin.LOCKED)
        director.instantiate_spares(unit.group)
        return True
    before = unit.readiness, unit.admin
    director.set_readiness(unit, Readiness.OUT_OF_SERVICE)
    shutdown = operation == Operation.SHUTDOWN
    director.set_unit_admin(unit, Admin.SHUTTING_DOWN if shutdown else Admin.LOCKED)
    possible = director.group_event(unit.group, GroupEvent.SU_DOWN, Cause(unit))
    director.instantiate_spares(unit.group)
    if not possible:
        director.set_readiness(unit, before[0])
        director.set_unit_admin(unit, before[1])
        raise AisError(Code.ERR_FAILED_OPERATION, "SG redundancy model specific handler failed")
    return unit.group.state not in (GroupState.REALIGN, GroupState.SU_OPERATION)


def _lock_unit_instantiation(director: Director, unit: Unit, operation: Operation) -> Done:
    if not unit.instantiation_told:
        raise AisError(Code.ERR_TRY_AGAIN, f"'{unit.dn}' instantiate not done")
    if unit.assignments:
        raise AisError(Code.ERR_TRY_AGAIN, f"SIs still assigned to this SU '{unit.dn}'")
    if unit.presence in MOVING:
        text = f"'{unit.dn}' presence state is '{int(unit.presence)}'"
        raise AisError(Code.ERR_TRY_AGAIN, text)
    director.set_unit_admin(unit, Admin.LOCKED_INSTANTIATION)
    if unit.presence in AT_REST or not unit.node.present:
        unit.terminated = True
        return True
    director.terminate(unit)
    return False


def _unlock_unit_instantiation(director: Director, unit: Unit, operation: Operation) -> Done:
    if not unit.components:
        text = f"There is no component configured for SU '{unit.dn}'."
        raise AisError(Code.ERR_BAD_OPERATION, text)
    if unit.presence != Presence.UNINSTANTIATED:
        text = f"Can't instantiate '{unit.dn}', whose presence state is '{int(unit.presence)}'"
        raise AisError(Code.ERR_BAD_OPERATION, text)
    group = unit.group
    wanted = director.configuration.preferred_in_service(group.dn) or len(group.units)
    now = (
        unit.node.present
        and Admin.LOCKED_INSTANTIATION not in (unit.node.admin, group.admin)
        and unit.operational == Operational.ENABLED
        and wanted > director.instantiated(group)
    )
    unit.terminated = False
    director.set_unit_admin(unit, Admin.LOCKED)
    if not now:
        return True
    director.instantiate(unit)
    return False


def _repair_unit(director: Director, unit: Unit, operation: Operation) -> Done:
    if unit.operational == Operational.ENABLED:
        text = f"Admin repair request for '{unit.dn}', op state already enabled"
        raise AisError(Code.ERR_NO_OP, text)
    if unit.node.operational == Operational.DISABLED:
        text = f"Admin repair request for '{unit.dn}', hosting node'{unit.node.dn}' is absent"
        raise AisError(Code.ERR_BAD_OPERATION, text)
    director.to_node(unit.node.name, UnitOperation(unit.dn, Operation.REPAIRED))
    return False


def _has_csi(component: Component) -> bool:
    return any(each.component is component for a in component.unit.assignments for each in a.csis)


def _restart_unit(director: Director, unit: Unit, operation: Operation) -> Done:
    disabled = [c for c in unit.components if director.configuration.restart_disabled(c.dn)]
    if any(_has_csi(component) for component in disabled):
        # its assignments are removed first; the restart follows when they are gone
        director.set_readiness(unit, Readiness.OUT_OF_SERVICE)
        director.group_event(unit.group, GroupEvent.SU_FAULT, Cause(unit))
    else:
        director.to_node(unit.node.name, UnitOperation(unit.dn, Operation.RESTART))
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


def _restart_component(director: Director, component: Component, operation: Operation) -> Done:
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
    if director.configuration.restart_disabled(dn) and _has_csi(component):
        unit.restarting = True
        director.set_readiness(unit, Readiness.OUT_OF_SERVICE)
        director.group_event(unit.group, GroupEvent.SU_FAULT, Cause(unit))
    else:
        director.to_node(unit.node.name, ComponentOperation(dn, Operation.RESTART))
    return False


COMPONENT: dict[Operation, Rule] = {
    Operation.RESTART: Rule((), (), None, _restart_component, "terminated and instantiated, assigned again"),
}

OPERATIONS = {
    "SaAmfSU": UNIT,
    "SaAmfComp": COMPONENT,
    "SaAmfSI": INSTANCE,
    "SaAmfSG": GROUP,
    "SaAmfNode": NODE,
}
"""By class; every other class has none."""


# -- the door


def operate(director: Director, class_name: str, dn: str, operation: int, ticket: int) -> None:
    """Begin operation `operation` on object `dn`; its end comes as `effects.EndOperation(ticket, ...)`.

    AisError: refused."""
    if dn in director.units:
        unit = director.units[dn]
        _check_unit(director, unit, operation, UNIT)
        _perform(director, unit, UNIT[Operation(operation)], operation, ticket)
    elif dn in director.components:
        component = director.components[dn]
        if operation not in COMPONENT:
            raise AisError(Code.ERR_NOT_SUPPORTED, f"Unsupported admin operation '{operation}'")
        _perform(director, component, COMPONENT[Operation(operation)], operation, ticket)
    elif dn in director.sis:
        si = director.sis[dn]
        if any(a.adding is not None for each in si.group.sis for a in each.assignments):
            text = f"Single Csi assignment undergoing on (sg'{si.group.dn}')"
            raise AisError(Code.ERR_TRY_AGAIN, text)
        if operation not in INSTANCE:
            raise AisError(Code.ERR_NOT_SUPPORTED, f"SI Admin operation {operation} not supported")
        _perform(director, si, INSTANCE[Operation(operation)], operation, ticket)
    elif dn in director.groups:
        group = director.groups[dn]
        _check_group(director, dn, operation)
        _perform(director, group, GROUP[Operation(operation)], operation, ticket)
    elif dn in director.nodes:
        node = director.nodes[dn]
        _check_node(director, dn, operation)
        _perform(director, node, NODE[Operation(operation)], operation, ticket)
    elif dn in director.applications:
        _refuse_application(director, dn, operation)
    elif class_name == "SaAmfCluster":
        raise AisError(Code.ERR_NOT_SUPPORTED, "Not supported")
    else:
        raise AisError(Code.ERR_NOT_SUPPORTED, f"Admin operation not supported for {dn}")
    director.settle()


def _perform(director: Director, entity: object, rule: Rule, operation: int, ticket: int) -> None:
    if rule.begin(director, entity, Operation(operation)):
        director.end_now(ticket)
    else:
        director.wait(entity, Operation(operation), ticket)  # type: ignore[arg-type]


def _check_group(director: Director, dn: str, operation: int) -> None:
    group = director.groups[dn]
    if group.state != GroupState.STABLE:
        raise AisError(Code.ERR_TRY_AGAIN, f"SG not in STABLE state ({dn})")
    for unit in group.units:
        if unit.pending is not None:
            text = f"Admin operation'{int(unit.pending.operation)}' is already going on su'{unit.dn}'"
            raise AisError(Code.ERR_TRY_AGAIN, f"{text} belonging to the same SG")
        if unit.node.pending is not None:
            number = int(unit.node.pending.operation)
            text = f"Node'{unit.node.dn}' hosting SU'{unit.dn}' belonging to the same SG"
            raise AisError(Code.ERR_TRY_AGAIN, f"{text}, undergoing admin operation'{number}'")
    if group.pending is not None:
        raise AisError(Code.ERR_TRY_AGAIN, f"Admin operation is going on ({dn})")
    if any(a.adding is not None for si in group.sis for a in si.assignments):
        raise AisError(Code.ERR_TRY_AGAIN, f"Single Csi assignment undergoing on (sg'{dn}')")
    if operation not in GROUP:
        raise AisError(Code.ERR_NOT_SUPPORTED, f"Admin Operation '{operation}' not supported")


def _check_node(director: Director, dn: str, operation: int) -> None:
    node = director.nodes[dn]
    if node.pending is not None:
        raise AisError(Code.ERR_TRY_AGAIN, "Node undergoing admin operation")
    for unit in node.units:
        if unit.pending is not None:
            raise AisError(Code.ERR_TRY_AGAIN, f"SU on this node is undergoing admin op ({unit.dn})")
        if unit.presence in MOVING:
            text = f"'{unit.dn}' presence state is '{int(unit.presence)}'"
            raise AisError(Code.ERR_TRY_AGAIN, text)
        if unit.group.state != GroupState.STABLE:
            text = f"SG'{unit.group.dn}' of SU'{unit.dn}' on this node not in STABLE state"
            raise AisError(Code.ERR_TRY_AGAIN, text)
    if operation not in NODE:
        raise AisError(Code.ERR_NOT_SUPPORTED, f"UNSUPPORTED ADMIN OPERATION ({operation})")


def _refuse_application(director: Director, dn: str, operation: int) -> None:
    """Applications have an administrative state, but OpenSAF cannot change it."""
    state = director.applications[dn]
    for wanted, number, text in (
        (Admin.UNLOCKED, Operation.UNLOCK, "unlocked"),
        (Admin.LOCKED, Operation.LOCK, "locked"),
    ):
        if operation == number and state == wanted:
            raise AisError(Code.ERR_NO_OP, f"{dn} is already {text}")
        if operation == number and state == Admin.LOCKED_INSTANTIATION:
            raise AisError(Code.ERR_BAD_OPERATION, f"{dn} is locked instantiation")
    raise AisError(Code.ERR_NOT_SUPPORTED, "Not supported")
