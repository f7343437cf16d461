# SPDX-License-Identifier: Apache-2.0
"""The tools that read IMM and perform operations (immlist, immfind, immadm, immdump), and the modules that
all tools of IMM use.

It changes no configuration; that is the task of `immcfg`. Reading order: `values` (text to value, as C reads
it), `formatting` (value to text), `client` (the AIS calls), then a module for each tool: `immfind`,
`immlist`, `immadm`, `immdump`.
"""
