# SPDX-License-Identifier: Apache-2.0
"""The dump: the present network as a document, which would make the same network.

Everything that a document can set is in it, and a change that loads it has nothing to do. An object that a
document cannot describe is marked ``"foreign": true``. Objects that nobody sets are left out: routes and
rules that the kernel made itself (``proto kernel``), link-local addresses that it made itself, and the state
of a bridge's port, which follows from the carrier. This module is pure: it asks nobody.

Order: links and neighbours by name, addresses as the kernel has them (the first of a subnet is the
primary), routes by family, table and destination, rules as the kernel goes through them.
"""

from __future__ import annotations

from collections.abc import Collection
from struct import Struct
from typing import Any

from amf_netwatch.netlink.codec.kinds.registry import Choice, decode_options, find_port_table, find_table
from amf_netwatch.netlink.errors import DecodeError
from amf_netwatch.netlink.network.documents.review import (
    describe_neighbour,
    describe_route,
    describe_rule,
)
from amf_netwatch.netlink.network.documents.texts import RULE_ACTION_WORDS, format_link_address, format_name
from amf_netwatch.netlink.network.objects.picture import LinkRecord, Picture
from amf_netwatch.netlink.network.objects.records import (
    FRA_DST,
    FRA_IIFNAME,
    FRA_OIFNAME,
    FRA_PRIORITY,
    FRA_SRC,
    FRA_TABLE,
    INET,
    PROTOCOL_KERNEL,
    RTA_GATEWAY,
    RTA_METRICS,
    RTA_MULTIPATH,
    RTA_OIF,
    RTA_PREF,
    RTA_PREFSRC,
    RTA_VIA,
    AddressRecord,
    RouteRecord,
    RuleRecord,
    iter_next_hops,
)

OBJECTS = ("link", "address", "route", "rule", "neighbour")
_KERNEL_ADDRESS = (1, 2, 3)  # IFAPROT_KERNEL_LO, _RA, _LL: who made an address, since Linux 5.18
_DYNAMIC_ROUTE = (1, 9)  # RTPROT_REDIRECT, RTPROT_RA
_FRA_FWMARK, _FRA_SUPPRESS_IFGROUP, _FRA_SUPPRESS_PREFIXLEN, _FRA_FWMASK, _FRA_PROTOCOL = 10, 13, 14, 16, 21
_ALL_BITS = b"\xff" * 4  # as a mask: all bits count; as a suppression: nothing is suppressed
_ROUTE_WORDS = frozenset((RTA_OIF, RTA_GATEWAY, RTA_VIA, RTA_PREFSRC, RTA_METRICS, RTA_MULTIPATH, RTA_PREF))
_NEXT_HOP_WORDS = frozenset((RTA_GATEWAY, RTA_VIA))
_RULE_WORDS = frozenset((FRA_SRC, FRA_DST, FRA_IIFNAME, FRA_OIFNAME, FRA_PRIORITY, FRA_TABLE, _FRA_FWMARK))
_U32 = Struct("=I")


def describe_picture(picture: Picture, objects: Collection[str] = OBJECTS) -> dict[str, Any]:
    """Return the document of everything in the picture, or of some kinds of objects.

    `objects`: words of `OBJECTS`; ``address`` without ``link`` gives links with their addresses only.
    """
    document: dict[str, Any] = {
        "links": _links(picture, objects),
        "routes": _routes(picture) if "route" in objects else [],
        "rules": _rules(picture) if "rule" in objects else [],
        "neighbours": _neighbours(picture) if "neighbour" in objects else [],
    }
    return {section: entries for section, entries in document.items() if entries}


# -- links --------------------------------------------------------------------------------------------------


def _links(picture: Picture, objects: Collection[str]) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    for link in sorted(picture.links.values(), key=lambda link: link.name):
        entry: dict[str, Any] = {"name": format_name(link.name)}
        if "link" in objects:
            entry.update(_describe_link(link, picture))
        if "address" in objects:
            entry.update(_describe_addresses(picture.addresses.get(link.ifindex, ()), link.mac))
        if len(entry) > 1:
            entries.append(entry)
    return entries


def _describe_link(link: LinkRecord, picture: Picture) -> dict[str, Any]:
    entry: dict[str, Any] = {}
    if link.kind is not None:
        entry["kind"] = link.kind
    if link.lower and link.lower_namespace is None and link.lower in picture.links:
        entry["peer" if link.kind == "veth" else "lower"] = picture.name_of(link.lower)
    entry["state"] = "up" if link.up else "down"
    if link.mtu is not None:
        entry["mtu"] = link.mtu
    if link.mac:
        entry["mac"] = link.mac.hex(":")
    entry["master"] = picture.name_of(link.master) if link.master in picture.links else None
    if link.queue_length is not None:
        entry["txqlen"] = link.queue_length
    entry["alias"] = link.alias

    def name_of(ifindex: int) -> str | None:
        return picture.name_of(ifindex) if ifindex in picture.links else None

    try:
        options = decode_options(find_table(link.kind), link.data, name_of, Choice.SETTABLE)
        port = decode_options(find_port_table(link.port_kind), link.port_data, name_of, Choice.SETTABLE)
    except DecodeError:  # another kernel may pack them in another way
        return entry
    port.pop("state", None)
    if options:
        entry["options"] = options
    if port:
        entry["port"] = port
    return entry


def _describe_addresses(addresses: tuple[AddressRecord, ...], mac: bytes) -> dict[str, list[str]]:
    """`addresses`, and `dynamic` if there are any."""
    permanent = [one for one in addresses if one.permanent and not _is_automatic(one, mac)]
    entry = {"addresses": [_format(one) for one in permanent]}
    dynamic = [_format(one) for one in addresses if not one.permanent]
    if dynamic:
        entry["dynamic"] = dynamic
    return entry


def _is_automatic(address: AddressRecord, mac: bytes) -> bool:
    """Return whether the kernel made this link-local address: it says so, or the MAC is in it (RFC 4291)."""
    if not address.link_local:
        return False
    from_mac = mac[:3] + b"\xff\xfe" + mac[3:] if len(mac) == 6 else mac
    made_from_mac = bytes((from_mac[0] ^ 2, *from_mac[1:])) == address.local[8:] if from_mac else False
    return address.protocol in _KERNEL_ADDRESS or made_from_mac


def _format(address: AddressRecord) -> str:
    return format_link_address(address.local, address.prefix_length, address.peer)


# -- routes, rules, neighbours ------------------------------------------------------------------------------


def _routes(picture: Picture) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    for key in sorted(picture.routes, key=lambda key: (key.family, key.table, *key)):
        some = [route for route in picture.routes[key] if route.protocol != PROTOCOL_KERNEL]
        for route in some:
            entry = describe_route(route, picture)
            if key.family == INET and key.length == 0 and RTA_VIA in route.attributes:
                entry["dst"] = "0.0.0.0/0"  # `default` would mean IPv6 with this gateway
            if len(picture.routes[key]) > 1 or not _can_be_said(route):
                entry["foreign"] = True
            entries.append(entry)
    return entries


def _can_be_said(route: RouteRecord) -> bool:
    """Return whether a document can describe this route completely."""
    if route.foreign or route.key.source_length or route.protocol in _DYNAMIC_ROUTE:
        return False
    hops = route.attributes.get(RTA_MULTIPATH)
    return (
        route.attributes.keys() <= _ROUTE_WORDS
        and route.attributes.get(RTA_PREF, b"\0") == b"\0"
        and all(hop[3].keys() <= _NEXT_HOP_WORDS for hop in (iter_next_hops(hops) if hops else ()))
    )


def _rules(picture: Picture) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    for rule in sorted(picture.rules, key=lambda rule: (rule.family, rule.priority)):
        if rule.find(_FRA_PROTOCOL) == bytes((PROTOCOL_KERNEL,)):
            continue
        entry = {"priority": rule.priority, **describe_rule(rule)}
        mark = rule.find(_FRA_FWMARK)
        if mark is not None:
            entry["mark"] = _U32.unpack(mark)[0]
        if not _rule_can_be_said(rule):
            entry["foreign"] = True
        entries.append(entry)
    return entries


def _rule_can_be_said(rule: RuleRecord) -> bool:
    """Return whether a document can describe this rule completely."""
    if rule.flags or rule.tos or rule.action not in RULE_ACTION_WORDS:
        return False
    for number, value in rule.attributes:
        if number in (_FRA_SUPPRESS_IFGROUP, _FRA_SUPPRESS_PREFIXLEN, _FRA_FWMASK):
            if value != _ALL_BITS:
                return False
        elif number not in _RULE_WORDS and number != _FRA_PROTOCOL:
            return False
    return True


def _neighbours(picture: Picture) -> list[dict[str, Any]]:
    some = [one for one in picture.neighbours.values() if not one.proxy]
    some.sort(key=lambda one: (picture.name_of(one.ifindex), len(one.address), one.address))
    return [describe_neighbour(one, picture) for one in some]
