# SPDX-License-Identifier: Apache-2.0
"""The thread that owns IMM: orders are carried out there, and nobody waits for a call that hangs."""

from __future__ import annotations

import os
import select
import threading
from time import monotonic

import pytest
from component_fakes import COMPONENT, FakeImm, Fault, MemoryLog

from amf_netwatch.interfaces.inventory import Inventory
from amf_netwatch.interfaces.record import Interface
from amf_netwatch.publication.owner import Owner
from amf_netwatch.publication.publisher import Publisher

ROOT = "netWatchNode=SC-1"
ETH0 = Interface(b"eth0", 2, "02:00:00:00:00:01", 1500, True, "up", b"", True)
PATIENCE = 10.0
SOON = 5.0  # seconds; waiting for a call that hangs takes longer


class World:
    def __init__(self):
        self.imm = FakeImm()
        self.log = MemoryLog()
        self.inventory = Inventory()
        self.publisher = Publisher(self.imm, COMPONENT, self.log)
        self.awakened = threading.Event()
        self.failures = []
        self.failed = threading.Event()
        self.owner = Owner(self.publisher, awake=self.awakened.set, failed=self.note_failure)
        self.threads = set()
        self.hanging, self.go_on = threading.Event(), threading.Event()
        self.hang_in = ""
        enter = self.imm.fail_if_told

        def watched(call):
            self.threads.add(threading.current_thread().name)
            if call == self.hang_in:
                self.hanging.set()
                assert self.go_on.wait(PATIENCE)
                self.hang_in = ""
            return enter(call)

        self.imm.fail_if_told = watched
        self.owner.start()

    def note_failure(self, where, error):
        self.failures.append((where, error))
        self.failed.set()

    def put(self, *interfaces):
        for each in interfaces:
            self.inventory.put(each)
        began = monotonic()
        self.owner.publish(self.inventory.take_difference(0), 2.0)
        assert monotonic() - began < SOON

    def settles(self):
        deadline = monotonic() + PATIENCE
        while not self.owner.settled:
            assert monotonic() < deadline
            select.select([], [], [], 0.001)

    def mtu(self, name="eth0"):
        return self.imm.objects[f"netIf={name},{ROOT}"].attributes["mtu"][0]


@pytest.fixture
def world():
    world = World()
    yield world
    world.go_on.set()
    world.owner.stop()


def test_every_call_of_imm_is_made_by_one_thread(world):
    world.put(ETH0)
    world.settles()
    assert world.mtu() == 1500
    assert world.owner.withdraw(PATIENCE)
    assert world.imm.objects == {}
    assert world.threads == {"imm-owner"}


@pytest.mark.parametrize("call", ["read_node", "initialize", "selection", "set_name", "search", "create"])
def test_nobody_waits_for_a_call_that_hangs(world, call):
    world.hang_in = call
    world.put(ETH0)
    assert world.hanging.wait(PATIENCE)
    world.put(ETH0._replace(mtu=9000))
    world.put(ETH0._replace(mtu=9001), ETH0._replace(name=b"eth1", ifindex=3))
    assert world.owner.busy
    assert not world.owner.settled
    world.go_on.set()
    world.settles()
    assert (world.mtu(), world.mtu("eth1")) == (9001, 1500)
    assert not world.owner.busy


def test_without_an_order_nothing_is_left_to_do(world):
    assert world.owner.settled
    assert world.owner.withdrawn
    assert not world.owner.busy
    assert world.imm.calls == []


def test_orders_that_wait_are_summed_up(world):
    world.put(ETH0)
    world.settles()
    world.imm.calls.clear()
    world.hang_in = "update"
    world.put(ETH0._replace(mtu=1))
    assert world.hanging.wait(PATIENCE)
    for mtu in range(2, 50):
        world.put(ETH0._replace(mtu=mtu))
    world.go_on.set()
    world.settles()
    assert world.mtu() == 49
    assert len(world.imm.calls) == 4  # two rounds: the interface and the node


def test_a_withdrawal_is_waited_for_with_bounded_patience(world):
    world.put(ETH0)
    world.settles()
    world.hang_in = "delete"
    began = monotonic()
    assert not world.owner.withdraw(0.2)
    assert 0.2 <= monotonic() - began < 0.2 + SOON
    assert not world.owner.withdrawn
    world.go_on.set()
    world.settles()
    assert world.owner.withdrawn
    assert world.imm.objects == {}


def test_whoever_waits_for_a_withdrawal_does_not_wait_for_the_handle_to_be_given_back(world):
    world.put(ETH0)
    world.settles()
    world.hang_in = "finalize"
    assert world.owner.withdraw(PATIENCE)
    assert world.imm.objects == {}
    assert world.hanging.wait(PATIENCE)
    assert world.owner.withdrawn
    world.put(ETH0)
    world.go_on.set()
    world.settles()
    assert world.mtu() == 1500


def test_a_withdrawal_is_tried_again_until_the_patience_is_over(world):
    world.put(ETH0)
    world.settles()
    world.imm.faults += [Fault("delete", "TRY_AGAIN")] * 3
    world.imm.calls.clear()
    assert world.owner.withdraw(PATIENCE)
    assert world.imm.take_calls().count("delete") == 4


def test_attempts_to_withdraw_pause_in_between(world):
    world.put(ETH0)
    world.settles()
    world.imm.faults += [Fault("delete", "TRY_AGAIN")] * 1000
    assert not world.owner.withdraw(0.5)
    deadline = monotonic() + PATIENCE
    while world.owner.busy:
        assert monotonic() < deadline
        select.select([], [], [], 0.001)
    assert 1 <= 1000 - len(world.imm.faults) <= 7


def test_a_newer_order_ends_the_attempts_to_withdraw(world):
    world.put(ETH0)
    world.settles()
    world.imm.faults += [Fault("delete", "TRY_AGAIN")] * 1000
    assert not world.owner.withdraw(0.05)
    world.owner.withdraw(0.0)
    world.put(ETH0._replace(mtu=9000))
    world.settles()
    assert world.mtu() == 9000
    assert not world.owner.withdrawn


def test_a_withdrawal_ends_a_round_that_has_a_long_budget(world):
    world.imm.pace = lambda: None
    began = monotonic()
    enter = world.imm.fail_if_told

    def slowly(call):
        if call == "create":
            world.hanging.set()
            select.select([], [], [], 0.02)
        return enter(call)

    world.imm.fail_if_told = slowly
    for index in range(2, 1002):
        world.inventory.put(ETH0._replace(name=b"e%d" % index, ifindex=index))
    world.owner.publish(world.inventory.take_difference(0), 60.0)
    assert world.hanging.wait(PATIENCE)
    assert world.owner.withdraw(PATIENCE)
    assert monotonic() - began < PATIENCE
    assert world.imm.objects == {}
    assert "budget-spent" not in world.log.names()


def test_what_is_left_is_told(world):
    world.imm.faults.append(Fault("create", "TRY_AGAIN"))
    world.put(ETH0)
    deadline = monotonic() + PATIENCE
    while world.owner.busy:
        assert monotonic() < deadline
        select.select([], [], [], 0.001)
    assert not world.owner.settled
    world.put()
    world.settles()
    assert world.mtu() == 1500


def test_word_from_imm_wakes_the_component_and_waits_for_its_order(world):
    world.put(ETH0)
    world.settles()
    handle = world.imm.holders["NetWatch_SC-1"]
    world.imm.objects.clear()
    world.imm.calls.clear()
    os.write(handle.writer, b"x")
    assert world.awakened.wait(PATIENCE)
    assert not world.owner.settled
    world.put()
    world.settles()
    assert world.mtu() == 1500
    assert world.imm.take_calls()[:2] == ["dispatch", "search"]


def test_a_defect_is_told(world):
    world.publisher.publish = lambda *_: 1 / 0
    world.put(ETH0)
    assert world.failed.wait(PATIENCE)
    assert isinstance(world.failures[0][1], ZeroDivisionError)
    assert not world.owner.settled
    del world.publisher.publish
    world.put()
    world.settles()
    assert world.mtu() == 1500


def test_stop_leaves_a_hanging_thread_behind(world):
    world.hang_in = "initialize"
    world.put(ETH0)
    assert world.hanging.wait(PATIENCE)
    began = monotonic()
    world.owner.stop()
    assert monotonic() - began < 0.5 + SOON


def test_an_idle_owner_does_not_wake_up(world):
    world.put(ETH0)
    world.settles()
    thread = next(each for each in threading.enumerate() if each.name == "imm-owner")
    task = f"/proc/self/task/{thread.native_id}"

    def read(file):
        with open(f"{task}/{file}", encoding="ascii") as opened:
            return opened.read()

    deadline = monotonic() + PATIENCE
    while read("stat").rpartition(")")[2].split()[0] != "S" or "poll" not in read("wchan"):
        assert monotonic() < deadline
        select.select([], [], [], 0.01)
    before = [line for line in read("status").splitlines() if line.startswith("voluntary")]
    select.select([], [], [], 1.0)
    assert [line for line in read("status").splitlines() if line.startswith("voluntary")] == before
