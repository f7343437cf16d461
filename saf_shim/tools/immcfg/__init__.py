# SPDX-License-Identifier: Apache-2.0
"""immcfg: the tool that changes configuration objects and classes, in CCBs of one command or of many.

The calls that it makes are in `saf_shim.tools.imm.client`. Reading order: `ccb` (what immcfg has open, and
its changes), `classnotify` (changing a class), `classfile` (reading XML files), `load` (putting their
contents into IMM), `transaction` (commands on standard input), `immcfg` (the command line, which calls all
the others).
"""
