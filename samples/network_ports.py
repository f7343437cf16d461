# SPDX-License-Identifier: Apache-2.0
"""Ports of a bridge: by name, by object, by index; their options; and out again.

python samples/network_ports.py v0
"""

import sys

from amf_netwatch.netlink import Network

with Network() as network:
    with network.change() as change:
        change.create("veth", "veth0", peer="veth1")
        change.create("veth", "veth2", peer="veth3")
    index = network.links["veth2"].ifindex
    with network.change() as change:
        bridge = change.create("bridge", "br-int").up()
        bridge.add_port(sys.argv[1]).add_port(change.links["veth0"]).add_port(index)
        port = change.links["veth0"].port
        port["cost"] = 200
        port["flood"] = False
        port["proxy_arp"] = False
    bridge = network.links["br-int"].ifindex
    print("ports:", sorted(link.name.decode() for link in network.links if link.master == bridge))
    with network.change() as change:
        change.links["br-int"].del_port(sys.argv[1]).options["ageing_time"] = 20000
    print("ports:", sorted(link.name.decode() for link in network.links if link.master == bridge))
