# SPDX-License-Identifier: Apache-2.0
"""The client's side of the socket: one `Session` for each AIS handle. It does not use ctypes.

A session's calls are answered one at a time. A second thread that calls meanwhile gets ERR_LIBRARY, as in
OpenSAF's IMM library, or waits (``exclusive=False``). Dispatching uses a second connection, whose descriptor
is the handle's selection object, so it never disturbs calls.

Every program under test imports this module, so it imports little: `socket` alone would cost 6 ms.
"""

from __future__ import annotations

import _socket
import os
from _thread import allocate_lock, get_ident
from collections.abc import Callable
from time import monotonic

from saf_shim import protocol
from saf_shim.codes import Code

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional

    Out = dict[str, Any]
    RunCallback = Callable[[str, Out], Optional[int]]

_CHUNK = 1 << 16
_DISPATCH_ALL = 2
_DISPATCH_BLOCKING = 3


class UnreachableError(Exception):
    """No simulator can be reached. `code` is the return code of the initializing call."""

    def __init__(self, code: Code, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class _TimedOutError(Exception):
    """No answer came within the call's time."""


class _Lines:
    """A connected socket that is read line by line."""

    __slots__ = ("_tail", "sock")

    def __init__(self, sock: _socket.socket) -> None:
        self.sock = sock
        self._tail = b""

    def read(self, deadline: Optional[float] = None) -> bytes:
        """Return the next line; b"" at the end of the stream. _TimedOutError at the deadline."""
        while True:
            end = self._tail.find(b"\n")
            if end >= 0:
                line, self._tail = self._tail[: end + 1], self._tail[end + 1 :]
                return line
            if deadline is not None:
                left = deadline - monotonic()
                if left <= 0:
                    raise _TimedOutError
                self.sock.settimeout(left)
            try:
                chunk = self.sock.recv(_CHUNK)
            except _socket.timeout:
                raise _TimedOutError from None
            except OSError:
                return b""
            finally:
                if deadline is not None:
                    self.sock.settimeout(None)
            if not chunk:
                return b""
            self._tail += chunk

    def read_exactly_a_line(self) -> bytes:
        """Return the next line. What follows it stays in the kernel, where poll() sees it."""
        while True:
            try:
                seen = self.sock.recv(_CHUNK, _socket.MSG_PEEK)
                end = seen.find(b"\n")
                part = self.sock.recv(len(seen) if end < 0 else end + 1) if seen else b""
            except OSError:
                return b""
            if not part:
                return b""
            self._tail += part
            if end >= 0:
                line, self._tail = self._tail, b""
                return line


def _connect() -> _socket.socket:
    directory = os.environ.get(protocol.DIRECTORY_VARIABLE)
    if not directory:
        raise UnreachableError(
            Code.ERR_LIBRARY, f"{protocol.DIRECTORY_VARIABLE} is not set: no simulator here"
        )
    path = os.path.join(directory, protocol.SOCKET_NAME)
    sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC)
    folder = -1
    try:
        if len(os.fsencode(path)) >= 108:  # too long for sun_path, so use a descriptor of the folder
            folder = os.open(directory, os.O_PATH | os.O_CLOEXEC)
            path = f"/proc/self/fd/{folder}/{protocol.SOCKET_NAME}"
        sock.connect(path)
    except OSError as error:
        sock.close()
        raise UnreachableError(Code.ERR_TRY_AGAIN, f"{path}: {error.strerror}") from None
    finally:
        if folder >= 0:
            os.close(folder)
    return sock


class Session:
    """One connection to the simulator, and a second one for callbacks if the program wants them."""

    def __init__(self, exclusive: bool = True) -> None:
        """Connect. `UnreachableError` says why that failed."""
        variables = {name: value for name, value in os.environ.items() if name.startswith(("SA_", "IMMA_"))}
        self._lines = _Lines(_connect())
        self._lines.sock.sendall(protocol.encode_line([protocol.MAIN, variables]))
        hello = self._lines.read()
        if not hello:
            raise UnreachableError(Code.ERR_TRY_AGAIN, "the simulator is going down")
        self.id: int = protocol.decode_line(hello)[2]["session"]
        self._exclusive = exclusive
        self._lock = allocate_lock()  # held by the call that uses the connection
        self._in_use = allocate_lock()  # held while an exclusive call uses the handle
        self._caller = 0  # the thread that uses the connection
        self._dispatcher = 0  # the thread that waits for callbacks
        self._number = 0
        self._pid = os.getpid()
        self._channel: Optional[_Lines] = None
        self._channel_lock = allocate_lock()
        self._dispatching = allocate_lock()
        self._asked = 0  # the number of calls over the channel
        self._closed = False
        self.is_ending = False  # True during a call that ends the session at the simulator's side

    def call(
        self, name: str, args: Out, timeout: Optional[float] = None, answering: bool = False
    ) -> tuple[int, Out]:
        """Perform one AIS call. Return its return code and the values that it fills in.

        ERR_LIBRARY when another thread is in a call (only in exclusive sessions, and not for the `answering`
        calls of callbacks), ERR_TIMEOUT after `timeout` seconds, ERR_BAD_HANDLE when the simulator has
        gone."""
        if self._is_forked():
            return Code.ERR_BAD_HANDLE, {}
        if answering or not self._exclusive:
            return self._call(name, args, timeout)
        if not self._in_use.acquire(False):
            return Code.ERR_LIBRARY, {}
        try:
            return self._call(name, args, timeout)
        finally:
            self._in_use.release()

    def _call(self, name: str, args: Out, timeout: Optional[float]) -> tuple[int, Out]:
        thread = get_ident()
        if self._caller == thread:  # this is a signal handler during a call; waiting would never end
            return Code.ERR_TRY_AGAIN, {}
        with self._lock:
            try:
                self._caller = thread
                return self._exchange(name, args, timeout)
            finally:
                self._caller = 0

    def _exchange(self, name: str, args: Out, timeout: Optional[float]) -> tuple[int, Out]:
        if self._closed:
            return Code.ERR_BAD_HANDLE, {}
        self._number += 1
        number = self._number
        line = protocol.encode_line([number, name, args])
        if len(line) > protocol.MAX_LINE:  # the simulator would end the connection, and so the handle
            return Code.ERR_NO_RESOURCES, {}
        deadline = None if timeout is None else monotonic() + timeout
        try:
            self._lines.sock.sendall(line)
        except OSError:
            return Code.ERR_BAD_HANDLE, {}
        while True:
            try:
                line = self._lines.read(deadline)
            except _TimedOutError:
                return Code.ERR_TIMEOUT, {}
            if not line:
                return Code.ERR_BAD_HANDLE, {}
            answer = protocol.decode_line(line)
            if answer[0] == number:  # otherwise the answer belongs to a call that has timed out
                return answer[1], answer[2] or {}

    def _is_forked(self) -> bool:
        """Tell whether this process is a child of the one that opened the session.

        Check this before taking a lock: a thread of the parent may have held the lock at the fork, and then
        no thread of this process will ever release it."""
        return os.getpid() != self._pid

    def fileno(self) -> int:
        """Return the selection object, which is readable while callbacks wait, or -1 when the simulator has
        gone."""
        channel = None if self._is_forked() else self._open_channel()
        return -1 if channel is None else channel.sock.fileno()

    def _open_channel(self) -> Optional[_Lines]:
        with self._channel_lock:
            if self._channel is None and not self._closed:
                try:
                    channel = _Lines(_connect())
                except UnreachableError:
                    return None
                channel.sock.sendall(protocol.encode_line([protocol.CHANNEL, self.id]))
                if not channel.read_exactly_a_line():
                    return None
                self._channel = channel
            return self._channel

    def dispatch(self, name: str, args: Out, flags: int, run: RunCallback) -> int:
        """Perform the dispatch call `name`: fetch queued callbacks, `run` each here, and send back what they
        return.

        `args` must hold what the service checks (handle and flags). Return the AIS code."""
        if self._is_forked():
            return Code.ERR_BAD_HANDLE
        thread = get_ident()
        while True:
            if self._dispatcher == thread:
                return Code.ERR_TRY_AGAIN  # this is a signal handler during a dispatch
            with self._dispatching:
                try:
                    self._dispatcher = thread
                    rc, out = self._ask(name, args)
                finally:
                    self._dispatcher = 0
                    if self._closed and self._channel is not None:
                        self._channel.sock.close()  # a signal handler left this one open
            if rc != Code.OK:
                # The end of the handle ends a blocking dispatch with OK. The simulator may close the channel
                # before the thread that finalizes has its answer.
                ends = self._closed or self.is_ending
                return Code.OK if ends and flags == _DISPATCH_BLOCKING else rc
            callbacks = out["callbacks"]
            for number, callback, arguments in callbacks:
                if self._closed:
                    break
                answer = run(callback, arguments)
                if number:
                    self._send_return(number, Code.ERR_FAILED_OPERATION if answer is None else answer)
            if flags != _DISPATCH_BLOCKING or not callbacks or self._closed:
                return Code.OK

    def _ask(self, name: str, args: Out) -> tuple[int, Out]:
        """Ask for callbacks and wait for the answer.

        An exception in a signal handler may have ended an earlier wait. The answer to that wait is read
        here."""
        channel = self._open_channel()
        if channel is None:
            return Code.ERR_BAD_HANDLE, {}
        self._asked += 1
        number = self._asked
        try:
            channel.sock.sendall(protocol.encode_line([number, name, args]))
        except OSError:
            return Code.ERR_BAD_HANDLE, {}
        earlier: list[Any] = []
        while True:
            line = channel.read_exactly_a_line()
            if not line:
                return Code.ERR_BAD_HANDLE, {}
            if line == protocol.WAKE:
                continue
            answered, rc, out = protocol.decode_line(line)
            out = out or {}
            if answered != number:
                earlier += out.get("callbacks", ())
            elif rc == Code.OK and earlier:
                return rc, {"callbacks": [*earlier, *out["callbacks"]]}
            else:
                return rc, out

    def _send_return(self, number: int, rc: int) -> None:
        channel = self._channel
        if channel is not None:
            try:
                channel.sock.sendall(protocol.encode_line([0, protocol.RETURN, {"id": number, "rc": rc}]))
            except OSError:
                pass  # the simulator has gone; the next call reports that

    def close(self) -> None:
        """End the session: wake a dispatch that waits in another thread, and close the descriptors."""
        self._closed = True
        for lines in (self._channel, self._lines):
            if lines is not None:
                try:
                    lines.sock.shutdown(_socket.SHUT_RDWR)
                except OSError:
                    pass
        if self._channel is not None and self._dispatcher != get_ident():
            with self._dispatching:  # no thread may read a descriptor number that has been reused
                self._channel.sock.close()
        self._lines.sock.close()


def control(directory: str, name: str, args: Out, timeout: Optional[float] = None) -> tuple[bool, Any]:
    """Send one of saf-shim's own commands to the simulator in `directory`.

    Return whether it succeeded, and its result or the reason. OSError if there is no simulator."""
    folder = os.open(directory, os.O_PATH | os.O_CLOEXEC)
    sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC)
    try:
        sock.connect(f"/proc/self/fd/{folder}/{protocol.SOCKET_NAME}")
        lines = _Lines(sock)
        sock.sendall(protocol.encode_line([protocol.CONTROL]) + protocol.encode_line([1, name, args]))
        deadline = None if timeout is None else monotonic() + timeout
        try:
            lines.read(deadline)
            line = lines.read(deadline)
        except _TimedOutError:
            raise TimeoutError(f"no answer to {name} in {timeout} s") from None
        if not line:
            raise ConnectionResetError("the simulator has gone")
        answer = protocol.decode_line(line)
        return bool(answer[1]), answer[2]
    finally:
        os.close(folder)
        sock.close()
