# SPDX-License-Identifier: Apache-2.0
"""Several changes at a time, each with an id: reviewed, committed, dropped; one that is refused and mended.

python samples/network_changes.py v0
"""

import sys

from amf_netwatch.netlink import CommitError, Network

name = sys.argv[1]
with Network() as network:
    first, second = network.change(), network.change()
    first.links[name].add_address("198.51.100.1", 24).add_address("198.51.100.2/24").up()
    second.links[name].set(mtu=1300)
    print("two changes:", first.id != second.id)
    print("review:", first.review()["links"][0]["addresses"])
    print("plan:", first.plan().describe()[0])
    first.commit()
    second.drop()

    third = network.change()
    route = third.routes.add("203.0.113.0/24", gateway="172.31.0.1")
    try:
        third.commit()
    except CommitError as error:
        print("refused:", error.step, "left:", error.left)
    route.set(gateway="198.51.100.254")
    third.commit()
    print("mended:", third.review())

    end = network.add_hook(lambda change: "old0" not in str(change.review()))
    network.change().load({"links": [{"name": name, "alias": "uplink"}]}).commit(check=lambda: True)
    end()
