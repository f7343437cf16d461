# SPDX-License-Identifier: Apache-2.0
"""Runtime attributes that IMM does not cache. IMM asks for them when somebody reads them."""

from __future__ import annotations

from typing import Any

from saf_shim.amf.entities.cluster import Cluster
from saf_shim.amf.states import Presence, Readiness


def pure_attributes(cluster: Cluster, dn: str) -> dict[str, tuple[Any, ...]]:
    """Return the values of the object's runtime attributes that are not cached."""
    if dn in cluster.units:
        unit = cluster.units[dn]
        return {
            "saAmfSURestartCount": (unit.restarts,),
            "saAmfSUNumCurrActiveSIs": (unit.active,),
            "saAmfSUNumCurrStandbySIs": (unit.standby,),
            "saAmfSUAssignedSIs": tuple(a.si.dn for a in unit.assignments),
        }
    if dn in cluster.components:
        return {
            "saAmfCompRestartCount": (cluster.components[dn].restarts,),
            "saAmfCompCurrProxyName": ("",),
        }
    if dn in cluster.sis:
        si = cluster.sis[dn]
        return {
            "saAmfSINumCurrActiveAssignments": (si.active,),
            "saAmfSINumCurrStandbyAssignments": (si.standby,),
        }
    if dn in cluster.groups:
        units = cluster.groups[dn].units
        serving = sum(bool(unit.assignments) for unit in units)
        ready = sum(u.readiness == Readiness.IN_SERVICE and not u.assignments for u in units)
        return {
            "saAmfSGNumCurrAssignedSUs": (serving,),
            "saAmfSGNumCurrInstantiatedSpareSUs": (ready,),
            "saAmfSGNumCurrNonInstantiatedSpareSUs": (
                sum(unit.presence == Presence.UNINSTANTIATED for unit in units),
            ),
        }
    if dn in cluster.applications:
        inside = sum(group.application == dn for group in cluster.groups.values())
        return {"saAmfApplicationCurrNumSGs": (inside,)}
    return {}
