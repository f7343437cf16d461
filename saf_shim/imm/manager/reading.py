# SPDX-License-Identifier: Apache-2.0
"""Reading one object, and asking its implementer for pure attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Optional

from imm_model.classes import SYSTEM_ATTRIBUTES, AttributeFlag
from saf_shim.codes import AisError, Code
from saf_shim.contract import World
from saf_shim.imm.content.rules import AttributeValues, Values
from saf_shim.imm.content.store import MANAGEMENT_OBJECT, StoredObject

CONFIG_ONLY = "SA_IMM_SEARCH_GET_CONFIG_ATTR"  # as the only attribute name of an accessor
PURE_TIMEOUT = 6.0  # seconds that an implementer has to deliver pure attributes

# Called once with the code and, if that is OK, the attributes in the order in which readers get them.
ReadDone = Callable[[int, Optional[list[AttributeValues]]], None]


def select(found: StoredObject, names: Optional[Sequence[str]]) -> list[str]:
    """The attributes that an accessor reads; NOT_EXIST for one that the class lacks or that is asked
    twice."""
    order = found.cls.read_order
    if names is None:
        return order
    if list(names) == [CONFIG_ONLY]:
        return [name for name in order if found.cls.attributes[name].is_config]
    wanted = set(names)
    chosen = [name for name in order if name in wanted]
    if len(chosen) != len(names):
        raise AisError(Code.ERR_NOT_EXIST, "no such attribute, or twice the same")
    return chosen


def read(
    found: StoredObject,
    names: Sequence[str],
    done: ReadDone,
    world: World,
    values: Optional[Mapping[str, Values]] = None,
) -> None:
    """Read the attributes `names` of an object; pure ones from the implementer, if it is attached.

    `values` are the object's if not those it has (the after image in a CCB)."""
    pure = [name for name in names if name in found.cls.pure]
    implementer = found.implementer
    if not pure or implementer is None or implementer.port is None:
        done(
            Code.OK,
            take_values(
                found, names, values, attached=implementer is not None and implementer.port is not None
            ),
        )
        return
    finished = False

    def finish(rc: int) -> None:
        nonlocal finished
        if finished:
            return
        finished = True
        timer.cancel()
        if rc != Code.OK:
            done(rc if rc in (Code.ERR_NO_MEMORY, Code.ERR_TIMEOUT) else Code.ERR_NO_RESOURCES, None)
        else:
            done(Code.OK, take_values(found, names, values, attached=True))

    timer = world.start_timer(PURE_TIMEOUT, lambda: finish(Code.ERR_TIMEOUT))
    implementer.port.read_pure(found.dn, pure, finish)


def take_values(
    found: StoredObject, names: Sequence[str], values: Optional[Mapping[str, Values]], attached: bool
) -> list[AttributeValues]:
    taken = []
    for name in names:
        definition = found.cls.attributes[name]
        if name in found.cls.pure and not attached:
            present: Values = ()
        elif not definition.is_config and found.implementer is None and _is_implemented(found, name):
            present = ()  # IMM shows cached values only while somebody is responsible for them
        elif values is not None and definition.is_config and name not in SYSTEM_ATTRIBUTES:
            present = values.get(name, ())
        else:
            present = found.get(name)
        taken.append(AttributeValues(name, definition.type, present))
    return taken


def _is_implemented(found: StoredObject, name: str) -> bool:
    """Is it a runtime attribute that only has values if the object has an implementer?"""
    persistent = found.cls.attributes[name].flags & AttributeFlag.PERSISTENT
    return name not in SYSTEM_ATTRIBUTES and not persistent and found.dn != MANAGEMENT_OBJECT
