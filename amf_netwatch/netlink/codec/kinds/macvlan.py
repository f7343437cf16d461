# SPDX-License-Identifier: Apache-2.0
"""macvlan, macvtap (IFLA_MACVLAN_*), ipvlan and ipvtap (IFLA_IPVLAN_*). Source: linux/if_link.h."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amf_netwatch.netlink.codec.kinds.table import (
    ABSENT,
    LAYOUTS,
    Attributes,
    Option,
    Table,
    bit,
    iter_nested,
    number,
    pack,
    parse_mac,
    parse_truth,
    unpack,
    word,
)
from amf_netwatch.netlink.codec.messages import pack_attribute
from amf_netwatch.netlink.errors import EncodeError

_MODES = {1: "private", 2: "vepa", 4: "bridge", 8: "passthru", 16: "source"}
_SOURCE_MODE = 16
_MODE, _ADDRESS_MODE, _ADDRESS, _ADDRESSES, _ADDRESS_COUNT = 1, 3, 4, 5, 6
_SET_ADDRESSES = 3  # MACVLAN_MACADDR_SET: these and no others
_PRIVATE, _VEPA = 0x1, 0x2  # IPVLAN_F_*


def _read_mode(found: Mapping[int, bytes]) -> Any:
    if _MODE not in found:
        return ABSENT
    return _MODES.get(unpack(LAYOUTS["u32"], found[_MODE]), "unknown")


def _write_mode(value: Any, packed: Attributes) -> None:
    for kind, known in _MODES.items():
        if value == known:
            packed[_MODE] = pack(LAYOUTS["u32"], kind)
            return
    raise EncodeError(f"{value!r} is none of {', '.join(_MODES.values())}")


def _is_source(found: Mapping[int, bytes]) -> bool:
    return _MODE in found and unpack(LAYOUTS["u32"], found[_MODE]) == _SOURCE_MODE


def _read_count(found: Mapping[int, bytes]) -> Any:
    if not _is_source(found) or _ADDRESS_COUNT not in found:
        return ABSENT
    return unpack(LAYOUTS["u32"], found[_ADDRESS_COUNT])


def _read_addresses(found: Mapping[int, bytes]) -> Any:
    if not _is_source(found) or _ADDRESSES not in found:
        return ABSENT
    return [value.hex(":") for kind, value in iter_nested(found[_ADDRESSES]) if kind == _ADDRESS]


def _write_addresses(value: Any, packed: Attributes) -> None:
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise EncodeError(f"{value!r} is no list of hardware addresses")
    packed[_ADDRESS_MODE] = pack(LAYOUTS["u32"], _SET_ADDRESSES)
    packed[_ADDRESSES] = b"".join(pack_attribute(_ADDRESS, parse_mac(address)) for address in value)


_MACVLAN_OPTIONS = (
    Option("mode", (_MODE,), _read_mode, _write_mode),
    bit("nopromisc", 2, 0x1, "u16"),
    bit("nodst", 2, 0x2, "u16"),
    number("bcqueuelen", 7, "u32"),
    number("usedbcqueuelen", 8, "u32").but_read_only(),
    number("bclim", 9, "s32").but_newer(),
    Option("macaddr_count", (_ADDRESS_COUNT,), _read_count, None),
    Option("macaddr_data", (_ADDRESSES,), _read_addresses, _write_addresses),
)
MACVLAN = Table("macvlan", _MACVLAN_OPTIONS)
MACVTAP = Table("macvtap", _MACVLAN_OPTIONS)


def _isolation(name: str, wanted: int) -> Option:
    """One of three words that say whether ports of an ipvlan may talk to each other; the true one is
    printed."""

    def read(found: Mapping[int, bytes]) -> Any:
        if 2 not in found:
            return ABSENT
        flags = unpack(LAYOUTS["u16"], found[2])
        present = _PRIVATE if flags & _PRIVATE else flags & _VEPA
        return True if present == wanted else ABSENT

    def write(value: Any, packed: Attributes) -> None:
        if parse_truth(value):
            packed[2] = pack(LAYOUTS["u16"], wanted)

    return Option(name, (2,), read, write)


_IPVLAN_OPTIONS = (
    word("mode", 1, "u16", ("l2", "l3", "l3s")),
    _isolation("private", _PRIVATE),
    _isolation("vepa", _VEPA),
    _isolation("bridge", 0),
)
IPVLAN = Table("ipvlan", _IPVLAN_OPTIONS)
IPVTAP = Table("ipvtap", _IPVLAN_OPTIONS)
