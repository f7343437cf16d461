# SPDX-License-Identifier: Apache-2.0
"""Requests to the kernel, and the fixed structures that requests and answers share.

The drawings of the structures are in the modules that read the answers: `link`, `address`, `route`,
`rule`, `neighbour`.
"""

from __future__ import annotations

from struct import Struct

from amf_netwatch.netlink.codec.messages import pack_attribute

IFINFO = Struct("=BxHiII")  # family, hardware type, index, flags, change
IFADDR = Struct("=BBBBI")  # family, prefix length, flags, scope, index
RTMSG = Struct("=BBBBBBBBI")  # family, prefix lengths (2), tos, table, protocol, scope, type, flags
FIB_RULE = Struct("=BBBBBxxBI")  # family, prefix lengths (2), tos, table, action, flags
NEIGHBOUR = Struct("=BxxxiHBB")  # family, index, state, flags, type
_U32 = Struct("=I")
_IFLA_IFNAME, _IFLA_EXT_MASK, _RTA_OIF, _RTA_TABLE, _NDA_IFINDEX = 3, 29, 4, 15, 8


def pack_link_request(index: int = 0, name: bytes | None = None, extended_mask: int = 0) -> bytes:
    """Return the payload of an RTM_GETLINK: for one link by index or by name, or for a dump of all links if
    neither is given."""
    payload = IFINFO.pack(0, 0, index, 0, 0)
    if name is not None:
        payload += pack_attribute(_IFLA_IFNAME, name + b"\0")
    if extended_mask:
        payload += pack_attribute(_IFLA_EXT_MASK, _U32.pack(extended_mask))
    return payload


def pack_address_request(index: int = 0, family: int = 0) -> bytes:
    """Return the payload of an RTM_GETADDR dump. `index` limits it to one link if the socket checks
    strictly."""
    return IFADDR.pack(family, 0, 0, 0, index)


def pack_route_request(family: int = 0, table: int | None = None, interface: int | None = None) -> bytes:
    """Return the payload of an RTM_GETROUTE dump. Table and interface limit it if the socket checks
    strictly."""
    payload = RTMSG.pack(family, 0, 0, 0, 0, 0, 0, 0, 0)
    if table is not None:
        payload += pack_attribute(_RTA_TABLE, _U32.pack(table))
    if interface is not None:
        payload += pack_attribute(_RTA_OIF, _U32.pack(interface))
    return payload


def pack_rule_request(family: int = 0) -> bytes:
    """Return the payload of an RTM_GETRULE dump."""
    return FIB_RULE.pack(family, 0, 0, 0, 0, 0, 0)


def pack_neighbour_request(family: int = 0, interface: int | None = None, flags: int = 0) -> bytes:
    """Return the payload of an RTM_GETNEIGH dump. `interface` limits it if the socket checks strictly.

    `flags`: NeighbourFlag.PROXY asks for the proxies instead, which are in a table of their own.
    """
    payload = NEIGHBOUR.pack(family, 0, 0, flags, 0)
    if interface is not None:
        payload += pack_attribute(_NDA_IFINDEX, _U32.pack(interface))
    return payload
