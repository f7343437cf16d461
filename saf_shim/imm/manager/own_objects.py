# SPDX-License-Identifier: Apache-2.0
"""Which changes IMM allows for its own two objects, ``opensafImm=opensafImm,...`` and
``safRdn=immManagement,...``."""

from __future__ import annotations

from collections.abc import Sequence

from imm_model.types import ValueType
from saf_shim.codes import AisError, Code
from saf_shim.imm.content.port import Parameter
from saf_shim.imm.content.rules import (
    MAX_DN,
    MAX_STRING_RDN,
    Modification,
    Values,
    is_name_like,
    longest,
    size,
)
from saf_shim.imm.content.store import (
    IMM_OBJECT,
    IMM_OBJECT_CLASS,
    MANAGEMENT_CLASS,
    MANAGEMENT_OBJECT,
    Store,
    StoredClass,
    StoredObject,
)
from saf_shim.imm.manager.ccb import Ccb

# The smallest value of each limit, which is also its value when the attribute is missing.
LIMITS = {"maxClasses": 1000, "maxImplementers": 3000, "maxAdminowners": 2000, "maxCcbs": 10000}
_MAX_ACCESS_CONTROL_MODE = 2
_NOSTD_FLAGS = "opensafImmNostdFlags"
FLAGS_ON = 1
FLAGS_OFF = 2


def check_create(ccb: Ccb, cls: StoredClass) -> None:
    """Raise AisError for a second object of one of IMM's own classes."""
    if cls.name in (IMM_OBJECT_CLASS, MANAGEMENT_CLASS):
        ccb.note(f"IMM: ERR_BAD_OPERATION: Imm not allowing creates of instances of class '{cls.name}'")
        raise AisError(Code.ERR_BAD_OPERATION)


def check_delete(ccb: Ccb, found: StoredObject) -> None:
    """Raise AisError for the deletion of one of IMM's own objects."""
    if found.dn in (IMM_OBJECT, MANAGEMENT_OBJECT):
        ccb.note(f"IMM: ERR_BAD_OPERATION: Imm not allowing delete of object '{found.dn}'")
        raise AisError(Code.ERR_BAD_OPERATION)


def check_change(ccb: Ccb, found: StoredObject, modification: Modification) -> None:
    """Raise AisError for a setting that would need a persistent back end."""
    if found.dn != MANAGEMENT_OBJECT:
        return
    if modification.name == "saImmOiTimeout":
        ccb.note(
            f"IMM: ERR_BAD_OPERATION: attr '{modification.name}' in IMM object {found.dn} is not supported"
        )
        raise AisError(Code.ERR_BAD_OPERATION)
    if modification.name == "saImmRepositoryInit":
        ccb.note("IMM: ERR_BAD_OPERATION: PBE file is not configured")
        raise AisError(Code.ERR_BAD_OPERATION)


def check_modify(ccb: Ccb, found: StoredObject, after: dict[str, Values]) -> None:
    """Raise AisError when a setting of IMM would be outside its limits."""
    if found.dn != IMM_OBJECT:
        return
    if "accessControlMode" in found.cls.attributes:
        mode = after.get("accessControlMode")
        if not mode or int(mode[0]) > _MAX_ACCESS_CONTROL_MODE:
            raise AisError(Code.ERR_BAD_OPERATION, "accessControlMode is 0, 1 or 2")
    for name, least in LIMITS.items():
        if name in found.cls.attributes and int((after.get(name) or (0,))[0]) < least:
            raise AisError(Code.ERR_BAD_OPERATION, f"{name} is at least {least}")
    allowed = after.get("longDnsAllowed")
    if ccb.store.long_names and not (allowed and int(allowed[0])):
        _check_short_names(ccb.store)


def _check_short_names(store: Store) -> None:
    for found in store.objects.values():
        rdn = found.values.get(found.cls.rdn.name, ("",))
        if size(found.dn) > MAX_DN or (
            found.cls.rdn.type == ValueType.STRING and longest(rdn) > MAX_STRING_RDN
        ):
            raise AisError(Code.ERR_BAD_OPERATION, f"{found.dn} is long")
        for attribute in found.cls.definition.attributes:
            if is_name_like(attribute) and longest(found.values.get(attribute.name, ())) > MAX_DN:
                raise AisError(Code.ERR_BAD_OPERATION, f"{found.dn} holds a long DN")


def admin_operation(found: StoredObject, operation: int, parameters: Sequence[Parameter]) -> Code:
    """Perform an operation on IMM's own object and return its code. The operation sets or clears non-standard
    flags."""
    if found.dn != IMM_OBJECT or not parameters or parameters[0].type != ValueType.UINT32:
        return Code.ERR_INVALID_PARAM
    flags = int(parameters[0].value)
    present = int((found.values.get(_NOSTD_FLAGS) or (0,))[0])
    if operation == FLAGS_ON:
        found.values[_NOSTD_FLAGS] = (present | flags,)
    elif operation == FLAGS_OFF:
        found.values[_NOSTD_FLAGS] = (present & ~flags,)
    else:
        return Code.ERR_INVALID_PARAM
    return Code.OK
