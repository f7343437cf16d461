# SPDX-License-Identifier: Apache-2.0
"""Record what this machine's kernel sends, as files for the tests: run as root, by hand.

    python tests/netlink/record_captures.py [NAME]...

With names, only those files. `kinds-6.1` is recorded on the second kernel, which has more kinds of links:

    tests/kernels/uml python tests/netlink/record_captures.py kinds-6.1

Each file of `captures/` holds datagrams as they were received, each behind its length (u32, little-endian);
a `.json` beside a dump is what `ip -j` said of the same namespace at the same moment. It uses the standard
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
GROUPS = (1, 3, 5, 7, 8, 9, 11, 19)  # links, neighbours; IPv4 and IPv6 addresses, routes, rules

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
    "rules": """
        ip rule add pref 100 from 192.0.2.0/24 iif base oif peer fwmark 0x5/0xff table 100
        ip rule add pref 101 to 10.0.0.0/8 blackhole
        ip rule add pref 102 not from 192.0.2.4 tos 0x10 lookup main suppress_prefixlength 0 \
            suppress_ifgroup 5
        ip rule add pref 103 ipproto tcp sport 10-20 dport 80 uidrange 100-200 goto 32766
        ip rule add pref 104 tun_id 5 protocol 99 table 1000 realms 1/2
        ip -6 rule add pref 106 from 2001:db8::/32 prohibit
        ip rule add pref 107 iif nosuch goto 4000
        ip rule del pref 101
        ip -6 rule del pref 106
        ip rule del pref 100
        ip rule del pref 102
        ip rule del pref 103
        ip rule del pref 104
        ip rule del pref 107
    """,
    "neighbours": """
        ip link set base up
        ip link set peer up
        ip addr add 192.0.2.1/24 dev base
        ip neigh add 192.0.2.9 lladdr 02:00:00:00:00:09 dev base router
        ip neigh add 192.0.2.11 lladdr 02:00:00:00:00:0a dev base nud stale extern_learn protocol 99
        ip neigh change 192.0.2.11 lladdr 02:00:00:00:00:0b dev base nud permanent
        ip -6 neigh add 2001:db8::9 lladdr 02:00:00:00:00:0c dev base
        ip neigh del 192.0.2.9 dev base
        ip addr flush dev base
        ip link set base down
    """,
}
DUMPS = {  # name: (request type, fixed structure, the words of `ip -j` for it)
    "links": (18, struct.pack("=BBHiII", 0, 0, 0, 0, 0, 0), ("-d link show",)),
    "addresses": (22, struct.pack("=BBBBI", 0, 0, 0, 0, 0), ("addr show",)),
    "routes": (
        26,
        struct.pack("=BBBBBBBBI", 0, 0, 0, 0, 0, 0, 0, 0, 0),
        ("-d -4 route show table all", "-d -6 route show table all"),
    ),
    "metrics": (  # the routes once more, as they are with those of the last lines of the scene
        26,
        struct.pack("=BBBBBBBBI", 2, 0, 0, 0, 254, 0, 0, 0, 0),
        ("-d -4 route show table main",),
    ),
    "rules": (34, bytes(12), ("-d -4 rule", "-d -6 rule")),
    "neighbours": (30, bytes(12), ("-d neigh show nud all",)),
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
    ip neigh add 192.0.2.9 lladdr 02:00:00:00:00:09 dev base router
    ip -6 neigh add 2001:db8::9 lladdr 02:00:00:00:00:0c dev base
    ip rule add pref 100 from 192.0.2.0/24 iif base oif peer fwmark 0x5/0xff table 100
    ip rule add pref 101 to 10.0.0.0/8 blackhole
    ip rule add pref 102 not from 192.0.2.4 tos 0x10 lookup main suppress_prefixlength 0 \
        suppress_ifgroup 5
    ip rule add pref 103 ipproto tcp sport 10-20 dport 80 uidrange 100-200 goto 32766
    ip rule add pref 104 tun_id 5 protocol 99 table 1000 realms 1/2
    ip -6 rule add pref 106 from 2001:db8::/32 prohibit
    ip rule add pref 107 iif nosuch goto 4000
    ip route add 10.6.0.0/16 via 192.0.2.9 mtu 1300 advmss lock 1200 window 99 rtt 3ms rttvar 2s \
        rto_min 7ms hoplimit 5 initcwnd 10 initrwnd 20 features ecn quickack 1 congctl reno ssthresh 9 \
        cwnd lock 7 reordering 3 src 192.0.2.1 realms 3/4
    ip route add 10.7.0.0/16 nexthop via 192.0.2.9 weight 3 dev base onlink nexthop dev base weight 2
    ip route add unreachable 10.8.0.0/16 metric 5 proto 99
    ip route add 10.9.0.0/16 dev base scope link tos 0x10
"""
KINDS_SCENE = """
    ip link add d0 type dummy
    ip link add d1 type dummy
    ip link add br0 type bridge vlan_filtering 1 stp_state 1 priority 4096 group_fwd_mask 8
    ip link set d0 master br0
    ip link set d0 type bridge_slave cost 7 hairpin on guard on group_fwd_mask 0x4008 isolated on
    ip link add bond0 type bond mode active-backup arp_interval 100 arp_ip_target \
        192.0.2.1,192.0.2.2 ns_ip6_target 2001:db8::1 arp_validate all
    ip link set d1 master bond0
    ip link add bond1 type bond mode 802.3ad lacp_rate fast ad_actor_system 02:00:00:00:00:07 miimon 100
    ip link add link base name v10 type vlan id 10 protocol 802.1ad gvrp on egress-qos-map 1:2 3:4 \
        ingress-qos-map 5:6
    ip link add vrf1 type vrf table 77
    ip link set peer master vrf1
    ip link add link base name mv0 type macvlan mode source macaddr set 02:00:00:00:00:01 \
        02:00:00:00:00:02
    ip link add link base name mt0 type macvtap mode bridge
    ip link add d2 type dummy
    ip link add link d2 name iv0 type ipvlan mode l3 private
    ip link add vx1 type vxlan id 42 group 239.1.1.1 dev base dstport 4789 srcport 30000 40000 gbp \
        proxy ttl 3 ageing 30
    ip link add vx2 type vxlan dstport 4791 external vnifilter
    ip link add gnv1 type geneve id 77 remote 2001:db8::9 tos inherit dstport 1234 df set flowlabel 0x45
    ip link add gre1 type gre local 192.0.2.1 remote 192.0.2.2 ttl 64 tos inherit ikey 1 okey \
        0.0.0.2 iseq oseq icsum dev base
    ip link add gret1 type gretap remote 192.0.2.2 key 5
    ip link add erspan2 type erspan remote 192.0.2.4 seq key 8 erspan_ver 2 erspan_dir egress \
        erspan_hwid 17
    ip link add ip6gre1 type ip6gre remote 2001:db8::2 local 2001:db8::1 encaplimit 7 tclass 0x12 \
        flowlabel inherit dscp inherit ikey 1 ocsum
    ip link add ipip1 type ipip remote 192.0.2.3 tos 0x10 mode any fwmark 7
    ip link add sit2 type sit local 192.0.2.1 ttl 5 isatap
    ip link add ip6tnl1 type ip6tnl remote 2001:db8::3 mode any encaplimit none tclass inherit \
        flowlabel 0x22 allow-localremote fwmark 9
    ip link add vti1 type vti local 192.0.2.1 remote 192.0.2.2 ikey 3 okey 4 fwmark 5
    ip link add vti61 type vti6 local 2001:db8::1 remote 2001:db8::2 key 9
    ip tuntap add t0 mode tun multi_queue
"""
ERRORS = (  # requests that the kernel refuses with a sentence: type, flags, payload
    (24, 0x605, struct.pack("=BBBBBBBBI", 2, 64, 0, 0, 254, 4, 0, 1, 0)),
    (20, 0x605, struct.pack("=BBBBI", 2, 24, 0, 0, 1)),
    (16, 0x605, struct.pack("=BBHiII", 0, 0, 0, 0, 0, 0) + struct.pack("=HH8s", 12, 3, b"a b\0\0\0\0\0")),
    (18, 0x5, struct.pack("=BBHiII", 0, 0, 0, 4711, 0, 0)),
)


def main() -> int:
    if sys.argv[1:2] != ["inside"]:
        for namespace in (NAMESPACE, OTHER):
            subprocess.run(["ip", "netns", "add", namespace], check=True)
        try:
            inside = ["ip", "netns", "exec", NAMESPACE, sys.executable, __file__, "inside", *sys.argv[1:]]
            return subprocess.run(inside, check=False).returncode
        finally:
            for namespace in (NAMESPACE, OTHER):
                subprocess.run(["ip", "netns", "del", namespace], check=True)
    names = sys.argv[2:] or [*SCENARIOS, *DUMPS, "refusals"]
    HERE.mkdir(exist_ok=True)
    run("ip link set lo up")
    run("ip link add base type veth peer name peer")
    if "kinds-6.1" in names:
        run_all(KINDS_SCENE)
        dump("kinds-6.1", *DUMPS["links"])
        return 0
    for name, commands in SCENARIOS.items():
        listener = open_socket(GROUPS)
        run_all(commands)
        events = receive_all(listener)
        if name in names:
            write(HERE / f"{name}.events", events)
    run_all(DUMP_SCENE)
    for name, (request, payload, shown) in DUMPS.items():
        if name in names:
            dump(name, request, payload, shown)
    if "refusals" in names:
        write(HERE / "refusals.answers", [datagram for error in ERRORS for datagram in ask(*error)])
    return 0


def dump(name: str, request: int, payload: bytes, shown: tuple[str, ...]) -> None:
    write(HERE / f"{name}.dump", ask(request, 0x301, payload))
    said = [item for command in shown for item in json.loads(output_of(f"ip -j {command}"))]
    text = json.dumps(said, indent=1, sort_keys=True)
    (HERE / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def run_all(commands: str) -> None:
    for command in filter(None, map(str.strip, commands.splitlines())):
        run(command)


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
        while flags & 0x300 == 0x300 and not is_end(datagrams[-1]):
            datagrams.append(opened.recv(1 << 20))
    return datagrams


def is_end(datagram: bytes) -> bool:
    """Return whether a datagram has NLMSG_DONE, alone or after other messages."""
    offset = 0
    while offset < len(datagram):
        length, kind = struct.unpack_from("=IH", datagram, offset)
        if kind == 3:
            return True
        offset += (length + 3) & -4
    return False


def write(path: Path, datagrams: list[bytes]) -> None:
    path.write_bytes(b"".join(struct.pack("<I", len(datagram)) + datagram for datagram in datagrams))
    print(f"{path.name}: {len(datagrams)} datagrams, {os.path.getsize(path)} bytes")


if __name__ == "__main__":
    sys.exit(main())
