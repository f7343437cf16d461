# SPDX-License-Identifier: Apache-2.0
"""`amf-netwatch confirm`: keep a change that is on trial, or undo it at once.

0: done; 1: there is no such change (any more), or it belongs to another user; 2: wrong use, or several
changes are on trial and none was named.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from amf_netwatch.commands.shape import EXIT_ERROR, EXIT_OK, EXIT_USAGE, complain
from amf_netwatch.netlink.network.trial import ask_trial, list_trials

PROGRAM = "amf-netwatch confirm"


def main(arguments: Sequence[str]) -> int:
    """Run the command with these arguments. Return its exit status."""
    options = make_parser().parse_args(arguments)
    try:
        trials = list_trials(options.netns)
    except OSError as error:
        complain(
            PROGRAM, f"cannot enter the network namespace {options.netns}: {os.strerror(error.errno or 0)}"
        )
        return EXIT_USAGE
    if options.id is None:
        if len(trials) > 1:
            complain(PROGRAM, f"several changes are on trial, name one: {' '.join(trials)}")
            return EXIT_USAGE
        if not trials:
            complain(PROGRAM, "no change is on trial here")
            return EXIT_ERROR
    identifier = options.id or trials[0]
    answer = ask_trial(identifier, "cancel" if options.cancel else "confirm", options.netns)
    if answer != "ok":
        complain(PROGRAM, f"no change {identifier} is on trial here")
        return EXIT_ERROR
    print(f"{identifier} {'put back' if options.cancel else 'confirmed'}")
    return EXIT_OK


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of `confirm`."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM, description="Keep a change that `apply --confirm` has on trial.", allow_abbrev=False
    )
    parser.add_argument("id", metavar="ID", nargs="?", help="of the change; not needed if there is only one")
    parser.add_argument("--cancel", action="store_true", help="put it back now")
    parser.add_argument("--netns", metavar="NAME", help="in this network namespace (needs privileges)")
    return parser
