# SPDX-License-Identifier: Apache-2.0
"""What is written: the facts of this node's interfaces as objects in IMM.

This room knows IMM's classes, objects and error codes. It does not read the kernel: `interfaces` gives it the
facts. It does not call AIS itself: `amf_netwatch.ais` gives it handles.

Read in this order: `facts` (one row for each attribute of an interface), `classes` (the two IMM classes),
`objects` (facts as IMM objects), `states` (the table of what can happen), `imm` (what is needed from IMM),
`attachment` (handle, name, reading), `steps` (the difference), `writer` (one step), `complaints` (which
troubles are logged), `publisher` (the state machine that ties them together), `owner` (the thread in which it
runs).
`view` is the other direction, from IMM's objects to the tables of `show` and `demo`.
"""
