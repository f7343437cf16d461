# SPDX-License-Identifier: Apache-2.0
"""The registry: which decoder reads which message.

A parser takes ``(buffer, start, end)``, the place of one payload, and returns a value, or None to pass the
message over; it raises DecodeError, does no IO and may run in any thread. A parser that needs more than the
payload is a `HeaderParser`: it takes the message, header and all.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Callable, NamedTuple, Optional, Union, cast

from amf_netwatch.netlink.codec.messages import Buffer, Message


class HeaderParser(NamedTuple):
    """A parser that takes a whole message: its type, flags, sequence and port, and where its payload is."""

    parse: Callable[[Message], Optional[Any]]


Decoder = Callable[[Buffer, int, int], Optional[Any]]
Parser = Union[Decoder, HeaderParser]


class _Entry(NamedTuple):
    """A parser for some messages of a type only."""

    flags: int
    family: Optional[int]
    parser: Parser

    def fits(self, flags: int, family: int | None) -> bool:
        return flags & self.flags == self.flags and self.family in (None, family)


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
    """Messages and their parsers; starts with those of links, addresses, routes, neighbours and rules.

    One for each conversation, follower or monitor: what is registered in one is not seen by another.
    Registering while other threads parse is safe, and counts from the next message on.
    """

    def __init__(self) -> None:
        self._parsers: dict[int, Parser] = {}
        self._entries: dict[int, tuple[_Entry, ...]] = {}  # the most demanding first
        # What most messages need: decoders by type, where neither flags, family nor header matter.
        self.plain: dict[int, Decoder] = {}

    def register(
        self, message_type: int, parser: Parser, *, flags: int = 0, family: int | None = None
    ) -> None:
        """From now on `parser` reads messages of this type; it replaces another.

        With `flags`, only messages that have all these bits; with `family`, only those whose payload begins
        with this family, as every payload of rtnetlink does. Where several fit, the one that demands more.
        """
        message_type = int(message_type)
        if not flags and family is None:
            self._parsers[message_type] = parser
            self._note_plain(message_type)
            return
        entry = _Entry(int(flags), None if family is None else int(family), parser)
        others = [old for old in self._entries.get(message_type, ()) if old[:2] != entry[:2]]
        demanding = sorted(
            [entry, *others],
            key=lambda one: bin(one.flags).count("1") + (one.family is not None),
            reverse=True,
        )
        self._entries[message_type] = tuple(demanding)
        self._note_plain(message_type)

    def find(self, message_type: int, flags: int = 0, family: int | None = None) -> Parser | None:
        """The parser of such messages, or None: they are passed over."""
        for entry in self._entries.get(message_type, ()):
            if entry.fits(flags, family):
                return entry.parser
        parser = self._parsers.get(message_type)
        if parser is None and message_type in _DECODERS:
            module, name = _DECODERS[message_type]
            decoder: Parser = getattr(import_module(f"amf_netwatch.netlink.codec.{module}"), name)
            parser = self._parsers.setdefault(message_type, decoder)
            self._note_plain(message_type)
        return parser

    def _note_plain(self, message_type: int) -> None:
        parser = self._parsers.get(message_type)
        if parser is None or type(parser) is HeaderParser or message_type in self._entries:
            self.plain.pop(message_type, None)
        else:
            self.plain[message_type] = cast("Decoder", parser)

    def find_for(self, message: Message) -> Parser | None:
        """The parser of this message, or None: it is passed over."""
        family = message.buffer[message.start] if message.start < message.end else None
        return self.find(message.type, message.flags, family)

    def parse(self, message: Message) -> Any | None:
        """The value of one message; None when no parser knows its type or the parser passed it over."""
        parser = self.find_for(message)
        if parser is None:
            return None
        if type(parser) is HeaderParser:
            return parser.parse(message)
        return cast("Decoder", parser)(message.buffer, message.start, message.end)
