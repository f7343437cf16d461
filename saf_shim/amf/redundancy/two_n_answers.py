# SPDX-License-Identifier: Apache-2.0
"""2N: what follows when a unit has done, or refused, what it was asked. The actions of `two_n.TABLE` for
answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from saf_shim.amf.cluster import assignments
from saf_shim.amf.cluster.records import Group, Unit
from saf_shim.amf.redundancy.groups import Cause, end_shutdown, settle
from saf_shim.amf.redundancy.two_n_roles import active_and_standby, choose, make_active, other_in_queue
from saf_shim.amf.states import Admin, GroupState, Ha, Readiness, Susi

if TYPE_CHECKING:
    from saf_shim.amf.cluster.director import Director


def choose_or_settle(director: Director, group: Group) -> None:
    """Assign the next, or be done."""
    unit = choose(director, group)
    if unit is not None:
        group.enqueue(unit)
    else:
        settle(director, group)


def _in_service(unit: Unit) -> bool:
    return unit.readiness == Readiness.IN_SERVICE


def _forget(director: Director, cause: Cause) -> None:
    assert cause.unit is not None
    if cause.assignment is not None:
        assignments.delete_whole(director, cause.assignment)
    else:
        assignments.delete_all(director, cause.unit)


def removed_late(director: Director, group: Group, cause: Cause) -> bool:
    _forget(director, cause)
    return True


def removed_one(director: Director, group: Group, cause: Cause) -> bool:
    if cause.assignment is None:
        assert cause.unit is not None
        assignments.delete_all(director, cause.unit)
    elif cause.assignment.ha in (Ha.STANDBY, Ha.QUIESCED):
        assignments.delete_whole(director, cause.assignment)
    return True


# -- REALIGN


def quiesced_while_realigning(director: Director, group: Group, cause: Cause) -> bool:
    unit = cause.unit
    assert unit is not None
    if unit not in group.queue:
        return False
    if unit.readiness != Readiness.OUT_OF_SERVICE:
        return True
    if cause.assignment is not None:
        if unit.all_quiesced:
            assignments.remove_all(director, unit)
        return True
    active, standby = active_and_standby(group)
    assignments.remove_all(director, unit)
    found = next((a for a in (active, standby) if a is not None and a.unit is not unit), None)
    if found is None or found.unit not in group.queue:
        return True
    other = found.unit
    if _in_service(other):
        if other.ha in (Ha.QUIESCED, Ha.STANDBY) and other.assignment_state == Susi.ASSIGNED:
            make_active(director, other)
    elif not other.all_removing:
        assignments.remove_all(director, unit)
    return True


def removed_while_realigning(director: Director, group: Group, cause: Cause) -> bool:
    unit = cause.unit
    assert unit is not None
    if unit not in group.queue:
        return False
    if cause.assignment is not None:
        assignments.delete_whole(director, cause.assignment)
        if unit.all_assigned:
            group.dequeue(unit)
            if not group.queue:
                choose_or_settle(director, group)
        return True
    other = other_in_queue(group, unit)
    if other is not None:
        _removed_beside(director, group, unit, other)
    else:
        _removed_alone(director, group, unit)
    return True


def _removed_beside(director: Director, group: Group, unit: Unit, other: Unit) -> None:
    """The other one is in the queue as well."""
    if not other.all_assigned:
        assignments.delete_all(director, unit)
        group.dequeue(unit)
    elif other.assignments and other.ha == Ha.ACTIVE:
        assignments.delete_all(director, unit)
        group.queue.clear()
        choose_or_settle(director, group)
    elif other.assignments and other.ha == Ha.QUIESCED:
        make_active(director, other)
        assignments.delete_all(director, unit)
        group.dequeue(unit)


def _removed_alone(director: Director, group: Group, unit: Unit) -> None:
    active, standby = active_and_standby(group)
    found = next((a for a in (active, standby) if a is not None and a.unit is not unit), None)
    other: Optional[Unit] = found.unit if active is not None and found is not None else None
    if other is not None and other.assignments and other.ha == Ha.STANDBY:
        make_active(director, other)
        assignments.delete_all(director, unit)
        group.queue.clear()
        group.enqueue(other)
    elif other is None or (other.assignments and other.ha == Ha.ACTIVE):
        assignments.delete_all(director, unit)
        group.queue.clear()
        choose_or_settle(director, group)


def serving_while_realigning(director: Director, group: Group, cause: Cause) -> bool:
    unit = cause.unit
    assert unit is not None
    if unit not in group.queue:
        return False
    if cause.assignment is None:
        assert cause.ha is not None
        assignments.publish_all(director, unit, cause.ha)
        other = other_in_queue(group, unit)
        group.dequeue(unit)
        if other is not None:
            if other.all_assigned:
                choose_or_settle(director, group)
            return True
    else:
        if not unit.all_assigned:
            return True
        group.dequeue(unit)
        if group.queue:
            return True
    active, standby = active_and_standby(group)
    if active is None and standby is not None and standby.unit is unit:
        make_active(director, unit)
        group.enqueue(unit)
    else:
        choose_or_settle(director, group)
    return True


def refused_while_realigning(director: Director, group: Group, cause: Cause) -> bool:
    unit = cause.unit
    assert unit is not None
    whole = cause.assignment is None and cause.ha == Ha.QUIESCED
    if whole and group.head is unit and unit.readiness == Readiness.OUT_OF_SERVICE:
        assignments.remove_all(director, unit)
    return True


# -- SU_OPERATION


def leaver_is_quiesced(director: Director, group: Group, cause: Cause) -> bool:
    unit = cause.unit
    assert unit is not None
    if not unit.assignments:
        return True
    if group.head is not unit:
        return False
    if cause.assignment is None or unit.all_quiesced:
        _, standby = active_and_standby(group)
        if standby is not None and _in_service(standby.unit):
            make_active(director, standby.unit)
            if cause.assignment is None:
                assignments.publish_all(director, unit, Ha.QUIESCED)
        else:
            assignments.remove_all(director, unit)
            director.set_group_state(group, GroupState.REALIGN)
    if unit.admin == Admin.SHUTTING_DOWN:
        if unit.all_quiesced or unit.all_removing:
            director.set_unit_admin(unit, Admin.LOCKED)
    elif unit.node.admin == Admin.SHUTTING_DOWN:
        director.end_node_shutdown(unit.node)
    return True


def serving_while_unit_leaves(director: Director, group: Group, cause: Cause) -> bool:
    unit, leaver = cause.unit, group.head
    assert unit is not None
    if not unit.assignments:
        return True
    if cause.ha == Ha.STANDBY:
        if leaver is unit:
            assignments.publish_all(director, unit, Ha.STANDBY)
            unit.swapping = False
            group.dequeue(unit)
            director.set_group_state(group, GroupState.STABLE)
        return leaver is unit
    if cause.assignment is not None and not unit.all_assigned:
        return True
    if leaver is None:
        return False
    if leaver.swapping:
        assignments.change_all(director, leaver, Ha.STANDBY)
        assignments.publish_all(director, unit, Ha.ACTIVE)
        return True
    assignments.publish_all(director, unit, Ha.ACTIVE)
    assignments.remove_all(director, leaver)
    director.set_group_state(group, GroupState.REALIGN)
    director.end_swap(unit)
    return True


def removed_while_unit_leaves(director: Director, group: Group, cause: Cause) -> bool:
    unit = cause.unit
    assert unit is not None
    if not unit.assignments:
        return True
    if group.head is not unit:
        if cause.assignment is not None:
            assignments.delete_whole(director, cause.assignment)
        else:
            assignments.delete_all(director, unit)
        return True
    active, standby = active_and_standby(group)
    mine = active is not None and active.unit is unit
    quiet = any(a.ha in (Ha.QUIESCED, Ha.QUIESCING) for a in unit.assignments)
    ended = standby is not None and standby.unit is unit and unit.ha == Ha.QUIESCED
    if not (mine and quiet) and not ended:
        return False
    group.dequeue(unit)
    if standby is not None and standby.unit.ha == Ha.STANDBY and _in_service(standby.unit):
        make_active(director, standby.unit)
        group.enqueue(standby.unit)
        director.set_group_state(group, GroupState.REALIGN)
    elif active is not None and active.unit is not unit and active.unit.ha == Ha.ACTIVE:
        group.enqueue(active.unit)
        director.set_group_state(group, GroupState.REALIGN)
    else:
        director.set_group_state(group, GroupState.STABLE)
    if Admin.SHUTTING_DOWN in (unit.admin, unit.node.admin):
        end_shutdown(director, unit)
    else:
        unit.swapping = False
    assignments.delete_all(director, unit)
    if group.state == GroupState.STABLE:
        chosen = choose(director, group)
        if chosen is not None:
            group.enqueue(chosen)
            director.set_group_state(group, GroupState.REALIGN)
    return True


def refused_while_unit_leaves(director: Director, group: Group, cause: Cause) -> bool:
    unit = cause.unit
    assert unit is not None
    if group.head is unit and cause.ha in (Ha.QUIESCED, Ha.QUIESCING):
        if unit.swapping and cause.ha == Ha.QUIESCED and cause.assignment is None:
            make_active(director, unit)
            unit.swapping = False
            director.set_group_state(group, GroupState.REALIGN)
            director.end_swap(unit, failed=True)
        else:
            assignments.remove_all(director, unit)
            end_shutdown(director, unit)
    else:
        director.end_swap(unit, failed=True)
    return True


# -- SI_OPERATION


def leaving_si_is_quiesced(director: Director, group: Group, cause: Cause) -> bool:
    assignment = cause.assignment
    if assignment is None or assignment.si is not group.admin_si:
        return assignment is not None
    si = assignment.si
    assignments.remove(director, assignment)
    group.enqueue(assignment.unit)
    shutdown = si.admin == Admin.SHUTTING_DOWN
    if shutdown:
        director.set_si_admin(si, Admin.LOCKED)
    for other in list(si.assignments):
        if other is not assignment:
            if shutdown:
                assignments.remove(director, other)
            group.enqueue(other.unit)
    group.admin_si = None
    director.set_group_state(group, GroupState.REALIGN)
    return True


def leaving_si_refused(director: Director, group: Group, cause: Cause) -> bool:
    if cause.ha in (Ha.QUIESCED, Ha.QUIESCING):
        return leaving_si_is_quiesced(director, group, cause)
    return True


# -- SG_ADMIN


def quiesced_while_group_leaves(director: Director, group: Group, cause: Cause) -> bool:
    unit = cause.unit
    assert unit is not None
    if cause.assignment is not None and not unit.all_quiesced:
        return True
    if group.admin == Admin.LOCKED:
        assignments.remove_all(director, unit)
    elif group.admin == Admin.SHUTTING_DOWN:
        _, standby = active_and_standby(group)
        assignments.remove_all(director, unit)
        if standby is not None:
            assignments.remove_all(director, standby.unit)
        lock_group(director, group)
    return True


def lock_group(director: Director, group: Group) -> None:
    director.set_group_admin(group, Admin.LOCKED)
    for unit in group.units:
        director.set_readiness(unit, Readiness.OUT_OF_SERVICE)


def removed_while_group_leaves(director: Director, group: Group, cause: Cause) -> bool:
    unit = cause.unit
    assert unit is not None
    if cause.assignment is not None:
        return False
    assignments.delete_all(director, unit)
    if group.admin == Admin.LOCKED and not any(each.assignments for each in group.units):
        director.set_group_state(group, GroupState.STABLE)
    return True


def refused_while_group_leaves(director: Director, group: Group, cause: Cause) -> bool:
    unit = cause.unit
    assert unit is not None
    if cause.ha in (Ha.QUIESCED, Ha.QUIESCING):
        assignments.remove_all(director, unit)
        if group.admin == Admin.SHUTTING_DOWN:
            lock_group(director, group)
    return True
