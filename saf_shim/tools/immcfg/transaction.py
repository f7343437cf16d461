# SPDX-License-Identifier: Apache-2.0
"""immcfg without arguments: its commands come from standard input and share one CCB.

*Transaction* is immcfg's own word for this ("immcfg is already in transaction mode"). In this package it has
no other meaning: IMM's own word is CCB.

Lines are split as in a shell, by the C library's wordexp(3), which the C tool calls as well. So quotes,
variables, patterns and error codes are the same. (Only this module imports ctypes, because that costs
start-up time.)
"""

from __future__ import annotations

import os
import signal
import stat
import sys
from collections.abc import Callable, Iterator, Sequence

from imm_model.types import decode_text, encode_text
from saf_shim.tools import command

_BAD_CHARACTER = 2  # WRDE_BADCHAR
_SYNTAX = 5  # WRDE_SYNTAX
_COMPLAINTS = {
    _BAD_CHARACTER: "Illegal occurrence of newline or one of |, &, ;, <, >, (, ), {, }. Error: WRDE_BADCHAR",
    _SYNTAX: "Shell syntax error, such as unbalanced parentheses or unmatched quotes. Error: WRDE_SYNTAX",
}
_PROMPT = "> "

Operation = Callable[[Sequence[str]], int]


class WordError(Exception):
    """wordexp refuses a line, with this error code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def expand_words(line: str) -> list[str]:
    """Return the words of `line`, expanded like a shell's command line. WordError if wordexp refuses it."""
    import ctypes  # noqa: PLC0415

    class Words(ctypes.Structure):
        _fields_ = (
            ("we_wordc", ctypes.c_size_t),
            ("we_wordv", ctypes.POINTER(ctypes.c_char_p)),
            ("we_offs", ctypes.c_size_t),
        )

    library = ctypes.CDLL(None)
    words = Words()
    code = library.wordexp(ctypes.c_char_p(encode_text(line)), ctypes.byref(words), 0)
    if code:
        raise WordError(code)
    found = [decode_text(words.we_wordv[place] or b"") for place in range(words.we_wordc)]
    library.wordfree(ctypes.byref(words))
    return found


def run_commands(perform: Operation) -> int:
    """Perform the ``immcfg ...`` lines of standard input with `perform`. Return the exit status.

    On a terminal, errors do not end it. In a file or pipe, the first error ends it.
    """
    mode = os.fstat(sys.stdin.fileno()).st_mode
    interactive = stat.S_ISCHR(mode)
    status = 0
    for line in _read_prompted() if interactive else _read_lines():
        if not line:
            continue
        try:
            words, status = expand_words(line), 0
        except WordError as error:
            status = error.code
            command.complain(_COMPLAINTS.get(status, f"Error in parsing line. RC: {status}"))
            if interactive:
                continue
            break
        if not words:
            continue
        if words[0] != "immcfg":
            command.complain("Not immcfg command")
            continue
        status = perform(words[1:])
        if status and not interactive:
            break
        signal.alarm(0)
    if stat.S_ISREG(mode):
        sys.stdout.write("\n")
    return status


def _read_lines() -> Iterator[str]:
    """Yield the lines of a pipe or file, without their ends. Only the last line can end in a backslash, which
    has no effect then."""
    for raw in sys.stdin.buffer:
        line = raw.split(b"\0")[0]
        if line.endswith(b"\\"):
            line = line[:-1]
        yield decode_text(line.rstrip(b"\r\n"))


def _read_prompted() -> Iterator[str]:
    """Yield the lines that a user types (or that a device gives), with a prompt."""
    if not sys.stdin.isatty():
        sys.stdout.write(_PROMPT)
        sys.stdout.flush()
        for line in _read_lines():
            yield line
            sys.stdout.write(_PROMPT)
            sys.stdout.flush()
        return
    import readline  # noqa: F401, PLC0415  (gives input() its history and editing)

    while True:
        try:
            line = input(_PROMPT)
            while line.endswith("\\"):
                line = line[:-1] + input()
        except EOFError:
            return
        yield line
