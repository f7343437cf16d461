# SPDX-License-Identifier: Apache-2.0
"""A follower whose owner pauses: without a buffer the kernel drops events, with one a thread takes them."""

from __future__ import annotations

import select
import threading

import pytest

from amf_netwatch.netlink import Action, Follower

pytestmark = pytest.mark.kernel
EVENTS = 50
SMALL = 8 * 1024  # the kernel doubles it; it holds fewer than `EVENTS` on any machine


def changes_after_a_pause(namespace, **options):
    """Return the changes that a follower reports if it was not read while the MTU of a link changed."""
    seen = []
    with Follower(after=seen.append, **options) as follower:
        while follower.behind:
            follower.read()
        seen.clear()
        namespace.batch([f"link set v0 mtu {1000 + number}" for number in range(EVENTS)])
        poll = select.poll()
        poll.register(follower.fileno(), select.POLLIN)
        while follower.mirror.tables.links[follower.mirror.tables.names[b"v0"]].mtu != 999 + EVENTS:
            assert follower.behind or poll.poll(5000)
            follower.read()
    return seen


def test_a_pause_costs_events_without_a_buffer(namespace):
    namespace.add_link("v0", "veth", "peer", "name", "v1")
    seen = changes_after_a_pause(namespace, receive_buffer=SMALL)
    assert any(change.action is Action.LOST for change in seen)


def test_what_came_in_a_pause_comes_out_of_the_buffer_in_order(namespace):
    namespace.add_link("v0", "veth", "peer", "name", "v1")
    seen = changes_after_a_pause(namespace, buffered=True)
    assert [change.after.mtu for change in seen if "mtu" in change.changed] == [
        1000 + number for number in range(EVENTS)
    ]


def test_the_thread_ends_with_its_follower(namespace):
    before = threading.active_count()
    with Follower(buffered=True):
        assert threading.active_count() == before + 1
    assert threading.active_count() == before
