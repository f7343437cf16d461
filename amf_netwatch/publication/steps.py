# SPDX-License-Identifier: Apache-2.0
"""The difference between what IMM holds and what it should hold, as steps that can be taken one by one.

No IO: objects in, steps out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Optional, Union

from amf_netwatch.publication.objects import Attributes
from imm_model.diff import changed_attributes
from imm_model.objects import ImmObject


class Create(NamedTuple):
    """Make an object."""

    obj: ImmObject

    @property
    def dn(self) -> str:
        """The object's DN."""
        return self.obj.dn


class Update(NamedTuple):
    """Give some attributes of an object new values."""

    dn: str
    attributes: Attributes


class Delete(NamedTuple):
    """Take an object away, with everything below it."""

    dn: str


Step = Union[Create, Update, Delete]


def plan_steps(
    held: Mapping[str, ImmObject], desired: Iterable[tuple[str, str, Optional[Attributes]]]
) -> list[Step]:
    """The steps from what IMM holds to what it should hold: deletes, then creates, then updates.

    `held`: objects by DN. `desired`: DN, class and attributes of the objects that may differ; no attributes:
    there should be no such object. A renamed interface frees its old name before it takes the new one. No
    created object may be below another one.
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
