# SPDX-License-Identifier: Apache-2.0
"""Questions to the kernel and their answers.

A conversation has a socket of its own: events come on another one, for a full event queue must not cost an
answer.  If its socket does carry other traffic, that is sorted out, not mixed in: an answer belongs to a
request if its sequence number and port say so; what belongs to none is kept for
`take_unrequested()`.

Threads may ask at the same time.  Whichever waits and finds nobody receiving receives for all: it hands
each message to the request it answers, and wakes the others when their answers are complete or when it has
its own. Dumps take turns (the kernel lists one table at a time per socket); other requests pass them.

========================  ===========================================================================
what comes                what follows
========================  ===========================================================================
DONE, ERROR 0             the answer is complete
ERROR, DONE with errno    KernelError with the extended text; EBUSY, EAGAIN, EINTR of a dump: again
DUMP_INTERRUPTED          everything of this dump is thrown away, and again
OVERRUN, ENOBUFS          everything outstanding is thrown away, and again
truncated datagram        the same, with more room
bytes that do not decode  DecodeError
nothing in time           AnswerTimeoutError
========================  ===========================================================================

"Again" is bounded: after `ATTEMPTS` the error is raised.
"""

from __future__ import annotations

import select
import threading
from collections import deque
from collections.abc import Sequence
from errno import EAGAIN, EBUSY, EINTR, ENODEV
from struct import Struct
from time import monotonic
from typing import TYPE_CHECKING, Any

from amf_netwatch.netlink.codec.constants import ExtendedAck, Family, HeaderFlag, LinkFilter, MessageType
from amf_netwatch.netlink.codec.messages import (
    ALIGNMENT_MASK,
    HEADER,
    HEADER_SIZE,
    Buffer,
    ByteFilter,
    Message,
    check_room,
    count_alike,
    iter_attributes,
    pack_message,
    read_text,
)
from amf_netwatch.netlink.codec.parsers import Parser, ParserRegistry
from amf_netwatch.netlink.codec.requests import pack_address_request, pack_link_request, pack_route_request
from amf_netwatch.netlink.errors import (
    AnswerTimeoutError,
    DecodeError,
    InterruptedDumpError,
    KernelError,
    LossError,
    NetlinkError,
    OverrunError,
    TruncatedError,
)
from amf_netwatch.netlink.socket import Namespace, NetlinkSocket

if TYPE_CHECKING:
    from amf_netwatch.netlink.codec.address import Address
    from amf_netwatch.netlink.codec.link import Link
    from amf_netwatch.netlink.codec.route import Route
    from amf_netwatch.netlink.transport import QueryTransport

ATTEMPTS = 12  # while links come and go, a third of all dumps are interrupted: 12 in a row are one in 10^6
TIMEOUT = 5.0  # seconds for a whole answer, all attempts together
_KEPT_UNREQUESTED = 1024
_ERRNO = Struct("=i")
_FIRST_DATA_TYPE = 16  # NLMSG_MIN_TYPE: below are ERROR, DONE ...
_INTERRUPTED = int(HeaderFlag.DUMP_INTERRUPTED)
_TRANSIENT = (EBUSY, EAGAIN, EINTR)


class _Request:
    """One question under way.  Written by the receiving thread, read by its owner once `done`."""

    __slots__ = ("done", "error", "interrupted", "only", "parser", "values")

    def __init__(self, parser: Parser | None, only: ByteFilter | None) -> None:
        self.parser = parser
        self.only = only
        self.values: list[Any] = []
        self.interrupted = False
        self.error: NetlinkError | None = None
        self.done = False

    def fail(self, error: NetlinkError) -> None:
        self.error = error
        self.done = True

    def add(self, parser: Parser, datagram: Buffer, start: int, end: int) -> None:
        """Parse one payload; what cannot be decoded is the request's error when the answer is complete."""
        try:
            value = parser(datagram, start, end)
        except DecodeError as error:
            self.error = error
        else:
            if value is not None:
                self.values.append(value)


class Conversation:
    """Asks the kernel; safe for several threads at once.

    `transport`: the socket to talk over, which is then ours to close; without one a strict socket with
    extended acknowledgements is opened, in `namespace` if given.  `timeout`: seconds for a whole answer.
    `parsers`: what reads the answers, unless a request brings its own parser.  `close()` when no thread is
    asking any more.
    """

    def __init__(
        self,
        transport: QueryTransport | None = None,
        *,
        namespace: Namespace | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        self.parsers = ParserRegistry()
        self.timeout = timeout
        self.repeated = 0  # attempts that were thrown away: interrupted, overrun, busy
        self._transport: QueryTransport = transport or NetlinkSocket(
            receive_buffer=None, extended_ack=True, strict=True, namespace=namespace
        )
        self._sequence = 0
        self._requests: dict[int, _Request] = {}
        self._unrequested: deque[Message] = deque(maxlen=_KEPT_UNREQUESTED)
        self.lost_unrequested = 0  # unrequested that nobody took in time
        self._changed = threading.Condition()  # guards the four above and `_receiving`
        self._receiving = False
        self._dump_turn = threading.Lock()

    def __enter__(self) -> Conversation:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket; no thread may be asking.  A second call does nothing."""
        self._transport.close()

    # -- asking -------------------------------------------------------------------------------------------

    def dump(
        self,
        message_type: int,
        payload: bytes,
        *,
        parser: Parser | None = None,
        only: ByteFilter | None = None,
    ) -> list[Any]:
        """The whole table that a GET request lists; raises NetlinkError, see the table above.

        `parser` reads every message of the answer; what it returns None for is left out.  It may run in
        another thread that is asking at the time.  What does not pass `only` is not even looked at.
        """
        deadline = monotonic() + self.timeout
        error: NetlinkError
        for attempt in range(1, ATTEMPTS + 1):
            if not self._dump_turn.acquire(timeout=max(0.0, deadline - monotonic())):
                raise AnswerTimeoutError(f"other dumps took all of {self.timeout} s")
            try:
                request = _Request(parser, only)
                self._exchange(request, message_type, HeaderFlag.DUMP, payload, deadline)
            finally:
                self._dump_turn.release()
            if request.error is not None:
                error = request.error
            elif request.interrupted:
                error = InterruptedDumpError(f"interrupted in each of {attempt} attempts")
            else:
                return request.values
            if not (
                isinstance(error, (LossError, InterruptedDumpError))
                or (isinstance(error, KernelError) and error.errno in _TRANSIENT)
            ):
                break
            self.repeated += 1
        raise error

    def ask(
        self, message_type: int, payload: bytes, flags: int = 0, *, parser: Parser | None = None
    ) -> list[Any]:
        """The values that answer one request that is no dump; [] for a mere acknowledgement.

        Raises KernelError when the kernel refuses.  A request whose answer was lost is not repeated: it may
        have been carried out; LossError then.
        """
        flags |= HeaderFlag.ACK
        request = _Request(parser, None)
        self._exchange(request, message_type, flags, payload, monotonic() + self.timeout)
        if request.error is not None:
            raise request.error
        return request.values

    def dump_links(self, *, parser: Parser | None = None) -> list[Link]:
        """All links of the namespace, without counters."""
        payload = pack_link_request(extended_mask=LinkFilter.SKIP_STATS)
        return self.dump(MessageType.GETLINK, payload, parser=parser)

    def get_link(self, *, ifindex: int = 0, name: bytes | None = None) -> Link | None:
        """One link by index or by name; None: there is none."""
        payload = pack_link_request(ifindex, name, LinkFilter.SKIP_STATS)
        try:
            links = self.ask(MessageType.GETLINK, payload)
        except KernelError as error:
            if error.errno == ENODEV:
                return None
            raise
        return links[0] if links else None

    def dump_addresses(self, ifindex: int = 0, family: int = Family.UNSPEC) -> list[Address]:
        """All addresses, or those of one link; [] also for a link that is not there."""
        try:
            addresses: Sequence[Address] = self.dump(
                MessageType.GETADDR, pack_address_request(ifindex, family)
            )
        except KernelError as error:
            if ifindex and error.errno == ENODEV:
                return []
            raise
        # A kernel before 4.20 does not know strict checking and lists them all.
        return [address for address in addresses if not ifindex or address.ifindex == ifindex]

    def dump_routes(
        self,
        family: int = Family.UNSPEC,
        *,
        table: int | None = None,
        interface: int | None = None,
        parser: Parser | None = None,
        only: ByteFilter | None = None,
    ) -> list[Route]:
        """All routes, or those of one table or through one interface; `only`: such as `DEFAULT_ROUTES`."""
        payload = pack_route_request(family, table, interface)
        return self.dump(MessageType.GETROUTE, payload, parser=parser, only=only)

    def take_unrequested(self) -> list[Message]:
        """The messages that came but answer none of our requests, oldest first; each is handed out once.

        The last 1024 are kept; `lost_unrequested` counts the others.
        """
        with self._changed:
            unrequested = list(self._unrequested)
            self._unrequested.clear()
        return unrequested

    # -- the exchange -------------------------------------------------------------------------------------

    def _exchange(
        self, request: _Request, message_type: int, flags: int, payload: bytes, deadline: float
    ) -> None:
        with self._changed:
            self._sequence = sequence = (self._sequence + 1) & 0xFFFFFFFF or 1  # 0 is what events have
            self._requests[sequence] = request
        try:
            self._transport.send(pack_message(message_type, HeaderFlag.REQUEST | flags, sequence, payload))
            while not request.done:
                self._take_turn(request, deadline)
        finally:
            with self._changed:
                del self._requests[sequence]

    def _take_turn(self, request: _Request, deadline: float) -> None:
        """Receive for all, or wait while another thread does, until something may have changed for us."""
        with self._changed:
            while self._receiving and not request.done:
                self._check_time(deadline)
                self._changed.wait(deadline - monotonic())
            if request.done:
                return
            self._receiving = True
        try:
            while not request.done:
                self._receive(deadline)
        finally:
            with self._changed:
                self._receiving = False
                self._changed.notify_all()

    def _check_time(self, deadline: float) -> None:
        if monotonic() >= deadline:
            raise AnswerTimeoutError(f"no complete answer within {self.timeout} s")

    def _receive(self, deadline: float) -> None:
        """Receive one datagram, waiting for it, and hand out its messages."""
        self._check_time(deadline)
        try:
            datagram = self._transport.receive()
            if datagram is not None:
                self._hand_out(datagram)
                return
        except (LossError, DecodeError) as error:
            if isinstance(error, TruncatedError):
                self._transport.grow(error.size)
            if isinstance(error, LossError):
                self._transport.discard()
            with self._changed:
                for request in self._requests.values():
                    request.fail(error)
                self._changed.notify_all()
            return
        poll = select.poll()
        poll.register(self._transport.fileno(), select.POLLIN)
        poll.poll(max(1, round((deadline - monotonic()) * 1000)))

    def _hand_out(self, datagram: Buffer) -> None:
        """Give each message to the request it answers; raises DecodeError when the datagram is no netlink."""
        unpack, requests, find = HEADER.unpack_from, self._requests, self.parsers.find
        port, size, offset = self._transport.port, len(datagram), 0
        while offset < size:
            if size - offset < HEADER_SIZE:
                raise DecodeError(f"{size - offset} bytes at offset {offset} are no message header")
            length, kind, flags, sequence, to_port = unpack(datagram, offset)
            if length < HEADER_SIZE or length > size - offset:
                raise DecodeError(
                    f"message length {length} at offset {offset}, where {size - offset} are left"
                )
            request = requests.get(sequence) if to_port == port else None
            if request is None:
                end = offset + length
                self._keep_unrequested(
                    Message(kind, flags, sequence, to_port, datagram, offset + HEADER_SIZE, end)
                )
            elif not request.done:
                if flags & _INTERRUPTED:
                    request.interrupted = True
                if kind >= _FIRST_DATA_TYPE:
                    parser = request.parser or find(kind)
                    if request.only is not None:
                        offset = _add_run(request, parser, datagram, offset, length)
                        continue
                    if parser is not None:
                        request.add(parser, datagram, offset + HEADER_SIZE, offset + length)
                else:
                    start, end = offset + HEADER_SIZE, offset + length
                    self._control(request, Message(kind, flags, sequence, to_port, datagram, start, end))
            offset += (length + 3) & ALIGNMENT_MASK

    def _control(self, request: _Request, message: Message) -> None:
        """NOOP, ERROR, DONE or OVERRUN for one request."""
        if message.type == MessageType.OVERRUN:
            request.fail(OverrunError("the kernel sent NLMSG_OVERRUN"))
        elif message.type in (MessageType.ERROR, MessageType.DONE):
            request.error = request.error or decode_acknowledgement(message)
            request.done = True
        if request.done:
            with self._changed:
                self._changed.notify_all()

    def _keep_unrequested(self, message: Message) -> None:
        """Keep what is no answer to us; what answers a request that was given up is nobody's."""
        if message.port == self._transport.port and 0 < message.sequence <= self._sequence:
            return
        with self._changed:
            if len(self._unrequested) == _KEPT_UNREQUESTED:
                self.lost_unrequested += 1
            self._unrequested.append(message)


def _add_run(request: _Request, parser: Parser | None, datagram: Buffer, offset: int, length: int) -> int:
    """Parse what passes `request.only` in the messages alike from `offset` on; returns where they end."""
    assert request.only is not None
    place, value = request.only
    step = (length + 3) & ALIGNMENT_MASK
    count = count_alike(datagram, offset, step)
    stop = offset + count * step
    if parser is not None and length > HEADER_SIZE + place:
        column = bytes(datagram[offset + HEADER_SIZE + place : stop : step])
        found = column.find(value)
        while found >= 0:
            start = offset + found * step
            request.add(parser, datagram, start + HEADER_SIZE, start + length)
            found = column.find(value, found + 1)
    return stop


def decode_acknowledgement(message: Message) -> KernelError | None:
    """What an ERROR or DONE message says: None for success; raises DecodeError.

    ::

        +---------------------------------------------------------------+
        |             errno, negative; 0: acknowledgement               |  nlmsgerr; DONE has only this field
        +---------------------------------------------------------------+
        |  nlmsghdr of the request                                      |
        +---------------------------------------------------------------+
        |  its payload, unless CAPPED                                   |
        +---------------------------------------------------------------+
        |  attributes (ExtendedAck), if ACK_TLVS                        |
    """
    kind, flags, buffer, start, end = message.type, message.flags, message.buffer, message.start, message.end
    if kind == MessageType.DONE and start == end:
        return None  # the kernel's own always has the errno; others leave it out
    check_room(start, end, _ERRNO.size, "an acknowledgement")
    errno = -_ERRNO.unpack_from(buffer, start)[0]
    if errno == 0:
        return None
    start += _ERRNO.size
    text = ""
    if flags & HeaderFlag.ACK_TLVS:
        if kind == MessageType.ERROR:
            check_room(start, end, HEADER_SIZE, "a quoted request")
            quoted = HEADER_SIZE if flags & HeaderFlag.CAPPED else HEADER.unpack_from(buffer, start)[0]
            check_room(start, end, quoted, "a quoted request")
            start += (max(quoted, HEADER_SIZE) + 3) & ALIGNMENT_MASK
        for attribute in iter_attributes(buffer, start, end):
            if attribute.type == ExtendedAck.MESSAGE:
                text = read_text(buffer, attribute.start, attribute.end)
    return KernelError(errno, text)
