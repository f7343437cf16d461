# SPDX-License-Identifier: Apache-2.0
"""New links: a bridge with ports, addresses and options; what is there already can be reused.

python samples/network_create.py
"""

from amf_netwatch.netlink import Network, RefusedError

with Network() as network:
    with network.change() as change:
        control = change.create("bridge", "control", stp_state=1).add_address("198.51.100.1/24").up()
        change.create("veth", "port0", peer="far0").up()
        change.create("veth", "port1", peer="far1").up()
        change.create("macvlan", "upper0", lower="far1", mode="bridge")
        control.add_port("port0").add_port("port1")
    print("ports:", sorted(link.name.decode() for link in network.links if link.master))

    again = network.change()
    again.create("bridge", "control")
    try:
        again.commit()
    except RefusedError as error:
        print("refused:", error)
    with network.change() as change:
        change.create("bridge", "control", reuse=True).set(mtu=1400)
    print("mtu:", network.links["control"].mtu)
    with network.change() as change:
        change.links["control"].delete()
    print("deleted:", network.links.get("control") is None)
