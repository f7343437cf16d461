# SPDX-License-Identifier: Apache-2.0
"""The door to the checks of the AMF model. Faults are refused before anything of a CCB is applied.

Codes and texts are OpenSAF's. The simulator also refuses what OpenSAF accepts but the simulator cannot
imitate: redundancy models other than 2N and no redundancy, and components that are not SA-aware. The texts
for these are the simulator's own."""

from __future__ import annotations

from collections.abc import Sequence

from saf_shim.amf.cluster.validation.ccb import Ccb
from saf_shim.amf.cluster.validation.creation import CREATE, check_parent
from saf_shim.amf.cluster.validation.deletion import DELETE
from saf_shim.amf.cluster.validation.modification import check_modification
from saf_shim.amf.configuration import Configuration
from saf_shim.amf.entities.cluster import Cluster
from saf_shim.amf.states import Redundancy
from saf_shim.imm.content.rules import ChangeKind
from saf_shim.imm.implementer.hooks import ObjectChange, View


def check(
    cluster: Cluster, changes: Sequence[ObjectChange], view: View, supported: frozenset[Redundancy]
) -> None:
    """Refuse a CCB that has a fault: raise AisError with the text for the administrator.

    `view` is the model as it would be after the CCB."""
    gone = frozenset(change.dn for change in changes if change.kind == ChangeKind.DELETE)
    ccb = Ccb(cluster, Configuration(view), gone, supported)
    for change in changes:
        if change.kind == ChangeKind.CREATE:
            check_parent(change)
            create = CREATE.get(change.class_name)
            if create is not None:
                create(ccb, change.dn)
        elif change.kind == ChangeKind.DELETE:
            delete = DELETE.get(change.class_name)
            if delete is not None:
                delete(ccb, change.dn)
        else:
            for modification in change.modifications:
                check_modification(ccb, change, modification)
