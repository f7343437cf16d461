# SPDX-License-Identifier: Apache-2.0
"""An SA-aware AMF component that keeps IMM true about a node's network interfaces, and its command line.

Read in this order, from the kernel to IMM: `netlink` (the kernel's events and answers; a library of its own),
`interfaces` (the facts of each interface), `publication` (IMM's classes and objects, and writing the
differences), `component` (AMF's callbacks, and putting all of it together), `ais` with `assignment` (the only
door to AMF and IMM), `deployment` (the AMF model and SMF campaigns), `cli` and `commands`, and `demo` (all of
it on one machine). All of them use `errors`, `settings`, `environment` (the names of variables), `log`
with `log_lines`, and `program` (where this program itself is).

It is not a simulator of OpenSAF: that is the package `saf_shim`, which no module here imports.
"""

__version__ = "0.1.0"
