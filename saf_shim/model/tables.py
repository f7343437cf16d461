# SPDX-License-Identifier: Apache-2.0
"""Class definitions out of the tables of this package."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from imm_model.classes import AttributeDefinition, AttributeFlag, Category, ClassDefinition

from .amf_classes import AMF_CLASSES
from .service_classes import SERVICE_CLASSES

FLAGS = {
    "D": AttributeFlag.RDN,
    "c": AttributeFlag.CONFIG,
    "w": AttributeFlag.WRITABLE,
    "i": AttributeFlag.INITIALIZED,
    "r": AttributeFlag.RUNTIME,
    "h": AttributeFlag.CACHED,
    "p": AttributeFlag.PERSISTENT,
    "m": AttributeFlag.MULTI_VALUE,
    "u": AttributeFlag.NO_DUPLICATES,
    "n": AttributeFlag.NOTIFY,
    "d": AttributeFlag.NO_DANGLING,
    "N": AttributeFlag.DN,
    "x": AttributeFlag.DEFAULT_REMOVED,
    "s": AttributeFlag.STRONG_DEFAULT,
}


def standard_classes() -> list[ClassDefinition]:
    """All classes that are there from the start."""
    return [*read_table(AMF_CLASSES), *read_table(SERVICE_CLASSES)]


def read_table(table: Iterable[Any]) -> list[ClassDefinition]:
    """The definitions of one table."""
    seen: dict[str, AttributeFlag] = {}  # combining flags is slow, and there are few combinations
    definitions = []
    for name, category, rows in table:
        attributes = []
        for attribute, kind, letters, *default in rows:
            flags = seen.get(letters)
            if flags is None:
                flags = AttributeFlag(0)
                for letter in letters:
                    flags |= FLAGS[letter]
                seen[letters] = flags
            attributes.append(AttributeDefinition(attribute, kind, flags, default[0] if default else None))
        kind_of_class = Category.CONFIG if category == "config" else Category.RUNTIME
        definitions.append(ClassDefinition(name, kind_of_class, tuple(attributes)))
    return definitions
