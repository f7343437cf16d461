# SPDX-License-Identifier: Apache-2.0
"""The listener: on the kernel, and on a queue of datagrams for what a kernel does not do on demand."""

from __future__ import annotations

import gc
import os
import select
import socket
import struct
import threading

import pytest
from netlink_captures import EVENTS, read_datagrams, read_messages

from amf_netwatch.netlink import (
    Cause,
    ChangedLinks,
    DatagramQueue,
    Group,
    Listener,
    NetlinkSocket,
    OverrunError,
    SocketError,
    TruncatedError,
    decode_link,
)
from amf_netwatch.netlink import listener as listener_module
from amf_netwatch.netlink.listener import DRAIN

EBADF, EIO, EMFILE = 9, 5, 24


def link_event(ifindex, *, kind=16, family=0):
    payload = struct.pack("=BxHiII", family, 1, ifindex, 0, 0) + struct.pack("=HH4s", 8, 3, b"eth0")
    return struct.pack("=IHHII", 16 + len(payload), kind, 0, 0, 0) + payload


def address_event(ifindex):
    payload = struct.pack("=BBBBI", 2, 24, 0, 0, ifindex)
    return struct.pack("=IHHII", 16 + len(payload), 20, 0, 0, 0) + payload


class Watched(Listener):
    """A listener whose flag can be waited for."""

    def __init__(self, *arguments, **options):
        self.raised = threading.Event()
        self._flag = False
        super().__init__(*arguments, **options)

    @property
    def network_changed(self):
        return self._flag

    @network_changed.setter
    def network_changed(self, value):
        self._flag = value
        if value:
            self.raised.set()
        else:
            self.raised.clear()

    def next_changes(self):
        assert self.raised.wait(5), "the flag was not raised"
        return self.take()


class Fed(Watched):
    """A listener on queues that the test fills."""

    def __init__(self, **options):
        self.opened = []
        self.refusals = []  # errors for the next attempts to open
        super().__init__(open_transport=self.open_queue, **options)

    def open_queue(self):
        if self.refusals:
            raise self.refusals.pop(0)
        self.opened.append(DatagramQueue())
        return self.opened[-1]

    @property
    def queue(self):
        return self.opened[-1]


@pytest.fixture
def fed():
    with Fed() as listener:
        assert listener.take() == ChangedLinks(True, frozenset(), Cause.START)
        yield listener


@pytest.fixture
def kernel_listener(namespace):
    with Watched() as listener:
        listener.take()
        yield listener


def told(listener, ifindex):
    """Take until this link is named, because the kernel reports a carrier some time after the command."""
    found = set()
    while ifindex not in found:
        found |= listener.next_changes().ifindexes
    return True


def settled(listener):
    """Take until a round brings nothing: what was done before has all been told."""
    found = set()
    while listener.network_changed:
        changes = listener.take()
        assert not changes.everything
        found |= changes.ifindexes
    return found


# -- the flag and take() ----------------------------------------------------------------------------------


def test_the_flag_starts_up_and_everything_has_changed():
    listener = Listener(open_transport=DatagramQueue)
    assert listener.network_changed
    assert listener.take() == ChangedLinks(True, frozenset(), Cause.START)
    assert listener.network_changed, "nobody listens yet"
    with listener:
        assert listener.network_changed
        assert listener.healthy
        assert listener.take().everything
        assert not listener.network_changed
        assert not listener.take()


def test_one_change(fed):
    fed.queue.put(link_event(7))
    assert fed.next_changes() == ChangedLinks(False, frozenset({7}), Cause.NONE, frozenset({7}))
    assert not fed.network_changed
    assert not fed.take()


def test_changes_before_take_are_collected(fed):
    fed.queue.put(link_event(7))
    assert fed.raised.wait(5)
    for event in (link_event(8) + link_event(9, kind=17), address_event(10), link_event(7)):
        fed.queue.put(event)
    assert fed.take() == ChangedLinks(False, frozenset({7, 8, 9, 10}), Cause.NONE, frozenset({7, 8}))
    assert not fed.network_changed


def test_a_change_after_take_raises_the_flag_again(fed):
    for ifindex in range(1, 200):
        fed.queue.put(link_event(ifindex))
        assert fed.next_changes().ifindexes == {ifindex}


def test_no_change_is_lost_whatever_the_timing(fed):
    """A feeder and a taker run against each other; at the end every index has been handed over."""
    total, taken, put = 3000, set(), 0

    def feed():
        nonlocal put
        for put in range(1, total + 1):
            fed.queue.put(link_event(put))

    feeder = threading.Thread(target=feed)
    feeder.start()
    while len(taken) < total:
        changes = fed.next_changes()
        if changes.everything:  # the feeder was faster: what it had put in by now counts as told
            assert changes.cause in (Cause.STORM, Cause.OVERRUN)
            taken |= set(range(1, put + 1))
        taken |= changes.ifindexes
    feeder.join()
    assert taken == set(range(1, total + 1))


def test_what_is_no_change_leaves_the_flag_down(fed):
    for event in (link_event(7, family=7), link_event(7, kind=17, family=7), link_event(7, kind=24)):
        fed.queue.put(event)
    fed.queue.put(link_event(8))
    assert fed.next_changes().ifindexes == {8}


# -- losses -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "cause", "counter"),
    [
        (OverrunError("full"), Cause.OVERRUN, "overruns"),
        (struct.pack("=IHHII", 16, 4, 0, 0, 0), Cause.OVERRUN, "overruns"),
        (TruncatedError(70_000), Cause.TRUNCATED, "truncations"),
        (b"\1\2\3", Cause.UNREADABLE, "unreadable"),
        (link_event(7)[:-3], Cause.UNREADABLE, "unreadable"),
    ],
)
@pytest.mark.parametrize("parked", [False, True], ids=["heard by the thread", "found by take"])
def test_every_loss_means_everything_and_is_counted(fed, item, cause, counter, parked):
    if parked:
        fed.queue.put(link_event(5))
        assert fed.raised.wait(5)
    fed.queue.put(item)
    fed.queue.put(link_event(6))
    assert fed.next_changes() == ChangedLinks(True, frozenset(), cause)
    assert getattr(fed, counter) == 1
    assert fed.queue.receive() is None, "what was queued is discarded before everything is read"
    fed.queue.put(link_event(8))
    assert fed.next_changes().ifindexes == {8}


def test_up_to_the_limit_single_links_are_told_and_beyond_it_everything(fed):
    for count, everything in ((DRAIN, False), (DRAIN + 50, True)):
        fed.queue.put(link_event(1))
        assert fed.raised.wait(5)
        for ifindex in range(2, count + 1):
            fed.queue.put(link_event(ifindex))
        changes = fed.take()
        assert changes.everything is everything
        assert changes.cause is (Cause.STORM if everything else Cause.NONE)
        assert len(changes.ifindexes) == (0 if everything else count)
        assert fed.queue.receive() is None


def test_a_storm_costs_the_thread_one_message(fed):
    """Once the flag is up the thread does not look again: what comes later is still in the queue."""
    fed.queue.put(link_event(1))
    assert fed.raised.wait(5)
    for ifindex in range(1000):
        fed.queue.put(link_event(ifindex))
    before = context_switches(fed)
    assert fed.take().cause is Cause.STORM
    assert before < 10


# -- a socket that breaks ---------------------------------------------------------------------------------


def test_a_broken_socket_is_replaced_and_everything_has_changed():
    lines = []
    with Fed(log=lines.append) as listener:
        listener.take()
        listener.queue.end(SocketError(EBADF, "receive"))
        assert listener.next_changes() == ChangedLinks(True, frozenset(), Cause.REOPENED)
        assert (listener.reopenings, len(listener.opened), listener.healthy) == (1, 2, True)
        assert listener.opened[0].fileno() == -1
        listener.queue.put(link_event(4))
        assert listener.next_changes().ifindexes == {4}
    assert lines == ["listener state=broken errno=9 doing=receive", "listener state=reopened"]


def test_a_socket_found_broken_by_take_is_replaced_too(fed):
    fed.queue.put(link_event(1))
    assert fed.raised.wait(5)
    fed.queue.end(SocketError(EIO, "receive"))
    assert fed.take() == ChangedLinks(False, frozenset({1}), Cause.NONE, frozenset({1}))
    assert fed.next_changes().cause is Cause.REOPENED


def test_a_socket_whose_descriptor_was_closed_is_replaced_at_take(fed):
    """The flag is up, so the thread does not look at the socket: only `take()` can notice."""
    fed.queue.put(link_event(1))
    assert fed.raised.wait(5)
    fed.queue.close()
    assert fed.queue.fileno() == -1
    assert fed.take().ifindexes == {1}
    assert fed.next_changes().cause is Cause.REOPENED
    assert (fed.healthy, fed.reopenings) == (True, 1)
    fed.queue.put(link_event(2))
    assert fed.next_changes().ifindexes == {2}


def test_after_the_flag_is_lowered_take_leaves_socket_and_notes_alone(fed):
    """From that moment they are the thread's: `take` may neither read nor write them."""
    fed.queue.put(link_event(1))
    assert fed.raised.wait(5)

    class Owned(type(fed)):
        def __getattribute__(self, name):
            mine = threading.current_thread() is threading.main_thread()
            if name in ("_broken", "_transport", "_ifindexes", "_reread_addresses", "_cause") and mine:
                assert self._flag, f"{name} belongs to the thread now"
            return super().__getattribute__(name)

    fed.__class__ = Owned
    try:
        assert fed.take().ifindexes == {1}
    finally:
        fed.__class__ = Fed


def test_changes_are_true_when_there_are_any():
    assert ChangedLinks(True, frozenset(), Cause.OVERRUN)
    assert ChangedLinks(False, frozenset({1}), Cause.NONE)
    assert not ChangedLinks(False, frozenset(), Cause.NONE)


def test_the_last_pause_before_giving_up_makes_three_seconds():
    """As the manual says; the tests above shorten the table."""
    assert sum(listener_module.PAUSES) == pytest.approx(3.1)


@pytest.mark.parametrize("missing", ["epoll", "pipe2"])
def test_a_start_that_fails_halfway_leaves_nothing_open(mocker, missing):
    queue = DatagramQueue()
    listener = Watched(open_transport=lambda: queue)
    descriptors = set(os.listdir("/proc/self/fd"))
    module = {"epoll": listener_module.select, "pipe2": listener_module.os}[missing]
    mocker.patch.object(module, missing, side_effect=OSError(EMFILE, "no descriptors"))
    with pytest.raises(SocketError):
        listener.start()
    assert queue.fileno() == -1, "the transport was closed"
    assert not listener.healthy
    assert set(os.listdir("/proc/self/fd")) <= descriptors


def test_foreign_datagrams_are_counted_over_all_sockets():
    class Counting(DatagramQueue):
        foreign = 2

    opened = []

    def open_transport():
        opened.append(Counting())
        return opened[-1]

    listener = Watched(open_transport=open_transport)
    assert listener.foreign == 0
    with listener:
        assert listener.foreign == 2
        listener.take()
        opened[0].end(SocketError(EIO, "receive"))
        assert listener.next_changes().cause is Cause.REOPENED
        assert listener.foreign == 4
    assert listener.foreign == 4


def test_opening_is_tried_again_after_a_pause(fed):
    fed.refusals += [SocketError(EMFILE, "open"), SocketError(EMFILE, "open")]
    fed.queue.end(SocketError(EIO, "receive"))
    assert fed.next_changes().cause is Cause.REOPENED
    assert fed.healthy


def test_a_listener_that_cannot_go_on_dies_loudly_and_can_be_restarted(mocker):
    mocker.patch.object(listener_module, "PAUSES", (0.0, 0.01, 0.02))
    lines = []
    with Fed(log=lines.append) as listener:
        listener.take()
        listener.refusals += [SocketError(EMFILE, "open")] * 3
        listener.queue.end(SocketError(EIO, "receive"))
        assert listener.raised.wait(5)
        assert not listener.healthy
        assert listener.failure.errno == EMFILE
        for _ in range(2):
            assert listener.take() == ChangedLinks(True, frozenset(), Cause.FAILED)
            assert listener.network_changed, "while nobody listens, everything must be read each time"
        assert lines[-1].startswith("listener state=failed reason=netlink socket: open:")
        listener.restart()
        assert listener.healthy
        assert listener.failure is None
        assert listener.take().cause is Cause.START
        listener.queue.put(link_event(4))
        assert listener.next_changes().ifindexes == {4}


def test_a_defect_of_ours_is_loud_as_well(fed, mocker):
    mocker.patch.object(listener_module, "add_changed_links", side_effect=ZeroDivisionError("a defect"))
    fed.queue.put(link_event(1))
    assert fed.raised.wait(5)
    assert not fed.healthy
    assert isinstance(fed.failure, ZeroDivisionError)


def test_an_error_event_that_no_receive_explains_does_not_spin():
    class HungUp(DatagramQueue):
        """Polls for ever as hung up, with nothing to receive."""

        def __init__(self):
            super().__init__()
            self.descriptor, writer = os.pipe()
            os.close(writer)

        def fileno(self):
            return self.descriptor

        def close(self):
            super().close()
            os.close(self.descriptor)

    transports = [HungUp(), DatagramQueue()]
    with Watched(open_transport=lambda: transports.pop(0)) as listener:
        listener.take()
        assert listener.next_changes().cause is Cause.REOPENED


def test_starting_says_why_it_cannot():
    listener = Fed()
    listener.refusals.append(SocketError(EMFILE, "open"))
    with pytest.raises(SocketError):
        listener.start()
    assert not listener.healthy
    listener.start()
    with pytest.raises(RuntimeError):
        listener.start()
    listener.stop()


# -- starting and stopping --------------------------------------------------------------------------------


def test_after_stop_nothing_is_left_and_everything_has_changed(fed):
    thread = fed._thread
    fed.stop()
    fed.stop()
    assert not thread.is_alive()
    assert fed.queue.fileno() == -1
    assert not fed.healthy
    assert fed.failure is None
    assert fed.network_changed
    assert fed.take().everything


def test_stopping_wakes_the_thread_in_every_state():
    for before in ("parked", "armed", "pausing"):
        listener = Fed()
        listener.start()
        if before != "parked":
            listener.take()
        if before == "pausing":
            listener.refusals += [SocketError(EMFILE, "open")] * 100
            listener.queue.end(SocketError(EIO, "receive"))
        ended = threading.Thread(target=listener.stop)
        ended.start()
        ended.join(1)
        assert not ended.is_alive(), before


@pytest.mark.kernel
def test_a_thousand_starts_and_stops_leave_nothing_behind(namespace):
    listener = Listener()
    listener.start()
    listener.stop()
    gc.collect()
    threads, descriptors = threading.active_count(), os.listdir("/proc/self/fd")
    for _ in range(1000):
        listener.start()
        listener.stop()
    assert threading.active_count() == threads
    assert os.listdir("/proc/self/fd") == descriptors


@pytest.mark.kernel
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # forking is what is tested
def test_a_forked_child_can_stop_its_copy_without_disturbing_ours(kernel_listener, namespace):
    child = os.fork()
    if child == 0:
        try:
            kernel_listener.stop()
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    assert kernel_listener.healthy
    ifindex = namespace.add_link("v0", "veth", "peer", "name", "v1")
    assert ifindex in kernel_listener.next_changes().ifindexes


# -- on the kernel ----------------------------------------------------------------------------------------


@pytest.mark.kernel
def test_each_kind_of_change_names_its_links(kernel_listener, namespace, new_namespace):
    other = new_namespace()
    first = namespace.add_link("v0", "veth", "peer", "name", "v1")
    second = socket.if_nametoindex("v1")
    assert told(kernel_listener, first)
    bridge = namespace.add_link("br0", "bridge")
    for command, expected in {
        "link set br0 up": bridge,
        "link set v0 up": first,
        "link set v1 up": second,
        "link set v0 name new-name": first,
        "link set new-name address 02:00:00:00:00:42": first,
        "link set new-name mtu 1400": first,
        "addr add 192.0.2.1/24 dev v1": second,
        "addr del 192.0.2.1/24 dev v1": second,
        "link set new-name master br0": first,
        "link set new-name nomaster": first,
        "link set v1 down": second,
        f"link set v1 netns {other.name}": second,
        "link del new-name": first,
    }.items():
        settled(kernel_listener)
        namespace.ip(command)
        assert told(kernel_listener, expected), command


@pytest.mark.kernel
def test_only_links_are_those_whose_addresses_stayed(kernel_listener, namespace):
    ifindex = namespace.add_link("v0", "veth", "peer", "name", "v1")
    settled(kernel_listener)
    namespace.ip("link set v0 mtu 1400")
    changes = kernel_listener.next_changes()
    assert (changes.ifindexes, changes.only_links) == ({ifindex}, {ifindex})
    namespace.ip("addr add 192.0.2.1/24 dev v0")
    changes = kernel_listener.next_changes()
    assert (changes.ifindexes, changes.only_links) == ({ifindex}, frozenset())
    namespace.ip("link del v0")
    changes = kernel_listener.next_changes()
    assert ifindex in changes.ifindexes - changes.only_links


@pytest.mark.kernel
def test_a_real_storm_ends_in_everything_and_the_next_change_is_single_again(kernel_listener, namespace):
    namespace.add_link("v0", "veth", "peer", "name", "v1")
    settled(kernel_listener)
    namespace.batch([f"link set v1 mtu {1400 + number % 2}" for number in range(5000)])
    switches = context_switches(kernel_listener)
    assert kernel_listener.next_changes().cause in (Cause.OVERRUN, Cause.STORM)
    assert switches < 100
    namespace.ip("link set v0 mtu 1300")
    assert kernel_listener.next_changes().ifindexes == {socket.if_nametoindex("v0")}


@pytest.mark.kernel
def test_with_a_tiny_buffer_losses_are_counted_and_listening_goes_on(namespace):
    namespace.add_link("v0", "veth", "peer", "name", "v1")
    groups = (Group.LINK,)
    with Watched(open_transport=lambda: NetlinkSocket(groups, receive_buffer=4096)) as listener:
        listener.take()
        for round_ in range(1, 4):
            namespace.batch([f"link set v1 mtu {1400 + number % 2}" for number in range(200)])
            changes = listener.next_changes()
            assert changes == ChangedLinks(True, frozenset(), Cause.OVERRUN)
            assert listener.overruns >= round_
            settled(listener)
        namespace.ip("link set v0 mtu 1300")
        assert listener.next_changes().ifindexes == {socket.if_nametoindex("v0")}


@pytest.mark.kernel
def test_forged_messages_are_counted_and_change_nothing(kernel_listener, namespace):
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as rogue:
        rogue.bind((0, 0))
        rogue.sendto(link_event(1), (0, 1 << (Group.LINK - 1)))
    ifindex = namespace.add_link("v0", "veth", "peer", "name", "v1")
    assert 1 not in kernel_listener.next_changes().ifindexes | settled(kernel_listener)
    assert kernel_listener.foreign == 1
    assert ifindex != 1
    kernel_listener.restart()
    assert kernel_listener.foreign == 1


def context_switches(listener):
    """Return how often the thread has waited since it began."""
    with open(f"/proc/self/task/{listener._thread.native_id}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("voluntary"))


@pytest.mark.kernel
def test_idle_means_idle(kernel_listener, namespace):
    """No wake-up at all: neither while armed nor while parked."""
    for state in ("armed", "parked"):
        if state == "parked":
            namespace.add_link("v0", "veth", "peer", "name", "v1")
            assert kernel_listener.raised.wait(5)
        never = select.poll()
        never.poll(50)  # the thread goes to wait
        before = context_switches(kernel_listener)
        never.poll(1500)
        assert context_switches(kernel_listener) == before, state


# -- recordings -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EVENTS)
def test_a_recording_can_be_fed_to_the_real_listener(fed, name):
    expected = {
        decode_link(message.buffer, message.start, message.end).ifindex
        for message in read_messages(f"{name}.events", (16, 17))
        if message.buffer[message.start] == 0
    }
    for datagram in read_datagrams(f"{name}.events"):
        fed.queue.put(datagram)
    found = set()
    while not expected <= found:
        changes = fed.next_changes()
        assert not changes.everything
        found |= changes.ifindexes
    assert found - expected <= {1, 3}  # of address messages: loopback and the scenarios' common link
