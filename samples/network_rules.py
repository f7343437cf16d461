# SPDX-License-Identifier: Apache-2.0
"""Rules and neighbours: rules are found by all that is named, and changed by removing and adding.

python samples/network_rules.py v0
"""

import sys

from amf_netwatch.netlink import Network

with Network() as network:
    with network.change() as change:
        change.rules.add(src="172.16.1.0/24", table=200, priority=15000)
        change.rules.add(src="172.16.2.0/24", table=200, priority=15000)  # equal priorities: side by side
        change.neighbours.add(sys.argv[1], "192.0.2.9", "02:00:00:00:00:09")
        print("review:", change.review()["rules"])
    with network.change() as change:
        change.rules.remove(src="172.16.1.0/24", priority=15000)
        change.rules.add(src="172.16.1.0/24", table=201, priority=15000)
        change.neighbours.remove(sys.argv[1], "192.0.2.9")
        print("changed:", len(change.review()["rules"]))
