# SPDX-License-Identifier: Apache-2.0
"""The CLC-CLI commands: how amfnd starts the component, and how amfnd makes sure that its process has ended.

`instantiate` starts ``amf-netwatch run`` as a process of its own: new session, standard descriptors on
/dev/null, default signals (amfnd hands down some as ignored), working directory ``/``. It returns when the
component reports through a pipe that it has registered, or why it cannot. So a component that cannot work
fails here, with a reason. `cleanup` kills the process that the pid file names and waits for its end. Both
commands may be repeated.

amfnd's environment is almost empty: it has no HOME and no PYTHONPATH. It is passed on unchanged.

AMF restarts a component that reports its own failure at once and without limit, about eight times a second.
So `cleanup` notes such ends (its environment gives the reason of the call), and `instantiate` waits a little
longer after each of them, but never longer than AMF waits for the command.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Optional

from amf_netwatch.component.run_directory import Process, RunDirectory, start_time_of
from amf_netwatch.environment import COMPONENT_VARIABLE, ERROR_SOURCE_VARIABLE, READY_VARIABLE
from amf_netwatch.errors import SurroundingsError
from amf_netwatch.log import Log
from amf_netwatch.program import own_command

READY = b"ready\n"  # what the component writes into the pipe; any other text is the reason of a failure

# OSAF_COMPONENT_ERROR_SOURCE: error report, healthcheck answered with failure, CSI set answered with failure
_OWN_FAILURES = frozenset({"1", "7", "12"})
_FAILURE_MEMORY = 120.0  # seconds
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 4.0  # AMF waits 10 s for the command in our model, 6 s in other models
_DEATH_PATIENCE = 5.0  # seconds for a killed process to end; it may be in a system call
_RESET_SIGNALS = (signal.SIGHUP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU, signal.SIGPIPE)


def instantiate(log: Log, arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Start the component unless it runs already. Return 0 if it has registered, else log a reason and return
    1."""
    try:
        directory = RunDirectory(_component(environment), environment)
        lock = directory.lock()
        try:
            if directory.find() is not None:
                return 0
            _pause_after_failures(directory, log)
            reason = _start(directory, arguments, environment)
        finally:
            os.close(lock)
    except SurroundingsError as error:
        reason = str(error)
    if reason:
        log.event("start-failed", reason=reason)
        print(f"amf-netwatch: cannot start: {reason}", file=sys.stderr)
    return 1 if reason else 0


def cleanup(log: Log, environment: Mapping[str, str]) -> int:
    """Kill the component's process if there is one. Return 0 when no process is left.

    A run directory that cannot be written is not a failure: it only matters that no process is left.
    """
    source = environment.get(ERROR_SOURCE_VARIABLE, "")
    try:
        directory = RunDirectory.find_existing(_component(environment), environment)
        if directory is None:
            return 0  # nothing was ever started with this directory
        lock = _lock_if_possible(directory, log)
        try:
            process = directory.find()
            if process is not None:
                kill(process)
                log.event("cleaned-up", pid=process.pid, error_source=source or "none")
            _tidy_up(directory, source, log)
        finally:
            if lock is not None:
                os.close(lock)
    except SurroundingsError as error:
        log.event("cleanup-failed", reason=error)
        print(f"amf-netwatch: cannot clean up: {error}", file=sys.stderr)
        return 1
    return 0


def _lock_if_possible(directory: RunDirectory, log: Log) -> Optional[int]:
    try:
        return directory.lock()
    except SurroundingsError as error:
        log.event("run-directory", reason=error)
        return None


def _tidy_up(directory: RunDirectory, source: str, log: Log) -> None:
    """Remove the pid file, and note this end if the component had reported its own failure."""
    try:
        directory.forget()
        if source in _OWN_FAILURES:
            directory.note_failure(time.monotonic())
    except SurroundingsError as error:
        log.event("run-directory", reason=error)


def kill(process: Process) -> None:
    """Kill exactly this process and wait for its end. SurroundingsError if it does not end."""
    try:
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return
    except (AttributeError, OSError):  # kernels before 5.3 have no pidfd
        _kill_by_number(process)
        return
    try:
        # The number may belong to another process now. The start time tells whether it is still ours.
        if start_time_of(process.pid) != process.start_time:
            return
        signal.pidfd_send_signal(handle, signal.SIGKILL)
        poll = select.poll()
        poll.register(handle, select.POLLIN)  # readable when the process has ended
        if not poll.poll(_DEATH_PATIENCE * 1000):
            raise SurroundingsError(f"process {process.pid} does not end")
    except ProcessLookupError:
        return
    finally:
        os.close(handle)


def _kill_by_number(process: Process) -> None:
    deadline = time.monotonic() + _DEATH_PATIENCE
    while start_time_of(process.pid) == process.start_time:
        if time.monotonic() > deadline:
            raise SurroundingsError(f"process {process.pid} does not end")
        try:
            os.kill(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        select.poll().poll(10)


def report_ready(environment: Mapping[str, str], reason: str = "") -> None:
    """In the component: tell `instantiate`, once, that the component has registered, or why it cannot."""
    number = environment.get(READY_VARIABLE, "")
    if not number.isdecimal():
        return
    try:
        os.write(int(number), reason.encode("utf-8", "replace") if reason else READY)
        os.close(int(number))
    except OSError:
        return  # no process is waiting any more


def _component(environment: Mapping[str, str]) -> str:
    name = environment.get(COMPONENT_VARIABLE, "")
    if not name:
        raise SurroundingsError(f"{COMPONENT_VARIABLE} is not set: this command is for AMF to run")
    return name


def _pause_after_failures(directory: RunDirectory, log: Log) -> None:
    failures = directory.failures(time.monotonic() - _FAILURE_MEMORY)
    if failures < 2:
        if not failures:
            directory.forget_failures()
        return
    pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (failures - 2))
    log.event("backing-off", seconds=pause, failures=failures)
    select.poll().poll(pause * 1000)


def _start(directory: RunDirectory, arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """Start the component's process and wait until it has registered. Return the reason if it cannot run.

    The new process waits on a pipe until its pid file is written. If we are killed before that, the pipe
    closes and the process ends: otherwise `cleanup` could never find it.
    """
    ours, theirs = os.pipe2(os.O_CLOEXEC)
    gate, gate_opener = os.pipe2(os.O_CLOEXEC)
    try:
        pid = os.fork()
        if pid == 0:
            os.close(gate_opener)
            _become_component(gate, theirs, arguments, environment)
        os.close(theirs)
        theirs = -1
        start_time = start_time_of(pid)
        if start_time is not None:
            try:
                directory.note(Process(pid, start_time))
            except SurroundingsError:
                os.kill(pid, signal.SIGKILL)  # `cleanup` could not find it
                os.waitpid(pid, 0)
                raise
        os.write(gate_opener, b"x")
        said = b""
        while True:
            part = os.read(ours, 4096)
            said += part
            if not part or said == READY:
                break
    finally:
        for descriptor in (ours, theirs, gate, gate_opener):
            if descriptor >= 0:
                os.close(descriptor)
    if said == READY:
        return ""
    _, status = os.waitpid(pid, 0)
    directory.forget()
    if said:
        return said.decode("utf-8", "replace").strip()
    if os.WIFSIGNALED(status):
        return f"the component was killed by {signal.Signals(os.WTERMSIG(status)).name} before it registered"
    return f"the component ended with status {os.WEXITSTATUS(status)} before it registered"


def _become_component(
    gate: int, ready: int, arguments: Sequence[str], environment: Mapping[str, str]
) -> None:
    """In the child: start a new session, then become ``amf-netwatch run``. This does not return."""
    try:
        if not os.read(gate, 1):
            os._exit(127)  # our parent is gone, and `cleanup` would not find us
        os.setsid()
        os.chdir("/")
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        _close_all_but(ready)
        os.set_inheritable(ready, True)
        for number in _RESET_SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        command = [*own_command(), "run", *arguments]
        os.execve(command[0], command, {**environment, READY_VARIABLE: str(ready)})
    except BaseException as error:
        os.write(ready, f"cannot start the component's process: {error}".encode("utf-8", "replace"))
    finally:
        os._exit(127)


def _close_all_but(kept: int) -> None:
    """Close every descriptor above the standard ones, whatever its number, because amfnd may pass on any."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) != kept:
            try:
                os.close(int(name))
            except OSError:
                continue  # this is the descriptor of the listing itself
