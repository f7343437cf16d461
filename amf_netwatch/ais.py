# SPDX-License-Identifier: Apache-2.0
"""The only door to AMF and IMM: typed wrappers over the low-level pyosaf calls. Only this module uses
ctypes.

Each method makes one AIS call and raises `AisError` for any answer except SA_AIS_OK. Only this module has to
deal with these peculiarities of AIS and of ctypes:

* the version structure is changed by the call, so each attempt gets a fresh one;
* the callbacks structure lives as long as its handle, every value of an attribute list as long as the call:
  ctypes casts keep nothing alive, and a NULL inside a value array crashes the process;
* an empty attribute list is an ArgumentError, so no call is made for one;
* integers wrap silently, so values are checked against their type first;
* an exception in a callback would be printed to /dev/null and lost: it is caught and given to `failed`, and
  the invocation is answered FAILED_OPERATION if it had no answer yet;
* an answer that AMF does not accept is no defect of ours: it is repeated for two seconds, then given to
  `unanswered`;
* CSI attributes come with ADD_ONE only, and their memory is freed after the callback, so they are copied; a
  NULL becomes None;
* a recovery outside AIS's range makes amfnd abort, so it is refused here.

Two threads must not use one handle: AMF's calls are made by the main thread, IMM's by the thread that owns
IMM (`publication.owner`). Importing this module imports pyosaf; `NoAisError` says what is missing when that
fails.
"""

from __future__ import annotations

import ctypes
import os
import select
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from time import monotonic
from typing import Any, Callable, NamedTuple, Optional, Protocol

from amf_netwatch.assignment import CsiDescriptor, CsiFlag, HAState, Recovery
from amf_netwatch.environment import IMM_TIMEOUT_VARIABLE
from amf_netwatch.errors import (
    ERR_FAILED_OPERATION,
    ERR_NO_MEMORY,
    ERR_NO_RESOURCES,
    ERR_NOT_EXIST,
    ERR_TIMEOUT,
    ERR_TRY_AGAIN,
    OK,
    AisError,
    NoAisError,
)
from imm_model.classes import SYSTEM_ATTRIBUTES, ClassDefinition
from imm_model.names import rdn_of, split_dn
from imm_model.objects import ImmObject
from imm_model.types import Value, ValueType, check_value

# An IMM call blocks for up to this many times 10 ms when IMM does not answer. With the library's default of
# 10 s, a withdrawal could not be repeated while AMF waits for it. The library reads the variable when a
# handle is made; 10 is the smallest value that it accepts.
os.environ.setdefault(IMM_TIMEOUT_VARIABLE, "100")

try:
    from pyosaf import saAmf, saImm, saImmOi, saImmOm
    from pyosaf.saAis import (
        SaAnyT,
        SaNameT,
        SaSelectionObjectT,
        SaStringT,
        SaUint64T,
        SaVersionT,
        SaVoidPtr,
        eSaAisErrorT,
    )
except (ImportError, OSError, AttributeError) as error:
    raise NoAisError(
        f"cannot load pyosaf ({error}): install OpenSAF's Python modules (package opensaf-python) for "
        f"{sys.executable}, or run inside `saf-shim run -- ...`"
    ) from error

_AMF_VERSION = ("B", 4, 1)
_IMM_VERSION = ("A", 2, 11)
_DISPATCH_ALL = 2
_HEALTHCHECK_AMF_INVOKED = 1
_REPLACE = 3  # SA_IMM_ATTR_VALUES_REPLACE
_SUBTREE = 3
_ONE_ATTR, _GET_ALL = 0x1, 0x100
_PATIENCE = 2.0  # seconds for which a call is repeated if giving up would cost a restart
_PAUSE_MS = 50
_TRY_AGAIN = frozenset({ERR_TRY_AGAIN})
_PASSING = frozenset({ERR_TRY_AGAIN, ERR_TIMEOUT, ERR_NO_MEMORY, ERR_NO_RESOURCES})

_C_NUMBERS: dict[int, Any] = {
    ValueType.INT32: ctypes.c_int32,
    ValueType.UINT32: ctypes.c_uint32,
    ValueType.INT64: ctypes.c_int64,
    ValueType.UINT64: ctypes.c_uint64,
    ValueType.TIME: ctypes.c_int64,
    ValueType.FLOAT: ctypes.c_float,
    ValueType.DOUBLE: ctypes.c_double,
}


def name_of(code: int) -> str:
    """Return AIS's name of an error code. `unknown(n)` for a number without a name."""
    name: str = eSaAisErrorT.whatis(code)
    return f"unknown({code})" if name == "UNKNOWN_ENUM" else name


def _check(call: str, code: int) -> None:
    if code != OK:
        raise AisError(call, code, name_of(code))


def _patiently(call: str, function: Callable[[], int], passing: frozenset[int] = _TRY_AGAIN) -> None:
    """Make a call that must not be given up easily: repeat it for two seconds. It is made at least once.

    `passing`: the codes after which the call is repeated.
    """
    deadline = monotonic() + _PATIENCE
    code = function()
    while code in passing:
        select.poll().poll(_PAUSE_MS)  # AIS has no event that says when to try again
        code = function()
        if monotonic() >= deadline:
            break
    _check(call, code)


def _text(name: Any) -> str:
    """Return a SaNameT as str, by its length, because its own str() stops at a NUL."""
    return bytes(name.value)[: name.length].decode("utf-8", "surrogateescape")


# ----------------------------------------------------------------------------------------------- AMF


class AmfHandler(Protocol):
    """Receives the callbacks, in the thread that calls `Amf.dispatch`. The parameters are AMF's."""

    def healthcheckCallback(self, invocation: Invocation, comp_name: str, healthcheck_key: str) -> None:
        """AMF asks whether the component is healthy."""

    def csiSetCallback(
        self, invocation: Invocation, comp_name: str, ha_state: HAState, csi_descriptor: CsiDescriptor
    ) -> None:
        """AMF assigns a CSI, or changes the HA state of CSIs."""

    def csiRemoveCallback(
        self, invocation: Invocation, comp_name: str, csi_name: Optional[str], csi_flags: int
    ) -> None:
        """AMF removes a CSI. `csi_name` None stands for all CSIs."""

    def componentTerminateCallback(self, invocation: Invocation, comp_name: str) -> None:
        """AMF wants us to end."""

    def failed(self, callback: str, error: BaseException) -> None:
        """A callback raised an exception. The caller answers its invocation if that is still needed."""

    def unanswered(self, error: AisError) -> None:
        """AMF did not accept an answer."""


class Invocation:
    """The ticket of one callback, which must be answered once. AMF reuses the numbers."""

    __slots__ = ("_amf", "answered", "number")

    def __init__(self, amf: Amf, number: int) -> None:
        self._amf = amf
        self.number = number
        self.answered = False

    def answer(self, code: int = OK) -> None:
        """Answer with a SaAisErrorT. A second answer is a defect of ours.

        It does not raise AisError: if AMF does not accept the answer, the handler's `unanswered` is called.
        """
        assert not self.answered, "an invocation is answered once"
        self.answered = True
        self._amf.respond(self.number, code)

    def complete_quiescing(self, code: int = OK) -> None:
        """Tell AMF that quiescing is complete. Call this after `answer`."""
        self._amf.quiescing_complete(self.number, code)


class Amf:
    """A handle of the Availability Management Framework, and the component that is registered with it."""

    _handler: AmfHandler

    def __init__(self) -> None:
        self._handle = saAmf.SaAmfHandleT()
        self._callbacks = saAmf.SaAmfCallbacksT_4()
        self._callbacks.saAmfHealthcheckCallback = saAmf.SaAmfHealthcheckCallbackT(self._on_healthcheck)
        self._callbacks.saAmfComponentTerminateCallback = saAmf.SaAmfComponentTerminateCallbackT(
            self._on_terminate
        )
        self._callbacks.saAmfCSISetCallback = saAmf.SaAmfCSISetCallbackT(self._on_csi_set)
        self._callbacks.saAmfCSIRemoveCallback = saAmf.SaAmfCSIRemoveCallbackT(self._on_csi_remove)
        self._component = SaNameT()
        self._name = ""
        self._key = ""
        _patiently(
            "saAmfInitialize_4",
            lambda: int(saAmf.saAmfInitialize_4(self._handle, self._callbacks, SaVersionT(*_AMF_VERSION))),
        )

    def component_name(self) -> str:
        """Return the DN of our component, which AMF gave us at the start."""
        name = self._component
        _patiently(
            "saAmfComponentNameGet", lambda: int(saAmf.saAmfComponentNameGet(self._handle, name)), _PASSING
        )
        self._name = _text(name)
        return self._name

    def selection_object(self) -> int:
        """Return the descriptor that is readable when a callback waits."""
        selection = SaSelectionObjectT()
        _patiently(
            "saAmfSelectionObjectGet",
            lambda: int(saAmf.saAmfSelectionObjectGet(self._handle, selection)),
            _PASSING,
        )
        return int(selection.value)

    def register(self, handler: AmfHandler) -> None:
        """Register our component. `component_name` must be called first. From now on `handler` is called."""
        self._handler = handler
        _patiently(
            "saAmfComponentRegister",
            lambda: int(saAmf.saAmfComponentRegister(self._handle, self._component, None)),
        )

    def start_healthcheck(self, key: str, recovery: Recovery) -> None:
        """Start the healthcheck `key`, which AMF invokes. The first callback comes at once."""
        number = int(Recovery(recovery))
        self._key = key
        _patiently(
            "saAmfHealthcheckStart",
            lambda: int(
                saAmf.saAmfHealthcheckStart(
                    self._handle,
                    self._component,
                    saAmf.SaAmfHealthcheckKeyT(key),
                    _HEALTHCHECK_AMF_INVOKED,
                    number,
                )
            ),
        )

    def dispatch(self) -> None:
        """Run the waiting callbacks."""
        _check("saAmfDispatch", saAmf.saAmfDispatch(self._handle, _DISPATCH_ALL))

    def respond(self, invocation: int, code: int) -> None:
        """Answer an invocation. Callers use `Invocation.answer`."""
        self._tell(
            "saAmfResponse_4", lambda: int(saAmf.saAmfResponse_4(self._handle, invocation, None, code))
        )

    def quiescing_complete(self, invocation: int, code: int) -> None:
        """Report that quiescing is complete. Callers use `Invocation.complete_quiescing`."""
        self._tell(
            "saAmfCSIQuiescingComplete",
            lambda: int(saAmf.saAmfCSIQuiescingComplete(self._handle, invocation, code)),
        )

    def _tell(self, call: str, function: Callable[[], int]) -> None:
        """Make a call that gives AMF an answer for which it waits.

        After a code that is not temporary, the call is made once more: a lost answer costs a restart, and an
        additional answer costs nothing.
        """
        code = function()
        if code == OK:
            return
        try:
            _patiently(call, function, _PASSING)
        except AisError as error:
            self._handler.unanswered(error)

    def report_error(self, recovery: Recovery) -> None:
        """Report a failure of the component to AMF, and the recovery that AMF should do."""
        # This is the B.01 call, because in OpenSAF 5.21 its B.04 successor does not work without correlation
        # ids.
        number = int(Recovery(recovery))
        _check(
            "saAmfComponentErrorReport",
            saAmf.saAmfComponentErrorReport(self._handle, self._component, 0, number, 0),
        )

    def finalize(self) -> None:
        """Give the handle back. A registered component must not end in this way, because AMF then disables
        it."""
        _check("saAmfFinalize", saAmf.saAmfFinalize(self._handle))

    # One component is registered and one key is started, so no callback needs to read the names.

    def _on_healthcheck(self, number: int, _component: Any, _key: Any) -> None:
        self._run(
            "healthcheckCallback",
            number,
            lambda invocation: self._handler.healthcheckCallback(invocation, self._name, self._key),
        )

    def _on_terminate(self, number: int, _component: Any) -> None:
        self._run(
            "componentTerminateCallback",
            number,
            lambda invocation: self._handler.componentTerminateCallback(invocation, self._name),
        )

    def _on_csi_set(self, number: int, _component: Any, state: int, descriptor: Any) -> None:
        self._run(
            "csiSetCallback",
            number,
            lambda invocation: self._handler.csiSetCallback(
                invocation, self._name, HAState(state), _read_descriptor(descriptor)
            ),
        )

    def _on_csi_remove(self, number: int, _component: Any, csi: Any, flags: int) -> None:
        name = _text(csi[0]) if flags != CsiFlag.TARGET_ALL and csi else None
        self._run(
            "csiRemoveCallback",
            number,
            lambda invocation: self._handler.csiRemoveCallback(invocation, self._name, name, flags),
        )

    def _run(self, callback: str, number: int, call: Callable[[Invocation], None]) -> None:
        """Call the handler, let no exception escape, and make sure that the invocation is answered."""
        invocation = Invocation(self, number)
        try:
            call(invocation)
        except BaseException as error:
            self._handler.failed(callback, error)
        if not invocation.answered:
            invocation.answer(ERR_FAILED_OPERATION)


def _read_descriptor(descriptor: Any) -> CsiDescriptor:
    flags = int(descriptor.csiFlags)
    attributes = []
    if flags == CsiFlag.ADD_ONE:
        for index in range(descriptor.csiAttr.number):
            item = descriptor.csiAttr.attr[index]
            attributes.append((_c_text(item.attrName) or "", _c_text(item.attrValue)))
    name = None if flags == CsiFlag.TARGET_ALL else _text(descriptor.csiName)
    return CsiDescriptor(flags, name, tuple(attributes))


def _c_text(pointer: Any) -> Optional[str]:
    if not pointer:
        return None
    raw = ctypes.cast(pointer, ctypes.c_char_p).value
    return raw.decode("utf-8", "surrogateescape") if raw is not None else None


# ------------------------------------------------------------------------------------ IMM, as implementer


class ObjectImplementer:
    """An OI handle: the identity under which runtime objects are written.

    `definitions`: the classes whose objects it creates and updates. Deleting needs no definition.
    """

    def __init__(self, definitions: Iterable[ClassDefinition] = ()) -> None:
        self._definitions = {definition.name: definition for definition in definitions}
        self._handle = saImmOi.SaImmOiHandleT()
        _check(
            "saImmOiInitialize_2",
            saImmOi.saImmOiInitialize_2(self._handle, None, SaVersionT(*_IMM_VERSION)),
        )

    def selection_object(self) -> int:
        """Return the descriptor that is readable when IMM has an event, for example that it went away."""
        selection = SaSelectionObjectT()
        _check("saImmOiSelectionObjectGet", saImmOi.saImmOiSelectionObjectGet(self._handle, selection))
        return int(selection.value)

    def dispatch(self) -> None:
        """Let the library process the waiting events."""
        _check("saImmOiDispatch", saImmOi.saImmOiDispatch(self._handle, _DISPATCH_ALL))

    def set_name(self, name: str) -> None:
        """Take the implementer name `name`. The objects of its former holders then belong to us."""
        _check("saImmOiImplementerSet", saImmOi.saImmOiImplementerSet(self._handle, SaStringT(name)))

    def clear_name(self) -> None:
        """Give the implementer name back. The objects stay."""
        _check("saImmOiImplementerClear", saImmOi.saImmOiImplementerClear(self._handle))

    def create(self, obj: ImmObject) -> None:
        """Create a runtime object of one of our classes. Its RDN comes from its DN."""
        rdn, parent = split_dn(obj.dn)
        definition = self._definitions[obj.class_name]
        keep: list[Any] = []
        values = [_attribute_values(keep, definition.rdn.name, definition.rdn.type, (rdn,))]
        values += [
            _attribute_values(keep, name, _type_of(definition, name), each)
            for name, each in obj.attributes.items()
        ]
        _check(
            "saImmOiRtObjectCreate_2",
            saImmOi.saImmOiRtObjectCreate_2(
                self._handle, SaStringT(obj.class_name), SaNameT(parent) if parent else None, values
            ),
        )

    def update(self, dn: str, class_name: str, attributes: Mapping[str, Sequence[Value]]) -> None:
        """Replace the values of these attributes in one call. Without attributes no call is made."""
        if not attributes:
            return
        definition = self._definitions[class_name]
        keep: list[Any] = []
        modifications = []
        for name, each in attributes.items():
            modification = saImm.SaImmAttrModificationT_2()
            modification.modType = _REPLACE
            _fill(keep, modification.modAttr, name, _type_of(definition, name), each)
            modifications.append(modification)
        _check(
            "saImmOiRtObjectUpdate_2",
            saImmOi.saImmOiRtObjectUpdate_2(self._handle, SaNameT(dn), modifications),
        )

    def delete(self, dn: str) -> None:
        """Delete an object and everything below it."""
        _check("saImmOiRtObjectDelete", saImmOi.saImmOiRtObjectDelete(self._handle, SaNameT(dn)))

    def finalize(self) -> None:
        """Give the handle back. Until this succeeds, IMM may keep its descriptor and its implementer name."""
        _check("saImmOiFinalize", saImmOi.saImmOiFinalize(self._handle))


def _type_of(definition: ClassDefinition, name: str) -> ValueType:
    attribute = definition.attribute(name)
    if attribute is None:
        raise KeyError(f"{definition.name}.{name}")
    return attribute.type


def _attribute_values(keep: list[Any], name: str, kind: ValueType, values: Sequence[Value]) -> Any:
    structure = saImm.SaImmAttrValuesT_2()
    _fill(keep, structure, name, kind, values)
    return structure


def _fill(keep: list[Any], target: Any, name: str, kind: ValueType, values: Sequence[Value]) -> None:
    """Fill a SaImmAttrValuesT_2. Everything that it points to goes into `keep`."""
    target.attrName = SaStringT(name)
    target.attrValueType = int(kind)
    target.attrValuesNumber = len(values)
    keep.append(target)
    if not values:
        return
    array = (saImm.SaImmAttrValueT * len(values))()
    for index, value in enumerate(values):
        check_value(value, kind)
        content = _c_value(keep, kind, value)
        pointer = ctypes.pointer(content)
        keep += [content, pointer]
        array[index] = ctypes.cast(pointer, SaVoidPtr)
    keep.append(array)
    target.attrValues = ctypes.cast(array, ctypes.POINTER(saImm.SaImmAttrValueT))


def _c_value(keep: list[Any], kind: ValueType, value: Value) -> Any:
    if kind is ValueType.NAME:
        return SaNameT(value)
    if kind is ValueType.STRING:
        return SaStringT(value)
    if isinstance(value, bytes):
        buffer = ctypes.create_string_buffer(value, len(value) or 1)
        keep.append(buffer)
        return SaAnyT(len(value), ctypes.cast(buffer, ctypes.POINTER(ctypes.c_char)))
    return _C_NUMBERS[kind](value)


# ----------------------------------------------------------------------------------- IMM, as object manager


class FoundObject(NamedTuple):
    """An object as IMM has it. `implementer` is empty when its implementer name has no holder."""

    object: ImmObject
    implementer: str


class ObjectManager:
    """An OM handle, which reads what IMM holds. Close it after use, or use it as a context manager."""

    def __init__(self) -> None:
        self._handle = SaUint64T()
        _check("saImmOmInitialize", saImmOm.saImmOmInitialize(self._handle, None, SaVersionT(*_IMM_VERSION)))

    def __enter__(self) -> ObjectManager:
        return self

    def __exit__(self, *_: object) -> None:
        saImmOm.saImmOmFinalize(self._handle)  # the result does not matter: what was read is valid

    def finalize(self) -> None:
        """Give the handle back, with everything that was opened with it."""
        _check("saImmOmFinalize", saImmOm.saImmOmFinalize(self._handle))

    def read(self, dn: str, *names: str) -> dict[str, tuple[Value, ...]]:
        """Return these attributes of one object, by name."""
        accessor = SaUint64T()
        _check("saImmOmAccessorInitialize", saImmOm.saImmOmAccessorInitialize(self._handle, accessor))
        try:
            found = ctypes.POINTER(ctypes.POINTER(saImm.SaImmAttrValuesT_2))()
            wanted = [SaStringT(name) for name in names]
            _check(
                "saImmOmAccessorGet_2",
                saImmOm.saImmOmAccessorGet_2(accessor, SaNameT(dn), wanted or None, found),
            )
            return _read_attributes(found)
        finally:
            saImmOm.saImmOmAccessorFinalize(accessor)

    def find_class(self, class_name: str) -> list[FoundObject]:
        """Return every object of a class, in no order. The list is empty if the class does not exist."""
        keep: list[Any] = []
        parameter = saImm.SaImmSearchParametersT_2()
        text = SaStringT(class_name)
        pointer = ctypes.pointer(text)
        keep += [text, pointer]
        parameter.searchOneAttr.attrName = SaStringT(SYSTEM_ATTRIBUTES[0])
        parameter.searchOneAttr.attrValueType = int(ValueType.STRING)
        parameter.searchOneAttr.attrValue = ctypes.cast(pointer, SaVoidPtr)
        found = list(self._search(None, _ONE_ATTR | _GET_ALL, parameter))
        keep.clear()
        return found

    def iterate_subtree(self, root: str) -> Iterator[ImmObject]:
        """Yield `root` and everything below it, in no order. Nothing if there is no such object.

        Each object is one call of IMM, which is made when the caller asks for the object.
        """
        for found in self._search(SaNameT(root), _GET_ALL, None):
            yield found.object

    def _search(self, root: Any, options: int, parameter: Any) -> Iterator[FoundObject]:
        search = SaUint64T()
        code = saImmOm.saImmOmSearchInitialize_2(
            self._handle, root, _SUBTREE, options, parameter, None, search
        )
        if code == ERR_NOT_EXIST:
            return
        _check("saImmOmSearchInitialize_2", code)
        try:
            while True:
                name = SaNameT()
                found = ctypes.POINTER(ctypes.POINTER(saImm.SaImmAttrValuesT_2))()
                code = saImmOm.saImmOmSearchNext_2(search, name, found)
                if code == ERR_NOT_EXIST:
                    return
                _check("saImmOmSearchNext_2", code)
                yield _found_object(_text(name), _read_attributes(found))
        finally:
            saImmOm.saImmOmSearchFinalize(search)


def _found_object(dn: str, attributes: dict[str, tuple[Value, ...]]) -> FoundObject:
    class_name, implementer, _ = (attributes.pop(name, ()) for name in SYSTEM_ATTRIBUTES)
    attributes.pop(rdn_of(dn).partition("=")[0], None)
    return FoundObject(
        ImmObject(dn, str(class_name[0]) if class_name else "", attributes),
        str(implementer[0]) if implementer else "",
    )


def _read_attributes(array: Any) -> dict[str, tuple[Value, ...]]:
    """Return a NULL-terminated array of SaImmAttrValuesT_2 as a copy, because the library reuses its
    memory."""
    attributes = {}
    index = 0
    while array and array[index]:
        structure = array[index][0]
        values = [
            _read_value(structure.attrValues[place], structure.attrValueType)
            for place in range(structure.attrValuesNumber)
        ]
        attributes[_string(structure.attrName)] = tuple(values)
        index += 1
    return attributes


def _read_value(pointer: Any, kind: int) -> Value:
    if kind == ValueType.NAME:
        return _text(ctypes.cast(pointer, ctypes.POINTER(SaNameT))[0])
    if kind == ValueType.STRING:
        raw = ctypes.cast(pointer, ctypes.POINTER(ctypes.c_char_p))[0]
        return (raw or b"").decode("utf-8", "surrogateescape")
    if kind == ValueType.ANY:
        content = ctypes.cast(pointer, ctypes.POINTER(SaAnyT))[0]
        return ctypes.string_at(content.bufferAddr, content.bufferSize) if content.bufferSize else b""
    value: Value = ctypes.cast(pointer, ctypes.POINTER(_C_NUMBERS[kind]))[0]
    return value


def _string(text: Any) -> str:
    """Return a SaStringT (a char pointer) as str."""
    raw = text.value if hasattr(text, "value") else text
    return (raw or b"").decode("utf-8", "surrogateescape")


class ImmService:
    """Opens handles for the publisher. `definitions`: the classes of the objects to be written."""

    def __init__(self, definitions: Iterable[ClassDefinition]) -> None:
        self._definitions = tuple(definitions)

    def open_implementer(self) -> ObjectImplementer:
        """Open a new OI handle."""
        return ObjectImplementer(self._definitions)

    def open_manager(self) -> ObjectManager:
        """Open a new OM handle."""
        return ObjectManager()
