# SPDX-License-Identifier: Apache-2.0
"""Whether an address answers, by ICMP echo if the process may send it, or by a TCP connection to
``HOST:PORT``.

It is used to make sure that a change has not cut off anybody. A refused TCP connection is an answer, too,
because the host is there. Without the right to send ICMP (no CAP_NET_RAW, and the group is not in
``net.ipv4.ping_group_range``) only TCP works, and `PermissionError` says so.
"""

from __future__ import annotations

import os
import select
import socket
from errno import ECONNREFUSED, EHOSTUNREACH, EINPROGRESS, ENETUNREACH
from struct import Struct
from time import monotonic
from typing import NamedTuple, Optional

from amf_netwatch.netlink.socket import Namespace, entered

_ECHO = Struct(">BBHHH")  # type, code, checksum, identifier, sequence
_AGAIN = 0.2  # seconds until a probe that was not answered is repeated
_NOT_YET = (ENETUNREACH, EHOSTUNREACH)


class Target(NamedTuple):
    """The address to ask. `port` None stands for ICMP echo."""

    address: str
    port: Optional[int]


def parse_target(text: str) -> Target:
    """Read ``192.0.2.1``, ``2001:db8::1``, ``192.0.2.1:22``, ``[2001:db8::1]:22``. Raises ValueError."""
    host, port = text, ""
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError(f"{text!r}: write [ADDRESS]:PORT")
        port = rest[1:]
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
    except OSError:
        raise ValueError(f"{text!r} is no address; write ADDRESS or ADDRESS:PORT") from None
    if not port:
        return Target(host, None)
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError(f"{text!r}: {port!r} is no port")
    return Target(host, int(port))


def answers(target: Target, timeout: float, *, namespace: Optional[Namespace] = None) -> bool:
    """Ask again and again until it answers or the time is over. Raises PermissionError."""
    deadline = monotonic() + timeout
    while True:
        left = deadline - monotonic()
        if left <= 0:
            return False
        began = monotonic()
        if _probe(target, min(left, 1.0), namespace):
            return True
        _pause(min(_AGAIN - (monotonic() - began), deadline - monotonic()))


def _pause(seconds: float) -> None:
    if seconds > 0:
        select.poll().poll(seconds * 1000)


def _probe(target: Target, timeout: float, namespace: Optional[Namespace]) -> bool:
    try:
        if target.port is None:
            return _echo(target.address, timeout, namespace)
        return _connect(target.address, target.port, timeout, namespace)
    except PermissionError:
        raise
    except OSError as error:
        if error.errno in _NOT_YET:
            return False
        return error.errno == ECONNREFUSED


def _connect(address: str, port: int, timeout: float, namespace: Optional[Namespace]) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with entered(namespace):
        probe = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
    with probe:
        errno = probe.connect_ex((address, port))
        if errno == EINPROGRESS:
            poll = select.poll()
            poll.register(probe, select.POLLOUT)
            if not poll.poll(timeout * 1000):
                return False
            errno = probe.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        return errno in (0, ECONNREFUSED)


def _echo(address: str, timeout: float, namespace: Optional[Namespace]) -> bool:
    six = ":" in address
    family = socket.AF_INET6 if six else socket.AF_INET
    protocol = socket.IPPROTO_ICMPV6 if six else socket.IPPROTO_ICMP
    raw = False
    with entered(namespace):
        try:
            probe = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC, protocol)
        except PermissionError:
            probe = socket.socket(family, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
            raw = True
    with probe:
        probe.setblocking(False)
        mark = os.urandom(8)
        identifier = int.from_bytes(os.urandom(2), "big")
        request = _pack_echo(128 if six else 8, identifier, mark)
        probe.sendto(request, (address, 0))
        poll = select.poll()
        poll.register(probe, select.POLLIN)
        deadline = monotonic() + timeout
        while (left := deadline - monotonic()) > 0 and poll.poll(left * 1000):
            answer = probe.recv(2048)
            if raw and not six:
                answer = answer[(answer[0] & 0xF) * 4 :]
            if answer[:1] == (b"\x81" if six else b"\0") and answer.endswith(mark):
                return True
    return False


def _pack_echo(kind: int, identifier: int, mark: bytes) -> bytes:
    head = _ECHO.pack(kind, 0, 0, identifier, 1)
    words = head + mark
    total = sum(int.from_bytes(words[place : place + 2], "big") for place in range(0, len(words), 2))
    total = (total >> 16) + (total & 0xFFFF)
    return _ECHO.pack(kind, 0, ~(total + (total >> 16)) & 0xFFFF, identifier, 1) + mark
