# SPDX-License-Identifier: Apache-2.0
"""One accepted socket: lines in, lines out. It knows neither sessions nor calls.

Nothing here blocks, and nothing that is received is trusted. A peer that does not speak the protocol, sends
an endless line or does not read its answers is closed, and no other client notices.
"""

from __future__ import annotations

import socket
import struct
from collections import deque
from collections.abc import Callable
from typing import Any

from saf_shim import protocol
from saf_shim.server.loop import READ, WRITE, Loop

MAX_UNREAD = 64 * 1024 * 1024  # bytes of answers that may wait for a peer that does not read
_CHUNK = 256 * 1024
_CREDENTIALS = struct.Struct("3i")  # struct ucred: pid, uid, gid

Receiver = Callable[[list[Any], bytes], None]


class Connection:
    """One peer. Its owner sets `receive` and `on_close`, and may set another `receive` at any time."""

    def __init__(self, loop: Loop, sock: socket.socket, report: Callable[[str], None]) -> None:
        """Take over a non-blocking socket. `report` gets a line for the log if the peer breaks the rules."""
        self._loop = loop
        self._sock = sock
        self._report = report
        self.fd = sock.fileno()
        self.pid: int = _CREDENTIALS.unpack(
            sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        )[0]
        # Gets each message, decoded and as the received line. ProtocolError closes the connection.
        self.receive: Receiver = _expect_nothing
        self.on_close: Callable[[], None] = _do_nothing
        self.owed = 0  # answers that the owner has not sent yet; the owner counts them
        self.closed = False
        self._lines = protocol.LineBuffer()
        self._unsent: deque[bytes] = deque()
        self._unsent_size = 0
        loop.register(self.fd, self._ready)

    def _ready(self, events: int) -> None:
        if events & WRITE:
            self._flush()
        if events & READ and not self.closed:
            self._read()

    def _read(self) -> None:
        try:
            chunk = self._sock.recv(_CHUNK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            chunk = b""
        if not chunk:
            self.close()
            return
        try:
            for line in self._lines.feed(chunk):
                self.receive(protocol.decode_line(line), line)
                if self.closed:
                    return
        except protocol.ProtocolError as error:
            self._report(f"closing connection of pid {self.pid}: {error}")
            self.close()

    def send(self, data: bytes) -> None:
        """Send now what the socket accepts, and the rest as soon as possible."""
        if self.closed:
            return
        if not self._unsent:
            try:
                sent = self._sock.send(data)
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError:
                self._loop.start_timer(0, self.close)  # not now: the caller is in the middle of a call
                return
            if sent == len(data):
                return
            data = data[sent:]
            self._loop.modify(self.fd, READ | WRITE)
        self._unsent.append(data)
        self._unsent_size += len(data)
        if self._unsent_size > MAX_UNREAD:
            self._report(f"closing connection of pid {self.pid}: it does not read")
            self._loop.start_timer(0, self.close)

    def _flush(self) -> None:
        while self._unsent:
            data = self._unsent[0]
            try:
                sent = self._sock.send(data)
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
        self._loop.modify(self.fd, READ)

    def close(self) -> None:
        """Close the socket and call `on_close`. A second call does nothing."""
        if self.closed:
            return
        self.closed = True
        self._send_what_goes()
        self._loop.unregister(self.fd)
        self._sock.close()
        self.on_close()

    def abandon(self) -> None:
        """Close the socket at the end of the server, without calling `on_close`."""
        self._sock.close()

    def _send_what_goes(self) -> None:
        for data in self._unsent:
            try:
                if self._sock.send(data) < len(data):
                    return
            except OSError:
                return


def _expect_nothing(_message: list[Any], _line: bytes) -> None:
    raise protocol.ProtocolError("nobody listens")


def _do_nothing() -> None:
    """Do nothing at the end of a connection whose owner has not set `on_close`."""
