# SPDX-License-Identifier: Apache-2.0
"""How facts become IMM objects: the names of the objects, and the values of their attributes.

The row of a fact in `facts` gives the form of its value. This module has no IO and no state.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Optional

from amf_netwatch.interfaces.record import Interface, NodeFacts
from amf_netwatch.publication.classes import INTERFACE_RDN, NODE_RDN
from amf_netwatch.publication.facts import FACTS, NONE
from imm_model.names import decode_rdn_value, encode_rdn_value, make_rdn, split_dn
from imm_model.types import Value

Attributes = Mapping[str, tuple[Value, ...]]
# Names and values of the facts in one tuple, because it is used for every interface that is written.
_VALUES = tuple((fact.definition.name, fact.values) for fact in FACTS)


def node_dn(node: str) -> str:
    """Return the DN of a node's object. `node` is the RDN value of its AMF node."""
    return make_rdn(NODE_RDN, node.encode("utf-8", "surrogateescape"))


def interface_dn(name: bytes, parent: str) -> str:
    """Return the DN of an interface's object below its node's object."""
    return f"{INTERFACE_RDN}={encode_rdn_value(name)},{parent}"


def interface_name(dn: str, parent: str) -> Optional[bytes]:
    """Return the interface's name in a DN that `interface_dn` made. None for any other DN."""
    rdn, above = split_dn(dn)
    attribute, _, value = rdn.partition("=")
    if attribute != INTERFACE_RDN or above != parent:
        return None
    try:
        return decode_rdn_value(value)
    except ValueError:
        return None


def interface_attributes(facts: Interface) -> dict[str, tuple[Value, ...]]:
    """Return the attributes of an interface's object, all except ``lastChange``."""
    return {name: values(facts) for name, values in _VALUES}


def node_attributes(facts: NodeFacts) -> dict[str, tuple[Value, ...]]:
    """Return the attributes of a node's object, all except ``changeCount`` and ``lastChange``."""
    return {
        "macAddresses": facts.macs or NONE,
        "interfaceCount": (facts.interface_count,),
        "overrunCount": (facts.overrun_count,),
    }
