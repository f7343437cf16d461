# SPDX-License-Identifier: Apache-2.0
"""The interface of what delivers datagrams and takes requests, as the other modules see it.

A `NetlinkSocket`, a `ReceiveBuffer`, a `DatagramQueue` and a recording have it. The classes here have no
effect at run time: they are for the type checker, and for people who write another transport.
"""

from __future__ import annotations

from typing import Protocol


class Transport(Protocol):
    """A source of datagrams: a `NetlinkSocket`, a `ReceiveBuffer`, a recording. It never blocks."""

    def fileno(self) -> int:
        """Return a descriptor that is readable when `receive` has a result or an error."""

    def receive(self) -> bytes | None:
        """Return the next datagram. None if nothing is there. Raises LossError, SocketError."""

    def discard(self) -> None:
        """Throw the queued datagrams away. Datagrams that are sent from now on will be received."""

    def close(self) -> None:
        """Close the descriptors. A second call does nothing."""


class QueryTransport(Transport, Protocol):
    """A transport that also takes requests."""

    @property
    def port(self) -> int:
        """Return our port, which the kernel puts into every answer."""

    def send(self, datagram: bytes) -> None:
        """Send one datagram to the kernel."""

    def grow(self, datagram_size: int) -> None:
        """Make room for datagrams of this size."""
