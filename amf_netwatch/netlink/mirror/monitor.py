# SPDX-License-Identifier: Apache-2.0
"""The monitor: changes as lines, for people or as JSON.

`Monitor` is an observer: it is told changes, selects, writes.  Where they come from is not its business:
from the kernel (`follow`) or from a recording (`recording.replay`).

A line never holds what a terminal would obey: names are bytes that anyone may choose, so everything that is
not printable is escaped.
"""

from __future__ import annotations

import os
import select
from collections.abc import Collection, Iterable
from math import ceil
from time import localtime, monotonic, strftime, time
from typing import Any, Callable, NamedTuple, Optional

from amf_netwatch.netlink.codec.address import Address, format_ip
from amf_netwatch.netlink.codec.link import Link, format_address
from amf_netwatch.netlink.codec.route import NextHop, Route, Via
from amf_netwatch.netlink.codec.route_constants import RouteTable, RouteType
from amf_netwatch.netlink.mirror.changes import Action, Change, Object
from amf_netwatch.netlink.mirror.follower import EVERYTHING, Follower
from amf_netwatch.netlink.mirror.tables import Tables
from amf_netwatch.netlink.patterns import matches_any

Fields = dict[str, Any]
_COLOURS = {
    Action.CURRENT: "2",
    Action.NEW: "32",
    Action.CHANGED: "33",
    Action.REMOVED: "31",
    Action.LOST: "1;35",
}
# Changes that are no news to a person: duplicate detection that ended, a label that follows a rename.
_SILENT: dict[Object, set[str]] = {
    Object.LINK: {"carrier"},
    Object.ADDRESS: {"flags", "label"},
    Object.ROUTE: set(),
}
_TABLES: dict[int, str] = {
    int(table): str(table) for table in (RouteTable.DEFAULT, RouteTable.MAIN, RouteTable.LOCAL)
}
_LINES = 256  # written together; the first listing may have many thousands


class Selection(NamedTuple):
    """What a monitor shows: these objects, of links whose name matches one of the patterns (none: any)."""

    objects: Collection[Object] = EVERYTHING
    patterns: tuple[bytes, ...] = ()

    def select(self, change: Change) -> Optional[Change]:
        """The change as it is to be shown; None: it is not."""
        if change.object is None:
            return change
        if change.object not in self.objects:
            return None
        if change.action is Action.CHANGED:
            shown = tuple(name for name in change.changed if name not in _SILENT[change.object])
            if not shown:
                return None
            change = change._replace(changed=shown)
        if not self.patterns:
            return change
        names = {change.name, change.before.name if isinstance(change.before, Link) else change.name}
        return change if any(name and matches_any(name, self.patterns) for name in names) else None


class Monitor:
    """Writes the changes it is told.

    `write`: takes one or more whole lines.  `format_line`: makes one, such as `format_json`.  `count`: how
    many changes (all lines but `current` ones) are written before it is `finished`; None: any number.  The
    time of a line is that of the machine, unless `set_clock` was called.
    """

    def __init__(
        self,
        write: Callable[[str], object],
        format_line: Callable[[Change, float, Tables], str],
        selection: Selection = Selection(),  # noqa: B008 - a value
        *,
        count: int | None = None,
    ) -> None:
        self._write = write
        self._format = format_line
        self._selection = selection
        self._left = count
        self._closed = False  # the last line has been written
        self._time: float | None = None
        self._lines: list[str] = []
        self.tables = Tables()  # set to those that the changes are about

    @property
    def finished(self) -> bool:
        """The changes asked for have been written."""
        return self._left == 0

    def observe(self, change: Change) -> None:
        """One change; see `Tables` and `Mirror` for `after`."""
        current = change.action is Action.CURRENT
        if change.resync or self._closed or (self.finished and not current):
            return
        selected = self._selection.select(change)
        if selected is None:
            return
        self._lines.append(self._format(selected, time() if self._time is None else self._time, self.tables))
        if not current and self._left is not None:
            self._left -= 1
            self._closed = self._left == 0
        if len(self._lines) >= _LINES:
            self.flush()

    def set_clock(self, at: float) -> None:
        """It is now `at`, seconds since the epoch: when a recording is shown."""
        self._time = at

    def flush(self) -> None:
        """Write what has been told so far."""
        if self._lines:
            text = "\n".join(self._lines) + "\n"
            self._lines.clear()
            self._write(text)


def follow(
    monitor: Monitor, follower: Follower, *, timeout: float | None = None, output: int | None = None
) -> None:
    """Show a follower's changes until the monitor is finished, or for `timeout` seconds.

    `output`: the descriptor that is written to; when its reader has gone, the end is there.  Raises what
    `Follower.read` and the monitor's `write` raise.
    """
    deadline = None if timeout is None else monotonic() + timeout
    poll = select.poll()
    poll.register(follower.fileno(), select.POLLIN)
    if output is not None:
        poll.register(output, 0)  # only errors and hang-ups
    while True:
        follower.read()
        monitor.flush()
        if monitor.finished and not follower.mirror.reading:
            return
        left = None if deadline is None else deadline - monotonic()
        if left is not None and left <= 0:
            return
        ready = poll.poll(0 if follower.behind else None if left is None else ceil(left * 1000))
        if any(descriptor == output for descriptor, _ in ready):
            return


# -- the fields of a line ----------------------------------------------------------------------------------


def list_fields(change: Change, at: float, tables: Tables) -> Fields:
    """A change by the names of DESIGN 3.5; names of links are `bytes`, what is absent is None."""
    fields: Fields = {
        "time": at,
        "object": None if change.object is None else str(change.object),
        "action": str(change.action),
        "ifname": change.name,
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
    if change.action is Action.CHANGED:
        fields["changed"] = _json_names(change)
    return fields


def _link_fields(link: Link, tables: Tables) -> Fields:
    return {
        "mac": format_address(link.address) or None,
        "mtu": link.mtu,
        "admin_state": "up" if link.up else "down",
        "oper_state": None if link.operstate is None else str(link.operstate),
        "running": link.running,
        "master": tables.find_name(link.master) if link.master else None,
        "kind": link.kind,
    }


def _json_names(change: Change) -> list[str]:
    names: list[str] = []
    for name in change.changed:
        names += ["ifname", "ifindex"] if name == "ifindex" else [name]
    return names


def _gateway(route: Route | NextHop) -> str | None:
    via: Via | None = route.via
    return (format_ip(route.gateway) if via is None else format_ip(via.address)) or None


def _hop_fields(hop: NextHop, tables: Tables) -> Fields:
    return {
        "gateway": _gateway(hop),
        "ifname": tables.find_name(hop.interface),
        "ifindex": hop.interface,
        "weight": hop.weight,
    }


# -- JSON --------------------------------------------------------------------------------------------------


def format_json(change: Change, at: float, tables: Tables) -> str:
    """One JSON object in ASCII.  Bytes of a name that are no UTF-8 come as lone surrogates, as
    `os.fsdecode` makes them: U+DC80 to U+DCFF."""
    return encode_json(list_fields(change, at, tables))


def encode_json(value: Any) -> str:
    """JSON of None, booleans, numbers, text, bytes (a name), lists and dictionaries of them.

    `json` would cost a third of the command's start.
    """
    return _ENCODERS[type(value)](value)


def _quote(text: str) -> str:
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return '"' + "".join(map(_escape_json, text)) + '"'


def _escape_json(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    code = ord(character)
    if 0x20 <= code < 0x7F:
        return character
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 | code >> 10:04x}\\u{0xDC00 | code & 0x3FF:04x}"


_ENCODERS: dict[type, Callable[[Any], str]] = {
    type(None): lambda _: "null",
    bool: lambda value: "true" if value else "false",
    int: str,
    float: lambda value: f"{value:.6f}",
    bytes: lambda value: _quote(os.fsdecode(value)),
    str: _quote,
    list: lambda value: f"[{', '.join(map(encode_json, value))}]",
    dict: lambda value: (
        "{" + ", ".join(f"{_quote(key)}: {encode_json(one)}" for key, one in value.items()) + "}"
    ),
}


# -- lines for people --------------------------------------------------------------------------------------


def format_text(change: Change, at: float, tables: Tables) -> str:
    """One line for people."""
    return _format_line(change, at, tables, "{}")


def format_colour(change: Change, at: float, tables: Tables) -> str:
    """The same for a terminal."""
    return _format_line(change, at, tables, f"\x1b[{_COLOURS[change.action]}m{{}}\x1b[0m")


def format_name(name: bytes | None) -> str:
    """A link's name with everything that is not printable escaped, and the backslash; ``?`` for None."""
    if name is None:
        return "?"
    return "".join(map(_escape_name, name.decode("utf-8", "surrogateescape")))


def _escape_name(character: str) -> str:
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
    text = f"{head} {change.object!s:7} {_describe(change, tables)}"
    if change.action is Action.CHANGED:
        text += f" (changed: {', '.join(_json_names(change))})"
    return text


def _describe(change: Change, tables: Tables) -> str:
    value = change.value
    if isinstance(value, Link):
        return describe_link(value, tables)
    if isinstance(value, Address):
        return f"{value.text} on {format_name(change.name)}"
    route: Route = value
    return " ".join([*_route_words(route, tables), f"table {_TABLES.get(route.table, route.table)}"])


def describe_link(link: Link, tables: Tables) -> str:
    """One link in words: ``eth0: UP, RUNNING, mtu 1500, mac 02:00:00:00:00:01, state up``."""
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
        gateway = _gateway(hop)
        if gateway is not None:
            yield f"via {gateway}"
        if hop.interface is not None:
            yield f"on {format_name(tables.find_name(hop.interface))}"
