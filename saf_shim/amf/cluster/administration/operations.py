# SPDX-License-Identifier: Apache-2.0
"""The door to administrative operations: which operations each object has, and how they begin.

`OPERATIONS` is the table. It has, for each kind of object and each operation, the administrative states in
which the operation is carried out. An operation that has to wait is kept at its object (`Cluster.wait`);
`cluster.pending` or the group's table ends it. Codes and texts are those of OpenSAF 5.21. A refusal is an
AisError."""

from __future__ import annotations

from saf_shim.amf.cluster.administration.node_group_operations import NODE_GROUP, check_node_group
from saf_shim.amf.cluster.administration.node_operations import NODE
from saf_shim.amf.cluster.administration.operation_rules import Rule
from saf_shim.amf.cluster.administration.service_operations import GROUP, INSTANCE
from saf_shim.amf.cluster.administration.unit_operations import COMPONENT, UNIT, check_unit
from saf_shim.amf.entities.cluster import Cluster
from saf_shim.amf.states import MOVING, Admin, GroupState, Operation
from saf_shim.codes import AisError, Code

OPERATIONS = {
    "SaAmfSU": UNIT,
    "SaAmfComp": COMPONENT,
    "SaAmfSI": INSTANCE,
    "SaAmfSG": GROUP,
    "SaAmfNode": NODE,
    "SaAmfNodeGroup": NODE_GROUP,
}
"""The operations of each class. Other classes have no operations."""

_CLASS_NUMBERS = {
    "SaAmfCompBaseType": 1,
    "SaAmfSUBaseType": 2,
    "SaAmfSGBaseType": 3,
    "SaAmfAppBaseType": 4,
    "SaAmfSvcBaseType": 5,
    "SaAmfCSBaseType": 6,
    "SaAmfCompGlobalAttributes": 7,
    "SaAmfCompType": 8,
    "SaAmfCSType": 9,
    "SaAmfCtCsType": 10,
    "SaAmfHealthcheckType": 11,
    "SaAmfSvcType": 12,
    "SaAmfSvcTypeCSTypes": 13,
    "SaAmfSUType": 14,
    "SaAmfSutCompType": 15,
    "SaAmfSGType": 16,
    "SaAmfAppType": 17,
    "SaAmfNodeSwBundle": 21,
    "SaAmfCSI": 25,
    "SaAmfCSIAttribute": 26,
    "SaAmfHealthcheck": 29,
    "SaAmfCompCsType": 30,
    "SaAmfSIDependency": 31,
    "SaAmfSIRankedSU": 32,
    "SaAmfSIAssignment": 33,
    "SaAmfCSIAssignment": 34,
}
"""OpenSAF's own numbers of the classes without operations. The text of the refusal contains them."""


def operate(cluster: Cluster, class_name: str, dn: str, operation: int, ticket: int) -> None:
    """Begin operation `operation` on object `dn`.

    The effect `EndOperation(ticket, ...)` reports its end. AisError if the operation is refused."""
    if dn in cluster.units:
        unit = cluster.units[dn]
        check_unit(cluster, unit, operation, UNIT)
        _perform(cluster, unit, UNIT[Operation(operation)], operation, ticket)
    elif dn in cluster.components:
        component = cluster.components[dn]
        if operation not in COMPONENT:
            raise AisError(Code.ERR_NOT_SUPPORTED, f"Unsupported admin operation '{operation}'")
        _perform(cluster, component, COMPONENT[Operation(operation)], operation, ticket)
    elif dn in cluster.sis:
        si = cluster.sis[dn]
        if any(a.adding is not None for each in si.group.sis for a in each.assignments):
            text = f"Single Csi assignment undergoing on (sg'{si.group.dn}')"
            raise AisError(Code.ERR_TRY_AGAIN, text)
        if operation not in INSTANCE:
            raise AisError(Code.ERR_NOT_SUPPORTED, f"SI Admin operation {operation} not supported")
        _perform(cluster, si, INSTANCE[Operation(operation)], operation, ticket)
    elif dn in cluster.groups:
        group = cluster.groups[dn]
        _check_group(cluster, dn, operation)
        _perform(cluster, group, GROUP[Operation(operation)], operation, ticket)
    elif dn in cluster.nodes:
        node = cluster.nodes[dn]
        _check_node(cluster, dn, operation)
        _perform(cluster, node, NODE[Operation(operation)], operation, ticket)
    elif dn in cluster.node_groups:
        node_group = cluster.node_groups[dn]
        check_node_group(cluster, node_group, operation)
        _perform(cluster, node_group, NODE_GROUP[Operation(operation)], operation, ticket)
    elif dn in cluster.applications:
        _refuse_application(cluster, dn, operation)
    elif class_name in ("SaAmfCluster", "OpenSafAmfConfig"):
        raise AisError(Code.ERR_NOT_SUPPORTED, "Not supported")
    else:
        number = _CLASS_NUMBERS.get(class_name, 0)
        raise AisError(Code.ERR_INVALID_PARAM, f"Admin operation not supported for {dn} ({number})")


def _perform(cluster: Cluster, entity: object, rule: Rule, operation: int, ticket: int) -> None:
    if rule.begin(cluster, entity, Operation(operation)):
        cluster.end_now(ticket)
    else:
        cluster.wait(entity, Operation(operation), ticket)  # type: ignore[arg-type]


def _check_group(cluster: Cluster, dn: str, operation: int) -> None:
    group = cluster.groups[dn]
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


def _check_node(cluster: Cluster, dn: str, operation: int) -> None:
    node = cluster.nodes[dn]
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


def _refuse_application(cluster: Cluster, dn: str, operation: int) -> None:
    """Refuse: applications have an administrative state, but OpenSAF cannot change it."""
    state = cluster.applications[dn]
    for wanted, number, text in (
        (Admin.UNLOCKED, Operation.UNLOCK, "unlocked"),
        (Admin.LOCKED, Operation.LOCK, "locked"),
    ):
        if operation == number and state == wanted:
            raise AisError(Code.ERR_NO_OP, f"{dn} is already {text}")
        if operation == number and state == Admin.LOCKED_INSTANTIATION:
            raise AisError(Code.ERR_BAD_OPERATION, f"{dn} is locked instantiation")
    raise AisError(Code.ERR_NOT_SUPPORTED, "Not supported")
