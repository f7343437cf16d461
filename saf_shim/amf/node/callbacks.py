# SPDX-License-Identifier: Apache-2.0
"""Callbacks from a node director to its components.

Every callback has an invocation, a record in `LocalComponent.callbacks`, and a time-out until it is answered.
QUIESCING has two answers: the response, and quiescing complete, which has a time-out of its own. Invocations
are reused: they are numbers of a small pool, like those of OpenSAF's handle manager. The answers are in
`supervision`."""

from __future__ import annotations

from typing import Any, Optional

from saf_shim.amf.effects import SendCallback
from saf_shim.amf.events import ComponentEvent
from saf_shim.amf.node.local_node import LocalNode
from saf_shim.amf.node.records import Callback, Healthcheck, LocalComponent, LocalCsi
from saf_shim.amf.states import CsiFlags, CsiTransition, Ha, Progress

FIRST_INVOCATION = 0xFF900001
POOL = 32


def new_invocation(node: LocalNode) -> int:
    """Return the next number of the pool that is not in use."""
    used = {c.invocation for component in node.components.values() for c in component.callbacks}
    number = node.last_invocation
    while True:
        number = (number + 1) % max(POOL, len(used) + 1)
        if FIRST_INVOCATION + number not in used:
            node.last_invocation = number
            return FIRST_INVOCATION + number


def send(node: LocalNode, component: LocalComponent, kind: str, csi: Optional[LocalCsi] = None) -> None:
    """Send a terminate or CSI callback to the registered process. `csi` None stands for all CSIs."""
    if not component.registered:
        return
    callback = Callback(kind, new_invocation(node), component.handle)
    arguments: dict[str, Any] = {"invocation": callback.invocation, "compName": component.dn}
    configuration = node.configuration
    if kind == Callback.TERMINATE:
        timeout = configuration.terminate_timeout(component.dn)
    elif kind == Callback.CSI_SET:
        first = csi if csi is not None else component.csis[0]
        callback.ha = first.si.ha
        arguments["haState"] = int(first.si.ha)
        arguments["csiDescriptor"] = _descriptor(first, csi is None)
        timeout = configuration.csi_set_timeout(component.dn)
    else:
        arguments["csiName"] = csi.name if csi is not None else ""
        arguments["csiFlags"] = int(CsiFlags.TARGET_ONE if csi is not None else CsiFlags.TARGET_ALL)
        timeout = configuration.csi_remove_timeout(component.dn)
    callback.csi = csi.name if csi is not None else ""
    _emit(node, component, callback, arguments, timeout)


def send_healthcheck(node: LocalNode, check: Healthcheck) -> None:
    component = check.component
    callback = Callback(Callback.HEALTHCHECK, new_invocation(node), check.handle, key=check.key)
    arguments = {"invocation": callback.invocation, "compName": component.dn, "healthcheckKey": check.key}
    _emit(node, component, callback, arguments, check.max_duration)


def _emit(
    node: LocalNode, component: LocalComponent, callback: Callback, arguments: dict[str, Any], timeout: int
) -> None:
    component.callbacks.append(callback)
    node.outbox.emit(SendCallback(callback.handle, callback.kind, arguments))
    node.start_timer("callback", (component.dn, callback.invocation), timeout)


def _descriptor(csi: LocalCsi, to_all: bool) -> dict[str, Any]:
    """Return the SaAmfCSIDescriptorT. Attributes come only with ADD_ONE."""
    added = not to_all and csi.previous in (None, Progress.UNASSIGNED)
    flags = CsiFlags.TARGET_ALL if to_all else CsiFlags.ADD_ONE if added else CsiFlags.TARGET_ONE
    result: dict[str, Any] = {
        "csiFlags": int(flags),
        "csiName": "" if to_all else csi.name,
        "attributes": [list(pair) for pair in csi.attributes] if added else [],
    }
    if csi.si.ha == Ha.ACTIVE:
        result["transitionDescriptor"] = int(csi.transition)
        result["activeCompName"] = "" if csi.transition == CsiTransition.NEW_ASSIGN else csi.active_component
    elif csi.si.ha == Ha.STANDBY:
        result["activeCompName"] = csi.active_component
        result["standbyRank"] = csi.standby_rank
    return result


# -- answers


def find(node: LocalNode, invocation: int) -> Optional[tuple[LocalComponent, Callback]]:
    for component in node.components.values():
        callback = component.callback(invocation)
        if callback is not None:
            return component, callback
    return None


# -- time-outs


def forget_termination(node: LocalNode, component: LocalComponent) -> None:
    """Forget the terminate callback: the process that answered it with OK has ended or is being cleaned
    up."""
    callback = component.callback(component.termination_invocation)
    component.termination_invocation = 0
    if callback is not None:
        drop(node, component, callback)


# -- queue


def drop(node: LocalNode, component: LocalComponent, callback: Callback) -> None:
    if callback in component.callbacks:
        component.callbacks.remove(callback)
    node.stop_timer("callback", (component.dn, callback.invocation))


def drop_all(node: LocalNode, component: LocalComponent) -> None:
    for callback in list(component.callbacks):
        drop(node, component, callback)


def drop_csi(node: LocalNode, component: LocalComponent, csi: str) -> None:
    """Drop the callbacks about the CSI. With an empty name, drop the callbacks about every CSI."""
    for callback in list(component.callbacks):
        if callback.kind in (Callback.CSI_SET, Callback.CSI_REMOVE) and csi in ("", callback.csi):
            drop(node, component, callback)


def drop_handle(node: LocalNode, component: LocalComponent, handle: int) -> None:
    """Drop what was sent to a finalized handle, because nobody will answer it."""
    for callback in list(component.callbacks):
        if callback.handle != handle:
            continue
        if callback.kind == Callback.TERMINATE:
            component.termination_failed = True
            node.component_event(component, ComponentEvent.CLEANUP)
        drop(node, component, callback)
