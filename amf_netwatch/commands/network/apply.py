# SPDX-License-Identifier: Apache-2.0
"""`amf-netwatch apply`: make the network as a document says, completely or not at all.

0: the network is as the document says; 1: refused, nothing changed; 2: wrong use or a wrong document; 3:
refused, and something could not be restored. With ``--check``: 0: nothing to do, 1: it would change
something.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import sys
from collections.abc import Sequence
from typing import Any, NoReturn, Optional

from amf_netwatch.commands.network.monitor import explain
from amf_netwatch.commands.shape import (
    EXIT_ERROR,
    EXIT_OK,
    EXIT_USAGE,
    complain,
    descriptor_of,
    get_output,
    give_up_output,
    read_seconds,
    wants_colour,
)
from amf_netwatch.netlink.errors import CommitError, DocumentError, NetlinkError, SocketError
from amf_netwatch.netlink.network.change import Change
from amf_netwatch.netlink.network.committer import Committer
from amf_netwatch.netlink.network.documents.reader import arrange_document, parse_document
from amf_netwatch.netlink.network.documents.review import list_changes
from amf_netwatch.netlink.network.reachability import parse_target
from amf_netwatch.netlink.network.trial import Trial

PROGRAM = "amf-netwatch apply"
EXIT_LEFT = 3  # something could not be restored
_COLOURS = {"+": "\033[32m", "~": "\033[33m", "-": "\033[31m"}
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Interrupted(Exception):  # noqa: N818 - it is not an error of ours
    """A signal has asked us to end."""

    def __str__(self) -> str:
        return f"interrupted by {self.args[0]}"


def main(arguments: Sequence[str]) -> int:
    """Run the command with these arguments. Return its exit status."""
    options = make_parser().parse_args(arguments)
    try:
        wishes = parse_document(_read(options.file))
    except (DocumentError, OSError, UnicodeDecodeError) as error:
        for line in _explain_document(error, options.file):
            complain(PROGRAM, line)
        return EXIT_USAGE
    report = _Report(options)
    try:
        committer = Committer(options.netns)
        change = committer.change()
        change.wishes = wishes
        change.force = options.force
        return _apply(change, options, report)
    except CommitError as error:
        return report.refused(error.step, error.reason, error.left)
    except NetlinkError as error:
        report.refused("", explain(error, options.netns), ())
        wrong_name = isinstance(error, SocketError) and error.doing == "open" and options.netns is not None
        return EXIT_USAGE if wrong_name else EXIT_ERROR


def _explain_document(error: Exception, file: str) -> list[str]:
    if isinstance(error, OSError):
        return [f"{file}: {error.strerror}"]
    return (
        [f"{file}: this is no UTF-8 text"]
        if isinstance(error, UnicodeDecodeError)
        else str(error).splitlines()
    )


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of `apply`."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Make the network as a document says: all of it, or nothing.",
        allow_abbrev=False,
    )
    parser.add_argument("file", metavar="FILE", help="the document; - for standard input")
    parser.add_argument("--check", action="store_true", help="only show what would change")
    parser.add_argument("--plan", action="store_true", help="also show the steps, and what undoes each")
    parser.add_argument(
        "--confirm", type=read_seconds, metavar="S", help="put it back after S seconds unless confirmed"
    )
    parser.add_argument(
        "--ensure",
        action="append",
        default=[],
        type=_read_target,
        metavar="ADDRESS",
        help="this address (or HOST:PORT) must answer afterwards; may be repeated",
    )
    parser.add_argument(
        "--ensure-timeout",
        type=read_seconds,
        default=5.0,
        metavar="S",
        help="how long it may take to answer (default: 5)",
    )
    parser.add_argument(
        "--timeout", type=read_seconds, default=60.0, metavar="S", help="put it back after S (default: 60)"
    )
    parser.add_argument(
        "--strict", action="store_true", help="refuse if somebody changes the same things meanwhile"
    )
    parser.add_argument("--force", action="store_true", help="delete links that could not be made again")
    parser.add_argument("--netns", metavar="NAME", help="in this network namespace (needs privileges)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _read_target(text: str) -> str:
    try:
        parse_target(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _read(path: str) -> str:
    if path == "-":
        return sys.stdin.buffer.read().decode("utf-8")
    with open(path, "rb") as file:
        return file.read().decode("utf-8")


def _apply(change: Change, options: argparse.Namespace, report: _Report) -> int:
    goal = change.goal()
    plan = change.plan()
    report.review(change, plan.describe() if options.plan else None, list_changes(change.base, goal))
    if options.check:
        return report.end("nothing to do" if not plan else "would change", EXIT_ERROR if plan else EXIT_OK)
    if not plan and not options.ensure:
        return report.end("nothing to do", EXIT_OK)
    for number in _SIGNALS:
        signal.signal(number, _interrupt)
    change.commit(
        confirm=options.confirm,
        ensure=options.ensure,
        ensure_timeout=options.ensure_timeout,
        guard=True,
        strict=options.strict,
        timeout=options.timeout,
    )
    if change.trial is not None:
        return _wait_for_decision(change.trial, report)
    return report.end("applied" if plan else "nothing to do", EXIT_OK)


def _interrupt(number: int, _: object) -> NoReturn:
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)  # the first signal is enough
    raise _Interrupted(signal.Signals(number).name)


def _wait_for_decision(trial: Trial, report: _Report) -> int:
    """Wait until somebody confirms or cancels, the time is over, or the terminal is gone."""
    terminal = descriptor_of(sys.stdin)
    if terminal is None or not os.isatty(terminal):
        terminal = None
    report.trial(trial, terminal is not None)
    poll = select.poll()
    poll.register(trial, select.POLLIN)
    if terminal is not None:
        poll.register(terminal, select.POLLIN)
    reason = "nobody confirmed it in time"
    try:
        while trial.confirmed is None:
            for descriptor, _ in poll.poll():
                if descriptor == terminal:
                    if _pressed_enter(terminal):
                        trial.confirm()
                    else:
                        reason = "the terminal is gone"
                        trial.cancel()
                else:
                    trial.wait()
    except _Interrupted as error:
        reason = str(error)
        trial.cancel()
    if trial.confirmed:
        return report.end("confirmed", EXIT_OK)
    return report.refused("", reason, trial.left)


def _pressed_enter(terminal: int) -> bool:
    try:
        return bool(os.read(terminal, 1024))
    except OSError:
        return False


class _Report:
    """The output: lines for people while it happens, or one JSON object at the end."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._json = options.json
        self._document: dict[str, Any] = {}

    def review(self, change: Change, plan: Optional[list[str]], lines: list[str]) -> None:
        """Print what will change."""
        if self._json:
            self._document["id"] = change.id
            self._document["changes"] = arrange_document(change.review())
            if plan is not None:
                self._document["plan"] = [line for line in plan if line]
            return
        output = get_output()
        colour = wants_colour(output)
        for line in lines:
            print(f"{_COLOURS[line[0]]}{line}\033[0m" if colour else line, file=output)
        if plan:
            print("\nplan:", *(f"  {line}".rstrip() for line in plan), sep="\n", file=output)
        output.flush()

    def trial(self, trial: Trial, terminal: bool) -> None:
        """Print that the change is done and must be confirmed."""
        keep = f"{'press Enter, or ' if terminal else ''}run `amf-netwatch confirm {trial.id}`"
        complain(PROGRAM, f"on trial for {trial.seconds_left:.0f} s; to keep it {keep}")

    def end(self, what: str, status: int) -> int:
        """Print the result of a success and return `status`."""
        try:
            output = get_output()
            if self._json:
                print(json.dumps({**self._document, "result": what}), file=output)
            else:
                print(what, file=output)
            output.flush()
        except OSError:  # nobody reads the output; the result is the same
            give_up_output()
        return status

    def refused(self, step: str, reason: str, left: tuple[str, ...]) -> int:
        """Print that nothing has changed, except for what is in `left`."""
        if self._json:
            error = {"step": step, "reason": reason, "left": list(left)}
            self.end_with(error)
        else:
            complain(PROGRAM, f"refused: {step}: {reason}" if step else f"refused: {reason}")
            for line in left:
                complain(PROGRAM, f"not put back: {line}")
        return EXIT_LEFT if left else EXIT_ERROR

    def end_with(self, error: dict[str, Any]) -> None:
        """Print the JSON object of a refusal."""
        try:
            print(json.dumps({**self._document, "result": "refused", "error": error}), file=get_output())
        except OSError:
            give_up_output()
