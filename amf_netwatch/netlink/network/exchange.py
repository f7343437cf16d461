# SPDX-License-Identifier: Apache-2.0
"""Requests packed many to a datagram, and their answers by sequence number.

The kernel executes every request of a datagram in order, even if an earlier one has failed. It always answers
an error, but a success only if an acknowledgement is asked for. So only the last request of a datagram asks
for one: if no error came before it, all requests have succeeded.

The default receive buffer holds 256 answers. If there are more, the later ones are lost, although the
requests are carried out. So a datagram has at most `BATCH` requests, and its answers are read before the next
is sent.
"""

from __future__ import annotations

import select
from collections.abc import Sequence
from struct import Struct
from time import monotonic
from typing import NamedTuple

from amf_netwatch.netlink.codec.messages import (
    HEADER,
    HEADER_SIZE,
    iter_attributes,
    iter_messages,
    read_text,
)
from amf_netwatch.netlink.errors import AnswerTimeoutError, DecodeError, KernelError
from amf_netwatch.netlink.network.planning.steps import Step
from amf_netwatch.netlink.transport import QueryTransport

PATIENCE = 5.0  # seconds
BATCH = 200  # requests in a datagram
_LARGEST = 100_000  # bytes in a datagram; the default send buffer takes 212,960
_ERROR = 2  # nlmsg_type
_REQUEST, _ACK = 0x1, 0x4
_CAPPED, _ACK_TLVS = 0x100, 0x200
_ERRNO = Struct("=i")
_MESSAGE = 1  # NLMSGERR_ATTR_MSG


class Refusal(NamedTuple):
    """A step that the kernel refused."""

    place: int  # its index in the steps that were sent
    step: Step
    error: KernelError


class Exchange:
    """Sends steps over one socket, for one thread at a time. `close` closes the socket.

    `patience`: seconds for the answers to one datagram, which are usually there at once.
    """

    def __init__(self, transport: QueryTransport, *, patience: float = PATIENCE) -> None:
        self._transport = transport
        self._patience = patience
        self._sequence = 0
        self.sent = 0  # how many requests may have reached the kernel

    def close(self) -> None:
        """Close the socket. A second call does nothing."""
        self._transport.close()

    def run(self, some: Sequence[Step], deadline: float) -> list[Refusal]:
        """Send the steps. Return the refusals of the first datagram in which a step was refused.

        Later datagrams are not sent then. Raises LossError, AnswerTimeoutError or SocketError: it is unknown
        then whether the kernel carried out what was sent last.
        """
        start = 0
        while start < len(some):
            end, datagram = self._pack(some, start)
            refused = self._send(some, start, end, datagram, deadline)
            if refused:
                return refused
            start = end
        return []

    def end_of_datagram(self, some: Sequence[Step], start: int) -> int:
        """Return where the datagram that begins with ``some[start]`` ends."""
        size, limit = 0, min(len(some), start + BATCH)
        for place in range(start, limit):
            size += HEADER_SIZE + len(some[place].payload) + 3
            if size > _LARGEST and place > start:
                return place
        return limit

    def _pack(self, some: Sequence[Step], start: int) -> tuple[int, bytes]:
        """Return one datagram: where it ends in `some`, and its bytes."""
        end = self.end_of_datagram(some, start)
        parts: list[bytes] = []
        pack, sequence = HEADER.pack, self._sequence
        for step in some[start:end]:
            payload = step.payload
            sequence += 1
            flags = step.flags | _REQUEST
            if sequence - self._sequence == end - start:
                flags |= _ACK
            parts.append(pack(HEADER_SIZE + len(payload), step.type, flags, sequence, 0))
            parts.append(payload + bytes(-len(payload) & 3))
        return end, b"".join(parts)

    def _send(
        self, some: Sequence[Step], start: int, end: int, datagram: bytes, deadline: float
    ) -> list[Refusal]:
        first = self._sequence + 1
        self._sequence += end - start
        self.sent += end - start
        self._transport.send(datagram)
        deadline = min(deadline, monotonic() + self._patience)
        refused: list[Refusal] = []
        while True:
            for sequence, error in self._receive(deadline):
                place = sequence - first
                if not 0 <= place < end - start:
                    continue  # the late answer to a request that was given up
                step = some[start + place]
                if error is not None and error.errno not in step.accepted:
                    refused.append(Refusal(start + place, step, error))
                if sequence == self._sequence:
                    return refused

    def _receive(self, deadline: float) -> list[tuple[int, KernelError | None]]:
        """Wait for the answers of one datagram, and return them."""
        while True:
            datagram = self._transport.receive()
            if datagram is not None:
                break
            left = deadline - monotonic()
            if left <= 0:
                raise AnswerTimeoutError("the kernel did not answer in time")
            poll = select.poll()
            poll.register(self._transport.fileno(), select.POLLIN)
            poll.poll(max(1, round(left * 1000)))
        answers: list[tuple[int, KernelError | None]] = []
        for message in iter_messages(datagram):
            if message.type == _ERROR and message.port == self._transport.port:
                answers.append(
                    (message.sequence, read_error(datagram, message.start, message.end, message.flags))
                )
        return answers


def read_error(buffer: bytes, start: int, end: int, flags: int) -> KernelError | None:
    """Return the error in an NLMSG_ERROR with its extended text. None if it is an acknowledgement."""
    if end - start < 4 + HEADER_SIZE:
        raise DecodeError(f"{end - start} bytes are no answer of the kernel")
    errno = -_ERRNO.unpack_from(buffer, start)[0]
    if errno == 0:
        return None
    text = ""
    if flags & _ACK_TLVS:
        quoted = HEADER.unpack_from(buffer, start + 4)[0]
        inside = start + 4 + (HEADER_SIZE if flags & _CAPPED else (quoted + 3) & ~3)
        for attribute in iter_attributes(buffer, inside, end):
            if attribute.type == _MESSAGE:
                text = read_text(buffer, attribute.start, attribute.end)
    return KernelError(errno, text)
