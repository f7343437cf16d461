# SPDX-License-Identifier: Apache-2.0
"""``amf-netwatch classes``: the IMM classes as XML."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from amf_netwatch.commands.shape import EXIT_OK, write_output
from amf_netwatch.deployment.model import format_classes


def main(arguments: Sequence[str]) -> int:
    """Print the classes."""
    make_parser().parse_args(arguments)
    write_output(format_classes())
    return EXIT_OK


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of `classes`, which has no options but ``--help``."""
    return argparse.ArgumentParser(
        prog="amf-netwatch classes", description="Print the IMM classes; load them with `immcfg -f`."
    )
