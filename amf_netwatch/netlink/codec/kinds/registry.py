# SPDX-License-Identifier: Apache-2.0
"""Which table belongs to which kind, and the two directions: bytes to options, options to bytes.

A kind without a table (dummy, ifb, team ...) has no options that this library knows; its data is kept as
bytes. A table is imported when its kind is first needed, because most programs never need it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from importlib import import_module
from typing import Any, Callable, Optional

from amf_netwatch.netlink.codec.kinds.table import ABSENT, Attributes, Table, iter_nested, pack_nested
from amf_netwatch.netlink.codec.link import Link, LinkInfo
from amf_netwatch.netlink.errors import DecodeError, EncodeError

FindName = Callable[[int], Optional[str]]
"""Returns the name of a link by its index, or None if there is no such link."""
FindIndex = Callable[[str], Optional[int]]
"""Returns the index of a link by its name, or None if there is no such link."""

# Kind of link: module and name of its table.
_KINDS = {
    "bridge": ("bridge", "BRIDGE"),
    "bond": ("bond", "BOND"),
    "vlan": ("vlan", "VLAN"),
    "vrf": ("vrf", "VRF"),
    "macvlan": ("macvlan", "MACVLAN"),
    "macvtap": ("macvlan", "MACVTAP"),
    "ipvlan": ("macvlan", "IPVLAN"),
    "ipvtap": ("macvlan", "IPVTAP"),
    "vxlan": ("vxlan", "VXLAN"),
    "geneve": ("geneve", "GENEVE"),
    "gre": ("gre", "GRE"),
    "gretap": ("gre", "GRETAP"),
    "erspan": ("gre", "ERSPAN"),
    "ip6gre": ("gre", "IP6GRE"),
    "ip6gretap": ("gre", "IP6GRETAP"),
    "ip6erspan": ("gre", "IP6ERSPAN"),
    "ipip": ("iptunnel", "IPIP"),
    "sit": ("iptunnel", "SIT"),
    "ip6tnl": ("iptunnel", "IP6TNL"),
    "vti": ("vti", "VTI"),
    "vti6": ("vti", "VTI6"),
    "xfrm": ("vti", "XFRM"),
    "tun": ("tun", "TUN"),
}
_PORT_KINDS = {
    "bridge": ("bridge", "BRIDGE_PORT"),
    "bond": ("bond", "BOND_PORT"),
    "vrf": ("vrf", "VRF_PORT"),
}


def list_kinds() -> tuple[str, ...]:
    """Return the kinds of links that have a table."""
    return tuple(_KINDS)


def list_port_kinds() -> tuple[str, ...]:
    """Return the kinds of links whose ports have a table."""
    return tuple(_PORT_KINDS)


def find_table(kind: str | None) -> Table | None:
    """Return the options of a kind of link. None if it has no table."""
    return _find(_KINDS, kind)


def find_port_table(port_kind: str | None) -> Table | None:
    """Return the options of the ports of a kind of link. None if they have no table."""
    return _find(_PORT_KINDS, port_kind)


def _find(homes: Mapping[str, tuple[str, str]], kind: str | None) -> Table | None:
    if kind is None or kind not in homes:
        return None
    module, name = homes[kind]
    table: Table = getattr(import_module(f"amf_netwatch.netlink.codec.kinds.{module}"), name)
    return table


# -- bytes to options -------------------------------------------------------------------------------------


class Choice(Enum):
    """Which options a decoder returns."""

    PRINTED = "printed"  # those of ``ip -d -j link`` of iproute2 6.1
    ALL = "all"  # also newer options, and under ``unknown(n)``, as bytes, attributes that no table knows
    SETTABLE = "settable"  # those that a request can set, including newer ones


def read_options(
    link: Link, find_name: FindName | None = None, choice: Choice = Choice.PRINTED
) -> dict[str, Any]:
    """Return the options of a link, with the names and values of ``ip -d -j link`` (`info_data`).
    DecodeError.

    `find_name` turns the index of another link into its name, as `ip` prints it; without it the index stays.
    A user or group of a tun device is a number here, because its name is in a file of the machine. An
    inherited time to live, which `ip` does not print, is a settable option.
    """
    info = link.info or LinkInfo()
    return decode_options(find_table(info.kind), info.data, find_name, choice)


def read_port_options(
    link: Link, find_name: FindName | None = None, choice: Choice = Choice.PRINTED
) -> dict[str, Any]:
    """Return the options of a link as a port (`info_slave_data`); otherwise like `read_options`."""
    info = link.info or LinkInfo()
    return decode_options(find_port_table(info.port_kind), info.port_data, find_name, choice)


def decode_options(
    table: Table | None,
    data: bytes | None,
    find_name: FindName | None = None,
    choice: Choice = Choice.PRINTED,
) -> dict[str, Any]:
    """Return the options in the bytes of IFLA_INFO_DATA or IFLA_INFO_SLAVE_DATA; see `read_options`."""
    if data is None:
        return {}
    found = dict(iter_nested(data))
    options: dict[str, Any] = {}
    for option in table.options if table is not None else ():
        if (option.newer and choice is Choice.PRINTED) or (
            option.write is None and choice is Choice.SETTABLE
        ):
            continue
        try:
            value = option.read(found)
        except DecodeError as error:
            raise DecodeError(f"{option.name}: {error}") from None
        if value is not ABSENT:
            if option.link and find_name is not None:
                value = find_name(value) or f"if{value}"
            options[option.name] = value
    if choice is Choice.ALL:
        known = _known(table)
        options.update((f"unknown({kind})", value) for kind, value in found.items() if kind not in known)
    return options


def _known(table: Table | None) -> frozenset[int]:
    if table is None:
        return frozenset()
    return table.passed_over.union(*(option.attributes for option in table.options))


# -- options to bytes -------------------------------------------------------------------------------------


def pack_options(kind: str, options: Mapping[str, Any], find_index: FindIndex | None = None) -> bytes:
    """Return IFLA_INFO_DATA with these options: the opposite of `read_options`.

    `find_index` turns the name of another link into its index. Raises EncodeError if the kind has no such
    option, if only the kernel sets it, if a value is wrong, or if there is no link with a name.
    """
    return _encode(kind, find_table(kind), options, find_index)


def pack_port_options(
    port_kind: str, options: Mapping[str, Any], find_index: FindIndex | None = None
) -> bytes:
    """Return IFLA_INFO_SLAVE_DATA with these options; otherwise like `pack_options`."""
    return _encode(f"{port_kind} port", find_port_table(port_kind), options, find_index)


def _encode(
    kind: str, table: Table | None, options: Mapping[str, Any], find_index: FindIndex | None
) -> bytes:
    rows = {option.name: option for option in (table.options if table is not None else ())}
    packed: Attributes = {}
    for name, value in options.items():
        if name not in rows:
            number = _unknown_number(name)
            if number is None or not isinstance(value, bytes):
                raise EncodeError(f"{name} is no option of {kind}")
            packed[number] = value
            continue
        option = rows[name]
        if option.write is None:
            raise EncodeError(f"{kind} option {name}: only the kernel sets it")
        try:
            option.write(_to_index(value, find_index) if option.link else value, packed)
        except EncodeError as error:
            raise EncodeError(f"{kind} option {name}: {error}") from None
    return pack_nested(packed)


def _unknown_number(name: str) -> int | None:
    number = name[8:-1]
    found = name.startswith("unknown(") and name.endswith(")") and number.isascii() and number.isdigit()
    return int(number) if found and int(number) <= 0x3FFF else None


def _to_index(value: Any, find_index: FindIndex | None) -> Any:
    if not isinstance(value, str) or not value:
        return value
    index = find_index(value) if find_index is not None else None
    if index is None:
        raise EncodeError(f"there is no link {value}")
    return index
