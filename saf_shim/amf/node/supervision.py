# SPDX-License-Identifier: Apache-2.0
"""The supervision of components: their answers, and the errors that AMF itself detects.

An answer is passed to the assignment, the healthcheck or the presence to which it belongs. Errors of the
component are: an answer FAILED_OPERATION, a missing answer, a healthcheck that is not confirmed, and the end
of a monitored process."""

from __future__ import annotations

from saf_shim.amf.events import ComponentEvent
from saf_shim.amf.node import callbacks, component_assignment, escalation, healthcheck
from saf_shim.amf.node.local_node import LocalNode
from saf_shim.amf.node.records import Callback, Healthcheck, LocalComponent
from saf_shim.amf.states import ErrorSource, Ha, Invocation, Presence
from saf_shim.codes import Code

# -- answers


def answered(node: LocalNode, invocation: int, error: int) -> None:
    """Serve saAmfResponse. Every `error` other than OK counts as FAILED_OPERATION. Late answers are
    ignored."""
    found = callbacks.find(node, invocation)
    if found is None:
        return
    component, callback = found
    _ANSWERS[callback.kind](node, component, callback, error == Code.OK)


def _healthcheck_answered(node: LocalNode, component: LocalComponent, callback: Callback, ok: bool) -> None:
    check = component.healthchecks.get((callback.key, callback.handle))
    if not ok:
        if check is not None:
            escalation.error(node, component, ErrorSource.HEALTHCHECK_FAILED, check.recovery)
        return
    callbacks.drop(node, component, callback)
    if check is not None:
        overdue = check.status == Healthcheck.OVERDUE
        check.status = Healthcheck.STABLE
        if overdue:
            healthcheck.run(node, check)


def _terminate_answered(node: LocalNode, component: LocalComponent, callback: Callback, ok: bool) -> None:
    if ok:
        component.termination_invocation = (
            callback.invocation
        )  # now its process must end within the same time-out
        return
    component.termination_failed = True
    node.component_event(component, ComponentEvent.CLEANUP)
    callbacks.drop(node, component, callback)


def _csi_set_answered(node: LocalNode, component: LocalComponent, callback: Callback, ok: bool) -> None:
    csi = component.csi(callback.csi) if callback.csi else None
    told = csi if csi is not None else next(iter(component.csis), None)
    overtaken = told is None or callback.ha != told.si.ha or (csi is not None and component.all_csis)
    if overtaken:
        callbacks.drop(node, component, callback)
    elif not ok:
        escalation.error(node, component, ErrorSource.CSI_SET_FAILED)
    elif callback.ha == Ha.QUIESCING:
        node.stop_timer("callback", (component.dn, callback.invocation))
        timeout = node.configuration.quiescing_timeout(component.dn)
        node.start_timer("quiescing", component.dn, timeout)
    else:
        component_assignment.assigned(node, component, csi)


def _csi_remove_answered(node: LocalNode, component: LocalComponent, callback: Callback, ok: bool) -> None:
    csi = component.csi(callback.csi) if callback.csi else None
    if not ok:
        escalation.error(node, component, ErrorSource.CSI_REMOVE_FAILED)
    if component.csis and (csi is None or csi in component.csis):
        component_assignment.removed(node, component, csi)
    node.stop_timer("quiescing", component.dn)


_ANSWERS = {
    Callback.HEALTHCHECK: _healthcheck_answered,
    Callback.TERMINATE: _terminate_answered,
    Callback.CSI_SET: _csi_set_answered,
    Callback.CSI_REMOVE: _csi_remove_answered,
}


def quiescing_complete(node: LocalNode, invocation: int, error: int) -> None:
    """Serve saAmfCSIQuiescingComplete."""
    found = callbacks.find(node, invocation)
    if found is None:
        return
    component, callback = found
    node.stop_timer("quiescing", component.dn)
    if error != Code.OK:
        escalation.error(node, component, ErrorSource.CSI_SET_FAILED)
        return
    csi = component.csi(callback.csi) if callback.csi else None
    if csi is not None or not callback.csi:
        component_assignment.assigned(node, component, csi)


# -- what is found wrong

_LATE = {
    Callback.HEALTHCHECK: ErrorSource.HEALTHCHECK_TIMEOUT,
    Callback.CSI_SET: ErrorSource.CSI_SET_TIMEOUT,
    Callback.CSI_REMOVE: ErrorSource.CSI_REMOVE_TIMEOUT,
}


def callback_expired(node: LocalNode, component: LocalComponent, invocation: int) -> None:
    """Handle a callback that is not answered in time, or a process that answered terminate but did not
    end."""
    callback = component.callback(invocation)
    if callback is None:
        return
    if callback.kind == Callback.TERMINATE:
        component.termination_failed = True
        if component.termination_invocation:
            callbacks.forget_termination(node, component)
        node.component_event(component, ComponentEvent.CLEANUP)
    elif callback.kind == Callback.HEALTHCHECK:
        check = component.healthchecks.get((callback.key, callback.handle))
        if check is not None:
            escalation.error(node, component, _LATE[callback.kind], check.recovery)
    else:
        escalation.error(node, component, _LATE[callback.kind])


def confirm_healthcheck(node: LocalNode, name: str, asker: str, key: str, handle: int, ok: bool) -> Code:
    """Serve saAmfHealthcheckConfirm."""
    check = healthcheck.find(node, name, asker, key, handle)
    if check is None or check.invocation != Invocation.COMPONENT_INVOKED:
        return Code.ERR_NOT_EXIST
    if ok:
        node.start_timer("healthcheck", check.identity, check.period)
    else:
        escalation.error(node, check.component, ErrorSource.HEALTHCHECK, check.recovery)
    return Code.OK


def period_over(node: LocalNode, check: Healthcheck) -> None:
    if check.component.presence != Presence.INSTANTIATED:
        check.status = Healthcheck.STABLE
    elif check.invocation == Invocation.COMPONENT_INVOKED:
        escalation.error(node, check.component, ErrorSource.HEALTHCHECK, check.recovery)
    elif check.status == Healthcheck.STABLE:
        healthcheck.run(node, check)
    elif check.status == Healthcheck.WAITING:
        check.status = Healthcheck.OVERDUE


def process_ended(node: LocalNode, name: str, pid: int) -> None:
    """Handle the end of a monitored process."""
    component = node.components.get(name)
    known = component.monitors.pop(pid, None) if component is not None else None
    if component is not None and known is not None:
        escalation.error(node, component, ErrorSource.PASSIVE_MONITOR, known.recovery)
