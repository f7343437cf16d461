# SPDX-License-Identifier: Apache-2.0
"""Requests that change something: whole messages, bytes out, for links, addresses, routes, rules, neighbours.

There is one function for each thing that the kernel can be asked to do. The values have the types that the
decoders return. The functions follow these facts about the kernel:

* A request asks for an acknowledgement unless `flags` says otherwise: without one, success is not reported.
* NLM_F_CREATE without NLM_F_EXCL would change an existing link of another kind: creating is exclusive.
* A new link ignores its alias and its options as a port: set them afterwards.
* Options as a port are ignored by RTM_SETLINK, and refused together with a new master: use `pack_set_port`.
* One RTM_SETLINK is not atomic: what comes before the refused attribute stays changed.

This module does not decide which order works, or what must be undone; the planner of a change does.
"""

from __future__ import annotations

from amf_netwatch.netlink.codec.address import Address, pack_address
from amf_netwatch.netlink.codec.constants import Family, HardwareType, HeaderFlag, MessageType
from amf_netwatch.netlink.codec.link import Link, LinkInfo, pack_link
from amf_netwatch.netlink.codec.messages import pack_attribute, pack_message
from amf_netwatch.netlink.codec.neighbour import Neighbour, pack_neighbour
from amf_netwatch.netlink.codec.route import Route, pack_route
from amf_netwatch.netlink.codec.rule import Rule, pack_rule

_VETH_INFO_PEER = 1
_ACK = HeaderFlag.REQUEST | HeaderFlag.ACK
_NEW = HeaderFlag.CREATE | HeaderFlag.EXCLUSIVE  # refused with EEXIST when there is one already
_REPLACE = HeaderFlag.CREATE | HeaderFlag.REPLACE
_APPEND = HeaderFlag.CREATE | HeaderFlag.APPEND


def plan_link(
    name: bytes | None = None,
    *,
    ifindex: int = 0,
    flags: int = 0,
    change: int = 0,
    address: bytes | None = None,
    mtu: int | None = None,
    master: int | None = None,
    lower: int | None = None,
    lower_namespace: int | None = None,
    queue_length: int | None = None,
    group: int | None = None,
    alias: str | None = None,
    alternative_names: tuple[bytes, ...] | None = None,
    info: LinkInfo | None = None,
) -> Link:
    """Return the part of a request that describes a link. Parameters that are None are left out.

    `flags` and `change`: which LinkFlag bits to set, and which of them count. `master` 0 means no master.
    """
    return Link(
        Family.UNSPEC,
        HardwareType(0),
        ifindex,
        flags,
        change,
        name,
        address,
        mtu=mtu,
        master=master,
        lower=lower,
        lower_namespace=lower_namespace,
        queue_length=queue_length,
        group=group,
        alias=alias,
        alternative_names=alternative_names,
        info=info,
    )


def pack_peer(peer: Link) -> bytes:
    """Return the data of a veth (`LinkInfo.data`) that describes its other end, for creating it."""
    return pack_attribute(_VETH_INFO_PEER, pack_link(peer))


# -- links ------------------------------------------------------------------------------------------------


def pack_create_link(link: Link, sequence: int, flags: int = _ACK) -> bytes:
    """Create a link; `info` names its kind. With an `ifindex`, it gets that number (EEXIST if it is
    taken)."""
    return pack_message(MessageType.NEWLINK, flags | _NEW, sequence, pack_link(link))


def pack_change_link(link: Link, sequence: int, flags: int = _ACK) -> bytes:
    """Change a link, found by index or else by name; `info` says which options of its kind change."""
    return pack_message(MessageType.NEWLINK, flags, sequence, pack_link(link))


def pack_set_link(link: Link, sequence: int, flags: int = _ACK) -> bytes:
    """Change what is not an option of its kind: name, address, MTU, master, flags, alias ...; see above."""
    return pack_message(MessageType.SETLINK, flags, sequence, pack_link(link))


def pack_set_port(ifindex: int, port_kind: str, port_data: bytes, sequence: int, flags: int = _ACK) -> bytes:
    """Change the options of a port. It must have its master already."""
    link = plan_link(ifindex=ifindex, info=LinkInfo(port_kind=port_kind, port_data=port_data))
    return pack_message(MessageType.NEWLINK, flags, sequence, pack_link(link))


def pack_delete_link(ifindex: int, sequence: int, flags: int = _ACK) -> bytes:
    """Delete a link, and all links above it."""
    return pack_message(MessageType.DELLINK, flags, sequence, pack_link(plan_link(ifindex=ifindex)))


def pack_add_names(ifindex: int, names: tuple[bytes, ...], sequence: int, flags: int = _ACK) -> bytes:
    """Give a link alternative names."""
    payload = pack_link(plan_link(ifindex=ifindex, alternative_names=names))
    add = HeaderFlag.CREATE | HeaderFlag.EXCLUSIVE | HeaderFlag.APPEND
    return pack_message(MessageType.NEWLINKPROP, flags | add, sequence, payload)


def pack_remove_names(ifindex: int, names: tuple[bytes, ...], sequence: int, flags: int = _ACK) -> bytes:
    """Take alternative names away from a link."""
    payload = pack_link(plan_link(ifindex=ifindex, alternative_names=names))
    return pack_message(MessageType.DELLINKPROP, flags, sequence, payload)


# -- addresses --------------------------------------------------------------------------------------------


def pack_add_address(address: Address, sequence: int, flags: int = _ACK) -> bytes:
    """Assign an address. EEXIST if the link has it."""
    return pack_message(MessageType.NEWADDR, flags | _NEW, sequence, pack_address(address))


def pack_replace_address(address: Address, sequence: int, flags: int = _ACK) -> bytes:
    """Assign an address, or change it; the kernel ignores another label, broadcast address or scope."""
    return pack_message(MessageType.NEWADDR, flags | _REPLACE, sequence, pack_address(address))


def pack_delete_address(address: Address, sequence: int, flags: int = _ACK) -> bytes:
    """Take an address away."""
    return pack_message(MessageType.DELADDR, flags, sequence, pack_address(address))


# -- routes -----------------------------------------------------------------------------------------------


def pack_add_route(route: Route, sequence: int, flags: int = _ACK) -> bytes:
    """Add a route. EEXIST if there is one with the same destination, table, priority and tos."""
    return pack_message(MessageType.NEWROUTE, flags | _NEW, sequence, pack_route(route))


def pack_replace_route(route: Route, sequence: int, flags: int = _ACK) -> bytes:
    """Replace the first route with the same identity, or add the route."""
    return pack_message(MessageType.NEWROUTE, flags | _REPLACE, sequence, pack_route(route))


def pack_append_route(route: Route, sequence: int, flags: int = _ACK) -> bytes:
    """Add a route after those with the same identity; in IPv6 it becomes one more way of the same route."""
    return pack_message(MessageType.NEWROUTE, flags | _APPEND, sequence, pack_route(route))


def pack_delete_route(route: Route, sequence: int, flags: int = _ACK) -> bytes:
    """Delete the first route that has everything that is named; so name everything."""
    return pack_message(MessageType.DELROUTE, flags, sequence, pack_route(route))


# -- rules and neighbours ---------------------------------------------------------------------------------


def pack_add_rule(rule: Rule, sequence: int, flags: int = _ACK) -> bytes:
    """Add a rule. EEXIST if there is an equal rule. A rule cannot be replaced."""
    return pack_message(MessageType.NEWRULE, flags | _NEW, sequence, pack_rule(rule))


def pack_delete_rule(rule: Rule, sequence: int, flags: int = _ACK) -> bytes:
    """Delete the first rule that has everything that is named; so name everything."""
    return pack_message(MessageType.DELRULE, flags, sequence, pack_rule(rule))


def pack_add_neighbour(neighbour: Neighbour, sequence: int, flags: int = _ACK) -> bytes:
    """Add a neighbour. EEXIST if the link has one with that address."""
    return pack_message(MessageType.NEWNEIGH, flags | _NEW, sequence, pack_neighbour(neighbour))


def pack_replace_neighbour(neighbour: Neighbour, sequence: int, flags: int = _ACK) -> bytes:
    """Add a neighbour, or change it."""
    return pack_message(MessageType.NEWNEIGH, flags | _REPLACE, sequence, pack_neighbour(neighbour))


def pack_delete_neighbour(neighbour: Neighbour, sequence: int, flags: int = _ACK) -> bytes:
    """Delete a neighbour."""
    return pack_message(MessageType.DELNEIGH, flags, sequence, pack_neighbour(neighbour))
