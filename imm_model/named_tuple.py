# SPDX-License-Identifier: Apache-2.0
"""`NamedTuple` for the modules that commands import. Without `typing` a command starts 4 ms earlier.

Type checkers see the class of `typing`. At run time a class with this base becomes a
`collections.namedtuple` of its annotated fields, with its defaults, methods and docstring.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple  # noqa: PLC0414 - other modules import it from here
else:
    from collections import namedtuple

    class _Maker(type):
        """Turns a class body with annotated fields into a tuple class."""

        def __new__(mcs, name, bases, body):
            if not bases:
                return super().__new__(mcs, name, bases, body)
            fields = list(body.get("__annotations__", ()))
            defaults = [body[field] for field in fields if field in body]
            made = namedtuple(name, fields, defaults=defaults, module=body["__module__"])
            for key, value in body.items():
                if key not in fields and key not in ("__module__", "__dict__", "__weakref__"):
                    setattr(made, key, value)
            return made

    class NamedTuple(metaclass=_Maker):
        """The base class for such classes. Nothing is an instance of it."""
