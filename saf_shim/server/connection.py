# SPDX-License-Identifier: Apache-2.0
"""One client on the server's side: its sockets (`Connection`), its handle (`ServerSession`), its calls
(`ServerCall`).

Nothing here blocks and nothing believes what comes in: a connection that does not speak the protocol, sends
an endless line or does not read its answers is closed, and nobody else notices.
"""

from __future__ import annotations

import socket
import struct
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Optional

from saf_shim import protocol
from saf_shim.codes import Code, DispatchFlag
from saf_shim.contract import Answer, Arguments, Call, CallbackMessage, Service, Session
from saf_shim.server.loop import READ, WRITE, ProcessWatch

if TYPE_CHECKING:
    from saf_shim.server.server import Server

MAX_UNREAD = 64 * 1024 * 1024  # bytes of answers waiting for a client that does not read: then it is closed
MAX_OUTSTANDING = 256  # calls of one connection that wait for their answers
_CHUNK = 256 * 1024
_CREDENTIALS = struct.Struct("3i")  # struct ucred: pid, uid, gid


class ServerCall:
    """One call that waits for its answer; see `saf_shim.contract.Call`."""

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
    """One handle's client; see `saf_shim.contract.Session`."""

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
        if session.finalized and self is session.main:  # the answer to the finalizing call itself
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
