# SPDX-License-Identifier: Apache-2.0
"""Quick questions about links: one link, all links, and the addresses of one link or of all links.

A question about one link is one request and one answer on a socket of its own, without the bookkeeping of a
conversation: 8 us. Any other result (an error, a loss, an interrupted dump, an answer to another request) is
left to `Conversation`, which knows everything that can happen to an answer and asks again.

It keeps nothing of what it has read, and decides nothing about it.
"""

from __future__ import annotations

from struct import Struct
from typing import Any

from amf_netwatch.netlink.codec.address import Address, decode_address
from amf_netwatch.netlink.codec.constants import HeaderFlag, LinkFilter, MessageType
from amf_netwatch.netlink.codec.link_facts import LinkFacts, LinkFactsDecoder
from amf_netwatch.netlink.codec.messages import ALIGNMENT_MASK, HEADER, HEADER_SIZE
from amf_netwatch.netlink.codec.requests import pack_link_request
from amf_netwatch.netlink.conversation import Conversation
from amf_netwatch.netlink.errors import KernelError
from amf_netwatch.netlink.socket import NetlinkSocket
from amf_netwatch.netlink.transport import QueryTransport

_NEW_LINK, _GET_LINK = int(MessageType.NEWLINK), int(MessageType.GETLINK)
_NEW_ADDRESS, _GET_ADDRESS = int(MessageType.NEWADDR), int(MessageType.GETADDR)
_DONE = int(MessageType.DONE)
_REQUEST, _DUMP = int(HeaderFlag.REQUEST), int(HeaderFlag.DUMP)
_DUMP_INTERRUPTED = int(HeaderFlag.DUMP_INTERRUPTED)
# Each request is packed by one call. A link request has nlmsghdr, ifinfomsg, and the attribute that leaves
# the counters out of the answer. An address request has nlmsghdr and ifaddrmsg.
_LINK_REQUEST = Struct("=IHHIIBxHiIIHHI")
_EXT_MASK = 29  # IFLA_EXT_MASK
_ADDRESS_REQUEST = Struct("=IHHIIBBBBI")
_ENODEV = 19


class LinkQuery:
    """Asks the kernel about links and their addresses. Only one thread may use it. Close it after use.

    Every method raises NetlinkError. `transport` and `conversation` are opened if they are not given. They
    belong to the query and are closed with it.
    """

    def __init__(
        self, transport: QueryTransport | None = None, conversation: Conversation | None = None
    ) -> None:
        self._transport = transport or NetlinkSocket(receive_buffer=None, strict=True)
        self._conversation = conversation or Conversation()
        self._decoder = LinkFactsDecoder()
        self._sequence = 0

    def close(self) -> None:
        """Close the sockets. A second call does nothing."""
        self._transport.close()
        self._conversation.close()

    def get_link(self, ifindex: int) -> LinkFacts | None:
        """Return the facts of one link. None if there is no link with this index."""
        self._sequence = sequence = (self._sequence + 1) & 0xFFFFFFFF or 1
        self._transport.send(
            _LINK_REQUEST.pack(
                _LINK_REQUEST.size, _GET_LINK, _REQUEST, sequence, 0,  # nlmsghdr
                0, 0, ifindex, 0, 0,  # ifinfomsg: AF_UNSPEC, no hardware type, no flags
                8, _EXT_MASK, LinkFilter.SKIP_STATS,
            )
        )  # fmt: skip
        datagram = self._transport.receive()
        if datagram is not None and len(datagram) > HEADER_SIZE:
            length, kind, _, answered, port = HEADER.unpack_from(datagram)
            ours = answered == sequence and port == self._transport.port and length <= len(datagram)
            if ours and kind == _NEW_LINK:
                return self._decoder.decode(datagram, HEADER_SIZE, length)
        self._transport.discard()
        payload = pack_link_request(ifindex, extended_mask=LinkFilter.SKIP_STATS)
        try:
            found = self._conversation.ask(MessageType.GETLINK, payload, parser=self._decoder.decode)
        except KernelError as error:
            if error.errno == _ENODEV:
                return None
            raise
        return found[0] if found else None

    def get_links(self) -> list[LinkFacts]:
        """Return the facts of all links."""
        payload = pack_link_request(extended_mask=LinkFilter.SKIP_STATS)
        found: list[Any] = self._conversation.dump(MessageType.GETLINK, payload, parser=self._decoder.decode)
        return found

    def get_kind(self, ifindex: int) -> str | None:
        """Return the kind of a link (veth, bridge ...); None for hardware. KernelError (ENODEV) if it is
        gone."""
        payload = pack_link_request(ifindex, extended_mask=LinkFilter.SKIP_STATS)
        found = self._conversation.ask(MessageType.GETLINK, payload)
        return found[0].kind if found else None

    def get_addresses(self, ifindex: int) -> list[Address]:
        """Return the addresses of one link. The list is empty if there is no such link."""
        self._sequence = sequence = (self._sequence + 1) & 0xFFFFFFFF or 1
        self._transport.send(
            _ADDRESS_REQUEST.pack(
                _ADDRESS_REQUEST.size, _GET_ADDRESS, _REQUEST | _DUMP, sequence, 0,  # nlmsghdr
                0, 0, 0, 0, ifindex,  # ifaddrmsg
            )
        )  # fmt: skip
        found: list[Address] = []
        while True:
            datagram = self._transport.receive()
            complete = None if datagram is None else self._add_addresses(datagram, sequence, found)
            if complete:
                return found
            if complete is None:
                self._transport.discard()
                return self._conversation.dump_addresses(ifindex)

    def get_all_addresses(self) -> list[Address]:
        """Return the addresses of all links."""
        return self._conversation.dump_addresses()

    def _add_addresses(self, datagram: bytes, sequence: int, found: list[Address]) -> bool | None:
        """Add the addresses of one datagram of a dump.

        True if the dump is complete. None if the datagram is not an answer to the request.
        """
        offset, size, port, unpack = 0, len(datagram), self._transport.port, HEADER.unpack_from
        while size - offset >= HEADER_SIZE:
            length, kind, flags, answered, to = unpack(datagram, offset)
            if length < HEADER_SIZE or length > size - offset or answered != sequence or to != port:
                return None
            if flags & _DUMP_INTERRUPTED or kind not in (_NEW_ADDRESS, _DONE):
                return None
            if kind == _DONE:
                return True
            found.append(decode_address(datagram, offset + HEADER_SIZE, offset + length))
            offset += (length + 3) & ALIGNMENT_MASK
        return False
