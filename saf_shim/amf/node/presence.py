# SPDX-License-Identifier: Apache-2.0
"""The presence of a component: instantiate, terminate, clean up, restart (AIS AMF B.04.01 3.2.2.1, as amfnd
does it).

`TRANSITIONS` is the whole state machine: for a presence state and an event, it says what is done and which
state follows. An event without an entry changes nothing. `react` does what a change of the state means for
the component's assignments and for its unit. The unit's own state machine is in `units`. All components are
SA-aware: they are terminated by callback, never by command."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Callable, Optional

from saf_shim.amf.events import ComponentEvent, UnitEvent
from saf_shim.amf.node import callbacks, component_assignment, healthcheck, monitoring
from saf_shim.amf.node.local_node import LocalNode
from saf_shim.amf.node.records import Callback, LocalComponent
from saf_shim.amf.states import ErrorSource, Operational, Presence, Progress, Recovery
from saf_shim.amf.tables import Transition

NO_RETRY = 200
"""The exit status by which an instantiate command asks AMF not to try again (OpenSAF)."""


Action = Callable[[LocalNode, LocalComponent], None]


# -- steps


def _forget_registration(node: LocalNode, component: LocalComponent) -> None:
    node.stop_timer("registration", component.dn)
    component.handle = 0
    component.process = 0


def _forget_process(node: LocalNode, component: LocalComponent) -> None:
    """Forget the present process."""
    _forget_registration(node, component)
    component.command_succeeded = False


def forget_calls(node: LocalNode, component: LocalComponent) -> None:
    """Forget what the process was asked, and what it asked for."""
    healthcheck.delete_all(node, component)
    monitoring.forget(node, component)
    callbacks.drop_all(node, component)


def _clean_up(node: LocalNode, component: LocalComponent) -> None:
    node.run_command(component, "cleanup")
    _forget_process(node, component)


# -- actions


def _start(node: LocalNode, component: LocalComponent) -> None:
    node.run_command(component, "instantiate")
    component.tries += 1
    if component.presence != Presence.RESTARTING:
        node.set_presence(component, Presence.INSTANTIATING)


def _is_up(node: LocalNode, component: LocalComponent) -> None:
    node.stop_timer("registration", component.dn)
    if component.presence == Presence.INSTANTIATING:
        component.tries = 0
    node.set_presence(component, Presence.INSTANTIATED)


def _failed_to_start(node: LocalNode, component: LocalComponent) -> None:
    _forget_process(node, component)
    forget_calls(node, component)
    node.run_command(component, "cleanup")


def _abandon(node: LocalNode, component: LocalComponent) -> None:
    _clean_up(node, component)
    forget_calls(node, component)
    node.set_presence(component, Presence.TERMINATING)


def _abandon_start(node: LocalNode, component: LocalComponent) -> None:
    _clean_up(node, component)
    component.termination_failed = False
    node.set_presence(component, Presence.TERMINATING)


def _start_over(node: LocalNode, component: LocalComponent) -> None:
    _clean_up(node, component)
    node.set_presence(component, Presence.RESTARTING)


def _try_again(node: LocalNode, component: LocalComponent) -> None:
    component_assignment.complete_callbacks(node, component)
    if not _may_start_again(node, component):
        return
    if component.tries < node.configuration.max_tries(component.dn) and component.exit_status != NO_RETRY:
        node.run_command(component, "instantiate")
        component.tries += 1
    else:
        node.set_presence(component, Presence.INSTANTIATION_FAILED)


def _may_start_again(node: LocalNode, component: LocalComponent) -> bool:
    unit = component.unit
    if unit.restart and unit.failed:
        if unit.presence == Presence.INSTANTIATING:
            return True
        if component.presence == Presence.RESTARTING and unit.presence == Presence.TERMINATING:
            node.set_presence(component, Presence.UNINSTANTIATED)
        return False
    if unit.restart or not unit.failed:
        return True
    return (
        component.failed
        and not component.csis
        and not unit.terminated_by_admin
        and node.operational == Operational.ENABLED
        and not node.failing_over(unit)
    )


def _cannot_clean_up(node: LocalNode, component: LocalComponent) -> None:
    node.set_presence(component, Presence.TERMINATION_FAILED)


def _cannot_end(node: LocalNode, component: LocalComponent) -> None:
    node.set_presence(component, Presence.TERMINATION_FAILED)
    forget(node, component)


def _terminate(node: LocalNode, component: LocalComponent) -> None:
    if component.registered:
        callbacks.send(node, component, Callback.TERMINATE)
    else:
        _clean_up(node, component)
        forget_calls(node, component)
    component.command_succeeded = False
    node.set_presence(component, Presence.TERMINATING)


def _kill(node: LocalNode, component: LocalComponent) -> None:
    unit = component.unit
    if (
        unit.restart
        and not unit.failover
        and component.csis
        and node.configuration.restart_disabled(component.dn)
    ):
        node.hand_over_restart(unit)  # its assignments must be removed in order before that
        return
    _clean_up(node, component)
    component.termination_failed = False
    node.set_presence(component, Presence.TERMINATING)


def _restart(node: LocalNode, component: LocalComponent) -> None:
    disabled = node.configuration.restart_disabled(component.dn)
    if component.failed:
        node.run_command(component, "cleanup")
        _forget_registration(node, component)
    elif not component.registered:
        node.run_command(component, "cleanup")
        _forget_registration(node, component)
        forget_calls(node, component)
    elif disabled and component.csis:
        node.hand_over_restart(component.unit)
        return
    else:
        callbacks.send(node, component, Callback.TERMINATE)
    component.command_succeeded = False
    node.set_presence(component, Presence.TERMINATING if disabled else Presence.RESTARTING)


def _has_ended(node: LocalNode, component: LocalComponent) -> None:
    node.set_presence(component, Presence.UNINSTANTIATED)
    _forget_registration(node, component)
    forget(node, component)


def _would_not_end(node: LocalNode, component: LocalComponent) -> None:
    node.run_command(component, "cleanup")
    component.termination_failed = False
    _forget_registration(node, component)


def _is_gone(node: LocalNode, component: LocalComponent) -> None:
    unit = component.unit
    node.set_presence(component, Presence.UNINSTANTIATED)
    if (
        component.failed
        and unit.failed
        and unit.failover
        and not node.configuration.su_failover(unit.dn)
        and node.operational != Operational.DISABLED
    ):
        node.report_unit(unit, Recovery.COMPONENT_FAILOVER)
        unit.failover = False
    if not node.failing_over(unit):
        component_assignment.complete_callbacks(node, component)
        if component.failed and unit.failed and not component.callbacks:
            component_assignment.complete_assignments(
                node, component
            )  # the component was to be told after a restart, which did not happen
    forget(node, component)
    _forget_registration(node, component)


def _next_life(node: LocalNode, component: LocalComponent) -> None:
    _forget_registration(node, component)
    if not component.unit.restart or component.admin_restart:  # a unit starts its components one by one
        node.run_command(component, "instantiate")


def _clean_up_restart(node: LocalNode, component: LocalComponent) -> None:
    _clean_up(node, component)
    if component.termination_failed:  # terminate was refused or not answered: the restart continues
        component.termination_failed = False
    else:
        node.set_presence(component, Presence.TERMINATING)


def _restart_again(node: LocalNode, component: LocalComponent) -> None:
    _clean_up(node, component)


_E, _P = ComponentEvent, Presence

TRANSITIONS: Mapping[tuple[Presence, ComponentEvent], Transition[Presence, Action]] = {
    (_P.UNINSTANTIATED, _E.INSTANTIATE): Transition(
        (_P.INSTANTIATING,), _start, "run the instantiate command"
    ),
    (_P.INSTANTIATING, _E.INSTANTIATED): Transition(
        (_P.INSTANTIATED,), _is_up, "the count of tries is 0 again"
    ),
    (_P.INSTANTIATING, _E.INSTANTIATION_FAILED): Transition(
        (_P.INSTANTIATING,), _failed_to_start, "run the cleanup command"
    ),
    (_P.INSTANTIATING, _E.TERMINATE): Transition((_P.TERMINATING,), _abandon, "run the cleanup command"),
    (_P.INSTANTIATING, _E.CLEANUP): Transition((_P.TERMINATING,), _abandon_start, "run the cleanup command"),
    (_P.INSTANTIATING, _E.CLEANED_UP): Transition(
        (_P.INSTANTIATING, _P.INSTANTIATION_FAILED),
        _try_again,
        "run the instantiate command again; no try left: give up",
    ),
    (_P.INSTANTIATING, _E.CLEANUP_FAILED): Transition((_P.TERMINATION_FAILED,), _cannot_clean_up, "give up"),
    (_P.INSTANTIATING, _E.RESTART): Transition((_P.RESTARTING,), _start_over, "run the cleanup command"),
    (_P.INSTANTIATED, _E.TERMINATE): Transition(
        (_P.TERMINATING,), _terminate, "terminate callback (not registered: cleanup command)"
    ),
    (_P.INSTANTIATED, _E.CLEANUP): Transition(
        (_P.TERMINATING, _P.INSTANTIATED),
        _kill,
        "run the cleanup command; assigned, not restartable and its SU restarting: assignments go first",
    ),
    (_P.INSTANTIATED, _E.RESTART): Transition(
        (_P.RESTARTING, _P.TERMINATING, _P.INSTANTIATED),
        _restart,
        "failed: cleanup command, else terminate callback; one that disables restart is terminated instead",
    ),
    (_P.TERMINATING, _E.TERMINATED): Transition((_P.UNINSTANTIATED,), _has_ended, "forget its process"),
    (_P.TERMINATING, _E.CLEANUP): Transition((_P.TERMINATING,), _would_not_end, "run the cleanup command"),
    (_P.TERMINATING, _E.CLEANED_UP): Transition(
        (_P.UNINSTANTIATED, _P.INSTANTIATING),
        _is_gone,
        "pending callbacks count as answered; a component failover is reported; repaired: start again",
    ),
    (_P.TERMINATING, _E.CLEANUP_FAILED): Transition((_P.TERMINATION_FAILED,), _cannot_end, "give up"),
    (_P.RESTARTING, _E.INSTANTIATE): Transition((_P.RESTARTING,), _start, "run the instantiate command"),
    (_P.RESTARTING, _E.INSTANTIATED): Transition((_P.INSTANTIATED,), _is_up, "assign its CSIs again"),
    (_P.RESTARTING, _E.INSTANTIATION_FAILED): Transition(
        (_P.RESTARTING,), _failed_to_start, "run the cleanup command"
    ),
    (_P.RESTARTING, _E.TERMINATE): Transition((_P.TERMINATING,), _abandon, "run the cleanup command"),
    (_P.RESTARTING, _E.TERMINATED): Transition(
        (_P.RESTARTING,), _next_life, "run the instantiate command (the SU is restarting: wait for its turn)"
    ),
    (_P.RESTARTING, _E.CLEANUP): Transition(
        (_P.TERMINATING, _P.RESTARTING),
        _clean_up_restart,
        "run the cleanup command; because terminate failed: the restart goes on",
    ),
    (_P.RESTARTING, _E.CLEANED_UP): Transition(
        (_P.RESTARTING, _P.INSTANTIATION_FAILED, _P.UNINSTANTIATED),
        _try_again,
        "run the instantiate command; no try left: give up",
    ),
    (_P.RESTARTING, _E.CLEANUP_FAILED): Transition((_P.TERMINATION_FAILED,), _cannot_clean_up, "give up"),
    (_P.RESTARTING, _E.RESTART): Transition((_P.RESTARTING,), _restart_again, "run the cleanup command"),
}


def handle_event(node: LocalNode, component: LocalComponent, event: ComponentEvent) -> None:
    """Apply the table once, and then do what follows from the new state."""
    if node.holds_back(component, event):
        return
    before = component.presence
    entry = TRANSITIONS.get((before, event))
    if entry is not None:
        entry.action(node, component)
    after = component.presence
    turned = before == after == Presence.RESTARTING and component.command is None
    if before != after or (turned and event in (_E.INSTANTIATED, _E.TERMINATED, _E.CLEANED_UP)):
        react(node, component, before, after)


def react(node: LocalNode, component: LocalComponent, before: Presence, after: Presence) -> None:
    """Do what follows from a component's new presence state."""
    unit = component.unit
    if after == Presence.RESTARTING and before != after and not component.admin_restart:
        component.restarts += 1
        node.report(component.dn, "saAmfCompRestartCount", component.restarts)
    if component.admin_restart and after == Presence.INSTANTIATED:
        component.admin_restart = False
    gave_up = after in (Presence.INSTANTIATION_FAILED, Presence.TERMINATION_FAILED)
    if before == Presence.RESTARTING and gave_up:
        _restart_failed(node, component)
    if before == Presence.INSTANTIATING and after == Presence.INSTANTIATED:
        component.failed = False
        node.set_operational(component, Operational.ENABLED)
    if before == Presence.INSTANTIATING and gave_up:
        node.set_operational(component, Operational.DISABLED)
        component.failed = True
    if before == Presence.INSTANTIATED and after == Presence.RESTARTING:
        alone = not unit.restart and (component.failed or component.admin_restart)
        if alone and unit.restarting:
            node.set_unit_presence(unit, Presence.RESTARTING)
    if before == Presence.RESTARTING and after == Presence.INSTANTIATED:
        _restarted(node, component)
    if before == Presence.TERMINATING and after == Presence.UNINSTANTIATED:
        _ended(node, component)
    event = _unit_event(component, before, after)
    if event is not None:
        node.unit_event(unit, event, component)


def _restart_failed(node: LocalNode, component: LocalComponent) -> None:
    """Treat a restart that cannot be finished as a failover."""
    unit = component.unit
    component.failed = True
    node.set_operational(component, Operational.DISABLED)
    unit.restart = False
    unit.failed = True
    component_assignment.complete_callbacks(node, component)
    component_assignment.complete_assignments(node, component)
    forget(node, component)
    if unit.operational == Operational.ENABLED:
        unit.operational = Operational.DISABLED
        node.report_unit(unit, Recovery.COMPONENT_FAILOVER)


def _restarted(node: LocalNode, component: LocalComponent) -> None:
    unit = component.unit
    if component.failed:
        component.failed = False
        node.set_operational(component, Operational.ENABLED)
    if not unit.restart or (not unit.failed and not unit.admin_restart):
        component_assignment.assign_again(node, component)
        if unit.presence == Presence.RESTARTING and not unit.restart:
            node.set_unit_presence(unit, Presence.INSTANTIATED)
    if unit.operational == Operational.DISABLED and unit.enabled:
        unit.failed = False
        unit.operational = Operational.ENABLED
        node.report_unit(unit)


def _ended(node: LocalNode, component: LocalComponent) -> None:
    unit = component.unit
    if not component.failed or component.csis or unit.sis:
        return
    if unit.terminated_by_admin or node.operational == Operational.DISABLED:
        component.failed = False
    elif not node.failing_over(unit) and not unit.restart:
        node.trigger(component, ComponentEvent.INSTANTIATE)


def _unit_event(component: LocalComponent, before: Presence, after: Presence) -> Optional[UnitEvent]:  # noqa: PLR0911
    admin_restart = component.unit.admin_restart
    if after == Presence.UNINSTANTIATED:
        return UnitEvent.COMPONENT_UNINSTANTIATED
    if after == Presence.INSTANTIATED:
        started = before in (Presence.INSTANTIATING, Presence.TERMINATING, Presence.RESTARTING)
        return UnitEvent.COMPONENT_INSTANTIATED if started or admin_restart else None
    if after == Presence.INSTANTIATION_FAILED:
        return UnitEvent.COMPONENT_INSTANTIATION_FAILED
    if after == Presence.TERMINATION_FAILED:
        return UnitEvent.COMPONENT_TERMINATION_FAILED
    if after == Presence.RESTARTING:
        waits = before == after and not component.admin_restart and admin_restart
        return UnitEvent.COMPONENT_RESTARTING if waits else None
    if after == Presence.TERMINATING:
        return UnitEvent.COMPONENT_TERMINATING
    return None


def command_ended(node: LocalNode, component: LocalComponent, command: str, status: Optional[int]) -> None:
    """Handle the end of a CLC-CLI command. `status` is None if it was killed or could not be started."""
    component.command = None
    if command == "cleanup":
        node.component_event(component, _E.CLEANED_UP if status == 0 else _E.CLEANUP_FAILED)
    elif status != 0:
        component.exit_status = status if status is not None else component.exit_status
        node.component_event(component, _E.INSTANTIATION_FAILED)
    else:
        component.command_succeeded = True
        if component.registered:
            node.component_event(component, _E.INSTANTIATED)
        else:
            timeout = node.configuration.instantiate_timeout(component.dn)
            node.start_timer("registration", component.dn, timeout)


def registration_expired(node: LocalNode, component: LocalComponent) -> None:
    """Handle a start in which the command ended with 0 but no process registered in time."""
    node.component_event(component, _E.INSTANTIATION_FAILED)


def forget(node: LocalNode, component: LocalComponent) -> None:
    """Drop callbacks, healthchecks and timers of the process that is ending. Drop the counts too if nothing
    failed."""
    for csi in component.csis:
        csi.previous = Progress.UNASSIGNED
    if not component.failed and not component.unit.failed:
        component.error_source = ErrorSource.NONE
        component.restarts = 0
        if component.presence in (Presence.INSTANTIATION_FAILED, Presence.TERMINATION_FAILED):
            node.set_operational(component, Operational.DISABLED)
    component.tries = 0
    node.stop_timer("quiescing", component.dn)
    forget_calls(node, component)
