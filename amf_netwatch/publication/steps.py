# SPDX-License-Identifier: Apache-2.0
"""The difference between what IMM holds and what it should hold, as steps that can be taken one by one.

No IO: objects in, steps out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Union

from imm_model.objects import ImmObject
from imm_model.types import Value


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
    attributes: Mapping[str, tuple[Value, ...]]


class Delete(NamedTuple):
    """Take an object away, with everything below it."""

    dn: str


Step = Union[Create, Update, Delete]


def plan_steps(held: Mapping[str, ImmObject], desired: Mapping[str, ImmObject]) -> list[Step]:
    """The steps from `held` to `desired`, both by DN: deletes, then creates, then updates.

    A renamed interface frees its old name before it takes the new one. Only the objects that may differ need
    to be given, on both sides. A desired object has a value for every attribute that is compared, and no
    desired object is below another one.
    """
    deletes: list[Step] = []
    creates: list[Step] = []
    updates: list[Step] = []
    for dn in held:
        if dn not in desired:
            deletes.append(Delete(dn))
    for dn, obj in desired.items():
        old = held.get(dn)
        if old is None:
            creates.append(Create(obj))
            continue
        known = old.attributes
        changed = {name: values for name, values in obj.attributes.items() if known.get(name) != values}
        if changed:
            updates.append(Update(dn, changed))
    return [*deletes, *creates, *updates]
