# SPDX-License-Identifier: Apache-2.0
"""The two IMM classes that are published, defined once: all else (XML, values' types, `show`) is taken
from here.

Both are runtime classes with cached attributes only: IMM answers every reader by itself and never asks
us. None is persistent: what a node's interfaces were before a restart of IMM is no truth worth keeping.
IMM refuses to create an object when such an attribute has no value, so "none" is always the empty
string.
"""

from __future__ import annotations

from imm_model.classes import AttributeDefinition, AttributeFlag, Category, ClassDefinition
from imm_model.types import ValueType

NODE_CLASS = "NetWatchNode"
NODE_RDN = "netWatchNode"
INTERFACE_CLASS = "NetWatchInterface"
INTERFACE_RDN = "netIf"
IMPLEMENTER_PREFIX = "NetWatch_"  # and the node's name: one implementer a node, each owns its own objects

_CACHED = AttributeFlag.RUNTIME | AttributeFlag.CACHED


def _attribute(name: str, kind: ValueType, *extra: AttributeFlag) -> AttributeDefinition:
    flags = _CACHED
    for flag in extra:
        flags |= flag
    return AttributeDefinition(name, kind, flags)


NODE = ClassDefinition(
    NODE_CLASS,
    Category.RUNTIME,
    (
        _attribute(NODE_RDN, ValueType.STRING, AttributeFlag.RDN),
        _attribute("macAddresses", ValueType.STRING, AttributeFlag.MULTI_VALUE),
        _attribute("interfaceCount", ValueType.UINT32),
        _attribute("changeCount", ValueType.UINT64),
        _attribute("overrunCount", ValueType.UINT64),
        _attribute("lastChange", ValueType.TIME),
    ),
)

INTERFACE = ClassDefinition(
    INTERFACE_CLASS,
    Category.RUNTIME,
    (
        _attribute(INTERFACE_RDN, ValueType.STRING, AttributeFlag.RDN),
        _attribute("macAddress", ValueType.STRING),
        _attribute("ifIndex", ValueType.UINT32),
        _attribute("mtu", ValueType.UINT32),
        _attribute("adminState", ValueType.STRING),
        _attribute("operState", ValueType.STRING),
        _attribute("master", ValueType.STRING),
        _attribute("physical", ValueType.UINT32),
        _attribute("ipv4Addresses", ValueType.STRING, AttributeFlag.MULTI_VALUE),
        _attribute("ipv6Addresses", ValueType.STRING, AttributeFlag.MULTI_VALUE),
        _attribute("lastChange", ValueType.TIME),
    ),
)

CLASSES = (NODE, INTERFACE)


def definition_of(class_name: str) -> ClassDefinition:
    """The definition of one of our classes; KeyError for any other name."""
    for definition in CLASSES:
        if definition.name == class_name:
            return definition
    raise KeyError(class_name)
