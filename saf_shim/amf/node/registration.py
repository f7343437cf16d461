# SPDX-License-Identifier: Apache-2.0
"""Processes and their component: registration, the end of a handle or of the process, reported errors.

A process is known by its pid (the library has one connection to the node director), a handle by its number.
Functions named after API calls return the AIS code and also do what follows from the call. The library's own
checks are in `saf_shim.amf.library`."""

from __future__ import annotations

from typing import Optional

from saf_shim.amf.events import ComponentEvent
from saf_shim.amf.node import callbacks, component_assignment, escalation, healthcheck
from saf_shim.amf.node.local_node import LocalNode
from saf_shim.amf.node.records import LocalComponent
from saf_shim.amf.states import ErrorSource, Ha, Operational, Presence, Progress, Recovery
from saf_shim.codes import Code


def register(node: LocalNode, name: str, proxy: str, handle: int, process: int) -> Code:
    """Serve saAmfComponentRegister."""
    component = node.components.get(name)
    if component is None:
        return Code.ERR_INVALID_PARAM
    if component.registered:
        return Code.ERR_EXIST
    if proxy:
        return Code.ERR_INVALID_PARAM
    if component.presence not in (Presence.INSTANTIATING, Presence.INSTANTIATED, Presence.RESTARTING):
        return Code.ERR_BAD_OPERATION
    component.handle = handle
    component.process = process
    if component.presence != Presence.INSTANTIATED:
        if component.command_succeeded:
            node.component_event(component, ComponentEvent.INSTANTIATED)
    else:
        node.set_operational(component, Operational.ENABLED)
        if component.unit.enabled:
            component.unit.operational = Operational.ENABLED
            node.report_unit(component.unit)
    return Code.OK


def unregister(node: LocalNode, name: str, proxy: str, handle: int) -> Code:
    """Serve saAmfComponentUnregister (B.01 handles only)."""
    component = node.components.get(name)
    if component is None:
        return Code.ERR_INVALID_PARAM
    if not component.registered:
        return Code.ERR_NOT_EXIST
    if component.handle != handle:
        return Code.ERR_BAD_HANDLE
    if proxy:
        return Code.ERR_INVALID_PARAM
    _leave(node, component)
    return Code.OK


def _leave(node: LocalNode, component: LocalComponent) -> None:
    """Take the workload from a component that has unregistered. Its process may continue to run."""
    node.stop_timer("registration", component.dn)
    component.handle = 0
    component.process = 0
    if component.presence != Presence.INSTANTIATED:
        return
    component_assignment.complete_callbacks(node, component)
    node.set_operational(component, Operational.DISABLED)
    if component.unit.operational == Operational.ENABLED:
        component.unit.operational = Operational.DISABLED
        node.report_unit(component.unit, Recovery.COMPONENT_FAILOVER)


def finalized(node: LocalNode, name: str, handle: int) -> None:
    """Handle saAmfFinalize of a handle in the process of component `name`."""
    component = node.components.get(name)
    if component is None:
        return
    _finish_termination(node, component)
    if component.handle == handle:
        _leave(node, component)
    healthcheck.delete_handle(node, component, handle)
    callbacks.drop_handle(node, component, handle)


def _finish_termination(node: LocalNode, component: LocalComponent) -> bool:
    """If the process that ended had answered terminate, finish the termination. True if that is so."""
    invocation = component.termination_invocation
    if not invocation:
        return False
    component.termination_invocation = 0
    callback = component.callback(invocation)
    node.component_event(component, ComponentEvent.TERMINATED)
    if callback is not None:
        callbacks.drop(node, component, callback)
    return True


def died(node: LocalNode, process: int) -> None:
    """Handle a lost connection of the library: the process has ended or its library has shut down."""
    for component in sorted(node.components.values(), key=lambda c: c.dn):
        if component.process == process and process:
            if not _finish_termination(node, component):
                escalation.error(node, component, ErrorSource.DEATH)
            return


def report_error(node: LocalNode, name: str, recommended: int) -> Code:
    """Serve saAmfComponentErrorReport, about any component of this node."""
    component = node.components.get(name)
    if component is None:
        return Code.ERR_NOT_EXIST
    code = Code.OK
    if component.at_rest:
        code = Code.ERR_INVALID_PARAM
    if recommended == Recovery.APPLICATION_RESTART:
        code = Code.ERR_NOT_SUPPORTED
    if recommended == Recovery.CONTAINER_RESTART:
        code = Code.ERR_INVALID_PARAM
    if code == Code.OK:
        escalation.error(node, component, ErrorSource.ERROR_REPORT, recommended)
    return code


def clear_error(node: LocalNode, name: str) -> Code:
    """Serve saAmfComponentErrorClear."""
    component = node.components.get(name)
    if component is None:
        return Code.ERR_NOT_EXIST
    if component.operational == Operational.ENABLED:
        return Code.ERR_NO_OP
    if not component.registered:
        return Code.ERR_BAD_OPERATION
    component.error_source = ErrorSource.NONE
    return Code.OK


def ha_state(node: LocalNode, name: str, csi_name: str) -> tuple[Code, Optional[Ha]]:
    """Serve saAmfHAStateGet, for any component of this node."""
    component = node.components.get(name)
    csi = component.csi(csi_name) if component is not None else None
    if component is None or csi is None or not component.registered:
        return Code.ERR_NOT_EXIST, None
    ha = csi.si.ha
    if ha == Ha.QUIESCING and csi.state in (Progress.ASSIGNED, Progress.REMOVING):
        ha = Ha.QUIESCED
    return Code.OK, ha
