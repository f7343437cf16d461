# SPDX-License-Identifier: Apache-2.0
"""Documents: every error with its path, one canonical form, stable order, and the schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from amf_netwatch.netlink import DocumentError
from amf_netwatch.netlink.network.documents import reader
from amf_netwatch.netlink.network.documents.reader import (
    parse_document,
    print_document,
    read_document,
    same_document,
)

SCHEMA = json.loads((Path(reader.__file__).parent / "document.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)

DOCUMENT: dict[str, Any] = {
    "links": [
        {
            "name": "br0",
            "kind": "bridge",
            "state": "up",
            "mtu": 1400,
            "addresses": ["192.0.2.1/24"],
            "options": {"stp_state": 1, "ageing_time": 30000},
        },
        {"name": "eth1", "master": "br0", "port": {"cost": 200}},
        {"name": "old0", "state": "absent"},
    ],
    "routes": [
        {"dst": "default", "gateway": "192.0.2.254", "metrics": {"mtu": 1300}},
        {
            "dst": "198.51.100.0/24",
            "table": 100,
            "priority": 10,
            "nexthops": [{"gateway": "192.0.2.2", "weight": 2}, {"gateway": "192.0.2.3"}],
        },
    ],
    "rules": [{"priority": 15000, "src": "192.0.2.0/24", "table": 100}],
    "neighbours": [{"link": "br0", "address": "192.0.2.9", "mac": "02:00:00:00:00:09"}],
}

WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"link": []}, "link", "unknown"),
    ({"links": {}}, "links", "must be a list"),
    ({"links": [1]}, "links[0]", "must be an object"),
    ({"links": [{}]}, "links[0]", "needs the key name"),
    ({"links": [{"name": "a b"}]}, "links[0].name", "cannot be the name"),
    ({"links": [{"name": "sixteen-letters-"}]}, "links[0].name", "cannot be the name"),
    ({"links": [{"name": "a", "mtu": "1500"}]}, "links[0].mtu", "must be a number"),
    ({"links": [{"name": "a", "mtu": True}]}, "links[0].mtu", "must be a number"),
    ({"links": [{"name": "a", "mtu": -1}]}, "links[0].mtu", "must be a number"),
    ({"links": [{"name": "a", "colour": 1}]}, "links[0].colour", "unknown"),
    ({"links": [{"name": "a", "state": "on"}]}, "links[0].state", "must be one of"),
    ({"links": [{"name": "a", "mac": "02:00"}, {"name": "b", "mac": "x"}]}, "links[1].mac", "no hardware"),
    ({"links": [{"name": "a", "master": "a"}]}, "links[0].master", "itself"),
    ({"links": [{"name": "a", "addresses": ["1.2.3"]}]}, "links[0].addresses[0]", "no IPv4"),
    ({"links": [{"name": "a", "addresses": ["224.0.0.1/24"]}]}, "links[0].addresses[0]", "multicast"),
    ({"links": [{"name": "a", "addresses": ["0.0.0.0/0"]}]}, "links[0].addresses[0]", "unspecified"),
    ({"links": [{"name": "a", "addresses": ["10.0.0.1/8", "10.0.0.1/8"]}]}, "links[0].addresses[1]", "twice"),
    ({"links": [{"name": "a", "addresses": ["10.0.0.1/33"]}]}, "links[0].addresses[0]", "prefix length"),
    ({"links": [{"name": "a", "state": "absent", "mtu": 1500}]}, "links[0]", "cannot have anything else"),
    ({"links": [{"name": "a", "kind": "bridge", "options": {"x": 1}}]}, "links[0].options.x", "no option"),
    (
        {"links": [{"name": "a", "kind": "bridge", "options": {"ageing_time": "soon"}}]},
        "links[0].options.ageing_time",
        "number",
    ),
    ({"links": [{"name": "a", "port": {"colour": 1}}]}, "links[0].port.colour", "no option"),
    ({"links": [{"name": "a", "mtu": 1500}, {"name": "a", "mtu": 1400}]}, "links[1]", "the same object"),
    ({"routes": [{"gateway": "10.0.0.1"}]}, "routes[0]", "needs the key dst"),
    ({"routes": [{"dst": "10.0.0.1/8"}]}, "routes[0].dst", "10.0.0.0/8 is the prefix"),
    ({"routes": [{"dst": "2001:db8::1/32"}]}, "routes[0].dst", "2001:db8::/32 is the prefix"),
    ({"routes": [{"dst": "10.0.0.0/8", "table": 0}]}, "routes[0].table", "must be a number"),
    ({"routes": [{"dst": "10.0.0.0/8", "metrics": {"speed": 1}}]}, "routes[0].metrics.speed", "no metric"),
    ({"routes": [{"dst": "10.0.0.0/8", "nexthops": []}]}, "routes[0].nexthops", "at least one"),
    ({"routes": [{"dst": "10.0.0.0/8", "nexthops": [{}]}]}, "routes[0].nexthops[0]", "a gateway or a link"),
    (
        {"routes": [{"dst": "10.0.0.0/8", "gateway": "10.0.0.1", "nexthops": [{"link": "a"}]}]},
        "routes[0].gateway",
        "in each of them",
    ),
    (
        {"routes": [{"dst": "10.0.0.0/8", "kind": "blackhole", "gateway": "10.0.0.1"}]},
        "routes[0].gateway",
        "leads nowhere",
    ),
    ({"routes": [{"dst": "2001:db8::/32", "gateway": "10.0.0.1"}]}, "routes[0]", "IPv4 gateway"),
    ({"routes": [{"dst": "10.0.0.0/8", "source": "::1"}]}, "routes[0].source", "same family"),
    ({"routes": [{"dst": "::/0"}, {"dst": "0::0/0", "priority": 7}]}, "", ""),
    ({"rules": [{"priority": 1}]}, "rules[0]", "needs a table"),
    ({"rules": [{"table": 1, "src": "::/0", "family": "ipv4"}]}, "rules[0].src", "not of the rule's family"),
    ({"rules": [{"state": "absent"}]}, "rules[0]", "nothing that a rule could be found by"),
    ({"neighbours": [{"link": "a", "address": "10.0.0.1"}]}, "neighbours[0]", "needs a mac"),
]


@pytest.mark.parametrize(("document", "path", "said"), WRONG)
def test_an_error_names_its_place(document: dict[str, Any], path: str, said: str) -> None:
    if not said:
        read_document(document)
        return
    with pytest.raises(DocumentError) as caught:
        read_document(document)
    assert (path, True) in [(one, said in text) for one, text in caught.value.errors]


def test_every_error_is_listed() -> None:
    with pytest.raises(DocumentError) as caught:
        read_document({"links": [{"name": "a", "mtu": "x", "colour": 1}], "routes": [{"dst": "x"}], "y": 1})
    assert {path for path, _ in caught.value.errors} == {
        "y",
        "links[0].mtu",
        "links[0].colour",
        "routes[0].dst",
    }


@pytest.mark.parametrize("text", ["", "{", "[", "[]", "1", '{"links": [], "links": []}', "[" * 100_000])
def test_what_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(DocumentError):
        parse_document(text)


def test_equality_is_by_value() -> None:
    one = {
        "links": [{"name": "a", "mac": "02:AB:00:00:00:01", "addresses": ["2001:DB8:0::1/64"]}],
        "routes": [{"dst": "::/0", "priority": 0}, {"dst": "0.0.0.0/0"}],
    }
    other = {
        "routes": [{"dst": "default"}, {"dst": "0::/0", "priority": 1024}],
        "links": [{"addresses": ["2001:db8::1/64"], "name": "a", "mac": "2:ab:0:0:0:1"}],
    }
    assert same_document(one, other)
    assert not same_document(one, {"links": one["links"]})


def test_the_printed_form_is_stable_and_reads_the_same() -> None:
    backwards = {
        section: [dict(reversed(list(entry.items()))) for entry in entries]
        for section, entries in reversed(list(DOCUMENT.items()))
    }
    text = print_document(DOCUMENT)
    assert text == print_document(backwards)
    assert same_document(json.loads(text), DOCUMENT)
    assert [*json.loads(text)] == ["links", "routes", "rules", "neighbours"]
    assert [*json.loads(text)["links"][0]["options"]] == ["ageing_time", "stp_state"]


def test_foreign_and_dynamic_are_passed_over() -> None:
    wishes = read_document(
        {
            "links": [{"name": "a", "dynamic": ["10.0.0.7/24"]}],
            "routes": [{"dst": "10.0.0.0/8", "foreign": True, "nhid": 7}],
        }
    )
    assert not wishes.routes
    assert wishes.links[0].facts == {}


# -- the schema ---------------------------------------------------------------------------------------------


def test_the_schema_is_one_and_takes_the_example() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    VALIDATOR.validate(DOCUMENT)


def test_the_schema_has_the_keys_of_the_reader() -> None:
    for section, kind in (
        ("links", "link"),
        ("routes", "route"),
        ("rules", "rule"),
        ("neighbours", "neighbour"),
    ):
        assert tuple(SCHEMA["$defs"][kind]["else"]["properties"]) == reader.KEYS[section]
    assert tuple(SCHEMA["properties"]) == reader.SECTIONS


_TEXTS = st.sampled_from(
    ["a", "br0", "10.0.0.0/8", "10.0.0.1", "02:00:00:00:00:01", "up", "absent", "::/0", "x y"]
)
_VALUES = st.one_of(_TEXTS, st.integers(-1, 1 << 33), st.booleans(), st.none(), st.lists(_TEXTS, max_size=2))
_ENTRIES = st.dictionaries(
    st.sampled_from([key for keys in reader.KEYS.values() for key in keys if key not in ("options", "port")]),
    _VALUES,
    max_size=6,
)


@given(st.dictionaries(st.sampled_from(reader.SECTIONS), st.lists(_ENTRIES, max_size=3), max_size=4))
def test_what_the_reader_takes_the_schema_takes(document: dict[str, Any]) -> None:
    """The reader is stricter: it knows what a prefix is, and what goes with what."""
    try:
        read_document(document)
    except DocumentError:
        return
    VALIDATOR.validate(document)
