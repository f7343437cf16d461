# SPDX-License-Identifier: Apache-2.0
"""Requests to the node of a unit: what it must do with an assignment, and what the components are told.

A request says for each CSI what its component will read in the callback: the component that is or was active
and its state, the rank among the standby components, and the attributes of the CSI."""

from __future__ import annotations

from typing import Optional

from saf_shim.amf.entities.cluster import Cluster
from saf_shim.amf.entities.records import Assignment, CsiAssignment, Unit
from saf_shim.amf.messages import AssignmentRequest, CsiRequest
from saf_shim.amf.states import Act, CsiTransition, Ha, Operational, Susi


def send(
    cluster: Cluster,
    unit: Unit,
    assignment: Optional[Assignment],
    act: Act,
    single: Optional[CsiAssignment] = None,
) -> None:
    """Send the unit's node a request about one assignment, or about all SIs of the unit (None)."""
    if not unit.node.present:
        return
    si = assignment.si.dn if assignment is not None else ""
    csis: tuple[CsiRequest, ...] = ()
    if act == Act.REMOVE:
        if single is not None:
            names = (single.csi.dn, single.component.dn)
            csis = (CsiRequest(*names, 0, None, (), "", CsiTransition.NEW_ASSIGN, 0),)
        request = AssignmentRequest(unit.dn, si, act, None, csis, single=single is not None)
        cluster.outbox.to_node(unit.node.name, request)
        return
    first = assignment
    if first is None:
        first = next((a for a in unit.assignments if a.state != Susi.REMOVING), None)
        if first is None:
            return
    if act == Act.ASSIGN or first.ha in (Ha.ACTIVE, Ha.STANDBY):
        transition = (
            _transition(first) if act == Act.MODIFY and first.ha == Ha.ACTIVE else CsiTransition.NEW_ASSIGN
        )
        chosen = [single] if single is not None else first.csis
        csis = tuple(_csi_request(cluster, each, act, transition) for each in chosen[::-1])
    request = AssignmentRequest(
        unit.dn, si, act, first.ha, csis, rank=first.si.rank, single=single is not None
    )
    cluster.outbox.to_node(unit.node.name, request)


def _transition(assignment: Assignment) -> CsiTransition:
    """Return the state of the unit that was active before."""
    others = assignment.si.assignments
    at = others.index(assignment)
    other = others[at + 1] if at + 1 < len(others) else others[0]
    quiesced = other.ha == Ha.QUIESCED and other.state == Susi.ASSIGNED
    return CsiTransition.QUIESCED if quiesced else CsiTransition.NOT_QUIESCED


def _csi_request(cluster: Cluster, each: CsiAssignment, act: Act, transition: CsiTransition) -> CsiRequest:
    configuration = cluster.configuration
    assignment, csi, component = each.assignment, each.csi, each.component
    active = ""
    if not (act == Act.ASSIGN and assignment.ha == Ha.ACTIVE):
        at = csi.assignments.index(each)
        if at + 1 < len(csi.assignments):
            other: Optional[CsiAssignment] = csi.assignments[at + 1]
        else:
            other = csi.assignments[0] if csi.assignments[0] is not each else None
        if other is not None:
            active = other.component.dn
            disabled = other.component.operational == Operational.DISABLED
            if transition == CsiTransition.QUIESCED and disabled:
                transition = CsiTransition.NOT_QUIESCED
    rank = 0
    if assignment.ha == Ha.STANDBY:
        for other_assignment in assignment.si.assignments:
            if other_assignment.ha == Ha.ACTIVE:
                names = [a.component.dn for a in other_assignment.csis if a.csi is csi]
                active = names[0] if names else active
                break
        rank = assignment.si.standby_rank(assignment.unit)
    return CsiRequest(
        csi.dn,
        component.dn,
        csi.rank,
        configuration.capability(component.dn, csi.dn),
        csi.attribute_pairs if act == Act.ASSIGN else (),
        active,
        transition,
        rank,
    )
