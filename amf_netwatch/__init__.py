# SPDX-License-Identifier: Apache-2.0
"""An SA-aware AMF component that keeps IMM true about a node's network interfaces.

Read in this order: `classes` (what is published), `interfaces` (the facts of one interface and how they
become an object), `netlink` (the kernel's events and answers), `reading` (from an answer to the facts),
`inventory` (all of them, and what changed), `publisher` (writing the differences to IMM), `component`
(AMF's callbacks), `ais` (the only door to AMF and IMM), `clc` (how AMF starts and ends us), `cli` and
the commands behind it.
"""

__version__ = "0.1.0"
