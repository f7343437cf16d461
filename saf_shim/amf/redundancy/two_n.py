# SPDX-License-Identifier: Apache-2.0
"""The 2N model (AIS AMF B.04.01 3.6.2): one SU has all SIs ACTIVE, another has all of them STANDBY.

An SU that must give up its SIs becomes QUIESCED first. Then the standby SU becomes ACTIVE, and the first SU
loses its assignments; in a swap it becomes STANDBY instead. `TABLE` is the whole behaviour: that of OpenSAF
without SI dependencies. The longer actions are in `two_n_answers` and `two_n_losses`."""

from __future__ import annotations

from saf_shim.amf.entities import assignments, counting
from saf_shim.amf.entities.cluster import Cluster
from saf_shim.amf.entities.records import Group, Si
from saf_shim.amf.redundancy import two_n_answers, two_n_losses
from saf_shim.amf.redundancy.groups import (
    Cause,
    GroupEvent,
    Table,
    end_shutdown,
    is_leaving,
    refuse,
)
from saf_shim.amf.redundancy.two_n_roles import active_and_standby, choose, make_active
from saf_shim.amf.states import Admin, GroupState, Ha, Readiness, Susi
from saf_shim.amf.tables import Transition


def _fill(cluster: Cluster, group: Group, cause: Cause) -> bool:
    unit = choose(cluster, group)
    if unit is not None:
        group.enqueue(unit)
        cluster.set_group_state(group, GroupState.REALIGN)
    elif cause.si is None:
        cluster.instantiate_spares(group)
    return True


def can_swap(si: Si) -> bool:
    """Tell whether there are an ACTIVE and another assignment to swap, and no operation is under way."""
    return si.admin == Admin.UNLOCKED and len(si.assignments) > 1


def swap(cluster: Cluster, si: Si) -> bool:
    """Begin a swap of all SIs of the two units. False if no assignment is ACTIVE."""
    active = next((a for a in si.assignments[:2] if a.ha == Ha.ACTIVE), None)
    if active is None:
        return False
    unit = active.unit
    assignments.change_all(cluster, unit, Ha.QUIESCED)
    unit.group.enqueue(unit)
    cluster.set_group_state(unit.group, GroupState.SU_OPERATION)
    unit.swapping = True
    return True


# -- leaving


def _unit_down(cluster: Cluster, group: Group, cause: Cause) -> bool:
    unit = cause.unit
    assert unit is not None
    locked = is_leaving(unit, Admin.LOCKED)
    if not locked and not is_leaving(unit, Admin.SHUTTING_DOWN):
        return True
    group.enqueue(unit)
    if unit.ha == Ha.ACTIVE:
        assignments.change_all(cluster, unit, Ha.QUIESCED if locked else Ha.QUIESCING)
        cluster.set_group_state(group, GroupState.SU_OPERATION)
        return True
    assignments.remove_all(cluster, unit)
    if not locked and unit.admin == Admin.SHUTTING_DOWN:
        cluster.set_unit_admin(unit, Admin.LOCKED)
    cluster.set_group_state(group, GroupState.REALIGN)
    return True


def _hurry_unit(cluster: Cluster, group: Group, cause: Cause) -> bool:
    """Quiesce at once, because an SU that was shutting down is locked."""
    unit = cause.unit
    assert unit is not None
    if group.head is unit and unit.ha == Ha.QUIESCING and is_leaving(unit, Admin.LOCKED):
        assignments.change_all(cluster, unit, Ha.QUIESCED)
    return True


def _si_down(cluster: Cluster, group: Group, cause: Cause) -> bool:
    si = cause.si
    assert si is not None
    if not si.assignments:
        return False
    active, standby = si.assignments[0], si.assignments[1] if len(si.assignments) > 1 else None
    if active.ha != Ha.ACTIVE and standby is not None:
        active, standby = standby, active
    locked = si.admin == Admin.LOCKED
    assignments.change(cluster, active, Ha.QUIESCED if locked else Ha.QUIESCING)
    if locked and standby is not None:
        assignments.remove(cluster, standby)
    group.admin_si = si
    cluster.set_group_state(group, GroupState.SI_OPERATION)
    return True


def _hurry_si(cluster: Cluster, group: Group, cause: Cause) -> bool:
    """Quiesce at once, because an SI that was shutting down is locked."""
    si = cause.si
    assert si is not None
    if group.admin_si is si and si.admin == Admin.LOCKED and si.assignments:
        active, standby = si.assignments[0], si.assignments[1] if len(si.assignments) > 1 else None
        if active.ha == Ha.STANDBY and standby is not None:
            active, standby = standby, active
        assignments.change(cluster, active, Ha.QUIESCED)
        if standby is not None:
            assignments.remove(cluster, standby)
    return True


def _group_down(cluster: Cluster, group: Group, cause: Cause) -> bool:
    active, standby = active_and_standby(group)
    locked = group.admin == Admin.LOCKED
    if active is None:
        cluster.set_group_admin(group, Admin.LOCKED)
        cluster.set_group_state(group, GroupState.STABLE)
        return True
    assignments.change_all(cluster, active.unit, Ha.QUIESCED if locked else Ha.QUIESCING)
    if locked and standby is not None:
        assignments.remove_all(cluster, standby.unit)
    cluster.set_group_state(group, GroupState.SG_ADMIN)
    return True


def _hurry_group(cluster: Cluster, group: Group, cause: Cause) -> bool:
    """Quiesce at once, because an SG that was shutting down is locked."""
    active, standby = active_and_standby(group)
    if group.admin == Admin.LOCKED and active is not None:
        assignments.change_all(cluster, active.unit, Ha.QUIESCED)
        if standby is not None:
            assignments.remove_all(cluster, standby.unit)
    return True


# -- faults


def _fault(cluster: Cluster, group: Group, cause: Cause) -> bool:
    unit = cause.unit
    if unit is None or not unit.assignments:
        return True
    if unit.ha == Ha.ACTIVE:
        assignments.change_all(cluster, unit, Ha.QUIESCED)
        state = GroupState.SU_OPERATION
    else:
        assignments.remove_all(cluster, unit)
        state = GroupState.REALIGN
    group.enqueue(unit)
    cluster.set_group_state(group, state)
    return True


def _fault_while_realigning(cluster: Cluster, group: Group, cause: Cause) -> bool:
    unit = cause.unit
    if unit is None or not unit.assignments or unit.all_removing:
        return True
    if unit.ha == Ha.ACTIVE:
        assignments.change_all(cluster, unit, Ha.QUIESCED)
    else:
        assignments.remove_all(cluster, unit)
    group.enqueue(unit)
    return True


def _fault_while_unit_leaves(cluster: Cluster, group: Group, cause: Cause) -> bool:
    unit = cause.unit
    if unit is None or not unit.assignments:
        return True
    if group.head is unit:
        if unit.ha == Ha.QUIESCED:
            unit.swapping = False
        elif unit.ha == Ha.QUIESCING:
            assignments.change_all(cluster, unit, Ha.QUIESCED)
            end_shutdown(cluster, unit)
        else:
            assignments.remove_all(cluster, unit)
        return True
    leaver = group.head
    if unit.ha not in (Ha.STANDBY, Ha.ACTIVE):
        return True
    was_standby = unit.ha == Ha.STANDBY
    if was_standby:
        assignments.remove_all(cluster, unit)
    else:
        assignments.change_all(cluster, unit, Ha.QUIESCED)
    group.enqueue(unit)
    cluster.set_group_state(group, GroupState.REALIGN)
    if leaver is None or leaver.ha != Ha.QUIESCED:
        return True
    if leaver.swapping and leaver.readiness == Readiness.IN_SERVICE:
        if was_standby:  # no other unit is left, so it becomes active again
            make_active(cluster, leaver)
        leaver.swapping = False
    elif not was_standby:
        assignments.remove_all(cluster, leaver)
    return True


def _fault_while_si_leaves(cluster: Cluster, group: Group, cause: Cause) -> bool:
    unit, si = cause.unit, group.admin_si
    if unit is None or not unit.assignments or si is None:
        return True
    mine = unit.assignment(si.dn)
    other = next((a for a in si.assignments if a.unit is not unit), None)
    if si.admin == Admin.LOCKED:
        if mine is not None and mine.ha == Ha.QUIESCED:
            assignments.change_all(cluster, unit, Ha.QUIESCED)
            group.admin_si = None
            group.enqueue(unit)
            cluster.set_group_state(group, GroupState.SU_OPERATION)
        else:
            assignments.remove_all(cluster, unit)
        return True
    if si.admin != Admin.SHUTTING_DOWN:
        return False
    if mine is not None and mine.ha == Ha.QUIESCING:
        mine.ha = Ha.QUIESCED
        mine.state = Susi.ASSIGNED
        counting.count_si(cluster, si, -1, 0)
        unit.active = max(0, unit.active - 1)
        assignments.publish(cluster, mine, Ha.QUIESCED)
        assignments.change_all(cluster, unit, Ha.QUIESCED)
        cluster.set_si_admin(si, Admin.UNLOCKED)
        group.admin_si = None
        group.enqueue(unit)
        cluster.set_group_state(group, GroupState.SU_OPERATION)
        cluster.end_si_try_again(si)
        return True
    if other is not None:
        assignments.change(cluster, other, Ha.ACTIVE)
        group.enqueue(other.unit)
    cluster.set_si_admin(si, Admin.LOCKED if mine is not None else Admin.UNLOCKED)
    group.admin_si = None
    assignments.remove_all(cluster, unit)
    group.enqueue(unit)
    cluster.set_group_state(group, GroupState.REALIGN)
    return True


def _fault_while_group_leaves(cluster: Cluster, group: Group, cause: Cause) -> bool:
    unit = cause.unit
    if unit is None or not unit.assignments or group.admin != Admin.SHUTTING_DOWN:
        return True
    if unit.ha != Ha.QUIESCING:
        assignments.remove_all(cluster, unit)
        return True
    assignments.change_all(cluster, unit, Ha.QUIESCED)
    standby = None
    for each in group.units:
        cluster.set_readiness(each, Readiness.OUT_OF_SERVICE)
        if each.assignments and each.ha == Ha.STANDBY:
            standby = each
    cluster.set_group_admin(group, Admin.LOCKED)
    if standby is not None:
        assignments.remove_all(cluster, standby)
    return True


_S, _E = GroupState, GroupEvent
_FILLED = (_S.STABLE, _S.REALIGN)
_A, _L = two_n_answers, two_n_losses

TABLE: Table = {
    (_S.STABLE, _E.SI_UP): Transition(_FILLED, _fill, "assign: first all ACTIVE, then all STANDBY"),
    (_S.STABLE, _E.SU_UP): Transition(_FILLED, _fill, "assign: first all ACTIVE, then all STANDBY"),
    (_S.STABLE, _E.REALIGN): Transition(_FILLED, _fill, "assign: first all ACTIVE, then all STANDBY"),
    (_S.STABLE, _E.SU_DOWN): Transition(
        (_S.SU_OPERATION, _S.REALIGN), _unit_down, "active SU: QUIESCED or QUIESCING; standby SU: remove"
    ),
    (_S.STABLE, _E.SI_DOWN): Transition(
        (_S.SI_OPERATION,),
        _si_down,
        "active: QUIESCED (lock, with removal from the standby) or QUIESCING (shutdown)",
    ),
    (_S.STABLE, _E.SG_DOWN): Transition(
        (_S.SG_ADMIN, _S.STABLE),
        _group_down,
        "active: QUIESCED (lock, with removal from the standby) or QUIESCING",
    ),
    (_S.STABLE, _E.SU_FAULT): Transition(
        (_S.SU_OPERATION, _S.REALIGN), _fault, "active SU: QUIESCED; standby SU: remove"
    ),
    (_S.STABLE, _E.SU_LOST): Transition(
        _FILLED, _L.lost, "the standby becomes ACTIVE; forget the assignments"
    ),
    (_S.STABLE, _E.REMOVED): Transition((_S.STABLE,), _A.removed_late, "forget the assignments"),
    (_S.REALIGN, _E.SU_DOWN): Transition((_S.REALIGN,), refuse, "refused"),
    (_S.REALIGN, _E.SI_DOWN): Transition((_S.REALIGN,), refuse, "refused"),
    (_S.REALIGN, _E.SG_DOWN): Transition((_S.REALIGN,), refuse, "refused"),
    (_S.REALIGN, _E.SU_FAULT): Transition(
        (_S.REALIGN,), _fault_while_realigning, "active SU: QUIESCED; standby SU: remove"
    ),
    (_S.REALIGN, _E.SU_LOST): Transition(
        _FILLED, _L.lost_while_realigning, "the other SU becomes ACTIVE, if it is in service"
    ),
    (_S.REALIGN, _E.SERVING): Transition(
        _FILLED, _A.serving_while_realigning, "it was the last: assign the next, else done"
    ),
    (_S.REALIGN, _E.QUIESCED): Transition(
        (_S.REALIGN,), _A.quiesced_while_realigning, "out of service: remove, the other SU becomes ACTIVE"
    ),
    (_S.REALIGN, _E.REMOVED): Transition(
        _FILLED,
        _A.removed_while_realigning,
        "forget; the other SU becomes ACTIVE, or assign the next, else done",
    ),
    (_S.REALIGN, _E.REFUSED): Transition(
        (_S.REALIGN,), _A.refused_while_realigning, "QUIESCED refused: remove"
    ),
    (_S.SU_OPERATION, _E.SU_DOWN): Transition(
        (_S.SU_OPERATION,), _hurry_unit, "lock of an SU that is shutting down: QUIESCED"
    ),
    (_S.SU_OPERATION, _E.SI_DOWN): Transition((_S.SU_OPERATION,), refuse, "refused"),
    (_S.SU_OPERATION, _E.SG_DOWN): Transition((_S.SU_OPERATION,), refuse, "refused"),
    (_S.SU_OPERATION, _E.SU_FAULT): Transition(
        (_S.SU_OPERATION, _S.REALIGN),
        _fault_while_unit_leaves,
        "a swap is given up; a fault of the other SU: REALIGN",
    ),
    (_S.SU_OPERATION, _E.SU_LOST): Transition(
        (_S.SU_OPERATION, *_FILLED),
        _L.lost_while_unit_leaves,
        "the other SU becomes ACTIVE; a swap is given up",
    ),
    (_S.SU_OPERATION, _E.QUIESCED): Transition(
        (_S.SU_OPERATION, _S.REALIGN),
        _A.leaver_is_quiesced,
        "the standby becomes ACTIVE; there is none: remove",
    ),
    (_S.SU_OPERATION, _E.SERVING): Transition(
        (_S.SU_OPERATION, *_FILLED),
        _A.serving_while_unit_leaves,
        "ACTIVE: remove from the other, swap: STANDBY for it",
    ),
    (_S.SU_OPERATION, _E.REMOVED): Transition(
        (_S.SU_OPERATION, *_FILLED),
        _A.removed_while_unit_leaves,
        "forget; the standby becomes ACTIVE, or assign",
    ),
    (_S.SU_OPERATION, _E.REFUSED): Transition(
        (_S.SU_OPERATION, _S.REALIGN), _A.refused_while_unit_leaves, "swap: ACTIVE again; else remove"
    ),
    (_S.SI_OPERATION, _E.SU_DOWN): Transition((_S.SI_OPERATION,), refuse, "refused"),
    (_S.SI_OPERATION, _E.SI_DOWN): Transition(
        (_S.SI_OPERATION,),
        _hurry_si,
        "lock of an SI that is shutting down: QUIESCED, removal from the standby",
    ),
    (_S.SI_OPERATION, _E.SG_DOWN): Transition((_S.SI_OPERATION,), refuse, "refused"),
    (_S.SI_OPERATION, _E.SU_FAULT): Transition(
        (_S.SI_OPERATION, _S.SU_OPERATION, _S.REALIGN), _fault_while_si_leaves, "the SU leaves as a whole"
    ),
    (_S.SI_OPERATION, _E.SU_LOST): Transition(
        (_S.SI_OPERATION, *_FILLED),
        _L.lost_while_si_leaves,
        "the standby becomes ACTIVE; a shutdown is given up",
    ),
    (_S.SI_OPERATION, _E.QUIESCED): Transition(
        (_S.REALIGN,), _A.leaving_si_is_quiesced, "remove, also from the standby; the SI is LOCKED"
    ),
    (_S.SI_OPERATION, _E.REMOVED): Transition((_S.SI_OPERATION,), _A.removed_one, "forget the assignment"),
    (_S.SI_OPERATION, _E.REFUSED): Transition(
        (_S.REALIGN, _S.SI_OPERATION), _A.leaving_si_refused, "QUIESCED refused: remove; the SI is LOCKED"
    ),
    (_S.SG_ADMIN, _E.SU_UP): Transition((_S.SG_ADMIN,), refuse, "refused"),
    (_S.SG_ADMIN, _E.SU_DOWN): Transition((_S.SG_ADMIN,), refuse, "refused"),
    (_S.SG_ADMIN, _E.SI_DOWN): Transition((_S.SG_ADMIN,), refuse, "refused"),
    (_S.SG_ADMIN, _E.SG_DOWN): Transition(
        (_S.SG_ADMIN,),
        _hurry_group,
        "lock of an SG that is shutting down: QUIESCED, removal from the standby",
    ),
    (_S.SG_ADMIN, _E.SU_FAULT): Transition(
        (_S.SG_ADMIN,), _fault_while_group_leaves, "shutting down: QUIESCED; the SG is LOCKED"
    ),
    (_S.SG_ADMIN, _E.SU_LOST): Transition(
        (_S.SG_ADMIN, _S.STABLE), _L.lost_while_group_leaves, "forget; it was the last: done"
    ),
    (_S.SG_ADMIN, _E.QUIESCED): Transition(
        (_S.SG_ADMIN,), _A.quiesced_while_group_leaves, "remove; a shutdown: also from the standby, LOCKED"
    ),
    (_S.SG_ADMIN, _E.REMOVED): Transition(
        (_S.SG_ADMIN, _S.STABLE), _A.removed_while_group_leaves, "forget; it was the last: done"
    ),
    (_S.SG_ADMIN, _E.REFUSED): Transition(
        (_S.SG_ADMIN,), _A.refused_while_group_leaves, "QUIESCED refused: remove"
    ),
}
