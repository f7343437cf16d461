# SPDX-License-Identifier: Apache-2.0
"""Protection groups: who serves a CSI, told to the processes that track it (AIS AMF B.04.01 7.10).

A group is known while somebody tracks its CSI. Members are told in the order in which the node director of
OpenSAF lists them: the latest first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

from saf_shim.amf.cluster.records import CsiAssignment
from saf_shim.amf.effects import SendCallback
from saf_shim.amf.states import GroupChange, Track

if TYPE_CHECKING:
    from saf_shim.amf.cluster.director import Director

CALLBACK = "saAmfProtectionGroupTrackCallback"


class Member(NamedTuple):
    """A component of a protection group."""

    component: str
    ha: int  # 0 when it was removed
    rank: int
    change: GroupChange = GroupChange.NO_CHANGE

    def to_wire(self) -> dict[str, Any]:
        return {
            "compName": self.component,
            "haState": int(self.ha),
            "rank": self.rank,
            "change": int(self.change),
        }


class _Group:
    __slots__ = ("members", "trackers")

    def __init__(self) -> None:
        self.members: list[Member] = []
        self.trackers: dict[int, int] = {}  # handle: flags


class Protection:
    """The protection groups that are being tracked."""

    def __init__(self, director: Director) -> None:
        self.director = director
        self.groups: dict[str, _Group] = {}

    def members(self, csi: str) -> Optional[list[Member]]:
        """Now; None when there is no such CSI."""
        known = self.director.csis.get(csi)
        if known is None:
            return None
        group = self.groups.get(csi)
        if group is not None:
            return [member._replace(change=GroupChange.NO_CHANGE) for member in group.members]
        return [self._member(each) for each in known.assignments[::-1]]

    @staticmethod
    def _member(assigned: CsiAssignment) -> Member:
        assignment = assigned.assignment
        rank = assignment.si.standby_rank(assigned.component.unit)
        return Member(assigned.component.dn, int(assignment.ha), rank)

    def track(self, handle: int, csi: str, flags: int, by_callback: bool) -> bool:
        """saAmfProtectionGroupTrack_4; False: no such CSI. `by_callback`: CURRENT is answered by a
        callback."""
        members = self.members(csi)
        if members is None:
            return False
        if flags & Track.CURRENT and by_callback:
            self._send(handle, csi, members, len(members))
        changes = flags & (Track.CHANGES | Track.CHANGES_ONLY)
        if changes:
            group = self.groups.setdefault(csi, _Group())
            group.members = members
            group.trackers[handle] = changes
        return True

    def stop(self, handle: int, csi: str) -> bool:
        """saAmfProtectionGroupTrackStop; False: it was not tracked."""
        group = self.groups.get(csi)
        if group is None or group.trackers.pop(handle, None) is None:
            return False
        if not group.trackers:
            del self.groups[csi]
        return True

    def forget(self, handle: int) -> None:
        """The handle is gone."""
        for csi in list(self.groups):
            self.stop(handle, csi)

    def changed(self, assigned: CsiAssignment, change: GroupChange) -> None:
        """A component was added to the CSI, was removed, or has another HA state or rank."""
        group = self.groups.get(assigned.csi.dn)
        if group is None:
            return
        member = self._member(assigned)
        names = [each.component for each in group.members]
        if change == GroupChange.REMOVED:
            if member.component not in names:
                return
            group.members = [each for each in group.members if each.component != member.component]
            member = member._replace(ha=0, change=GroupChange.REMOVED)
        elif member.component in names:
            member = member._replace(change=GroupChange.STATE_CHANGE)
            group.members[names.index(member.component)] = member
        else:
            member = member._replace(change=GroupChange.ADDED)
            group.members.insert(0, member)
        for handle, flags in list(group.trackers.items()):
            self._tell(handle, assigned.csi.dn, flags, group.members, member)
        group.members = [each._replace(change=GroupChange.NO_CHANGE) for each in group.members]

    def _tell(self, handle: int, csi: str, flags: int, members: list[Member], changed: Member) -> None:
        if flags & Track.CHANGES_ONLY:
            self._send(handle, csi, [changed], len(members))
            return
        shown = list(members)
        if changed.change == GroupChange.REMOVED:
            shown.append(changed)
        self._send(handle, csi, shown, len(members))

    def removed(self, csi: str) -> None:
        """The CSI is gone from the model."""
        group = self.groups.pop(csi, None)
        for handle in group.trackers if group is not None else ():
            arguments: Mapping[str, Any] = {"csiName": csi, "members": [], "numberOfMembers": 0, "error": 12}
            self.director.emit(SendCallback(handle, CALLBACK, arguments))

    def _send(self, handle: int, csi: str, members: list[Member], number: int) -> None:
        arguments = {
            "csiName": csi,
            "members": [member.to_wire() for member in members],
            "numberOfMembers": number,
            "error": 1,
        }
        self.director.emit(SendCallback(handle, CALLBACK, arguments))
