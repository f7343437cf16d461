# SPDX-License-Identifier: Apache-2.0
"""From the model to the director's records: loading at the start, and what a CCB creates, changes or deletes.

Objects are dealt with class by class (`ORDER`), whatever their order in the CCB. What a CCB may do is
checked before, in `validation`; nothing here can fail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Optional

from imm_model.names import parent_dn, rdn_value
from saf_shim.amf.cluster import recovery
from saf_shim.amf.cluster.records import Component, Csi, Group, Node, Si, Unit, by_name
from saf_shim.amf.effects import Update, Values
from saf_shim.amf.node import healthcheck
from saf_shim.amf.redundancy.groups import Cause, GroupEvent
from saf_shim.amf.states import Act, Admin, AssignmentState, GroupState, Presence, Readiness, Redundancy
from saf_shim.imm.content.rules import ChangeKind
from saf_shim.imm.implementer.hooks import ObjectChange

if TYPE_CHECKING:
    from saf_shim.amf.cluster.director import Director

ORDER = (
    "SaAmfNode",
    "SaAmfApplication",
    "SaAmfSG",
    "SaAmfSI",
    "SaAmfCSI",
    "SaAmfSU",
    "SaAmfComp",
)
"""Classes with records of their own; each refers to earlier ones only."""

CLASSES = (
    *ORDER,
    "SaAmfCluster",
    "SaAmfNodeGroup",
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
)
"""Classes that AMF implements."""

_SYSTEM = "safApp=OpenSAF"  # OpenSAF's own middleware: described in the model, not simulated


def load(director: Director) -> None:
    """Take over the model as it is, and start what is to run."""
    view = director.configuration.view
    for class_name in ORDER:
        for dn in view.of_class(class_name):
            _add(director, class_name, dn)
    _begin(director, list(director.units.values()))


def apply(director: Director, changes: Sequence[ObjectChange]) -> None:
    """A CCB has been applied; the view shows it."""
    _delete(director, [change for change in changes if change.kind == ChangeKind.DELETE])
    created = {change.dn: change.class_name for change in changes if change.kind == ChangeKind.CREATE}
    for class_name in ORDER:
        for dn, found in created.items():
            if found == class_name:
                _add(director, class_name, dn)
    units = [director.units[dn] for dn in created if dn in director.units]
    older = {parent_dn(dn) for dn, found in created.items() if found == "SaAmfComp"} - created.keys()
    for dn in sorted(older & director.units.keys()):
        _tell_node(director, director.units[dn])
    for change in changes:
        if change.kind == ChangeKind.MODIFY:
            _modify(director, change)
    _begin(director, units)
    for dn, found in created.items():
        if found == "SaAmfSI" and dn in director.sis:
            _offer(director, director.sis[dn])
        elif found == "SaAmfCSI" and dn in director.csis and parent_dn(dn) not in created:
            _offer_csi(director, director.csis[dn])
    director.settle()


# -- creating


def _add(director: Director, class_name: str, dn: str) -> None:
    if dn == _SYSTEM or dn.endswith(f",{_SYSTEM}"):
        return
    _ADD[class_name](director, dn)


def _admin(director: Director, dn: str, attribute: str) -> Admin:
    value = director.configuration.number(dn, attribute)
    return Admin(value) if value in Admin._value2member_map_ else Admin.UNLOCKED  # type: ignore[arg-type]


def _add_node(director: Director, dn: str) -> None:
    node = director.add_node(dn)
    node.admin = _admin(director, dn, "saAmfNodeAdminState")
    values = {"saAmfNodeAdminState": (int(node.admin),), "saAmfNodeOperState": (int(node.operational),)}
    director.emit(Update(dn, values))


def _add_application(director: Director, dn: str) -> None:
    state = director.applications[dn] = _admin(director, dn, "saAmfApplicationAdminState")
    director.emit(Update(dn, {"saAmfApplicationAdminState": (int(state),)}))


def _add_group(director: Director, dn: str) -> None:
    redundancy = director.configuration.redundancy(dn)
    group = director.groups[dn] = Group(dn, redundancy or Redundancy.NO_REDUNDANCY)
    group.admin = _admin(director, dn, "saAmfSGAdminState")
    director.emit(Update(dn, {"saAmfSGAdminState": (int(group.admin),)}))


def _add_si(director: Director, dn: str) -> None:
    configuration = director.configuration
    group = director.groups.get(configuration.name(dn, "saAmfSIProtectedbySG"))
    if group is None:
        return
    si = director.sis[dn] = Si(dn, group, configuration.si_rank(dn))
    si.admin = _admin(director, dn, "saAmfSIAdminState")
    group.sis.append(si)
    group.sis.sort(key=lambda each: each.rank)
    values = {
        "saAmfSIAdminState": (int(si.admin),),
        "saAmfSIAssignmentState": (int(AssignmentState.UNASSIGNED),),
        "saAmfUnassignedAlarmStatus": (0,),
    }
    director.emit(Update(dn, values))


def _add_csi(director: Director, dn: str) -> None:
    si = director.sis.get(parent_dn(dn))
    if si is None:
        return
    csi = director.csis[dn] = Csi(dn, si)
    si.csis.append(csi)
    _rank_csis(director, si)


def _rank_csis(director: Director, si: Si) -> None:
    """A CSI's rank is 1, or one more than the highest rank of those it depends on."""
    sponsors = {
        csi.dn: [dn for dn in director.configuration.csi_dependencies(csi.dn) if dn in director.csis]
        for csi in si.csis
    }
    for csi in si.csis:
        csi.rank = _csi_rank(csi.dn, sponsors, ())
    si.csis.sort(key=lambda csi: (-csi.rank, by_name(csi.dn)))


def _csi_rank(dn: str, sponsors: dict[str, list[str]], path: tuple[str, ...]) -> int:
    if dn in path:
        return 0
    return 1 + max((_csi_rank(each, sponsors, (*path, dn)) for each in sponsors.get(dn, ())), default=0)


def host(director: Director, dn: str, group: Group) -> Optional[Node]:
    """The node of an SU: the one it names, or of a group of nodes the first that has no SU of the SG yet."""
    configuration = director.configuration
    named = configuration.name(dn, "saAmfSUHostNodeOrNodeGroup")
    if named in director.nodes:
        return director.nodes[named]
    named = named or configuration.name(group.dn, "saAmfSGSuHostNodeGroup")
    nodes = [director.nodes[n] for n in sorted(set(configuration.group_nodes(named))) if n in director.nodes]
    free = [node for node in nodes if not any(unit.group is group for unit in node.units)]
    return next(iter(free or nodes), None)


def _add_unit(director: Director, dn: str) -> None:
    configuration = director.configuration
    group = director.groups.get(parent_dn(dn))
    node = host(director, dn, group) if group is not None else None
    if group is None or node is None:
        return
    unit = director.units[dn] = Unit(dn, group, node, configuration.unit_rank(dn))
    unit.admin = _admin(director, dn, "saAmfSUAdminState")
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
    director.emit(Update(dn, values))


def _add_component(director: Director, dn: str) -> None:
    unit = director.units.get(parent_dn(dn))
    if unit is None:
        return
    component = Component(dn, unit, director.configuration.instantiation_level(dn))
    director.components[dn] = component
    component.operational = unit.operational
    unit.components.append(component)
    unit.components.sort(key=lambda each: (each.level, by_name(each.dn)))
    values = {
        "saAmfCompOperState": (int(component.operational),),
        "saAmfCompPresenceState": (int(Presence.UNINSTANTIATED),),
        "saAmfCompReadinessState": (int(Readiness.OUT_OF_SERVICE),),
    }
    director.emit(Update(dn, values))


_ADD = {
    "SaAmfNode": _add_node,
    "SaAmfApplication": _add_application,
    "SaAmfSG": _add_group,
    "SaAmfSI": _add_si,
    "SaAmfCSI": _add_csi,
    "SaAmfSU": _add_unit,
    "SaAmfComp": _add_component,
}


def _tell_node(director: Director, unit: Unit) -> None:
    if unit.node.present:
        director.directors[unit.node.name].add_unit(unit.dn)


def _begin(director: Director, units: Iterable[Unit]) -> None:
    """Units that are new: their node knows them, and those that may be are instantiated."""
    groups = []
    for unit in units:
        _tell_node(director, unit)
        if unit.group not in groups:
            groups.append(unit.group)
    for group in groups:
        director.instantiate_spares(group)


def _offer(director: Director, si: Si) -> None:
    """A new SI is assigned if there is somebody to have it."""
    if si.admin == Admin.UNLOCKED and si.group.admin == Admin.UNLOCKED:
        director.group_event(si.group, GroupEvent.SI_UP, Cause(si=si))


def _offer_csi(director: Director, csi: Csi) -> None:
    """A CSI of an older SI: the units that have the SI get it, else the SI may now be worth assigning."""
    if csi.si.assignments:
        director.assign_new_csi(csi)
    else:
        _offer(director, csi.si)


# -- changing


def _modify(director: Director, change: ObjectChange) -> None:
    dn = change.dn
    if change.class_name == "SaAmfHealthcheckType":
        _healthcheck_type_changed(director, dn)
    elif change.class_name == "SaAmfHealthcheck":
        _healthcheck_changed(director, dn)
    elif dn in director.units:
        director.units[dn].rank = Unit(dn, *_place(director, dn)).rank
        director.units[dn].group.units.sort(key=lambda each: each.rank)
    elif dn in director.sis:
        si = director.sis[dn]
        si.rank = Si(dn, si.group, director.configuration.si_rank(dn)).rank
        si.group.sis.sort(key=lambda each: each.rank)
    elif dn in director.csis:
        _rank_csis(director, director.csis[dn].si)
    elif dn in director.groups and director.groups[dn].state == GroupState.STABLE:
        director.instantiate_spares(director.groups[dn])


def _place(director: Director, dn: str) -> tuple[Group, Node, int]:
    unit = director.units[dn]
    return unit.group, unit.node, director.configuration.unit_rank(dn)


def _healthcheck_type_changed(director: Director, dn: str) -> None:
    key, kind = rdn_value(dn), parent_dn(dn)
    for node in director.directors.values():
        for component in node.components.values():
            if director.configuration.component_type(component.dn) == kind:
                healthcheck.type_changed(node, component, key)


def _healthcheck_changed(director: Director, dn: str) -> None:
    """Only objects that were there when the component was made count."""
    key, name = rdn_value(dn), parent_dn(dn)
    for node in director.directors.values():
        component = node.components.get(name)
        if component is not None and key in component.instances:
            component.instances[key] = director.configuration.healthcheck_instances(name)[key]


# -- deleting


def _delete(director: Director, changes: Sequence[ObjectChange]) -> None:
    gone = {change.dn for change in changes}
    for dn in gone:
        for node in director.directors.values():
            local = node.components.get(parent_dn(dn))
            if local is not None:
                local.instances.pop(rdn_value(dn), None)
    for dn in sorted(gone & director.components.keys()):
        component = director.components.pop(dn)
        component.unit.components.remove(component)
        for node in director.directors.values():
            node.remove_component_record(dn)
    for dn in sorted(gone & director.units.keys()):
        unit = director.units.pop(dn)
        unit.group.units.remove(unit)
        unit.group.dequeue(unit)
        unit.node.units.remove(unit)
        for node in director.directors.values():
            node.remove_unit(dn)
    for dn in sorted(gone & director.csis.keys()):
        _delete_csi(director, director.csis.pop(dn))
    for dn in sorted(gone & director.sis.keys()):
        si = director.sis.pop(dn)
        si.group.sis.remove(si)
    for dn in gone & director.groups.keys():
        del director.groups[dn]
    for dn in gone & director.applications.keys():
        del director.applications[dn]
    for dn in gone & director.nodes.keys():
        director.directors.pop(director.nodes.pop(dn).name, None)


def _delete_csi(director: Director, csi: Csi) -> None:
    """Units that have it are told, one after the other."""
    csi.si.csis.remove(csi)
    director.protection.removed(csi.dn)
    for assigned in csi.assignments:
        assigned.assignment.adding = assigned
        assigned.assignment.single = Act.REMOVE
    if csi.assignments:
        recovery.continue_csi_change(director, csi.si)


__all__ = ["CLASSES", "ORDER", "apply", "load"]
