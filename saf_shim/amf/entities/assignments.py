# SPDX-License-Identifier: Apache-2.0
"""Operations on one assignment: make it, change it, remove it, forget it.

Nothing here knows a redundancy model. This module chooses components for the CSIs of an SI, keeps IMM's
objects and the numbers correct, and sends the requests to the unit's node. A redundancy model decides which
SI a unit gets, and what follows when a request is done."""

from __future__ import annotations

from typing import Optional

from saf_shim.amf.configuration import Configuration
from saf_shim.amf.effects import Create, Delete, Update
from saf_shim.amf.entities import counting, protection, requests
from saf_shim.amf.entities.cluster import Cluster
from saf_shim.amf.entities.records import Assignment, Component, Csi, CsiAssignment, Si, Unit, by_name
from saf_shim.amf.states import Act, GroupChange, Ha, Susi

READY_FOR_ASSIGNMENT = 1


# -- making


def assign(cluster: Cluster, unit: Unit, si: Si, ha: Ha) -> Optional[Assignment]:
    """Assign the SI to the unit, for the CSIs that have a component. None if no component can take a CSI."""
    assignment = Assignment(si, unit, ha)
    at = next((i for i, a in enumerate(si.assignments) if unit.rank <= a.unit.rank), len(si.assignments))
    si.assignments.insert(at, assignment)
    unit.assignments.append(assignment)
    unit.assignments.sort(key=lambda a: by_name(a.si.dn))
    cluster.outbox.emit(
        Create(
            "SaAmfSIAssignment",
            si.dn,
            {
                "safSISU": (assignment.rdn,),
                "saAmfSISUHAState": (int(ha),),
                "saAmfSISUHAReadinessState": (READY_FOR_ASSIGNMENT,),
                "osafAmfSISUFsmState": (0,),
            },
        )
    )
    counting.count(cluster, assignment, Act.ASSIGN, None, ha)
    if len(si.assignments) > 1:
        _tell_standbys(cluster, si, assignment)
    _choose_components(cluster, assignment)
    _drop_csis_without_sponsor(cluster, assignment)
    if not assignment.csis:
        counting.count(cluster, assignment, Act.REMOVE)
        delete(cluster, assignment)
        return None
    requests.send(cluster, unit, assignment, Act.ASSIGN)
    return assignment


def _choose_components(cluster: Cluster, assignment: Assignment) -> None:
    """Choose a component for each CSI. While there are free components, each CSI gets its own; after that,
    one component gets as many CSIs as it can take."""
    unit = assignment.unit
    configuration = cluster.configuration
    for component in unit.components:
        component.assigned = False
    left = []
    for csi in assignment.si.csis:
        free = [c for c in unit.components if not c.assigned and configuration.supports(c.dn, csi.dn)]
        if free:
            _add_csi(cluster, assignment, csi, free[0])
        else:
            left.append(csi)
    for csi in left:
        for component in unit.components:
            if component.assigned and _has_room(cluster, component, csi, assignment.ha, configuration):
                _add_csi(cluster, assignment, csi, component)
                break


def _has_room(cluster: Cluster, component: Component, csi: Csi, ha: Ha, model: Configuration) -> bool:
    """Tell whether the component supports the CSI's type and can take another CSI of it."""
    if not model.supports(component.dn, csi.dn):
        return False
    limit = model.max_assignments(component.dn, csi.dn, ha == Ha.ACTIVE)
    kind = model.name(csi.dn, "saAmfCSType")
    return limit < 0 or _count_csis(cluster, component, csi, kind, ha) < limit


def _count_csis(cluster: Cluster, component: Component, csi: Csi, kind: str, ha: Ha) -> int:
    """Count the component's CSIs of type `kind`, without `csi`: the active ones, or else the standby ones."""
    state = Ha.ACTIVE if ha == Ha.ACTIVE else Ha.STANDBY
    return sum(
        each.component is component
        and each.csi is not csi
        and assignment.ha == state
        and cluster.configuration.name(each.csi.dn, "saAmfCSType") == kind
        for assignment in component.unit.assignments
        for each in assignment.csis
    )


def _add_csi(cluster: Cluster, assignment: Assignment, csi: Csi, component: Component) -> CsiAssignment:
    added = CsiAssignment(csi, component, assignment)
    csi.assignments.insert(0, added)
    assignment.csis.insert(0, added)
    component.assigned = True
    cluster.outbox.emit(
        Create(
            "SaAmfCSIAssignment",
            csi.dn,
            {
                "safCSIComp": (added.rdn,),
                "saAmfCSICompHAState": (int(assignment.ha),),
                "saAmfCSICompHAReadinessState": (READY_FOR_ASSIGNMENT,),
            },
        )
    )
    return added


def _drop_csis_without_sponsor(cluster: Cluster, assignment: Assignment) -> None:
    while True:
        for each in assignment.csis:
            sponsors = cluster.configuration.csi_dependencies(each.csi.dn)
            if not all(_is_assigned_in(cluster, sponsor, assignment.unit) for sponsor in sponsors):
                each.component.assigned = False
                delete_csi(cluster, each, silently=True)
                break
        else:
            return


def _is_assigned_in(cluster: Cluster, sponsor: str, unit: Unit) -> bool:
    csi = cluster.csis.get(sponsor)
    return csi is not None and any(a.component.unit is unit for a in csi.assignments)


def add_csi(cluster: Cluster, assignment: Assignment, csi: Csi) -> Optional[CsiAssignment]:
    """Assign a new CSI of an SI that is assigned already. None if no component can take it."""
    chosen = choose_component(cluster, assignment, csi, cluster.configuration)
    return _add_csi(cluster, assignment, csi, chosen) if chosen is not None else None


def choose_component(
    cluster: Cluster, assignment: Assignment, csi: Csi, model: Configuration
) -> Optional[Component]:
    """Choose a component that has no CSI of this SI, or else a component that can take one more of this
    type."""
    taken = {each.component for each in assignment.csis}
    supported = [c for c in assignment.unit.components if model.supports(c.dn, csi.dn)]
    free = [c for c in supported if c not in taken]
    roomy = (c for c in supported if c in taken and _has_room(cluster, c, csi, assignment.ha, model))
    return next(iter(free), None) or next(roomy, None)


# -- changing


def change(cluster: Cluster, assignment: Assignment, ha: Ha) -> None:
    """Ask the unit to change the HA state of this SI only."""
    before = assignment.ha
    assignment.ha = ha
    assignment.state = Susi.MODIFYING
    requests.send(cluster, assignment.unit, assignment, Act.MODIFY)
    counting.count(cluster, assignment, Act.MODIFY, before, ha)
    publish(cluster, assignment, ha)


def change_all(cluster: Cluster, unit: Unit, ha: Ha) -> None:
    """Ask the unit to change the HA state of all its SIs. The new state is published when this is done."""
    for assignment in unit.assignments:
        if assignment.state == Susi.REMOVING or (ha == Ha.QUIESCED and assignment.ha == Ha.QUIESCED):
            continue
        before = assignment.ha
        assignment.ha = ha
        assignment.state = Susi.MODIFYING
        counting.count(cluster, assignment, Act.MODIFY, before, ha)
    requests.send(cluster, unit, None, Act.MODIFY)


def remove(cluster: Cluster, assignment: Assignment) -> None:
    assignment.state = Susi.REMOVING
    requests.send(cluster, assignment.unit, assignment, Act.REMOVE)
    counting.count(cluster, assignment, Act.REMOVE)


def remove_all(cluster: Cluster, unit: Unit) -> None:
    for assignment in unit.assignments:
        if assignment.state != Susi.REMOVING:
            assignment.state = Susi.REMOVING
            counting.count(cluster, assignment, Act.REMOVE)
    requests.send(cluster, unit, None, Act.REMOVE)


def publish(cluster: Cluster, assignment: Assignment, ha: Ha) -> None:
    """Write the HA state to IMM, into the assignment objects of the SI and of its CSIs."""
    cluster.outbox.emit(Update(assignment.dn, {"saAmfSISUHAState": (int(ha),)}))
    for each in assignment.csis:
        cluster.outbox.emit(Update(each.dn, {"saAmfCSICompHAState": (int(ha),)}))


def publish_all(cluster: Cluster, unit: Unit, ha: Ha) -> None:
    for assignment in unit.assignments:
        publish(cluster, assignment, ha)


# -- the end


def delete(cluster: Cluster, assignment: Assignment) -> None:
    """Forget an assignment. Its CSIs must be forgotten first (`delete_csis`)."""
    si, unit = assignment.si, assignment.unit
    unit.assignments.remove(assignment)
    at = si.assignments.index(assignment)
    si.assignments.remove(assignment)
    if si.assignments[at:]:
        _tell_standbys(cluster, si, assignment)
    if assignment.state in (Susi.ASSIGNED, Susi.ASSIGNING):
        if assignment.ha == Ha.STANDBY:
            counting.add(cluster, assignment, 0, -1)
        elif assignment.ha in (Ha.ACTIVE, Ha.QUIESCING):
            counting.add(cluster, assignment, -1, 0)
    cluster.outbox.emit(Delete(assignment.dn))


def delete_csis(cluster: Cluster, assignment: Assignment) -> None:
    for each in list(assignment.csis):
        delete_csi(cluster, each)


def delete_csi(cluster: Cluster, assigned: CsiAssignment, silently: bool = False) -> None:
    assigned.csi.assignments.remove(assigned)
    if not silently:
        protection.changed(cluster, assigned, GroupChange.REMOVED)
    assigned.assignment.csis.remove(assigned)
    cluster.outbox.emit(Delete(assigned.dn))


def delete_whole(cluster: Cluster, assignment: Assignment) -> None:
    delete_csis(cluster, assignment)
    delete(cluster, assignment)


def delete_all(cluster: Cluster, unit: Unit) -> None:
    while unit.assignments:
        delete_whole(cluster, unit.assignments[0])
    unit.active = unit.standby = 0


# -- answers


def all_assigned(cluster: Cluster, unit: Unit) -> None:
    """Note that the unit has confirmed a change of all its SIs. QUIESCING becomes QUIESCED."""
    quiescing = any(a.ha == Ha.QUIESCING and a.state != Susi.REMOVING for a in unit.assignments)
    for assignment in unit.assignments:
        if assignment.state == Susi.REMOVING:
            continue
        if quiescing:
            assignment.ha = Ha.QUIESCED
            counting.count(cluster, assignment, Act.MODIFY, Ha.QUIESCING, Ha.QUIESCED)
        assignment.state = Susi.ASSIGNED
        tell_group(cluster, assignment)


def tell_group(cluster: Cluster, assignment: Assignment) -> None:
    for each in assignment.csis:
        protection.changed(cluster, each, GroupChange.ADDED)


def _tell_standbys(cluster: Cluster, si: Si, but: Assignment) -> None:
    for other in si.assignments:
        if other is not but and other.ha == Ha.STANDBY:
            tell_group(cluster, other)
