# SPDX-License-Identifier: Apache-2.0
"""The cluster together with the node directors of its simulated nodes.

In OpenSAF the two meet by messages alone. Here the cluster director also does what is the machine's part
there: it starts a node, and lets it go down with all its processes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from saf_shim.amf.entities.cluster import Cluster
from saf_shim.amf.node.local_node import LocalNode
from saf_shim.imm.implementer.hooks import View


class SimulatedCluster(Cluster):
    """`Cluster`, and its nodes from the inside."""

    def __init__(self, view: View, nodes: Sequence[str]) -> None:
        super().__init__(view, nodes)
        self.local_nodes: dict[str, LocalNode] = {}  # by RDN value: SC-1

    def local_node_of(self, component: str) -> Optional[LocalNode]:
        """The node director's side of a component's node; None when the component is unknown, or its node is
        not simulated."""
        known = self.components.get(component)
        return self.local_nodes.get(known.unit.node.name) if known is not None else None
