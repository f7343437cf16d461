# SPDX-License-Identifier: Apache-2.0
"""The review: what a change would do, as a document, and as lines for people.

It shows everything that differs between two pictures, in the words of the document. Of a changed object it
shows only the changes. It is pure: it asks nobody.
"""

from __future__ import annotations

from typing import Any

from amf_netwatch.netlink.codec.address import format_ip
from amf_netwatch.netlink.network.documents.options import read_metrics
from amf_netwatch.netlink.network.documents.texts import (
    FAMILY_WORDS,
    ROUTE_KIND_WORDS,
    RULE_ACTION_WORDS,
    SCOPE_WORDS,
    format_destination,
    format_link_address,
    format_name,
    format_prefix,
)
from amf_netwatch.netlink.network.objects.picture import LinkRecord, Picture
from amf_netwatch.netlink.network.objects.records import (
    FRA_DST,
    FRA_IIFNAME,
    FRA_OIFNAME,
    FRA_SRC,
    FRA_TABLE,
    INET,
    RTA_METRICS,
    RTA_MULTIPATH,
    RTA_PREFSRC,
    AddressRecord,
    NeighbourRecord,
    RouteRecord,
    RuleRecord,
    iter_next_hops,
)

_FRA_MARK = 10
_ONLINK = 0x4


def review_changes(before: Picture, goal: Picture) -> dict[str, Any]:
    """Return the document of the differences. It is empty if there are none."""
    document: dict[str, Any] = {}
    for section, entries in (
        ("links", _links(before, goal)),
        ("routes", _routes(before, goal)),
        ("rules", _rules(before, goal)),
        ("neighbours", _neighbours(before, goal)),
    ):
        if entries:
            document[section] = entries
    return document


def _links(before: Picture, goal: Picture) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    for index, link in goal.links.items():
        old = before.links.get(index)
        addresses = goal.addresses.get(index, ())
        there = before.addresses.get(index, ())
        if old is link and addresses is there:
            continue
        entry = describe_link(link, old, goal)
        if addresses != there:
            entry["addresses"] = describe_addresses(addresses)
        if len(entry) > 1 or old is None:
            entries.append(entry)
    entries += [
        {"name": format_name(link.name), "state": "absent"}
        for index, link in before.links.items()
        if index not in goal.links
    ]
    return entries


def describe_link(link: LinkRecord, old: LinkRecord | None, picture: Picture) -> dict[str, Any]:
    """Return what is new or different in a link; everything if it is new (`old` is None)."""
    entry: dict[str, Any] = {"name": format_name(link.name if old is None else old.name)}
    if old is None:
        entry["kind"] = link.kind
        if link.lower is not None:
            entry["peer" if link.kind == "veth" else "lower"] = picture.name_of(link.lower)
    elif link.name != old.name:
        entry["new_name"] = format_name(link.name)
    if link.up != (old is not None and old.up):
        entry["state"] = "up" if link.up else "down"
    if link.mtu is not None and (old is None or link.mtu != old.mtu):
        entry["mtu"] = link.mtu
    if link.mac and (old is None or link.mac != old.mac):
        entry["mac"] = link.mac.hex(":")
    if link.master != (None if old is None else old.master):
        entry["master"] = None if link.master is None else picture.name_of(link.master)
    if link.queue_length is not None and (old is None or link.queue_length != old.queue_length):
        entry["txqlen"] = link.queue_length
    if link.alias != ("" if old is None else old.alias):
        entry["alias"] = link.alias
    if link.options:
        entry["options"] = dict(link.options)
    if link.port:
        entry["port"] = dict(link.port)
    return entry


def describe_addresses(addresses: tuple[AddressRecord, ...]) -> list[str]:
    """Return the permanent addresses in the kernel's order, as text."""
    return [format_link_address(one.local, one.prefix_length, one.peer) for one in addresses if one.permanent]


def _routes(before: Picture, goal: Picture) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    for key, some in goal.routes.items():
        old = before.routes.get(key, ())
        if some is not old and some != old:
            entries += [describe_route(route, goal) for route in some if route not in old]
    for key, some in before.routes.items():
        if key not in goal.routes:
            entries += [
                {**_route_identity(route), "state": "absent"}
                for route in some
                if all(index in goal.links for index in route.interfaces())
            ]
    return entries


def _route_identity(route: RouteRecord) -> dict[str, Any]:
    key = route.key
    gateways = route.gateways()
    entry: dict[str, Any] = {
        "dst": format_destination(
            key.family,
            key.destination,
            key.length,
            gateway_family=INET if not gateways or len(gateways[0]) == 4 else 10,
        )
    }
    if key.table != 254:
        entry["table"] = key.table
    if key.priority and not (key.family != INET and key.priority == 1024):
        entry["priority"] = key.priority
    if key.tos:
        entry["tos"] = key.tos
    return entry


def describe_route(route: RouteRecord, picture: Picture) -> dict[str, Any]:
    """Return a route in the words of the document."""
    entry = _route_identity(route)
    attributes = route.attributes
    if RTA_MULTIPATH in attributes:
        hops = []
        for flags, weight, interface, inside in iter_next_hops(attributes[RTA_MULTIPATH]):
            hop = _way(inside, interface, flags, picture)
            if weight != 1:
                hop["weight"] = weight
            hops.append(hop)
        entry["nexthops"] = hops
    else:
        entry.update(_way(attributes, (route.interfaces() or (0,))[0], route.flags, picture))
    if RTA_PREFSRC in attributes:
        entry["source"] = format_ip(attributes[RTA_PREFSRC])
    usual = 0 if route.family != INET or "gateway" in entry or "nexthops" in entry else 253
    if route.scope != usual and not (route.type != 1 and route.scope == 0):
        entry["scope"] = SCOPE_WORDS.get(route.scope, str(route.scope))
    if route.type != 1:
        entry["kind"] = ROUTE_KIND_WORDS.get(route.type, str(route.type))
    metrics = read_metrics(attributes[RTA_METRICS]) if RTA_METRICS in attributes else {}
    if metrics:
        entry["metrics"] = metrics
    return entry


def _way(attributes: dict[int, bytes], interface: int, flags: int, picture: Picture) -> dict[str, Any]:
    way: dict[str, Any] = {}
    gateway = attributes.get(5)
    if gateway is None and 18 in attributes:
        gateway = attributes[18][2:]
    if gateway is not None:
        way["gateway"] = format_ip(gateway)
    if interface:
        way["link"] = picture.name_of(interface)
    if flags & _ONLINK:
        way["onlink"] = True
    return way


def _rules(before: Picture, goal: Picture) -> list[dict[str, Any]]:
    if before.rules is goal.rules:
        return []
    entries = [describe_rule(rule) for rule in goal.rules if rule not in before.rules]
    entries += [{**describe_rule(rule), "state": "absent"} for rule in before.rules if rule not in goal.rules]
    return entries


def describe_rule(rule: RuleRecord) -> dict[str, Any]:
    """Return a rule in the words of the document."""
    entry: dict[str, Any] = {}
    if rule.priority:
        entry["priority"] = rule.priority
    entry["family"] = FAMILY_WORDS[rule.family]
    zeros = bytes(4 if rule.family == INET else 16)
    for key, number, length in (
        ("src", FRA_SRC, rule.source_length),
        ("dst", FRA_DST, rule.destination_length),
    ):
        if length:
            entry[key] = format_prefix(rule.find(number) or zeros, length)
    for key, number in (("input", FRA_IIFNAME), ("output", FRA_OIFNAME)):
        name = rule.find(number)
        if name is not None:
            entry[key] = format_name(name.rstrip(b"\0"))
    mark = rule.find(_FRA_MARK)
    if mark is not None:
        entry["mark"] = int.from_bytes(mark, "little")
    table = int.from_bytes(rule.find(FRA_TABLE) or b"\0", "little")
    if table:
        entry["table"] = table
    if rule.action != 1:
        entry["action"] = RULE_ACTION_WORDS.get(rule.action, str(rule.action))
    return entry


def _neighbours(before: Picture, goal: Picture) -> list[dict[str, Any]]:
    if before.neighbours == goal.neighbours:
        return []
    entries = [
        describe_neighbour(one, goal)
        for key, one in goal.neighbours.items()
        if before.neighbours.get(key) != one and not one.proxy
    ]
    entries += [
        {"link": before.name_of(one.ifindex), "address": format_ip(one.address), "state": "absent"}
        for key, one in before.neighbours.items()
        if key not in goal.neighbours and one.ifindex in goal.links and not one.proxy
    ]
    return entries


def describe_neighbour(neighbour: NeighbourRecord, picture: Picture) -> dict[str, Any]:
    """Return a neighbour in the words of the document."""
    return {
        "link": picture.name_of(neighbour.ifindex),
        "address": format_ip(neighbour.address),
        "mac": (neighbour.mac or b"").hex(":"),
    }


# -- for people ---------------------------------------------------------------------------------------------


def list_changes(before: Picture, goal: Picture) -> list[str]:
    """Return one line for each object: ``+`` new, ``~`` changed (old -> new), ``-`` removed."""
    lines = []
    document = review_changes(before, goal)
    known = {format_name(link.name): link for link in before.links.values()}
    for entry in document.get("links", ()):
        old = known.get(entry["name"])
        rest = {key: value for key, value in entry.items() if key != "name"}
        if entry.get("state") == "absent":
            lines.append(f"- link {entry['name']}")
        elif old is None:
            lines.append(f"+ link {entry['name']}{_words(rest)}")
        else:
            was = _describe_old(old, before)
            words = [
                f"{key} {_word(was.get(key))} -> {_word(value)}" if key in was else f"{key} {_word(value)}"
                for key, value in rest.items()
            ]
            lines.append(f"~ link {entry['name']} {', '.join(words)}")
    for section, what in (("routes", "route"), ("rules", "rule"), ("neighbours", "neighbour")):
        for entry in document.get(section, ()):
            rest = {key: value for key, value in entry.items() if key not in ("state", "dst")}
            head = f"{what} {entry['dst']}" if "dst" in entry and what == "route" else what
            if what == "route" and entry.get("state") != "absent" and _known_route(entry, document, before):
                mark = "~"
            else:
                mark = "-" if entry.get("state") == "absent" else "+"
            lines.append(f"{mark} {head}{_words(rest)}")
    return lines


def _known_route(entry: dict[str, Any], document: dict[str, Any], before: Picture) -> bool:
    identity = (entry["dst"], entry.get("table"), entry.get("priority"), entry.get("tos"))
    return any(
        (one["dst"], one.get("table"), one.get("priority"), one.get("tos")) == identity
        for one in (_route_identity(route) for route in before.iter_routes())
    )


def _describe_old(old: LinkRecord, before: Picture) -> dict[str, Any]:
    return {
        "state": "up" if old.up else "down",
        "mtu": old.mtu,
        "mac": old.mac.hex(":"),
        "master": None if old.master is None else before.name_of(old.master),
        "txqlen": old.queue_length,
        "alias": old.alias,
        "addresses": describe_addresses(before.addresses.get(old.ifindex, ())),
    }


def _words(entry: dict[str, Any]) -> str:
    return "".join(f" {key} {_word(value)}" for key, value in entry.items())


def _word(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} {_word(one)}" for key, one in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_word(one) for one in value) + "]"
    return str(value) or "''"
