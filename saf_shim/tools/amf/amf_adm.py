# SPDX-License-Identifier: Apache-2.0
"""amf-adm: performs an administrative operation of AMF, by its name.

OpenSAF's tool is a shell script around immadm.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from saf_shim.tools import command
from saf_shim.tools.imm import immadm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

OPERATIONS = {
    "unlock": 1,
    "lock": 2,
    "lock-in": 3,
    "unlock-in": 4,
    "shutdown": 5,
    "restart": 6,
    "si-swap": 7,
    "sg-adjust": 8,
    "repaired": 9,
    "eam-start": 10,
    "eam-stop": 11,
}


_USAGE = ("lock", "unlock", "lock-in", "unlock-in", *tuple(OPERATIONS)[4:])
"""The operations in the order of OpenSAF's text."""


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns its exit status."""
    return command.run(administrate, argv)


def administrate(arguments: Sequence[str]) -> int:
    """Perform the command ``[-t SECONDS] OPERATION DN``; returns its exit status."""
    options: list[str] = []
    if len(arguments) == 4:
        if arguments[0] != "-t":
            sys.stdout.write("-t SECONDS must stand before the operation\n")
            return _print_usage()
        options = list(arguments[:2])
    elif len(arguments) != 2:
        return _print_usage()
    name, dn = arguments[-2:]
    if name not in OPERATIONS:
        sys.stdout.write(f"illegal admin operation: {name}\n")
        return _print_usage()
    # OpenSAF's script passes its arguments on without quotes, so they are split again at blanks.
    words = " ".join([*options, dn]).split()
    return immadm.operate(["-o", str(OPERATIONS[name]), *words])


def _print_usage() -> int:
    """Print the usage and return status 1. OpenSAF's tool does the same for -h."""
    sys.stdout.write(
        f"usage: amf-adm [-t  timeout] <{'|'.join(_USAGE)}> <object DN>\n"
        "        -t:   command timeout in seconds (default=60)\n"
        "        Note: Specify option before command and operand\n"
    )
    return command.FAILURE
