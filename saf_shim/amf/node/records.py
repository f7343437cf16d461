# SPDX-License-Identifier: Apache-2.0
"""The records of a node director: the units on its node, their components and their assignments.

There are only records and questions about them here. The cluster director has records of its own
(`entities`); the two agree only by messages, as amfnd and amfd do. Orders are part of the records: components
by instantiation level (among equals the later in name order first), the CSIs of an SI by rank (among equals
the later added first), the SIs of a unit and the CSIs of a component by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Optional, Union

from saf_shim.amf.messages import AssignmentRequest, Attributes
from saf_shim.amf.states import (
    AT_REST,
    Act,
    Capability,
    CsiTransition,
    ErrorSource,
    Ha,
    Invocation,
    Operational,
    Presence,
    Progress,
)


class LocalCsi:
    """One CSI that is assigned to one component."""

    __slots__ = (
        "active_component",
        "attributes",
        "capability",
        "component",
        "name",
        "previous",
        "rank",
        "removal_pending",
        "si",
        "single",
        "standby_rank",
        "state",
        "suspended",
        "transition",
    )

    def __init__(self, name: str, si: LocalSi, component: LocalComponent, rank: int) -> None:
        self.name = name
        self.si = si
        self.component = component
        self.rank = rank
        self.capability: Optional[Capability] = None
        self.attributes: Attributes = ()
        self.active_component = ""
        self.transition = CsiTransition.NEW_ASSIGN
        self.standby_rank = 0
        self.state = Progress.UNASSIGNED
        self.previous: Optional[Progress] = Progress.UNASSIGNED
        self.suspended = False  # it is assigned at the end of the operation and not before
        self.removal_pending = False
        self.single: Optional[Act] = None  # set when only this CSI is added to or taken from its SI

    def demote(self) -> None:
        """Make the present HA state the former one, because the next callback is about a change of it."""
        self.previous = self.state
        self.state = Progress.UNASSIGNED


class LocalSi:
    """One SI assigned to one unit."""

    __slots__ = ("csis", "ha", "name", "previous", "previous_ha", "rank", "single", "state", "unit")

    def __init__(self, name: str, unit: LocalUnit, rank: int, ha: Ha) -> None:
        self.name = name
        self.unit = unit
        self.rank = rank
        self.ha = ha
        self.previous_ha: Optional[Ha] = None
        self.state = Progress.UNASSIGNED
        self.previous: Optional[Progress] = Progress.UNASSIGNED
        self.csis: list[LocalCsi] = []
        self.single: Optional[Act] = None

    @property
    def busy(self) -> bool:
        """Tell whether a new operation must wait for the present one. It need not wait for QUIESCING."""
        return (
            self.state == Progress.ASSIGNING and self.ha != Ha.QUIESCING
        ) or self.state == Progress.REMOVING

    @property
    def first_to_last(self) -> list[LocalCsi]:
        """Return the CSIs in the order in which they get the HA state, backwards for QUIESCED and
        QUIESCING."""
        return list(self.csis) if self.ha in (Ha.ACTIVE, Ha.STANDBY) else self.csis[::-1]

    def change(self, ha: Ha) -> None:
        self.previous_ha = self.ha
        self.ha = ha
        self.previous = self.state
        self.state = Progress.UNASSIGNED

    def insert(self, csi: LocalCsi) -> None:
        at = next((i for i, other in enumerate(self.csis) if other.rank >= csi.rank), len(self.csis))
        self.csis.insert(at, csi)


class Callback:
    """A callback that was sent and is not answered yet, or for QUIESCING is not completed yet."""

    __slots__ = ("csi", "ha", "handle", "invocation", "key", "kind")

    HEALTHCHECK = "saAmfHealthcheckCallback"
    TERMINATE = "saAmfComponentTerminateCallback"
    CSI_SET = "saAmfCSISetCallback"
    CSI_REMOVE = "saAmfCSIRemoveCallback"

    def __init__(
        self, kind: str, invocation: int, handle: int, csi: str = "", ha: Optional[Ha] = None, key: str = ""
    ) -> None:
        self.kind = kind
        self.invocation = invocation
        self.handle = handle
        self.csi = csi  # empty for TARGET_ALL
        self.ha = ha
        self.key = key


class Healthcheck:
    """A healthcheck that a component has started."""

    __slots__ = (
        "component",
        "handle",
        "identity",
        "invocation",
        "key",
        "max_duration",
        "period",
        "recovery",
        "status",
    )

    STABLE = "stable"  # the last callback is answered
    WAITING = "waiting"  # a callback is not answered yet, and the period runs
    OVERDUE = "overdue"  # the period ended before the answer: the next callback follows the answer

    def __init__(
        self,
        identity: int,
        component: LocalComponent,
        key: str,
        handle: int,
        invocation: Invocation,
        recovery: int,
    ) -> None:
        self.identity = identity  # distinguishes its timer from the timer of an earlier start with this key
        self.component = component
        self.key = key
        self.handle = handle
        self.invocation = invocation
        self.recovery = recovery
        self.period = 0
        self.max_duration = 0
        self.status = self.STABLE


class Monitor(NamedTuple):
    """A process whose exit is an error of the component."""

    handle: int  # the AMF handle that asked for it
    recovery: int


class LocalComponent:
    """One component on this node."""

    __slots__ = (
        "admin_restart",
        "all_csis",
        "callbacks",
        "command",
        "command_succeeded",
        "csis",
        "dn",
        "error_source",
        "exit_status",
        "failed",
        "flagged",
        "handle",
        "healthchecks",
        "instances",
        "level",
        "monitors",
        "operational",
        "presence",
        "process",
        "restarts",
        "termination_failed",
        "termination_invocation",
        "ticket",
        "tries",
        "unit",
    )

    def __init__(self, dn: str, unit: LocalUnit, level: int) -> None:
        self.dn = dn
        self.unit = unit
        self.level = level
        self.presence = Presence.UNINSTANTIATED
        self.operational = Operational.ENABLED
        self.handle = 0  # the handle with which it registered; 0 if it is not registered
        self.process = 0  # pid of the process that registered
        self.failed = False
        self.command: Optional[str] = None  # the command that is running: instantiate or cleanup
        self.ticket = 0  # the ticket of the latest command
        self.command_succeeded = False  # the instantiate command ended with 0
        self.tries = 0
        self.exit_status = 0  # the exit status of the last instantiate command that failed
        self.restarts = 0
        self.error_source = ErrorSource.NONE
        self.all_csis = False  # the present operation has one callback for all CSIs
        self.flagged = False  # TARGET_ALL: its one callback has been sent already
        self.termination_failed = False
        self.termination_invocation = 0  # terminate was answered with OK, but the process still exists
        self.admin_restart = False
        self.callbacks: list[Callback] = []
        self.healthchecks: dict[tuple[str, int], Healthcheck] = {}
        self.instances: dict[
            str, tuple[int, int]
        ] = {}  # key: period and duration of SaAmfHealthcheck objects
        self.csis: list[LocalCsi] = []
        self.monitors: dict[int, Monitor] = {}  # by pid

    @property
    def registered(self) -> bool:
        return self.handle != 0

    @property
    def at_rest(self) -> bool:
        return self.presence in AT_REST

    @property
    def has_quiesced_assignment(self) -> bool:
        return any(csi.si.ha in (Ha.QUIESCED, Ha.QUIESCING) for csi in self.csis)

    @property
    def takes_assignments(self) -> bool:
        """Tell whether the component can get callbacks about CSIs. If not, they count as answered."""
        if self.failed or not self.registered:
            return False
        if self.presence == Presence.INSTANTIATED:
            return True
        return self.unit.presence not in (Presence.INSTANTIATION_FAILED, Presence.TERMINATION_FAILED)

    def csi(self, name: str) -> Optional[LocalCsi]:
        return next((csi for csi in self.csis if csi.name == name), None)

    def callback(self, invocation: int) -> Optional[Callback]:
        return next((c for c in self.callbacks if c.invocation == invocation), None)

    def insert(self, csi: LocalCsi) -> None:
        self.csis.append(csi)
        self.csis.sort(key=by_bytes)


class LocalUnit:
    """One service unit on this node."""

    __slots__ = (
        "admin_restart",
        "all_sis",
        "all_terminated",
        "assignment_pending",
        "buffer",
        "component_restarts",
        "components",
        "dn",
        "failed",
        "failover",
        "level",
        "operational",
        "presence",
        "restart",
        "restarts",
        "sis",
        "terminated_by_admin",
    )

    def __init__(self, dn: str) -> None:
        self.dn = dn
        self.presence = Presence.UNINSTANTIATED
        self.operational = Operational.ENABLED
        self.components: list[LocalComponent] = []
        self.sis: list[LocalSi] = []
        self.buffer: list[
            AssignmentRequest
        ] = []  # assignment messages that wait for the present operation, oldest first
        self.reset()
        self.level = 0  # the level of escalation: 0 component restart, 1 SU restart, 2 SU failover
        self.component_restarts = 0
        self.restarts = 0
        self.admin_restart = False

    def reset(self) -> None:
        """Forget what the present operations are about, as when the unit is repaired."""
        self.failed = False
        self.restart = False  # the whole unit is being restarted, by a recovery or by the administrator
        self.failover = False  # the unit's recovery is a failover
        self.all_sis = False  # the present assignment message is about all SIs
        self.terminated_by_admin = False
        self.assignment_pending = False
        self.all_terminated = False  # after a failed instantiation: the other components have ended

    @property
    def instantiated(self) -> bool:
        """Tell whether every component is instantiated."""
        return all(c.presence == Presence.INSTANTIATED for c in self.components)

    @property
    def uninstantiated(self) -> bool:
        return all(c.presence == Presence.UNINSTANTIATED for c in self.components)

    @property
    def at_rest(self) -> bool:
        return all(c.at_rest for c in self.components)

    @property
    def enabled(self) -> bool:
        """Tell whether every component is operationally enabled."""
        return all(c.operational == Operational.ENABLED for c in self.components)

    @property
    def restarting(self) -> bool:
        return all(c.presence == Presence.RESTARTING for c in self.components)

    @property
    def assigned(self) -> bool:
        """Tell whether every SI is assigned. True if there is none."""
        return all(si.state == Progress.ASSIGNED for si in self.sis)

    @property
    def busy(self) -> bool:
        return any(si.busy for si in self.sis)

    def si(self, name: str) -> Optional[LocalSi]:
        return next((si for si in self.sis if si.name == name), None)

    def after(self, component: LocalComponent) -> list[LocalComponent]:
        """Return the components after this one in the order of instantiation."""
        return self.components[self.components.index(component) + 1 :]

    def before(self, component: LocalComponent) -> list[LocalComponent]:
        """Return the components before this one, the nearest first, as in the order of termination."""
        return self.components[: self.components.index(component)][::-1]

    def insert_component(self, component: LocalComponent) -> None:
        at = next(
            (i for i, other in enumerate(self.components) if other.level >= component.level),
            len(self.components),
        )
        self.components.insert(at, component)

    def insert_si(self, si: LocalSi) -> None:
        self.sis.append(si)
        self.sis.sort(key=by_bytes)


def by_bytes(named: Union[LocalCsi, LocalSi]) -> bytes:
    """Return a sort key: the bytes of the name, as strcmp compares them."""
    return named.name.encode("utf-8", "surrogateescape")


def all_removable(csis: Iterable[LocalCsi]) -> bool:
    return all(csi.state in (Progress.REMOVED, Progress.UNASSIGNED) for csi in csis)


def delete_assignment(unit: LocalUnit, si: LocalSi) -> None:
    for csi in si.csis:
        if csi in csi.component.csis:
            csi.component.csis.remove(csi)
    si.csis = []
    if si in unit.sis:
        unit.sis.remove(si)


def delete_assignments(unit: LocalUnit) -> None:
    for si in list(unit.sis):
        delete_assignment(unit, si)
