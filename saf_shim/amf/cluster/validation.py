# SPDX-License-Identifier: Apache-2.0
"""What a CCB may do to the AMF model: refused with BAD_OPERATION and OpenSAF's texts, before anything is
applied.

`CREATE`, `MODIFY` and `DELETE` say for each class what is checked. What OpenSAF accepts but the simulator
cannot imitate (other redundancy models than 2N and no redundancy, components that are not SA-aware) is
refused too, with a text of the simulator's own. `view` is the model as it would be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Optional

from imm_model.names import parent_dn, split_dn
from saf_shim.amf.cluster import assignments
from saf_shim.amf.cluster.records import Csi
from saf_shim.amf.configuration import SA_AWARE, Configuration
from saf_shim.amf.states import SECOND, Admin, GroupState, Recovery, Redundancy
from saf_shim.codes import AisError, Code
from saf_shim.imm.content.rules import ChangeKind, Modification
from saf_shim.imm.implementer.hooks import ObjectChange, View

if TYPE_CHECKING:
    from saf_shim.amf.cluster.director import Director

_TENTH = SECOND // 10
_DELETE = 2  # SaImmAttrModificationTypeT


class Ccb(NamedTuple):
    """What a check gets besides the object."""

    director: Director
    model: Configuration  # as it would be
    gone: frozenset[str]  # DNs that the CCB deletes
    supported: frozenset[Redundancy]


def check(
    director: Director, changes: Sequence[ObjectChange], view: View, supported: frozenset[Redundancy]
) -> None:
    """AisError: the CCB is refused, with this text for the administrator."""
    gone = frozenset(change.dn for change in changes if change.kind == ChangeKind.DELETE)
    ccb = Ccb(director, Configuration(view), gone, supported)
    for change in changes:
        if change.kind == ChangeKind.CREATE:
            _check_parent(change)
            create = CREATE.get(change.class_name)
            if create is not None:
                create(ccb, change.dn)
        elif change.kind == ChangeKind.DELETE:
            delete = DELETE.get(change.class_name)
            if delete is not None:
                delete(ccb, change.dn)
        else:
            for modification in change.modifications:
                _check_modification(ccb, change, modification)


def _refuse(text: str, code: Code = Code.ERR_BAD_OPERATION) -> None:
    raise AisError(code, text)


# -- creating

_PARENTS = {
    "SaAmfSG": "safApp=",
    "SaAmfSI": "safApp=",
    "SaAmfCSI": "safSi=",
    "SaAmfCSIAttribute": "safCsi=",
    "SaAmfSU": "safSg=",
    "SaAmfComp": "safSu=",
    "SaAmfSGType": "safSgType=",
    "SaAmfSUType": "safSuType=",
    "SaAmfCompType": "safCompType=",
}


def _check_parent(change: ObjectChange) -> None:
    wanted = _PARENTS.get(change.class_name)
    parent = split_dn(change.dn)[1]
    if change.class_name == "SaAmfApplication" and parent:
        _refuse(f"Parent to '{change.dn}' is not root")
    if wanted is None:
        return
    if not parent:
        _refuse(f"No parent to '{change.dn}' ")
    if not parent.startswith(wanted):
        _refuse(f"Wrong parent '{parent}' to '{change.dn}' ")


def _must_exist(ccb: Ccb, dn: str) -> None:
    if ccb.model.view.get(dn) is None:
        _refuse(f"'{dn}' does not exist in existing model or in CCB")


def _check_flag(ccb: Ccb, dn: str, attribute: str, text: str) -> None:
    value = ccb.model.number(dn, attribute)
    if value is not None and value > 1:
        _refuse(f"{text} {value} for '{dn}'")


def _check_admin(ccb: Ccb, dn: str, attribute: str) -> None:
    value = ccb.model.number(dn, attribute)
    if value is not None and value not in Admin._value2member_map_:
        _refuse(f"Invalid {attribute} {value} for '{dn}'")


def _create_application(ccb: Ccb, dn: str) -> None:
    _must_exist(ccb, ccb.model.name(dn, "saAmfAppType"))
    _check_admin(ccb, dn, "saAmfApplicationAdminState")


def _create_group_type(ccb: Ccb, dn: str) -> None:
    value = ccb.model.number(dn, "saAmfSgtRedundancyModel")
    if value not in Redundancy._value2member_map_:
        _refuse(f"Invalid saAmfSgtRedundancyModel {value} for '{dn}'")
    types = ccb.model.texts(dn, "saAmfSgtValidSuTypes")
    for name in types:
        if ccb.model.view.get(name) is None:
            _refuse(f"'{name}' does not exist either in model or CCB")
    if not types:
        _refuse(f"No SU types configured for '{dn}'")
    _check_flag(ccb, dn, "saAmfSgtDefAutoRepair", "Invalid saAmfSgtDefAutoRepair")
    _check_flag(ccb, dn, "saAmfSgtDefAutoAdjust", "Invalid saAmfSgtDefAutoAdjust")


def _create_group(ccb: Ccb, dn: str) -> None:
    _must_exist(ccb, ccb.model.name(dn, "saAmfSGType"))
    _check_flag(ccb, dn, "saAmfSGAutoRepair", "Invalid saAmfSGAutoRepair")
    _check_flag(ccb, dn, "saAmfSGAutoAdjust", "Invalid saAmfSGAutoAdjust")
    _check_admin(ccb, dn, "saAmfSGAdminState")
    group = ccb.model.name(dn, "saAmfSGSuHostNodeGroup")
    if group and ccb.director.configuration.view.get(group) is None:
        # one that this very CCB creates does not count; the real one gives no text then
        _refuse("" if ccb.model.view.get(group) else f"Invalid saAmfSGSuHostNodeGroup '{group}' for '{dn}'")
    redundancy = ccb.model.redundancy(dn)
    if redundancy is not None and redundancy not in ccb.supported:
        _refuse(f"The simulator has no redundancy model {redundancy.name} ('{dn}')")


def _create_unit_type(ccb: Ccb, dn: str) -> None:
    _check_flag(ccb, dn, "saAmfSutDefSUFailover", "Invalid saAmfSutDefSUFailover")
    _check_flag(ccb, dn, "saAmfSutIsExternal", "Invalid saAmfSutIsExternal")


def _create_unit(ccb: Ccb, dn: str) -> None:
    model = ccb.model
    _must_exist(ccb, model.name(dn, "saAmfSUType"))
    host = model.name(dn, "saAmfSUHostNodeOrNodeGroup")
    if host:
        _must_exist(ccb, host)
    sg = parent_dn(dn)
    if model.view.get(sg) is None:
        _refuse(f"SG '{sg}' does not exist in existing model or in CCB")
    group = model.name(sg, "saAmfSGSuHostNodeGroup")
    if not host and not group:
        _refuse(f"node or node group configuration is missing for '{dn}'")
    if host.startswith("safAmfNodeGroup=") and group.startswith("safAmfNodeGroup="):
        own, whole = set(model.group_nodes(host)), set(model.group_nodes(group))
        if len(own) > len(whole):
            _refuse(f"SU node group '{host}' contains more nodes than the SG node group '{group}'")
        if not own <= whole:
            _refuse(f"SU node group '{host}' is not a subset of the SG node group '{group}'")
    _check_flag(ccb, dn, "saAmfSUFailover", "Invalid saAmfSUFailover")
    _check_unit_admin(ccb, dn, sg, host)


def _check_unit_admin(ccb: Ccb, dn: str, sg: str, host: str) -> None:
    value = ccb.model.number(dn, "saAmfSUAdminState")
    admin = Admin.UNLOCKED if value is None else value
    if value is not None and value not in Admin._value2member_map_:
        _refuse(f"Invalid saAmfSUAdminState {value} for '{dn}'")
    if admin == Admin.LOCKED_INSTANTIATION:
        return
    if admin != Admin.UNLOCKED:
        _refuse(f"'{dn}' created with invalid saAmfSUAdminState ({int(admin)})")
    locked_in = Admin.LOCKED_INSTANTIATION
    node = ccb.director.nodes.get(host)
    if node is not None and node.admin == locked_in:
        return
    known = ccb.director.groups.get(sg)
    state = known.admin if known is not None else ccb.model.number(sg, "saAmfSGAdminState")
    if state != locked_in:
        _refuse("SG or node not configured properly to allow creation of UNLOCKED SU")


_COMPONENT_TYPE_NEEDS = (
    "saAmfCtDefClcCliTimeout",
    "saAmfCtDefCallbackTimeout",
    "saAmfCtDefQuiescingCompleteTimeout",
    "saAmfCtRelPathInstantiateCmd",
    "saAmfCtRelPathCleanupCmd",
)


def _create_component_type(ccb: Ccb, dn: str) -> None:
    model = ccb.model
    category = model.number(dn, "saAmfCtCompCategory") or 0
    if category != SA_AWARE:
        _refuse(f"The simulator has only SA-aware components, not saAmfCtCompCategory {category} ('{dn}')")
    for attribute in _COMPONENT_TYPE_NEEDS:
        if model.value(dn, attribute) is None:
            _refuse(f"Required attribute {attribute} not configured for '{dn}'")
        if attribute.startswith("saAmfCtRelPath"):
            path = model.name(dn, attribute)
            if not path.startswith("/") and not model.name(dn, "saAmfCtSwBundle"):
                text = f"{attribute} does not contain an absolute path and attribute saAmfCtSwBundle"
                _refuse(f"{text} is not configured for '{dn}'")
    value = model.number(dn, "saAmfCtDefRecoveryOnError")
    if not _is_recovery(value):
        _refuse(f"Illegal/unsupported saAmfCtDefRecoveryOnError value {value} for '{dn}'")
    if value == Recovery.CONTAINER_RESTART:
        text = "saAmfCtDefRecoveryOnError=SA_AMF_CONTAINER_RESTART can only be used by contained component"
        _refuse(f"{text}: '{dn}'")
    _check_flag(ccb, dn, "saAmfCtDefDisableRestart", "Illegal saAmfCtDefDisableRestart value")


def _is_recovery(value: Optional[int]) -> bool:
    return (
        value is not None
        and Recovery.NO_RECOMMENDATION <= value <= Recovery.CONTAINER_RESTART
        and value != Recovery.APPLICATION_RESTART
    )


def _create_component(ccb: Ccb, dn: str) -> None:
    _must_exist(ccb, ccb.model.name(dn, "saAmfCompType"))
    value = ccb.model.number(dn, "saAmfCompRecoveryOnError")
    if value is not None and not _is_recovery(value):
        _refuse(f"Illegal/unsupported saAmfCompRecoveryOnError value {value} for '{dn}'")
    if value == Recovery.CONTAINER_RESTART:
        text = "saAmfCompRecoveryOnError=SA_AMF_CONTAINER_RESTART can only be used by a contained component"
        _refuse(f"{text}: {dn}")
    _check_flag(ccb, dn, "saAmfCompDisableRestart", "Illegal saAmfCompDisableRestart value")


def _create_si(ccb: Ccb, dn: str) -> None:
    _must_exist(ccb, ccb.model.name(dn, "saAmfSvcType"))
    group = ccb.model.name(dn, "saAmfSIProtectedbySG")
    if not group:
        _refuse(f"saAmfSIProtectedbySG not specified for '{dn}'")
    _must_exist(ccb, group)
    _check_admin(ccb, dn, "saAmfSIAdminState")


def _create_csi(ccb: Ccb, dn: str) -> None:
    _must_exist(ccb, ccb.model.name(dn, "saAmfCSType"))
    si = ccb.director.sis.get(parent_dn(dn))
    if si is None:
        return
    csi = Csi(dn, si)
    for assignment in si.assignments:
        if assignments.choose_component(ccb.director, assignment, csi, ccb.model) is None:
            text = "Compcsi doesn't exist or MaxActiveCSI/MaxStandbyCSI have reached for csi"
            _refuse(f"{text} '{dn}'")


CREATE: Mapping[str, Callable[[Ccb, str], None]] = {
    "SaAmfApplication": _create_application,
    "SaAmfSGType": _create_group_type,
    "SaAmfSG": _create_group,
    "SaAmfSUType": _create_unit_type,
    "SaAmfSU": _create_unit,
    "SaAmfCompType": _create_component_type,
    "SaAmfComp": _create_component,
    "SaAmfSI": _create_si,
    "SaAmfCSI": _create_csi,
}


# -- deleting


def _delete_unit(ccb: Ccb, dn: str) -> None:
    unit = ccb.director.units.get(dn)
    if unit is None or not unit.node.present:
        return
    if Admin.LOCKED_INSTANTIATION not in (unit.admin, unit.group.admin, unit.node.admin):
        _refuse("Admin state is not locked instantiation required for deletion")


def _delete_group(ccb: Ccb, dn: str) -> None:
    group = ccb.director.groups.get(dn)
    if group is not None and any(si.dn not in ccb.gone for si in group.sis):
        _refuse(f"SIs still exist in SG '{dn}'")


def _delete_si(ccb: Ccb, dn: str) -> None:
    si = ccb.director.sis.get(dn)
    if si is not None and si.assignments:
        _refuse(f"SaAmfSI is in use '{dn}'")


def _delete_csi(ccb: Ccb, dn: str) -> None:
    csi = ccb.director.csis.get(dn)
    if csi is None:
        return
    si, group = csi.si, csi.si.group
    if group.state != GroupState.STABLE:
        state = int(group.state)
        _refuse(f"SG('{group.dn}') fsm state('{state}') is not in AVD_SG_FSM_STABLE(0)")
    if si.admin == Admin.LOCKED:
        if csi.assignments:
            _refuse(f"SaAmfCSI '{dn}' is in use")
    elif si.assignments:
        if len(si.csis) == 1:
            _refuse(f" csi('{dn}') is the last csi in si('{si.dn}'). Lock SI and then delete csi.")
        if any(assignment.adding is not None for assignment in si.assignments):
            _refuse("")


def _has_csi(ccb: Ccb, component: str) -> bool:
    known = ccb.director.components.get(component)
    if known is None:
        return False
    return any(each.component is known for a in known.unit.assignments for each in a.csis)


def _delete_healthcheck(ccb: Ccb, dn: str) -> None:
    if _has_csi(ccb, parent_dn(dn)):
        text = "Deletion of SaAmfHealthcheck requires comp without any csi assignment; Ideally su should"
        _refuse(f"{text} be locked-in")


def _delete_component_cs_type(ccb: Ccb, dn: str) -> None:
    if _has_csi(ccb, parent_dn(dn)):
        _refuse("Deletion of SaAmfCompCsType requires comp without any csi assignment")


def _delete_node(ccb: Ccb, dn: str) -> None:
    node = ccb.director.nodes.get(dn)
    if node is not None and any(unit.dn not in ccb.gone for unit in node.units):
        _refuse(f"Node '{dn}' still has SUs")


def _delete_used(user: str, reference: str, text: str) -> Callable[[Ccb, str], None]:
    """A type cannot go while an object of class `user` refers to it."""

    def delete(ccb: Ccb, dn: str) -> None:
        view = ccb.model.view
        if any(ccb.model.name(each, reference) == dn for each in view.of_class(user)):
            _refuse(text.format(dn))

    return delete


DELETE: Mapping[str, Callable[[Ccb, str], None]] = {
    "SaAmfNode": _delete_node,
    "SaAmfSU": _delete_unit,
    "SaAmfSG": _delete_group,
    "SaAmfSI": _delete_si,
    "SaAmfCSI": _delete_csi,
    "SaAmfHealthcheck": _delete_healthcheck,
    "SaAmfCompCsType": _delete_component_cs_type,
    "SaAmfAppType": _delete_used("SaAmfApplication", "saAmfAppType", "SaAmfAppType '{}' is in use"),
    "SaAmfSGType": _delete_used("SaAmfSG", "saAmfSGType", "SGs exist of this SG type '{}'"),
    "SaAmfSUType": _delete_used("SaAmfSU", "saAmfSUType", "SaAmfSUType '{}'is in use"),
    "SaAmfCompType": _delete_used("SaAmfComp", "saAmfCompType", "SaAmfCompType '{}' is in use"),
    "SaAmfSvcType": _delete_used("SaAmfSI", "saAmfSvcType", "SaAmfSvcType '{}' is in use"),
    "SaAmfCSType": _delete_used("SaAmfCSI", "saAmfCSType", "SaAmfCSType '{}' is in use"),
}


# -- changing

_MINIMUM = {
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
    # class: (attributes that can be modified, text about others, code)
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

_NOT_REMOVABLE = (
    "saAmfCtDefClcCliTimeout",
    "saAmfCtDefCallbackTimeout",
    "saAmfCtDefQuiescingCompleteTimeout",
    "saAmfCtDefRecoveryOnError",
)


def _check_modification(ccb: Ccb, change: ObjectChange, modification: Modification) -> None:
    class_name, dn, name = change.class_name, change.dn, modification.name
    only = _ONLY.get(class_name)
    if only is not None and name not in only[0]:
        _refuse(only[1].format(name=name), only[2])
    if modification.how == _DELETE or not modification.values:
        if class_name == "SaAmfCompType" and name in _NOT_REMOVABLE:
            _refuse(f"Value deletion for '{name}' is not supported")
        if class_name == "SaAmfSUType":
            _refuse("Attributes cannot be deleted in SaAmfSUType")
        return
    value = modification.values[0]
    if isinstance(value, int):
        smallest, text = _MINIMUM.get((class_name, name), (value, ""))
        if value < smallest:
            _refuse(text.format(dn=dn, value=value))
        flag = _FLAGS.get((class_name, name))
        if flag is not None and value > 1:
            _refuse(flag.format(dn=dn))
        _check_number(ccb, dn, name, value)
    elif isinstance(value, str):
        _check_reference(ccb, dn, name, value)


def _check_number(ccb: Ccb, dn: str, name: str, value: int) -> None:
    if name in ("saAmfSUFailover", "saAmfSutDefSUFailover"):
        for unit in ccb.director.units.values():
            concerned = unit.dn == dn or ccb.model.name(unit.dn, "saAmfSUType") == dn
            if concerned and unit.group.state != GroupState.STABLE:
                text = f"'{unit.group.dn}' is not stable" if unit.dn == dn else "SG state is not stable"
                _refuse(text, Code.ERR_TRY_AGAIN)
    elif name == "saAmfCtDefRecoveryOnError":
        if not _is_recovery(value) or value == Recovery.NO_RECOMMENDATION:
            _refuse(f"Invalid saAmfCtDefRecoveryOnError for '{dn}'")
    elif name == "saAmfSGNumPrefInserviceSUs":
        group = ccb.director.groups.get(dn)
        least = 2 if group is not None and group.redundancy == Redundancy.TWO_N else 1
        if value < least:
            _refuse("Minimum preferred num of su should be 2 in 2N, N+M and NWay red models")


def _check_reference(ccb: Ccb, dn: str, name: str, value: str) -> None:
    if name == "saAmfSUType":
        unit = ccb.director.units.get(dn)
        if unit is not None and unit.admin != Admin.LOCKED_INSTANTIATION:
            _refuse(f"SU is not in locked-inst, present state '{int(unit.admin)}'")
        if ccb.model.view.get(value) is None:
            _refuse(f"SU Type not found '{value}'")
    elif name == "saAmfCompType" and ccb.model.view.get(value) is None:
        _refuse(f"saAmfCompType '{value}' not found")
    elif name == "saAmfAppType" and ccb.model.view.get(value) is None:
        _refuse(f"saAmfAppType '{value}' not found")
    elif name == "saAmfCSType":
        csi = ccb.director.csis.get(dn)
        if csi is not None and csi.si.admin != Admin.LOCKED:
            _refuse(f"Parent SI is not in locked state, SI state '{int(csi.si.admin)}'")
        if ccb.model.view.get(value) is None:
            _refuse(f"CS Type not found '{value}'")
