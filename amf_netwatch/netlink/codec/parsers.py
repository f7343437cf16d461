# SPDX-License-Identifier: Apache-2.0
"""The registry: which decoder reads which message type.

A parser takes ``(buffer, start, end)``, the place of one payload, and returns a value, or None to pass the
message over; it raises DecodeError, does no IO and may run in any thread.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Callable, Optional

from amf_netwatch.netlink.codec.messages import Buffer, Message

Parser = Callable[[Buffer, int, int], Optional[Any]]

# By message type; imported when the first such message comes: who reads no routes pays for none.
_DECODERS = {
    16: ("link", "decode_link"),
    17: ("link", "decode_link"),
    20: ("address", "decode_address"),
    21: ("address", "decode_address"),
    24: ("route", "decode_route"),
    25: ("route", "decode_route"),
    28: ("neighbour", "decode_neighbour"),
    29: ("neighbour", "decode_neighbour"),
    32: ("rule", "decode_rule"),
    33: ("rule", "decode_rule"),
}


class ParserRegistry:
    """Message types and their parsers; starts with those of links, addresses, routes, rules, neighbours.

    One for each conversation or monitor: what is registered in one is not seen by another.  Registering while
    other threads parse is safe, and counts from the next message on.
    """

    def __init__(self) -> None:
        self._parsers: dict[int, Parser] = {}

    def register(self, message_type: int, parser: Parser) -> None:
        """From now on `parser` reads messages of this type; it replaces another."""
        self._parsers[int(message_type)] = parser

    def find(self, message_type: int) -> Parser | None:
        """The parser of this type, or None: such messages are passed over."""
        parser = self._parsers.get(message_type)
        if parser is None and message_type in _DECODERS:
            module, name = _DECODERS[message_type]
            decoder: Parser = getattr(import_module(f"amf_netwatch.netlink.codec.{module}"), name)
            parser = self._parsers.setdefault(message_type, decoder)
        return parser

    def parse(self, message: Message) -> Any | None:
        """The value of one message; None when no parser knows its type or the parser passed it over."""
        parser = self.find(message.type)
        return parser(message.buffer, message.start, message.end) if parser is not None else None
