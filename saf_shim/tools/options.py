# SPDX-License-Identifier: Apache-2.0
"""The command line as glibc's getopt_long reads it, with its error messages.

Options may come after operands (unless POSIXLY_CORRECT is set), short options may be joined, and long options
may be shortened. Options are returned one by one, because a tool acts on the first before it finds that the
second is wrong. Optional arguments and ``-W`` are not supported, because no tool has them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from imm_model.named_tuple import NamedTuple
from imm_model.types import decode_text, encode_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional


class OptionError(Exception):
    """getopt refuses the command line. The text is its message, without the program's name."""


class LongOption(NamedTuple):
    """A long option and the letter that it stands for ("" if there is none)."""

    name: str
    takes_value: bool = False
    letter: str = ""


class Option(NamedTuple):
    """One option that was found: its letter ("" for a long option without one), its value, and the index of a
    long option in the table."""

    letter: str
    value: str = ""
    place: int = -1


class CommandLine:
    """Iterating over it yields the `Option`s. Afterwards `operands` holds everything else in order.

    `short` is a getopt string ("a:bc"). Iterating raises OptionError at the first wrong option.
    """

    def __init__(self, short: str, long: Sequence[LongOption], arguments: Sequence[str]) -> None:
        self._takes_value = {
            letter: short[place + 1 : place + 2] == ":" for place, letter in enumerate(short) if letter != ":"
        }
        self._long = long
        self._rest = list(arguments)
        self._permute = "POSIXLY_CORRECT" not in os.environ
        self.operands: list[str] = []

    def __iter__(self) -> Iterator[Option]:
        while self._rest:
            argument = self._rest.pop(0)
            if argument == "--":
                break
            if argument.startswith("--"):
                yield self._read_long(argument[2:])
            elif argument.startswith("-") and argument != "-":
                yield from self._read_short(argument[1:])
            else:
                self.operands.append(argument)
                if not self._permute:
                    break
        self.operands += self._rest
        self._rest = []

    def _read_short(self, cluster: str) -> Iterator[Option]:
        raw = encode_text(cluster)
        for place in range(len(raw)):
            letter = decode_text(raw[place : place + 1])  # getopt works on bytes
            takes_value = self._takes_value.get(letter)
            if takes_value is None:
                raise OptionError(f"invalid option -- '{letter}'")
            if not takes_value:
                yield Option(letter)
                continue
            value = decode_text(raw[place + 1 :]) or self._next()
            if value is None:
                raise OptionError(f"option requires an argument -- '{letter}'")
            yield Option(letter, value)
            return

    def _read_long(self, text: str) -> Option:
        name, equal, value = text.partition("=")
        index = self._find(name, text)
        option = self._long[index]
        if equal and not option.takes_value:
            raise OptionError(f"option '--{option.name}' doesn't allow an argument")
        if option.takes_value and not equal:
            following = self._next()
            if following is None:
                raise OptionError(f"option '--{option.name}' requires an argument")
            value = following
        return Option(option.letter, value, index)

    def _find(self, name: str, text: str) -> int:
        """Return the index of the option that has this name or whose name begins with it.

        Several options that begin with it are not ambiguous if they have the same letter and all take a
        value, or all take none: then glibc takes the first option.
        """
        starting = []
        for index, option in enumerate(self._long):
            if option.name == name:
                return index
            if option.name.startswith(name):
                starting.append(index)
        if not starting:
            raise OptionError(f"unrecognized option '--{text}'")
        first = self._long[starting[0]]
        rivals = [index for index in starting[1:] if self._long[index][1:] != first[1:]]
        if rivals:
            names = " ".join(f"'--{self._long[index].name}'" for index in [starting[0], *rivals])
            raise OptionError(f"option '--{text}' is ambiguous; possibilities: {names}")
        return starting[0]

    def _next(self) -> Optional[str]:
        return self._rest.pop(0) if self._rest else None
