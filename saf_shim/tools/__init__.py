# SPDX-License-Identifier: Apache-2.0
"""OpenSAF's command line tools for the simulator. Scripts call them and read their output.

All tools have one shape: a module with ``main(argv) -> exit status``, which passes the function that performs
the command to `command.run`. They make the same AIS calls as the real tools, and know nothing of the
simulator except its socket. docs/shim-tools.md says what is imitated and what is improved on purpose.

Reading order: `command` (how a tool begins and ends) and `options` (the command line as glibc's getopt_long
reads it), which know nothing of IMM. Then come the rooms `imm`, `immcfg` and `amf`.
"""
