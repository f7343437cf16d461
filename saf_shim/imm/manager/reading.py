# SPDX-License-Identifier: Apache-2.0
"""Reading one object, and asking its implementer for pure attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Optional

from imm_model.classes import SYSTEM_ATTRIBUTES
from saf_shim.codes import AisError, Code
from saf_shim.contract import World
from saf_shim.imm.content.rules import AttributeValues, Values
from saf_shim.imm.content.store import MANAGEMENT_OBJECT, StoredObject

CONFIG_ONLY = "SA_IMM_SEARCH_GET_CONFIG_ATTR"  # as the only attribute name of an accessor
PURE_TIMEOUT = 6.0  # seconds that an implementer has to deliver pure attributes
_NOTHING: frozenset[str] = frozenset()

# Called once with the code and, if that is OK, the attributes in the order in which readers get them.
ReadDone = Callable[[int, Optional[list[AttributeValues]]], None]


def select(found: StoredObject, names: Optional[Sequence[str]]) -> list[str]:
    """Return the names of the attributes that an accessor reads. AisError NOT_EXIST for a name that the class
    does not have or that the client gives twice."""
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
    image: Optional[Mapping[str, Values]] = None,
) -> None:
    """Read the attributes `names` of an object. An attached implementer is asked for its pure attributes.

    `image` holds the configuration values that a CCB gives the object; they replace the present ones."""
    pure = [name for name in names if name in found.cls.pure]
    implementer = found.implementer
    if not pure or implementer is None or implementer.port is None:
        done(Code.OK, take_values(found, names, image))
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
            done(Code.OK, take_values(found, names, image))

    timer = world.start_timer(PURE_TIMEOUT, lambda: finish(Code.ERR_TIMEOUT))
    implementer.port.read_pure(found.dn, pure, finish)


def take_values(
    found: StoredObject, names: Sequence[str], image: Optional[Mapping[str, Values]] = None
) -> list[AttributeValues]:
    """Return attributes as a reader sees them at present. `image` replaces the configuration values."""
    hidden = hidden_attributes(found)
    types, values, get = found.cls.types, found.values, found.get
    if image is None and not hidden:  # the usual case must be quick, because a search may find thousands
        return [AttributeValues(name, types[name], values.get(name) or get(name)) for name in names]
    attributes = found.cls.attributes
    taken = []
    for name in names:
        if name in hidden:
            present: Values = ()
        elif image is not None and attributes[name].is_config and name not in SYSTEM_ATTRIBUTES:
            present = image.get(name, ())
        else:
            present = get(name)
        taken.append(AttributeValues(name, types[name], present))
    return taken


def hidden_attributes(found: StoredObject) -> frozenset[str]:
    """Return the attributes of an object that have no values for readers at present.

    IMM shows runtime values only while an implementer is responsible for them. Cached values stay visible
    until the implementer has been away for some time (`bindings.ORPHAN_TIME`); pure values are visible only
    while the implementer is attached."""
    implementer = found.implementer
    if implementer is None or implementer.is_away:
        return _NOTHING if found.dn == MANAGEMENT_OBJECT else found.cls.volatile
    return _NOTHING if implementer.port is not None else found.cls.pure
