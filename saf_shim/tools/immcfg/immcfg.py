# SPDX-License-Identifier: Apache-2.0
"""immcfg: creates, changes and deletes configuration objects, loads files, changes and deletes classes.

This module reads the command line and decides the order of the steps. There is one command line from the
process, or, in what immcfg calls a transaction (`transaction`), many command lines within one CCB. A wrong
line of a transaction returns -1 where a single command would end.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from enum import IntEnum

from saf_shim.codes import Code
from saf_shim.tools import command
from saf_shim.tools.imm.client import ImmError
from saf_shim.tools.imm.values import scan_integer
from saf_shim.tools.immcfg import transaction
from saf_shim.tools.immcfg.ccb import (
    Bundle,
    StepError,
    create_objects,
    delete_objects,
    modify_objects,
    refusal,
    stop,
)
from saf_shim.tools.immcfg.classnotify import change_notify
from saf_shim.tools.options import CommandLine, LongOption, Option, OptionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn, Optional

_SHORT_OPTIONS = "a:c:f:t:dhmvuL:o:X:"
_LONG_OPTIONS = (
    LongOption("attribute", True, "a"),
    LongOption("create-object", True, "c"),
    LongOption("file", True, "f"),
    LongOption("ignore-duplicates"),
    LongOption("delete-class"),
    LongOption("delete-object", False, "d"),
    LongOption("help", False, "h"),
    LongOption("modify-object", False, "m"),
    LongOption("timeout", True, "t"),
    LongOption("verbose", False, "v"),
    LongOption("unsafe", False, "u"),
    LongOption("validate", True, "L"),
    LongOption("class-name", True),
    LongOption("enable-attr-notify"),
    LongOption("disable-attr-notify"),
    LongOption("admin-owner", True, "o"),
    LongOption("admin-owner-clear"),
    LongOption("ccb-apply"),
    LongOption("ccb-abort"),
    LongOption("ccb-validate"),
    LongOption("xsd", True, "X"),
    LongOption("strict"),
)


class Operation(IntEnum):
    """The operation of a command line. --verbose prints the numbers."""

    NONE = 0
    CREATE_OBJECT = 1
    DELETE_OBJECT = 2
    DELETE_CLASS = 3
    MODIFY_OBJECT = 4
    LOAD_FILE = 5
    CHECK_FILE = 6
    CHANGE_CLASS = 7
    CLEAR_OWNER = 8
    TRANSACTION = 9
    APPLY_CCB = 10
    ABORT_CCB = 11
    VALIDATE_CCB = 12


_CCB_OPERATIONS = {
    "ccb-apply": Operation.APPLY_CCB,
    "ccb-abort": Operation.ABORT_CCB,
    "ccb-validate": Operation.VALIDATE_CCB,
}
_NEED_NO_OPERAND = frozenset({Operation.TRANSACTION, *_CCB_OPERATIONS.values()})


class HelpGivenError(Exception):
    """The last option that was read is --help."""


class SenselessError(Exception):
    """The command line is wrong. The reason has been printed on standard error."""


class Request:
    """One command line, split into its parts."""

    def __init__(self, bundle: Bundle, arguments: Sequence[str]) -> None:
        """Read `arguments`. Options for the whole process go into `bundle`. May raise OptionError,
        SenselessError or HelpGivenError."""
        self.operation = Operation.NONE
        self.class_name = ""
        self.file = ""
        self.schema: Optional[str] = None
        self.strict = False
        self.enable_notify: Optional[bool] = None
        self.assignments: list[str] = []
        self.seconds = 60
        self._bundle = bundle
        self._count = len(arguments) + 1  # argc
        line = CommandLine(_SHORT_OPTIONS, _LONG_OPTIONS, arguments)
        for option in line:
            if option.letter:
                self._take_letter(option)
            else:
                bundle.chat(f"Long option[{option.place}]: {_LONG_OPTIONS[option.place].name}")
                self._take_word(_LONG_OPTIONS[option.place].name, option.value)
        self.operands = line.operands
        if self._count == 1:
            self.operation = Operation.TRANSACTION

    def _take_letter(self, option: Option) -> None:
        letter, value = option.letter, option.value
        if letter == "a":
            self.assignments.append(value)
        elif letter == "c":
            self.class_name = value
            self._choose(Operation.CREATE_OBJECT)
        elif letter == "d":
            self._choose(Operation.DELETE_OBJECT)
        elif letter == "m":
            self._choose(Operation.MODIFY_OBJECT)
        elif letter in ("f", "L"):
            self._choose(Operation.LOAD_FILE if letter == "f" else Operation.CHECK_FILE)
            self.file = value
        elif letter == "t":
            self.seconds = int(scan_integer(value, base=10).number)
        elif letter == "v":
            self._bundle.verbose = True
        elif letter == "u":
            self._bundle.safe = False
        elif letter == "o":
            self._take_owner(value)
        elif letter == "X":
            if self.schema is not None:
                _refuse("XSD path is already set")
            self.schema = value
        else:
            raise HelpGivenError

    def _take_word(self, word: str, value: str) -> None:
        if word == "delete-class":
            self._choose(Operation.DELETE_CLASS)
        elif word == "admin-owner-clear":
            self._choose(Operation.CLEAR_OWNER)
        elif word == "class-name":
            self._choose(Operation.CHANGE_CLASS)
            self.class_name = value
        elif word in ("enable-attr-notify", "disable-attr-notify"):
            if self.enable_notify is not None:
                first = "enable" if self.enable_notify else "disable"
                _refuse(f"error - {word} cannot be used with --{first}-attr-notify")
            self.enable_notify = word == "enable-attr-notify"
        elif word in _CCB_OPERATIONS:
            if self._count != 2:
                _refuse(f"error - {word} option does not have any argument")
            self._choose(_CCB_OPERATIONS[word])
        elif word == "strict":
            self.strict = True

    def _take_owner(self, name: str) -> None:
        bundle = self._bundle
        if bundle.owner_name is not None and not bundle.transaction:
            _refuse("Administrative owner name can be set only once")
        if bundle.transaction and bundle.owner_created:
            _refuse("Administrative owner name can be set intially, after ccb-apply and ccb-abort")
        bundle.owner_name = name

    def _choose(self, operation: Operation) -> None:
        if self.operation is Operation.NONE:
            self.operation = operation
            return
        command.complain("error - only one operation at a time supported")
        if not self._bundle.transaction:
            raise SenselessError
        self.operation = Operation.NONE

    def chat(self) -> None:
        """Print what --verbose prints about a command line."""
        place = self._count - len(self.operands)
        self._bundle.chat(f"operation:{self.operation} argc:{self._count} optind:{place}")
        if self.operands:
            self._bundle.chat(f"non-option ARGV-elements: {' '.join(self.operands)} ")


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns its exit status."""
    return command.run(configure, argv)


def configure(arguments: Sequence[str]) -> int:
    """Perform the command; returns its exit status."""
    return perform(Bundle(), arguments)


def perform(bundle: Bundle, arguments: Sequence[str]) -> int:
    """Perform one command line. Return -1 if it is wrong and belongs to a transaction."""
    try:
        request = Request(bundle, arguments)
        return _perform_request(bundle, request)
    except HelpGivenError:
        _print_help()
        return 0
    except OptionError as error:
        command.complain(f"immcfg: {error}")
        command.complain("Try 'immcfg --help' for more information")
    except SenselessError:
        pass
    return -1 if bundle.transaction else command.FAILURE


def _perform_request(bundle: Bundle, request: Request) -> int:
    if bundle.owner_name is None and (
        not bundle.owner_created if bundle.transaction else request.operation is not Operation.TRANSACTION
    ):
        bundle.owner_name = f"immcfg_{os.uname().nodename}_{os.getpid()}"
    if request.operation is not Operation.TRANSACTION:
        command.limit_time(request.seconds, "error - immcfg command timed out (alarm)")
    bundle.tries = request.seconds
    if request.operation is Operation.CHECK_FILE:
        return _check(bundle, request)
    if request.operation is Operation.LOAD_FILE:
        return _load(bundle, request)
    if request.operation is Operation.NONE:
        bundle.chat("no option specified - defaults to MODIFY")
        request.operation = Operation.MODIFY_OBJECT
    request.chat()
    _check_operands(bundle, request)
    if request.operation in _CCB_OPERATIONS.values() and not bundle.transaction:
        return 0  # a script with this line may be given to immcfg or run by a shell
    return _run_steps(bundle, request)


def _check(bundle: Bundle, request: Request) -> int:
    from saf_shim.tools.immcfg.load import check_file  # noqa: PLC0415 - with the XML parser, 2 ms of the start

    bundle.chat(f"validateImmXML(xmlFilename={request.file}, verbose={int(bundle.verbose)})")
    status = check_file(bundle, request.file, request.strict)
    if status == 0:
        sys.stdout.write("Validation is successful\n")
    return status


def _load(bundle: Bundle, request: Request) -> int:
    from saf_shim.tools.immcfg.load import load_file  # noqa: PLC0415 - with the XML parser, 2 ms of the start

    bundle.chat(f"importImmXML(xmlFilename={request.file}, verbose={int(bundle.verbose)})")
    status = load_file(bundle, request.file, request.schema, request.strict)
    if status and bundle.transaction:
        command.complain("CCB is aborted")
        _attempt(bundle.abort)
    return status


def _check_operands(bundle: Bundle, request: Request) -> None:
    if not request.operands and request.operation not in _NEED_NO_OPERAND:
        _refuse("error - specify at least one object or class")
    if request.operation is Operation.CHANGE_CLASS and request.enable_notify is None:
        _refuse("--class-name must be used in combination with --enable-attr-notify or --disable-attr-notify")
    if request.operation is Operation.TRANSACTION and bundle.transaction:
        _refuse("immcfg is already in transaction mode")


def _run_steps(bundle: Bundle, request: Request) -> int:
    """Connect to IMM and perform the operation. Outside a transaction, apply it and close everything."""
    status = _attempt(lambda: _open(bundle, request))
    if status == 0:
        if request.operation is Operation.TRANSACTION:
            status = _run_transaction(bundle)
        else:
            status = _attempt(lambda: _run_operation(bundle, request))
        if not bundle.transaction:
            status = _finish(bundle, request, status)
        elif status:
            command.complain("CCB is aborted")
            _attempt(bundle.abort)
    if not bundle.transaction and bundle.is_open:
        status = _attempt(bundle.finalize) or status
    return status


def _attempt(step: Callable[[], None]) -> int:
    """Call `step` and return the exit status."""
    try:
        step()
    except StepError:
        return command.FAILURE
    return 0


def _open(bundle: Bundle, request: Request) -> None:
    """Open the OM handle and the owner if they are needed and not open yet."""
    if not bundle.transaction:
        with refusal("saImmOmInitialize FAILED:"):
            bundle.open()
    with refusal("saImmOmAdminOwnerInitialize FAILED:"):
        if bundle.transaction:
            if not bundle.owner_created:
                bundle.open_owner()
                bundle.owner_created = True
        elif _uses_owner(request) and request.operation is not Operation.TRANSACTION:
            bundle.open_owner()


def _uses_owner(request: Request) -> bool:
    return request.operation is not Operation.CLEAR_OWNER


def _run_operation(bundle: Bundle, request: Request) -> None:
    operands = request.operands
    steps: dict[Operation, Callable[[], None]] = {
        Operation.CREATE_OBJECT: lambda: create_objects(
            bundle, request.class_name, operands, request.assignments
        ),
        Operation.DELETE_OBJECT: lambda: delete_objects(bundle, operands),
        Operation.DELETE_CLASS: lambda: _delete_classes(bundle, operands),
        Operation.MODIFY_OBJECT: lambda: modify_objects(bundle, operands, request.assignments),
        Operation.CHANGE_CLASS: lambda: change_notify(
            bundle, request.class_name, operands, bool(request.enable_notify)
        ),
        Operation.CLEAR_OWNER: lambda: _clear_owner(bundle, operands),
        Operation.APPLY_CCB: bundle.commit,
        Operation.ABORT_CCB: bundle.abort,
        Operation.VALIDATE_CCB: bundle.validate,
    }
    steps[request.operation]()


def _run_transaction(bundle: Bundle) -> int:
    bundle.transaction = True
    status = transaction.run_commands(lambda words: perform(bundle, words))
    bundle.transaction = False
    return status


def _finish(bundle: Bundle, request: Request, status: int) -> int:
    """Unless something failed, apply the CCB. Finalize it and the owner, and return the exit status."""
    if bundle.ccb is not None and status == 0:
        status = _attempt(bundle.apply)
        status = _attempt(bundle.finalize_ccb) or status
    if _uses_owner(request) and bundle.owner_name is not None:
        status = _attempt(bundle.finalize_owner) or status
    return status


def _delete_classes(bundle: Bundle, names: Sequence[str]) -> None:
    for name in names:
        with refusal("saImmOmClassDelete FAILED:"):
            try:
                bundle.imm.delete_class(name)
            except ImmError as error:
                if error.code == Code.ERR_NOT_EXIST:
                    stop(f"error - class does not exist :{name}")
                raise


def _clear_owner(bundle: Bundle, dns: Sequence[str]) -> None:
    with refusal("saImmOmAdminOwnerClear FAILED:"):
        bundle.imm.clear_owner(dns)


def _refuse(line: str) -> NoReturn:
    command.complain(line)
    raise SenselessError


def _print_help() -> None:
    command.print_help(
        "immcfg",
        "immcfg [options] DN...\nimmcfg -f FILE\nimmcfg < COMMANDS",
        "create, modify and delete configuration objects of IMM\n"
        "All objects of one command are changed in one CCB: all of it, or nothing. Without an option that\n"
        "says what to do, the objects are modified. Several objects must be of one class.\n"
        "Without any argument, immcfg reads commands (lines that begin with 'immcfg') from standard input\n"
        "and makes them one CCB, which it applies at the end of the input.",
        "-a, --attribute=NAME=VALUE  set an attribute; NAME+=VALUE adds and NAME-=VALUE removes a value;\n"
        "                            repeated for one NAME: several values; without VALUE: no value\n"
        "-c, --create-object=CLASS   create the objects DN\n"
        "-d, --delete-object         delete the objects DN and what is below them\n"
        "-m, --modify-object         modify the objects DN (default)\n"
        "-f, --file=FILE             load the classes and objects of an XML file; existing ones are skipped\n"
        "    --ignore-duplicates     as always with -f\n"
        "-L, --validate=FILE         only check the file\n"
        "-X, --xsd=PATH              flags of this schema (or of the schema in this folder that the file\n"
        "                            names) are no error, even if they are unknown\n"
        "    --strict                default values in the file must be values of their type\n"
        "    --delete-class          delete the classes that the arguments name\n"
        "    --class-name=CLASS      with one of the next two: the arguments are attributes of CLASS\n"
        "    --enable-attr-notify    set their NOTIFY flag\n"
        "    --disable-attr-notify   clear their NOTIFY flag\n"
        "-u, --unsafe                change objects also when their implementer is not there to ask\n"
        "-o, --admin-owner=NAME      act under this administrative owner name\n"
        "    --admin-owner-clear     take the objects DN from whatever owner they have\n"
        "    --ccb-apply             in commands from standard input: apply what is there so far\n"
        "    --ccb-abort             ... drop it\n"
        "    --ccb-validate          ... check it; after that it can only be applied or dropped\n"
        "-t, --timeout=SECONDS       give up after so long (default 60; 0: never)\n"
        "-v, --verbose               say more\n"
        "-h, --help                  print this text and end",
        "immcfg -a saAmfSGAutoRepair=0 safSg=2N,safApp=myApp\n"
        "immcfg -c SaAmfApplication -a saAmfAppType=safVersion=1,safAppType=myApp safApp=myApp\n"
        "immcfg -a hosts=one -a hosts=two myCfg=1\n"
        "immcfg -d safApp=myApp\n"
        "immcfg -f model.xml",
    )
