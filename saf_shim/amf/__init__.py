# SPDX-License-Identifier: Apache-2.0
"""The simulated AMF: a cluster director (amfd), a node director for each node (amfnd), and the client
library.

Directors, redundancy models and library are pure: events arrive as calls, and what must be done outside
leaves as effects. They know no clock, no process and no socket. Only `service` and `timers` act on the
world that the server gives them. This room is not for IMM, which AMF sees through `saf_shim.imm`, and not for
the client's side of a call (`saf_shim.pyosaf`).

Reading order. The words: `states`, `events`, `messages` (between the directors), `effects` (to the outside),
`outbox` (both on their way), `tables` (the form of a state machine), `configuration` (what the model says).
Then the rooms, from the ground up:

- `node`: a node director. It starts, calls and ends components, and answers their errors.
- `entities`: the records of the cluster, and the operations on one assignment.
- `redundancy`: which unit gets which service instance.
- `cluster`: the cluster director. It hears nodes, administrators and changes of the model.

At the top `library` (what AMF's client library refuses by itself), `timers`, `service` (AMF as the server
hosts it) and `diagrams` (docs/shim-amf.md, made from the tables).

The behaviour is in tables: `node.presence.TRANSITIONS`, `node.units.TRANSITIONS`, `node.escalation.LADDER`,
`redundancy.no_redundancy.TABLE`, `redundancy.two_n.TABLE`, `cluster.administration.operations.OPERATIONS`."""
