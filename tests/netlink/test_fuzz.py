# SPDX-License-Identifier: Apache-2.0
"""Mutated event datagrams, through everything that a monitor does with them.

The decoders alone are fuzzed in `tests/netlink`; here whole datagrams, headers and all, go into a mirror
that lives on, and every change it makes of them is printed. Nothing but DecodeError may come out.
"""

from __future__ import annotations

import json
import struct
import sys
import time
from collections.abc import Callable
from random import Random

import pytest
from netlink_captures import EVENTS, read_datagrams

from amf_netwatch.netlink.errors import DecodeError
from amf_netwatch.netlink.mirror.lines import format_json, format_text
from amf_netwatch.netlink.mirror.tables.changes import Action, Change
from amf_netwatch.netlink.mirror.tables.mirror import Mirror
from amf_netwatch.netlink.mirror.wait import Attached, Reconnected

CASES = 100_000
pytestmark = pytest.mark.skipif(sys.byteorder != "little", reason="the recordings are little-endian")


class Reader:
    """A mirror whose changes are printed, one in a hundred also decoded again, and told to waits."""

    def __init__(self) -> None:
        self.mirror = Mirror(after=self.after)
        self.mirror.settle()
        self.changes = 0
        self.refused = 0
        self.waits = [Attached(), Reconnected(b"v0")]
        for wait in self.waits:
            wait.start({})

    def after(self, change: Change) -> None:
        self.changes += 1
        line = format_json(change, 0.0, self.mirror.tables)
        if self.changes % 100 == 0:
            assert json.loads(line)["action"] == str(change.action)
            assert format_text(change, 0.0, self.mirror.tables).isprintable()
        if change.action is not Action.LOST and str(change.object) == "link":
            for wait in self.waits:
                wait.observe(change, self.mirror.tables.links)

    def read(self, datagram: bytes) -> None:
        try:
            self.mirror.apply(datagram)
        except DecodeError:
            self.refused += 1


def mutate(random: Random, datagram: bytes) -> bytes:
    """Some bytes changed, or a length, or the end cut off."""
    data = bytearray(datagram)
    manner = random.random()
    if manner < 0.6:
        for _ in range(random.choice((1, 1, 2, 4))):
            data[random.randrange(len(data))] = random.randrange(256)
    elif manner < 0.9:
        # Where a length may stand: at a multiple of four.
        place = random.randrange(0, len(data) - 3, 4)
        struct.pack_into("=H", data, place, random.choice((0, 1, 3, 4, 5, 8, 0xFFFF, random.randrange(2000))))
    else:
        del data[random.randrange(len(data)) :]
    return bytes(data)


def test_a_hundred_thousand_mutated_datagrams_do_no_harm() -> None:
    random = Random(20)
    recorded = [datagram for name in EVENTS for datagram in read_datagrams(f"{name}.events")]
    reader = Reader()
    for _ in range(CASES // 20):
        datagram = random.choice(recorded)
        reader.read(datagram)
        for _ in range(19):
            reader.read(mutate(random, datagram))
        if len(reader.mirror.tables.links) > 200:
            reader.mirror.lose()
            reader.mirror.settle()
    assert reader.refused > CASES / 20
    assert reader.changes > CASES / 20


TAILS: dict[str, Callable[[int], bytes]] = {
    "shortest": lambda count: struct.pack("=HH", 4, 3) * count,
    "zero": lambda count: struct.pack("=HH", 0, 3) * count,  # the one that loops for ever elsewhere
    "nested": lambda count: struct.pack("=HH", 4 * count, 18) + struct.pack("=HH", 4, 1) * (count - 1),
    "names": lambda count: struct.pack("=HH", 4 * count, 52) + struct.pack("=HH", 4, 53) * (count - 1),
    "zeros": lambda count: bytes(4 * count),
    "ones": lambda count: b"\xff" * 4 * count,
}


@pytest.mark.parametrize("tail", TAILS.values(), ids=TAILS)
def test_the_longest_datagrams_take_linear_time(tail: Callable[[int], bytes]) -> None:
    def link(attributes: bytes) -> bytes:
        payload = struct.pack("=BxHiII", 0, 1, 7, 0, 0) + attributes
        return struct.pack("=IHHII", 16 + len(payload), 16, 0, 0, 0) + payload

    short, long = seconds(link(tail(1_500))), seconds(link(tail(12_000)))
    assert long < 8 * 3 * short + 0.001


def test_many_messages_in_a_datagram_take_linear_time() -> None:
    message = struct.pack("=IHHII", 16, 3, 0, 0, 0)
    assert seconds(message * 4000) < 8 * 3 * seconds(message * 500) + 0.001


def seconds(datagram: bytes) -> float:
    """Processor time for one datagram, the best of three."""
    best = float("inf")
    for _ in range(3):
        reader = Reader()
        started = time.process_time()
        reader.read(datagram)
        best = min(best, time.process_time() - started)
    return best
