# SPDX-License-Identifier: Apache-2.0
"""The pytest plugin: a simulator for each test or for the whole session, with functions for tests.

The package installs it. It does nothing until a test asks for a fixture::

    def test_my_component(saf_shim):
        saf_shim.load("classes.xml")
        saf_shim.run("amf-adm", "unlock-in", "safSu=...")
        saf_shim.fault("saImmOiRtObjectUpdate_2", "ERR_TRY_AGAIN", times=3)
        assert saf_shim.values("myIf=eth0", "mtu") == [1500]
        assert saf_shim.calls("saImmOi", clear=True)

`saf_shim` is new for each test, `saf_shim_session` lives as long as the session. The marker
``@pytest.mark.saf_shim(nodes=[...], load=[...])`` gives `saf_shim` its nodes and files. Each simulator has a
directory of its own and no ports, so tests may run in parallel. A simulator ends with its test, and also when
pytest ends for any reason.

In the test's own process, `import pyosaf` works while a fixture is active, unless a real pyosaf has been
imported before.
"""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Optional, Union

import pytest

from saf_shim import client
from saf_shim.commands.looking import show_call
from saf_shim.commands.spoiling import fault_arguments
from saf_shim.protocol import DIRECTORY_VARIABLE
from saf_shim.server import directory

_PYTHON = [sys.executable, "-IS", "-c"]
_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class LoggedCall(NamedTuple):
    """One AIS call of a client. `rc` is a number (SA_AIS_OK is 1), and `args` do not include the handle."""

    number: int
    time: int  # ns since the epoch
    pid: int
    handle: int
    name: str
    rc: int
    args: dict[str, Any]


class ShimError(AssertionError):
    """The simulator has refused something, or a command has failed. The text gives the reason."""


class SafShim:
    """A running simulator."""

    def __init__(
        self, where: str, nodes: Sequence[str] = (), files: Sequence[Union[str, os.PathLike[str]]] = ()
    ):
        """Start a simulator in the directory. ShimError with the reason if it does not start."""
        self.directory = where
        options = [f"--node={node}" for node in nodes]
        options += [f"--load={os.path.abspath(os.fspath(path))}" for path in files]
        code = f"import sys; sys.path.insert(0, {_ROOT!r}); from saf_shim.cli import main; sys.exit(main())"
        done = subprocess.run(
            [*_PYTHON, code, "start", "--dir", where, "--until-exit", str(os.getpid()), *options],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise ShimError(done.stderr.strip())

    def stop(self) -> None:
        """Stop the simulator. Everything that its AMF started is killed before this returns."""
        try:
            status = self.status()
        except ShimError:
            return
        from saf_shim.server.launch import halt  # noqa: PLC0415

        halt(self.directory, status["pid"])

    # programs

    def environment(self, base: Optional[Mapping[str, str]] = None) -> dict[str, str]:
        """Return the environment for a program in the simulator, based on `base` (default: os.environ)."""
        return directory.environment(self.directory, os.environ if base is None else base)

    def run(
        self, *command: str, check: bool = True, timeout: float = 60.0
    ) -> subprocess.CompletedProcess[str]:
        """Run a program in the simulator to its end. ShimError with its output if its status is not 0."""
        environment = self.environment()
        program = shutil.which(command[0], path=environment["PATH"]) or command[0]
        done = subprocess.run(
            [program, *command[1:]],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=environment,
            timeout=timeout,
        )
        if check and done.returncode:
            raise ShimError(f"{' '.join(command)}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def start_program(self, *command: str, **options: Any) -> subprocess.Popen[Any]:
        """Start a program in the simulator. The caller stops it. `options` are those of Popen."""
        environment = self.environment()
        program = shutil.which(command[0], path=environment["PATH"]) or command[0]
        return subprocess.Popen([program, *command[1:]], env=environment, **options)

    # IMM

    def load(self, path: Union[str, os.PathLike[str]]) -> None:
        """Load classes and objects as an administrator does, with ``immcfg -f``. ShimError if it reports a
        fault.

        immcfg ends with status 0 when a file stops too early; here that is an error as well."""
        done = self.run("immcfg", "-f", os.fspath(path))
        if done.stderr:
            raise ShimError(f"immcfg -f {path}: {done.stderr}")

    def objects(self, class_name: str = "", root: str = "") -> list[str]:
        """Return the DNs of all objects in byte order. They may be limited to a class, and to a root and its
        subtree. No AIS call is made."""
        found: list[str] = self._control("objects", {"class": class_name, "root": root})
        return found

    def attributes(self, dn: str) -> dict[str, list[Any]]:
        """Return all attributes of an object with their values (SA_ANY_T in hex). KeyError if there is no
        such object.

        No AIS call is made, so programs are not asked: the non-cached attributes of their objects have the
        last value that IMM knows. AMF and CLM are asked for theirs."""
        found = self._control("object", {"dn": dn})
        if found is None:
            raise KeyError(dn)
        return {name: values for name, _, values in found}

    def values(self, dn: str, attribute: str) -> list[Any]:
        """Return the values of one attribute, empty if it has none. KeyError if there is no such object or
        attribute."""
        return self.attributes(dn)[attribute]

    def wait_for(self, condition: Callable[[], Any], timeout: float = 10.0) -> Any:
        """Call `condition` until it returns a true value, and return that value. ShimError after `timeout`
        seconds."""
        deadline = time.monotonic() + timeout
        while True:
            found = condition()
            if found:
                return found
            if time.monotonic() > deadline:
                raise ShimError(f"nothing happened within {timeout} s")
            select.poll().poll(20)  # there is no descriptor for what another process does

    def imm(self, what: str) -> None:
        """Change the state of IMM: ``absent``, ``hang``, ``back`` or ``restart``."""
        self._control("imm", {"what": what})

    # calls and faults

    def calls(self, prefix: str = "", clear: bool = False) -> list[LoggedCall]:
        """Return the AIS calls so far, oldest first. `prefix` limits them by name; `clear` empties the
        log."""
        return [LoggedCall(*call) for call in self._control("calls", {"prefix": prefix, "clear": clear})]

    def fault(self, call: str, rc: str, times: Optional[int] = None, delay: float = 0.0) -> None:
        """Let a call fail: answer the code `rc`, be late (``none`` and a `delay`), or get ``lost``."""
        self._control("fault", fault_arguments(call, rc, times, delay))

    def clear_faults(self) -> None:
        """Remove all faults."""
        self._control("fault", {"clear": True})

    def status(self) -> dict[str, Any]:
        """Return what ``saf-shim status --json`` shows."""
        found: dict[str, Any] = self._control("status", {})
        return found

    def log(self) -> str:
        """Return the simulator's log: what AMF did, and what its commands and components wrote."""
        with open(os.path.join(self.directory, "log"), encoding="utf-8", errors="replace") as handle:
            return handle.read()

    def tell(self, lines: int = 40) -> list[tuple[str, str]]:
        """Return the last events as titles and texts: this many lines of the log, and this many AIS calls."""
        told = [("saf_shim log", "\n".join(self.log().splitlines()[-lines:]))]
        try:
            calls = self._control("calls", {})[-lines:]
        except ShimError as error:
            return [*told, ("saf_shim calls", str(error))]
        return [*told, ("saf_shim calls", "\n".join(show_call(call) for call in calls))]

    def _control(self, name: str, arguments: dict[str, Any]) -> Any:
        try:
            done, answer = client.control(self.directory, name, arguments, 10.0)
        except OSError as error:
            raise ShimError(f"no simulator in {self.directory}: {error}") from None
        if not done:
            raise ShimError(str(answer))
        return answer


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers", "saf_shim(nodes=[...], load=[...]): nodes and files of the test's simulator"
    )


def _simulator(nodes: Sequence[str], files: Sequence[str]) -> Iterator[SafShim]:
    # This is not pytest's tmp_path: a Unix socket's address holds 107 bytes, and that path may be longer.
    where = tempfile.mkdtemp(prefix="saf-shim-")
    added = os.path.join(where, "python")
    before = os.environ.get(DIRECTORY_VARIABLE)
    try:
        running = SafShim(where, nodes, files)
        os.environ[DIRECTORY_VARIABLE] = where
        sys.path.insert(0, added)
        try:
            yield running
        finally:
            sys.path.remove(added)
            if before is None:
                del os.environ[DIRECTORY_VARIABLE]
            else:
                os.environ[DIRECTORY_VARIABLE] = before
            running.stop()
    finally:
        shutil.rmtree(where, ignore_errors=True)


def _options(*, nodes: Sequence[str] = (), load: Sequence[str] = ()) -> tuple[Sequence[str], Sequence[str]]:
    return nodes, load


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Add to the report of a failing test the end of its simulator's log and the last AIS calls."""
    outcome = yield
    report: pytest.TestReport = outcome.get_result()
    fixtures = getattr(item, "funcargs", {})
    running = fixtures.get("saf_shim", fixtures.get("saf_shim_session"))
    if report.when == "call" and report.failed and isinstance(running, SafShim):
        report.sections += running.tell()


@pytest.fixture
def saf_shim(request: pytest.FixtureRequest) -> Iterator[SafShim]:
    """A simulator for this test alone."""
    marker = request.node.get_closest_marker("saf_shim")
    yield from _simulator(*_options(*marker.args, **marker.kwargs) if marker is not None else ((), ()))


@pytest.fixture(scope="session")
def saf_shim_session() -> Iterator[SafShim]:
    """A simulator that all tests of the session (of the xdist worker) share."""
    yield from _simulator((), ())
