# SPDX-License-Identifier: Apache-2.0
"""What all tools share: they begin and end like a C program, have time limits, and print error lines.

A tool prints bytes as it got them (names and strings need not be UTF-8). A closed pipe ends it silently. When
its time is over it prints one line and ends with status 1. Nothing here knows IMM.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Callable, Sequence

from imm_model.types import decode_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn, Optional

Tool = Callable[[Sequence[str]], int]

FAILURE = 1
_RETRY_SECONDS = 1.0


class CallError(Exception):
    """A call of IMM has failed where the tool did not expect it. The tool prints `complaint`."""

    complaint = ""


def run(tool: Tool, argv: Optional[Sequence[str]] = None) -> int:
    """Run `tool` with the arguments (default: those of the process). Return its exit status.

    If it is a process of its own (no `argv`), signals end it silently, as they end any C program.
    """
    if argv is None:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        _replace_closed_streams()
        os.environ["SA_ENABLE_EXTENDED_NAMES"] = (
            "1"  # as in every real tool: names may be longer than 255 bytes
        )
        argv = [
            decode_text(argument.encode(sys.getfilesystemencoding(), "surrogateescape"))
            for argument in sys.argv[1:]
        ]
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="surrogateescape")
    try:
        status = tool(argv)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else FAILURE
    except CallError as error:
        complain(error.complaint)
        status = FAILURE
    finally:
        signal.alarm(0)
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # otherwise the interpreter writes again at its end, and reports an error
        fail(f"cannot write to standard output: {error.strerror}")
    return status & 0xFF


def _replace_closed_streams() -> None:
    """Open standard descriptors that the caller has closed. Python has no stream for them; C does not need
    one."""
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def fail(line: str, status: int = FAILURE) -> NoReturn:
    """Write `line` to standard error and end the tool with `status`."""
    complain(line)
    raise SystemExit(status)


def complain(line: str) -> None:
    """Write `line` to standard error."""
    sys.stderr.write(line + "\n")


def limit_time(seconds: int, line: str) -> None:
    """After `seconds`, end the tool with status 1 and `line` on standard error.

    As with alarm(2), the number is taken modulo 2**32 and 0 means no limit.
    """

    def time_is_over(_signal: int, _frame: object) -> NoReturn:
        fail(line)

    signal.signal(signal.SIGALRM, time_is_over)
    signal.alarm(min(seconds & 0xFFFFFFFF, 0x7FFFFFFF))


def wait_to_try_again() -> None:
    """Wait one second, as OpenSAF's tools do after TRY_AGAIN. IMM has no event to wait for. The signal of the
    time limit ends the wait."""
    select.select((), (), (), _RETRY_SECONDS)


def print_help(tool: str, synopsis: str, description: str, options: str, example: str) -> None:
    """Print a help text under the headings that the real tools use."""
    sections = (
        ("NAME", f"{tool} - {description.splitlines()[0]}"),
        ("SYNOPSIS", synopsis),
        ("DESCRIPTION", description),
        ("OPTIONS", options),
        ("EXAMPLE", example),
    )
    for heading, text in sections:
        sys.stdout.write(f"\n{heading}\n")
        for line in text.strip("\n").splitlines():
            sys.stdout.write(f"\t{line}\n")
