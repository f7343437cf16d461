# SPDX-License-Identifier: Apache-2.0
"""The publisher's table of states: every line of it is walked on the publisher itself."""

from __future__ import annotations

import os

import pytest
from component_fakes import COMPONENT, Clock, FakeImm, Fault, MemoryLog, Stored

from amf_netwatch.interfaces.inventory import Inventory
from amf_netwatch.interfaces.record import Interface
from amf_netwatch.publication.publisher import Publisher
from amf_netwatch.publication.states import TRANSITIONS, Outcome, State

ROOT = "netWatchNode=SC-1"
NAME = "NetWatch_SC-1"
ETH0 = Interface(b"eth0", 2, "02:00:00:00:00:01", 1500, True, "up", b"", True)
D, O, A, C = State.DETACHED, State.OPENED, State.ATTACHED, State.COMPARED  # noqa: E741


class World:
    """A publisher that notes each transition it makes."""

    def __init__(self):
        self.imm = FakeImm()
        self.log = MemoryLog()
        self.clock = Clock()
        self.publisher = Publisher(self.imm, COMPONENT, self.log, self.clock)
        self.inventory = Inventory()
        self.other = None  # a handle of another process
        self.seen = []
        passing = self.publisher._pass

        def noted(outcome):
            before = self.publisher.state
            passing(outcome)
            following = TRANSITIONS[before, outcome]
            assert (self.publisher.state, self.publisher._left) == following
            self.seen.append((before, outcome))

        self.publisher._pass = noted

    def publish(self, budget=2.0, **changes):
        self.inventory.put(ETH0._replace(**changes))
        self.publisher.note(self.inventory.take_difference(0))
        return self.publisher.publish(budget)

    def fail(self, *faults):
        self.imm.faults += [Fault(call, code) for call, code in faults]

    def reach(self, state):
        """Bring the publisher to this state."""
        if state is O:
            self.fail(("set_name", "TRY_AGAIN"))
        elif state is A:
            self.fail(("search", "TRY_AGAIN"))
        if state is not D:
            self.publish()
        assert self.publisher.state is state
        self.seen.clear()

    def withdraw(self):
        return self.publisher.withdraw()

    def speak(self):
        os.write(self.imm.last_implementer.writer, b"x")
        self.publisher.dispatch()


def slowly(world):
    def pace():
        world.clock.now += 3

    world.imm.pace = pace
    for name in ("a", "b"):
        world.imm.objects[f"netIf={name},{ROOT}"] = Stored("NetWatchInterface", {}, NAME)
    world.publish()


def refuse(world):
    world.imm.objects["netIf=eth9," + ROOT] = Stored("NetWatchInterface", {}, "Other")
    world.publish(ifindex=9, name=b"eth9")


def after_withdrawal(world, *faults):
    world.fail(*faults)
    assert world.withdraw()
    world.publisher.release()


def dead_in_dispatch(world):
    world.fail(("dispatch", "BAD_HANDLE"))
    world.publisher.dispatch()


def unknown_node(world):
    world.imm.node = ""
    world.publish()


def held(world):
    world.other = world.imm.open_implementer()
    world.other.set_name(NAME)
    world.publish()


def lost(world):
    world.imm.objects.clear()
    world.publish(mtu=9000)


def spent(world):
    world.publish(budget=0.0, mtu=9000)


WALK = {
    (D, Outcome.HANDLE_OPENED): World.publish,
    (D, Outcome.NOTHING_FOUND): World.withdraw,
    (D, Outcome.NODE_UNKNOWN): unknown_node,
    (D, Outcome.IMM_AWAY): lambda world: (world.fail(("initialize", "TRY_AGAIN")), world.publish()),
    (D, Outcome.HANDLE_DEAD): lambda world: (world.fail(("initialize", "LIBRARY")), world.publish()),
    (D, Outcome.RELEASED): after_withdrawal,
    (O, Outcome.NAME_TAKEN): World.publish,
    (O, Outcome.IMM_AWAY): lambda world: (world.fail(("set_name", "NO_RESOURCES")), world.publish()),
    (O, Outcome.NAME_HELD): held,
    (O, Outcome.IMM_SPOKE): World.speak,
    (O, Outcome.NAME_UNCERTAIN): lambda world: (world.fail(("set_name", "TIMEOUT")), world.publish()),
    (O, Outcome.HANDLE_DEAD): dead_in_dispatch,
    (O, Outcome.RELEASED): after_withdrawal,
    (A, Outcome.ALL_READ): World.publish,
    (A, Outcome.BUDGET_SPENT): slowly,
    (A, Outcome.IMM_AWAY): lambda world: (world.fail(("search", "TIMEOUT")), world.publish()),
    (A, Outcome.REFUSED): lambda world: after_withdrawal(world, ("delete", "BAD_OPERATION")),
    (A, Outcome.IMM_SPOKE): World.speak,
    (A, Outcome.HANDLE_DEAD): dead_in_dispatch,
    (A, Outcome.WITHDRAWAL_BEGUN): World.withdraw,
    (A, Outcome.NAME_CLEARED): World.withdraw,
    (A, Outcome.RELEASED): lambda world: after_withdrawal(world, ("delete", "BAD_OPERATION")),
    (C, Outcome.ALL_WRITTEN): lambda world: world.publish(mtu=9000),
    (C, Outcome.BUDGET_SPENT): spent,
    (C, Outcome.IMM_AWAY): lambda world: (world.fail(("update", "TRY_AGAIN")), world.publish(mtu=9000)),
    (C, Outcome.REFUSED): refuse,
    (C, Outcome.SURPRISED): lost,
    (C, Outcome.IMM_SPOKE): World.speak,
    (C, Outcome.HANDLE_DEAD): lambda world: (world.fail(("update", "LIBRARY")), world.publish(mtu=9000)),
    (C, Outcome.WITHDRAWAL_BEGUN): World.withdraw,
}


def test_the_walk_has_every_line():
    assert set(WALK) == set(TRANSITIONS)


@pytest.mark.parametrize("line", TRANSITIONS, ids=lambda line: f"{line[0].value}: {line[1].value}")
def test_each_line_is_walked(line):
    world = World()
    world.reach(line[0])
    WALK[line](world)
    assert line in world.seen


@pytest.mark.parametrize("line", TRANSITIONS, ids=lambda line: f"{line[0].value}: {line[1].value}")
def test_from_each_line_everything_comes_right(line):
    """Two rounds after the trouble is over IMM holds what it should, and no handle is left open."""
    world = World()
    world.reach(line[0])
    WALK[line](world)
    world.imm.node = "SC-1"
    world.imm.pace = lambda: None
    world.imm.objects.pop("netIf=eth9," + ROOT, None)
    if world.other is not None:
        world.other.die()
    for _ in range(2):
        world.publish(mtu=1234)
    assert not world.publisher.pending
    assert world.imm.objects[f"netIf=eth0,{ROOT}"].attributes["mtu"] == (1234,)
    assert world.publisher.withdraw()
    world.publisher.release()
    assert world.imm.objects == {}
    assert world.imm.managers == 0


def test_states_that_nothing_leads_to_are_none():
    reached = {following.state for following in TRANSITIONS.values()}
    assert reached == set(State)
    assert {outcome for _, outcome in TRANSITIONS} == set(Outcome)
