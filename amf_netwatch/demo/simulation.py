# SPDX-License-Identifier: Apache-2.0
"""The simulator of one demonstration, with the component in it: start it, read from it, and end it.

It runs in a directory of its own and on one node. AMF instantiates the component through its CLC-CLI
command, as on a cluster. The component's log lines come to a socket in that directory.
"""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from importlib.util import find_spec

from amf_netwatch.deployment.model import ModelOptions, format_classes, format_model, is_prefix
from amf_netwatch.environment import SIMULATOR_VARIABLE, SYSLOG_VARIABLE
from amf_netwatch.errors import SurroundingsError
from amf_netwatch.program import find_script
from amf_netwatch.publication.classes import INTERFACE_CLASS, NODE_CLASS
from amf_netwatch.publication.view import Found

NODE = "SC-1"
PERIOD = 1.0  # seconds between two healthchecks
PATIENCE = 20.0  # seconds for the component to publish something
LOOK = 0.25  # seconds between two reads of IMM
_UNIT = f"safSu={NODE},safSg=NetWatch,safApp=NetWatch"
_KEPT_LINES = 4


class Simulation:
    """One simulator with its content. Use it in one thread. `end` leaves nothing behind."""

    def __init__(self, directory: str, settings: tuple[tuple[str, str], ...]) -> None:
        """`directory`: an empty directory for our use. `settings`: pairs of name and value, as for the
        model."""
        self._directory = directory
        self._simulator = os.path.join(directory, "simulator")
        self._settings = settings
        self._started = False
        self.log_lines: list[str] = []
        self.log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.log.bind(os.path.join(directory, "log"))
        self.log.setblocking(False)

    def start(self) -> None:
        """Start the simulator, and let AMF start the component. Raises SurroundingsError with the reason."""
        started = subprocess.run(
            [*_shim_command(), "start", *self._start_options()], check=False, capture_output=True, text=True
        )
        if started.returncode != 0:
            raise SurroundingsError(f"the simulator does not start: {started.stderr.strip()}")
        self._started = True
        # `saf-shim exec` does the same for a child: pyosaf and the tools are now those of the simulator.
        os.environ[SIMULATOR_VARIABLE] = self._simulator
        sys.path.insert(0, os.path.join(self._simulator, "python"))
        for operation in ("unlock-in", "unlock"):
            done = self._administer(operation)
            if done.returncode != 0:
                raise self._failure(f"amf-adm {operation}: {done.stderr.strip()}")

    def await_publication(self) -> list[Found]:
        """Wait for the publication, and read it. Raises SurroundingsError if it takes too long."""
        deadline = time.monotonic() + PATIENCE
        while True:
            objects = self.read_imm()
            if any(found.object.class_name == NODE_CLASS for found in objects):
                return objects
            if time.monotonic() > deadline:
                raise self._failure("the component published nothing")
            self._wait_for_log(LOOK)

    def read_imm(self) -> list[Found]:
        """Read the component's objects as IMM has them now. Raises AisError if IMM does not answer."""
        from amf_netwatch.ais import ObjectManager  # noqa: PLC0415 - the simulator's pyosaf is there only now

        with ObjectManager() as manager:
            return [found for name in (NODE_CLASS, INTERFACE_CLASS) for found in manager.find_class(name)]

    def read_log(self) -> None:
        """Move the component's new log lines into `log_lines`, which keeps the newest."""
        while True:
            try:
                datagram = self.log.recv(4096)
            except BlockingIOError:
                return
            _, _, line = datagram.decode("utf-8", "replace").partition("]: ")
            self.log_lines = [*self.log_lines, line][-_KEPT_LINES:]

    def end(self) -> None:
        """Lock the SU, so that the component withdraws its objects and ends, and stop the simulator."""
        if self._started:
            for operation in ("lock", "lock-in"):
                self._administer(operation)
            subprocess.run(
                [*_shim_command(), "stop", "--dir", self._simulator], check=False, capture_output=True
            )
        self.log.close()

    def _start_options(self) -> list[str]:
        classes, model = (os.path.join(self._directory, name) for name in ("classes.xml", "model.xml"))
        options = ModelOptions(
            (NODE,),
            self._make_prefix(),
            PERIOD,
            settings=self._settings,
            environment=(f"{SYSLOG_VARIABLE}={os.path.join(self._directory, 'log')}",),
        )
        for path, text in ((classes, format_classes()), (model, format_model(options))):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        loads = ["--load", classes, "--load", model]
        # The simulator ends when this process ends for any reason.
        return ["--dir", self._simulator, "--node", NODE, "--until-exit", str(os.getpid()), *loads]

    def _make_prefix(self) -> str:
        """Return the directory in which AMF finds the command ``amf-netwatch``.

        AMF splits a command at blanks. So if the command is not installed, or its path has a blank, this
        makes a launcher in our own directory.
        """
        script = find_script()
        if script is not None and is_prefix(os.path.dirname(script)):
            return os.path.dirname(script)
        words = [sys.executable, script] if script else [sys.executable, "-m", "amf_netwatch"]
        packages = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        prefix = os.path.join(self._directory, "bin")
        os.mkdir(prefix)
        launcher = os.path.join(prefix, "amf-netwatch")
        with open(launcher, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\nPYTHONPATH=${{PYTHONPATH:+$PYTHONPATH:}}{shlex.quote(packages)}\n")
            file.write("export PYTHONPATH\n")
            file.write(f'exec {shlex.join(words)} "$@"\n')
        os.chmod(launcher, 0o755)
        return prefix

    def _administer(self, operation: str) -> subprocess.CompletedProcess[str]:
        """Run `amf-adm` on our SU. It has a session of its own, so that Ctrl-C does not end it."""
        tool = os.path.join(self._simulator, "bin", "amf-adm")
        return subprocess.run(
            [tool, operation, _UNIT], check=False, capture_output=True, text=True, start_new_session=True
        )

    def _failure(self, what: str) -> SurroundingsError:
        self.read_log()
        return SurroundingsError("\n".join([what, *self.log_lines]))

    def _wait_for_log(self, seconds: float) -> None:
        self.log.settimeout(seconds)
        try:
            self.log.recv(0, socket.MSG_PEEK)
        except (TimeoutError, socket.timeout):
            pass
        finally:
            self.log.setblocking(False)


def _shim_command() -> list[str]:
    """Return the words that start the simulator: the command next to ours, or in PATH, or else the
    package."""
    script = find_script()
    beside = os.path.join(os.path.dirname(script), "saf-shim") if script else ""
    if os.path.isfile(beside):
        return [sys.executable, beside]
    found = shutil.which("saf-shim")
    if found:
        return [found]
    if find_spec("saf_shim") is not None:
        return [sys.executable, "-m", "saf_shim"]
    raise SurroundingsError("the demo needs the simulator: the command saf-shim is not installed")
