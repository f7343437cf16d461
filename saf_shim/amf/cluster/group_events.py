# SPDX-License-Identifier: Apache-2.0
"""The door from the cluster director to the redundancy models: which table a service group works by."""

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
    """Let the event happen to the group. False: the operation that caused it cannot be done now."""
    return handle_event(cluster, TABLES[group.redundancy], group, event, cause)
