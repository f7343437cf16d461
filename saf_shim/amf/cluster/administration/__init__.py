# SPDX-License-Identifier: Apache-2.0
"""What an administrator can ask of AMF's objects (amf-adm), as the cluster director takes it.

This room is for the beginning of an operation: when it is refused, what it does at once. It is not for its
end: that is in `cluster.pending`, which hears what the nodes report, and in the tables of the redundancy
models.

Reading order: `rules` (the form of a table), `units`, `services`, `nodes` (tables for SUs and components, for
SIs and SGs, for nodes), `node_groups`, `operations` (the door)."""
