# SPDX-License-Identifier: Apache-2.0
"""The command ``saf-shim``: start simulators, run programs in them, look at calls, make calls fail."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any, Optional

from saf_shim import __version__
from saf_shim.commands import looking, scaffold, simulators, spoiling
from saf_shim.commands.shared import CommandError, Run, WrongUseError
from saf_shim.server.launch import LaunchError

_FAILED = 1
_WRONG_USE = 2

_DESCRIPTION = """\
An OpenSAF cluster (AMF, IMM, CLM) in one small process, for programs that use pyosaf and for
scripts that use immlist, immfind, immcfg, immadm, immdump, amf-adm and amf-state."""

_EXAMPLES = """\
examples:
  saf-shim run -- immlist safApp=safImmService
  saf-shim run --load classes.xml --load model.xml -- pytest tests/
  saf-shim run --node SC-1 --node 'SC-2=ip netns exec n2' -- sh -c 'amf-adm unlock-in ...'
  saf-shim start --dir /tmp/cluster; saf-shim exec --dir /tmp/cluster -- immfind
  saf-shim fault saImmOiRtObjectCreate_2 ERR_TRY_AGAIN --times 3
  saf-shim new my-component
"""


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command line. Return the exit status: 0, 1 (failed), 2 (wrong use), or that of the program
    run."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    # Everything after the first "--" is for another program, and argparse would remove a second "--".
    command: list[str] = []
    if "--" in arguments:
        cut = arguments.index("--")
        arguments, command = arguments[:cut], arguments[cut + 1 :]
    parser = _parser()
    args, rest = parser.parse_known_args(arguments)
    runs_a_program = args.subcommand in simulators.RUN_A_PROGRAM
    if rest and runs_a_program and not command and not rest[0].startswith("-"):
        parser.error(f"put -- before the program: saf-shim {args.subcommand} -- {' '.join(rest)}")
    if rest:
        parser.error(f"{args.subcommand} does not take {' '.join(rest)}")
    if runs_a_program and not command:
        parser.error(f"{args.subcommand}: give the program to run after --")
    if command and not runs_a_program:
        parser.error(f"{args.subcommand} runs no program")
    args.command = command
    try:
        status: int = args.run(args)
        sys.stdout.flush()
    except WrongUseError as failure:
        print(f"saf-shim: {failure}", file=sys.stderr)
        return _WRONG_USE
    except (CommandError, LaunchError) as failure:
        print(f"saf-shim: {failure}", file=sys.stderr)
        return _FAILED
    except BrokenPipeError:  # for example `saf-shim calls | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _FAILED
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="saf-shim",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("-V", "--version", action="version", version=f"saf-shim {__version__}")
    commands = parser.add_subparsers(dest="subcommand", metavar="COMMAND", required=True)

    def add(name: str, run: Run, text: str, **options: Any) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text, allow_abbrev=False, **options)
        made.set_defaults(run=run)
        return made

    for module in (simulators, looking, spoiling, scaffold):
        module.add_commands(add)
    return parser


if __name__ == "__main__":
    sys.exit(main())
