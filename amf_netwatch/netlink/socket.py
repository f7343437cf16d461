# SPDX-License-Identifier: Apache-2.0
"""The netlink socket. Only this module of the project opens AF_NETLINK.

It sends and receives datagrams and reports correctly what was lost; it decodes nothing. It never blocks:
callers that wait poll `fileno()`.

Rules: the kernel chooses the port (our process id would collide with any second socket); a datagram that does
not come from the kernel (port 0) is dropped and counted; a truncated datagram and a full receive buffer are
errors with names; NETLINK_NO_ENOBUFS is not used, because it only hides the loss.

After an overrun the kernel delivers nothing more until the queue has been read empty, and it does not report
what it drops until then. So after an OverrunError, first call `discard()`, and then read again everything
that you follow.
"""

from __future__ import annotations

import _socket  # `socket` costs 6 ms and 1.3 MB to import and adds nothing that is used here
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Union

from amf_netwatch.netlink.errors import OverrunError, SocketError, TruncatedError

Namespace = Union[str, int]
"""A network namespace: a name known to `ip netns`, a path that contains a slash, or an open descriptor."""

_NETLINK_ROUTE = 0
_SOL_NETLINK = 270
_NETLINK_ADD_MEMBERSHIP = 1
_NETLINK_EXT_ACK = 11
_NETLINK_GET_STRICT_CHK = 12
_CLONE_NEWNET = 0x40000000
_NAMESPACES = "/run/netns"

RECEIVE_BUFFER = 1 << 20  # the default of 212,992 bytes holds 92 link messages: ten container starts
DATAGRAM_SIZE = 1 << 16  # only VF lists are larger (and dumps adapt to the reader)
_SO_RCVBUFFORCE = 33
_EPERM = 1
_ENOPROTOOPT = 92
_ENOBUFS = 105
_AGAIN = (4, 11)  # EINTR, EAGAIN


class NetlinkSocket:
    """One rtnetlink socket, for one thread at a time.

    `groups`: the multicast groups (`Group`) to subscribe to. `receive_buffer`: bytes to ask the kernel for;
    unprivileged processes may get less. `namespace`: where to open it, see `Namespace`; it needs
    CAP_SYS_ADMIN. `extended_ack`: errors come with a sentence. `strict`: the kernel checks requests and
    applies their filters. Raises SocketError.
    """

    def __init__(
        self,
        groups: Iterable[int] = (),
        *,
        receive_buffer: int | None = RECEIVE_BUFFER,
        datagram_size: int = DATAGRAM_SIZE,
        namespace: Namespace | None = None,
        extended_ack: bool = False,
        strict: bool = False,
    ) -> None:
        self.foreign = 0  # datagrams dropped because they did not come from the kernel
        self._buffer = bytearray(datagram_size)
        self._view = memoryview(self._buffer)
        try:
            self._socket = _open(namespace)
        except OSError as error:
            raise SocketError(error.errno or 0, "open") from error
        try:
            self._socket.setblocking(False)
            if receive_buffer is not None:
                _ask_receive_buffer(self._socket, receive_buffer)
            if extended_ack:
                _set_if_known(self._socket, _NETLINK_EXT_ACK)
            if strict:
                _set_if_known(self._socket, _NETLINK_GET_STRICT_CHK)
            self._socket.bind((0, 0))
            for group in groups:
                self._socket.setsockopt(_SOL_NETLINK, _NETLINK_ADD_MEMBERSHIP, int(group))
            self.port: int = self._socket.getsockname()[0]
        except OSError as error:
            self._socket.close()
            raise SocketError(error.errno or 0, "set up") from error

    def __enter__(self) -> NetlinkSocket:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def receive_buffer(self) -> int:
        """Return the size that the kernel gave, by its own count: twice the size that was asked for."""
        return self._socket.getsockopt(_socket.SOL_SOCKET, _socket.SO_RCVBUF)

    def fileno(self) -> int:
        """Return the descriptor for polling; -1 when closed."""
        return self._socket.fileno()

    def receive(self) -> bytes | None:
        """Return the kernel's next datagram. None if nothing is there.

        Raises OverrunError, TruncatedError (see `grow`), SocketError.
        """
        while True:
            try:
                # With MSG_TRUNC, the result is the datagram's real size, even if it did not fit.
                size, sender = self._socket.recvfrom_into(self._buffer, 0, _socket.MSG_TRUNC)
            except OSError as error:
                if error.errno in _AGAIN:
                    return None
                if error.errno == _ENOBUFS:
                    raise OverrunError("the receive buffer was full") from error
                raise SocketError(error.errno or 0, "receive") from error
            if sender[0] != 0:
                self.foreign += 1
                continue
            if size > len(self._buffer):
                raise TruncatedError(size)
            return bytes(self._view[:size])

    def send(self, datagram: bytes) -> None:
        """Send one datagram to the kernel. When this returns, the answers are in the receive queue."""
        try:
            self._socket.sendto(datagram, (0, 0))
        except OSError as error:
            raise SocketError(error.errno or 0, "send") from error

    def grow(self, datagram_size: int) -> None:
        """Make room for datagrams of this size. Call this after a TruncatedError."""
        if datagram_size > len(self._buffer):
            self._view.release()
            self._buffer = bytearray(datagram_size)
            self._view = memoryview(self._buffer)

    def discard(self) -> None:
        """Read the receive queue empty. This also ends the state after an overrun. Raises SocketError.

        It takes half a microsecond for each datagram, and is four times faster than the kernel can fill the
        queue. Closing and opening again would be faster, but a process that gave up its privileges could not
        get the same socket again.
        """
        receive, mark = self._socket.recv_into, bytearray(1)
        while True:
            try:
                receive(mark)
            except OSError as error:
                if error.errno in _AGAIN:
                    return
                if error.errno != _ENOBUFS:
                    raise SocketError(error.errno or 0, "receive") from error

    def close(self) -> None:
        """Close the socket. A second call does nothing."""
        self._socket.close()


def _set_if_known(opened: _socket.socket, option: int) -> None:
    """Switch an option of AF_NETLINK on. A kernel that does not know the option works without it."""
    try:
        opened.setsockopt(_SOL_NETLINK, option, 1)
    except OSError as error:
        if error.errno != _ENOPROTOOPT:
            raise


def _ask_receive_buffer(opened: _socket.socket, size: int) -> None:
    """Ask without privilege first. Ask with privilege only if that gave less, because AppArmor logs each
    try."""
    opened.setsockopt(_socket.SOL_SOCKET, _socket.SO_RCVBUF, size)
    if opened.getsockopt(_socket.SOL_SOCKET, _socket.SO_RCVBUF) < 2 * size:
        try:
            opened.setsockopt(_socket.SOL_SOCKET, _SO_RCVBUFFORCE, size)
        except OSError as error:
            if error.errno != _EPERM:
                raise


def _open(namespace: Namespace | None) -> _socket.socket:
    """Return an unbound socket."""
    with entered(namespace):
        return _socket.socket(_socket.AF_NETLINK, _socket.SOCK_RAW | _socket.SOCK_CLOEXEC, _NETLINK_ROUTE)


@contextmanager
def entered(namespace: Namespace | None) -> Iterator[None]:
    """Put the calling thread into this network namespace inside the block. Sockets opened there stay there.

    With None nothing happens. Raises OSError if there is no such namespace, or without CAP_SYS_ADMIN.
    """
    if namespace is None:
        yield
        return
    here = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        if isinstance(namespace, int):
            _enter(namespace)
        else:
            path = namespace if "/" in namespace else f"{_NAMESPACES}/{namespace}"
            there = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                _enter(there)
            finally:
                os.close(there)
        try:
            yield
        finally:
            _enter(here)
    finally:
        os.close(here)


def _enter(descriptor: int) -> None:
    """Move the calling thread into the network namespace behind this descriptor. Raises OSError."""
    if sys.version_info >= (3, 12):
        os.setns(descriptor, _CLONE_NEWNET)
        return
    import ctypes  # noqa: PLC0415 - 10 ms, and only `monitor --netns` comes here

    if ctypes.CDLL(None, use_errno=True).setns(descriptor, _CLONE_NEWNET) != 0:
        errno = ctypes.get_errno()
        raise OSError(errno, os.strerror(errno))
