# SPDX-License-Identifier: Apache-2.0
"""AMF's entities as its cluster director keeps them: nodes, SGs, SUs, components, SIs, CSIs, assignments.

This room is for what the redundancy models and the cluster director both need: the records, their states
as IMM shows them, and the operations on one assignment. It is not for decisions: which SU gets which SI is
up to a redundancy model (`redundancy`), what a report or an administrator's operation leads to is up to the
cluster director (`cluster`). It is also not for what a node director keeps (`node`); that one has records
of its own, because the two agree by messages alone.

Reading order: `records`, `cluster` (all records, and how their states change), `requests` (what a node is
asked to do with an assignment), `counting` (numbers of assignments and the states that follow from them),
`protection` (who is told about the members of a CSI), `assignments` (make, change, remove)."""
