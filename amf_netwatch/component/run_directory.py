# SPDX-License-Identifier: Apache-2.0
"""The run directory: for each component on this machine a pid file, and the times of its last failures.

A file holds ``PID STARTTIME``. The number alone may belong to another process by now; both together (start
time in clock ticks since boot, field 22 of /proc/PID/stat) identify one process. Only the user that starts
components can write there. The components of a simulator have their files in the simulator's directory,
because two simulators on one machine may have components of the same name.
"""

from __future__ import annotations

import binascii
import os
import stat
from collections.abc import Mapping
from typing import NamedTuple, Optional

from amf_netwatch.environment import DIRECTORY_VARIABLE, SIMULATOR_VARIABLE, USER_RUN_VARIABLE
from amf_netwatch.errors import SurroundingsError

_SYSTEM_DIRECTORY = "/run/amf-netwatch"
_MAX_FAILURES = 16
_MAX_SIZE = 65536  # bytes that are read from a file; our files have a few hundred at most
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


class Process(NamedTuple):
    """A process, distinguished from a later process with the same number."""

    pid: int
    start_time: int  # clock ticks since boot


class RunDirectory:
    """The files of one component. Raises SurroundingsError if the directory cannot be used."""

    def __init__(self, component: str, environment: Mapping[str, str]) -> None:
        """Make the directory if it does not exist."""
        path = _path(environment)
        try:
            os.makedirs(path, mode=0o755, exist_ok=True)
        except OSError as error:
            raise SurroundingsError(f"run directory {path}: {error.strerror}") from error
        self._use(path, component)

    @classmethod
    def find_existing(cls, component: str, environment: Mapping[str, str]) -> Optional[RunDirectory]:
        """Return the directory if it exists, else None. Nothing is made."""
        path = _path(environment)
        if not os.path.lexists(path):
            return None
        found = cls.__new__(cls)
        found._use(path, component)
        return found

    def _use(self, path: str, component: str) -> None:
        try:
            status = os.lstat(path)
        except OSError as error:
            raise SurroundingsError(f"run directory {path}: {error.strerror}") from error
        if not stat.S_ISDIR(status.st_mode):
            raise SurroundingsError(f"run directory {path} is no directory, but a link or a file")
        if status.st_uid != os.geteuid() or status.st_mode & 0o022:
            raise SurroundingsError(f"run directory {path} can be written by others")
        self._base = os.path.join(path, _file_name(component))
        self.pid_file = self._base + ".pid"
        self._failures_file = self._base + ".failures"

    def lock(self) -> int:
        """Wait until no other command works on this component. The lock lasts as long as the descriptor is
        open.

        Raises SurroundingsError if nothing can be written there.
        """
        import fcntl  # noqa: PLC0415

        path = self._base + ".lock"
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise SurroundingsError(f"{path}: {error.strerror}") from error
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return descriptor

    def find(self) -> Optional[Process]:
        """Return the process that the pid file names, if it lives (a zombie does not)."""
        text = _read(self.pid_file).split()
        if len(text) != 2 or not (text[0].isdecimal() and text[1].isdecimal()):
            return None
        noted = Process(int(text[0]), int(text[1]))
        return noted if start_time_of(noted.pid) == noted.start_time else None

    def note(self, process: Process) -> None:
        """Write the pid file, completely or not at all."""
        _write(self.pid_file, f"{process.pid} {process.start_time}\n")

    def forget(self) -> None:
        """Remove the pid file."""
        _remove(self.pid_file)

    def failures(self, since: float) -> int:
        """Return how many failures the component reported of itself after `since` (seconds since boot)."""
        return sum(1 for each in self._failure_times() if each > since)

    def note_failure(self, now: float) -> None:
        """Note that the component reported a failure of itself, at `now` (seconds since boot)."""
        times = [*self._failure_times(), now][-_MAX_FAILURES:]
        _write(self._failures_file, "".join(f"{each:.3f}\n" for each in times))

    def forget_failures(self) -> None:
        """Forget all failures that were noted."""
        _remove(self._failures_file)

    def _failure_times(self) -> list[float]:
        times = []
        for word in _read(self._failures_file).split():
            try:
                times.append(float(word))
            except ValueError:
                continue  # an incomplete line does not count
        return times


def start_time_of(pid: int) -> Optional[int]:
    """Return when the process started, in clock ticks since boot. None if it does not live."""
    text = _read(f"/proc/{pid}/stat")
    # The second field is the command in brackets, which may itself contain blanks and brackets.
    fields = text[text.rfind(")") + 1 :].split()
    if len(fields) < 20 or fields[0] in "ZX":
        return None
    return int(fields[19])


def _path(environment: Mapping[str, str]) -> str:
    return environment.get(DIRECTORY_VARIABLE) or _default_directory(environment)


def _default_directory(environment: Mapping[str, str]) -> str:
    simulator = environment.get(SIMULATOR_VARIABLE)
    if simulator:
        return os.path.join(simulator, "amf-netwatch")
    if os.geteuid() == 0:
        return _SYSTEM_DIRECTORY
    own = environment.get(USER_RUN_VARIABLE)
    return os.path.join(own, "amf-netwatch") if own else f"/tmp/amf-netwatch-{os.geteuid()}"


def _file_name(component: str) -> str:
    name = "".join(letter if letter in _PLAIN else "_" for letter in component)[:180]
    # Two names may differ only in characters that become "_"; the checksum distinguishes them.
    return f"{name}-{binascii.crc32(component.encode('utf-8', 'surrogateescape')):08x}"


def _read(path: str) -> str:
    """Return the content of a regular file; empty if there is none. A FIFO in its place does not block us."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return ""
        return os.read(descriptor, _MAX_SIZE).decode("utf-8", "surrogateescape")
    except OSError:
        return ""
    finally:
        os.close(descriptor)


def _write(path: str, text: str) -> None:
    """Write a file, completely or not at all. The unfinished file always has the same name, so none pile
    up."""
    unfinished = f"{path}.new"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(unfinished, flags, 0o644)
        try:
            os.write(descriptor, text.encode("utf-8"))
        finally:
            os.close(descriptor)
        os.replace(unfinished, path)
    except OSError as error:
        try:
            os.unlink(unfinished)
        except OSError:
            pass  # it was never made
        raise SurroundingsError(f"{path}: {error.strerror}") from error


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise SurroundingsError(f"{path}: {error.strerror}") from error
