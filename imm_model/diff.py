# SPDX-License-Identifier: Apache-2.0
"""What differs between the attributes that an object has and those that it shall have.

It talks to nobody and knows no objects: which of them to create, update or delete is the publisher's
decision.
"""

from __future__ import annotations

from collections.abc import Mapping

from imm_model.types import Value


def changed_attributes(
    old: Mapping[str, tuple[Value, ...]], new: Mapping[str, tuple[Value, ...]]
) -> dict[str, tuple[Value, ...]]:
    """Return the attributes of `new` that differ from `old`, and, without values, those that only `old`
    has."""
    changed = {name: values for name, values in new.items() if old.get(name, ()) != values}
    if not old.keys() <= new.keys():
        changed.update({name: () for name, values in old.items() if values and name not in new})
    return changed
