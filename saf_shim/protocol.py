# SPDX-License-Identifier: Apache-2.0
"""The protocol between the simulator and its clients: one JSON array a line, over a Unix stream socket.

This module only encodes and decodes; it does no IO. A connection begins with one of::

    ["main", {"SA_...": "..."}]    a handle's calls; the client's SA_* environment variables
    ["channel", SESSION]           the same handle's selection object: wake-ups and dispatches
    ["control"]                    saf-shim's own commands (calls, fault, imm, status, stop)

and the server answers ``[0, 1, {"session": SESSION}]``. From then on::

    client   [number, call, {arguments}]     number > 0; answers may come in another order
    server   [number, rc, {out} or null]
    server   an empty line (channel only)    the queue of callbacks is no longer empty
    client   [0, "return", {"id", "rc"}]     what a program's callback returned; never answered

A line has at most `MAX_LINE` bytes. A line of any other form is a `ProtocolError`, which ends the connection.
"""

from __future__ import annotations

from saf_shim import compact_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_LINE = 8 * 1024 * 1024  # bytes of a request; the largest real one, a string attribute, has 60 kB

MAIN = "main"
CHANNEL = "channel"
CONTROL = "control"
RETURN = "return"

SOCKET_NAME = "socket"
DIRECTORY_VARIABLE = "SAF_SHIM_DIR"

WAKE = b"\n"


class ProtocolError(Exception):
    """The peer does not speak this protocol. The text says why."""


def encode_line(message: list[Any]) -> bytes:
    """Return `message` as one line. TypeError for a value that JSON does not have."""
    return (compact_json.encode(message) + "\n").encode("ascii")


def decode_line(line: bytes) -> list[Any]:
    """Return the array in `line`, which may include its line end. ProtocolError if it is not an array."""
    try:
        text = line.decode("utf-8")
        message = compact_json.decode(text)
        if "\\ud" in text or "\\uD" in text:
            _require_bytes(message)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"no JSON: {error}") from None
    if not isinstance(message, list):
        raise ProtocolError("no array")
    return message


def _require_bytes(value: object) -> None:
    """Raise UnicodeEncodeError (a ValueError) for a surrogate that stands for no byte."""
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
    """Splits bytes into lines, whatever the size of the chunks. It keeps at most `limit` bytes."""

    __slots__ = ("_limit", "_searched", "_tail")

    def __init__(self, limit: int = MAX_LINE) -> None:
        self._tail = bytearray()
        self._searched = 0
        self._limit = limit

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the lines that `chunk` completes, without their ends. ProtocolError if a line is too
        long."""
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
