# SPDX-License-Identifier: Apache-2.0
"""A node director: what amfnd does on one node.

This room is for components and their processes: when they are started, called and ended, what they are told
of their assignments, and what an error of theirs leads to. It is not for decisions about the cluster. Which
unit gets which service instance comes in a message, and what happened goes out in a message
(`saf_shim.amf.messages`); the room imports neither the cluster director nor a redundancy model.

One convention holds: the state is in `LocalNode` and its records, and the modules are functions over them. A
module calls the modules below it directly. Three events go upward, through methods of `LocalNode`: a
component event, a unit event, the end of an operation on an assignment.

Reading order, from the ground up: `records`, `local_node`, `callbacks` (to components), `healthcheck`,
`monitoring`, `component_assignment` (what a component is told), `unit_assignment` (what a unit is asked),
`presence` (of a component), `units` (presence of a unit), `escalation` (from an error to its recovery),
`supervision` (answers, and what is found wrong), `registration` (processes), `director` (the door)."""
