# SPDX-License-Identifier: Apache-2.0
"""What an administrator can ask of AMF's objects (amf-adm), as the cluster director takes it.

This room is for the beginning of an operation: when it is refused, and what it does at once. The end of an
operation is elsewhere: in `cluster.pending`, which gets what the nodes report, and in the tables of the
redundancy models.

Reading order: `operation_rules` (the form of a table), then the tables: `unit_operations` (SUs and
components), `service_operations` (SIs and SGs), `node_operations`, `node_group_operations`; at the top
`operations` (the door)."""
