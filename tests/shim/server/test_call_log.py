# SPDX-License-Identifier: Apache-2.0
"""The call log: what it keeps, what it drops, and what a call costs."""

from __future__ import annotations

import tracemalloc

from saf_shim import protocol
from saf_shim.server.call_log import CallLog


def line(number: int, **args: object) -> bytes:
    return protocol.encode_line([number, "saAmfResponse_4", args])


def test_it_tells_what_it_was_told() -> None:
    log = CallLog()
    log.add(10**18, 4711, 3, "saAmfResponse_4", 6, line(1, handle=9, invocation=2**64 - 1))
    log.add(10**18 + 1, 4712, 4, "saImmOmFinalize", 1, line(2))
    first, second = log.read()
    assert first == (1, 10**18, 4711, 3, "saAmfResponse_4", 6, {"handle": 9, "invocation": 2**64 - 1})
    assert list(log.read("saImm")) == [second]


def test_the_oldest_go_when_there_are_too_many() -> None:
    log = CallLog(calls=3)
    for number in range(5):
        log.add(0, 1, 1, f"sa{number}", 1, line(number))
    assert [(call.number, call.name) for call in log.read()] == [(3, "sa2"), (4, "sa3"), (5, "sa4")]


def test_the_oldest_go_when_they_are_too_large() -> None:
    log = CallLog(size=1000)
    for number in range(5):
        log.add(0, 1, 1, "saImmOiRtObjectUpdate_2", 1, line(number, text="x" * 400))
    assert [call.number for call in log.read()] == [4, 5]
    log.add(0, 1, 1, "saImmOiRtObjectUpdate_2", 1, line(6, text="x" * 2000))
    assert len(log) == 0, "one that is larger than the log is not kept"


def test_numbers_go_on_after_clearing() -> None:
    log = CallLog()
    log.add(0, 1, 1, "saA", 1, line(1))
    log.clear()
    log.add(0, 1, 1, "saB", 1, line(2))
    assert [call.number for call in log.read()] == [2]


def test_a_call_costs_no_more_than_400_bytes() -> None:
    """A healthcheck's answer. Its decoded arguments alone would take more than a kilobyte."""
    log = CallLog()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(1000):
        message = line(number, handle=2**40 + 1, invocation=number, error=1, running=[number])
        log.add(10**18 + number, 4711, 3, "saAmfResponse_4", 1, message)
    cost = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert cost / 1000 <= 400
