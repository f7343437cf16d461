# SPDX-License-Identifier: Apache-2.0
"""A thread between a socket and its parser.

The kernel's queue is small and counts in kilobytes of its own; a reader that pauses (to parse, to print, to
ask) loses messages.  `ReceiveBuffer` is a `Transport` around another one: its thread does nothing but move
datagrams into a queue in our memory.  The queue is bounded, and its overflow is an overrun, as if the
kernel's had overflowed: what was queued before it is handed out first, then OverrunError is raised once.

Not a place to decode anything, and not needed by those who read fast.
"""

from __future__ import annotations

import os
import select
import threading
from collections import deque
from typing import Union

from amf_netwatch.netlink.conversation import QueryTransport
from amf_netwatch.netlink.errors import LossError, NetlinkError, OverrunError, TruncatedError

QUEUE = 4096  # datagrams: 5 MB of link events
_Item = Union[bytes, NetlinkError]


class ReceiveBuffer:
    """The transport `inner`, which is then ours to close, with a queue of at most `bound` datagrams behind
    it.

    The thread runs from construction to `close()`; after that it has ended and all descriptors are closed.
    It waits without time-out.  When `inner` fails, its error is handed out in its turn; after a SocketError
    the thread has ended, and every further `receive` raises that error.
    """

    def __init__(self, inner: QueryTransport, bound: int = QUEUE) -> None:
        self.overflows = 0
        self._inner = inner
        self._bound = bound
        self._queue: deque[_Item] = deque()
        self._overflowed = False  # since then nothing is queued until the queue has been read empty
        self._failure: NetlinkError | None = None
        self._lock = threading.Lock()  # guards the three above and the state of `_ready`
        self._ready, self._ready_writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._stop, self._stop_writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._thread = threading.Thread(target=self._run, name="netlink-buffer", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The inner transport's port."""
        return self._inner.port

    def fileno(self) -> int:
        """Polls readable while something is queued; -1 when closed."""
        return self._ready

    def receive(self) -> bytes | None:
        """The oldest datagram of the queue; None: it is empty.  Raises what the inner transport raised."""
        with self._lock:
            if not self._queue:
                if self._failure is not None:
                    raise self._failure
                return None
            item = self._queue.popleft()
            if not self._queue and self._failure is None:
                os.read(self._ready, 1)
                if self._overflowed:
                    self._overflowed = False
        if isinstance(item, bytes):
            return item
        raise item

    def send(self, datagram: bytes) -> None:
        """Pass on at once."""
        self._inner.send(datagram)

    def grow(self, datagram_size: int) -> None:
        """Nothing: the thread has made room when a TruncatedError is handed out."""

    def discard(self) -> None:
        """Empty the queue.  Of what is still in the kernel's, the thread may bring in some afterwards."""
        with self._lock:
            if self._queue and self._failure is None:
                os.read(self._ready, 1)
            self._queue.clear()
            self._overflowed = False

    def close(self) -> None:
        """End the thread and close everything; a second call does nothing."""
        if self._ready < 0:
            return
        os.write(self._stop_writer, b"x")
        self._thread.join()
        self._inner.close()
        for descriptor in (self._ready, self._ready_writer, self._stop, self._stop_writer):
            os.close(descriptor)
        self._ready = -1

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._stop, select.POLLIN)
        poll.register(self._inner.fileno(), select.POLLIN)
        while True:
            ready = dict(poll.poll())
            if self._stop in ready:
                return
            try:
                while (datagram := self._inner.receive()) is not None:
                    self._put(datagram)
            except LossError as error:
                if isinstance(error, TruncatedError):
                    self._inner.grow(error.size)
                else:
                    self._inner.discard()
                self._put(error)
            except NetlinkError as error:
                with self._lock:
                    if not self._queue:
                        os.write(self._ready_writer, b"x")
                    self._failure = error  # from now on the descriptor stays readable
                return

    def _put(self, item: _Item) -> None:
        with self._lock:
            if self._overflowed:
                return
            if not self._queue:
                os.write(self._ready_writer, b"x")
            if len(self._queue) >= self._bound:
                self._overflowed = True
                self.overflows += 1
                item = OverrunError(f"more than {self._bound} datagrams were queued")
            self._queue.append(item)
