# SPDX-License-Identifier: Apache-2.0
"""The door to the cluster director: events from outside come in here, and messages are delivered here.

It is pure: no clock, no process, no socket. What must be done outside goes into the outbox as effects.
`settle` delivers the messages that an event has caused, one after the other, until there are none. Whoever
calls another function of this room must call `settle` afterwards."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Optional

from saf_shim.amf.cluster import inventory, node_failures, pending, reports
from saf_shim.amf.cluster.simulated import SimulatedCluster
from saf_shim.amf.messages import AssignmentReport, OperationalReport, RebootRequest, Report, ToCluster
from saf_shim.amf.node import director as node_director
from saf_shim.amf.node import supervision
from saf_shim.imm.implementer.hooks import ObjectChange


def start(cluster: SimulatedCluster) -> None:
    """Take over the model as it is, and instantiate the units that may run."""
    inventory.load(cluster)
    settle(cluster)


def model_changed(cluster: SimulatedCluster, changes: Sequence[ObjectChange]) -> None:
    """Take over what a CCB has changed; the model shows it already."""
    inventory.apply(cluster, changes)
    settle(cluster)


def settle(cluster: SimulatedCluster) -> None:
    """Deliver messages until there are none."""
    while True:
        envelope = cluster.outbox.next_message()
        if envelope is None:
            pending.finish_node_operations(cluster)
            pending.continue_node_groups(cluster)
            if cluster.outbox.has_messages:
                continue
            return
        if envelope.node is not None:
            node_director.receive(cluster.local_nodes[envelope.node], envelope.message)  # type: ignore[arg-type]
        else:
            _receive(cluster, envelope.message)  # type: ignore[arg-type]


def _receive(cluster: SimulatedCluster, message: ToCluster) -> None:
    if isinstance(message, Report):
        reports.attribute_reported(cluster, message)
    elif isinstance(message, OperationalReport):
        reports.operational_reported(cluster, message)
    elif isinstance(message, AssignmentReport):
        reports.assignment_reported(cluster, message)
    elif isinstance(message, RebootRequest):
        node_failures.reboot_for(cluster, message)


def command_ended(cluster: SimulatedCluster, ticket: int, status: Optional[int]) -> None:
    """Handle the end of a command. `status` is None if it was killed or could not be started."""
    for node in cluster.local_nodes.values():
        if ticket in node.commands:
            node_director.command_ended(node, ticket, status)
            break
        if ticket in node.last_commands:
            node.last_commands.discard(ticket)
            if not node.last_commands:
                node_failures.up(cluster, cluster.nodes[node.dn])
            break
    settle(cluster)


def timer_fired(cluster: SimulatedCluster, key: Hashable) -> None:
    """Handle the end of a timer of `StartTimer`."""
    assert isinstance(key, tuple)
    node, kind, what = key
    if node in cluster.local_nodes:
        node_director.timer_fired(cluster.local_nodes[node], kind, what)
    settle(cluster)


def process_ended(cluster: SimulatedCluster, key: tuple[str, str, int]) -> None:
    """Handle the end of a process of `WatchProcess`."""
    node, component, pid = key
    if node in cluster.local_nodes:
        supervision.process_ended(cluster.local_nodes[node], component, pid)
    settle(cluster)
