# SPDX-License-Identifier: Apache-2.0
"""The cluster director: what amfd does. Its state, the node directors, and the seams between its modules.

Pure: no clock, no process, no socket. Events come in as method calls; what is to be done outside is
collected as effects, which `take` hands out. Messages between the directors are delivered within the event
that caused them, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Sequence
from typing import Any, Optional, Union

from imm_model.names import rdn_value
from saf_shim.amf.cluster import assignments, recovery
from saf_shim.amf.cluster.protection import Protection
from saf_shim.amf.cluster.records import Component, Csi, Group, Node, Pending, Si, Unit
from saf_shim.amf.configuration import Configuration
from saf_shim.amf.effects import Effect, EndOperation, Log, Update
from saf_shim.amf.messages import (
    AssignmentReport,
    InstantiateUnit,
    OperationalReport,
    RebootRequest,
    Report,
    TerminateUnit,
    ToCluster,
    ToNode,
)
from saf_shim.amf.node import monitoring
from saf_shim.amf.node.director import NodeDirector
from saf_shim.amf.redundancy import no_redundancy, two_n
from saf_shim.amf.redundancy.groups import Cause, GroupEvent, Table, handle_event
from saf_shim.amf.states import (
    AT_REST,
    Act,
    Admin,
    GroupState,
    Ha,
    Operation,
    Operational,
    Presence,
    Readiness,
    Redundancy,
)
from saf_shim.codes import Code
from saf_shim.imm.implementer.hooks import View

TABLES: dict[Redundancy, Table] = {
    Redundancy.NO_REDUNDANCY: no_redundancy.TABLE,
    Redundancy.TWO_N: two_n.TABLE,
}
SUPPORTED = frozenset(TABLES)


class Director:
    """amfd, and the amfnd of each node in `nodes` (RDN values: ``SC-1``)."""

    def __init__(self, view: View, nodes: Sequence[str]) -> None:
        self.configuration = Configuration(view)
        self.simulated = list(nodes)
        self.directors: dict[str, NodeDirector] = {}
        self.nodes: dict[str, Node] = {}
        self.applications: dict[str, Admin] = {}
        self.groups: dict[str, Group] = {}
        self.units: dict[str, Unit] = {}
        self.components: dict[str, Component] = {}
        self.sis: dict[str, Si] = {}
        self.csis: dict[str, Csi] = {}
        self.protection = Protection(self)
        self.effects: list[Effect] = []
        self.mail: deque[tuple[Optional[str], Union[ToNode, ToCluster]]] = deque()
        self.tickets = 0
        self.started = False

    # -- the way out

    def emit(self, effect: Effect) -> None:
        self.effects.append(effect)

    def take(self) -> list[Effect]:
        """What is to be done outside, in order; each is handed out once."""
        effects, self.effects = self.effects, []
        return effects

    def log(self, text: str) -> None:
        self.emit(Log(f"amfd {text}"))

    def update(self, dn: str, attribute: str, *values: Any) -> None:
        self.emit(Update(dn, {attribute: tuple(values)}))

    # -- messages

    def to_cluster(self, message: ToCluster) -> None:
        self.mail.append((None, message))

    def to_node(self, node: str, message: ToNode) -> None:
        self.mail.append((node, message))

    def forget_mail(self, node: Node) -> None:
        """Drop what is on its way to or from a node that goes down."""
        names = {unit.dn for unit in node.units} | {c.dn for unit in node.units for c in unit.components}
        self.mail = deque(
            (to, message)
            for to, message in self.mail
            if to != node.name and getattr(message, "dn", getattr(message, "unit", "")) not in names
        )

    def ticket(self) -> int:
        self.tickets += 1
        return self.tickets

    def settle(self) -> None:
        """Deliver messages until there are none."""
        while self.mail:
            node, message = self.mail.popleft()
            if node is not None:
                self.directors[node].receive(message)  # type: ignore[arg-type]
            elif isinstance(message, Report):
                recovery.attribute_reported(self, message)
            elif isinstance(message, OperationalReport):
                recovery.operational_reported(self, message)
            elif isinstance(message, AssignmentReport):
                recovery.assignment_reported(self, message)
            elif isinstance(message, RebootRequest):
                recovery.reboot_for(self, message)
        recovery.finish_node_operations(self)

    # -- events from outside

    def command_ended(self, ticket: int, status: Optional[int]) -> None:
        """A command of `RunCommand` ended; `status` None: it was killed, or could not be started."""
        for node in self.directors.values():
            if ticket in node.commands:
                node.command_ended(ticket, status)
                break
            if ticket in node.last_commands:
                node.last_commands.discard(ticket)
                if not node.last_commands:
                    recovery.up(self, self.nodes[node.dn])
                break
        self.settle()

    def timer_fired(self, key: Hashable) -> None:
        assert isinstance(key, tuple)
        node, kind, what = key
        if node in self.directors:
            self.directors[node].timer_fired(kind, what)
        self.settle()

    def process_ended(self, key: tuple[str, str, int]) -> None:
        """A process of `WatchProcess` ended."""
        node, component, pid = key
        if node in self.directors:
            monitoring.ended(self.directors[node], component, pid)
        self.settle()

    def node_of(self, component: str) -> Optional[NodeDirector]:
        """The node director of a component's node."""
        known = self.components.get(component)
        return self.directors.get(known.unit.node.name) if known is not None else None

    # -- states of entities

    def set_unit_admin(self, unit: Unit, state: Admin) -> None:
        unit.admin = state
        self.update(unit.dn, "saAmfSUAdminState", int(state))

    def set_si_admin(self, si: Si, state: Admin) -> None:
        si.admin = state
        self.update(si.dn, "saAmfSIAdminState", int(state))

    def set_group_admin(self, group: Group, state: Admin) -> None:
        group.admin = state
        self.update(group.dn, "saAmfSGAdminState", int(state))

    def set_node_admin(self, node: Node, state: Admin) -> None:
        node.admin = state
        self.update(node.dn, "saAmfNodeAdminState", int(state))

    def end_node_shutdown(self, node: Node) -> None:
        """A node that is shutting down is locked when no unit on it is quiescing any more."""
        quiescing = any(a.ha in (Ha.ACTIVE, Ha.QUIESCING) for unit in node.units for a in unit.assignments)
        if not quiescing:
            self.set_node_admin(node, Admin.LOCKED)

    def set_node_operational(self, node: Node, state: Operational) -> None:
        node.operational = state
        self.update(node.dn, "saAmfNodeOperState", int(state))

    def set_operational(self, unit: Unit, state: Operational) -> None:
        if unit.operational != state:
            unit.operational = state
            self.update(unit.dn, "saAmfSUOperState", int(state))

    def set_presence(self, unit: Unit, state: Presence) -> None:
        if unit.presence == state:
            return
        if state in (Presence.INSTANTIATED, Presence.INSTANTIATION_FAILED, Presence.TERMINATION_FAILED):
            unit.instantiation_told = True
        unit.presence = state
        self.log(f"{unit.dn} PresenceState => {state.name}")
        self.update(unit.dn, "saAmfSUPresenceState", int(state))
        if state == Presence.INSTANTIATED:
            unit.restarting = False
        elif state in AT_REST:
            self.give_up_restart(unit)
        up = state in (Presence.INSTANTIATED, Presence.RESTARTING) and self.in_service(unit)
        self.set_readiness(unit, Readiness.IN_SERVICE if up else Readiness.OUT_OF_SERVICE)

    def set_readiness(self, unit: Unit, state: Readiness) -> None:
        if unit.readiness == state:
            return
        unit.readiness = state
        if not unit.restarting:
            self.update(unit.dn, "saAmfSUReadinessState", int(state))
        for component in unit.components:
            self.set_component_readiness(component)

    def give_up_restart(self, unit: Unit) -> None:
        """A restart during which the readiness was not shown will not end well: show it."""
        if unit.restarting:
            unit.restarting = False
            self.update(unit.dn, "saAmfSUReadinessState", int(unit.readiness))
            for component in unit.components:
                self.update(component.dn, "saAmfCompReadinessState", int(component.readiness))

    def set_component_readiness(self, component: Component) -> None:
        """It follows from the unit's readiness and the component's own state."""
        unit = component.unit
        enabled = component.operational == Operational.ENABLED
        state = unit.readiness if enabled else Readiness.OUT_OF_SERVICE
        if component.readiness != state:
            component.readiness = state
            if not unit.restarting:
                self.update(component.dn, "saAmfCompReadinessState", int(state))

    def set_component_operational(self, component: Component, state: Operational) -> None:
        component.operational = state
        self.update(component.dn, "saAmfCompOperState", int(state))

    def set_component_presence(self, component: Component, state: Presence) -> None:
        component.presence = state
        self.update(component.dn, "saAmfCompPresenceState", int(state))

    def in_service(self, unit: Unit) -> bool:
        """Every state that has a say lets the unit be in service."""
        group, node = unit.group, unit.node
        return (
            self.applications.get(self._application(group), Admin.UNLOCKED) == Admin.UNLOCKED
            and unit.admin == group.admin == node.admin == Admin.UNLOCKED
            and node.operational == unit.operational == Operational.ENABLED
            and unit.presence in (Presence.INSTANTIATED, Presence.RESTARTING)
        )

    @staticmethod
    def _application(group: Group) -> str:
        return group.dn.partition(",")[2]

    # -- groups

    def group_event(self, group: Group, event: GroupEvent, cause: Cause) -> bool:
        return handle_event(self, TABLES[group.redundancy], group, event, cause)

    def set_group_state(self, group: Group, state: GroupState) -> None:
        """STABLE ends what the administrator has asked of the group and its SIs."""
        group.state = state
        if state != GroupState.STABLE:
            return
        self.end(group)
        for si in group.sis:
            self.end(si)

    def instantiate_spares(self, group: Group) -> None:
        """Instantiate units up to the preferred number of in-service units."""
        wanted = self.configuration.preferred_in_service(group.dn) or len(group.units)
        trying = 0
        for unit in group.units:
            if unit.readiness == Readiness.IN_SERVICE or not self._may_instantiate(unit):
                continue
            if wanted > self.instantiated(group) + trying:
                unit.instantiation_told = False
                trying += 1
                self.instantiate(unit)

    def _may_instantiate(self, unit: Unit) -> bool:
        node = unit.node
        return (
            unit.presence == Presence.UNINSTANTIATED
            and unit.admin in (Admin.UNLOCKED, Admin.LOCKED)
            and Admin.LOCKED_INSTANTIATION not in (unit.group.admin, node.admin)
            and node.present
            and node.operational == unit.operational == Operational.ENABLED
            and not unit.terminated
            and bool(unit.components)
        )

    @staticmethod
    def instantiated(group: Group) -> int:
        up = (Presence.INSTANTIATED, Presence.INSTANTIATING, Presence.RESTARTING)
        return sum(unit.presence in up for unit in group.units)

    def instantiate(self, unit: Unit) -> None:
        self.to_node(unit.node.name, InstantiateUnit(unit.dn))

    def terminate(self, unit: Unit) -> None:
        unit.terminated = True
        self.to_node(unit.node.name, TerminateUnit(unit.dn))

    # -- administrative operations that wait

    def end(
        self, entity: Union[Unit, Component, Si, Group, Node], code: Code = Code.OK, text: str = ""
    ) -> None:
        """End the operation that waits for this entity, if there is one."""
        pending, entity.pending = entity.pending, None
        if pending is not None:
            self.emit(EndOperation(pending.ticket, int(code), text))

    def end_now(self, ticket: int) -> None:
        """An operation that did not have to wait."""
        self.emit(EndOperation(ticket, int(Code.OK), ""))

    def wait(
        self, entity: Union[Unit, Component, Si, Group, Node], operation: Operation, ticket: int
    ) -> None:
        self.end(entity, Code.ERR_INTERRUPT)  # one that waited before (OpenSAF never answers it)
        entity.pending = Pending(operation, ticket)

    def end_si_try_again(self, si: Si) -> None:
        """A shutdown that a fault has undone."""
        self.end(si, Code.ERR_TRY_AGAIN)

    def end_swap(self, unit: Unit, failed: bool = False) -> None:
        for assignment in unit.assignments:
            if assignment.si.pending is not None:
                self.end(assignment.si, Code.ERR_BAD_OPERATION if failed else Code.OK)
                if not failed:
                    return

    # -- counting

    def csi_count(self, component: Component, csi: Csi, kind: str, active: bool) -> int:
        """CSIs of type `kind`, but for `csi`, that the component has as active, or as standby."""
        states = (Ha.ACTIVE,) if active else (Ha.STANDBY,)
        return sum(
            each.component is component
            and each.csi is not csi
            and assignment.ha in states
            and self.configuration.name(each.csi.dn, "saAmfCSType") == kind
            for assignment in component.unit.assignments
            for each in assignment.csis
        )

    def pure(self, dn: str) -> dict[str, tuple[Any, ...]]:
        """Runtime attributes that IMM asks for when they are read."""
        if dn in self.units:
            unit = self.units[dn]
            return {
                "saAmfSURestartCount": (unit.restarts,),
                "saAmfSUNumCurrActiveSIs": (unit.active,),
                "saAmfSUNumCurrStandbySIs": (unit.standby,),
                "saAmfSUAssignedSIs": tuple(a.si.dn for a in unit.assignments),
            }
        if dn in self.components:
            return {
                "saAmfCompRestartCount": (self.components[dn].restarts,),
                "saAmfCompCurrProxyName": ("",),
            }
        if dn in self.sis:
            si = self.sis[dn]
            return {
                "saAmfSINumCurrActiveAssignments": (si.active,),
                "saAmfSINumCurrStandbyAssignments": (si.standby,),
            }
        if dn in self.groups:
            units = self.groups[dn].units
            serving = sum(bool(unit.assignments) for unit in units)
            ready = sum(u.readiness == Readiness.IN_SERVICE and not u.assignments for u in units)
            return {
                "saAmfSGNumCurrAssignedSUs": (serving,),
                "saAmfSGNumCurrInstantiatedSpareSUs": (ready,),
                "saAmfSGNumCurrNonInstantiatedSpareSUs": (
                    sum(unit.presence == Presence.UNINSTANTIATED for unit in units),
                ),
            }
        if dn in self.applications:
            inside = sum(self._application(group) == dn for group in self.groups.values())
            return {"saAmfApplicationCurrNumSGs": (inside,)}
        return {}

    # -- nodes

    def add_node(self, dn: str) -> Node:
        name = rdn_value(dn)
        present = name in self.simulated
        node = self.nodes[dn] = Node(dn, name, present)
        if present:
            self.directors[name] = NodeDirector(dn, name, self.configuration, self)
        return node

    def assign_new_csi(self, csi: Csi) -> None:
        """A CSI was added to an assigned SI: give it to the units that have the SI, one after the other."""
        for assignment in csi.si.assignments:
            added = assignments.add_csi(self, assignment, csi)
            if added is not None:
                assignment.adding = added
                assignment.single = Act.ASSIGN
        recovery.continue_csi_change(self, csi.si)


__all__ = ["SUPPORTED", "TABLES", "Director"]
