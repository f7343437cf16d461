# SPDX-License-Identifier: Apache-2.0
"""Implementers of services that the simulator does not have: SMF and LOG.

They hold the implementer names and are bound to the classes of these services. So the objects have their
implementer, as on a real node, and clients cannot become it. They accept changes, with one exception: a
software bundle that is installed on a node cannot be deleted. No campaign runs and no log stream is opened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from imm_model.names import escape_dn, rdn_value
from saf_shim.codes import AisError, Code
from saf_shim.imm.content.port import AdminOperation
from saf_shim.imm.content.rules import ChangeKind, Values
from saf_shim.imm.content.store import Store
from saf_shim.imm.implementer.attached import Attached
from saf_shim.imm.implementer.hooks import ObjectChange, View
from saf_shim.model.standard import IMPLEMENTERS, LOG_SERVICE, SMF_SERVICE

_BUNDLE = "SaSmfSwBundle"
_INSTALLED_BUNDLE = "SaAmfNodeSwBundle"


class StandIn:
    """The implementer of a service that the simulator does not have. IMM calls it by the methods of
    `Hooks`."""

    def admin_operation(self, operation: AdminOperation) -> None:
        """Refuse: no service exists that could perform an operation. On a real node a bundle has no
        operations, either."""
        is_bundle = operation.dn.startswith("safSmfBundle=")
        operation.answer(Code.ERR_INVALID_PARAM if is_bundle else Code.ERR_NOT_SUPPORTED)

    def ccb_changed(self, ccb_id: int, change: ObjectChange) -> None:
        """Accept every operation."""

    def ccb_completed(self, ccb_id: int, changes: Sequence[ObjectChange], view: View) -> None:
        """Refuse to delete a bundle that is installed on a node."""
        for change in changes:
            if change.kind is ChangeKind.DELETE and change.class_name == _BUNDLE:
                name = escape_dn(change.dn)
                if any(rdn_value(dn) == name for dn in view.of_class(_INSTALLED_BUNDLE)):
                    raise AisError(Code.ERR_BAD_OPERATION)

    def ccb_applied(self, ccb_id: int, changes: Sequence[ObjectChange]) -> None:
        """Do nothing: no setting has an effect."""

    def ccb_aborted(self, ccb_id: int) -> None:
        """Do nothing: no part of the CCB was kept."""

    def read_pure(self, dn: str, names: Sequence[str]) -> Mapping[str, Values]:
        """Return nothing: there are no streams, so there is nothing to count."""
        return {}


def attach_stand_ins(store: Store) -> None:
    """Make SMF and LOG the implementers of their classes, which are in the store already."""
    for service in (SMF_SERVICE, LOG_SERVICE):
        stand_in = Attached(store, service, StandIn())
        stand_in.bind_classes([name for name, implementer in IMPLEMENTERS.items() if implementer == service])
