# SPDX-License-Identifier: Apache-2.0
"""What IMM and an implementer inside the server (AMF, CLM) promise each other.

`attached.Attached(store, name, hooks)` is such an implementer. It holds the implementer name for the life
of the server (clients get ERR_EXIST for it), it is bound to the configuration classes that it names, and
IMM calls it through `Hooks`. Values are plain Python (int, float, str, bytes for SA_ANY_T). The values of an
attribute are a tuple, which is empty when there is no value. Everything happens in the server's one thread.
Hooks may call the implementer's functions, but they must not change the CCB that they are asked about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Optional, Protocol

from saf_shim.imm.content.port import AdminOperation
from saf_shim.imm.content.rules import ChangeKind, Modification, Values


class ObjectChange(NamedTuple):
    """One operation of a CCB on an object of the implementer. Lists of these are in the order of the CCB.

    `before` is None for CREATE. `after` holds all attributes as they will be; it is None for DELETE."""

    kind: ChangeKind
    dn: str
    class_name: str
    before: Optional[Mapping[str, Values]]
    after: Optional[Mapping[str, Values]]
    modifications: Sequence[Modification] = ()  # as the administrator gave them; only for MODIFY


class Hooks(Protocol):
    """The functions of an implementer inside the server that IMM calls."""

    def admin_operation(self, operation: AdminOperation) -> None:
        """Serve an operation on one of the implementer's objects: call `operation.answer` now or later."""

    def ccb_changed(self, ccb_id: int, change: ObjectChange) -> None:
        """Check an operation that was added to a CCB. To refuse the operation and so the CCB, raise AisError
        (code, text).

        Checks that need the whole CCB belong in `ccb_completed`."""

    def ccb_completed(self, ccb_id: int, changes: Sequence[ObjectChange], view: View) -> None:
        """Validate the whole CCB. To refuse it, raise AisError (code, text for the administrator).

        `view` shows the model as it would be after the CCB."""

    def ccb_applied(self, ccb_id: int, changes: Sequence[ObjectChange]) -> None:
        """Act on a CCB that is committed; the store shows its changes already. This must not fail."""

    def ccb_aborted(self, ccb_id: int) -> None:
        """Forget a CCB that `ccb_changed` or `ccb_completed` was called for: it will not be applied."""

    def read_pure(self, dn: str, names: Sequence[str]) -> Mapping[str, Values]:
        """Return the values of pure attributes of one of the implementer's objects, for a reader."""


class View(Protocol):
    """A way to read the model. Unknown DNs and classes give None or an empty sequence, never an error."""

    def get(self, dn: str) -> Optional[Mapping[str, Values]]:
        """Return all attributes of an object by name (also the RDN and SaImmAttrClassName...), or None."""

    def class_of(self, dn: str) -> Optional[str]:
        """Return the name of the object's class, or None."""

    def children(self, dn: str, class_name: str = "") -> Sequence[str]:
        """Return the DNs right below `dn` in byte order; an empty `dn` is the top. With `class_name`, only
        objects of that class."""

    def of_class(self, class_name: str, root: str = "") -> Sequence[str]:
        """Return the DNs of all objects of a class in byte order. With `root`, only those in its subtree."""
