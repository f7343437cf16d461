# SPDX-License-Identifier: Apache-2.0
"""Random networks, built by `ip`, and random documents that change them."""

from __future__ import annotations

import random
import subprocess
from typing import Any

LINKS = ("v0", "v1", "br0", "m0", "br1", "p0", "p1")
_UP = ("v0", "p0", "v1", "p1", "br0", "br1", "m0")


def batch(commands: list[str], *options: str) -> None:
    """Many `ip` commands in the namespace of the calling thread; what is refused is passed over."""
    subprocess.run(
        ["ip", *options, "-force", "-batch", "-"],
        input="\n".join(commands) + "\n",
        text=True,
        capture_output=True,
        check=False,
    )


def clear() -> None:
    """Take everything away that `build` and the documents here make."""
    batch([f"link del {name}" for name in (*LINKS, "new0", "new1", "mv1", "newbr")])
    for family in ("-4", "-6"):
        flush = [f"route flush table {table}" for table in ("main", "100")]
        flush += ["rule flush", "rule add pref 32766 lookup main"]
        batch([*flush, *(["rule add pref 32767 lookup default"] if family == "-4" else [])], family)


def build(seed: int) -> None:
    """A random network; the same for the same seed."""
    chance = random.Random(f"network {seed}")
    commands = [
        "link add v0 type veth peer name p0",
        "link add v1 type veth peer name p1",
        "link add br0 type bridge",
        "link add br1 type bridge",
        "link add m0 link v0 type macvlan mode bridge",
    ]
    commands += [f"link set {name} address 02:00:00:00:00:1{place}" for place, name in enumerate(LINKS)]
    commands += [f"link set {name} up" for name in _UP if chance.random() < 0.8]
    if chance.random() < 0.5:
        commands.append("link set p0 master br0")
    if chance.random() < 0.5:
        commands += ["link set p1 master br0", "link set p1 type bridge_slave cost 77"]
    for place, name in enumerate(("v0", "v1", "br0", "m0")):
        commands += _build_link(chance, place, name)
    if chance.random() < 0.3:
        commands.append("route add 198.51.100.0/24 nexthop via 10.0.0.9 nexthop via 10.1.0.9 weight 2")
    if chance.random() < 0.3:
        commands.append("route add blackhole 203.0.113.0/24")
    batch(commands)


def _build_link(chance: random.Random, place: int, name: str) -> list[str]:
    commands = []
    for number in range(chance.randint(0, 3)):
        commands.append(f"addr add 10.{place}.{chance.randint(0, 1)}.{number + 1}/24 dev {name}")
    for number in range(chance.randint(0, 2)):
        commands.append(f"addr add 2001:db8:{place}::{number + 1}/64 dev {name}")
    if chance.random() < 0.6:
        commands.append(f"route add 172.{16 + place}.0.0/16 via 10.{place}.0.9")
        commands.append(f"route add 172.{16 + place}.1.0/24 via 10.{place}.1.9 table 100")
    for likely, command in (
        (0.4, f"route add 192.168.{place}.0/24 dev {name} src 10.{place}.0.1"),
        (0.6, f"route add 2001:db8:f{place}::/48 via 2001:db8:{place}::99"),
        (0.3, f"route add 2001:db8:e{place}::/48 dev {name} src 2001:db8:{place}::1"),
        (0.6, f"neigh add 10.{place}.0.7 lladdr 02:00:00:00:01:0{place} dev {name}"),
        (0.3, f"neigh add proxy 10.{place}.0.8 dev {name}"),
        (0.4, f"rule add from 10.{place}.0.0/24 table 10{place} pref {1000 + chance.randint(0, 3)}"),
    ):
        if chance.random() < likely:
            commands.append(command)
    return commands


def make_document(seed: int) -> dict[str, Any]:
    """A random document for such a network; many of them are refused."""
    chance = random.Random(f"document {seed}")
    links = [_link(chance, name) for name in chance.sample(LINKS, chance.randint(1, 5))]
    if chance.random() < 0.4:
        links.append(
            {"name": "new0", "kind": "veth", "peer": "new1", "state": "up", "addresses": ["10.77.0.1/24"]}
        )
    if chance.random() < 0.3:
        links.append({"name": "mv1", "kind": "macvlan", "lower": "v1", "options": {"mode": "bridge"}})
    if chance.random() < 0.3:
        options = {"stp_state": chance.randint(0, 1), "ageing_time": chance.choice([1000, 30000])}
        links.append({"name": "newbr", "kind": "bridge", "state": "up", "options": options})
    rules = []
    for place in range(4):
        if chance.random() < 0.2:
            rules.append({"priority": 1000 + place, "src": f"10.{place}.0.0/24", "table": 100 + place})
        elif chance.random() < 0.15:
            rules.append({"priority": 1000 + place, "state": "absent"})
    document: dict[str, Any] = {"links": links, "routes": _routes(chance), "rules": rules}
    if chance.random() < 0.3:
        document["neighbours"] = [{"link": "v0", "address": "10.0.0.7", "mac": "02:00:00:00:01:77"}]
    return document


def _link(chance: random.Random, name: str) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": name}
    if chance.random() < 0.12:
        return {**entry, "state": "absent"}
    for likely, key, values in (
        (0.4, "state", ["up", "down"]),
        (0.3, "mtu", [1200, 1300, 1400, 1500]),
        (0.3, "mac", [f"02:00:00:00:02:{chance.randint(1, 255):02x}"]),
        (0.3, "alias", ["", "some words", "x"]),
        (0.2, "txqlen", [10, 1000]),
    ):
        if chance.random() < likely:
            entry[key] = chance.choice(values)
    if name in ("p0", "p1", "v1") and chance.random() < 0.5:
        entry["master"] = chance.choice([None, "br0", "br1"])
    if chance.random() < 0.5:
        place = LINKS.index(name)
        addresses = [f"10.{place}.{chance.randint(0, 1)}.{n + 1}/24" for n in range(chance.randint(0, 3))]
        addresses += [f"2001:db8:{place}::{n + 1}/64" for n in range(chance.randint(0, 2))]
        chance.shuffle(addresses)
        entry["addresses"] = addresses
    return entry


def _routes(chance: random.Random) -> list[dict[str, Any]]:
    routes: list[dict[str, Any]] = []
    if chance.random() < 0.6:  # a gateway is seldom reachable
        return routes
    for place in range(4):
        dst = f"172.{16 + place}.0.0/16"
        if chance.random() < 0.15:
            routes.append({"dst": dst, "gateway": f"10.{place}.0.{chance.choice([8, 9])}"})
        elif chance.random() < 0.1:
            routes.append({"dst": dst, "state": "absent"})
        if chance.random() < 0.1:
            gateway = f"2001:db8:{place}::98"
            routes.append({"dst": f"2001:db8:f{place}::/48", "gateway": gateway, "metrics": {"mtu": 1300}})
        if chance.random() < 0.2:
            routes.append({"dst": f"192.168.{place}.0/24", "kind": "blackhole"})
    if chance.random() < 0.15:
        hops = [{"gateway": "10.0.0.9"}, {"gateway": "10.0.0.8", "weight": 3}]
        routes.append({"dst": "198.51.100.0/24", "nexthops": hops})
    return routes
