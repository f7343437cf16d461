# SPDX-License-Identifier: Apache-2.0
"""The options of each kind of link and of each kind of port, by tables that serve both directions.

A link message carries them as nested attributes (IFLA_INFO_DATA, IFLA_INFO_SLAVE_DATA). Here they become a
mapping with the names and the values of ``ip -d -j link`` (`info_data` and `info_slave_data`, iproute2 6.1),
and such a mapping becomes bytes for a request.

Not here: the message around them (`codec.link`), and which change the kernel accepts in which state.

Reading order: `table` (what a row is, and the usual rows), `registry` (decode and pack by kind), then any
table: `bridge`, `bond`, `vlan`, `vrf`, `macvlan` (also macvtap and ipvlan), `vxlan`, `geneve`, `gre`,
`iptunnel` (ipip, sit, ip6tnl), `vti` (also vti6 and xfrm), `tun`.
"""
