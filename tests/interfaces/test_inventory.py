# SPDX-License-Identifier: Apache-2.0
"""The inventory: what was read last, and what differs since it was handed over."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from amf_netwatch.interfaces.inventory import Inventory
from amf_netwatch.interfaces.record import Interface

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
            # a name belongs to the link that was read with it last
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
    inventory.take_difference(0)
    old = {name: inventory.find(name) for name in inventory.names()}
    _do(inventory, after)
    new = {name: inventory.find(name) for name in inventory.names()}
    differing = {name for name in {*old, *new} if old.get(name) != new.get(name)}
    taken = inventory.take_difference(3)
    assert differing <= set(taken.interfaces)
    assert taken.interfaces == {name: new.get(name) for name in taken.interfaces}
    assert taken.node == (inventory.macs, len(inventory), 3)
    assert not inventory.take_difference(3).interfaces


def test_a_link_of_which_a_full_read_is_uncertain_stays_as_it_was():
    inventory = Inventory()
    eth0 = Interface(b"eth0", 2, "02:01", 1500, True, "up", b"", False)
    inventory.replace([eth0, eth0._replace(name=b"eth1", ifindex=3)])
    inventory.take_difference(0)
    inventory.replace([], {2})
    assert inventory.find(b"eth0") == eth0
    assert inventory.take_difference(0).interfaces == {b"eth1": None}


def _do(inventory, actions):
    for action in actions:
        if isinstance(action, Interface):
            inventory.put(action)
        elif isinstance(action, int):
            inventory.drop(action)
        else:
            inventory.replace(action)
