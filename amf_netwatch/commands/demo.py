# SPDX-License-Identifier: Apache-2.0
"""``amf-netwatch demo``: the main job on this machine, without a cluster.

Starts the simulator `saf-shim` as a process, loads the packaged classes and AMF model, lets AMF instantiate
the component through its CLC-CLI command, and shows what IMM has of this node's interfaces, live, until
Ctrl-C. Then AMF locks the SU, the component withdraws, and the simulator stops: nothing is left. With
--once, or when standard output is no terminal, the table is printed once. The component is the real one;
only AMF and IMM are imitated.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from types import FrameType
from typing import NamedTuple, Optional

from amf_netwatch import __version__
from amf_netwatch.deployment.model import ModelOptions, format_classes, format_model
from amf_netwatch.environment import SIMULATOR_VARIABLE, SYSLOG_VARIABLE
from amf_netwatch.errors import AisError, SettingsError, SurroundingsError
from amf_netwatch.program import own_prefix
from amf_netwatch.publication.classes import INTERFACE_CLASS, NODE_CLASS
from amf_netwatch.publication.view import COLUMNS, Found, Row, align, cells, rows_of
from amf_netwatch.settings import BY_NAME
from imm_model.objects import ImmObject

NODE = "SC-1"
UNIT = f"safSu={NODE},safSg=NetWatch,safApp=NetWatch"
PERIOD = 1.0
PATIENCE = 20.0  # seconds for the simulator, AMF and the component to get going
REDRAW = 0.25  # seconds between two looks at IMM
REMEMBER = 6.0  # seconds for which a change stays marked
_KEPT_LINES = 4
_BOLD, _DIM, _GREEN, _YELLOW, _RED, _PLAIN = (f"\033[{code}m" for code in ("1", "2", "32", "33", "31", "0"))
_HOME, _CLEAR_LINE, _CLEAR_BELOW = "\033[H", "\033[K", "\033[J"
# The terminal's other screen, without cursor; what is too long for a line is cut.
_ENTER, _LEAVE = "\033[?1049h\033[?25l\033[?7l", "\033[?7h\033[?25h\033[?1049l\r\033[K"


class Ended(Exception):  # noqa: N818
    """Ctrl-C, or the terminal is gone."""


class Marked(NamedTuple):
    """A row and what happened to it lately: ``+`` new, ``~`` changed, ``-`` gone, blank nothing."""

    mark: str
    row: Row


def main(arguments: Sequence[str]) -> int:
    """Run the demonstration; 0, or 1 when something does not come up."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    settings = []
    for text in options.set:
        name, equals, value = text.partition("=")
        if not equals or name not in BY_NAME:
            parser.error(f"--set {text!r}: settings are {', '.join(BY_NAME)}")
        settings.append((name, value))
    with tempfile.TemporaryDirectory(prefix="netwatch-demo-") as directory:
        demo = Demo(directory, tuple(settings))
        try:
            return demo.run(options.once or not sys.stdout.isatty())
        except SettingsError as error:
            parser.error(str(error))
        except Ended:
            return 0
        finally:
            demo.end()


def make_parser() -> argparse.ArgumentParser:
    """The options of `demo`."""
    parser = argparse.ArgumentParser(
        prog="amf-netwatch demo",
        description="AMF, IMM and the component on this machine: its interfaces as IMM has them, live.",
    )
    parser.add_argument("--once", action="store_true", help="print the table once and end")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a setting, as for `model`"
    )
    return parser


class Demo:
    """One demonstration in a directory of its own."""

    def __init__(self, directory: str, settings: tuple[tuple[str, str], ...]) -> None:
        self._directory = directory
        self._simulator = os.path.join(directory, "simulator")
        self._settings = settings
        self._started = False
        self._lines: list[str] = []
        self._log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._log.bind(os.path.join(directory, "log"))
        self._log.setblocking(False)

    def run(self, once: bool) -> int:
        """Everything from the simulator's start to the last table. Raises Ended, NetwatchError."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _end)
        if not once:
            print("starting the simulator, AMF, the component ...", end="", flush=True)
        self._start()
        objects = self._await_publication()
        if once:
            sys.stdout.write("".join(line + "\n" for line in self._once(objects)))
        else:
            self._live()
        return 0

    def end(self) -> None:
        """Lock the SU, so that the component withdraws, and stop the simulator. A second Ctrl-C is
        ignored.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if self._started:
            for operation in ("lock", "lock-in"):
                self._command("amf-adm", operation, UNIT)
            subprocess.run(
                [*_shim_command(), "stop", "--dir", self._simulator], check=False, capture_output=True
            )
        self._log.close()

    # ------------------------------------------------------------------------------------------ getting going

    def _start(self) -> None:
        classes, model = (os.path.join(self._directory, name) for name in ("classes.xml", "model.xml"))
        options = ModelOptions(
            (NODE,),
            own_prefix(),
            PERIOD,
            settings=self._settings,
            environment=(f"{SYSLOG_VARIABLE}={os.path.join(self._directory, 'log')}",),
        )
        for path, text in ((classes, format_classes()), (model, format_model(options))):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        loads = [word for path in (classes, model) for word in ("--load", path)]
        options_of_start = [
            "--dir",
            self._simulator,
            "--node",
            NODE,
            "--until-exit",
            str(os.getpid()),
            *loads,
        ]
        started = subprocess.run(
            [*_shim_command(), "start", *options_of_start],
            check=False,
            capture_output=True,
            text=True,
        )
        if started.returncode != 0:
            raise SurroundingsError(f"the simulator does not start: {started.stderr.strip()}")
        self._started = True
        # What `saf-shim exec` would do for a child, for ourselves: pyosaf and the tools are the simulator's.
        os.environ[SIMULATOR_VARIABLE] = self._simulator
        os.environ["PATH"] = (
            os.path.join(self._simulator, "bin") + os.pathsep + os.environ.get("PATH", os.defpath)
        )
        sys.path.insert(0, os.path.join(self._simulator, "python"))
        for operation in ("unlock-in", "unlock"):
            done = self._command("amf-adm", operation, UNIT)
            if done.returncode != 0:
                self._read_log()
                raise SurroundingsError(
                    "\n".join([f"amf-adm {operation}: {done.stderr.strip()}", *self._lines])
                )

    def _command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A tool of the simulator; in a group of its own, so that Ctrl-C does not hit it."""
        path = os.path.join(self._simulator, "bin", words[0])
        return subprocess.run(
            [path, *words[1:]], check=False, capture_output=True, text=True, start_new_session=True
        )

    def _await_publication(self) -> list[Found]:
        deadline = time.monotonic() + PATIENCE
        while True:
            objects = _read_imm()
            if any(found.object.class_name == NODE_CLASS for found in objects):
                return objects
            if time.monotonic() > deadline:
                self._read_log()
                raise SurroundingsError("\n".join(["the component published nothing", *self._lines]))
            self._wait(REDRAW)

    # ------------------------------------------------------------------------------------------------ showing

    def _once(self, objects: list[Found]) -> list[str]:
        rows = rows_of(objects)
        return [
            f"netWatchNode={NODE} in IMM, published by the component under AMF ({_summary(objects)}):",
            "",
            *align([COLUMNS, *(cells(row) for row in rows)]),
        ]

    def _live(self) -> None:
        """Redraw when something changed, until Ctrl-C."""
        changes = Changes()
        sys.stdout.write(_ENTER)
        try:
            shown: list[str] = []
            while True:
                self._read_log()
                objects = _read_imm()
                lines = self._screen(objects, changes.mark(rows_of(objects), time.monotonic()))
                if lines != shown:
                    shown = lines
                    sys.stdout.write(_draw(lines))
                    sys.stdout.flush()
                self._wait(REDRAW)
        finally:
            sys.stdout.write(_LEAVE)
            sys.stdout.flush()

    def _screen(self, objects: list[Found], marked: list[Marked]) -> list[str]:
        table = align([COLUMNS, *(cells(each.row) for each in marked)])
        head = [
            f"{_BOLD}amf-netwatch {__version__}{_PLAIN}  this machine's network interfaces, as IMM has them",
            f"{_DIM}{_summary(objects)}; AMF checks the component every {PERIOD:g} s{_PLAIN}",
            "",
            f"  {_BOLD}{table[0]}{_PLAIN}",
        ]
        body = [_paint(each.mark, line) for each, line in zip(marked, table[1:])]
        sudo = "" if os.geteuid() == 0 else "sudo "
        foot = [
            "",
            f"In another terminal ({_GREEN}+ new{_PLAIN}, {_YELLOW}~ changed{_PLAIN}, {_RED}- gone{_PLAIN}):",
            f"  {sudo}ip link add demo0 type veth peer name demo1",
            f"  {sudo}ip link set demo0 up mtu 9000",
            f"  {sudo}ip address add 192.0.2.1/24 dev demo0",
            f"  {sudo}ip link delete demo0",
            "",
            *(f"{_DIM}{line}{_PLAIN}" for line in self._lines),
            "Ctrl-C ends.",
        ]
        return head + body + foot

    def _read_log(self) -> None:
        """What the component has logged since the last time."""
        while True:
            try:
                datagram = self._log.recv(4096)
            except BlockingIOError:
                break
            _, _, line = datagram.decode("utf-8", "replace").partition("]: ")
            self._lines = [*self._lines, line][-_KEPT_LINES:]

    def _wait(self, seconds: float) -> None:
        """Until then, or until the component logs something, or a signal comes."""
        self._log.settimeout(seconds)
        try:
            self._log.recv(0, socket.MSG_PEEK)
        except (TimeoutError, socket.timeout):
            pass
        finally:
            self._log.setblocking(False)


class Changes:
    """Remembers the rows seen, and which of them changed in the last seconds."""

    def __init__(self) -> None:
        self._seen: Optional[dict[str, Row]] = None
        self._marks: dict[str, tuple[float, Marked]] = {}

    def mark(self, rows: list[Row], now: float) -> list[Marked]:
        """The rows with their marks, and those that have gone lately; the first ones are not new."""
        current = {row.dn: row for row in rows}
        seen = current if self._seen is None else self._seen
        for dn, row in current.items():
            if dn not in seen:
                self._marks[dn] = (now, Marked("+", row))
            elif seen[dn] != row:
                self._marks[dn] = (now, Marked("~", row))
        for dn, row in seen.items():
            if dn not in current:
                self._marks[dn] = (now, Marked("-", row))
        self._seen = current
        self._marks = {dn: each for dn, each in self._marks.items() if now - each[0] < REMEMBER}
        marked = [Marked(self._marks[row.dn][1].mark if row.dn in self._marks else " ", row) for row in rows]
        marked += [each for dn, (_, each) in self._marks.items() if dn not in current]
        return sorted(marked, key=lambda each: (each.row.node, each.row.ifindex, each.row.name))


def _read_imm() -> list[Found]:
    """Our objects as IMM has them now."""
    from amf_netwatch.ais import ObjectManager  # noqa: PLC0415 - the simulator's pyosaf is there only now

    try:
        with ObjectManager() as manager:
            return [found for name in (NODE_CLASS, INTERFACE_CLASS) for found in manager.find_class(name)]
    except AisError as error:
        raise SurroundingsError(f"the simulator is gone: {error}") from error


def _summary(objects: list[Found]) -> str:
    node = next((found.object for found in objects if found.object.class_name == NODE_CLASS), None)
    if node is None:
        return "nothing is published"
    return f"{_counted(node, 'interfaceCount', 'interface')}, {_counted(node, 'changeCount', 'write')}"


def _counted(node: ImmObject, attribute: str, thing: str) -> str:
    number = node.attributes.get(attribute, (0,))[0]
    return f"{number!s} {thing}" + ("" if number == 1 else "s")


def _paint(mark: str, line: str) -> str:
    colour = {"+": _GREEN, "~": _YELLOW, "-": _RED}.get(mark)
    return f"{colour}{mark} {line}{_PLAIN}" if colour else f"  {line}"


def _draw(lines: list[str]) -> str:
    height = shutil.get_terminal_size().lines
    return _HOME + f"{_CLEAR_LINE}\r\n".join(lines[: height - 1]) + _CLEAR_LINE + _CLEAR_BELOW


def _shim_command() -> list[str]:
    """How to start the simulator: the command beside ours, or the one in PATH."""
    beside = os.path.join(own_prefix(), "saf-shim")
    found = beside if os.path.isfile(beside) else shutil.which("saf-shim")
    if not found:
        raise SurroundingsError("the demo needs the simulator: the command saf-shim is not installed")
    return [sys.executable, found] if found == beside else [found]


def _end(_number: int, _frame: Optional[FrameType]) -> None:
    raise Ended
