# SPDX-License-Identifier: Apache-2.0
"""Administrative ownership of objects (saImmOmAdminOwner*). The owner of an object is a name, not a
handle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from saf_shim.codes import AisError, Code
from saf_shim.imm.content.rules import LOADER, MAX_OWNER_NAME, Scope, is_printable, size
from saf_shim.imm.content.store import Store, StoredObject


class AdminOwner:
    """One handle of an administrative owner. `touched` are the objects to release when the handle ends, if
    the handle releases objects at all."""

    def __init__(self, name: str, release_on_finalize: bool) -> None:
        self.name = name
        self.release_on_finalize = release_on_finalize
        self.touched: dict[str, StoredObject] = {}

    def touch(self, found: StoredObject) -> None:
        """Remember an object whose owner this handle set."""
        if self.release_on_finalize:
            self.touched[found.dn] = found


def new_owner(name: object, release_on_finalize: object) -> AdminOwner:
    """Make a handle for an owner name. Several handles may share one name."""
    if not isinstance(name, str) or not name or size(name) > MAX_OWNER_NAME or not is_printable(name):
        raise AisError(Code.ERR_INVALID_PARAM, "no proper owner name")
    if release_on_finalize not in (0, 1):
        raise AisError(Code.ERR_INVALID_PARAM, "no boolean")
    return AdminOwner(name, bool(release_on_finalize))


def set_owner(store: Store, owner: AdminOwner, dns: Optional[Sequence[str]], scope: object) -> None:
    """Take ownership of all the objects, or of none of them."""
    tree = _objects(store, dns, scope)
    for found, is_root in tree:
        if found.locked_by(None) and found.owner != owner.name and not is_root:
            raise AisError(Code.ERR_BUSY, f"a CCB works on {found.dn}")
        if found.owner not in ("", LOADER, owner.name):
            raise AisError(Code.ERR_EXIST, f"{found.dn} belongs to {found.owner}")
    for found, _ in tree:
        if found.owner in ("", LOADER):
            found.owner = owner.name
            owner.touch(found)


def release_owner(
    store: Store, owner: Optional[AdminOwner], dns: Optional[Sequence[str]], scope: object
) -> None:
    """Release all the objects, or none of them. Without `owner`, any owner loses them (Clear)."""
    tree = _objects(store, dns, scope)
    for found, _ in tree:
        if found.locked_by(None):
            raise AisError(Code.ERR_BUSY, f"a CCB works on {found.dn}")
        if owner is not None and found.owner not in (owner.name, LOADER):
            raise AisError(Code.ERR_NOT_EXIST, f"{found.dn} does not belong to {owner.name}")
    for found, _ in tree:
        found.owner = ""
        if owner is not None:
            owner.touched.pop(found.dn, None)


def end_owner(owner: AdminOwner) -> None:
    """Release the objects of a handle that has ended."""
    for found in owner.touched.values():
        if found.owner == owner.name:
            found.owner = ""
    owner.touched.clear()


def _objects(store: Store, dns: Optional[Sequence[str]], scope: object) -> list[tuple[StoredObject, bool]]:
    """Return the objects that a call is about. The flag says whether the call names the object itself."""
    if dns is None or scope not in (Scope.ONE, Scope.SUBLEVEL, Scope.SUBTREE):
        raise AisError(Code.ERR_INVALID_PARAM, "no objects, or no scope")
    found = []
    for dn in reversed(dns):  # OpenSAF checks the last name first, so its fault decides the code
        if not isinstance(dn, str) or not is_printable(dn):
            raise AisError(Code.ERR_INVALID_PARAM, "no proper DN")
        root = store.objects.get(dn)
        if root is None:
            raise AisError(Code.ERR_NOT_EXIST, f"{dn} does not exist")
        found += [(item, item is root) for item in root.in_scope(int(str(scope)))]
    return found
