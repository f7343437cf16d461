# SPDX-License-Identifier: Apache-2.0
"""The state: looking, callbacks, event queues, waiting; on a kernel."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from errno import EIO, EPERM
from pathlib import Path
from time import monotonic

import pytest
from kernel_fixtures import Namespace

from amf_netwatch.netlink.codec.constants import Family
from amf_netwatch.netlink.errors import (
    KernelError,
    NetlinkError,
    OverrunError,
    SocketError,
    StateError,
    WaitTimeoutError,
)
from amf_netwatch.netlink.mirror import state as state_module
from amf_netwatch.netlink.mirror.follower import EVERYTHING, groups_of
from amf_netwatch.netlink.mirror.state import State
from amf_netwatch.netlink.mirror.tables.changes import Action, Change, Object, port_options
from amf_netwatch.netlink.mirror.waiting import EventQueue
from amf_netwatch.netlink.socket import NetlinkSocket
from amf_netwatch.netlink.transport import QueryTransport

pytestmark = pytest.mark.kernel
PATIENCE = 20.0  # seconds; only a failing test waits so long


@pytest.fixture
def state(namespace: Namespace) -> Iterator[State]:
    with State() as state:
        yield state


def wait_for_link(state: State, name: bytes) -> None:
    state.wait_for(lambda state: state.links.get(name), PATIENCE)


def test_what_is_there_is_found_by_name_and_index(state: State, namespace: Namespace) -> None:
    index = namespace.add_link("v0", "veth", "peer", "name", "v1")
    namespace.ip("addr add 192.0.2.1/24 dev v0")
    namespace.ip("link set v0 up")
    namespace.ip("route add 198.51.100.0/24 via 192.0.2.9 table 1000")
    state.wait_for(lambda state: state.routes.filter(table=1000), PATIENCE)
    link = state.links["v0"]
    assert link == state.links[b"v0"] == state.links[index]
    assert link.ifindex == index
    assert {link.name for link in state.links} == {b"lo", b"v0", b"v1"}
    assert [one.text for one in state.addresses.of(index)] == ["192.0.2.1/24"]
    assert [one.text for one in state.routes.filter(link=index, table=1000)] == ["198.51.100.0/24"]
    assert set(state) == {
        *state.links,
        *state.addresses,
        *state.routes,
        *state.rules,
        *state.neighbours,
    }
    assert state.links.get("v2") is None
    assert state.links.get(4711) is None


def test_a_name_follows_its_link(state: State, namespace: Namespace) -> None:
    first = namespace.add_link("v0", "veth", "peer", "name", "v1")
    namespace.ip("link set v0 name w0")
    namespace.ip("link set v1 name v0")
    wait_for_link(state, b"w0")
    state.wait_for(lambda state: "v1" not in state.links, PATIENCE)
    assert state.links["w0"].ifindex == first != state.links["v0"].ifindex


def test_callbacks_see_what_was_and_what_is(state: State, namespace: Namespace) -> None:
    seen: list[tuple[str, str, object]] = []
    done = threading.Event()

    def before(change: Change) -> None:
        seen.append(("before", str(change.action), state.links.get(change.name or b"")))

    def after(change: Change) -> None:
        seen.append(("after", str(change.action), state.links.get(change.name or b"")))
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
        state.wait_for(lambda state: len(state.links) == 301, PATIENCE)
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
        link = state.links.get("if0")
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
    assert state.wait_for(lambda state: len(state.links), 0) == 1


def test_an_observer_that_raises_is_logged_and_dropped(namespace: Namespace) -> None:
    lines: list[str] = []
    seen: list[Change] = []

    def fail(_: Change) -> None:
        raise ValueError("a defect")

    with State(log=lines.append) as state:
        state.observe(after=fail)
        state.observe(before=fail)
        state.observe(after=seen.append)
        namespace.add_link("if0", "ifb")
        namespace.add_link("if1", "ifb")
        wait_for_link(state, b"if1")
    assert len(seen) == 2, "the others are called as before"
    assert len(lines) == 2
    assert all("fail dropped reason=ValueError('a defect')" in line for line in lines)


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
        state.links.filter()


def test_another_namespace_can_be_followed(state: State, new_namespace: object) -> None:
    assert callable(new_namespace)
    there: Namespace = new_namespace()
    with State(namespace=there.name) as other:
        there.add_link("if0", "ifb")
        wait_for_link(other, b"if0")
    assert "if0" not in state.links
    assert Path("/proc/self/ns/net").exists()


def test_waiting_is_asked_after_a_mere_change(state: State, namespace: Namespace) -> None:
    """An MTU: nothing else happens that could wake those who wait."""
    namespace.add_link("if0", "ifb")
    wait_for_link(state, b"if0")
    seen: list[Change] = []
    state.observe(after=seen.append)
    namespace.ip("link set if0 mtu 1400")
    state.wait_for(lambda state: state.links["if0"].mtu == 1400, PATIENCE)
    assert [(change.action, change.changed) for change in seen] == [(Action.CHANGED, ("mtu",))]


def test_an_event_queue_waits_for_its_next_event(state: State, namespace: Namespace) -> None:
    with state.events() as events:
        for _ in tuple(state):
            events.get(0)
        timer = threading.Timer(0.2, lambda: namespace.ip("link set lo mtu 1400"))
        timer.start()
        assert events.get(PATIENCE).changed == ("mtu",)
        timer.join()


def drain(events: EventQueue) -> list[Change]:
    """Everything that is there; the namespace is quiet."""
    changes: list[Change] = []
    while True:
        try:
            changes.append(events.get(0.2))
        except WaitTimeoutError:
            return changes


def test_a_queue_that_overflowed_says_so_once(state: State, namespace: Namespace) -> None:
    with state.events(limit=3) as events:
        namespace.batch([f"link add if{n} type ifb" for n in range(20)])
        wait_for_link(state, b"if19")
        assert [change.action for change in drain(events)].count(Action.LOST) == 1
        namespace.ip("link set if0 mtu 1400")
        assert [change.changed for change in drain(events)] == [("mtu",)]


# -- sockets that are slow, break, or are missing ----------------------------------------------------------


class Queries:
    """The kernel's answers, held back while `held` is set; broken while `broken` is."""

    def __init__(self) -> None:
        self.held, self.broken = False, False
        self.asked = threading.Event()

    def open(self) -> QueryTransport:
        if self.broken:
            raise SocketError(EPERM, "open")
        return _HeldBack(self)


class _HeldBack(NetlinkSocket):
    def __init__(self, owner: Queries) -> None:
        super().__init__(receive_buffer=None, extended_ack=True, strict=True)
        self._owner = owner

    def send(self, datagram: bytes) -> None:
        super().send(datagram)
        self._owner.asked.set()

    def receive(self) -> bytes | None:
        return None if self._owner.held else super().receive()


class Events(NetlinkSocket):
    """An event socket that loses events or breaks when the test wants it."""

    def __init__(self) -> None:
        super().__init__(groups_of(EVERYTHING))
        self.error: NetlinkError | None = None

    def receive(self) -> bytes | None:
        error, self.error = self.error, None
        if error is not None:
            raise error
        return super().receive()


def test_a_listing_after_a_loss_may_be_longer_than_the_limit(namespace: Namespace) -> None:
    namespace.batch([f"link add if{n} type ifb" for n in range(20)])
    queries, sockets = Queries(), list[Events]()

    def open_events() -> Events:
        sockets.append(Events())
        return sockets[-1]

    with (
        State([Object.LINK], open_events=open_events, open_queries=queries.open) as state,
        state.events(limit=5) as events,
    ):
        drain(events)
        queries.held = True
        sockets[0].error = OverrunError("the test")
        namespace.ip("link set if0 mtu 1400")
        assert events.get(PATIENCE).action is Action.LOST  # taken before the listing comes
        queries.held = False
        changes = [events.get(PATIENCE) for _ in range(21)] + drain(events)
        assert {change.action for change in changes} == {Action.CURRENT}
        assert len({change.name for change in changes}) == len(changes) == 21


def test_time_outs_hold_and_the_old_view_stays_while_a_dump_is_slow(namespace: Namespace) -> None:
    queries, sockets = Queries(), list[Events]()

    def open_events() -> Events:
        sockets.append(Events())
        return sockets[-1]

    with State(open_events=open_events, open_queries=queries.open, timeout=1.0) as state:
        queries.held = True
        queries.asked.clear()
        sockets[0].error = OverrunError("the test")
        namespace.ip("link add if0 type ifb")
        assert queries.asked.wait(PATIENCE)  # from here on the state's thread waits for the kernel
        started = monotonic()
        assert {link.name for link in state.links} == {b"lo"}
        with pytest.raises(WaitTimeoutError):
            state.wait_for(lambda state: "if0" in state.links, 0.1)
        assert monotonic() - started < 0.6, "it is the dump that takes a second"
        queries.held = False
        wait_for_link(state, b"if0")


def test_a_state_opens_new_sockets_and_reads_everything_anew(namespace: Namespace) -> None:
    lines: list[str] = []
    sockets: list[Events] = []
    queries = Queries()

    def open_events() -> Events:
        sockets.append(Events())
        return sockets[-1]

    with State(open_events=open_events, open_queries=queries.open, log=lines.append) as state:
        told: list[Change] = []
        state.observe(after=told.append)
        queries.broken = True
        sockets[0].error = SocketError(EIO, "receive")
        namespace.ip("link add if0 type ifb")
        with pytest.raises(WaitTimeoutError):
            state.wait_for(lambda state: "if0" in state.links, 0.3)
        queries.broken = False
        wait_for_link(state, b"if0")
        assert (state.reopenings, [change.action for change in told]) == (1, [Action.NEW])
        assert lines == [f"state state=broken errno={EPERM} doing=open", "state state=reopened"]
        assert [one.fileno() == -1 for one in sockets[:-1]] == [True] * (len(sockets) - 1)


def test_a_state_without_sockets_ends_and_wakes_those_who_wait(
    namespace: Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_module, "PAUSES", (0.0, 0.05))
    lines: list[str] = []
    sockets: list[Events] = []
    queries = Queries()

    def open_events() -> Events:
        sockets.append(Events())
        return sockets[-1]

    with State(open_events=open_events, open_queries=queries.open, log=lines.append) as state:
        queries.broken = True
        sockets[0].error = SocketError(EIO, "receive")
        started = monotonic()
        threading.Timer(0.1, lambda: namespace.ip("link add if0 type ifb")).start()
        with pytest.raises(StateError, match="open") as raised:
            state.wait_for(lambda _: False)
        assert monotonic() - started < PATIENCE
        assert isinstance(raised.value.__cause__, SocketError)
        with pytest.raises(StateError):
            state.links.filter()
        assert lines[-1].startswith("state state=failed reason=")


def test_a_first_reading_that_fails_leaves_nothing_open(namespace: Namespace) -> None:
    class Refusing(_HeldBack):
        def receive(self) -> bytes | None:
            raise KernelError(EPERM)

    opened: list[NetlinkSocket] = []

    def remember(one: NetlinkSocket) -> NetlinkSocket:
        opened.append(one)
        return one

    with pytest.raises(KernelError):
        State(open_events=lambda: remember(Events()), open_queries=lambda: remember(Refusing(Queries())))
    assert [one.fileno() for one in opened] == [-1, -1]


def test_a_program_that_does_not_close_its_state_ends() -> None:
    program = "from amf_netwatch.netlink import State; state = State(); print(len(state.links) > 0)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")


def test_a_refresh_reads_what_the_kernel_does_not_announce(state: State, namespace: Namespace) -> None:
    namespace.add_link("if0", "ifb")
    wait_for_link(state, b"if0")
    namespace.ip("link set if0 alias uplink")  # the link is down: no event
    state.refresh(PATIENCE)
    assert state.links["if0"].alias == "uplink"


def test_the_sizes_of_the_buffers_are_the_callers_choice(namespace: Namespace) -> None:
    with State(datagram_size=256) as state:
        namespace.add_link("if0", "ifb")
        wait_for_link(state, b"if0")
        assert state.losses, "a link message does not fit"


# -- watches -----------------------------------------------------------------------------------------------


def test_a_watch_is_armed_before_and_waited_for_afterwards(state: State, namespace: Namespace) -> None:
    namespace.add_link("if0", "ifb")
    wait_for_link(state, b"if0")
    with (
        state.watch(name="if0", state="up") as up,
        state.watch(name="if0", mtu=1400) as never,
        state.watch("route", dst="198.51.100.0/24", link="if0") as route,
        state.watch(Object.ADDRESS, address="192.0.2.1", family="ipv4") as address,
        state.watch(action="removed", name="if0") as gone,
    ):
        namespace.batch(["link set if0 up", "addr add 192.0.2.1/24 dev if0"])
        namespace.batch(["route add 198.51.100.0/24 dev if0", "link set if0 down", "link del if0"])
        link = up.wait(PATIENCE)
        assert (link.name, link.up) == (b"if0", True)
        assert route.wait(PATIENCE).text == "198.51.100.0/24"
        assert address.wait(PATIENCE).text == "192.0.2.1/24"
        assert gone.wait(PATIENCE).name == b"if0"
        with pytest.raises(WaitTimeoutError, match="link name='if0' mtu=1400 has not come in time"):
            never.wait(0.01)
    assert up.change is not None
    assert up.change.action is Action.CHANGED


def test_a_watch_does_not_count_what_is_there(state: State, namespace: Namespace) -> None:
    with state.watch(name="lo") as watch:
        with pytest.raises(WaitTimeoutError):
            watch.wait(0.01)
        namespace.ip("link set lo mtu 1400")
        assert watch.wait(PATIENCE).mtu == 1400


def test_a_watch_refuses_facts_that_are_none(state: State) -> None:
    with pytest.raises(TypeError, match="a link has no fact 'colour'"):
        state.watch(colour="red")
    with pytest.raises(ValueError, match="nothing"):
        state.watch("nothing")


# -- what happens without an event -------------------------------------------------------------------------


def test_the_metrics_of_ipv6_routes_follow_the_mtu_of_their_link(state: State, namespace: Namespace) -> None:
    namespace.add_link("v0", "veth", "peer", "name", "v1")
    namespace.batch(["link set v0 up", "link set v1 up"])
    namespace.ip("-6 route add 2001:db8:9::/48 via fe80::9 dev v0 mtu 1400")
    namespace.ip("link set v0 mtu 1350")

    def mtu(state: State) -> int | None:
        route = state.routes.find(dst="2001:db8:9::/48")
        return None if route is None or route.metrics is None else route.metrics.mtu

    state.wait_for(lambda state: mtu(state) == 1350, PATIENCE)


def test_the_state_of_a_port_is_kept(state: State, namespace: Namespace) -> None:
    """Only a message of AF_BRIDGE tells that a port went from one state to another."""
    namespace.batch(["link add br0 type bridge", "link add v0 type veth peer name v1"])
    namespace.batch(["link set v0 master br0", "link set br0 up", "link set v0 up", "link set v1 up"])
    state.wait_for(lambda state: port_options(state.links["v0"]).get("state") == "forwarding", PATIENCE)
    with state.watch(name="v0") as watch:
        namespace.ip("link set v0 type bridge_slave cost 77")
        assert port_options(watch.wait(PATIENCE))["cost"] == 77


def test_rules_and_neighbours_are_found(state: State, namespace: Namespace) -> None:
    namespace.batch(["link add v0 type veth peer name v1", "link set v0 up"])
    with state.watch("neighbour", link="v0") as watch, state.watch("rule", priority=1000) as rule:
        namespace.ip("rule add from 192.0.2.0/24 iif v0 table 100 priority 1000")
        namespace.ip("-6 rule add to 2001:db8::/32 type blackhole priority 1001")
        namespace.ip("neigh add 192.0.2.9 lladdr 02:00:00:00:00:09 dev v0 nud permanent")
        assert watch.wait(PATIENCE) == state.neighbours["192.0.2.9"]
        assert rule.wait(PATIENCE) in state.rules.filter(table=100, family="ipv4")
    (found,) = state.rules.filter(src="192.0.2.0/24", dst="all", input="v0")
    assert state.rules.find(priority=1000) == found
    (blackhole,) = state.rules.filter(dst="2001:db8::/32")
    assert (blackhole.family, str(blackhole.action)) == (Family.INET6, "blackhole")
    assert [one.priority or 0 for one in state.rules.filter(family="ipv6")] == [0, 1001, 32766]
    assert state.neighbours.find(mac="02:00:00:00:00:09", permanent=True, link="v0") is not None
    assert "192.0.2.10" not in state.neighbours
    assert len(state.neighbours.filter(family="ipv6", permanent=True)) == 0
    with pytest.raises(KeyError):
        _ = state.neighbours["192.0.2.10"]
