# SPDX-License-Identifier: Apache-2.0
"""The server's side of `saf_shim.contract`: the client of one handle (`ServerSession`), and a call that waits
for its answer (`ServerCall`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Optional

from saf_shim import protocol
from saf_shim.codes import Code, DispatchFlag
from saf_shim.contract import Answer, Arguments, Call, CallbackMessage, Service, Session
from saf_shim.server.connection import Connection
from saf_shim.server.loop import ProcessWatch
from saf_shim.server.waiting import Line


class ServerCall:
    """One call that waits for its answer: a `saf_shim.contract.Call`."""

    __slots__ = ("_answer", "answered", "args", "connection", "line", "lost", "name", "number", "session")

    def __init__(
        self,
        connection: Connection,
        session: ServerSession,
        request: tuple[int, str, Arguments],
        line: bytes,
        answer: Callable[[ServerCall, int, Optional[Mapping[str, Any]]], None],
    ) -> None:
        """`request` is the call's number, name and arguments, decoded from `line`. `answer` sends the
        answer."""
        self.connection = connection
        self.session: Session = session
        self.number, self.name, self.args = request
        self.line = line
        self.answered = False
        self.lost = False  # True if the answer must not reach the client
        self._answer = answer

    def reply(self, rc: int, out: Optional[Mapping[str, Any]] = None) -> None:
        """Answer the call. Only the first answer counts."""
        if self.answered:
            return
        self.answered = True
        self._answer(self, int(rc), out)


class ServerSession:
    """The client of one handle: a `saf_shim.contract.Session`."""

    def __init__(
        self, number: int, pid: int, environment: Mapping[str, str], main: Connection, line: Line
    ) -> None:
        """Make the session. `line` delays the calls that follow a late call."""
        self.id = number
        self.line = line
        self.pid = pid
        self.environment = environment
        self.main = main
        self.channel: Optional[Connection] = None  # the connection of the selection object
        self.watch: Optional[ProcessWatch] = None  # watches the client's process
        self.service: Optional[Service] = None
        self.closed = False
        self.finalized = False
        self.lost = False
        self.data: Any = None
        self._queue: deque[tuple[int, CallbackMessage]] = deque()
        self._returns: dict[int, Callable[[Optional[int]], None]] = {}
        self._blocked: list[Call] = []
        self._callbacks = 0
        self._awake = False  # True if the channel holds a wake-up that the client has not read

    def push(
        self, callback: CallbackMessage, on_return: Optional[Callable[[Optional[int]], None]] = None
    ) -> None:
        """Queue a callback and make the selection object readable."""
        if self.closed:
            if on_return is not None:
                on_return(None)
            return
        self._callbacks += 1
        if on_return is not None:
            self._returns[self._callbacks] = on_return
        self._queue.append((self._callbacks, callback))
        if self._blocked:
            call = self._blocked.pop(0)
            call.reply(Code.OK, {"callbacks": self._take(1)})
        self.wake()

    def dispatch(self, call: Call, flags: int) -> Optional[Answer]:
        """Send queued callbacks to the client: one, all, or the next one (when there is one)."""
        if flags == DispatchFlag.ONE or (flags == DispatchFlag.BLOCKING and self._queue):
            return Answer(Code.OK, {"callbacks": self._take(1)})
        if flags == DispatchFlag.ALL:
            return Answer(Code.OK, {"callbacks": self._take(len(self._queue))})
        if flags == DispatchFlag.BLOCKING:
            self._blocked.append(call)
            return None
        return Answer(Code.ERR_INVALID_PARAM)

    def _take(self, count: int) -> list[Any]:
        taken = []
        for _ in range(min(count, len(self._queue))):
            number, (name, args) = self._queue.popleft()
            taken.append([number if number in self._returns else 0, name, args])
        return taken

    def wake(self) -> None:
        """Make the selection object readable if a callback is queued or the session is lost."""
        if (self._queue or self.lost) and not self._awake and self.channel is not None:
            self._awake = True
            self.channel.send(protocol.WAKE)

    def note_channel_is_read(self) -> None:
        """Note that a wake-up is read: call this before an answer goes out, because its reader skips
        wake-ups."""
        self._awake = False

    def returned(self, number: int, rc: int) -> None:
        """Pass on the return value of the program's function for callback `number`."""
        on_return = self._returns.pop(number, None)
        if on_return is not None:
            on_return(rc)

    def discard(self, match: Callable[[CallbackMessage], bool]) -> int:
        """Drop the queued callbacks for which `match` is true."""
        kept = deque(item for item in self._queue if not match(item[1]))
        dropped = len(self._queue) - len(kept)
        self._queue = kept
        return dropped

    def finish(self) -> None:
        """End the session after the answer to the present call, because its handle has been finalized."""
        self.finalized = True
        self._end_blocked(Code.OK)

    def lose(self) -> None:
        """Answer ERR_BAD_HANDLE to all later calls, and make the selection object readable."""
        self.lost = True
        self._end_blocked(Code.ERR_BAD_HANDLE)
        self.wake()

    def _end_blocked(self, rc: Code) -> None:
        blocked, self._blocked = self._blocked, []
        for call in blocked:
            call.reply(rc, {"callbacks": []})

    def end(self) -> None:
        """Drop the queued callbacks. The server calls this once, when the client has gone or has
        finalized."""
        self._queue.clear()
        self._blocked.clear()
        waiting, self._returns = self._returns, {}
        for on_return in waiting.values():
            on_return(None)
