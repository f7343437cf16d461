# SPDX-License-Identifier: Apache-2.0
"""VRFs (IFLA_VRF_*) and their ports. Source: linux/if_link.h."""

from __future__ import annotations

from amf_netwatch.netlink.codec.kinds.table import Table, number

VRF = Table("vrf", (number("table", 1, "u32").but_fixed(),))
VRF_PORT = Table("vrf port", (number("table", 1, "u32").but_read_only(),))
