# SPDX-License-Identifier: Apache-2.0
"""The cluster director: what amfd does with the events that reach it.

This room is for what happens to the cluster: nodes report, the model changes, nodes fail, an administrator
starts an operation. It is not for the records and single assignments (`entities`), not for decisions inside a
service group (`redundancy`), and not for what happens on a node (`node`).

Reading order: `simulated` (the cluster with its node directors), `group_events` (the door to the redundancy
models), `pending` (what ends an administrative operation), `csi_changes`, `unit_failover`, `node_failures`,
`reports` (from the node directors), `inventory` (from the model), `attributes`, `director` (the door). The
rooms `administration` and `validation` stand above them."""
