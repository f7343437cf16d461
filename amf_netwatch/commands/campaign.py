# SPDX-License-Identifier: Apache-2.0
"""``amf-netwatch campaign``: an SMF campaign as XML, for the model that `model` prints."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from amf_netwatch.commands import model
from amf_netwatch.commands.shape import EXIT_OK, write_output
from amf_netwatch.deployment.campaign import (
    Commands,
    immcfg_commands,
    install_campaign,
    remove_campaign,
    upgrade_campaign,
)
from amf_netwatch.deployment.model import build_model
from amf_netwatch.errors import SettingsError

NAMES = {"install": "NetWatchInstall", "upgrade": "NetWatchUpgrade", "remove": "NetWatchRemove"}
_EPILOG = """\
To have SMF execute it:
  {}

`execute` returns at once: `smf-state camp` shows how it goes; `smf-adm rollback` undoes it."""


def main(arguments: Sequence[str]) -> int:
    """Print the campaign."""
    parser = make_parser()
    given = parser.parse_args(arguments)
    if (given.kind == "upgrade") != (given.from_version is not None):
        parser.error("--from-version belongs to upgrade, and upgrade needs it")
    options = model.read_options(parser, given)
    name = given.name or NAMES[given.kind]
    commands = Commands(given.install_command, given.remove_command)
    try:
        objects = build_model(options)
        if given.kind == "upgrade":
            old = build_model(options._replace(version=given.from_version))
            text = upgrade_campaign(old, objects, name, commands)
        elif given.kind == "install":
            text = install_campaign(objects, name, commands)
        else:
            text = remove_campaign(objects, name, commands)
    except SettingsError as error:
        parser.error(str(error))
    write_output(text)
    return EXIT_OK


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of `campaign`."""
    parser = argparse.ArgumentParser(
        prog="amf-netwatch campaign",
        usage="amf-netwatch campaign install|remove [OPTION]...\n"
        "       amf-netwatch campaign upgrade --from-version V --version V [OPTION]...",
        description="Print an SMF campaign that installs, upgrades (node by node), or removes all of it.\n"
        "Its model is the one that `amf-netwatch model` prints for the same options.",
        epilog=_EPILOG.format("\n  ".join(immcfg_commands(NAMES["install"], "/path/to/the/campaign.xml"))),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("kind", choices=tuple(NAMES), help="what SMF shall do")
    model.add_arguments(parser)
    parser.add_argument(
        "--from-version",
        type=model.read_version,
        metavar="V",
        help="upgrade: the version that is there (then --version: the new one)",
    )
    parser.add_argument(
        "--name",
        type=model.read_version,
        help="the campaign's name (default: NetWatchInstall, NetWatchUpgrade, NetWatchRemove)",
    )
    parser.add_argument(
        "--install-command",
        default="",
        metavar="COMMAND",
        help="what SMF runs on each node, by /bin/sh as root, to install the software (default: nothing)",
    )
    parser.add_argument(
        "--remove-command",
        default="",
        metavar="COMMAND",
        help="what it runs there to remove the software, also when it undoes its installation",
    )
    return parser
