# SPDX-License-Identifier: Apache-2.0
"""The facts of an interface that are published: the attribute of each fact, and the form of its value.

One row of `FACTS` is one attribute of the class NetWatchInterface. The class (`classes`) and the values of an
object (`objects`) are both made from these rows. This module has no IO and no state.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from amf_netwatch.interfaces.record import Interface
from imm_model.classes import AttributeDefinition, AttributeFlag
from imm_model.names import encode_rdn_value
from imm_model.types import Value, ValueType

NONE = ("",)  # a cached attribute must have a value, so the empty string stands for "none"
_CACHED = AttributeFlag.RUNTIME | AttributeFlag.CACHED


class Fact(NamedTuple):
    """One attribute: its definition, and a function from an interface to its values (never an empty
    tuple)."""

    definition: AttributeDefinition
    values: Callable[[Interface], tuple[Value, ...]]


def cached_attribute(name: str, kind: ValueType, *extra: AttributeFlag) -> AttributeDefinition:
    """Return the definition of a runtime attribute whose value IMM keeps: readers never wake the
    component."""
    flags = _CACHED
    for flag in extra:
        flags |= flag
    return AttributeDefinition(name, kind, flags)


def name_as_text(name: bytes) -> str:
    """Return an interface's name as an IMM string: unchanged, or encoded like an RDN value if it is not
    UTF-8.

    IMM refuses strings that are not UTF-8 (ERR_INVALID_PARAM), but the kernel allows any byte in a name.
    """
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return encode_rdn_value(name)


def _one(name: str, kind: ValueType, value: Callable[[Interface], Value]) -> Fact:
    return Fact(cached_attribute(name, kind), lambda facts: (value(facts),))


def _several(name: str, kind: ValueType, values: Callable[[Interface], tuple[Value, ...]]) -> Fact:
    definition = cached_attribute(name, kind, AttributeFlag.MULTI_VALUE)
    return Fact(definition, lambda facts: values(facts) or NONE)


FACTS = (
    _one("macAddress", ValueType.STRING, lambda facts: facts.mac),
    _one("ifIndex", ValueType.UINT32, lambda facts: facts.ifindex),
    _one("mtu", ValueType.UINT32, lambda facts: facts.mtu),
    _one("adminState", ValueType.STRING, lambda facts: "up" if facts.admin_up else "down"),
    _one("operState", ValueType.STRING, lambda facts: facts.oper_state),
    _one("master", ValueType.STRING, lambda facts: name_as_text(facts.master)),
    _one("physical", ValueType.UINT32, lambda facts: int(facts.physical)),
    _several("ipv4Addresses", ValueType.STRING, lambda facts: facts.ipv4),
    _several("ipv6Addresses", ValueType.STRING, lambda facts: facts.ipv6),
)
