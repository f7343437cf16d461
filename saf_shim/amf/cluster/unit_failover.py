# SPDX-License-Identifier: Apache-2.0
"""The loss of a unit with everything it had, and AMF's own repair of it (saAmfSGAutoRepair)."""

from __future__ import annotations

from saf_shim.amf.cluster.group_events import group_event
from saf_shim.amf.entities import assignments, counting
from saf_shim.amf.entities.cluster import Cluster
from saf_shim.amf.entities.records import Assignment, Unit
from saf_shim.amf.messages import UnitOperation
from saf_shim.amf.redundancy.groups import Cause, GroupEvent
from saf_shim.amf.states import Act, Admin, Ha, Operation, Operational, Presence, Readiness, Redundancy, Susi
from saf_shim.codes import Code


def try_repair(cluster: Cluster, unit: Unit) -> None:
    """Order AMF's own repair of a unit after an SU failover, where the model wants it."""
    failed = (Presence.INSTANTIATION_FAILED, Presence.TERMINATION_FAILED)
    if (
        cluster.configuration.auto_repair(unit.group.dn)
        and cluster.configuration.su_failover(unit.dn)
        and unit.operational == Operational.DISABLED
        and unit.presence not in failed
    ):
        cluster.log(f"Ordering Auto repair of '{unit.dn}' as sufailover repair action")
        cluster.outbox.to_node(unit.node.name, UnitOperation(unit.dn, Operation.REPAIRED))


def fail_over(cluster: Cluster, unit: Unit) -> None:
    """Give up a unit that is gone with everything that was assigned to it."""
    if not unit.assignments:
        return
    cluster.set_operational(unit, Operational.DISABLED)
    cluster.set_readiness(unit, Readiness.OUT_OF_SERVICE)
    cluster.end(unit, Code.OK if unit.admin == Admin.LOCKED else Code.ERR_TIMEOUT)
    disable_components(cluster, unit)
    group = unit.group
    for assignment in unit.assignments:
        discount(cluster, assignment)
        shutdown = group.admin_si is not None and group.admin_si.admin == Admin.SHUTTING_DOWN
        if not (shutdown and group.redundancy == Redundancy.TWO_N):
            cluster.end(assignment.si)
    group_event(cluster, group, GroupEvent.SU_LOST, Cause(unit))
    assignments.delete_all(cluster, unit)


def discount(cluster: Cluster, assignment: Assignment) -> None:
    """Undo the counting of an assignment whose change was under way and will never be finished."""
    if assignment.state != Susi.MODIFYING:
        return
    if assignment.ha == Ha.QUIESCING:
        counting.count(cluster, assignment, Act.MODIFY, Ha.QUIESCING, Ha.QUIESCED)
    elif assignment.ha == Ha.ACTIVE:
        counting.count_si(cluster, assignment.si, -1, 0)
    elif assignment.ha == Ha.STANDBY:
        counting.count_si(cluster, assignment.si, 0, -1)


def disable_components(cluster: Cluster, unit: Unit) -> None:
    for component in unit.components:
        cluster.set_component_operational(component, Operational.DISABLED)
        if component.presence != Presence.TERMINATION_FAILED or not unit.node.present:
            cluster.set_component_presence(component, Presence.UNINSTANTIATED)
        component.restarts = 0
        cluster.end(component, Code.ERR_TIMEOUT)
