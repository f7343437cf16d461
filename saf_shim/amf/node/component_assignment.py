# SPDX-License-Identifier: Apache-2.0
"""What a component is told of its component service instances, and what follows from its answers.

`csi` None stands for all CSIs of the component (TARGET_ALL). A component that cannot be told (it failed, or
is not registered) counts as having answered. CSIs of one rank are told at the same time. CSIs of the next
rank are told when all of them have answered. Ranks ascend when ACTIVE or STANDBY is given, and descend
otherwise."""

from __future__ import annotations

from typing import Optional

from saf_shim.amf.node import callbacks
from saf_shim.amf.node.local_node import LocalNode
from saf_shim.amf.node.records import Callback, LocalComponent, LocalCsi, LocalSi, all_removable
from saf_shim.amf.states import NEVER_STANDBY, SERVING, Act, CsiTransition, Ha, Presence, Progress


def assign(node: LocalNode, component: LocalComponent, csi: Optional[LocalCsi]) -> None:  # noqa: PLR0912
    """Tell the component the HA state of its SI."""
    unit = component.unit
    first = csi if csi is not None else next(iter(component.csis), None)
    if first is None:
        return
    if not unit.restart and not component.takes_assignments:
        if component.presence == Presence.RESTARTING:
            _mark(component, csi, Progress.ASSIGNING)  # the component is told when it is back
        else:
            assigned(node, component, csi)
        return
    out = component.failed or component.presence == Presence.UNINSTANTIATED
    if unit.restart and out and not node.restartable(unit):
        _mark(component, csi, Progress.ASSIGNING)
        assigned(node, component, csi)
        return
    if first.si.ha == Ha.STANDBY and first.capability in NEVER_STANDBY:
        first.state = Progress.ASSIGNED
        assigned(node, component, csi)
        return
    if csi is None:
        component.all_csis = True
    never_served = first.previous != Progress.ASSIGNED
    if never_served and _ends_unbegun(first.si):
        assigned(node, component, csi)
    elif csi is None and never_served and first.state == first.previous == Progress.UNASSIGNED:
        for each in component.csis:
            if each.state == each.previous == Progress.UNASSIGNED:
                each.suspended = True
        assigned(node, component, None)
    else:
        callbacks.send(node, component, Callback.CSI_SET, csi)
        for each in [csi] if csi is not None else component.csis:
            each.state = Progress.ASSIGNING


def _ends_unbegun(si: LocalSi) -> bool:
    """Tell whether QUIESCED or QUIESCING is for a component that was never told ACTIVE."""
    return si.ha in (Ha.QUIESCED, Ha.QUIESCING) and si.previous_ha not in (Ha.QUIESCING, Ha.ACTIVE)


def _mark(component: LocalComponent, csi: Optional[LocalCsi], state: Progress) -> None:
    if csi is not None:
        csi.state = state
        return
    component.all_csis = True
    for each in component.csis:
        each.state = state


def assigned(node: LocalNode, component: LocalComponent, csi: Optional[LocalCsi]) -> None:
    """Continue after the component has answered, or counts as having answered."""
    unit = component.unit
    callbacks.drop_csi(node, component, csi.name if csi is not None else "")
    if csi is None:
        component.all_csis = False
        for each in component.csis:
            if each.state == Progress.ASSIGNING:
                each.state = Progress.ASSIGNED
        if component.csis:
            first = component.csis[0]
            if not _continue(node, first, single=False):
                node.assignment_done(unit, None)
        return
    csi.single = None
    if csi.state in (Progress.ASSIGNING, Progress.RESTARTING):
        csi.state = Progress.ASSIGNED
    if csi.si.state == Progress.ASSIGNED:
        return
    if not _continue(node, csi, single=True) and not csi.removal_pending:
        node.assignment_done(unit, None if unit.all_sis else csi.si)
    if csi.removal_pending and csi.si.state == Progress.REMOVING:
        remove(node, component, csi)
        csi.removal_pending = False


def _continue(node: LocalNode, csi: LocalCsi, single: bool) -> bool:
    """Tell the CSIs of the next rank, if all of this rank have answered. True if some answer is still
    missing."""
    si = csi.si
    if not all(_has_answered(each) for each in si.csis if each.rank == csi.rank):
        return True
    rank = csi.rank + 1 if si.ha in SERVING else csi.rank - 1
    following = [each for each in si.csis if each.rank == rank]
    if not any(each.state == Progress.UNASSIGNED for each in following):
        return False
    for each in following:
        if si.state not in (Progress.ASSIGNED, Progress.REMOVED):
            assign(node, each.component, each if single else None)
    return True


def _has_answered(csi: LocalCsi) -> bool:
    if csi.state == Progress.ASSIGNED or csi.suspended:
        return True
    return not csi.component.unit.restart and not csi.component.takes_assignments


def remove(node: LocalNode, component: LocalComponent, csi: Optional[LocalCsi]) -> None:
    """Tell the component that the CSI is removed, or that all its CSIs are removed (None)."""
    if not component.takes_assignments:
        _mark(component, csi, Progress.REMOVING)
        removed(node, component, csi)
        return
    if csi is not None:
        if Progress.ASSIGNED in (csi.state, csi.previous):
            callbacks.send(node, component, Callback.CSI_REMOVE, csi)
            csi.state = Progress.REMOVING
        else:
            removed(node, component, csi)
        return
    component.all_csis = True
    tell = False
    for each in component.csis:
        if each.state == Progress.UNASSIGNED:
            each.state = Progress.REMOVING
            removed(node, component, None)
            return
        if each.state in (Progress.ASSIGNED, Progress.ASSIGNING) or each.previous == Progress.ASSIGNED:
            if not any(c.state == Progress.REMOVING for c in component.csis if c.si is each.si):
                tell = True
            each.state = Progress.REMOVING
    if tell:
        callbacks.send(node, component, Callback.CSI_REMOVE, None)


def removed(node: LocalNode, component: LocalComponent, csi: Optional[LocalCsi]) -> None:
    """Continue after the component has answered the removal, or counts as having answered."""
    unit = component.unit
    if csi is None:
        component.all_csis = False
    for each in [csi] if csi is not None else component.csis:
        if each.state == Progress.REMOVING:
            each.state = Progress.REMOVED
    if csi is None:
        callbacks.drop_csi(node, component, "")
        _remove_others(node, component)
        if all(all_removable(si.csis) for si in unit.sis) and unit.all_sis:
            node.assignment_done(unit, None)
        return
    si = csi.si
    if csi.single == Act.REMOVE:
        callbacks.drop_csi(node, component, csi.name)
        node.assignment_done(unit, si)
        return
    if csi.state != Progress.ASSIGNING:
        callbacks.drop_csi(node, component, csi.name)
    for each in si.csis[::-1]:
        if each.state in (Progress.REMOVED, Progress.UNASSIGNED):
            continue
        if each.state == Progress.ASSIGNING:
            each.removal_pending = True
        elif each.state != Progress.REMOVING:
            remove(node, each.component, each)
        break
    if all_removable(si.csis) and si.state == Progress.REMOVING:
        node.assignment_done(unit, None if unit.all_sis else si)


def _remove_others(node: LocalNode, component: LocalComponent) -> None:
    """Send the removal of all CSIs to one component after the other, backwards through each SI's CSIs."""
    for csi in list(component.csis):
        if csi not in csi.si.csis:
            break
        ahead = csi.si.csis[: csi.si.csis.index(csi)][::-1]
        for each in ahead:
            if each.state != Progress.REMOVED:
                remove(node, each.component, None)
                break
        if not component.csis:
            break


def assign_again(node: LocalNode, component: LocalComponent) -> None:
    """Give a restarted component each of its CSIs as a new one (ADD_ONE, NEW_ASSIGN)."""
    component.all_csis = False
    for csi in list(component.csis):
        if csi not in component.csis:
            continue
        quiesced = csi.state == Progress.UNASSIGNED and csi.si.ha == Ha.QUIESCED
        if csi.state in (Progress.ASSIGNING, Progress.ASSIGNED, Progress.RESTARTING) or quiesced:
            csi.state = Progress.ASSIGNING
            csi.transition = CsiTransition.NEW_ASSIGN
            callbacks.send(node, component, Callback.CSI_SET, csi)
        elif csi.state == Progress.REMOVING:
            removed(node, component, csi)


def complete_callbacks(node: LocalNode, component: LocalComponent) -> None:
    """Count the unanswered CSI callbacks of a process that is gone, or of a finalized handle, as answered, in
    their order. Other callbacks stay."""
    kept: list[Callback] = []
    while component.callbacks:
        callback = component.callbacks[0]
        if callback.kind not in (Callback.CSI_SET, Callback.CSI_REMOVE):
            kept.append(component.callbacks.pop(0))
            continue
        csi = component.csi(callback.csi) if callback.csi else None
        told = csi if csi is not None else next(iter(component.csis), None)
        if told is None or (callback.kind == Callback.CSI_SET and _is_stale(callback, told, csi is None)):
            callbacks.drop(node, component, callback)
        elif callback.kind == Callback.CSI_SET:
            assigned(node, component, csi)
        else:
            removed(node, component, csi)
        if (csi is None and told is not None) or callback in component.callbacks:
            break
    component.callbacks = kept + component.callbacks


def _is_stale(callback: Callback, csi: LocalCsi, to_all: bool) -> bool:
    """Tell whether a newer HA state has replaced the state of the callback."""
    return callback.ha != csi.si.ha or (not to_all and csi.component.all_csis)


def complete_assignments(node: LocalNode, component: LocalComponent) -> None:
    """Count everything that the component was being told as answered."""
    if component.all_csis:
        first = next(iter(component.csis), None)
        if first is not None and first.state == Progress.ASSIGNING:
            assigned(node, component, None)
        elif first is not None and first.state == Progress.REMOVING:
            removed(node, component, None)
        return
    for csi in list(component.csis):
        if csi not in component.csis:
            continue
        if csi.state == Progress.ASSIGNING:
            assigned(node, component, csi)
        elif csi.state == Progress.REMOVING:
            removed(node, component, csi)
