# SPDX-License-Identifier: Apache-2.0
"""The types and numbers of the information model (saImm.h and OpenSAF's additions to it), and functions that
turn values into C."""

from __future__ import annotations

from ctypes import POINTER, Structure, Union, cast, pointer
from typing import Any

from .ais import PY3 as PY3  # noqa: PLC0414 - programs take it from here
from .ais import (
    SaAnyT,
    SaDoubleT,
    SaEnumT,
    SaFloatT,
    SaInt32T,
    SaInt64T,
    SaNameT,
    SaStringT,
    SaTimeT,
    SaUint32T,
    SaUint64T,
    SaVoidPtr,
)
from .enumerations import Const, Enumeration

SaImmClassNameT = SaStringT
SaImmAttrNameT = SaStringT
SaImmAdminOwnerNameT = SaStringT

SaImmValueTypeT = SaEnumT
SaImmClassCategoryT = SaEnumT
SaImmAttrModificationTypeT = SaEnumT
SaImmScopeT = SaEnumT
SaImmAttrFlagsT = SaUint64T
SaImmAttrValueT = SaVoidPtr
SaImmSearchOptionsT = SaUint64T
SaImmCcbFlagsT = SaUint64T
SaImmContinuationIdT = SaUint64T
SaImmAdminOperationIdT = SaUint64T

eSaImmValueTypeT = Enumeration(
    (
        ("SA_IMM_ATTR_SAINT32T", 1),
        "SA_IMM_ATTR_SAUINT32T",
        "SA_IMM_ATTR_SAINT64T",
        "SA_IMM_ATTR_SAUINT64T",
        "SA_IMM_ATTR_SATIMET",
        "SA_IMM_ATTR_SANAMET",
        "SA_IMM_ATTR_SAFLOATT",
        "SA_IMM_ATTR_SADOUBLET",
        "SA_IMM_ATTR_SASTRINGT",
        "SA_IMM_ATTR_SAANYT",
    )
)
eSaImmClassCategoryT = Enumeration((("SA_IMM_CLASS_CONFIG", 1), "SA_IMM_CLASS_RUNTIME"))
eSaImmAttrModificationTypeT = Enumeration(
    (("SA_IMM_ATTR_VALUES_ADD", 1), "SA_IMM_ATTR_VALUES_DELETE", "SA_IMM_ATTR_VALUES_REPLACE")
)
eSaImmScopeT = Enumeration((("SA_IMM_ONE", 1), "SA_IMM_SUBLEVEL", "SA_IMM_SUBTREE"))

saImm = Const()
saImm.SA_IMM_ATTR_MULTI_VALUE = 0x00000001
saImm.SA_IMM_ATTR_RDN = 0x00000002
saImm.SA_IMM_ATTR_CONFIG = 0x00000100
saImm.SA_IMM_ATTR_WRITABLE = 0x00000200
saImm.SA_IMM_ATTR_INITIALIZED = 0x00000400
saImm.SA_IMM_ATTR_RUNTIME = 0x00010000
saImm.SA_IMM_ATTR_PERSISTENT = 0x00020000
saImm.SA_IMM_ATTR_CACHED = 0x00040000
saImm.SA_IMM_ATTR_NO_DUPLICATES = 0x01000000
saImm.SA_IMM_ATTR_NOTIFY = 0x02000000
saImm.SA_IMM_ATTR_NO_DANGLING = 0x04000000
saImm.SA_IMM_ATTR_DN = 0x08000000
saImm.SA_IMM_ATTR_DEFAULT_REMOVED = 0x10000000
saImm.SA_IMM_ATTR_STRONG_DEFAULT = 0x20000000
saImm.SA_IMM_SEARCH_ONE_ATTR = 0x0001
saImm.SA_IMM_SEARCH_GET_ALL_ATTR = 0x0100
saImm.SA_IMM_SEARCH_GET_NO_ATTR = 0x0200
saImm.SA_IMM_SEARCH_GET_SOME_ATTR = 0x0400
saImm.SA_IMM_SEARCH_GET_CONFIG_ATTR = 0x00010000
saImm.SA_IMM_SEARCH_NO_DANGLING_DEPENDENTS = 0x100000000
saImm.SA_IMM_CCB_REGISTERED_OI = 0x00000001
saImm.SA_IMM_CCB_ALLOW_NULL_OI = 0x00000100


class SaImmAttrDefinitionT_2(Structure):
    """An attribute of a class."""

    _fields_ = [
        ("attrName", SaImmAttrNameT),
        ("attrValueType", SaImmValueTypeT),
        ("attrFlags", SaImmAttrFlagsT),
        ("attrDefaultValue", SaImmAttrValueT),
    ]


class SaImmAttrValuesT_2(Structure):
    """An attribute of an object, with its values."""

    _fields_ = [
        ("attrName", SaImmAttrNameT),
        ("attrValueType", SaImmValueTypeT),
        ("attrValuesNumber", SaUint32T),
        ("attrValues", POINTER(SaImmAttrValueT)),
    ]


class SaImmAttrModificationT_2(Structure):
    """A change of one attribute."""

    _fields_ = [("modType", SaImmAttrModificationTypeT), ("modAttr", SaImmAttrValuesT_2)]


class SaImmSearchOneAttrT_2(Structure):
    """An attribute and the value that a search looks for (NULL stands for any value)."""

    _fields_ = [
        ("attrName", SaImmAttrNameT),
        ("attrValueType", SaImmValueTypeT),
        ("attrValue", SaImmAttrValueT),
    ]


class SaImmSearchParametersT_2(Union):
    """What a search looks for."""

    _fields_ = [("searchOneAttr", SaImmSearchOneAttrT_2)]


SaImmValueTypeMap: dict[int, Any] = {
    eSaImmValueTypeT.SA_IMM_ATTR_SAINT32T: SaInt32T,
    eSaImmValueTypeT.SA_IMM_ATTR_SAUINT32T: SaUint32T,
    eSaImmValueTypeT.SA_IMM_ATTR_SAINT64T: SaInt64T,
    eSaImmValueTypeT.SA_IMM_ATTR_SAUINT64T: SaUint64T,
    eSaImmValueTypeT.SA_IMM_ATTR_SATIMET: SaTimeT,
    eSaImmValueTypeT.SA_IMM_ATTR_SANAMET: SaNameT,
    eSaImmValueTypeT.SA_IMM_ATTR_SAFLOATT: SaFloatT,
    eSaImmValueTypeT.SA_IMM_ATTR_SADOUBLET: SaDoubleT,
    eSaImmValueTypeT.SA_IMM_ATTR_SASTRINGT: SaStringT,
    eSaImmValueTypeT.SA_IMM_ATTR_SAANYT: SaAnyT,
}


class SaImmAdminOperationParamsT_2(Structure):
    """A parameter of an administrative operation. It can be made from Python values."""

    _fields_ = [
        ("paramName", SaStringT),
        ("paramType", SaImmValueTypeT),
        ("paramBuffer", SaImmAttrValueT),
    ]

    def __init__(self, name: str, ptype: int, val: Any) -> None:
        super().__init__(SaStringT(name), ptype, marshalSaImmValue(val, ptype))


def marshalSaImmValue(value: Any, value_type: int) -> Any:
    """Return a void pointer to the C form of a Python value."""
    return cast(pointer(SaImmValueTypeMap[value_type](value)), SaVoidPtr)


def unmarshalSaImmValue(void_ptr: Any, value_type: int) -> Any:
    """Return the Python value behind a void pointer: int, float or `str`, or a SaAnyT unchanged. None for
    NULL and for unknown types."""
    if not void_ptr or value_type not in SaImmValueTypeMap:
        return None
    found = cast(void_ptr, POINTER(SaImmValueTypeMap[value_type]))[0]
    if isinstance(found, (SaNameT, SaStringT)):
        return str(found)
    return found
