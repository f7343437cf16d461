# SPDX-License-Identifier: Apache-2.0
"""The facts of one interface, and how facts become the attributes of IMM objects.

Pure: no IO, no state. What an attribute means is in `classes`; this module decides how a fact is written.
Nothing that changes by itself is a fact: counters and lifetimes are not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Optional

from amf_netwatch.publication.classes import INTERFACE_RDN, NODE_RDN
from imm_model.names import decode_rdn_value, encode_rdn_value, make_rdn, split_dn
from imm_model.types import Value

Attributes = Mapping[str, tuple[Value, ...]]
NONE = ("",)  # a cached attribute must have a value: the empty string says "none"


class Interface(NamedTuple):
    """One interface as the kernel describes it. Addresses are sorted texts such as ``192.0.2.1/24``."""

    name: bytes
    ifindex: int
    mac: str  # lower-case colon hex of any length; empty when the link has none
    mtu: int
    admin_up: bool
    oper_state: str  # the kernel's RFC 2863 word
    master: bytes  # name of the bridge or bond above, or empty
    physical: bool
    ipv4: tuple[str, ...] = ()
    ipv6: tuple[str, ...] = ()


class NodeFacts(NamedTuple):
    """What is told about the node as a whole; `macs` are distinct and sorted."""

    macs: tuple[str, ...]
    interface_count: int
    overrun_count: int


def node_dn(node: str) -> str:
    """The DN of a node's object; `node` is the RDN value of its AMF node."""
    return make_rdn(NODE_RDN, node.encode("utf-8", "surrogateescape"))


def interface_dn(name: bytes, parent: str) -> str:
    """The DN of an interface's object below its node's object."""
    return f"{INTERFACE_RDN}={encode_rdn_value(name)},{parent}"


def interface_name(dn: str, parent: str) -> Optional[bytes]:
    """The name that `interface_dn` made `dn` of; None when it cannot have."""
    rdn, above = split_dn(dn)
    attribute, _, value = rdn.partition("=")
    if attribute != INTERFACE_RDN or above != parent:
        return None
    try:
        return decode_rdn_value(value)
    except ValueError:
        return None


def interface_attributes(facts: Interface) -> dict[str, tuple[Value, ...]]:
    """The attributes of an interface's object, all but ``lastChange``."""
    return {
        "macAddress": (facts.mac,),
        "ifIndex": (facts.ifindex,),
        "mtu": (facts.mtu,),
        "adminState": ("up" if facts.admin_up else "down",),
        "operState": (facts.oper_state,),
        "master": (name_as_text(facts.master),),
        "physical": (1 if facts.physical else 0,),
        "ipv4Addresses": facts.ipv4 or NONE,
        "ipv6Addresses": facts.ipv6 or NONE,
    }


def node_attributes(facts: NodeFacts) -> dict[str, tuple[Value, ...]]:
    """The attributes of a node's object, all but ``changeCount`` and ``lastChange``."""
    return {
        "macAddresses": facts.macs or NONE,
        "interfaceCount": (facts.interface_count,),
        "overrunCount": (facts.overrun_count,),
    }


def name_as_text(name: bytes) -> str:
    """An interface's name as an IMM string: as it is, or encoded like an RDN value when it is no UTF-8.

    IMM refuses strings that are not UTF-8 (ERR_INVALID_PARAM); the kernel takes any byte for a name.
    """
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return encode_rdn_value(name)


def mac_as_text(address: bytes) -> str:
    """A link-layer address of any length as lower-case colon hex; none is the empty string."""
    return address.hex(":") if address else ""
