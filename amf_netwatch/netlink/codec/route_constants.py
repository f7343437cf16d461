# SPDX-License-Identifier: Apache-2.0
"""The numbers of route messages; the others are in `constants`, whose rules hold here.

Apart, because the component never reads a route and should not pay for them.  Sources: linux/rtnetlink.h.
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
    FLOW = 11
    CACHEINFO = 12
    TABLE = 15  # u32: the table, also when it does not fit the header's byte
    MARK = 16
    VIA = 18  # next hop of another family: u16 family, address
    PREF = 20  # u8
    ENCAP_TYPE = 21
    ENCAP = 22
    EXPIRES = 23
    NH_ID = 30  # u32: a next hop object


class RouteTable(Number):
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
