# SPDX-License-Identifier: Apache-2.0
"""The simulator's process: sessions over a Unix socket, the call log, the faults, and the services behind
them.

What the calls mean is the services' affair (`saf_shim.contract`); this module knows their names only as text.
"""

from __future__ import annotations

import errno
import os
import resource
import socket
import time
import traceback
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Optional

from saf_shim import protocol
from saf_shim.codes import AisError, Code
from saf_shim.contract import Answer, Arguments, CommandEnd, Node, Service
from saf_shim.server.connection import Connection, ServerCall, ServerSession
from saf_shim.server.loop import Loop, LoopTimer, ProcessWatch
from saf_shim.server.processes import Processes, RunningCommand

MAX_LOG = 200_000  # calls that the log remembers
_IMM_FINALIZE = ("saImmOmFinalize", "saImmOiFinalize")


class LoggedCall(NamedTuple):
    """One line of the call log."""

    number: int
    time: int  # ns since the epoch, when it was answered
    pid: int
    session: int
    name: str
    rc: int
    args: Arguments


class Fault:
    """What shall go wrong with a call, and how often. `rc` None: executed; `lost`: executed, never
    answered."""

    __slots__ = ("delay", "lost", "rc", "times")

    def __init__(self, rc: Optional[int], times: Optional[int], delay: float, lost: bool) -> None:
        self.rc = rc
        self.times = times
        self.delay = delay
        self.lost = lost


class Server:
    """Owns the listening socket, the sessions, the services and the loop."""

    def __init__(self, directory: str, nodes: Sequence[Node]) -> None:
        self.directory = directory
        self.nodes = nodes
        self._log_file = open(os.path.join(directory, "log"), "a", encoding="utf-8", errors="replace")  # noqa: SIM115
        self.loop = Loop(self.log)
        self.processes = Processes(self.loop)
        self.sessions: dict[int, ServerSession] = {}
        self.services: dict[str, Service] = {}
        self.absent: dict[str, Code] = {}  # prefix of the service that is away: what its calls answer
        self.faults: dict[str, list[Fault]] = {}
        self.calls: deque[LoggedCall] = deque(maxlen=MAX_LOG)
        self.controls: dict[str, Callable[[Arguments], Any]] = {}
        self._connections: set[Connection] = set()
        self._counter = 0
        self._logged = 0
        self._started: list[Service] = []
        self._listener: Optional[socket.socket] = None
        self._paused = False  # out of descriptors: not accepting until a connection closes

    # the World of the services

    @staticmethod
    def now() -> float:
        """Monotonic seconds."""
        return time.monotonic()

    @staticmethod
    def wall_clock() -> int:
        """Nanoseconds since the epoch."""
        return time.time_ns()

    def start_timer(self, delay: float, function: Callable[[], None]) -> LoopTimer:
        """See `saf_shim.contract.World`."""
        return self.loop.start_timer(delay, function)

    def run_command(
        self, argv: Sequence[str], environment: Mapping[str, str], on_end: Callable[[CommandEnd], None]
    ) -> RunningCommand:
        """See `saf_shim.contract.World`."""
        return self.processes.run(argv, environment, on_end)

    def watch_process(self, pid: int, on_death: Callable[[], None]) -> Optional[ProcessWatch]:
        """See `saf_shim.contract.World`."""
        return self.loop.watch_process(pid, on_death)

    def base_environment(self) -> dict[str, str]:
        """An amfnd's own variables (facts/amf.md section 1), plus what finds the simulator."""
        inherited = os.environ.get("LANG", "C.UTF-8")
        path = os.environ.get("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        own = os.path.join(self.directory, "bin")
        return {
            "AVND_PM_MONITORING_RATE": "1000",
            "LANG": inherited,
            "LD_LIBRARY_PATH": "/usr/lib/opensaf:/usr/lib/opensaf:",
            "OPENSAF_REBOOT_TIMEOUT": "0",
            "PATH": path if path.split(":")[0] == own else f"{own}:{path}",
            "PWD": "/",
            "PYTHONPATH": os.path.join(self.directory, "python"),
            protocol.DIRECTORY_VARIABLE: self.directory,
        }

    def log(self, text: str) -> None:
        """One event into DIR/log."""
        stamp = time.strftime("%H:%M:%S", time.localtime())
        self._log_file.write(f"{stamp} {text}\n")
        self._log_file.flush()

    # services and sessions

    def host(self, prefix: str, service: Service) -> None:
        """Let `service` have the sessions whose first call begins with `prefix`; started by `run`."""
        self.services[prefix] = service

    def open_session(self, connection: Connection, variables: Mapping[str, Any]) -> ServerSession:
        """A new handle's client has connected."""
        self._counter += 1
        environment = {name: value for name, value in variables.items() if isinstance(value, str)}
        session = ServerSession(self._counter, connection.pid, environment, connection)
        self.sessions[session.id] = session
        if connection.pid:
            # A child that was forked with our connection open would keep it open after the client's death.
            connection.watch = self.loop.watch_process(connection.pid, connection.close)
        return session

    def end_session(self, session: ServerSession) -> None:
        """The client has finalized or died: tell its service, free everything."""
        if session.closed:
            return
        session.closed = True
        del self.sessions[session.id]
        session.end()
        if session.service is not None:
            session.service.session_closed(session)
        if session.channel is not None:
            session.channel.close()
        session.main.close()

    def forget(self, connection: Connection) -> None:
        """A connection has closed; there may be room for another."""
        self._connections.discard(connection)
        if self._listener is not None and self._paused:
            self._paused = False
            self.loop.register(self._listener.fileno(), self._accept)

    # calls

    def serve(self, call: ServerCall) -> None:
        """Serve a call, or spoil it as the faults say."""
        fault = self._next_fault(call.name)
        if fault is None:
            self._execute(call)
            return
        call.lost = fault.lost
        rc = fault.rc

        def go_on() -> None:
            if rc is None:
                self._execute(call)
            else:
                call.reply(rc)

        if fault.delay > 0:
            self.loop.start_timer(fault.delay, go_on)
        else:
            go_on()

    def _next_fault(self, name: str) -> Optional[Fault]:
        waiting = self.faults.get(name)
        if not waiting:
            return None
        fault = waiting[0]
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                waiting.pop(0)
        return fault

    def _execute(self, call: ServerCall) -> None:
        session = call.session
        assert isinstance(session, ServerSession)
        if session.closed:
            return
        for prefix, code in self.absent.items():
            if call.name.startswith(prefix):
                call.reply(code)
                return
        if session.lost:
            if call.name.endswith("Finalize"):
                session.finish()
            # Whoever gives a lost IMM handle back is not punished for it.
            call.reply(Code.OK if call.name in _IMM_FINALIZE else Code.ERR_BAD_HANDLE)
            return
        service = session.service
        if service is None:
            for prefix, candidate in self.services.items():
                if call.name.startswith(prefix):
                    service = session.service = candidate
            if service is None:
                call.reply(Code.ERR_NOT_SUPPORTED)
                return
        try:
            answer = service.handle_call(call)
        except AisError as error:
            answer = Answer(error.code)
        except Exception:
            self.log(f"{call.name} failed: {traceback.format_exc()}")
            answer = Answer(Code.ERR_LIBRARY)
        if answer is not None:
            call.reply(answer.rc, answer.out)

    def record(self, session: ServerSession, call: ServerCall, rc: int) -> None:
        """Write an answered call into the log."""
        self._logged += 1
        self.calls.append(
            LoggedCall(self._logged, time.time_ns(), session.pid, session.id, call.name, rc, call.args)
        )

    # saf-shim's own commands

    def control(self, name: str, args: Arguments) -> tuple[int, Any]:
        """Serve one command of a control connection; rc 1 or, with the reason, 0."""
        function = self.controls.get(name)
        if function is None:
            return 0, f"unknown command {name!r}"
        try:
            return 1, function(args)
        except (ValueError, KeyError, TypeError, AisError) as error:
            return 0, str(error)

    # life

    def descriptors(self) -> set[int]:
        """What must stay open in the server's process before it listens."""
        return {self._log_file.fileno(), *self.loop.descriptors(), *self.processes.descriptors()}

    def listen(self) -> None:
        """Make the socket, readable and writable for the owner only."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft != hard:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        path = os.path.join(self.directory, protocol.SOCKET_NAME)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        mask = os.umask(0o177)
        try:
            bind_socket(listener, path)
        finally:
            os.umask(mask)
        listener.listen(1024)
        self._listener = listener
        self.loop.register(listener.fileno(), self._accept)

    def _accept(self, _events: int) -> None:
        assert self._listener is not None
        while True:
            try:
                sock, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                    self.log("no room for more connections until one closes")
                    self._paused = True
                    self.loop.unregister(self._listener.fileno())
                return
            sock.setblocking(False)
            self._connections.add(Connection(self, sock))

    def run(self) -> None:
        """Start the services, serve until `stop`, end everything."""
        for service in self.services.values():
            if service not in self._started:
                self._started.append(service)
                service.start()
        try:
            self.loop.run()
        finally:
            self._close()

    def stop(self) -> None:
        """Leave `run` soon."""
        self.loop.stop()

    def _close(self) -> None:
        for service in self._started:
            try:
                service.stop()
            except Exception:
                self.log(traceback.format_exc())
        self.processes.close()
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for connection in list(self._connections):
            connection.sock.close()
        self.loop.close()
        self._log_file.close()


def bind_socket(sock: socket.socket, path: str) -> None:
    """Bind to `path`, also when it is longer than the 107 bytes that an address holds."""
    if len(os.fsencode(path)) < 108:
        sock.bind(path)
        return
    directory = os.open(os.path.dirname(path), os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        sock.bind(f"/proc/self/fd/{directory}/{os.path.basename(path)}")
    finally:
        os.close(directory)
