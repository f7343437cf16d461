# SPDX-License-Identifier: Apache-2.0
"""The numbers of routes, rules and neighbours; the others are in `constants`, whose rules hold here.

They are in their own module, because the component reads none of these messages and should not pay for them.
Sources:
linux/rtnetlink.h, fib_rules.h, neighbour.h, lwtunnel.h.
"""

from __future__ import annotations

from enum import IntFlag

from amf_netwatch.netlink.codec.constants import Number


class RouteAttribute(Number):
    """RTA_*: attributes of a route message."""

    DST = 1  # destination; absent for the default route
    SRC = 2
    IIF = 3  # u32
    OIF = 4  # u32: the interface it leaves by
    GATEWAY = 5  # address of the next hop
    PRIORITY = 6  # u32: the metric
    PREFSRC = 7
    METRICS = 8  # nested
    MULTIPATH = 9  # array of rtnexthop
    FLOW = 11  # u32: realms, the source's in the upper half
    CACHEINFO = 12  # when it was used, and when it ends
    TABLE = 15  # u32: the table, also when it does not fit the header's byte
    MARK = 16
    VIA = 18  # next hop of another family: u16 family, address
    NEWDST = 19  # MPLS: the labels that replace the destination
    PREF = 20  # u8, RFC 4191: 0 medium, 1 high, 3 low
    ENCAP_TYPE = 21  # u16
    ENCAP = 22  # nested; its form depends on ENCAP_TYPE
    EXPIRES = 23  # u32: seconds; in requests only
    TTL_PROPAGATE = 26  # u8
    NH_ID = 30  # u32: a next hop object


class RouteMetric(Number):
    """RTAX_*: inside RouteAttribute.METRICS; u32 all but CC_ALGO."""

    LOCK = 1  # a bit for each metric that the kernel must not adapt
    MTU = 2
    WINDOW = 3
    RTT = 4  # eighths of a millisecond
    RTTVAR = 5  # quarters of a millisecond
    SSTHRESH = 6
    CWND = 7
    ADVMSS = 8
    REORDERING = 9
    HOPLIMIT = 10
    INITCWND = 11
    FEATURES = 12
    RTO_MIN = 13  # milliseconds
    INITRWND = 14
    QUICKACK = 15
    CC_ALGO = 16  # text: the name of the congestion control
    FASTOPEN_NO_COOKIE = 17


class TableNumber(Number):
    """rtmsg.rtm_table and RouteAttribute.TABLE; every other number is a table of the administrator."""

    UNSPEC = 0
    COMPAT = 252  # "does not fit a byte, see the attribute"
    DEFAULT = 253
    MAIN = 254
    LOCAL = 255  # the kernel's own: local and broadcast addresses


class RouteProtocol(Number):
    """rtmsg.rtm_protocol: who made the route."""

    UNSPEC = 0
    REDIRECT = 1  # an ICMP redirect
    KERNEL = 2
    BOOT = 3  # at boot, or `ip route` without "proto"
    STATIC = 4
    RA = 9  # router advertisement
    DHCP = 16
    BGP = 186
    OSPF = 188


class RouteType(Number):
    """rtmsg.rtm_type."""

    UNSPEC = 0
    UNICAST = 1
    LOCAL = 2
    BROADCAST = 3
    ANYCAST = 4
    MULTICAST = 5
    BLACKHOLE = 6  # dropped without a word
    UNREACHABLE = 7
    PROHIBIT = 8
    THROW = 9
    NAT = 10


class RouteFlag(IntFlag):
    """rtmsg.rtm_flags (RTM_F_*) and rtnexthop.rtnh_flags (RTNH_F_*)."""

    DEAD = 0x1
    PERVASIVE = 0x2
    ONLINK = 0x4
    OFFLOAD = 0x8
    LINKDOWN = 0x10
    UNRESOLVED = 0x20
    TRAP = 0x40
    NOTIFY = 0x100
    CLONED = 0x200  # a cache entry, not a route of a table
    EQUALIZE = 0x400
    PREFIX = 0x800


class RuleAttribute(Number):
    """FRA_*: attributes of a rule message."""

    DST = 1
    SRC = 2
    IIFNAME = 3  # bytes: the interface that a packet comes in by
    GOTO = 4  # u32: the priority of the rule to go on with
    PRIORITY = 6  # u32
    FWMARK = 10  # u32
    FLOW = 11  # u32: realms
    TUN_ID = 12  # u64 in network order
    SUPPRESS_IFGROUP = 13  # s32; -1: none
    SUPPRESS_PREFIXLEN = 14  # s32; -1: none
    TABLE = 15  # u32
    FWMASK = 16  # u32
    OIFNAME = 17  # bytes: the interface that a socket is bound to
    L3MDEV = 19  # u8: look into the table of the packet's VRF
    UID_RANGE = 20  # two u32, both included
    PROTOCOL = 21  # u8, RouteProtocol: who made the rule
    IP_PROTO = 22  # u8
    SPORT_RANGE = 23  # two u16, both included
    DPORT_RANGE = 24
    DSCP = 25  # u8; this and the following came with Linux 6.12 to 6.16
    FLOWLABEL = 26  # u32 in network order
    FLOWLABEL_MASK = 27  # u32 in network order
    SPORT_MASK = 28  # u16: the bits of the port that count
    DPORT_MASK = 29  # u16
    DSCP_MASK = 30  # u8


class RuleAction(Number):
    """fib_rule_hdr.action (FR_ACT_*)."""

    UNSPEC = 0
    TO_TBL = 1  # look into a table
    GOTO = 2
    NOP = 3
    BLACKHOLE = 6
    UNREACHABLE = 7
    PROHIBIT = 8


class RuleFlag(IntFlag):
    """fib_rule_hdr.flags (FIB_RULE_*)."""

    PERMANENT = 0x1
    INVERT = 0x2  # the rule is for what does not match
    UNRESOLVED = 0x4  # there is no rule of the priority that GOTO names
    IIF_DETACHED = 0x8  # there is no interface of that name
    OIF_DETACHED = 0x10


class NeighbourAttribute(Number):
    """NDA_*: attributes of a neighbour message."""

    DST = 1  # 4 or 16 bytes
    LLADDR = 2  # bytes: its hardware address
    CACHEINFO = 3  # ages, which change by themselves
    PROBES = 4
    VLAN = 5  # u16
    PORT = 6  # u16 in network order
    VNI = 7  # u32
    IFINDEX = 8  # u32
    MASTER = 9  # u32: ifindex of the bridge or VRF above
    PROTOCOL = 12  # u8, RouteProtocol: who made it
    NH_ID = 13  # u32
    FLAGS_EXT = 15  # u32


class NeighbourState(IntFlag):
    """ndmsg.ndm_state (NUD_*)."""

    INCOMPLETE = 0x1  # asked for, no answer yet
    REACHABLE = 0x2
    STALE = 0x4
    DELAY = 0x8
    PROBE = 0x10
    FAILED = 0x20  # nobody answers
    NOARP = 0x40
    PERMANENT = 0x80  # an administrator's


class NeighbourFlag(IntFlag):
    """ndmsg.ndm_flags (NTF_*)."""

    USE = 0x1
    SELF = 0x2
    MASTER = 0x4
    PROXY = 0x8  # we answer for this address
    EXT_LEARNED = 0x10
    OFFLOADED = 0x20
    STICKY = 0x40
    ROUTER = 0x80
