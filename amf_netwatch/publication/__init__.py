# SPDX-License-Identifier: Apache-2.0
"""What is written: the facts of this node's interfaces as objects in IMM.

This room knows IMM's classes, objects and error codes. It does not read the kernel: it gets facts from
`interfaces`. It does not call AIS by itself: it gets handles from `amf_netwatch.ais`.

Read in this order: `classes` (the two IMM classes), `objects` (how facts become attributes), `publisher`
(writing them); `view` is the other direction, from IMM's objects to the tables of `show` and `demo`.
"""
