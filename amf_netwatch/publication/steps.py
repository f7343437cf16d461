# SPDX-License-Identifier: Apache-2.0
"""The difference between what IMM holds and what it should hold, as steps that are taken one by one.

This module has no IO: it turns objects into steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Optional, Union

from amf_netwatch.publication.objects import Attributes
from imm_model.diff import changed_attributes
from imm_model.objects import ImmObject


class Create(NamedTuple):
    """Create an object."""

    obj: ImmObject

    @property
    def dn(self) -> str:
        """Return the object's DN."""
        return self.obj.dn


class Update(NamedTuple):
    """Give some attributes of an object new values."""

    dn: str
    attributes: Attributes


class Delete(NamedTuple):
    """Delete an object with everything below it."""

    dn: str


Step = Union[Create, Update, Delete]


def plan_steps(
    held: Mapping[str, ImmObject], desired: Iterable[tuple[str, str, Optional[Attributes]]]
) -> list[Step]:
    """Return the steps from what IMM holds to what it should hold: deletes, then creates, then updates.

    `held`: objects by DN. `desired`: DN, class and attributes of the objects that may differ. If the
    attributes are None, no such object should exist. A renamed interface frees its old name before it takes
    the new one. No created object may be below another one.
    """
    deletes: list[Step] = []
    creates: list[Step] = []
    updates: list[Step] = []
    for dn, class_name, attributes in desired:
        old = held.get(dn)
        if attributes is None:
            if old is not None:
                deletes.append(Delete(dn))
        elif old is None:
            creates.append(Create(ImmObject(dn, class_name, attributes)))
        else:
            changed = changed_attributes(old.attributes, attributes)
            if changed:
                updates.append(Update(dn, changed))
    return deletes + creates + updates
