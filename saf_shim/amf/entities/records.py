# SPDX-License-Identifier: Apache-2.0
"""The records of the cluster director: nodes, groups, units, components, instances and assignments.

There are only records here. The values of the model are in `configuration`, and a node director has its own
records. Lists are kept in OpenSAF's order, because callbacks show them: units and SIs by rank, CSIs of an
SI by descending rank and then by name (shorter names first), assignments of an SI by the rank of their units,
assignments of a CSI with the latest first."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple, Optional

from imm_model.names import escape_dn, parent_dn, rdn_value
from saf_shim.amf.messages import Attributes
from saf_shim.amf.states import (
    Act,
    Admin,
    AssignmentState,
    GroupChange,
    GroupState,
    Ha,
    Operation,
    Operational,
    Presence,
    Readiness,
    Redundancy,
    Susi,
)

LOWEST_RANK = 0xFFFFFFFF  # the rank that 0 stands for


def by_name(name: str) -> tuple[int, bytes]:
    """Return a sort key for OpenSAF's order of names in many of its tables: by length, then by bytes."""
    raw = name.encode("utf-8", "surrogateescape")
    return len(raw), raw


class PendingOperation:
    """An administrative operation that waits for its end."""

    __slots__ = ("operation", "ticket")

    def __init__(self, operation: Operation, ticket: int) -> None:
        self.operation = operation
        self.ticket = ticket


class Node:
    """An AMF node. `present` is False for a node that is in the model but is not simulated."""

    __slots__ = ("admin", "dn", "left", "name", "operational", "pending", "present", "recovering", "units")

    def __init__(self, dn: str, name: str, present: bool) -> None:
        self.dn = dn
        self.name = name
        self.present = present
        self.admin = Admin.UNLOCKED
        self.operational = Operational.ENABLED if present else Operational.DISABLED
        self.recovering = False  # it has failed; a reboot repairs it when nothing is assigned to it any more
        self.units: list[Unit] = []
        self.pending: Optional[PendingOperation] = None
        self.left = 0  # units that the pending operation still waits for


class NodeStep(NamedTuple):
    """What an operation on a node group must still do with one node."""

    node: Node
    begin: Callable[[], bool]  # True: the step has ended; False: it ends later


class NodeGroup:
    """A node group. The model has its list of nodes."""

    __slots__ = ("admin", "at", "dn", "pending", "steps")

    def __init__(self, dn: str) -> None:
        self.dn = dn
        self.admin = Admin.UNLOCKED
        self.pending: Optional[PendingOperation] = None
        self.steps: list[NodeStep] = []  # the steps of the pending operation that have not begun
        self.at: Optional[Node] = None  # the node on which the pending operation works now


class Group:
    """A service group."""

    __slots__ = ("admin", "admin_si", "dn", "pending", "queue", "redundancy", "sis", "state", "units")

    def __init__(self, dn: str, redundancy: Redundancy) -> None:
        self.dn = dn
        self.redundancy = redundancy
        self.admin = Admin.UNLOCKED
        self.state = GroupState.STABLE
        self.admin_si: Optional[Si] = None  # the SI that is being locked or shut down
        self.units: list[Unit] = []
        self.sis: list[Si] = []
        self.queue: list[Unit] = []  # the units that the present group state is about
        self.pending: Optional[PendingOperation] = None

    def enqueue(self, unit: Unit) -> None:
        if unit not in self.queue:
            self.queue.append(unit)

    def dequeue(self, unit: Unit) -> None:
        if unit in self.queue:
            self.queue.remove(unit)

    @property
    def application(self) -> str:
        """Return the DN of the application to which the group belongs."""
        return parent_dn(self.dn)

    @property
    def head(self) -> Optional[Unit]:
        return self.queue[0] if self.queue else None


class Unit:
    """A service unit."""

    __slots__ = (
        "active",
        "admin",
        "assignments",
        "components",
        "dn",
        "group",
        "instantiation_told",
        "node",
        "operational",
        "pending",
        "presence",
        "rank",
        "readiness",
        "restarting",
        "restarts",
        "standby",
        "swapping",
        "terminated",
    )

    def __init__(self, dn: str, group: Group, node: Node, rank: int) -> None:
        self.dn = dn
        self.group = group
        self.node = node
        self.rank = rank or LOWEST_RANK
        self.admin = Admin.UNLOCKED
        self.operational = Operational.DISABLED
        self.presence = Presence.UNINSTANTIATED
        self.readiness = Readiness.OUT_OF_SERVICE
        self.restarts = 0
        self.components: list[Component] = []
        self.assignments: list[Assignment] = []
        self.active = 0
        self.standby = 0
        self.pending: Optional[PendingOperation] = None
        self.terminated = False  # the administrator ended it; AMF does not instantiate it by itself
        self.restarting = False  # while this is True, the unit's readiness is not published
        self.swapping = False  # the unit becomes standby when the other unit is active
        self.instantiation_told = True  # the node has reported how the last instantiation ended

    def assignment(self, si: str) -> Optional[Assignment]:
        return next((a for a in self.assignments if a.si.dn == si), None)

    @property
    def ha(self) -> Ha:
        """Return the HA state of the whole unit: the state to which its assignments are being changed, or
        else the state of its last assignment."""
        changing = [a.ha for a in self.assignments if a.state == Susi.MODIFYING]
        for ha in (Ha.QUIESCED, Ha.ACTIVE, Ha.QUIESCING):
            if ha in changing:
                return ha
        return self.assignments[-1].ha

    @property
    def assignment_state(self) -> Susi:
        states = [a.state for a in self.assignments]
        for state in states:
            if state in (Susi.ASSIGNING, Susi.REMOVING, Susi.MODIFYING):
                if state == Susi.REMOVING and Susi.ASSIGNED in states[: states.index(state)]:
                    return Susi.ASSIGNED
                return state
        return Susi.ASSIGNED

    @property
    def all_assigned(self) -> bool:
        return all(a.state == Susi.ASSIGNED for a in self.assignments)

    @property
    def all_removing(self) -> bool:
        return all(a.state == Susi.REMOVING for a in self.assignments)

    @property
    def all_quiesced(self) -> bool:
        return all(a.ha == Ha.QUIESCED and a.state == Susi.ASSIGNED for a in self.assignments)


class Component:
    """A component."""

    __slots__ = (
        "assigned",
        "dn",
        "level",
        "operational",
        "pending",
        "presence",
        "readiness",
        "restarts",
        "unit",
    )

    def __init__(self, dn: str, unit: Unit, level: int) -> None:
        self.dn = dn
        self.unit = unit
        self.level = level
        self.operational = Operational.DISABLED
        self.presence = Presence.UNINSTANTIATED
        self.readiness = Readiness.OUT_OF_SERVICE
        self.restarts = 0
        self.assigned = False  # True if it has a CSI of the SI that is being assigned
        self.pending: Optional[PendingOperation] = None


class Si:
    """A service instance."""

    __slots__ = (
        "active",
        "admin",
        "alarm",
        "assignments",
        "csis",
        "dn",
        "group",
        "pending",
        "rank",
        "standby",
        "state",
    )

    def __init__(self, dn: str, group: Group, rank: int) -> None:
        self.dn = dn
        self.group = group
        self.rank = rank or LOWEST_RANK
        self.admin = Admin.UNLOCKED
        self.state: Optional[AssignmentState] = AssignmentState.UNASSIGNED
        self.alarm = False
        self.active = 0
        self.standby = 0
        self.csis: list[Csi] = []
        self.assignments: list[Assignment] = []
        self.pending: Optional[PendingOperation] = None

    def standby_rank(self, unit: Unit) -> int:
        """Return the unit's place among the standby units, counted from 1. 0 for other units."""
        standbys = [assignment.unit for assignment in self.assignments if assignment.ha == Ha.STANDBY]
        return standbys.index(unit) + 1 if unit in standbys else 0


class Csi:
    """A component service instance."""

    __slots__ = ("assignments", "attributes", "dn", "rank", "si")

    def __init__(self, dn: str, si: Si) -> None:
        self.dn = dn
        self.si = si
        self.rank = 1
        self.attributes: dict[str, list[str]] = {}  # values by the DN of the attribute's object
        self.assignments: list[CsiAssignment] = []

    @property
    def attribute_pairs(self) -> Attributes:
        """Return what a component is told. An attribute without a value gets one empty value."""
        return tuple(
            (rdn_value(dn), value)
            for dn, values in sorted(self.attributes.items())
            for value in values or [""]
        )


class Assignment:
    """An SI assigned to a unit."""

    __slots__ = ("adding", "csis", "ha", "si", "single", "state", "unit")

    def __init__(self, si: Si, unit: Unit, ha: Ha) -> None:
        self.si = si
        self.unit = unit
        self.ha = ha
        self.state = Susi.ASSIGNING
        self.csis: list[CsiAssignment] = []
        self.adding: Optional[CsiAssignment] = None  # a single CSI that is being added or removed
        self.single = Act.ASSIGN  # tells whether that CSI is being added or removed

    @property
    def rdn(self) -> str:
        """Return the RDN of its SaAmfSIAssignment object."""
        return f"safSISU={escape_dn(self.unit.dn)}"

    @property
    def dn(self) -> str:
        return f"{self.rdn},{self.si.dn}"


class CsiAssignment:
    """A CSI assigned to a component."""

    __slots__ = ("assignment", "component", "csi")

    def __init__(self, csi: Csi, component: Component, assignment: Assignment) -> None:
        self.csi = csi
        self.component = component
        self.assignment = assignment

    @property
    def rdn(self) -> str:
        """Return the RDN of its SaAmfCSIAssignment object."""
        return f"safCSIComp={escape_dn(self.component.dn)}"

    @property
    def dn(self) -> str:
        return f"{self.rdn},{self.csi.dn}"


class Member(NamedTuple):
    """A component of a protection group, which serves the group's CSI."""

    component: str
    ha: int  # 0 when it was removed
    rank: int
    change: GroupChange = GroupChange.NO_CHANGE

    def to_wire(self) -> dict[str, Any]:
        return {
            "compName": self.component,
            "haState": int(self.ha),
            "rank": self.rank,
            "change": int(self.change),
        }


class ProtectionGroup:
    """The components that serve one CSI, as the tracking handles were told."""

    __slots__ = ("members", "trackers")

    def __init__(self) -> None:
        self.members: list[Member] = []  # the latest first
        self.trackers: dict[int, int] = {}  # the flags of each handle
