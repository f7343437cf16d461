# SPDX-License-Identifier: Apache-2.0
"""Python functions that check their arguments exactly like a C function with a prototype.

`@native(types...)` sends a call through a ctypes function with that prototype. So ctypes refuses arguments
(ArgumentError), wraps integers and makes pointers exactly as it does for the real library. The real bindings
pass some arguments by reference and some lists as arrays: `by_reference` and `array_of` declare these.
"""

from __future__ import annotations

from _thread import get_ident
from collections.abc import Callable
from ctypes import CFUNCTYPE, POINTER
from typing import Any, NamedTuple, Optional

from saf_shim.codes import Code

from .._types.ais import BYREF, SaAisErrorT, marshalNullArray

_raised: dict[int, BaseException] = {}  # by thread, because exceptions cannot pass through a ctypes callback


class Argument(NamedTuple):
    """A parameter whose argument is converted before it is passed."""

    type: Any  # its type in the C prototype
    convert: Callable[[Any], Any]


def by_reference(kind: Any) -> Argument:
    """Declare a parameter of the C type ``kind *``. The program passes the object itself, or None for
    NULL."""
    return Argument(POINTER(kind), BYREF)


def array_of(kind: Any, empty: Any = None) -> Argument:
    """Declare a parameter of the C type ``kind *``, an array that ends with NULL. The program passes a list.

    An empty list has no type of its own: `empty` gives its type. Without `empty`, ctypes refuses the list."""
    return Argument(POINTER(kind), lambda items: marshalNullArray(items, empty))


def native(
    *parameters: Any, on_ok: Optional[Callable[..., None]] = None
) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Give a function a C prototype of these types. It then gets plain integers, pointers and SaStringT
    objects.

    `on_ok` is called after a call that answered OK, with the arguments of the program."""
    types = [each.type if isinstance(each, Argument) else each for each in parameters]
    converted = [(place, each.convert) for place, each in enumerate(parameters) if isinstance(each, Argument)]

    def decorate(function: Callable[..., int]) -> Callable[..., int]:
        def guarded(*arguments: Any) -> int:
            try:
                return function(*arguments)
            except BaseException as error:
                _raised[get_ident()] = error
                return Code.ERR_LIBRARY

        thunk: Any = None  # made at the first call, because a program uses few of the functions it imports
        names = function.__code__.co_varnames[: function.__code__.co_argcount]

        def call(*given: Any, **named: Any) -> int:
            nonlocal thunk
            if thunk is None:
                thunk = CFUNCTYPE(SaAisErrorT, *types)(guarded)
            if named or len(given) != len(names):
                given = _in_order(function.__name__, names, given, named)
            arguments = list(given)
            for place, convert in converted:
                arguments[place] = convert(arguments[place])
            rc: int = thunk(*arguments)
            if _raised:
                error = _raised.pop(get_ident(), None)
                if error is not None:
                    raise error
            if on_ok is not None and rc == Code.OK:
                on_ok(*given)
            return rc

        call.__name__, call.__doc__ = function.__name__, function.__doc__
        vars(call)["__wrapped__"] = function  # here `inspect` finds the parameters
        return call

    return decorate


def _in_order(
    function: str, names: tuple[str, ...], arguments: tuple[Any, ...], named: dict[str, Any]
) -> tuple[Any, ...]:
    """Return all arguments by position. TypeError if one is unknown or missing, or if there are too many."""
    rest = names[len(arguments) :]
    if len(arguments) > len(names) or sorted(named) != sorted(rest):
        raise TypeError(f"{function}() takes ({', '.join(names)})")
    return (*arguments, *[named[name] for name in rest])
