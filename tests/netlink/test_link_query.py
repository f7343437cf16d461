# SPDX-License-Identifier: Apache-2.0
"""Quick questions about links: what is taken as the answer, and what is left to the conversation."""

from __future__ import annotations

import struct

import pytest
from scripted_kernel import PORT, ScriptedKernel, done, link, message, refusal

from amf_netwatch.netlink.codec.constants import MessageType
from amf_netwatch.netlink.errors import KernelError
from amf_netwatch.netlink.link_query import LinkQuery

ENODEV, EPERM = 19, 1
DUMP_INTERRUPTED = 0x10


class SpiedConversation:
    """Notes what was left to it, and gives `answer`, or raises it."""

    def __init__(self, answer=()):
        self.answer = answer
        self.asked = []
        self.closed = 0

    def ask(self, kind, payload, **_more):
        self.asked.append("ask")
        return self._give()

    def dump_addresses(self, ifindex=0):
        self.asked.append(("addresses", ifindex))
        return self._give()

    def _give(self):
        if isinstance(self.answer, BaseException):
            raise self.answer
        return list(self.answer)

    def close(self):
        self.closed += 1


def query(answer, conversation=None):
    kernel, conversation = ScriptedKernel(answer), conversation or SpiedConversation(["left to it"])
    return LinkQuery(kernel, conversation), kernel, conversation


def address(sequence, last, **more):
    payload = struct.pack("=BBBBI", 2, 24, 0, 0, 5) + struct.pack("=HH4B", 8, 2, 192, 0, 2, last)
    payload += struct.pack("=HH4B", 8, 1, 192, 0, 2, last)
    return message(MessageType.NEWADDR, sequence, payload, **more)


def texts(addresses):
    return [each.text for each in addresses]


def test_one_request_one_answer_and_no_conversation():
    asked, kernel, conversation = query(lambda sequence, _: [link(sequence, b"eth0")])
    assert [asked.get_link(5).name for _ in range(3)] == [b"eth0"] * 3
    assert [sequence for _, _, sequence in kernel.requests] == [1, 2, 3]
    assert conversation.asked == []
    assert kernel.discarded == 0


@pytest.mark.parametrize(
    "answer",
    [
        lambda sequence: [],
        lambda sequence: [refusal(sequence, EPERM)],
        lambda sequence: [link(sequence + 1, b"eth0")],
        lambda sequence: [link(sequence, b"eth0", port=PORT + 1)],
        lambda sequence: [link(sequence, b"eth0")[:-8]],
        lambda sequence: [b"short"],
        lambda sequence: [message(MessageType.DELLINK, sequence, bytes(16))],
    ],
    ids=["nothing", "refusal", "older", "of another port", "cut", "short", "of another kind"],
)
def test_anything_else_is_left_to_the_conversation(answer):
    asked, kernel, conversation = query(lambda sequence, _: answer(sequence))
    assert asked.get_link(5) == "left to it"
    assert conversation.asked == ["ask"]
    assert kernel.discarded == 1


def test_no_such_link_is_none_and_other_refusals_are_errors():
    def refused(errno):
        return query(lambda sequence, _: [], SpiedConversation(KernelError(errno)))[0]

    assert refused(ENODEV).get_link(5) is None
    with pytest.raises(KernelError):
        refused(EPERM).get_link(5)
    assert query(lambda sequence, _: [], SpiedConversation())[0].get_link(5) is None


def test_addresses_may_come_in_several_datagrams():
    def answer(sequence, _):
        return [
            address(sequence, 1) + address(sequence, 2),
            address(sequence, 3),
            address(sequence, 4) + done(sequence),
        ]

    asked, _, conversation = query(answer)
    assert texts(asked.get_addresses(5)) == [f"192.0.2.{last}/24" for last in (1, 2, 3, 4)]
    assert conversation.asked == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda sequence: [address(sequence, 1)],
        lambda sequence: [address(sequence, 1), address(sequence + 1, 2) + done(sequence)],
        lambda sequence: [address(sequence, 1) + address(sequence, 2, port=PORT + 1) + done(sequence)],
        lambda sequence: [address(sequence, 1, flags=2 | DUMP_INTERRUPTED) + done(sequence)],
        lambda sequence: [address(sequence, 1) + refusal(sequence, EPERM)],
        lambda sequence: [address(sequence, 1) + address(sequence, 2)[:-4]],
        lambda sequence: [address(sequence, 1) + bytes(16) + done(sequence)],
    ],
    ids=["no end", "older", "of another port", "interrupted", "refusal", "cut", "no length"],
)
def test_a_dump_that_is_not_what_was_asked_for_is_left_to_the_conversation(spoil):
    asked, kernel, conversation = query(lambda sequence, _: spoil(sequence))
    assert asked.get_addresses(5) == ["left to it"]
    assert conversation.asked == [("addresses", 5)]
    assert kernel.discarded == 1


def test_after_an_answer_that_was_left_over_the_next_question_gets_its_own():
    left = [link(1, b"old")]

    def answer(sequence, attempt):
        return [] if attempt == 1 else [*left, link(sequence, b"new")]

    asked, _, conversation = query(answer)
    assert asked.get_link(5) == "left to it"
    assert asked.get_link(5) == "left to it"  # the first datagram is not its answer
    left.clear()
    assert asked.get_link(5).name == b"new"
    assert conversation.asked == ["ask", "ask"]


def test_both_sockets_are_closed():
    asked, _, conversation = query(lambda sequence, _: [])
    asked.close()
    assert conversation.closed == 1
