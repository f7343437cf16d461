# SPDX-License-Identifier: Apache-2.0
"""Record what this machine's kernel sends, as files for the tests: run as root, by hand.

    python tests/netlink/record_captures.py

Each file of `captures/` holds datagrams as they were received, each behind its length (u32, little-endian);
a `.json` beside a dump is what `ip -j` said of the same namespace at the same moment.  It uses the standard
socket module alone, nothing of this project: the recordings must not depend on what they are to test.
"""

from __future__ import annotations

import json
import os
import shlex
import socket
import struct
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent / "captures"
NAMESPACE, OTHER = "netwatch-capture", "netwatch-capture-2"
GROUPS = (1, 5, 7, 9, 11)  # links, IPv4 and IPv6 addresses and routes

SCENARIOS = {
    "veth": """
        ip link add v0 type veth peer name v1
        ip link set v1 up
        ip link set v0 up
        ip link set v0 down
        ip link set v0 name renamed-to-15ch
        ip link set renamed-to-15ch name v0
        ip link set v0 address 02:00:00:00:00:42
        ip link set v0 address 02:00:00:00:00:42
        ip link set v0 mtu 1400
        ip link set v0 up
        ip link set v0 alias a-text
        ip link property add dev v0 altname another-name altname and-a-third
        ip link set v1 down
        ip link set v1 up
        ip link set v1 netns netwatch-capture-2
        ip link del v0
    """,
    "names": """
        ip link add a,b=c type veth peer name a;b
        ip link add é type veth peer name a"b
        ip link del é
        ip link del a,b=c
    """,
    "bridge": """
        ip link add br0 type bridge
        ip link set br0 up
        ip link add p0 type veth peer name p1
        ip link set p0 up
        ip link set p1 up
        ip link set p0 master br0
        ip link set p0 nomaster
        ip link del p0
        ip link del br0
    """,
    "kinds": """
        ip link add m0 link base type macvlan
        ip link add x0 type vxlan id 42 dev base dstport 4789
        ip link add i0 type ifb
        ip tuntap add t0 mode tun
        ip tuntap add t1 mode tap
        ip link set t0 up
        ip link del m0
        ip link del x0
        ip link del i0
        ip tuntap del t0 mode tun
        ip tuntap del t1 mode tap
    """,
    "addresses": """
        ip link set base up
        ip addr add 192.0.2.1/24 dev base
        ip addr add 192.0.2.2/24 dev base label base:second
        ip addr add 198.51.100.1 peer 198.51.100.2/32 dev base
        ip addr add 2001:db8::1/64 dev base nodad
        ip addr change 2001:db8::1/64 dev base valid_lft 1000 preferred_lft 500
        ip addr del 192.0.2.2/24 dev base
        ip addr del 2001:db8::1/64 dev base
        ip addr flush dev base
        ip link set base down
    """,
    "routes": """
        ip link set base up
        ip link set peer up
        ip addr add 192.0.2.1/24 dev base
        ip addr add 2001:db8::1/64 dev base nodad
        ip route add default via 192.0.2.254
        ip route replace default via 192.0.2.253
        ip route add 203.0.113.0/24 via 192.0.2.254 metric 7 table 1000
        ip route add blackhole 198.51.100.0/24
        ip route add 10.0.0.0/8 nexthop via 192.0.2.3 weight 2 nexthop via 192.0.2.4
        ip route add 10.1.0.0/16 via inet6 2001:db8::9 dev base
        ip -6 route add default via 2001:db8::fe
        ip -6 route add 2001:db8:1::/48 nexthop via 2001:db8::3 nexthop via 2001:db8::4
        ip route del 10.0.0.0/8
        ip -6 route del default
        ip addr flush dev base
        ip link set base down
        ip route flush table all
    """,
}
DUMPS = {  # name: (request type, fixed structure, what `ip -j` says of it)
    "links": (18, struct.pack("=BBHiII", 0, 0, 0, 0, 0, 0), ("-d link show",)),
    "addresses": (22, struct.pack("=BBBBI", 0, 0, 0, 0, 0), ("addr show",)),
    "routes": (
        26,
        struct.pack("=BBBBBBBBI", 0, 0, 0, 0, 0, 0, 0, 0, 0),
        ("-d -4 route show table all", "-d -6 route show table all"),
    ),
}
DUMP_SCENE = """
    ip link add br0 type bridge
    ip link add a,b=c type veth peer name é
    ip link set a,b=c master br0
    ip link set a,b=c up
    ip link set é up
    ip link set base up
    ip link set peer up
    ip link set peer netns netwatch-capture-2
    ip -n netwatch-capture-2 link set peer up
    ip link add m0 link base type macvlan
    ip link add x0 type vxlan id 42 dev base dstport 4789
    ip link add i0 type ifb
    ip tuntap add t0 mode tun
    ip tuntap add t1 mode tap
    ip link property add dev base altname another-name
    ip link set base alias a-text
    ip addr add 192.0.2.1/24 dev base
    ip addr add 198.51.100.1 peer 198.51.100.2/32 dev base
    ip addr add 2001:db8::1/64 dev base nodad
    ip route add default via 192.0.2.254
    ip route add 203.0.113.0/24 via 192.0.2.254 metric 7 table 1000
    ip route add blackhole 198.51.101.0/24
    ip route add 10.0.0.0/8 nexthop via 192.0.2.3 weight 2 nexthop via 192.0.2.4
    ip route add 10.1.0.0/16 via inet6 2001:db8::9 dev base
    ip -6 route add default via 2001:db8::fe
    ip -6 route add 2001:db8:1::/48 nexthop via 2001:db8::3 nexthop via 2001:db8::4
"""
ERRORS = (  # requests that the kernel refuses with a sentence: type, flags, payload
    (24, 0x605, struct.pack("=BBBBBBBBI", 2, 64, 0, 0, 254, 4, 0, 1, 0)),
    (20, 0x605, struct.pack("=BBBBI", 2, 24, 0, 0, 1)),
    (16, 0x605, struct.pack("=BBHiII", 0, 0, 0, 0, 0, 0) + struct.pack("=HH8s", 12, 3, b"a b\0\0\0\0\0")),
    (18, 0x5, struct.pack("=BBHiII", 0, 0, 0, 4711, 0, 0)),
)


def main() -> int:
    if len(sys.argv) < 2:
        for namespace in (NAMESPACE, OTHER):
            subprocess.run(["ip", "netns", "add", namespace], check=True)
        try:
            inside = ["ip", "netns", "exec", NAMESPACE, sys.executable, __file__, "inside"]
            return subprocess.run(inside, check=False).returncode
        finally:
            for namespace in (NAMESPACE, OTHER):
                subprocess.run(["ip", "netns", "del", namespace], check=True)
    HERE.mkdir(exist_ok=True)
    run("ip link set lo up")
    run("ip link add base type veth peer name peer")
    for name, commands in SCENARIOS.items():
        listener = open_socket(GROUPS)
        for command in filter(None, map(str.strip, commands.splitlines())):
            run(command)
        write(HERE / f"{name}.events", receive_all(listener))
    for command in filter(None, map(str.strip, DUMP_SCENE.splitlines())):
        run(command)
    for name, (request, payload, shown) in DUMPS.items():
        write(HERE / f"{name}.dump", ask(request, 0x301, payload))
        said = [item for command in shown for item in json.loads(output_of(f"ip -j {command}"))]
        text = json.dumps(said, indent=1, sort_keys=True)
        (HERE / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    write(HERE / "refusals.answers", [datagram for error in ERRORS for datagram in ask(*error)])
    return 0


def run(command: str) -> None:
    subprocess.run(shlex.split(command.replace('"', '\\"').replace(";", "\\;")), check=True)


def output_of(command: str) -> str:
    return subprocess.run(shlex.split(command), check=True, capture_output=True, text=True).stdout


def open_socket(groups: tuple[int, ...] = ()) -> socket.socket:
    opened = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    opened.setsockopt(270, 11, 1)  # NETLINK_EXT_ACK
    opened.bind((0, 0))
    for group in groups:
        opened.setsockopt(270, 1, group)
    return opened


def receive_all(opened: socket.socket) -> list[bytes]:
    opened.setblocking(False)
    datagrams = []
    while True:
        try:
            datagrams.append(opened.recv(1 << 20))
        except BlockingIOError:
            return datagrams


def ask(request: int, flags: int, payload: bytes) -> list[bytes]:
    with open_socket() as opened:
        opened.send(struct.pack("=IHHII", 16 + len(payload), request, flags, 1, 0) + payload)
        datagrams = [opened.recv(1 << 20)]
        while flags & 0x300 == 0x300 and struct.unpack_from("=H", datagrams[-1], 4)[0] != 3:
            datagrams.append(opened.recv(1 << 20))
    return datagrams


def write(path: Path, datagrams: list[bytes]) -> None:
    path.write_bytes(b"".join(struct.pack("<I", len(datagram)) + datagram for datagram in datagrams))
    print(f"{path.name}: {len(datagrams)} datagrams, {os.path.getsize(path)} bytes")


if __name__ == "__main__":
    sys.exit(main())
