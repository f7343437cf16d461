# SPDX-License-Identifier: Apache-2.0
"""`amf-netwatch freeze`: keep some links as they are, until Ctrl-C.

0: ended by Ctrl-C or SIGTERM; 1: the kernel did not do what was needed; 2: wrong use, or no such link.
"""

from __future__ import annotations

import argparse
import os
import select
import signal
from collections.abc import Sequence

from amf_netwatch.commands.network.monitor import explain
from amf_netwatch.commands.shape import EXIT_ERROR, EXIT_OK, EXIT_USAGE, complain, get_output
from amf_netwatch.netlink.errors import NetlinkError, RefusedError, SocketError
from amf_netwatch.netlink.network.freeze import Freeze

PROGRAM = "amf-netwatch freeze"


def main(arguments: Sequence[str]) -> int:
    """Run the command with these arguments. Return its exit status."""
    options = make_parser().parse_args(arguments)
    output = get_output()

    def report(line: str) -> None:
        print(line, file=output, flush=True)

    wake, waker = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)  # the descriptor below becomes readable
    signal.set_wakeup_fd(waker)
    try:
        with Freeze(tuple(options.link), namespace=options.netns, report=report) as freeze:
            report(f"frozen: {' '.join(options.link)}")
            poll = select.poll()
            poll.register(wake, select.POLLIN)
            poll.register(freeze, select.POLLIN)
            poll.poll()
            failure = freeze.failure
    except RefusedError as error:
        complain(PROGRAM, str(error))
        return EXIT_USAGE
    except NetlinkError as error:
        complain(PROGRAM, explain(error, options.netns))
        wrong_name = isinstance(error, SocketError) and error.doing == "open" and options.netns is not None
        return EXIT_USAGE if wrong_name else EXIT_ERROR
    finally:
        signal.set_wakeup_fd(-1)
    if failure is not None:
        complain(PROGRAM, str(failure))
        return EXIT_ERROR
    return EXIT_OK


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of `freeze`."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Put back whatever anybody changes on these links, their addresses and routes.",
        allow_abbrev=False,
    )
    parser.add_argument("link", metavar="LINK", nargs="+", help="the name of a link")
    parser.add_argument("--netns", metavar="NAME", help="in this network namespace (needs privileges)")
    return parser
