# SPDX-License-Identifier: Apache-2.0
"""Packed values are read back: values of every type, options of every kind; and values that are refused."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroute2.netlink.rtnl.fibmsg import fibmsg
from pyroute2.netlink.rtnl.ndmsg import ndmsg
from pyroute2.netlink.rtnl.rtmsg import rtmsg

from amf_netwatch.netlink.codec import address, edits, link, neighbour, route, rule
from amf_netwatch.netlink.codec.address import Address, format_ip, parse_ip
from amf_netwatch.netlink.codec.constants import Family, HardwareType, HeaderFlag, MessageType, Scope
from amf_netwatch.netlink.codec.link import Link, LinkInfo
from amf_netwatch.netlink.codec.messages import Unknown, iter_messages, pack_attribute
from amf_netwatch.netlink.codec.neighbour import Neighbour
from amf_netwatch.netlink.codec.route import Metrics, NextHop, Route, Via
from amf_netwatch.netlink.codec.route_constants import RouteProtocol, RouteType, RuleAction
from amf_netwatch.netlink.codec.rule import Range, Rule
from amf_netwatch.netlink.errors import EncodeError

U8, U16, U32 = st.integers(0, 255), st.integers(0, 65535), st.integers(0, 2**32 - 1)
S32, U64 = st.integers(-(2**31), 2**31 - 1), st.integers(0, 2**64 - 1)
ADDRESS = st.one_of(st.binary(min_size=4, max_size=4), st.binary(min_size=16, max_size=16))
NAME = st.binary(max_size=15).filter(lambda name: 0 not in name)
TEXT = NAME.map(lambda name: name.decode("utf-8", "surrogateescape"))


def build(kind, /, *fixed, **fields):
    """Values of a type; a field that is not named here stays as it is without."""
    return st.tuples(st.tuples(*fixed), st.fixed_dictionaries(fields)).map(
        lambda parts: kind(*parts[0], **parts[1])
    )


def unknown(above):
    """Attributes of numbers that no kernel of today has."""
    one = build(Unknown, st.integers(above + 1, 0x3FFF), st.binary(max_size=20))
    return st.none() | st.lists(one, min_size=1, max_size=3).map(tuple)


def some(strategy):
    return st.none() | strategy


FAMILY = st.sampled_from((Family.INET, Family.INET6, Family.UNSPEC))
INFO = build(
    LinkInfo,
    kind=some(TEXT),
    data=some(st.binary(max_size=40)),
    port_kind=some(TEXT),
    port_data=some(st.binary(max_size=40)),
)
LINKS = build(
    Link,
    FAMILY,
    st.just(HardwareType.ETHER),
    S32,
    U32,
    U32,
    name=some(NAME),
    address=some(st.binary(max_size=20)),
    broadcast=some(st.binary(max_size=20)),
    mtu=some(U32),
    master=some(U32),
    lower=some(U32),
    lower_namespace=some(S32),
    info=some(INFO),
    queue_length=some(U32),
    group=some(U32),
    alias=some(TEXT),
    alternative_names=some(st.lists(NAME, max_size=3).map(tuple)),
    unknown=unknown(69),
)
ADDRESSES = build(
    Address,
    FAMILY,
    U8,
    U8,
    st.just(Scope.LINK),
    U32,
    address=some(ADDRESS),
    local=some(ADDRESS),
    label=some(TEXT),
    broadcast=some(ADDRESS),
    all_flags=some(U32),
    priority=some(U32),
    protocol=some(U8),
    unknown=unknown(11),
)
METRICS = build(
    Metrics,
    **{name: some(TEXT if name == "congestion" else U32) for name in Metrics._fields[:-1]},
    unknown=unknown(17),
)
VIA = build(Via, FAMILY, ADDRESS)
HOPS = build(
    NextHop,
    U8,
    st.integers(1, 256),
    S32,
    gateway=some(ADDRESS),
    via=some(VIA),
    realms=some(U32),
    encap_type=some(U16),
    encap=some(st.binary(max_size=20)),
)
ROUTES = build(
    Route,
    FAMILY,
    U8,
    U8,
    U8,
    U8,
    st.just(RouteProtocol.STATIC),
    st.just(Scope.UNIVERSE),
    st.just(RouteType.UNICAST),
    U32,
    destination=some(ADDRESS),
    source=some(ADDRESS),
    preferred_source=some(ADDRESS),
    gateway=some(ADDRESS),
    via=some(VIA),
    interface=some(U32),
    input_interface=some(U32),
    priority=some(U32),
    table_number=some(U32),
    next_hops=some(st.lists(HOPS, max_size=3).map(tuple)),
    next_hop_id=some(U32),
    metrics=some(METRICS),
    realms=some(U32),
    mark=some(U32),
    preference=some(U8),
    encap_type=some(U16),
    encap=some(st.binary(max_size=20)),
    new_destination=some(st.binary(max_size=8)),
    ttl_propagate=some(U8),
    expires=some(U32),
    unknown=unknown(31),
)
RULES = build(
    Rule,
    FAMILY,
    U8,
    U8,
    U8,
    U8,
    st.sampled_from(RuleAction),
    U32,
    priority=some(U32),
    destination=some(ADDRESS),
    source=some(ADDRESS),
    input=some(NAME),
    output=some(NAME),
    mark=some(U32),
    mask=some(U32),
    table_number=some(U32),
    goto=some(U32),
    realms=some(U32),
    tunnel=some(U64),
    suppress_group=some(S32.filter(lambda value: value != -1)),
    suppress_length=some(S32.filter(lambda value: value != -1)),
    l3mdev=some(U8),
    users=some(build(Range, U32, U32)),
    protocol=some(st.sampled_from(RouteProtocol)),
    ip_protocol=some(U8),
    source_ports=some(build(Range, U16, U16)),
    destination_ports=some(build(Range, U16, U16)),
    source_port_mask=some(U16),
    destination_port_mask=some(U16),
    dscp=some(U8),
    dscp_mask=some(U8),
    flow_label=some(st.binary(min_size=4, max_size=4)),
    flow_label_mask=some(st.binary(min_size=4, max_size=4)),
    unknown=unknown(30),
)
NEIGHBOURS = build(
    Neighbour,
    FAMILY,
    S32,
    U16,
    U8,
    U8,
    destination=some(ADDRESS),
    address=some(st.binary(max_size=20)),
    vlan=some(U16),
    port=some(U16),
    vni=some(U32),
    output=some(U32),
    master=some(U32),
    protocol=some(U8),
    next_hop_id=some(U32),
    extended_flags=some(U32),
    unknown=unknown(17),
)
TYPES = {
    "link": (LINKS, link.pack_link, link.decode_link),
    "address": (ADDRESSES, address.pack_address, address.decode_address),
    "route": (ROUTES, route.pack_route, route.decode_route),
    "rule": (RULES, rule.pack_rule, rule.decode_rule),
    "neighbour": (NEIGHBOURS, neighbour.pack_neighbour, neighbour.decode_neighbour),
}


@pytest.mark.parametrize("name", TYPES)
def test_what_is_packed_is_read_back(name):
    strategy, pack, decode = TYPES[name]

    @given(strategy)
    def check(value):
        payload = pack(value)
        assert decode(payload, 0, len(payload)) == value
        around = b"xxxx" + payload + b"yyyy"  # a payload somewhere in a larger buffer
        assert decode(memoryview(around), 4, 4 + len(payload)) == value

    check()


def test_every_field_that_can_be_sent_is_tried():
    """The strategies above leave out only what the kernel alone sets."""
    alone = {
        "permanent_address", "operstate", "carrier", "carrier_changes", "promiscuity", "qdisc", "wireless",
        "new_namespace", "new_index", "min_mtu", "max_mtu",
    }  # fmt: skip
    written = {row.name for row in link.LINK_ATTRIBUTES if row.writer is not None}
    assert set(Link._fields[5:]) - written == alone | {"unknown"}
    for kind, rows, fixed in (
        (Address, address.ADDRESS_ATTRIBUTES, 5),
        (Route, route.ROUTE_ATTRIBUTES, 9),
        (Rule, rule.RULE_ATTRIBUTES, 7),
        (Neighbour, neighbour.NEIGHBOUR_ATTRIBUTES, 5),
        (Metrics, route.METRICS_ATTRIBUTES, 0),
        (NextHop, route.NEXT_HOP_ATTRIBUTES, 3),
    ):
        assert all(row.writer is not None for row in rows)
        assert {row.name for row in rows} == set(kind._fields[fixed:]) - {"unknown"}


@pytest.mark.parametrize(
    ("pack", "value"),
    [
        (link.pack_link, edits.plan_link(b"a\0b")),
        (link.pack_link, edits.plan_link(mtu=-1)),
        (link.pack_link, edits.plan_link(mtu=1 << 32)),
        (link.pack_link, edits.plan_link(alias=b"bytes")),
        (link.pack_link, edits.plan_link(alias="\ud800")),
        (link.pack_link, edits.plan_link("text")),
        (link.pack_link, edits.plan_link(ifindex=1 << 31)),
        (link.pack_link, edits.plan_link(info=LinkInfo("bridge", data=bytes(1 << 16)))),
    ],
)
def test_what_does_not_fit_is_refused(pack, value):
    with pytest.raises(EncodeError):
        pack(value)


def test_the_error_names_the_field():
    with pytest.raises(EncodeError, match=r"^mtu: -1: "):
        link.pack_link(edits.plan_link(mtu=-1))


# -- an independent reader --------------------------------------------------------------------------------


def oracle(kind, message):
    """The message as pyroute2 reads it."""
    found = kind(message)
    found.decode()
    return found


def test_pyroute2_reads_our_rules():
    packed = edits.pack_add_rule(
        Rule(
            Family.INET,
            8,
            24,
            0x10,
            0,
            RuleAction.TO_TBL,
            2,
            priority=100,
            destination=b"\x0a\0\0\0",
            source=b"\xc0\0\2\0",
            input=b"eth0",
            mark=5,
            mask=255,
            table_number=1000,
            tunnel=77,
            users=Range(1, 2),
            destination_ports=Range(80, 81),
        ),
        9,
    )
    found = oracle(fibmsg, packed)
    assert (found["family"], found["dst_len"], found["src_len"], found["tos"]) == (2, 8, 24, 16)
    assert (found["action"], found["flags"]) == (1, 2)
    assert (found.get_attr("FRA_PRIORITY"), found.get_attr("FRA_TABLE")) == (100, 1000)
    assert (found.get_attr("FRA_SRC"), found.get_attr("FRA_DST")) == ("192.0.2.0", "10.0.0.0")
    assert (found.get_attr("FRA_FWMARK"), found.get_attr("FRA_FWMASK")) == (5, 255)
    assert found.get_attr("FRA_IIFNAME") == "eth0"
    assert found.get_attr("FRA_TUN_ID") == 77
    assert found.get_attr("FRA_DPORT_RANGE") == "80:81"


def test_pyroute2_reads_our_neighbours():
    value = Neighbour(Family.INET, 3, 0x80, 0, 0, destination=b"\xc0\0\2\1", address=bytes(range(6)), vlan=5)
    found = oracle(ndmsg, edits.pack_add_neighbour(value, 1))
    assert (found["family"], found["ifindex"], found["state"]) == (2, 3, 128)
    assert found.get_attr("NDA_DST") == "192.0.2.1"
    assert found.get_attr("NDA_LLADDR") == "00:01:02:03:04:05"
    assert found.get_attr("NDA_VLAN") == 5


def test_pyroute2_reads_our_routes():
    hops = (NextHop(0, 3, 4, b"\xc0\0\2\1"), NextHop(0, 1, 5, b"\xc0\0\2\2"))
    value = Route(
        Family.INET, 8, 0, 0, 254, RouteProtocol.STATIC, Scope.UNIVERSE, RouteType.UNICAST, 0,
        destination=b"\x0a\0\0\0", next_hops=hops, metrics=Metrics(lock=4, mtu=1300, rtt=24),
    )  # fmt: skip
    found = oracle(rtmsg, edits.pack_add_route(value, 1))
    assert found.get_attr("RTA_DST") == "10.0.0.0"
    ways = found.get_attr("RTA_MULTIPATH")
    assert [(way["hops"], way["oif"], way.get_attr("RTA_GATEWAY")) for way in ways] == [
        (2, 4, "192.0.2.1"),
        (0, 5, "192.0.2.2"),
    ]
    metrics = found.get_attr("RTA_METRICS")
    assert (metrics.get_attr("RTAX_MTU"), metrics.get_attr("RTAX_RTT")) == (1300, 24)


# -- messages ---------------------------------------------------------------------------------------------

LINK = edits.plan_link(b"k0", ifindex=5)
ADDRESS_VALUE = Address(Family.INET, 24, 0, Scope.UNIVERSE, 5, local=b"\xc0\0\2\1")
ROUTE_VALUE = Route(
    Family.INET, 0, 0, 0, 254, RouteProtocol.BOOT, Scope.UNIVERSE, RouteType.UNICAST, 0, interface=5
)
RULE_VALUE = Rule(Family.INET, 0, 0, 0, 254, RuleAction.TO_TBL, 0)
NEIGHBOUR_VALUE = Neighbour(Family.INET, 5, 0x80, 0, 0, b"\xc0\0\2\1", bytes(6))
NEW, REPLACE = HeaderFlag.CREATE | HeaderFlag.EXCLUSIVE, HeaderFlag.CREATE | HeaderFlag.REPLACE
REQUESTS = [
    (edits.pack_create_link, (LINK,), MessageType.NEWLINK, NEW),
    (edits.pack_change_link, (LINK,), MessageType.NEWLINK, 0),
    (edits.pack_set_link, (LINK,), MessageType.SETLINK, 0),
    (edits.pack_set_port, (5, "bridge", b""), MessageType.NEWLINK, 0),
    (edits.pack_delete_link, (5,), MessageType.DELLINK, 0),
    (edits.pack_add_names, (5, (b"a",)), MessageType.NEWLINKPROP, NEW | HeaderFlag.APPEND),
    (edits.pack_remove_names, (5, (b"a",)), MessageType.DELLINKPROP, 0),
    (edits.pack_add_address, (ADDRESS_VALUE,), MessageType.NEWADDR, NEW),
    (edits.pack_replace_address, (ADDRESS_VALUE,), MessageType.NEWADDR, REPLACE),
    (edits.pack_delete_address, (ADDRESS_VALUE,), MessageType.DELADDR, 0),
    (edits.pack_add_route, (ROUTE_VALUE,), MessageType.NEWROUTE, NEW),
    (edits.pack_replace_route, (ROUTE_VALUE,), MessageType.NEWROUTE, REPLACE),
    (edits.pack_append_route, (ROUTE_VALUE,), MessageType.NEWROUTE, HeaderFlag.CREATE | HeaderFlag.APPEND),
    (edits.pack_delete_route, (ROUTE_VALUE,), MessageType.DELROUTE, 0),
    (edits.pack_add_rule, (RULE_VALUE,), MessageType.NEWRULE, NEW),
    (edits.pack_delete_rule, (RULE_VALUE,), MessageType.DELRULE, 0),
    (edits.pack_add_neighbour, (NEIGHBOUR_VALUE,), MessageType.NEWNEIGH, NEW),
    (edits.pack_replace_neighbour, (NEIGHBOUR_VALUE,), MessageType.NEWNEIGH, REPLACE),
    (edits.pack_delete_neighbour, (NEIGHBOUR_VALUE,), MessageType.DELNEIGH, 0),
]


@pytest.mark.parametrize(
    ("pack", "arguments", "kind", "flags"), REQUESTS, ids=[case[0].__name__ for case in REQUESTS]
)
def test_a_request_has_its_type_and_flags(pack, arguments, kind, flags):
    (message,) = iter_messages(pack(*arguments, 77))
    assert (message.type, message.sequence, message.port) == (kind, 77, 0)
    assert message.flags == flags | HeaderFlag.REQUEST | HeaderFlag.ACK
    assert len(message.buffer) % 4 == 0  # so that requests can stand one behind the other
    (quiet,) = iter_messages(pack(*arguments, 77, HeaderFlag.REQUEST))
    assert quiet.flags == flags | HeaderFlag.REQUEST


def test_every_request_is_tried():
    functions = {name for name in vars(edits) if name.startswith("pack_") and name not in IMPORTED}
    assert functions == {case[0].__name__ for case in REQUESTS} | {"pack_peer"}


IMPORTED = {
    "pack_link", "pack_address", "pack_route", "pack_rule", "pack_neighbour", "pack_message",
    "pack_attribute",
}  # fmt: skip


def test_the_peer_of_a_veth_is_a_link_inside():
    data = edits.pack_peer(edits.plan_link(b"v1", mtu=1400))
    length, kind = struct.unpack_from("=HH", data)
    assert (length, kind) == (len(data), 1)
    peer = link.decode_link(data, 4, length)
    assert (peer.name, peer.mtu) == (b"v1", 1400)


# -- metrics and addresses as text ------------------------------------------------------------------------


@given(METRICS)
def test_metrics_have_the_names_and_values_of_ip(metrics):
    text = metrics.values()
    plain = metrics._replace(lock=None, unknown=None)
    if plain.hoplimit == 0xFFFFFFFF:
        plain = plain._replace(hoplimit=None)
    for name, unit in (("rtt", 8), ("rttvar", 4)):
        if getattr(plain, name) is not None:  # `ip` rounds them to milliseconds
            plain = plain._replace(**{name: getattr(plain, name) // unit * unit})
    if plain.features == 0:
        plain = plain._replace(features=None)
    assert Metrics.from_values(text) == plain


@pytest.mark.parametrize(
    "values",
    [{"nonsense": 1}, {"mtu": "x"}, {"mtu": True}, {"congestion": 1}, {"features": []}, {"lock": 4}],
)
def test_wrong_metrics_are_refused(values):
    with pytest.raises(EncodeError):
        Metrics.from_values(values)


@given(ADDRESS)
def test_addresses_as_text_and_back(packed):
    assert parse_ip(format_ip(packed)) == packed


@pytest.mark.parametrize("text", ["", "x", "1.2.3", "fe80::1%eth0", None, 5, "1.2.3.4/24"])
def test_what_is_no_address(text):
    with pytest.raises(ValueError, match="address"):
        parse_ip(text)


def test_unknown_attributes_survive_with_their_flag_bits():
    payload = struct.pack("=BBBBBxxBI", 2, 0, 0, 0, 254, 1, 0) + pack_attribute(0x8000 | 99, b"abc")
    value = rule.decode_rule(payload, 0, len(payload))
    assert value.unknown == (Unknown(0x8000 | 99, b"abc"),)
    assert rule.pack_rule(value) == payload
