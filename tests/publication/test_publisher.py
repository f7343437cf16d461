# SPDX-License-Identifier: Apache-2.0
"""The publisher: whatever IMM answers, it finally holds the inventory, without unnecessary calls."""

from __future__ import annotations

import os

import pytest
from component_fakes import CALLS, COMPONENT, Clock, FakeImm, Fault, MemoryLog, Stored, error
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


def test_a_withdrawal_that_is_refused_for_now_makes_one_attempt(world):
    world.put(facts())
    world.publish()
    world.imm.take_calls()
    world.imm.faults.append(Fault("delete", "TRY_AGAIN"))
    assert not world.withdraw()
    assert world.imm.take_calls() == ["delete"]
    assert world.withdraw()
    assert world.imm.objects == {}


def test_a_withdrawal_whose_name_is_taken_is_tried_again(world):
    world.put(facts())
    world.publish()
    old = world.imm.holders["NetWatch_SC-1"]
    world.publisher = Publisher(world.imm, COMPONENT, world.log, world.clock, world.now)
    assert not world.withdraw()
    assert not world.withdraw()
    assert world.log.names()[-1] == "name-taken"
    assert "withdrawn" not in world.log.names()
    old.die()
    assert world.withdraw()
    assert world.imm.objects == {}


def test_a_withdrawal_that_is_refused_for_good_is_not_repeated_for_ever(world):
    world.put(facts())
    world.publish()
    world.imm.faults.append(Fault("delete", "BAD_OPERATION"))
    assert world.withdraw()
    assert world.imm.objects
    assert "withdrawn" not in world.log.names()
    assert world.log.events[-1] == (
        "imm-refused",
        {"call": "delete", "code": "SA_AIS_ERR_BAD_OPERATION", "dn": ROOT, "objects": 1},
    )
    assert world.imm.implementers == 0


def test_the_withdrawal_is_told(world):
    world.put(facts())
    world.publish()
    world.withdraw()
    assert world.log.events[-1] == ("withdrawn", {"dn": ROOT})


def test_an_update_that_timed_out_may_have_happened(world):
    world.put(facts())
    world.publish()
    world.imm.faults.append(Fault("update", "TIMEOUT", done=True))
    world.put(facts(mtu=9000))
    world.publish()
    world.put(facts())  # the fact changes back
    for _ in range(2):
        world.publish()
    assert not world.pending
    world.check()


def test_a_delete_that_timed_out_may_have_happened(world):
    world.put(facts(), facts(3, b"eth1"))
    world.publish()
    world.imm.faults.append(Fault("delete", "TIMEOUT", done=True))
    world.inventory.drop(3)
    world.publish()
    world.put(facts(3, b"eth1"))  # the interface comes back as it was
    for _ in range(2):
        world.publish()
    assert not world.pending
    world.check()


def test_a_create_that_timed_out_may_have_happened(world):
    world.put(facts())
    world.publish()
    world.imm.faults.append(Fault("create", "TIMEOUT", done=True))
    world.put(facts(3, b"eth1"))
    world.publish()
    world.inventory.drop(3)  # the interface goes before the next round
    for _ in range(2):
        world.publish()
    assert not world.pending
    world.check()


def test_an_interface_that_comes_back_is_created_once(world):
    world.put(facts(), facts(3, b"eth1"))
    world.publish()
    world.inventory.drop(3)
    world.publish()
    world.put(facts(3, b"eth1"))
    world.imm.take_calls()
    assert world.publish()
    assert world.imm.take_calls() == ["create", "update"]
    assert world.publish()
    assert world.imm.take_calls() == []


def test_after_unexpected_objects_went_the_next_round_makes_no_call(world):
    world.put(facts())
    world.publish()
    handle = world.imm.holders["NetWatch_SC-1"]
    handle.create(
        ImmObject(
            "netIf=%zz," + ROOT, "NetWatchInterface", {**interface_attributes(FACTS), "lastChange": (1,)}
        )
    )
    world.restart()
    world.put(facts())
    world.publish()
    world.check()
    world.imm.take_calls()
    assert world.publish()
    assert world.imm.take_calls() == []


def test_only_the_interface_class_is_missing(world):
    world.imm.classes.discard("NetWatchInterface")
    world.put(facts(), facts(3, b"eth1"))
    for _ in range(4):
        assert not world.publish()
    calls = world.imm.take_calls()
    assert calls.count("search") == 2  # once to attach, once because a parent seemed to be lost
    assert world.log.names().count("imm-refused") == 1
    assert dict(world.log.events)["imm-refused"]["objects"] == 2
    world.imm.classes.add("NetWatchInterface")
    assert world.publish()
    world.check()


def test_a_tree_that_is_lost_right_after_a_dead_handle_is_read_again(world):
    world.put(facts(), facts(3, b"eth1"))
    world.publish()
    world.imm.faults += [Fault("update", "BAD_HANDLE"), Fault("create", "NOT_EXIST")]
    world.imm.objects.clear()
    world.put(facts(mtu=9000))
    world.publish()
    world.publish()
    assert not world.pending
    world.check()


# ------------------------------------------------------------------------------------ handles and reading


def test_a_handle_whose_finalize_failed_does_not_lock_us_out(world):
    world.put(facts())
    world.publish()
    world.imm.faults += [Fault("finalize", "LIBRARY"), Fault("update", "LIBRARY")]
    world.put(facts(mtu=9000))
    world.publish()
    assert world.imm.implementers == 1
    assert world.publish()
    world.check()
    assert world.imm.implementers == 1
    assert "name-taken" not in world.log.names()


def test_handles_stay_flat_whatever_fails(world):
    for number in range(50):
        world.imm.faults += [
            Fault("finalize", "TRY_AGAIN"),
            Fault("finalize_manager", "TRY_AGAIN"),
            Fault(("search", "next", "set_name", "update")[number % 4], "BAD_HANDLE"),
        ]
        world.put(facts(mtu=number))
        world.publish()
        world.imm.faults.clear()
        world.publish()
        world.check()
        assert world.imm.implementers == 1
        assert world.imm.managers <= 1
    world.publish()
    assert world.withdraw()
    assert world.imm.implementers == 0


def test_a_slow_reading_goes_on_over_several_rounds(world):
    world.put(*[facts(index, b"eth%d" % index) for index in range(2, 32)])
    world.publish()
    world.restart()
    world.put(*[facts(index, b"eth%d" % index) for index in range(2, 32)])

    def pace():
        world.clock.now += 0.5

    world.imm.pace = pace
    world.imm.calls.clear()
    rounds = 1
    while not world.publish():
        rounds += 1
        before = world.clock.now
        assert world.pending
    assert world.clock.now - before < 3
    assert 6 <= rounds <= 9
    assert world.imm.take_calls().count("search") == 1
    world.check()


def test_a_reading_that_fails_in_the_middle_begins_again(world):
    world.put(facts(), facts(3, b"eth1"))
    world.publish()
    world.restart()
    world.put(facts(), facts(3, b"eth1"))
    world.imm.faults.append(Fault("next", "TRY_AGAIN"))
    assert not world.publish()
    assert world.imm.managers == 0
    assert world.publish()
    world.check()


def test_objects_that_read_empty_are_adopted(world):
    """Objects that had no implementer for 6 s read without values, their class included."""
    world.put(facts())
    world.publish()
    world.restart()
    for dn, stored in list(world.imm.objects.items()):
        world.imm.objects[dn] = Stored("", {}, stored.owner)
    world.put(facts())
    for _ in range(2):
        world.publish()
    assert world.log.names().count("imm-refused") == 0
    assert world.imm.objects["netIf=eth0," + ROOT].attributes["macAddress"] == ("02:00:00:00:00:02",)


# ----------------------------------------------------------------------------------------------- complaints


@pytest.mark.parametrize("why", ["no value", "no object"])
def test_a_node_that_imm_does_not_name_is_told_once_and_asked_for_again(world, why):
    world.put(facts())
    for _ in range(3):
        if why == "no value":
            world.imm.node = ""
        else:
            world.imm.faults = [Fault("read_node", "NOT_EXIST")]
        assert not world.publish()
        assert world.pending
    ((name, fields),) = world.log.events
    assert name == "node-unknown"
    assert "safSu=SC-1" in str(fields["reason"])
    world.imm.node, world.imm.faults = "SC-1", []
    assert world.publish()
    world.check()


def test_a_node_that_cannot_be_asked_for_is_an_imm_that_is_away(world):
    world.imm.faults.append(Fault("read_node", "TRY_AGAIN"))
    world.put(facts())
    assert not world.publish()
    assert world.log.names() == ["imm-away"]


def test_a_reading_handle_that_could_not_be_given_back_is_given_back_before_the_next(world):
    world.imm.node = ""
    world.put(facts())
    world.imm.faults = [Fault("finalize_manager", "TRY_AGAIN")]
    world.publish()
    assert world.imm.managers == 1
    world.publish()
    assert world.imm.managers == 0


def test_an_imm_that_comes_and_goes_costs_two_lines_a_minute(world):
    world.put(facts())
    world.publish()
    world.log.events.clear()
    for number in range(240):
        world.clock.now += 0.5
        if number % 2:
            world.imm.faults.append(Fault("update", "TRY_AGAIN"))
        world.put(facts(mtu=number))
        world.publish()
    lines = [event for event in world.log.events if event[0] in ("imm-away", "imm-back")]
    assert [name for name, _ in lines] == ["imm-away", "imm-back"] * 2
    assert [fields["outages"] for name, fields in lines if name == "imm-away"] == [1, 60]


def test_an_outage_that_begins_within_the_minute_and_lasts_is_told(world):
    world.put(facts())
    world.publish()
    for wait, code in ((1, "TRY_AGAIN"), (1, None), (1, "TRY_AGAIN"), (70, "TRY_AGAIN"), (1, None)):
        world.clock.now += wait
        world.imm.faults = [Fault("update", code)] if code else []
        world.put(facts(mtu=int(world.clock.now)))
        world.publish()
    names = [name for name in world.log.names() if name.startswith("imm-")]
    assert names == ["imm-away", "imm-back", "imm-away", "imm-back"]


def test_refusals_are_summed_up(world):
    world.put(facts())
    world.publish()
    world.log.events.clear()
    enter = world.imm.fail_if_told
    codes = []

    def refuse(call):
        if call == "create" and codes:
            raise error("create", codes[-1])
        return enter(call)

    world.imm.fail_if_told = refuse
    codes.append("INVALID_PARAM")
    world.put(*[facts(index, b"eth%d" % index) for index in range(3, 103)])
    for _ in range(5):
        world.publish()
    codes.append("BAD_OPERATION")
    world.publish()
    refused = [fields for name, fields in world.log.events if name == "imm-refused"]
    assert [(each["code"], each["objects"]) for each in refused] == [
        ("SA_AIS_ERR_INVALID_PARAM", 100),
        ("SA_AIS_ERR_BAD_OPERATION", 100),
    ]
    codes.clear()
    assert world.publish()
    world.check()


def test_interfaces_that_come_and_go_while_imm_refuses_leave_nothing_behind(world):
    world.put(facts())
    world.publish()
    for number in range(300):
        world.imm.faults.append(Fault("create", "BAD_OPERATION"))
        world.put(facts(number + 3, b"veth%d" % number))
        world.publish()
        world.inventory.drop(number + 3)
        world.publish()
    complaints = world.publisher._complaints
    assert len(complaints._seen) + len(complaints._refused) <= 2
    assert len(world.publisher._changed) + len(world.publisher._desired) <= 2


def test_what_a_round_wrote_is_told(world):
    world.put(facts(), facts(3, b"eth1"))
    world.publish()
    world.put(facts(mtu=9000))
    world.inventory.drop(3)
    world.publish()
    published = [fields for name, fields in world.log.events if name == "published"]
    assert published == [
        {"created": 3, "updated": 0, "deleted": 0},
        {"created": 0, "updated": 2, "deleted": 1},
    ]


def test_imm_back_is_told_only_after_imm_away(world):
    world.imm.faults.append(Fault("initialize", "TRY_AGAIN"))
    world.put(facts())
    world.publish()
    assert world.log.events == [
        ("imm-away", {"call": "initialize", "code": "SA_AIS_ERR_TRY_AGAIN", "outages": 1})
    ]
    world.publish()
    world.put(facts(mtu=9000))
    world.publish()
    assert world.log.names().count("imm-back") == 1


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
