# SPDX-License-Identifier: Apache-2.0
"""The words between the simulator and its clients: one JSON array a line, over a Unix stream socket.

This module is the codec only; it does no IO. A connection begins with one of::

    ["main", {"SA_...": "..."}]    a handle's calls; the client's SA_* environment variables
    ["channel", SESSION]           the same handle's selection object: wake-ups and dispatches
    ["control"]                    saf-shim's own commands (calls, fault, imm, status, stop)

and is answered with ``[0, 1, {"session": SESSION}]``. From then on::

    client   [number, call, {arguments}]     number > 0; answers may come in another order
    server   [number, rc, {out} or null]
    server   an empty line (channel only)    the queue of callbacks is no longer empty
    client   [0, "return", {"id", "rc"}]     what a program's callback returned; never answered

A line is at most `MAX_LINE` bytes. What is no such line is a `ProtocolError`, and the end of that connection.
"""

from __future__ import annotations

from _json import encode_basestring_ascii, make_encoder, make_scanner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_LINE = 8 * 1024 * 1024  # bytes of one request; the largest real one, a string attribute, has some 60 kB
MAX_DIGITS = 25  # 2**64 has 20; more make int() slow on purpose

MAIN = "main"
CHANNEL = "channel"
CONTROL = "control"
RETURN = "return"

SOCKET_NAME = "socket"
DIRECTORY_VARIABLE = "SAF_SHIM_DIR"

WAKE = b"\n"


class ProtocolError(Exception):
    """The peer's bytes are not this protocol; the text says why."""


def _read_int(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError("a number of too many digits")
    return int(digits)


def _read_constant(word: str) -> float:
    return {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": -float("inf")}[word]


class _Scanner:
    """What the interpreter's own JSON scanner asks its owner for."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = staticmethod(_read_int)
    parse_constant = staticmethod(_read_constant)
    memo: dict[str, str] = {}


def _refuse(value: Any) -> Any:
    raise TypeError(f"JSON cannot carry {value!r}")


# The `json` package would cost every program under test 5 ms and 1 MB for `re`; this is its core.
_scan = make_scanner(_Scanner)  # type: ignore[arg-type]
_encode = make_encoder(None, _refuse, encode_basestring_ascii, None, ":", ",", False, False, True)


def encode_line(message: list[Any]) -> bytes:
    """`message` as one line; what JSON cannot carry is a TypeError."""
    return ("".join(_encode(message, 0)) + "\n").encode("ascii")


def decode_line(line: bytes) -> list[Any]:
    """The array that `line` is (with or without its end); ProtocolError if it is none."""
    try:
        text = line.decode("utf-8")
        message, end = _scan(text, 0)
        if "\\ud" in text or "\\uD" in text:
            _require_bytes(message)
    except (StopIteration, ValueError, RecursionError, SystemError) as error:
        # SystemError: Python 3.10's scanner finds no exception to raise while json.decoder is not imported.
        raise ProtocolError(f"no JSON: {error}") from None
    if text[end:].strip():
        raise ProtocolError("something behind the array")
    if not isinstance(message, list):
        raise ProtocolError("no array")
    return message


def _require_bytes(value: object) -> None:
    """Surrogates may stand for bytes that are no UTF-8, but not for nothing: UnicodeEncodeError, a
    ValueError."""
    if isinstance(value, str):
        value.encode("utf-8", "surrogateescape")
    elif isinstance(value, list):
        for part in value:
            _require_bytes(part)
    elif isinstance(value, dict):
        for name, part in value.items():
            _require_bytes(name)
            _require_bytes(part)


class LineBuffer:
    """Bytes in, lines out, whatever the chunks; at most `limit` bytes are kept."""

    __slots__ = ("_limit", "_searched", "_tail")

    def __init__(self, limit: int = MAX_LINE) -> None:
        self._tail = bytearray()
        self._searched = 0
        self._limit = limit

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that `chunk` completes, without their ends; ProtocolError for an endless one."""
        if not self._tail and chunk.endswith(b"\n"):  # the usual case: whole lines
            lines = chunk.split(b"\n")
            del lines[-1]
            return lines
        tail = self._tail
        tail += chunk
        end = tail.rfind(b"\n", self._searched)
        if end < 0:
            self._searched = len(tail)
            if len(tail) > self._limit:
                raise ProtocolError(f"a line of more than {self._limit} bytes")
            return []
        lines = bytes(tail[:end]).split(b"\n")
        del tail[: end + 1]
        self._searched = len(tail)
        return lines
