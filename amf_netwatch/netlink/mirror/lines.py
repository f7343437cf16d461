# SPDX-License-Identifier: Apache-2.0
"""A change as a line: for people, or as one JSON object.

A line never has bytes that control a terminal: anyone may choose the name of a link, so everything that is
not printable is escaped. `monitor` decides which changes are shown.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from time import localtime, strftime
from typing import Any, Callable, Optional

from amf_netwatch.netlink.codec.address import Address, format_ip
from amf_netwatch.netlink.codec.link import Link, format_address
from amf_netwatch.netlink.codec.neighbour import Neighbour
from amf_netwatch.netlink.codec.route import NextHop, Route, Via
from amf_netwatch.netlink.codec.route_constants import RouteType, RuleAction, RuleFlag, TableNumber
from amf_netwatch.netlink.codec.rule import Rule
from amf_netwatch.netlink.mirror.tables.changes import PORT_FACTS, Action, Change, Object
from amf_netwatch.netlink.mirror.tables.namespace import Tables

Fields = dict[str, Any]
_COLOURS = {
    Action.CURRENT: "2",
    Action.NEW: "32",
    Action.CHANGED: "33",
    Action.REMOVED: "31",
    Action.LOST: "1;35",
}
_TABLES: dict[int, str] = {
    int(table): str(table) for table in (TableNumber.DEFAULT, TableNumber.MAIN, TableNumber.LOCAL)
}


# -- JSON --------------------------------------------------------------------------------------------------


def format_json(change: Change, at: float, tables: Tables) -> str:
    """Return one JSON object in ASCII; `at`: seconds since the epoch."""
    return json.dumps(list_fields(change, at, tables))


def list_fields(change: Change, at: float, tables: Tables) -> Fields:
    """Return a change as the fields of a JSON line. An absent value is None.

    The bytes of a name that are not UTF-8 become lone surrogates, U+DC80 to U+DCFF; `os.fsencode` gives the
    bytes back.
    """
    fields: Fields = {
        "time": round(at, 6),
        "object": None if change.object is None else str(change.object),
        "action": str(change.action),
        "ifname": _decode(change.name),
        "ifindex": change.ifindex,
    }
    value = change.value
    if isinstance(value, Link):
        fields.update(_link_fields(value, tables), changed=_json_names(change))
    elif isinstance(value, Address):
        fields.update(address=value.text, family=str(value.family))
    elif isinstance(value, Route):
        fields.update(dst=value.text, gateway=_gateway(value), family=str(value.family), table=value.table)
        if value.next_hops is not None:
            fields["next_hops"] = [_hop_fields(hop, tables) for hop in value.next_hops]
        if value.metrics is not None:
            fields["metrics"] = value.metrics.values()
    elif isinstance(value, Rule):
        fields.update(_rule_fields(value))
    elif isinstance(value, Neighbour):
        fields.update(
            address=value.text,
            mac=format_address(value.address) or None,
            family=str(value.family),
            permanent=value.permanent,
        )
    if change.action is Action.CHANGED:
        fields["changed"] = _json_names(change)
    return fields


def _decode(name: bytes | None) -> str | None:
    return None if name is None else os.fsdecode(name)


def _link_fields(link: Link, tables: Tables) -> Fields:
    return {
        "mac": format_address(link.address) or None,
        "mtu": link.mtu,
        "admin_state": _admin_state(link),
        "oper_state": None if link.operstate is None else str(link.operstate),
        "running": link.running,
        "master": _decode(tables.find_name(link.master)) if link.master else None,
        "kind": link.kind,
    }


def _json_names(change: Change) -> list[str]:
    names: list[str] = []
    for name in change.changed:
        names += ["ifname", "ifindex"] if name == "ifindex" else [name]
    return names


def _admin_state(link: Link) -> str:
    return "up" if link.up else "down"


def _gateway(route: Route | NextHop) -> str | None:
    via: Via | None = route.via
    return (format_ip(route.gateway) if via is None else format_ip(via.address)) or None


def _hop_fields(hop: NextHop, tables: Tables) -> Fields:
    return {
        "gateway": _gateway(hop),
        "ifname": _decode(tables.find_name(hop.interface)),
        "ifindex": hop.interface,
        "weight": hop.weight,
    }


def _rule_fields(rule: Rule) -> Fields:
    return {
        "priority": rule.priority or 0,
        "family": str(rule.family),
        "src": rule.source_text if rule.source_length else None,
        "dst": rule.destination_text if rule.destination_length else None,
        "input": _decode(rule.input),
        "output": _decode(rule.output),
        "mark": rule.mark,
        "table": rule.table or None,
        "rule_action": _rule_action(rule),
    }


def _rule_action(rule: Rule) -> str:
    return "table" if rule.action == RuleAction.TO_TBL else str(rule.action)


# -- lines for people --------------------------------------------------------------------------------------


def format_text(change: Change, at: float, tables: Tables) -> str:
    """Return one line for people."""
    return _format_line(change, at, tables, "{}")


def format_colour(change: Change, at: float, tables: Tables) -> str:
    """Return one line for people, with the colours of a terminal."""
    return _format_line(change, at, tables, f"\x1b[{_COLOURS[change.action]}m{{}}\x1b[0m")


def format_name(name: bytes | None) -> str:
    """Return a link's name. Unprintable bytes and the backslash are escaped. ``?`` for None."""
    if name is None:
        return "?"
    return "".join(map(_escape, name.decode("utf-8", "surrogateescape")))


def _escape(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if character.isprintable():
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))


def _format_line(change: Change, at: float, tables: Tables, action: str) -> str:
    clock = strftime("%H:%M:%S", localtime(at)) + f".{int(at * 1000) % 1000:03d}"
    head = f"{clock} {action.format(f'{change.action!s:7}')}"
    if change.object is None:
        return f"{head} the kernel dropped events; everything is listed anew"
    text = f"{head} {change.object!s:9} {_describe(change, tables)}"
    if change.action is Action.CHANGED:
        text += f" ({', '.join(_describe_changes(change, tables))})"
    return text


def _describe_changes(change: Change, tables: Tables) -> Iterable[str]:
    """Yield ``mtu 1500 -> 1400`` for each changed fact, or only its name if there is no text for its
    values."""
    assert change.object is not None
    for name in change.changed:
        if name in _MAPPINGS:
            before, after = (_MAPPINGS[name](one) for one in (change.before, change.after))
            for key in dict.fromkeys([*before, *after]):
                if before.get(key) != after.get(key):
                    yield f"{name} {key} {_plain(before.get(key))} -> {_plain(after.get(key))}"
            continue
        write = _WRITERS[change.object].get(name)
        if write is None:
            yield name
            continue
        old, new = write(change.before, tables), write(change.after, tables)
        yield f"{name} {old} -> {new}" if old != new else name


def _plain(value: Any) -> str:
    """Return a value as text without bytes that control a terminal, because a metric may be a name."""
    return "none" if value is None else "".join(map(_escape, str(value)))


def _link_name(ifindex: int | None, tables: Tables) -> str:
    return format_name(tables.find_name(ifindex)) if ifindex else "none"


def _ways(route: Route, tables: Tables) -> str:
    return ", ".join(" ".join(_way(hop, tables)) for hop in route.next_hops or ()) or "none"


# Facts that are mappings: only the entries that differ are written.
_MAPPINGS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "port": PORT_FACTS["port"],
    "metrics": lambda route: {} if route.metrics is None else route.metrics.values(),
}
Writer = Callable[[Any, Tables], Optional[str]]
# How a line for people shows the facts of `changes`.
_WRITERS: dict[Object, dict[str, Writer]] = {
    Object.LINK: {
        "ifname": lambda link, _: format_name(link.name),
        "mac": lambda link, _: format_address(link.address) or "none",
        "mtu": lambda link, _: str(link.mtu),
        "admin_state": lambda link, _: _admin_state(link),
        "oper_state": lambda link, _: _plain(link.operstate),
        "running": lambda link, _: "yes" if link.running else "no",
        "master": lambda link, tables: _link_name(link.master, tables),
        "kind": lambda link, _: _plain(link.kind),
    },
    Object.ADDRESS: {
        "prefix_length": lambda one, _: str(one.prefix_length),
        "peer": lambda one, _: format_ip(one.address) or "none",
        "scope": lambda one, _: str(one.scope),
        "broadcast": lambda one, _: format_ip(one.broadcast) or "none",
    },
    Object.ROUTE: {
        "gateway": lambda route, _: _gateway(route) or "none",
        "ifindex": lambda route, tables: _link_name(route.interface, tables),
        "next_hops": _ways,
        "type": lambda route, _: str(route.type),
        "protocol": lambda route, _: str(route.protocol),
        "scope": lambda route, _: str(route.scope),
        "preferred_source": lambda route, _: format_ip(route.preferred_source) or "none",
    },
    Object.NEIGHBOUR: {
        "mac": lambda one, _: format_address(one.address) or "none",
        "permanent": lambda one, _: "yes" if one.permanent else "no",
    },
}


def _describe(change: Change, tables: Tables) -> str:
    value = change.value
    if isinstance(value, Link):
        return describe_link(value, tables)
    if isinstance(value, Address):
        return f"{value.text} on {format_name(change.name)}"
    if isinstance(value, Rule):
        return _describe_rule(value)
    if isinstance(value, Neighbour):
        permanent = " permanent" if value.permanent else ""
        return f"{value.text} mac {format_address(value.address)} on {format_name(change.name)}{permanent}"
    route: Route = value
    return " ".join([*_route_words(route, tables), f"table {_TABLES.get(route.table, route.table)}"])


def _describe_rule(rule: Rule) -> str:
    """Return one rule in the form of `ip rule`: ``100: from 192.0.2.0/24 to all iif eth0 table 100``."""
    words = [f"{rule.priority or 0}:"]
    if rule.flags & RuleFlag.INVERT:
        words.append("not")
    words += [f"from {rule.source_text}", f"to {rule.destination_text}"]
    if rule.input is not None:
        words.append(f"iif {format_name(rule.input)}")
    if rule.output is not None:
        words.append(f"oif {format_name(rule.output)}")
    if rule.mark is not None:
        words.append(f"fwmark {rule.mark:#x}")
    if rule.action == RuleAction.TO_TBL:
        words.append(f"table {_TABLES.get(rule.table, rule.table)}")
    else:
        words.append(str(rule.action))
    return " ".join([*words, f"({rule.family})"])


def describe_link(link: Link, tables: Tables) -> str:
    """Return one link in words: ``eth0: UP, RUNNING, mtu 1500, mac 02:00:00:00:00:01, state up``."""
    words = [
        "UP" if link.up else "DOWN",
        "RUNNING" if link.running else "NOT RUNNING",
        f"mtu {link.mtu}",
    ]
    if link.address:
        words.append(f"mac {format_address(link.address)}")
    if link.operstate is not None:
        words.append(f"state {link.operstate}")
    if link.master:
        words.append(f"master {format_name(tables.find_name(link.master))}")
    if link.kind is not None:
        words.append(f"kind {format_name(os.fsencode(link.kind))}")
    return f"{format_name(link.name)}: {', '.join(words)}"


def _route_words(route: Route, tables: Tables) -> Iterable[str]:
    if route.type != RouteType.UNICAST:
        yield str(route.type)
    yield route.text if route.destination is not None else f"default ({route.family})"
    hops = route.next_hops
    for hop in [route] if hops is None else hops:
        yield from _way(hop, tables)


def _way(hop: Route | NextHop, tables: Tables) -> Iterable[str]:
    gateway = _gateway(hop)
    if gateway is not None:
        yield f"via {gateway}"
    if hop.interface is not None:
        yield f"on {format_name(tables.find_name(hop.interface))}"
