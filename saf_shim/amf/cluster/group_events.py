# SPDX-License-Identifier: Apache-2.0
"""The door from the cluster director to the redundancy models: it finds the table for a service group."""

from __future__ import annotations

from saf_shim.amf.entities.cluster import Cluster
from saf_shim.amf.entities.records import Group
from saf_shim.amf.redundancy import no_redundancy, two_n
from saf_shim.amf.redundancy.groups import Cause, GroupEvent, Table, handle_event
from saf_shim.amf.states import Redundancy

TABLES: dict[Redundancy, Table] = {
    Redundancy.NO_REDUNDANCY: no_redundancy.TABLE,
    Redundancy.TWO_N: two_n.TABLE,
}
SUPPORTED = frozenset(TABLES)


def group_event(cluster: Cluster, group: Group, event: GroupEvent, cause: Cause) -> bool:
    """Let the event happen to the group. False if the operation that caused it is not possible now."""
    return handle_event(cluster, TABLES[group.redundancy], group, event, cause)
