# SPDX-License-Identifier: Apache-2.0
"""The follower, when things go wrong: losses of every kind, a kernel that does not answer, an old kernel.

Events come from a queue on a real descriptor, answers from a table in the test.
"""

from __future__ import annotations

import select
import sys
from collections.abc import Callable
from errno import EINVAL, EIO, ENODEV, EPERM
from typing import Any

import pytest
from netlink_captures import read_datagrams

from amf_netwatch.netlink import (
    Action,
    Address,
    AnswerTimeoutError,
    Change,
    DatagramQueue,
    Follower,
    InterruptedDumpError,
    KernelError,
    Link,
    NetlinkError,
    Object,
    OverrunError,
    RouteType,
    SocketError,
    TruncatedError,
)
from amf_netwatch.netlink.codec.constants import Family, HardwareType, Scope
from amf_netwatch.netlink.codec.route import Route
from amf_netwatch.netlink.codec.route_constants import RouteProtocol
from amf_netwatch.netlink.mirror import follower as module
from amf_netwatch.netlink.mirror.tables.routes import RouteScope as RouteScopeKey

pytestmark = pytest.mark.skipif(sys.byteorder != "little", reason="the recordings are little-endian")


class Events(DatagramQueue):
    """The event socket: a queue that notes what is done to it."""

    def __init__(self) -> None:
        super().__init__()
        self.grown: list[int] = []
        self.discarded = 0

    def grow(self, size: int) -> None:
        self.grown.append(size)

    def discard(self) -> None:
        self.discarded += 1
        super().discard()


class Kernel:
    """Answers dumps: with `links` and `routes`, unless an error is in `errors`; calls `on_dump` before."""

    def __init__(self) -> None:
        self.links = [Link(Family.UNSPEC, HardwareType.LOOPBACK, 1, 1, 0, name=b"lo", mtu=65536)]
        self.routes: list[Route] = []
        self.addresses: list[Address] = []
        self.errors: list[NetlinkError] = []
        self.on_dump: Callable[[], Any] = lambda: None
        self.asked: list[str] = []

    def _answer(self, what: str, values: list[Any]) -> list[Any]:
        self.asked.append(what)
        self.on_dump()
        if self.errors:
            raise self.errors.pop(0)
        return list(values)

    def dump_links(self) -> list[Link]:
        return self._answer("links", self.links)

    def dump_addresses(self, ifindex: int, family: int) -> list[Any]:
        return self._answer(f"addresses {ifindex}" if ifindex else "addresses", self.addresses)

    def dump_routes(
        self, family: int, *, table: int | None = None, interface: int | None = None
    ) -> list[Any]:
        wanted = [one for one in self.routes if interface in (None, one.interface)]
        return self._answer(f"routes {interface}" if interface else "routes", wanted)

    def get_link(self, *, ifindex: int) -> Link:
        return self._answer("barrier", self.links)[0]  # type: ignore[no-any-return]

    def close(self) -> None:
        pass


class Setting:
    """A follower with an event queue and a kernel of the test's own, and the changes it reported."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *objects: Object, **more: Any) -> None:
        self.events, self.kernel, self.changes = Events(), Kernel(), list[Change]()
        self.open_errors: list[SocketError] = []
        monkeypatch.setattr(module, "NetlinkSocket", lambda *_, **__: None)
        monkeypatch.setattr(module, "Conversation", lambda *_: self.kernel)
        self.follower = Follower(
            objects or (Object.LINK,), after=self.changes.append, open_events=self.open, **more
        )

    def open(self) -> Events:
        if self.open_errors:
            raise self.open_errors.pop(0)
        return self.events

    def take(self) -> list[str]:
        texts = [str(change.action) for change in self.changes if not change.resync]
        self.changes.clear()
        return texts


@pytest.fixture
def setting(monkeypatch: pytest.MonkeyPatch) -> Setting:
    return Setting(monkeypatch)


def settle(setting: Setting) -> None:
    while setting.follower.behind:
        setting.follower.read()


EVENT = next(
    datagram for datagram in read_datagrams("veth.events") if datagram[4] == 16 and datagram[16] == 0
) if sys.byteorder == "little" else b""  # fmt: skip


def test_it_reads_once_and_then_only_events(setting: Setting) -> None:
    assert setting.follower.behind
    setting.follower.read()
    assert (setting.take(), setting.kernel.asked, setting.follower.behind) == (["current"], ["links"], False)
    setting.events.put(EVENT)
    poll = select.poll()
    poll.register(setting.follower.fileno(), select.POLLIN)
    assert poll.poll(0)
    setting.follower.read()
    assert (setting.take(), setting.kernel.asked, poll.poll(0)) == (["new"], ["links"], [])


def test_what_is_announced_during_the_dump_is_part_of_the_first_view(setting: Setting) -> None:
    setting.kernel.on_dump = lambda: setting.events.put(EVENT)
    setting.follower.read()
    assert setting.take() == ["current", "current"]


@pytest.mark.parametrize(
    ("error", "grown"), [(OverrunError("full"), []), (TruncatedError(100_000), [100_000]), (b"rubbish", [])]
)
def test_every_loss_is_told_and_everything_read_anew(setting: Setting, error: Any, grown: list[int]) -> None:
    settle(setting)
    setting.take()
    setting.events.put(error)
    setting.events.put(EVENT)  # is thrown away: the dump knows better
    setting.follower.read()
    assert setting.follower.behind
    assert (setting.take(), setting.events.grown, setting.events.discarded) == (["lost"], grown, 1)
    settle(setting)
    assert (setting.take(), setting.follower.losses, setting.kernel.asked) == (["current"], 1, ["links"] * 2)


@pytest.mark.parametrize("error", [InterruptedDumpError(""), OverrunError(""), AnswerTimeoutError("")])
def test_a_dump_that_fails_is_repeated_by_the_next_read(setting: Setting, error: NetlinkError) -> None:
    setting.kernel.errors = [error, error]
    for _ in range(2):
        setting.follower.read()
        assert (setting.follower.behind, setting.take()) == (True, [])
    setting.follower.read()
    assert (setting.follower.behind, setting.take()) == (False, ["current"])


def test_a_loss_between_dump_and_view_begins_anew(setting: Setting) -> None:
    losses = [OverrunError("full")]
    setting.kernel.on_dump = lambda: setting.events.put(losses.pop()) if losses else None
    setting.follower.read()
    assert (setting.follower.behind, setting.take()) == (True, [])
    settle(setting)
    assert setting.take() == ["current"]


def test_broken_sockets_are_replaced_and_everything_is_read_anew(setting: Setting) -> None:
    settle(setting)
    setting.take()
    broken, setting.events = setting.events, Events()
    setting.kernel.links += [setting.kernel.links[0]._replace(ifindex=2, name=b"v0")]
    broken.end(SocketError(EIO, "receive"))
    setting.follower.read()
    assert (setting.take(), setting.follower.behind) == (["lost"], True)
    assert broken.fileno() == -1
    assert setting.follower.fileno() == setting.events.fileno()
    settle(setting)
    assert setting.take() == ["current"] * 2
    assert (setting.follower.losses, setting.follower.reopenings) == (0, 1)


def test_without_new_sockets_the_owner_decides_when_to_try_again(setting: Setting) -> None:
    settle(setting)
    setting.take()
    setting.events.end(SocketError(EIO, "receive"))
    setting.open_errors = [SocketError(EPERM, "open"), SocketError(EPERM, "open")]
    for _ in range(2):
        with pytest.raises(SocketError, match="open"):
            setting.follower.read()
    setting.events = Events()
    settle(setting)
    assert setting.take() == ["lost", "current"]


def test_a_socket_that_breaks_during_the_first_dump_is_replaced_in_silence(setting: Setting) -> None:
    setting.kernel.errors = [SocketError(EIO, "receive")]
    settle(setting)
    assert (setting.take(), setting.follower.reopenings) == (["current"], 1)


def test_a_refresh_reads_all_links_and_reports_what_is_a_fact(setting: Setting) -> None:
    settle(setting)
    setting.take()
    setting.kernel.links = [setting.kernel.links[0]._replace(alias="uplink", mtu=1400)]
    setting.follower.refresh()
    assert setting.follower.behind
    settle(setting)
    assert setting.take() == ["changed"]
    assert setting.follower.mirror.tables.links[1].alias == "uplink"


def test_a_link_event_is_newer_than_the_dump_of_links_that_it_overtakes(setting: Setting) -> None:
    settle(setting)
    tables = setting.follower.mirror.tables
    old = tables.links[1]
    tables.begin_dump()
    tables.put_link(old._replace(mtu=1400))
    tables.apply_link_dump([old, old._replace(ifindex=9)])
    assert tables.links[1].mtu == 1400
    assert 9 not in tables.links, "a link that is not known has its event on the way"
    tables.end_dump()


def test_the_routes_of_ignored_tables_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    setting = Setting(monkeypatch, Object.ROUTE, ignored_tables=[7])
    kept, ignored = a_route(1), a_route(1)._replace(table_number=7)
    setting.kernel.routes = [kept, ignored]
    settle(setting)
    routes = setting.follower.mirror.tables.routes
    assert list(routes) == [kept]
    routes.add(ignored, 0)
    routes.remove(ignored)
    routes.apply_dump(RouteScopeKey(Family.INET), [kept, ignored])
    assert list(routes) == [kept]
    setting.events.put(OverrunError("full"))
    setting.follower.read()
    settle(setting)
    assert list(routes) == [kept]


def a_route(interface: int) -> Route:
    return Route(
        Family.INET, 8, 0, 0, 254, RouteProtocol.BOOT, Scope.UNIVERSE, RouteType.UNICAST, 0,
        destination=bytes([10, 0, 0, interface]), interface=interface,
    )  # fmt: skip


@pytest.fixture
def partly_old(monkeypatch: pytest.MonkeyPatch) -> Setting:
    """Routes through links 1 and 2; the one through 1 has gone without an event."""
    setting = Setting(monkeypatch, Object.ROUTE)
    setting.kernel.routes = [a_route(1), a_route(2)]
    settle(setting)
    setting.take()
    setting.kernel.asked.clear()
    del setting.kernel.routes[0]
    setting.follower.mirror.tables.routes.note_link_down(1)
    return setting


def test_routes_that_may_have_gone_are_read_again_and_no_others(partly_old: Setting) -> None:
    partly_old.follower.read()
    assert partly_old.take() == ["removed"]
    assert partly_old.kernel.asked == ["barrier", "routes 1"]
    assert not partly_old.follower.behind
    partly_old.follower.mirror.tables.routes.note_link_down(1)
    partly_old.follower.read()
    assert partly_old.kernel.asked == ["barrier", "routes 1"], "there is none left through it"


def test_many_parts_to_read_again_are_one_dump(partly_old: Setting) -> None:
    partly_old.follower.mirror.tables.routes.to_reread.clear()
    for number in range(3, 20):
        partly_old.follower.mirror.tables.routes.add(a_route(number), 0)
        partly_old.follower.mirror.tables.routes.note_link_down(number)
    partly_old.take()
    partly_old.follower.read()
    assert partly_old.kernel.asked == ["barrier", "routes"]
    assert partly_old.take() == ["removed"] * 18


def test_what_is_to_be_read_again_survives_a_kernel_that_does_not_answer(partly_old: Setting) -> None:
    partly_old.kernel.errors = [AnswerTimeoutError("")]
    partly_old.follower.read()
    assert (partly_old.take(), partly_old.follower.behind) == ([], True)
    settle(partly_old)
    assert partly_old.take() == ["removed"]


def test_a_link_that_has_gone_meanwhile_tells_by_its_own_event(partly_old: Setting) -> None:
    def refuse() -> None:
        if partly_old.kernel.asked[-1] == "routes 1":
            raise KernelError(ENODEV)

    partly_old.kernel.on_dump = refuse
    partly_old.follower.read()
    assert (partly_old.take(), partly_old.follower.behind) == ([], False)


def test_other_refusals_are_the_owners_to_handle(partly_old: Setting) -> None:
    partly_old.kernel.errors = [KernelError(EPERM)]
    with pytest.raises(KernelError):
        partly_old.follower.read()


def test_an_overrun_while_routes_are_read_again_reads_everything(partly_old: Setting) -> None:
    losses = [OverrunError("full")]
    partly_old.kernel.on_dump = lambda: partly_old.events.put(losses.pop()) if losses else None
    partly_old.follower.read()
    assert partly_old.take() == ["lost"]
    settle(partly_old)
    assert partly_old.take() == ["current"] * 2


def test_a_kernel_without_next_hop_objects_is_subscribed_without_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[list[int], str]] = []
    errors = [SocketError(EINVAL, "set up")]

    def open_socket(groups: Any = (), **_: Any) -> Events:
        asked.append(list(groups))
        if 32 in groups and errors:
            raise errors.pop()
        return Events()

    monkeypatch.setattr(module, "NetlinkSocket", open_socket)
    monkeypatch.setattr(module, "Conversation", lambda *_: Kernel())
    Follower((Object.ROUTE,)).close()
    assert [len(groups) for groups in asked] == [6, 5, 0]
    errors.append(SocketError(EPERM, "set up"))
    with pytest.raises(SocketError):
        Follower((Object.ROUTE,))
    Follower((Object.LINK,)).close()
    assert asked[-2] == [1], "links alone need one group"


def test_losses_are_counted_and_action_words_are_the_documented_ones(setting: Setting) -> None:
    assert [str(action) for action in Action] == ["current", "new", "changed", "removed", "lost"]
    assert setting.follower.losses == 0


# -- addresses that are read again -------------------------------------------------------------------------

TENTATIVE = 0x40


def an_address(flags: int, last: int = 1) -> Address:
    address = b"\xfe\x80" + bytes(13) + bytes([last])
    return Address(Family.INET6, 64, flags, Scope.LINK, 1, address=address)


def test_the_addresses_of_a_link_that_came_up_are_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel announces a link-local address only after duplicate detection."""
    setting = Setting(monkeypatch, Object.ADDRESS)
    settle(setting)
    assert "barrier" not in setting.kernel.asked, "what was listed at first need not be read again"
    setting.take()
    setting.kernel.asked.clear()
    setting.kernel.addresses = [an_address(TENTATIVE)]
    link = setting.kernel.links[0]
    setting.follower.mirror.tables.put_link(link._replace(flags=0x10041))
    setting.follower.read()
    assert setting.kernel.asked == ["barrier", "addresses 1"]
    assert setting.take() == ["changed", "new"]
    setting.follower.mirror.tables.put_link(link)
    setting.kernel.addresses = [an_address(0, 2)]
    setting.follower.read()
    settle(setting)
    assert setting.take() == ["changed", "removed", "new"]


def test_an_address_event_is_newer_than_the_dump_it_overtakes(monkeypatch: pytest.MonkeyPatch) -> None:
    setting = Setting(monkeypatch, Object.ADDRESS)
    settle(setting)
    tables = setting.follower.mirror.tables
    tables.begin_dump()
    tables.addresses.put(an_address(0))
    tables.apply_address_dump(1, [an_address(TENTATIVE)])
    assert tables.addresses.to_reread == {1}
    assert tables.addresses.of(1) == [an_address(0)]
    tables.end_dump()
    tables.apply_address_dump(0, [an_address(TENTATIVE)])
    assert tables.addresses.of(1) == [an_address(TENTATIVE)]


def test_the_addresses_of_many_links_are_one_dump_and_of_none_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    setting = Setting(monkeypatch, Object.ADDRESS)
    setting.kernel.links += [
        setting.kernel.links[0]._replace(ifindex=n, name=b"%d" % n) for n in range(2, 20)
    ]
    settle(setting)
    setting.kernel.asked.clear()
    setting.follower.mirror.tables.addresses.to_reread.update(range(2, 20))
    setting.follower.read()
    assert setting.kernel.asked == ["barrier", "addresses"]
    setting.follower.mirror.tables.addresses.to_reread.add(4711)
    setting.follower.read()
    assert setting.kernel.asked == ["barrier", "addresses"]
