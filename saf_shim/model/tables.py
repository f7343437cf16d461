# SPDX-License-Identifier: Apache-2.0
"""Tables of class definitions as text, and the function that reads them.

A class begins with its name and its category at the left margin. A line for each attribute follows: its
category (``rdn``, ``config`` or ``runtime``), its name, its type, its flags and, after ``=``, its default:

    SaAmfSU config
      rdn     safSu              string initialized
      config  saAmfSURank        uint32 writable = 0
      runtime saAmfSUAdminState  uint32 cached persistent = 1

Types are those of `ValueType`, flags those of `AttributeFlag`, both in lower case. The RDN has the category
of its class. The tests check that IMM would accept each definition (`imm_model.classes.check_class`).
"""

from __future__ import annotations

from collections.abc import Iterator

from imm_model.classes import AttributeDefinition, AttributeFlag, Category, ClassDefinition
from imm_model.types import ValueType, parse_value

_CATEGORY_FLAGS = {Category.CONFIG: AttributeFlag.CONFIG, Category.RUNTIME: AttributeFlag.RUNTIME}


def read_table(text: str) -> Iterator[ClassDefinition]:
    """Yield the definitions of a table in its order; KeyError or ValueError for a faulty table."""
    combined: dict[tuple[str, ...], AttributeFlag] = {}  # combining flags is slow; there are few combinations
    for block in text.strip("\n").split("\n\n"):
        head, *rows = block.split("\n")
        name, category_word = head.split()
        category = Category[category_word.upper()]
        attributes = []
        for row in rows:
            left, _, default = row.partition(" = ")
            kind, attribute, type_word, *words = left.split()
            key = (category_word, kind, *words)
            flags = combined.get(key)
            if flags is None:
                flags = combined[key] = _flags(category, kind, words)
            value_type = ValueType[type_word.upper()]
            value = parse_value(default, value_type) if default else None
            attributes.append(AttributeDefinition(attribute, value_type, flags, value))
        yield ClassDefinition(name, category, tuple(attributes))


def _flags(category: Category, kind: str, words: list[str]) -> AttributeFlag:
    if kind == "rdn":
        flags = AttributeFlag.RDN | _CATEGORY_FLAGS[category]
    else:
        flags = _CATEGORY_FLAGS[Category[kind.upper()]]
    for word in words:
        flags |= AttributeFlag[word.upper()]
    return flags
