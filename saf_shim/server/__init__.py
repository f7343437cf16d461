# SPDX-License-Identifier: Apache-2.0
"""The simulator's process: the socket that programs reach it by, its loop, its commands, its directory.

This room knows the AIS calls only by their names: what a call means is said by the services behind
`saf_shim.contract` (IMM, AMF, CLM). Only `simulator`, at the top, puts services and server together.

Reading order, from the ground up: `loop` (descriptors, timers, processes), `output` and `processes` (commands
that AMF runs, and what they write), `connection` (one socket: lines in, lines out), `session` (one handle's
client and its calls), `waiting` (calls that are late), `call_log`, `faults` (what tests look at and spoil),
`server` (all of that together), `loading` (files that are in IMM from the start), `simulator`, `directory`
(what stands in DIR), `launch` (a simulator in a process of its own).
"""
