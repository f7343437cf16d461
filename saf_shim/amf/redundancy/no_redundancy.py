# SPDX-License-Identifier: Apache-2.0
"""The no-redundancy model (AIS AMF B.04.01 3.6.6): an SU takes one SI, ACTIVE, and an SI goes to one SU.

The SIs go by rank to the first SU by rank that is in service and free. `TABLE` is the whole behaviour. It is
the behaviour of OpenSAF."""

from __future__ import annotations

from typing import Callable, Optional

from saf_shim.amf.entities import assignments
from saf_shim.amf.entities.cluster import Cluster
from saf_shim.amf.entities.records import Assignment, Group, Unit
from saf_shim.amf.redundancy.groups import (
    Action,
    Cause,
    GroupEvent,
    Table,
    end_shutdown,
    is_leaving,
    refuse,
    settle,
)
from saf_shim.amf.states import Admin, GroupState, Ha, Readiness, Susi
from saf_shim.amf.tables import Transition


def _assign_free(cluster: Cluster, group: Group) -> bool:
    """Assign what can be assigned. True if something is being assigned."""
    for si in group.sis:
        if si.admin != Admin.UNLOCKED or not si.csis or si.assignments:
            continue
        for unit in group.units:
            free = unit.readiness == Readiness.IN_SERVICE and not unit.assignments
            if free and assignments.assign(cluster, unit, si, Ha.ACTIVE) is not None:
                group.enqueue(unit)
                break
        else:
            break
    return bool(group.queue)


def _only(unit: Optional[Unit]) -> Optional[Assignment]:
    """Return the only assignment of a unit."""
    return unit.assignments[0] if unit is not None and unit.assignments else None


def _for_its_assignment(action: Callable[[Cluster, Group, Assignment], None]) -> Action:
    """Make an action that works on the assignment of the unit. Without an assignment it does nothing."""

    def for_unit(cluster: Cluster, group: Group, cause: Cause) -> bool:
        assignment = _only(cause.unit)
        if assignment is not None:
            action(cluster, group, assignment)
        return True

    return for_unit


def _fill(cluster: Cluster, group: Group, cause: Cause) -> bool:
    if _assign_free(cluster, group):
        cluster.set_group_state(group, GroupState.REALIGN)
    elif cause.si is None:
        cluster.instantiate_spares(group)
    return True


def _fill_or_settle(cluster: Cluster, group: Group) -> None:
    if _assign_free(cluster, group):
        cluster.set_group_state(group, GroupState.REALIGN)
    else:
        settle(cluster, group)


@_for_its_assignment
def _quiesce_unit(cluster: Cluster, group: Group, assignment: Assignment) -> None:
    unit = assignment.unit
    if is_leaving(unit, Admin.LOCKED):
        assignments.change(cluster, assignment, Ha.QUIESCED)
    elif is_leaving(unit, Admin.SHUTTING_DOWN):
        assignments.change(cluster, assignment, Ha.QUIESCING)
    else:
        return
    group.enqueue(unit)
    cluster.set_group_state(group, GroupState.SU_OPERATION)


def _hurry_unit(cluster: Cluster, group: Group, cause: Cause) -> bool:
    """Quiesce at once, because an SU that was shutting down is locked."""
    assignment = _only(cause.unit)
    if assignment is None or group.head is not assignment.unit:
        return True
    if assignment.ha == Ha.QUIESCING and is_leaving(assignment.unit, Admin.LOCKED):
        assignments.change(cluster, assignment, Ha.QUIESCED)
    return True


def _quiesce_si(cluster: Cluster, group: Group, cause: Cause) -> bool:
    assert cause.si is not None
    if cause.si.assignments:
        ha = Ha.QUIESCED if cause.si.admin == Admin.LOCKED else Ha.QUIESCING
        assignments.change(cluster, cause.si.assignments[0], ha)
        group.admin_si = cause.si
        cluster.set_group_state(group, GroupState.SI_OPERATION)
    return True


def _hurry_si(cluster: Cluster, group: Group, cause: Cause) -> bool:
    """Quiesce at once, because an SI that was shutting down is locked."""
    assert cause.si is not None
    if group.admin_si is cause.si and cause.si.admin == Admin.LOCKED and cause.si.assignments:
        assignments.change(cluster, cause.si.assignments[0], Ha.QUIESCED)
    return True


def _quiesce_group(cluster: Cluster, group: Group, cause: Cause) -> bool:
    ha = Ha.QUIESCED if group.admin == Admin.LOCKED else Ha.QUIESCING
    for unit in group.units:
        assignment = _only(unit)
        if assignment is not None:
            assignments.change(cluster, assignment, ha)
            group.enqueue(unit)
    if group.queue:
        cluster.set_group_state(group, GroupState.SG_ADMIN)
    return True


def _hurry_group(cluster: Cluster, group: Group, cause: Cause) -> bool:
    """Quiesce at once, because an SG that was shutting down is locked."""
    if group.admin == Admin.LOCKED:
        for unit in group.queue:
            assignment = _only(unit)
            if (
                assignment is not None
                and assignment.ha == Ha.QUIESCING
                and assignment.state == Susi.MODIFYING
            ):
                assignments.change(cluster, assignment, Ha.QUIESCED)
    return True


# -- faults


def _fault(cluster: Cluster, group: Group, cause: Cause) -> bool:
    assignment = _only(cause.unit)
    if assignment is not None:
        assignments.change(cluster, assignment, Ha.QUIESCED)
        group.enqueue(assignment.unit)
        cluster.set_group_state(group, GroupState.SU_OPERATION)
    return True


@_for_its_assignment
def _fault_while_realigning(cluster: Cluster, group: Group, assignment: Assignment) -> None:
    unit, si = assignment.unit, assignment.si
    if si is group.admin_si:
        if si.admin == Admin.SHUTTING_DOWN:
            assignments.change(cluster, assignment, Ha.QUIESCED)
            cluster.set_si_admin(si, Admin.LOCKED)
        group.enqueue(unit)
        group.admin_si = None
    elif unit in group.queue:
        if assignment.ha in (Ha.ACTIVE, Ha.QUIESCING):
            assignments.change(cluster, assignment, Ha.QUIESCED)
            end_shutdown(cluster, unit)
    else:
        assignments.change(cluster, assignment, Ha.QUIESCED)
        group.enqueue(unit)


@_for_its_assignment
def _fault_of_leaving_unit(cluster: Cluster, group: Group, assignment: Assignment) -> None:
    unit = assignment.unit
    if group.head is unit:
        if assignment.ha == Ha.QUIESCING:
            assignments.change(cluster, assignment, Ha.QUIESCED)
            end_shutdown(cluster, unit)
    else:
        _fault_of_another(cluster, group, assignment)


def _fault_of_another(cluster: Cluster, group: Group, assignment: Assignment) -> None:
    assignments.change(cluster, assignment, Ha.QUIESCED)
    group.enqueue(assignment.unit)
    cluster.set_group_state(group, GroupState.REALIGN)


@_for_its_assignment
def _fault_while_si_leaves(cluster: Cluster, group: Group, assignment: Assignment) -> None:
    si = assignment.si
    if si is not group.admin_si:
        _fault_of_another(cluster, group, assignment)
        return
    if si.admin == Admin.SHUTTING_DOWN:
        assignments.change(cluster, assignment, Ha.QUIESCED)
    group.enqueue(assignment.unit)
    cluster.set_si_admin(si, Admin.LOCKED)
    group.admin_si = None
    cluster.set_group_state(group, GroupState.SU_OPERATION)


def _fault_while_group_leaves(cluster: Cluster, group: Group, cause: Cause) -> bool:
    assignment = _only(cause.unit)
    if assignment is None or group.admin != Admin.SHUTTING_DOWN:
        return True
    if assignment.ha == Ha.QUIESCING and assignment.state == Susi.MODIFYING:
        assignments.change(cluster, assignment, Ha.QUIESCED)
    return True


# -- answers


def _delete(cluster: Cluster, group: Group, cause: Cause) -> bool:
    assignment = _only(cause.unit)
    if assignment is not None:
        assignments.delete_whole(cluster, assignment)
    return True


@_for_its_assignment
def _removed_while_realigning(cluster: Cluster, group: Group, assignment: Assignment) -> None:
    assignments.delete_whole(cluster, assignment)
    if group.admin_si is assignment.si:
        group.admin_si = None
    else:
        group.dequeue(assignment.unit)
    if group.admin_si is None and not group.queue:
        _fill_or_settle(cluster, group)


@_for_its_assignment
def _quiesced_while_realigning(cluster: Cluster, group: Group, assignment: Assignment) -> None:
    assignments.remove(cluster, assignment)
    if group.admin_si is assignment.si:
        cluster.set_si_admin(assignment.si, Admin.LOCKED)
        group.admin_si = None
        group.enqueue(assignment.unit)
    else:
        end_shutdown(cluster, assignment.unit)


def _serving(cluster: Cluster, group: Group, cause: Cause) -> bool:
    assert cause.unit is not None
    group.dequeue(cause.unit)
    if not group.queue:
        _fill_or_settle(cluster, group)
    return True


def _removed_from_leaving_unit(cluster: Cluster, group: Group, cause: Cause) -> bool:
    assert cause.unit is not None
    _delete(cluster, group, cause)
    group.dequeue(cause.unit)
    if not group.queue:
        _fill_or_settle(cluster, group)
    return True


@_for_its_assignment
def _leaving_unit_is_quiesced(cluster: Cluster, group: Group, assignment: Assignment) -> None:
    unit = assignment.unit
    assignments.remove(cluster, assignment)
    another = group.head is not unit
    group.enqueue(unit)
    cluster.set_group_state(group, GroupState.REALIGN)
    if not another:
        end_shutdown(cluster, unit)


@_for_its_assignment
def _removed_while_si_leaves(cluster: Cluster, group: Group, assignment: Assignment) -> None:
    assignments.delete_whole(cluster, assignment)
    if group.admin_si is assignment.si:
        group.admin_si = None
    if group.admin_si is None:
        _fill_or_settle(cluster, group)


@_for_its_assignment
def _leaving_si_is_quiesced(cluster: Cluster, group: Group, assignment: Assignment) -> None:
    assignments.remove(cluster, assignment)
    group.enqueue(assignment.unit)
    if group.admin_si is assignment.si:
        group.admin_si = None
        cluster.set_si_admin(assignment.si, Admin.LOCKED)
    cluster.set_group_state(group, GroupState.REALIGN)


def _removed_while_group_leaves(cluster: Cluster, group: Group, cause: Cause) -> bool:
    assert cause.unit is not None
    _delete(cluster, group, cause)
    group.dequeue(cause.unit)
    if not group.queue:
        cluster.set_group_admin(group, Admin.LOCKED)
        settle(cluster, group)
    return True


def _remove(cluster: Cluster, group: Group, cause: Cause) -> bool:
    assignment = _only(cause.unit)
    if assignment is not None:
        assignments.remove(cluster, assignment)
    return True


def _refused(cluster: Cluster, group: Group, cause: Cause) -> bool:
    """Remove the assignment even though the unit could not be quiesced."""
    if cause.ha not in (Ha.QUIESCED, Ha.QUIESCING):
        return True
    if group.state == GroupState.REALIGN:
        return _quiesced_while_realigning(cluster, group, cause)
    if group.state == GroupState.SI_OPERATION:
        return _leaving_si_is_quiesced(cluster, group, cause)
    _remove(cluster, group, cause)
    if group.state == GroupState.SU_OPERATION and cause.unit is not None:
        end_shutdown(cluster, cause.unit)
    return True


# -- losses


def _lost(cluster: Cluster, group: Group, cause: Cause) -> bool:
    _delete(cluster, group, cause)
    if _assign_free(cluster, group):
        cluster.set_group_state(group, GroupState.REALIGN)
    return True


@_for_its_assignment
def _lost_while_realigning(cluster: Cluster, group: Group, assignment: Assignment) -> None:
    unit = assignment.unit
    assignments.delete_whole(cluster, assignment)
    if group.admin_si is assignment.si:
        group.admin_si = None
        cluster.set_si_admin(assignment.si, Admin.LOCKED)
    elif unit in group.queue:
        group.dequeue(unit)
        end_shutdown(cluster, unit)
    if group.admin_si is None and not group.queue:
        _fill_or_settle(cluster, group)


def _leaving_unit_is_lost(cluster: Cluster, group: Group, cause: Cause) -> bool:
    unit = cause.unit
    assert unit is not None
    _delete(cluster, group, cause)
    if group.head is unit:
        group.dequeue(unit)
        end_shutdown(cluster, unit)
        _fill_or_settle(cluster, group)
    return True


@_for_its_assignment
def _lost_while_si_leaves(cluster: Cluster, group: Group, assignment: Assignment) -> None:
    assignments.delete_whole(cluster, assignment)
    if group.admin_si is assignment.si:
        group.admin_si = None
        cluster.set_si_admin(assignment.si, Admin.LOCKED)
        _fill_or_settle(cluster, group)


_S, _E = GroupState, GroupEvent
_FILLED = (_S.STABLE, _S.REALIGN)

TABLE: Table = {
    (_S.STABLE, _E.SI_UP): Transition(_FILLED, _fill, "assign free SIs to free SUs"),
    (_S.STABLE, _E.SU_UP): Transition(_FILLED, _fill, "assign free SIs to free SUs"),
    (_S.STABLE, _E.REALIGN): Transition(_FILLED, _fill, "assign free SIs to free SUs"),
    (_S.STABLE, _E.SU_DOWN): Transition(
        (_S.SU_OPERATION,), _quiesce_unit, "QUIESCED (lock) or QUIESCING (shutdown)"
    ),
    (_S.STABLE, _E.SI_DOWN): Transition(
        (_S.SI_OPERATION,), _quiesce_si, "QUIESCED (lock) or QUIESCING (shutdown)"
    ),
    (_S.STABLE, _E.SG_DOWN): Transition(
        (_S.SG_ADMIN, _S.STABLE),
        _quiesce_group,
        "QUIESCED (lock) or QUIESCING (shutdown) for every assigned SU",
    ),
    (_S.STABLE, _E.SU_FAULT): Transition((_S.SU_OPERATION,), _fault, "QUIESCED"),
    (_S.STABLE, _E.SU_LOST): Transition(_FILLED, _lost, "forget the assignment; assign free SIs"),
    (_S.STABLE, _E.REMOVED): Transition((_S.STABLE,), _delete, "forget the assignment"),
    (_S.REALIGN, _E.SU_UP): Transition((_S.REALIGN,), lambda d, g, c: True, "later"),
    (_S.REALIGN, _E.SU_DOWN): Transition((_S.REALIGN,), refuse, "refused"),
    (_S.REALIGN, _E.SI_DOWN): Transition((_S.REALIGN,), refuse, "refused"),
    (_S.REALIGN, _E.SG_DOWN): Transition((_S.REALIGN,), refuse, "refused"),
    (_S.REALIGN, _E.SU_FAULT): Transition(
        (_S.REALIGN,), _fault_while_realigning, "QUIESCED, if not under way"
    ),
    (_S.REALIGN, _E.SU_LOST): Transition(
        _FILLED, _lost_while_realigning, "forget the assignment; it was the last: assign free SIs"
    ),
    (_S.REALIGN, _E.SERVING): Transition(_FILLED, _serving, "it was the last: assign free SIs, else done"),
    (_S.REALIGN, _E.QUIESCED): Transition(
        (_S.REALIGN,), _quiesced_while_realigning, "remove; SHUTTING-DOWN becomes LOCKED"
    ),
    (_S.REALIGN, _E.REMOVED): Transition(
        _FILLED,
        _removed_while_realigning,
        "forget the assignment; it was the last: assign free SIs, else done",
    ),
    (_S.REALIGN, _E.REFUSED): Transition((_S.REALIGN,), _refused, "QUIESCED refused: remove"),
    (_S.SU_OPERATION, _E.SU_DOWN): Transition(
        (_S.SU_OPERATION,), _hurry_unit, "lock of an SU that is shutting down: QUIESCED"
    ),
    (_S.SU_OPERATION, _E.SI_DOWN): Transition((_S.SU_OPERATION,), refuse, "refused"),
    (_S.SU_OPERATION, _E.SG_DOWN): Transition((_S.SU_OPERATION,), refuse, "refused"),
    (_S.SU_OPERATION, _E.SU_FAULT): Transition(
        (_S.SU_OPERATION, _S.REALIGN), _fault_of_leaving_unit, "QUIESCED; SHUTTING-DOWN becomes LOCKED"
    ),
    (_S.SU_OPERATION, _E.SU_LOST): Transition(
        (_S.SU_OPERATION, *_FILLED), _leaving_unit_is_lost, "forget the assignment; assign free SIs"
    ),
    (_S.SU_OPERATION, _E.QUIESCED): Transition(
        (_S.REALIGN,), _leaving_unit_is_quiesced, "remove; SHUTTING-DOWN becomes LOCKED"
    ),
    (_S.SU_OPERATION, _E.REMOVED): Transition(
        (_S.SU_OPERATION, *_FILLED),
        _removed_from_leaving_unit,
        "forget the assignment; assign free SIs, else done",
    ),
    (_S.SU_OPERATION, _E.REFUSED): Transition((_S.SU_OPERATION,), _refused, "QUIESCED refused: remove"),
    (_S.SI_OPERATION, _E.SU_DOWN): Transition((_S.SI_OPERATION,), refuse, "refused"),
    (_S.SI_OPERATION, _E.SI_DOWN): Transition(
        (_S.SI_OPERATION,), _hurry_si, "lock of an SI that is shutting down: QUIESCED"
    ),
    (_S.SI_OPERATION, _E.SG_DOWN): Transition((_S.SI_OPERATION,), refuse, "refused"),
    (_S.SI_OPERATION, _E.SU_FAULT): Transition(
        (_S.SU_OPERATION, _S.REALIGN), _fault_while_si_leaves, "QUIESCED; the SI is LOCKED"
    ),
    (_S.SI_OPERATION, _E.SU_LOST): Transition(
        (_S.SI_OPERATION, *_FILLED), _lost_while_si_leaves, "forget the assignment; the SI is LOCKED"
    ),
    (_S.SI_OPERATION, _E.QUIESCED): Transition(
        (_S.REALIGN,), _leaving_si_is_quiesced, "remove; the SI is LOCKED"
    ),
    (_S.SI_OPERATION, _E.REMOVED): Transition(
        (_S.SI_OPERATION, *_FILLED),
        _removed_while_si_leaves,
        "forget the assignment; assign free SIs, else done",
    ),
    (_S.SI_OPERATION, _E.REFUSED): Transition(
        (_S.REALIGN,), _refused, "QUIESCED refused: remove; the SI is LOCKED"
    ),
    (_S.SG_ADMIN, _E.SU_UP): Transition((_S.SG_ADMIN,), refuse, "refused"),
    (_S.SG_ADMIN, _E.SU_DOWN): Transition((_S.SG_ADMIN,), refuse, "refused"),
    (_S.SG_ADMIN, _E.SI_DOWN): Transition((_S.SG_ADMIN,), refuse, "refused"),
    (_S.SG_ADMIN, _E.SG_DOWN): Transition(
        (_S.SG_ADMIN,), _hurry_group, "lock of an SG that is shutting down: QUIESCED"
    ),
    (_S.SG_ADMIN, _E.SU_FAULT): Transition(
        (_S.SG_ADMIN,), _fault_while_group_leaves, "QUIESCED instead of QUIESCING"
    ),
    (_S.SG_ADMIN, _E.SU_LOST): Transition(
        (_S.SG_ADMIN, _S.STABLE),
        _removed_while_group_leaves,
        "forget the assignment; it was the last: LOCKED",
    ),
    (_S.SG_ADMIN, _E.QUIESCED): Transition((_S.SG_ADMIN,), _remove, "remove"),
    (_S.SG_ADMIN, _E.REMOVED): Transition(
        (_S.SG_ADMIN, _S.STABLE),
        _removed_while_group_leaves,
        "forget the assignment; it was the last: LOCKED",
    ),
    (_S.SG_ADMIN, _E.REFUSED): Transition((_S.SG_ADMIN,), _refused, "QUIESCED refused: remove"),
}
