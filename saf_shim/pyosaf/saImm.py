# SPDX-License-Identifier: Apache-2.0
"""Types and constants of the information model (saImm.h and OpenSAF's additions to it), and value
conversions."""

from __future__ import annotations

import ctypes
from ctypes import POINTER, Structure, Union, cast, pointer
from typing import Any

from .saAis import PY3 as PY3  # noqa: PLC0414 - programs take it from here
from .saAis import (
    SaAnyT,
    SaDoubleT,
    SaEnumT,
    SaFloatT,
    SaInt8T,
    SaInt32T,
    SaInt64T,
    SaNameT,
    SaStringT,
    SaTimeT,
    SaUint32T,
    SaUint64T,
    SaVoidPtr,
)
from .saEnumConst import Const, Enumeration

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
    """What to do to one attribute."""

    _fields_ = [("modType", SaImmAttrModificationTypeT), ("modAttr", SaImmAttrValuesT_2)]


class SaImmSearchOneAttrT_2(Structure):
    """An attribute and the value that a search asks for (NULL: any)."""

    _fields_ = [
        ("attrName", SaImmAttrNameT),
        ("attrValueType", SaImmValueTypeT),
        ("attrValue", SaImmAttrValueT),
    ]


class SaImmSearchParametersT_2(Union):
    """What a search asks for."""

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
    """A parameter of an administrative operation; can be made from Python values."""

    _fields_ = [
        ("paramName", SaStringT),
        ("paramType", SaImmValueTypeT),
        ("paramBuffer", SaImmAttrValueT),
    ]

    def __init__(self, name: str, ptype: int, val: Any) -> None:
        super().__init__(SaStringT(name), ptype, marshalSaImmValue(val, ptype))


def marshalSaImmValue(value: Any, value_type: int) -> Any:
    """A void pointer to the C form of a Python value."""
    return cast(pointer(SaImmValueTypeMap[value_type](value)), SaVoidPtr)


def unmarshalSaImmValue(void_ptr: Any, value_type: int) -> Any:
    """The Python value behind a void pointer: int, float or `str`; a SaAnyT as it is. None for NULL and for
    types that are none."""
    if not void_ptr or value_type not in SaImmValueTypeMap:
        return None
    found = cast(void_ptr, POINTER(SaImmValueTypeMap[value_type]))[0]
    if isinstance(found, (SaNameT, SaStringT)):
        return str(found)
    return found


# Conversions between C structures and the simulator's JSON forms; not part of the real bindings.

_NAME, _STRING, _ANY = 6, 9, 10


def read_value(address: Any, value_type: int) -> Any:
    """The JSON form of the C value at a void pointer."""
    ctype = SaImmValueTypeMap.get(value_type)
    if not address or ctype is None:
        return None
    value: Any = cast(address, POINTER(ctype))[0]
    if value_type == _NAME:
        return value.value[: value.length].decode("utf-8", "surrogateescape")
    if value_type == _STRING:
        return None if value.value is None else value.value.decode("utf-8", "surrogateescape")
    if value_type == _ANY:
        if not value.bufferSize or not value.bufferAddr:
            return ""
        return ctypes.string_at(value.bufferAddr, value.bufferSize).hex()
    return value


def read_values(values: Any) -> list[Any]:
    """``[name, type, [values]]`` of a SaImmAttrValuesT_2."""
    name = values.attrName.value
    value_type = values.attrValueType
    pointers = values.attrValues
    found = []
    if pointers:
        found = [read_value(pointers[index], value_type) for index in range(values.attrValuesNumber)]
    elif values.attrValuesNumber:
        found = [None] * min(values.attrValuesNumber, 1)
    return [None if name is None else name.decode("utf-8", "surrogateescape"), value_type, found]


def read_array(array: Any, read: Any) -> Any:
    """What `read` makes of each member of a NULL-terminated array of pointers; None for a NULL array."""
    if not array:
        return None
    found = []
    index = 0
    while array[index]:
        found.append(read(array[index][0]))
        index += 1
    return found


def read_modification(modification: Any) -> list[Any]:
    """``[how, name, type, [values]]`` of a SaImmAttrModificationT_2."""
    return [modification.modType, *read_values(modification.modAttr)]


def read_parameter(parameter: Any) -> list[Any]:
    """``[name, type, value]`` of a SaImmAdminOperationParamsT_2."""
    name = parameter.paramName.value
    value = read_value(parameter.paramBuffer, parameter.paramType)
    return [None if name is None else name.decode("utf-8", "surrogateescape"), parameter.paramType, value]


def read_definition(definition: Any) -> list[Any]:
    """``[name, type, flags, default or None]`` of a SaImmAttrDefinitionT_2."""
    name = definition.attrName.value
    default = read_value(definition.attrDefaultValue, definition.attrValueType)
    return [
        None if name is None else name.decode("utf-8", "surrogateescape"),
        definition.attrValueType,
        definition.attrFlags,
        default,
    ]


def read_strings(array: Any) -> Any:
    """The texts of a NULL-terminated array of ``char *``; None for a NULL array."""
    if not array:
        return None
    found = []
    index = 0
    while array[index].value is not None:
        found.append(array[index].value.decode("utf-8", "surrogateescape"))
        index += 1
    return found


def read_names(array: Any) -> Any:
    """The texts of a NULL-terminated array of ``SaNameT *``; None for a NULL array."""
    return read_array(array, lambda name: name.value[: name.length].decode("utf-8", "surrogateescape"))


class Memory:
    """C structures made from JSON forms; they live as long as this object does."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: list[Any] = []

    def string(self, text: str) -> Any:
        """A SaStringT."""
        found = SaStringT.__new__(SaStringT)
        found.value = text.encode("utf-8", "surrogateescape")
        self._kept.append(found)
        return found

    def name(self, text: str) -> Any:
        """A SaNameT."""
        found = SaNameT(text)
        self._kept.append(found)
        return found

    def value(self, value: Any, value_type: int) -> Any:
        """A void pointer to the C value."""
        made: Any
        if value_type == _STRING:
            made = self.string(value)
        elif value_type == _ANY:
            raw = bytes.fromhex(value)
            buffer = ctypes.create_string_buffer(raw, len(raw) or 1)
            self._kept.append(buffer)
            made = SaAnyT(len(raw), cast(buffer, POINTER(SaInt8T)))
        else:
            made = SaImmValueTypeMap[value_type](value)
        self._kept.append(made)
        return ctypes.addressof(made)

    def values(self, target: Any, name: str, value_type: int, values: list[Any]) -> None:
        """Fill a SaImmAttrValuesT_2."""
        target.attrName = self.string(name)
        target.attrValueType = value_type
        target.attrValuesNumber = len(values)
        if values:
            array = (SaImmAttrValueT * len(values))(*[self.value(value, value_type) for value in values])
            self._kept.append(array)
            target.attrValues = cast(array, POINTER(SaImmAttrValueT))

    def attributes(self, attributes: list[Any]) -> Any:
        """``SaImmAttrValuesT_2 **`` of ``[[name, type, [values]]...]``."""
        made = (SaImmAttrValuesT_2 * len(attributes))()
        for target, (name, value_type, values) in zip(made, attributes):
            self.values(target, name, value_type, values)
        return self.array(made, SaImmAttrValuesT_2)

    def modifications(self, modifications: list[Any]) -> Any:
        """``SaImmAttrModificationT_2 **`` of ``[[how, name, type, [values]]...]``."""
        made = (SaImmAttrModificationT_2 * len(modifications))()
        for target, (how, name, value_type, values) in zip(made, modifications):
            target.modType = how
            self.values(target.modAttr, name, value_type, values)
        return self.array(made, SaImmAttrModificationT_2)

    def parameters(self, parameters: list[Any]) -> Any:
        """``SaImmAdminOperationParamsT_2 **`` of ``[[name, type, value]...]``."""
        made = (SaImmAdminOperationParamsT_2 * len(parameters))()
        for target, (name, value_type, value) in zip(made, parameters):
            target.paramName = self.string(name)
            target.paramType = value_type
            target.paramBuffer = self.value(value, value_type)
        return self.array(made, SaImmAdminOperationParamsT_2)

    def definitions(self, definitions: list[Any]) -> Any:
        """``SaImmAttrDefinitionT_2 **`` of ``[[name, type, flags, default]...]``."""
        made = (SaImmAttrDefinitionT_2 * len(definitions))()
        for target, (name, value_type, flags, default) in zip(made, definitions):
            target.attrName = self.string(name)
            target.attrValueType = value_type
            target.attrFlags = flags
            if default is not None:
                target.attrDefaultValue = self.value(default, value_type)
        return self.array(made, SaImmAttrDefinitionT_2)

    def strings(self, texts: list[str]) -> Any:
        """``SaStringT *`` of texts, NULL-terminated."""
        array = (SaStringT * (len(texts) + 1))()
        for index, text in enumerate(texts):
            array[index] = self.string(text)
        self._kept.append(array)
        return cast(array, POINTER(SaStringT))

    def array(self, made: Any, ctype: Any) -> Any:
        """``ctype **``, NULL-terminated, of an array of structures."""
        array = (POINTER(ctype) * (len(made) + 1))()
        for index, item in enumerate(made):
            array[index] = pointer(item)
        self._kept += [made, array]
        return cast(array, POINTER(POINTER(ctype)))
