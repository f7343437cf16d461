# SPDX-License-Identifier: Apache-2.0
"""The server: it accepts connections, makes sessions of them, and passes their calls to the services.

It also writes the call log, and applies faults to calls. The services (`saf_shim.contract`) know what a call
means; this module knows their names only as text.
"""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import signal
import socket
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Optional

from saf_shim import protocol
from saf_shim.codes import AisError, Code
from saf_shim.contract import Answer, Arguments, CommandEnd, Lateness, Node, Service
from saf_shim.lateness import LatenessMeter
from saf_shim.server.call_log import CallLog
from saf_shim.server.connection import Connection
from saf_shim.server.faults import Faults
from saf_shim.server.loop import Loop, LoopTimer, ProcessWatch
from saf_shim.server.output import Outputs
from saf_shim.server.processes import Processes, RunningCommand
from saf_shim.server.session import ServerCall, ServerSession
from saf_shim.server.waiting import Hang, Line

MAX_OUTSTANDING = 256  # calls of one connection that wait for their answers


class Server:
    """Owns the listening socket, the sessions, the services and the loop."""

    def __init__(self, directory: str, nodes: Sequence[Node], keep_output: bool = True) -> None:
        """Make the server. With `keep_output`, the output of commands and components goes into the log."""
        self.directory = directory
        self.nodes = nodes
        self._log_file = open(os.path.join(directory, "log"), "a", encoding="utf-8", errors="replace")  # noqa: SIM115
        self.loop = Loop(self.log)
        self._lateness = LatenessMeter(self.loop.watch_process, directory)
        self.processes = Processes(self.loop, self._lateness.waited)
        self.outputs = Outputs(self.loop, self.wall_clock, self.log)
        self._keep_output = keep_output
        self.sessions: dict[int, ServerSession] = {}
        self.services: dict[str, Service] = {}
        self.absent: dict[str, Code] = {}  # by prefix: what the calls of an absent service answer
        self.hanging: dict[str, Hang] = {}  # by prefix: the services that hang
        self.faults = Faults()
        self.calls = CallLog()
        self.controls: dict[str, Callable[[Arguments], Any]] = {}
        self._connections: set[Connection] = set()
        self._counter = 0
        self._started: list[Service] = []
        self._listener: Optional[socket.socket] = None
        self._folder = -1  # a descriptor of the directory while it is watched
        self._paused = False  # no descriptors are left: accept no connection until one closes

    # the World of the services

    @staticmethod
    def now() -> float:
        """Return monotonic seconds."""
        return time.monotonic()

    @staticmethod
    def wall_clock() -> int:
        """Return nanoseconds since the epoch."""
        return time.time_ns()

    def start_timer(self, delay: float, function: Callable[[], None]) -> LoopTimer:
        """Call `function` once, in `delay` seconds."""
        return self.loop.start_timer(delay, function)

    def run_command(
        self, argv: Sequence[str], environment: Mapping[str, str], on_end: Callable[[CommandEnd], None]
    ) -> RunningCommand:
        """Start a command of AMF; `on_end` is told how it ended."""
        component = environment.get("SA_AMF_COMPONENT_NAME", argv[0])
        if not self._keep_output:
            return self.processes.run(argv, environment, on_end)

        def ended(end: CommandEnd) -> None:
            if end.status != 0:
                how = end.error or (f"status {end.status}" if end.signal is None else f"signal {end.signal}")
                self.outputs.remember(component, f"{' '.join(argv)} has failed: {how}")
            on_end(end)

        return self.processes.run(argv, environment, ended, self.outputs.open(component))

    def watch_process(self, pid: int, on_death: Callable[[], None]) -> Optional[ProcessWatch]:
        """Call `on_death` when the process ends; None when there is no such process."""
        return self.loop.watch_process(pid, on_death)

    def lateness(self) -> Lateness:
        """Return what the machine costs the simulated cluster."""
        return self._lateness.read()

    def base_environment(self) -> dict[str, str]:
        """Return the variables of a real amfnd's commands, and those that lead to the simulator."""
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
        """Write one event into DIR/log. If the disk is full the event is lost, and nothing else happens."""
        stamp = time.strftime("%H:%M:%S", time.localtime())
        try:
            self._log_file.write(f"{stamp} {text}\n")
            self._log_file.flush()
        except OSError:
            pass

    # services and sessions

    def host(self, prefix: str, service: Service) -> None:
        """Let `service` serve the sessions whose first call begins with `prefix`. `run` starts the
        service."""
        self.services[prefix] = service

    def _begin(self, connection: Connection, message: list[Any], _line: bytes) -> None:
        """Serve the first message of a connection, which says what the connection is for."""
        role = message[0] if message else None
        session = None
        if role == protocol.MAIN and len(message) == 2 and isinstance(message[1], dict):
            session = self._open_session(connection, message[1])
            connection.receive = partial(self._take_request, connection, session)
        elif role == protocol.CHANNEL and len(message) == 2 and isinstance(message[1], int):
            session = self.sessions.get(message[1])
            if session is None or session.channel is not None or session.pid != connection.pid:
                raise protocol.ProtocolError("no such session")
            session.channel = connection
            connection.receive = partial(self._take_request, connection, session)
            connection.on_close = partial(self._channel_closed, connection, session)
        elif role == protocol.CONTROL and len(message) == 1:
            connection.receive = partial(self._take_command, connection)
        else:
            raise protocol.ProtocolError("unknown kind of connection")
        number = session.id if session is not None else 0
        connection.send(protocol.encode_line([0, 1, {"session": number}]))
        if session is not None and session.channel is connection:
            session.wake()

    def _open_session(self, connection: Connection, variables: Mapping[str, Any]) -> ServerSession:
        self._counter += 1
        environment = {name: value for name, value in variables.items() if isinstance(value, str)}
        line = Line(self.loop.start_timer, self.now)
        session = ServerSession(self._counter, connection.pid, environment, connection, line)
        self.sessions[session.id] = session
        connection.on_close = partial(self._main_closed, connection, session)
        self._lateness.appeared(connection.pid)
        if connection.pid:
            # If the client has forked, its child keeps our connection open even after the client's death.
            session.watch = self.loop.watch_process(connection.pid, connection.close)
        return session

    def _end_session(self, session: ServerSession) -> None:
        """End a session whose client has finalized or died: tell its service, and free its resources."""
        if session.closed:
            return
        session.closed = True
        del self.sessions[session.id]
        if session.watch is not None:
            session.watch.cancel()
        session.end()
        session.line.add(partial(self._tell_service, session))
        if session.channel is not None:
            session.channel.close()
        session.main.close()

    def _tell_service(self, session: ServerSession) -> None:
        """Tell the session's service that the session has ended. A service that hangs is told later."""
        for prefix, hang in self.hanging.items():
            if session.service in (None, self.services.get(prefix)):
                hang.add(partial(self._tell_service, session))
                return
        if session.service is not None:
            session.service.session_closed(session)

    def _main_closed(self, connection: Connection, session: ServerSession) -> None:
        self._forget(connection)
        self._end_session(session)

    def _channel_closed(self, connection: Connection, session: ServerSession) -> None:
        self._forget(connection)
        session.channel = None
        self._end_session(session)

    def _forget(self, connection: Connection) -> None:
        """Forget a connection that has closed. A new connection may be accepted now."""
        self._connections.discard(connection)
        if self._listener is not None and self._paused:
            self._paused = False
            self.loop.register(self._listener.fileno(), self._accept)

    # calls

    def _take_request(
        self, connection: Connection, session: ServerSession, message: list[Any], line: bytes
    ) -> None:
        """Serve one message of a session: a call, or the value that a program's callback returned."""
        number, name, args = _check_request(message)
        if name == protocol.RETURN:
            callback, rc = args.get("id"), args.get("rc")
            if not isinstance(callback, int) or not isinstance(rc, int):
                raise protocol.ProtocolError("no such callback")
            session.returned(callback, rc)
            return
        if connection.owed >= MAX_OUTSTANDING:
            raise protocol.ProtocolError("too many calls without reading an answer")
        connection.owed += 1
        self._lateness.asks(session.pid)
        self._serve(ServerCall(connection, session, (number, name, args), line, self._answer))

    def _serve(self, call: ServerCall) -> None:
        """Execute a call, or treat it as a fault says."""
        session = call.session
        assert isinstance(session, ServerSession)
        fault = self.faults.take(call.name)
        delay = 0.0 if fault is None else fault.delay
        go_on = partial(self._execute, call)
        if fault is not None:
            call.lost = fault.lost
            if fault.rc is not None:
                go_on = partial(call.reply, fault.rc)
        if call.connection is session.main:
            session.line.add(go_on, delay)
        elif delay > 0:  # dispatch calls do not wait in the line of the other calls
            self.loop.start_timer(delay, go_on)
        else:
            go_on()

    def _execute(self, call: ServerCall) -> None:
        session = call.session
        assert isinstance(session, ServerSession)
        service = self._find_service(call.name)
        for prefix, hang in self.hanging.items():
            if call.name.startswith(prefix) and (service is None or call.name not in service.local_calls):
                hang.add(partial(self._execute, call))
                return
        for prefix, code in self.absent.items():
            if call.name.startswith(prefix) and (service is None or call.name not in service.finalizers):
                call.reply(code)
                return
        service = session.service
        if service is None:
            service = session.service = self._find_service(call.name)
            if service is None:
                call.reply(Code.ERR_NOT_SUPPORTED)
                return
        if session.lost:
            code = service.finalizers.get(call.name, Code.ERR_BAD_HANDLE)
            if call.name in service.finalizers:
                session.finish()
            call.reply(code)
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

    def _find_service(self, call: str) -> Optional[Service]:
        return next((service for prefix, service in self.services.items() if call.startswith(prefix)), None)

    def _answer(self, call: ServerCall, rc: int, out: Optional[Mapping[str, Any]]) -> None:
        """Send the answer to a call, and then do what follows from the answer."""
        connection, session = call.connection, call.session
        assert isinstance(session, ServerSession)
        connection.owed -= 1
        self._lateness.is_answered(session.pid)
        if connection.closed:
            return
        self.calls.add(time.time_ns(), session.pid, session.id, call.name, rc, call.line)
        if not call.lost:
            if connection is session.channel:
                session.note_channel_is_read()
            connection.send(protocol.encode_line([call.number, rc, out]))
        if connection is session.channel:
            session.wake()
        if session.finalized and connection is session.main:  # this answers the finalizing call itself
            self._end_session(session)

    # saf-shim's own commands

    def _take_command(self, connection: Connection, message: list[Any], _line: bytes) -> None:
        number, name, args = _check_request(message)
        done, answer = self._control(name, args)
        connection.send(protocol.encode_line([number, done, answer]))

    def _control(self, name: str, args: Arguments) -> tuple[int, Any]:
        """Serve one command. Return 1 and its result, or 0 and the reason of the failure."""
        function = self.controls.get(name)
        if function is None:
            return 0, f"unknown command {name!r}"
        try:
            return 1, function(args)
        except (ValueError, KeyError, TypeError, AisError) as error:
            return 0, str(error)

    # life

    def descriptors(self) -> set[int]:
        """Return the descriptors that must stay open when the server's process starts."""
        return {self._log_file.fileno(), *self.loop.descriptors(), *self.processes.descriptors()}

    def listen(self) -> None:
        """Make the socket, which only the owner may use, and accept connections."""
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
        self._watch_directory(path)

    def _watch_directory(self, path: str) -> None:
        """Stop the server when somebody deletes the socket at `path`, alone or with its directory.

        Nobody could reach the simulator then, not even to stop it. A kernel without dnotify does not report
        this."""
        inode = os.stat(path).st_ino

        def look(_number: int, _frame: object) -> None:
            try:
                if os.stat(path).st_ino == inode:
                    return
            except OSError:
                pass
            self.stop()

        self._folder = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        signal.signal(signal.SIGIO, look)
        try:
            fcntl.fcntl(self._folder, fcntl.F_NOTIFY, fcntl.DN_DELETE | fcntl.DN_RENAME | fcntl.DN_MULTISHOT)
        except OSError:
            signal.signal(signal.SIGIO, signal.SIG_DFL)

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
            connection = Connection(self.loop, sock, self.log)
            connection.receive = partial(self._begin, connection)
            connection.on_close = partial(self._forget, connection)
            self._connections.add(connection)

    def run(self) -> None:
        """Start the services, serve until `stop`, and end everything."""
        for service in self.services.values():
            if service not in self._started:
                self._started.append(service)
                service.start()
        try:
            self.loop.run()
        finally:
            self._close()

    def stop(self) -> None:
        """Make `run` return soon."""
        self.loop.stop()

    def _close(self) -> None:
        for service in self._started:
            try:
                service.stop()
            except Exception:
                self.log(traceback.format_exc())
        self.processes.close()
        self.outputs.close()
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        if self._folder >= 0:
            os.close(self._folder)
        for connection in list(self._connections):
            connection.abandon()
        self.loop.close()
        self._log_file.close()


def _check_request(message: list[Any]) -> tuple[int, str, Arguments]:
    if len(message) != 3:
        raise protocol.ProtocolError("a request has three members")
    number, name, args = message
    if not isinstance(number, int) or not isinstance(name, str) or not isinstance(args, dict):
        raise protocol.ProtocolError("a request is [number, name, {arguments}]")
    return number, name, args


def bind_socket(sock: socket.socket, path: str) -> None:
    """Bind to `path`, even if it is longer than the 107 bytes of a socket address."""
    if len(os.fsencode(path)) < 108:
        sock.bind(path)
        return
    directory = os.open(os.path.dirname(path), os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        sock.bind(f"/proc/self/fd/{directory}/{os.path.basename(path)}")
    finally:
        os.close(directory)
