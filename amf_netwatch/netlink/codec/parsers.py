# SPDX-License-Identifier: Apache-2.0
"""The registry: which decoder reads which message.

A parser takes ``(buffer, start, end)``, the place of one payload, and returns a value, or None to ignore the
message. It raises DecodeError, does no IO and may run in any thread. A parser that needs more than the
payload is a `HeaderParser`: it takes the whole message with its header.
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


# By message type. A decoder is imported when the first such message comes, because many programs need only a
# few.
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
    """Messages and their parsers. It starts with those of links, addresses, routes, neighbours and rules.

    Each conversation, follower or monitor has its own: what is registered in one has no effect on another.
    Registering while other threads parse is safe, and counts from the next message on.
    """

    def __init__(self) -> None:
        self._parsers: dict[int, Parser] = {}
        self._entries: dict[int, tuple[_Entry, ...]] = {}  # the entries with the most conditions come first
        # The fast way for most messages: decoders by type, where flags, family and header do not matter.
        self.plain: dict[int, Decoder] = {}

    def register(
        self, message_type: int, parser: Parser, *, flags: int = 0, family: int | None = None
    ) -> None:
        """Let `parser` read messages of this type from now on. It replaces an earlier parser.

        With `flags`, it reads only messages that have all these bits; with `family`, only those whose payload
        begins with this family, as every payload of rtnetlink does. If several parsers fit, the one with more
        conditions is used.
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
        """Return the parser of such messages. None if they are ignored."""
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
        """Return the parser of this message. None if it is ignored."""
        family = message.buffer[message.start] if message.start < message.end else None
        return self.find(message.type, message.flags, family)

    def parse(self, message: Message) -> Any | None:
        """Return the value of one message. None if no parser knows its type or the parser ignores it."""
        parser = self.find_for(message)
        if parser is None:
            return None
        if type(parser) is HeaderParser:
            return parser.parse(message)
        return cast("Decoder", parser)(message.buffer, message.start, message.end)
