# SPDX-License-Identifier: Apache-2.0
"""The cluster as AMF sees it: all records, and how the states of entities change.

A change of a state is published in IMM, and the changes that always belong to it follow (a component's
readiness follows its unit's; when a group is STABLE again, the administrator's operation on it ends). Nothing
here decides about assignments. `Cluster` is the first argument of the functions of this room, of the
redundancy models and of the cluster director."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

from saf_shim.amf.configuration import Configuration
from saf_shim.amf.effects import EndOperation, Log, Update
from saf_shim.amf.entities.records import (
    Component,
    Csi,
    Group,
    Node,
    NodeGroup,
    PendingOperation,
    ProtectionGroup,
    Si,
    Unit,
)
from saf_shim.amf.messages import InstantiateUnit, TerminateUnit
from saf_shim.amf.outbox import Outbox
from saf_shim.amf.states import (
    AT_REST,
    Admin,
    GroupState,
    Ha,
    Operation,
    Operational,
    Presence,
    Readiness,
)
from saf_shim.codes import Code
from saf_shim.imm.implementer.hooks import View

Entity = Union[Unit, Component, Si, Group, Node, NodeGroup]
"""What an administrative operation can wait for."""


class Cluster:
    """The records of one cluster, by DN, and the outbox of its directors."""

    def __init__(self, view: View, nodes: Sequence[str]) -> None:
        """Make the records. `nodes` are the RDN values (such as SC-1) of the simulated nodes; the model may
        have more."""
        self.configuration = Configuration(view)
        self.outbox = Outbox()
        self.simulated = frozenset(nodes)
        self.nodes: dict[str, Node] = {}
        self.node_groups: dict[str, NodeGroup] = {}
        self.applications: dict[str, Admin] = {}
        self.groups: dict[str, Group] = {}
        self.units: dict[str, Unit] = {}
        self.components: dict[str, Component] = {}
        self.sis: dict[str, Si] = {}
        self.csis: dict[str, Csi] = {}
        self.protection_groups: dict[str, ProtectionGroup] = {}  # by CSI; only those that are tracked

    def log(self, text: str) -> None:
        self.outbox.emit(Log(f"amfd {text}"))

    def update(self, dn: str, attribute: str, *values: Any) -> None:
        self.outbox.emit(Update(dn, {attribute: tuple(values)}))

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

    def set_node_group_admin(self, group: NodeGroup, state: Admin) -> None:
        group.admin = state
        self.update(group.dn, "saAmfNGAdminState", int(state))

    def end_node_shutdown(self, node: Node) -> None:
        """Lock a node that is shutting down, if no unit on it is quiescing any more."""
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
        """Publish the readiness of a unit whose restart will fail. It was not published during the
        restart."""
        if unit.restarting:
            unit.restarting = False
            self.update(unit.dn, "saAmfSUReadinessState", int(unit.readiness))
            for component in unit.components:
                self.update(component.dn, "saAmfCompReadinessState", int(component.readiness))

    def set_component_readiness(self, component: Component) -> None:
        """Derive the component's readiness from the unit's readiness and the component's own state."""
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
        """Tell whether all states that matter allow the unit to be in service."""
        group, node = unit.group, unit.node
        return (
            self.applications.get(group.application, Admin.UNLOCKED) == Admin.UNLOCKED
            and unit.admin == group.admin == node.admin == Admin.UNLOCKED
            and node.operational == unit.operational == Operational.ENABLED
            and unit.presence in (Presence.INSTANTIATED, Presence.RESTARTING)
        )

    # -- groups

    def set_group_state(self, group: Group, state: GroupState) -> None:
        """Set what the group is busy with. STABLE ends the administrator's operations on the group and its
        SIs."""
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
            if unit.readiness == Readiness.IN_SERVICE or not self.may_instantiate(unit):
                continue
            if wanted > self.instantiated(group) + trying:
                unit.instantiation_told = False
                trying += 1
                self.instantiate(unit)

    def may_instantiate(self, unit: Unit) -> bool:
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
        self.outbox.to_node(unit.node.name, InstantiateUnit(unit.dn))

    def terminate(self, unit: Unit) -> None:
        unit.terminated = True
        self.outbox.to_node(unit.node.name, TerminateUnit(unit.dn))

    # -- administrative operations that wait

    def end(self, entity: Entity, code: Code = Code.OK, text: str = "") -> None:
        """End the operation that waits for this entity, if there is one."""
        pending, entity.pending = entity.pending, None
        if pending is not None:
            self.outbox.emit(EndOperation(pending.ticket, int(code), text))

    def end_now(self, ticket: int) -> None:
        """End an operation that did not have to wait."""
        self.outbox.emit(EndOperation(ticket, int(Code.OK), ""))

    def wait(self, entity: Entity, operation: Operation, ticket: int) -> None:
        self.end(
            entity, Code.ERR_INTERRUPT
        )  # this interrupts an operation that waited before; OpenSAF never answers that one
        entity.pending = PendingOperation(operation, ticket)

    def end_si_try_again(self, si: Si) -> None:
        """Answer TRY_AGAIN to the shutdown of an SI that a fault has undone."""
        self.end(si, Code.ERR_TRY_AGAIN)

    def end_swap(self, unit: Unit, failed: bool = False) -> None:
        for assignment in unit.assignments:
            if assignment.si.pending is not None:
                self.end(assignment.si, Code.ERR_BAD_OPERATION if failed else Code.OK)
                if not failed:
                    return
