# SPDX-License-Identifier: Apache-2.0
"""`amf-netwatch dump`: print the network as a document that `apply` accepts.

0: printed; 1: the kernel did not do what was needed, or the output could not be written; 2: wrong use.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from amf_netwatch.commands.network.monitor import explain, status_of
from amf_netwatch.commands.shape import EXIT_ERROR, EXIT_OK, complain, give_up_output, write_output
from amf_netwatch.netlink.errors import NetlinkError
from amf_netwatch.netlink.network.committer import Committer
from amf_netwatch.netlink.network.documents.dump import OBJECTS
from amf_netwatch.netlink.network.documents.reader import print_document

PROGRAM = "amf-netwatch dump"


def main(arguments: Sequence[str]) -> int:
    """Run the command with these arguments. Return its exit status."""
    try:
        options = make_parser().parse_intermixed_args(arguments)
    except SystemExit as exit_:  # argparse has printed the reason
        return exit_.code if isinstance(exit_.code, int) else 2
    try:
        document = Committer(options.netns).dump(options.objects or OBJECTS)
        write_output(print_document(document) + "\n")
    except BrokenPipeError:  # the reader has closed the pipe
        give_up_output()
        return EXIT_OK
    except OSError as error:
        give_up_output()
        complain(PROGRAM, error.strerror or str(error))
        return EXIT_ERROR
    except NetlinkError as error:
        complain(PROGRAM, explain(error, options.netns))
        return status_of(error, options.netns)
    return EXIT_OK


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of `dump`."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Print the network as a document that `amf-netwatch apply` takes.",
        epilog="What a document cannot say is marked foreign; what the kernel made by itself is left out.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "objects", nargs="*", type=_read_object, metavar="|".join(OBJECTS), help="what to print (all)"
    )
    parser.add_argument("--netns", metavar="NAME", help="of this network namespace (needs privileges)")
    return parser


def _read_object(text: str) -> str:
    if text not in OBJECTS:
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(OBJECTS)}")
    return text
