# SPDX-License-Identifier: Apache-2.0
"""How many active and standby assignments units and SIs have, and the SI states that follow from this.

The numbers change when an assignment is ordered, not when it is confirmed, as in OpenSAF."""

from __future__ import annotations

from typing import Optional

from saf_shim.amf.effects import Update
from saf_shim.amf.entities.cluster import Cluster
from saf_shim.amf.entities.records import Assignment, Si
from saf_shim.amf.states import Act, AssignmentState, Ha, Redundancy


def count(
    cluster: Cluster,
    assignment: Assignment,
    act: Act,
    before: Optional[Ha] = None,
    after: Optional[Ha] = None,
) -> None:
    """Change the numbers of active and standby assignments, as `act` changes the assignment."""
    if act == Act.REMOVE:
        ha = assignment.ha
        active = -1 if ha in (Ha.ACTIVE, Ha.QUIESCING) else 0
        add(cluster, assignment, active, -1 if ha == Ha.STANDBY else 0)
        return
    if act == Act.MODIFY and after == Ha.QUIESCING:
        return
    active = (after == Ha.ACTIVE) - (before in (Ha.ACTIVE, Ha.QUIESCING))
    add(cluster, assignment, active, (after == Ha.STANDBY) - (before == Ha.STANDBY))


def add(cluster: Cluster, assignment: Assignment, active: int, standby: int) -> None:
    """Add to the numbers of the assignment's unit and SI. Negative numbers subtract."""
    unit, si = assignment.unit, assignment.si
    unit.active = max(0, unit.active + active)
    unit.standby = max(0, unit.standby + standby)
    count_si(cluster, si, active, standby)


def count_si(cluster: Cluster, si: Si, active: int, standby: int) -> None:
    si.active = max(0, si.active + active)
    si.standby = max(0, si.standby + standby)
    if active or standby:
        update_state(cluster, si)


def update_state(cluster: Cluster, si: Si) -> None:
    """Derive the SI's assignment state from the numbers, and the alarm from that state."""
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
        set_alarm(cluster, si, True)
    elif before == AssignmentState.UNASSIGNED and si.alarm:
        set_alarm(cluster, si, False)
    cluster.outbox.emit(Update(si.dn, {"saAmfSIAssignmentState": (int(state),)}))


def set_alarm(cluster: Cluster, si: Si, raised: bool) -> None:
    si.alarm = raised
    cluster.outbox.emit(Update(si.dn, {"saAmfUnassignedAlarmStatus": (int(raised),)}))
