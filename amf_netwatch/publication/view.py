# SPDX-License-Identifier: Apache-2.0
"""What IMM says about the cluster's interfaces, as values and as a table, for `show` and `demo`.

It is pure: it turns objects into rows and text. The caller gets the objects.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import NamedTuple, Optional, Protocol, Union

from amf_netwatch.publication.classes import INTERFACE_CLASS, INTERFACE_RDN, NODE_RDN
from imm_model.names import decode_rdn_value, parent_dn, rdn_value
from imm_model.objects import ImmObject
from imm_model.types import Value

Json = Union[str, int, bool, list[str], None]


class Found(Protocol):
    """An object as a search finds it: `ais.FoundObject`."""

    @property
    def object(self) -> ImmObject:
        """Return the object."""

    @property
    def implementer(self) -> str:
        """Return the name of its implementer; empty if nobody holds that name."""


class Keeping(Enum):
    """Whether a component keeps a row true."""

    KEPT = "kept"  # a component holds the implementer name
    STALE = "stale"  # no component holds it, and the values are the old ones
    GONE = "gone"  # nobody has held it for about 6 s, so IMM shows the object without values


class Row(NamedTuple):
    """One interface of one node as IMM has it. `name` is the interface's own name, decoded.

    If the row is gone, only the names are known, from its DN: numbers are None, texts are empty.
    """

    node: str
    name: str
    mac: str
    ifindex: Optional[int]
    mtu: Optional[int]
    admin_state: str
    oper_state: str
    master: str
    physical: Optional[bool]
    ipv4: tuple[str, ...]
    ipv6: tuple[str, ...]
    last_change: Optional[int]  # ns since the epoch
    dn: str
    keeping: Keeping


class Duplicate(NamedTuple):
    """A link-layer address that is used on more than one node."""

    mac: str
    rows: tuple[Row, ...]


COLUMNS = ("NODE", "INTERFACE", "STATE", "MAC", "MTU", "MASTER", "DEVICE", "ADDRESSES")


def rows_of(found: Iterable[Found]) -> list[Row]:
    """Return the interfaces among the objects, sorted by node and ifindex.

    An object is recognized by its DN and not by its class: when its implementer has been away for about 6 s,
    even SaImmAttrClassName is empty.
    """
    return sorted((_row(each) for each in found if _is_interface(each.object)), key=order_of)


def order_of(row: Row) -> tuple[str, int, str]:
    """Return the sort key of a row."""
    return row.node, row.ifindex or 0, row.name


def find_duplicates(rows: Iterable[Row]) -> list[Duplicate]:
    """Return MACs that occur on more than one node. On one node it is normal: bonds, bridges and their
    ports."""
    by_mac: dict[str, list[Row]] = {}
    for row in rows:
        if row.mac.replace(":", "").strip("0"):  # the zeros of loopback are not an address
            by_mac.setdefault(row.mac, []).append(row)
    return [
        Duplicate(mac, tuple(found))
        for mac, found in sorted(by_mac.items())
        if len({row.node for row in found}) > 1
    ]


def cells(row: Row) -> tuple[str, ...]:
    """Return a row as the texts of `COLUMNS`."""
    state = row.oper_state if row.admin_state == "up" else "off"
    if row.keeping is not Keeping.KEPT:
        state = row.keeping.value
    return (
        row.node,
        row.name,
        state,
        row.mac or "-",
        "-" if row.mtu is None else str(row.mtu),
        row.master or "-",
        "yes" if row.physical else "-",
        " ".join((*row.ipv4, *row.ipv6)) or "-",
    )


def as_json(row: Row) -> dict[str, Json]:
    """Return a row as ``show --json`` prints it: the values in IMM, with an empty list for no addresses."""
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
        "stale": row.keeping is not Keeping.KEPT,
        "gone": row.keeping is Keeping.GONE,
    }


def align(lines: Sequence[Sequence[str]]) -> list[str]:
    """Return cells as lines of text with aligned columns. The last column is not padded."""
    widths = [max((width(line[column]) for line in lines), default=0) for column in range(len(COLUMNS))]
    return [
        "  ".join(pad(cell, widths[column]) for column, cell in enumerate(line)).rstrip() for line in lines
    ]


def pad(text: str, columns: int) -> str:
    """Return `text` with blanks up to this many columns of a terminal."""
    return text + " " * (columns - width(text))


def width(text: str) -> int:
    """Return how many columns of a terminal the text takes."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def printable(name: bytes) -> str:
    """Return a name for people: bytes that are not printable are shown as ``\\xNN``."""
    text = name.decode("utf-8", "backslashreplace")
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in text)


def _is_interface(obj: ImmObject) -> bool:
    if obj.class_name:
        return obj.class_name == INTERFACE_CLASS
    return obj.dn.startswith(f"{INTERFACE_RDN}=") and parent_dn(obj.dn).startswith(f"{NODE_RDN}=")


def _row(found: Found) -> Row:
    obj = found.object
    values = obj.attributes
    physical = _number(values, "physical")
    if not any(values.values()):
        keeping = Keeping.GONE
    else:
        keeping = Keeping.KEPT if found.implementer else Keeping.STALE
    return Row(
        printable(decoded_name(parent_dn(obj.dn))),
        printable(decoded_name(obj.dn)),
        _text(values, "macAddress"),
        _number(values, "ifIndex"),
        _number(values, "mtu"),
        _text(values, "adminState"),
        _text(values, "operState"),
        _text(values, "master"),
        None if physical is None else bool(physical),
        _texts(values, "ipv4Addresses"),
        _texts(values, "ipv6Addresses"),
        _number(values, "lastChange"),
        obj.dn,
        keeping,
    )


def decoded_name(dn: str) -> bytes:
    """Return the name, in bytes, that the RDN of one of our objects stands for."""
    value = rdn_value(dn)
    try:
        return decode_rdn_value(value)
    except ValueError:
        return value.encode("utf-8", "surrogateescape")  # we did not write it, so show it unchanged


def _texts(values: Mapping[str, tuple[Value, ...]], name: str) -> tuple[str, ...]:
    return tuple(str(each) for each in values.get(name, ()) if each != "")


def _text(values: Mapping[str, tuple[Value, ...]], name: str) -> str:
    return " ".join(_texts(values, name))


def _number(values: Mapping[str, tuple[Value, ...]], name: str) -> Optional[int]:
    found = values.get(name, ())
    return found[0] if found and isinstance(found[0], int) else None
