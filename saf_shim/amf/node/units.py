# SPDX-License-Identifier: Apache-2.0
"""The presence of a service unit on its node: its components in the order of their instantiation levels.

`TRANSITIONS` is the whole state machine, as in `presence`: an event without an entry changes nothing.
Components start one after the other from the first to the last, and end from the last to the first. `react`
does what a new state means for the cluster director. What happens to assignments is in `unit_assignment`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Callable, Optional

from saf_shim.amf.events import ComponentEvent, UnitEvent
from saf_shim.amf.node import component_assignment, unit_assignment
from saf_shim.amf.node.local_node import LocalNode
from saf_shim.amf.node.records import LocalComponent, LocalUnit, delete_assignments
from saf_shim.amf.states import Operational, Presence, Progress, Recovery
from saf_shim.amf.tables import Transition

Action = Callable[[LocalNode, LocalUnit, Optional[LocalComponent]], None]


_OVER = (Presence.RESTARTING, Presence.UNINSTANTIATED)


def _next(components: Iterable[LocalComponent], *skip: Presence) -> Optional[LocalComponent]:
    """Return the first component that is in none of these states."""
    return next((c for c in components if c.presence not in skip), None)


def _restart_event(unit: LocalUnit) -> ComponentEvent:
    """Return the event by which the unit restarts its components: cleanup after a failure, termination for
    an administrator."""
    return ComponentEvent.CLEANUP if unit.restart and unit.failed else ComponentEvent.RESTART


# -- actions


def _instantiate(node: LocalNode, unit: LocalUnit, component: Optional[LocalComponent]) -> None:
    first = next((c for c in unit.components if c.presence == Presence.UNINSTANTIATED), None)
    if first is not None:
        node.component_event(first, ComponentEvent.INSTANTIATE)
    node.set_unit_presence(unit, Presence.INSTANTIATING)


def _terminate_all(node: LocalNode, unit: LocalUnit, component: Optional[LocalComponent]) -> None:
    for each in list(unit.components):
        if each.presence != Presence.UNINSTANTIATED:
            node.component_event(each, ComponentEvent.TERMINATE)
    node.set_unit_presence(unit, Presence.TERMINATING)


def _instantiate_next(node: LocalNode, unit: LocalUnit, component: Optional[LocalComponent]) -> None:
    assert component is not None
    if component.failed:
        component.failed = False
    else:
        for each in unit.after(component):
            if not each.failed or each.presence != Presence.RESTARTING:
                node.component_event(each, ComponentEvent.INSTANTIATE)
                break
    if unit.instantiated:
        node.set_unit_presence(unit, Presence.INSTANTIATED)


def _instantiation_failed(node: LocalNode, unit: LocalUnit, component: Optional[LocalComponent]) -> None:
    node.set_unit_presence(unit, Presence.INSTANTIATION_FAILED)
    unit.all_terminated = False
    unit.restart = unit.admin_restart = False
    left = 0
    for each in unit.components[::-1]:
        if each.presence != Presence.UNINSTANTIATED:
            node.component_event(each, ComponentEvent.TERMINATE)
            left += 1
    if left == 1:
        unit.all_terminated = True
        unit_assignment.take_next(node, unit)


def _terminate_last(node: LocalNode, unit: LocalUnit, component: Optional[LocalComponent]) -> None:
    last = _next(unit.components[::-1], Presence.UNINSTANTIATED)
    if last is not None:
        node.component_event(last, ComponentEvent.TERMINATE)
    if unit.presence != Presence.TERMINATING:
        node.set_unit_presence(unit, Presence.TERMINATING)


def _restart(node: LocalNode, unit: LocalUnit, component: Optional[LocalComponent]) -> None:
    last = _next(unit.components[::-1], *_OVER)
    if last is not None:
        node.component_event(last, _restart_event(unit))


def _restart_of_running(node: LocalNode, unit: LocalUnit, component: Optional[LocalComponent]) -> None:
    _restart(node, unit, component)
    if unit.restarting and not unit.failed:
        node.set_unit_presence(unit, Presence.RESTARTING)


def _continue_restart(node: LocalNode, unit: LocalUnit, component: Optional[LocalComponent]) -> None:
    assert component is not None
    _start_waiting(node, unit, unit.after(component))
    if unit.instantiated:
        all_instantiated(node, unit)


def _start_waiting(node: LocalNode, unit: LocalUnit, components: Iterable[LocalComponent]) -> None:
    for each in components:
        if each.presence == Presence.RESTARTING and unit.restart:
            node.component_event(each, ComponentEvent.INSTANTIATE)
            break


def _restart_previous(node: LocalNode, unit: LocalUnit, component: Optional[LocalComponent]) -> None:
    assert component is not None
    previous = _next(unit.before(component), Presence.RESTARTING)
    if previous is not None:
        node.component_event(previous, ComponentEvent.RESTART)
    if unit.restarting:
        node.set_unit_presence(unit, Presence.RESTARTING)
    elif previous is None:  # another component is instantiated again already, after its own fault
        _start_waiting(node, unit, (component,))


def _component_leaves(node: LocalNode, unit: LocalUnit, component: Optional[LocalComponent]) -> None:
    if (component is not None and component.admin_restart) or unit.failed or unit.admin_restart:
        node.set_unit_presence(unit, Presence.TERMINATING)


def _give_up(node: LocalNode, unit: LocalUnit, component: Optional[LocalComponent]) -> None:
    node.set_unit_presence(unit, Presence.INSTANTIATION_FAILED)
    unit.all_terminated = False
    unit.restart = unit.admin_restart = False
    for each in unit.components[::-1]:
        if each.presence != Presence.UNINSTANTIATED:
            component_assignment.complete_callbacks(node, each)
            component_assignment.complete_assignments(node, each)
            node.component_event(each, ComponentEvent.CLEANUP if each.failed else ComponentEvent.TERMINATE)
    if len(unit.components) == 1:
        unit.all_terminated = True
        unit_assignment.take_next(node, unit)


def _instantiate_again(node: LocalNode, unit: LocalUnit, component: Optional[LocalComponent]) -> None:
    first = next((c for c in unit.components if c.presence in _OVER), None)
    if first is None:
        return
    node.component_event(first, ComponentEvent.INSTANTIATE)
    if first.presence == Presence.INSTANTIATING and unit.presence == Presence.TERMINATING:
        node.set_unit_presence(unit, Presence.INSTANTIATING)


def _one_is_back(node: LocalNode, unit: LocalUnit, component: Optional[LocalComponent]) -> None:
    assert component is not None
    component.failed = False
    if unit.instantiated:
        node.set_unit_presence(unit, Presence.INSTANTIATED)
    if unit.restart:
        if unit.admin_restart:
            node.unit_event(unit, UnitEvent.INSTANTIATE)
        elif unit.failed:
            node.component_event(component, ComponentEvent.CLEANUP)


def _restart_or_start(node: LocalNode, unit: LocalUnit, component: Optional[LocalComponent]) -> None:
    assert component is not None
    previous = _next(unit.before(component), *_OVER)
    if previous is not None:
        node.component_event(previous, ComponentEvent.RESTART)
    else:
        node.unit_event(unit, UnitEvent.INSTANTIATE)


def _termination_failed(node: LocalNode, unit: LocalUnit, component: Optional[LocalComponent]) -> None:
    for each in unit.components:
        if each.presence == Presence.UNINSTANTIATED:
            continue
        orderly = each.presence == Presence.INSTANTIATED and not each.failed
        node.trigger(each, ComponentEvent.TERMINATE if orderly else ComponentEvent.CLEANUP)
    node.set_unit_presence(unit, Presence.TERMINATION_FAILED)


def _one_has_ended(node: LocalNode, unit: LocalUnit, component: Optional[LocalComponent]) -> None:
    assert component is not None
    if unit.failed:
        if unit.uninstantiated:
            node.set_unit_presence(unit, Presence.UNINSTANTIATED)
        if unit.restart:
            last = _next(unit.components[::-1], Presence.UNINSTANTIATED)
            if last is not None and last.presence not in (Presence.TERMINATING, Presence.RESTARTING):
                node.component_event(last, ComponentEvent.CLEANUP)
    elif component.admin_restart and node.configuration.restart_disabled(component.dn):
        if unit.uninstantiated:
            node.set_unit_presence(unit, Presence.UNINSTANTIATED)
        node.component_event(component, ComponentEvent.INSTANTIATE)
        node.set_unit_presence(unit, Presence.INSTANTIATING)
    else:
        # A component that was being restarted on its own must end as well.
        over = (Presence.UNINSTANTIATED,) if unit.terminated_by_admin else _OVER
        previous = _next(unit.before(component), *over)
        if previous is not None:
            node.component_event(
                previous, ComponentEvent.RESTART if unit.admin_restart else ComponentEvent.TERMINATE
            )
        if unit.uninstantiated:
            node.set_unit_presence(unit, Presence.UNINSTANTIATED)
        elif previous is None and unit.admin_restart:
            node.unit_event(unit, UnitEvent.INSTANTIATE)


def _abort(node: LocalNode, unit: LocalUnit, component: Optional[LocalComponent]) -> None:
    for each in list(unit.components):
        if each.presence != Presence.UNINSTANTIATED:
            _clean_up_as_failed(node, each)
    node.set_unit_presence(unit, Presence.TERMINATING)


def _clean_up_as_failed(node: LocalNode, component: LocalComponent) -> None:
    component.failed = True
    node.set_operational(component, Operational.DISABLED)
    node.component_event(component, ComponentEvent.CLEANUP)


def _first_is_back(node: LocalNode, unit: LocalUnit, component: Optional[LocalComponent]) -> None:
    assert component is not None
    if any(c.presence == Presence.INSTANTIATED for c in unit.components):
        node.set_unit_presence(unit, Presence.INSTANTIATED)
    _start_waiting(node, unit, unit.after(component))


def _start_first(node: LocalNode, unit: LocalUnit, component: Optional[LocalComponent]) -> None:
    first = next((c for c in unit.components if c.presence == Presence.RESTARTING), None)
    if first is not None:
        node.component_event(first, ComponentEvent.INSTANTIATE)


def _others_leave_too(node: LocalNode, unit: LocalUnit, component: Optional[LocalComponent]) -> None:
    if unit.terminated_by_admin:
        return
    for each in list(unit.components):
        if each.presence not in (Presence.UNINSTANTIATED, Presence.TERMINATING):
            _clean_up_as_failed(node, each)
    node.set_unit_presence(unit, Presence.TERMINATING)


def _failed_and_ended(node: LocalNode, unit: LocalUnit, component: Optional[LocalComponent]) -> None:
    for each in unit.components:
        if each.presence not in (Presence.UNINSTANTIATED, Presence.INSTANTIATION_FAILED):
            unit.all_terminated = False
            if each.presence == Presence.TERMINATION_FAILED:
                unit.buffer.clear()
            return
    unit.all_terminated = True
    unit_assignment.take_next(node, unit)


def _all_is_over(node: LocalNode, unit: LocalUnit, component: Optional[LocalComponent]) -> None:
    if unit.at_rest and _first_assignment_pending(unit):
        node.report_unit(unit, Recovery.SU_FAILOVER)
        delete_assignments(unit)


def _first_assignment_pending(unit: LocalUnit) -> bool:
    return (
        bool(unit.sis)
        and unit.assignment_pending
        and all(si.previous == Progress.UNASSIGNED for si in unit.sis)
    )


_E, _P = UnitEvent, Presence

TRANSITIONS: Mapping[tuple[Presence, UnitEvent], Transition[Presence, Action]] = {
    (_P.UNINSTANTIATED, _E.INSTANTIATE): Transition(
        (_P.INSTANTIATING,), _instantiate, "start the first component"
    ),
    (_P.INSTANTIATING, _E.TERMINATE): Transition(
        (_P.TERMINATING,), _terminate_all, "terminate every component"
    ),
    (_P.INSTANTIATING, _E.COMPONENT_INSTANTIATED): Transition(
        (_P.INSTANTIATING, _P.INSTANTIATED), _instantiate_next, "start the next; it was the last: done"
    ),
    (_P.INSTANTIATING, _E.COMPONENT_INSTANTIATION_FAILED): Transition(
        (_P.INSTANTIATION_FAILED,), _instantiation_failed, "terminate the others"
    ),
    (_P.INSTANTIATING, _E.COMPONENT_TERMINATION_FAILED): Transition(
        (_P.TERMINATION_FAILED,), _termination_failed, "end the others"
    ),
    (_P.INSTANTIATED, _E.TERMINATE): Transition(
        (_P.TERMINATING,), _terminate_last, "terminate the last component"
    ),
    (_P.INSTANTIATED, _E.RESTART): Transition(
        (_P.INSTANTIATED, _P.RESTARTING, _P.TERMINATING),
        _restart_of_running,
        "restart the last component; the SU failed: clean it up",
    ),
    (_P.INSTANTIATED, _E.COMPONENT_INSTANTIATED): Transition(
        (_P.INSTANTIATED,), _continue_restart, "the next that waits for its turn; it was the last: done"
    ),
    (_P.INSTANTIATED, _E.COMPONENT_INSTANTIATION_FAILED): Transition(
        (_P.INSTANTIATION_FAILED,), _give_up, "end the others"
    ),
    (_P.INSTANTIATED, _E.COMPONENT_RESTARTING): Transition(
        (_P.INSTANTIATED, _P.RESTARTING),
        _restart_previous,
        "restart the one before; all are at it: RESTARTING",
    ),
    (_P.INSTANTIATED, _E.COMPONENT_TERMINATION_FAILED): Transition(
        (_P.TERMINATION_FAILED,), _termination_failed, "end the others"
    ),
    (_P.INSTANTIATED, _E.COMPONENT_TERMINATING): Transition(
        (_P.INSTANTIATED, _P.TERMINATING),
        _component_leaves,
        "the SU failed or is being restarted: TERMINATING",
    ),
    (_P.TERMINATING, _E.INSTANTIATE): Transition(
        (_P.TERMINATING, _P.INSTANTIATING), _instantiate_again, "start the first component"
    ),
    (_P.TERMINATING, _E.TERMINATE): Transition((_P.TERMINATING,), _abort, "clean up every component"),
    (_P.TERMINATING, _E.RESTART): Transition(
        (_P.TERMINATING,), _restart, "restart the last component; the SU failed: clean it up"
    ),
    (_P.TERMINATING, _E.COMPONENT_INSTANTIATED): Transition(
        (_P.TERMINATING, _P.INSTANTIATED), _one_is_back, "all are instantiated: INSTANTIATED"
    ),
    (_P.TERMINATING, _E.COMPONENT_INSTANTIATION_FAILED): Transition(
        (_P.INSTANTIATION_FAILED,), _give_up, "end the others"
    ),
    (_P.TERMINATING, _E.COMPONENT_RESTARTING): Transition(
        (_P.TERMINATING, _P.INSTANTIATING),
        _restart_or_start,
        "restart the one before; it was the first: start",
    ),
    (_P.TERMINATING, _E.COMPONENT_TERMINATION_FAILED): Transition(
        (_P.TERMINATION_FAILED,), _termination_failed, "end the others"
    ),
    (_P.TERMINATING, _E.COMPONENT_UNINSTANTIATED): Transition(
        (_P.TERMINATING, _P.UNINSTANTIATED, _P.INSTANTIATING),
        _one_has_ended,
        "end the one before; all are uninstantiated: UNINSTANTIATED",
    ),
    (_P.RESTARTING, _E.TERMINATE): Transition((_P.TERMINATING,), _abort, "clean up every component"),
    (_P.RESTARTING, _E.COMPONENT_INSTANTIATED): Transition(
        (_P.INSTANTIATED,), _first_is_back, "start the next that waits for its turn"
    ),
    (_P.RESTARTING, _E.COMPONENT_INSTANTIATION_FAILED): Transition(
        (_P.INSTANTIATION_FAILED,), _give_up, "end the others"
    ),
    (_P.RESTARTING, _E.COMPONENT_RESTARTING): Transition(
        (_P.RESTARTING,), _start_first, "start the first component"
    ),
    (_P.RESTARTING, _E.COMPONENT_TERMINATION_FAILED): Transition(
        (_P.TERMINATION_FAILED,), _termination_failed, "end the others"
    ),
    (_P.RESTARTING, _E.COMPONENT_TERMINATING): Transition(
        (_P.TERMINATING, _P.RESTARTING),
        _others_leave_too,
        "clean up the others (not while the SU is being terminated)",
    ),
    (_P.INSTANTIATION_FAILED, _E.COMPONENT_INSTANTIATION_FAILED): Transition(
        (_P.INSTANTIATION_FAILED,), _failed_and_ended, "all have ended: take the next assignment message"
    ),
    (_P.INSTANTIATION_FAILED, _E.COMPONENT_UNINSTANTIATED): Transition(
        (_P.INSTANTIATION_FAILED,), _failed_and_ended, "all have ended: take the next assignment message"
    ),
    (_P.TERMINATION_FAILED, _E.COMPONENT_TERMINATION_FAILED): Transition(
        (_P.TERMINATION_FAILED,), _all_is_over, "during the first assignment, and all have ended: SU failover"
    ),
    (_P.TERMINATION_FAILED, _E.COMPONENT_UNINSTANTIATED): Transition(
        (_P.TERMINATION_FAILED,), _all_is_over, "during the first assignment, and all have ended: SU failover"
    ),
}


def handle_event(
    node: LocalNode, unit: LocalUnit, event: UnitEvent, component: Optional[LocalComponent] = None
) -> None:
    """Apply the table once, and then do what follows from the new state."""
    before = unit.presence
    entry = TRANSITIONS.get((before, event))
    if entry is not None:
        entry.action(node, unit, component)
    if node.leaving(unit) and unit.uninstantiated:
        node.report_unit(unit, Recovery.NODE_SWITCHOVER if node.switching_over else Recovery.SU_FAILOVER)
        delete_assignments(unit)
        return
    node.continue_switchover(unit)
    if unit.presence != before:
        react(node, unit, before, unit.presence)


def react(node: LocalNode, unit: LocalUnit, before: Presence, after: Presence) -> None:
    """Do what follows from a unit's new presence state."""
    if after == Presence.INSTANTIATED:
        if before in (Presence.INSTANTIATING, Presence.RESTARTING) and unit.instantiated:
            all_instantiated(node, unit)
        elif before == Presence.TERMINATING:
            unit.failed = False
            _enable(node, unit)
    elif after == Presence.UNINSTANTIATED and before == Presence.TERMINATING:
        _ended(node, unit)
    elif after == Presence.INSTANTIATION_FAILED:
        if before == Presence.INSTANTIATING:
            unit.operational = Operational.DISABLED
            node.report_unit(unit, Recovery.COMPONENT_FAILOVER)
        elif (
            before in (Presence.INSTANTIATED, Presence.RESTARTING) and unit.operational == Operational.ENABLED
        ):
            unit.operational = Operational.DISABLED
            unit.restart = False
            node.report_unit(unit, Recovery.COMPONENT_FAILOVER)
    elif after == Presence.TERMINATION_FAILED:
        _could_not_end(node, unit, before)


def all_instantiated(node: LocalNode, unit: LocalUnit) -> None:
    """Assign the former assignments of a restarted unit again, now that every component is instantiated."""
    unit.failed = False
    if not unit.restart:
        _enable(node, unit)
        return
    unit.operational = Operational.ENABLED
    if unit.sis:
        unit_assignment.assign_again(node, unit)
    else:
        node.report_unit(unit)
        unit.restart = unit.admin_restart = False
        unit_assignment.take_next(node, unit)  # an assignment that came during the restart
    unit.admin_restart = False


def _enable(node: LocalNode, unit: LocalUnit) -> None:
    if unit.enabled:
        unit.operational = Operational.ENABLED
        node.report_unit(unit)


def _ended(node: LocalNode, unit: LocalUnit) -> None:
    if node.failing_over(unit):
        return
    if not unit.restart:
        if unit.failed and not unit.sis:
            unit.failed = False
        return
    restartable = all(not node.configuration.restart_disabled(c.dn) for c in unit.components)
    if restartable or not node.has_unrestartable_assignment(unit) or (unit.failover and not unit.sis):
        node.unit_event(unit, UnitEvent.INSTANTIATE)


def _could_not_end(node: LocalNode, unit: LocalUnit, before: Presence) -> None:
    if before == Presence.INSTANTIATING:
        unit.operational = Operational.DISABLED
        node.report(unit.dn, "saAmfSUOperState", unit.operational)
    elif before in (Presence.RESTARTING, Presence.TERMINATING):
        if node.failing_over(unit):
            node.report_unit(unit, Recovery.SU_FAILOVER)
            delete_assignments(unit)
            return
        unit.operational = Operational.DISABLED
        if before == Presence.TERMINATING:
            node.report_unit(unit, Recovery.COMPONENT_FAILOVER)
    elif before == Presence.INSTANTIATED and _first_assignment_pending(unit):
        unit.operational = Operational.DISABLED
        if unit.at_rest:
            node.report_unit(unit, Recovery.SU_FAILOVER)
            delete_assignments(unit)
