# SPDX-License-Identifier: Apache-2.0
"""Component service instances of a component: what it is told, and what follows from its answers.

`csi` None stands for all CSIs of the component (TARGET_ALL). A component that cannot be told (failed, not
registered) counts as having answered. CSIs of one rank are told at once, the next rank when all of them
have answered; ranks ascend when ACTIVE or STANDBY is given and descend otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from saf_shim.amf.node.records import Callback, LocalComponent, LocalCsi, LocalSi, all_removable
from saf_shim.amf.states import NEVER_STANDBY, SERVING, Act, Csi, CsiTransition, Ha, Presence

if TYPE_CHECKING:
    from saf_shim.amf.node.director import NodeDirector


def assign(node: NodeDirector, component: LocalComponent, csi: Optional[LocalCsi]) -> None:  # noqa: PLR0912
    """Tell the component the HA state of its SI."""
    unit = component.unit
    first = csi if csi is not None else next(iter(component.csis), None)
    if first is None:
        return
    if not unit.restart and not component.takes_assignments:
        if component.presence == Presence.RESTARTING:
            _mark(component, csi, Csi.ASSIGNING)  # it is told when it is back
        else:
            assigned(node, component, csi)
        return
    out = component.failed or component.presence == Presence.UNINSTANTIATED
    if unit.restart and out and not node.restartable(unit):
        _mark(component, csi, Csi.ASSIGNING)
        assigned(node, component, csi)
        return
    if first.si.ha == Ha.STANDBY and first.capability in NEVER_STANDBY:
        first.state = Csi.ASSIGNED
        assigned(node, component, csi)
        return
    if csi is None:
        component.all_csis = True
    never_served = first.previous != Csi.ASSIGNED
    if never_served and _ends_unbegun(first.si):
        assigned(node, component, csi)
    elif csi is None and never_served and first.state == first.previous == Csi.UNASSIGNED:
        for each in component.csis:
            if each.state == each.previous == Csi.UNASSIGNED:
                each.suspended = True
        assigned(node, component, None)
    else:
        node.send_callback(component, Callback.CSI_SET, csi)
        for each in [csi] if csi is not None else component.csis:
            each.state = Csi.ASSIGNING


def _ends_unbegun(si: LocalSi) -> bool:
    """QUIESCED or QUIESCING for a component that was never told to be active."""
    return si.ha in (Ha.QUIESCED, Ha.QUIESCING) and si.previous_ha not in (Ha.QUIESCING, Ha.ACTIVE)


def _mark(component: LocalComponent, csi: Optional[LocalCsi], state: Csi) -> None:
    if csi is not None:
        csi.state = state
        return
    component.all_csis = True
    for each in component.csis:
        each.state = state


def assigned(node: NodeDirector, component: LocalComponent, csi: Optional[LocalCsi]) -> None:
    """The component has answered (or counts as if)."""
    unit = component.unit
    node.drop_csi_callbacks(component, csi.name if csi is not None else "")
    if csi is None:
        component.all_csis = False
        for each in component.csis:
            if each.state == Csi.ASSIGNING:
                each.state = Csi.ASSIGNED
        if component.csis:
            first = component.csis[0]
            if not _continue(node, first, single=False):
                node.assignment_done(unit, None)
        return
    csi.single = None
    if csi.state in (Csi.ASSIGNING, Csi.RESTARTING):
        csi.state = Csi.ASSIGNED
    if csi.si.state == Csi.ASSIGNED:
        return
    if not _continue(node, csi, single=True) and not csi.removal_pending:
        node.assignment_done(unit, None if unit.all_sis else csi.si)
    if csi.removal_pending and csi.si.state == Csi.REMOVING:
        remove(node, component, csi)
        csi.removal_pending = False


def _continue(node: NodeDirector, csi: LocalCsi, single: bool) -> bool:
    """True while the SI is not through with this rank, or the next rank is being told."""
    si = csi.si
    if not all(_has_answered(each) for each in si.csis if each.rank == csi.rank):
        return True
    rank = csi.rank + 1 if si.ha in SERVING else csi.rank - 1
    following = [each for each in si.csis if each.rank == rank]
    if not any(each.state == Csi.UNASSIGNED for each in following):
        return False
    for each in following:
        if si.state not in (Csi.ASSIGNED, Csi.REMOVED):
            assign(node, each.component, each if single else None)
    return True


def _has_answered(csi: LocalCsi) -> bool:
    if csi.state == Csi.ASSIGNED or csi.suspended:
        return True
    return not csi.component.unit.restart and not csi.component.takes_assignments


def remove(node: NodeDirector, component: LocalComponent, csi: Optional[LocalCsi]) -> None:
    """Tell the component that the CSI (or all of them) is taken away."""
    if not component.takes_assignments:
        _mark(component, csi, Csi.REMOVING)
        removed(node, component, csi)
        return
    if csi is not None:
        if Csi.ASSIGNED in (csi.state, csi.previous):
            node.send_callback(component, Callback.CSI_REMOVE, csi)
            csi.state = Csi.REMOVING
        else:
            removed(node, component, csi)
        return
    component.all_csis = True
    tell = False
    for each in component.csis:
        if each.state == Csi.UNASSIGNED:
            each.state = Csi.REMOVING
            removed(node, component, None)
            return
        if each.state in (Csi.ASSIGNED, Csi.ASSIGNING) or each.previous == Csi.ASSIGNED:
            if not any(c.state == Csi.REMOVING for c in component.csis if c.si is each.si):
                tell = True
            each.state = Csi.REMOVING
    if tell:
        node.send_callback(component, Callback.CSI_REMOVE, None)


def removed(node: NodeDirector, component: LocalComponent, csi: Optional[LocalCsi]) -> None:
    """The component has answered the removal (or counts as if)."""
    unit = component.unit
    if csi is None:
        component.all_csis = False
    for each in [csi] if csi is not None else component.csis:
        if each.state == Csi.REMOVING:
            each.state = Csi.REMOVED
    if csi is None:
        node.drop_csi_callbacks(component, "")
        _remove_others(node, component)
        if all(all_removable(si.csis) for si in unit.sis) and unit.all_sis:
            node.assignment_done(unit, None)
        return
    si = csi.si
    if csi.single == Act.REMOVE:
        node.drop_csi_callbacks(component, csi.name)
        node.assignment_done(unit, si)
        return
    if csi.state != Csi.ASSIGNING:
        node.drop_csi_callbacks(component, csi.name)
    for each in si.csis[::-1]:
        if each.state in (Csi.REMOVED, Csi.UNASSIGNED):
            continue
        if each.state == Csi.ASSIGNING:
            each.removal_pending = True
        elif each.state != Csi.REMOVING:
            remove(node, each.component, each)
        break
    if all_removable(si.csis) and si.state == Csi.REMOVING:
        node.assignment_done(unit, None if unit.all_sis else si)


def _remove_others(node: NodeDirector, component: LocalComponent) -> None:
    """TARGET_ALL goes from component to component, backwards through the CSIs of each SI."""
    for csi in list(component.csis):
        if csi not in csi.si.csis:
            break
        ahead = csi.si.csis[: csi.si.csis.index(csi)][::-1]
        for each in ahead:
            if each.state != Csi.REMOVED:
                remove(node, each.component, None)
                break
        if not component.csis:
            break


def assign_again(node: NodeDirector, component: LocalComponent) -> None:
    """After a component restart: it gets each CSI as new (ADD_ONE, NEW_ASSIGN)."""
    component.all_csis = False
    for csi in list(component.csis):
        if csi not in component.csis:
            continue
        quiesced = csi.state == Csi.UNASSIGNED and csi.si.ha == Ha.QUIESCED
        if csi.state in (Csi.ASSIGNING, Csi.ASSIGNED, Csi.RESTARTING) or quiesced:
            csi.state = Csi.ASSIGNING
            csi.transition = CsiTransition.NEW_ASSIGN
            node.send_callback(component, Callback.CSI_SET, csi)
        elif csi.state == Csi.REMOVING:
            removed(node, component, csi)


def complete_callbacks(node: NodeDirector, component: LocalComponent) -> None:
    """The process is gone (or finalized): its unanswered CSI callbacks count as answered, in order; the
    others stay."""
    kept: list[Callback] = []
    while component.callbacks:
        callback = component.callbacks[0]
        if callback.kind not in (Callback.CSI_SET, Callback.CSI_REMOVE):
            kept.append(component.callbacks.pop(0))
            continue
        csi = component.csi(callback.csi) if callback.csi else None
        told = csi if csi is not None else next(iter(component.csis), None)
        if told is None or (callback.kind == Callback.CSI_SET and _is_stale(callback, told, csi is None)):
            node.drop_callback(component, callback)
        elif callback.kind == Callback.CSI_SET:
            assigned(node, component, csi)
        else:
            removed(node, component, csi)
        if (csi is None and told is not None) or callback in component.callbacks:
            break
    component.callbacks = kept + component.callbacks


def _is_stale(callback: Callback, csi: LocalCsi, to_all: bool) -> bool:
    """Its HA state has been overtaken by another one."""
    return callback.ha != csi.si.ha or (not to_all and csi.component.all_csis)


def complete_assignments(node: NodeDirector, component: LocalComponent) -> None:
    """What the component was still being told counts as answered."""
    if component.all_csis:
        first = next(iter(component.csis), None)
        if first is not None and first.state == Csi.ASSIGNING:
            assigned(node, component, None)
        elif first is not None and first.state == Csi.REMOVING:
            removed(node, component, None)
        return
    for csi in list(component.csis):
        if csi not in component.csis:
            continue
        if csi.state == Csi.ASSIGNING:
            assigned(node, component, csi)
        elif csi.state == Csi.REMOVING:
            removed(node, component, csi)
