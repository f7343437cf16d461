# SPDX-License-Identifier: Apache-2.0
"""Questions to the kernel and their answers.

A conversation has a socket of its own: events come on another one, for a full event queue must not cost an
answer. If its socket does carry other traffic, that is sorted out, not mixed in: an answer belongs to a
request if its sequence number and port say so. What belongs to no request is *unrequested*: observers see it,
and it is kept for `take_unrequested()`.

Threads may ask at the same time. Whichever waits and finds nobody receiving receives for all: it hands each
message to the request it answers, and wakes the others. Dumps take turns (the kernel lists one table at a
time per socket); other requests pass them.

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

"Again" is bounded: after `ATTEMPTS` the error is raised. An answer that is read while it arrives (`stream`,
`reserve`) cannot be thrown away: there the error is raised at once.
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

ATTEMPTS = 12  # while links come and go, a third of all dumps are interrupted: 12 in a row are one in 10^6
TIMEOUT = 5.0  # seconds for a whole answer, all attempts together
KEPT = 1024  # unrequested messages; older ones go
BURST = 10  # datagrams that are there without waiting for them: more are counted as a burst
_FIRST_DATA_TYPE = 16  # NLMSG_MIN_TYPE: below are ERROR, DONE ...
_TRANSIENT = (EBUSY, EAGAIN, EINTR)
_NO_END = float("inf")

Predicate = Callable[[Message], bool]
Observer = Callable[[Message], object]


class Statistics(NamedTuple):
    """What a conversation has received since it began."""

    datagrams: int
    bursts: int  # runs of more than `BURST` datagrams that were there without waiting
    longest_burst: int  # datagrams in a row without waiting
    backlog: int  # unrequested messages that are kept now
    longest_backlog: int
    lost_unrequested: int  # unrequested messages that nobody took in time
    overruns: int  # the kernel dropped messages
    truncations: int
    repeated: int  # attempts at a dump that were thrown away
    failed_observers: int  # observers that raised, and were dropped


class Conversation:
    """Asks the kernel; safe for several threads at once.

    `transport`: the socket to talk over, which is then ours to close; without one a strict socket with
    extended acknowledgements is opened, in `namespace` if given. `timeout`: seconds for a whole answer.
    `parsers`: what reads the answers, unless a request brings its own parser. `close()` when no thread is
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
        self.lost_unrequested = 0  # unrequested messages that nobody took in time
        self.observer_failure: Exception | None = None  # what the last failed observer raised
        self._transport: QueryTransport = transport or NetlinkSocket(
            receive_buffer=None, extended_ack=True, strict=True, namespace=namespace
        )
        self._sequence = 0
        self._requests: dict[int, Request] = {}
        self._unrequested: deque[Message] = deque(maxlen=KEPT)
        self._observers: tuple[tuple[Observer, Predicate | None], ...] = ()
        self._datagrams = self._bursts = self._in_a_row = self._longest_burst = 0
        self._longest_backlog = self._overruns = self._truncations = self._failed_observers = 0
        self._changed = threading.Condition()  # guards all of the above and the two below
        self._receiving = False
        self._waiting = 0  # threads that wait while another one receives
        self._dump_turn = threading.Lock()

    def __enter__(self) -> Conversation:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket; no thread may be asking. A second call does nothing."""
        self._transport.close()

    @property
    def statistics(self) -> Statistics:
        """How much has come, in which bursts, and what was lost."""
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
        """The whole table that a GET request lists; raises NetlinkError, see the table above.

        `parser` reads every message of the answer; what it returns None for is left out. It may run in
        another thread that is asking at the time. What does not pass `only` is not even looked at. `until`
        is asked about each value: the one for which it says True is the last. `errors_as_values`: a refusal
        of the kernel is the last value, a KernelError, instead of being raised; there is one attempt only.
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
        """The values that answer one request that is no dump; [] for a mere acknowledgement.

        Raises KernelError when the kernel refuses; `errors_as_values`: it is the last value instead. `until`
        says of a value that no more is wanted. A request whose answer was lost is not repeated: it may have
        been carried out; LossError then.
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
        """The table that a GET request lists, value by value, while it arrives: no list is kept.

        Other dumps wait until it has been read to its end or closed, so close it (``with``) when you stop
        early. Raises AnswerTimeoutError when other dumps do not end in time. Reading it raises what `dump`
        raises; an interrupted dump is told at the end, when its values have been handed out.
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
        """A sequence number of one's own, and the answers that will come to it.

        Put `Answers.sequence` into a message that you pack, hand it to `send`, read the answers. They end
        with DONE, with an acknowledgement or refusal (so ask for one, NLM_F_ACK), or with `until`.
        """
        return Answers(self, Request(parser, only, until, errors_as_values), None)

    def send(self, datagram: bytes) -> None:
        """Hand one datagram to the kernel, which may hold several requests; raises SocketError."""
        self._transport.send(datagram)

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

    def dump_rules(self, family: int = Family.UNSPEC, *, parser: Parser | None = None) -> list[Rule]:
        """All routing rules, in the kernel's order."""
        return self.dump(MessageType.GETRULE, pack_rule_request(family), parser=parser)

    def dump_neighbours(
        self, family: int = Family.UNSPEC, *, interface: int | None = None, flags: int = 0
    ) -> list[Neighbour]:
        """All neighbours, or those of one link; with NeighbourFlag.PROXY in `flags` the proxies instead."""
        payload = pack_neighbour_request(family, interface, flags)
        neighbours: Sequence[Neighbour] = self.dump(MessageType.GETNEIGH, payload)
        # A kernel before 5.0 lists those of all links.
        return [found for found in neighbours if interface in (None, found.ifindex)]

    # -- what nobody asked for ----------------------------------------------------------------------------

    def observe(self, observer: Observer, predicate: Predicate | None = None) -> Callable[[], None]:
        """Call `observer` for each unrequested message that `predicate` is true of; returns what ends it.

        In the thread that receives, before the message is kept. An observer that raises is dropped and
        counted (`Statistics.failed_observers`, `observer_failure`).
        """
        entry = (observer, predicate)
        with self._changed:
            self._observers += (entry,)

        def end() -> None:
            with self._changed:
                self._observers = tuple(other for other in self._observers if other is not entry)

        return end

    def read(self, timeout: float | None = None) -> list[Message]:
        """The unrequested messages that are there, or else the next that come within `timeout` seconds.

        [] when none came in time. None: wait for ever. It hands out answers as well, so it may run in a
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
        """The messages that came but answer none of our requests, oldest first; each is handed out once.

        The last `KEPT` are kept; `lost_unrequested` counts the others.
        """
        with self._changed:
            unrequested = list(self._unrequested)
            self._unrequested.clear()
        return unrequested

    # -- the exchange -------------------------------------------------------------------------------------

    def _register(self, request: Request) -> int:
        """Give a request its sequence number; the caller holds the lock."""
        self._sequence = sequence = (self._sequence + 1) & 0xFFFFFFFF or 1  # 0 is what events have
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
        """Receive one datagram, waiting for it, and hand out its messages."""
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
        """What was lost may have been anybody's: every request that is under way fails."""
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
        """Give each message to the request it answers; raises DecodeError when the datagram is no netlink."""
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
        """Parse a message that needs more than a decoder for its type; returns where the next one begins."""
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
        """Keep what is no answer to us; what answers a request that was given up is nobody's."""
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
    """The values that answer one request, while they arrive: an iterator, to be closed.

    Each value is waited for at most the conversation's `timeout`. For one thread; others may ask meanwhile.
    `sequence`: the request's number. After the last value, or an error, it is closed.
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
        """Want no more; a second call does nothing.

        What is left of a dump is read without looking at it, for the kernel begins no other one before.
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
            pass  # the next dump is refused with EBUSY, and tries again
        finally:
            with self._conversation._changed:
                self._conversation._requests.pop(self.sequence, None)
            if self._release is not None:
                self._release()
