# SPDX-License-Identifier: Apache-2.0
"""The command ``amf-netwatch``: which module runs which subcommand, and how every subcommand ends.

The module of a subcommand is imported only when the subcommand is used, because `run` must start in
milliseconds
and stay small. What all subcommands share is in `amf_netwatch.commands.shape`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple, Optional

from amf_netwatch.commands.shape import (
    EXIT_ERROR,
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_USAGE,
    complain,
    give_up_output,
    write_output,
)
from amf_netwatch.errors import NetwatchError


class Command(NamedTuple):
    """A subcommand: its word, its module below `amf_netwatch.commands`, and its line in the help."""

    name: str
    module: str
    summary: str
    group: str


_TRY, _CHANGE, _CLUSTER, _AMF = "Try it", "Change the network", "On a cluster", "For AMF"
COMMANDS = (
    Command("demo", "demo", "AMF, IMM and the component on this machine, live", _TRY),
    Command(
        "monitor", "network.monitor", "print changes of links, addresses, routes, rules and neighbours", _TRY
    ),
    Command("wait", "network.wait", "wait until a link appears, goes, is up or down", _TRY),
    Command("dump", "network.dump", "print the network as a document, for apply", _CHANGE),
    Command("apply", "network.apply", "make the network as a document says, or leave it", _CHANGE),
    Command("confirm", "network.confirm", "keep a change that is on trial", _CHANGE),
    Command("freeze", "network.freeze", "keep links as they are", _CHANGE),
    Command("show", "show", "the interfaces of the whole cluster, from IMM", _CLUSTER),
    Command("classes", "classes", "print the IMM classes, for immcfg -f", _CLUSTER),
    Command("model", "model", "print the AMF model, for immcfg -f", _CLUSTER),
    Command("campaign", "campaign", "print an SMF campaign", _CLUSTER),
    Command("run", "run", "the component; what AMF starts", _AMF),
    Command("instantiate", "instantiate", "CLC-CLI: start `run` in the background", _AMF),
    Command("cleanup", "cleanup", "CLC-CLI: kill what is left of it", _AMF),
)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the subcommand that the arguments name, and return the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words:
        complain("amf-netwatch", "which command?\n\n" + _help())
        return EXIT_USAGE
    try:
        return _run(words[0], words[1:])
    except SystemExit as end:  # argparse has printed the reason
        return end.code if isinstance(end.code, int) else EXIT_USAGE
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # the reader of our output has closed the pipe
        give_up_output()
    except NetwatchError as error:
        complain("amf-netwatch", str(error))
    except OSError as error:
        if error.filename is not None:
            complain("amf-netwatch", f"{os.fsdecode(error.filename)}: {error.strerror}")
        else:  # standard output is closed or full
            give_up_output()
            complain("amf-netwatch", f"standard output: {error.strerror}")
    return EXIT_ERROR


def _run(word: str, arguments: Sequence[str]) -> int:
    if word in ("-h", "--help", "help"):
        write_output(_help() + "\n")
        return EXIT_OK
    if word in ("-V", "--version", "version"):
        from amf_netwatch import __version__  # noqa: PLC0415

        write_output(f"amf-netwatch {__version__}\n")
        return EXIT_OK
    command = next((each for each in COMMANDS if each.name == word), None)
    if command is None:
        complain("amf-netwatch", f"no command {word!r}; `amf-netwatch --help` lists them")
        return EXIT_USAGE
    status: int = import_module(f"amf_netwatch.commands.{command.module}").main(arguments)
    if sys.stdout is not None:
        sys.stdout.flush()  # so that a full disk is reported here and not at exit
    return status


def _help() -> str:
    lines = [
        "usage: amf-netwatch COMMAND [OPTION]...",
        "",
        "Keeps OpenSAF's information model true about the network interfaces of every node.",
    ]
    group = ""
    for command in COMMANDS:
        if command.group != group:
            group = command.group
            lines += ["", f"{group}:"]
        lines.append(f"  {command.name:<12} {command.summary}")
    lines += ["", "`amf-netwatch COMMAND --help` tells more; `amf-netwatch --version` the version."]
    return "\n".join(lines)
