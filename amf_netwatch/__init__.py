# SPDX-License-Identifier: Apache-2.0
"""An SA-aware AMF component that keeps IMM true about a node's network interfaces.

Read in this order: `classes` (what is published), `interfaces` (the facts of one interface and how they
become an object), `netlink` (the kernel's events and answers), `reading` with `sysfs` and `patterns` (from
an answer to the facts), `inventory` and `refresh` (all of them, and what changed), `publisher` (writing the
differences to IMM), `component` (AMF's callbacks), `ais` with `assignment` (the only door to AMF and IMM),
`main` with `settings`, `privileges`, `log` and `events` (putting it together), `clc` with `run_directory`
(how AMF starts and ends us), `cli` and the commands behind it: `demo` and `show` with `view`, `model`,
`campaign`.
"""

__version__ = "0.1.0"
