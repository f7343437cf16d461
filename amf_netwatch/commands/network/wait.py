# SPDX-License-Identifier: Apache-2.0
"""`amf-netwatch wait`: it waits for one condition, prints the link, and ends with a status.

0: the condition holds; 1: it did not hold in time, or the kernel did not do what was needed; 2: wrong use;
130: Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from time import time
from typing import Callable, Optional

from amf_netwatch.commands.network.monitor import explain, status_of
from amf_netwatch.commands.shape import complain, get_output, give_up_output, read_seconds
from amf_netwatch.netlink.codec.constants import OperState
from amf_netwatch.netlink.codec.link import Link
from amf_netwatch.netlink.errors import NetlinkError, WaitTimeoutError
from amf_netwatch.netlink.mirror.lines import describe_link, format_name, list_fields
from amf_netwatch.netlink.mirror.tables.changes import Action, Change, Object
from amf_netwatch.netlink.mirror.tables.namespace import Tables
from amf_netwatch.netlink.mirror.wait import LinkWaiter

PROGRAM = "amf-netwatch wait"
LONGEST_NAME = 15  # bytes; IFNAMSIZ without the NUL
_ACTIONS = {"attach": Action.NEW, "detach": Action.REMOVED}
_STATES = {str(state): state for state in OperState}

Wait = Callable[[LinkWaiter, argparse.Namespace], Optional[Link]]
_WAITS: dict[str, tuple[str, Wait]] = {
    "attach": (
        "wait for a link that was not there",
        lambda waiter, options: waiter.attach(
            options.existing or None, state=_STATES.get(options.state), timeout=options.timeout
        ),
    ),
    "detach": (
        "wait until this link, or without a name any link, is gone",
        lambda waiter, options: waiter.detach(options.name, timeout=options.timeout),
    ),
    "up": (
        "wait until a link is administratively up",
        lambda waiter, options: waiter.up(options.name, timeout=options.timeout),
    ),
    "down": (
        "wait until a link is administratively down",
        lambda waiter, options: waiter.down(options.name, timeout=options.timeout),
    ),
    "reconnect": (
        "wait until a link has lost its carrier and regained it",
        lambda waiter, options: waiter.reconnect(
            options.name, strict=options.strict, timeout=options.timeout
        ),
    ),
}


def main(arguments: Sequence[str]) -> int:
    """Run the command with these arguments. Return its exit status."""
    try:
        options = make_parser().parse_args(arguments)
    except SystemExit as exit_:  # argparse has printed the reason
        return exit_.code if isinstance(exit_.code, int) else 2
    try:
        with LinkWaiter(namespace=options.netns) as waiter:
            try:
                link = _WAITS[options.wait][1](waiter, options)
            except WaitTimeoutError:
                complain(PROGRAM, _explain_timeout(options, waiter.tables))
                return 1
            print(_describe(options, link, waiter.tables), file=get_output(), flush=True)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # nobody reads the output; the condition holds all the same
        give_up_output()
        return 0
    except (NetlinkError, OSError) as error:
        if isinstance(error, OSError) and error.filename is None:
            give_up_output()
        complain(PROGRAM, explain(error, options.netns))
        return status_of(error, options.netns)
    return 0


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of `wait`."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM, description="Wait for something to happen to a link, and print it.", allow_abbrev=False
    )
    waits = parser.add_subparsers(dest="wait", required=True, metavar="attach|detach|up|down|reconnect")
    for word, (meaning, _) in _WAITS.items():
        one = waits.add_parser(word, help=meaning, description=f"{meaning[0].upper()}{meaning[1:]}.")
        if word == "attach":
            one.add_argument(
                "--existing",
                action="append",
                default=[],
                type=_read_name,
                metavar="NAME",
                help="a link that does not count; may be repeated. With it, any other link that is there "
                "already counts as attached; without it, only one that comes does",
            )
            one.add_argument(
                "--state",
                choices=list(_STATES),
                metavar="STATE",
                help=f"wait until such a link is in this operational state ({', '.join(_STATES)})",
            )
        elif word == "detach":
            one.add_argument("name", nargs="?", type=_read_name, metavar="NAME", help="the link's name")
        else:
            one.add_argument("name", type=_read_name, metavar="NAME", help="the link's name")
        if word == "reconnect":
            one.add_argument(
                "--strict",
                action="store_true",
                help="by the operational state (RFC 2863) instead of the carrier: DOWN, then UP",
            )
        one.add_argument("--timeout", type=read_seconds, metavar="S", help="give up after S seconds")
        one.add_argument("--json", action="store_true", help="print the link as one JSON object")
        one.add_argument("--netns", metavar="NAME", help="in this network namespace (needs privileges)")
    return parser


def _read_name(text: str) -> bytes:
    name = os.fsencode(text)
    if (
        not 0 < len(name) <= LONGEST_NAME
        or name in (b".", b"..")
        or any(one in b"/: \t\n\v\f\r" for one in name)
    ):
        raise argparse.ArgumentTypeError(f"{format_name(name)!r} cannot be the name of a link")
    return name


def _explain_timeout(options: argparse.Namespace, tables: Tables) -> str:
    """Return what has not happened, to which link, and the present state of that link."""
    name = getattr(options, "name", None)
    words = options.wait if name is None else f"{options.wait} {format_name(name)}"
    text = f"{words}: it has not happened within {options.timeout:g} s"
    if name is None:
        return text
    ifindex = tables.names.get(name)
    if ifindex is None:
        return f"{text}; there is no link {format_name(name)}"
    return f"{text}; {describe_link(tables.links[ifindex], tables)}"


def _describe(options: argparse.Namespace, link: Link | None, tables: Tables) -> str:
    """Return the line to print."""
    if link is None:
        if options.json:
            name = os.fsdecode(options.name)
            fields = {"time": time(), "object": "link", "action": "removed", "ifname": name, "ifindex": None}
            return json.dumps(fields)
        return f"{format_name(options.name)}: not there"
    if not options.json:
        return describe_link(link, tables)
    action = _ACTIONS.get(options.wait, Action.CHANGED)
    before, after = (link, None) if action is Action.REMOVED else (None, link)
    change = Change(action, Object.LINK, before, after, (), link.name)
    return json.dumps(list_fields(change, time(), tables))
