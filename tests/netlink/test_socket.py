# SPDX-License-Identifier: Apache-2.0
"""The netlink socket, on the kernel: one namespace per test."""

from __future__ import annotations

import os
import resource
import select
import socket
import struct

import pytest

from amf_netwatch.netlink import (
    Group,
    MessageType,
    NetlinkSocket,
    OverrunError,
    SocketError,
    TruncatedError,
    decode_link,
    iter_messages,
)

pytestmark = pytest.mark.kernel


def received(opened, milliseconds=2000):
    """The next datagram, waiting for it."""
    poll = select.poll()
    poll.register(opened.fileno(), select.POLLIN)
    assert poll.poll(milliseconds), "nothing came"
    return opened.receive()


def everything(opened):
    datagrams = []
    while (datagram := opened.receive()) is not None:
        datagrams.append(datagram)
    return datagrams


def link_names(datagrams):
    return [
        decode_link(message.buffer, message.start, message.end).name
        for datagram in datagrams
        for message in iter_messages(datagram)
        if message.type == MessageType.NEWLINK
    ]


def test_what_it_subscribed_to_arrives(namespace):
    with NetlinkSocket((Group.LINK,)) as opened:
        assert opened.receive() is None
        namespace.add_link("v0", "veth", "peer", "name", "v1")
        namespace.ip("addr add 192.0.2.1/24 dev v0")
        assert set(link_names(everything(opened))) == {b"v0", b"v1"}


def test_the_kernel_gives_the_port_so_two_sockets_live_together(namespace):
    with NetlinkSocket() as first, NetlinkSocket() as second:
        assert first.port != second.port
        assert first.port
        assert second.port


def test_descriptors_are_not_inherited(namespace):
    with NetlinkSocket() as opened:
        assert not os.get_inheritable(opened.fileno())
        assert not os.get_blocking(opened.fileno())
        descriptor = opened.fileno()
    assert opened.fileno() == -1
    opened.close()
    with pytest.raises(OSError):
        os.fstat(descriptor)


def test_what_another_process_sends_is_dropped_and_counted(namespace):
    """A process with CAP_NET_ADMIN can send us what looks like a link message of the kernel's."""
    with (
        NetlinkSocket((Group.LINK,)) as opened,
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as rogue,
    ):
        rogue.bind((0, 0))
        payload = struct.pack("=BxHiII", 0, 1, 1, 0, 0)
        forged = struct.pack("=IHHII", 16 + len(payload), 16, 0, 0, 0) + payload
        rogue.sendto(forged, (opened.port, 0))
        rogue.sendto(forged, (0, 1 << (Group.LINK - 1)))
        assert opened.receive() is None
        assert opened.foreign == 2
        namespace.add_link("v0", "veth", "peer", "name", "v1")
        assert set(link_names(everything(opened))) == {b"v0", b"v1"}


def test_a_rogue_flood_does_not_pile_up_on_the_stack(namespace):
    with (
        NetlinkSocket((Group.LINK,)) as opened,
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as rogue,
    ):
        rogue.bind((0, 0))
        for _ in range(1500):
            rogue.sendto(struct.pack("=IHHII", 16, 16, 0, 0, 0), (opened.port, 0))
        assert opened.receive() is None
        assert opened.foreign == 1500


def test_a_datagram_that_does_not_fit_is_an_error_and_room_can_be_made(namespace):
    with NetlinkSocket((Group.LINK,), datagram_size=512) as opened:
        namespace.add_link("v0", "veth", "peer", "name", "v1")
        with pytest.raises(TruncatedError) as caught:
            opened.receive()
        assert 1000 < caught.value.size < 2000
        opened.grow(caught.value.size)
        assert len(received(opened)) == caught.value.size


def flood(namespace, count):
    namespace.batch([f"link set v1 mtu {1400 + number % 2}" for number in range(count)])


def test_a_full_buffer_is_an_overrun_and_discard_ends_it(namespace):
    """Until the queue has been read empty the kernel delivers nothing more, and does not report it again."""
    namespace.add_link("v0", "veth", "peer", "name", "v1")
    with NetlinkSocket((Group.LINK,), receive_buffer=4096) as opened:
        flood(namespace, 100)
        with pytest.raises(OverrunError):
            everything(opened)
        assert opened.receive() is not None  # some came before
        namespace.ip("link set v0 alias unseen")
        opened.discard()
        assert opened.receive() is None
        namespace.ip("link set v0 up")
        assert b"v0" in link_names(everything(opened))


def test_after_an_overrun_and_before_the_queue_is_empty_the_kernel_drops_in_silence(namespace):
    """Why `discard()` comes before reading anew; should a kernel ever behave better, this test tells."""
    namespace.add_link("v0", "veth", "peer", "name", "v1")
    with NetlinkSocket((Group.LINK,), receive_buffer=4096) as opened:
        flood(namespace, 100)
        with pytest.raises(OverrunError):
            opened.receive()
        namespace.ip("link set v0 up")
        assert b"v0" not in link_names(everything(opened))


def test_the_default_receive_buffer_holds_four_hundred_link_messages(namespace):
    namespace.add_link("v0", "veth", "peer", "name", "v1")
    with NetlinkSocket((Group.LINK,)) as opened:
        if opened.receive_buffer < 2 << 20:
            pytest.skip("net.core.rmem_max is small and we may not exceed it")
        flood(namespace, 400)
        assert len(everything(opened)) >= 400


def test_descriptors_beyond_1024_work(namespace):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))
    null = os.open("/dev/null", os.O_RDONLY)
    taken = [null]
    try:
        while taken[-1] < 1100:
            taken.append(os.dup(null))
        with NetlinkSocket((Group.LINK,)) as opened:
            assert opened.fileno() > 1024
            namespace.add_link("v0", "veth", "peer", "name", "v1")
            assert received(opened)
    finally:
        for descriptor in taken:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_it_can_be_opened_in_another_namespace_and_the_thread_comes_back(namespace, new_namespace):
    other = new_namespace()
    here = os.readlink("/proc/thread-self/ns/net")
    descriptor = os.open(f"/run/netns/{other.name}", os.O_RDONLY)
    try:
        for name in (other.name, f"/run/netns/{other.name}", descriptor):
            with NetlinkSocket((Group.LINK,), namespace=name) as opened:
                assert os.readlink("/proc/thread-self/ns/net") == here
                other.add_link("v0", "veth", "peer", "name", "v1")
                assert set(link_names(everything(opened))) == {b"v0", b"v1"}
                other.ip("link del v0")
    finally:
        os.close(descriptor)


def test_what_cannot_be_opened_says_why(namespace):
    with pytest.raises(SocketError, match="No such file") as caught:
        NetlinkSocket(namespace="no-such-namespace")
    assert caught.value.errno == 2
    with pytest.raises(SocketError, match="set up"):
        NetlinkSocket((99999,))
    opened = NetlinkSocket()
    opened.close()
    with pytest.raises(SocketError, match="Bad file descriptor"):
        opened.receive()
    with pytest.raises(SocketError, match="send"):
        opened.send(b"")
