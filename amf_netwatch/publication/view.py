# SPDX-License-Identifier: Apache-2.0
"""What IMM says of the cluster's interfaces, as values and as a table: for `show` and `demo`.

Pure: objects in, rows and text out. Where they come from is the caller's affair.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol, Union

from amf_netwatch.publication.classes import INTERFACE_CLASS
from imm_model.names import decode_rdn_value, parent_dn, rdn_value
from imm_model.objects import ImmObject
from imm_model.types import Value

Json = Union[str, int, bool, list[str]]


class Found(Protocol):
    """An object as a search finds it: `ais.FoundObject`."""

    @property
    def object(self) -> ImmObject:
        """The object."""

    @property
    def implementer(self) -> str:
        """Who owns it; empty when its node is gone."""


class Row(NamedTuple):
    """One interface of one node as IMM has it. `name` is the interface's own, decoded.

    `stale`: the node is gone, and nobody keeps this true any more.
    """

    node: str
    name: str
    mac: str
    ifindex: int
    mtu: int
    admin_state: str
    oper_state: str
    master: str
    physical: bool
    ipv4: tuple[str, ...]
    ipv6: tuple[str, ...]
    last_change: int  # ns since the epoch
    dn: str
    stale: bool


class Duplicate(NamedTuple):
    """A link-layer address that more than one node has."""

    mac: str
    rows: tuple[Row, ...]


COLUMNS = ("NODE", "INTERFACE", "STATE", "MAC", "MTU", "MASTER", "DEVICE", "ADDRESSES")


def rows_of(found: Iterable[Found]) -> list[Row]:
    """The interfaces among the objects, by node and ifindex."""
    return sorted(
        (
            _row(each.object, not each.implementer)
            for each in found
            if each.object.class_name == INTERFACE_CLASS
        ),
        key=lambda row: (row.node, row.ifindex, row.name),
    )


def find_duplicates(rows: Iterable[Row]) -> list[Duplicate]:
    """MACs seen on more than one node. On one node it is normal: bonds, bridges and their ports."""
    by_mac: dict[str, list[Row]] = {}
    for row in rows:
        if row.mac.replace(":", "").strip("0"):  # loopback's zeros are nobody's address
            by_mac.setdefault(row.mac, []).append(row)
    return [
        Duplicate(mac, tuple(found))
        for mac, found in sorted(by_mac.items())
        if len({row.node for row in found}) > 1
    ]


def cells(row: Row) -> tuple[str, ...]:
    """A row as the texts of `COLUMNS`."""
    state = "stale" if row.stale else row.oper_state if row.admin_state == "up" else "off"
    return (
        row.node,
        row.name,
        state,
        row.mac or "-",
        str(row.mtu),
        row.master or "-",
        "yes" if row.physical else "-",
        " ".join((*row.ipv4, *row.ipv6)) or "-",
    )


def as_json(row: Row) -> dict[str, Json]:
    """A row as ``show --json`` prints it: what IMM has, with an empty list for no addresses."""
    return {
        "node": row.node,
        "interface": row.name,
        "macAddress": row.mac,
        "ifIndex": row.ifindex,
        "mtu": row.mtu,
        "adminState": row.admin_state,
        "operState": row.oper_state,
        "master": row.master,
        "physical": row.physical,
        "ipv4Addresses": list(row.ipv4),
        "ipv6Addresses": list(row.ipv6),
        "lastChange": row.last_change,
        "dn": row.dn,
        "stale": row.stale,
    }


def align(lines: Sequence[Sequence[str]]) -> list[str]:
    """Cells as lines of text with columns of equal width; the last column is not padded."""
    widths = [max((width(line[column]) for line in lines), default=0) for column in range(len(COLUMNS))]
    return [
        "  ".join(pad(cell, widths[column]) for column, cell in enumerate(line)).rstrip() for line in lines
    ]


def pad(text: str, columns: int) -> str:
    """`text` with blanks up to so many columns of a terminal."""
    return text + " " * (columns - width(text))


def width(text: str) -> int:
    """How many columns of a terminal the text takes."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def printable(name: bytes) -> str:
    """A name for people: what is not printable is shown as ``\\xNN``."""
    text = name.decode("utf-8", "backslashreplace")
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in text)


def _row(obj: ImmObject, stale: bool) -> Row:
    values = obj.attributes
    return Row(
        printable(decoded_name(parent_dn(obj.dn))),
        printable(decoded_name(obj.dn)),
        _text(values, "macAddress"),
        _number(values, "ifIndex"),
        _number(values, "mtu"),
        _text(values, "adminState"),
        _text(values, "operState"),
        _text(values, "master"),
        bool(_number(values, "physical")),
        _texts(values, "ipv4Addresses"),
        _texts(values, "ipv6Addresses"),
        _number(values, "lastChange"),
        obj.dn,
        stale,
    )


def decoded_name(dn: str) -> bytes:
    """The name, in bytes, that the RDN of one of our objects stands for."""
    value = rdn_value(dn)
    try:
        return decode_rdn_value(value)
    except ValueError:
        return value.encode("utf-8", "surrogateescape")  # not ours; show it as it is


def _texts(values: Mapping[str, tuple[Value, ...]], name: str) -> tuple[str, ...]:
    return tuple(str(each) for each in values.get(name, ()) if each != "")


def _text(values: Mapping[str, tuple[Value, ...]], name: str) -> str:
    return " ".join(_texts(values, name))


def _number(values: Mapping[str, tuple[Value, ...]], name: str) -> int:
    found = values.get(name, ())
    return found[0] if found and isinstance(found[0], int) else 0
