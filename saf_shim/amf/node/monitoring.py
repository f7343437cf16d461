# SPDX-License-Identifier: Apache-2.0
"""Passive monitoring: processes of a component whose exit is an error of the component (AIS AMF B.04.01 7.7).

Only the process itself is watched, not its descendants. Its exit status makes no difference, as in
OpenSAF."""

from __future__ import annotations

from saf_shim.amf.effects import UnwatchProcess, WatchProcess
from saf_shim.amf.node.local_node import LocalNode
from saf_shim.amf.node.records import LocalComponent, Monitor
from saf_shim.amf.states import Presence, Recovery
from saf_shim.codes import Code

_NOT_UP = frozenset(
    {
        Presence.UNINSTANTIATED,
        Presence.INSTANTIATION_FAILED,
        Presence.TERMINATING,
        Presence.TERMINATION_FAILED,
    }
)


def start(node: LocalNode, name: str, pid: int, handle: int, recovery: int, alive: bool) -> Code:
    """Serve saAmfPmStart. `alive`: the process exists. Calling it again changes the recovery."""
    component = node.components.get(name)
    if component is None:
        return Code.ERR_NOT_EXIST
    if component.presence in _NOT_UP:
        return Code.ERR_TRY_AGAIN
    if not alive:
        return Code.ERR_NOT_EXIST
    if recovery > Recovery.CLUSTER_RESET:
        return Code.ERR_NOT_SUPPORTED
    known = component.monitors.get(pid)
    if known is not None and known.handle != handle:
        return Code.ERR_BAD_HANDLE
    component.monitors[pid] = Monitor(handle, recovery)
    if known is None:
        node.outbox.emit(WatchProcess((node.name, name, pid), pid))
    return Code.OK


def stop(node: LocalNode, name: str, pid: int, handle: int) -> Code:
    """Serve saAmfPmStop."""
    component = node.components.get(name)
    known = component.monitors.get(pid) if component is not None else None
    if component is None or known is None:
        return Code.ERR_NOT_EXIST
    if known.handle != handle:
        return Code.ERR_BAD_HANDLE
    _forget(node, component, pid)
    return Code.OK


def forget_handle(node: LocalNode, handle: int) -> None:
    """Stop the monitoring that a finalized or lost handle asked for."""
    for component in node.components.values():
        for pid in [pid for pid, monitor in component.monitors.items() if monitor.handle == handle]:
            _forget(node, component, pid)


def forget(node: LocalNode, component: LocalComponent) -> None:
    """Stop all monitoring of a component whose processes are being ended."""
    for pid in list(component.monitors):
        _forget(node, component, pid)


def _forget(node: LocalNode, component: LocalComponent, pid: int) -> None:
    del component.monitors[pid]
    node.outbox.emit(UnwatchProcess((node.name, component.dn, pid)))
