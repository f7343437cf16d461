# SPDX-License-Identifier: Apache-2.0
"""A thread that receives from a socket and keeps the datagrams until the parser wants them.

The kernel's queue is small, and the kernel counts more bytes than a datagram has. A reader that pauses (to
parse, to print, to ask) loses messages. `ReceiveBuffer` is a transport around another one: its thread only
moves datagrams into a queue in our memory. It decodes nothing, and a fast reader does not need it.
"""

from __future__ import annotations

import os
import select
import threading
from errno import EPIPE
from typing import TYPE_CHECKING

from amf_netwatch.netlink.datagrams import BOUND, DatagramQueue
from amf_netwatch.netlink.errors import LossError, NetlinkError, SocketError, TruncatedError

if TYPE_CHECKING:
    from amf_netwatch.netlink.transport import QueryTransport


class ReceiveBuffer:
    """The transport `inner`, with a queue of at most `bound` datagrams. Closing this closes `inner`.

    The thread runs from construction to `close()` and waits without time-out. What `inner` raises is raised
    by `receive` in its order. After an error that is not a loss, the thread has ended, and every `receive`
    raises that error.
    """

    def __init__(self, inner: QueryTransport, bound: int = BOUND) -> None:
        self._inner = inner
        self._queue = DatagramQueue(bound)
        self._stop, self._stop_writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._thread = threading.Thread(target=self._run, name="netlink-buffer", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """Return the port of the inner transport."""
        return self._inner.port

    @property
    def overflows(self) -> int:
        """Return how often the queue was full."""
        return self._queue.overflows

    def fileno(self) -> int:
        """Return a descriptor that is readable while something is queued; -1 when closed."""
        return self._queue.fileno()

    def receive(self) -> bytes | None:
        """Return the oldest datagram. None if nothing is queued. Raises LossError, SocketError."""
        return self._queue.receive()

    def discard(self) -> None:
        """Empty the queue. The thread may later add datagrams that are still in the kernel's queue."""
        self._queue.discard()

    def send(self, datagram: bytes) -> None:
        """Send at once through the inner transport."""
        self._inner.send(datagram)

    def grow(self, datagram_size: int) -> None:
        """Do nothing: the thread has made room before a TruncatedError is raised."""

    def close(self) -> None:
        """End the thread and close everything. A second call does nothing."""
        if self._stop < 0:
            return
        os.write(self._stop_writer, b"x")
        self._thread.join()
        self._inner.close()
        self._queue.close()
        os.close(self._stop)
        os.close(self._stop_writer)
        self._stop = -1

    def _move(self, event: int) -> None:
        """Receive until nothing is left."""
        datagram = self._inner.receive()
        if datagram is None and event != select.POLLIN:
            # If `receive` does not explain an error or hang-up, the thread would loop without end.
            raise SocketError(EPIPE, "poll")
        while datagram is not None:
            self._queue.put(datagram)
            datagram = self._inner.receive()

    def _run(self) -> None:
        try:
            self._fill()
        except NetlinkError as error:
            self._queue.end(error)
        except BaseException as error:  # this is our own defect, and the reader must get it
            failure = NetlinkError(f"the thread that fills the buffer failed: {error!r}")
            failure.__cause__ = error
            self._queue.end(failure)

    def _fill(self) -> None:
        """Move datagrams and losses until told to stop. Raises errors that are not losses."""
        poll = select.poll()
        poll.register(self._stop, select.POLLIN)
        poll.register(self._inner.fileno(), select.POLLIN)
        while True:
            ready = dict(poll.poll())
            if self._stop in ready:
                return
            try:
                self._move(ready.popitem()[1])
            except LossError as error:
                self._queue.put(error)
                if isinstance(error, TruncatedError):
                    self._inner.grow(error.size)
                else:
                    self._inner.discard()
