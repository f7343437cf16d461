# SPDX-License-Identifier: Apache-2.0
"""What must be written so that a set of objects becomes another.

`diff` compares what is published with what is desired; `apply` carries the outcome out on plain
values. The law that binds them: ``apply(diff(a, b), a) == b`` (an attribute without values is the same
as one left out). Neither talks to IMM.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from imm_model.names import parent_dn
from imm_model.objects import ImmObject
from imm_model.types import Value


class ObjectUpdate(NamedTuple):
    """The attributes of one object that get new values (no values: the attribute is emptied)."""

    dn: str
    attributes: Mapping[str, tuple[Value, ...]]


class Changes(NamedTuple):
    """What to do, each part in an order that IMM accepts.

    `delete` names roots of subtrees (IMM deletes what is below), `create` has parents before their
    children. Deletes come first: a rename frees a name that a create may take.
    """

    delete: tuple[str, ...] = ()
    create: tuple[ImmObject, ...] = ()
    update: tuple[ObjectUpdate, ...] = ()

    def __bool__(self) -> bool:
        """Is there anything to do?"""
        return bool(self.delete or self.create or self.update)


def diff(published: Mapping[str, ImmObject], desired: Mapping[str, ImmObject]) -> Changes:
    """The changes that make `published` (by DN) equal to `desired` (by DN), and no more.

    An object whose class differs is deleted and created anew, with everything below it.
    """
    doomed = {
        dn for dn, old in published.items() if dn not in desired or desired[dn].class_name != old.class_name
    }
    roots = tuple(sorted(dn for dn in doomed if not _has_ancestor_in(dn, doomed)))
    create, update = [], []
    for dn in sorted(desired, key=_parents_first):
        old, new = published.get(dn), desired[dn]
        if old is None or dn in doomed or _has_ancestor_in(dn, doomed):
            create.append(new)
            continue
        changed = changed_attributes(old.attributes, new.attributes)
        if changed:
            update.append(ObjectUpdate(dn, changed))
    return Changes(roots, tuple(create), tuple(update))


def apply(changes: Changes, published: Mapping[str, ImmObject]) -> dict[str, ImmObject]:
    """What `published` is after `changes`, by DN; `published` itself stays as it is."""
    doomed = set(changes.delete)
    result = {
        dn: obj for dn, obj in published.items() if dn not in doomed and not _has_ancestor_in(dn, doomed)
    }
    for obj in changes.create:
        result[obj.dn] = obj
    for dn, attributes in changes.update:
        old = result[dn]
        merged = {**old.attributes, **attributes}
        result[dn] = old._replace(attributes={name: values for name, values in merged.items() if values})
    return result


def changed_attributes(
    old: Mapping[str, tuple[Value, ...]], new: Mapping[str, tuple[Value, ...]]
) -> dict[str, tuple[Value, ...]]:
    """The attributes of `new` that differ from `old`, and, without values, those that only `old` has."""
    changed = {name: values for name, values in new.items() if old.get(name, ()) != values}
    changed.update({name: () for name, values in old.items() if values and name not in new})
    return changed


def _has_ancestor_in(dn: str, names: set[str]) -> bool:
    parent = parent_dn(dn)
    while parent:
        if parent in names:
            return True
        parent = parent_dn(parent)
    return False


def _parents_first(dn: str) -> tuple[int, str]:
    depth, parent = 0, parent_dn(dn)
    while parent:
        depth, parent = depth + 1, parent_dn(parent)
    return depth, dn
