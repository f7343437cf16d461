# SPDX-License-Identifier: Apache-2.0
"""The tools that read IMM and perform operations: immlist, immfind, immadm, immdump; and what all tools of
IMM stand on.

It changes no configuration: that is `immcfg`, next door. Reading order: `values` (text to value, as C reads
it), `formatting` (value to text), `client` (the AIS calls), then a module for each tool: `immfind`,
`immlist`, `immadm`, `immdump`.
"""
