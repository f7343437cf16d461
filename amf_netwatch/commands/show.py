# SPDX-License-Identifier: Apache-2.0
"""``amf-netwatch show``: the interfaces of the whole cluster, read from IMM in one search."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from amf_netwatch.commands.shape import EXIT_OK, complain, write_output
from amf_netwatch.netlink.patterns import matches_any
from amf_netwatch.publication.classes import INTERFACE_CLASS, NODE_CLASS
from amf_netwatch.publication.view import (
    COLUMNS,
    Row,
    align,
    as_json,
    cells,
    decoded_name,
    find_duplicates,
    printable,
    rows_of,
)

if TYPE_CHECKING:
    from amf_netwatch.ais import ObjectManager

EXIT_FOUND = 1  # --duplicates found some, or a node that the user named is unknown


def main(arguments: Sequence[str]) -> int:
    """Print a table. With --json, print one object in each line."""
    options = make_parser().parse_args(arguments)

    from amf_netwatch.ais import ObjectManager  # noqa: PLC0415 - needs pyosaf, which may be missing

    with ObjectManager() as manager:
        rows = rows_of(manager.find_class(INTERFACE_CLASS))
        unknown = _unknown_nodes(options.node or [], rows, manager)
    duplicates = find_duplicates(rows) if options.duplicates else []
    if options.duplicates:
        rows = [row for duplicate in duplicates for row in duplicate.rows]
    rows = [row for row in rows if _is_wanted(row, options.node, options.interface)]
    if options.json:
        write_output("".join(json.dumps(as_json(row)) + "\n" for row in rows))
    else:
        write_output(format_table(rows, "duplicates" if options.duplicates else "interfaces"))
    for node in unknown:
        complain("amf-netwatch show", f"IMM has nothing of a node {node!r}")
    return EXIT_FOUND if unknown or (options.duplicates and rows) else EXIT_OK


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of `show`."""
    parser = argparse.ArgumentParser(
        prog="amf-netwatch show",
        description="Show the network interfaces of all nodes, as IMM has them.",
        epilog="STATE is the operational state; off: an administrator switched the interface off; "
        "stale: nobody keeps the object true any more; gone: nobody has for more than 6 s, and IMM does not "
        "tell the values any more. The exit status is 1 when IMM has nothing of a node given by --node, and "
        "with --duplicates when there are any.",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--node", metavar="N", action="append", help="only this node; may be repeated")
    parser.add_argument(
        "--interface", metavar="PATTERN", action="append", help="only names like this; may be repeated"
    )
    parser.add_argument(
        "--duplicates", action="store_true", help="only MAC addresses that are on more than one node"
    )
    return parser


def format_table(rows: Sequence[Row], what: str) -> str:
    """Return the table, or one line that says that it would be empty."""
    if not rows:
        return f"no {what}\n"
    return "".join(line + "\n" for line in align([COLUMNS, *(cells(row) for row in rows)]))


def _unknown_nodes(nodes: Sequence[str], rows: Sequence[Row], manager: ObjectManager) -> list[str]:
    """Return the nodes that have neither an interface nor an object of their own in IMM."""
    missing = [node for node in nodes if node not in {row.node for row in rows}]
    if not missing:
        return []
    known = {printable(decoded_name(found.object.dn)) for found in manager.find_class(NODE_CLASS)}
    return [node for node in missing if node not in known]


def _is_wanted(row: Row, nodes: list[str] | None, patterns: list[str] | None) -> bool:
    if nodes and row.node not in nodes:
        return False
    return not patterns or matches_any(decoded_name(row.dn), [os.fsencode(pattern) for pattern in patterns])
