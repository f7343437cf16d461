# SPDX-License-Identifier: Apache-2.0
"""The ten value types of IMM, and the Python types of their values.

A value is an `int` (the five integer types), a `float`, a `str` (names and strings) or `bytes`
(SA_ANY_T). Strings of IMM are bytes that should be UTF-8. Bytes that are not UTF-8 become lone surrogates
(PEP 383), so that nothing is lost. This module knows nothing of attributes, classes or the C library.
"""

from __future__ import annotations

from enum import IntEnum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Union

    Value = Union[int, float, str, bytes]
else:
    Value = object  # only annotations use it, and importing `typing` would cost each command 4 ms

MAX_NAME_LENGTH = 255  # bytes of a DN; 256 is ERR_NAME_TOO_LONG unless IMM allows long DNs
_FLOAT_MAX = 3.4028234663852886e38


class ValueType(IntEnum):
    """The types of values (SaImmValueTypeT). The numbers are those of the SA Forum's header."""

    INT32 = 1
    UINT32 = 2
    INT64 = 3
    UINT64 = 4
    TIME = 5  # ns since the epoch, signed 64 bits
    NAME = 6  # a DN or any other name, at most 255 bytes
    FLOAT = 7
    DOUBLE = 8
    STRING = 9
    ANY = 10  # uninterpreted bytes

    @property
    def sa_name(self) -> str:
        """Return the standard's word for the type, which class files use, such as ``SA_INT32_T``."""
        return f"SA_{self.name}_T"

    @classmethod
    def from_sa_name(cls, word: str) -> ValueType:
        """Return the type that has this word in the standard. ValueError for any other word."""
        found = _BY_SA_NAME.get(word)
        if found is None:
            raise ValueError(f"{word!r} is no IMM type; types are {', '.join(_BY_SA_NAME)}")
        return found


_BY_SA_NAME = {member.sa_name: member for member in ValueType}

INTEGER_RANGES = {
    ValueType.INT32: (-(2**31), 2**31 - 1),
    ValueType.UINT32: (0, 2**32 - 1),
    ValueType.INT64: (-(2**63), 2**63 - 1),
    ValueType.UINT64: (0, 2**64 - 1),
    ValueType.TIME: (-(2**63), 2**63 - 1),
}
TEXT_TYPES = frozenset({ValueType.NAME, ValueType.STRING})
FLOAT_TYPES = frozenset({ValueType.FLOAT, ValueType.DOUBLE})


def check_value(value: Value, kind: ValueType) -> None:
    """Raise ValueError unless `value` is a value of `kind`: right Python type, in range, encodable.

    ctypes wraps integers silently, and C strings end at a NUL; this function refuses both.
    """
    if kind in INTEGER_RANGES:
        low, high = INTEGER_RANGES[kind]
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(f"{kind.sa_name} takes an int, not {value!r}")
        if not low <= value <= high:
            raise ValueError(f"{value} is outside {kind.sa_name} ({low} to {high})")
    elif kind in TEXT_TYPES:
        if not isinstance(value, str):
            raise ValueError(f"{kind.sa_name} takes a str, not {value!r}")
        raw = encode_text(value)
        if b"\0" in raw:
            raise ValueError(f"{kind.sa_name} cannot hold a NUL byte: {value!r}")
        if kind is ValueType.NAME and len(raw) > MAX_NAME_LENGTH:
            raise ValueError(f"{kind.sa_name} holds at most {MAX_NAME_LENGTH} bytes, not {len(raw)}")
    elif kind in FLOAT_TYPES:
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise ValueError(f"{kind.sa_name} takes a float, not {value!r}")
        if kind is ValueType.FLOAT and _FLOAT_MAX < abs(value) < float("inf"):
            raise ValueError(f"{value!r} is outside {kind.sa_name}")
    elif not isinstance(value, bytes):
        raise ValueError(f"{kind.sa_name} takes bytes, not {value!r}")


def parse_value(text: str, kind: ValueType) -> Value:
    """Return the value for which `format_value` returns `text`. ValueError says what is wrong.

    Integers are decimal, SA_ANY_T is hexadecimal. The C literals of the command line tools (``0x10``,
    ``010``) are not read here.
    """
    value: Value
    if kind in TEXT_TYPES:
        value = text
    else:
        try:
            if kind in INTEGER_RANGES:
                value = int(text, 10)
            elif kind in FLOAT_TYPES:
                value = float(text)
            else:
                value = bytes.fromhex(text)
        except ValueError:
            raise ValueError(f"{text!r} is no {kind.sa_name}") from None
    check_value(value, kind)
    return value


def format_value(value: Value, kind: ValueType) -> str:
    """Return `value` as a text that `parse_value` reads back exactly."""
    if kind in TEXT_TYPES:
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    return repr(float(value)) if kind in FLOAT_TYPES else str(value)


def encode_text(text: str) -> bytes:
    """Return the bytes of an IMM name or string; the inverse of `decode_text`."""
    return text.encode("utf-8", "surrogateescape")


def decode_text(raw: bytes) -> str:
    """Return an IMM name or string as `str`. Nothing is lost if `raw` is not UTF-8."""
    return raw.decode("utf-8", "surrogateescape")
