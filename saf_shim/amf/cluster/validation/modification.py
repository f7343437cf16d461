# SPDX-License-Identifier: Apache-2.0
"""Checks of one modification of an attribute: smallest values, flags, fixed attributes, references."""

from __future__ import annotations

from saf_shim.amf.cluster.validation.ccb import Ccb, is_recovery, refuse
from saf_shim.amf.states import SECOND, Admin, GroupState, Recovery, Redundancy
from saf_shim.codes import Code
from saf_shim.imm.content.rules import Modification, ModificationType
from saf_shim.imm.implementer.hooks import ObjectChange

_TENTH = SECOND // 10
_HANDLER = "ccb_completed_modify_hdlr"
"""The name of OpenSAF's function. Some of its texts begin with it."""

MINIMUM = {
    # (class, attribute): (smallest value, text)
    ("SaAmfHealthcheck", "saAmfHealthcheckPeriod"): (
        _TENTH,
        "Unreasonable saAmfHealthcheckPeriod {value} for '{dn}' ",
    ),
    ("SaAmfHealthcheck", "saAmfHealthcheckMaxDuration"): (
        _TENTH,
        "Unreasonable saAmfHealthcheckMaxDuration {value} for '{dn}'",
    ),
    ("SaAmfHealthcheckType", "saAmfHctDefPeriod"): (SECOND, "Invalid saAmfHctDefPeriod for '{dn}'"),
    ("SaAmfHealthcheckType", "saAmfHctDefMaxDuration"): (
        _TENTH,
        "Invalid saAmfHctDefMaxDuration for '{dn}'",
    ),
    ("SaAmfCompType", "saAmfCtDefClcCliTimeout"): (SECOND, "Invalid saAmfCtDefClcCliTimeout for '{dn}'"),
    ("SaAmfCompType", "saAmfCtDefCallbackTimeout"): (_TENTH, "Invalid saAmfCtDefCallbackTimeout for '{dn}'"),
    ("SaAmfCompType", "saAmfCtDefQuiescingCompleteTimeout"): (
        _TENTH,
        "Invalid saAmfCtDefQuiescingCompleteTimeout for '{dn}'",
    ),
    ("SaAmfCompType", "saAmfCtDefInstantiationLevel"): (
        1,
        "Modification of saAmfCtDefInstantiationLevel Fail, Zero InstantiationLevel",
    ),
    ("SaAmfComp", "saAmfCompInstantiateTimeout"): (
        1,
        "Modification of saAmfCompInstantiateTimeout Fail, Zero Timeout",
    ),
    ("SaAmfComp", "saAmfCompInstantiationLevel"): (
        1,
        "Modification of saAmfCompInstantiationLevel Fail, Zero InstantiationLevel",
    ),
    ("SaAmfComp", "saAmfCompNumMaxInstantiateWithoutDelay"): (
        1,
        "Modification of saAmfCompNumMaxInstantiateWithoutDelay Fail, Zero withoutDelay",
    ),
    ("SaAmfComp", "saAmfCompTerminateTimeout"): (
        1,
        "Modification of saAmfCompTerminateTimeout Fail, Zero timeout",
    ),
    ("SaAmfComp", "saAmfCompCleanupTimeout"): (
        1,
        "Modification of saAmfCompCleanupTimeout Fail, Zero Timeout",
    ),
}

_FLAGS = {
    ("SaAmfSG", "saAmfSGAutoRepair"): "Invalid saAmfSGAutoRepair SG:'{dn}'",
    ("SaAmfSGType", "saAmfSgtDefAutoRepair"): "invalid saAmfSgtDefAutoRepair in:'{dn}'",
    ("SaAmfSU", "saAmfSUFailover"): "Invalid saAmfSUFailover SU:'{dn}'",
    ("SaAmfSUType", "saAmfSutDefSUFailover"): "invalid saAmfSutDefSUFailover in:'{dn}'",
    ("SaAmfCompType", "saAmfCtDefDisableRestart"): "Invalid saAmfCtDefDisableRestart for '{dn}'",
}

_ONLY = {
    # class: (attributes that can be modified, text for the other attributes, code)
    "SaAmfSU": (
        ("saAmfSUFailover", "saAmfSUMaintenanceCampaign", "saAmfSUType"),
        "Modification of attribute '{name}' not supported",
        Code.ERR_NOT_SUPPORTED,
    ),
    "SaAmfSGType": (
        ("saAmfSgtDefAutoRepair",),
        "Modification of attribute is Not Supported:'{name}' ",
        Code.ERR_BAD_OPERATION,
    ),
    "SaAmfSUType": (
        ("saAmfSutDefSUFailover",),
        "attribute is non writable:'{name}' ",
        Code.ERR_BAD_OPERATION,
    ),
}

_FIXED = ("SaAmfSvcType", "SaAmfCSType")
"""Classes whose objects cannot be modified at all."""

_NOT_REMOVABLE = (
    "saAmfCtDefClcCliTimeout",
    "saAmfCtDefCallbackTimeout",
    "saAmfCtDefQuiescingCompleteTimeout",
    "saAmfCtDefRecoveryOnError",
)


def check_modification(ccb: Ccb, change: ObjectChange, modification: Modification) -> None:
    class_name, dn, name = change.class_name, change.dn, modification.name
    if class_name in _FIXED:
        refuse(f"Modification of {class_name} not supported")
    if class_name == "SaAmfNodeGroup":
        _check_node_list(ccb, dn, modification)
        return
    only = _ONLY.get(class_name)
    if only is not None and name not in only[0]:
        refuse(only[1].format(name=name), only[2])
    if modification.how == ModificationType.DELETE or not modification.values:
        if class_name == "SaAmfCompType" and name in _NOT_REMOVABLE:
            refuse(f"Value deletion for '{name}' is not supported")
        if class_name == "SaAmfSUType":
            refuse("Attributes cannot be deleted in SaAmfSUType")
        return
    value = modification.values[0]
    if isinstance(value, int):
        smallest, text = MINIMUM.get((class_name, name), (value, ""))
        if value < smallest:
            refuse(text.format(dn=dn, value=value))
        flag = _FLAGS.get((class_name, name))
        if flag is not None and value > 1:
            refuse(flag.format(dn=dn))
        _check_number(ccb, dn, name, value)
    elif isinstance(value, str):
        _check_reference(ccb, dn, name, value)


def _check_number(ccb: Ccb, dn: str, name: str, value: int) -> None:
    if name in ("saAmfSUFailover", "saAmfSutDefSUFailover"):
        for unit in ccb.cluster.units.values():
            concerned = unit.dn == dn or ccb.model.name(unit.dn, "saAmfSUType") == dn
            if concerned and unit.group.state != GroupState.STABLE:
                text = f"'{unit.group.dn}' is not stable" if unit.dn == dn else "SG state is not stable"
                refuse(text, Code.ERR_TRY_AGAIN)
    elif name == "saAmfCtDefRecoveryOnError":
        if not is_recovery(value) or value == Recovery.NO_RECOMMENDATION:
            refuse(f"Invalid saAmfCtDefRecoveryOnError for '{dn}'")
    elif name == "saAmfSGNumPrefInserviceSUs":
        group = ccb.cluster.groups.get(dn)
        least = 2 if group is not None and group.redundancy == Redundancy.TWO_N else 1
        if value < least:
            text = "Minimum preferred num of su should be 2 in 2N, N+M and NWay red models"
            refuse(f"{_HANDLER}: {text}")
    elif name == "saAmfSIPrefActiveAssignments":
        text = f"{name} can be updated only for N_WAY_ACTIVE_REDUNDANCY_MODEL"
        refuse(f"Invalid modification,{text}")


def _check_node_list(ccb: Ccb, dn: str, modification: Modification) -> None:
    """Allow adding and removing nodes of a node group. The whole list cannot be replaced."""
    if modification.how == ModificationType.REPLACE:
        refuse("")  # OpenSAF gives no text
    present = ccb.cluster.configuration.group_nodes(dn)
    for node in map(str, modification.values):
        known = ccb.model.view.get(node) is not None
        if modification.how == ModificationType.ADD:
            if not known:
                refuse(f"'{node}' does not exist in model or CCB")
            if node in present:
                refuse(f"'{node}' already exists in the nodegroup")
        else:
            if not known:
                refuse(f"Node '{node}' does not exist")
            if node not in present:
                refuse(f"ng modify: node '{node}' does not exist in node group")


def _check_reference(ccb: Ccb, dn: str, name: str, value: str) -> None:
    if name == "saAmfSUType":
        unit = ccb.cluster.units.get(dn)
        if unit is not None and unit.admin != Admin.LOCKED_INSTANTIATION:
            refuse(f"SU is not in locked-inst, present state '{int(unit.admin)}'")
        if ccb.model.view.get(value) is None:
            refuse(f"SU Type not found '{value}'")
    elif name == "saAmfSGType":
        group = ccb.cluster.groups.get(dn)
        if group is not None and group.admin == Admin.UNLOCKED:
            refuse(f"{_HANDLER}: Attribute '{name}' cannot be modified when SG is unlocked")
    elif name == "saAmfCompType" and ccb.model.view.get(value) is None:
        refuse(f"saAmfCompType '{value}' not found")
    elif name == "saAmfAppType" and ccb.model.view.get(value) is None:
        refuse(f"saAmfAppType '{value}' not found")
    elif name == "saAmfCSType":
        csi = ccb.cluster.csis.get(dn)
        if csi is not None and csi.si.admin != Admin.LOCKED:
            refuse(f"Parent SI is not in locked state, SI state '{int(csi.si.admin)}'")
        if ccb.model.view.get(value) is None:
            refuse(f"CS Type not found '{value}'")
