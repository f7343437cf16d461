# SPDX-License-Identifier: Apache-2.0
"""``amf-netwatch model``: the AMF model as XML. `campaign` has the same options."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from amf_netwatch.commands.shape import EXIT_OK, write_output
from amf_netwatch.deployment.model import (
    DEFAULT_MAX_DURATION,
    DEFAULT_NODE,
    DEFAULT_PERIOD,
    MIN_SECONDS,
    NAME,
    NO_REDUNDANCY,
    TWO_N,
    ModelOptions,
    format_model,
    is_node_name,
)
from amf_netwatch.errors import SettingsError
from amf_netwatch.program import own_prefix
from amf_netwatch.settings import BY_NAME

_LONGEST_PERIOD = 86400.0
_VERSION_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


def main(arguments: Sequence[str]) -> int:
    """Print the model."""
    parser = make_parser()
    options = read_options(parser, parser.parse_args(arguments))
    try:
        text = format_model(options)
    except SettingsError as error:
        parser.error(str(error))
    write_output(text)
    return EXIT_OK


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of `model`."""
    parser = argparse.ArgumentParser(
        prog="amf-netwatch model",
        description="Print the AMF model; load it with `immcfg -f`, then `amf-adm unlock-in` and `unlock` "
        f"the SUs (safSu=NODE,safSg={NAME},safApp={NAME}).",
        epilog="To add nodes later, load a model with the new ones appended: what exists is skipped.",
    )
    add_arguments(parser)
    return parser


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that describe for what the model is made."""
    add = parser.add_argument
    add("--node", action="append", metavar="N", help=f"a node; repeat for more (default: {DEFAULT_NODE})")
    add("--prefix", metavar="DIR", help="where the command is on the nodes (default: where this one is)")
    add(
        "--period",
        type=_read_period,
        default=DEFAULT_PERIOD,
        metavar="S",
        help="healthcheck period (default: 5)",
    )
    add(
        "--max-duration",
        type=_read_period,
        default=DEFAULT_MAX_DURATION,
        metavar="S",
        help="how long AMF waits for an answer (default: 10)",
    )
    add(
        "--set",
        action="append",
        default=[],
        type=read_setting,
        metavar="NAME=VALUE",
        help="a setting; repeat for lists: " + ", ".join(BY_NAME),
    )
    add(
        "--redundancy",
        choices=("none", "2n"),
        default="none",
        help="none: every node publishes; 2n: one active, one standby (default: none)",
    )
    add(
        "--node-group",
        type=read_version,
        default=ModelOptions().node_group,
        metavar="GROUP",
        help="the SG's node group, which must be there and hold the nodes (default: AllNodes)",
    )
    add(
        "--version",
        type=read_version,
        default=ModelOptions().version,
        metavar="V",
        help="version of the component type, which upgrade campaigns change (default: 1)",
    )


def read_options(parser: argparse.ArgumentParser, given: argparse.Namespace) -> ModelOptions:
    """Turn the options of `add_arguments` into values. For wrong options, `parser` prints the reason and
    ends."""
    nodes = tuple(given.node or (DEFAULT_NODE,))
    if len(set(nodes)) < len(nodes):
        parser.error("a node is named twice")
    for node in nodes:
        if not is_node_name(node):
            parser.error(f"{node!r} is no name of a node: ASCII without blank and comma, at most 50")
    return ModelOptions(
        nodes,
        os.path.abspath(given.prefix) if given.prefix else own_prefix(),
        given.period,
        given.max_duration,
        tuple(given.set),
        TWO_N if given.redundancy == "2n" else NO_REDUNDANCY,
        node_group=given.node_group,
        version=given.version,
    )


def read_version(text: str) -> str:
    """Read a version, or another word that becomes part of a DN. This is a type of an option for argparse."""
    if not text or not set(text) <= _VERSION_LETTERS:
        raise argparse.ArgumentTypeError(f"{text!r} is not of letters, digits, '.', '_' and '-'")
    return text


def read_setting(text: str) -> tuple[str, str]:
    """Read the name and the value of a setting, as the type of an option. The value is not checked here."""
    name, equals, value = text.partition("=")
    if not equals or name not in BY_NAME:
        raise argparse.ArgumentTypeError(f"{text!r} is no NAME=VALUE with a NAME of {', '.join(BY_NAME)}")
    return name, value


def _read_period(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds") from None
    if not MIN_SECONDS <= seconds <= _LONGEST_PERIOD:
        raise argparse.ArgumentTypeError(f"{text} is not between 0.1 and 86400 seconds")
    return seconds
