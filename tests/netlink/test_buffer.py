# SPDX-License-Identifier: Apache-2.0
"""The queue that is a transport, and the thread that fills one."""

from __future__ import annotations

import os
import select
import threading

import pytest

from amf_netwatch.netlink import (
    DatagramQueue,
    Group,
    NetlinkError,
    NetlinkSocket,
    OverrunError,
    ReceiveBuffer,
    SocketError,
    TruncatedError,
)


def readable(transport, milliseconds=0):
    poll = select.poll()
    poll.register(transport.fileno(), select.POLLIN)
    return bool(poll.poll(milliseconds))


def test_what_goes_in_comes_out_in_order_and_it_polls():
    queue = DatagramQueue()
    assert queue.receive() is None
    assert not readable(queue)
    queue.put(b"a")
    queue.put(b"b")
    assert readable(queue)
    assert [queue.receive(), queue.receive(), queue.receive()] == [b"a", b"b", None]
    assert not readable(queue)
    queue.close()
    queue.close()
    assert queue.fileno() == -1


def test_an_error_is_raised_in_its_turn():
    queue = DatagramQueue()
    for item in (b"a", TruncatedError(9), b"b"):
        queue.put(item)
    assert queue.receive() == b"a"
    with pytest.raises(TruncatedError):
        queue.receive()
    assert queue.receive() == b"b"
    queue.close()


def test_an_overflow_is_one_overrun_and_silence_until_it_is_empty():
    queue = DatagramQueue(bound=2)
    for item in (b"a", b"b", b"c", b"d"):
        queue.put(item)
    assert [queue.receive(), queue.receive()] == [b"a", b"b"]
    queue.put(b"e")
    with pytest.raises(OverrunError):
        queue.receive()
    assert queue.receive() is None
    assert queue.overflows == 1
    queue.put(b"f")
    assert queue.receive() == b"f"
    queue.close()


def test_discard_ends_an_overflow():
    queue = DatagramQueue(bound=1)
    for item in (b"a", b"b"):
        queue.put(item)
    queue.discard()
    assert not readable(queue)
    assert queue.receive() is None
    queue.discard()
    queue.put(b"c")
    assert queue.receive() == b"c"
    queue.close()


def test_after_the_end_every_receive_raises_and_it_stays_readable():
    queue = DatagramQueue()
    queue.put(b"a")
    queue.end(SocketError(9, "receive"))
    queue.put(b"too late")
    assert queue.receive() == b"a"
    for _ in range(3):
        assert readable(queue)
        with pytest.raises(SocketError):
            queue.receive()
        queue.discard()
    queue.close()


class Source(DatagramQueue):
    """A queue as the inner transport of a buffer."""

    port = 5

    def __init__(self):
        super().__init__()
        self.sent = []
        self.grown = 0

    def send(self, datagram):
        self.sent.append(datagram)

    def grow(self, datagram_size):
        self.grown = datagram_size


def test_a_buffer_moves_datagrams_and_losses():
    source = Source()
    buffer = ReceiveBuffer(source)
    source.put(b"a")
    assert readable(buffer, 2000)
    assert buffer.receive() == b"a"
    source.put(TruncatedError(70_000))
    assert readable(buffer, 2000)
    with pytest.raises(TruncatedError):
        buffer.receive()
    assert source.grown == 70_000
    buffer.send(b"question")
    assert (source.sent, buffer.port, buffer.overflows) == ([b"question"], 5, 0)
    source.end(SocketError(9, "receive"))
    assert readable(buffer, 2000)
    with pytest.raises(SocketError):
        buffer.receive()
    buffer.close()


class BreaksAtDiscard(Source):
    """A socket that is closed under us in the middle of an overrun."""

    def discard(self):
        raise SocketError(9, "receive")


class BreaksUnexpectedly(Source):
    """A transport with a defect."""

    def receive(self):
        if super().receive() is not None:
            raise ZeroDivisionError("a defect")


def test_a_socket_that_breaks_while_a_loss_is_handled_is_told():
    source = BreaksAtDiscard()
    buffer = ReceiveBuffer(source)
    source.put(OverrunError("full"))
    assert readable(buffer, 2000)
    with pytest.raises(OverrunError):
        buffer.receive()
    assert readable(buffer, 2000)
    for _ in range(2):
        with pytest.raises(SocketError):
            buffer.receive()
    buffer.close()


def test_a_defect_in_the_thread_is_told():
    source = BreaksUnexpectedly()
    buffer = ReceiveBuffer(source)
    source.put(b"x")
    assert readable(buffer, 2000)
    with pytest.raises(NetlinkError, match="ZeroDivisionError") as caught:
        buffer.receive()
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    buffer.close()


def test_closing_ends_the_thread_and_leaves_no_descriptor():
    threads, descriptors = threading.active_count(), len(os.listdir("/proc/self/fd"))
    for _ in range(200):
        buffer = ReceiveBuffer(Source())
        buffer.close()
        buffer.close()
    assert threading.active_count() == threads
    assert len(os.listdir("/proc/self/fd")) == descriptors


@pytest.mark.kernel
def test_a_buffer_outlives_a_reader_that_pauses(namespace):
    """The same storm costs a bare socket with a small receive buffer its messages."""
    namespace.add_link("v0", "veth", "peer", "name", "v1")
    storm = [f"link set v1 mtu {1400 + number % 2}" for number in range(300)]
    with NetlinkSocket((Group.LINK,), receive_buffer=4096) as bare:
        namespace.batch(storm)
        with pytest.raises(OverrunError):
            bare.receive()
    buffer = ReceiveBuffer(NetlinkSocket((Group.LINK,)))
    namespace.batch(storm)
    count = 0
    while count < 300:
        assert readable(buffer, 2000)
        count += buffer.receive() is not None
    buffer.close()
