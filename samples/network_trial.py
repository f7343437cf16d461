# SPDX-License-Identifier: Apache-2.0
"""A change that could cut you off: an address must answer, and somebody has to confirm it.

python samples/network_trial.py v0
"""

import sys

from amf_netwatch.netlink import CommitError, Network

name = sys.argv[1]
with Network() as network:
    change = network.change().load({"links": [{"name": name, "state": "up", "mtu": 1400}]})
    try:
        change.commit(ensure=["192.0.2.99"], ensure_timeout=0.5)
    except CommitError as error:
        print("put back:", error)
    change.commit(ensure=["192.0.2.1"], confirm=30, guard=True)  # the guardian survives kill -9
    print("on trial for", round(change.trial.seconds_left), "s")
    print("confirmed:", change.trial.confirm())
