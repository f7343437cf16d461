# SPDX-License-Identifier: Apache-2.0
"""Options of links and ports, and metrics of routes: the named values compared with the present ones.

Names and values are those of ``ip -d -j``; the tables that know them are the codec's (`codec.kinds`). Here
they are checked before a change, compared by value, and packed so that what is not named stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from struct import Struct
from typing import Any

from amf_netwatch.netlink.codec.kinds.registry import (
    find_port_table,
    find_table,
    list_kinds,
    list_port_kinds,
)
from amf_netwatch.netlink.codec.kinds.table import ABSENT, Attributes, Option, Table, iter_nested, pack_nested
from amf_netwatch.netlink.codec.messages import iter_attributes
from amf_netwatch.netlink.codec.route import METRICS_ATTRIBUTES, Metrics
from amf_netwatch.netlink.errors import DecodeError, EncodeError
from amf_netwatch.netlink.network.objects.records import pack_raw, read_raw

_MODE = "mode"  # of a bond
_STATE = "state"  # of a port: it follows from carrier and STP, and a port that is down refuses it
_BRIDGE_SWITCHES = 46  # IFLA_BR_MULTI_BOOLOPT: values and mask
_NO_VLAN_FILTERING = (7, b"\0")
_SWITCHES = Struct("=II")
_ALL = -1

Names = Mapping[bytes, int]
"""The indexes of links by name, for options whose value is a link."""


# -- before a change ----------------------------------------------------------------------------------------


def check_options(kind: str | None, options: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the faults of the options of a link of this kind (None: the document does not name the kind)."""
    if kind is None:
        return _check([find_table(one) for one in list_kinds()], options, "any kind of link")
    return _check([find_table(kind)], options, f"kind {kind}")


def check_port_options(options: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the faults of the options of a port."""
    return _check([find_port_table(one) for one in list_port_kinds()], options, "any kind of port")


def _check(tables: list[Table | None], options: Mapping[str, Any], what: str) -> list[tuple[str, str]]:
    wrong = []
    for name, value in options.items():
        rows = [row for table in tables if table is not None for row in table.options if row.name == name]
        if not rows:
            wrong.append((name, f"is no option of {what}"))
            continue
        texts = [_complain(row, value) for row in rows]
        if all(texts):
            wrong.append((name, texts[0]))
    return wrong


def _complain(row: Option, value: Any) -> str:
    """Return why this value cannot be set. '' if it can."""
    if row.write is None:
        return "is set by the kernel only"
    if row.link and isinstance(value, str):
        return ""
    try:
        row.write(value, {})
    except EncodeError as error:
        return str(error)
    except (TypeError, ValueError, AttributeError, KeyError):
        return f"{value!r} is no value of this option"
    return ""


def check_metrics(metrics: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the faults of the metrics of a route. The value None removes a metric."""
    wrong = []
    for name, value in metrics.items():
        if value is None and name in Metrics._fields:
            continue
        try:
            Metrics.from_values({name: value})
        except EncodeError as error:
            wrong.append((name, str(error)))
    return wrong


# -- options of links and ports -----------------------------------------------------------------------------


def find_differing(
    table: Table | None, wanted: Mapping[str, Any], data: bytes, names: Names
) -> tuple[dict[str, Any], list[str]]:
    """Return the wanted options that differ from the present, and those of them that only a new link can
    have.

    Raises EncodeError for an option that the kind does not have, and for a link that does not exist.
    """
    raw: Attributes = dict(iter_nested(data)) if data else {}
    differing: dict[str, Any] = {}
    fixed = []
    rows = {} if table is None else {row.name: row for row in table.options}
    for name, value in wanted.items():
        row = rows.get(name)
        if row is None or row.write is None:
            raise EncodeError(f"{name} is no option that can be set here")
        after = dict(raw)
        row.write(_to_index(row, value, names), after)
        try:
            same = row.read(after) == row.read(raw) and bool(raw)
        except DecodeError:
            same = False
        if not same:
            differing[name] = value
            if row.fixed:
                fixed.append(name)
    return differing, fixed


def pack_options(table: Table | None, wanted: Mapping[str, Any], data: bytes, names: Names) -> bytes:
    """Return the bytes that set the wanted options and leave all others as in `data`."""
    raw: Attributes = dict(iter_nested(data)) if data else {}
    packed: Attributes = {}
    if table is not None and table.whole and data:
        packed = dict(iter_nested(keep_options(table, data)))
    rows = {} if table is None else {row.name: row for row in table.options}
    for name, value in wanted.items():
        row = rows[name]
        for number in row.attributes:  # an attribute may hold several options
            if number in raw and not (
                number == _BRIDGE_SWITCHES and table is not None and table.kind == "bridge"
            ):
                packed.setdefault(number, raw[number])
        if row.write is not None:
            row.write(_to_index(row, value, names), packed)
    if table is not None and table.kind == "bridge" and not data:
        packed = _for_new_bridge(table, packed)
    return pack_nested(packed)


def _for_new_bridge(table: Table, packed: Attributes) -> Attributes:
    """Leave out what is off in a new bridge anyway, because a kernel built without it refuses even that."""
    kept = {
        number: _only_set(table, number, value)
        for number, value in packed.items()
        if (number, value) != _NO_VLAN_FILTERING
    }
    if kept.get(_BRIDGE_SWITCHES) == bytes(_SWITCHES.size):
        del kept[_BRIDGE_SWITCHES]
    return kept


def keep_options(table: Table | None, data: bytes) -> bytes:
    """Return the bytes that restore a link or port as it was.

    They are made from the options, because some attributes of a dump are refused in a request. A bridge takes
    its attributes as they are. A bond gets its mode, which it accepts only without ports. Most of its other
    options are refused in some modes, so only those that differ are set afterwards.
    """
    if table is None or not data:
        return b""
    settable = dict(_iter_settable(table, data))
    if table.kind == "bridge":
        return pack_nested({number: _only_set(table, number, value) for number, value in settable.items()})
    raw: Attributes = dict(iter_nested(data))
    packed: Attributes = {}
    for row in table.options:
        if table.kind == "bond" and row.name != _MODE:
            continue
        value = ABSENT if row.write is None or row.name == _STATE else row.read(raw)
        if value is not ABSENT and row.write is not None:
            row.write(value, packed)
    return pack_nested(packed)


def _iter_settable(table: Table, data: bytes) -> Iterator[tuple[int, bytes]]:
    settable = {
        number
        for row in table.options
        if row.write is not None and row.name != _STATE
        for number in row.attributes
    }
    for number, value in iter_nested(data):
        # A kernel without VLAN filtering reports it as off, but refuses a request to switch it off.
        if number in settable and not (table.kind == "bridge" and (number, value) == _NO_VLAN_FILTERING):
            yield number, value


def _only_set(table: Table, number: int, value: bytes, mask: int = _ALL) -> bytes:
    """Select the switches of a bridge to send. It reports all of them, but accepts only those of its kernel.

    So only the switches that are on, or that are in `mask`, are sent.
    """
    if table.kind != "bridge" or number != _BRIDGE_SWITCHES:
        return value
    on, _ = _SWITCHES.unpack(value)
    return _SWITCHES.pack(on, on if mask == _ALL else mask)


def find_changed(table: Table | None, before: bytes, after: bytes) -> bytes:
    """Return the settable attributes in which `before` differs from `after`, as in `before`. b'' if none.

    For a table that must be sent completely, return all of them.
    """
    if table is None or not before:
        return b""
    old = dict(_iter_settable(table, before))
    new = dict(_iter_settable(table, after)) if after else {}
    changed = {number: value for number, value in old.items() if new.get(number) != value}
    if changed and table.whole:
        return keep_options(table, before)
    if _BRIDGE_SWITCHES in changed and _BRIDGE_SWITCHES in new and table.kind == "bridge":
        value = changed[_BRIDGE_SWITCHES]
        differing = _SWITCHES.unpack(value)[0] ^ _SWITCHES.unpack(new[_BRIDGE_SWITCHES])[0]
        changed[_BRIDGE_SWITCHES] = _only_set(table, _BRIDGE_SWITCHES, value, differing)
    return pack_nested(changed) if changed else b""


def _to_index(row: Option, value: Any, names: Names) -> Any:
    if not row.link or not isinstance(value, str) or not value:
        return value
    index = names.get(value.encode("utf-8", "surrogateescape"))
    if index is None:
        raise EncodeError(f"there is no link {value}")
    return index


# -- metrics of routes --------------------------------------------------------------------------------------


def merge_metrics(packed: bytes, named: Mapping[str, Any]) -> bytes:
    """Return RTA_METRICS with the named metrics set (or removed: None) and the others unchanged."""
    found = read_raw(packed, 0, len(packed))
    metrics = Metrics.from_values(_without_taken(named))
    for row in METRICS_ATTRIBUTES:
        if row.name in named and named[row.name] is None:
            found.pop(int(row.type), None)
        value = getattr(metrics, row.name)
        if value is not None and row.writer is not None:
            found[int(row.type)] = row.writer(value)
    return pack_raw(found)


def _without_taken(named: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metrics to set. ``ecn`` has no value, so None does not remove it."""
    return {name: value for name, value in named.items() if value is not None or name not in Metrics._fields}


def read_metrics(packed: bytes) -> dict[str, Any]:
    """Return the metrics by name."""
    slots: dict[str, Any] = {}
    rows = {int(row.type): row for row in METRICS_ATTRIBUTES}
    for attribute in iter_attributes(packed, 0, len(packed)):
        row = rows.get(attribute.type)
        if row is not None:
            slots[row.name] = row.reader(packed, attribute.start, attribute.end)
    return Metrics(**slots).values()
