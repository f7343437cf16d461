# SPDX-License-Identifier: Apache-2.0
"""Messages between the cluster director and the node directors (in OpenSAF: amfd and amfnd over MDS).

They are values. They are delivered one at a time, in the order in which they were sent. From cluster to node:
`InstantiateUnit`, `TerminateUnit`, `AssignmentRequest`, `UnitOperation`, `ComponentOperation`,
`NodeOperation`. From node to cluster: `OperationalReport`, `AssignmentReport`, `Report`, `RebootRequest`.
From a node to itself, so that the present event ends first: `ComponentTrigger`."""

from __future__ import annotations

from typing import NamedTuple, Optional, Union

from saf_shim.amf.events import ComponentEvent
from saf_shim.amf.states import Act, Capability, CsiTransition, Ha, Operation, Operational, Recovery

Attributes = tuple[tuple[str, str], ...]
"""(name, value) of a CSI, a pair for each value."""


class InstantiateUnit(NamedTuple):
    unit: str


class TerminateUnit(NamedTuple):
    unit: str


class CsiRequest(NamedTuple):
    """One CSI of an assignment request."""

    csi: str
    component: str
    rank: int
    capability: Optional[Capability]
    attributes: Attributes
    active_component: str
    transition: CsiTransition
    standby_rank: int


class AssignmentRequest(NamedTuple):
    """Assign, change or remove one SI of a unit, or all of them (`si` is empty).

    `ha` has no meaning for REMOVE. With MODIFY the first of `csis` speaks for all of them."""

    unit: str
    si: str
    act: Act
    ha: Optional[Ha]
    csis: tuple[CsiRequest, ...] = ()
    rank: int = 0
    single: bool = False  # about one CSI, added to or taken from an assigned SI


class UnitOperation(NamedTuple):
    """RESTART or REPAIRED."""

    unit: str
    operation: Operation


class ComponentOperation(NamedTuple):
    """RESTART."""

    component: str
    operation: Operation


class NodeOperation(NamedTuple):
    """REPAIRED."""

    operation: Operation


class OperationalReport(NamedTuple):
    """A unit's operational state has changed, or the cluster director has to carry out a recovery."""

    node: str
    unit: str
    unit_state: Operational
    node_state: Operational
    recovery: Optional[Recovery] = None


class AssignmentReport(NamedTuple):
    """The answer to an `AssignmentRequest`; `ok` is False when it could not be carried out."""

    node: str
    unit: str
    si: str
    act: Act
    ha: Ha
    ok: bool
    single: bool = False


class Report(NamedTuple):
    """A runtime attribute has a new value."""

    dn: str
    attribute: str
    value: int


class RebootRequest(NamedTuple):
    """The recovery of an error is to reboot the node, or (CLUSTER_RESET) all nodes."""

    node: str
    recovery: Recovery


class ComponentTrigger(NamedTuple):
    """An event for a component's presence, to happen after the present one."""

    component: str
    event: ComponentEvent


ToNode = Union[
    InstantiateUnit,
    TerminateUnit,
    AssignmentRequest,
    UnitOperation,
    ComponentOperation,
    NodeOperation,
    ComponentTrigger,
]
ToCluster = Union[OperationalReport, AssignmentReport, Report, RebootRequest]
