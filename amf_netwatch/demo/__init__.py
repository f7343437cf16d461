# SPDX-License-Identifier: Apache-2.0
"""What `amf-netwatch demo` does: AMF, IMM and the component on this machine, shown live on a terminal.

The component is the real one; only AMF and IMM are imitated, by the simulator `saf-shim`, which runs as a
process of its own. Nothing in this room is needed on a cluster.

Read in this order: `simulation` (starts the simulator, reads IMM, ends it), `marks` (which rows changed
recently), `screen` (the lines to show; values in, text out), `terminal` (control sequences, keys, signals),
`live` (the loop that ties them together).
"""
