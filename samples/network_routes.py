# SPDX-License-Identifier: Apache-2.0
"""Routes: added, changed in one fact, with metrics, in tables, by priority, with several ways, removed.

python samples/network_routes.py v0
"""

import sys

from amf_netwatch.netlink import Network

with Network() as network:
    with network.change() as change:
        change.links[sys.argv[1]].up()
        change.routes.add("172.16.1.0/24", gateway="192.0.2.2", metrics={"mtu": 1400, "advmss": 500})
        change.routes.add("172.16.2.0/24", gateway="192.0.2.2", table=100, priority=10)
        change.routes.add("default", gateway="192.0.2.254")
        change.routes.add("203.0.113.0/24", kind="blackhole")
    with network.change() as change:
        change.routes["172.16.1.0/24"].set(gateway="192.0.2.3").metrics["mtu"] = 1300
        change.routes["default"].set(gateway="192.0.2.253")
        change.routes[{"dst": "172.16.2.0/24", "table": 100, "priority": 10}].remove()
        change.routes["203.0.113.0/24"].remove()
    for route in network.change().routes:
        if "gateway" in route:
            print("route:", route["dst"], route["gateway"], route.get("metrics"))

    with network.change() as change:  # one way, then two, then the other one
        change.routes.add("172.16.3.0/24", gateway="192.0.2.2")
    with network.change() as change:
        change.routes["172.16.3.0/24"].add_nexthop(gateway="192.0.2.3", weight=3)
    print("ways:", network.change().routes["172.16.3.0/24"].nexthops())
    with network.change() as change:
        change.routes["172.16.3.0/24"].del_nexthop(gateway="192.0.2.2")
    print("ways:", network.change().routes["172.16.3.0/24"].nexthops())
