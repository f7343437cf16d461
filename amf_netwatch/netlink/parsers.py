# SPDX-License-Identifier: Apache-2.0
"""The registry: which decoder reads which message type.

A parser takes ``(buffer, start, end)``, the place of one payload, and returns a value, or None to pass the
message over; it raises DecodeError, does no IO and may run in any thread.
"""

from __future__ import annotations

from typing import Any, Callable, Optional, Union

from amf_netwatch.netlink.address import Address, decode_address
from amf_netwatch.netlink.constants import MessageType
from amf_netwatch.netlink.link import Link, decode_link
from amf_netwatch.netlink.route import Route, decode_route
from amf_netwatch.netlink.wire import Buffer, Message

Parser = Callable[[Buffer, int, int], Optional[Any]]
Value = Union[Link, Address, Route]


class ParserRegistry:
    """Message types and their parsers; starts with those of links, addresses and routes.

    One for each conversation or monitor: what is registered in one is not seen by another.  Registering while
    other threads parse is safe, and counts from the next message on.
    """

    def __init__(self) -> None:
        self._parsers: dict[int, Parser] = {
            MessageType.NEWLINK: decode_link,
            MessageType.DELLINK: decode_link,
            MessageType.NEWADDR: decode_address,
            MessageType.DELADDR: decode_address,
            MessageType.NEWROUTE: decode_route,
            MessageType.DELROUTE: decode_route,
        }

    def register(self, message_type: int, parser: Parser) -> None:
        """From now on `parser` reads messages of this type; it replaces another."""
        self._parsers[int(message_type)] = parser

    def find(self, message_type: int) -> Parser | None:
        """The parser of this type, or None: such messages are passed over."""
        return self._parsers.get(message_type)

    def parse(self, message: Message) -> Any | None:
        """The value of one message; None when no parser knows its type or the parser passed it over."""
        parser = self._parsers.get(message.type)
        return parser(message.buffer, message.start, message.end) if parser is not None else None
