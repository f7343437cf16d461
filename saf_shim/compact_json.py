# SPDX-License-Identifier: Apache-2.0
"""JSON for programs that must start fast: `encode` and `decode`, without the package `json`.

That package costs each program under test, and each tool, 5 ms and 1 MB at its start, most of it for `re`
(measured on Python 3.11: 5.8 of a tool's 20 ms). It is a layer over the C module ``_json``, which CPython has
from 3.9 to 3.13 and which this module uses directly. An interpreter without ``_json`` uses the package.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MAX_DIGITS = 25  # 2**64 has 20 digits; a peer could send very long numbers to make int() slow


def _read_int(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError("a number of too many digits")
    return int(digits)


def _read_constant(word: str) -> float:
    return {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": -float("inf")}[word]


class _ScannerOptions:
    """The options that the C scanner reads, as `json.JSONDecoder` has them."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = staticmethod(_read_int)
    parse_constant = staticmethod(_read_constant)
    memo: dict[str, str] = {}


def _refuse(value: Any) -> Any:
    raise TypeError(f"JSON cannot carry {value!r}")


def _from_c() -> tuple[Callable[[Any], str], Callable[[str], tuple[Any, int]]]:
    from _json import encode_basestring_ascii, make_encoder, make_scanner  # noqa: PLC0415

    encoder = make_encoder(None, _refuse, encode_basestring_ascii, None, ":", ",", False, False, True)
    scanner = make_scanner(_ScannerOptions)  # type: ignore[arg-type]

    def scan(text: str) -> tuple[Any, int]:
        try:
            found: tuple[Any, int] = scanner(text, 0)
        except (StopIteration, SystemError):
            # SystemError: Python 3.10 finds no exception to raise while json.decoder is not imported.
            raise ValueError("there is no JSON value") from None
        return found

    return lambda value: "".join(encoder(value, 0)), scan


def _from_package() -> tuple[Callable[[Any], str], Callable[[str], tuple[Any, int]]]:
    from json import JSONDecoder, JSONEncoder  # noqa: PLC0415

    encoder = JSONEncoder(check_circular=False, separators=(",", ":"), default=_refuse)
    return encoder.encode, JSONDecoder(parse_int=_read_int).raw_decode


try:
    encode, _scan = _from_c()
except ImportError:
    encode, _scan = _from_package()


def decode(text: str) -> Any:
    """Return the value of the JSON `text`. ValueError if it is not JSON, RecursionError if it is nested too
    deeply."""
    value, end = _scan(text)
    if text[end:].strip():
        raise ValueError("something stands behind the value")
    return value
