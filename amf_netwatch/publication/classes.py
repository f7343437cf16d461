# SPDX-License-Identifier: Apache-2.0
"""The two IMM classes that are published, defined once: all else (XML, values' types, `show`) is taken
from here.

Both are runtime classes with cached attributes only: IMM answers every reader by itself and never asks
us. None is persistent: what a node's interfaces were before a restart of IMM is no truth worth keeping.
IMM refuses to create an object when such an attribute has no value, so "none" is always the empty
string.
"""

from __future__ import annotations

from amf_netwatch.publication.facts import FACTS, cached_attribute
from imm_model.classes import AttributeFlag, Category, ClassDefinition
from imm_model.types import ValueType

NODE_CLASS = "NetWatchNode"
NODE_RDN = "netWatchNode"
INTERFACE_CLASS = "NetWatchInterface"
INTERFACE_RDN = "netIf"
IMPLEMENTER_PREFIX = "NetWatch_"  # and the node's name: one implementer a node, each owns its own objects

NODE = ClassDefinition(
    NODE_CLASS,
    Category.RUNTIME,
    (
        cached_attribute(NODE_RDN, ValueType.STRING, AttributeFlag.RDN),
        cached_attribute("macAddresses", ValueType.STRING, AttributeFlag.MULTI_VALUE),
        cached_attribute("interfaceCount", ValueType.UINT32),
        cached_attribute("changeCount", ValueType.UINT64),
        cached_attribute("overrunCount", ValueType.UINT64),
        cached_attribute("lastChange", ValueType.TIME),
    ),
)

INTERFACE = ClassDefinition(
    INTERFACE_CLASS,
    Category.RUNTIME,
    (
        cached_attribute(INTERFACE_RDN, ValueType.STRING, AttributeFlag.RDN),
        *(fact.definition for fact in FACTS),
        cached_attribute("lastChange", ValueType.TIME),
    ),
)

CLASSES = (NODE, INTERFACE)


def definition_of(class_name: str) -> ClassDefinition:
    """The definition of one of our classes; KeyError for any other name."""
    for definition in CLASSES:
        if definition.name == class_name:
            return definition
    raise KeyError(class_name)
