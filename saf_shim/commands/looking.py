# SPDX-License-Identifier: Apache-2.0
"""``saf-shim calls`` and ``saf-shim log``: what has happened in a simulator."""

from __future__ import annotations

import argparse
import json
import os
import select
import sys
import time
from collections.abc import Sequence
from typing import Any

from saf_shim.commands.shared import AddCommand, CommandError, add_directory, ask, directory_of
from saf_shim.commands.spoiling import show_code

_NAMES = ("number", "time", "pid", "handle", "call", "rc", "args")
_LOOK_AGAIN = 100  # ms; there is no descriptor to wait for a file that grows


def add_commands(add: AddCommand) -> None:
    """Add the subcommands."""
    made = add("calls", _calls, "show the log of AIS calls, oldest first")
    add_directory(made)
    made.add_argument("--clear", action="store_true", help="empty the log afterwards")
    made.add_argument("--json", action="store_true", help="one JSON object a line, with all arguments")
    made.add_argument("--prefix", default="", help="only calls whose name begins so, such as saImmOi")
    made = add(
        "log",
        _log,
        "show what AMF did and what its commands and components wrote",
    )
    add_directory(made)
    made.add_argument("-f", "--follow", action="store_true", help="go on until the simulator ends")


def _calls(args: argparse.Namespace) -> int:
    for call in ask(args, "calls", {"clear": args.clear, "prefix": args.prefix}):
        print(json.dumps(dict(zip(_NAMES, call))) if args.json else show_call(call))
    return 0


def show_call(call: Sequence[Any]) -> str:
    """Return one call of the log as a line: time, pid, function, arguments and code."""
    _, moment, pid, _, name, rc, arguments = call
    seconds, rest = divmod(moment, 1_000_000_000)
    stamp = f"{time.strftime('%H:%M:%S', time.localtime(seconds))}.{rest // 1_000_000:03}"
    shown = ", ".join(_show(value) for value in arguments.values() if value is not None)
    return f"{stamp} {pid} {name}({shown}) {show_code(rc)}"


def _show(value: Any) -> str:
    text: str = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= 100 else text[:97] + "..."


def _log(args: argparse.Namespace) -> int:
    where = directory_of(args)
    try:
        handle = open(os.path.join(where, "log"), encoding="utf-8", errors="replace")  # noqa: SIM115
    except OSError as error:
        raise CommandError(f"there is no log in {where}: {error.strerror}") from None
    with handle:
        watch = _watch(args) if args.follow else -1
        while True:
            ended = watch < 0 or bool(_poll(watch))
            for line in handle:
                sys.stdout.write(line)
            sys.stdout.flush()
            if ended:
                return 0


def _watch(args: argparse.Namespace) -> int:
    """Return a descriptor that is readable when the simulator has ended."""
    try:
        return os.pidfd_open(ask(args, "status", {})["pid"])
    except (CommandError, ProcessLookupError):
        return -1  # the files of a simulator that has ended are shown as well


def _poll(watch: int) -> list[tuple[int, int]]:
    poll = select.poll()
    poll.register(watch, select.POLLIN)
    return poll.poll(_LOOK_AGAIN)
