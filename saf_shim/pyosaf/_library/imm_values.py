# SPDX-License-Identifier: Apache-2.0
"""Values, attributes, classes and names of IMM, turned from C structures into JSON forms and back.

The JSON forms are those of `saf_shim.contract`.
"""

from __future__ import annotations

import ctypes
from ctypes import POINTER, cast, pointer
from typing import Any

from .._types.ais import SaAnyT, SaInt8T, SaNameT, SaStringT
from .._types.imm import (
    SaImmAdminOperationParamsT_2,
    SaImmAttrDefinitionT_2,
    SaImmAttrModificationT_2,
    SaImmAttrValuesT_2,
    SaImmAttrValueT,
    SaImmValueTypeMap,
)

_NAME, _STRING, _ANY = 6, 9, 10


def read_value(address: Any, value_type: int) -> Any:
    """Return the JSON form of the C value at a void pointer."""
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
    """Return ``[name, type, [values]]`` of a SaImmAttrValuesT_2."""
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
    """Return the result of `read` for each member of a NULL-terminated array of pointers. None for a NULL
    array."""
    if not array:
        return None
    found = []
    index = 0
    while array[index]:
        found.append(read(array[index][0]))
        index += 1
    return found


def read_modification(modification: Any) -> list[Any]:
    """Return ``[how, name, type, [values]]`` of a SaImmAttrModificationT_2."""
    return [modification.modType, *read_values(modification.modAttr)]


def read_parameter(parameter: Any) -> list[Any]:
    """Return ``[name, type, value]`` of a SaImmAdminOperationParamsT_2."""
    name = parameter.paramName.value
    value = read_value(parameter.paramBuffer, parameter.paramType)
    return [None if name is None else name.decode("utf-8", "surrogateescape"), parameter.paramType, value]


def read_definition(definition: Any) -> list[Any]:
    """Return ``[name, type, flags, default or None]`` of a SaImmAttrDefinitionT_2."""
    name = definition.attrName.value
    default = read_value(definition.attrDefaultValue, definition.attrValueType)
    return [
        None if name is None else name.decode("utf-8", "surrogateescape"),
        definition.attrValueType,
        definition.attrFlags,
        default,
    ]


def read_strings(array: Any) -> Any:
    """Return the texts of a NULL-terminated array of ``char *``; None for a NULL array."""
    if not array:
        return None
    found = []
    index = 0
    while array[index].value is not None:
        found.append(array[index].value.decode("utf-8", "surrogateescape"))
        index += 1
    return found


def read_names(array: Any) -> Any:
    """Return the texts of a NULL-terminated array of ``SaNameT *``; None for a NULL array."""
    return read_array(array, lambda name: name.value[: name.length].decode("utf-8", "surrogateescape"))


class Memory:
    """Makes C structures from JSON forms. They live as long as this object."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: list[Any] = []

    def string(self, text: str) -> Any:
        """Make a SaStringT."""
        found = SaStringT.__new__(SaStringT)
        found.value = text.encode("utf-8", "surrogateescape")
        self._kept.append(found)
        return found

    def name(self, text: str) -> Any:
        """Make a SaNameT."""
        found = SaNameT(text)
        self._kept.append(found)
        return found

    def value(self, value: Any, value_type: int) -> Any:
        """Make a C value and return a void pointer to it."""
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
        """Make a ``SaImmAttrValuesT_2 **`` of ``[[name, type, [values]]...]``."""
        made = (SaImmAttrValuesT_2 * len(attributes))()
        for target, (name, value_type, values) in zip(made, attributes):
            self.values(target, name, value_type, values)
        return self.array(made, SaImmAttrValuesT_2)

    def modifications(self, modifications: list[Any]) -> Any:
        """Make a ``SaImmAttrModificationT_2 **`` of ``[[how, name, type, [values]]...]``."""
        made = (SaImmAttrModificationT_2 * len(modifications))()
        for target, (how, name, value_type, values) in zip(made, modifications):
            target.modType = how
            self.values(target.modAttr, name, value_type, values)
        return self.array(made, SaImmAttrModificationT_2)

    def parameters(self, parameters: list[Any]) -> Any:
        """Make a ``SaImmAdminOperationParamsT_2 **`` of ``[[name, type, value]...]``."""
        made = (SaImmAdminOperationParamsT_2 * len(parameters))()
        for target, (name, value_type, value) in zip(made, parameters):
            target.paramName = self.string(name)
            target.paramType = value_type
            target.paramBuffer = self.value(value, value_type)
        return self.array(made, SaImmAdminOperationParamsT_2)

    def definitions(self, definitions: list[Any]) -> Any:
        """Make a ``SaImmAttrDefinitionT_2 **`` of ``[[name, type, flags, default]...]``."""
        made = (SaImmAttrDefinitionT_2 * len(definitions))()
        for target, (name, value_type, flags, default) in zip(made, definitions):
            target.attrName = self.string(name)
            target.attrValueType = value_type
            target.attrFlags = flags
            if default is not None:
                target.attrDefaultValue = self.value(default, value_type)
        return self.array(made, SaImmAttrDefinitionT_2)

    def strings(self, texts: list[str]) -> Any:
        """Make a ``SaStringT *`` of texts, NULL-terminated."""
        array = (SaStringT * (len(texts) + 1))()
        for index, text in enumerate(texts):
            array[index] = self.string(text)
        self._kept.append(array)
        return cast(array, POINTER(SaStringT))

    def array(self, made: Any, ctype: Any) -> Any:
        """Make a ``ctype **``, NULL-terminated, of an array of structures."""
        array = (POINTER(ctype) * (len(made) + 1))()
        for index, item in enumerate(made):
            array[index] = pointer(item)
        self._kept += [made, array]
        return cast(array, POINTER(POINTER(ctype)))
