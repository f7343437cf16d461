# SPDX-License-Identifier: Apache-2.0
"""What is read: the facts of this node's network interfaces.

This room turns "these links changed" into correct facts. It does not know IMM, AMF or how a fact is
published. It does not listen to the kernel either; `amf_netwatch.netlink.listener` does.

Read in this order: `record` (what a fact is), `sysfs` (what only sysfs knows), `reader` (facts of one link
or of all, from the kernel), `inventory` (the facts as of the last read), `refresh` (which links must be
read, and which were read).
"""
