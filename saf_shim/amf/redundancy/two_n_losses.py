# SPDX-License-Identifier: Apache-2.0
"""Actions of `two_n.TABLE` for losses: a unit is gone with all its assignments (SU or node failover)."""

from __future__ import annotations

from saf_shim.amf.entities import assignments
from saf_shim.amf.entities.cluster import Cluster
from saf_shim.amf.entities.records import Group, Unit
from saf_shim.amf.redundancy.groups import Cause, end_shutdown
from saf_shim.amf.redundancy.two_n_answers import lock_group
from saf_shim.amf.redundancy.two_n_roles import active_and_standby, choose, make_active
from saf_shim.amf.states import Admin, GroupState, Ha, Readiness, Susi


def _realign(cluster: Cluster, group: Group, unit: Unit) -> None:
    group.enqueue(unit)
    cluster.set_group_state(group, GroupState.REALIGN)


def _choose(cluster: Cluster, group: Group) -> None:
    chosen = choose(cluster, group)
    if chosen is not None:
        _realign(cluster, group, chosen)


def _start_afresh(cluster: Cluster, group: Group) -> None:
    cluster.set_group_state(group, GroupState.STABLE)
    _choose(cluster, group)


def lost(cluster: Cluster, group: Group, cause: Cause) -> bool:
    unit = cause.unit
    assert unit is not None
    if not unit.assignments:
        return True
    if unit.ha in (Ha.ACTIVE, Ha.QUIESCED):
        _, standby = active_and_standby(group)
        if standby is not None:
            other = standby.unit
            if other.assignment_state != Susi.REMOVING and other.readiness == Readiness.IN_SERVICE:
                make_active(cluster, other)
                group.enqueue(other)
            cluster.set_group_state(group, GroupState.REALIGN)
            assignments.delete_all(cluster, unit)
            return True
    assignments.delete_all(cluster, unit)
    _choose(cluster, group)
    return True


def lost_while_realigning(cluster: Cluster, group: Group, cause: Cause) -> bool:
    unit = cause.unit
    assert unit is not None
    if not unit.assignments:
        return True
    ended = unit.ha == Ha.QUIESCED and unit.assignment_state == Susi.REMOVING
    other = None
    if unit.ha != Ha.STANDBY and not ended:
        active, standby = active_and_standby(group)
        found = next((a for a in (active, standby) if a is not None and a.unit is not unit), None)
        other = found.unit if found is not None else None
    if other is not None:
        if other.readiness == Readiness.IN_SERVICE:
            make_active(cluster, other)
        elif not other.all_removing:
            assignments.remove_all(cluster, other)
        group.enqueue(other)
        assignments.delete_all(cluster, unit)
        group.dequeue(unit)
        return True
    assignments.delete_all(cluster, unit)
    group.dequeue(unit)
    if not group.queue:
        _start_afresh(cluster, group)
    return True


def lost_while_unit_leaves(cluster: Cluster, group: Group, cause: Cause) -> bool:
    unit = cause.unit
    assert unit is not None
    if not unit.assignments:
        return True
    if group.head is unit:
        _leaver_lost(cluster, group, unit)
    elif unit.ha in (Ha.STANDBY, Ha.ACTIVE) and group.head is not None:
        leaver = group.head
        if leaver.swapping and leaver.readiness == Readiness.IN_SERVICE:
            make_active(cluster, leaver)
        else:
            assignments.remove_all(cluster, leaver)
        cluster.set_group_state(group, GroupState.REALIGN)
        leaver.swapping = False
        assignments.delete_all(cluster, unit)
    return True


def _leaver_lost(cluster: Cluster, group: Group, unit: Unit) -> None:  # noqa: PLR0912
    active, standby = active_and_standby(group)
    quiescing = any(
        a.ha == Ha.QUIESCING or (a.ha == Ha.QUIESCED and a.state == Susi.MODIFYING) for a in unit.assignments
    )
    shutting_down = Admin.SHUTTING_DOWN in (unit.admin, unit.node.admin)
    if quiescing or (active is not None and active.unit is unit):
        group.dequeue(unit)
        if standby is not None:
            if standby.unit.readiness == Readiness.IN_SERVICE:
                make_active(cluster, standby.unit)
                group.enqueue(standby.unit)
            assignments.delete_all(cluster, unit)
            cluster.set_group_state(group, GroupState.REALIGN)
        else:
            assignments.delete_all(cluster, unit)
            cluster.set_group_state(group, GroupState.STABLE)
            if quiescing:
                _choose(cluster, group)
        if quiescing:
            if shutting_down:
                end_shutdown(cluster, unit)
            else:
                unit.swapping = False
        return
    group.dequeue(unit)
    done = active is None or active.unit.all_assigned
    assignments.delete_all(cluster, unit)
    if done or active is None:
        unit.swapping = False
        cluster.set_group_state(group, GroupState.STABLE)
        return
    if shutting_down:
        end_shutdown(cluster, unit)
        _realign(cluster, group, active.unit)
    elif unit.swapping:
        unit.swapping = False
        if any(a.state == Susi.MODIFYING for a in active.unit.assignments):
            _realign(cluster, group, active.unit)
    else:
        _realign(cluster, group, active.unit)


def lost_while_si_leaves(cluster: Cluster, group: Group, cause: Cause) -> bool:
    unit, si = cause.unit, group.admin_si
    assert unit is not None
    if not unit.assignments or si is None:
        return True
    shutdown = si.admin == Admin.SHUTTING_DOWN
    serves = (Ha.ACTIVE, Ha.QUIESCING) if shutdown else (Ha.ACTIVE, Ha.QUIESCED)
    if unit.ha not in serves:
        assignments.delete_all(cluster, unit)
        return True
    _, standby = active_and_standby(group)
    group.admin_si = None
    if standby is None:
        if shutdown:
            cluster.set_si_admin(si, Admin.LOCKED)
        assignments.delete_all(cluster, unit)
        _start_afresh(cluster, group)
        return True
    if standby.unit.readiness == Readiness.IN_SERVICE:
        make_active(cluster, standby.unit)
        _realign(cluster, group, standby.unit)
    if shutdown:
        cluster.set_si_admin(si, Admin.UNLOCKED)
    assignments.delete_all(cluster, unit)
    if shutdown:
        cluster.end_si_try_again(si)
    return True


def lost_while_group_leaves(cluster: Cluster, group: Group, cause: Cause) -> bool:
    unit = cause.unit
    assert unit is not None
    if not unit.assignments:
        return True
    if group.admin == Admin.SHUTTING_DOWN and unit.ha == Ha.QUIESCING:
        _, standby = active_and_standby(group)
        if standby is not None:
            assignments.remove_all(cluster, standby.unit)
        assignments.delete_all(cluster, unit)
        if standby is None:
            cluster.set_group_state(group, GroupState.STABLE)
        lock_group(cluster, group)
        return True
    assignments.delete_all(cluster, unit)
    if group.admin == Admin.LOCKED and not any(each.assignments for each in group.units):
        cluster.set_group_state(group, GroupState.STABLE)
    return True
