# SPDX-License-Identifier: Apache-2.0
"""Every kind of link, made by `ip` on a running kernel: our options are those of ``ip -d -j link``.

A kind that the machine's kernel lacks is tested on the second one, by `make test-kernel`.
"""

from __future__ import annotations

import os
import pwd
import shlex

import pytest
from kernel_fixtures import cannot_run, in_user_namespace
from pyroute2 import IPRoute

from amf_netwatch.netlink import Conversation, format_address, parse_ip
from amf_netwatch.netlink.codec.constants import MessageType
from amf_netwatch.netlink.codec.edits import pack_create_link, pack_delete_link, pack_set_port, plan_link
from amf_netwatch.netlink.codec.kinds.registry import (
    Choice,
    list_kinds,
    list_port_kinds,
    pack_options,
    pack_port_options,
    read_options,
    read_port_options,
)
from amf_netwatch.netlink.codec.link import LinkInfo, decode_link

pytestmark = pytest.mark.kernel

# Kind: what follows "ip link add NAME", for as many states as make a difference.
SCENES = {
    "bridge": (
        "type bridge",
        "type bridge stp_state 1 forward_delay 300 hello_time 150 max_age 900 priority 1",
        "type bridge vlan_filtering 1 vlan_protocol 802.1ad vlan_default_pvid 7 vlan_stats_enabled 1",
        "type bridge group_fwd_mask 8 group_address 01:80:c2:00:00:05 no_linklocal_learn 1",
        (
            "type bridge mcast_snooping 1 mcast_router 2 mcast_querier 1 mcast_query_use_ifaddr 1"
            " mcast_hash_max 1024 mcast_last_member_count 3 mcast_startup_query_count 4"
            " mcast_last_member_interval 200 mcast_membership_interval 20000 mcast_querier_interval 20001"
            " mcast_query_interval 5000 mcast_query_response_interval 900 mcast_startup_query_interval 2000"
            " mcast_stats_enabled 1 mcast_igmp_version 3 mcast_mld_version 2"
        ),
        "type bridge nf_call_iptables 1 nf_call_ip6tables 1 nf_call_arptables 1",
    ),
    "bond": (
        "type bond",
        (
            "type bond mode active-backup arp_interval 100 arp_ip_target 192.0.2.1,192.0.2.2"
            " ns_ip6_target 2001:db8::1 arp_validate all arp_all_targets all primary_reselect better"
        ),
        (
            "type bond mode 802.3ad lacp_rate fast ad_select bandwidth ad_user_port_key 5 ad_actor_sys_prio 7"
            " ad_actor_system 02:00:00:00:00:07 min_links 2 lacp_active off miimon 100"
        ),
        (
            "type bond mode balance-alb miimon 50 updelay 100 use_carrier 1 xmit_hash_policy layer3+4"
            " resend_igmp 3 num_grat_arp 4 all_slaves_active 1 tlb_dynamic_lb 1 fail_over_mac active"
        ),
        "type bond mode balance-rr packets_per_slave 5 lp_interval 9",
    ),
    "vlan": (
        "link base type vlan id 10",
        (
            "link base type vlan id 11 protocol 802.1ad gvrp on mvrp on loose_binding on reorder_hdr off"
            " egress-qos-map 1:2 3:4 ingress-qos-map 5:6"
        ),
    ),
    "vrf": ("type vrf table 77",),
    "macvlan": (
        "link base type macvlan mode private",
        "link base type macvlan mode vepa bcqueuelen 777",
        "link base type macvlan mode source macaddr set 02:00:00:00:00:01 02:00:00:00:00:02",
        "link base type macvlan mode bridge nodst",
    ),
    "macvtap": ("link base type macvtap mode bridge", "link base type macvtap mode passthru nopromisc"),
    "ipvlan": (
        "link base type ipvlan mode l2",
        "link base type ipvlan mode l3 private",
        "link base type ipvlan mode l3s vepa",
    ),
    "ipvtap": ("link base type ipvtap mode l2",),
    "vxlan": (
        (
            "type vxlan id 42 dstport 4789 group 239.1.1.1 dev base srcport 30000 40000 gbp learning proxy"
            " rsc l2miss l3miss ttl 3 ageing 30 maxaddress 100"
        ),
        (
            "type vxlan id 43 dstport 4790 remote 2001:db8::9 local 2001:db8::1 tos inherit flowlabel 7"
            " nolearning udp6zerocsumtx udp6zerocsumrx remcsumtx remcsumrx ttl inherit df inherit"
        ),
        "type vxlan dstport 4791 external vnifilter",
        "type vxlan id 45 dstport 4792 group ff05::100 dev base",
        "type vxlan id 46 dstport 4793 remote 192.0.2.9 local 192.0.2.1 noudpcsum tos 0x10 df set",
    ),
    "geneve": (
        "type geneve id 77 remote 192.0.2.9 ttl 5 tos 0x3 dstport 1234 udpcsum",
        "type geneve id 78 remote 2001:db8::9 ttl inherit tos inherit df set flowlabel 0x45 udp6zerocsumtx",
        "type geneve external",
    ),
    "gre": (
        (
            "type gre local 192.0.2.1 remote 192.0.2.2 ttl 64 tos inherit ikey 1 okey 0.0.0.2 iseq oseq icsum"
            " dev base"
        ),
        "type gre remote 192.0.2.3 nopmtudisc ignore-df fwmark 5",
        "type gre external",
    ),
    "gretap": ("type gretap remote 192.0.2.2 key 5",),
    "erspan": (
        "type erspan remote 192.0.2.2 local 192.0.2.1 seq key 7 erspan_ver 1 erspan 123",
        "type erspan remote 192.0.2.4 seq key 8 erspan_ver 2 erspan_dir egress erspan_hwid 17",
    ),
    "ip6gre": (
        "type ip6gre remote 2001:db8::2 local 2001:db8::1 encaplimit none tclass inherit flowlabel 0x123",
        (
            "type ip6gre remote 2001:db8::3 encaplimit 7 tclass 0x12 flowlabel inherit dscp inherit ikey 1"
            " ocsum hoplimit 9 dev base"
        ),
    ),
    "ip6gretap": ("type ip6gretap remote 2001:db8::2",),
    "ip6erspan": ("type ip6erspan remote 2001:db8::2 local 2001:db8::1 seq key 7 erspan_ver 1 erspan 123",),
    "ipip": (
        "type ipip remote 192.0.2.2 local 192.0.2.1 nopmtudisc mode mplsip dev base",
        "type ipip remote 192.0.2.3 tos 0x10 mode any fwmark 7",
        "type ipip external",
    ),
    "sit": (
        "type sit remote 192.0.2.2 local 192.0.2.1 ttl 5 mode any",
        "type sit local 192.0.2.1 ttl 5 isatap",
        "type sit local 192.0.2.1 ttl 5 mode ip6ip 6rd-prefix 2001:db8::/32 6rd-relay_prefix 192.0.0.0/8",
    ),
    "ip6tnl": (
        "type ip6tnl remote 2001:db8::2 mode ip4ip6",
        (
            "type ip6tnl remote 2001:db8::3 mode any encaplimit none tclass inherit flowlabel 0x22"
            " dscp inherit hoplimit 7 dev base allow-localremote fwmark 9"
        ),
        "type ip6tnl remote 2001:db8::4 mode ip6ip6 fwmark inherit encaplimit 3 tclass 0x17",
        "type ip6tnl external",
    ),
    "vti": ("type vti local 192.0.2.1 remote 192.0.2.2 ikey 3 okey 4 fwmark 5 dev base",),
    "vti6": ("type vti6 local 2001:db8::1 remote 2001:db8::2 key 9",),
    "xfrm": ("dev base type xfrm if_id 5",),
    "tun": (),  # made by an ioctl, see below
}
PORT_SCENES = {
    "bridge": (
        "type bridge_slave",
        (
            "type bridge_slave cost 7 priority 5 hairpin on guard on root_block on fastleave on learning off"
            " flood off proxy_arp on proxy_arp_wifi on mcast_router 2 mcast_flood off bcast_flood off"
            " mcast_to_unicast on neigh_suppress on group_fwd_mask 0x4008 vlan_tunnel on isolated on"
            " locked on backup_port other"
        ),
    ),
    "bond": ("type bond_slave queue_id 3 prio -2",),
    "vrf": ("type vrf_slave",),
}
ON_SECOND_KERNEL = os.environ.get("AMF_NETWATCH_KERNEL") == "uml"
# Debian's user-mode Linux lacks these too, and the encapsulation of tunnels: `test_tables` has them from the
# kernel's headers only.
NOWHERE = {"xfrm", "ipvtap"}


def make(namespace, arguments):
    """`ip link add k0 ARGUMENTS`; skips where the kernel lacks the kind, which the other kernel has."""
    kind = arguments.split("type ")[1].split()[0]
    words = shlex.split(arguments)
    command = ["ip", "link", "add", *(words[:2] if words[0] == "link" else ()), "name", "k0"]
    rest = words[2:] if words[0] == "link" else words
    if words[0] == "dev":  # of xfrm: belongs behind the kind
        rest = [*words[2:], *words[:2]]
    done = namespace.run(*command, *rest, check=False)
    if done.returncode and ("Unknown device type" in done.stderr or "not supported" in done.stderr):
        if ON_SECOND_KERNEL and kind not in NOWHERE:
            pytest.fail(f"the second kernel has no {kind}: {done.stderr}")
        pytest.skip(f"this kernel has no links of kind {kind}; see `make test-kernel`")
    assert done.returncode == 0, f"{arguments}: {done.stderr}"


@pytest.fixture
def base(namespace):
    """A link that others can stand on, and another one beside it."""
    namespace.add_link("base", "veth", "peer", "name", "other")
    namespace.ip("link set base up")
    return namespace


def read(namespace, name="k0"):
    """Return the link as we decode it, what `ip` prints, and functions from names to indexes and back."""
    said = {item["ifname"]: item for item in namespace.ip_json("-d link")}
    names = {item["ifindex"]: name for name, item in said.items()}
    with Conversation() as conversation:
        link = conversation.get_link(name=name.encode())
    assert link is not None
    return link, said[name], names.get, {name: index for index, name in names.items()}.get


CASES = [(kind, arguments) for kind, scenes in SCENES.items() for arguments in scenes]


@pytest.mark.parametrize(("kind", "arguments"), CASES, ids=[arguments for _, arguments in CASES])
def test_options_are_those_of_ip(base, kind, arguments):
    make(base, arguments)
    link, said, find_name, find_index = read(base)
    assert link.kind == said["linkinfo"]["info_kind"] == kind
    options = read_options(link, find_name)
    expected = said["linkinfo"].get("info_data", {})
    assert steady(options) == steady(expected)
    assert list(options) == [name for name in expected if name in options]
    assert (link.queue_length, link.promiscuity, link.group) == (said["txqlen"], said["promiscuity"], 0)
    assert (link.min_mtu, link.max_mtu) == (said["min_mtu"], said["max_mtu"])
    # The other direction: the same options make the same link.
    wanted = read_options(link, find_name, Choice.SETTABLE)
    if "vlan_protocol" not in options:
        # A kernel without VLAN filtering prints these of every bridge and refuses them in every request.
        wanted.pop("vlan_filtering", None)
        wanted.pop("mst_enabled", None)
        wanted.pop("mcast_vlan_snooping", None)
        wanted.pop("fdb_local_vlan_0", None)
    if kind == "bond":
        wanted = what_differs(base, wanted, f"type bond mode {wanted['mode']}") | {"mode": wanted["mode"]}
    data = pack_options(kind, wanted, find_index)
    lower = link.lower if said.get("link") else None
    made = plan_link(b"k0", lower=lower, info=LinkInfo(kind, data=data))
    with Conversation() as conversation:
        send(conversation, pack_delete_link(link.ifindex, 1))
        send(conversation, pack_create_link(made, 2))
    again, said_again, find_name, _ = read(base)
    assert steady(read_options(again, find_name, Choice.ALL)) == steady(
        read_options(link, find_name, Choice.ALL)
    )
    assert steady(said_again["linkinfo"].get("info_data", {})) == steady(expected)


def what_differs(namespace, options, arguments):
    """The options that a plain link does not have: a bond refuses some in its mode, though it prints them."""
    namespace.ip(f"link add plain {arguments}")
    plain = read_options(read(namespace, "plain")[0], choice=Choice.SETTABLE)
    namespace.ip("link del plain")
    return {name: value for name, value in options.items() if plain.get(name, ...) != value}


def steady(options):
    """Without what counts down by itself, and what a kernel chooses anew for each link."""
    changing = ("_timer", "bridge_id", "root_id", "topology_change")
    return {name: value for name, value in options.items() if not name.endswith(changing)}


def send(conversation, message):
    """Hand a packed message to the kernel; raises KernelError when it refuses."""
    return conversation.ask(
        int.from_bytes(message[4:6], "little"),
        message[16:],
        int.from_bytes(message[6:8], "little") & ~0x1,
    )


PORT_CASES = [(kind, arguments) for kind, scenes in PORT_SCENES.items() for arguments in scenes]


@pytest.mark.parametrize(("kind", "arguments"), PORT_CASES, ids=[arguments for _, arguments in PORT_CASES])
def test_port_options_are_those_of_ip(base, kind, arguments):
    more = {"vrf": " table 9", "bond": " mode active-backup"}
    make(base, f"type {kind}{more.get(kind, '')}")
    base.ip("link set other down")
    base.ip("link set base down")
    base.ip("link set base master k0")
    if "backup_port" in arguments:
        base.ip("link set other master k0")
    if arguments.endswith("_slave") is False:
        base.ip(f"link set base {arguments}")
    link, said, find_name, find_index = read(base, "base")
    assert link.info.port_kind == kind
    options = read_port_options(link, find_name)
    assert steady(options) == steady(said["linkinfo"].get("info_slave_data", {}))
    wanted = read_port_options(link, find_name, Choice.SETTABLE)
    wanted.pop("state", None)  # only while no spanning tree runs, and the port is up
    if not wanted:
        return
    base.ip("link set base nomaster")
    base.ip("link set base down")
    base.ip("link set base master k0")
    with Conversation() as conversation:
        send(conversation, pack_set_port(link.ifindex, kind, pack_port_options(kind, wanted, find_index), 1))
    assert steady(read_port_options(read(base, "base")[0], find_name)) == steady(options)


@pytest.mark.parametrize("mode", ["tun", "tap multi_queue", "tap user nobody vnet_hdr", "tun pi"])
def test_tun_devices(namespace, mode):
    added = namespace.run("ip", "tuntap", "add", "k0", "mode", *mode.split(), check=False)
    if added.returncode and in_user_namespace():
        cannot_run(f"no tun in a user namespace here: {added.stderr.strip()}")
    assert added.returncode == 0, added.stderr
    link, said, find_name, _ = read(namespace)
    expected = said["linkinfo"]["info_data"]
    if "user" in expected:
        expected["user"] = pwd.getpwnam(expected["user"]).pw_uid
    assert read_options(link, find_name) == expected


@pytest.mark.parametrize(
    "arguments",
    [
        "type gre local 192.0.2.1 remote 192.0.2.2",
        "type ipip local 192.0.2.1",
        "type sit local 192.0.2.1",
        "type ip6tnl local 2001:db8::1 remote 2001:db8::2",
        "type ip6gre local 2001:db8::1 remote 2001:db8::2",
    ],
)
def test_the_hardware_address_of_a_tunnel_is_an_ip_address_to_ip(base, arguments):
    """`ip` prints its 4 or 16 bytes as an IP address; sysfs and we as hex, as those of every other link."""
    make(base, arguments)
    link, said, _, _ = read(base)
    assert parse_ip(said["address"]) == link.address
    sysfs = base.run("cat", "/sys/class/net/k0/address").stdout.strip()
    assert format_address(link.address) == sysfs
    assert link.hardware_type in (768, 769, 776, 778, 823)


def test_every_kind_with_a_table_has_a_scene():
    assert list_kinds() == tuple(SCENES)
    assert list_port_kinds() == tuple(PORT_SCENES)


def test_the_ends_of_a_veth(namespace, new_namespace):
    namespace.add_link("v0", "veth", "peer", "name", "v1")
    link, _, _, _ = read(namespace, "v0")
    peer, _, _, _ = read(namespace, "v1")
    assert (link.kind, link.lower, link.lower_namespace) == ("veth", peer.ifindex, None)
    assert read_options(link) == {}
    there = new_namespace()
    namespace.ip(f"link set v1 netns {there.name}")
    link, said, _, _ = read(namespace, "v0")
    assert (link.lower, link.lower_namespace) == (said["link_index"], said["link_netnsid"])


def test_what_pyroute2_reads_of_every_link(base):
    """The raw numbers of an independent decoder, for the kinds that this kernel has."""
    for number, scenes in enumerate(SCENES.values()):
        for arguments in scenes[:1]:
            words = shlex.split(arguments)
            before = words[:2] if words[0] == "link" else []
            rest = words[2:] if before else words
            base.run("ip", "link", "add", *before, "name", f"k{number}", *rest, check=False)
    with Conversation() as conversation, IPRoute() as general:
        links = {link.ifindex: link for link in conversation.dump_links()}
        for message in general.get_links():
            link = links.pop(message["index"])
            if len(link.address or b"") not in (4, 16):  # pyroute2 reads past the addresses of tunnels
                assert format_address(link.address) == (message.get_attr("IFLA_ADDRESS") or "")
            assert link.mtu == message.get_attr("IFLA_MTU")
            assert link.min_mtu == message.get_attr("IFLA_MIN_MTU")
            assert link.max_mtu == message.get_attr("IFLA_MAX_MTU")
            info = message.get_attr("IFLA_LINKINFO")
            assert link.kind == (info.get_attr("IFLA_INFO_KIND") if info else None)
    assert not links
    assert MessageType.NEWLINK == 16
    assert decode_link is not None
