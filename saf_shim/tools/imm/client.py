# SPDX-License-Identifier: Apache-2.0
"""The tools' access to IMM: AIS's object management calls with plain Python values.

One `ImmClient` is one OM handle. Each method is the AIS call of the same name, so the call log shows the same
calls as for a C tool. A call is repeated each second while the answer is TRY_AGAIN; any other code except OK
raises `ImmError`. The module does not use ctypes, because a command must start fast.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from enum import IntEnum, IntFlag

from imm_model.classes import SYSTEM_ATTRIBUTES, AttributeDefinition, AttributeFlag, Category
from imm_model.named_tuple import NamedTuple
from imm_model.types import Value, ValueType
from saf_shim.client import Session, UnreachableError
from saf_shim.codes import Code
from saf_shim.patience import FINALIZE_TIME, INITIALIZE_TIME, call_timeout
from saf_shim.tools import command
from saf_shim.tools.imm.formatting import describe_code

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional

VERSION = [ord("A"), 2, 17]
IMM_OBJECT = "opensafImm=opensafImm,safApp=safImmService"
IMM_SERVICE = "safImmService"


class Scope(IntEnum):
    """How far below an object a call reaches (SaImmScopeT)."""

    ONE = 1
    SUBLEVEL = 2  # an object and its direct children
    SUBTREE = 3


class SearchOption(IntFlag):
    """What a search looks for and returns (SaImmSearchOptionsT). The last is OpenSAF's own."""

    ONE_ATTR = 0x0001
    GET_ALL_ATTR = 0x0100
    GET_NO_ATTR = 0x0200
    GET_SOME_ATTR = 0x0400
    PERSISTENT_ATTRS = 0x0010  # of runtime objects, only the persistent attributes


class CcbFlag(IntFlag):
    """What a CCB requires (SaImmCcbFlagsT)."""

    REGISTERED_OI = 0x00000001  # refuse changes of objects whose implementer is not attached
    ALLOW_NULL_OI = 0x00000100  # with REGISTERED_OI: allow objects that have no implementer at all


class ModificationType(IntEnum):
    """How a modification changes the values of an attribute (SaImmAttrModificationTypeT)."""

    ADD = 1
    DELETE = 2
    REPLACE = 3


class Attribute(NamedTuple):
    """An attribute with its values, which may be empty."""

    name: str
    type: ValueType
    values: tuple[Value, ...]


class Modification(NamedTuple):
    """The change of one attribute in a CCB."""

    how: ModificationType
    name: str
    type: ValueType
    values: tuple[Value, ...]


class Parameter(NamedTuple):
    """One parameter of an administrative operation, given or returned."""

    name: str
    type: ValueType
    value: Value


class ClassDescription(NamedTuple):
    """A class as IMM describes it: attributes in IMM's order, including those that IMM added."""

    name: str
    category: Category
    attributes: tuple[AttributeDefinition, ...]

    def attribute(self, name: str) -> Optional[AttributeDefinition]:
        """Return the attribute of that name, or None if there is none."""
        return next((attribute for attribute in self.attributes if attribute.name == name), None)


class ImmError(command.CallError):
    """An AIS call did not answer OK. `reason` says why no service can answer."""

    def __init__(self, call: str, code: int, reason: str = "") -> None:
        super().__init__(call, code, reason)
        self.call = call
        self.code = code
        self.reason = reason
        self.complaint = f"error - {call} FAILED: {describe_code(code)}"

    def __str__(self) -> str:
        return f"{self.call}: {describe_code(self.code)}"


_OUTCOME = 10.0  # extra seconds for a call on a CCB, so that its result becomes known


def _patience(call: str) -> Optional[float]:
    """Return the seconds after which OpenSAF's library gives a call up. None for an operation, because its
    caller gives the time."""
    if call == "saImmOmInitialize":
        return INITIALIZE_TIME
    if call == "saImmOmFinalize":
        return FINALIZE_TIME
    if call.startswith("saImmOmAdminOperation"):
        return None
    return call_timeout(os.environ) + (_OUTCOME if call.startswith("saImmOmCcb") else 0.0)


class ImmClient:
    """One OM handle. `tries` is how often a call is made, once a second, while IMM answers TRY_AGAIN."""

    def __init__(self, tries: int = 1) -> None:
        """Open the handle (saImmOmInitialize). ImmError if there is no IMM or if it refuses."""
        self._tries = max(tries, 1)
        for attempt in range(1, self._tries + 1):
            try:
                self._session = Session()
            except UnreachableError as error:
                if error.code != Code.ERR_TRY_AGAIN or attempt == self._tries:
                    raise ImmError("saImmOmInitialize", error.code, str(error)) from None
                command.wait_to_try_again()
            else:
                break
        self.handle = int(self._call("saImmOmInitialize", version=VERSION, callbacks=None)["handle"])

    @classmethod
    def connect(cls, seconds: int) -> ImmClient:
        """Open a handle for a tool with this time limit. Ends the tool if IMM refuses."""
        try:
            return cls(tries=seconds)
        except ImmError as error:
            if error.reason:
                command.complain(error.reason)
            command.fail(f"error - saImmOmInitialize FAILED: {describe_code(error.code)}")

    def finalize(self) -> None:
        """Close the handle (saImmOmFinalize)."""
        self._call("saImmOmFinalize", handle=self.handle)
        self._session.close()

    # Classes

    def describe_class(self, name: str) -> ClassDescription:
        """Return the description of a class (saImmOmClassDescriptionGet_2)."""
        out = self._call("saImmOmClassDescriptionGet_2", handle=self.handle, className=name)
        attributes = tuple(
            AttributeDefinition(
                attribute,
                ValueType(kind),
                AttributeFlag(flags),
                None if default is None else _from_wire(default, ValueType(kind)),
            )
            for attribute, kind, flags, default in out["attrDefinitions"]
        )
        return ClassDescription(name, Category(out["classCategory"]), attributes)

    def create_class(self, description: ClassDescription) -> None:
        """Create a class (saImmOmClassCreate_2). The attributes that IMM adds by itself are left out."""
        definitions = [
            [name, kind, flags, None if default is None else _to_wire(default)]
            for name, kind, flags, default in description.attributes
            if name not in SYSTEM_ATTRIBUTES
        ]
        self._call(
            "saImmOmClassCreate_2",
            handle=self.handle,
            className=description.name,
            classCategory=description.category,
            attrDefinitions=definitions,
        )

    def delete_class(self, name: str) -> None:
        """Delete a class (saImmOmClassDelete)."""
        self._call("saImmOmClassDelete", handle=self.handle, className=name)

    # Reading

    def initialize_accessor(self) -> int:
        """Open an accessor and return its handle (saImmOmAccessorInitialize)."""
        return int(self._call("saImmOmAccessorInitialize", handle=self.handle)["handle"])

    def get_object(self, accessor: int, dn: str, names: Optional[Sequence[str]] = None) -> list[Attribute]:
        """Return the named attributes of an object, or all of them (saImmOmAccessorGet_2)."""
        out = self._call(
            "saImmOmAccessorGet_2",
            handle=accessor,
            objectName=dn,
            attributeNames=None if names is None else list(names),
        )
        return _read_attributes(out["attributes"])

    def finalize_accessor(self, accessor: int) -> None:
        """Close an accessor (saImmOmAccessorFinalize)."""
        self._call("saImmOmAccessorFinalize", handle=accessor)

    def initialize_search(self, root: str, scope: Scope, options: SearchOption, class_name: str = "") -> int:
        """Begin a search for all objects, or for those of a class. Return its handle
        (saImmOmSearchInitialize_2)."""
        criterion = ["SaImmAttrClassName", ValueType.STRING, class_name] if class_name else None
        out = self._call(
            "saImmOmSearchInitialize_2",
            handle=self.handle,
            rootName=root,
            scope=scope,
            searchOptions=SearchOption.ONE_ATTR | options,
            searchParam=criterion,
            attributeNames=None,
        )
        return int(out["handle"])

    def iterate_search(self, search: int) -> Iterator[tuple[str, list[Attribute]]]:
        """Yield the name and attributes of each object found, by saImmOmSearchNext_2 until there is no
        more."""
        while True:
            try:
                out = self._call("saImmOmSearchNext_2", handle=search)
            except ImmError as error:
                if error.code == Code.ERR_NOT_EXIST:
                    return
                raise
            yield out["objectName"], _read_attributes(out["attributes"] or [])

    def finalize_search(self, search: int) -> None:
        """End a search (saImmOmSearchFinalize)."""
        self._call("saImmOmSearchFinalize", handle=search)

    # Administrative owners

    def initialize_owner(self, name: str, release_on_finalize: bool) -> int:
        """Open an administrative owner and return its handle (saImmOmAdminOwnerInitialize)."""
        out = self._call(
            "saImmOmAdminOwnerInitialize",
            handle=self.handle,
            adminOwnerName=name,
            releaseOwnershipOnFinalize=release_on_finalize,
        )
        return int(out["handle"])

    def set_owner(self, owner: int, dns: Sequence[str], scope: Scope = Scope.ONE) -> None:
        """Set the owner of objects (saImmOmAdminOwnerSet)."""
        self._call("saImmOmAdminOwnerSet", handle=owner, objectNames=list(dns), scope=scope)

    def release_owner(self, owner: int, dns: Sequence[str], scope: Scope = Scope.ONE) -> None:
        """Release objects from this owner (saImmOmAdminOwnerRelease)."""
        self._call("saImmOmAdminOwnerRelease", handle=owner, objectNames=list(dns), scope=scope)

    def clear_owner(self, dns: Sequence[str], scope: Scope = Scope.ONE) -> None:
        """Remove the owner of objects, whoever it is (saImmOmAdminOwnerClear)."""
        self._call("saImmOmAdminOwnerClear", handle=self.handle, objectNames=list(dns), scope=scope)

    def finalize_owner(self, owner: int) -> None:
        """Close an owner's handle (saImmOmAdminOwnerFinalize)."""
        self._call("saImmOmAdminOwnerFinalize", handle=owner)

    # Configuration change bundles

    def initialize_ccb(self, owner: int, flags: CcbFlag) -> int:
        """Open a CCB and return its handle (saImmOmCcbInitialize)."""
        return int(self._call("saImmOmCcbInitialize", handle=owner, ccbFlags=flags)["handle"])

    def create_object(
        self, ccb: int, class_name: str, parent: Optional[str], values: Sequence[Attribute]
    ) -> None:
        """Create an object (saImmOmCcbObjectCreate_2). The RDN is one of the values. None as parent stands
        for the top."""
        self._call(
            "saImmOmCcbObjectCreate_2",
            handle=ccb,
            className=class_name,
            parentName=parent,
            attrValues=[_attribute_to_wire(attribute) for attribute in values],
        )

    def modify_object(self, ccb: int, dn: str, modifications: Sequence[Modification]) -> None:
        """Modify an object (saImmOmCcbObjectModify_2). An empty list of modifications is passed as NULL,
        which IMM refuses."""
        wire = [
            [how, *_attribute_to_wire(Attribute(name, kind, values))]
            for how, name, kind, values in modifications
        ]
        self._call("saImmOmCcbObjectModify_2", handle=ccb, objectName=dn, attrMods=wire or None)

    def delete_object(self, ccb: int, dn: str) -> None:
        """Delete an object and all objects below it (saImmOmCcbObjectDelete)."""
        self._call("saImmOmCcbObjectDelete", handle=ccb, objectName=dn)

    def read_ccb_object(self, ccb: int, dn: str, names: Sequence[str]) -> list[Attribute]:
        """Return attributes of an object as they will be after the CCB (saImmOmCcbObjectRead)."""
        out = self._call("saImmOmCcbObjectRead", handle=ccb, objectName=dn, attributeNames=list(names))
        return _read_attributes(out["attributes"])

    def validate_ccb(self, ccb: int) -> None:
        """Let IMM and the implementers check the CCB (saImmOmCcbValidate)."""
        self._call("saImmOmCcbValidate", handle=ccb)

    def apply_ccb(self, ccb: int) -> None:
        """Apply the CCB (saImmOmCcbApply)."""
        self._call("saImmOmCcbApply", handle=ccb)

    def get_error_strings(self, ccb: int) -> list[str]:
        """Return what IMM and the implementers say about a failure (saImmOmCcbGetErrorStrings)."""
        out = self._call("saImmOmCcbGetErrorStrings", handle=ccb)
        return list(out.get("errorStrings") or [])

    def finalize_ccb(self, ccb: int) -> None:
        """Close the CCB (saImmOmCcbFinalize)."""
        self._call("saImmOmCcbFinalize", handle=ccb)

    # Administrative operations

    def invoke_operation(
        self, owner: int, dn: str, operation: int, parameters: Sequence[Parameter], timeout: int
    ) -> tuple[int, list[Parameter]]:
        """Ask the implementer to perform an operation (saImmOmAdminOperationInvoke_2). `timeout` is in ns.

        Return the operation's own result and its result parameters."""
        out = self._call(
            "saImmOmAdminOperationInvoke_2",
            handle=owner,
            objectName=dn,
            continuationId=0,
            operationId=operation % (1 << 64),
            params=[[name, kind, _to_wire(value)] for name, kind, value in parameters],
            timeout=timeout,
        )
        returned = [
            Parameter(name, ValueType(kind), _from_wire(value, ValueType(kind)))
            for name, kind, value in out.get("returnParams") or []
        ]
        return int(out["operationReturnValue"]), returned

    def _call(self, name: str, **arguments: Any) -> dict[str, Any]:
        for attempt in range(1, self._tries + 1):
            code, out = self._session.call(name, arguments, _patience(name))
            if code == Code.OK or (code == Code.ERR_TIMEOUT and name == "saImmOmFinalize"):
                return out
            if code != Code.ERR_TRY_AGAIN or attempt == self._tries:
                break
            command.wait_to_try_again()
        raise ImmError(name, code)


def _read_attributes(wire: Sequence[Sequence[Any]]) -> list[Attribute]:
    return [
        Attribute(name, ValueType(kind), tuple(_from_wire(value, ValueType(kind)) for value in values))
        for name, kind, values in wire
    ]


def _attribute_to_wire(attribute: Attribute) -> list[Any]:
    return [attribute.name, attribute.type, [_to_wire(value) for value in attribute.values]]


def _to_wire(value: Value) -> Any:
    return value.hex() if isinstance(value, bytes) else value


def _from_wire(value: Any, kind: ValueType) -> Value:
    if kind is ValueType.ANY:
        return bytes.fromhex(value)
    return float(value) if kind in (ValueType.FLOAT, ValueType.DOUBLE) else value
