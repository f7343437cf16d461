# SPDX-License-Identifier: Apache-2.0
"""Failures of nodes, and their reboot.

A failed node is emptied. With saAmfNodeAutoRepair it is then rebooted: a simulated node goes down with its
processes, and comes back at once with its units uninstantiated."""

from __future__ import annotations

from typing import Optional

from saf_shim.amf.cluster import pending, unit_failover
from saf_shim.amf.cluster.group_events import group_event
from saf_shim.amf.cluster.simulated import SimulatedCluster
from saf_shim.amf.entities import assignments
from saf_shim.amf.entities.records import Component, Node
from saf_shim.amf.messages import RebootRequest
from saf_shim.amf.node import director as node_director
from saf_shim.amf.redundancy.groups import Cause, GroupEvent
from saf_shim.amf.states import Operational, Presence, Readiness, Recovery
from saf_shim.codes import Code


def node_failed(cluster: SimulatedCluster, node: Node, recovery: Optional[Recovery]) -> None:
    cluster.set_node_operational(node, Operational.DISABLED)
    node.recovering = True
    if recovery == Recovery.NODE_SWITCHOVER:
        _switch_over(cluster, node)
        return
    if recovery == Recovery.NODE_FAILOVER:
        empty(cluster, node)
    _try_node_repair(cluster, node)


def _switch_over(cluster: SimulatedCluster, node: Node) -> None:
    """Move every assignment away from the node, in order where that is possible."""
    for unit in node.units:
        cluster.set_readiness(unit, Readiness.OUT_OF_SERVICE)
    for unit in node.units:
        if not unit.assignments:
            continue
        disabled = unit.operational == Operational.DISABLED
        if disabled and cluster.configuration.su_failover(unit.dn):
            unit_failover.fail_over(cluster, unit)
        else:
            group_event(cluster, unit.group, GroupEvent.SU_FAULT, Cause(unit))
        cluster.instantiate_spares(unit.group)
    repair_if_emptied(cluster, node)


def empty(cluster: SimulatedCluster, node: Node) -> None:
    """Take everything from the units of a node that is gone."""
    for unit in node.units:
        cluster.set_operational(unit, Operational.DISABLED)
        unit_failover.disable_components(cluster, unit)
        cluster.set_presence(unit, Presence.UNINSTANTIATED)
        cluster.set_readiness(unit, Readiness.OUT_OF_SERVICE)
        cluster.end(unit, Code.ERR_TIMEOUT)
    for unit in node.units:
        for assignment in unit.assignments:
            unit_failover.discount(cluster, assignment)
        group_event(cluster, unit.group, GroupEvent.SU_LOST, Cause(unit))
        assignments.delete_all(cluster, unit)
        cluster.instantiate_spares(unit.group)
        pending.end_group_instantiation(cluster, unit.group)


def repair_if_emptied(cluster: SimulatedCluster, node: Node) -> None:
    """Repair a failed node when nothing is assigned there any more."""
    failed = node.operational == Operational.DISABLED and node.recovering
    if failed and not any(unit.assignments for unit in node.units):
        _try_node_repair(cluster, node)


def _try_node_repair(cluster: SimulatedCluster, node: Node) -> None:
    if cluster.configuration.node_auto_repair(node.dn):
        cluster.log(f"Ordering reboot of '{node.dn}' as node fail/switch-over repair action")
        reboot(cluster, node)
    else:
        cluster.log(f"NodeAutorepair disabled for '{node.dn}', NO reboot ordered")


def reboot_for(cluster: SimulatedCluster, request: RebootRequest) -> None:
    for node in list(cluster.nodes.values()):
        if node.present and (request.recovery == Recovery.CLUSTER_RESET or node.name == request.node):
            reboot(cluster, node)


def fail_fast(cluster: SimulatedCluster, component: Component, presence: Presence) -> None:
    node, configuration = component.unit.node, cluster.configuration
    which = "Instantiation" if presence == Presence.INSTANTIATION_FAILED else "Termination"
    wanted = configuration.failfast_on(node.dn, which)
    if (
        wanted
        and configuration.auto_repair(component.unit.group.dn)
        and configuration.node_auto_repair(node.dn)
    ):
        reboot(cluster, node)


def reboot(cluster: SimulatedCluster, node: Node) -> None:
    """Let the simulated node go down with all its processes. It comes back when these have ended."""
    if not node.present:
        return
    cluster.log(f"Rebooting '{node.dn}' (simulated)")
    local = cluster.local_nodes[node.name]
    down(cluster, node)
    if not local.last_commands:
        up(cluster, node)


def down(cluster: SimulatedCluster, node: Node) -> None:
    """End the processes of the node; its units are lost."""
    cluster.set_node_operational(node, Operational.DISABLED)
    node.present = False
    node_director.go_down(cluster.local_nodes[node.name])
    names = {unit.dn for unit in node.units} | {c.dn for unit in node.units for c in unit.components}
    cluster.outbox.forget_node(node.name, names)
    empty(cluster, node)


def up(cluster: SimulatedCluster, node: Node) -> None:
    """Let the node join: its units are enabled, and instantiated if they may run."""
    local = cluster.local_nodes[node.name]
    local.start()
    node.present = True
    node.recovering = False
    cluster.set_node_operational(node, Operational.ENABLED)
    for unit in node.units:
        node_director.add_unit(local, unit.dn)
        cluster.set_operational(unit, Operational.ENABLED)
        for component in unit.components:
            cluster.set_component_operational(component, Operational.ENABLED)
    for unit in node.units:
        cluster.instantiate_spares(unit.group)
