# SPDX-License-Identifier: Apache-2.0
"""A thread between a socket and its parser.

The kernel's queue is small and counts in kilobytes of its own. A reader that pauses (to parse, to print, to
ask) loses messages. `ReceiveBuffer` is a transport around another one: its thread does nothing but move
datagrams into a queue in our memory. It decodes nothing, and a reader that is fast does not need it.
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
    """The transport `inner`, which is then ours to close, with at most `bound` datagrams queued behind it.

    The thread runs from construction to `close()` and waits without time-out. What `inner` raises is raised
    by `receive` in its turn. After an error that is no loss the thread has ended, and every `receive` raises
    that error.
    """

    def __init__(self, inner: QueryTransport, bound: int = BOUND) -> None:
        self._inner = inner
        self._queue = DatagramQueue(bound)
        self._stop, self._stop_writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._thread = threading.Thread(target=self._run, name="netlink-buffer", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The inner transport's port."""
        return self._inner.port

    @property
    def overflows(self) -> int:
        """How often the queue was full."""
        return self._queue.overflows

    def fileno(self) -> int:
        """Polls readable while something is queued; -1 when closed."""
        return self._queue.fileno()

    def receive(self) -> bytes | None:
        """The oldest datagram; None: nothing is queued. Raises LossError, SocketError."""
        return self._queue.receive()

    def discard(self) -> None:
        """Empty the queue. Of what is still in the kernel's, the thread brings some in afterwards."""
        self._queue.discard()

    def send(self, datagram: bytes) -> None:
        """Pass on at once."""
        self._inner.send(datagram)

    def grow(self, datagram_size: int) -> None:
        """Nothing: the thread has made room before a TruncatedError is raised."""

    def close(self) -> None:
        """End the thread and close everything; a second call does nothing."""
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
        """Receive until nothing is there."""
        datagram = self._inner.receive()
        if datagram is None and event != select.POLLIN:
            # An error or hang-up that no receive explains would make the thread spin.
            raise SocketError(EPIPE, "poll")
        while datagram is not None:
            self._queue.put(datagram)
            datagram = self._inner.receive()

    def _run(self) -> None:
        try:
            self._fill()
        except NetlinkError as error:
            self._queue.end(error)
        except BaseException as error:  # it is our defect, and whoever reads must hear of it
            failure = NetlinkError(f"the thread that fills the buffer failed: {error!r}")
            failure.__cause__ = error
            self._queue.end(failure)

    def _fill(self) -> None:
        """Move datagrams and losses until told to stop; raises what is no loss."""
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
