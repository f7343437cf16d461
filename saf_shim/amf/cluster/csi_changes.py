# SPDX-License-Identifier: Apache-2.0
"""CSIs that are added to an assigned SI or taken from it. The units of the SI are told one after the
other."""

from __future__ import annotations

from saf_shim.amf.entities import assignments, protection, requests
from saf_shim.amf.entities.cluster import Cluster
from saf_shim.amf.entities.records import Assignment, Csi, Si
from saf_shim.amf.states import Act, GroupChange


def csi_created(cluster: Cluster, csi: Csi) -> None:
    """Give a CSI that was added to an assigned SI to the units that have the SI."""
    for assignment in csi.si.assignments:
        added = assignments.add_csi(cluster, assignment, csi)
        if added is not None:
            assignment.adding = added
            assignment.single = Act.ASSIGN
    _tell_next(cluster, csi.si)


def csi_deleted(cluster: Cluster, csi: Csi) -> None:
    """Take a CSI that was deleted from the model from the units that have it."""
    csi.si.csis.remove(csi)
    protection.removed(cluster, csi.dn)
    for assigned in csi.assignments:
        assigned.assignment.adding = assigned
        assigned.assignment.single = Act.REMOVE
    if csi.assignments:
        _tell_next(cluster, csi.si)


def confirmed(cluster: Cluster, assignment: Assignment, act: Act) -> None:
    changed, assignment.adding = assignment.adding, None
    if changed is None:
        return
    if act == Act.REMOVE:
        assignments.delete_csi(cluster, changed)
    else:
        protection.changed(cluster, changed, GroupChange.ADDED)
    _tell_next(cluster, assignment.si)


def _tell_next(cluster: Cluster, si: Si) -> None:
    """Tell the next unit that has the SI."""
    for assignment in si.assignments:
        if assignment.adding is not None:
            requests.send(cluster, assignment.unit, assignment, assignment.single, assignment.adding)
            return
