# SPDX-License-Identifier: Apache-2.0
"""The IMM store's port for object implementers inside the server (AMF, CLM).

`Store.attach_internal(name, hooks)` gives an `InternalImplementer`: it holds the implementer name for the
life of the server (clients get ERR_EXIST for it), is bound to the config classes it asks for, and is called
through `Hooks`. Values are plain Python (int, float, str, bytes for SA_ANY_T); attributes are tuples of
values, empty when there is none. Everything happens in the server's one thread; hooks may call back into the
port, except into the CCB they are asked about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple, Optional, Protocol

from imm_model.types import Value, ValueType

Values = tuple[Value, ...]


class Parameter(NamedTuple):
    """One parameter of an administrative operation."""

    name: str
    type: ValueType
    value: Value


class AdminOperation(Protocol):
    """An administrative operation on one of our objects, to be answered once, now or later."""

    dn: str
    operation: int
    parameters: Sequence[Parameter]  # in the order in which a real implementer sees them
    answered: bool

    def answer(self, result: int, error_text: str = "") -> None:
        """End it with the operation's result; `error_text` becomes the parameter
        ``SaImmAdminOperationError``."""


class ChangeKind(IntEnum):
    """What a CCB does to one object."""

    CREATE = 1
    MODIFY = 2
    DELETE = 3


class Modification(NamedTuple):
    """One attribute modification as the administrator wrote it: `how` is 1 ADD, 2 DELETE, 3 REPLACE."""

    how: int
    name: str
    type: ValueType
    values: Values


class Change(NamedTuple):
    """One operation of a CCB on an object of ours, in the CCB's order.

    `before` is None for CREATE, `after` (all attributes with values, as they will be) is None for DELETE."""

    kind: ChangeKind
    dn: str
    class_name: str
    before: Optional[Mapping[str, Values]]
    after: Optional[Mapping[str, Values]]
    modifications: Sequence[Modification] = ()  # MODIFY only


class Hooks(Protocol):
    """What an internal implementer is called for. All are called in the server's thread."""

    def admin_operation(self, operation: AdminOperation) -> None:
        """Serve it: call `operation.answer` now or later."""

    def ccb_changed(self, ccb_id: int, change: Change) -> None:
        """An operation was added to a CCB: may raise AisError (code, text) to refuse it and so abort the CCB.

        What needs the whole CCB belongs into `ccb_completed`."""

    def ccb_completed(self, ccb_id: int, changes: Sequence[Change], view: View) -> None:
        """Validate the whole CCB; raise AisError (code, text for the administrator) to refuse it. `view`
        reads the model as it would be after the CCB."""

    def ccb_applied(self, ccb_id: int, changes: Sequence[Change]) -> None:
        """The CCB is committed and the store shows it. Must not fail."""

    def ccb_aborted(self, ccb_id: int) -> None:
        """A CCB that `ccb_changed` or `ccb_completed` was called for is not applied."""

    def read_pure(self, dn: str, names: Sequence[str]) -> Mapping[str, Values]:
        """The values of non-cached runtime attributes of one of our objects, for a reader."""


class View(Protocol):
    """Reading the model; unknown DNs and classes give None or nothing, never an error."""

    def get(self, dn: str) -> Optional[Mapping[str, Values]]:
        """All attributes of an object by name (SaImmAttrClassName... and the RDN among them), or None."""

    def class_of(self, dn: str) -> Optional[str]:
        """The object's class, or None."""

    def children(self, dn: str, class_name: str = "") -> Sequence[str]:
        """DNs right below `dn` (empty: the top), byte order; only those of the class if one is given."""

    def of_class(self, class_name: str, root: str = "") -> Sequence[str]:
        """DNs of all objects of the class, byte order; only the subtree of `root` if one is given."""


class InternalImplementer(View, Protocol):
    """What `Store.attach_internal` returns."""

    name: str

    def bind_classes(self, class_names: Iterable[str]) -> None:
        """Become class implementer of config classes; those that do not exist (yet) are bound when they are
        created."""

    def create(self, class_name: str, parent: str, attributes: Mapping[str, Values]) -> str:
        """Create a runtime object (RDN attribute included in `attributes`); returns its DN. AisError as
        saImmOiRtObjectCreate_2."""

    def update(self, dn: str, attributes: Mapping[str, Values]) -> None:
        """Set runtime attributes (cached or not, REPLACE) of a runtime or config object; values equal to the
        present ones cost nothing. AisError as saImmOiRtObjectUpdate_2."""

    def delete(self, dn: str) -> None:
        """Delete a runtime object and what is below it. AisError as saImmOiRtObjectDelete."""

    def release(self) -> None:
        """Give up the name (the objects stay, orphaned)."""
