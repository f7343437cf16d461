# SPDX-License-Identifier: Apache-2.0
"""The simulator's process: the socket for programs, the loop, the commands, the directory.

This room knows the AIS calls only by their names. The services behind `saf_shim.contract` (IMM, AMF, CLM)
know what a call means. Only `simulator`, at the top, puts services and server together.

Reading order, from the ground up: `loop` (descriptors, timers, processes), `output` and `processes` (commands
that AMF runs, and what they write), `connection` (one socket: lines in, lines out), `session` (the client of
one handle and its calls), `waiting` (calls that are late), `call_log` (for tests to read), `faults` (which
make calls fail), `server` (all of that together), `loading` (files that are in IMM from the start),
`simulator`, `directory` (the files in DIR), `launch` (a simulator in a process of its own).
"""
