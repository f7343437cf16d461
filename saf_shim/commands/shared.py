# SPDX-License-Identifier: Apache-2.0
"""What the subcommands share: their errors, the option ``--dir``, and how to ask a running simulator."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from typing import Any, Protocol

from saf_shim import client
from saf_shim.protocol import DIRECTORY_VARIABLE
from saf_shim.server.launch import STOP_TIME

Run = Callable[[argparse.Namespace], int]


class CommandError(Exception):
    """The command failed: exit status 1. The text is for the user."""


class WrongUseError(Exception):
    """The command line is wrong: exit status 2. The text is for the user."""


class AddCommand(Protocol):
    """Adds a subcommand, which `run` performs. `options` are those of `argparse.ArgumentParser`."""

    def __call__(self, name: str, run: Run, text: str, **options: Any) -> argparse.ArgumentParser:
        """Return the parser of the new subcommand."""


def add_directory(parser: argparse.ArgumentParser) -> None:
    """Add ``--dir``. Its default is the simulator in which this process runs."""
    parser.add_argument(
        "--dir",
        default=os.environ.get(DIRECTORY_VARIABLE),
        metavar="DIR",
        help=f"the simulator's directory (default: ${DIRECTORY_VARIABLE})",
    )


def directory_of(args: argparse.Namespace) -> str:
    """Return the simulator's directory. WrongUseError if none is given."""
    if not args.dir:
        raise WrongUseError(f"give --dir, or set {DIRECTORY_VARIABLE}")
    return os.path.abspath(str(args.dir))


def ask(args: argparse.Namespace, name: str, arguments: dict[str, Any]) -> Any:
    """Return the simulator's answer to one of its own commands. CommandError if it refuses or does not
    run."""
    where = directory_of(args)
    try:
        done, answer = client.control(where, name, arguments, STOP_TIME)
    except PermissionError:
        raise CommandError(f"the simulator in {where} belongs to another user") from None
    except NotADirectoryError:
        raise CommandError(f"{where} is no directory") from None
    except TimeoutError as error:
        raise CommandError(f"the simulator in {where} gives {error}") from None
    except OSError:
        raise CommandError(f"no simulator is running in {where}") from None
    if not done:
        raise CommandError(str(answer))
    return answer
