# SPDX-License-Identifier: Apache-2.0
"""The flow of answers: streams, one's own numbers, terminators, errors as values, what nobody asked for."""

from __future__ import annotations

import struct
import subprocess
import sys
import threading
from pathlib import Path
from time import monotonic

import pytest
from scripted_kernel import EPERM, PORT, done, link, message, names, refusal, talk

from amf_netwatch.netlink import (
    AnswerTimeoutError,
    ByteFilter,
    Conversation,
    DecodeError,
    Group,
    HeaderFlag,
    HeaderParser,
    InterruptedDumpError,
    KernelError,
    MessageType,
    NetlinkSocket,
    OverrunError,
    ParserRegistry,
    SocketError,
    TruncatedError,
    decode_link,
    iter_messages,
)
from amf_netwatch.netlink.codec.address import parse_ip
from amf_netwatch.netlink.codec.constants import Family, Scope
from amf_netwatch.netlink.codec.edits import pack_add_route, pack_create_link, pack_delete_link, plan_link
from amf_netwatch.netlink.codec.link import LinkInfo
from amf_netwatch.netlink.codec.messages import pack_message
from amf_netwatch.netlink.codec.requests import pack_link_request, pack_route_request
from amf_netwatch.netlink.codec.route import Route
from amf_netwatch.netlink.codec.route_constants import RouteProtocol, RouteType
from amf_netwatch.netlink.conversation import BURST, KEPT

ROOT = Path(__file__).parents[2]
GETLINK, NEWLINK = MessageType.GETLINK, MessageType.NEWLINK
INTERRUPTED = 2 | HeaderFlag.DUMP_INTERRUPTED
EEXIST, ENODEV = 17, 19


def three_parts(sequence, _):
    return [link(sequence, b"a") + link(sequence, b"b"), link(sequence, b"c"), done(sequence)]


# -- streams ----------------------------------------------------------------------------------------------


def test_a_stream_hands_out_values_while_they_arrive():
    kernel, conversation = talk(lambda sequence, _: [link(sequence, b"a"), link(sequence, b"b")])
    answers = conversation.stream(GETLINK, bytes(16))
    assert next(answers).name == b"a"
    assert next(answers).name == b"b"
    kernel.put(done(answers.sequence))
    with pytest.raises(StopIteration):
        next(answers)
    assert names(conversation.stream(GETLINK, bytes(16), until=lambda found: found.name == b"a")) == [b"a"]


def test_a_stream_that_is_read_to_its_end_lets_the_next_dump_begin():
    _, conversation = talk(three_parts)
    for _ in range(2):
        assert names(conversation.stream(GETLINK, bytes(16))) == [b"a", b"b", b"c"]
    assert names(conversation.dump_links()) == [b"a", b"b", b"c"]


def test_a_stream_that_is_closed_early_reads_the_rest_without_looking_at_it():
    seen = []

    def parser(buffer, start, end):
        seen.append(decode_link(buffer, start, end).name)
        return seen[-1]

    kernel, conversation = talk(three_parts)
    with conversation.stream(GETLINK, bytes(16), parser=parser) as answers:
        assert next(answers) == b"a"
    answers.close()
    assert kernel.receive() is None, "the rest has been read"
    assert seen == [b"a", b"b"], "one datagram was parsed"
    assert names(conversation.dump_links()) == [b"a", b"b", b"c"]


def test_a_stream_tells_an_interruption_at_its_end():
    _, conversation = talk(lambda sequence, _: [link(sequence, b"a", flags=INTERRUPTED), done(sequence)])
    answers = conversation.stream(GETLINK, bytes(16))
    assert next(answers).name == b"a"
    with pytest.raises(InterruptedDumpError):
        next(answers)
    with pytest.raises(StopIteration):
        next(answers)


@pytest.mark.parametrize("loss", [OverrunError("full"), TruncatedError(70_000)], ids=["overrun", "truncated"])
def test_a_stream_tells_a_loss(loss):
    _, conversation = talk(lambda sequence, _: [link(sequence, b"a"), loss])
    answers = conversation.stream(GETLINK, bytes(16))
    assert next(answers).name == b"a"
    with pytest.raises(type(loss)):
        next(answers)
    assert conversation._dump_turn.acquire(timeout=0), "the turn was given back"


def test_a_stream_waits_for_each_value_no_longer_than_the_time_out():
    _, conversation = talk(lambda sequence, _: [link(sequence, b"a")], timeout=0.1)
    answers = conversation.stream(GETLINK, bytes(16))
    assert next(answers).name == b"a"
    with pytest.raises(AnswerTimeoutError):
        next(answers)


def test_a_stream_that_cannot_be_sent_gives_its_turn_back(mocker):
    kernel, conversation = talk(three_parts)
    mocker.patch.object(kernel, "send", side_effect=SocketError(9, "send"))
    with pytest.raises(SocketError):
        conversation.stream(GETLINK, bytes(16))
    mocker.stopall()
    assert names(conversation.dump_links()) == [b"a", b"b", b"c"]


def test_a_filter_and_a_parser_of_ones_own_in_a_stream():
    _, conversation = talk(three_parts)
    only = ByteFilter(place=4, value=5)  # the first byte of the index
    parser = HeaderParser(lambda found: (found.type, found.sequence, found.payload[20:21]))
    assert list(conversation.stream(GETLINK, bytes(16), only=only, parser=parser)) == [
        (NEWLINK, 1, b"a"),
        (NEWLINK, 1, b"b"),
        (NEWLINK, 1, b"c"),
    ]


def test_other_threads_ask_while_a_stream_is_open():
    def answer(sequence, attempt):
        if attempt == 1:
            return [link(sequence, b"a") + link(sequence, b"b")]
        return [link(sequence, b"other", flags=0), refusal(sequence, 0)]

    kernel, conversation = talk(answer)
    answers = conversation.stream(GETLINK, bytes(16))
    assert next(answers).name == b"a"
    asked = []
    thread = threading.Thread(target=lambda: asked.append(conversation.get_link(ifindex=5)))
    thread.start()
    thread.join()
    assert asked[0].name == b"other"
    kernel.put(done(answers.sequence))
    assert names(answers) == [b"b"]


# -- terminators, errors as values, parsers that raise ----------------------------------------------------


def test_a_terminator_ends_an_answer():
    kernel, conversation = talk(three_parts)
    found = conversation.dump(GETLINK, bytes(16), until=lambda value: value.name == b"b")
    assert names(found) == [b"a", b"b"]
    assert kernel.receive() is None, "the dump was read to its end"
    _, conversation = talk(lambda sequence, _: [link(sequence, b"x", flags=0)])
    assert names(conversation.ask(GETLINK, bytes(16), until=lambda value: True)) == [b"x"]


def test_an_interruption_after_the_terminator_does_not_matter():
    _, conversation = talk(
        lambda sequence, _: [link(sequence, b"a"), link(sequence, b"b", flags=INTERRUPTED), done(sequence)]
    )
    assert names(conversation.dump(GETLINK, bytes(16), until=lambda value: True)) == [b"a"]
    assert conversation.repeated == 0


def test_errors_as_values():
    _, conversation = talk(lambda sequence, _: [link(sequence, b"a", flags=0), refusal(sequence, EPERM)])
    found, error = conversation.ask(GETLINK, bytes(16), errors_as_values=True)
    assert (found.name, type(error), error.errno) == (b"a", KernelError, EPERM)
    (error,) = conversation.dump(99, b"", parser=lambda *_: None, errors_as_values=True)
    assert error.errno == EPERM
    assert [type(value).__name__ for value in conversation.stream(99, b"", errors_as_values=True)] == [
        "Link",
        "KernelError",
    ]


@pytest.mark.parametrize("place", ["parser", "until"])
def test_what_a_parser_raises_fails_its_own_request_only(place):
    def broken(*_):
        raise ZeroDivisionError

    _, conversation = talk(three_parts)
    with pytest.raises(ZeroDivisionError):
        conversation.dump(GETLINK, bytes(16), **{place: broken})
    assert names(conversation.dump_links()) == [b"a", b"b", b"c"]


def test_an_acknowledgement_without_an_errno_is_no_success():
    _, conversation = talk(lambda sequence, _: [message(MessageType.ERROR, sequence, b"", flags=0)])
    with pytest.raises(DecodeError, match="acknowledgement"):
        conversation.ask(GETLINK, bytes(16))


def test_a_link_refused_for_another_reason_is_an_error():
    _, conversation = talk(lambda sequence, _: [refusal(sequence, EPERM)])
    with pytest.raises(KernelError) as caught:
        conversation.get_link(ifindex=5)
    assert caught.value.errno == EPERM


def test_no_such_device_is_an_answer_for_one_link_only():
    _, conversation = talk(lambda sequence, _: [refusal(sequence, ENODEV)])
    assert conversation.get_link(ifindex=5) is None
    assert conversation.dump_addresses(5) == []
    with pytest.raises(KernelError):
        conversation.dump_addresses()


def test_an_answer_that_is_complete_is_told_at_once():
    """Another thread receives, and its own answer never comes."""

    def answer(sequence, attempt):
        return [] if attempt == 1 else [link(sequence, b"mine", flags=0), refusal(sequence, 0)]

    _, conversation = talk(answer, timeout=3.0)

    def receive():
        with pytest.raises(AnswerTimeoutError):
            conversation.dump_links()

    receiving = threading.Thread(target=receive)
    receiving.start()
    while not conversation._receiving:
        threading.Event().wait(0.001)
    began = monotonic()
    assert conversation.get_link(ifindex=5).name == b"mine"
    assert monotonic() - began < 1.5
    receiving.join()


# -- numbers of one's own ---------------------------------------------------------------------------------


def test_reserved_numbers_carry_several_requests_in_one_datagram():
    kernel, conversation = talk(lambda sequence, _: [])
    first, second = conversation.reserve(errors_as_values=True), conversation.reserve()
    assert first.sequence != second.sequence
    conversation.send(
        pack_message(GETLINK, 5, first.sequence, bytes(16))
        + pack_message(GETLINK, 5, second.sequence, bytes(16))
    )
    assert len(kernel.requests) == 1, "one datagram"
    kernel.put(refusal(first.sequence, EEXIST) + link(second.sequence, b"a", flags=0))
    kernel.put(refusal(second.sequence, 0))
    assert names(second) == [b"a"]
    assert [error.errno for error in first] == [EEXIST]
    assert conversation._requests == {}, "both are forgotten"


def test_a_reserved_number_that_is_closed_is_forgotten():
    kernel, conversation = talk(three_parts)
    with conversation.reserve() as answers:
        pass
    kernel.put(link(answers.sequence, b"late"))
    assert names(conversation.dump_links()) == [b"a", b"b", b"c"]
    assert conversation.take_unrequested() == [], "it answers a request that was given up"
    assert list(answers) == []


# -- what nobody asked for --------------------------------------------------------------------------------


def broadcast(name, kind=NEWLINK):
    return message(kind, 0, link(0, name)[16:], flags=0, port=0)


def test_observers_see_what_their_predicate_lets_through():
    kernel, conversation = talk(three_parts)
    seen, every = [], []
    end = conversation.observe(seen.append, lambda found: found.type == MessageType.DELLINK)
    conversation.observe(every.append)
    kernel.put(broadcast(b"x") + broadcast(b"y", MessageType.DELLINK))
    assert names(conversation.dump_links()) == [b"a", b"b", b"c"]
    assert [found.type for found in seen] == [MessageType.DELLINK]
    assert len(every) == len(conversation.take_unrequested()) == 2
    end()
    end()
    kernel.put(broadcast(b"z", MessageType.DELLINK))
    conversation.dump_links()
    assert (len(seen), len(every)) == (1, 3)


@pytest.mark.parametrize("place", ["observer", "predicate"])
def test_an_observer_that_raises_is_dropped_and_counted(place):
    def broken(_):
        raise ZeroDivisionError

    kernel, conversation = talk(three_parts)
    seen = []
    conversation.observe(*((broken,) if place == "observer" else (seen.append, broken)))
    conversation.observe(seen.append)
    kernel.put(broadcast(b"x"))
    kernel.put(broadcast(b"y"))
    assert names(conversation.dump_links()) == [b"a", b"b", b"c"]
    assert len(seen) == 2
    assert conversation.statistics.failed_observers == 1
    assert isinstance(conversation.observer_failure, ZeroDivisionError)


def test_reading_waits_no_longer_than_asked():
    kernel, conversation = talk(three_parts)
    began = monotonic()
    assert conversation.read(0.05) == []
    assert 0.04 < monotonic() - began < 2
    kernel.put(broadcast(b"x"))
    (found,) = conversation.read(5)
    assert conversation.parsers.parse(found).name == b"x"
    assert conversation.read(0) == []
    threading.Timer(0.05, kernel.put, (broadcast(b"later"),)).start()
    (found,) = conversation.read()
    assert conversation.parsers.parse(found).name == b"later"
    kernel.put(OverrunError("full"))
    with pytest.raises(OverrunError):
        conversation.read(5)


def test_statistics_count_what_came():
    kernel, conversation = talk(three_parts)
    for number in range(BURST + 5):
        kernel.put(broadcast(b"%d" % number))
    assert names(conversation.dump_links()) == [b"a", b"b", b"c"]
    seen = conversation.statistics
    assert (seen.datagrams, seen.bursts, seen.longest_burst) == (BURST + 8, 1, BURST + 8)
    assert (seen.backlog, seen.longest_backlog, seen.lost_unrequested) == (BURST + 5, BURST + 5, 0)
    conversation.take_unrequested()
    assert conversation.read(0.01) == []
    for _ in range(2):
        kernel.put(b"".join(broadcast(b"x") for _ in range(KEPT)))
    kernel.put(OverrunError("full"))
    with pytest.raises(OverrunError):
        conversation.ask(GETLINK, bytes(16))
    seen = conversation.statistics
    assert (seen.backlog, seen.longest_backlog, seen.lost_unrequested) == (KEPT, KEPT, KEPT)
    assert (seen.overruns, seen.truncations, seen.bursts) == (1, 0, 1)


# -- the registry -----------------------------------------------------------------------------------------


def test_parsers_are_found_by_type_flags_and_family():
    registry = ParserRegistry()
    registry.register(NEWLINK, lambda *_: "any")
    registry.register(NEWLINK, lambda *_: "bridge", family=Family.BRIDGE)
    registry.register(NEWLINK, lambda *_: "multi", flags=HeaderFlag.MULTI)
    registry.register(NEWLINK, lambda *_: "both", flags=HeaderFlag.MULTI, family=Family.BRIDGE)
    registry.register(NEWLINK, HeaderParser(lambda found: found.flags), flags=HeaderFlag.ECHO)

    def parsed(flags, family):
        datagram = message(NEWLINK, 0, bytes([family]) + bytes(15), flags=flags)
        return registry.parse(next(iter_messages(datagram)))

    assert parsed(0, 0) == "any"
    assert parsed(0, 7) == "bridge"
    assert parsed(2, 0) == "multi"
    assert parsed(2, 7) == "both"
    assert parsed(8, 0) == 8
    registry.register(NEWLINK, lambda *_: "another", family=Family.BRIDGE)
    assert parsed(0, 7) == "another", "it replaces the one of the same demands"
    assert registry.find(4711) is None
    assert registry.parse(next(iter_messages(message(4711, 0)))) is None


def test_a_conversation_uses_its_registry():
    _, conversation = talk(three_parts)
    conversation.parsers.register(NEWLINK, HeaderParser(lambda found: found.sequence))
    assert conversation.dump(GETLINK, bytes(16)) == [1, 1, 1]
    conversation.parsers.register(NEWLINK, lambda *_: "family", family=Family.UNSPEC)
    assert conversation.dump(GETLINK, bytes(16)) == ["family"] * 3
    conversation.parsers.register(NEWLINK, lambda *_: "flags", flags=HeaderFlag.MULTI, family=0)
    assert conversation.dump(GETLINK, bytes(16)) == ["flags"] * 3


# -- on the kernel ----------------------------------------------------------------------------------------

ROUTES = 200_000


def add_routes(ifindex, count):
    """Many host routes, packed many to a datagram."""
    with Conversation() as conversation:
        for first in range(0, count, 100):
            answers = conversation.reserve()
            packed = []
            for number in range(first, min(first + 100, count)):
                route = Route(
                    Family.INET, 32, 0, 0, 254, RouteProtocol.STATIC, Scope.LINK, RouteType.UNICAST, 0,
                    destination=struct.pack(">I", 0x0A000000 + number), interface=ifindex,
                )  # fmt: skip
                last = number == min(first + 100, count) - 1
                flags = HeaderFlag.REQUEST | (HeaderFlag.ACK if last else 0)
                packed.append(pack_add_route(route, answers.sequence, flags))
            conversation.send(b"".join(packed))
            assert list(answers) == []


@pytest.mark.kernel
def test_two_hundred_thousand_routes_are_streamed_in_flat_memory(namespace):
    """A program of its own: its peak grows by less than 5 MB while they go by (as a list they take 150)."""
    index = namespace.add_link("v0", "veth", "peer", "name", "v1")
    namespace.ip("link set v0 up")
    add_routes(index, ROUTES)
    program = """if True:
        import resource
        from amf_netwatch.netlink import Conversation, MessageType
        from amf_netwatch.netlink.codec.requests import pack_route_request
        def count(conversation):
            request = pack_route_request(2, 254)
            return sum(1 for _ in conversation.stream(MessageType.GETROUTE, request))
        with Conversation() as conversation:
            next(conversation.stream(MessageType.GETROUTE, pack_route_request(2, 255)))
        with Conversation() as conversation:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            number = count(conversation)
            print(number, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    """
    printed = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=ROOT
    ).stdout.split()
    assert int(printed[0]) == ROUTES
    assert int(printed[1]) < 5 * 1024, f"{printed[1]} KiB more"


@pytest.mark.kernel
def test_a_stream_on_the_kernel_that_is_left_early(namespace):
    index = namespace.add_link("v0", "veth", "peer", "name", "v1")
    namespace.ip("link set v0 up")
    add_routes(index, 3000)
    with Conversation() as conversation:
        for _ in range(3):
            with conversation.stream(MessageType.GETROUTE, pack_route_request(2, 254)) as answers:
                assert next(answers).interface == index
        wanted = parse_ip("10.0.4.210")
        found = conversation.dump(
            MessageType.GETROUTE,
            pack_route_request(2, 254),
            until=lambda route: route.destination == wanted,
        )
        assert found[-1].text == "10.0.4.210/32"
        assert len(conversation.dump_routes(2, table=254)) == 3000
        assert conversation.repeated == 0


@pytest.mark.kernel
def test_creating_and_deleting_with_reserved_numbers(namespace):
    with Conversation() as conversation:
        made, twice = conversation.reserve(), conversation.reserve(errors_as_values=True)
        link_ = plan_link(b"br0", info=LinkInfo("bridge"))
        conversation.send(pack_create_link(link_, made.sequence) + pack_create_link(link_, twice.sequence))
        assert list(made) == []
        (error,) = twice
        assert error.errno == EEXIST
        found = conversation.get_link(name=b"br0")
        gone = conversation.reserve()
        conversation.send(pack_delete_link(found.ifindex, gone.sequence))
        assert list(gone) == []
        assert conversation.get_link(name=b"br0") is None


@pytest.mark.kernel
def test_broadcasts_on_the_same_socket_are_observed_and_read(namespace):
    events = NetlinkSocket((Group.LINK,), extended_ack=True, strict=True)
    with Conversation(events) as conversation:
        seen = []
        conversation.observe(seen.append, lambda found: found.type == NEWLINK)
        namespace.add_link("v0", "veth", "peer", "name", "v1")
        found = conversation.read(5)
        assert {conversation.parsers.parse(one).name for one in found} <= {b"v0", b"v1"}
        assert seen
        payload = pack_link_request(name=b"v0")
        assert conversation.ask(GETLINK, payload)[0].name == b"v0"
    assert PORT == 77
