# SPDX-License-Identifier: Apache-2.0
"""Sockets on which the n-th change fails: the kernel refuses it, its answer is lost, the socket dies."""

from __future__ import annotations

import os
import signal
from errno import EBADF
from struct import Struct
from typing import Any, Callable

from amf_netwatch.netlink.codec.messages import HEADER, HEADER_SIZE
from amf_netwatch.netlink.errors import OverrunError, SocketError
from amf_netwatch.netlink.socket import NetlinkSocket

_CHANGES = frozenset((16, 17, 19, 20, 21, 24, 25, 28, 29, 32, 33))  # NEW..., DEL..., SET...
_NO_TYPE = 0x7FF0  # the kernel knows no such message
_ERRNO = Struct("=i")


class Fault:
    """Strikes once, at change number `place` (from 0).

    `kind`: an errno, which the kernel seems to answer; "overrun", "silence" (the change is carried out, the
    answer is lost), "closed" (carried out, and the socket is gone), "killed" (carried out, then kill -9).
    """

    def __init__(self, kind: int | str, place: int) -> None:
        self.kind = kind
        self.place = place
        self.count = 0
        self.struck = False

    def open(self) -> FaultySocket:
        """Return the function with which transactions open their sockets."""
        return FaultySocket(self)


class FaultySocket(NetlinkSocket):
    """A socket to the real kernel, with a fault."""

    def __init__(self, fault: Fault, **options: Any) -> None:
        super().__init__(receive_buffer=None, extended_ack=True, strict=True, **options)
        self._fault = fault
        self._sequence = -1
        self._lose: Callable[[], None] | None = None

    def send(self, datagram: bytes) -> None:
        fault = self._fault
        changed = bytearray(datagram)
        offset = 0
        strike = False
        while offset < len(changed):
            length, kind, flags, sequence, port = HEADER.unpack_from(changed, offset)
            if kind in _CHANGES:
                if fault.count == fault.place and not fault.struck:
                    fault.struck = strike = True
                    if isinstance(fault.kind, int):
                        HEADER.pack_into(changed, offset, length, _NO_TYPE, flags, sequence, port)
                        self._sequence = sequence
                fault.count += 1
            offset += (length + 3) & ~3
        super().send(bytes(changed))
        if strike and not isinstance(fault.kind, int):
            self._strike(fault.kind)

    def _strike(self, kind: str) -> None:
        if kind == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        elif kind == "overrun":
            self._lose = self._overrun
        elif kind == "silence":
            self._lose = self._silence
        elif kind == "closed":
            self.close()
            raise SocketError(EBADF, "send")

    def _overrun(self) -> None:
        self._lose = None
        self.discard()
        raise OverrunError("the receive buffer was full")

    def _silence(self) -> None:
        self.discard()

    def receive(self) -> bytes | None:
        if self._lose is not None:
            self._lose()
            return None
        datagram = super().receive()
        if datagram is None or self._sequence < 0:
            return datagram
        kind, sequence = HEADER.unpack_from(datagram)[1], HEADER.unpack_from(datagram)[3]
        if kind == 2 and sequence == self._sequence:
            self._sequence = -1
            return datagram[:HEADER_SIZE] + _ERRNO.pack(-int(self._fault.kind)) + datagram[HEADER_SIZE + 4 :]
        return datagram
