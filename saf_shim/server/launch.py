# SPDX-License-Identifier: Apache-2.0
"""Starting a simulator in a process of its own, and stopping it.

It runs in the child of a fork, which saves the 50 ms that starting a second Python would take.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Sequence
from typing import NamedTuple, NoReturn, Optional

from saf_shim import client
from saf_shim.contract import Node
from saf_shim.server import directory

STOP_TIME = 10.0  # seconds after which a simulator that does not stop is killed


class LaunchError(Exception):
    """A simulator cannot be started. The text is for the user."""


def launch(
    where: str,
    nodes: Sequence[Node],
    files: Sequence[str],
    parent: Optional[int] = None,
    keep_output: bool = True,
) -> int:
    """Start the simulator of a directory in a process of its own. Return its pid when it is ready for
    clients.

    With `parent`, the simulator ends when that process ends. Without `keep_output`, the output of AMF's
    commands goes to /dev/null. LaunchError with the reason if the simulator cannot start."""
    for path in files:
        if not os.access(path, os.R_OK):
            raise LaunchError(f"cannot read {path}")
    files = [os.path.abspath(path) if os.path.isfile(path) else path for path in files]
    try:
        directory.prepare(where)
        directory.clear(where)
    except OSError as error:
        raise LaunchError(f"cannot make a simulator's directory of {where}: {error.strerror}") from None
    ready_read, ready_write = os.pipe()
    why_read, why_write = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if not pid:
        _be_server(_Order(where, nodes, files, parent, keep_output), ready_write, why_write)
    os.close(ready_write)
    os.close(why_write)
    try:
        if os.read(ready_read, 1):
            directory.write_pid(where, pid)
            return pid
        reason = b""
        while True:
            chunk = os.read(why_read, 65536)
            if not chunk:
                break
            reason += chunk
    finally:
        os.close(ready_read)
        os.close(why_read)
    os.waitpid(pid, 0)
    raise LaunchError(reason.decode("utf-8", "replace").strip() or f"it died, see {where}/log")


class _Order(NamedTuple):
    """What `launch` was asked for."""

    where: str
    nodes: Sequence[Node]
    files: Sequence[str]
    parent: Optional[int]
    keep_output: bool


def _be_server(order: _Order, ready: int, why: int) -> NoReturn:
    """Run the simulator in the child of the fork. This never returns."""
    status = 1
    try:
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        # A file to load may be /dev/fd/N (shell process substitution), so these descriptors stay open until
        # then.
        for number in (0, 1, 2):
            os.dup2(null, number)
        os.set_inheritable(ready, False)
        from saf_shim.server.simulator import Simulator  # noqa: PLC0415 - only the server needs all of it

        os.umask(0o022)
        simulator = Simulator(order.where, order.nodes, order.files, order.keep_output)
        os.chdir("/")
        _close_inherited({ready, why, *simulator.server.descriptors()})
        if order.parent is not None:
            simulator.server.loop.watch_process(order.parent, simulator.server.stop)
        simulator.serve(ready)
        directory.clear(order.where)
        status = 0
    except BaseException as error:
        import traceback  # noqa: PLC0415

        known = type(error).__name__ == "LoadError"
        text = str(error) if known else traceback.format_exc()
        os.write(why, text.encode("utf-8", "surrogateescape")[:60000])
    finally:
        os._exit(status)


def _close_inherited(kept: set[int]) -> None:
    """Close the caller's descriptors. If we kept a pipe that reads its output open, that pipe would never
    end."""
    for entry in os.listdir("/proc/self/fd"):
        number = int(entry)
        if number > 2 and number not in kept:
            try:
                os.close(number)
            except OSError:
                pass


def halt(where: str, pid: int) -> None:
    """Ask a simulator to stop, and wait. Kill it if it does not stop in time."""
    try:
        watch = os.pidfd_open(pid)
    except ProcessLookupError:
        directory.clear(where)
        return
    try:
        try:
            client.control(where, "stop", {}, STOP_TIME)
        except OSError:
            os.kill(pid, signal.SIGTERM)
        poll = select.poll()
        poll.register(watch, select.POLLIN)
        if not poll.poll(STOP_TIME * 1000):
            os.kill(pid, signal.SIGKILL)
            poll.poll()
    finally:
        os.close(watch)
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:
        pass
    directory.clear(where)
