# SPDX-License-Identifier: Apache-2.0
"""The publisher: whatever IMM answers, in the end it holds the inventory, with no call too many."""

from __future__ import annotations

import os

import pytest
from component_fakes import CALLS, COMPONENT, Clock, FakeImm, Fault, MemoryLog, Stored
from hypothesis import given, settings
from hypothesis import strategies as st

from amf_netwatch.interfaces.inventory import Inventory
from amf_netwatch.interfaces.record import Interface
from amf_netwatch.publication.objects import interface_attributes, interface_dn
from amf_netwatch.publication.publisher import Publisher
from imm_model.objects import ImmObject

ROOT = "netWatchNode=SC-1"
FACTS = Interface(b"eth0", 2, "02:00:00:00:00:01", 1500, True, "up", b"", True, ("192.0.2.1/24",), ())


def facts(index=2, name=b"eth0", **changes):
    return FACTS._replace(ifindex=index, name=name, mac=f"02:00:00:00:00:{index:02x}")._replace(**changes)


class World:
    """A publisher with its fake surroundings."""

    def __init__(self, imm=None):
        self.imm = imm or FakeImm()
        self.clock = Clock()
        self.log = MemoryLog()
        self.time = 0
        self.restart()

    def restart(self):
        """A new incarnation of the component; the old one is gone without a word."""
        for holder in list(self.imm.holders.values()):
            holder.die()
        self.inventory = Inventory()
        self.publisher = Publisher(self.imm, COMPONENT, self.log, self.clock, self.now)
        self.overruns = 0

    def now(self):
        self.time += 1
        return self.time

    def put(self, *each):
        for one in each:
            self.inventory.put(one)

    @property
    def pending(self):
        self.publisher.note(self.inventory.take_difference(self.overruns))
        return self.publisher.pending

    def publish(self):
        self.publisher.note(self.inventory.take_difference(self.overruns))
        return self.publisher.publish(2.0)

    def withdraw(self):
        """As the owner does it: an attempt, and the handle given back."""
        if not self.publisher.withdraw():
            return False
        self.publisher.release()
        return True

    def desired(self):
        objects = {}
        for name in self.inventory.names():
            found = self.inventory.find(name)
            objects[interface_dn(name, ROOT)] = interface_attributes(found)
        return objects

    def check(self):
        """IMM holds what the inventory says."""
        published = self.imm.published()
        node = published.pop(ROOT)
        assert published == self.desired()
        assert node["interfaceCount"] == (len(self.desired()),)
        assert node["overrunCount"] == (self.overruns,)
        assert node["macAddresses"] == (
            tuple(sorted({each["macAddress"][0] for each in self.desired().values()} - {""})) or ("",)
        )
        assert all(stored.owner == "NetWatch_SC-1" for stored in self.imm.objects.values())


@pytest.fixture
def world():
    return World()


def test_first_round_creates_node_and_interfaces(world):
    world.put(facts(), facts(3, b"eth1"))
    assert world.publish()
    world.check()
    assert world.imm.take_calls() == [
        "read_node", "initialize", "selection", "set_name", "search", "create", "create", "create",
    ]  # fmt: skip
    assert world.imm.objects[ROOT].attributes["changeCount"] == (1,)
    assert not world.pending


def test_nothing_changed_makes_no_call(world):
    world.put(facts())
    world.publish()
    world.imm.take_calls()
    for _ in range(10):
        world.put(facts())
        assert not world.pending
        assert world.publish()
    assert world.imm.take_calls() == []


def test_one_change_is_one_update_of_it_and_one_of_the_node(world):
    world.put(facts(), facts(3, b"eth1"))
    world.publish()
    world.imm.calls.clear()
    world.put(facts(mtu=9000, oper_state="down"))
    assert world.publish()
    assert world.imm.calls == [
        ("update", "netIf=eth0," + ROOT, ("lastChange", "mtu", "operState")),
        ("update", ROOT, ("changeCount", "lastChange")),
    ]
    world.check()
    assert world.imm.objects[ROOT].attributes["changeCount"] == (2,)


def test_times_are_written_with_what_changed(world):
    world.put(facts(), facts(3, b"eth1"))
    world.publish()
    before = {dn: stored.attributes["lastChange"] for dn, stored in world.imm.objects.items()}
    world.put(facts(mtu=9000))
    world.publish()
    after = {dn: stored.attributes["lastChange"] for dn, stored in world.imm.objects.items()}
    assert {dn for dn in after if after[dn] != before[dn]} == {ROOT, "netIf=eth0," + ROOT}


def test_a_rename_deletes_before_it_creates(world):
    world.put(facts())
    world.publish()
    world.imm.calls.clear()
    world.put(facts(name=b"lan0"))
    world.publish()
    assert [call[:2] for call in world.imm.calls] == [
        ("delete", "netIf=eth0," + ROOT),
        ("create", "netIf=lan0," + ROOT),
        ("update", ROOT),
    ]
    world.check()


def test_a_swap_of_names_is_two_updates(world):
    world.put(facts(2, b"a"), facts(3, b"b"))
    world.publish()
    world.imm.take_calls()
    world.put(facts(2, b"b"))
    world.put(facts(3, b"a"))
    world.publish()
    assert world.imm.take_calls() == ["update", "update", "update"]
    world.check()


def test_an_overrun_alone_updates_the_node_once(world):
    world.put(facts())
    world.publish()
    world.imm.take_calls()
    world.overruns = 1
    world.publish()
    world.publish()
    assert world.imm.take_calls() == ["update"]
    world.check()


def test_a_new_incarnation_adopts(world):
    world.put(facts(), facts(3, b"gone"), facts(4, b"eth2"))
    world.publish()
    world.restart()
    world.put(facts(), facts(4, b"eth2", mtu=9000), facts(5, b"new"))
    world.imm.calls.clear()
    assert world.publish()
    world.check()
    written = [call[:2] for call in world.imm.calls if call[0] in ("create", "update", "delete")]
    assert written == [
        ("delete", "netIf=gone," + ROOT),
        ("create", "netIf=new," + ROOT),
        ("update", "netIf=eth2," + ROOT),
        ("update", ROOT),
    ]


def test_adopting_an_equal_world_leaves_the_interfaces_alone(world):
    world.put(facts())
    world.publish()
    world.restart()
    world.put(facts())
    world.imm.calls.clear()
    world.publish()
    assert [call[1] for call in world.imm.calls if call[0] in ("create", "update", "delete")] == [ROOT]
    world.check()


def test_strays_below_the_node_go(world):
    world.put(facts())
    world.publish()
    handle = world.imm.holders["NetWatch_SC-1"]
    parent = "netIf=x,netIf=eth0," + ROOT
    for dn in (parent, "netIf=y," + parent, "netIf=%zz," + ROOT):
        handle.create(ImmObject(dn, "NetWatchInterface", {**interface_attributes(FACTS), "lastChange": (1,)}))
    world.restart()
    world.put(facts())
    assert world.publish()
    world.check()


def test_the_same_mac_twice_is_told_once_and_stays_when_one_goes(world):
    world.put(facts(2, b"bond0", mac="02:00:00:00:00:aa"), facts(3, b"eth0", mac="02:00:00:00:00:aa"))
    world.publish()
    assert world.imm.objects[ROOT].attributes["macAddresses"] == ("02:00:00:00:00:aa",)
    world.inventory.drop(3)
    world.publish()
    world.check()
    assert world.imm.objects[ROOT].attributes["macAddresses"] == ("02:00:00:00:00:aa",)


def test_a_link_without_a_mac(world):
    world.put(facts(mac=""))
    world.publish()
    world.check()
    assert world.imm.objects[ROOT].attributes["macAddresses"] == ("",)


@pytest.mark.parametrize(
    "code", ["TRY_AGAIN", "TIMEOUT", "NO_RESOURCES", "NO_MEMORY", "BAD_HANDLE", "LIBRARY"]
)
@pytest.mark.parametrize(
    "call", ["open_manager", "read_node", "initialize", "selection", "set_name", "search", "create"]
)
def test_one_fault_at_the_start_is_made_good_in_the_next_round(world, call, code):
    world.imm.faults.append(Fault(call, code))
    world.put(facts())
    world.publish()
    assert world.pending or code == "BAD_HANDLE"
    world.publish()
    world.check()
    assert not world.pending


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize(
    "code",
    ["TRY_AGAIN", "TIMEOUT", "NO_RESOURCES", "BAD_HANDLE", "LIBRARY", "EXIST", "NOT_EXIST", "BAD_OPERATION"],
)
@pytest.mark.parametrize("call", ["create", "update", "delete"])
def test_one_fault_while_running_is_made_good(world, call, code, done):
    world.put(facts(2, b"a"), facts(3, b"b"))
    world.publish()
    world.imm.faults.append(Fault(call, code, done))
    world.put(facts(2, b"a", mtu=9000), facts(4, b"c"))
    world.inventory.drop(3)
    for _ in range(3):
        if world.pending:
            world.publish()
    assert not world.pending
    world.check()
    world.imm.take_calls()
    world.publish()
    assert world.imm.take_calls() == []


def test_try_again_ends_the_round_and_is_logged_once(world):
    world.imm.faults += [Fault("set_name", "TRY_AGAIN")] * 3
    world.put(facts())
    for _ in range(3):
        assert not world.publish()
        assert world.pending
    assert world.publish()
    assert world.log.names() == ["imm-away", "attached", "imm-back", "published"]


def test_a_name_that_is_taken_is_tried_again_and_logged_once(world):
    other = world.imm.open_implementer()
    other.set_name("NetWatch_SC-1")
    world.put(facts())
    assert not world.publish()
    assert not world.publish()
    assert world.log.names() == ["name-taken"]
    other.finalize()
    assert world.publish()
    world.check()


def test_a_dead_handle_is_replaced_within_the_round(world):
    world.put(facts())
    world.publish()
    world.imm.restart()
    world.put(facts(mtu=9000))
    assert world.publish()
    world.check()


def test_a_handle_that_the_library_disowns_is_not_used_again(world):
    world.put(facts())
    world.publish()
    world.imm.faults.append(Fault("update", "LIBRARY"))
    world.put(facts(mtu=9000))
    assert not world.publish()
    assert world.publisher.descriptor is None
    assert world.publish()
    world.check()


def test_imm_that_lost_everything_behind_our_back_gets_it_again(world):
    world.put(facts(), facts(3, b"eth1"))
    world.publish()
    world.imm.objects.clear()  # as after a resurrected handle: the handle works, the objects are gone
    world.put(facts(mtu=9000))
    world.publish()
    if world.pending:
        world.publish()
    world.check()


def test_word_from_imm_means_compare(world):
    world.put(facts())
    world.publish()
    world.imm.objects.clear()
    handle = world.imm.holders["NetWatch_SC-1"]
    os.write(handle.writer, b"x")
    world.publisher.dispatch()
    assert world.pending
    world.publish()
    world.check()


def test_a_handle_that_cannot_dispatch_is_given_up(world):
    world.put(facts())
    world.publish()
    world.imm.restart()
    world.publisher.dispatch()
    assert world.publisher.descriptor is None
    assert world.publish()
    world.check()


def test_somebody_elses_object_does_not_keep_the_others_out(world):
    world.put(facts())
    world.publish()
    dn = "netIf=eth9," + ROOT
    world.imm.objects[dn] = Stored("NetWatchInterface", {}, "Other")
    world.put(facts(9, b"eth9"), facts(3, b"eth1"))
    for _ in range(3):
        assert not world.publish()
    assert world.pending
    assert "netIf=eth1," + ROOT in world.imm.objects
    assert world.log.names().count("imm-refused") == 1
    del world.imm.objects[dn]
    assert world.publish()
    world.check()


def test_missing_classes_are_logged_once_and_no_storm(world):
    world.imm.classes.clear()
    world.put(facts(), facts(3, b"eth1"))
    for _ in range(5):
        assert not world.publish()
    assert world.imm.take_calls().count("create") == 5  # the node's object, once a round
    assert world.log.names().count("imm-refused") == 1
    world.imm.classes.update(("NetWatchNode", "NetWatchInterface"))
    assert world.publish()
    world.check()


def test_the_budget_ends_a_round_and_the_rest_goes_on(world):
    world.put(*[facts(index, b"eth%d" % index) for index in range(2, 102)])
    slow = world.imm.enter

    def enter(call, *arguments):
        world.clock.now += 0.1
        return slow(call, *arguments)

    world.imm.enter = enter
    rounds = 0
    while not world.publish():
        rounds += 1
        assert world.pending
    assert 3 <= rounds <= 8
    world.check()
    assert world.imm.take_calls().count("create") == 101
    assert world.log.names().count("budget-spent") == rounds


def test_withdraw_is_one_delete_and_leaves_nothing(world):
    world.put(facts(), facts(3, b"eth1"))
    world.publish()
    world.imm.take_calls()
    assert world.withdraw()
    assert world.imm.take_calls() == ["delete", "clear_name"]
    assert world.imm.objects == {}
    assert world.imm.holders == {}
    assert world.publisher.descriptor is None


@pytest.mark.parametrize("call", ["delete", "clear_name"])
@pytest.mark.parametrize(
    "code", ["TRY_AGAIN", "TIMEOUT", "BAD_HANDLE", "LIBRARY", "NOT_EXIST", "NO_RESOURCES"]
)
def test_withdraw_through_faults(world, call, code):
    world.put(facts())
    world.publish()
    world.imm.faults.append(Fault(call, code))
    tries = 0
    while not world.withdraw():
        tries += 1
        assert tries < 3
    assert ROOT not in world.imm.objects or code == "NOT_EXIST"
    assert world.imm.holders == {}


def test_withdraw_after_a_restart_of_imm(world):
    world.put(facts())
    world.publish()
    world.imm.restart()
    assert world.withdraw()
    assert world.imm.objects == {}


def test_publish_after_withdraw_starts_over(world):
    world.put(facts())
    world.publish()
    world.withdraw()
    assert world.publish()
    world.check()


NAMES = [b"a", b"b", b"c,d", "é".encode(), b"\xff%"]
INTERFACES = st.builds(
    lambda index, name, mac, mtu, up, master: facts(
        index, name, mac=mac, mtu=mtu, admin_up=up, master=master
    ),
    st.integers(1, 4),
    st.sampled_from(NAMES),
    st.sampled_from(["", "02:00:00:00:00:01", "02:00:00:00:00:02"]),
    st.integers(1, 2),
    st.booleans(),
    st.sampled_from([b"", b"br0", b"\xff"]),
)
FAULTS = st.builds(
    Fault,
    st.sampled_from(CALLS),
    st.sampled_from(["TRY_AGAIN", "TIMEOUT", "BAD_HANDLE", "EXIST", "NOT_EXIST", "NO_RESOURCES", "LIBRARY"]),
    st.booleans(),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), INTERFACES),
        st.tuples(st.just("drop"), st.integers(1, 4)),
        st.tuples(st.just("replace"), st.lists(INTERFACES, max_size=4, unique_by=lambda each: each.ifindex)),
        st.tuples(st.just("publish"), st.lists(FAULTS, max_size=3)),
        st.tuples(st.just("restart"), st.none()),
        st.tuples(st.just("imm restart"), st.none()),
        st.tuples(st.just("overrun"), st.none()),
        st.tuples(st.just("withdraw"), st.lists(FAULTS, max_size=2)),
    ),
    max_size=25,
)


@settings(max_examples=300, deadline=None)
@given(STEPS)
def test_whatever_happens_the_end_is_right(steps):
    world = World()
    known = {}
    for action, argument in steps:
        if action == "put":
            known[argument.ifindex] = argument
            world.put(argument)
        elif action == "drop":
            known.pop(argument, None)
            world.inventory.drop(argument)
        elif action == "replace":
            known = {each.ifindex: each for each in argument}
            world.inventory.replace(argument)
        elif action == "publish":
            world.imm.faults = list(argument)
            world.publish()
        elif action == "restart":
            world.restart()
            world.put(*known.values())
        elif action == "imm restart":
            world.imm.restart()
            world.publisher.dispatch()
        elif action == "overrun":
            world.overruns += 1
        else:
            world.imm.faults = list(argument)
            world.withdraw()
    world.imm.faults.clear()
    for _ in range(3):
        world.publish()
        if not world.pending:
            break
    assert not world.pending
    world.check()
    world.imm.take_calls()
    assert world.publish()
    assert world.imm.take_calls() == []
    assert world.withdraw()
    assert world.imm.objects == {}
