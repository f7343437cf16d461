# SPDX-License-Identifier: Apache-2.0
"""Text to IMM values, as the C code of the tools reads it: strtol, strtoull, strtof and their limits.

`parse_argument` reads command lines (ranges are checked). `parse_file_value` reads class and object files
(numbers wrap, and the caller decides about remaining text).
"""

from __future__ import annotations

import struct

from imm_model.named_tuple import NamedTuple
from imm_model.types import INTEGER_RANGES, TEXT_TYPES, Value, ValueType, encode_text

_BLANKS = " \t\n\v\f\r"
_DIGITS = {digit: number for number, digit in enumerate("0123456789abcdef")}
_DIGITS.update({"A": 10, "B": 11, "C": 12, "D": 13, "E": 14, "F": 15})

# The names of the types in the tools' messages. SA_TIME_T is read as a 64 bit integer.
_WORDS = {
    ValueType.INT32: "int32",
    ValueType.UINT32: "uint32",
    ValueType.INT64: "int64",
    ValueType.UINT64: "uint64",
    ValueType.TIME: "int64",
    ValueType.FLOAT: "float",
    ValueType.DOUBLE: "double",
}


class ConversionError(ValueError):
    """The text is not a value of the type. `str()` is the tool's message; with `too_large` it goes to
    stdout."""

    def __init__(self, line: str, too_large: bool = False) -> None:
        super().__init__(line)
        self.too_large = too_large


class Scanned(NamedTuple):
    """The results of strtol and similar functions: the number, how many characters it used, and ERANGE."""

    number: float
    used: int
    out_of_range: bool


def parse_argument(text: str, kind: ValueType) -> Value:
    """Return the value of `kind` that `text` means on a command line. ConversionError if it has no meaning.

    Integers are C literals (``0x10``; ``010`` is 8). -1 is the largest SA_UINT64_T, as for strtoull.
    """
    if kind in TEXT_TYPES:
        return text
    if kind is ValueType.ANY:
        return _read_hex(text, odd_counts=True)
    line = f"{_WORDS[kind]} conversion failed"
    if kind in (ValueType.FLOAT, ValueType.DOUBLE):
        scanned = scan_float(text, kind)
        if not scanned.used or scanned.out_of_range or scanned.used != len(text):
            raise ConversionError(line)
        return scanned.number
    scanned = scan_integer(text, signed=kind not in (ValueType.UINT32, ValueType.UINT64))
    if scanned.out_of_range or not scanned.used or scanned.used != len(text):
        raise ConversionError(line)
    low, high = INTEGER_RANGES[kind]
    number = int(scanned.number)
    if not low <= number <= high:
        raise ConversionError(f"{line}, value too large", too_large=True)
    return number


def parse_file_value(text: str, kind: ValueType) -> tuple[Value, bool]:
    """Return the value of `kind` that `text` means in a file, and whether all of `text` was used.

    Numbers out of range are cut as C casts do, an empty text is 0, and hexadecimal text of odd length
    loses its last digit.
    """
    if kind in TEXT_TYPES:
        return text, True
    if kind is ValueType.ANY:
        return _read_hex(text, odd_counts=False), True
    if kind in (ValueType.FLOAT, ValueType.DOUBLE):
        scanned = scan_float(text, kind)
        return scanned.number, scanned.used == len(text)
    signed = kind not in (ValueType.UINT32, ValueType.UINT64)
    scanned = scan_integer(text, signed=signed)
    bits = 32 if kind in (ValueType.INT32, ValueType.UINT32) else 64
    return wrap(int(scanned.number), bits, signed), scanned.used == len(text)


def scan_integer(text: str, signed: bool = True, base: int = 0) -> Scanned:
    """Read `text` like strtoll (or strtoull). Base 0 accepts the C prefixes ``0x`` and ``0``."""
    place = len(text) - len(text.lstrip(_BLANKS))
    negative = text[place : place + 1] == "-"
    if text[place : place + 1] in ("+", "-"):
        place += 1
    if base in (0, 16) and text[place : place + 2] in ("0x", "0X") and text[place + 2 : place + 3] in _DIGITS:
        base, place = 16, place + 2
    elif base == 0:
        base = 8 if text[place : place + 1] == "0" else 10
    start, number = place, 0
    while place < len(text) and _DIGITS.get(text[place], 99) < base:
        number = number * base + _DIGITS[text[place]]
        place += 1
    if place == start:
        return Scanned(0, 0, False)
    if signed:
        number = -number if negative else number
        low, high = INTEGER_RANGES[ValueType.INT64]
        return Scanned(min(max(number, low), high), place, not low <= number <= high)
    if number >= 1 << 64:
        return Scanned((1 << 64) - 1, place, True)
    return Scanned((-number if negative else number) % (1 << 64), place, False)


def scan_float(text: str, kind: ValueType) -> Scanned:
    """Read `text` like strtof (for SA_FLOAT_T) or strtod. Overflow and denormal results are ERANGE."""
    begin = len(text) - len(text.lstrip(_BLANKS))
    place = begin + (text[begin : begin + 1] in ("+", "-") and 1)
    sign = -1.0 if text[begin : begin + 1] == "-" else 1.0
    word = text[place:].lower()
    for special in ("infinity", "inf", "nan"):
        if word.startswith(special):
            return Scanned(sign * float(special), place + len(special) + _nan_tail(word, special), False)
    hexadecimal = word.startswith("0x") and _number_length(word[2:], 16) > 0
    length = 2 + _number_length(word[2:], 16) if hexadecimal else _number_length(word, 10)
    if not length:
        return Scanned(0.0, 0, False)
    literal = word[:length]
    try:
        number = float.fromhex(literal) if hexadecimal else float(literal)
        single = struct.unpack("<f", struct.pack("<f", number))[0] if kind is ValueType.FLOAT else number
    except OverflowError:  # from fromhex, or for a double that does not fit into a float
        return Scanned(sign * float("inf"), place + length, True)
    smallest = 2.0**-126 if kind is ValueType.FLOAT else 2.0**-1022
    digits = literal.split("p" if hexadecimal else "e")[0]
    is_zero = not any(digit in "123456789abcdef" for digit in digits[2 if hexadecimal else 0 :])
    out_of_range = single == float("inf") or (abs(single) < smallest and not is_zero)
    return Scanned(sign * single, place + length, out_of_range)


def wrap(number: int, bits: int, signed: bool) -> int:
    """Return `number` after a C cast to this many bits."""
    number %= 1 << bits
    return number - (1 << bits) if signed and number >= 1 << (bits - 1) else number


def _nan_tail(word: str, special: str) -> int:
    """Return the length of the ``(...)`` that may follow nan."""
    if special != "nan" or word[3:4] != "(":
        return 0
    end = word.find(")")
    inside = word[4:end]
    return end - 2 if end > 0 and all(c == "_" or (c.isascii() and c.isalnum()) for c in inside) else 0


def _number_length(word: str, base: int) -> int:
    """Return how much of `word` (lower case, no sign, no prefix) strtod would use."""
    place = digits = 0
    seen_point = False
    while place < len(word):
        if _DIGITS.get(word[place], 99) < base:
            digits += 1
        elif word[place] == "." and not seen_point:
            seen_point = True
        else:
            break
        place += 1
    if not digits:
        return 0
    exponent = place
    if word[place : place + 1] == ("p" if base == 16 else "e"):
        exponent += 1
        if word[exponent : exponent + 1] in ("+", "-"):
            exponent += 1
        start = exponent
        while word[exponent : exponent + 1] in tuple("0123456789"):
            exponent += 1
        if exponent == start:
            return place
    return exponent if exponent > place else place


def _read_hex(text: str, odd_counts: bool) -> bytes:
    """Return the bytes of hexadecimal text. A pair that begins with a wrong digit counts as 0."""
    raw = encode_text(text).decode("latin-1")
    if len(raw) % 2:
        raw = raw + "0" if odd_counts else raw[:-1]
    return bytes(_read_byte(raw[place], raw[place + 1]) for place in range(0, len(raw), 2))


def _read_byte(high: str, low: str) -> int:
    if high not in _DIGITS:
        return 0
    return _DIGITS[high] * 16 + _DIGITS[low] if low in _DIGITS else _DIGITS[high]
