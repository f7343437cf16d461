# SPDX-License-Identifier: Apache-2.0
"""Service instances of a unit on its node: how they are assigned, changed, removed and reported.

One `AssignmentRequest` is about one SI (callbacks name each CSI) or about all SIs of the unit (each component
gets one callback, TARGET_ALL). A request that comes while another is under way waits in the unit's buffer.
What each component is told is in `component_assignment`."""

from __future__ import annotations

from typing import Optional

from saf_shim.amf.events import ComponentEvent, UnitEvent
from saf_shim.amf.messages import AssignmentReport, AssignmentRequest, CsiRequest
from saf_shim.amf.node import callbacks, component_assignment
from saf_shim.amf.node.local_node import LocalNode
from saf_shim.amf.node.records import LocalCsi, LocalSi, LocalUnit, delete_assignment, delete_assignments
from saf_shim.amf.states import SERVING, Act, Ha, Operational, Presence, Progress


def receive(node: LocalNode, request: AssignmentRequest) -> None:
    """Serve a request of the cluster director."""
    unit = node.units.get(request.unit)
    if unit is None:
        return
    lost = node.leaving(unit) or node.ending
    if request.act == Act.ASSIGN:
        if lost:
            return
    else:
        if not request.si and not unit.sis:
            return
        if lost and request.act == Act.REMOVE:
            return
    if node.ended:
        _confirm_for_dead(node, request)
    elif not _put_off(node, unit, request):
        process(node, unit, request)


def _confirm_for_dead(node: LocalNode, request: AssignmentRequest) -> None:
    """Confirm a request after a node failover, when nobody is left to be told."""
    ha = request.ha if request.ha is not None else Ha.QUIESCED
    node.outbox.to_cluster(
        AssignmentReport(node.name, request.unit, request.si, request.act, ha, True, request.single)
    )


def _put_off(node: LocalNode, unit: LocalUnit, request: AssignmentRequest) -> bool:
    """Keep a request that cannot begin now for later. True if it was kept."""
    failed = unit.presence == Presence.INSTANTIATION_FAILED and not unit.all_terminated
    if failed or (unit.restart and node.restartable(unit)):
        unit.buffer.append(request)
        return True
    if unit.failed and (request.ha == Ha.QUIESCED or request.act == Act.REMOVE):
        return False
    if request.si:
        si = unit.si(request.si)
        busy = si is not None and si.busy
    else:
        busy = unit.busy
    if busy:
        unit.buffer.append(request)
    return busy


def take_next(node: LocalNode, unit: LocalUnit) -> None:
    """Begin with the oldest waiting request, if no request is under way."""
    if unit.buffer and not unit.busy:
        process(node, unit, unit.buffer.pop(0))


def process(node: LocalNode, unit: LocalUnit, request: AssignmentRequest) -> None:
    unit.assignment_pending = True
    if not request.si:
        unit.all_sis = True
    if request.act == Act.ASSIGN:
        _assign_new(node, unit, request)
    elif request.act == Act.MODIFY:
        _modify(node, unit, request)
    else:
        _remove(node, unit, request)


def _assign_new(node: LocalNode, unit: LocalUnit, request: AssignmentRequest) -> None:
    si = unit.si(request.si)
    if request.single:
        if si is None:
            return
        csi = _add_csi(node, si, request.csis[0])
        if csi is None:
            return
        si.single = csi.single = Act.ASSIGN
    else:
        if si is not None or request.ha is None:
            return
        si = LocalSi(request.si, unit, request.rank, request.ha)
        unit.insert_si(si)
        for each in request.csis:
            _add_csi(node, si, each)
    assign(node, unit, si)


def _add_csi(node: LocalNode, si: LocalSi, request: CsiRequest) -> Optional[LocalCsi]:
    component = node.components.get(request.component)
    if component is None or component.csi(request.csi) is not None:
        return None
    csi = LocalCsi(request.csi, si, component, request.rank)
    csi.capability = request.capability
    csi.attributes = request.attributes
    _describe(csi, request)
    si.insert(csi)
    component.insert(csi)
    return csi


def _describe(csi: LocalCsi, request: CsiRequest) -> None:
    csi.active_component = request.active_component
    csi.transition = request.transition
    csi.standby_rank = request.standby_rank


def _modify(node: LocalNode, unit: LocalUnit, request: AssignmentRequest) -> None:  # noqa: PLR0912
    if request.ha is None:
        return
    if not request.si:
        if not unit.sis:
            _answer_for_nothing(node, unit, request)
        for si in unit.sis:
            si.change(request.ha)
            for csi in si.csis:
                if request.csis:
                    _describe(csi, request.csis[0])
                csi.demote()
        assign(node, unit, None)
        return
    one = unit.si(request.si)
    if one is None:
        _answer_for_nothing(node, unit, request)
        return
    one.change(request.ha)
    if request.csis and request.ha in SERVING:
        for each in request.csis:
            csi_or_none = next((c for c in one.csis if c.name == each.csi), None)
            if csi_or_none is None or csi_or_none.component.dn != each.component:
                return
            _describe(csi_or_none, each)
            csi_or_none.demote()
    else:
        for csi in one.csis:
            if request.csis:
                _describe(csi, request.csis[0])
            csi.demote()
    assign(node, unit, one)


def _remove(node: LocalNode, unit: LocalUnit, request: AssignmentRequest) -> None:
    si = unit.si(request.si) if request.si else None
    if not unit.sis or (si is None and request.si):
        unit.all_sis = False
        _answer_for_nothing(node, unit, request)
        return
    if request.single and si is not None:
        si.single = Act.REMOVE
        csi = next((c for c in si.csis if c.name == request.csis[0].csi), None)
        if csi is None:
            return
        csi.single = Act.REMOVE
    remove(node, unit, si)


def _answer_for_nothing(node: LocalNode, unit: LocalUnit, request: AssignmentRequest) -> None:
    """Confirm a request about a failed and already removed assignment, while the failure is being
    reported."""
    ha = request.ha if request.ha is not None else Ha.ACTIVE
    unit.assignment_pending = False
    node.outbox.to_cluster(
        AssignmentReport(node.name, unit.dn, request.si, request.act, ha, True, request.single)
    )


def assign(node: LocalNode, unit: LocalUnit, si: Optional[LocalSi]) -> None:
    """Give one SI its HA state, or all SIs of the unit with one callback for each component (None)."""
    if si is not None:
        si.state = Progress.ASSIGNING
        _assign_si(node, si, single=True)
        return
    for each in unit.sis:
        for csi in _first_rank(each):
            csi.component.flagged = False
        each.state = Progress.ASSIGNING
    for each in list(unit.sis):
        _assign_si(node, each, single=False)


def _first_rank(si: LocalSi) -> list[LocalCsi]:
    """Return the CSIs that are told first: those of the first rank, or all when a CSI is added."""
    ordered = si.first_to_last
    if si.single == Act.ASSIGN:
        return ordered
    return [csi for csi in ordered if csi.rank == ordered[0].rank]


def _assign_si(node: LocalNode, si: LocalSi, single: bool) -> None:
    first = _first_rank(si)
    serving = si.ha in SERVING
    if single:
        for csi in first:
            csi.component.flagged = False
    for csi in first:
        component = csi.component
        if csi.state == Progress.ASSIGNED:
            continue
        if component.flagged:
            if serving or not csi.suspended:
                csi.state = Progress.ASSIGNED
            continue
        if si.state != Progress.ASSIGNED:
            component_assignment.assign(node, component, csi if single else None)
        if not component.flagged and (csi.previous == Progress.ASSIGNED or not serving):
            mine = [each for each in component.csis if each.si is si]
            component.flagged = all(each.state == Progress.ASSIGNING or each.suspended for each in mine)


def remove(node: LocalNode, unit: LocalUnit, si: Optional[LocalSi]) -> None:
    """Take one SI from the unit, or all of them (None). The CSI that was told last is removed first."""
    for each in [si] if si is not None else unit.sis:
        each.state = Progress.REMOVING
    if not unit.sis:
        unit.all_sis = False
        return
    if si is None:
        for each in list(unit.sis):
            if each.csis:
                component_assignment.remove(node, each.csis[-1].component, None)
                if not unit.sis:
                    return
    elif si.single == Act.REMOVE:
        for csi in list(si.csis):
            if csi.single == Act.REMOVE:
                component_assignment.remove(node, csi.component, csi)
    elif si.csis:
        component_assignment.remove(node, si.csis[-1].component, si.csis[-1])


def done(node: LocalNode, unit: LocalUnit, si: Optional[LocalSi]) -> None:  # noqa: PLR0912
    """Finish the operation, if no other component still has to finish its part."""
    sis = [si] if si is not None else list(unit.sis)
    finished = _is_finished(unit, sis)
    if finished:
        for each in sis:
            if each.state == Progress.ASSIGNING:
                each.state = Progress.ASSIGNED
            elif each.state == Progress.REMOVING:
                each.state = Progress.REMOVED
        in_order = not unit.restart or node.has_unrestartable_assignment(unit)
        if in_order and not node.leaving(unit) and not node.ending and not node.ended:
            report(node, unit, None if unit.all_sis else si)
    if si is not None:
        if si.single == Act.REMOVE and si.state == Progress.REMOVED:
            si.state = Progress.ASSIGNED
            for csi in [c for c in si.csis if c.single == Act.REMOVE][:1]:
                si.csis.remove(csi)
                csi.component.csis.remove(csi)
        si.single = None
    first = si if si is not None else next(iter(unit.sis), None)
    if first is not None and first.state == Progress.REMOVED:
        if si is not None:
            delete_assignment(unit, si)
        else:
            delete_assignments(unit)
        if _wants_repair(node, unit):
            _repair(node, unit)
    if unit.restart:
        _finish_restart(node, unit)
    take_next(node, unit)


def _is_finished(unit: LocalUnit, sis: list[LocalSi]) -> bool:
    csis = [csi for si in sis for csi in si.csis]
    hopeless = unit.presence in (Presence.INSTANTIATION_FAILED, Presence.TERMINATION_FAILED)
    for csi in csis:
        if csi.state in (Progress.ASSIGNING, Progress.REMOVING):
            return False
        if csi.component.failed:
            for other in csis:
                if hopeless or other.component.failed or not other.component.registered or other.suspended:
                    continue
                if other.state in (Progress.ASSIGNING, Progress.REMOVING, Progress.UNASSIGNED):
                    return False
    for csi in csis:
        csi.suspended = False
    return True


def _wants_repair(node: LocalNode, unit: LocalUnit) -> bool:
    return (
        unit.failed
        and not unit.sis
        and not unit.failover
        and not unit.restart
        and not node.configuration.su_failover(unit.dn)
        and node.operational == Operational.ENABLED
    )


def _repair(node: LocalNode, unit: LocalUnit) -> None:
    """Start the components again, without assignments, after a component failover without SU failover."""
    if unit.presence == Presence.INSTANTIATION_FAILED:
        return
    whole = unit.uninstantiated
    for component in list(unit.components):
        if component.failed:
            node.component_event(component, ComponentEvent.INSTANTIATE)
    if unit.enabled:
        unit.operational = Operational.ENABLED
        node.report_unit(unit)
    if whole and any(c.presence == Presence.INSTANTIATING for c in unit.components):
        node.set_unit_presence(unit, Presence.INSTANTIATING)


def _finish_restart(node: LocalNode, unit: LocalUnit) -> None:
    if node.restartable(unit) or (not node.has_unrestartable_assignment(unit) and not unit.failed):
        if unit.assigned:
            unit.restart = False
        return
    if unit.sis:
        return
    if unit.presence == Presence.TERMINATING:
        node.unit_event(unit, UnitEvent.RESTART)
    if unit.presence == Presence.UNINSTANTIATED:
        unit.failed = False
        unit.restart = False
        node.unit_event(unit, UnitEvent.INSTANTIATE)


def report(node: LocalNode, unit: LocalUnit, si: Optional[LocalSi]) -> None:
    """Tell the cluster director how the present operation ended."""
    first = si if si is not None else next(iter(unit.sis), None)
    if first is None:
        return
    there = first.state in (Progress.ASSIGNED, Progress.ASSIGNING)
    if not there:
        act = Act.REMOVE
    elif first.previous_ha is None or (si is not None and si.single == Act.ASSIGN):
        act = Act.ASSIGN
    else:
        act = Act.MODIFY
    ha = Ha.QUIESCED if first.ha == Ha.QUIESCING else first.ha
    ok = first.state in (Progress.ASSIGNED, Progress.REMOVED)
    single = si is not None and si.single is not None
    node.outbox.to_cluster(
        AssignmentReport(node.name, unit.dn, si.name if si is not None else "", act, ha, ok, single)
    )
    if not any(each.state in (Progress.ASSIGNING, Progress.REMOVING) for each in unit.sis):
        unit.assignment_pending = False
    unit.all_sis = False


def assign_again(node: LocalNode, unit: LocalUnit) -> None:
    """Give a unit that was restarted as a whole its former assignments."""
    for si in list(unit.sis):
        assign(node, unit, si)


def unmark(node: LocalNode, unit: LocalUnit) -> None:
    """Mark everything as not assigned before a restart of the whole unit. All of it is assigned again
    later."""
    for si in unit.sis:
        si.previous_ha = None
        si.previous = None
        si.state = Progress.UNASSIGNED
        for csi in si.csis:
            csi.previous = None
            csi.state = Progress.UNASSIGNED
            callbacks.drop_csi(node, csi.component, csi.name)
