# SPDX-License-Identifier: Apache-2.0
"""VLANs (IFLA_VLAN_*, IEEE 802.1Q). Source: linux/if_link.h, if_vlan.h."""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from typing import Any

from amf_netwatch.netlink.codec.kinds.table import (
    ABSENT,
    LAYOUTS,
    Attributes,
    Option,
    Table,
    iter_nested,
    number,
    pack,
    parse_number,
    unpack,
)
from amf_netwatch.netlink.codec.messages import pack_attribute
from amf_netwatch.netlink.errors import DecodeError, EncodeError

_PROTOCOLS = {0x8100: "802.1Q", 0x88A8: "802.1ad"}
# In the order in which `ip` prints them.
_FLAGS = {"REORDER_HDR": 0x1, "GVRP": 0x2, "MVRP": 0x8, "LOOSE_BINDING": 0x4, "BRIDGE_BINDING": 0x10}
_ALL_FLAGS = sum(_FLAGS.values())
_FLAG_PAIR = Struct("=II")  # the flags, and which of them count
_MAPPING = Struct("=II")  # from, to
_QOS_MAPPING = 1


def vlan_protocol(name: str, attribute: int) -> Option:
    """The EtherType of a VLAN's tag, as its standard's name."""
    layout = LAYOUTS["be16"]

    def read(found: Mapping[int, bytes]) -> Any:
        if attribute not in found:
            return ABSENT
        value = unpack(layout, found[attribute])
        return _PROTOCOLS.get(value, f"[{value}]")

    def write(value: Any, packed: Attributes) -> None:
        for kind, known in _PROTOCOLS.items():
            if isinstance(value, str) and value.lower() == known.lower():
                packed[attribute] = pack(layout, kind)
                return
        packed[attribute] = pack(layout, parse_number(value.strip("[]") if isinstance(value, str) else value))

    return Option(name, (attribute,), read, write)


def _read_flags(found: Mapping[int, bytes]) -> Any:
    if 2 not in found:
        return ABSENT
    if len(found[2]) != _FLAG_PAIR.size:
        raise DecodeError(f"{len(found[2])} bytes are no flags of a VLAN")
    flags, _ = _FLAG_PAIR.unpack(found[2])
    rest = flags & ~_ALL_FLAGS
    return [name for name, bit in _FLAGS.items() if flags & bit] + ([f"{rest:x}"] if rest else [])


def _write_flags(value: Any, packed: Attributes) -> None:
    try:
        flags = sum({_FLAGS[name] for name in value})
    except (KeyError, TypeError):
        raise EncodeError(f"{value!r} is no list of {', '.join(_FLAGS)}") from None
    packed[2] = _FLAG_PAIR.pack(flags, _ALL_FLAGS)


def _qos_map(name: str, attribute: int) -> Option:
    """Which priorities of packets and of tags belong together."""

    def read(found: Mapping[int, bytes]) -> Any:
        if attribute not in found:
            return ABSENT
        pairs = []
        for kind, value in iter_nested(found[attribute]):
            if kind == _QOS_MAPPING:
                if len(value) != _MAPPING.size:
                    raise DecodeError(f"{len(value)} bytes are no mapping")
                pairs.append(dict(zip(("from", "to"), _MAPPING.unpack(value))))
        return pairs

    def write(value: Any, packed: Attributes) -> None:
        try:
            mappings = [_MAPPING.pack(pair["from"], pair["to"]) for pair in value]
        except Exception:
            raise EncodeError(f"{value!r} is no list of mappings with `from` and `to`") from None
        packed[attribute] = b"".join(pack_attribute(_QOS_MAPPING, mapping) for mapping in mappings)

    return Option(name, (attribute,), read, write)


VLAN = Table(
    "vlan",
    (
        vlan_protocol("protocol", 5).but_fixed(),
        number("id", 1, "u16").but_fixed(),
        Option("flags", (2,), _read_flags, _write_flags),
        _qos_map("ingress_qos", 4),
        _qos_map("egress_qos", 3),
    ),
)
