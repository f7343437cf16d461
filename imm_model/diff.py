# SPDX-License-Identifier: Apache-2.0
"""The difference between the attributes that an object has and those that it should have.

It talks to nobody and knows no objects. The publisher decides which objects to create, update or delete.
"""

from __future__ import annotations

from collections.abc import Mapping

from imm_model.types import Value


def changed_attributes(
    old: Mapping[str, tuple[Value, ...]], new: Mapping[str, tuple[Value, ...]]
) -> dict[str, tuple[Value, ...]]:
    """Return the attributes of `new` that differ from `old`. Attributes that only `old` has are returned
    without values."""
    changed = {name: values for name, values in new.items() if old.get(name, ()) != values}
    if not old.keys() <= new.keys():
        changed.update({name: () for name, values in old.items() if values and name not in new})
    return changed
