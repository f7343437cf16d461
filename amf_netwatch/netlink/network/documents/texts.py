# SPDX-License-Identifier: Apache-2.0
"""The words of a document as values, and back: addresses, prefixes, MACs, names, scopes, kinds of routes.

Equality is by value, so every text is read into bytes or numbers at once, and printed in one form only.
A reader raises ValueError with a sentence that says what is expected.
"""

from __future__ import annotations

import os
from _socket import AF_INET, AF_INET6, inet_pton  # `socket` costs 6 ms to import

from amf_netwatch.netlink.codec.address import format_ip

LONGEST_NAME = 15  # bytes; IFNAMSIZ without its NUL

ROUTE_KINDS = {
    "unicast": 1,
    "local": 2,
    "broadcast": 3,
    "anycast": 4,
    "multicast": 5,
    "blackhole": 6,
    "unreachable": 7,
    "prohibit": 8,
    "throw": 9,
}
SCOPES = {"global": 0, "site": 200, "link": 253, "host": 254, "nowhere": 255}
RULE_ACTIONS = {"lookup": 1, "nop": 3, "blackhole": 6, "unreachable": 7, "prohibit": 8}
FAMILIES = {"ipv4": 2, "ipv6": 10}

ROUTE_KIND_WORDS = {number: word for word, number in ROUTE_KINDS.items()}
SCOPE_WORDS = {number: word for word, number in SCOPES.items()}
RULE_ACTION_WORDS = {number: word for word, number in RULE_ACTIONS.items()}
FAMILY_WORDS = {number: word for word, number in FAMILIES.items()}


def read_ip(text: str) -> bytes:
    """Read an IPv4 or IPv6 address: 4 or 16 bytes."""
    try:
        return inet_pton(AF_INET6 if ":" in text else AF_INET, text)
    except (OSError, ValueError):
        raise ValueError(f"{text!r} is no IPv4 or IPv6 address") from None


def read_address(text: str) -> tuple[bytes, int, bytes | None]:
    """Read a link's address: ``192.0.2.1/24``, or ``192.0.2.1 peer 192.0.2.2/32``. Return (own, length,
    peer)."""
    own, _, peer = text.partition(" peer ")
    if peer:
        far, length = _split(peer.strip())
        local = read_ip(own.strip())
        if len(far) != len(local):
            raise ValueError("the two ends of a peer address are of one family")
    else:
        local, length = _split(own)
        far = None
    if local[0] & 0xF0 == 0xE0 if len(local) == 4 else local[0] == 0xFF:
        raise ValueError(f"{text!r} is a multicast address, which no link can have")
    if not any(local):
        raise ValueError(f"{text!r} is the unspecified address, which no link should have")
    return local, length, far


def read_prefix(text: str) -> tuple[bytes, int]:
    """Read a prefix without host bits: ``192.0.2.0/24``."""
    address, length = _split(text)
    if mask(address, length) != address:
        good = format_prefix(mask(address, length), length)
        raise ValueError(f"{text!r} has bits set beyond its prefix; {good} is the prefix")
    return address, length


def _split(text: str) -> tuple[bytes, int]:
    address, slash, bits = text.partition("/")
    value = read_ip(address)
    longest = len(value) * 8
    if not slash:
        return value, longest
    if not (bits.isascii() and bits.isdigit() and int(bits) <= longest):
        raise ValueError(f"{text!r}: the prefix length is a number from 0 to {longest}")
    return value, int(bits)


def mask(address: bytes, length: int) -> bytes:
    """Return the address with every bit after the first `length` bits cleared."""
    total = len(address) * 8
    number = int.from_bytes(address, "big") >> (total - length) << (total - length)
    return number.to_bytes(len(address), "big")


def read_mac(text: str) -> bytes:
    """Read a hardware address of any length: ``02:00:00:00:00:01``."""
    parts = text.split(":")
    if not all(0 < len(part) <= 2 for part in parts):
        raise ValueError(f"{text!r} is no hardware address: pairs of hexadecimal digits with colons between")
    try:
        return bytes(int(part, 16) for part in parts)
    except ValueError:
        raise ValueError(
            f"{text!r} is no hardware address: pairs of hexadecimal digits with colons between"
        ) from None


def read_name(text: str) -> bytes:
    """Read the name of a link, as the kernel accepts it."""
    name = os.fsencode(text)
    if (
        not 0 < len(name) <= LONGEST_NAME
        or name in (b".", b"..")
        or any(one in b"/: \t\n\v\f\r\0" for one in name)
    ):
        raise ValueError(
            f"{text!r} cannot be the name of a link (1 to {LONGEST_NAME} bytes, no blank, / or :)"
        )
    return name


def format_name(name: bytes) -> str:
    """Return a name as text. Bytes that are not UTF-8 become surrogates."""
    return os.fsdecode(name)


def format_prefix(address: bytes, length: int) -> str:
    """Return a prefix as text: ``192.0.2.0/24``."""
    return f"{format_ip(address)}/{length}"


def format_link_address(local: bytes, length: int, peer: bytes | None) -> str:
    """Do the inverse of `read_address`."""
    if peer is None:
        return f"{format_ip(local)}/{length}"
    return f"{format_ip(local)} peer {format_ip(peer)}/{length}"


def format_destination(family: int, destination: bytes, length: int, *, gateway_family: int) -> str:
    """Return ``default`` where a reader takes that for the same family, else the prefix."""
    if length:
        return format_prefix(destination, length)
    if family == FAMILIES["ipv4"]:
        return "default"
    return "default" if gateway_family == family else "::/0"
