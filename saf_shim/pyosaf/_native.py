# SPDX-License-Identifier: Apache-2.0
"""Python functions that check their arguments exactly as a C function with a prototype does.

`@native(types...)` sends a call through a ctypes function of that prototype, so what ctypes refuses
(ArgumentError), wraps (integers) or turns into a pointer is what it does for the real library.
"""

from __future__ import annotations

from _thread import get_ident
from collections.abc import Callable
from ctypes import CFUNCTYPE
from typing import Any

from saf_shim.codes import Code

from .saAis import SaAisErrorT

_raised: dict[int, BaseException] = {}  # by thread; an exception cannot pass through a ctypes callback


def _in_order(
    function: str, names: tuple[str, ...], arguments: tuple[Any, ...], named: dict[str, Any]
) -> tuple[Any, ...]:
    """All arguments by position; TypeError for a name that is unknown or missing."""
    rest = names[len(arguments) :]
    if sorted(named) != sorted(rest):
        raise TypeError(f"{function}() takes ({', '.join(names)})")
    return (*arguments, *[named[name] for name in rest])


def native(*types: Any) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Give a function a C prototype: it gets plain integers, pointers, and SaStringT objects."""

    def decorate(function: Callable[..., int]) -> Callable[..., int]:
        def guarded(*arguments: Any) -> int:
            try:
                return function(*arguments)
            except BaseException as error:
                _raised[get_ident()] = error
                return Code.ERR_LIBRARY

        thunk: Any = None  # made at the first call: a program uses few of the functions it imports
        names = function.__code__.co_varnames[: function.__code__.co_argcount]

        def call(*arguments: Any, **named: Any) -> int:
            nonlocal thunk
            if thunk is None:
                thunk = CFUNCTYPE(SaAisErrorT, *types)(guarded)
            if named:
                arguments = _in_order(function.__name__, names, arguments, named)
            rc: int = thunk(*arguments)
            if _raised:
                error = _raised.pop(get_ident(), None)
                if error is not None:
                    raise error
            return rc

        call.__name__, call.__doc__ = function.__name__, function.__doc__
        return call

    return decorate
