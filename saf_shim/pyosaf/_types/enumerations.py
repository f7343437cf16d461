# SPDX-License-Identifier: Apache-2.0
"""C enumerations and constants as Python sees them: `Enumeration` and `Const`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Union


class EnumException(Exception):
    """An enumeration has a wrong form."""


class Enumeration:
    """Names with numbers: ``e.NAME``, ``e.whatis(number)``, and the dictionaries `lookup` and
    `reverse_lookup`.

    It is made from names and (name, number) pairs. A name without a number gets the previous number plus
    one."""

    def __init__(self, enumList: Iterable[Union[str, tuple[str, int]]]) -> None:
        self.lookup: dict[str, int] = {}
        self.reverse_lookup: dict[int, str] = {}
        number = 0
        for item in enumList:
            if isinstance(item, tuple):
                name, number = item
            else:
                name = item
            if not isinstance(name, str) or not isinstance(number, int):
                raise EnumException(f"neither a name nor a name with its number: {item!r}")
            if name in self.lookup:
                raise EnumException(f"name is not unique: {name}")
            if number in self.reverse_lookup:
                raise EnumException(f"number is not unique: {number}")
            self.lookup[name] = number
            self.reverse_lookup[number] = name
            number += 1

    def __getattr__(self, name: str) -> int:
        try:
            return self.__dict__["lookup"][name]  # type: ignore[no-any-return]
        except KeyError:
            raise AttributeError(name) from None

    def whatis(self, value: int) -> str:
        """Return the name of a number. ``UNKNOWN_ENUM`` if it has none."""
        return self.reverse_lookup.get(value, "UNKNOWN_ENUM")


class Const:
    """Constants as attributes. Each can be set once."""

    class ConstError(TypeError):
        """A constant was set again or deleted."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.__dict__:
            raise self.ConstError(f"can't rebind const({name})")
        self.__dict__[name] = value

    def __delattr__(self, name: str) -> None:
        if name in self.__dict__:
            raise self.ConstError(f"can't unbind const({name})")
        raise AttributeError(name)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"'Const' object has no attribute {name!r}")
