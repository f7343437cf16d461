# SPDX-License-Identifier: Apache-2.0
"""immfind: prints the names of objects below a root, or of a class."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from saf_shim.tools import command
from saf_shim.tools.imm.client import ImmClient, ImmError, Scope, SearchOption
from saf_shim.tools.imm.formatting import describe_code
from saf_shim.tools.imm.values import scan_integer
from saf_shim.tools.options import CommandLine, LongOption, OptionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

_LONG_OPTIONS = (
    LongOption("class", True, "c"),
    LongOption("scope", True, "s"),
    LongOption("timeout", True, "t"),
    LongOption("help", False, "h"),
)
_SCOPES = {"sublevel": Scope.SUBLEVEL, "subtree": Scope.SUBTREE}


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns its exit status."""
    return command.run(find_objects, argv)


def find_objects(arguments: Sequence[str]) -> int:
    """Perform the command; returns its exit status."""
    class_name, scope, seconds = "", Scope.SUBTREE, 60
    line = CommandLine("c:s:t:h", _LONG_OPTIONS, arguments)
    try:
        for option in line:
            if option.letter == "c":
                class_name = option.value
            elif option.letter == "s":
                if option.value not in _SCOPES:
                    command.fail(f"error - illegal scope: {option.value}")
                scope = _SCOPES[option.value]
            elif option.letter == "t":
                seconds = int(scan_integer(option.value, base=10).number)
            else:
                _print_help()
                return 0
    except OptionError as error:
        command.complain(f"immfind: {error}")
        command.fail("Try 'immfind --help' for more information")
    if len(line.operands) > 1:
        command.fail("error - too many arguments")
    command.limit_time(seconds, "error - immfind command timed out (alarm)")
    _print_names(ImmClient.connect(seconds), (line.operands or [""])[0], scope, class_name)
    return 0


def _print_names(imm: ImmClient, root: str, scope: Scope, class_name: str) -> None:
    try:
        search = imm.initialize_search(root, scope, SearchOption.GET_NO_ATTR, class_name)
    except ImmError as error:
        command.fail(f"error - saImmOmSearchInitialize_2 FAILED: {describe_code(error.code)}")
    try:
        for dn, _ in imm.iterate_search(search):
            sys.stdout.write(dn + "\n")
    except ImmError as error:
        command.fail(f"error - saImmOmSearchNext_2 FAILED: {describe_code(error.code)}")
    imm.finalize_search(search)
    imm.finalize()


def _print_help() -> None:
    command.print_help(
        "immfind",
        "immfind [DN] [options]",
        "find objects in IMM\n"
        "Prints the name of the object DN and of the objects below it; without DN, of every object.",
        "-c, --class=NAME       only objects of this class\n"
        "-h, --help             print this text and end\n"
        "-s, --scope=SCOPE      subtree (default), or sublevel: the object and its direct children\n"
        "-t, --timeout=SECONDS  give up after so long (default 60; 0: never)",
        "immfind\nimmfind safApp=myApp\nimmfind -s sublevel safApp=myApp\nimmfind -c SaAmfSU",
    )
