# SPDX-License-Identifier: Apache-2.0
"""Waiting for links on a kernel: for the right one, at the right event, at once."""

from __future__ import annotations

import select
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from time import monotonic
from typing import Any

import pytest
from kernel_fixtures import Namespace

from amf_netwatch.netlink.codec.constants import Group, OperState
from amf_netwatch.netlink.codec.link import Link, decode_link
from amf_netwatch.netlink.codec.messages import iter_messages
from amf_netwatch.netlink.errors import SocketError, WaitTimeoutError
from amf_netwatch.netlink.mirror.conditions import Condition, NamedCondition
from amf_netwatch.netlink.mirror.tables.changes import Change
from amf_netwatch.netlink.mirror.wait import (
    LinkWaiter,
    wait_attach,
    wait_detach,
    wait_down,
    wait_reconnect,
    wait_up,
)
from amf_netwatch.netlink.socket import NetlinkSocket

pytestmark = pytest.mark.kernel
PATIENCE = 20.0  # seconds; only a failing test waits so long
SOON = 0.1  # seconds from the event to the return
NOTHING = 0.02  # seconds to see that nothing comes of what has been announced already


@pytest.fixture
def pair(namespace: Namespace) -> Namespace:
    """A namespace with v0 and v1, a veth pair, both up."""
    namespace.add_link("v0", "veth", "peer", "name", "v1")
    namespace.ip("link set v0 up")
    namespace.ip("link set v1 up")
    wait_for_carrier("v0", True)
    return namespace


@pytest.fixture
def waiter(pair: Namespace) -> Iterator[LinkWaiter]:
    with LinkWaiter() as waiter:
        yield waiter


def wait_for_carrier(name: str, wanted: bool) -> None:
    """An independent wait: by sysfs, woken by the kernel's events."""
    with NetlinkSocket([Group.LINK]) as events:
        poll = select.poll()
        poll.register(events.fileno(), select.POLLIN)
        deadline = monotonic() + PATIENCE
        while True:
            with open(f"/sys/class/net/{name}/carrier", encoding="ascii") as file:
                if (file.read().strip() == "1") is wanted:
                    return
            assert monotonic() < deadline
            poll.poll(50)
            events.discard()


def nothing_comes(wait: Callable[..., Any], *arguments: Any) -> None:
    with pytest.raises(WaitTimeoutError):
        wait(*arguments, timeout=NOTHING)


def wait_in_thread(wait: Callable[[], Any], act: Callable[[], Any]) -> Any:
    """Act while another thread waits; what it waited for."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(wait()))
    thread.start()
    thread.join(0.1)
    assert not found, "nothing has happened yet"
    act()
    thread.join(PATIENCE)
    return found[0]


# -- attach ------------------------------------------------------------------------------------------------


def test_attach_gives_the_new_link(waiter: LinkWaiter, pair: Namespace) -> None:
    index = pair.add_link("if0", "ifb")
    link = waiter.attach(timeout=PATIENCE)
    assert (link.name, link.ifindex, link.kind) == (b"if0", index, "ifb")
    pair.add_link("if1", "ifb")
    assert waiter.attach(timeout=PATIENCE).name == b"if1"
    nothing_comes(waiter.attach)


def test_attach_is_not_a_rename_a_port_a_change_or_a_return_to_up(
    waiter: LinkWaiter, pair: Namespace
) -> None:
    pair.add_link("br0", "bridge")
    assert waiter.attach(timeout=PATIENCE).name == b"br0"
    for operation in ("v0 down", "v0 name w0", "w0 up", "w0 master br0", "w0 nomaster", "w0 mtu 1400"):
        pair.ip(f"link set {operation}")
    nothing_comes(waiter.attach)
    nothing_comes(waiter.attach, ["lo", "v0", "v1", "w0", "br0"])


def test_attach_counts_a_link_from_another_namespace_and_one_that_came_back(
    waiter: LinkWaiter, pair: Namespace, new_namespace: Callable[[], Namespace]
) -> None:
    there = new_namespace()
    pair.ip(f"link set v0 netns {there.name}")
    nothing_comes(waiter.attach)
    there.ip(f"link set v0 netns {pair.name}")
    assert waiter.attach(timeout=PATIENCE).name == b"v0"
    pair.ip("link del v0")
    nothing_comes(waiter.attach)
    pair.ip("link add v0 index 77 type veth peer name v1")
    assert {waiter.attach(timeout=PATIENCE).name for _ in range(2)} == {b"v0", b"v1"}


def test_attach_with_existing_names_counts_what_is_there_already(pair: Namespace) -> None:
    assert wait_attach(["lo", "v0"], timeout=PATIENCE).name == b"v1"
    assert wait_attach([b"v0"], timeout=PATIENCE).name == b"v1"
    nothing_comes(wait_attach, ["v0", "v1"])
    with LinkWaiter() as waiter:
        pair.add_link("if0", "ifb")
        pair.add_link("if1", "ifb")
        assert waiter.attach(["v0", "v1", "if0"], timeout=PATIENCE).name == b"if1"


def test_attach_in_a_state_waits_until_a_new_link_is_in_it(waiter: LinkWaiter, pair: Namespace) -> None:
    pair.batch(["link set v0 down", "link add w0 type veth peer name w1", "link add if0 type ifb"])
    nothing_comes(lambda timeout: waiter.attach(state=OperState.UP, timeout=timeout))
    pair.batch(["link set v0 up", "link add x0 type veth peer name x1", "link set x0 up"])
    nothing_comes(lambda timeout: waiter.attach(state=OperState.UP, timeout=timeout))
    pair.ip("link set x1 up")
    link = waiter.attach(["lo", "v0", "v1"], state=OperState.UP, timeout=PATIENCE)
    assert link.name in (b"x0", b"x1")
    assert wait_attach(["v0", "x0", "x1"], state=OperState.UP, timeout=PATIENCE).name == b"v1"
    assert wait_attach(["v0", "v1"], state=OperState.DOWN, timeout=PATIENCE).name in (b"w0", b"w1", b"if0")


def test_attach_in_a_state_forgets_a_link_that_went(waiter: LinkWaiter, pair: Namespace) -> None:
    pair.batch(["link add if0 index 77 type ifb", "link del if0"])
    assert waiter.attach(state=OperState.DOWN, timeout=PATIENCE).name == b"if0", "it was in it for a moment"
    pair.batch(["link add x0 index 78 type veth peer name x1", "link del x0"])
    nothing_comes(lambda timeout: waiter.attach(state=OperState.UP, timeout=timeout))


# -- detach ------------------------------------------------------------------------------------------------


def test_detach_gives_the_link_that_was(waiter: LinkWaiter, pair: Namespace) -> None:
    pair.ip("link del v0")
    link = waiter.detach("v0", timeout=PATIENCE)
    assert link is not None
    assert link.name == b"v0"
    assert waiter.detach("v1", timeout=PATIENCE) is not None
    assert waiter.detach("v0", timeout=0) is None, "it is not there: nothing to wait for"


def test_detach_is_not_a_bridge_port_that_is_freed_or_a_rename_or_another_link(
    waiter: LinkWaiter, pair: Namespace
) -> None:
    pair.add_link("br0", "bridge")
    pair.ip("link set v0 master br0")
    pair.ip("link set v0 nomaster")  # an RTM_DELLINK of AF_BRIDGE
    pair.ip("link del br0")
    pair.ip("link set v0 name w0")
    nothing_comes(waiter.detach, "w0")


def test_detach_follows_the_link_under_its_new_name_while_another_takes_the_old(
    pair: Namespace,
) -> None:
    with LinkWaiter() as waiter:
        pair.batch(["link set v0 name w0", "link add v0 type ifb", "link del v0", "link add v0 type ifb"])
        nothing_comes(waiter.detach, "v0")
    with LinkWaiter() as waiter:
        pair.batch(["link set v0 name x0", "link set w0 name v0", "link del v0"])
        nothing_comes(waiter.detach, "v0")  # what was v0 at the start is x0 and lives


def test_detach_is_a_move_to_another_namespace(
    waiter: LinkWaiter, pair: Namespace, new_namespace: Callable[[], Namespace]
) -> None:
    pair.ip(f"link set v0 netns {new_namespace().name}")
    assert waiter.detach("v0", timeout=PATIENCE) is not None


def test_detach_without_a_name_is_whichever_link_goes_first(waiter: LinkWaiter, pair: Namespace) -> None:
    pair.add_link("if0", "ifb")
    nothing_comes(waiter.detach)
    pair.batch(["link set if0 name if1", "link add br0 type bridge", "link set v0 master br0"])
    pair.ip("link set v0 nomaster")  # an RTM_DELLINK of AF_BRIDGE
    nothing_comes(waiter.detach)
    pair.ip("link del if1")
    link = waiter.detach(timeout=PATIENCE)
    assert link is not None
    assert link.name == b"if1"
    nothing_comes(waiter.detach)
    pair.ip("link del br0")
    link = wait_in_thread(lambda: wait_detach(timeout=PATIENCE), lambda: pair.ip("link del v0"))
    assert link.name in (b"v0", b"v1")


# -- up and down -------------------------------------------------------------------------------------------


def test_up_and_down_are_what_is_there_or_comes(waiter: LinkWaiter, pair: Namespace) -> None:
    assert waiter.up("v0", timeout=0).up
    nothing_comes(waiter.down, "v0")
    pair.ip("link set v0 down")
    nothing_comes(waiter.up, "v0")  # what was is over
    pair.ip("link set v0 up")
    assert waiter.up("v0", timeout=0).up
    pair.ip("link set v1 down")
    nothing_comes(waiter.down, "v0")
    pair.ip("link set v0 down")
    assert not waiter.down("v0", timeout=PATIENCE).up
    pair.ip("link set v1 up")
    nothing_comes(waiter.up, "v0")
    pair.ip("link set v0 up")
    assert waiter.up("v0", timeout=PATIENCE).name == b"v0"


def test_up_waits_for_a_link_that_is_not_there_yet(waiter: LinkWaiter, pair: Namespace) -> None:
    nothing_comes(waiter.up, "if0")
    pair.batch(["link add if1 type ifb", "link set if1 up", "link add if0 type ifb"])
    nothing_comes(waiter.up, "if0")
    pair.batch(["link set if0 name if7", "link set if7 up"])
    assert waiter.up("if0", timeout=PATIENCE).name == b"if7", "it was if0 when listening began"
    nothing_comes(waiter.up, "if0")
    pair.batch(["link set if1 down", "link set if1 name if0", "link set if0 up"])
    assert waiter.up("if0", timeout=PATIENCE).name == b"if0"


def test_up_sees_every_change_and_stays_with_its_link(waiter: LinkWaiter, pair: Namespace) -> None:
    pair.ip("link set v0 down")
    waiter.down("v0", timeout=PATIENCE)
    pair.batch(["link set v0 up", "link set v0 down"])
    assert waiter.up("v0", timeout=PATIENCE).up
    waiter.down("v0", timeout=PATIENCE)
    pair.batch(["link set v0 name w0", "link set v1 down", "link set v1 name v0", "link set v0 up"])
    nothing_comes(waiter.up, "w0")


# -- reconnect ---------------------------------------------------------------------------------------------


def test_reconnect_is_carrier_lost_and_regained(waiter: LinkWaiter, pair: Namespace) -> None:
    nothing_comes(waiter.reconnect, "v0")
    pair.ip("link set v1 down")  # v0 is now lowerlayerdown
    nothing_comes(waiter.reconnect, "v0")
    wait_for_carrier("v0", False)
    pair.ip("link set v1 up")
    link = waiter.reconnect("v0", timeout=PATIENCE)
    assert (link.name, link.lower_up) == (b"v0", True)
    nothing_comes(waiter.reconnect, "v0")


def test_reconnect_of_a_link_without_carrier_at_the_start(pair: Namespace) -> None:
    pair.ip("link set v1 down")
    wait_for_carrier("v0", False)
    with LinkWaiter() as waiter:
        nothing_comes(waiter.reconnect, "v0")
        pair.ip("link set v1 up")
        assert waiter.reconnect("v0", timeout=PATIENCE).lower_up


def test_reconnect_has_a_memory_for_each_link(waiter: LinkWaiter, pair: Namespace) -> None:
    """Another link's loss, and another link's return, are not ours."""
    pair.add_link("w0", "veth", "peer", "name", "w1")
    pair.batch(["link set w0 up", "link set w1 up"])
    wait_for_carrier("w0", True)
    pair.ip("link set w1 down")
    wait_for_carrier("w0", False)
    nothing_comes(waiter.reconnect, "v0")
    pair.ip("link set w1 up")
    wait_for_carrier("w0", True)
    nothing_comes(waiter.reconnect, "v0")
    pair.ip("link set v1 down")
    wait_for_carrier("v0", False)
    pair.batch(["link set w1 down", "link set w1 up"])
    nothing_comes(waiter.reconnect, "v0")


def test_reconnect_after_down_and_up_and_after_replugging(waiter: LinkWaiter, pair: Namespace) -> None:
    pair.batch(["link set v0 down", "link set v0 up"])
    assert waiter.reconnect("v0", timeout=PATIENCE).lower_up
    pair.batch(["link del v0", "link add v0 type veth peer name v1", "link set v0 up", "link set v1 up"])
    assert waiter.reconnect("v0", timeout=PATIENCE).lower_up


def test_reconnect_sees_a_loss_too_short_for_an_event(pair: Namespace) -> None:
    """The kernel tells carrier late and only as it is then; its counter of changes remembers."""
    with LinkWaiter(receive_buffer=4096) as waiter:
        # The overrun makes sure that no event of the loss itself arrives.
        pair.batch([f"link add s{n} type ifb" for n in range(100)])
        pair.batch(["link set v1 down", "link set v1 up"])
        wait_for_carrier("v0", True)
        assert waiter.reconnect("v0", timeout=PATIENCE).lower_up


def test_a_strict_reconnect_is_down_and_then_up(waiter: LinkWaiter, pair: Namespace) -> None:
    def strictly(timeout: float) -> Link:
        return waiter.reconnect("v0", strict=True, timeout=timeout)

    nothing_comes(strictly)
    pair.ip("link set v1 down")  # v0 is lowerlayerdown now, which is not DOWN
    wait_for_carrier("v0", False)
    pair.ip("link set v1 up")
    wait_for_carrier("v0", True)
    nothing_comes(strictly)
    pair.batch(["link set v0 down", "link set v0 up"])
    assert strictly(PATIENCE).operstate == OperState.UP
    pair.ip("link set v0 down")
    nothing_comes(strictly)
    pair.ip("link set v0 up")
    assert strictly(PATIENCE).operstate == OperState.UP


def test_a_strict_reconnect_of_a_link_that_is_down_at_the_start(pair: Namespace) -> None:
    pair.ip("link set v0 down")
    with LinkWaiter() as waiter:
        pair.ip("link set v0 up")
        assert waiter.reconnect("v0", strict=True, timeout=PATIENCE).operstate == OperState.UP


# -- conditions of one's own -------------------------------------------------------------------------------


def test_a_condition_of_ones_own(waiter: LinkWaiter, pair: Namespace) -> None:
    class Renamed(Condition):
        def observe(self, change: Change, links: Mapping[int, Link]) -> None:
            if "ifname" in change.changed:
                self.fulfil(links[change.after.ifindex])

    class HasMtu(NamedCondition):
        def is_met(self, link: Link | None) -> bool:
            return link is not None and link.mtu == 1400

    nothing_comes(lambda timeout: waiter.wait(Renamed(), timeout))
    pair.ip("link set v0 name w0")
    link = waiter.wait(Renamed(), PATIENCE)
    assert link is not None
    assert link.name == b"w0"
    nothing_comes(lambda timeout: waiter.wait(HasMtu(b"v1"), timeout))
    pair.batch(["link set w0 mtu 1400", "link set v1 mtu 1400"])
    link = waiter.wait(HasMtu(b"v1"), PATIENCE)
    assert link is not None
    assert link.name == b"v1"


# -- time --------------------------------------------------------------------------------------------------

WAITS: tuple[tuple[str, list[str], str, tuple[str, ...], Callable[[int, Link], bool]], ...] = (
    ("attach", [], "link add if0 type ifb", (), lambda kind, link: link.name == b"if0"),
    ("detach", ["link add if0 type ifb"], "link del if0", ("if0",), lambda kind, link: kind == 17),
    ("up", ["link add if0 type ifb"], "link set if0 up", ("if0",), lambda kind, link: link.up),
    (
        "down",
        ["link add if0 type ifb", "link set if0 up"],
        "link set if0 down",
        ("if0",),
        lambda kind, link: not link.up,
    ),
    ("reconnect", ["link set v1 down"], "link set v1 up", ("v0",), lambda kind, link: link.lower_up),
)


@pytest.mark.parametrize(
    ("name", "before", "event", "arguments", "is_it"), WAITS, ids=[row[0] for row in WAITS]
)
def test_a_wait_returns_within_a_tenth_of_a_second_of_the_event(
    pair: Namespace,
    name: str,
    before: list[str],
    event: str,
    arguments: tuple[str, ...],
    is_it: Callable[[int, Link], bool],
) -> None:
    """Measured from the moment at which the kernel's message is in a socket of the test's own."""
    if before:
        pair.batch(before)
    if name == "reconnect":
        wait_for_carrier("v0", False)
    returned: list[tuple[float, Link]] = []
    arrived: list[tuple[float, int, Link]] = []
    with LinkWaiter() as waiter, NetlinkSocket([Group.LINK]) as events:

        def run() -> None:
            link = getattr(waiter, name)(*arguments, timeout=PATIENCE)
            returned.append((monotonic(), link))

        thread = threading.Thread(target=run)
        thread.start()
        thread.join(0.05)
        assert not returned, "nothing has happened yet"
        poll = select.poll()
        poll.register(events.fileno(), select.POLLIN)
        with subprocess.Popen(["ip", *event.split()]):
            deadline = monotonic() + PATIENCE
            done = False
            while not done and monotonic() < deadline:
                done = bool(returned)  # then look once more: the wait may have been faster than we are
                poll.poll(20)
                while (datagram := events.receive()) is not None:
                    for kind, _, _, _, buffer, start, end in iter_messages(datagram):
                        arrived.append((monotonic(), kind, decode_link(buffer, start, end)))
        thread.join(PATIENCE)
    ((at, link),) = returned
    first = next(when for when, kind, seen in arrived if seen.ifindex == link.ifindex and is_it(kind, seen))
    assert at - first < SOON


def test_a_time_out_is_kept_in_a_storm_of_other_events(pair: Namespace) -> None:
    stop = threading.Event()

    def storm() -> None:
        while not stop.is_set():
            pair.batch([f"link set v1 mtu {1400 + n % 50}" for n in range(300)])

    thread = threading.Thread(target=storm)
    thread.start()
    try:
        started = monotonic()
        with pytest.raises(WaitTimeoutError):
            wait_detach("v0", timeout=0.3)
        assert 0.3 <= monotonic() - started < 1.0
    finally:
        stop.set()
        thread.join()


def test_a_namespace_by_name(pair: Namespace, new_namespace: Callable[[], Namespace]) -> None:
    there = new_namespace()
    there.add_link("if0", "ifb")
    assert wait_down("if0", timeout=0, namespace=there.name).name == b"if0"
    nothing_comes(wait_down, "if0")
    nothing_comes(wait_reconnect, "v0")
    with pytest.raises(SocketError):
        wait_up("if0", namespace="no-such-namespace")
