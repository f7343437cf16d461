# SPDX-License-Identifier: Apache-2.0
"""One request: the values of its answer, its errors, and whether the answer is complete.

`conversation` uses it and does the receiving. Nothing here does IO or takes a lock: one thread receives at a
time, and only that thread writes to the requests.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from struct import Struct
from typing import TYPE_CHECKING, Any, Optional, cast

from amf_netwatch.netlink.codec.constants import ExtendedAck, HeaderFlag, MessageType
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
    read_text,
)
from amf_netwatch.netlink.codec.parsers import HeaderParser
from amf_netwatch.netlink.errors import KernelError, OverrunError

if TYPE_CHECKING:
    from amf_netwatch.netlink.codec.parsers import Decoder, Parser

Terminator = Callable[[Any], bool]
"""Tells whether a value is the last one that is wanted."""

_ERRNO = Struct("=i")
_MULTI = int(HeaderFlag.MULTI)
_INTERRUPTED = int(HeaderFlag.DUMP_INTERRUPTED)


class Request:
    """A question that waits for its answer. The receiving thread writes to it, and its owner reads it.

    `values`: the values of the answer so far. `done`: the answer is complete, or has failed, and then `error`
    has the reason. `enough`: the terminator has said that no more is wanted; later values are ignored.
    """

    __slots__ = (
        "decoder", "done", "enough", "error", "errors_as_values", "flags", "interrupted", "multi", "only",
        "parser", "special", "until", "values",
    )  # fmt: skip

    def __init__(
        self,
        parser: Parser | None = None,
        only: ByteFilter | None = None,
        until: Terminator | None = None,
        errors_as_values: bool = False,
    ) -> None:
        self.parser = parser
        self.only = only
        self.special = only is not None or type(parser) is HeaderParser  # the fast way is not possible
        self.decoder = None if type(parser) is HeaderParser else cast("Optional[Decoder]", parser)
        self.until = until
        self.errors_as_values = errors_as_values
        self.values: deque[Any] = deque()
        self.flags = 0  # the flags of the last header
        self.multi = False  # the answer has several parts, and DONE is the last one
        self.interrupted = False
        self.error: BaseException | None = None
        self.enough = False
        self.done = False

    def fail(self, error: BaseException) -> None:
        """End the answer with this error."""
        if self.error is None:
            self.error = error
        self.done = True

    def add(self, decoder: Decoder, buffer: Buffer, start: int, end: int) -> None:
        """Parse one payload. An exception of its decoder becomes the request's error when the answer is
        complete."""
        if self.enough:
            return
        try:
            value = decoder(buffer, start, end)
            if value is not None:
                self.values.append(value)
                if self.until is not None and self.until(value):
                    self._stop()
        except Exception as error:  # it fails this request, and not the thread that happens to receive
            self.error = self.error or error

    def add_message(self, parser: HeaderParser, message: Message) -> None:
        """Do the same with a parser that also needs the header."""
        self.add(lambda *_: parser.parse(message), message.buffer, message.start, message.end)

    def _stop(self) -> None:
        """Stop collecting values. The end of an answer in several parts is still awaited."""
        self.enough = True
        self.done = not self.multi

    def note_flags(self, flags: int) -> None:
        """Note what the header of a message says about the whole answer."""
        self.flags = flags
        if flags & _MULTI:
            self.multi = True
        if flags & _INTERRUPTED:
            self.interrupted = True

    def finish(self, message: Message) -> None:
        """Handle a message without data: ERROR and DONE end the answer, OVERRUN makes it fail."""
        if message.type == MessageType.OVERRUN:
            self.fail(OverrunError("the kernel sent NLMSG_OVERRUN"))
        elif message.type in (MessageType.ERROR, MessageType.DONE):
            error = decode_acknowledgement(message)
            if error is not None and self.errors_as_values:
                self.values.append(error)
            elif error is not None and not self.enough:
                self.error = self.error or error
            self.done = True


def add_run(request: Request, parser: Parser | None, datagram: Buffer, offset: int, header: Message) -> int:
    """Parse the messages with equal headers from `offset` on, if they pass `request.only`. Return where they
    end.

    `header` is the header of the first of them.
    """
    assert request.only is not None
    place, value = request.only
    length = header.end - offset
    step = (length + 3) & ALIGNMENT_MASK
    count = count_alike(datagram, offset, step)
    stop = offset + count * step
    if parser is not None and length > HEADER_SIZE + place:
        column = bytes(datagram[offset + HEADER_SIZE + place : stop : step])
        found = column.find(value)
        while found >= 0:
            start = offset + found * step
            if type(parser) is HeaderParser:
                message = header._replace(start=start + HEADER_SIZE, end=start + length)
                request.add_message(parser, message)
            else:
                request.add(cast("Decoder", parser), datagram, start + HEADER_SIZE, start + length)
            found = column.find(value, found + 1)
    return stop


def decode_acknowledgement(message: Message) -> KernelError | None:
    """Return the error of an ERROR or DONE message, or None for success. Raises DecodeError.

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
        return None  # the kernel always sends the errno, but other senders leave it out
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
