# SPDX-License-Identifier: Apache-2.0
"""Administrative operations on node groups, which are carried out on one node of the group after the other.

OpenSAF begins with all nodes at once. The final state is the same where the units of a service group can
replace each other; the steps in between differ."""

from __future__ import annotations

from functools import partial

from saf_shim.amf.cluster.administration.node_operations import ADMIN_WORDS, NODE
from saf_shim.amf.cluster.administration.operation_rules import Done, Rule
from saf_shim.amf.entities.cluster import Cluster
from saf_shim.amf.entities.records import NodeGroup, NodeStep
from saf_shim.amf.states import MOVING, Admin, GroupState, Operation
from saf_shim.codes import AisError, Code


def check_node_group(cluster: Cluster, group: NodeGroup, operation: int) -> None:
    """Make sure that the operation can begin, in OpenSAF's order of checks; AisError if it cannot."""
    if operation not in NODE_GROUP:
        raise AisError(Code.ERR_NOT_SUPPORTED, f"Operation is not supported ({operation})")
    nodes = [cluster.nodes[dn] for dn in cluster.configuration.group_nodes(group.dn) if dn in cluster.nodes]
    units = [unit for node in nodes for unit in node.units]
    if (
        group.pending is not None
        or any(node.pending is not None for node in nodes)
        or any(unit.pending is not None for unit in units)
        or any(unit.presence in MOVING for unit in units)
        or any(unit.group.state != GroupState.STABLE for unit in units)
    ):
        text = f"Some entity is unstable, Operation cannot be performed on '{group.dn}'"
        raise AisError(Code.ERR_TRY_AGAIN, f"{text}Check syslog for entity details")
    rule = NODE_GROUP[Operation(operation)]
    if group.admin in rule.no_op:
        raise AisError(Code.ERR_NO_OP, f"'{group.dn}' Already in {ADMIN_WORDS[group.admin]} state")
    if group.admin not in rule.accepted:
        text = f"Invalid Admin Operation {Operation(operation).name} in state {group.admin.name}"
        raise AisError(Code.ERR_BAD_OPERATION, f"'{group.dn}' {text}")


def _begin(cluster: Cluster, group: NodeGroup, operation: Operation) -> Done:
    """Note what must be done with each node. Nodes in another state are left alone, as in OpenSAF."""
    to = NODE_GROUP[operation].to
    assert to is not None
    cluster.set_node_group_admin(group, Admin.SHUTTING_DOWN if operation == Operation.SHUTDOWN else to)
    rule = NODE[operation]
    for dn in cluster.configuration.group_nodes(group.dn):
        node = cluster.nodes.get(dn)
        if node is not None and node.admin in rule.accepted:
            group.steps.append(NodeStep(node, partial(rule.begin, cluster, node, operation)))
    return False


_U, _L, _I, _D = Admin.UNLOCKED, Admin.LOCKED, Admin.LOCKED_INSTANTIATION, Admin.SHUTTING_DOWN
_TEXT = "as for each node, one after the other"

NODE_GROUP: dict[Operation, Rule] = {
    Operation.UNLOCK: Rule((_L,), (_U,), _U, _begin, _TEXT),
    Operation.LOCK: Rule((_U, _D), (_L,), _L, _begin, _TEXT),
    Operation.SHUTDOWN: Rule((_U,), (_D,), _L, _begin, _TEXT),
    Operation.LOCK_INSTANTIATION: Rule((_L,), (_I,), _I, _begin, _TEXT),
    Operation.UNLOCK_INSTANTIATION: Rule((_I,), (_L,), _L, _begin, _TEXT),
}
