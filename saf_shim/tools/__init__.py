# SPDX-License-Identifier: Apache-2.0
"""OpenSAF's command line tools, for the simulator: what scripts call and whose output they read.

All have one shape: a module with ``main(argv) -> exit status``, which runs the function that performs the
command through `command.run`. They make the AIS calls that the real tools make, and know nothing of the
simulator but its socket. docs/shim-tools.md says what is imitated and what is better on purpose.

Reading order: `command` (how a tool begins and ends) and `options` (the command line as glibc's getopt_long
reads it), which know nothing of IMM; then the rooms `imm`, `immcfg` and `amf`.
"""
