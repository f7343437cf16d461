# SPDX-License-Identifier: Apache-2.0
"""Addresses: added and removed as text or as pairs, set as a whole, in the kernel's order.

python samples/network_addresses.py v0
"""

import sys

from amf_netwatch.netlink import Network

name = sys.argv[1]
with Network() as network:
    with network.change() as change:
        link = change.links[name]
        link.add_address("10.0.0.1/24").add_address("10.0.0.2", 24).add_address(("2001:db8::39", 64))
        link.del_address("192.0.2.1/24")
    print("there:", network.change().links[name].addresses)
    with network.change() as change:
        change.links[name].set(
            addresses=["10.0.0.2/24", "10.0.0.1/24"]
        )  # all of them: the first is the primary
    print("exactly:", network.change().links[name].addresses)
