# SPDX-License-Identifier: Apache-2.0
"""Healthchecks of the components of a node (AIS AMF B.04.01 7.1.2).

AMF_INVOKED: a callback is sent at once and then once in each period, counted from the last callback. Only one
callback waits for an answer at a time: if the period ends before the answer, the next callback is sent when
the answer comes. COMPONENT_INVOKED: there is no callback, and a confirmation must come within each period.
Period and duration come from the component's SaAmfHealthcheck object if it had one when it was made, or else
from its type's SaAmfHealthcheckType."""

from __future__ import annotations

from typing import NamedTuple, Optional

from saf_shim.amf.node import callbacks
from saf_shim.amf.node.local_node import LocalNode
from saf_shim.amf.node.records import Healthcheck, LocalComponent
from saf_shim.amf.states import Invocation, Presence
from saf_shim.codes import Code

_NOT_UP = frozenset(
    {
        Presence.UNINSTANTIATED,
        Presence.INSTANTIATION_FAILED,
        Presence.TERMINATING,
        Presence.TERMINATION_FAILED,
    }
)


class Timing(NamedTuple):
    """Period and longest duration of a healthcheck, in ns."""

    period: int
    max_duration: int


def timing(node: LocalNode, component: LocalComponent, key: str) -> Optional[Timing]:
    own = component.instances.get(key)
    if own is not None:
        return Timing(*own)
    by_type = node.configuration.healthcheck_type(component.dn, key)
    return Timing(*by_type) if by_type is not None else None


def start(
    node: LocalNode, name: str, asker: str, key: str, handle: int, invocation: Invocation, recovery: int
) -> Code:
    """Serve saAmfHealthcheckStart for component `name`. The process of component `asker` has called it."""
    component = node.components.get(name)
    if component is None:
        return Code.ERR_NOT_EXIST
    if component.presence in _NOT_UP:
        return Code.ERR_TRY_AGAIN
    if name != asker:
        return Code.ERR_NOT_EXIST
    times = timing(node, component, key)
    if times is None:
        return Code.ERR_NOT_EXIST
    if (key, handle) in component.healthchecks:
        return Code.ERR_EXIST
    node.last_healthcheck += 1
    check = Healthcheck(node.last_healthcheck, component, key, handle, invocation, recovery)
    check.period, check.max_duration = times
    component.healthchecks[(key, handle)] = check
    run(node, check)
    return Code.OK


def stop(node: LocalNode, name: str, asker: str, key: str, handle: int) -> Code:
    """Serve saAmfHealthcheckStop."""
    check = find(node, name, asker, key, handle)
    if check is None:
        return Code.ERR_NOT_EXIST
    component = check.component
    for callback in list(component.callbacks):
        if check.invocation == Invocation.AMF_INVOKED and callback.key == key:
            callbacks.drop(node, component, callback)
            break
    delete(node, check)
    return Code.OK


def find(node: LocalNode, name: str, asker: str, key: str, handle: int) -> Optional[Healthcheck]:
    component = node.components.get(name)
    if component is None or name != asker:
        return None
    return component.healthchecks.get((key, handle))


def run(node: LocalNode, check: Healthcheck) -> None:
    """Begin a period."""
    if check.invocation == Invocation.AMF_INVOKED:
        callbacks.send_healthcheck(node, check)
        check.status = Healthcheck.WAITING
    node.start_timer("healthcheck", check.identity, check.period)


def delete(node: LocalNode, check: Healthcheck) -> None:
    node.stop_timer("healthcheck", check.identity)
    check.component.healthchecks.pop((check.key, check.handle), None)


def delete_all(node: LocalNode, component: LocalComponent) -> None:
    for check in list(component.healthchecks.values()):
        delete(node, check)


def delete_handle(node: LocalNode, component: LocalComponent, handle: int) -> None:
    for check in list(component.healthchecks.values()):
        if check.handle == handle:
            delete(node, check)


def type_changed(node: LocalNode, component: LocalComponent, key: str) -> None:
    """Take over the times of a modified SaAmfHealthcheckType. Running checks of the registered handle use
    them from their next period on."""
    check = component.healthchecks.get((key, component.handle))
    times = timing(node, component, key)
    if check is not None and times is not None and key not in component.instances:
        check.period, check.max_duration = times
