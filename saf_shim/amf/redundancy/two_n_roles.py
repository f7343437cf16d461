# SPDX-License-Identifier: Apache-2.0
"""Which unit of a 2N group is active, which is standby, and which gets the next assignments."""

from __future__ import annotations

from typing import Optional

from saf_shim.amf.entities import assignments
from saf_shim.amf.entities.cluster import Cluster
from saf_shim.amf.entities.records import Assignment, Group, Unit
from saf_shim.amf.states import Admin, Ha, Readiness

Roles = tuple[Optional[Assignment], Optional[Assignment]]


def active_and_standby(group: Group) -> Roles:
    """Return an assignment of the unit that is (or was last) active, and one of the other unit. None if there
    is no such unit."""
    first: Optional[Unit] = None
    for si in group.sis:
        if len(si.assignments) > 1:
            return _pair(si.assignments[0], si.assignments[1])
        if si.assignments:
            first = si.assignments[0].unit
    if first is None:
        return None, None
    active = next((a for a in first.assignments if a.ha != Ha.STANDBY), None)
    return (active, None) if active is not None else (None, first.assignments[0])


def _pair(one: Assignment, two: Assignment) -> Roles:
    states = {a.ha for a in one.unit.assignments}
    if Ha.ACTIVE in states:
        return one, two
    if Ha.STANDBY in states:
        return two, one
    if any(a.ha == Ha.ACTIVE for a in two.unit.assignments):
        return two, one
    return one, two


def choose(cluster: Cluster, group: Group) -> Optional[Unit]:  # noqa: PLR0911, PLR0912
    """Assign what can be assigned to one unit, and return that unit. ACTIVE comes first, and STANDBY when
    ACTIVE is complete."""
    active, standby = active_and_standby(group)
    if active is None and standby is not None and standby.unit.readiness == Readiness.IN_SERVICE:
        # The ACTIVE unit left while the other unit was busy.
        if standby.unit.all_assigned and standby.ha == Ha.STANDBY:
            make_active(cluster, standby.unit)
            return standby.unit
        return None
    if active is not None:
        unit: Optional[Unit] = active.unit
        if active.unit.readiness != Readiness.IN_SERVICE:
            return None
        if _assign_active(cluster, group, active.unit):
            return active.unit
    else:
        unit = None
        for each in group.units:
            if each.readiness == Readiness.IN_SERVICE:
                unit = each
                if _assign_active(cluster, group, each):
                    return each
        if unit is None:
            return None
    if standby is not None:
        other: Optional[Unit] = standby.unit
    else:
        free = (u for u in group.units if u.readiness == Readiness.IN_SERVICE and not u.assignments)
        other = next(free, None)
    if other is None or other.readiness != Readiness.IN_SERVICE:
        return None
    assigned = False
    for si in group.sis:
        if len(si.assignments) == 1:
            assigned = assignments.assign(cluster, other, si, Ha.STANDBY) is not None or assigned
    return other if assigned else None


def _assign_active(cluster: Cluster, group: Group, unit: Unit) -> bool:
    limit = cluster.configuration.max_active_sis(group.dn)
    assigned = False
    for si in group.sis:
        if si.admin != Admin.UNLOCKED or not si.csis or si.assignments or unit.active >= limit:
            continue
        assigned = assignments.assign(cluster, unit, si, Ha.ACTIVE) is not None or assigned
    return assigned


def make_active(cluster: Cluster, unit: Unit) -> None:
    assignments.change_all(cluster, unit, Ha.ACTIVE)


def other_in_queue(group: Group, unit: Unit) -> Optional[Unit]:
    if not group.queue:
        return None
    if group.queue[0] is not unit:
        return group.queue[0]
    return group.queue[-1] if len(group.queue) > 1 else None
