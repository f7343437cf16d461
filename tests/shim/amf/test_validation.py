# SPDX-License-Identifier: Apache-2.0
"""Faults of a model that amfd refuses, with OpenSAF's texts; operations on objects without operations.

The faults and texts were recorded on OpenSAF 5.21.03 with its own commands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from amf_world import CLUSTER, CS_TYPE, KIND, Model, World

from imm_model.names import escape_dn
from saf_shim.amf.cluster.administration import operations
from saf_shim.amf.cluster.group_events import SUPPORTED
from saf_shim.amf.cluster.validation import checks
from saf_shim.amf.states import Operation
from saf_shim.codes import AisError, Code
from saf_shim.imm.content.rules import ChangeKind, Modification, ModificationType
from saf_shim.imm.implementer.hooks import ObjectChange
from saf_shim.pytest_plugin import SafShim

NODE = f"safAmfNode=SC-1,{CLUSTER}"
NONE = f"safAmfNode=None,{CLUSTER}"
GROUP = f"safAmfNodeGroup=G,{CLUSTER}"
NO_CS_TYPE = "safVersion=1,safCSType=None"
SG = "safSg=G,safApp=A"
SI = "safSi=S1,safApp=A"
ONLY_N_WAY_ACTIVE = "saAmfSIPrefActiveAssignments can be updated only for N_WAY_ACTIVE_REDUNDANCY_MODEL"
AT_LEAST_TWO = "Minimum preferred num of su should be 2 in 2N, N+M and NWay red models"


def refusal(world: World, change: ObjectChange) -> AisError:
    with pytest.raises(AisError) as caught:
        checks.check(world.cluster, [change], world.model.view, SUPPORTED)
    return caught.value


def modified(world: World, dn: str, how: ModificationType, name: str, *values: Any) -> ObjectChange:
    class_name = world.model.view.class_of(dn) or ""
    before = world.model.view.get(dn)
    return ObjectChange(
        ChangeKind.MODIFY, dn, class_name, before, before, [Modification(how, name, 0, values)]
    )


@pytest.mark.parametrize(
    ("class_name", "dn", "attributes", "text"),
    [
        (
            "SaAmfAppType",
            "safVersion=1,safAppType=T",
            {"saAmfApptSGTypes": "safVersion=1,safSgType=None"},
            "'safVersion=1,safSgType=None' does not exist either in model or CCB",
        ),
        (
            "SaAmfSvcTypeCSTypes",
            f"safMemberCSType={escape_dn(NO_CS_TYPE)},safVersion=1,safSvcType=T",
            {},
            f"SaAmfCSType object '{NO_CS_TYPE}' does not exist in model or in CCB",
        ),
        (
            "SaAmfCtCsType",
            f"safSupportedCsType={escape_dn(NO_CS_TYPE)},{KIND}",
            {},
            f"SaAmfCSType object '{NO_CS_TYPE}' does not exist in model or CCB",
        ),
        (
            "SaAmfNodeSwBundle",
            f"safInstalledSwBundle=safSmfBundle=X,{NODE}",
            {"saAmfNodeSwBundlePathPrefix": "rel"},
            f"Invalid absolute path 'rel' for 'safInstalledSwBundle=safSmfBundle=X,{NODE}' ",
        ),
        (
            "SaAmfNodeGroup",
            f"safAmfNodeGroup=N,{CLUSTER}",
            {"saAmfNGNodeList": (NODE, NONE)},
            f"'{NONE}' does not exist either in model or CCB",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.startswith("SaAmf") else "",
)
def test_a_fault_of_a_new_object_is_refused(
    class_name: str, dn: str, attributes: dict[str, Any], text: str
) -> None:
    world = World(Model(5))
    world.model.view.add(class_name, dn, **attributes)
    change = ObjectChange(ChangeKind.CREATE, dn, class_name, None, world.model.view.get(dn))
    error = refusal(world, change)
    assert (error.code, error.text) == (Code.ERR_BAD_OPERATION, text)


def test_what_refers_to_the_same_bundle_of_changes_is_accepted() -> None:
    world = World(Model(5))
    dn = f"safMemberCSType={escape_dn(CS_TYPE)},safVersion=1,safSvcType=T"
    world.model.view.add("SaAmfSvcTypeCSTypes", dn)
    change = ObjectChange(ChangeKind.CREATE, dn, "SaAmfSvcTypeCSTypes", None, world.model.view.get(dn))
    checks.check(world.cluster, [change], world.model.view, SUPPORTED)


ADD, REPLACE = ModificationType.ADD, ModificationType.REPLACE


@pytest.mark.parametrize(
    ("redundancy", "dn", "how", "name", "value", "text"),
    [
        (5, "safVersion=1,safSvcType=T", REPLACE, "x", 1, "Modification of SaAmfSvcType not supported"),
        (5, CS_TYPE, REPLACE, "x", 1, "Modification of SaAmfCSType not supported"),
        (5, GROUP, ADD, "saAmfNGNodeList", NODE, f"'{NODE}' already exists in the nodegroup"),
        (5, GROUP, ADD, "saAmfNGNodeList", NONE, f"'{NONE}' does not exist in model or CCB"),
        (5, GROUP, REPLACE, "saAmfNGNodeList", NODE, ""),
        (
            1,
            SI,
            REPLACE,
            "saAmfSIPrefActiveAssignments",
            2,
            f"Invalid modification,{ONLY_N_WAY_ACTIVE}",
        ),
        (
            5,
            SG,
            REPLACE,
            "saAmfSGType",
            "safVersion=1,safSgType=T",
            "ccb_completed_modify_hdlr: Attribute 'saAmfSGType' cannot be modified when SG is unlocked",
        ),
        (
            1,
            SG,
            REPLACE,
            "saAmfSGNumPrefInserviceSUs",
            1,
            f"ccb_completed_modify_hdlr: {AT_LEAST_TWO}",
        ),
    ],
)
def test_a_modification_is_refused(
    redundancy: int, dn: str, how: ModificationType, name: str, value: Any, text: str
) -> None:
    model = Model(redundancy)
    model.view.add("SaAmfSvcType", "safVersion=1,safSvcType=T")
    model.view.add("SaAmfNodeGroup", GROUP, saAmfNGNodeList=(NODE,))
    world = World(model)
    error = refusal(world, modified(world, dn, how, name, value))
    assert (error.code, error.text) == (Code.ERR_BAD_OPERATION, text)


def test_a_node_goes_from_a_node_group() -> None:
    model = Model(5)
    model.view.add("SaAmfNodeGroup", GROUP, saAmfNGNodeList=(NODE,))
    world = World(model)
    change = modified(world, GROUP, ModificationType.DELETE, "saAmfNGNodeList", NODE)
    checks.check(world.cluster, [change], world.model.view, SUPPORTED)


@pytest.mark.parametrize(
    ("dn", "number"),
    [
        ("safCompType=T", 1),
        ("safSgType=T", 3),
        ("safAppType=T", 4),
        (KIND, 8),
        (CS_TYPE, 9),
        (f"safHealthcheckKey=Key,{KIND}", 11),
        (f"safInstalledSwBundle=safSmfBundle=B,{NODE}", 21),
    ],
)
def test_objects_without_operations_say_the_number_of_their_class(dn: str, number: int) -> None:
    model = Model(5)
    for word in ("Comp", "SG", "App"):
        model.view.add(f"SaAmf{word}BaseType", f"saf{word.capitalize()}Type=T")
    world = World(model)
    class_name = model.view.class_of(dn) or ""
    with pytest.raises(AisError) as caught:
        operations.operate(world.cluster, class_name, dn, Operation.LOCK, 1)
    assert caught.value.code == Code.ERR_INVALID_PARAM
    assert caught.value.text == f"Admin operation not supported for {dn} ({number})"


TWO_NODES = ("SC-1", "SC-2")
UNITS = ("safSu=SU1,safSg=G,safApp=A", "safSu=SU2,safSg=G,safApp=A")


def with_node_group(redundancy: int) -> World:
    model = Model(redundancy, units=2, sis=2 if redundancy == 5 else 1, nodes=TWO_NODES)
    nodes = tuple(f"safAmfNode={name},{CLUSTER}" for name in TWO_NODES)
    model.view.add("SaAmfNodeGroup", GROUP, saAmfNGNodeList=nodes)
    world = World(model)
    world.up()
    return world


@pytest.mark.parametrize("redundancy", [1, 5])
@pytest.mark.parametrize("leave", [Operation.LOCK, Operation.SHUTDOWN])
def test_operations_on_a_node_group_are_carried_out_on_its_nodes(redundancy: int, leave: Operation) -> None:
    world = with_node_group(redundancy)
    assert [bool(world.cluster.units[dn].assignments) for dn in UNITS] == [True, True]

    def states() -> set[Any]:
        nodes = (f"safAmfNode={name},{CLUSTER}" for name in TWO_NODES)
        return {world.value(dn, "saAmfNodeAdminState") for dn in nodes} | {
            world.value(GROUP, "saAmfNGAdminState")
        }

    assert world.do(leave, GROUP) == (Code.OK, "")
    assert states() == {2}
    assert [world.cluster.units[dn].assignments for dn in UNITS] == [[], []]
    assert world.do(Operation.LOCK, GROUP) == (Code.ERR_NO_OP, f"'{GROUP}' Already in LOCKED state")
    assert world.do(Operation.LOCK_INSTANTIATION, GROUP) == (Code.OK, "")
    assert states() == {3}
    assert world.processes == {}
    code, text = world.do(Operation.UNLOCK, GROUP)
    assert (code, text) == (
        Code.ERR_BAD_OPERATION,
        f"'{GROUP}' Invalid Admin Operation UNLOCK in state LOCKED_INSTANTIATION",
    )
    assert world.do(Operation.UNLOCK_INSTANTIATION, GROUP) == (Code.OK, "")
    assert world.do(Operation.UNLOCK, GROUP) == (Code.OK, "")
    assert states() == {1}
    assert [bool(world.cluster.units[dn].assignments) for dn in UNITS] == [True, True]


def test_other_operations_on_a_node_group_say_their_number() -> None:
    world = with_node_group(5)
    for operation in (Operation.RESTART, Operation.REPAIRED, Operation.EAM_STOP):
        text = f"Operation is not supported ({int(operation)})"
        assert world.do(operation, GROUP) == (Code.ERR_NOT_SUPPORTED, text)


def test_a_node_group_is_locked_when_nothing_else_is_under_way() -> None:
    world = with_node_group(5)
    waiting = world.operate(Operation.LOCK, GROUP)
    code, text = world.do(Operation.UNLOCK, f"safAmfNode=SC-1,{CLUSTER}")
    assert code == Code.ERR_TRY_AGAIN, text
    assert world.ended[waiting] == (Code.OK, "")


def test_the_commands_say_why(saf_shim: SafShim) -> None:
    """The administrator reads the reason, and the simulator's log has it for commands that do not tell."""
    refused = saf_shim.run(
        "immcfg",
        "-a",
        "saAmfNGNodeList=safAmfNode=SC-1,safAmfCluster=myAmfCluster",
        "safAmfNodeGroup=SCs,safAmfCluster=myAmfCluster",
        check=False,
    )
    assert refused.returncode == 1
    log = (Path(saf_shim.directory) / "log").read_text("utf-8")
    assert "amfd refuses a CCB (ERR_BAD_OPERATION): no reason given" in log
    operation = saf_shim.run("amf-adm", "lock", "safSgType=OpenSafSgType2N", check=False)
    assert operation.stderr.endswith(
        "error-string: Admin operation not supported for safSgType=OpenSafSgType2N (3)\n"
    )
    assert "SA_AIS_ERR_INVALID_PARAM (7)" in operation.stderr
    configuration = saf_shim.run("amf-adm", "lock", "amfConfig=1,safApp=safAmfService", check=False)
    assert "SA_AIS_ERR_NOT_SUPPORTED (19)" in configuration.stderr
    assert configuration.stderr.endswith("error-string: Not supported\n")
