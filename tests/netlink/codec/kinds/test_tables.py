# SPDX-License-Identifier: Apache-2.0
"""The tables of options by themselves: any bytes, wrong values, names of links, what no kernel here has."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amf_netwatch.netlink.codec.constants import Family, HardwareType
from amf_netwatch.netlink.codec.kinds.registry import (
    Choice,
    decode_options,
    find_port_table,
    find_table,
    list_kinds,
    list_port_kinds,
    pack_options,
    pack_port_options,
    read_options,
)
from amf_netwatch.netlink.codec.kinds.table import iter_nested
from amf_netwatch.netlink.codec.link import Link, LinkInfo
from amf_netwatch.netlink.codec.messages import pack_attribute
from amf_netwatch.netlink.errors import DecodeError, EncodeError

TABLES = [find_table(kind) for kind in list_kinds()] + [find_port_table(kind) for kind in list_port_kinds()]
IDS = [table.kind for table in TABLES]


@pytest.mark.parametrize("table", TABLES, ids=IDS)
def test_any_bytes_give_options_or_a_decode_error(table):
    attributes = sorted({number for option in table.options for number in option.attributes})
    attribute = st.tuples(
        st.sampled_from(attributes), st.binary(max_size=24) | st.sampled_from((b"\1", bytes(4), bytes(16)))
    )
    data = st.lists(attribute, max_size=8).map(
        lambda pairs: b"".join(pack_attribute(number, value) for number, value in pairs)
    )

    @given(data | st.binary(max_size=60), st.sampled_from(Choice))
    def check(data, choice):
        try:
            options = decode_options(table, data, str, choice)
        except DecodeError:
            return
        assert all(isinstance(name, str) for name in options)

    check()


@pytest.mark.parametrize("table", TABLES, ids=IDS)
def test_any_value_is_packed_or_refused(table):
    pack = pack_port_options if table.kind.endswith(" port") else pack_options
    kind = table.kind.removesuffix(" port")
    value = st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.binary(max_size=4) | st.floats(),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
        max_leaves=4,
    )

    @given(st.sampled_from([option.name for option in table.options]), value)
    def check(name, value):
        try:
            data = pack(kind, {name: value}, {}.get)
        except EncodeError:
            return
        assert all(len(value) < 1 << 16 for _, value in iter_nested(data))
        decode_options(table, data, None, Choice.ALL)

    check()


def test_numbers_of_rows_are_used_once():
    """Two options share an attribute only where it holds both: bits, and words for the same thing."""
    for table in TABLES:
        names = [option.name for option in table.options if not option.newer]
        assert len(names) == len(set(names)), table.kind
        covered = {number for option in table.options for number in option.attributes}
        assert not covered & table.passed_over, table.kind


def test_unknown_attributes_survive_as_bytes():
    data = pack_attribute(1, struct.pack("=I", 77)) + pack_attribute(99, b"new!")
    table = find_table("vrf")
    assert decode_options(table, data) == {"table": 77}
    everything = decode_options(table, data, choice=Choice.ALL)
    assert everything == {"table": 77, "unknown(99)": b"new!"}
    assert pack_options("vrf", everything) == data
    assert decode_options(None, data, choice=Choice.ALL) == {
        "unknown(1)": struct.pack("=I", 77),
        "unknown(99)": b"new!",
    }


def test_a_link_without_data_has_no_options():
    plain = Link(Family.UNSPEC, HardwareType.ETHER, 1, 0, 0)
    assert read_options(plain) == {}
    assert read_options(plain._replace(info=LinkInfo("dummy"))) == {}
    assert read_options(plain._replace(info=LinkInfo("tun", data=None))) == {}


def test_names_of_links_go_both_ways():
    data = pack_options("bond", {"primary": "eth1"}, {"eth1": 7}.get)
    table = find_table("bond")
    assert decode_options(table, data) == {"primary": 7}
    assert decode_options(table, data, {7: "eth1"}.get) == {"primary": "eth1"}
    assert decode_options(table, data, {}.get) == {"primary": "if7"}, "as `ip` names what it does not know"
    with pytest.raises(EncodeError, match="no link eth2"):
        pack_options("bond", {"primary": "eth2"}, {"eth1": 7}.get)
    with pytest.raises(EncodeError, match="no link eth1"):
        pack_options("bond", {"primary": "eth1"})
    assert decode_options(table, pack_options("bond", {"primary": None})) == {}


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        ("bridge", {"stp_state": "on"}, "stp_state: 'on' is no number"),
        ("bridge", {"stp_state": -1}, "stp_state: -1 does not fit"),
        ("bridge", {"stp_state": True}, "stp_state: True is no number"),
        ("bridge", {"nonsense": 1}, "nonsense is no option of bridge"),
        ("bridge", {"bridge_id": "8000.0:0:0:0:0:0"}, "only the kernel sets it"),
        ("bond", {"mode": "fast"}, "none of balance-rr"),
        ("vlan", {"flags": ["NONSENSE"]}, "no list of REORDER_HDR"),
        ("gre", {"remote": "2001:db8::1"}, "no IPv4 address"),
        ("vxlan", {"group": "192.0.2.1"}, "no multicast address"),
        ("dummy", {"x": 1}, "x is no option of dummy"),
        ("ip6tnl", {"tclass": "0x1ff"}, "does not fit 8 bits"),
    ],
)
def test_a_refusal_names_kind_option_and_reason(kind, options, words):
    with pytest.raises(EncodeError) as caught:
        pack_options(kind, options)
    assert words in str(caught.value)


def test_the_encapsulation_of_a_tunnel():
    """Our second kernel has no foo over UDP for tunnels: the numbers are those of linux/if_tunnel.h."""
    encap = {"type": "fou", "sport": 0, "dport": 5555, "csum": True, "csum6": False, "remcsum": False}
    data = pack_options("gretap", {"encap": encap})
    assert dict(iter_nested(data)) == {
        14: struct.pack("=H", 1),
        15: struct.pack("=H", 1),
        16: bytes(2),
        17: struct.pack(">H", 5555),
    }
    assert decode_options(find_table("gretap"), data)["encap"] == encap
    gue = encap | {"type": "gue", "sport": 99, "csum": False, "remcsum": True}
    packed = pack_options("ip6tnl", {"encap": gue})
    assert dict(iter_nested(packed))[15] == struct.pack("=H", 2)
    assert decode_options(find_table("ip6tnl"), packed)["encap"] == gue


def test_xfrm_interfaces():
    """No kernel of ours has them: the numbers are those of linux/if_link.h."""
    data = pack_options("xfrm", {"if_id": "0x5", "link": 3})
    assert dict(iter_nested(data)) == {2: struct.pack("=I", 5), 1: struct.pack("=I", 3)}
    assert decode_options(find_table("xfrm"), data) == {"if_id": "0x5"}
    assert decode_options(find_table("xfrm"), pack_attribute(3, b"")) == {"external": True}
