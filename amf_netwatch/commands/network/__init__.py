# SPDX-License-Identifier: Apache-2.0
"""The commands that talk to the kernel alone, without AMF and IMM.

Each module has the shape of every command (see `amf_netwatch.commands`). What these commands do is in
`amf_netwatch.netlink`; here are their options, their output and their exit statuses. Read `monitor`, then
`wait`, `dump`; then those that change the network: `apply` with `confirm`, and `freeze`.
"""
