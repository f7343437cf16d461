# SPDX-License-Identifier: Apache-2.0
"""A program's view of IMM for the tests: pyosaf calls with plain Python values, in the test's own process.

It finds the simulator of the `saf_shim` fixture through the environment.
"""

from __future__ import annotations

from ctypes import POINTER, cast, pointer
from typing import Any, Optional

from saf_shim.pyosaf import saAis, saImm, saImmOi, saImmOm

VERSION = ("A", 2, 17)
TYPES = {
    "INT32": 1,
    "UINT32": 2,
    "INT64": 3,
    "UINT64": 4,
    "TIME": 5,
    "NAME": 6,
    "FLOAT": 7,
    "DOUBLE": 8,
    "STRING": 9,
}
CACHED = saImm.saImm.SA_IMM_ATTR_RUNTIME | saImm.saImm.SA_IMM_ATTR_CACHED
RDN = saImm.saImm.SA_IMM_ATTR_RDN
CONFIG = saImm.saImm.SA_IMM_ATTR_CONFIG
WRITABLE = saImm.saImm.SA_IMM_ATTR_WRITABLE
MULTI = saImm.saImm.SA_IMM_ATTR_MULTI_VALUE

Given = tuple[str, str, list[Any]]


def name_of(rc: int) -> str:
    """Return the name of a code: ``OK``, ``ERR_EXIST``..."""
    return saAis.eSaAisErrorT.whatis(rc).replace("SA_AIS_", "")


class Kept(list[Any]):
    """The values that must live until a call returns."""

    def add(self, thing: Any) -> Any:
        self.append(thing)
        return thing


def fill(kept: Kept, target: Any, given: Given) -> None:
    name, kind, values = given
    target.attrName = kept.add(saAis.SaStringT(name))
    target.attrValueType = TYPES[kind]
    target.attrValuesNumber = len(values)
    if values:
        array = kept.add((saImm.SaImmAttrValueT * len(values))())
        for index, value in enumerate(values):
            cell = kept.add(saImm.SaImmValueTypeMap[TYPES[kind]](value))
            array[index] = cast(kept.add(pointer(cell)), saAis.SaVoidPtr)
        target.attrValues = cast(array, POINTER(saImm.SaImmAttrValueT))


def attributes(kept: Kept, given: list[Given]) -> list[Any]:
    made = []
    for entry in given:
        item = kept.add(saImm.SaImmAttrValuesT_2())
        fill(kept, item, entry)
        made.append(item)
    return made


def changes(kept: Kept, given: list[Given], how: int = 3) -> list[Any]:
    made = []
    for entry in given:
        item = kept.add(saImm.SaImmAttrModificationT_2())
        item.modType = how
        fill(kept, item.modAttr, entry)
        made.append(item)
    return made


def dn(text: Optional[str]) -> Any:
    return None if text is None else saAis.SaNameT(text)


class Om:
    """An OM handle with an accessor."""

    def __init__(self) -> None:
        self.handle = saImmOm.SaImmHandleT()
        self.rc = name_of(saImmOm.saImmOmInitialize(self.handle, None, saAis.SaVersionT(*VERSION)))
        self.accessor = saImmOm.SaImmAccessorHandleT()
        if self.rc == "OK":
            self.rc = name_of(saImmOm.saImmOmAccessorInitialize(self.handle, self.accessor))

    def create_class(self, name: str, category: int, definitions: list[tuple[str, str, int]]) -> str:
        kept = Kept()
        made = []
        for attribute, kind, flags in definitions:
            item = kept.add(saImm.SaImmAttrDefinitionT_2())
            item.attrName = kept.add(saAis.SaStringT(attribute))
            item.attrValueType = TYPES[kind]
            item.attrFlags = flags
            made.append(item)
        return name_of(saImmOm.saImmOmClassCreate_2(self.handle, saAis.SaStringT(name), category, made))

    def get(self, obj: str, *names: str) -> tuple[str, dict[str, list[Any]]]:
        target = POINTER(POINTER(saImm.SaImmAttrValuesT_2))()
        wanted = [saAis.SaStringT(name) for name in names] or None
        rc = name_of(saImmOm.saImmOmAccessorGet_2(self.accessor, dn(obj), wanted, target))
        if rc != "OK":
            return rc, {}
        return rc, {
            str(item.attrName): [
                saImm.unmarshalSaImmValue(item.attrValues[i], item.attrValueType)
                for i in range(item.attrValuesNumber)
            ]
            for item in saAis.unmarshalNullArray(target)
        }

    def owner(self, name: str, release: bool = True) -> tuple[str, Any]:
        handle = saImmOm.SaImmAdminOwnerHandleT()
        rc = saImmOm.saImmOmAdminOwnerInitialize(self.handle, saAis.SaStringT(name), int(release), handle)
        return name_of(rc), handle

    def finalize(self) -> str:
        return name_of(saImmOm.saImmOmFinalize(self.handle))


class Oi:
    """An OI handle."""

    def __init__(self, name: Optional[str] = None, callbacks: Any = None) -> None:
        self.handle = saImmOi.SaImmOiHandleT()
        self.rc = name_of(saImmOi.saImmOiInitialize_2(self.handle, callbacks, saAis.SaVersionT(*VERSION)))
        if name is not None and self.rc == "OK":
            self.rc = self.set(name)

    def set(self, name: str) -> str:
        return name_of(saImmOi.saImmOiImplementerSet(self.handle, saAis.SaStringT(name)))

    def create(self, class_name: str, parent: Optional[str], given: list[Given]) -> str:
        kept = Kept()
        return name_of(
            saImmOi.saImmOiRtObjectCreate_2(
                self.handle, saAis.SaStringT(class_name), dn(parent), attributes(kept, given)
            )
        )

    def update(self, obj: str, given: list[Given], how: int = 3) -> str:
        kept = Kept()
        return name_of(saImmOi.saImmOiRtObjectUpdate_2(self.handle, dn(obj), changes(kept, given, how)))

    def delete(self, obj: str) -> str:
        return name_of(saImmOi.saImmOiRtObjectDelete(self.handle, dn(obj)))

    def selection_object(self) -> int:
        target = saAis.SaSelectionObjectT()
        assert saImmOi.saImmOiSelectionObjectGet(self.handle, target) == 1
        return int(target.value)

    def dispatch(self, flags: int = 2) -> str:
        return name_of(saImmOi.saImmOiDispatch(self.handle, flags))

    def finalize(self) -> str:
        return name_of(saImmOi.saImmOiFinalize(self.handle))


def make_runtime_class(om: Om, name: str = "TestRt") -> None:
    """Create a runtime class with the RDN ``rt``, a number, a text, a list of texts and a pure attribute."""
    rc = om.create_class(
        name,
        2,
        [
            ("rt", "STRING", CACHED | RDN),
            ("number", "UINT32", CACHED),
            ("text", "STRING", CACHED),
            ("texts", "STRING", CACHED | MULTI),
            ("pure", "UINT32", saImm.saImm.SA_IMM_ATTR_RUNTIME),
        ],
    )
    assert rc == "OK", rc


def make_config_class(om: Om, name: str = "TestCfg") -> None:
    """Create a configuration class with the RDN ``cfg`` and a writable number."""
    rc = om.create_class(name, 1, [("cfg", "STRING", CONFIG | RDN), ("value", "UINT32", CONFIG | WRITABLE)])
    assert rc == "OK", rc


def values(name: str, number: int = 1) -> list[Given]:
    """Return the attributes of an object of the class that `make_runtime_class` creates."""
    return [
        ("rt", "STRING", [f"rt={name}"]),
        ("number", "UINT32", [number]),
        ("text", "STRING", ["text"]),
        ("texts", "STRING", ["a", "b"]),
    ]
