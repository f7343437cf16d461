# SPDX-License-Identifier: Apache-2.0
"""A first change: rename a link, give it another MAC and a longer queue, and add a default route.

python samples/network_quickstart.py v0
"""

import sys

from amf_netwatch.netlink import Network

with Network() as network:
    with network.change() as change:  # committed at the end, all of it or nothing
        change.links[sys.argv[1]].set(name="bala", mac="00:11:22:33:44:55", txqlen=2000).up()
        change.routes.add("default", gateway="192.0.2.254")
        print("review:", change.review())
    link = network.links["bala"]
    print("now:", link.name, link.address.hex(":"), link.queue_length)
    network.undo(change)
    print("undone:", network.wait_for(lambda state: state.links.get("bala") is None))
