# SPDX-License-Identifier: Apache-2.0
"""Questions and answers: on the kernel, and with a scripted one for what a kernel does not do on demand."""

from __future__ import annotations

import struct
import threading
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st
from netlink_captures import read_datagrams, read_messages
from scripted_kernel import (
    EBUSY,
    EPERM,
    PORT,
    done,
    link,
    message,
    names,
    refusal,
    talk,
)

from amf_netwatch.netlink import (
    DEFAULT_ROUTES,
    AnswerTimeoutError,
    ByteFilter,
    Conversation,
    DecodeError,
    Group,
    HeaderFlag,
    InterruptedDumpError,
    KernelError,
    MessageType,
    NetlinkSocket,
    OverrunError,
    ReceiveBuffer,
    SocketError,
    TruncatedError,
    format_address,
    iter_messages,
)
from amf_netwatch.netlink.answers import decode_acknowledgement
from amf_netwatch.netlink.conversation import ATTEMPTS

# -- scripted ---------------------------------------------------------------------------------------------


def test_a_dump_of_several_parts_is_collected():
    _, conversation = talk(
        lambda sequence, _: [
            link(sequence, b"a") + link(sequence, b"b"),
            link(sequence, b"c"),
            done(sequence),
        ]
    )
    assert names(conversation.dump_links()) == [b"a", b"b", b"c"]


def test_sequence_numbers_and_port_are_checked_and_others_kept():
    _, conversation = talk(
        lambda sequence, _: [
            link(sequence + 1, b"never-asked"),
            link(sequence, b"other-port", port=PORT + 1),
            link(0, b"event", port=0),
            link(sequence, b"mine") + link(0, b"event2", port=0) + done(sequence),
        ]
    )
    assert names(conversation.dump_links()) == [b"mine"]
    unrequested = conversation.take_unrequested()
    assert [(message.sequence, message.port) for message in unrequested] == [
        (2, PORT),
        (1, PORT + 1),
        (0, 0),
        (0, 0),
    ]
    assert conversation.parsers.parse(unrequested[2]).name == b"event"
    assert conversation.take_unrequested() == []


def test_kept_messages_are_bounded_and_counted():
    _, conversation = talk(lambda sequence, _: [link(0, b"x", port=0)] * 1100 + [done(sequence)])
    conversation.dump_links()
    assert len(conversation.take_unrequested()) == 1024
    assert conversation.lost_unrequested == 76


def test_an_interrupted_dump_is_thrown_away_and_repeated():
    def answer(sequence, attempt):
        if attempt < 3:
            return [link(sequence, b"stale", flags=2 | 0x10), done(sequence)]
        return [link(sequence, b"fresh"), done(sequence)]

    kernel, conversation = talk(answer)
    assert names(conversation.dump_links()) == [b"fresh"]
    assert conversation.repeated == 2
    assert len({sequence for *_, sequence in kernel.requests}) == 3


def test_an_interruption_told_only_at_the_end_counts_too():
    _, conversation = talk(lambda sequence, attempt: [done(sequence, flags=0x12 if attempt == 1 else 2)])
    assert conversation.dump_links() == []
    assert conversation.repeated == 1


def test_repetition_is_bounded():
    kernel, conversation = talk(lambda sequence, _: [done(sequence, flags=0x12)])
    with pytest.raises(InterruptedDumpError):
        conversation.dump_links()
    assert len(kernel.requests) == ATTEMPTS


def test_losses_are_repeated_after_the_queue_was_emptied():
    def answer(sequence, attempt):
        return {
            1: [link(sequence, b"x"), OverrunError("full"), link(sequence, b"stale")],
            2: [message(MessageType.OVERRUN, sequence)],
            3: [TruncatedError(100_000)],
            4: [refusal(sequence, EBUSY)],
        }.get(attempt, [link(sequence, b"fresh"), done(sequence)])

    kernel, conversation = talk(answer)
    assert names(conversation.dump_links()) == [b"fresh"]
    assert (conversation.repeated, kernel.grown, kernel.discarded) == (4, 100_000, 2)


def test_a_request_that_is_no_dump_is_never_repeated():
    kernel, conversation = talk(lambda sequence, _: [OverrunError("full")])
    with pytest.raises(OverrunError):
        conversation.ask(MessageType.SETLINK, b"")
    assert len(kernel.requests) == 1


def test_a_refusal_is_an_exception_with_errno():
    kernel, conversation = talk(lambda sequence, _: [refusal(sequence, EPERM)])
    for asking in (conversation.dump_links, lambda: conversation.ask(MessageType.SETLINK, b"")):
        with pytest.raises(KernelError, match=r"not permitted.*errno 1") as caught:
            asking()
        assert (caught.value.errno, caught.value.message) == (EPERM, "")
    assert len(kernel.requests) == 2


def test_an_error_that_a_dump_ends_with():
    _, conversation = talk(
        lambda sequence, _: [
            link(sequence, b"x"),
            message(MessageType.DONE, sequence, struct.pack("=i", -EPERM)),
        ]
    )
    with pytest.raises(KernelError):
        conversation.dump_links()


def test_an_acknowledgement_answers_with_nothing():
    _, conversation = talk(lambda sequence, _: [refusal(sequence, 0)])
    assert conversation.ask(MessageType.SETLINK, b"") == []


def test_bytes_that_do_not_decode_are_an_error_of_the_request():
    _, conversation = talk(
        lambda sequence, _: [message(MessageType.NEWLINK, sequence, b"half"), done(sequence)]
    )
    with pytest.raises(DecodeError):
        conversation.dump_links()
    for garbage in (b"x", struct.pack("=IHHII", 3, 16, 0, 1, PORT)):
        _, conversation = talk(lambda _sequence, _, garbage=garbage: [garbage])
        with pytest.raises(DecodeError):
            conversation.dump_links()


def test_a_broken_socket_is_an_error_not_a_hang():
    kernel, conversation = talk(lambda _sequence, _: [])
    kernel.end(SocketError(9, "receive"))
    with pytest.raises(SocketError):
        conversation.dump_links()


def test_no_answer_ends_in_time_and_its_late_parts_are_nobodys():
    late = []

    def answer(sequence, attempt):
        if attempt == 1:
            late.append(link(sequence, b"late"))
            return []
        return [*late, link(sequence, b"prompt"), done(sequence)]

    _, conversation = talk(answer, timeout=0.05)
    start = monotonic()
    with pytest.raises(AnswerTimeoutError):
        conversation.dump_links()
    assert monotonic() - start < 1
    assert names(conversation.dump_links()) == [b"prompt"]
    assert conversation.take_unrequested() == []


def test_a_parser_of_the_request_goes_before_the_registry_and_may_pass_over():
    _, conversation = talk(lambda sequence, _: [link(sequence, b"a"), link(sequence, b"bb"), done(sequence)])

    def only_bb(buffer, start, end):
        return "found" if b"bb" in buffer[start:end] else None

    assert conversation.dump_links(parser=only_bb) == ["found"]
    conversation.parsers.register(MessageType.NEWLINK, lambda *_: "registered")
    assert conversation.dump_links() == ["registered", "registered"]


@given(st.data())
def test_a_filter_passes_what_a_walk_would(data):
    """Runs of messages alike, broken by others, by unrequested ones, by the end of the answer, or cut off."""
    shapes = st.tuples(
        st.integers(0, 2), st.sampled_from([0, 4, 5, 8, 29]), st.sampled_from([PORT, PORT, PORT, 1])
    )
    runs = data.draw(st.lists(st.tuples(shapes, st.integers(1, 6)), max_size=8))
    place = data.draw(st.integers(0, 31))
    cut = data.draw(st.sampled_from([0, 0, 1, 5, 17]))
    whole = b"".join(
        message(16, 1, bytes([first]) * size, port=port) * count for (first, size, port), count in runs
    )
    datagram = whole[: len(whole) - cut] if cut < len(whole) else whole
    expected, lie = [], False
    try:
        for found in iter_messages(datagram):
            if found.port == PORT and found.payload[place : place + 1] == b"\1":
                expected.append(found.payload)
    except DecodeError:
        lie = True

    kernel, conversation = talk(
        lambda sequence, _: [datagram, done(sequence)] if datagram else [done(sequence)]
    )

    def ask():
        return conversation.dump(
            18, b"", parser=lambda buffer, start, end: bytes(buffer[start:end]), only=ByteFilter(place, 1)
        )

    if lie:
        with pytest.raises(DecodeError):
            ask()
    else:
        assert ask() == expected
    kernel.close()


def test_each_thread_gets_its_own_answer():
    """Answers come in the reverse order and mixed; two wait while one receives for all."""
    waiting, everybody = [], threading.Barrier(3)

    def answer(sequence, attempt):
        waiting.append(sequence)
        if attempt < 3:
            return []
        return [
            b"".join(link(other, f"{other}".encode()) for other in reversed(waiting)),
            *(refusal(other, 0) for other in waiting),
        ]

    kernel, conversation = talk(answer)
    lock = threading.Lock()
    send = kernel.send

    def send_one_at_a_time(datagram):
        with lock:
            send(datagram)

    kernel.send = send_one_at_a_time

    def ask(_):
        everybody.wait()
        (found,) = conversation.ask(MessageType.GETLINK, b"")
        return found.name

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(ask, range(3))) == [b"1", b"2", b"3"]


def test_a_thread_that_gives_up_leaves_the_receiving_to_another():
    asked = threading.Event()

    def answer(_sequence, _attempt):
        asked.set()
        return []

    kernel, conversation = talk(answer)
    outcome = {}

    def ask_for_long():
        outcome["long"] = names(conversation.ask(MessageType.GETLINK, b""))

    conversation.timeout = 0.1
    first = threading.Thread(target=lambda: outcome.setdefault("short", raised(conversation)))
    first.start()
    assert asked.wait(3)
    conversation.timeout = 5.0
    second = threading.Thread(target=ask_for_long)
    second.start()
    first.join()
    kernel.put(link(2, b"two") + refusal(2, 0))
    second.join(3)
    assert outcome == {"short": AnswerTimeoutError, "long": [b"two"]}


def raised(conversation):
    try:
        conversation.ask(MessageType.GETLINK, b"")
    except AnswerTimeoutError as error:
        return type(error)


# -- recorded ---------------------------------------------------------------------------------------------


def test_recorded_refusals_come_with_the_kernels_sentence():
    found = [decode_acknowledgement(refused) for refused in read_messages("refusals.answers")]
    assert [(error.errno, error.message) for error in found] == [
        (22, "Invalid prefix length"),
        (22, "ipv4: Local address is not supplied"),
        (95, "Unknown device type"),
        (19, ""),
    ]


def test_a_recorded_dump_is_replayed():
    def answer(sequence, _):
        for datagram in read_datagrams("links.dump"):
            yield rewritten(datagram, sequence)

    _, conversation = talk(answer)
    assert {b"br0", b"a,b=c", "é".encode()} <= set(names(conversation.dump_links()))


def rewritten(datagram, sequence):
    """The datagram with our sequence number and port in every message."""
    data, offset = bytearray(datagram), 0
    while offset < len(data):
        struct.pack_into("=II", data, offset + 8, sequence, PORT)
        offset += (struct.unpack_from("=I", data, offset)[0] + 3) & -4
    return bytes(data)


# -- on the kernel ----------------------------------------------------------------------------------------


@pytest.mark.kernel
def test_links_and_addresses_are_what_ip_says(namespace):
    namespace.add_link("v0", "veth", "peer", "name", "v1")
    namespace.ip("link set v0 up")
    namespace.ip("link set v1 up")
    namespace.ip("addr add 192.0.2.1/24 dev v0")
    namespace.ip("addr add 2001:db8::1/64 dev v0 nodad")
    with Conversation() as conversation:
        links = {found.ifindex: found for found in conversation.dump_links()}
        said = {item["ifindex"]: item for item in namespace.ip_json("addr show")}
        assert {ifindex: found.name.decode() for ifindex, found in links.items()} == {
            ifindex: item["ifname"] for ifindex, item in said.items()
        }
        for ifindex, item in said.items():
            assert format_address(links[ifindex].address) == item["address"]
            expected = sorted(f"{info['local']}/{info['prefixlen']}" for info in item["addr_info"])
            assert sorted(address.text for address in conversation.dump_addresses(ifindex)) == expected
        assert len(conversation.dump_addresses()) == sum(len(item["addr_info"]) for item in said.values())


@pytest.mark.kernel
def test_one_link_by_index_and_by_name(namespace):
    ifindex = namespace.add_link("v0", "veth", "peer", "name", "v1")
    with Conversation() as conversation:
        assert conversation.get_link(ifindex=ifindex) == conversation.get_link(name=b"v0")
        assert conversation.get_link(ifindex=4711) is None
        assert conversation.get_link(name=b"nope") is None
        assert conversation.dump_addresses(4711) == []


@pytest.mark.kernel
def test_the_kernels_sentence_arrives(namespace):
    with Conversation() as conversation:
        with pytest.raises(KernelError, match="Invalid prefix length") as caught:
            conversation.ask(MessageType.NEWROUTE, struct.pack("=BBBBBBBBI", 2, 64, 0, 0, 254, 4, 0, 1, 0))
        assert caught.value.errno == 22


@pytest.mark.kernel
def test_default_routes_out_of_a_table(namespace):
    namespace.add_link("v0", "veth", "peer", "name", "v1")
    namespace.ip("link set v0 up")
    namespace.ip("addr add 192.0.2.1/24 dev v0")
    namespace.ip("route add default via 192.0.2.254")
    namespace.batch([f"route add 10.0.{number}.0/24 via 192.0.2.253" for number in range(200)])
    with Conversation() as conversation:
        routes = conversation.dump_routes()
        assert len(routes) > 200
        assert conversation.dump_routes(only=DEFAULT_ROUTES) == [
            route for route in routes if route.destination_length == 0
        ]
        in_main = conversation.dump_routes(family=2, table=254)
        assert {route.table for route in in_main} == {254}
        assert {route.table for route in routes} == {254, 255}


@pytest.mark.kernel
@pytest.mark.parametrize("buffered", [False, True])
def test_many_threads_ask_while_links_come_and_go(namespace, buffered):
    """Links that live through the storm are in every dump: an interrupted one is never taken for the
    truth."""
    lasting = {b"lo", *(f"lasting{number}".encode() for number in range(40))}
    namespace.batch([f"link add {name.decode()} type veth" for name in sorted(lasting - {b"lo"})])
    ended = threading.Event()

    def storm():
        try:
            for _ in range(4):
                namespace.batch(
                    [
                        f"link {verb} storm{number} type veth"
                        for number in range(20)
                        for verb in ("add", "del")
                    ]
                )
        finally:
            ended.set()

    opened = NetlinkSocket((Group.LINK,) if buffered else (), strict=True, extended_ack=True)
    with Conversation(ReceiveBuffer(opened) if buffered else opened) as conversation:

        def ask(number):
            rounds = 0
            while not ended.is_set() or rounds < 3:
                rounds += 1
                if number % 2:
                    assert conversation.get_link(name=b"lasting7").name == b"lasting7"
                else:
                    assert lasting <= set(names(conversation.dump_links()))
            return rounds

        storming = threading.Thread(target=storm)
        storming.start()
        with ThreadPoolExecutor(4) as pool:
            assert all(rounds >= 3 for rounds in pool.map(ask, range(4)))
        storming.join()
        if buffered:
            assert any(message.flags & HeaderFlag.MULTI == 0 for message in conversation.take_unrequested())


@pytest.mark.kernel
def test_events_on_the_same_socket_are_kept_apart(namespace):
    with Conversation(NetlinkSocket((Group.LINK,), strict=True)) as conversation:
        namespace.add_link("v0", "veth", "peer", "name", "v1")
        assert {b"lo", b"v0", b"v1"} <= set(names(conversation.dump_links()))
        events = {conversation.parsers.parse(message).name for message in conversation.take_unrequested()}
        assert events == {b"v0", b"v1"}
