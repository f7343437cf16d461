# SPDX-License-Identifier: Apache-2.0
"""The pure director in a world where only what a test says happens: recoveries, ladders, tables of
operations."""

from __future__ import annotations

from typing import Any

import pytest
from amf_world import CLUSTER, CS_TYPE, Model, World

from saf_shim.amf.cluster import director
from saf_shim.amf.cluster.administration import operations
from saf_shim.amf.cluster.group_events import SUPPORTED
from saf_shim.amf.cluster.validation import checks
from saf_shim.amf.effects import KillCommand, Log
from saf_shim.amf.node import presence, units
from saf_shim.amf.node.escalation import LADDER, RECOVERIES, Level
from saf_shim.amf.redundancy import no_redundancy, two_n
from saf_shim.amf.redundancy.groups import GroupEvent
from saf_shim.amf.states import SECOND, Admin, GroupState, Ha, Operation, Operational, Presence, Recovery
from saf_shim.codes import AisError, Code
from saf_shim.imm.content.rules import ChangeKind, Modification, ModificationType
from saf_shim.imm.implementer.hooks import ObjectChange

SU1, SU2 = "safSu=SU1,safSg=G,safApp=A", "safSu=SU2,safSg=G,safApp=A"
C1 = f"safComp=C1,{SU1}"
NODE1, NODE2 = f"safAmfNode=SC-1,{CLUSTER}", f"safAmfNode=SC-2,{CLUSTER}"


def started(model: Model) -> World:
    world = World(model)
    world.up()
    return world


def report(world: World, component: str, recovery: int) -> Code:
    process = world.process_of(component)
    name = "saAmfComponentErrorReport"
    return world.call(process, name, erroneousComponent=component, recommendedRecovery=recovery)


def ha_of(world: World, unit: str) -> list[Ha]:
    return [a.ha for a in world.cluster.units[unit].assignments]


# -- recoveries


def test_ladder() -> None:
    """Component restarts, then SU restarts, then a failover; a probation that ends begins anew."""
    world = started(Model(5, units=1))
    counts = []
    for _ in range(3):
        world.die(world.process_of(C1).pid)
        world.run()
        counts.append(world.cluster.components[C1].restarts)
    assert counts == [1, 2, 3]
    world.fire(("SC-1", "escalation", SU1))
    assert world.cluster.components[C1].restarts == 0
    seen = []
    for _ in range(6):
        world.die(world.process_of(C1).pid)
        world.run()
        seen.append((world.cluster.components[C1].restarts, world.cluster.units[SU1].restarts))
    # three component restarts; each further fault is an SU restart, and two of those are allowed
    assert seen == [(1, 0), (2, 0), (3, 0), (0, 1), (0, 2), (0, 0)]
    assert world.value(SU1, "saAmfSUOperState") == Operational.DISABLED
    assert not world.commands
    assert not world.processes
    world.do(Operation.REPAIRED, SU1)
    world.die(world.process_of(C1).pid)
    world.run()
    assert world.value(SU1, "saAmfSUOperState") == Operational.DISABLED, "still at the level of failovers"
    world.do(Operation.REPAIRED, SU1)
    world.fire(("SC-1", "failover", ""))
    world.die(world.process_of(C1).pid)
    world.run()
    assert world.value(SU1, "saAmfSUOperState") == Operational.ENABLED


def test_the_ladder_is_documented_by_level() -> None:
    assert [step.level for step in LADDER] == list(Level)


def test_auto_repair() -> None:
    """With saAmfSGAutoRepair AMF itself repairs a unit that has failed over."""
    world = started(Model(1, units=2, group={"saAmfSGAutoRepair": 1}))
    report(world, C1, Recovery.COMPONENT_FAILOVER)
    world.run()
    assert world.value(SU1, "saAmfSUOperState") == Operational.ENABLED
    assert (ha_of(world, SU1), ha_of(world, SU2)) == ([Ha.STANDBY], [Ha.ACTIVE])


@pytest.mark.parametrize("recovery", [0, 10, 99, -1])
def test_recovery_out_of_range(recovery: int) -> None:
    world = started(Model(5, units=1))
    assert report(world, C1, recovery) == Code.ERR_INVALID_PARAM
    assert not world.commands


@pytest.mark.parametrize(
    "recovery",
    [Recovery.NODE_SWITCHOVER, Recovery.NODE_FAILOVER, Recovery.NODE_FAILFAST, Recovery.CLUSTER_RESET],
)
def test_node_recoveries(recovery: Recovery) -> None:
    """The other node takes over; this one is rebooted, comes back, and is the standby."""
    world = started(Model(1, units=2, sis=2, nodes=("SC-1", "SC-2")))
    world.history.clear()
    assert report(world, C1, recovery) == Code.OK
    world.run()
    assert any(isinstance(e, Log) and "Rebooting" in e.text and NODE1 in e.text for e in world.history)
    assert world.value(NODE1, "saAmfNodeOperState") == Operational.ENABLED
    assert world.value(SU1, "saAmfSUOperState") == Operational.ENABLED
    assert {*ha_of(world, SU1), *ha_of(world, SU2)} == {Ha.ACTIVE, Ha.STANDBY}
    if recovery != Recovery.CLUSTER_RESET:
        assert ha_of(world, SU2) == [Ha.ACTIVE, Ha.ACTIVE]
    cleaned = {c.environment["SA_AMF_COMPONENT_NAME"] for c in commands(world) if c.argv[0].endswith("clean")}
    assert C1 in cleaned
    assert (f"safComp=C1,{SU2}" in cleaned) == (recovery == Recovery.CLUSTER_RESET)


def commands(world: World) -> list[Any]:
    return [effect for effect in world.history if hasattr(effect, "argv")]


def test_a_rebooting_node_kills_its_commands() -> None:
    world = World(Model(5, units=2, nodes=("SC-1", "SC-2")))
    world.operate(Operation.UNLOCK_INSTANTIATION, SU1)
    (ticket,) = world.commands
    world.cluster.outbox.to_cluster(reboot("SC-1"))
    world.pump()
    assert KillCommand(ticket) in world.history


def reboot(node: str) -> Any:
    from saf_shim.amf.messages import RebootRequest  # noqa: PLC0415

    return RebootRequest(node, Recovery.NODE_FAILFAST)


def test_node_without_auto_repair_stays_down() -> None:
    model = Model(1, units=2, nodes=("SC-1", "SC-2"))
    model.view.objects[NODE1][1]["saAmfNodeAutoRepair"] = (0,)
    world = started(model)
    report(world, C1, Recovery.NODE_FAILOVER)
    world.run()
    assert world.value(NODE1, "saAmfNodeOperState") == Operational.DISABLED
    assert ha_of(world, SU2) == [Ha.ACTIVE]
    assert world.do(Operation.REPAIRED, NODE1) == (Code.OK, "")
    assert world.value(NODE1, "saAmfNodeOperState") == Operational.ENABLED
    assert ha_of(world, SU1) == [Ha.STANDBY]


# -- levels


def test_components_start_by_level_and_end_the_other_way() -> None:
    model = Model(5, units=1, components=3)
    for level, name in ((3, "C1"), (1, "C2"), (2, "C3")):
        model.view.objects[f"safComp={name},{SU1}"][1]["saAmfCompInstantiationLevel"] = (level,)
    world = World(model)
    order: list[str] = []
    world.operate(Operation.UNLOCK_INSTANTIATION, SU1)
    while world.commands:
        (ticket,) = world.commands
        order.append(world.commands[ticket].environment["SA_AMF_COMPONENT_NAME"][8:10])
        world.end_command(ticket)
    assert order == ["C2", "C3", "C1"]
    world.do(Operation.UNLOCK, SU1)
    world.do(Operation.LOCK, SU1)
    ended: list[str] = []
    world.operate(Operation.LOCK_INSTANTIATION, SU1)
    while busy := [p for p in world.processes.values() if p.waiting]:
        assert len(busy) == 1
        ended.append(busy[0].component[8:10])
        world.answer(busy[0])
    assert ended == order[::-1]


def test_what_is_assigned_during_a_restart_is_assigned_after_it() -> None:
    world = started(Model(5, units=1))
    world.do(Operation.LOCK, world.model.sis[0])
    world.operate(Operation.RESTART, SU1)
    world.operate(Operation.UNLOCK, world.model.sis[0])
    assert world.ended.keys() != world.asked
    world.run()
    assert world.ended.keys() == world.asked
    assert world.process_of(C1).states == {f"safCsi=I1,{world.model.sis[0]}": Ha.ACTIVE}


# -- changes of the model


def apply(world: World, *changes: ObjectChange) -> None:
    checks.check(world.cluster, changes, world.model.view, SUPPORTED)
    director.model_changed(world.cluster, changes)
    world.pump()


def created(world: World, class_name: str, dn: str, **attributes: Any) -> ObjectChange:
    world.model.view.add(class_name, dn, **attributes)
    return ObjectChange(ChangeKind.CREATE, dn, class_name, None, world.model.view.get(dn))


def test_a_csi_comes_to_an_assigned_si_and_goes() -> None:
    world = started(Model(1, units=2))
    csi = "safCsi=I2,safSi=S1,safApp=A"
    apply(world, created(world, "SaAmfCSI", csi, saAmfCSType=CS_TYPE))
    world.run()
    for component, ha in ((C1, Ha.ACTIVE), (f"safComp=C1,{SU2}", Ha.STANDBY)):
        assert world.process_of(component).states == {"safCsi=I1,safSi=S1,safApp=A": ha, csi: ha}
    before = world.model.view.get(csi)
    del world.model.view.objects[csi]
    apply(world, ObjectChange(ChangeKind.DELETE, csi, "SaAmfCSI", before, None))
    world.run()
    assert world.process_of(C1).states == {"safCsi=I1,safSi=S1,safApp=A": Ha.ACTIVE}
    assert not [dn for dn in world.objects if csi in dn]


def test_the_last_csi_stays() -> None:
    world = started(Model(5, units=1))
    csi = world.model.csis[0]
    change = ObjectChange(ChangeKind.DELETE, csi, "SaAmfCSI", world.model.view.get(csi), None)
    with pytest.raises(AisError, match="is the last csi in si"):
        checks.check(world.cluster, [change], world.model.view, SUPPORTED)


@pytest.mark.parametrize("redundancy", [2, 3, 4])
def test_other_redundancy_models_are_refused_in_words(redundancy: int) -> None:
    world = World(Model(5))
    kind = created(
        world,
        "SaAmfSGType",
        "safVersion=2,safSgType=T",
        saAmfSgtRedundancyModel=redundancy,
        saAmfSgtValidSuTypes="safVersion=1,safSuType=T",
    )
    group = created(world, "SaAmfSG", "safSg=H,safApp=A", saAmfSGType=kind.dn)
    with pytest.raises(AisError, match="The simulator has no redundancy model"):
        checks.check(world.cluster, [kind, group], world.model.view, SUPPORTED)


def test_a_component_that_is_not_sa_aware_is_refused_in_words() -> None:
    world = World(Model(5))
    kind = created(world, "SaAmfCompType", "safVersion=2,safCompType=T", saAmfCtCompCategory=8)
    with pytest.raises(AisError, match="only SA-aware components"):
        checks.check(world.cluster, [kind], world.model.view, SUPPORTED)


# -- administrative operations: the table is what happens


def in_state(entity: str, admin: Admin) -> World:
    """A world whose unit, SI, group or node has come into an administrative state."""
    world = started(Model(1, units=2, sis=1, nodes=("SC-1", "SC-2")))
    path = {
        Admin.UNLOCKED: (),
        Admin.LOCKED: (Operation.LOCK,),
        Admin.LOCKED_INSTANTIATION: (Operation.LOCK, Operation.LOCK_INSTANTIATION),
    }[admin]
    for operation in path:
        assert world.do(operation, entity)[0] == Code.OK
    return world


ENTITIES = {
    "SaAmfSU": SU1,
    "SaAmfSI": "safSi=S1,safApp=A",
    "SaAmfSG": "safSg=G,safApp=A",
    "SaAmfNode": NODE1,
}
CASES = [
    (class_name, operation, admin)
    for class_name in ENTITIES
    for operation in Operation
    for admin in (Admin.UNLOCKED, Admin.LOCKED, Admin.LOCKED_INSTANTIATION)
    if not (class_name == "SaAmfSI" and admin == Admin.LOCKED_INSTANTIATION)
]


@pytest.mark.parametrize(("class_name", "operation", "admin"), CASES)
def test_operations_do_what_their_table_says(class_name: str, operation: Operation, admin: Admin) -> None:
    entity = ENTITIES[class_name]
    world = in_state(entity, admin)
    code, text = world.do(operation, entity)
    rule = operations.OPERATIONS[class_name].get(operation)
    attribute = {
        "SaAmfSU": "saAmfSUAdminState",
        "SaAmfSI": "saAmfSIAdminState",
        "SaAmfSG": "saAmfSGAdminState",
        "SaAmfNode": "saAmfNodeAdminState",
    }[class_name]
    after = world.value(entity, attribute)
    if rule is None:
        # an SU looks at the state before it looks whether it knows the operation
        assert code == Code.ERR_NOT_SUPPORTED
        assert after == admin
    elif admin in rule.no_op:
        assert code == Code.ERR_NO_OP
        assert after == admin
    elif admin not in rule.accepted:
        assert code == Code.ERR_BAD_OPERATION
        assert after == admin
    elif operation == Operation.REPAIRED:
        assert (code, "already enabled" in text) == (Code.ERR_NO_OP, True)
    elif operation == Operation.RESTART and world.cluster.units[SU1].presence == Presence.UNINSTANTIATED:
        assert code == Code.ERR_BAD_OPERATION
    else:
        assert code == Code.OK, text
        if rule.to is not None:
            assert after == rule.to


def test_an_operation_on_anything_else_is_not_supported() -> None:
    world = World(Model(5))
    assert world.do(Operation.LOCK, "safApp=A") == (Code.ERR_NOT_SUPPORTED, "Not supported")
    assert world.do(Operation.UNLOCK, "safApp=A") == (Code.ERR_NO_OP, "safApp=A is already unlocked")
    assert world.do(Operation.LOCK, "safVersion=1,safSuType=T")[0] == Code.ERR_INVALID_PARAM


# -- the tables themselves


@pytest.mark.parametrize("table", [no_redundancy.TABLE, two_n.TABLE])
def test_a_busy_group_answers_every_event_of_an_assigned_unit(table: Any) -> None:
    """The table must have an entry for every state and every event that can happen at any time."""
    for state in GroupState:
        assert (state, GroupEvent.SU_FAULT) in table
        assert (state, GroupEvent.SU_LOST) in table
        assert (state, GroupEvent.REMOVED) in table
    for event in (GroupEvent.SU_DOWN, GroupEvent.SI_DOWN, GroupEvent.SG_DOWN):
        for state in GroupState:
            assert (state, event) in table


def test_presence_can_leave_every_state_that_is_no_end() -> None:
    ends = {Presence.INSTANTIATION_FAILED, Presence.TERMINATION_FAILED}
    for table in (presence.TRANSITIONS, units.TRANSITIONS):
        left = {state for (state, _), entry in table.items() if set(entry.to) - {state}}
        assert set(Presence) - left <= ends


def test_every_recovery_of_the_standard_is_carried_out() -> None:
    assert set(RECOVERIES) >= {
        Recovery.COMPONENT_RESTART,
        Recovery.COMPONENT_FAILOVER,
        Recovery.NODE_SWITCHOVER,
        Recovery.NODE_FAILOVER,
        Recovery.NODE_FAILFAST,
        Recovery.CLUSTER_RESET,
    }


# -- passive monitoring, protection groups


def test_a_monitored_process_that_ends_is_an_error() -> None:
    world = started(Model(5, units=1))
    process = world.process_of(C1)
    args = {"compName": C1, "processId": 77, "descendentsTreeDepth": 0, "pmErrors": 3}
    start = {**args, "recommendedRecovery": 2, "alive": True}
    assert world.call(process, "saAmfPmStart", **start) == Code.OK
    assert (
        world.call(process, "saAmfPmStart", **{**start, "processId": 78, "alive": False})
        == Code.ERR_NOT_EXIST
    )
    director.process_ended(world.cluster, ("SC-1", C1, 77))
    world.pump()
    (command,) = world.commands.values()
    assert command.environment["OSAF_COMPONENT_ERROR_SOURCE"] == "3"


def test_protection_groups_tell_of_changes() -> None:
    world = started(Model(1, units=2))
    csi = world.model.csis[0]
    process = world.process_of(C1)
    code = world.call(
        process, "saAmfProtectionGroupTrack_4", csiName=csi, trackFlags=2, buffer=None, new=True
    )
    assert code == Code.OK
    world.do(Operation.SI_SWAP, "safSi=S1,safApp=A")
    told = [
        (effect.arguments["members"], effect.arguments["numberOfMembers"])
        for effect in world.history
        if getattr(effect, "name", "") == "saAmfProtectionGroupTrackCallback"
    ]
    assert told
    members, number = told[-1]
    assert number == 2
    assert {(m["compName"], m["haState"]) for m in members} == {
        (C1, Ha.STANDBY),
        (f"safComp=C1,{SU2}", Ha.ACTIVE),
    }


def test_a_member_that_leaves_has_the_rank_it_was_last_told_with() -> None:
    """SU2 is ACTIVE and SU1 its standby; SU2 is locked, so that it is QUIESCED and then goes."""
    world = started(Model(1, units=2))
    csi = world.model.csis[0]
    world.do(Operation.SI_SWAP, "safSi=S1,safApp=A")
    process = world.process_of(C1)
    world.call(process, "saAmfProtectionGroupTrack_4", csiName=csi, trackFlags=2, buffer=None, new=True)
    world.history.clear()
    world.do(Operation.LOCK, SU2)
    told = [
        (member["compName"], member["haState"], member["rank"], member["change"])
        for effect in world.history
        if getattr(effect, "name", "") == "saAmfProtectionGroupTrackCallback"
        for member in effect.arguments["members"]
        if member["change"] != 1
    ]
    leaver = f"safComp=C1,{SU2}"
    assert (leaver, Ha.QUIESCED, 0, 4) in told
    assert told[-1] == (leaver, 0, 0, 3)
    world.do(Operation.UNLOCK, SU2)
    world.history.clear()
    world.do(Operation.LOCK, SU2)
    last = [e for e in world.history if getattr(e, "name", "") == "saAmfProtectionGroupTrackCallback"][-1]
    gone = [m for m in last.arguments["members"] if m["change"] == 3]
    assert [(m["compName"], m["haState"], m["rank"]) for m in gone] == [(leaver, 0, 1)], "it was standby"


def attribute_of(world: World, name: str) -> str:
    return f"safCsiAttr={name},{world.model.csis[0]}"


def told_values(world: World) -> list[list[str]]:
    """Return what the component gets when it is assigned again."""
    world.do(Operation.LOCK, SU1)
    world.history.clear()
    world.do(Operation.UNLOCK, SU1)
    (pairs,) = [
        effect.arguments["csiDescriptor"]["attributes"]
        for effect in world.history
        if getattr(effect, "name", "") == "saAmfCSISetCallback"
    ]
    return list(pairs)


@pytest.mark.parametrize(
    ("before", "how", "given", "after"),
    [
        (["a"], ModificationType.REPLACE, ["x", "y"], ["x"]),
        (["a", "b"], ModificationType.REPLACE, ["x", "y", "z"], ["x", "z"]),
        (["a"], ModificationType.ADD, ["x", "y"], ["a", "x"]),
        ([], ModificationType.ADD, ["x", "y", "z"], ["x"]),
        (["a", "b"], ModificationType.DELETE, ["a", "b"], ["b"]),
        (["a"], ModificationType.DELETE, ["a"], [""]),
        (["a"], ModificationType.REPLACE, ["x"], ["x"]),
    ],
)
def test_amfd_takes_every_second_value_of_a_modified_csi_attribute(
    before: list[str], how: ModificationType, given: list[str], after: list[str]
) -> None:
    model = Model(5, units=1)
    dn = f"safCsiAttr=name,{model.csis[0]}"
    model.view.add("SaAmfCSIAttribute", dn, saAmfCSIAttriValue=before)
    world = started(model)
    assert told_values(world) == [["name", value] for value in before or [""]]
    modification = Modification(how, "saAmfCSIAttriValue", 9, tuple(given))
    change = ObjectChange(
        ChangeKind.MODIFY, dn, "SaAmfCSIAttribute", None, model.view.get(dn), [modification]
    )
    apply(world, change)
    assert told_values(world) == [["name", value] for value in after]


def test_a_new_csi_attribute_has_all_its_values_until_it_goes() -> None:
    world = started(Model(5, units=1))
    dn = attribute_of(world, "name")
    apply(world, created(world, "SaAmfCSIAttribute", dn, saAmfCSIAttriValue=("a", "b")))
    assert told_values(world) == [["name", "a"], ["name", "b"]]
    before = world.model.view.get(dn)
    del world.model.view.objects[dn]
    apply(world, ObjectChange(ChangeKind.DELETE, dn, "SaAmfCSIAttribute", before, None))
    assert told_values(world) == []


def test_times_come_from_the_component_else_from_its_type() -> None:
    model = Model(5, units=1)
    world = World(model)
    configuration = world.cluster.configuration
    assert configuration.csi_set_timeout(C1) == SECOND
    model.view.objects[C1][1]["saAmfCompCSISetCallbackTimeout"] = (7 * SECOND,)
    assert configuration.csi_set_timeout(C1) == 7 * SECOND
    assert configuration.recovery_on_error(C1) == Recovery.COMPONENT_RESTART
    model.view.objects[C1][1]["saAmfCompRecoveryOnError"] = (3,)
    assert configuration.recovery_on_error(C1) == Recovery.COMPONENT_FAILOVER
    assert configuration.command(C1, NODE1, "instantiate").argv == ("/opt/b/start",)
    assert configuration.command(C1, "safAmfNode=X", "instantiate").argv == ("start",)
