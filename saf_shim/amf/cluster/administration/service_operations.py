# SPDX-License-Identifier: Apache-2.0
"""Administrative operations on service instances and service groups."""

from __future__ import annotations

from saf_shim.amf.cluster.administration.operation_rules import Done, Rule
from saf_shim.amf.cluster.group_events import group_event
from saf_shim.amf.cluster.pending import is_instantiation_over
from saf_shim.amf.entities.cluster import Cluster
from saf_shim.amf.entities.records import Group, Si
from saf_shim.amf.redundancy import two_n
from saf_shim.amf.redundancy.groups import Cause, GroupEvent
from saf_shim.amf.states import (
    AT_REST,
    Admin,
    GroupState,
    Operation,
    Operational,
    Presence,
    Readiness,
    Redundancy,
)
from saf_shim.codes import AisError, Code

# -- service instances


def _unlock_si(cluster: Cluster, si: Si, operation: Operation) -> Done:
    if si.admin == Admin.UNLOCKED:
        raise AisError(Code.ERR_NO_OP, f"SI unlock of {si.dn} failed, already unlocked")
    if si.group.state != GroupState.STABLE:
        raise AisError(Code.ERR_TRY_AGAIN, f"SI unlock of {si.dn} failed, SG not stable")
    cluster.set_si_admin(si, Admin.UNLOCKED)
    group_event(cluster, si.group, GroupEvent.SI_UP, Cause(si=si))
    return not si.assignments


def _lock_si(cluster: Cluster, si: Si, operation: Operation) -> Done:
    shutdown = operation == Operation.SHUTDOWN
    if shutdown and si.admin == Admin.SHUTTING_DOWN:
        raise AisError(Code.ERR_NO_OP, f"SI unlock of {si.dn} failed, already shutting down")
    if shutdown and si.admin in (Admin.LOCKED, Admin.LOCKED_INSTANTIATION):
        raise AisError(Code.ERR_BAD_OPERATION, f"SI unlock of {si.dn} failed, is locked (instantiation)")
    if si.admin == Admin.LOCKED:
        raise AisError(Code.ERR_NO_OP, f"SI lock of {si.dn} failed, already locked")
    if not si.assignments:
        cluster.set_si_admin(si, Admin.LOCKED)
        return True
    group = si.group
    if group.state != GroupState.STABLE:
        hurried = group.state == GroupState.SI_OPERATION and si.admin == Admin.SHUTTING_DOWN
        if shutdown or not hurried:
            raise AisError(Code.ERR_TRY_AGAIN, f"SI lock of '{si.dn}' failed, SG not stable")
        cluster.end(si, Code.ERR_INTERRUPT, f"SI lock has been issued '{si.dn}'")
    before = si.admin
    cluster.set_si_admin(si, Admin.SHUTTING_DOWN if shutdown else Admin.LOCKED)
    if not group_event(cluster, group, GroupEvent.SI_DOWN, Cause(si=si)):
        cluster.set_si_admin(si, before)
        raise AisError(Code.ERR_BAD_OPERATION, f"SI shutdown/lock of {si.dn} failed")
    return False


def _swap(cluster: Cluster, si: Si, operation: Operation) -> Done:
    code = Code.OK
    if si.group.redundancy != Redundancy.TWO_N:
        code = Code.ERR_NOT_SUPPORTED
    elif si.admin != Admin.UNLOCKED:
        code = Code.ERR_BAD_OPERATION
    elif si.group.state != GroupState.STABLE:
        code = Code.ERR_TRY_AGAIN
    elif not two_n.can_swap(si) or not two_n.swap(cluster, si):
        code = Code.ERR_BAD_OPERATION
    if code != Code.OK:
        raise AisError(code, f"SI Swap of {si.dn} failed, syslog has details")
    return False


INSTANCE: dict[Operation, Rule] = {
    Operation.UNLOCK: Rule(
        (Admin.LOCKED,), (Admin.UNLOCKED,), Admin.UNLOCKED, _unlock_si, "assigned to SUs that are in service"
    ),
    Operation.LOCK: Rule(
        (Admin.UNLOCKED, Admin.SHUTTING_DOWN),
        (Admin.LOCKED,),
        Admin.LOCKED,
        _lock_si,
        "QUIESCED, then the assignments are removed",
    ),
    Operation.SHUTDOWN: Rule(
        (Admin.UNLOCKED,),
        (Admin.SHUTTING_DOWN,),
        Admin.LOCKED,
        _lock_si,
        "QUIESCING, then the assignments are removed",
    ),
    Operation.SI_SWAP: Rule(
        (Admin.UNLOCKED,), (), None, _swap, "2N: the two SUs change places, with all their SIs"
    ),
}


# -- service groups


def _unlock_group(cluster: Cluster, group: Group, operation: Operation) -> Done:
    if group.admin == Admin.UNLOCKED:
        raise AisError(Code.ERR_NO_OP, f"{group.dn} is already unlocked")
    _refuse_locked_in(group)
    before = group.admin
    cluster.set_group_admin(group, Admin.UNLOCKED)
    for unit in group.units:
        if cluster.in_service(unit):
            cluster.set_readiness(unit, Readiness.IN_SERVICE)
    if not group_event(cluster, group, GroupEvent.REALIGN, Cause()):
        for unit in group.units:
            cluster.set_readiness(unit, Readiness.OUT_OF_SERVICE)
        cluster.set_group_admin(group, before)
        raise AisError(Code.ERR_BAD_OPERATION)
    return group.state == GroupState.STABLE


def _lock_group(cluster: Cluster, group: Group, operation: Operation) -> Done:
    if operation == Operation.SHUTDOWN:
        if group.admin == Admin.SHUTTING_DOWN:
            raise AisError(Code.ERR_NO_OP, f"{group.dn} is shutting down")
        if group.admin in (Admin.LOCKED, Admin.LOCKED_INSTANTIATION):
            raise AisError(Code.ERR_BAD_OPERATION, f"{group.dn} is locked (instantiation)")
    elif group.admin == Admin.LOCKED:
        raise AisError(Code.ERR_NO_OP, f"{group.dn} is already locked")
    else:
        _refuse_locked_in(group)
    before = group.admin
    shutdown = operation == Operation.SHUTDOWN
    cluster.set_group_admin(group, Admin.SHUTTING_DOWN if shutdown else Admin.LOCKED)
    if not group_event(cluster, group, GroupEvent.SG_DOWN, Cause()):
        cluster.set_group_admin(group, before)
        raise AisError(Code.ERR_BAD_OPERATION)
    for unit in group.units:
        cluster.set_readiness(unit, Readiness.OUT_OF_SERVICE)
    return group.state == GroupState.STABLE


def _refuse_locked_in(group: Group) -> None:
    if group.admin == Admin.LOCKED_INSTANTIATION:
        raise AisError(Code.ERR_BAD_OPERATION, f"{group.dn} is locked instantiation")


def _lock_group_instantiation(cluster: Cluster, group: Group, operation: Operation) -> Done:
    if group.admin == Admin.LOCKED_INSTANTIATION:
        raise AisError(Code.ERR_NO_OP, f"{group.dn} is already locked-instantiation")
    if group.admin != Admin.LOCKED:
        raise AisError(Code.ERR_BAD_OPERATION, f"{group.dn} is not locked")
    cluster.set_group_admin(group, Admin.LOCKED_INSTANTIATION)
    for unit in group.units[::-1]:
        if unit.presence not in AT_REST and unit.node.present:
            cluster.terminate(unit)
    return is_instantiation_over(cluster, group, operation)


def _unlock_group_instantiation(cluster: Cluster, group: Group, operation: Operation) -> Done:
    if group.admin == Admin.LOCKED:
        raise AisError(Code.ERR_NO_OP, f"{group.dn} is already locked")
    if group.admin != Admin.LOCKED_INSTANTIATION:
        raise AisError(Code.ERR_BAD_OPERATION, f"{group.dn} is not in locked instantiation state")
    for unit in group.units:
        if unit.presence == Presence.TERMINATING:
            raise AisError(Code.ERR_TRY_AGAIN, f"su'{unit.dn}' in terminating state")
    cluster.set_group_admin(group, Admin.LOCKED)
    wanted = cluster.configuration.preferred_in_service(group.dn) or len(group.units)
    trying = 0
    for unit in group.units:
        if (
            Admin.LOCKED_INSTANTIATION in (unit.admin, unit.node.admin)
            or unit.operational == Operational.DISABLED
            or unit.presence != Presence.UNINSTANTIATED
        ):
            continue
        if unit.node.present and trying < wanted:
            cluster.instantiate(unit)
            trying += 1
        unit.terminated = False
    return is_instantiation_over(cluster, group, operation)


GROUP: dict[Operation, Rule] = {
    Operation.UNLOCK: Rule(
        (Admin.LOCKED, Admin.SHUTTING_DOWN),
        (Admin.UNLOCKED,),
        Admin.UNLOCKED,
        _unlock_group,
        "SIs are assigned",
    ),
    Operation.LOCK: Rule(
        (Admin.UNLOCKED, Admin.SHUTTING_DOWN),
        (Admin.LOCKED,),
        Admin.LOCKED,
        _lock_group,
        "QUIESCED, then the assignments are removed",
    ),
    Operation.SHUTDOWN: Rule(
        (Admin.UNLOCKED,),
        (Admin.SHUTTING_DOWN,),
        Admin.LOCKED,
        _lock_group,
        "QUIESCING, then the assignments are removed",
    ),
    Operation.LOCK_INSTANTIATION: Rule(
        (Admin.LOCKED,),
        (Admin.LOCKED_INSTANTIATION,),
        Admin.LOCKED_INSTANTIATION,
        _lock_group_instantiation,
        "the SUs are terminated, the last first",
    ),
    Operation.UNLOCK_INSTANTIATION: Rule(
        (Admin.LOCKED_INSTANTIATION,),
        (Admin.LOCKED,),
        Admin.LOCKED,
        _unlock_group_instantiation,
        "SUs that are not locked-in are instantiated",
    ),
}
