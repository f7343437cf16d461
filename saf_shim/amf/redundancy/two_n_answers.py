# SPDX-License-Identifier: Apache-2.0
"""Actions of `two_n.TABLE` for answers: a unit has carried out or refused a request."""

from __future__ import annotations

from typing import Optional

from saf_shim.amf.entities import assignments
from saf_shim.amf.entities.cluster import Cluster
from saf_shim.amf.entities.records import Group, Unit
from saf_shim.amf.redundancy.groups import Cause, end_shutdown, settle
from saf_shim.amf.redundancy.two_n_roles import active_and_standby, choose, make_active, other_in_queue
from saf_shim.amf.states import Admin, GroupState, Ha, Readiness, Susi


def choose_or_settle(cluster: Cluster, group: Group) -> None:
    """Assign what comes next. If there is nothing to assign, end the group's operation."""
    unit = choose(cluster, group)
    if unit is not None:
        group.enqueue(unit)
    else:
        settle(cluster, group)


def _in_service(unit: Unit) -> bool:
    return unit.readiness == Readiness.IN_SERVICE


def _forget(cluster: Cluster, cause: Cause) -> None:
    assert cause.unit is not None
    if cause.assignment is not None:
        assignments.delete_whole(cluster, cause.assignment)
    else:
        assignments.delete_all(cluster, cause.unit)


def removed_late(cluster: Cluster, group: Group, cause: Cause) -> bool:
    _forget(cluster, cause)
    return True


def removed_one(cluster: Cluster, group: Group, cause: Cause) -> bool:
    if cause.assignment is None:
        assert cause.unit is not None
        assignments.delete_all(cluster, cause.unit)
    elif cause.assignment.ha in (Ha.STANDBY, Ha.QUIESCED):
        assignments.delete_whole(cluster, cause.assignment)
    return True


# -- REALIGN


def quiesced_while_realigning(cluster: Cluster, group: Group, cause: Cause) -> bool:
    unit = cause.unit
    assert unit is not None
    if unit not in group.queue:
        return False
    if unit.readiness != Readiness.OUT_OF_SERVICE:
        return True
    if cause.assignment is not None:
        if unit.all_quiesced:
            assignments.remove_all(cluster, unit)
        return True
    active, standby = active_and_standby(group)
    assignments.remove_all(cluster, unit)
    found = next((a for a in (active, standby) if a is not None and a.unit is not unit), None)
    if found is None or found.unit not in group.queue:
        return True
    other = found.unit
    if _in_service(other):
        if other.ha in (Ha.QUIESCED, Ha.STANDBY) and other.assignment_state == Susi.ASSIGNED:
            make_active(cluster, other)
    elif not other.all_removing:
        assignments.remove_all(cluster, unit)
    return True


def removed_while_realigning(cluster: Cluster, group: Group, cause: Cause) -> bool:
    unit = cause.unit
    assert unit is not None
    if unit not in group.queue:
        return False
    if cause.assignment is not None:
        assignments.delete_whole(cluster, cause.assignment)
        if unit.all_assigned:
            group.dequeue(unit)
            if not group.queue:
                choose_or_settle(cluster, group)
        return True
    other = other_in_queue(group, unit)
    if other is not None:
        _removed_beside(cluster, group, unit, other)
    else:
        _removed_alone(cluster, group, unit)
    return True


def _removed_beside(cluster: Cluster, group: Group, unit: Unit, other: Unit) -> None:
    """Continue after a removal when the other unit is in the queue as well."""
    if not other.all_assigned:
        assignments.delete_all(cluster, unit)
        group.dequeue(unit)
    elif other.assignments and other.ha == Ha.ACTIVE:
        assignments.delete_all(cluster, unit)
        group.queue.clear()
        choose_or_settle(cluster, group)
    elif other.assignments and other.ha == Ha.QUIESCED:
        make_active(cluster, other)
        assignments.delete_all(cluster, unit)
        group.dequeue(unit)


def _removed_alone(cluster: Cluster, group: Group, unit: Unit) -> None:
    active, standby = active_and_standby(group)
    found = next((a for a in (active, standby) if a is not None and a.unit is not unit), None)
    other: Optional[Unit] = found.unit if active is not None and found is not None else None
    if other is not None and other.assignments and other.ha == Ha.STANDBY:
        make_active(cluster, other)
        assignments.delete_all(cluster, unit)
        group.queue.clear()
        group.enqueue(other)
    elif other is None or (other.assignments and other.ha == Ha.ACTIVE):
        assignments.delete_all(cluster, unit)
        group.queue.clear()
        choose_or_settle(cluster, group)


def serving_while_realigning(cluster: Cluster, group: Group, cause: Cause) -> bool:
    unit = cause.unit
    assert unit is not None
    if unit not in group.queue:
        return False
    if cause.assignment is None:
        assert cause.ha is not None
        assignments.publish_all(cluster, unit, cause.ha)
        other = other_in_queue(group, unit)
        group.dequeue(unit)
        if other is not None:
            if other.all_assigned:
                choose_or_settle(cluster, group)
            return True
    else:
        if not unit.all_assigned:
            return True
        group.dequeue(unit)
        if group.queue:
            return True
    active, standby = active_and_standby(group)
    if active is None and standby is not None and standby.unit is unit:
        make_active(cluster, unit)
        group.enqueue(unit)
    else:
        choose_or_settle(cluster, group)
    return True


def refused_while_realigning(cluster: Cluster, group: Group, cause: Cause) -> bool:
    unit = cause.unit
    assert unit is not None
    whole = cause.assignment is None and cause.ha == Ha.QUIESCED
    if whole and group.head is unit and unit.readiness == Readiness.OUT_OF_SERVICE:
        assignments.remove_all(cluster, unit)
    return True


# -- SU_OPERATION


def leaver_is_quiesced(cluster: Cluster, group: Group, cause: Cause) -> bool:
    unit = cause.unit
    assert unit is not None
    if not unit.assignments:
        return True
    if group.head is not unit:
        return False
    if cause.assignment is None or unit.all_quiesced:
        _, standby = active_and_standby(group)
        if standby is not None and _in_service(standby.unit):
            make_active(cluster, standby.unit)
            if cause.assignment is None:
                assignments.publish_all(cluster, unit, Ha.QUIESCED)
        else:
            assignments.remove_all(cluster, unit)
            cluster.set_group_state(group, GroupState.REALIGN)
    if unit.admin == Admin.SHUTTING_DOWN:
        if unit.all_quiesced or unit.all_removing:
            cluster.set_unit_admin(unit, Admin.LOCKED)
    elif unit.node.admin == Admin.SHUTTING_DOWN:
        cluster.end_node_shutdown(unit.node)
    return True


def serving_while_unit_leaves(cluster: Cluster, group: Group, cause: Cause) -> bool:
    unit, leaver = cause.unit, group.head
    assert unit is not None
    if not unit.assignments:
        return True
    if cause.ha == Ha.STANDBY:
        if leaver is unit:
            assignments.publish_all(cluster, unit, Ha.STANDBY)
            unit.swapping = False
            group.dequeue(unit)
            cluster.set_group_state(group, GroupState.STABLE)
        return leaver is unit
    if cause.assignment is not None and not unit.all_assigned:
        return True
    if leaver is None:
        return False
    if leaver.swapping:
        assignments.change_all(cluster, leaver, Ha.STANDBY)
        assignments.publish_all(cluster, unit, Ha.ACTIVE)
        return True
    assignments.publish_all(cluster, unit, Ha.ACTIVE)
    assignments.remove_all(cluster, leaver)
    cluster.set_group_state(group, GroupState.REALIGN)
    cluster.end_swap(unit)
    return True


def removed_while_unit_leaves(cluster: Cluster, group: Group, cause: Cause) -> bool:
    unit = cause.unit
    assert unit is not None
    if not unit.assignments:
        return True
    if group.head is not unit:
        if cause.assignment is not None:
            assignments.delete_whole(cluster, cause.assignment)
        else:
            assignments.delete_all(cluster, unit)
        return True
    active, standby = active_and_standby(group)
    mine = active is not None and active.unit is unit
    quiet = any(a.ha in (Ha.QUIESCED, Ha.QUIESCING) for a in unit.assignments)
    ended = standby is not None and standby.unit is unit and unit.ha == Ha.QUIESCED
    if not (mine and quiet) and not ended:
        return False
    group.dequeue(unit)
    if standby is not None and standby.unit.ha == Ha.STANDBY and _in_service(standby.unit):
        make_active(cluster, standby.unit)
        group.enqueue(standby.unit)
        cluster.set_group_state(group, GroupState.REALIGN)
    elif active is not None and active.unit is not unit and active.unit.ha == Ha.ACTIVE:
        group.enqueue(active.unit)
        cluster.set_group_state(group, GroupState.REALIGN)
    else:
        cluster.set_group_state(group, GroupState.STABLE)
    if Admin.SHUTTING_DOWN in (unit.admin, unit.node.admin):
        end_shutdown(cluster, unit)
    else:
        unit.swapping = False
    assignments.delete_all(cluster, unit)
    if group.state == GroupState.STABLE:
        chosen = choose(cluster, group)
        if chosen is not None:
            group.enqueue(chosen)
            cluster.set_group_state(group, GroupState.REALIGN)
    return True


def refused_while_unit_leaves(cluster: Cluster, group: Group, cause: Cause) -> bool:
    unit = cause.unit
    assert unit is not None
    if group.head is unit and cause.ha in (Ha.QUIESCED, Ha.QUIESCING):
        if unit.swapping and cause.ha == Ha.QUIESCED and cause.assignment is None:
            make_active(cluster, unit)
            unit.swapping = False
            cluster.set_group_state(group, GroupState.REALIGN)
            cluster.end_swap(unit, failed=True)
        else:
            assignments.remove_all(cluster, unit)
            end_shutdown(cluster, unit)
    else:
        cluster.end_swap(unit, failed=True)
    return True


# -- SI_OPERATION


def leaving_si_is_quiesced(cluster: Cluster, group: Group, cause: Cause) -> bool:
    assignment = cause.assignment
    if assignment is None or assignment.si is not group.admin_si:
        return assignment is not None
    si = assignment.si
    assignments.remove(cluster, assignment)
    group.enqueue(assignment.unit)
    shutdown = si.admin == Admin.SHUTTING_DOWN
    if shutdown:
        cluster.set_si_admin(si, Admin.LOCKED)
    for other in list(si.assignments):
        if other is not assignment:
            if shutdown:
                assignments.remove(cluster, other)
            group.enqueue(other.unit)
    group.admin_si = None
    cluster.set_group_state(group, GroupState.REALIGN)
    return True


def leaving_si_refused(cluster: Cluster, group: Group, cause: Cause) -> bool:
    if cause.ha in (Ha.QUIESCED, Ha.QUIESCING):
        return leaving_si_is_quiesced(cluster, group, cause)
    return True


# -- SG_ADMIN


def quiesced_while_group_leaves(cluster: Cluster, group: Group, cause: Cause) -> bool:
    unit = cause.unit
    assert unit is not None
    if cause.assignment is not None and not unit.all_quiesced:
        return True
    if group.admin == Admin.LOCKED:
        assignments.remove_all(cluster, unit)
    elif group.admin == Admin.SHUTTING_DOWN:
        _, standby = active_and_standby(group)
        assignments.remove_all(cluster, unit)
        if standby is not None:
            assignments.remove_all(cluster, standby.unit)
        lock_group(cluster, group)
    return True


def lock_group(cluster: Cluster, group: Group) -> None:
    cluster.set_group_admin(group, Admin.LOCKED)
    for unit in group.units:
        cluster.set_readiness(unit, Readiness.OUT_OF_SERVICE)


def removed_while_group_leaves(cluster: Cluster, group: Group, cause: Cause) -> bool:
    unit = cause.unit
    assert unit is not None
    if cause.assignment is not None:
        return False
    assignments.delete_all(cluster, unit)
    if group.admin == Admin.LOCKED and not any(each.assignments for each in group.units):
        cluster.set_group_state(group, GroupState.STABLE)
    return True


def refused_while_group_leaves(cluster: Cluster, group: Group, cause: Cause) -> bool:
    unit = cause.unit
    assert unit is not None
    if cause.ha in (Ha.QUIESCED, Ha.QUIESCING):
        assignments.remove_all(cluster, unit)
        if group.admin == Admin.SHUTTING_DOWN:
            lock_group(cluster, group)
    return True
