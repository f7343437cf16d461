# SPDX-License-Identifier: Apache-2.0
"""2N: what follows when a unit is gone with all it had (SU failover, node failover). Actions of
`two_n.TABLE`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saf_shim.amf.cluster import assignments
from saf_shim.amf.cluster.records import Group, Unit
from saf_shim.amf.redundancy.groups import Cause, end_shutdown
from saf_shim.amf.redundancy.two_n_answers import lock_group
from saf_shim.amf.redundancy.two_n_roles import active_and_standby, choose, make_active
from saf_shim.amf.states import Admin, GroupState, Ha, Readiness, Susi

if TYPE_CHECKING:
    from saf_shim.amf.cluster.director import Director


def _realign(director: Director, group: Group, unit: Unit) -> None:
    group.enqueue(unit)
    director.set_group_state(group, GroupState.REALIGN)


def _choose(director: Director, group: Group) -> None:
    chosen = choose(director, group)
    if chosen is not None:
        _realign(director, group, chosen)


def _start_afresh(director: Director, group: Group) -> None:
    director.set_group_state(group, GroupState.STABLE)
    _choose(director, group)


def lost(director: Director, group: Group, cause: Cause) -> bool:
    unit = cause.unit
    assert unit is not None
    if not unit.assignments:
        return True
    if unit.ha in (Ha.ACTIVE, Ha.QUIESCED):
        _, standby = active_and_standby(group)
        if standby is not None:
            other = standby.unit
            if other.assignment_state != Susi.REMOVING and other.readiness == Readiness.IN_SERVICE:
                make_active(director, other)
                group.enqueue(other)
            director.set_group_state(group, GroupState.REALIGN)
            assignments.delete_all(director, unit)
            return True
    assignments.delete_all(director, unit)
    _choose(director, group)
    return True


def lost_while_realigning(director: Director, group: Group, cause: Cause) -> bool:
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
            make_active(director, other)
        elif not other.all_removing:
            assignments.remove_all(director, other)
        group.enqueue(other)
        assignments.delete_all(director, unit)
        group.dequeue(unit)
        return True
    assignments.delete_all(director, unit)
    group.dequeue(unit)
    if not group.queue:
        _start_afresh(director, group)
    return True


def lost_while_unit_leaves(director: Director, group: Group, cause: Cause) -> bool:
    unit = cause.unit
    assert unit is not None
    if not unit.assignments:
        return True
    if group.head is unit:
        _leaver_lost(director, group, unit)
    elif unit.ha in (Ha.STANDBY, Ha.ACTIVE) and group.head is not None:
        leaver = group.head
        if leaver.swapping and leaver.readiness == Readiness.IN_SERVICE:
            make_active(director, leaver)
        else:
            assignments.remove_all(director, leaver)
        director.set_group_state(group, GroupState.REALIGN)
        leaver.swapping = False
        assignments.delete_all(director, unit)
    return True


def _leaver_lost(director: Director, group: Group, unit: Unit) -> None:  # noqa: PLR0912
    active, standby = active_and_standby(group)
    quiescing = any(
        a.ha == Ha.QUIESCING or (a.ha == Ha.QUIESCED and a.state == Susi.MODIFYING) for a in unit.assignments
    )
    shutting_down = Admin.SHUTTING_DOWN in (unit.admin, unit.node.admin)
    if quiescing or (active is not None and active.unit is unit):
        group.dequeue(unit)
        if standby is not None:
            if standby.unit.readiness == Readiness.IN_SERVICE:
                make_active(director, standby.unit)
                group.enqueue(standby.unit)
            assignments.delete_all(director, unit)
            director.set_group_state(group, GroupState.REALIGN)
        else:
            assignments.delete_all(director, unit)
            director.set_group_state(group, GroupState.STABLE)
            if quiescing:
                _choose(director, group)
        if quiescing:
            if shutting_down:
                end_shutdown(director, unit)
            else:
                unit.swapping = False
        return
    group.dequeue(unit)
    done = active is None or active.unit.all_assigned
    assignments.delete_all(director, unit)
    if done or active is None:
        unit.swapping = False
        director.set_group_state(group, GroupState.STABLE)
        return
    if shutting_down:
        end_shutdown(director, unit)
        _realign(director, group, active.unit)
    elif unit.swapping:
        unit.swapping = False
        if any(a.state == Susi.MODIFYING for a in active.unit.assignments):
            _realign(director, group, active.unit)
    else:
        _realign(director, group, active.unit)


def lost_while_si_leaves(director: Director, group: Group, cause: Cause) -> bool:
    unit, si = cause.unit, group.admin_si
    assert unit is not None
    if not unit.assignments or si is None:
        return True
    shutdown = si.admin == Admin.SHUTTING_DOWN
    serves = (Ha.ACTIVE, Ha.QUIESCING) if shutdown else (Ha.ACTIVE, Ha.QUIESCED)
    if unit.ha not in serves:
        assignments.delete_all(director, unit)
        return True
    _, standby = active_and_standby(group)
    group.admin_si = None
    if standby is None:
        if shutdown:
            director.set_si_admin(si, Admin.LOCKED)
        assignments.delete_all(director, unit)
        _start_afresh(director, group)
        return True
    if standby.unit.readiness == Readiness.IN_SERVICE:
        make_active(director, standby.unit)
        _realign(director, group, standby.unit)
    if shutdown:
        director.set_si_admin(si, Admin.UNLOCKED)
    assignments.delete_all(director, unit)
    if shutdown:
        director.end_si_try_again(si)
    return True


def lost_while_group_leaves(director: Director, group: Group, cause: Cause) -> bool:
    unit = cause.unit
    assert unit is not None
    if not unit.assignments:
        return True
    if group.admin == Admin.SHUTTING_DOWN and unit.ha == Ha.QUIESCING:
        _, standby = active_and_standby(group)
        if standby is not None:
            assignments.remove_all(director, standby.unit)
        assignments.delete_all(director, unit)
        if standby is None:
            director.set_group_state(group, GroupState.STABLE)
        lock_group(director, group)
        return True
    assignments.delete_all(director, unit)
    if group.admin == Admin.LOCKED and not any(each.assignments for each in group.units):
        director.set_group_state(group, GroupState.STABLE)
    return True
