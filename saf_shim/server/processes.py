# SPDX-License-Identifier: Apache-2.0
"""Commands that the simulated AMF runs, and the killing of all processes that they leave behind.

Commands begin like those of a real amfnd (measured on OpenSAF 5.21.03): cwd ``/``, umask 022, standard input
from /dev/null, no other descriptors but output, terminal signals ignored, in the server's session. The server
is a child subreaper. So daemons that a command starts stay its descendants, and `kill_descendants` finds them
all.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Optional

from saf_shim.contract import CommandEnd
from saf_shim.server.loop import Loop
from saf_shim.server.output import Pipe

IGNORED_SIGNALS = (signal.SIGHUP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)
_RESTORED_SIGNALS = (
    signal.SIGIO,
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGPIPE,
    signal.SIGCHLD,
    signal.SIGXFSZ,
)
_PR_SET_CHILD_SUBREAPER = 36


class RunningCommand:
    """A command that has been started: a `saf_shim.contract.Command`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.started = time.monotonic()
        self.ended = False

    def kill(self) -> None:
        """Send SIGKILL to the command itself, not to what it started."""
        if not self.ended:
            try:
                os.kill(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


_Entry = tuple[RunningCommand, Callable[[CommandEnd], None], Optional[Pipe]]


class Processes:
    """Starts commands, reaps them and the orphans they leave, and kills what is left at the end."""

    def __init__(self, loop: Loop, waited: Callable[[float, float], None]) -> None:
        """Make it. `waited` gets how long each command took, and how long it had a processor (seconds)."""
        self._loop = loop
        self._waited = waited
        self._commands: dict[int, _Entry] = {}
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        for number in IGNORED_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        loop.register(self._wake_read, lambda _events: self._drain())
        self._subreaper = False

    def run(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str],
        on_end: Callable[[CommandEnd], None],
        output: Optional[Pipe] = None,
    ) -> RunningCommand:
        """Start a command. Its output goes to the pipe, or to /dev/null if that is None.

        `on_end` is called later from the loop, never during this call, even if the command cannot start."""
        if not self._subreaper:
            _become_subreaper()
            self._subreaper = True
        actions: list[tuple[Any, ...]] = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]
        for number in (1, 2):
            if output is None:
                actions.append((os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_WRONLY, 0))
            else:
                actions.append((os.POSIX_SPAWN_DUP2, output.write_end, number))
        program = _find_program(argv[0], environment)
        try:
            pid = os.posix_spawn(
                program, list(argv), dict(environment), file_actions=actions, setsigdef=_RESTORED_SIGNALS
            )
        except (OSError, ValueError) as error:
            failed = RunningCommand(0)
            failed.ended = True
            reason = f"{argv[0]}: {error.strerror if isinstance(error, OSError) else error}"
            self._loop.start_timer(0, lambda: on_end(CommandEnd(None, None, reason)))
            return failed
        finally:
            if output is not None:
                os.close(output.write_end)
        command = RunningCommand(pid)
        self._commands[pid] = (command, on_end, output)
        return command

    def _drain(self) -> None:
        try:
            while os.read(self._wake_read, 512):
                pass
        except BlockingIOError:
            pass
        self.reap()

    def reap(self) -> None:
        """Collect every child that has ended, including orphans of the commands, which become our
        children."""
        while True:
            try:
                pid, status, used = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            entry = self._commands.pop(pid, None)
            if entry is None:
                continue
            command, on_end, output = entry
            command.ended = True
            self._waited(time.monotonic() - command.started, used.ru_utime + used.ru_stime)
            if output is not None:
                output.read(parts=2)  # so that its last output comes before the line about its end
            if os.WIFSIGNALED(status):
                on_end(CommandEnd(None, os.WTERMSIG(status)))
            else:
                on_end(CommandEnd(os.WEXITSTATUS(status)))

    def descriptors(self) -> set[int]:
        """Return the descriptors that are readable when a child has ended."""
        return {self._wake_read, self._wake_write}

    def close(self) -> None:
        """Kill every descendant and forget the commands. Their `on_end` is not called."""
        self._commands.clear()
        kill_descendants()
        self._loop.unregister(self._wake_read)
        signal.set_wakeup_fd(-1)
        os.close(self._wake_read)
        os.close(self._wake_write)


def kill_descendants() -> None:
    """Send SIGKILL to all descendants of this process, and reap those that are its children.

    A grandchild becomes our child when its parent dies, so this is repeated until none is left."""
    while True:
        children = _descendants(os.getpid())
        killed = 0
        for pid in children:
            try:
                os.kill(pid, signal.SIGKILL)
                killed += 1
            except (ProcessLookupError, PermissionError):
                pass
        if not killed:
            return
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _descendants(root: int) -> list[int]:
    """Return all living descendants of `root`, as /proc shows them."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", "rb") as handle:
                    # The file has: pid (name) state ppid ... The name may contain anything, so search for its
                    # end.
                    parent = int(handle.read().rpartition(b")")[2].split()[1])
            except (OSError, IndexError, ValueError):
                continue
            children.setdefault(parent, []).append(int(entry))
    found: list[int] = []
    todo = [root]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def _find_program(name: str, environment: Mapping[str, str]) -> str:
    """Return `name` itself if it is a path. Otherwise search it in the PATH of the command's environment."""
    if "/" in name:
        return name
    for directory in environment.get("PATH", "").split(":"):
        path = os.path.join(directory, name)
        if directory and os.access(path, os.X_OK) and not os.path.isdir(path):
            return path
    return name


def _become_subreaper() -> None:
    import ctypes  # noqa: PLC0415 - 10 ms that only the server pays, once

    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
