# SPDX-License-Identifier: Apache-2.0
"""Where datagrams come from and requests go to, as the other modules see it.

These are a `NetlinkSocket`, a `ReceiveBuffer`, a `DatagramQueue` and a recording. The classes here have no
effect at run time: they are for the type checker, and for those who write another transport.
"""

from __future__ import annotations

from typing import Protocol


class Transport(Protocol):
    """Where datagrams come from: a `NetlinkSocket`, a `ReceiveBuffer`, a recording. Never blocks."""

    def fileno(self) -> int:
        """A descriptor that polls readable when `receive` has something to say."""

    def receive(self) -> bytes | None:
        """The next datagram; None: nothing is there. Raises LossError, SocketError."""

    def discard(self) -> None:
        """Throw away what has queued up. What is sent from now on will be received."""

    def close(self) -> None:
        """Release the descriptors; a second call does nothing."""


class QueryTransport(Transport, Protocol):
    """A transport that also takes requests."""

    @property
    def port(self) -> int:
        """Our port: the kernel puts it on every answer."""

    def send(self, datagram: bytes) -> None:
        """Hand one datagram to the kernel."""

    def grow(self, datagram_size: int) -> None:
        """Make room for datagrams of this size."""
