# SPDX-License-Identifier: Apache-2.0
"""What all commands share: exit statuses, options, and a standard output that may be closed or full.

This module imports little, because `run` must start in milliseconds. Nothing here ends the process.
"""

from __future__ import annotations

import os
import sys
from errno import EBADF
from io import TextIOWrapper
from typing import Optional, TextIO

EXIT_OK = 0
EXIT_ERROR = 1  # the surroundings, IMM or the kernel did not do what was needed
EXIT_USAGE = 2  # wrong options, or a name or file given by the user that does not exist
EXIT_INTERRUPTED = 130  # Ctrl-C, as shells report it


def get_output() -> TextIO:
    """Return standard output. It now escapes characters that its encoding lacks. Raises OSError if closed."""
    if sys.stdout is None:
        raise OSError(EBADF, "standard output is closed")
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    return sys.stdout


def write_output(text: str) -> None:
    """Print a whole text. Raises OSError if standard output is closed or full."""
    output = get_output()
    output.write(text)
    output.flush()


def give_up_output() -> None:
    """Drop the buffered output, so that Python does not try to write it once more at exit."""
    descriptor = descriptor_of(sys.stdout)
    if descriptor is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)


def descriptor_of(output: Optional[TextIO]) -> Optional[int]:
    """Return the descriptor behind a stream, or None when there is none."""
    try:
        return None if output is None else output.fileno()
    except (OSError, ValueError):
        return None


def wants_colour(output: TextIO) -> bool:
    """Tell whether this is a terminal with colours, and NO_COLOR is not set (no-color.org)."""
    return output.isatty() and not os.environ.get("NO_COLOR") and not is_dumb_terminal()


def is_dumb_terminal() -> bool:
    """Tell whether the terminal does not support control sequences."""
    return os.environ.get("TERM", "dumb") == "dumb"


def complain(program: str, text: str) -> None:
    """Print one line to standard error, if it exists and can be written."""
    if sys.stderr is None:
        return
    try:
        print(f"{program}: {text.encode('utf-8', 'backslashreplace').decode()}", file=sys.stderr, flush=True)
    except OSError:
        return  # the terminal is gone


def read_seconds(text: str) -> float:
    """Read a number of seconds, 0 or more. This is a type of an option for argparse."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 1e9:  # this also refuses nan
        from argparse import ArgumentTypeError  # noqa: PLC0415 - `run` does without argparse

        raise ArgumentTypeError(f"{text!r} is no number of seconds")
    return seconds
