# SPDX-License-Identifier: Apache-2.0
"""The state: looking, callbacks, event queues, waiting; on a kernel."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from kernel_fixtures import Namespace

from amf_netwatch.netlink.errors import StateError, WaitTimeoutError
from amf_netwatch.netlink.mirror.changes import Action, Change, Object
from amf_netwatch.netlink.mirror.state import State

pytestmark = pytest.mark.kernel
PATIENCE = 5.0


@pytest.fixture
def state(namespace: Namespace) -> Iterator[State]:
    with State() as state:
        yield state


def wait_for_link(state: State, name: bytes) -> None:
    state.wait_for(lambda state: state.find_link(name), PATIENCE)


def test_what_is_there_is_found_by_name_and_index(state: State, namespace: Namespace) -> None:
    index = namespace.add_link("v0", "veth", "peer", "name", "v1")
    namespace.ip("addr add 192.0.2.1/24 dev v0")
    namespace.ip("link set v0 up")
    namespace.ip("route add 198.51.100.0/24 via 192.0.2.9 table 1000")
    state.wait_for(lambda state: state.routes(table=1000), PATIENCE)
    link = state.find_link("v0")
    assert link is not None
    assert link == state.find_link(b"v0") == state.find_link(index)
    assert link.ifindex == index
    assert {link.name for link in state.links()} == {b"lo", b"v0", b"v1"}
    assert [one.text for one in state.addresses(index)] == ["192.0.2.1/24"]
    assert [one.text for one in state.routes(ifindex=index, table=1000)] == ["198.51.100.0/24"]
    assert set(state) == {*state.links(), *state.addresses(), *state.routes()}
    assert state.find_link("v2") is None
    assert state.find_link(4711) is None


def test_a_name_follows_its_link(state: State, namespace: Namespace) -> None:
    first = namespace.add_link("v0", "veth", "peer", "name", "v1")
    namespace.ip("link set v0 name w0")
    namespace.ip("link set v1 name v0")
    wait_for_link(state, b"w0")
    state.wait_for(lambda state: state.find_link("v1") is None, PATIENCE)
    link, other = state.find_link("w0"), state.find_link("v0")
    assert link is not None
    assert other is not None
    assert link.ifindex == first != other.ifindex


def test_callbacks_see_what_was_and_what_is(state: State, namespace: Namespace) -> None:
    seen: list[tuple[str, str, object]] = []
    done = threading.Event()

    def before(change: Change) -> None:
        seen.append(("before", str(change.action), state.find_link(change.name or b"")))

    def after(change: Change) -> None:
        seen.append(("after", str(change.action), state.find_link(change.name or b"")))
        if change.action is Action.REMOVED and change.name == b"if0":
            done.set()

    end = state.observe(before=before, after=after)
    namespace.add_link("if0", "ifb")
    namespace.ip("link del if0")
    assert done.wait(PATIENCE)
    (first, second, third, fourth) = seen
    assert first == ("before", "new", None)
    assert second[:2] == ("after", "new")
    assert second[2] is not None
    assert third == ("before", "removed", second[2])
    assert fourth == ("after", "removed", None)
    end()
    namespace.add_link("if1", "ifb")
    wait_for_link(state, b"if1")
    assert len(seen) == 4


def test_a_queue_gives_the_state_and_then_each_event_once(state: State, namespace: Namespace) -> None:
    namespace.add_link("if0", "ifb")
    wait_for_link(state, b"if0")
    with state.events() as events:
        namespace.add_link("if1", "ifb")
        namespace.ip("link set if1 name if2")
        namespace.ip("link del if0")
        got = [events.get(PATIENCE) for _ in range(len(tuple(state)) + 3)]
        links = [(str(change.action), change.name) for change in got if change.object is Object.LINK]
        while links[-1] != ("removed", b"if0"):
            change = events.get(PATIENCE)
            links.append((str(change.action), change.name))
        assert links == [
            ("current", b"lo"),
            ("current", b"if0"),
            ("new", b"if1"),
            ("changed", b"if2"),
            ("removed", b"if0"),
        ]
        with pytest.raises(WaitTimeoutError):
            events.get(0.01)


def test_a_full_queue_says_lost_and_gives_the_state_anew(state: State, namespace: Namespace) -> None:
    with state.events(limit=10) as events:
        namespace.batch([f"link add if{n} type ifb" for n in range(30)])
        wait_for_link(state, b"if29")
        names: set[bytes | None] = set()
        lost = 0
        while b"if29" not in names:
            change = events.get(PATIENCE)
            if change.action is Action.LOST:
                lost += 1
                names.clear()
            elif change.object is Object.LINK:
                assert change.name not in names, "told twice"
                names.add(change.name)
        assert lost == 1
        assert names == {b"lo", *(b"if%d" % n for n in range(30))}


def test_after_a_loss_callbacks_hear_the_differences_and_queues_the_whole(namespace: Namespace) -> None:
    with State(receive_buffer=4096) as state, state.events() as events:
        told: list[Change] = []
        state.observe(after=told.append)
        namespace.batch([f"link add if{n} type ifb" for n in range(300)])
        wait_for_link(state, b"if299")
        state.wait_for(lambda state: len(state.links()) == 301, PATIENCE)
        assert state.losses
        assert sorted(change.name or b"" for change in told if change.object is Object.LINK) == sorted(
            b"if%d" % n for n in range(300)
        )
        assert {change.action for change in told} == {Action.NEW}
        names: set[bytes | None] = set()
        while len(names) < 301:
            change = events.get(PATIENCE)
            if change.action is Action.LOST:
                names.clear()
            elif change.object is Object.LINK:
                names.add(change.name)


def test_waiting_sees_what_was_true_for_a_moment_only(state: State, namespace: Namespace) -> None:
    answers: list[bool] = []
    waiting = threading.Event()

    def was_up(state: State) -> bool:
        waiting.set()
        link = state.find_link("if0")
        return link is not None and link.up

    thread = threading.Thread(target=lambda: answers.append(state.wait_for(was_up, PATIENCE)))
    thread.start()
    assert waiting.wait(PATIENCE)
    namespace.batch(["link add if0 type ifb", "link set if0 up", "link set if0 down", "link del if0"])
    thread.join(PATIENCE)
    assert answers == [True]


def test_waiting_ends_in_time_and_raises_what_the_predicate_raises(state: State) -> None:
    with pytest.raises(WaitTimeoutError):
        state.wait_for(lambda _: False, 0.01)
    with pytest.raises(TimeoutError):
        state.wait_for(lambda _: False, 0)
    with pytest.raises(ZeroDivisionError):
        state.wait_for(lambda _: 1 / 0, 0.01)
    assert state.wait_for(lambda state: len(state.links()), 0) == 1


def test_a_callback_that_raises_ends_the_state_loudly(state: State, namespace: Namespace) -> None:
    def fail(_: Change) -> None:
        raise ValueError("a defect")

    state.observe(after=fail)
    namespace.add_link("if0", "ifb")
    with pytest.raises(StateError, match="a defect") as raised:
        state.wait_for(lambda _: False, PATIENCE)
    assert isinstance(raised.value.__cause__, ValueError)
    with pytest.raises(StateError):
        state.links()


def test_callbacks_must_not_wait(state: State, namespace: Namespace) -> None:
    errors: list[type] = []

    def wait(_: Change) -> None:
        for call in (lambda: state.wait_for(lambda _: True), state.close):
            try:
                call()
            except RuntimeError as error:
                errors.append(type(error))

    state.observe(after=wait)
    namespace.add_link("if0", "ifb")
    state.wait_for(lambda _: len(errors) == 2, PATIENCE)


def test_closing_wakes_those_who_wait_and_leaves_nothing_open(namespace: Namespace) -> None:
    def count() -> int:
        return len(os.listdir("/proc/self/fd"))

    threads, descriptors = threading.active_count(), count()
    state = State()
    raised: list[BaseException] = []
    waiting = threading.Event()

    def wait() -> None:
        try:
            state.wait_for(lambda _: waiting.set(), PATIENCE)
        except StateError as error:
            raised.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    assert waiting.wait(PATIENCE)
    state.close()
    state.close()
    thread.join(PATIENCE)
    assert len(raised) == 1
    assert (threading.active_count(), count()) == (threads, descriptors)
    with pytest.raises(StateError):
        state.links()


def test_another_namespace_can_be_followed(state: State, new_namespace: object) -> None:
    assert callable(new_namespace)
    there: Namespace = new_namespace()
    with State(namespace=there.name) as other:
        there.add_link("if0", "ifb")
        wait_for_link(other, b"if0")
    assert state.find_link("if0") is None
    assert Path("/proc/self/ns/net").exists()
