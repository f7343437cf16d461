# SPDX-License-Identifier: Apache-2.0
"""The commands that talk only to the kernel, without AMF and IMM.

Each module has the shape of every command (see `amf_netwatch.commands`). `amf_netwatch.netlink` does the
work; here are the options, the output and the exit statuses. Read `monitor`, then `wait`, `dump`; then the
commands that change the network: `apply` with `confirm`, and `freeze`.
"""
