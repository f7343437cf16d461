# SPDX-License-Identifier: Apache-2.0
"""Checks of an object that a CCB creates. `CREATE` has the classes that are checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from imm_model.names import parent_dn, rdn_value, split_dn
from saf_shim.amf.cluster.validation.ccb import Ccb, check_admin, check_flag, is_recovery, must_exist, refuse
from saf_shim.amf.configuration import SA_AWARE
from saf_shim.amf.entities import assignments
from saf_shim.amf.entities.records import Csi
from saf_shim.amf.states import Admin, Recovery, Redundancy
from saf_shim.imm.implementer.hooks import ObjectChange

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


def check_parent(change: ObjectChange) -> None:
    wanted = _PARENTS.get(change.class_name)
    parent = split_dn(change.dn)[1]
    if change.class_name == "SaAmfApplication" and parent:
        refuse(f"Parent to '{change.dn}' is not root")
    if wanted is None:
        return
    if not parent:
        refuse(f"No parent to '{change.dn}' ")
    if not parent.startswith(wanted):
        refuse(f"Wrong parent '{parent}' to '{change.dn}' ")


def _create_application_type(ccb: Ccb, dn: str) -> None:
    _references_must_exist(ccb, ccb.model.texts(dn, "saAmfApptSGTypes"))


def _references_must_exist(ccb: Ccb, names: Iterable[str]) -> None:
    for name in names:
        if ccb.model.view.get(name) is None:
            refuse(f"'{name}' does not exist either in model or CCB")


def _create_application(ccb: Ccb, dn: str) -> None:
    must_exist(ccb, ccb.model.name(dn, "saAmfAppType"))
    check_admin(ccb, dn, "saAmfApplicationAdminState")


def _create_group_type(ccb: Ccb, dn: str) -> None:
    value = ccb.model.number(dn, "saAmfSgtRedundancyModel")
    if value not in Redundancy._value2member_map_:
        refuse(f"Invalid saAmfSgtRedundancyModel {value} for '{dn}'")
    types = ccb.model.texts(dn, "saAmfSgtValidSuTypes")
    _references_must_exist(ccb, types)
    if not types:
        refuse(f"No SU types configured for '{dn}'")
    check_flag(ccb, dn, "saAmfSgtDefAutoRepair", "Invalid saAmfSgtDefAutoRepair")
    check_flag(ccb, dn, "saAmfSgtDefAutoAdjust", "Invalid saAmfSgtDefAutoAdjust")


def _create_group(ccb: Ccb, dn: str) -> None:
    must_exist(ccb, ccb.model.name(dn, "saAmfSGType"))
    check_flag(ccb, dn, "saAmfSGAutoRepair", "Invalid saAmfSGAutoRepair")
    check_flag(ccb, dn, "saAmfSGAutoAdjust", "Invalid saAmfSGAutoAdjust")
    check_admin(ccb, dn, "saAmfSGAdminState")
    group = ccb.model.name(dn, "saAmfSGSuHostNodeGroup")
    if group and ccb.cluster.configuration.view.get(group) is None:
        # A node group that the same CCB creates does not count. OpenSAF gives no text in that case.
        refuse("" if ccb.model.view.get(group) else f"Invalid saAmfSGSuHostNodeGroup '{group}' for '{dn}'")
    redundancy = ccb.model.redundancy(dn)
    if redundancy is not None and redundancy not in ccb.supported:
        refuse(f"The simulator has no redundancy model {redundancy.name} ('{dn}')")


def _create_unit_type(ccb: Ccb, dn: str) -> None:
    check_flag(ccb, dn, "saAmfSutDefSUFailover", "Invalid saAmfSutDefSUFailover")
    check_flag(ccb, dn, "saAmfSutIsExternal", "Invalid saAmfSutIsExternal")


def _create_unit(ccb: Ccb, dn: str) -> None:
    model = ccb.model
    must_exist(ccb, model.name(dn, "saAmfSUType"))
    host = model.name(dn, "saAmfSUHostNodeOrNodeGroup")
    if host:
        must_exist(ccb, host)
    sg = parent_dn(dn)
    if model.view.get(sg) is None:
        refuse(f"SG '{sg}' does not exist in existing model or in CCB")
    group = model.name(sg, "saAmfSGSuHostNodeGroup")
    if not host and not group:
        refuse(f"node or node group configuration is missing for '{dn}'")
    if host.startswith("safAmfNodeGroup=") and group.startswith("safAmfNodeGroup="):
        own, whole = set(model.group_nodes(host)), set(model.group_nodes(group))
        if len(own) > len(whole):
            refuse(f"SU node group '{host}' contains more nodes than the SG node group '{group}'")
        if not own <= whole:
            refuse(f"SU node group '{host}' is not a subset of the SG node group '{group}'")
    check_flag(ccb, dn, "saAmfSUFailover", "Invalid saAmfSUFailover")
    _check_unit_admin(ccb, dn, sg, host)


def _check_unit_admin(ccb: Ccb, dn: str, sg: str, host: str) -> None:
    value = ccb.model.number(dn, "saAmfSUAdminState")
    admin = Admin.UNLOCKED if value is None else value
    if value is not None and value not in Admin._value2member_map_:
        refuse(f"Invalid saAmfSUAdminState {value} for '{dn}'")
    if admin == Admin.LOCKED_INSTANTIATION:
        return
    if admin != Admin.UNLOCKED:
        refuse(f"'{dn}' created with invalid saAmfSUAdminState ({int(admin)})")
    locked_in = Admin.LOCKED_INSTANTIATION
    node = ccb.cluster.nodes.get(host)
    if node is not None and node.admin == locked_in:
        return
    known = ccb.cluster.groups.get(sg)
    state = known.admin if known is not None else ccb.model.number(sg, "saAmfSGAdminState")
    if state != locked_in:
        refuse("SG or node not configured properly to allow creation of UNLOCKED SU")


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
        refuse(f"The simulator has only SA-aware components, not saAmfCtCompCategory {category} ('{dn}')")
    for attribute in _COMPONENT_TYPE_NEEDS:
        if model.value(dn, attribute) is None:
            refuse(f"Required attribute {attribute} not configured for '{dn}'")
        if attribute.startswith("saAmfCtRelPath"):
            path = model.name(dn, attribute)
            if not path.startswith("/") and not model.name(dn, "saAmfCtSwBundle"):
                text = f"{attribute} does not contain an absolute path and attribute saAmfCtSwBundle"
                refuse(f"{text} is not configured for '{dn}'")
    value = model.number(dn, "saAmfCtDefRecoveryOnError")
    if not is_recovery(value):
        refuse(f"Illegal/unsupported saAmfCtDefRecoveryOnError value {value} for '{dn}'")
    if value == Recovery.CONTAINER_RESTART:
        text = "saAmfCtDefRecoveryOnError=SA_AMF_CONTAINER_RESTART can only be used by contained component"
        refuse(f"{text}: '{dn}'")
    check_flag(ccb, dn, "saAmfCtDefDisableRestart", "Illegal saAmfCtDefDisableRestart value")


def _create_component(ccb: Ccb, dn: str) -> None:
    must_exist(ccb, ccb.model.name(dn, "saAmfCompType"))
    value = ccb.model.number(dn, "saAmfCompRecoveryOnError")
    if value is not None and not is_recovery(value):
        refuse(f"Illegal/unsupported saAmfCompRecoveryOnError value {value} for '{dn}'")
    if value == Recovery.CONTAINER_RESTART:
        text = "saAmfCompRecoveryOnError=SA_AMF_CONTAINER_RESTART can only be used by a contained component"
        refuse(f"{text}: {dn}")
    check_flag(ccb, dn, "saAmfCompDisableRestart", "Illegal saAmfCompDisableRestart value")


def _create_si(ccb: Ccb, dn: str) -> None:
    must_exist(ccb, ccb.model.name(dn, "saAmfSvcType"))
    group = ccb.model.name(dn, "saAmfSIProtectedbySG")
    if not group:
        refuse(f"saAmfSIProtectedbySG not specified for '{dn}'")
    must_exist(ccb, group)
    check_admin(ccb, dn, "saAmfSIAdminState")


def _create_csi(ccb: Ccb, dn: str) -> None:
    must_exist(ccb, ccb.model.name(dn, "saAmfCSType"))
    si = ccb.cluster.sis.get(parent_dn(dn))
    if si is None:
        return
    csi = Csi(dn, si)
    for assignment in si.assignments:
        if assignments.choose_component(ccb.cluster, assignment, csi, ccb.model) is None:
            text = "Compcsi doesn't exist or MaxActiveCSI/MaxStandbyCSI have reached for csi"
            refuse(f"{text} '{dn}'")


def _object_in_name(dn: str) -> str:
    """Return the object that the RDN names, as in ``safMemberCSType=safVersion=1\\,safCSType=X``."""
    return rdn_value(dn).replace("\\,", ",")


def _create_member_cs_type(ccb: Ccb, dn: str) -> None:
    kind = _object_in_name(dn)
    if ccb.model.view.get(kind) is None:
        refuse(f"SaAmfCSType object '{kind}' does not exist in model or in CCB")


def _create_supported_cs_type(ccb: Ccb, dn: str) -> None:
    kind = _object_in_name(dn)
    if ccb.model.view.get(kind) is None:
        refuse(f"SaAmfCSType object '{kind}' does not exist in model or CCB")


def _create_node_bundle(ccb: Ccb, dn: str) -> None:
    path = ccb.model.name(dn, "saAmfNodeSwBundlePathPrefix")
    if not path.startswith("/"):
        refuse(f"Invalid absolute path '{path}' for '{dn}' ")


def _create_node_group(ccb: Ccb, dn: str) -> None:
    _references_must_exist(ccb, ccb.model.group_nodes(dn))


CREATE: Mapping[str, Callable[[Ccb, str], None]] = {
    "SaAmfAppType": _create_application_type,
    "SaAmfApplication": _create_application,
    "SaAmfSGType": _create_group_type,
    "SaAmfSG": _create_group,
    "SaAmfSUType": _create_unit_type,
    "SaAmfSU": _create_unit,
    "SaAmfCompType": _create_component_type,
    "SaAmfComp": _create_component,
    "SaAmfSI": _create_si,
    "SaAmfCSI": _create_csi,
    "SaAmfSvcTypeCSTypes": _create_member_cs_type,
    "SaAmfCtCsType": _create_supported_cs_type,
    "SaAmfNodeSwBundle": _create_node_bundle,
    "SaAmfNodeGroup": _create_node_group,
}
