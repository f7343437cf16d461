# SPDX-License-Identifier: Apache-2.0
"""Assignments as the cluster director makes, changes and removes them.

What is here knows no redundancy model: it chooses components for CSIs, keeps counts, assignment states and
IMM objects true, and sends the requests. When it is done is up to `no_redundancy` and `two_n`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from imm_model.names import escape_dn
from saf_shim.amf.cluster.records import Assignment, Component, Csi, CsiAssignment, Si, Unit, by_name
from saf_shim.amf.configuration import Configuration
from saf_shim.amf.effects import Create, Delete, Update
from saf_shim.amf.messages import AssignmentRequest, CsiRequest
from saf_shim.amf.states import (
    Act,
    AssignmentState,
    CsiTransition,
    GroupChange,
    Ha,
    Operational,
    Redundancy,
    Susi,
)

if TYPE_CHECKING:
    from saf_shim.amf.cluster.director import Director

READY_FOR_ASSIGNMENT = 1


def assignment_rdn(assignment: Assignment) -> str:
    return f"safSISU={escape_dn(assignment.unit.dn)}"


def assignment_dn(assignment: Assignment) -> str:
    return f"{assignment_rdn(assignment)},{assignment.si.dn}"


def csi_assignment_rdn(assignment: CsiAssignment) -> str:
    return f"safCSIComp={escape_dn(assignment.component.dn)}"


def csi_assignment_dn(assignment: CsiAssignment) -> str:
    return f"{csi_assignment_rdn(assignment)},{assignment.csi.dn}"


# -- making


def assign(director: Director, unit: Unit, si: Si, ha: Ha) -> Optional[Assignment]:
    """Assign the SI to the unit, as far as it has components for its CSIs; None when it has none."""
    assignment = Assignment(si, unit, ha)
    at = next((i for i, a in enumerate(si.assignments) if unit.rank <= a.unit.rank), len(si.assignments))
    si.assignments.insert(at, assignment)
    unit.assignments.append(assignment)
    unit.assignments.sort(key=lambda a: by_name(a.si.dn))
    director.emit(
        Create(
            "SaAmfSIAssignment",
            si.dn,
            {
                "safSISU": (assignment_rdn(assignment),),
                "saAmfSISUHAState": (int(ha),),
                "saAmfSISUHAReadinessState": (READY_FOR_ASSIGNMENT,),
                "osafAmfSISUFsmState": (0,),
            },
        )
    )
    count(director, assignment, Act.ASSIGN, None, ha)
    if len(si.assignments) > 1:
        _tell_standbys(director, si, assignment)
    _choose_components(director, assignment)
    _drop_csis_without_sponsor(director, assignment)
    if not assignment.csis:
        count(director, assignment, Act.REMOVE)
        delete(director, assignment)
        return None
    send(director, unit, assignment, Act.ASSIGN)
    return assignment


def _choose_components(director: Director, assignment: Assignment) -> None:
    """Each CSI a component of its own, as long as there are; then as many as the components take."""
    unit = assignment.unit
    configuration = director.configuration
    for component in unit.components:
        component.assigned = False
    left = []
    for csi in assignment.si.csis:
        free = [c for c in unit.components if not c.assigned and configuration.supports(c.dn, csi.dn)]
        if free:
            _add_csi(director, assignment, csi, free[0])
        else:
            left.append(csi)
    for csi in left:
        for component in unit.components:
            if component.assigned and _has_room(director, component, csi, assignment.ha, configuration):
                _add_csi(director, assignment, csi, component)
                break


def _has_room(director: Director, component: Component, csi: Csi, ha: Ha, model: Configuration) -> bool:
    """The component supports the CSI's type, and another CSI of it."""
    if not model.supports(component.dn, csi.dn):
        return False
    limit = model.max_assignments(component.dn, csi.dn, ha == Ha.ACTIVE)
    kind = model.name(csi.dn, "saAmfCSType")
    return limit < 0 or director.csi_count(component, csi, kind, ha == Ha.ACTIVE) < limit


def _add_csi(director: Director, assignment: Assignment, csi: Csi, component: Component) -> CsiAssignment:
    added = CsiAssignment(csi, component, assignment)
    csi.assignments.insert(0, added)
    assignment.csis.insert(0, added)
    component.assigned = True
    director.emit(
        Create(
            "SaAmfCSIAssignment",
            csi.dn,
            {
                "safCSIComp": (csi_assignment_rdn(added),),
                "saAmfCSICompHAState": (int(assignment.ha),),
                "saAmfCSICompHAReadinessState": (READY_FOR_ASSIGNMENT,),
            },
        )
    )
    return added


def _drop_csis_without_sponsor(director: Director, assignment: Assignment) -> None:
    while True:
        for each in assignment.csis:
            sponsors = director.configuration.csi_dependencies(each.csi.dn)
            if not all(_is_assigned_in(director, sponsor, assignment.unit) for sponsor in sponsors):
                each.component.assigned = False
                delete_csi(director, each, silently=True)
                break
        else:
            return


def _is_assigned_in(director: Director, sponsor: str, unit: Unit) -> bool:
    csi = director.csis.get(sponsor)
    return csi is not None and any(a.component.unit is unit for a in csi.assignments)


def add_csi(director: Director, assignment: Assignment, csi: Csi) -> Optional[CsiAssignment]:
    """A CSI that has come into being while its SI is assigned; None when no component has room for it."""
    chosen = choose_component(director, assignment, csi, director.configuration)
    return _add_csi(director, assignment, csi, chosen) if chosen is not None else None


def choose_component(
    director: Director, assignment: Assignment, csi: Csi, model: Configuration
) -> Optional[Component]:
    """A component without a CSI of this SI, else one that can take another CSI of this type."""
    taken = {each.component for each in assignment.csis}
    supported = [c for c in assignment.unit.components if model.supports(c.dn, csi.dn)]
    free = [c for c in supported if c not in taken]
    roomy = (c for c in supported if c in taken and _has_room(director, c, csi, assignment.ha, model))
    return next(iter(free), None) or next(roomy, None)


# -- changing


def change(director: Director, assignment: Assignment, ha: Ha) -> None:
    """Ask the unit to take another HA state for this SI alone."""
    before = assignment.ha
    assignment.ha = ha
    assignment.state = Susi.MODIFYING
    send(director, assignment.unit, assignment, Act.MODIFY)
    count(director, assignment, Act.MODIFY, before, ha)
    publish(director, assignment, ha)


def change_all(director: Director, unit: Unit, ha: Ha) -> None:
    """Ask the unit to take another HA state for all its SIs; published when it is done."""
    for assignment in unit.assignments:
        if assignment.state == Susi.REMOVING or (ha == Ha.QUIESCED and assignment.ha == Ha.QUIESCED):
            continue
        before = assignment.ha
        assignment.ha = ha
        assignment.state = Susi.MODIFYING
        count(director, assignment, Act.MODIFY, before, ha)
    send(director, unit, None, Act.MODIFY)


def remove(director: Director, assignment: Assignment) -> None:
    assignment.state = Susi.REMOVING
    send(director, assignment.unit, assignment, Act.REMOVE)
    count(director, assignment, Act.REMOVE)


def remove_all(director: Director, unit: Unit) -> None:
    for assignment in unit.assignments:
        if assignment.state != Susi.REMOVING:
            assignment.state = Susi.REMOVING
            count(director, assignment, Act.REMOVE)
    send(director, unit, None, Act.REMOVE)


def publish(director: Director, assignment: Assignment, ha: Ha) -> None:
    """The HA state in IMM, of the SI's and the CSIs' assignment objects."""
    director.emit(Update(assignment_dn(assignment), {"saAmfSISUHAState": (int(ha),)}))
    for each in assignment.csis:
        director.emit(Update(csi_assignment_dn(each), {"saAmfCSICompHAState": (int(ha),)}))


def publish_all(director: Director, unit: Unit, ha: Ha) -> None:
    for assignment in unit.assignments:
        publish(director, assignment, ha)


# -- the end


def delete(director: Director, assignment: Assignment) -> None:
    """Forget an assignment (its CSIs first: `delete_csis`)."""
    si, unit = assignment.si, assignment.unit
    unit.assignments.remove(assignment)
    at = si.assignments.index(assignment)
    si.assignments.remove(assignment)
    if si.assignments[at:]:
        _tell_standbys(director, si, assignment)
    if assignment.state in (Susi.ASSIGNED, Susi.ASSIGNING):
        if assignment.ha == Ha.STANDBY:
            _count(director, assignment, 0, -1)
        elif assignment.ha in (Ha.ACTIVE, Ha.QUIESCING):
            _count(director, assignment, -1, 0)
    director.emit(Delete(assignment_dn(assignment)))


def delete_csis(director: Director, assignment: Assignment) -> None:
    for each in list(assignment.csis):
        delete_csi(director, each)


def delete_csi(director: Director, assigned: CsiAssignment, silently: bool = False) -> None:
    assigned.csi.assignments.remove(assigned)
    if not silently:
        director.protection.changed(assigned, GroupChange.REMOVED)
    assigned.assignment.csis.remove(assigned)
    director.emit(Delete(csi_assignment_dn(assigned)))


def delete_whole(director: Director, assignment: Assignment) -> None:
    delete_csis(director, assignment)
    delete(director, assignment)


def delete_all(director: Director, unit: Unit) -> None:
    while unit.assignments:
        delete_whole(director, unit.assignments[0])
    unit.active = unit.standby = 0


# -- answers


def all_assigned(director: Director, unit: Unit) -> None:
    """The unit has confirmed a change of all its SIs; QUIESCING has become QUIESCED."""
    quiescing = any(a.ha == Ha.QUIESCING and a.state != Susi.REMOVING for a in unit.assignments)
    for assignment in unit.assignments:
        if assignment.state == Susi.REMOVING:
            continue
        if quiescing:
            assignment.ha = Ha.QUIESCED
            count(director, assignment, Act.MODIFY, Ha.QUIESCING, Ha.QUIESCED)
        assignment.state = Susi.ASSIGNED
        tell_group(director, assignment)


def tell_group(director: Director, assignment: Assignment) -> None:
    for each in assignment.csis:
        director.protection.changed(each, GroupChange.ADDED)


def _tell_standbys(director: Director, si: Si, but: Assignment) -> None:
    for other in si.assignments:
        if other is not but and other.ha == Ha.STANDBY:
            tell_group(director, other)


# -- counting


def count(
    director: Director,
    assignment: Assignment,
    act: Act,
    before: Optional[Ha] = None,
    after: Optional[Ha] = None,
) -> None:
    """Keep the numbers of active and standby assignments, and so the SI's assignment state."""
    if act == Act.REMOVE:
        ha = assignment.ha
        active = -1 if ha in (Ha.ACTIVE, Ha.QUIESCING) else 0
        _count(director, assignment, active, -1 if ha == Ha.STANDBY else 0)
        return
    if act == Act.MODIFY and after == Ha.QUIESCING:
        return
    active = (after == Ha.ACTIVE) - (before in (Ha.ACTIVE, Ha.QUIESCING))
    _count(director, assignment, active, (after == Ha.STANDBY) - (before == Ha.STANDBY))


def _count(director: Director, assignment: Assignment, active: int, standby: int) -> None:
    unit, si = assignment.unit, assignment.si
    unit.active = max(0, unit.active + active)
    unit.standby = max(0, unit.standby + standby)
    count_si(director, si, active, standby)


def count_si(director: Director, si: Si, active: int, standby: int) -> None:
    si.active = max(0, si.active + active)
    si.standby = max(0, si.standby + standby)
    if active or standby:
        update_state(director, si)


def update_state(director: Director, si: Si) -> None:
    """The assignment state that follows from the numbers, and the alarm that follows from the state."""
    if si.group.redundancy == Redundancy.TWO_N:
        numbers = (si.active, si.standby)
        state = AssignmentState.PARTIALLY_ASSIGNED
        if numbers == (0, 0):
            state = AssignmentState.UNASSIGNED
        elif numbers == (1, 1):
            state = AssignmentState.FULLY_ASSIGNED
    else:
        state = AssignmentState.FULLY_ASSIGNED if si.active else AssignmentState.UNASSIGNED
    if state == si.state:
        return
    before, si.state = si.state, state
    if state == AssignmentState.UNASSIGNED:
        set_alarm(director, si, True)
    elif before == AssignmentState.UNASSIGNED and si.alarm:
        set_alarm(director, si, False)
    director.emit(Update(si.dn, {"saAmfSIAssignmentState": (int(state),)}))


def set_alarm(director: Director, si: Si, raised: bool) -> None:
    si.alarm = raised
    director.emit(Update(si.dn, {"saAmfUnassignedAlarmStatus": (int(raised),)}))


# -- messages


def send(
    director: Director,
    unit: Unit,
    assignment: Optional[Assignment],
    act: Act,
    single: Optional[CsiAssignment] = None,
) -> None:
    """Tell the unit's node; `assignment` None: about all SIs of the unit."""
    if not unit.node.present:
        return
    si = assignment.si.dn if assignment is not None else ""
    csis: tuple[CsiRequest, ...] = ()
    if act == Act.REMOVE:
        if single is not None:
            names = (single.csi.dn, single.component.dn)
            csis = (CsiRequest(*names, 0, None, (), "", CsiTransition.NEW_ASSIGN, 0),)
        request = AssignmentRequest(unit.dn, si, act, None, csis, single=single is not None)
        director.to_node(unit.node.name, request)
        return
    first = assignment
    if first is None:
        first = next((a for a in unit.assignments if a.state != Susi.REMOVING), None)
        if first is None:
            return
    if act == Act.ASSIGN or first.ha in (Ha.ACTIVE, Ha.STANDBY):
        transition = (
            _transition(first) if act == Act.MODIFY and first.ha == Ha.ACTIVE else CsiTransition.NEW_ASSIGN
        )
        chosen = [single] if single is not None else first.csis
        csis = tuple(_csi_request(director, each, act, transition) for each in chosen[::-1])
    request = AssignmentRequest(
        unit.dn, si, act, first.ha, csis, rank=first.si.rank, single=single is not None
    )
    director.to_node(unit.node.name, request)


def _transition(assignment: Assignment) -> CsiTransition:
    """Where the unit stands that was active before."""
    others = assignment.si.assignments
    at = others.index(assignment)
    other = others[at + 1] if at + 1 < len(others) else others[0]
    quiesced = other.ha == Ha.QUIESCED and other.state == Susi.ASSIGNED
    return CsiTransition.QUIESCED if quiesced else CsiTransition.NOT_QUIESCED


def _csi_request(director: Director, each: CsiAssignment, act: Act, transition: CsiTransition) -> CsiRequest:
    configuration = director.configuration
    assignment, csi, component = each.assignment, each.csi, each.component
    active = ""
    if not (act == Act.ASSIGN and assignment.ha == Ha.ACTIVE):
        at = csi.assignments.index(each)
        if at + 1 < len(csi.assignments):
            other: Optional[CsiAssignment] = csi.assignments[at + 1]
        else:
            other = csi.assignments[0] if csi.assignments[0] is not each else None
        if other is not None:
            active = other.component.dn
            disabled = other.component.operational == Operational.DISABLED
            if transition == CsiTransition.QUIESCED and disabled:
                transition = CsiTransition.NOT_QUIESCED
    rank = 0
    if assignment.ha == Ha.STANDBY:
        for other_assignment in assignment.si.assignments:
            if other_assignment.ha == Ha.ACTIVE:
                names = [a.component.dn for a in other_assignment.csis if a.csi is csi]
                active = names[0] if names else active
                break
        rank = assignment.si.standby_rank(assignment.unit)
    return CsiRequest(
        csi.dn,
        component.dn,
        csi.rank,
        configuration.capability(component.dn, csi.dn),
        configuration.csi_attributes(csi.dn) if act == Act.ASSIGN else (),
        active,
        transition,
        rank,
    )
