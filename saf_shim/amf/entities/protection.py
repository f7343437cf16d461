# SPDX-License-Identifier: Apache-2.0
"""Protection groups: the components that serve a CSI. Processes can track them (AIS AMF B.04.01 7.10).

A group has a record while somebody tracks its CSI. Members are listed in the order of OpenSAF's node
director: the latest first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from saf_shim.amf.effects import SendCallback
from saf_shim.amf.entities.cluster import Cluster
from saf_shim.amf.entities.records import CsiAssignment, Member, ProtectionGroup
from saf_shim.amf.states import GroupChange, Track

CALLBACK = "saAmfProtectionGroupTrackCallback"


def members(cluster: Cluster, csi: str) -> Optional[list[Member]]:
    """Return the present members. None if there is no such CSI."""
    known = cluster.csis.get(csi)
    if known is None:
        return None
    group = cluster.protection_groups.get(csi)
    if group is not None:
        return [member._replace(change=GroupChange.NO_CHANGE) for member in group.members]
    return [_member(each) for each in known.assignments[::-1]]


def _member(assigned: CsiAssignment) -> Member:
    assignment = assigned.assignment
    rank = assignment.si.standby_rank(assigned.component.unit)
    return Member(assigned.component.dn, int(assignment.ha), rank)


def track(cluster: Cluster, handle: int, csi: str, flags: int, by_callback: bool) -> bool:
    """Serve saAmfProtectionGroupTrack_4. False if there is no such CSI. `by_callback`: a callback answers
    CURRENT."""
    current = members(cluster, csi)
    if current is None:
        return False
    if flags & Track.CURRENT and by_callback:
        _send(cluster, handle, csi, current, len(current))
    changes = flags & (Track.CHANGES | Track.CHANGES_ONLY)
    if changes:
        group = cluster.protection_groups.setdefault(csi, ProtectionGroup())
        group.members = current
        group.trackers[handle] = changes
    return True


def stop(cluster: Cluster, handle: int, csi: str) -> bool:
    """Serve saAmfProtectionGroupTrackStop. False if the handle did not track the CSI."""
    group = cluster.protection_groups.get(csi)
    if group is None or group.trackers.pop(handle, None) is None:
        return False
    if not group.trackers:
        del cluster.protection_groups[csi]
    return True


def forget(cluster: Cluster, handle: int) -> None:
    """Forget a handle that is gone."""
    for csi in list(cluster.protection_groups):
        stop(cluster, handle, csi)


def changed(cluster: Cluster, assigned: CsiAssignment, change: GroupChange) -> None:
    """Tell the trackers that a component was added to the CSI, was removed, or changed its HA state or
    rank."""
    group = cluster.protection_groups.get(assigned.csi.dn)
    if group is None:
        return
    member = _member(assigned)
    names = [each.component for each in group.members]
    if change == GroupChange.REMOVED:
        if member.component not in names:
            return
        # The member that left is shown with the rank that the trackers know.
        member = group.members.pop(names.index(member.component))
        member = member._replace(ha=0, change=GroupChange.REMOVED)
    elif member.component in names:
        member = member._replace(change=GroupChange.STATE_CHANGE)
        group.members[names.index(member.component)] = member
    else:
        member = member._replace(change=GroupChange.ADDED)
        group.members.insert(0, member)
    for handle, flags in list(group.trackers.items()):
        _tell(cluster, handle, assigned.csi.dn, flags, group.members, member)
    group.members = [each._replace(change=GroupChange.NO_CHANGE) for each in group.members]


def _tell(cluster: Cluster, handle: int, csi: str, flags: int, members: list[Member], member: Member) -> None:
    if flags & Track.CHANGES_ONLY:
        _send(cluster, handle, csi, [member], len(members))
        return
    shown = list(members)
    if member.change == GroupChange.REMOVED:
        shown.append(member)
    _send(cluster, handle, csi, shown, len(members))


def removed(cluster: Cluster, csi: str) -> None:
    """Tell the trackers that the CSI is deleted from the model."""
    group = cluster.protection_groups.pop(csi, None)
    for handle in group.trackers if group is not None else ():
        arguments: Mapping[str, Any] = {"csiName": csi, "members": [], "numberOfMembers": 0, "error": 12}
        cluster.outbox.emit(SendCallback(handle, CALLBACK, arguments))


def _send(cluster: Cluster, handle: int, csi: str, members: list[Member], number: int) -> None:
    arguments = {
        "csiName": csi,
        "members": [member.to_wire() for member in members],
        "numberOfMembers": number,
        "error": 1,
    }
    cluster.outbox.emit(SendCallback(handle, CALLBACK, arguments))
