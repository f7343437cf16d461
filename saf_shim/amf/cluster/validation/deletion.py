# SPDX-License-Identifier: Apache-2.0
"""Checks of an object that a CCB deletes. `DELETE` has the classes that are checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from imm_model.names import parent_dn
from saf_shim.amf.cluster.validation.ccb import Ccb, refuse
from saf_shim.amf.states import Admin, GroupState


def _delete_unit(ccb: Ccb, dn: str) -> None:
    unit = ccb.cluster.units.get(dn)
    if unit is None or not unit.node.present:
        return
    if Admin.LOCKED_INSTANTIATION not in (unit.admin, unit.group.admin, unit.node.admin):
        refuse("Admin state is not locked instantiation required for deletion")


def _delete_group(ccb: Ccb, dn: str) -> None:
    group = ccb.cluster.groups.get(dn)
    if group is not None and any(si.dn not in ccb.gone for si in group.sis):
        refuse(f"SIs still exist in SG '{dn}'")


def _delete_si(ccb: Ccb, dn: str) -> None:
    si = ccb.cluster.sis.get(dn)
    if si is not None and si.assignments:
        refuse(f"SaAmfSI is in use '{dn}'")


def _delete_csi(ccb: Ccb, dn: str) -> None:
    csi = ccb.cluster.csis.get(dn)
    if csi is None:
        return
    si, group = csi.si, csi.si.group
    if group.state != GroupState.STABLE:
        state = int(group.state)
        refuse(f"SG('{group.dn}') fsm state('{state}') is not in AVD_SG_FSM_STABLE(0)")
    if si.admin == Admin.LOCKED:
        if csi.assignments:
            refuse(f"SaAmfCSI '{dn}' is in use")
    elif si.assignments:
        if len(si.csis) == 1:
            refuse(f" csi('{dn}') is the last csi in si('{si.dn}'). Lock SI and then delete csi.")
        if any(assignment.adding is not None for assignment in si.assignments):
            refuse("")


def _has_csi(ccb: Ccb, component: str) -> bool:
    known = ccb.cluster.components.get(component)
    if known is None:
        return False
    return any(each.component is known for a in known.unit.assignments for each in a.csis)


def _delete_healthcheck(ccb: Ccb, dn: str) -> None:
    if _has_csi(ccb, parent_dn(dn)):
        text = "Deletion of SaAmfHealthcheck requires comp without any csi assignment; Ideally su should"
        refuse(f"{text} be locked-in")


def _delete_component_cs_type(ccb: Ccb, dn: str) -> None:
    if _has_csi(ccb, parent_dn(dn)):
        refuse("Deletion of SaAmfCompCsType requires comp without any csi assignment")


def _delete_node(ccb: Ccb, dn: str) -> None:
    node = ccb.cluster.nodes.get(dn)
    if node is not None and any(unit.dn not in ccb.gone for unit in node.units):
        refuse(f"Node '{dn}' still has SUs")


def _delete_used(user: str, reference: str, text: str) -> Callable[[Ccb, str], None]:
    """Make the check that a type cannot be deleted while an object of class `user` refers to it."""

    def delete(ccb: Ccb, dn: str) -> None:
        view = ccb.model.view
        if any(ccb.model.name(each, reference) == dn for each in view.of_class(user)):
            refuse(text.format(dn))

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
