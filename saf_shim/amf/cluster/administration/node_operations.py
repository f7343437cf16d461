# SPDX-License-Identifier: Apache-2.0
"""Administrative operations on AMF nodes, which are carried out on all service units there at once."""

from __future__ import annotations

from saf_shim.amf.cluster.administration.operation_rules import Done, Rule
from saf_shim.amf.cluster.group_events import group_event
from saf_shim.amf.entities.cluster import Cluster
from saf_shim.amf.entities.records import Node
from saf_shim.amf.messages import NodeOperation
from saf_shim.amf.redundancy.groups import Cause, GroupEvent
from saf_shim.amf.states import AT_REST, Admin, GroupState, Ha, Operation, Operational, Presence, Readiness
from saf_shim.codes import AisError, Code

ADMIN_WORDS = {
    Admin.UNLOCKED: "UNLOCKED",
    Admin.LOCKED: "LOCKED",
    Admin.LOCKED_INSTANTIATION: "LOCKED INSTANTIATION",
    Admin.SHUTTING_DOWN: "SHUTTING DOWN",
}


def _check(node: Node, operation: Operation) -> None:
    rule = NODE[operation]
    if node.admin in rule.no_op:
        raise AisError(Code.ERR_NO_OP, f"'{node.dn}' Already in {ADMIN_WORDS[node.admin]} state")
    if node.admin not in rule.accepted:
        text = f"'{node.dn}' Invalid Admin Operation {operation.name} in state {node.admin.name}"
        raise AisError(Code.ERR_BAD_OPERATION, text)


def _unlock_node(cluster: Cluster, node: Node, operation: Operation) -> Done:
    _check(node, operation)
    cluster.set_node_admin(node, Admin.UNLOCKED)
    if not node.present or node.operational == Operational.DISABLED:
        return True
    for unit in node.units:
        if cluster.in_service(unit):
            cluster.set_readiness(unit, Readiness.IN_SERVICE)
            group_event(cluster, unit.group, GroupEvent.SU_UP, Cause(unit))
        cluster.instantiate_spares(unit.group)
    return all(unit.group.state == GroupState.STABLE for unit in node.units)


def _lock_node(cluster: Cluster, node: Node, operation: Operation) -> Done:
    _check(node, operation)
    if not node.present or node.operational == Operational.DISABLED:
        cluster.set_node_admin(node, Admin.LOCKED)
        return True
    assigned = [unit for unit in node.units if unit.assignments]
    for unit in assigned:
        if any(other is not unit and other.group is unit.group for other in assigned):
            text = "Node lock/shutdown not allowed with two SUs on same node"
            raise AisError(Code.ERR_NOT_SUPPORTED, text)
    shutdown = operation == Operation.SHUTDOWN
    active = any(unit.assignments[0].ha == Ha.ACTIVE for unit in assigned)
    cluster.set_node_admin(node, Admin.SHUTTING_DOWN if shutdown else Admin.LOCKED)
    waiting = 0
    for unit in node.units:
        cluster.set_readiness(unit, Readiness.OUT_OF_SERVICE)
        had = bool(unit.assignments)
        if had:
            group_event(cluster, unit.group, GroupEvent.SU_DOWN, Cause(unit))
        cluster.instantiate_spares(unit.group)
        waiting += had and unit.group.state in (GroupState.REALIGN, GroupState.SU_OPERATION)
    if node.admin == Admin.SHUTTING_DOWN and not active:
        cluster.set_node_admin(node, Admin.LOCKED)
    return waiting == 0


def _lock_node_instantiation(cluster: Cluster, node: Node, operation: Operation) -> Done:
    _check(node, operation)
    for unit in node.units:
        unit.terminated = True
    cluster.set_node_admin(node, Admin.LOCKED_INSTANTIATION)
    if not node.present or node.operational == Operational.DISABLED:
        return True
    ending = [unit for unit in node.units if unit.presence not in AT_REST]
    for unit in ending:
        cluster.terminate(unit)
    return not ending


def _unlock_node_instantiation(cluster: Cluster, node: Node, operation: Operation) -> Done:
    _check(node, operation)
    for unit in node.units:
        unit.terminated = False
    cluster.set_node_admin(node, Admin.LOCKED)
    if not node.present or node.operational == Operational.DISABLED:
        return True
    trying: dict[str, int] = {}
    for unit in node.units:
        group = unit.group
        wanted = cluster.configuration.preferred_in_service(group.dn) or len(group.units)
        if (
            Admin.LOCKED_INSTANTIATION not in (unit.admin, group.admin)
            and unit.presence == Presence.UNINSTANTIATED
            and unit.operational == Operational.ENABLED
            and wanted > cluster.instantiated(group) + trying.get(group.dn, 0)
        ):
            cluster.instantiate(unit)
            trying[group.dn] = trying.get(group.dn, 0) + 1
    return not trying


def _repair_node(cluster: Cluster, node: Node, operation: Operation) -> Done:
    if node.operational == Operational.ENABLED:
        text = f"Admin repair request for '{node.dn}', op state already enabled"
        raise AisError(Code.ERR_NO_OP, text)
    if not node.present:
        raise AisError(Code.ERR_TRY_AGAIN)
    if not node.units:
        cluster.set_node_operational(node, Operational.ENABLED)
        return True
    cluster.outbox.to_node(node.name, NodeOperation(Operation.REPAIRED))
    return False


_U, _L, _I, _D = Admin.UNLOCKED, Admin.LOCKED, Admin.LOCKED_INSTANTIATION, Admin.SHUTTING_DOWN

NODE: dict[Operation, Rule] = {
    Operation.UNLOCK: Rule((_L,), (_U,), _U, _unlock_node, "as for each SU there"),
    Operation.LOCK: Rule((_U, _D), (_L,), _L, _lock_node, "as for each SU there"),
    Operation.SHUTDOWN: Rule((_U,), (_D,), _L, _lock_node, "as for each SU there"),
    Operation.LOCK_INSTANTIATION: Rule(
        (_L,), (_I,), _I, _lock_node_instantiation, "every SU there is terminated"
    ),
    Operation.UNLOCK_INSTANTIATION: Rule(
        (_I,), (_L,), _L, _unlock_node_instantiation, "SUs there that are not locked-in are instantiated"
    ),
    Operation.REPAIRED: Rule(
        (_U, _L, _I, _D), (), None, _repair_node, "ENABLED; its failed SUs are repaired"
    ),
}
