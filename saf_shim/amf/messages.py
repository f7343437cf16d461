# SPDX-License-Identifier: Apache-2.0
"""Messages between the cluster director and the node directors (in OpenSAF: amfd and amfnd over MDS).

They are values. They are delivered one at a time, in the order in which they were sent. From cluster to node:
`InstantiateUnit`, `TerminateUnit`, `AssignmentRequest`, `UnitOperation`, `ComponentOperation`,
`NodeOperation`. From node to cluster: `OperationalReport`, `AssignmentReport`, `Report`, `RebootRequest`.
A node sends itself `ComponentTrigger`, so that the present event ends first."""

from __future__ import annotations

from typing import NamedTuple, Optional, Union

from saf_shim.amf.events import ComponentEvent
from saf_shim.amf.states import Act, Capability, CsiTransition, Ha, Operation, Operational, Recovery

Attributes = tuple[tuple[str, str], ...]
"""The attributes of a CSI: a (name, value) pair for each value."""


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
    """Assign, change or remove one SI of a unit. An empty `si` stands for all SIs of the unit.

    `ha` has no meaning for REMOVE. With MODIFY, only the first of `csis` is given: it stands for all."""

    unit: str
    si: str
    act: Act
    ha: Optional[Ha]
    csis: tuple[CsiRequest, ...] = ()
    rank: int = 0
    single: bool = False  # the request is about one CSI that is added to or taken from an assigned SI


class UnitOperation(NamedTuple):
    """RESTART the unit, or count it as REPAIRED."""

    unit: str
    operation: Operation


class ComponentOperation(NamedTuple):
    """RESTART the component."""

    component: str
    operation: Operation


class NodeOperation(NamedTuple):
    """Count the node as REPAIRED."""

    operation: Operation


class OperationalReport(NamedTuple):
    """A unit's operational state has changed, or the cluster director must carry out a recovery."""

    node: str
    unit: str
    unit_state: Operational
    node_state: Operational
    recovery: Optional[Recovery] = None


class AssignmentReport(NamedTuple):
    """The answer to an `AssignmentRequest`. `ok` is False when the request could not be carried out."""

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
    """The recovery of an error is a reboot of the node, or of all nodes (CLUSTER_RESET)."""

    node: str
    recovery: Recovery


class ComponentTrigger(NamedTuple):
    """An event for a component's presence. It happens after the present event."""

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
