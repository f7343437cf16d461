# SPDX-License-Identifier: Apache-2.0
"""The two IMM classes that are published. They are defined only here: XML, the types of values and `show` use
these definitions.

Both are runtime classes with cached attributes only: IMM answers every reader itself and never asks us. No
attribute is persistent, because the facts of a node from before a restart of IMM may be wrong. IMM refuses
to create an object if such an attribute has no value, so the empty string always stands for "none".
"""

from __future__ import annotations

from amf_netwatch.publication.facts import FACTS, cached_attribute
from imm_model.classes import AttributeFlag, Category, ClassDefinition
from imm_model.types import ValueType

NODE_CLASS = "NetWatchNode"
NODE_RDN = "netWatchNode"
INTERFACE_CLASS = "NetWatchInterface"
INTERFACE_RDN = "netIf"
IMPLEMENTER_PREFIX = "NetWatch_"  # the node's name follows: each node has its own implementer and objects

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
    """Return the definition of one of our classes. KeyError for any other name."""
    for definition in CLASSES:
        if definition.name == class_name:
            return definition
    raise KeyError(class_name)
