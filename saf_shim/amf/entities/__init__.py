# SPDX-License-Identifier: Apache-2.0
"""AMF's entities in the cluster director: nodes, SGs, SUs, components, SIs, CSIs, assignments.

This room is for what the redundancy models and the cluster director both need: the records, their states as
IMM shows them, and the operations on one assignment. It is not for decisions. A redundancy model
(`redundancy`) decides which SU gets which SI, and the cluster director (`cluster`) decides what follows from
a report or an administrator's operation. It is also not for the records of a node director (`node`), which
has its own, because the two agree only by messages.

Reading order: `records`, `cluster` (all records, and how their states change), `requests` (what a node is
asked to do with an assignment), `counting` (numbers of assignments and the states that follow from them),
`protection` (who is told about the members of a CSI), `assignments` (make, change, remove)."""
