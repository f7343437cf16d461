# SPDX-License-Identifier: Apache-2.0
"""The state machine of a service group: what every redundancy model shares.

A group is busy with one thing at a time (`GroupState`). What happens then depends on its redundancy model,
whose table is in `no_redundancy` or `two_n`. An action returns False when the administrative operation that
caused it is not possible."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Callable, NamedTuple, Optional

from saf_shim.amf.entities.cluster import Cluster
from saf_shim.amf.entities.records import Assignment, Group, Si, Unit
from saf_shim.amf.states import Admin, GroupState, Ha
from saf_shim.amf.tables import Transition


class GroupEvent(Enum):
    """What can happen to a service group."""

    SI_UP = "an SI is unlocked"
    SU_UP = "an SU is in service"
    REALIGN = "the SG is unlocked"
    SU_DOWN = "an assigned SU is locked or shut down"
    SI_DOWN = "an assigned SI is locked or shut down"
    SG_DOWN = "the SG is locked or shut down"
    SU_FAULT = "an assigned SU has failed, it can still be told"
    SU_LOST = "an assigned SU is gone: SU or node failover"
    SERVING = "ACTIVE or STANDBY is confirmed"
    QUIESCED = "QUIESCED is confirmed, or quiescing is complete"
    REMOVED = "a removal is confirmed"
    REFUSED = "a request could not be carried out"


class Cause(NamedTuple):
    """What the event is about. The event decides which of these fields are given. In an answer, `assignment`
    None stands for all assignments of the unit."""

    unit: Optional[Unit] = None
    si: Optional[Si] = None
    assignment: Optional[Assignment] = None
    ha: Optional[Ha] = None


Action = Callable[[Cluster, Group, Cause], bool]


Table = Mapping[tuple[GroupState, GroupEvent], Transition[GroupState, Action]]


def handle_event(cluster: Cluster, table: Table, group: Group, event: GroupEvent, cause: Cause) -> bool:
    """Apply the table once. False if the operation that caused the event is not possible now."""
    entry = table.get((group.state, event))
    return entry.action(cluster, group, cause) if entry is not None else True


def refuse(cluster: Cluster, group: Group, cause: Cause) -> bool:
    """Refuse an operation, because the group is busy with something else."""
    return False


def is_leaving(unit: Unit, admin: Admin) -> bool:
    """Tell whether the unit, or its node, is in this administrative state (LOCKED or SHUTTING_DOWN)."""
    return admin in (unit.admin, unit.node.admin)


def end_shutdown(cluster: Cluster, unit: Unit) -> None:
    """Lock what was SHUTTING_DOWN, because quiescing is complete."""
    if unit.admin == Admin.SHUTTING_DOWN:
        cluster.set_unit_admin(unit, Admin.LOCKED)
    elif unit.node.admin == Admin.SHUTTING_DOWN:
        cluster.end_node_shutdown(unit.node)


def settle(cluster: Cluster, group: Group) -> None:
    """End the group's operation, because nothing is left to do."""
    cluster.set_group_state(group, GroupState.STABLE)
    cluster.instantiate_spares(group)
