# SPDX-License-Identifier: Apache-2.0
"""What is written: the facts of this node's interfaces as objects in IMM.

This room knows IMM's classes, objects and error codes. It does not read the kernel: it gets facts from
`interfaces`. It does not call AIS by itself: it gets handles from `amf_netwatch.ais`.

Read in this order: `facts` (one row for each attribute of an interface), `classes` (the two IMM classes),
`objects` (facts as IMM objects), `states` (the table of what can happen), `imm` (what is needed of IMM),
`attachment` (handle, name, reading), `steps` (the difference), `writer` (one step), `complaints` (what is
logged of troubles), `publisher` (the machine that ties them together), `owner` (the thread it runs in).
`view` is the other direction, from IMM's objects to the tables of `show` and `demo`.
"""
