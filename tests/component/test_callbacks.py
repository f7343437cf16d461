# SPDX-License-Identifier: Apache-2.0
"""The component under AMF's callbacks: the HA table, the answers, the listener that dies."""

from __future__ import annotations

import pytest
from component_fakes import COMPONENT, Clock, FakeImm, Fault, InlineOwner, MemoryLog

from amf_netwatch.assignment import CsiDescriptor, CsiFlag, HAState, Recovery
from amf_netwatch.component.callbacks import Component
from amf_netwatch.errors import ERR_FAILED_OPERATION, OK, AisError, SurroundingsError, SysfsError
from amf_netwatch.interfaces.reader import DisagreementError, Everything
from amf_netwatch.interfaces.record import Interface
from amf_netwatch.interfaces.refresh import Refresh
from amf_netwatch.netlink.errors import InterruptedDumpError, SocketError
from amf_netwatch.netlink.listener import Cause, ChangedLinks
from amf_netwatch.publication.publisher import Publisher
from amf_netwatch.settings import Sources

ROOT = "netWatchNode=SC-1"
CSI = "safCsi=NetWatch,safSi=NetWatch1,safApp=NetWatch"
ETH0 = Interface(b"eth0", 2, "02:00:00:00:00:01", 1500, True, "up", b"", True)


class FakeListener:
    def __init__(self):
        self.network_changed = True
        self.healthy = True
        self.failure = None
        self.overruns = 0
        self.truncations = 0
        self.restarts = 0
        self.restart_fails = False
        self.changes = ChangedLinks(True, frozenset(), Cause.START)
        self.taken = 0
        self.started = self.stopped = 0

    def start(self):
        self.started += 1

    def stop(self):
        self.stopped += 1

    def take(self):
        self.taken += 1
        self.network_changed = False
        return self.changes

    def restart(self):
        self.restarts += 1
        if self.restart_fails:
            raise SocketError(24, "open")
        self.healthy = True
        self.network_changed = True

    def hint(self, *ifindexes):
        self.network_changed = True
        self.changes = ChangedLinks(False, frozenset(ifindexes), Cause.NONE)

    def die(self):
        self.healthy = False
        self.network_changed = True
        self.failure = RuntimeError("bad luck")


class FakeKernel:
    """The source of facts; `links` is what there is."""

    def __init__(self):
        self.links = {2: ETH0}
        self.reads = []
        self.errors = []
        self.closed = 0
        self.settings = None
        self.uncertain = set()

    def read(self, ifindex, known=None):
        self._enter(ifindex)
        if ifindex in self.uncertain:
            raise DisagreementError
        return self.links.get(ifindex)

    def read_everything(self, known=None):
        self._enter("everything")
        return Everything(list(self.links.values()), frozenset(self.uncertain))

    def renamed_master(self, _ifindex):
        return None

    def close(self):
        self.closed += 1

    def _enter(self, what):
        self.reads.append(what)
        if self.errors:
            raise self.errors.pop(0)


class Ticket:
    """An invocation that checks that it is answered once, and when."""

    def __init__(self, imm):
        self.imm = imm
        self.code = None
        self.calls_before = None
        self.completed = None

    def answer(self, code=OK):
        assert self.code is None, "answered twice"
        self.code = code
        self.calls_before = len(self.imm.calls)

    def complete_quiescing(self, code=OK):
        assert self.code is not None, "completed before answered"
        self.completed = code


class FakeAmf:
    """AMF as `initialize` meets it; remembers what it was asked."""

    def __init__(self, listener):
        self.listener = listener
        self.calls = []
        self.error = None

    def component_name(self):
        assert self.listener.started == 1, "listen before AMF knows of us"
        self.calls.append("component_name")
        return COMPONENT

    def register(self, handler):
        self.calls.append(("register", handler))

    def start_healthcheck(self, key, recovery):
        self.calls.append(("start_healthcheck", key, recovery))
        if self.error is not None:
            raise self.error


class World:
    def __init__(self):
        self.imm = FakeImm()
        self.log = MemoryLog()
        self.clock = Clock()
        self.kernel = FakeKernel()
        self.listener = FakeListener()
        self.amf = FakeAmf(self.listener)
        self.publisher = Publisher(self.imm, COMPONENT, self.log, self.clock)
        self.owner = InlineOwner(self.publisher, self.clock)
        self.component = Component(
            listener=self.listener,
            connect=lambda: self.amf,
            make_owner=self.make_owner,
            make_refresh=self.make_refresh,
            sources=Sources({}, {}),
            log=self.log,
            clock=self.clock,
        )
        self.component.initialize()

    def make_owner(self, name, component):
        assert name == COMPONENT
        return self.owner

    def make_refresh(self, settings, inventory):
        self.kernel.settings = settings
        return Refresh(self.kernel, inventory)

    def check(self):
        """A healthcheck; its answer."""
        ticket = Ticket(self.imm)
        self.component.healthcheckCallback(ticket, COMPONENT, "NetWatch")
        assert ticket.code is not None
        return ticket

    def assign(self, state, flags=CsiFlag.ADD_ONE, csi=CSI, attributes=()):
        ticket = Ticket(self.imm)
        descriptor = CsiDescriptor(flags, csi, tuple(attributes))
        self.component.csiSetCallback(ticket, COMPONENT, HAState(state), descriptor)
        assert ticket.code is not None
        return ticket

    def remove(self, csi=CSI):
        ticket = Ticket(self.imm)
        flags = CsiFlag.TARGET_ALL if csi is None else CsiFlag.TARGET_ONE
        self.component.csiRemoveCallback(ticket, COMPONENT, csi, flags)
        return ticket

    def terminate(self):
        ticket = Ticket(self.imm)
        self.component.componentTerminateCallback(ticket, COMPONENT)
        return ticket

    def names(self):
        return {dn for dn in self.imm.objects if dn != ROOT}


@pytest.fixture
def world():
    return World()


def test_before_an_assignment_healthchecks_are_fine_and_touch_nothing(world):
    for _ in range(3):
        assert world.check().code == OK
    assert world.imm.calls == []
    assert world.kernel.reads == []
    assert world.listener.taken == 0


def test_active_publishes_before_it_answers(world):
    assert world.assign(HAState.ACTIVE).code == OK
    assert world.names() == {"netIf=eth0," + ROOT}


def test_the_budget_is_that_of_the_setting(world):
    world.assign(HAState.ACTIVE, attributes=[("budget", "60s")])
    world.listener.hint(2)
    world.kernel.links[2] = ETH0._replace(mtu=9000)
    world.check()
    assert world.owner.budgets == [60.0, 60.0]


def test_quiet_healthchecks_make_no_call_and_read_nothing(world):
    world.assign(HAState.ACTIVE)
    world.imm.calls.clear()
    world.kernel.reads.clear()
    for _ in range(10):
        assert world.check().code == OK
    assert world.imm.calls == []
    assert world.kernel.reads == []


def test_a_change_is_answered_first_and_only_it_is_read(world):
    world.assign(HAState.ACTIVE)
    world.kernel.links[3] = ETH0._replace(name=b"eth1", ifindex=3)
    world.listener.hint(3)
    world.imm.calls.clear()
    world.kernel.reads.clear()
    ticket = world.check()
    assert (ticket.code, ticket.calls_before) == (OK, 0)
    assert world.kernel.reads == [3]
    assert world.names() == {"netIf=eth0," + ROOT, "netIf=eth1," + ROOT}


def test_standby_looks_once_and_writes_nothing(world):
    assert world.assign(HAState.STANDBY).code == OK
    assert world.imm.take_calls() == ["read_node", "search"]
    world.check()
    assert world.imm.calls == []
    assert world.kernel.reads == []


@pytest.mark.parametrize("away", [0, 1, 3])
def test_standby_takes_away_what_a_killed_active_incarnation_left(world, away):
    world.assign(HAState.ACTIVE)
    imm, world = world.imm, World()
    world.imm.objects, world.imm.faults = imm.objects, [Fault("search", "TRY_AGAIN")] * away
    assert world.assign(HAState.STANDBY).code == OK
    for _ in range(away):
        assert world.imm.objects
        assert world.check().code == OK
    assert world.imm.objects == {}
    assert world.imm.holders == {}
    world.imm.take_calls()
    world.check()
    assert world.imm.calls == []


def test_standby_then_active_uses_the_settings_of_add_one(world):
    world.assign(HAState.STANDBY, attributes=[("exclude", "veth*"), ("exclude", "docker*")])
    world.assign(HAState.ACTIVE, CsiFlag.TARGET_ALL, csi=None)
    assert world.kernel.settings.exclude == (b"veth*", b"docker*")


@pytest.mark.parametrize("flag", [CsiFlag.TARGET_ONE, CsiFlag.TARGET_ALL])
def test_quiesced_withdraws(world, flag):
    world.assign(HAState.ACTIVE)
    world.imm.take_calls()
    ticket = world.assign(HAState.QUIESCED, flag, csi=None if flag == CsiFlag.TARGET_ALL else CSI)
    assert ticket.code == OK
    assert ticket.calls_before == 2
    assert world.imm.take_calls() == ["delete", "clear_name"]
    assert world.imm.objects == {}
    assert world.remove(None if flag == CsiFlag.TARGET_ALL else CSI).code == OK
    assert world.imm.take_calls() == []


def test_quiescing_withdraws_answers_and_completes(world):
    world.assign(HAState.ACTIVE)
    ticket = world.assign(HAState.QUIESCING, CsiFlag.TARGET_ONE)
    assert (ticket.code, ticket.completed) == (OK, OK)
    assert world.imm.objects == {}


def test_remove_withdraws(world):
    world.assign(HAState.ACTIVE)
    assert world.remove().code == OK
    assert world.imm.objects == {}
    world.imm.take_calls()
    world.listener.hint(2)
    world.check()
    assert world.imm.take_calls() == []


def test_terminate_withdraws_answers_and_ends(world):
    world.assign(HAState.ACTIVE)
    assert world.terminate().code == OK
    assert world.component.ending
    assert world.imm.objects == {}
    assert world.log.names()[-1] == "stopped"


def test_a_withdrawal_that_imm_refuses_for_now_is_repeated_while_amf_waits(world):
    world.assign(HAState.ACTIVE)
    world.imm.faults += [Fault("delete", "TRY_AGAIN")] * 2
    before = world.clock.now
    assert world.assign(HAState.QUIESCED, CsiFlag.TARGET_ONE).code == OK
    assert world.imm.objects == {}
    assert world.clock.now - before < 2


def test_a_withdrawal_that_imm_refuses_for_long_goes_on_in_healthchecks(world):
    world.assign(HAState.ACTIVE)
    world.imm.faults += [Fault("delete", "TRY_AGAIN")] * 22
    before = world.clock.now
    assert world.assign(HAState.QUIESCED, CsiFlag.TARGET_ONE).code == OK
    assert 1.9 < world.clock.now - before <= 2.0
    assert world.imm.objects
    for _ in range(22 - world.imm.take_calls().count("delete") + 1):
        assert world.check().code == OK
    assert world.imm.objects == {}
    world.imm.take_calls()
    world.check()
    world.check()
    assert world.imm.take_calls() == []


@pytest.mark.parametrize(
    "attribute",
    [
        ("includes", "*"),
        ("types", "wifi"),
        ("budget", "2"),
        ("addresses", ""),
        ("budget", "1h"),
        ("user", "x"),
    ],
)
def test_wrong_settings_refuse_the_assignment_with_one_line(world, attribute):
    ticket = world.assign(HAState.ACTIVE, attributes=[attribute])
    assert ticket.code == ERR_FAILED_OPERATION
    assert world.imm.calls == []
    assert world.log.names() == ["assignment-refused"]
    reason = str(world.log.events[0][1]["reason"])
    assert attribute[0] in reason


def test_new_settings_read_everything_with_them(world):
    world.assign(HAState.ACTIVE)
    world.remove()
    world.assign(HAState.ACTIVE, attributes=[("types", "all")])
    assert world.kernel.settings.types == "all"
    assert world.names() == {"netIf=eth0," + ROOT}


def test_imm_away_is_not_our_defect(world):
    world.assign(HAState.ACTIVE)
    world.imm.faults += [Fault("update", "TRY_AGAIN")] * 5
    world.kernel.links[2] = ETH0._replace(mtu=9000)
    world.listener.hint(2)
    for _ in range(5):
        assert world.check().code == OK
    assert world.imm.objects["netIf=eth0," + ROOT].attributes["mtu"] == (1500,)
    assert world.check().code == OK
    assert world.imm.objects["netIf=eth0," + ROOT].attributes["mtu"] == (9000,)


def test_imm_that_was_away_at_the_assignment_is_written_later(world):
    world.imm.faults.append(Fault("initialize", "TRY_AGAIN"))
    assert world.assign(HAState.ACTIVE).code == OK
    assert world.imm.objects == {}
    world.check()
    assert world.names() == {"netIf=eth0," + ROOT}


def test_a_dead_listener_is_restarted_once(world):
    world.assign(HAState.ACTIVE)
    world.listener.die()
    world.kernel.links[3] = ETH0._replace(name=b"eth1", ifindex=3)
    assert world.check().code == OK
    assert world.listener.restarts == 1
    assert "netIf=eth1," + ROOT in world.names()
    world.listener.die()
    assert world.check().code == ERR_FAILED_OPERATION
    assert world.listener.restarts == 1
    assert "listener-failed" in world.log.names()


def test_a_listener_that_fails_an_hour_later_gets_another_chance(world):
    world.listener.die()
    assert world.check().code == OK
    world.clock.now += 3599
    world.listener.die()
    assert world.check().code == ERR_FAILED_OPERATION
    world.clock.now += 2
    assert world.check().code == OK
    assert world.listener.restarts == 2


def test_a_listener_that_cannot_be_restarted_is_told_to_amf(world):
    world.listener.restart_fails = True
    world.listener.die()
    assert world.check().code == ERR_FAILED_OPERATION


def test_a_defect_in_a_refresh_is_told_at_the_next_healthcheck(world):
    world.assign(HAState.ACTIVE)
    world.kernel.errors.append(ZeroDivisionError("oops"))
    world.listener.hint(2)
    ticket = Ticket(world.imm)
    with pytest.raises(ZeroDivisionError) as caught:
        world.component.healthcheckCallback(ticket, COMPONENT, "NetWatch")
    assert ticket.code == OK
    world.component.failed("healthcheckCallback", caught.value)  # what ais does with it
    assert world.check().code == ERR_FAILED_OPERATION
    reason = str(dict(world.log.events)["callback-failed"]["reason"])
    assert "oops" in reason
    assert "test_callbacks.py" in reason


def test_a_kernel_that_cannot_be_read_is_tried_again_then_told(world):
    world.assign(HAState.ACTIVE)
    world.kernel.errors += [SocketError(105, "receive")] * 3
    world.listener.hint(2)
    assert [world.check().code for _ in range(4)] == [OK, OK, OK, ERR_FAILED_OPERATION]
    assert world.check().code == OK  # the round before went well


def test_a_dump_that_is_always_interrupted_is_no_defect(world):
    world.assign(HAState.ACTIVE)
    world.kernel.errors += [InterruptedDumpError("storm")] * 10
    world.listener.network_changed = True
    world.listener.changes = ChangedLinks(True, frozenset(), Cause.STORM)
    world.kernel.links[3] = ETH0._replace(name=b"eth1", ifindex=3)
    assert [world.check().code for _ in range(11)] == [OK] * 11
    assert world.log.names().count("read-interrupted") == 1
    assert "read-failed" not in world.log.names()
    assert world.kernel.closed == 0
    assert "netIf=eth1," + ROOT in world.names()


def test_after_a_failed_read_everything_is_read_anew(world):
    world.assign(HAState.ACTIVE)
    world.kernel.errors.append(SocketError(9, "receive"))
    world.kernel.links[2] = ETH0._replace(mtu=9000)
    world.listener.hint(2)
    world.check()
    assert world.kernel.closed == 1
    world.kernel.reads.clear()
    world.check()
    assert world.kernel.reads == ["everything"]
    assert world.imm.objects["netIf=eth0," + ROOT].attributes["mtu"] == (9000,)


def test_withdraw_works_also_after_a_failed_read(world):
    world.assign(HAState.ACTIVE)
    world.kernel.errors.append(SocketError(9, "receive"))
    world.listener.hint(2)
    world.check()
    world.assign(HAState.QUIESCED, CsiFlag.TARGET_ONE)
    assert world.imm.objects == {}


def test_overruns_are_counted_and_logged(world):
    world.assign(HAState.ACTIVE)
    world.listener.overruns, world.listener.truncations = 2, 1
    world.listener.network_changed = True
    world.listener.changes = ChangedLinks(True, frozenset(), Cause.OVERRUN)
    world.check()
    assert world.imm.objects[ROOT].attributes["overrunCount"] == (3,)
    assert dict(world.log.events)["events-lost"] == {"total": 3}


def test_word_from_imm_makes_the_next_healthcheck_compare(world):
    world.assign(HAState.ACTIVE)
    world.imm.restart()
    world.publisher.dispatch()
    world.owner.settled = False
    world.component.awake()
    assert world.imm.objects == {}
    assert world.check().code == OK
    assert world.names() == {"netIf=eth0," + ROOT}


# ------------------------------------------------------------------------------------- the mission's terms


def test_initialize_listens_then_registers_then_starts_the_healthcheck(world):
    assert world.listener.started == 1
    assert world.owner.started == 1
    assert world.amf.calls == [
        "component_name",
        ("register", world.component),
        ("start_healthcheck", "NetWatch", Recovery.COMPONENT_RESTART),
    ]
    world.component.finalize()
    assert (world.listener.stopped, world.owner.stopped) == (1, 1)


def test_network_changed_can_be_read_on_the_component(world):
    assert world.component.network_changed
    world.assign(HAState.ACTIVE)
    assert not world.component.network_changed
    world.listener.hint(2)
    assert world.component.network_changed


def test_a_model_without_our_healthcheck_is_named():
    world = World()
    world.amf.error = AisError("saAmfHealthcheckStart", 12, "SA_AIS_ERR_NOT_EXIST")
    world.listener.started = 0
    with pytest.raises(SurroundingsError, match="no healthcheck 'NetWatch'"):
        world.component.initialize()
    world.amf.error = AisError("saAmfHealthcheckStart", 9, "SA_AIS_ERR_BAD_HANDLE")
    world.listener.started = 0
    with pytest.raises(AisError):
        world.component.initialize()


# --------------------------------------------------------------------------------------- ends and repairs


def test_terminate_repeats_the_withdrawal(world):
    world.assign(HAState.ACTIVE)
    world.imm.faults += [Fault("delete", "TRY_AGAIN")] * 2
    assert world.terminate().code == OK
    assert world.imm.objects == {}


def test_terminate_ends_also_when_imm_does_not_let_us(world):
    world.assign(HAState.ACTIVE)
    world.imm.faults += [Fault("delete", "TRY_AGAIN")] * 1000
    before = world.clock.now
    assert world.terminate().code == OK
    assert world.component.ending
    assert world.clock.now - before <= 2.0
    assert world.imm.take_calls().count("delete") <= 22


def test_a_defect_is_told_at_every_healthcheck(world):
    world.assign(HAState.ACTIVE)
    world.component.failed("healthcheckCallback", ZeroDivisionError("oops"))
    world.imm.calls.clear()
    world.kernel.reads.clear()
    assert [world.check().code for _ in range(4)] == [ERR_FAILED_OPERATION] * 4
    assert world.imm.calls == []
    assert world.kernel.reads == []


def test_a_quiet_healthcheck_looks_at_two_flags_and_nothing_else(world, monkeypatch):
    world.assign(HAState.ACTIVE)
    world.check()
    monkeypatch.setattr(world.component, "_is_healthy", lambda: pytest.fail("it looked further"))
    monkeypatch.setattr(world.component, "_refresh_imm", lambda: pytest.fail("it looked further"))
    assert world.check().code == OK


def test_other_settings_while_active_hold_from_then_on(world):
    world.assign(HAState.ACTIVE)
    world.assign(HAState.ACTIVE, attributes=[("types", "all")])
    assert world.kernel.settings.types == "all"
    assert world.kernel.closed == 1


def test_equal_settings_while_active_read_everything_with_the_same_reader(world):
    world.assign(HAState.ACTIVE)
    world.kernel.reads.clear()
    world.assign(HAState.ACTIVE)
    assert world.kernel.reads == ["everything"]
    assert world.kernel.closed == 0


def test_active_is_refused_when_the_kernel_cannot_be_read(world):
    world.kernel.errors += [SocketError(9, "receive")] * 2
    assert world.assign(HAState.ACTIVE).code == ERR_FAILED_OPERATION
    world = World()
    world.kernel.errors += [SocketError(9, "receive")]
    assert world.assign(HAState.ACTIVE).code == OK
    assert world.names() == {"netIf=eth0," + ROOT}


def test_active_is_refused_when_nobody_listens(world):
    world.listener.restart_fails = True
    world.listener.die()
    assert world.assign(HAState.ACTIVE).code == ERR_FAILED_OPERATION


def test_an_answer_that_amf_does_not_take_costs_no_restart(world):
    world.assign(HAState.ACTIVE)
    world.component.unanswered(AisError("saAmfResponse_4", 18, "SA_AIS_ERR_NO_RESOURCES"))
    assert world.log.events[-1] == (
        "answer-lost",
        {"call": "saAmfResponse_4", "code": "SA_AIS_ERR_NO_RESOURCES"},
    )
    assert world.check().code == OK


def test_a_file_of_sysfs_that_cannot_be_read_is_told_like_the_kernel(world):
    world.assign(HAState.ACTIVE)
    world.kernel.errors += [SysfsError("v0/address: Too many open files")] * 3
    world.listener.hint(2)
    assert [world.check().code for _ in range(4)] == [OK, OK, OK, ERR_FAILED_OPERATION]
    assert world.log.names().count("read-failed") == 3


def test_sources_that_disagree_are_read_again_and_told_once(world):
    world.assign(HAState.ACTIVE)
    world.kernel.uncertain = {2}
    world.kernel.links[2] = ETH0._replace(mac="02:00:00:00:00:ff")
    world.listener.hint(2)
    world.kernel.reads.clear()
    assert [world.check().code for _ in range(6)] == [OK] * 6
    assert world.kernel.reads == [2] * 6
    assert world.imm.objects["netIf=eth0," + ROOT].attributes["macAddress"] == (ETH0.mac,)
    assert [fields for name, fields in world.log.events if name == "sources-disagree"] == [{"ifindexes": "2"}]
    world.kernel.uncertain = set()
    world.check()
    assert world.imm.objects["netIf=eth0," + ROOT].attributes["macAddress"] == ("02:00:00:00:00:ff",)
    world.kernel.reads.clear()
    world.check()
    world.check()
    assert world.kernel.reads == []


def test_lines_of_assignments_say_what_holds(world):
    world.assign(HAState.ACTIVE, attributes=[("exclude", "veth*"), ("exclude", "docker*"), ("types", "all")])
    name, fields = world.log.events[0]
    assert (name, fields["ha"], fields["csi"]) == ("assigned", "ACTIVE", CSI)
    assert fields["settings"].startswith("include:*,exclude:veth*|docker*,types:all,physical-only:no")
    world.assign(HAState.QUIESCED, CsiFlag.TARGET_ALL, csi=None)
    assert dict(world.log.events)["assigned"]["csi"] == "all"
    world.remove()
    assert world.log.events[-1] == ("removed", {"csi": CSI})
    world.remove(None)
    assert world.log.events[-1] == ("removed", {"csi": "all"})
    world.terminate()
    assert world.log.events[-1] == ("stopped", {"reason": "AMF asked for it"})


def test_removing_one_csi_forgets_its_settings_only(world):
    world.assign(HAState.STANDBY, attributes=[("types", "all")])
    world.assign(HAState.STANDBY, csi="safCsi=other", attributes=[("budget", "1s")])
    world.remove("safCsi=other")
    world.assign(HAState.ACTIVE, CsiFlag.TARGET_ONE)
    assert world.kernel.settings.types == "all"
    assert world.kernel.settings.budget == 2.0
