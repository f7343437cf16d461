# SPDX-License-Identifier: Apache-2.0
"""Types, codes and constants that all AIS services share (saAis.h), and the helpers of the bindings."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from ctypes import POINTER, Structure, Union, byref, c_char, c_char_p, cast, pointer
from typing import Any, Optional

from saf_shim.codes import Code

from .enumerations import Const, Enumeration

PY3 = True  # the bindings also ran on Python 2, and programs ask for this

SaInt8T = c_char
SaInt16T = ctypes.c_short
SaInt32T = ctypes.c_int
SaInt64T = ctypes.c_longlong
SaUint8T = ctypes.c_ubyte
SaUint16T = ctypes.c_ushort
SaUint32T = ctypes.c_uint
SaUint64T = ctypes.c_ulonglong
SaFloatT = ctypes.c_float
SaDoubleT = ctypes.c_double
SaVoidPtr = ctypes.c_void_p
SaEnumT = ctypes.c_int

SaTimeT = SaInt64T
SaInvocationT = SaUint64T
SaSizeT = SaUint64T
SaOffsetT = SaUint64T
SaSelectionObjectT = SaUint64T
SaBoolT = SaEnumT
SaDispatchFlagsT = SaEnumT
SaAisErrorT = SaEnumT
SaServicesT = SaEnumT
SaLogLimitIdT = SaEnumT  # this is a log type, but programs look for it here, too


class SaStringT(c_char_p):
    """``char *``, made from `str`. Where a prototype wants one, plain bytes are accepted as well."""

    def __init__(self, value: Optional[str] = "") -> None:
        super().__init__(None if value is None else value.encode("utf-8"))

    def __str__(self) -> str:
        return repr(self) if self.value is None else self.value.decode("utf-8", "surrogateescape")


saAis = Const()
saAis.SA_TIME_END = 0x7FFFFFFFFFFFFFFF
saAis.SA_TIME_BEGIN = 0
saAis.SA_TIME_UNKNOWN = 0x8000000000000000
saAis.SA_TIME_ONE_MICROSECOND = 1000
saAis.SA_TIME_ONE_MILLISECOND = 1000000
saAis.SA_TIME_ONE_SECOND = 1000000000
saAis.SA_TIME_ONE_MINUTE = 60000000000
saAis.SA_TIME_ONE_HOUR = 3600000000000
saAis.SA_TIME_ONE_DAY = 86400000000000
saAis.SA_TIME_MAX = saAis.SA_TIME_END
saAis.SA_MAX_NAME_LENGTH = 256
saAis.SA_TRACK_CURRENT = 0x01
saAis.SA_TRACK_CHANGES = 0x02
saAis.SA_TRACK_CHANGES_ONLY = 0x04
saAis.SA_TRACK_LOCAL = 0x08
saAis.SA_TRACK_START_STEP = 0x10
saAis.SA_TRACK_VALIDATE_STEP = 0x20

eSaBoolT = Enumeration((("SA_FALSE", 0), "SA_TRUE"))
eSaDispatchFlagsT = Enumeration((("SA_DISPATCH_ONE", 1), "SA_DISPATCH_ALL", "SA_DISPATCH_BLOCKING"))
eSaAisErrorT = Enumeration([(f"SA_AIS_{code.name}", int(code)) for code in Code])
eSaServicesT = Enumeration(
    (
        ("SA_SVC_HPI", 1),
        "SA_SVC_AMF",
        "SA_SVC_CLM",
        "SA_SVC_CKPT",
        "SA_SVC_EVT",
        "SA_SVC_MSG",
        "SA_SVC_LCK",
        "SA_SVC_IMMS",
        "SA_SCV_LOG",
        "SA_SVC_NTF",
        "SA_SVC_NAM",
        "SA_SVC_TMR",
        "SA_SVC_SMF",
        "SA_SVC_SEC",
        "SA_SVC_PLM",
    )
)

eSaLogLimitIdT = Enumeration((("SA_LOG_MAX_NUM_CLUSTER_APP_LOG_STREAMS_ID", 1),))


class SaAnyT(Structure):
    """Uninterpreted bytes: size and address."""

    _fields_ = [("bufferSize", SaSizeT), ("bufferAddr", POINTER(SaInt8T))]


class SaVersionT(Structure):
    """Release letter, major and minor version."""

    _fields_ = [("releaseCode", SaInt8T), ("majorVersion", SaUint8T), ("minorVersion", SaUint8T)]

    def __init__(self, release: str = "_", major: int = 0, minor: int = 0) -> None:
        super().__init__(release.encode("latin-1"), major, minor)


class SaLimitValueT(Union):
    """A limit of a service, by the limit's own type."""

    _fields_ = [
        ("int64Value", SaInt64T),
        ("uint64Value", SaUint64T),
        ("timeValue", SaTimeT),
        ("floatValue", SaFloatT),
        ("doubleValue", SaDoubleT),
    ]


class _ShortNameT(Structure):
    """A name of at most 256 bytes, stored in the structure."""

    _fields_ = [("length", SaUint16T), ("value", SaInt8T * 256)]

    def __init__(self, name: str = "") -> None:
        raw = name.encode("utf-8", "surrogateescape")
        super().__init__(len(raw), raw)

    def __str__(self) -> str:
        return self.value.decode("utf-8", "surrogateescape")  # type: ignore[no-any-return]


# saAisNameLend() sets the length to this value if the bytes of the name are stored elsewhere.
_LENT = 0xFFFF


class _LongNameT(Structure):
    """A name of any length. Up to 255 bytes are stored in it; longer names are stored elsewhere
    (saAis_B_5_14.h)."""

    _fields_ = [("_opaque", SaUint16T * 129)]

    def __init__(self, name: str = "") -> None:
        super().__init__()
        saAisNameLend(name.encode("utf-8", "surrogateescape"), self)

    @property
    def length(self) -> int:
        """The number of bytes of the name."""
        return len(self.value)

    @property
    def value(self) -> bytes:
        """The bytes of the name."""
        return saAisNameBorrow(self)

    def __str__(self) -> str:
        return self.value.decode("utf-8", "surrogateescape")


def saAisNameLend(value: bytes, name: Any) -> None:
    """Make `name` stand for `value`. Long values stay where they are, and `name` keeps them alive."""
    address = ctypes.addressof(name)
    if len(value) < 256:
        name._opaque[0] = len(value)
        ctypes.memset(address + 2, 0, 256)
        ctypes.memmove(address + 2, value, len(value))
        return
    name._opaque[0] = _LENT
    name._lent = ctypes.create_string_buffer(value)
    # OpenSAF writes this mark, so that the length and the pointer cannot be mistaken for a name stored in
    # place.
    ctypes.memmove(address + 8, bytes(SaUint64T(ctypes.addressof(name._lent))), 8)


def saAisNameBorrow(name: Any) -> bytes:
    """Return the bytes that `name` stands for."""
    address = ctypes.addressof(name)
    if name._opaque[0] != _LENT:
        return ctypes.string_at(address + 2, min(name._opaque[0], 256))
    return ctypes.string_at(SaUint64T.from_address(address + 8).value)


SaNameT: Any = _LongNameT if os.environ.get("SA_ENABLE_EXTENDED_NAMES") == "1" else _ShortNameT
SaNameT.__name__ = SaNameT.__qualname__ = "SaNameT"


def BYREF(data: Any) -> Any:
    """Return a reference to `data` for a C call. None stays None (NULL)."""
    return None if data is None else byref(data)


def marshalNullArray(plist: Optional[Sequence[Any]], type_name: Any = None) -> Any:
    """Return a NULL-terminated array of the ctypes objects in `plist`. Strings are stored directly, others as
    pointers.

    None gives None. An empty list has no type of its own; `type_name`, a ctypes type, gives one. Without it,
    no prototype accepts the result."""
    if plist is None:
        return None
    if not plist:
        return (SaVoidPtr * 1)() if type_name is None else (POINTER(type_name) * 1)()
    ctype = type(plist[0])
    array: Any
    if issubclass(ctype, c_char_p):
        array = (ctype * (len(plist) + 1))(*plist)
        array[len(plist)] = ctype(None)
        return array
    array = (POINTER(ctype) * (len(plist) + 1))()
    for index, item in enumerate(plist):
        array[index] = pointer(item)
    return array


def marshalNullArrayVoidPtrPtr(plist: Optional[Sequence[Any]]) -> Any:
    """Do the same as `marshalNullArray`, but return a pointer to a void pointer."""
    return pointer(cast(marshalNullArray(plist), SaVoidPtr))


def marshalSaStringTArray(plist: Optional[Sequence[Any]]) -> Any:
    """Return a NULL-terminated array of strings (SaStringT or bytes), which may be empty. None gives None."""
    if plist is None:
        return None
    return (SaStringT * (len(plist) + 1))(*plist)


def unmarshalNullArray(c_array: Any) -> list[Any]:
    """Return what a NULL-terminated array points to: structures unchanged, strings as `str`."""
    found: list[Any] = []
    if not c_array:
        return found
    for item in c_array:
        if isinstance(item, c_char_p):
            if item.value is None:
                break
            found.append(str(item))
        elif item:
            found.append(item[0])
        else:
            break
    return found


def unmarshalSaStringTArray(c_array: Any) -> list[str]:
    """Return the texts of a NULL-terminated array of strings."""
    return unmarshalNullArray(c_array)
