# SPDX-License-Identifier: Apache-2.0
"""immlist: prints objects (all or some of their attributes) and class descriptions."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from imm_model.named_tuple import NamedTuple
from imm_model.types import encode_text
from saf_shim.codes import Code
from saf_shim.tools import command
from saf_shim.tools.imm.client import Attribute, ImmClient, ImmError
from saf_shim.tools.imm.formatting import (
    EMPTY,
    TABLE_HEAD,
    describe_class,
    describe_code,
    format_raw,
    format_table,
    table_row,
)
from saf_shim.tools.imm.values import scan_integer
from saf_shim.tools.options import CommandLine, LongOption, OptionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

_LONG_OPTIONS = (
    LongOption("attribute", True, "a"),
    LongOption("class", False, "c"),
    LongOption("timeout", True, "t"),
    LongOption("help", False, "h"),
    LongOption("pretty-print", True, "p"),
    LongOption("delimiter", True, "d"),
)


class Settings(NamedTuple):
    """What the options ask for. Empty `names` stand for every attribute."""

    names: Optional[list[str]] = None
    is_class: bool = False
    as_table: bool = True
    delimiter: str = " "
    seconds: int = 60


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns its exit status."""
    return command.run(list_objects, argv)


def list_objects(arguments: Sequence[str]) -> int:
    """Perform the command; returns its exit status."""
    settings, operands = read_options(arguments)
    command.limit_time(settings.seconds, "error - immlist command timed out (alarm)")
    if not operands:
        command.fail("error - wrong number of arguments")
    imm = ImmClient.connect(settings.seconds)
    if settings.is_class:
        for name in operands:
            _print_class(imm, name)
    else:
        accessor = imm.initialize_accessor()
        for dn in operands:
            _print_object(imm, accessor, dn, settings)
        imm.finalize_accessor(accessor)
    imm.finalize()
    return 0


def read_options(arguments: Sequence[str]) -> tuple[Settings, list[str]]:
    """Return the settings and the operands. Ends the command at a wrong option and after --help."""
    settings = Settings()
    has_delimiter = False
    line = CommandLine("a:d:p:t:ch", _LONG_OPTIONS, arguments)
    try:
        for option in line:
            if option.letter == "a":
                names = [*(settings.names or []), option.value]
                settings = settings._replace(names=names, as_table=False)
                if not has_delimiter:
                    settings = settings._replace(delimiter=":")
            elif option.letter == "c":
                settings = settings._replace(is_class=True)
            elif option.letter == "t":
                settings = settings._replace(seconds=int(scan_integer(option.value, base=10).number))
            elif option.letter == "p":
                if option.value.lower() == "no":
                    settings = settings._replace(as_table=False)
            elif option.letter == "d":
                if len(encode_text(option.value)) > 1:
                    command.fail("delimiter must be a single character")
                has_delimiter = True
                settings = settings._replace(delimiter=option.value or "\0")
            else:
                _print_help()
                raise SystemExit(0)
    except OptionError as error:
        command.complain(f"immlist: {error}")
        command.fail("Try 'immlist --help' for more information")
    return settings, line.operands


def _print_class(imm: ImmClient, name: str) -> None:
    try:
        description = imm.describe_class(name)
    except ImmError as error:
        command.fail(f"error - saImmOmClassDescriptionGet_2 FAILED: {describe_code(error.code)}")
    sys.stdout.write(describe_class(*description))


def _print_object(imm: ImmClient, accessor: int, dn: str, settings: Settings) -> None:
    try:
        attributes = imm.get_object(accessor, dn, settings.names)
    except ImmError as error:
        if error.code == Code.ERR_NOT_EXIST:
            command.fail("error - object or attribute does not exist")
        command.fail(f"error - saImmOmAccessorGet_2 FAILED: {describe_code(error.code)}")
    sys.stdout.write(format_object(attributes, settings))


def format_object(attributes: Sequence[Attribute], settings: Settings) -> str:
    """Return the attributes as a table followed by an empty line, or as ``name=value`` lines."""
    form = format_table if settings.as_table else format_raw
    lines = [TABLE_HEAD] if settings.as_table else []
    for name, kind, values in attributes:
        text = settings.delimiter.join(form(value, kind) for value in values) if values else EMPTY
        lines.append(table_row(name, kind, text) if settings.as_table else f"{name}={text}")
    if settings.as_table:
        lines.append("\n")
        return "\n".join(lines)
    return "".join(line + "\n" for line in lines)


def _print_help() -> None:
    command.print_help(
        "immlist",
        "immlist [options] DN...\nimmlist [options] -c CLASS...",
        "print objects and classes of IMM\n"
        "Reads through IMM's object management interface and changes nothing.",
        "-a, --attribute=NAME      print this attribute (repeat for several) as name=value;\n"
        "                          several values are joined by ':'\n"
        "-c, --class               the arguments are classes: print their descriptions\n"
        "-d, --delimiter=CHAR      join several values by this character\n"
        "-h, --help                print this text and end\n"
        "-p, --pretty-print=yes|no print whole objects as a table (default) or as name=value\n"
        "-t, --timeout=SECONDS     give up after so long (default 60; 0: never)",
        "immlist safApp=myApp\n"
        "immlist -a saAmfSUPresenceState -a saAmfSUOperState safSu=SU1,safSg=2N,safApp=myApp\n"
        "immlist -d , -a saAmfNGNodeList safAmfNodeGroup=AllNodes,safAmfCluster=myAmfCluster\n"
        "immlist -c SaAmfSU",
    )
