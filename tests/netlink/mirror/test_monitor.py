# SPDX-License-Identifier: Apache-2.0
"""The monitor's lines: JSON that any decoder reads, text that no terminal obeys, what is selected."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amf_netwatch.netlink.codec.address import Address
from amf_netwatch.netlink.codec.constants import Family, HardwareType, LinkFlag, OperState, Scope
from amf_netwatch.netlink.codec.link import Link, LinkInfo
from amf_netwatch.netlink.codec.neighbour import Neighbour
from amf_netwatch.netlink.codec.route import Metrics, NextHop, Route
from amf_netwatch.netlink.codec.route_constants import (
    NeighbourState,
    RouteProtocol,
    RouteType,
    RuleAction,
    RuleFlag,
)
from amf_netwatch.netlink.codec.rule import Rule
from amf_netwatch.netlink.mirror.follower import EVERYTHING
from amf_netwatch.netlink.mirror.lines import format_colour, format_json, format_name, format_text
from amf_netwatch.netlink.mirror.monitor import Monitor, Selection
from amf_netwatch.netlink.mirror.tables.changes import Action, Change, Object
from amf_netwatch.netlink.mirror.tables.namespace import Tables

UP = LinkFlag.UP | LinkFlag.RUNNING | LinkFlag.LOWER_UP
# What the kernel takes for a name: no slash, no colon, no white space, at most 15 bytes.
NAMES = st.binary(min_size=1, max_size=15).filter(lambda name: not set(name) & set(b"/: \t\n\r\v\f\0"))


def make_link(name: bytes = b"v0", **more: Any) -> Link:
    fields: dict[str, Any] = {
        "name": name,
        "mtu": 1500,
        "address": b"\x02\0\0\0\0\x01",
        "operstate": OperState.UP,
        "info": LinkInfo("veth", None),
        **more,
    }
    return Link(Family.UNSPEC, HardwareType.ETHER, 7, int(UP), 0, **fields)


def make_route(**more: Any) -> Route:
    return Route(
        Family.INET, 24, 0, 0, 254, RouteProtocol.STATIC, Scope.UNIVERSE, RouteType.UNICAST, 0,
        destination=b"\xc6\x33\x64\0", **more,
    )  # fmt: skip


def make_tables(*links: Link) -> Tables:
    tables = Tables()
    for link in links:
        tables.put_link(link)
    return tables


def new(value: Any, name: bytes | None = b"v0") -> Change:
    kinds = {Link: Object.LINK, Address: Object.ADDRESS, Route: Object.ROUTE}
    return Change(Action.NEW, kinds[type(value)], None, value, (), name)


def decode(change: Change, tables: Tables) -> dict[str, Any]:
    line = format_json(change, 1700000000.25, tables)
    assert line.isascii()
    assert "\n" not in line
    value = json.loads(line)
    assert isinstance(value, dict)
    return value


def test_a_link_line_has_the_documented_fields() -> None:
    bridge = make_link(b"br0")._replace(ifindex=3)
    link = make_link(master=3)
    assert decode(new(link), make_tables(bridge, link)) == {
        "time": 1700000000.25,
        "object": "link",
        "action": "new",
        "ifname": "v0",
        "ifindex": 7,
        "mac": "02:00:00:00:00:01",
        "mtu": 1500,
        "admin_state": "up",
        "oper_state": "up",
        "running": True,
        "master": "br0",
        "kind": "veth",
        "changed": [],
    }


def test_what_a_link_has_not_is_null() -> None:
    link = make_link(address=b"", info=None, operstate=None)._replace(flags=0)
    line = decode(new(link), make_tables(link))
    assert (line["mac"], line["kind"], line["master"], line["oper_state"]) == (None,) * 4
    assert (line["admin_state"], line["running"]) == ("down", False)


@pytest.mark.parametrize("size", [1, 4, 8, 16, 20])
def test_hardware_addresses_have_any_length(size: int) -> None:
    link = make_link(address=bytes(range(size)))
    mac = decode(new(link), make_tables(link))["mac"]
    assert bytes.fromhex(mac.replace(":", "")) == bytes(range(size))


def test_address_and_route_lines_have_the_documented_fields() -> None:
    tables = make_tables(make_link())
    address = Address(
        Family.INET6, 64, 0, Scope.UNIVERSE, 7, address=b"\x20\x01\x0d\xb8" + bytes(11) + b"\x01"
    )
    head = {"time": 1700000000.25, "action": "new", "ifname": "v0", "ifindex": 7}
    assert decode(new(address), tables) == {
        **head, "object": "address", "address": "2001:db8::1/64", "family": "inet6",
    }  # fmt: skip
    route = make_route(gateway=b"\xc0\0\x02\x09", interface=7, table_number=1000)
    assert decode(new(route), tables) == {
        **head, "object": "route", "dst": "198.51.100.0/24", "gateway": "192.0.2.9", "family": "inet",
        "table": 1000,
    }  # fmt: skip
    hops = (NextHop(0, 1, 7, b"\xc0\0\x02\x09"), NextHop(0, 2, 8, None))
    line = decode(new(make_route(next_hops=hops), None), tables)
    assert (line["ifname"], line["ifindex"], line["gateway"]) == (None, None, None)
    assert line["next_hops"] == [
        {"gateway": "192.0.2.9", "ifname": "v0", "ifindex": 7, "weight": 1},
        {"gateway": None, "ifname": None, "ifindex": 8, "weight": 2},
    ]


def test_a_change_says_what_changed_and_a_loss_is_of_nothing() -> None:
    old, link = make_link(), make_link(mtu=1400)
    change = Change(Action.CHANGED, Object.LINK, old, link, ("mtu",), b"v0")
    assert decode(change, make_tables(link))["changed"] == ["mtu"]
    assert format_text(change, 0, make_tables(link)).endswith("(mtu 1500 -> 1400)")
    route = Change(
        Action.CHANGED, Object.ROUTE, make_route(interface=7), make_route(interface=8), ("ifindex",)
    )
    assert decode(route, make_tables(link))["changed"] == ["ifname", "ifindex"]
    assert decode(Change(Action.LOST, None), Tables()) == {
        "time": 1700000000.25,
        "object": None,
        "action": "lost",
        "ifname": None,
        "ifindex": None,
    }


@given(NAMES)
def test_any_name_survives_json_and_harms_no_terminal(name: bytes) -> None:
    link = make_link(name)
    tables = make_tables(link)
    assert os.fsencode(decode(new(link, name), tables)["ifname"]) == name
    text = format_text(new(link, name), 0, tables)
    assert text.isprintable()
    shown = format_name(name)
    assert shown in text
    # What is shown is unambiguous: undoing the escapes gives the name.
    assert shown.encode().decode("unicode_escape").encode("latin-1") == name


def test_whatever_the_kernel_says_is_escaped() -> None:
    """Found by fuzzing: a kind of a control character."""
    link = make_link(info=LinkInfo("\x03\udcff\x1b[2J", None))
    text = format_text(new(link), 0, make_tables(link))
    assert text.isprintable()
    assert text.endswith("kind \\x03\\xff\\x1b[2J")


def test_a_changed_mapping_shows_what_differs_in_it() -> None:
    before = make_route(metrics=Metrics(mtu=1300, advmss=900, congestion="reno"))
    after = make_route(metrics=Metrics(mtu=1400, advmss=900, congestion="\x1b[2J"))
    change = Change(Action.CHANGED, Object.ROUTE, before, after, ("metrics",))
    text = format_text(change, 0, Tables())
    assert text.endswith("(metrics mtu 1300 -> 1400, metrics congestion reno -> \\x1b[2J)")
    assert decode(change, Tables())["metrics"] == {"advmss": 900, "mtu": 1400, "congestion": "\x1b[2J"}


def test_rule_and_neighbour_lines() -> None:
    tables = make_tables(make_link())
    rule = Rule(
        Family.INET,
        0,
        24,
        0,
        100,
        RuleAction.TO_TBL,
        int(RuleFlag.INVERT),
        5,
        source=b"\xc0\0\2\0",
        input=b"v0",
    )
    head = {"time": 1700000000.25, "action": "new"}
    assert decode(Change(Action.NEW, Object.RULE, None, rule), tables) == {
        **head, "object": "rule", "ifname": None, "ifindex": None, "priority": 5, "family": "inet",
        "src": "192.0.2.0/24", "dst": None, "input": "v0", "output": None, "mark": None, "table": 100,
        "rule_action": "table",
    }  # fmt: skip
    text = format_text(Change(Action.NEW, Object.RULE, None, rule), 0, tables)
    assert text.endswith("new     rule      5: not from 192.0.2.0/24 to all iif v0 table 100 (inet)")
    blackhole = rule._replace(action=RuleAction.BLACKHOLE, flags=0, input=None, output=b"v0", mark=16)
    text = format_text(Change(Action.REMOVED, Object.RULE, blackhole), 0, tables)
    assert text.endswith("5: from 192.0.2.0/24 to all oif v0 fwmark 0x10 blackhole (inet)")
    state = int(NeighbourState.PERMANENT)
    neighbour = Neighbour(Family.INET, 7, state, 0, 1, b"\xc0\0\2\x09", b"\x02\0\0\0\0\x09")
    change = Change(Action.NEW, Object.NEIGHBOUR, None, neighbour, (), b"v0")
    assert decode(change, tables) == {
        **head, "object": "neighbour", "ifname": "v0", "ifindex": 7, "address": "192.0.2.9",
        "mac": "02:00:00:00:00:09", "family": "inet", "permanent": True,
    }  # fmt: skip
    text = format_text(change, 0, tables)
    assert text.endswith("new     neighbour 192.0.2.9 mac 02:00:00:00:00:09 on v0 permanent")
    patterns = Selection(patterns=(b"v*",))
    assert patterns.select(change) is change
    assert patterns.select(Change(Action.NEW, Object.RULE, None, rule)) is not None
    assert patterns.select(Change(Action.NEW, Object.RULE, None, rule._replace(input=b"w0"))) is None


def test_people_read_lines() -> None:
    bridge = make_link(b"br0")._replace(ifindex=3)
    link = make_link(master=3)
    tables = make_tables(bridge, link)
    lines = [
        format_text(change, 0, tables)[13:]
        for change in (
            new(link),
            new(Address(Family.INET, 24, 0, Scope.UNIVERSE, 7, local=b"\xc0\0\x02\x01")),
            new(make_route(gateway=b"\xc0\0\x02\x09", interface=7)),
            new(make_route(table_number=1000)._replace(type=RouteType.BLACKHOLE), None),
            new(make_route()._replace(destination=None, destination_length=0, interface=7)),
            Change(Action.LOST, None),
        )
    ]
    assert lines == [
        "new     link      v0: UP, RUNNING, mtu 1500, mac 02:00:00:00:00:01, state up, master br0, kind veth",
        "new     address   192.0.2.1/24 on v0",
        "new     route     198.51.100.0/24 via 192.0.2.9 on v0 table main",
        "new     route     blackhole 198.51.100.0/24 table 1000",
        "new     route     default (inet) on v0 table main",
        "lost    the kernel dropped events; everything is listed anew",
    ]
    colours = format_colour(new(link), 0, tables)
    assert colours[13:].startswith("\x1b[32mnew    \x1b[0m link      v0: UP")


# -- what is shown -----------------------------------------------------------------------------------------


def show(selection: Selection, *changes: Change, count: int | None = None) -> list[str]:
    written: list[str] = []
    monitor = Monitor(written.append, lambda change, _, __: str(change.action), selection, count=count)
    for change in changes:
        monitor.observe(change)
    monitor.flush()
    return "".join(written).split()


LINK, ROUTE = make_link(), make_route(interface=7)
ADDRESS = Address(Family.INET, 24, 0, Scope.UNIVERSE, 7, local=b"\xc0\0\x02\x01")
LOST = Change(Action.LOST, None)


def test_objects_and_patterns_select() -> None:
    three = [new(LINK), new(ADDRESS), new(ROUTE)]
    assert len(show(Selection(), *three)) == 3
    assert len(show(Selection((Object.ADDRESS,)), *three)) == 1
    assert len(show(Selection(patterns=(b"w*", b"v?")), *three)) == 3
    assert show(Selection(patterns=(b"w*",)), *three, LOST) == ["lost"]
    assert show(Selection(patterns=(b"*",)), new(make_route(), None)) == []
    renamed = Change(Action.CHANGED, Object.LINK, LINK, make_link(b"w0"), ("ifname",), b"w0")
    assert show(Selection(patterns=(b"v0",)), renamed) == ["changed"]
    assert show(Selection(patterns=(b"w0",)), renamed) == ["changed"]
    assert show(Selection(patterns=(b"x0",)), renamed) == []


def test_what_is_no_news_is_not_shown() -> None:
    for kind, names in ((Object.ADDRESS, ("flags", "label")), (Object.LINK, ("carrier",))):
        value = ADDRESS if kind is Object.ADDRESS else LINK
        change = Change(Action.CHANGED, kind, value, value, names, b"v0")
        assert Selection(EVERYTHING).select(change) is None
    both = Change(Action.CHANGED, Object.LINK, LINK, LINK, ("carrier", "mtu"), b"v0")
    selected = Selection().select(both)
    assert selected is not None
    assert selected.changed == ("mtu",)


def test_a_count_is_of_changes_not_of_what_is_there() -> None:
    current = new(LINK)._replace(action=Action.CURRENT)
    told = [current, current, new(LINK), new(LINK), current, new(LINK)]
    assert show(Selection(), *told, count=0) == ["current"] * 3
    assert show(Selection(), *told, count=1) == ["current", "current", "new"]
    assert show(Selection(), *told, count=9) == ["current", "current", "new", "new", "current", "new"]
    assert show(Selection(), LOST, current, count=1) == ["lost"]
    assert show(Selection(), new(LINK)._replace(resync=True)) == []
