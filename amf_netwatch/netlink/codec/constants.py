# SPDX-License-Identifier: Apache-2.0
"""The numbers of netlink and rtnetlink: one enum per table of the kernel's headers.

It decodes nothing, and the lists are not complete: they have the numbers that this library reads, asks or
prints. A number that only the kernel knows survives decoding and prints as ``unknown(n)``. Sources:
linux/netlink.h, rtnetlink.h, if_link.h, if_addr.h, if.h, if_arp.h and RFC 2863 (operational states).
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import TypeVar

_N = TypeVar("_N", bound="Number")


class Number(IntEnum):
    """A wire number with a name; a number without one becomes a member that prints as ``unknown(n)``."""

    @classmethod
    def _missing_(cls: type[_N], value: object) -> _N | None:
        if not isinstance(value, int):
            return None
        member = int.__new__(cls, value)
        member._name_ = f"unknown({value})"
        member._value_ = value
        return member

    def __str__(self) -> str:
        return self._name_.lower()


class Members(dict[int, _N]):
    """The members of an enum by number. For decoders, because it is four times faster than calling the enum.

    Unknown numbers get an ``unknown(n)`` member, which is not kept, so memory does not grow.
    """

    def __init__(self, enum: type[_N]) -> None:
        super().__init__((int(member), member) for member in enum)
        self._enum = enum

    def __missing__(self, value: int) -> _N:
        return self._enum(value)


class MessageType(Number):
    """nlmsghdr.nlmsg_type."""

    NOOP = 1  # to be ignored
    ERROR = 2  # the kernel's answer: an errno, or 0 as acknowledgement
    DONE = 3  # the end of a multi-part answer
    OVERRUN = 4  # data was lost
    NEWLINK = 16  # a link is new or has changed
    DELLINK = 17  # a link has left this namespace (AF_UNSPEC), or a port has left its bridge (AF_BRIDGE)
    GETLINK = 18
    SETLINK = 19
    NEWADDR = 20  # an address was assigned, or one of its properties changed
    DELADDR = 21
    GETADDR = 22
    NEWROUTE = 24  # a route was added, or replaced (HeaderFlag.REPLACE)
    DELROUTE = 25
    GETROUTE = 26
    NEWNEIGH = 28  # a neighbour is new or has changed
    DELNEIGH = 29
    GETNEIGH = 30
    NEWRULE = 32  # a routing rule was added
    DELRULE = 33
    GETRULE = 34
    NEWNEXTHOP = 104  # a next hop object was added or replaced
    DELNEXTHOP = 105
    NEWLINKPROP = 108  # request: give a link further names
    DELLINKPROP = 109


class HeaderFlag(IntFlag):
    """nlmsghdr.nlmsg_flags; the bits from 0x100 mean different things in requests, events and errors."""

    REQUEST = 0x1  # from us to the kernel
    MULTI = 0x2  # one part of several, DONE follows
    ACK = 0x4  # answer with an ERROR message, also on success
    ECHO = 0x8
    DUMP_INTERRUPTED = 0x10  # the table changed while it was being listed: the list may be inconsistent
    DUMP_FILTERED = 0x20  # the kernel applied our filter
    ROOT = 0x100  # GET: the whole table
    MATCH = 0x200  # GET: all that match
    DUMP = 0x300  # GET: ROOT and MATCH together
    REPLACE = 0x100  # NEW: took the place of an existing object
    EXCLUSIVE = 0x200  # NEW: only if there is none yet
    CREATE = 0x400  # NEW: make it if there is none yet
    APPEND = 0x800  # NEW: at the end of the list
    CAPPED = 0x100  # ERROR: the request was not quoted whole
    ACK_TLVS = 0x200  # ERROR: attributes (ExtendedAck) follow


class ExtendedAck(Number):
    """Attributes of ERROR and DONE when the socket asked for extended acknowledgements."""

    MESSAGE = 1  # text, NUL-terminated
    OFFSET = 2  # u32: the place in our request that the kernel objects to
    COOKIE = 3
    POLICY = 4
    MISSING_TYPE = 5  # u32: the attribute that is missing
    MISSING_NEST = 6  # u32: where in the request it is missing


class Group(Number):
    """Multicast groups of NETLINK_ROUTE; a socket subscribes to each by number."""

    LINK = 1  # NEWLINK, DELLINK; AF_UNSPEC and AF_BRIDGE
    NEIGHBOUR = 3  # NEWNEIGH, DELNEIGH; IPv4, IPv6 and AF_BRIDGE (forwarding entries)
    IPV4_ADDRESS = 5  # NEWADDR, DELADDR
    IPV4_ROUTE = 7  # NEWROUTE, DELROUTE
    IPV4_RULE = 8  # NEWRULE, DELRULE
    IPV6_ADDRESS = 9
    IPV6_ROUTE = 11
    IPV6_RULE = 19
    NEXT_HOP = 32  # NEWNEXTHOP, DELNEXTHOP


class Family(Number):
    """Address families."""

    UNSPEC = 0  # of a link message: it speaks of the link itself
    INET = 2
    BRIDGE = 7  # of a link message: it speaks of a bridge's port
    INET6 = 10
    MPLS = 28
    IPMR = 128  # RTNL_FAMILY_IPMR: routing of IPv4 multicast has rules of its own
    IP6MR = 129


class HardwareType(Number):
    """ifinfomsg.ifi_type (ARPHRD_*): what kind of hardware addresses the link has."""

    ETHER = 1  # 6 bytes; also bridges, bonds, veth, tap
    IEEE1394 = 24  # 8 bytes
    INFINIBAND = 32  # 20 bytes
    CAN = 280  # none
    PPP = 512
    TUNNEL = 768  # IPv4 in IPv4: 4 bytes
    TUNNEL6 = 769  # IPv6 in IPv6: 16 bytes
    LOOPBACK = 772
    SIT = 776  # IPv6 in IPv4: 4 bytes
    IPGRE = 778
    IEEE80211_RADIOTAP = 803
    IP6GRE = 823
    NETLINK = 824
    NONE = 0xFFFE  # no hardware addresses: tun, wireguard
    VOID = 0xFFFF


class LinkFlag(IntFlag):
    """ifinfomsg.ifi_flags (IFF_*)."""

    UP = 0x1  # administratively up
    BROADCAST = 0x2
    DEBUG = 0x4
    LOOPBACK = 0x8
    POINTOPOINT = 0x10
    NOTRAILERS = 0x20
    RUNNING = 0x40  # RFC 2863 OPER_UP (or unknown): traffic can pass
    NOARP = 0x80
    PROMISC = 0x100
    ALLMULTI = 0x200
    MASTER = 0x400  # has ports below it
    SLAVE = 0x800  # is a port
    MULTICAST = 0x1000
    PORTSEL = 0x2000
    AUTOMEDIA = 0x4000
    DYNAMIC = 0x8000
    LOWER_UP = 0x10000  # carrier: layer 1 is up
    DORMANT = 0x20000  # waits for something, such as 802.1X
    ECHO = 0x40000


class OperState(Number):
    """IFLA_OPERSTATE: the RFC 2863 state; str() is the kernel's word as sysfs prints it."""

    UNKNOWN = 0  # the driver does not tell: loopback, tun
    NOTPRESENT = 1  # hardware is missing
    DOWN = 2
    LOWERLAYERDOWN = 3  # the link below, or the veth peer, is down
    TESTING = 4
    DORMANT = 5
    UP = 6


class LinkAttribute(Number):
    """IFLA_*: attributes of a link message."""

    ADDRESS = 1  # bytes of any length; absent for tun
    BROADCAST = 2
    IFNAME = 3  # bytes, NUL-terminated
    MTU = 4  # u32
    LINK = 5  # u32: ifindex of the link below (vlan, macvlan) or of the peer (veth)
    QDISC = 6  # text
    STATS = 7
    MASTER = 10  # u32: ifindex of the bridge or bond above
    WIRELESS = 11  # a wireless event: the message is partial
    TXQLEN = 13  # u32
    MAP = 14
    OPERSTATE = 16  # u8, OperState
    LINKMODE = 17  # u8
    LINKINFO = 18  # nested, LinkInfoAttribute
    NET_NS_PID = 19
    IFALIAS = 20  # text, NUL-terminated
    STATS64 = 23
    AF_SPEC = 26  # nested by family: half of a message's bytes
    GROUP = 27  # u32
    NET_NS_FD = 28
    EXT_MASK = 29  # u32: in requests, LinkFilter
    PROMISCUITY = 30  # u32
    CARRIER = 33  # u8: 0 or 1
    CARRIER_CHANGES = 35  # u32
    LINK_NETNSID = 37  # s32: the namespace that LINK's number belongs to, when another
    EVENT = 44  # u32
    NEW_NETNSID = 45  # s32: of a DELLINK: it moved there
    NEW_IFINDEX = 49  # s32: its number there
    MIN_MTU = 50  # u32: the smallest MTU that the link takes
    MAX_MTU = 51  # u32: the largest; 0: no limit
    PROP_LIST = 52  # nested: ALT_IFNAME, several
    ALT_IFNAME = 53  # text, NUL-terminated
    PERM_ADDRESS = 54  # the address burnt into the hardware


class LinkInfoAttribute(Number):
    """IFLA_INFO_*: inside LinkAttribute.LINKINFO."""

    KIND = 1  # text: veth, bridge, vlan ...; absent for hardware
    DATA = 2
    XSTATS = 3
    SLAVE_KIND = 4  # text: the kind of the link above
    SLAVE_DATA = 5


class LinkFilter(IntFlag):
    """RTEXT_FILTER_*: bits of LinkAttribute.EXT_MASK in a request."""

    VF = 0x1
    SKIP_STATS = 0x8  # leave the counters out: a third of the bytes


class AddressAttribute(Number):
    """IFA_*: attributes of an address message."""

    ADDRESS = 1  # 4 or 16 bytes: with LOCAL present, the peer's; else our own
    LOCAL = 2  # 4 or 16 bytes: our own address (always in IPv4)
    LABEL = 3  # text
    BROADCAST = 4
    ANYCAST = 5
    CACHEINFO = 6  # lifetimes
    MULTICAST = 7
    FLAGS = 8  # u32, AddressFlag: the eight bits of the header and more
    RT_PRIORITY = 9  # u32: the metric of the routes that come with the address
    PROTO = 11  # u8: who assigned it


class AddressFlag(IntFlag):
    """IFA_F_*."""

    SECONDARY = 0x1  # IPv4; the same bit means "temporary" in IPv6
    NODAD = 0x2
    OPTIMISTIC = 0x4
    DADFAILED = 0x8  # another node has it
    HOMEADDRESS = 0x10
    DEPRECATED = 0x20
    TENTATIVE = 0x40  # duplicate detection still runs
    PERMANENT = 0x80  # without a lifetime
    MANAGETEMPADDR = 0x100
    NOPREFIXROUTE = 0x200
    MCAUTOJOIN = 0x400
    STABLE_PRIVACY = 0x800


class Scope(Number):
    """rtmsg.rtm_scope: how far the destination is."""

    UNIVERSE = 0
    SITE = 200
    LINK = 253
    HOST = 254
    NOWHERE = 255
