# SPDX-License-Identifier: Apache-2.0
"""immcfg --class-name: sets or clears the NOTIFY flag of a class's attributes.

A class that exists can be changed only while schema changes are allowed. If IMM has a back end, it shows
whether they are allowed (opensafImmNostdFlags), and the tool itself allows them for a moment. Without a back
end it can only try.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from imm_model.classes import AttributeFlag
from imm_model.types import Value, ValueType
from saf_shim.codes import Code
from saf_shim.tools.imm.client import (
    IMM_OBJECT,
    IMM_SERVICE,
    ClassDescription,
    ImmClient,
    ImmError,
    Parameter,
)
from saf_shim.tools.imm.formatting import describe_code
from saf_shim.tools.immcfg.ccb import Bundle, refusal, stop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

_FLAGS = "opensafImmNostdFlags"
_ALLOW, _FORBID = 1, 2
_SCHEMA_CHANGES = 0x1
_TIMEOUT = 60 * 1_000_000_000  # ns


def change_notify(bundle: Bundle, class_name: str, names: Sequence[str], enable: bool) -> None:
    """Set or clear NOTIFY of the attributes `names`."""
    imm = bundle.imm
    with _refusal("Failed to initialize accessor handle."):
        allowed = _are_changes_allowed(imm)
    with _refusal(f"Cannot get class definition for '{class_name}'."):
        description = imm.describe_class(class_name)
    for name in names:
        description = _switch(bundle, description, name, enable)
    if allowed is False:
        _change_with_permission(imm, description)
    else:
        _create(imm, description, allowed)


@contextmanager
def _refusal(words: str) -> Iterator[None]:
    try:
        yield
    except ImmError as error:
        stop(f"{words} Error: {describe_code(error.code)}")


def _are_changes_allowed(imm: ImmClient) -> Optional[bool]:
    """Tell whether IMM says that schema changes are allowed. None if it does not say."""
    accessor = imm.initialize_accessor()
    values: tuple[Value, ...] = ()
    try:
        values = imm.get_object(accessor, IMM_OBJECT, [_FLAGS])[0].values
    except ImmError:
        pass  # this counts like an attribute without a value
    imm.finalize_accessor(accessor)
    return bool(int(values[0]) & _SCHEMA_CHANGES) if values else None


def _switch(bundle: Bundle, description: ClassDescription, name: str, enable: bool) -> ClassDescription:
    attribute = description.attribute(name)
    if attribute is None:
        stop(f"Class '{description.name}' does not have attribute '{name}'")
    if bool(attribute.flags & AttributeFlag.NOTIFY) == enable:
        state = "has already been" if enable else "is not"
        bundle.chat(f"Notify flag {state} set to attribute '{name}'")
        return description
    bundle.chat(f"Notify flag {'set to' if enable else 'removed from'} attribute '{name}'")
    changed = attribute._replace(flags=attribute.flags ^ AttributeFlag.NOTIFY)
    return description._replace(
        attributes=tuple(changed if a is attribute else a for a in description.attributes)
    )


def _create(imm: ImmClient, description: ClassDescription, allowed: Optional[bool]) -> None:
    try:
        imm.create_class(description)
    except ImmError as error:
        if allowed is None:
            line = (
                "Cannot change the class. Probable cause is that PBE is disabled. "
                "Try to turn on schema changes manually."
            )
        elif error.code == Code.ERR_EXIST:
            line = "No change in the class."
        else:
            line = "Failed to change the class flags."
        stop(f"{line} Error: {describe_code(error.code)}")


def _change_with_permission(imm: ImmClient, description: ClassDescription) -> None:
    """Allow schema changes, change the class, forbid them again."""
    with refusal("saImmOmAdminOwnerInitialize FAILED:"):
        owner = imm.initialize_owner(IMM_SERVICE, release_on_finalize=True)
    parameters = [Parameter(_FLAGS, ValueType.UINT32, _SCHEMA_CHANGES)]
    try:
        try:
            imm.set_owner(owner, [IMM_OBJECT])
        except ImmError:
            stop(f"Cannot set admin owner on '{IMM_OBJECT}'")
        with _refusal("Failed to enable schema changes."):
            imm.invoke_operation(owner, IMM_OBJECT, _ALLOW, parameters, _TIMEOUT)
        try:
            _create(imm, description, False)
        finally:
            with _refusal("Failed to disable schema changes."):
                imm.invoke_operation(owner, IMM_OBJECT, _FORBID, parameters, _TIMEOUT)
    finally:
        with refusal("saImmOmAdminOwnerFinalize FAILED:"):
            imm.finalize_owner(owner)
