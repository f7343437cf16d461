# SPDX-License-Identifier: Apache-2.0
"""Questions to the kernel and their answers.

A conversation has a socket of its own. Events come on another socket, because a full event queue must not
lose an answer. If its socket carries other traffic as well, that is separated: an answer belongs to a request
if its sequence number and port say so. A message that belongs to no request is *unrequested*: observers see
it, and it is kept for `take_unrequested()`.

Threads may ask at the same time. A thread that waits while no thread is receiving receives for all: it gives
each message to the request that it answers, and wakes the others. Dumps take turns (the kernel lists one
table at a time per socket); other requests do not wait for dumps.

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

"Again" is limited: after `ATTEMPTS` the error is raised. If values are returned while the answer arrives
(`stream`, `reserve`), they cannot be thrown away, so the error is raised at once.
"""

from __future__ import annotations

import select
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from errno import EAGAIN, EBUSY, EINTR, ENODEV
from time import monotonic
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, cast

from amf_netwatch.netlink.answers import Request, Terminator, add_run
from amf_netwatch.netlink.codec.constants import Family, HeaderFlag, LinkFilter, MessageType
from amf_netwatch.netlink.codec.messages import (
    ALIGNMENT_MASK,
    HEADER,
    HEADER_SIZE,
    Buffer,
    ByteFilter,
    Message,
    pack_message,
)
from amf_netwatch.netlink.codec.parsers import HeaderParser, Parser, ParserRegistry
from amf_netwatch.netlink.codec.requests import (
    pack_address_request,
    pack_link_request,
    pack_neighbour_request,
    pack_route_request,
    pack_rule_request,
)
from amf_netwatch.netlink.errors import (
    AnswerTimeoutError,
    DecodeError,
    InterruptedDumpError,
    KernelError,
    LossError,
    OverrunError,
    TruncatedError,
)
from amf_netwatch.netlink.socket import Namespace, NetlinkSocket

if TYPE_CHECKING:
    from amf_netwatch.netlink.codec.address import Address
    from amf_netwatch.netlink.codec.link import Link
    from amf_netwatch.netlink.codec.neighbour import Neighbour
    from amf_netwatch.netlink.codec.parsers import Decoder
    from amf_netwatch.netlink.codec.route import Route
    from amf_netwatch.netlink.codec.rule import Rule
    from amf_netwatch.netlink.transport import QueryTransport

ATTEMPTS = 12  # while links come and go, a third of all dumps are interrupted; 12 in a row: one in 10^6
TIMEOUT = 5.0  # seconds for a whole answer, all attempts together
KEPT = 1024  # unrequested messages; older ones are dropped
BURST = 10  # datagrams that were there without waiting; a longer series counts as a burst
_FIRST_DATA_TYPE = 16  # NLMSG_MIN_TYPE: lower numbers are ERROR, DONE ...
_TRANSIENT = (EBUSY, EAGAIN, EINTR)
_NO_END = float("inf")

Predicate = Callable[[Message], bool]
Observer = Callable[[Message], object]


class Statistics(NamedTuple):
    """What a conversation has received since it began."""

    datagrams: int
    bursts: int  # series of more than `BURST` datagrams that were there without waiting
    longest_burst: int  # datagrams in a row without waiting
    backlog: int  # unrequested messages that are kept now
    longest_backlog: int
    lost_unrequested: int  # unrequested messages that nobody took in time
    overruns: int  # the kernel dropped messages
    truncations: int
    repeated: int  # attempts at a dump that were thrown away
    failed_observers: int  # observers that raised, and were dropped


class Conversation:
    """Asks the kernel. Several threads may use it at once.

    `transport`: the socket to talk over, which is closed with this object. Without one, a strict socket with
    extended acknowledgements is opened, in `namespace` if given. `timeout`: seconds for a whole answer.
    `parsers`: what reads the answers, unless a request brings its own parser. Call `close()` when no thread
    is asking any more.
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
        self.repeated = 0  # attempts whose result was thrown away: interrupted, overrun, busy
        self.lost_unrequested = 0  # unrequested messages that nobody took in time
        self.observer_failure: Exception | None = None  # the exception of the last failed observer
        self._transport: QueryTransport = transport or NetlinkSocket(
            receive_buffer=None, extended_ack=True, strict=True, namespace=namespace
        )
        self._sequence = 0
        self._requests: dict[int, Request] = {}
        self._unrequested: deque[Message] = deque(maxlen=KEPT)
        self._observers: tuple[tuple[Observer, Predicate | None], ...] = ()
        self._datagrams = self._bursts = self._in_a_row = self._longest_burst = 0
        self._longest_backlog = self._overruns = self._truncations = self._failed_observers = 0
        self._changed = threading.Condition()  # guards everything above and the two fields below
        self._receiving = False
        self._waiting = 0  # threads that wait while another one receives
        self._dump_turn = threading.Lock()

    def __enter__(self) -> Conversation:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket. No thread may be asking. A second call does nothing."""
        self._transport.close()

    @property
    def statistics(self) -> Statistics:
        """Return how much has come, in which bursts, and what was lost."""
        with self._changed:
            return Statistics(
                self._datagrams,
                self._bursts,
                self._longest_burst,
                len(self._unrequested),
                self._longest_backlog,
                self.lost_unrequested,
                self._overruns,
                self._truncations,
                self.repeated,
                self._failed_observers,
            )

    # -- asking -------------------------------------------------------------------------------------------

    def dump(
        self,
        message_type: int,
        payload: bytes,
        *,
        parser: Parser | None = None,
        only: ByteFilter | None = None,
        until: Terminator | None = None,
        errors_as_values: bool = False,
    ) -> list[Any]:
        """Return the whole table that a GET request lists. Raises NetlinkError, see the table above.

        `parser` reads every message of the answer; messages for which it returns None are left out. It may
        run in another thread that is asking at the time. Messages that do not pass `only` are not parsed.
        `until` is called with each value; the value for which it returns True is the last.
        `errors_as_values`: if the kernel refuses, the KernelError is the last value instead of being raised,
        and there is only one attempt.
        """
        deadline = monotonic() + self.timeout
        error: BaseException
        for attempt in range(1, ATTEMPTS + 1):
            if not self._dump_turn.acquire(timeout=max(0.0, deadline - monotonic())):
                raise AnswerTimeoutError(f"other dumps took all of {self.timeout} s")
            try:
                request = Request(parser, only, until, errors_as_values)
                self._exchange(request, message_type, HeaderFlag.DUMP, payload, deadline)
            finally:
                self._dump_turn.release()
            if request.error is not None:
                error = request.error
            elif request.interrupted and not request.enough:
                error = InterruptedDumpError(f"interrupted in each of {attempt} attempts")
            else:
                return list(request.values)
            if not (
                isinstance(error, (LossError, InterruptedDumpError))
                or (isinstance(error, KernelError) and error.errno in _TRANSIENT)
            ):
                break
            self.repeated += 1
        raise error

    def ask(
        self,
        message_type: int,
        payload: bytes,
        flags: int = 0,
        *,
        parser: Parser | None = None,
        until: Terminator | None = None,
        errors_as_values: bool = False,
    ) -> list[Any]:
        """Return the values that answer a request that is not a dump; [] for a mere acknowledgement.

        Raises KernelError when the kernel refuses; with `errors_as_values` it is the last value instead.
        `until` tells whether a value is the last one that is wanted. A request whose answer was lost is not
        repeated, because the kernel may have carried it out; LossError is raised instead.
        """
        flags |= HeaderFlag.ACK
        request = Request(parser, None, until, errors_as_values)
        self._exchange(request, message_type, flags, payload, monotonic() + self.timeout)
        if request.error is not None:
            raise request.error
        return list(request.values)

    def stream(
        self,
        message_type: int,
        payload: bytes,
        *,
        parser: Parser | None = None,
        only: ByteFilter | None = None,
        until: Terminator | None = None,
        errors_as_values: bool = False,
    ) -> Answers:
        """Return the table that a GET request lists, value by value, while it arrives. No list is kept.

        Other dumps wait until it has been read to its end or closed, so close it (``with``) if you stop
        early. Raises AnswerTimeoutError if other dumps do not end in time. Reading it raises what `dump`
        raises. An interrupted dump is reported at the end, when its values have been returned already.
        """
        if not self._dump_turn.acquire(timeout=self.timeout):
            raise AnswerTimeoutError(f"other dumps took all of {self.timeout} s")
        answers = Answers(self, Request(parser, only, until, errors_as_values), self._dump_turn.release)
        try:
            flags = HeaderFlag.REQUEST | HeaderFlag.DUMP
            self.send(pack_message(message_type, flags, answers.sequence, payload))
        except BaseException:
            answers.close()
            raise
        return answers

    def reserve(
        self,
        *,
        parser: Parser | None = None,
        only: ByteFilter | None = None,
        until: Terminator | None = None,
        errors_as_values: bool = False,
    ) -> Answers:
        """Reserve a sequence number, and return the answers that will come to it.

        Put `Answers.sequence` into a message that you pack, pass it to `send`, and read the answers. They end
        with DONE, with an acknowledgement or refusal (so ask for one, NLM_F_ACK), or with `until`.
        """
        return Answers(self, Request(parser, only, until, errors_as_values), None)

    def send(self, datagram: bytes) -> None:
        """Send one datagram to the kernel. It may hold several requests. Raises SocketError."""
        self._transport.send(datagram)

    def dump_links(self, *, parser: Parser | None = None) -> list[Link]:
        """Return all links of the namespace, without counters."""
        payload = pack_link_request(extended_mask=LinkFilter.SKIP_STATS)
        return self.dump(MessageType.GETLINK, payload, parser=parser)

    def get_link(self, *, ifindex: int = 0, name: bytes | None = None) -> Link | None:
        """Return one link, by index or by name. None if there is none."""
        payload = pack_link_request(ifindex, name, LinkFilter.SKIP_STATS)
        try:
            links = self.ask(MessageType.GETLINK, payload)
        except KernelError as error:
            if error.errno == ENODEV:
                return None
            raise
        return links[0] if links else None

    def dump_addresses(self, ifindex: int = 0, family: int = Family.UNSPEC) -> list[Address]:
        """Return all addresses, or those of one link. [] if there is no such link."""
        try:
            addresses: Sequence[Address] = self.dump(
                MessageType.GETADDR, pack_address_request(ifindex, family)
            )
        except KernelError as error:
            if ifindex and error.errno == ENODEV:
                return []
            raise
        # A kernel before 4.20 does not know strict checking, and lists the addresses of all links.
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
        """Return all routes, or those of one table or interface. `only` may be `DEFAULT_ROUTES`, for
        example."""
        payload = pack_route_request(family, table, interface)
        return self.dump(MessageType.GETROUTE, payload, parser=parser, only=only)

    def dump_rules(self, family: int = Family.UNSPEC, *, parser: Parser | None = None) -> list[Rule]:
        """Return all routing rules, in the kernel's order."""
        return self.dump(MessageType.GETRULE, pack_rule_request(family), parser=parser)

    def dump_neighbours(
        self, family: int = Family.UNSPEC, *, interface: int | None = None, flags: int = 0
    ) -> list[Neighbour]:
        """Return all neighbours, or those of one link. With NeighbourFlag.PROXY in `flags`, return the
        proxies."""
        payload = pack_neighbour_request(family, interface, flags)
        neighbours: Sequence[Neighbour] = self.dump(MessageType.GETNEIGH, payload)
        # A kernel before 5.0 lists the neighbours of all links.
        return [found for found in neighbours if interface in (None, found.ifindex)]

    # -- unrequested messages -----------------------------------------------------------------------------

    def observe(self, observer: Observer, predicate: Predicate | None = None) -> Callable[[], None]:
        """Call `observer` for each unrequested message for which `predicate` is true. Return a function to
        end this.

        It is called in the receiving thread, before the message is kept. An observer that raises is dropped
        and counted (`Statistics.failed_observers`, `observer_failure`).
        """
        entry = (observer, predicate)
        with self._changed:
            self._observers += (entry,)

        def end() -> None:
            with self._changed:
                self._observers = tuple(other for other in self._observers if other is not entry)

        return end

    def read(self, timeout: float | None = None) -> list[Message]:
        """Return the unrequested messages that are there, or else those that come next within `timeout`
        seconds.

        [] if none came in time. With None it waits for ever. It also delivers answers, so it may run in a
        thread of its own while others ask. Raises LossError, DecodeError, SocketError.
        """
        deadline = _NO_END if timeout is None else monotonic() + timeout
        request = Request()
        with self._changed:
            sequence = self._register(request)
        try:
            self._take_turn(request, deadline, lambda: bool(self._unrequested))
        except AnswerTimeoutError:
            return []
        finally:
            with self._changed:
                del self._requests[sequence]
        if request.error is not None:
            raise request.error
        return self.take_unrequested()

    def take_unrequested(self) -> list[Message]:
        """Return the messages that answer none of our requests, oldest first. Each is returned once.

        The last `KEPT` are kept; `lost_unrequested` counts the others.
        """
        with self._changed:
            unrequested = list(self._unrequested)
            self._unrequested.clear()
        return unrequested

    # -- the exchange -------------------------------------------------------------------------------------

    def _register(self, request: Request) -> int:
        """Give a request its sequence number. The caller holds the lock."""
        self._sequence = sequence = (self._sequence + 1) & 0xFFFFFFFF or 1  # 0 is used by events
        self._requests[sequence] = request
        return sequence

    def _exchange(
        self, request: Request, message_type: int, flags: int, payload: bytes, deadline: float
    ) -> None:
        with self._changed:
            sequence = self._register(request)
        try:
            self._transport.send(pack_message(message_type, HeaderFlag.REQUEST | flags, sequence, payload))
            self._take_turn(request, deadline)
        finally:
            with self._changed:
                del self._requests[sequence]

    def _take_turn(
        self, request: Request, deadline: float, enough: Callable[[], object] = lambda: False
    ) -> None:
        """Receive for all, or wait while another thread does, until the request is done or `enough` is
        true."""
        while not (request.done or enough()):
            with self._changed:
                self._waiting += 1
                try:
                    while self._receiving and not (request.done or enough()):
                        self._check_time(deadline)
                        self._changed.wait(None if deadline == _NO_END else deadline - monotonic())
                finally:
                    self._waiting -= 1
                if request.done or enough():
                    return
                self._receiving = True
            try:
                while not (request.done or enough()):
                    self._receive(deadline)
            finally:
                with self._changed:
                    self._receiving = False
                    self._changed.notify_all()

    def _check_time(self, deadline: float) -> None:
        if monotonic() >= deadline:
            raise AnswerTimeoutError(f"no complete answer within {self.timeout} s")

    def _receive(self, deadline: float) -> None:
        """Receive one datagram, waiting for it, and deliver its messages."""
        self._check_time(deadline)
        try:
            datagram = self._transport.receive()
            if datagram is not None:
                self._count_datagram()
                self._hand_out(datagram)
                if self._waiting:
                    with self._changed:
                        self._changed.notify_all()
                return
        except (LossError, DecodeError) as error:
            self._fail_all(error)
            return
        self._in_a_row = 0
        poll = select.poll()
        poll.register(self._transport.fileno(), select.POLLIN)
        poll.poll(None if deadline == _NO_END else max(1, round((deadline - monotonic()) * 1000)))

    def _count_datagram(self) -> None:
        self._datagrams += 1
        self._in_a_row += 1
        if self._in_a_row == BURST + 1:
            self._bursts += 1
        self._longest_burst = max(self._longest_burst, self._in_a_row)

    def _fail_all(self, error: LossError | DecodeError) -> None:
        """Fail every outstanding request, because what was lost may have belonged to any of them."""
        if isinstance(error, TruncatedError):
            self._truncations += 1
            self._transport.grow(error.size)
        elif isinstance(error, OverrunError):
            self._overruns += 1
        if isinstance(error, LossError):
            self._transport.discard()
        with self._changed:
            for request in self._requests.values():
                request.fail(error)
            self._changed.notify_all()

    def _hand_out(self, datagram: Buffer) -> None:
        """Give each message to the request that it answers. Raises DecodeError if the datagram is not
        netlink."""
        unpack, requests, plain = HEADER.unpack_from, self._requests, self.parsers.plain
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
            start, end = offset + HEADER_SIZE, offset + length
            if request is not None and not request.done and kind >= _FIRST_DATA_TYPE:
                if flags != request.flags:
                    request.note_flags(flags)
                decoder = request.decoder or plain.get(kind)
                if decoder is None or request.special:
                    message = Message(kind, flags, sequence, to_port, datagram, start, end)
                    offset = self._add_special(request, message)
                else:
                    request.add(decoder, datagram, start, end)
                    offset += (length + 3) & ALIGNMENT_MASK
                continue
            message = Message(kind, flags, sequence, to_port, datagram, start, end)
            if request is None:
                self._keep_unrequested(message)
            elif not request.done:
                request.note_flags(flags)
                request.finish(message)
            offset += (length + 3) & ALIGNMENT_MASK

    def _add_special(self, request: Request, message: Message) -> int:
        """Parse a message that needs more than a decoder for its type. Return where the next message
        begins."""
        parser = request.parser or self.parsers.find_for(message)
        offset = message.start - HEADER_SIZE
        if request.only is not None:
            return add_run(request, parser, message.buffer, offset, message)
        if type(parser) is HeaderParser:
            request.add_message(parser, message)
        elif parser is not None:
            request.add(cast("Decoder", parser), message.buffer, message.start, message.end)
        return offset + ((message.end - offset + 3) & ALIGNMENT_MASK)

    def _keep_unrequested(self, message: Message) -> None:
        """Keep a message that is not an answer to us. A late answer to a request that was given up is
        dropped."""
        if message.port == self._transport.port and 0 < message.sequence <= self._sequence:
            return
        for entry in self._observers:
            observer, predicate = entry
            try:
                if predicate is None or predicate(message):
                    observer(message)
            except Exception as error:
                with self._changed:
                    self.observer_failure = error
                    self._failed_observers += 1
                    self._observers = tuple(other for other in self._observers if other is not entry)
        with self._changed:
            if len(self._unrequested) == KEPT:
                self.lost_unrequested += 1
            self._unrequested.append(message)
            self._longest_backlog = max(self._longest_backlog, len(self._unrequested))


class Answers:
    """The values that answer one request, while they arrive: an iterator, which must be closed.

    Each value is waited for at most the conversation's `timeout`. Only one thread may use it; others may ask
    at the same time. `sequence`: the request's number. After the last value, or an error, it is closed.
    """

    def __init__(
        self, conversation: Conversation, request: Request, release: Callable[[], None] | None
    ) -> None:
        self._conversation = conversation
        self._request = request
        self._release = release
        with conversation._changed:
            self.sequence = conversation._register(request)
        self._open = True

    def __enter__(self) -> Answers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        request = self._request
        if not request.values and self._open:
            deadline = monotonic() + self._conversation.timeout
            try:
                self._conversation._take_turn(request, deadline, lambda: request.values or request.enough)
            except BaseException:
                self.close()
                raise
        if request.values:
            return request.values.popleft()
        wanted_more = self._open and not request.enough
        self.close()
        if wanted_more:
            if request.error is not None:
                raise request.error
            if request.interrupted:
                raise InterruptedDumpError("interrupted; what was handed out may be inconsistent")
        raise StopIteration

    def close(self) -> None:
        """Stop the answers. A second call does nothing.

        The rest of a dump is received but not parsed, because the kernel begins no other dump before its end.
        """
        if not self._open:
            return
        self._open = False
        request = self._request
        request.enough = True
        try:
            if request.multi and not request.done:
                deadline = monotonic() + self._conversation.timeout
                self._conversation._take_turn(request, deadline)
        except (AnswerTimeoutError, OSError):
            pass  # the next dump is then refused with EBUSY, and is repeated
        finally:
            with self._conversation._changed:
                self._conversation._requests.pop(self.sequence, None)
            if self._release is not None:
                self._release()
