# SPDX-License-Identifier: Apache-2.0
"""``saf-shim fault`` and ``saf-shim imm``: make calls fail."""

from __future__ import annotations

import argparse
from typing import Any, Optional

from saf_shim import api
from saf_shim.codes import Code
from saf_shim.commands.shared import AddCommand, WrongUseError, add_directory, ask


def add_commands(add: AddCommand) -> None:
    """Add the subcommands."""
    made = add(
        "fault", _fault, "let a call fail, be late, or never be answered",
        epilog="RC is a code (ERR_TRY_AGAIN, SA_AIS_ERR_TRY_AGAIN or 6): the call answers it and does"
        " nothing; 'none': it is done, after the delay; 'lost': it is done, but its answer never comes.",
    )  # fmt: skip
    add_directory(made)
    made.add_argument("call", nargs="?", metavar="CALL", help="the AIS function, such as saImmOmSearchNext_2")
    made.add_argument("rc", nargs="?", metavar="RC", help="what goes wrong, see below")
    made.add_argument("--times", type=int, help="how many calls (default: all from now on)")
    made.add_argument("--delay", type=float, default=0.0, metavar="S", help="seconds before the answer")
    made.add_argument("--clear", action="store_true", help="take all faults back")
    made.add_argument("--list", action="store_true", help="show the faults that are set")
    made = add(
        "imm", _imm,
        "take IMM away, let it hang, bring it back, or restart it (losing runtime objects and handles)",
    )  # fmt: skip
    add_directory(made)
    made.add_argument("what", choices=("absent", "hang", "back", "restart"))


def show_code(rc: int) -> str:
    """Return ``ERR_EXIST`` for 14. An unknown number is returned as text."""
    try:
        name: str = Code(rc).name
    except ValueError:
        return str(rc)
    return name


def parse_code(word: str) -> int:
    """Return 14 for ``14``, ``ERR_EXIST``, ``EXIST`` or ``SA_AIS_ERR_EXIST``. ValueError for any other
    text."""
    if word.isdigit() and int(word) in list(Code):
        return int(word)
    name = word[7:] if word.startswith("SA_AIS_") else word
    for candidate in (name, f"ERR_{name}"):
        if candidate in Code.__members__:
            return int(Code[candidate])
    raise ValueError(f"{word!r} is no AIS return code")


def fault_arguments(call: str, rc: str, times: Optional[int], delay: float) -> dict[str, Any]:
    """Return what the simulator is told of a fault. ValueError for an impossible call, code or number.

    A fault on a call that nobody makes would let a test pass without testing anything."""
    known = api.calls()
    if call not in known:
        from difflib import get_close_matches  # noqa: PLC0415 - only for the error

        near = get_close_matches(call, known, 1)
        raise ValueError(f"there is no call {call!r}" + (f"; did you mean {near[0]}?" if near else ""))
    code = None if rc in ("none", "lost") else parse_code(rc)
    if times is not None and times < 1:
        raise ValueError("times must be at least 1")
    if not 0 <= delay < float("inf"):
        raise ValueError("the delay must be a number of seconds, and not negative")
    return {"call": call, "rc": code, "times": times, "delay": delay, "lost": rc == "lost"}


def _fault(args: argparse.Namespace) -> int:
    if args.clear:
        ask(args, "fault", {"clear": True})
    elif args.list:
        for name, rc, times, delay, lost in ask(args, "fault", {"list": True}):
            what = "lost" if lost else "none" if rc is None else show_code(rc)
            print(f"{name} {what} {'for ever' if times is None else f'{times} times'} delay {delay:g} s")
    elif not args.call or not args.rc:
        raise WrongUseError("fault takes CALL and RC, or --clear, or --list")
    else:
        try:
            wanted = fault_arguments(args.call, args.rc, args.times, args.delay)
        except ValueError as error:
            raise WrongUseError(str(error)) from None
        ask(args, "fault", wanted)
    return 0


def _imm(args: argparse.Namespace) -> int:
    ask(args, "imm", {"what": args.what})
    return 0
