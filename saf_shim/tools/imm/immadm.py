# SPDX-License-Identifier: Apache-2.0
"""immadm: performs an administrative operation on objects."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence

from imm_model.types import TEXT_TYPES, ValueType
from saf_shim import client
from saf_shim.codes import Code
from saf_shim.protocol import DIRECTORY_VARIABLE
from saf_shim.tools import command
from saf_shim.tools.imm.client import IMM_OBJECT, IMM_SERVICE, ImmClient, ImmError, Parameter
from saf_shim.tools.imm.formatting import TABLE_HEAD, describe_code, format_parameter, table_row
from saf_shim.tools.imm.values import ConversionError, parse_argument, scan_integer, wrap
from saf_shim.tools.options import CommandLine, LongOption, Option, OptionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

_LONG_OPTIONS = (
    LongOption("disable-tryagain", False, "d"),
    LongOption("parameter", True, "p"),
    LongOption("operation-id", True, "o"),
    LongOption("operation-name", True, "O"),
    LongOption("admin-owner", True, "a"),
    LongOption("release-on-finalize", False, "r"),
    LongOption("help", False, "h"),
    LongOption("timeout", True, "t"),
    LongOption("verbose", False, "v"),
)
_NO_OPERATION = -1  # for this reason -o -1 counts as not given
_NAMED_OPERATION = 1 << 63  # this operation id says that a parameter has the operation's name
_NAME_PARAMETER = "SaImmAdminOperationName"
_ERROR_PARAMETER = "SaImmAdminOperationError"
_SECOND = 1_000_000_000  # ns
_SHOWN_LINES = 12  # at most this many lines of components' output
_PATIENCE = 5.0  # seconds to wait until the simulator returns them


class Request:
    """What the options ask for."""

    def __init__(self) -> None:
        self.operation = _NO_OPERATION
        self.name = ""
        self.parameters: list[Parameter] = []
        self.owner: Optional[str] = None
        self.release = False
        self.try_again = True
        self.seconds = 60
        self.verbose = False
        # strtoll reports ERANGE in errno, and the C tool reads errno later, at another option.
        self._out_of_range = False

    def take(self, option: Option) -> None:
        """Take one option. Ends the command if the option is wrong."""
        letter, value = option.letter, option.value
        if letter in ("o", "O"):
            if self.operation != _NO_OPERATION:
                command.fail("Cannot set admin operation more than once")
            if letter == "o":
                scanned = scan_integer(value, base=10)
                self._out_of_range = self._out_of_range or scanned.out_of_range
                self.operation = int(scanned.number)
            else:
                self.operation = _NAMED_OPERATION
                self.name = value
                self.parameters.append(Parameter(_NAME_PARAMETER, ValueType.STRING, value))
        elif letter == "p":
            self._take_parameter(value)
        elif letter == "t":
            scanned = scan_integer(value, base=10)
            self._out_of_range = self._out_of_range or scanned.out_of_range
            self.seconds = int(scanned.number)
            if self.seconds == 0 or self._out_of_range:
                command.fail("Illegal timeout value")
        elif letter == "a":
            self.owner = value
        elif letter == "r":
            self.release = True
        elif letter == "d":
            self.try_again = False
        elif letter == "v":
            self.verbose = True
        else:
            _print_help()
            raise SystemExit(0)

    def _take_parameter(self, text: str) -> None:
        try:
            parameter = read_parameter(text)
        except ConversionError as error:
            (sys.stdout if error.too_large else sys.stderr).write(f"{error}\n")
            parameter = None
        if parameter is None:
            command.fail(f"Illegal parameter: {text}")
        if parameter.type not in TEXT_TYPES and parameter.type is not ValueType.ANY:
            self._out_of_range = False
        self.parameters.append(parameter)

    @property
    def timeout(self) -> int:
        """Return the operation's time limit in ns, cut to 64 bits as in C."""
        return wrap(self.seconds * _SECOND, 64, signed=True)

    @property
    def shows_results(self) -> bool:
        """Tell whether result parameters are printed."""
        return self.verbose or self.name.startswith("display")


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns its exit status."""
    return command.run(operate, argv)


def operate(arguments: Sequence[str]) -> int:
    """Perform the command; returns its exit status."""
    request = Request()
    line = CommandLine("dp:o:O:a:rt:hv", _LONG_OPTIONS, arguments)
    try:
        for option in line:
            request.take(option)
    except OptionError as error:
        command.complain(f"immadm: {error}")
        command.fail("Try 'immadm --help' for more information")
    if request.operation == _NO_OPERATION:
        command.fail("error - must specify admin operation ID ffffffffffffffff")
    if not line.operands:
        command.fail("error - wrong number of arguments")
    command.limit_time(request.seconds, "error - command timed out (alarm)")
    _Operator(request, line.operands).run()
    return 0


def read_parameter(text: str) -> Optional[Parameter]:
    """Return the parameter that ``name:type:value`` stands for, or None if the form is wrong. ConversionError
    if the value does not have the type.

    Colons before the name, and several colons in a row, separate like one colon. The position of the value is
    still computed as if there had been one colon each time.
    """
    words = [word for word in text.split(":") if word]
    if len(words) < 3:
        return None
    try:
        kind = ValueType.from_sa_name(words[1])
    except ValueError:
        return None
    value = text[len(words[0]) + len(words[1]) + 2 :]
    return Parameter(words[0], kind, parse_argument(value, kind))


class _Operator:
    """Performs the operation on one object after the other."""

    def __init__(self, request: Request, dns: Sequence[str]) -> None:
        self._request = request
        self._dns = dns
        self._imm = ImmClient.connect(request.seconds if request.try_again else 1)
        self._owner_name = request.owner or "immadm"
        self._release = request.owner is None or request.release
        self._owner = 0
        self._has_printed = False

    def run(self) -> None:
        """Perform the operation on all objects. Ends the command at the first refusal."""
        request, imm = self._request, self._imm
        if request.owner is not None:
            self._owner_name = request.owner
        elif self._dns[0] == IMM_OBJECT:
            self._owner_name, self._release = IMM_SERVICE, False
            sys.stdout.write(f"[using admin-owner: '{IMM_SERVICE}']\n")
        try:
            self._owner = imm.initialize_owner(self._owner_name, self._release)
        except ImmError as error:
            command.fail(f"error - saImmOmAdminOwnerInitialize FAILED: {describe_code(error.code)}")
        for dn in self._dns:
            self._set_owner(dn)
            self._invoke(dn)
            if self._release:
                self._let_go(dn)
        try:
            imm.finalize_owner(self._owner)
        except ImmError as error:
            command.fail(f"error - saImmOmAdminOwnerFinalize FAILED: {describe_code(error.code)}")
        imm.finalize()

    def _set_owner(self, dn: str) -> None:
        try:
            self._imm.set_owner(self._owner, [dn])
        except ImmError as error:
            if error.code != Code.ERR_NOT_EXIST:
                command.fail(f"error - saImmOmAdminOwnerSet FAILED: {describe_code(error.code)}")
            # The name may be an implementer's name instead of an object: then the operation is for the
            # implementer.
            if dn != self._owner_name:
                command.fail(f"error - saImmOmAdminOwnerSet - object '{dn}' does not exist")

    def _invoke(self, dn: str) -> None:
        request = self._request
        began = time.time_ns()
        while True:
            try:
                result, returned = self._imm.invoke_operation(
                    self._owner, dn, request.operation, request.parameters, request.timeout
                )
            except ImmError as error:
                command.fail(f"error - saImmOmAdminOperationInvoke_2 FAILED: {describe_code(error.code)}")
            if result != Code.ERR_TRY_AGAIN or not request.try_again:
                break
            command.wait_to_try_again()  # repeated until the command's time is over
        if result == Code.OK:
            if request.shows_results:
                self._print(dn, returned)
            return
        command.complain(f"error - saImmOmAdminOperationInvoke_2 admin-op RETURNED: {describe_code(result)}")
        for name, kind, value in returned:
            if name == _ERROR_PARAMETER:
                command.complain(f"error-string: {format_parameter(value, kind)}")
        if request.verbose:
            self._print(dn, returned)
        _tell_what_components_wrote(dn, began)
        raise SystemExit(command.FAILURE)

    def _print(self, dn: str, returned: Sequence[Parameter]) -> None:
        if not returned:
            return
        lines = [""] if self._has_printed else []
        self._has_printed = True
        lines += [f"Object: {dn}", TABLE_HEAD]
        lines += [table_row(name, kind, format_parameter(value, kind)) for name, kind, value in returned]
        sys.stdout.write("\n".join(lines) + "\n")

    def _let_go(self, dn: str) -> None:
        try:
            self._imm.release_owner(self._owner, [dn])
        except ImmError as error:
            if error.code != Code.ERR_NOT_EXIST:
                command.fail(f"error - saImmOmAdminOwnerRelease FAILED: {describe_code(error.code)}")


def _tell_what_components_wrote(dn: str, began: int) -> None:
    """Print on standard error what components wrote during the operation, because it may explain a failure.

    Only components at or below the object are shown, if there are any. OpenSAF's tool cannot show this."""
    directory = os.environ.get(DIRECTORY_VARIABLE, "")
    try:
        done, lines = client.control(directory, "output", {"since": began}, _PATIENCE)
    except OSError:
        return
    if not done:
        return
    own = [line for line in lines if line[1] == dn or line[1].endswith(f",{dn}")]
    speaker = ""
    for _time, component, text in (own or lines)[-_SHOWN_LINES:]:
        if component != speaker:
            command.complain(f"saf-shim: {component} wrote (saf-shim log shows all of it):")
            speaker = component
        command.complain(f"  {text}")


def _print_help() -> None:
    command.print_help(
        "immadm",
        "immadm [options] DN...",
        "perform an administrative operation on objects of IMM\n"
        "What an operation does is defined by the implementer of the object.",
        "-o, --operation-id=ID          the operation's number (this or -O is needed)\n"
        "-O, --operation-name=NAME      the operation's name\n"
        "-p, --parameter=NAME:TYPE:VALUE  a parameter (repeat for several); TYPE is SA_INT32_T,\n"
        "                               SA_UINT32_T, SA_INT64_T, SA_UINT64_T, SA_TIME_T, SA_NAME_T,\n"
        "                               SA_FLOAT_T, SA_DOUBLE_T, SA_STRING_T or SA_ANY_T\n"
        "-a, --admin-owner=NAME         act under this administrative owner name, and keep the objects\n"
        "-r, --release-on-finalize      ... but let go of them at the end\n"
        "-t, --timeout=SECONDS          give up after so long (default 60)\n"
        "-d, --disable-tryagain         do not repeat what is answered by TRY_AGAIN\n"
        "-v, --verbose                  print what the operation returns\n"
        "-h, --help                     print this text and end",
        "immadm -o 2 safAmfNode=SC-2,safAmfCluster=myAmfCluster\n"
        "immadm -O reset -p how:SA_STRING_T:soft myObject=1",
    )
