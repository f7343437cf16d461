# SPDX-License-Identifier: Apache-2.0
"""Link, address and route messages: recorded ones, against pyroute2 and against what `ip -j` said."""

from __future__ import annotations

import ipaddress
import socket
import struct
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from netlink_captures import (
    ADDRESS_TYPES,
    EVENTS,
    LINK_TYPES,
    ROUTE_TYPES,
    every_message,
    read_json,
    read_messages,
)
from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg
from pyroute2.netlink.rtnl.rtmsg import rtmsg

from amf_netwatch.netlink import (
    DEFAULT_ROUTES,
    Choice,
    DecodeError,
    Family,
    HardwareType,
    LinkFacts,
    LinkFactsDecoder,
    LinkFlag,
    MessageType,
    OperState,
    OverrunError,
    ParserRegistry,
    TableNumber,
    decode_address,
    decode_link,
    decode_link_facts,
    decode_neighbour,
    decode_route,
    decode_rule,
    format_address,
    format_ip,
    iter_attributes,
    iter_messages,
    read_options,
    read_port_options,
)
from amf_netwatch.netlink.codec.hints import add_changed_links
from amf_netwatch.netlink.codec.messages import pack_attribute

LINKS = every_message(LINK_TYPES)
ADDRESSES = every_message(ADDRESS_TYPES)
ROUTES = every_message(ROUTE_TYPES)
RULE_TYPES, NEIGHBOUR_TYPES = (32, 33), (28, 29)
TYPES = (LINK_TYPES, ADDRESS_TYPES, ROUTE_TYPES, RULE_TYPES, NEIGHBOUR_TYPES)
EVERY = every_message(tuple(kind for types in TYPES for kind in types))
DECODERS = {
    kind: decoder
    for types, decoder in zip(
        TYPES, (decode_link, decode_address, decode_route, decode_rule, decode_neighbour)
    )
    for kind in types
}


def decode(decoder, message):
    return decoder(message.buffer, message.start, message.end)


def links_of(name, *types):
    return [decode(decode_link, message) for message in read_messages(name, types or LINK_TYPES)]


def oracle(kind, message):
    """The message as pyroute2 reads it: (header, {attribute: first value})."""
    found = kind(message.buffer[message.start - 16 : message.end])
    found.decode()
    return found, dict(reversed(found["attrs"]))


def text_of(name):
    return None if name is None else name.decode("utf-8", "surrogateescape")


# -- links ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(len(LINKS)))
def test_a_link_is_what_pyroute2_reads(number):
    link, (header, said) = decode(decode_link, LINKS[number]), oracle(ifinfmsg, LINKS[number])
    assert (link.family, link.hardware_type, link.ifindex, link.flags, link.change) == (
        header["family"],
        header["ifi_type"],
        header["index"],
        header["flags"],
        header["change"],
    )
    assert text_of(link.name) == said.get("IFLA_IFNAME")
    for field, name in {
        "address": "IFLA_ADDRESS",
        "broadcast": "IFLA_BROADCAST",
        "permanent_address": "IFLA_PERM_ADDRESS",
    }.items():
        value = getattr(link, field)
        if len(value or b"") in (4, 16):
            continue  # a tunnel's address: pyroute2 always reads six bytes
        assert (format_address(value) or None) == (said.get(name) or None), field
    for field, name in {
        "mtu": "IFLA_MTU",
        "carrier": "IFLA_CARRIER",
        "carrier_changes": "IFLA_CARRIER_CHANGES",
        "master": "IFLA_MASTER",
        "lower": "IFLA_LINK",
        "lower_namespace": "IFLA_LINK_NETNSID",
        "queue_length": "IFLA_TXQLEN",
        "group": "IFLA_GROUP",
        "promiscuity": "IFLA_PROMISCUITY",
        "qdisc": "IFLA_QDISC",
        "alias": "IFLA_IFALIAS",
        "new_index": "IFLA_NEW_IFINDEX",
    }.items():
        assert getattr(link, field) == said.get(name), field
    operstate = said.get("IFLA_OPERSTATE")
    assert (None if link.operstate is None else str(link.operstate).upper()) == operstate
    info = said.get("IFLA_LINKINFO")
    assert link.kind == (info.get_attr("IFLA_INFO_KIND") if info else None)
    names = said.get("IFLA_PROP_LIST")
    assert link.alternative_names == (
        tuple(name.encode() for name in names.get_attrs("IFLA_ALT_IFNAME")) if names else None
    )


def test_links_are_what_ip_said():
    said = {item["ifindex"]: item for item in read_json("links")}
    links = {link.ifindex: link for link in links_of("links.dump")}
    assert links.keys() == said.keys()
    for ifindex, item in said.items():
        link = links[ifindex]
        assert text_of(link.name) == item["ifname"]
        assert format_address(link.address) == item.get("address", "")
        assert link.mtu == item["mtu"]
        assert str(link.operstate).upper() == item["operstate"]
        assert link.up == ("UP" in item["flags"])
        assert link.lower_up == ("LOWER_UP" in item["flags"])
        assert (text_of(links[link.master].name) if link.master else None) == item.get("master")
        assert link.kind == item.get("linkinfo", {}).get("info_kind", link.kind)
        assert (link.info.port_kind if link.info else None) == item.get("linkinfo", {}).get("info_slave_kind")
        assert [text_of(name) for name in link.alternative_names or ()] == item.get("altnames", [])
        assert link.alias == item.get("ifalias")
        assert (link.hardware_type == HardwareType.ETHER) == (item["link_type"] == "ether")


def test_a_tun_has_no_address():
    (tun,) = [link for link in links_of("links.dump") if link.name == b"t0"]
    assert tun.address is None
    assert tun.hardware_type == HardwareType.NONE
    assert format_address(tun.address) == ""


def test_names_are_bytes():
    names = {link.name for link in links_of("names.events")}
    assert names == {b"a,b=c", b"a;b", b'a"b', "é".encode()}


def test_a_port_leaving_its_bridge_is_a_dellink_of_another_family():
    gone = links_of("bridge.events", MessageType.DELLINK)
    freed = [link for link in gone if link.family == Family.BRIDGE]
    assert [link.name for link in freed] == [b"p0"]
    assert b"p0" in [link.name for link in gone if link.family == Family.UNSPEC]  # its real end, later


def test_moving_to_another_namespace_says_where_to():
    (moved,) = [link for link in links_of("veth.events", MessageType.DELLINK) if link.name == b"v1"][:1]
    assert moved.new_index == moved.ifindex
    assert moved.new_namespace is not None


def test_carrier_and_admin_state_are_told_apart():
    links = [link for link in links_of("veth.events", MessageType.NEWLINK) if link.name == b"v0"]
    states = {(link.up, link.lower_up, link.operstate) for link in links}
    assert (True, False, OperState.LOWERLAYERDOWN) in states
    assert (True, True, OperState.UP) in states
    assert (False, False, OperState.DOWN) in states


@pytest.mark.parametrize("size", [0, 4, 6, 8, 16, 20, 32])
def test_hardware_addresses_have_any_length(size):
    address = bytes(range(size))
    payload = struct.pack("=BxHiII", 0, 32, 5, 0, 0) + struct.pack("=HH", 4 + size, 1) + address
    assert decode_link(payload, 0, len(payload)).address == address
    assert decode_link_facts(payload, 0, len(payload)).address == address
    assert format_address(address) == ":".join(f"{byte:02x}" for byte in address)


def test_absent_is_none_and_never_zero():
    payload = struct.pack("=BxHiII", 0, 1, 5, 0x1043, 0)
    link = decode_link(payload, 0, len(payload))
    assert set(link[5:]) == {None}
    assert set(decode_link_facts(payload, 0, len(payload))[5:]) == {None}
    assert link.kind is None


def test_unknown_numbers_survive():
    payload = struct.pack("=BxHiII", 99, 999, 5, 0x80000000, 0) + struct.pack("=HHBxxx", 5, 16, 77)
    link = decode_link(payload, 0, len(payload))
    assert (str(link.family), str(link.hardware_type), str(link.operstate)) == (
        "unknown(99)",
        "unknown(999)",
        "unknown(77)",
    )
    assert (link.family, link.operstate, link.flags) == (99, 77, 0x80000000)
    assert repr(MessageType(4711)).startswith("<MessageType.unknown(4711)")


@pytest.mark.parametrize("size", range(16))
def test_half_a_link_header_is_refused(size):
    for decoder in (decode_link, decode_link_facts, LinkFactsDecoder().decode):
        with pytest.raises(DecodeError):
            decoder(bytes(size), 0, size)


# -- the fast decoder -------------------------------------------------------------------------------------


def facts_from(link):
    return LinkFacts(*link[:5], link.name, link.operstate, link.mtu, link.carrier, link.address, link.master)


def test_facts_are_those_of_the_complete_decoder():
    decoder = LinkFactsDecoder()
    for _ in range(3):
        for message in LINKS:
            expected = facts_from(decode(decode_link, message))
            assert decode(decode_link_facts, message) == expected
            assert decode(decoder.decode, message) == expected


def test_a_layout_is_learnt_once():
    decoder = LinkFactsDecoder()
    message = next(message for message in LINKS if decode(decode_link, message).name == b"v0")
    assert {decode(decoder.decode, message) for _ in range(10)} == {decode(decode_link_facts, message)}
    assert decoder.walked == 1


def test_the_memory_for_layouts_is_bounded():
    decoder = LinkFactsDecoder()
    for size in range(2000):
        payload = struct.pack("=BxHiII", 0, 1, 5, 0, 0) + struct.pack("=HH", 4 + size, 1) + bytes(size)
        payload += bytes(-len(payload) & 3)
        assert decode_link_facts(payload, 0, len(payload)) == decoder.decode(payload, 0, len(payload))
    assert sum(map(len, decoder._layouts.values())) == 256


@settings(max_examples=400)
@given(st.data())
def test_the_learnt_decoder_agrees_with_the_walk_for_mutated_messages(data):
    decoder = LinkFactsDecoder()
    original = data.draw(st.sampled_from(LINKS))
    decode(decoder.decode, original)
    payload = bytearray(original.payload)
    for _ in range(data.draw(st.integers(0, 4))):
        payload[data.draw(st.integers(0, min(len(payload), 300) - 1))] = data.draw(st.integers(0, 255))
    payload = bytes(payload[: data.draw(st.integers(0, len(payload)) | st.just(len(payload)))])
    assert outcome(decoder.decode, payload) == outcome(decode_link_facts, payload)
    assert outcome(decoder.decode, payload) == outcome(decode_link_facts, payload)  # also when learnt from it


ANY_ATTRIBUTES = st.lists(
    st.one_of(
        st.tuples(st.just(3), st.binary(max_size=6).map(lambda name: name + b"\0") | st.binary(max_size=6)),
        st.tuples(st.sampled_from([4, 10]), st.binary(min_size=4, max_size=4)),
        st.tuples(st.sampled_from([16, 33]), st.binary(min_size=1, max_size=1)),
        st.tuples(st.sampled_from([1, 2, 13, 0x8012, 0x8001]), st.binary(max_size=9)),
    ),
    max_size=6,
)


@settings(max_examples=400)
@given(ANY_ATTRIBUTES, st.data())
def test_the_learnt_decoder_agrees_with_the_walk_for_attributes_in_any_order(attributes, data):
    """The learnt layouts are right for any of them, also when learnt from another message."""
    payload = struct.pack("=BxHiII", 0, 1, 5, 0, 0)
    payload += b"".join(pack_attribute(kind, value) for kind, value in attributes)
    decoder = LinkFactsDecoder()
    for _ in range(3):
        assert outcome(decoder.decode, payload) == outcome(decode_link_facts, payload)
        if len(payload) > 16:
            changed = bytearray(payload)
            changed[data.draw(st.integers(16, len(payload) - 1))] = data.draw(st.integers(0, 255))
            payload = bytes(changed)


def outcome(decoder, payload):
    try:
        return decoder(payload, 0, len(payload))
    except DecodeError:
        return DecodeError


# -- hints ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EVENTS)
def test_hints_are_the_links_and_addresses_of_the_complete_decoders(name):
    for message in read_messages(f"{name}.events"):
        expected, reread_addresses, found, found_reread = set(), set(), set(), set()
        if message.type in LINK_TYPES:
            link = decode(decode_link, message)
            if link.family == Family.UNSPEC:
                expected.add(link.ifindex)
                if message.type == MessageType.DELLINK:
                    reread_addresses.add(link.ifindex)
        elif message.type in ADDRESS_TYPES:
            expected.add(decode(decode_address, message).ifindex)
            reread_addresses |= expected
        datagram = message.buffer[message.start - 16 : message.end]
        add_changed_links(datagram, found, found_reread)
        assert (found, found_reread) == (expected, reread_addresses)


def test_a_partial_link_message_without_name_and_address_is_no_hint():
    for attributes, expected in {
        struct.pack("=HH4s", 8, 11, b"abcd"): set(),  # IFLA_WIRELESS alone
        struct.pack("=HH4sHH4s", 8, 11, b"abcd", 8, 3, b"ab0\0"): {7},
        struct.pack("=HH4sHH4s", 8, 11, b"abcd", 8, 1, b"addr"): {7},
        b"": set(),
    }.items():
        payload = struct.pack("=BxHiII", 0, 1, 7, 0, 0) + attributes
        found = set()
        add_changed_links(struct.pack("=IHHII", 16 + len(payload), 16, 0, 0, 0) + payload, found)
        assert found == expected


def plain_hints(datagram):
    """Do what `add_changed_links` promises, with `iter_messages` and the decoders' own structures."""
    found, reread = set(), set()
    try:
        for message in iter_messages(datagram):
            room = message.end - message.start
            if message.type in LINK_TYPES:
                if room < 16:
                    return found, reread, DecodeError
                family, ifindex = struct.unpack_from("=B3xi", datagram, message.start)
                if family == 0 and has_identity(datagram, message.start + 16, message.end):
                    found.add(ifindex & 0xFFFFFFFF)
                    if message.type == MessageType.DELLINK:
                        reread.add(ifindex & 0xFFFFFFFF)
            elif message.type in ADDRESS_TYPES:
                if room < 8:
                    return found, reread, DecodeError
                (ifindex,) = struct.unpack_from("=4xI", datagram, message.start)
                found.add(ifindex)
                reread.add(ifindex)
            elif message.type == MessageType.OVERRUN:
                return found, reread, OverrunError
    except DecodeError:
        return found, reread, DecodeError
    return found, reread, None


def has_identity(datagram, start, end):
    """Tell whether there is a name or a hardware address. If a name comes first, the rest is not read."""
    if end - start >= 4:
        length, kind = struct.unpack_from("=HH", datagram, start)
        if kind == 3 and 4 < length <= end - start:
            return True
    return any(one.type in (1, 3) for one in iter_attributes(datagram, start, end))


def hints(datagram):
    found, reread = set(), set()
    try:
        add_changed_links(datagram, found, reread)
    except (DecodeError, OverrunError) as error:
        return found, reread, type(error)
    return found, reread, None


RECORDED = [
    message.buffer[message.start - 16 : (message.end + 3) & -4]
    for message in every_message(LINK_TYPES + ADDRESS_TYPES + ROUTE_TYPES)
]
OVERRUN_MESSAGE = struct.pack("=IHHII", 16, 4, 0, 0, 0)
NOOP = struct.pack("=IHHII", 16, 1, 0, 0, 0)
SHORT_LINK = struct.pack("=IHHII", 28, 16, 0, 0, 0) + bytes(12)  # no whole ifinfomsg
SHORT_ADDRESS = struct.pack("=IHHII", 20, 20, 0, 0, 0) + bytes(4)


@settings(max_examples=500)
@given(st.data())
def test_hints_of_joined_and_mutated_datagrams_are_those_of_a_plain_walk(data):
    """The odd message may stand second or last; a length may lie anywhere."""
    pieces = st.sampled_from([*RECORDED, OVERRUN_MESSAGE, NOOP, SHORT_LINK, SHORT_ADDRESS])
    datagram = bytearray(b"".join(data.draw(st.lists(pieces, min_size=1, max_size=4))))
    starts, offset = [], 0
    while offset < len(datagram):
        starts.append(offset)
        offset += (int.from_bytes(datagram[offset : offset + 4], "little") + 3) & -4
    manner = data.draw(st.sampled_from(("whole", "cut", "length", "type")))
    if manner == "cut":
        del datagram[data.draw(st.integers(0, len(datagram) - 1)) :]
    elif manner != "whole":
        start = data.draw(st.sampled_from(starts))
        if manner == "length":
            length = data.draw(st.integers(0, 60) | st.integers(0, len(datagram) + 4))
            struct.pack_into("=I", datagram, start, length)
        else:
            struct.pack_into("=H", datagram, start + 4, data.draw(st.integers(0, 34)))
    assert hints(bytes(datagram)) == plain_hints(bytes(datagram))


@pytest.mark.parametrize("after", [NOOP, RECORDED[0], bytes(4)], ids=["noop", "link", "rubbish"])
def test_an_overrun_is_noticed_whatever_follows(after):
    for before in (b"", NOOP, RECORDED[0]):
        with pytest.raises(OverrunError):
            add_changed_links(before + OVERRUN_MESSAGE + after, set())


@pytest.mark.parametrize("short", [SHORT_LINK, SHORT_ADDRESS], ids=["link", "address"])
def test_short_messages_are_refused_wherever_they_stand(short):
    for datagram in (short, NOOP + short, RECORDED[0] + short, short + RECORDED[0], short + NOOP):
        with pytest.raises(DecodeError):
            add_changed_links(datagram, set())


def test_an_overrun_message_is_a_loss():
    for more in (b"", bytes(4)):
        with pytest.raises(OverrunError):
            add_changed_links(struct.pack("=IHHII", 16 + len(more), 4, 0, 0, 0) + more, set())


def test_other_short_messages_are_passed_over():
    found = set()
    add_changed_links(
        struct.pack("=IHHII", 16, 1, 0, 0, 0) + struct.pack("=IHHIIi", 20, 3, 0, 0, 0, 0), found
    )
    assert not found


# -- addresses --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(len(ADDRESSES)))
def test_an_address_is_what_pyroute2_reads(number):
    address, (header, said) = decode(decode_address, ADDRESSES[number]), oracle(ifaddrmsg, ADDRESSES[number])
    assert (address.family, address.prefix_length, address.flags, address.scope, address.ifindex) == (
        header["family"],
        header["prefixlen"],
        header["flags"],
        header["scope"],
        header["index"],
    )
    for field, name in {"address": "IFA_ADDRESS", "local": "IFA_LOCAL", "broadcast": "IFA_BROADCAST"}.items():
        value = getattr(address, field)
        assert (None if value is None else format_ip(value)) == said.get(name), field
    assert address.label == said.get("IFA_LABEL")
    assert address.all_flags == said.get("IFA_FLAGS")


def test_our_own_addresses_are_what_ip_said():
    said = {
        (item["ifindex"], f"{info['local']}/{info['prefixlen']}")
        for item in read_json("addresses")
        for info in item["addr_info"]
    }
    found = [decode(decode_address, message) for message in read_messages("addresses.dump", ADDRESS_TYPES)]
    assert {(address.ifindex, address.text) for address in found} == said
    assert any(address.own != address.address for address in found)  # one has a peer


@given(st.one_of(st.binary(min_size=4, max_size=4), st.binary(min_size=16, max_size=16)))
def test_an_ip_address_is_written_as_the_c_library_does(address):
    assert format_ip(address) == socket.inet_ntop(
        socket.AF_INET if len(address) == 4 else socket.AF_INET6, address
    )


@given(st.lists(st.sampled_from([0, 0, 0, 1, 0xFFFF, 0x1234]), min_size=8, max_size=8))
def test_runs_of_zeros_are_shortened_as_the_c_library_does(groups):
    address = struct.pack(">8H", *groups)
    assert format_ip(address) == socket.inet_ntop(socket.AF_INET6, address)
    assert ipaddress.ip_address(format_ip(address)).packed == address


# -- routes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(len(ROUTES)))
def test_a_route_is_what_pyroute2_reads(number):
    route, (header, said) = decode(decode_route, ROUTES[number]), oracle(rtmsg, ROUTES[number])
    assert (route.family, route.destination_length, route.source_length, route.tos, route.table_byte) == (
        header["family"],
        header["dst_len"],
        header["src_len"],
        header["tos"],
        header["table"],
    )
    assert (route.protocol, route.scope, route.type, route.flags) == (
        header["proto"],
        header["scope"],
        header["type"],
        header["flags"],
    )
    for field, name in {
        "destination": "RTA_DST",
        "gateway": "RTA_GATEWAY",
        "preferred_source": "RTA_PREFSRC",
    }.items():
        value = getattr(route, field)
        assert (None if value is None else format_ip(value)) == said.get(name), field
    assert (route.interface, route.priority, route.table) == (
        said.get("RTA_OIF"),
        said.get("RTA_PRIORITY"),
        said.get("RTA_TABLE"),
    )
    via = said.get("RTA_VIA")
    assert (None if route.via is None else (route.via.family, format_ip(route.via.address))) == (
        None if via is None else (via["family"], via["addr"])
    )
    hops = said.get("RTA_MULTIPATH")
    assert [
        (hop.interface, hop.weight, hop.flags, format_ip(hop.gateway)) for hop in route.next_hops or ()
    ] == [
        (hop["oif"], hop["hops"] + 1, hop["flags"], hop.get_attr("RTA_GATEWAY") or "") for hop in hops or ()
    ]


def test_routes_are_what_ip_said():
    names = {item["ifindex"]: item["ifname"] for item in read_json("links")}
    found = {
        (
            str(route.type),
            without_full_length(route),
            str(TableNumber(route.table)).replace("unknown(1000)", "1000"),
            names.get(route.interface),
            format_ip(route.gateway) or None,
            tuple((format_ip(hop.gateway), hop.weight) for hop in route.next_hops or ()),
        )
        for route in (decode(decode_route, message) for message in read_messages("routes.dump", ROUTE_TYPES))
    }
    said = {
        (
            item["type"],
            item["dst"],
            item.get("table", "main"),
            item.get("dev") if item["type"] not in ("blackhole",) else None,
            item.get("gateway"),
            tuple((hop["gateway"], hop["weight"]) for hop in item.get("nexthops", ())),
        )
        for item in read_json("routes")
    }
    assert found == said


def without_full_length(route):
    """`ip` leaves the prefix length of a host out."""
    full = len(route.destination or b"") * 8
    return route.text.split("/")[0] if route.destination_length == full and full else route.text


def test_the_filter_for_default_routes_passes_those_and_no_others():
    place, value = DEFAULT_ROUTES
    passed = [decode(decode_route, m).text for m in ROUTES if m.buffer[m.start + place] == value]
    assert passed == [text for text in (decode(decode_route, m).text for m in ROUTES) if text == "default"]
    assert passed


@pytest.mark.parametrize("length", [0, 1, 7, 13])
def test_a_next_hop_length_that_lies_is_refused(length):
    hop = struct.pack("=HBBi", length, 0, 0, 1)
    payload = bytes(12) + struct.pack("=HH", 4 + len(hop), 9) + hop
    with pytest.raises(DecodeError):
        decode_route(payload, 0, len(payload))


# -- any bytes --------------------------------------------------------------------------------------------


@settings(max_examples=500)
@given(st.data())
def test_mutated_messages_give_values_or_a_decode_error(data):
    """Every decoder eats every kind of message, with bytes changed, cut out and put in."""
    original = data.draw(st.sampled_from(EVERY))
    payload = bytearray(original.payload)
    for _ in range(data.draw(st.integers(0, 6))):
        place = data.draw(st.integers(0, len(payload)))
        payload[place : place + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
    for decoder in (*DECODERS.values(), decode_link_facts, options_too):
        outcome(decoder, bytes(payload))
    try:
        add_changed_links(bytes(payload), set())
    except (DecodeError, OverrunError):
        pass


def options_too(buffer, start, end):
    """A link with the options of its kind and of its port."""
    link = decode_link(buffer, start, end)
    read_options(link, str, Choice.ALL)
    read_port_options(link, str, Choice.ALL)
    return link


def test_a_hundred_thousand_mutated_messages():
    """Random mutations of recordings, many and cheap; hypothesis above looks for the cunning ones.

    Every type of message comes in turn, however many the recordings have; links have all their options.
    """
    seed = 0x6E65746C
    random, original = Random(seed), LINKS[0]
    by_type = [[message for message in EVERY if message.type in types] for types in TYPES]
    kinds = [message for message in LINKS if decode(decode_link, message).info]
    for number in range(100_000):
        if number % 10 == 0:
            original = random.choice(kinds if number % 100 == 0 else random.choice(by_type))
        payload = bytearray(original.payload)
        for _ in range(random.randrange(1, 5)):
            payload[random.randrange(len(payload))] = random.randrange(256)
        payload = bytes(payload[: random.randrange(len(payload))] if number % 3 == 0 else payload)
        if original.type in LINK_TYPES:
            outcome(options_too if number % 2 else decode_link_facts, payload)
        else:
            outcome(DECODERS[original.type], payload)


@given(st.binary(max_size=200))
def test_any_bytes_give_values_or_a_decode_error(payload):
    for decoder in (*DECODERS.values(), decode_link_facts, options_too):
        found = outcome(decoder, payload)
        assert found is DecodeError or isinstance(found, tuple)
    try:
        add_changed_links(payload, set())
    except (DecodeError, OverrunError):
        pass


def test_all_the_attributes_we_name_are_seen_in_the_recordings():
    """A table row that no recorded message exercises is a row that nothing tests."""
    seen = {
        found.type
        for message in LINKS
        for found in iter_attributes(message.buffer, message.start + 16, message.end)
    }
    assert {1, 2, 3, 4, 5, 6, 10, 13, 16, 18, 20, 27, 30, 33, 35, 37, 45, 49, 52} <= seen


# -- the registry -----------------------------------------------------------------------------------------


def test_the_registry_finds_parsers_by_type_and_can_be_changed():
    registry = ParserRegistry()
    message = LINKS[0]
    assert registry.parse(message) == decode(decode_link, message)
    registry.register(message.type, decode_link_facts)
    assert registry.parse(message) == decode(decode_link_facts, message)
    assert ParserRegistry().parse(message) == decode(decode_link, message)
    assert registry.find(4711) is None
    assert registry.parse(message._replace(type=4711)) is None


def test_flags_have_names():
    link = links_of("links.dump")[0]
    assert LinkFlag(link.flags) & (LinkFlag.UP | LinkFlag.LOOPBACK | LinkFlag.LOWER_UP) == (
        LinkFlag.UP | LinkFlag.LOOPBACK | LinkFlag.LOWER_UP
    )
