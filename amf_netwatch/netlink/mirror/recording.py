# SPDX-License-Identifier: Apache-2.0
"""Recordings: everything that a mirror has received, with times, in a file that any machine can play.

::

     0         8      9     10                16
    +---------+------+-----+-----------------+
    | magic   | ver. | e   | zero            |  file header; e: byte order of the datagrams, "<" or ">"
    +---------+------+-----+--------+--------+
    | length of payload    | kind   | zero   |  record header: u32, u8, three zero bytes
    +----------------------+--------+--------+
    | time: nanoseconds since the epoch      |  u64
    +----------------------+-----------------+
    | CRC-32               | payload ...        of the 16 bytes before it and the payload: u32
    +----------------------+-----------------

The numbers of the file itself are little-endian. A record is written by one system call. So a recording that
was cut short (by a full disk or a crash) is valid up to its last complete record; reading ends there, and
`Recording.damage` has the reason. Records of unknown kind are ignored, so later versions may add kinds and
keep the version number.

========  =======================================================================  ====================
kind      payload                                                                  call of `Mirror`
========  =======================================================================  ====================
EVENT     a datagram of the event socket                                           apply
LOSS      text: overrun, truncated, unreadable, interrupted, unanswered, reopened  lose
ANSWER    a datagram of the answers to a dump                                      (kept)
LOADED    none: the answers kept so far are whole tables                           load
SETTLED   none                                                                     settle
MARKED    none                                                                     begin_dump
REREAD    family u8, zero u8 u16, table u32 (all ones: any), link u32 (0: any)     apply_route_dump
NOTE      text: where it was made                                                  (none)
RELISTED  u32: the answers are all IPv6 addresses of this link (0: of all links)   apply_address_dump
RELINKED  none: the answers are links                                              apply_link_dump
RERULED   u32: the answers are all rules of this family                            apply_rule_dump
========  =======================================================================  ====================

`follower`, and not this module, listens and decides when to dump.
"""

from __future__ import annotations

import os
import sys
from binascii import crc32
from collections import deque
from collections.abc import Iterable, Iterator
from enum import IntEnum
from stat import S_ISREG
from struct import Struct
from time import time_ns
from typing import Any, Callable, NamedTuple

from amf_netwatch.netlink.codec.messages import Message, iter_messages
from amf_netwatch.netlink.codec.parsers import ParserRegistry
from amf_netwatch.netlink.datagrams import DatagramQueue
from amf_netwatch.netlink.errors import DecodeError, OverrunError, RecordingError, TruncatedError
from amf_netwatch.netlink.mirror.tables.mirror import Mirror
from amf_netwatch.netlink.mirror.tables.routes import RouteScope
from amf_netwatch.netlink.transport import QueryTransport

MAGIC = b"\x89NLREC\r\n"  # copying the file as text would change these bytes
VERSION = 1
LONGEST = 1 << 26  # bytes of a payload; a larger number means damage
_HEADER = Struct("<8sBc6x")
_RECORD = Struct("<IB3xQ")
_CRC = Struct("<I")
_SCOPE = Struct("<B3xII")
_INDEX = Struct("<I")
_ANY_TABLE = 0xFFFFFFFF
_BYTE_ORDER = b"<" if sys.byteorder == "little" else b">"


class RecordKind(IntEnum):
    """What a record holds; the table above explains the kinds."""

    EVENT = 1
    LOSS = 2
    ANSWER = 3
    LOADED = 4
    SETTLED = 5
    MARKED = 6
    REREAD = 7
    NOTE = 8
    RELISTED = 9
    RELINKED = 10
    RERULED = 11


class Record(NamedTuple):
    """One record. `kind` may be a number that this version does not know."""

    kind: int
    time: float  # seconds since the epoch
    payload: bytes = b""


class Recorder:
    """Writes a recording. Only one thread may use it.

    Only its owner can read the file, because it holds addresses of the network. A recording or an empty file
    with this name is overwritten; any other regular file is left as it is. Raises OSError, and
    RecordingError for such a file.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if S_ISREG(os.fstat(self._descriptor).st_mode):
                head = os.pread(self._descriptor, len(MAGIC), 0)
                if head not in (b"", MAGIC):
                    raise RecordingError(f"{os.fsdecode(path)} is no recording: it is not overwritten")
                os.ftruncate(self._descriptor, 0)
            self._write(_HEADER.pack(MAGIC, VERSION, _BYTE_ORDER))
            system = os.uname()
            self.write(RecordKind.NOTE, f"{system.sysname} {system.release} {system.machine}".encode())
        except (OSError, RecordingError):
            os.close(self._descriptor)
            raise

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, kind: RecordKind, payload: bytes = b"") -> None:
        """Write one record, with the present time."""
        head = _RECORD.pack(len(payload), kind, time_ns())
        self._write(head + _CRC.pack(crc32(payload, crc32(head))) + payload)

    def tap(self, transport: QueryTransport) -> AnswerRecorder:
        """Return a transport that behaves like this one and also keeps the answers."""
        return AnswerRecorder(transport)

    def event(self, datagram: bytes) -> None:
        """Record a datagram of the event socket."""
        self.write(RecordKind.EVENT, datagram)

    def loss(self, reason: str) -> None:
        """Record that something was lost."""
        self.write(RecordKind.LOSS, reason.encode())

    def loaded(self, answers: Iterable[bytes]) -> None:
        """Record that whole tables were dumped."""
        self._answers(answers)
        self.write(RecordKind.LOADED)

    def settled(self) -> None:
        """Record that everything has been read."""
        self.write(RecordKind.SETTLED)

    def marked(self) -> None:
        """Record that something is being read again."""
        self.write(RecordKind.MARKED)

    def reread(self, scope: RouteScope, answers: Iterable[bytes]) -> None:
        """Record that routes were read again."""
        self._answers(answers)
        table = _ANY_TABLE if scope.table is None else scope.table
        self.write(RecordKind.REREAD, _SCOPE.pack(scope.family, table, scope.interface))

    def relisted(self, ifindex: int, answers: Iterable[bytes]) -> None:
        """Record that IPv6 addresses were read again."""
        self._answers(answers)
        self.write(RecordKind.RELISTED, _INDEX.pack(ifindex))

    def relinked(self, answers: Iterable[bytes]) -> None:
        """Record that links were read again."""
        self._answers(answers)
        self.write(RecordKind.RELINKED)

    def reruled(self, family: int, answers: Iterable[bytes]) -> None:
        """Record that the rules of a family were read again."""
        self._answers(answers)
        self.write(RecordKind.RERULED, _INDEX.pack(family))

    def _answers(self, answers: Iterable[bytes]) -> None:
        for answer in answers:
            self.write(RecordKind.ANSWER, answer)

    def close(self) -> None:
        """Close the file. A second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]


class Recording:
    """The records of a file, in order, which are read while you iterate. Raises RecordingError, OSError.

    After the iteration `damage` is None, or has the reason why the last records are missing.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.damage: str | None = None
        self._path = path
        with open(path, "rb") as file:
            head = file.read(_HEADER.size)
        if len(head) < _HEADER.size or not head.startswith(MAGIC):
            raise RecordingError(f"{os.fsdecode(path)} is no recording")
        _, version, order = _HEADER.unpack(head)
        if version != VERSION:
            raise RecordingError(f"{os.fsdecode(path)} has version {version}, this program reads {VERSION}")
        if order != _BYTE_ORDER:
            raise RecordingError(f"{os.fsdecode(path)} was made on a machine of the other byte order")

    def __iter__(self) -> Iterator[Record]:
        self.damage = None
        with open(self._path, "rb") as file:
            offset = _HEADER.size
            file.seek(offset)
            while head := file.read(_RECORD.size + _CRC.size):
                if len(head) < _RECORD.size + _CRC.size:
                    self.damage = f"it ends within a record, at byte {offset}"
                    return
                length, kind, time = _RECORD.unpack_from(head)
                payload = file.read(length) if length <= LONGEST else b""
                if len(payload) < length <= LONGEST:
                    self.damage = f"it ends within a record, at byte {offset}"
                    return
                (checksum,) = _CRC.unpack_from(head, _RECORD.size)
                if length > LONGEST or crc32(payload, crc32(head[: _RECORD.size])) != checksum:
                    self.damage = f"the record at byte {offset} is damaged"
                    return
                offset += len(head) + length
                yield Record(kind, time / 1e9, payload)


def replay(records: Iterable[Record], mirror: Mirror, tick: Callable[[float], None] | None = None) -> int:
    """Give a mirror everything that was recorded. `tick` is called first with the time of each record.

    Return how many datagrams did not decode. The messages before the fault in such a datagram are used.
    """
    answers: list[Any] = []
    registry = ParserRegistry()
    unreadable = 0
    for kind, time, payload in records:
        if tick is not None:
            tick(time)
        try:
            if kind == RecordKind.ANSWER:
                answers += [
                    value for value in map(registry.parse, iter_messages(payload)) if value is not None
                ]
            elif kind in _CALLS:
                _CALLS[kind](mirror, payload, answers)
                if kind != RecordKind.EVENT:
                    answers.clear()
        except DecodeError:
            unreadable += 1
    return unreadable


def _read_index(payload: bytes) -> int:
    if len(payload) != _INDEX.size:
        raise DecodeError(f"{len(payload)} bytes are no number")
    index: int = _INDEX.unpack(payload)[0]
    return index


def _read_scope(payload: bytes) -> RouteScope:
    if len(payload) < _SCOPE.size:
        raise DecodeError(f"{len(payload)} bytes are no scope of routes")
    family, table, interface = _SCOPE.unpack_from(payload)
    return RouteScope(family, None if table == _ANY_TABLE else table, interface)


# The call of each kind of record, with the mirror, its payload and the answers so far.
_CALLS: dict[int, Callable[[Mirror, bytes, list[Any]], None]] = {
    RecordKind.EVENT: lambda mirror, payload, _: mirror.apply(payload),
    RecordKind.LOSS: lambda mirror, _, __: mirror.lose(),
    RecordKind.LOADED: lambda mirror, _, answers: mirror.load(answers),
    RecordKind.SETTLED: lambda mirror, _, __: mirror.settle(),
    RecordKind.MARKED: lambda mirror, _, __: mirror.begin_dump(),
    RecordKind.REREAD: lambda mirror, payload, answers: mirror.apply_route_dump(
        _read_scope(payload), answers
    ),
    RecordKind.RELISTED: lambda mirror, payload, answers: mirror.apply_address_dump(
        _read_index(payload), answers
    ),
    RecordKind.RELINKED: lambda mirror, _, answers: mirror.apply_link_dump(answers),
    RecordKind.RERULED: lambda mirror, payload, answers: mirror.apply_rule_dump(
        _read_index(payload), answers
    ),
}


class AnswerRecorder:
    """A transport for a `Conversation` that keeps the datagrams of the answers for a recording.

    A dump that was interrupted is repeated with another sequence number, so only the datagrams of the last
    number belong to the dump that counts.
    """

    def __init__(self, inner: QueryTransport) -> None:
        self._inner = inner
        self._sequence = 0
        self._kept: list[bytes] = []

    @property
    def port(self) -> int:
        """Return the port of the inner transport."""
        return self._inner.port

    def fileno(self) -> int:
        """Return the descriptor of the inner transport."""
        return self._inner.fileno()

    def receive(self) -> bytes | None:
        """Return the next datagram, and keep it."""
        datagram = self._inner.receive()
        if datagram is not None:
            self._keep(datagram)
        return datagram

    def take(self) -> list[bytes]:
        """Return the datagrams of the last answer. Each is returned once."""
        kept, self._kept = self._kept, []
        return kept

    def send(self, datagram: bytes) -> None:
        """Send a request. Answers that were kept so far belong to another request, and are thrown away."""
        self._kept = []
        self._inner.send(datagram)

    def grow(self, datagram_size: int) -> None:
        """Make room in the inner transport."""
        self._inner.grow(datagram_size)

    def discard(self) -> None:
        """Throw away the datagrams that the inner transport has queued."""
        self._inner.discard()

    def close(self) -> None:
        """Close the inner transport."""
        self._inner.close()

    def _keep(self, datagram: bytes) -> None:
        message: Message | None = next(iter_messages(datagram), None)
        if message is not None and message.sequence != self._sequence:
            self._sequence = message.sequence
            self._kept = []
        self._kept.append(datagram)


class RecordedEvents(DatagramQueue):
    """The events of a recording as a transport, for a listener that gets them instead of the kernel's events.

    `deliver` puts them into the queue, so that a test decides which events the listener finds together. A
    loss is raised as the error that it was. `deliver` may be called in any thread.
    """

    def __init__(self, records: Iterable[Record]) -> None:
        self._records = deque(one for one in records if one.kind in (RecordKind.EVENT, RecordKind.LOSS))
        super().__init__(len(self._records))

    @property
    def left(self) -> int:
        """Return how many records have not been delivered."""
        return len(self._records)

    def deliver(self, count: int | None = None) -> int:
        """Put the next `count` records (None: all) into the queue. Return how many there were."""
        moved = len(self._records) if count is None else min(count, len(self._records))
        for _ in range(moved):
            record = self._records.popleft()
            if record.kind == RecordKind.EVENT:
                self.put(record.payload)
            elif record.payload == b"truncated":
                self.put(TruncatedError(0))
            else:
                self.put(OverrunError("an overrun was recorded"))
        return moved
