# SPDX-License-Identifier: Apache-2.0
"""From the model to the cluster's records: at the start, and when a CCB creates, changes or deletes objects.

Objects are handled class by class (`ORDER`), whatever their order in the CCB is. `validation` has checked the
CCB before, so nothing here can fail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Optional

from imm_model.names import parent_dn, rdn_value
from saf_shim.amf.cluster import csi_changes
from saf_shim.amf.cluster.group_events import group_event
from saf_shim.amf.cluster.simulated import SimulatedCluster
from saf_shim.amf.effects import Update, Values
from saf_shim.amf.entities.records import Component, Csi, Group, Node, NodeGroup, Si, Unit, by_name
from saf_shim.amf.node import director as node_director
from saf_shim.amf.node import healthcheck
from saf_shim.amf.redundancy.groups import Cause, GroupEvent
from saf_shim.amf.states import Admin, AssignmentState, GroupState, Presence, Readiness, Redundancy
from saf_shim.imm.content.rules import ChangeKind, ModificationType
from saf_shim.imm.implementer.hooks import ObjectChange

ORDER = (
    "SaAmfNode",
    "SaAmfNodeGroup",
    "SaAmfApplication",
    "SaAmfSG",
    "SaAmfSI",
    "SaAmfCSI",
    "SaAmfSU",
    "SaAmfComp",
)
"""Classes with records of their own. Each class refers only to earlier classes."""

CLASSES = (
    *ORDER,
    "SaAmfCluster",
    "SaAmfNodeSwBundle",
    "SaAmfAppBaseType",
    "SaAmfAppType",
    "SaAmfSGBaseType",
    "SaAmfSGType",
    "SaAmfSUBaseType",
    "SaAmfSUType",
    "SaAmfSutCompType",
    "SaAmfCompBaseType",
    "SaAmfCompType",
    "SaAmfCtCsType",
    "SaAmfSvcBaseType",
    "SaAmfSvcType",
    "SaAmfSvcTypeCSTypes",
    "SaAmfCSBaseType",
    "SaAmfCSType",
    "SaAmfCompCsType",
    "SaAmfCSIAttribute",
    "SaAmfHealthcheck",
    "SaAmfHealthcheckType",
    "SaAmfSIDependency",
    "SaAmfSIRankedSU",
    "SaAmfCompGlobalAttributes",
    "OpenSafAmfConfig",
)
"""Classes that AMF implements."""

_SYSTEM = "safApp=OpenSAF"  # OpenSAF's own middleware: described in the model, not simulated


def load(cluster: SimulatedCluster) -> None:
    """Take over the model as it is, and instantiate the units that may run."""
    view = cluster.configuration.view
    for class_name in ORDER:
        for dn in view.of_class(class_name):
            _add(cluster, class_name, dn)
    _begin(cluster, list(cluster.units.values()))


def apply(cluster: SimulatedCluster, changes: Sequence[ObjectChange]) -> None:
    """Take over what a CCB has created, changed and deleted; the view shows it already."""
    _delete(cluster, [change for change in changes if change.kind == ChangeKind.DELETE])
    created = {change.dn: change.class_name for change in changes if change.kind == ChangeKind.CREATE}
    for class_name in ORDER:
        for dn, found in created.items():
            if found == class_name:
                _add(cluster, class_name, dn)
    for dn, found in created.items():
        if found == "SaAmfCSIAttribute" and parent_dn(dn) in cluster.csis:
            values = cluster.configuration.csi_attribute_values(dn)
            cluster.csis[parent_dn(dn)].attributes[dn] = values
    units = [cluster.units[dn] for dn in created if dn in cluster.units]
    older = {parent_dn(dn) for dn, found in created.items() if found == "SaAmfComp"} - created.keys()
    for dn in sorted(older & cluster.units.keys()):
        _tell_node(cluster, cluster.units[dn])
    for change in changes:
        if change.kind == ChangeKind.MODIFY:
            _modify(cluster, change)
    _begin(cluster, units)
    for dn, found in created.items():
        if found == "SaAmfSI" and dn in cluster.sis:
            _offer(cluster, cluster.sis[dn])
        elif found == "SaAmfCSI" and dn in cluster.csis and parent_dn(dn) not in created:
            _offer_csi(cluster, cluster.csis[dn])


# -- creating


def _add(cluster: SimulatedCluster, class_name: str, dn: str) -> None:
    if dn == _SYSTEM or dn.endswith(f",{_SYSTEM}"):
        return
    _ADD[class_name](cluster, dn)


def _admin(cluster: SimulatedCluster, dn: str, attribute: str) -> Admin:
    value = cluster.configuration.number(dn, attribute)
    return Admin(value) if value in Admin._value2member_map_ else Admin.UNLOCKED  # type: ignore[arg-type]


def _add_node(cluster: SimulatedCluster, dn: str) -> None:
    name = rdn_value(dn)
    present = name in cluster.simulated
    node = cluster.nodes[dn] = Node(dn, name, present)
    if present:
        cluster.local_nodes[name] = node_director.new_node(dn, name, cluster.configuration, cluster.outbox)
    node.admin = _admin(cluster, dn, "saAmfNodeAdminState")
    values = {"saAmfNodeAdminState": (int(node.admin),), "saAmfNodeOperState": (int(node.operational),)}
    cluster.outbox.emit(Update(dn, values))


def _add_node_group(cluster: SimulatedCluster, dn: str) -> None:
    group = cluster.node_groups[dn] = NodeGroup(dn)
    group.admin = _admin(cluster, dn, "saAmfNGAdminState")


def _add_application(cluster: SimulatedCluster, dn: str) -> None:
    state = cluster.applications[dn] = _admin(cluster, dn, "saAmfApplicationAdminState")
    cluster.outbox.emit(Update(dn, {"saAmfApplicationAdminState": (int(state),)}))


def _add_group(cluster: SimulatedCluster, dn: str) -> None:
    redundancy = cluster.configuration.redundancy(dn)
    group = cluster.groups[dn] = Group(dn, redundancy or Redundancy.NO_REDUNDANCY)
    group.admin = _admin(cluster, dn, "saAmfSGAdminState")
    cluster.outbox.emit(Update(dn, {"saAmfSGAdminState": (int(group.admin),)}))


def _add_si(cluster: SimulatedCluster, dn: str) -> None:
    configuration = cluster.configuration
    group = cluster.groups.get(configuration.name(dn, "saAmfSIProtectedbySG"))
    if group is None:
        return
    si = cluster.sis[dn] = Si(dn, group, configuration.si_rank(dn))
    si.admin = _admin(cluster, dn, "saAmfSIAdminState")
    group.sis.append(si)
    group.sis.sort(key=lambda each: each.rank)
    values = {
        "saAmfSIAdminState": (int(si.admin),),
        "saAmfSIAssignmentState": (int(AssignmentState.UNASSIGNED),),
        "saAmfUnassignedAlarmStatus": (0,),
    }
    cluster.outbox.emit(Update(dn, values))


def _add_csi(cluster: SimulatedCluster, dn: str) -> None:
    si = cluster.sis.get(parent_dn(dn))
    if si is None:
        return
    csi = cluster.csis[dn] = Csi(dn, si)
    for attribute in cluster.configuration.csi_attributes(dn):
        csi.attributes[attribute] = cluster.configuration.csi_attribute_values(attribute)
    si.csis.append(csi)
    _rank_csis(cluster, si)


def _rank_csis(cluster: SimulatedCluster, si: Si) -> None:
    """Set a CSI's rank: 1, or one more than the highest rank of the CSIs that it depends on."""
    sponsors = {
        csi.dn: [dn for dn in cluster.configuration.csi_dependencies(csi.dn) if dn in cluster.csis]
        for csi in si.csis
    }
    for csi in si.csis:
        csi.rank = _csi_rank(csi.dn, sponsors, ())
    si.csis.sort(key=lambda csi: (-csi.rank, by_name(csi.dn)))


def _csi_rank(dn: str, sponsors: dict[str, list[str]], path: tuple[str, ...]) -> int:
    if dn in path:
        return 0
    return 1 + max((_csi_rank(each, sponsors, (*path, dn)) for each in sponsors.get(dn, ())), default=0)


def host(cluster: SimulatedCluster, dn: str, group: Group) -> Optional[Node]:
    """Return the node of an SU. It is the node that the SU names. If the SU names a node group, it is the
    first node of the group that has no SU of this SG yet."""
    configuration = cluster.configuration
    named = configuration.name(dn, "saAmfSUHostNodeOrNodeGroup")
    if named in cluster.nodes:
        return cluster.nodes[named]
    named = named or configuration.name(group.dn, "saAmfSGSuHostNodeGroup")
    nodes = [cluster.nodes[n] for n in sorted(set(configuration.group_nodes(named))) if n in cluster.nodes]
    free = [node for node in nodes if not any(unit.group is group for unit in node.units)]
    return next(iter(free or nodes), None)


def _add_unit(cluster: SimulatedCluster, dn: str) -> None:
    configuration = cluster.configuration
    group = cluster.groups.get(parent_dn(dn))
    node = host(cluster, dn, group) if group is not None else None
    if group is None or node is None:
        return
    unit = cluster.units[dn] = Unit(dn, group, node, configuration.unit_rank(dn))
    unit.admin = _admin(cluster, dn, "saAmfSUAdminState")
    unit.operational = node.operational
    unit.terminated = Admin.LOCKED_INSTANTIATION in (unit.admin, group.admin, node.admin)
    group.units.append(unit)
    group.units.sort(key=lambda each: each.rank)
    node.units.append(unit)
    node.units.sort(key=lambda each: each.rank)
    values: dict[str, Values] = {
        "saAmfSUAdminState": (int(unit.admin),),
        "saAmfSUOperState": (int(unit.operational),),
        "saAmfSUPresenceState": (int(Presence.UNINSTANTIATED),),
        "saAmfSUReadinessState": (int(Readiness.OUT_OF_SERVICE),),
        "saAmfSUHostedByNode": (node.dn,),
        "saAmfSUPreInstantiable": (1,),
    }
    cluster.outbox.emit(Update(dn, values))


def _add_component(cluster: SimulatedCluster, dn: str) -> None:
    unit = cluster.units.get(parent_dn(dn))
    if unit is None:
        return
    component = Component(dn, unit, cluster.configuration.instantiation_level(dn))
    cluster.components[dn] = component
    component.operational = unit.operational
    unit.components.append(component)
    unit.components.sort(key=lambda each: (each.level, by_name(each.dn)))
    values = {
        "saAmfCompOperState": (int(component.operational),),
        "saAmfCompPresenceState": (int(Presence.UNINSTANTIATED),),
        "saAmfCompReadinessState": (int(Readiness.OUT_OF_SERVICE),),
    }
    cluster.outbox.emit(Update(dn, values))


_ADD = {
    "SaAmfNode": _add_node,
    "SaAmfNodeGroup": _add_node_group,
    "SaAmfApplication": _add_application,
    "SaAmfSG": _add_group,
    "SaAmfSI": _add_si,
    "SaAmfCSI": _add_csi,
    "SaAmfSU": _add_unit,
    "SaAmfComp": _add_component,
}


def _tell_node(cluster: SimulatedCluster, unit: Unit) -> None:
    if unit.node.present:
        node_director.add_unit(cluster.local_nodes[unit.node.name], unit.dn)


def _begin(cluster: SimulatedCluster, units: Iterable[Unit]) -> None:
    """Tell the nodes about new units, and instantiate those that may run."""
    groups = []
    for unit in units:
        _tell_node(cluster, unit)
        if unit.group not in groups:
            groups.append(unit.group)
    for group in groups:
        cluster.instantiate_spares(group)


def _offer(cluster: SimulatedCluster, si: Si) -> None:
    """Assign a new SI, if a unit can have it."""
    if si.admin == Admin.UNLOCKED and si.group.admin == Admin.UNLOCKED:
        group_event(cluster, si.group, GroupEvent.SI_UP, Cause(si=si))


def _offer_csi(cluster: SimulatedCluster, csi: Csi) -> None:
    """Give a new CSI of an older SI to the units that have the SI. If none has it, the SI may be assignable
    now."""
    if csi.si.assignments:
        csi_changes.csi_created(cluster, csi)
    else:
        _offer(cluster, csi.si)


# -- changing


def _modify(cluster: SimulatedCluster, change: ObjectChange) -> None:
    dn = change.dn
    if change.class_name == "SaAmfHealthcheckType":
        _healthcheck_type_changed(cluster, dn)
    elif change.class_name == "SaAmfHealthcheck":
        _healthcheck_changed(cluster, dn)
    elif change.class_name == "SaAmfCSIAttribute":
        _csi_attribute_changed(cluster, change)
    elif dn in cluster.units:
        cluster.units[dn].rank = Unit(dn, *_place(cluster, dn)).rank
        cluster.units[dn].group.units.sort(key=lambda each: each.rank)
    elif dn in cluster.sis:
        si = cluster.sis[dn]
        si.rank = Si(dn, si.group, cluster.configuration.si_rank(dn)).rank
        si.group.sis.sort(key=lambda each: each.rank)
    elif dn in cluster.csis:
        _rank_csis(cluster, cluster.csis[dn].si)
    elif dn in cluster.groups and cluster.groups[dn].state == GroupState.STABLE:
        cluster.instantiate_spares(cluster.groups[dn])


def _place(cluster: SimulatedCluster, dn: str) -> tuple[Group, Node, int]:
    unit = cluster.units[dn]
    return unit.group, unit.node, cluster.configuration.unit_rank(dn)


def _healthcheck_type_changed(cluster: SimulatedCluster, dn: str) -> None:
    key, kind = rdn_value(dn), parent_dn(dn)
    for node in cluster.local_nodes.values():
        for component in node.components.values():
            if cluster.configuration.component_type(component.dn) == kind:
                healthcheck.type_changed(node, component, key)


def _healthcheck_changed(cluster: SimulatedCluster, dn: str) -> None:
    """Take over new times. Only objects that existed when the component was made count."""
    key, name = rdn_value(dn), parent_dn(dn)
    for node in cluster.local_nodes.values():
        component = node.components.get(name)
        if component is not None and key in component.instances:
            component.instances[key] = cluster.configuration.healthcheck_instances(name)[key]


def _csi_attribute_changed(cluster: SimulatedCluster, change: ObjectChange) -> None:
    """Take over the values that components get at their next assignment.

    amfd 5.21 takes every second value only when an attribute is modified, beginning with the first: after
    ``immcfg -a saAmfCSIAttriValue=a -a saAmfCSIAttriValue=b`` IMM has both, and a component gets ``a``.
    Values of a new attribute are all taken."""
    csi = cluster.csis.get(parent_dn(change.dn))
    if csi is None:
        return
    values = csi.attributes.setdefault(change.dn, [])
    for modification in change.modifications:
        if modification.name != "saAmfCSIAttriValue":
            continue
        taken = [str(value) for value in modification.values[::2]]
        if modification.how == ModificationType.REPLACE:
            values[:] = taken
        elif modification.how == ModificationType.ADD:
            values += taken if values else taken[:1]
        else:
            values[:] = [value for value in values if value not in taken]


# -- deleting


def _delete(cluster: SimulatedCluster, changes: Sequence[ObjectChange]) -> None:
    gone = {change.dn for change in changes}
    for dn in gone:
        _delete_detail(cluster, dn)
    for dn in sorted(gone & cluster.components.keys()):
        component = cluster.components.pop(dn)
        component.unit.components.remove(component)
        for node in cluster.local_nodes.values():
            node_director.remove_component(node, dn)
    for dn in sorted(gone & cluster.units.keys()):
        unit = cluster.units.pop(dn)
        unit.group.units.remove(unit)
        unit.group.dequeue(unit)
        unit.node.units.remove(unit)
        for node in cluster.local_nodes.values():
            node_director.remove_unit(node, dn)
    for dn in sorted(gone & cluster.csis.keys()):
        csi_changes.csi_deleted(cluster, cluster.csis.pop(dn))
    for dn in sorted(gone & cluster.sis.keys()):
        si = cluster.sis.pop(dn)
        si.group.sis.remove(si)
    for dn in gone & cluster.groups.keys():
        del cluster.groups[dn]
    for dn in gone & cluster.applications.keys():
        del cluster.applications[dn]
    for dn in gone & cluster.node_groups.keys():
        del cluster.node_groups[dn]
    for dn in gone & cluster.nodes.keys():
        cluster.local_nodes.pop(cluster.nodes.pop(dn).name, None)


def _delete_detail(cluster: SimulatedCluster, dn: str) -> None:
    """A healthcheck of a component, or an attribute of a CSI, has no record of its own."""
    for node in cluster.local_nodes.values():
        component = node.components.get(parent_dn(dn))
        if component is not None:
            component.instances.pop(rdn_value(dn), None)
    csi = cluster.csis.get(parent_dn(dn))
    if csi is not None:
        csi.attributes.pop(dn, None)
