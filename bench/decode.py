# SPDX-License-Identifier: Apache-2.0
"""Decoding: link messages that a kernel sent, and a routing table of its own.

The link messages are those of `tests/netlink/captures`: veth, bridge and other links through their lives.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink.rtnl.marshal import MarshalRtnl

from amf_netwatch.netlink import (
    DEFAULT_ROUTES,
    Conversation,
    LinkFactsDecoder,
    Message,
    decode_link,
    decode_link_facts,
    iter_messages,
)
from amf_netwatch.netlink.codec.hints import add_changed_links
from bench.measure import Contender, Row, at_most, contest, faster, show_seconds
from bench.world import ip, links

CAPTURES = Path(__file__).parents[1] / "tests" / "netlink" / "captures"
ROUTES = 50_000
_NEWLINK = 16
_FACTS = ("IFLA_IFNAME", "IFLA_ADDRESS", "IFLA_MTU", "IFLA_OPERSTATE", "IFLA_CARRIER", "IFLA_MASTER")


def rows() -> Iterator[Row]:
    """Every figure of this part."""
    yield from _link_messages()
    with links(2):
        yield from _routing_table()


def recorded_links() -> list[tuple[bytes, Message]]:
    """The recorded NEWLINK messages that speak of a link itself, each as a datagram of its own."""
    found = []
    for path in sorted(CAPTURES.glob("*.events")):
        data, offset = path.read_bytes(), 0
        while offset < len(data):
            (size,) = struct.unpack_from("<I", data, offset)
            for message in iter_messages(data[offset + 4 : offset + 4 + size]):
                if message.type == _NEWLINK and message.buffer[message.start] == 0:
                    datagram = bytes(message.buffer[message.start - 16 : message.end])
                    found.append((datagram, next(iter_messages(datagram))))
            offset += 4 + size
    return found


def _link_messages() -> Iterator[Row]:
    recorded = recorded_links()
    payloads = [(message.buffer, message.start, message.end) for _, message in recorded]
    datagrams = [datagram for datagram, _ in recorded]
    general, learnt = MarshalRtnl(), LinkFactsDecoder()
    ifindexes: set[int] = set()

    def each(decode: Any) -> Contender:
        def work() -> None:
            for buffer, start, end in payloads:
                decode(buffer, start, end)

        return Contender(work, 5)

    def all_hints() -> None:
        for datagram in datagrams:
            add_changed_links(datagram, ifindexes)

    def all_by_pyroute2() -> None:
        for datagram in datagrams:
            for message in general.parse(datagram):
                for name in _FACTS:
                    message.get_attr(name)

    medians = contest(
        {
            "hints": Contender(all_hints, 5),
            "learnt": each(learnt.decode),
            "walk": each(decode_link_facts),
            "complete": each(decode_link),
            "pyroute2": Contender(all_by_pyroute2),
        }
    )
    cost = {name: seconds / len(recorded) for name, seconds in medians.items()}
    mean = sum(map(len, datagrams)) / len(datagrams)
    rival = cost["pyroute2"]
    yield faster(f"decode a link message ({mean:.0f} bytes), facts", cost["learnt"], rival, "pyroute2", 35)
    yield at_most("  the same, absolute", cost["learnt"] * 1e6, 4.5, "us", "stretch: 1 us")
    yield faster("  facts, layout met for the first time", cost["walk"], rival, "pyroute2")
    yield faster("  every field", cost["complete"], rival, "pyroute2")
    yield faster("  which link it speaks of", cost["hints"], rival, "pyroute2")


def _routing_table() -> Iterator[Row]:
    ip(
        "route add default via 198.18.0.1 dev b0a onlink",
        *(f"route add 10.{n >> 8}.{n & 255}.0/25 via 198.18.0.1 dev b0a onlink" for n in range(ROUTES // 2)),
        *(
            f"route add 10.{n >> 8}.{n & 255}.128/25 via 198.18.0.1 dev b0a onlink"
            for n in range(ROUTES // 2)
        ),
    )
    with Conversation() as conversation, IPRoute() as general:
        assert len(conversation.dump_routes()) > ROUTES
        medians = contest(
            {
                "all": Contender(conversation.dump_routes),
                "default": Contender(lambda: conversation.dump_routes(only=DEFAULT_ROUTES)),
                "pyroute2": Contender(lambda: list(general.get_routes())),
            },
            samples=3,
        )
    rival = medians["pyroute2"]
    yield faster(f"dump of {ROUTES} routes", medians["all"], rival, "pyroute2", 10)
    yield faster("  only default routes of them", medians["default"], rival, "pyroute2", 10)
    yield Row(
        "  only default routes, against all of them",
        show_seconds(medians["default"]),
        f"all {show_seconds(medians['all'])}",
        medians["all"] / medians["default"],
    )
