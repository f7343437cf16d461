# SPDX-License-Identifier: Apache-2.0
"""Parsers of one's own in what follows the kernel: one registry reads events and dumps alike."""

from __future__ import annotations

import pytest

from amf_netwatch.netlink import (
    Follower,
    HeaderFlag,
    HeaderParser,
    Link,
    Message,
    MessageType,
    Mirror,
    ParserRegistry,
    State,
    decode_link,
    iter_messages,
)
from amf_netwatch.netlink.codec.edits import pack_create_link, plan_link

pytestmark = pytest.mark.kernel


def without_v1(message: Message) -> Link | None:
    """A parser that hides a link."""
    link = decode_link(message.buffer, message.start, message.end)
    return None if link.name == b"v1" else link


def registry() -> ParserRegistry:
    parsers = ParserRegistry()
    parsers.register(MessageType.NEWLINK, HeaderParser(without_v1))
    return parsers


def test_a_state_sees_what_its_parsers_let_through(namespace):
    with State(parsers=registry()) as state:
        namespace.add_link("v0", "veth", "peer", "name", "v1")
        state.wait_for(lambda state: state.links.get("v0") is not None, timeout=5)
        assert {link.name for link in state.links} == {b"lo", b"v0"}, "by an event"
    with State(parsers=registry()) as state:
        assert {link.name for link in state.links} == {b"lo", b"v0"}, "by a dump"
    with State() as state:
        assert {link.name for link in state.links} == {b"lo", b"v0", b"v1"}


def test_a_follower_has_one_registry_for_events_and_answers(namespace):
    parsers = registry()
    with Follower(parsers=parsers) as follower:
        assert follower.parsers is follower.mirror.parsers is follower.mirror.tables.parsers is parsers
        while follower.behind:
            follower.read()
        assert b"v1" not in follower.mirror.tables.names


def test_a_mirror_chooses_a_parser_by_flags():
    parsers = ParserRegistry()
    parsers.register(MessageType.NEWLINK, lambda *_: None, flags=HeaderFlag.CREATE)
    mirror = Mirror(parsers=parsers)
    mirror.settle()
    link = plan_link(b"x", ifindex=7, mtu=1500)
    mirror.apply(pack_create_link(link, 0))
    assert list(mirror.tables.links) == []
    (message,) = iter_messages(pack_create_link(link, 0))
    mirror.apply(bytes(message.buffer[:6]) + b"\0\0" + bytes(message.buffer[8:]))
    assert list(mirror.tables.links) == [7]
