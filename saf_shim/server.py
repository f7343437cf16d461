# SPDX-License-Identifier: Apache-2.0
"""The simulator's process: sessions over a Unix socket, the call log, the faults, and the services behind
them.

It believes nothing that comes over the socket: a connection that does not speak the protocol, sends an
endless line or does not read its answers is closed, and nobody else notices. What the calls mean is the
services' affair (`saf_shim.service`); this module knows the names only as text.
"""

from __future__ import annotations

import errno
import os
import resource
import socket
import struct
import time
import traceback
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Optional

from . import protocol
from .codes import AisError, Code, DispatchFlag
from .loop import READ, WRITE, Loop, LoopTimer, ProcessWatch
from .processes import Processes, RunningCommand
from .service import Answer, Arguments, Call, CallbackMessage, CommandEnd, Node, Service, Session

MAX_UNREAD = 64 * 1024 * 1024  # bytes of answers waiting for a client that does not read: then it is closed
MAX_OUTSTANDING = 256  # calls of one connection that wait for their answers
MAX_LOG = 200_000  # calls that the log remembers
_CHUNK = 256 * 1024
_CREDENTIALS = struct.Struct("3i")  # struct ucred: pid, uid, gid


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


class ServerCall:
    """One call that waits for its answer; see `saf_shim.service.Call`."""

    __slots__ = ("_connection", "_number", "answered", "args", "lost", "name", "session")

    def __init__(
        self, connection: Connection, number: int, session: ServerSession, name: str, args: Arguments
    ) -> None:
        self._connection = connection
        self._number = number
        self.session: Session = session
        self.name = name
        self.args = args
        self.answered = False
        self.lost = False

    def reply(self, rc: int, out: Optional[Mapping[str, Any]] = None) -> None:
        """Answer the call; only the first answer counts."""
        if self.answered:
            return
        self.answered = True
        self._connection.answer(self, self._number, int(rc), out)


class ServerSession:
    """One handle's client; see `saf_shim.service.Session`."""

    def __init__(self, number: int, pid: int, environment: Mapping[str, str], main: Connection) -> None:
        self.id = number
        self.pid = pid
        self.environment = environment
        self.main = main
        self.channel: Optional[Connection] = None
        self.service: Optional[Service] = None
        self.closed = False
        self.finalized = False
        self.lost = False
        self.data: Any = None
        self._queue: deque[tuple[int, CallbackMessage]] = deque()
        self._returns: dict[int, Callable[[Optional[int]], None]] = {}
        self._blocked: list[Call] = []
        self._callbacks = 0
        self._awake = False  # is there an unread wake-up in the channel?

    def push(
        self, callback: CallbackMessage, on_return: Optional[Callable[[Optional[int]], None]] = None
    ) -> None:
        """Queue a callback and make the selection object readable."""
        if self.closed:
            if on_return is not None:
                on_return(None)
            return
        self._callbacks += 1
        if on_return is not None:
            self._returns[self._callbacks] = on_return
        self._queue.append((self._callbacks, callback))
        if self._blocked:
            call = self._blocked.pop(0)
            call.reply(Code.OK, {"callbacks": self._take(1)})
        self.wake()

    def dispatch(self, call: Call, flags: int) -> Optional[Answer]:
        """Hand queued callbacks to the client: one, all, or (later) the next that comes."""
        if flags == DispatchFlag.ONE or (flags == DispatchFlag.BLOCKING and self._queue):
            return Answer(Code.OK, {"callbacks": self._take(1)})
        if flags == DispatchFlag.ALL:
            return Answer(Code.OK, {"callbacks": self._take(len(self._queue))})
        if flags == DispatchFlag.BLOCKING:
            self._blocked.append(call)
            return None
        return Answer(Code.ERR_INVALID_PARAM)

    def _take(self, count: int) -> list[Any]:
        taken = []
        for _ in range(min(count, len(self._queue))):
            number, (name, args) = self._queue.popleft()
            taken.append([number if number in self._returns else 0, name, args])
        return taken

    def wake(self) -> None:
        """Make the selection object readable if something is queued (or the session is lost)."""
        if (self._queue or self.lost) and not self._awake and self.channel is not None:
            self._awake = True
            self.channel.send(protocol.WAKE)

    def slept(self) -> None:
        """An answer goes out on the channel: its reader reads past any wake-up before it."""
        self._awake = False

    def returned(self, number: int, rc: int) -> None:
        """The program's function for callback `number` returned `rc`."""
        on_return = self._returns.pop(number, None)
        if on_return is not None:
            on_return(rc)

    def discard(self, match: Callable[[CallbackMessage], bool]) -> int:
        """Drop queued callbacks that `match`."""
        kept = deque(item for item in self._queue if not match(item[1]))
        dropped = len(self._queue) - len(kept)
        self._queue = kept
        return dropped

    def finish(self) -> None:
        """The handle has been finalized; the session ends after the answer to the present call."""
        self.finalized = True
        self._end_blocked(Code.OK)

    def lose(self) -> None:
        """All later calls are ERR_BAD_HANDLE, and the selection object says that there is news."""
        self.lost = True
        self._end_blocked(Code.ERR_BAD_HANDLE)
        self.wake()

    def _end_blocked(self, rc: Code) -> None:
        blocked, self._blocked = self._blocked, []
        for call in blocked:
            call.reply(rc, {"callbacks": []})

    def end(self) -> None:
        """Called by the server once, when the client has gone or has finalized."""
        self._queue.clear()
        self._blocked.clear()
        waiting, self._returns = self._returns, {}
        for on_return in waiting.values():
            on_return(None)


class Connection:
    """One accepted socket: lines in, lines out, never blocking."""

    def __init__(self, server: Server, sock: socket.socket) -> None:
        self.server = server
        self.sock = sock
        self.fd = sock.fileno()
        self.role = ""
        self.session: Optional[ServerSession] = None
        self.pid = _CREDENTIALS.unpack(
            sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        )[0]
        self.watch: Optional[ProcessWatch] = None
        self.closed = False
        self._lines = protocol.LineBuffer()
        self._unsent: deque[bytes] = deque()
        self._unsent_size = 0
        self._outstanding = 0
        server.loop.register(self.fd, self._ready)

    def _ready(self, events: int) -> None:
        if events & WRITE:
            self._flush()
        if events & READ and not self.closed:
            self._receive()

    def _receive(self) -> None:
        try:
            chunk = self.sock.recv(_CHUNK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            chunk = b""
        if not chunk:
            self.close()
            return
        try:
            for line in self._lines.feed(chunk):
                self._serve(protocol.decode_line(line))
                if self.closed:
                    return
        except protocol.ProtocolError as error:
            self.server.log(f"closing connection of pid {self.pid}: {error}")
            self.close()

    def _serve(self, message: list[Any]) -> None:
        if not self.role:
            self._begin(message)
            return
        if len(message) != 3:
            raise protocol.ProtocolError("a request has three members")
        number, name, args = message
        if not isinstance(number, int) or not isinstance(name, str) or not isinstance(args, dict):
            raise protocol.ProtocolError("a request is [number, name, {arguments}]")
        if name == protocol.RETURN:
            number, rc = args.get("id"), args.get("rc")
            if self.session is None or not isinstance(number, int) or not isinstance(rc, int):
                raise protocol.ProtocolError("no such callback")
            self.session.returned(number, rc)
        elif self.role == protocol.CONTROL:
            rc, out = self.server.control(name, args)
            self.send(protocol.encode_line([number, rc, out]))
        elif self.session is not None:
            if self._outstanding >= MAX_OUTSTANDING:
                raise protocol.ProtocolError("too many calls without reading an answer")
            self._outstanding += 1
            self.server.serve(ServerCall(self, number, self.session, name, args))

    def _begin(self, message: list[Any]) -> None:
        role = message[0] if message else None
        if role == protocol.MAIN and len(message) == 2 and isinstance(message[1], dict):
            self.session = self.server.open_session(self, message[1])
        elif role == protocol.CHANNEL and len(message) == 2:
            session = self.server.sessions.get(message[1]) if isinstance(message[1], int) else None
            if session is None or session.channel is not None or session.pid != self.pid:
                raise protocol.ProtocolError("no such session")
            self.session = session
            session.channel = self
        elif role != protocol.CONTROL or len(message) != 1:
            raise protocol.ProtocolError("unknown kind of connection")
        self.role = role
        number = self.session.id if self.session is not None else 0
        self.send(protocol.encode_line([0, 1, {"session": number}]))
        if role == protocol.CHANNEL and self.session is not None:
            self.session.wake()

    def answer(self, call: ServerCall, number: int, rc: int, out: Optional[Mapping[str, Any]]) -> None:
        """Send the answer to a call, and what follows from it."""
        self._outstanding -= 1
        session = self.session
        if self.closed or session is None:
            return
        self.server.record(session, call, rc)
        if not call.lost:
            if self is session.channel:
                session.slept()
            self.send(protocol.encode_line([number, rc, out]))
        if self is session.channel:
            session.wake()
        if session.finalized:
            self.server.end_session(session)

    def send(self, data: bytes) -> None:
        """Send now what the socket takes and the rest when it can; a client that never reads is closed."""
        if self.closed:
            return
        if not self._unsent:
            try:
                sent = self.sock.send(data)
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError:
                self.server.loop.start_timer(0, self.close)  # not now: the caller is in the middle of a call
                return
            if sent == len(data):
                return
            data = data[sent:]
            self.server.loop.modify(self.fd, READ | WRITE)
        self._unsent.append(data)
        self._unsent_size += len(data)
        if self._unsent_size > MAX_UNREAD:
            self.server.log(f"closing connection of pid {self.pid}: it does not read")
            self.server.loop.start_timer(0, self.close)

    def _flush(self) -> None:
        while self._unsent:
            data = self._unsent[0]
            try:
                sent = self.sock.send(data)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                self.close()
                return
            self._unsent_size -= sent
            if sent < len(data):
                self._unsent[0] = data[sent:]
                return
            self._unsent.popleft()
        self.server.loop.modify(self.fd, READ)

    def close(self) -> None:
        """Close the socket; the end of a main connection is the end of its session."""
        if self.closed:
            return
        self.closed = True
        self._flush_blindly()
        if self.watch is not None:
            self.watch.cancel()
        self.server.loop.unregister(self.fd)
        self.sock.close()
        self.server.forget(self)
        session = self.session
        if session is not None:
            if session.channel is self:
                session.channel = None
            if session.main is self or not session.closed:
                self.server.end_session(session)

    def _flush_blindly(self) -> None:
        for data in self._unsent:
            try:
                if self.sock.send(data) < len(data):
                    return
            except OSError:
                return


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
        """See `saf_shim.service.World`."""
        return self.loop.start_timer(delay, function)

    def run_command(
        self, argv: Sequence[str], environment: Mapping[str, str], on_end: Callable[[CommandEnd], None]
    ) -> RunningCommand:
        """See `saf_shim.service.World`."""
        return self.processes.run(argv, environment, on_end)

    def watch_process(self, pid: int, on_death: Callable[[], None]) -> Optional[ProcessWatch]:
        """See `saf_shim.service.World`."""
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
            call.reply(Code.ERR_BAD_HANDLE)
            return
        service = session.service
        if service is None:
            for prefix, candidate in self.services.items():
                if call.name.startswith(prefix):
                    service = session.service = candidate
            if service is None:
                call.reply(Code.ERR_LIBRARY)
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
