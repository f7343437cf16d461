# SPDX-License-Identifier: Apache-2.0
"""The command ``amf-netwatch``: which module runs which subcommand, and nothing of what they do.

A subcommand's module is imported when it is called for: `run` must start in milliseconds and stay small, so
it and the CLC-CLI commands do without argparse; their options are the settings, ``--NAME VALUE`` or
``--NAME=VALUE``, several times for a list.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple, Optional

from amf_netwatch.errors import NetwatchError, SettingsError


class Command(NamedTuple):
    """A subcommand: ``module:function``, called with the arguments after its name."""

    name: str
    function: str
    summary: str
    group: str


COMMANDS = (
    Command(
        "demo",
        "amf_netwatch.commands.demo:main",
        "AMF, IMM and the component on this machine, live",
        "Try it",
    ),
    Command(
        "monitor",
        "amf_netwatch.commands.monitor:main",
        "print link, address and route changes",
        "Try it",
    ),
    Command(
        "wait",
        "amf_netwatch.commands.wait:main",
        "wait until a link appears, goes, is up or down",
        "Try it",
    ),
    Command(
        "show",
        "amf_netwatch.commands.show:main",
        "the interfaces of the whole cluster, from IMM",
        "On a cluster",
    ),
    Command(
        "classes",
        "amf_netwatch.deployment.model:classes_main",
        "print the IMM classes, for immcfg -f",
        "On a cluster",
    ),
    Command(
        "model", "amf_netwatch.deployment.model:main", "print the AMF model, for immcfg -f", "On a cluster"
    ),
    Command("campaign", "amf_netwatch.commands.campaign:main", "print an SMF campaign", "On a cluster"),
    Command("run", "amf_netwatch.cli:run_main", "the component; what AMF starts", "For AMF"),
    Command(
        "instantiate",
        "amf_netwatch.cli:instantiate_main",
        "CLC-CLI: start `run` in the background",
        "For AMF",
    ),
    Command("cleanup", "amf_netwatch.cli:cleanup_main", "CLC-CLI: kill what is left of it", "For AMF"),
)
EXIT_ERROR, EXIT_USAGE = 1, 2


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the subcommand that the arguments name; the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in ("-h", "--help", "help"):
        print(_help(), file=sys.stdout if words else sys.stderr)
        return 0 if words else EXIT_USAGE
    if words[0] in ("-V", "--version", "version"):
        from amf_netwatch import __version__  # noqa: PLC0415

        print(f"amf-netwatch {__version__}")
        return 0
    command = next((each for each in COMMANDS if each.name == words[0]), None)
    if command is None:
        print(f"amf-netwatch: no command {words[0]!r}; `amf-netwatch --help` lists them", file=sys.stderr)
        return EXIT_USAGE
    return _run(command, words[1:])


def _run(command: Command, arguments: list[str]) -> int:
    module, _, function = command.function.partition(":")
    try:
        status: int = getattr(import_module(module), function)(arguments)
    except NetwatchError as error:
        print(f"amf-netwatch: {error}", file=sys.stderr)
        return EXIT_ERROR
    except BrokenPipeError:
        # Whoever read our output has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return EXIT_ERROR
    except KeyboardInterrupt:
        return 130
    return status


def run_main(arguments: Sequence[str]) -> int:
    """``amf-netwatch run``."""
    if _wants_help(arguments):
        return _print_options("run", "The component, in the foreground. AMF starts it through `instantiate`.")
    try:
        from amf_netwatch.settings import Sources, environment_settings  # noqa: PLC0415

        sources = Sources(parse_options(arguments), environment_settings(os.environ))
    except SettingsError as error:
        return _refuse(error)
    from amf_netwatch.component.process import run  # noqa: PLC0415

    return run(sources, os.environ)


def instantiate_main(arguments: Sequence[str]) -> int:
    """``amf-netwatch instantiate``."""
    if _wants_help(arguments):
        return _print_options(
            "instantiate",
            "CLC-CLI command: start `amf-netwatch run` in the background; ends with status 0 when it has\n"
            "registered with AMF, or with 1 and a reason. Options are handed on.",
        )
    from amf_netwatch.component.clc import instantiate  # noqa: PLC0415
    from amf_netwatch.log import open_log  # noqa: PLC0415

    try:
        from amf_netwatch.settings import Sources, environment_settings  # noqa: PLC0415

        sources = Sources(parse_options(arguments), environment_settings(os.environ))
        log = open_log(sources.process_settings().log_level)
    except SettingsError as error:
        open_log("info").event("start-failed", reason=error)
        return _refuse(error)
    return instantiate(log, arguments, os.environ)


def cleanup_main(arguments: Sequence[str]) -> int:
    """``amf-netwatch cleanup``."""
    if arguments:
        print("usage: amf-netwatch cleanup\n\nCLC-CLI command: kill what the component left, if anything.")
        return 0 if _wants_help(arguments) else EXIT_USAGE
    from amf_netwatch.component.clc import cleanup  # noqa: PLC0415
    from amf_netwatch.log import open_log  # noqa: PLC0415

    return cleanup(open_log("info"), os.environ)


def parse_options(arguments: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Settings from ``--NAME VALUE`` and ``--NAME=VALUE``; SettingsError for anything else."""
    from amf_netwatch.settings import BY_NAME  # noqa: PLC0415

    given: dict[str, tuple[str, ...]] = {}
    words = list(arguments)
    while words:
        word = words.pop(0)
        name, equals, value = word[2:].partition("=")
        if not word.startswith("--") or name not in BY_NAME:
            known = ", ".join(f"--{each}" for each in BY_NAME)
            raise SettingsError(f"{word!r} is no option; options are {known}")
        if not equals:
            if not words:
                raise SettingsError(f"option --{name} needs a value")
            value = words.pop(0)
        given[name] = (*given.get(name, ()), value)
    return given


def _refuse(error: SettingsError) -> int:
    from amf_netwatch.component.clc import report_ready  # noqa: PLC0415

    print(f"amf-netwatch: {error}", file=sys.stderr)
    report_ready(os.environ, str(error))
    return EXIT_USAGE


def _wants_help(arguments: Sequence[str]) -> bool:
    return "-h" in arguments or "--help" in arguments


def _print_options(command: str, text: str) -> int:
    from amf_netwatch.settings import TABLE  # noqa: PLC0415

    print(f"usage: amf-netwatch {command} [--NAME VALUE]...\n\n{text}\n\nsettings:")
    for setting in TABLE:
        default = f" (default: {setting.default})" if setting.default else ""
        print(f"  --{setting.name:<16} {setting.meaning}{default}")
    print(
        "\nAn option wins over its environment variable (AMF_NETWATCH_INCLUDE, ...; lists separated by\n"
        "blanks), that over the CSI attribute of the same name, that over the default. include and\n"
        "exclude may be repeated.\n"
        "\nexit status: 0 ended in an orderly way, 1 cannot run here, 2 wrong settings, 3 AMF was lost"
    )
    return 0


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
