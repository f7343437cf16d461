# SPDX-License-Identifier: Apache-2.0
"""A queue of datagrams that is a transport: one side puts datagrams in, the other side receives them.

A `ReceiveBuffer` puts in the datagrams of a socket, a replay those of a recording, a test its own. So the
listener, a conversation and a monitor run unchanged on all of them. It decodes nothing.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from typing import Union

from amf_netwatch.netlink.errors import NetlinkError, OverrunError

BOUND = 4096  # datagrams: 5 MB of link events
Item = Union[bytes, NetlinkError]
"""A datagram, or an error that `receive` raises when its turn comes."""


class DatagramQueue:
    """At most `bound` datagrams, in order. One thread may put and another may receive.

    An overflow counts as an overrun, as if a kernel's queue had overflowed: the earlier datagrams are
    received first, then OverrunError is raised once, and the datagrams put in until then are lost.
    `overflows` counts.
    """

    def __init__(self, bound: int = BOUND) -> None:
        self.overflows = 0
        self._bound = bound
        self._items: deque[Item] = deque()
        self._overflowed = False  # while True, nothing is kept until the queue has been read empty
        self._end: NetlinkError | None = None
        self._lock = threading.Lock()  # guards the four above and what is in the pipe
        # The pipe holds one byte while there is something to receive. So the queue can be polled.
        self._ready, self._ready_writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)

    def put(self, item: Item) -> None:
        """Add a datagram, or an error to be raised in its turn. After `end()` this does nothing."""
        with self._lock:
            if self._overflowed or self._end is not None:
                return
            if len(self._items) >= self._bound:
                self._overflowed = True
                self.overflows += 1
                item = OverrunError(f"more than {self._bound} datagrams were queued")
            if not self._items:
                os.write(self._ready_writer, b"x")
            self._items.append(item)

    def end(self, error: NetlinkError) -> None:
        """End the queue: after the queued items, every `receive` raises this error."""
        with self._lock:
            if self._end is None:
                if not self._items:
                    os.write(self._ready_writer, b"x")
                self._end = error  # the byte stays in the pipe from now on

    def fileno(self) -> int:
        """Return a descriptor that is readable while there is something to receive; -1 when closed."""
        return self._ready

    def receive(self) -> bytes | None:
        """Return the oldest datagram. None if nothing is there. Raises errors that were put in."""
        with self._lock:
            if not self._items:
                if self._end is not None:
                    raise self._end
                return None
            item = self._items.popleft()
            if not self._items:
                self._emptied()
        if isinstance(item, bytes):
            return item
        raise item

    def discard(self) -> None:
        """Throw the queued items away."""
        with self._lock:
            if self._items:
                self._items.clear()
                self._emptied()

    def close(self) -> None:
        """Close the descriptors. A second call does nothing."""
        with self._lock:
            if self._ready >= 0:
                os.close(self._ready)
                os.close(self._ready_writer)
                self._ready = -1

    def _emptied(self) -> None:
        self._overflowed = False
        if self._end is None:
            os.read(self._ready, 1)
