# SPDX-License-Identifier: Apache-2.0
"""Settings, patterns, inventory, mapping, log lines: the component's plain values."""

from __future__ import annotations

import fnmatch
import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amf_netwatch.errors import SettingsError
from amf_netwatch.interfaces.inventory import Inventory
from amf_netwatch.interfaces.record import Interface, NodeFacts
from amf_netwatch.log import Log, SyslogSink, format_value
from amf_netwatch.log_lines import BY_NAME, EVENTS, LEVEL_NAMES
from amf_netwatch.netlink.codec.link import format_address
from amf_netwatch.netlink.patterns import matches, matches_any
from amf_netwatch.publication.classes import CLASSES, INTERFACE, NODE
from amf_netwatch.publication.objects import (
    interface_attributes,
    interface_dn,
    interface_name,
    name_as_text,
    node_attributes,
    node_dn,
)
from amf_netwatch.settings import (
    TABLE,
    ProcessSettings,
    Settings,
    Sources,
    environment_settings,
    read_duration,
)
from imm_model.classes import AttributeFlag, Category, check_class
from imm_model.types import check_value

# ---------------------------------------------------------------------------------------------- patterns

LETTERS = st.sampled_from([b"a", b"b", b"c", b"*", b"?", b"[", b"]", b"!", b"-", b"\xff", b"\xc3"])


@given(st.lists(LETTERS, max_size=8).map(b"".join), st.lists(LETTERS, max_size=8).map(b"".join))
def test_patterns_agree_with_the_standard_library(name, pattern):
    if b"[" in pattern:
        return  # the standard library repairs odd ranges its own way; brackets have a test of their own
    expected = fnmatch.fnmatchcase(name.decode("latin-1"), pattern.decode("latin-1"))
    assert matches(name, pattern) == expected


@given(
    st.binary(max_size=4), st.sets(st.sampled_from(list(b"abcxyz019")), min_size=1, max_size=4), st.booleans()
)
def test_brackets_agree_with_the_standard_library(name, members, negated):
    pattern = b"[" + (b"!" if negated else b"") + bytes(sorted(members)) + b"]*"
    expected = fnmatch.fnmatchcase(name.decode("latin-1"), pattern.decode("latin-1"))
    assert matches(name, pattern) == expected


@pytest.mark.parametrize(
    ("name", "pattern", "wanted"),
    [
        (b"eth0", b"eth[0-9]", True),
        (b"ethx", b"eth[0-9]", False),
        (b"eth-", b"eth[!0-9]", True),
        (b"a]", b"a[]]", True),
        (b"a[", b"a[", True),
        (b"a*b", b"a[*]b", True),
        (b"aXb", b"a[*]b", False),
        (b"a-", b"a[x-]", True),
        (b"", b"*", True),
        (b"", b"", True),
        (b"x", b"", False),
        ("é".encode(), b"??", True),  # bytes, not letters
    ],
)
def test_patterns(name, pattern, wanted):
    assert matches(name, pattern) is wanted


def test_a_pattern_full_of_stars_is_quick():
    assert not matches(b"a" * 15, b"*a" * 50 + b"b")


def test_any():
    assert matches_any(b"veth1", [b"docker*", b"veth*"])
    assert not matches_any(b"eth0", [])


# ---------------------------------------------------------------------------------------------- settings


def test_defaults_are_those_of_the_table():
    given_defaults = {
        setting.name: tuple(setting.default.split()) if setting.several else (setting.default,)
        for setting in TABLE
        if setting.name != "user"
    }
    sources = Sources(given_defaults, {})
    assert sources.settings(()) == Settings()
    assert sources.process_settings() == ProcessSettings()


def test_options_win_over_environment_over_csi_attributes():
    attributes = [("types", "all"), ("budget", "1s"), ("addresses", "no"), ("include", "a"), ("include", "b")]
    sources = Sources({"budget": ("3s",)}, {"budget": ("500ms",), "addresses": ("yes",)})
    assert sources.settings(attributes) == Settings(
        include=(b"a", b"b"), types="all", budget=3.0, addresses=True
    )


def test_the_environment_gives_lists_with_blanks():
    found = environment_settings(
        {"AMF_NETWATCH_EXCLUDE": "veth*  docker*", "AMF_NETWATCH_TYPES": "all", "PATH": "/bin"}
    )
    assert Sources({}, found).settings(()) == Settings(exclude=(b"veth*", b"docker*"), types="all")


def test_a_misspelt_variable_is_found():
    with pytest.raises(SettingsError, match="AMF_NETWATCH_EXLUDE"):
        environment_settings({"AMF_NETWATCH_EXLUDE": "x"})


def test_a_csi_attribute_without_value_means_no_pattern():
    assert Sources({}, {}).settings([("exclude", None)]).exclude == ()


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("types", ("ether", "all")),
        ("types", ("",)),
        ("physical-only", ("true",)),
        ("budget", ("0s",)),
        ("budget", ("-1s",)),
        ("budget", ("1e3s",)),
        ("budget", ("61s",)),
        ("healthcheck-key", ("",)),
        ("healthcheck-key", ("x" * 33,)),
        ("log-level", ("loud",)),
        ("user", ("",)),
    ],
)
def test_bad_values_say_which_and_why(name, values):
    with pytest.raises(SettingsError, match=f"--{name}"):
        Sources({name: values}, {})
    with pytest.raises(SettingsError, match="AMF_NETWATCH_"):
        Sources({}, {name: values})


def test_a_process_setting_is_no_csi_attribute():
    with pytest.raises(SettingsError, match="log-level"):
        Sources({}, {}).settings([("log-level", "debug")])


@pytest.mark.parametrize(("text", "seconds"), [("2s", 2), ("500ms", 0.5), ("1.5s", 1.5), ("1m", 60)])
def test_durations(text, seconds):
    assert read_duration(text) == seconds


@pytest.mark.parametrize("text", ["2", "s", "", "2 s", "2h", "inf s", "nans", "1.2.3s", "٢s"])
def test_no_durations(text):
    with pytest.raises(ValueError, match="no duration"):
        read_duration(text)


# ----------------------------------------------------------------------------------------------- classes


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


def test_macs_and_names_as_text():
    assert format_address(bytes.fromhex("02AABB")) == "02:aa:bb"
    assert format_address(b"") == ""
    assert name_as_text("é".encode()) == "é"
    assert name_as_text(b"\xff,") == "%FF%2C"


# --------------------------------------------------------------------------------------------- inventory

SMALL = st.builds(
    lambda index, name, mac: Interface(name, index, mac, 1500, True, "up", b"", False),
    st.integers(1, 4),
    st.sampled_from([b"a", b"b", b"c"]),
    st.sampled_from(["", "02:01", "02:02"]),
)
ACTIONS = st.lists(
    st.one_of(SMALL, st.integers(1, 4), st.lists(SMALL, max_size=3, unique_by=lambda each: each.ifindex)),
    max_size=20,
)


@given(ACTIONS)
def test_the_inventory_is_what_was_read_last(actions):
    inventory = Inventory()
    known = {}
    for action in actions:
        if isinstance(action, Interface):
            batch = [action]
            inventory.put(action)
        elif isinstance(action, int):
            batch = []
            known.pop(action, None)
            inventory.drop(action)
        else:
            batch = action
            known = {}
            inventory.replace(action)
        for each in batch:
            # a name belongs to whoever was read with it last
            known = {index: old for index, old in known.items() if old.name != each.name}
            known[each.ifindex] = each
    names = {each.name: each for each in known.values()}
    assert {name: inventory.find(name) for name in inventory.names()} == names
    found = [inventory.find(name) for name in inventory.names()]
    assert len(inventory) == len(found)
    assert all(inventory.at(each.ifindex) == each for each in found)
    assert inventory.macs == tuple(sorted({each.mac for each in found} - {""}))


@given(ACTIONS, ACTIONS)
def test_what_changed_is_told(before, after):
    inventory = Inventory()
    _do(inventory, before)
    inventory.take_changed()
    old = {name: inventory.find(name) for name in inventory.names()}
    _do(inventory, after)
    new = {name: inventory.find(name) for name in inventory.names()}
    differing = {name for name in {*old, *new} if old.get(name) != new.get(name)}
    assert differing <= inventory.take_changed()
    assert not inventory.has_changed


def _do(inventory, actions):
    for action in actions:
        if isinstance(action, Interface):
            inventory.put(action)
        elif isinstance(action, int):
            inventory.drop(action)
        else:
            inventory.replace(action)


# ------------------------------------------------------------------------------------------------- log


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("eth0", "eth0"),
        (5, "5"),
        ("", '""'),
        ("two words", '"two words"'),
        ('say "x"\n', '"say \\"x\\"\\n"'),
        ("a=b", '"a=b"'),
        ("\udcff", '"\\udcff"'),
    ],
)
def test_values_in_log_lines(value, text):
    assert format_value(value) == text


def test_a_line_is_one_line_whatever_the_value():
    assert "\n" not in format_value("".join(map(chr, range(0x300))))
    assert len(format_value("x" * 10000)) < 1000


def test_only_events_of_the_table_and_only_their_fields():
    log = Log(lambda level, line: None, 7)
    with pytest.raises(KeyError):
        log.event("no-such-event")
    with pytest.raises(AssertionError):
        log.event("removed", other="x")


def test_levels_are_obeyed():
    lines = []
    log = Log(lambda level, line: lines.append(line), 4)
    log.event("removed", csi="x")
    log.event("imm-away", call="c", code="d")
    assert lines == ["event=imm-away call=c code=d"]


def test_events_are_described():
    assert len(BY_NAME) == len(EVENTS)
    for event in EVENTS:
        assert event.meaning
        assert event.action
        assert event.name == event.name.lower()


def test_the_manual_lists_every_event():
    """Repair: print the row for each event as below, and put it into the table of docs/operations.md."""
    manual = (Path(__file__).resolve().parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    for event in EVENTS:
        fields = " ".join(f"`{field}`" for field in event.fields) or "-"
        level = LEVEL_NAMES[event.level]
        assert f"| `{event.name}` | {level} | {fields} | {event.meaning} | {event.action} |\n" in manual


def test_syslog_gets_a_datagram_and_losses_are_told(tmp_path):
    path = str(tmp_path / "log")
    sink = SyslogSink(path, now=lambda: 0.0)
    sink(6, "event=lost")  # nobody listens yet: neither an error nor a wait
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
        daemon.bind(path)
        sink(4, "event=x")
        text = daemon.recv(1000).decode()
    assert text.startswith("<28>")
    assert f"amf-netwatch[{os.getpid()}]: event=x lines_dropped=1" in text
