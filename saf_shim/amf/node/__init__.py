# SPDX-License-Identifier: Apache-2.0
"""A node director: what amfnd does on one node.

This room is for components and their processes: when they are started, called and ended, what they are told
of their assignments, and what follows from their errors. It is not for decisions about the cluster. A message
says which unit gets which service instance, and a message reports what happened
(`saf_shim.amf.messages`); the room imports neither the cluster director nor a redundancy model.

One convention holds: the state is in `LocalNode` and its records, and the modules are functions over them. A
module calls the modules below it directly. Three events go upward, through methods of `LocalNode`: a
component event, a unit event, the end of an operation on an assignment.

Reading order, from the ground up: `records`, `local_node`, `callbacks` (to components), `healthcheck`,
`monitoring`, `component_assignment` (what a component is told), `unit_assignment` (what a unit is asked),
`presence` (of a component), `units` (presence of a unit), `escalation` (from an error to its recovery),
`supervision` (answers, and what is found wrong), `registration` (processes), `director` (the door)."""
