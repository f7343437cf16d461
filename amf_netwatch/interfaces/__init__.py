# SPDX-License-Identifier: Apache-2.0
"""What is read: the facts of this node's network interfaces.

This room turns "these links changed" into facts that are true again. It does not know IMM, AMF or how a fact
is published; it does not listen either, that is `amf_netwatch.netlink.listener`.

Read in this order: `record` (what a fact is), `sysfs` (what only sysfs tells), `reader` (facts of one link
or of all, from the kernel), `inventory` (what is true according to the last read), `refresh` (what has to be
read, and what was read).
"""
