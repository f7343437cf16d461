# SPDX-License-Identifier: Apache-2.0
"""OpenSAF's command line tools, for the simulator: what scripts call and whose output they read.

Reading order: `command` (what every tool shares), `options` (the command line, as glibc's getopt_long
reads it), `values` (text to value, as C reads it), `formatting` (value to text), `imm` (the port to IMM);
then one module for each tool. `immcfg` is spread over `immcfg` (its options and its course), `ccb` (its
changes), `transaction` (its commands on standard input), `classfile` and `load` (XML files). Each tool is
``main(argv) -> exit status``. What is imitated and what is better on purpose: docs/shim-tools.md.
"""
