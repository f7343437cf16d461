# SPDX-License-Identifier: Apache-2.0
"""The difference between what IMM holds and what it should hold, as steps that can be taken one by one.

No IO: objects in, steps out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Union

from imm_model.diff import diff
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
    """The steps from `held` to `desired`, both by DN: deletes, then creates with parents first, then updates.

    A renamed interface frees its old name before it takes the new one. Only the objects that may differ need
    to be given, on both sides.
    """
    wanted = diff(held, desired)
    steps: list[Step] = [Delete(dn) for dn in wanted.delete]
    steps += [Create(obj) for obj in wanted.create]
    steps += [Update(each.dn, each.attributes) for each in wanted.update]
    return steps
