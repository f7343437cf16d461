# SPDX-License-Identifier: Apache-2.0
"""What IMM says about the cluster's interfaces, as rows, as a table and as JSON."""

from __future__ import annotations

from types import SimpleNamespace

from amf_netwatch.publication.view import align, as_json, cells, find_duplicates, printable, rows_of, width
from imm_model.objects import ImmObject


def interface(node, name, mac="02:00:00:00:00:01", **changes):
    attributes = {
        "macAddress": (mac,),
        "ifIndex": (2,),
        "mtu": (1500,),
        "adminState": ("up",),
        "operState": ("up",),
        "master": ("",),
        "physical": (1,),
        "ipv4Addresses": ("",),
        "ipv6Addresses": ("fe80::1/64",),
        "lastChange": (5,),
        **changes,
    }
    obj = ImmObject(f"netIf={name},netWatchNode={node}", "NetWatchInterface", attributes)
    return SimpleNamespace(object=obj, implementer=f"NetWatch_{node}")


def test_objects_of_a_node_that_is_gone_are_stale():
    found = interface("PL-3", "eth0")
    found.implementer = ""
    (row,) = rows_of([found])
    assert cells(row)[2] == "stale"
    assert (as_json(row)["stale"], as_json(row)["gone"]) == (True, False)


def test_objects_that_read_empty_are_gone_and_still_shown():
    """Some seconds after its owner went, an object's every value reads empty, its class included."""
    empty = dict.fromkeys(interface("PL-3", "eth0").object.attributes, ())
    found = SimpleNamespace(object=ImmObject("netIf=a%2Cb,netWatchNode=PL-3", "", empty), implementer="")
    (row,) = rows_of([found])
    assert cells(row) == ("PL-3", "a,b", "gone", "-", "-", "-", "-", "-")
    printed = as_json(row)
    assert (printed["stale"], printed["gone"], printed["mtu"], printed["physical"]) == (
        True,
        True,
        None,
        None,
    )
    other = SimpleNamespace(object=ImmObject("safApp=x", "", {}), implementer="")
    assert rows_of([other]) == []


def test_rows_and_cells():
    rows = rows_of([interface("SC-2", "a%2Cb=c"), interface("SC-1", "%C3%A9", adminState=("down",))])
    assert [(row.node, row.name) for row in rows] == [("SC-1", "é"), ("SC-2", "a,b=c")]
    assert cells(rows[0]) == ("SC-1", "é", "off", "02:00:00:00:00:01", "1500", "-", "yes", "fe80::1/64")
    assert as_json(rows[0])["ipv4Addresses"] == []


def test_duplicates_are_between_nodes_only():
    rows = rows_of(
        [
            interface("SC-1", "bond0", "02:aa"),
            interface("SC-1", "eth0", "02:aa"),
            interface("SC-1", "eth1", "02:bb"),
            interface("SC-2", "eth0", "02:bb"),
            interface("SC-1", "lo", "00:00:00:00:00:00"),
            interface("SC-2", "lo", "00:00:00:00:00:00"),
            interface("SC-1", "tun0", ""),
            interface("SC-2", "tun0", ""),
        ]
    )
    found = find_duplicates(rows)
    assert [each.mac for each in found] == ["02:bb"]
    assert [(row.node, row.name) for row in found[0].rows] == [("SC-1", "eth1"), ("SC-2", "eth0")]


def test_columns_stand_below_each_other_also_with_wide_letters():
    lines = align([("N", "界", "x", "", "", "", "", "end"), ("N", "eth0", "x", "", "", "", "", "end")])
    assert width(lines[0]) == width(lines[1])


def test_unprintable_names_cannot_play_with_the_terminal():
    assert printable(b"\x1b[31m\xff") == "\\x1b[31m\\xff"
