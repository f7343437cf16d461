# SPDX-License-Identifier: Apache-2.0
"""The IMM classes, and how facts become objects of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amf_netwatch.interfaces.record import Interface, NodeFacts
from amf_netwatch.netlink.codec.link import format_address
from amf_netwatch.publication.classes import CLASSES, INTERFACE, NODE
from amf_netwatch.publication.facts import name_as_text
from amf_netwatch.publication.objects import (
    interface_attributes,
    interface_dn,
    interface_name,
    node_attributes,
    node_dn,
)
from imm_model.classes import AttributeFlag, Category, check_class
from imm_model.types import check_value


@pytest.mark.parametrize("definition", CLASSES, ids=lambda each: each.name)
def test_classes_are_what_imm_takes(definition):
    check_class(definition)
    assert definition.category is Category.RUNTIME
    for attribute in definition.attributes:
        assert attribute.is_cached
        assert not attribute.flags & AttributeFlag.PERSISTENT
        assert attribute.default is None


BYTES = st.binary(min_size=1, max_size=15).filter(lambda name: b"/" not in name and b"\0" not in name)
FACTS = st.builds(
    Interface,
    BYTES,
    st.integers(1, 2**31 - 1),
    st.binary(max_size=20).map(format_address),
    st.integers(0, 2**32 - 1),
    st.booleans(),
    st.sampled_from(["up", "down", "unknown"]),
    BYTES | st.just(b""),
    st.booleans(),
    st.sampled_from([(), ("192.0.2.1/24", "198.51.100.1/32")]),
    st.sampled_from([(), ("fe80::1/64",)]),
)


@given(FACTS)
def test_facts_become_values_that_imm_takes(facts):
    attributes = {**interface_attributes(facts), "lastChange": (1,)}
    assert set(attributes) == {each.name for each in INTERFACE.attributes if not each.is_rdn}
    for name, values in attributes.items():
        definition = INTERFACE.attribute(name)
        assert values, "IMM refuses a cached attribute without value"
        assert definition.is_multi or len(values) == 1
        for value in values:
            check_value(value, definition.type)
            if isinstance(value, str):
                value.encode("utf-8")  # IMM refuses what is not UTF-8


@given(BYTES)
def test_names_survive_a_dn(name):
    root = node_dn("SC-1")
    dn = interface_dn(name, root)
    assert dn.isascii()
    assert dn.isprintable()
    assert " " not in dn
    assert dn.count(",") == 1
    assert len(dn.partition(",")[0]) <= 64
    assert interface_name(dn, root) == name


def test_dns_of_others_are_no_names():
    root = node_dn("SC-1")
    assert interface_name("netIf=%zz," + root, root) is None
    assert interface_name("other=eth0," + root, root) is None
    assert interface_name("netIf=eth0,netWatchNode=SC-2", root) is None
    assert interface_name(root, root) is None


def test_known_encodings():
    root = node_dn("SC-1")
    assert root == "netWatchNode=SC-1"
    assert interface_dn(b"a,b=c", root) == "netIf=a%2Cb=c,netWatchNode=SC-1"
    assert interface_dn("é".encode(), root) == "netIf=%C3%A9,netWatchNode=SC-1"
    assert interface_dn(b"eth0.100@x", root) == "netIf=eth0.100@x,netWatchNode=SC-1"
    assert interface_dn(b"a%\\\xff", root) == "netIf=a%25%5C%FF,netWatchNode=SC-1"


def test_node_attributes_are_complete():
    attributes = {**node_attributes(NodeFacts((), 0, 0)), "changeCount": (1,), "lastChange": (1,)}
    assert set(attributes) == {each.name for each in NODE.attributes if not each.is_rdn}
    assert attributes["macAddresses"] == ("",)


def test_names_as_text():
    assert name_as_text("é".encode()) == "é"
    assert name_as_text(b"\xff,") == "%FF%2C"
