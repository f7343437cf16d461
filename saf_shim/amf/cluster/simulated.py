# SPDX-License-Identifier: Apache-2.0
"""The cluster together with the node directors of its simulated nodes.

In OpenSAF the cluster director and the node directors meet only in messages. Here the cluster director also
does what the machine does there: it starts a node, and lets it go down with all its processes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from saf_shim.amf.entities.cluster import Cluster
from saf_shim.amf.node.local_node import LocalNode
from saf_shim.imm.implementer.hooks import View


class SimulatedCluster(Cluster):
    """The cluster, and the node directors of its simulated nodes."""

    def __init__(self, view: View, nodes: Sequence[str]) -> None:
        super().__init__(view, nodes)
        self.local_nodes: dict[str, LocalNode] = {}  # by RDN value, such as SC-1

    def local_node_of(self, component: str) -> Optional[LocalNode]:
        """Return the node director's state for a component's node. It is None if the component is unknown, or
        its node is not simulated."""
        known = self.components.get(component)
        return self.local_nodes.get(known.unit.node.name) if known is not None else None
