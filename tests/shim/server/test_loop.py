# SPDX-License-Identifier: Apache-2.0
"""The loop gives each event to whom it happened."""

from __future__ import annotations

import os

from saf_shim.server.loop import Loop


def test_an_event_of_a_closed_descriptor_does_not_reach_the_next_owner_of_its_number() -> None:
    """As when a client dies: its connection and its pidfd are ready in the same round, handling one closes
    both, and a new client gets the numbers."""
    reports: list[str] = []
    loop = Loop(reports.append)
    pipes = [os.pipe(), os.pipe()]
    told: list[str] = []

    def first(mine: int) -> None:
        told.append("first")
        other = pipes[1 - mine][0]
        loop.unregister(other)
        pipes.append(os.pipe())
        os.dup2(pipes[-1][0], other)  # closes it: now the number is an heir's
        loop.register(other, lambda _events: told.append("heir"))
        loop.start_timer(0, loop.stop)

    for number, (reader, writer) in enumerate(pipes[:2]):
        os.write(writer, b"x")
        loop.register(reader, lambda _events, number=number: first(number))  # type: ignore[misc]
    loop.run()
    loop.close()
    assert (told, reports) == (["first"], [])
