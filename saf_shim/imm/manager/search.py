# SPDX-License-Identifier: Apache-2.0
"""Searches: which objects a search finds when it begins, and how it returns them one after the other.

A search remembers the values as they were when it began. Only pure attributes are read when their
object is returned.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Optional

from imm_model.classes import AttributeFlag
from imm_model.types import Value, ValueType
from saf_shim.codes import AisError, Code
from saf_shim.contract import World
from saf_shim.imm.content.rules import (
    CLASS_NAME,
    IMPLEMENTER_NAME,
    OWNER_NAME,
    AttributeValues,
    Scope,
    Values,
    is_printable,
    size,
)
from saf_shim.imm.content.store import Store, StoredClass, StoredObject
from saf_shim.imm.manager.reading import hidden_attributes, read

ONE_ATTR = 0x1
PERSISTENT = 0x10  # only attributes that would survive a restart of IMM; immdump uses it
GET_ALL = 0x100
GET_NO = 0x200
GET_SOME = 0x400
GET_CONFIG = 0x10000
NO_DANGLING_DEPENDENTS = 0x100000000
_KNOWN = ONE_ATTR | PERSISTENT | GET_ALL | GET_NO | GET_SOME | GET_CONFIG | NO_DANGLING_DEPENDENTS
_GET = GET_ALL | GET_NO | GET_SOME


class Criterion(NamedTuple):
    """What a search looks for: an attribute with this value. The value None stands for any value."""

    name: Optional[str]
    type: int
    value: Optional[Value]


# An object as it was when the search began: the values of its attributes in the order of the columns (None
# for an attribute without values and for the three system attributes), the attributes hidden from readers,
# its implementer, its owner, and whether the implementer was attached. It is a plain tuple, because a search
# may remember tens of thousands.
_Image = tuple[tuple[Optional[Values], ...], frozenset[str], str, str, bool]


class Search:
    """One search: the objects that it found when it began, with the values that they had then."""

    def __init__(
        self,
        store: Store,
        root: Optional[str],
        scope: object,
        options: object,
        criterion: Optional[Criterion],
        names: Optional[Sequence[str]],
    ) -> None:
        """Begin the search. AisError for options that exclude each other and for a root that does not
        exist."""
        if not isinstance(options, int) or options & ~_KNOWN:
            raise AisError(Code.ERR_INVALID_PARAM, "unknown search options")
        if (names is None) == bool(options & GET_SOME):
            raise AisError(Code.ERR_INVALID_PARAM, "attribute names belong to GET_SOME")
        root = root or ""
        if not is_printable(root) or (size(root) > 255 and not store.long_names):
            raise AisError(Code.ERR_INVALID_PARAM, "the root is no proper DN")
        top = None
        if root:
            top = store.visible(root)
            if top is None:
                raise AisError(Code.ERR_NOT_EXIST, f"{root} does not exist")
        if scope not in (Scope.SUBLEVEL, Scope.SUBTREE):
            raise AisError(Code.ERR_INVALID_PARAM, "no scope of a search")
        if criterion is not None and criterion.name and not options & ONE_ATTR:
            raise AisError(Code.ERR_INVALID_PARAM, "a criterion without ONE_ATTR")
        self._options = options
        self._names = None if names is None else set(names)
        self._store = store
        self._found = _matching(store, top, int(str(scope)), options, criterion, names)
        self._columns: dict[StoredClass, tuple[str, ...]] = {}  # which attributes are read, for each class
        self._images: list[Optional[_Image]] = [self._remember(found) for found in self._found]
        self._next = 0
        self.ended = False

    def _remember(self, found: StoredObject) -> _Image:
        columns = self._columns.get(found.cls)
        if columns is None:
            columns = self._columns[found.cls] = tuple(self._chosen(found.cls))
        implementer = found.implementer
        return (
            tuple(map(found.values.get, columns)),
            hidden_attributes(found),
            implementer.name if implementer is not None else "",
            found.owner,
            implementer is not None and implementer.port is not None,
        )

    def _chosen(self, cls: StoredClass) -> list[str]:
        order = cls.read_order
        if self._names is not None:
            order = [name for name in order if name in self._names]
        elif (self._options & GET_NO and not self._options & GET_ALL) or not self._options & (
            GET_ALL | GET_CONFIG
        ):
            return []
        if self._options & GET_CONFIG:
            order = [name for name in order if cls.attributes[name].is_config]
        if self._options & PERSISTENT:
            kept = AttributeFlag.CONFIG | AttributeFlag.PERSISTENT
            order = [name for name in order if cls.attributes[name].flags & kept]
        return order

    def next(self, done: Callable[[int, str, list[AttributeValues]], None], world: World) -> None:
        """Pass the next object to `done`: NOT_EXIST after the last object, BAD_HANDLE after that."""
        if self.ended:
            done(Code.ERR_BAD_HANDLE, "", [])
            return
        if self._next >= len(self._found):
            self.ended = True
            done(Code.ERR_NOT_EXIST, "", [])
            return
        found, image = self._found[self._next], self._images[self._next]
        assert image is not None
        self._images[self._next] = None
        self._next += 1
        columns = self._columns[found.cls]
        row = _row(found.cls, columns, image)
        was_attached = image[-1]
        pure = [name for name in columns if name in found.cls.pure] if was_attached else []
        if not pure or self._store.objects.get(found.dn) is not found:
            done(Code.OK, found.dn, row)
            return

        def asked(rc: int, fresh: Optional[list[AttributeValues]]) -> None:
            if rc != Code.OK or fresh is None:
                done(rc, "", [])
                return
            new = {entry.name: entry for entry in fresh}
            done(Code.OK, found.dn, [new.get(entry.name, entry) for entry in row])

        read(found, pure, asked, world)


def _row(cls: StoredClass, columns: tuple[str, ...], image: _Image) -> list[AttributeValues]:
    """Return the attributes of one object as a reader gets them."""
    values, hidden, implementer, owner, _ = image
    types = cls.types
    row = [AttributeValues(name, types[name], present or ()) for name, present in zip(columns, values)]
    for name, text in ((CLASS_NAME, cls.name), (IMPLEMENTER_NAME, implementer), (OWNER_NAME, owner)):
        if text and name in columns:
            index = columns.index(name)
            row[index] = row[index]._replace(values=(text,))
    if hidden:
        row = [entry._replace(values=()) if entry.name in hidden else entry for entry in row]
    return row


def _matching(
    store: Store,
    top: Optional[StoredObject],
    scope: int,
    options: int,
    criterion: Optional[Criterion],
    names: Optional[Sequence[str]],
) -> list[StoredObject]:
    if options & NO_DANGLING_DEPENDENTS:
        candidates = _dependents(store, criterion)
        criterion = None
    elif criterion is not None and criterion.name == CLASS_NAME and criterion.value not in (None, ""):
        candidates = _instances(store, criterion, names if options & GET_SOME else None)
        criterion = None
    else:
        candidates = _tree(store, top, scope)
    found = []
    for candidate in candidates:
        if candidate.creating or not _in_scope(candidate, top, scope):
            continue
        if criterion is None or not criterion.name or _matches(candidate, criterion):
            found.append(candidate)
    return found


def _instances(store: Store, criterion: Criterion, names: Optional[Sequence[str]]) -> list[StoredObject]:
    cls = store.classes.get(str(criterion.value)) if criterion.type == ValueType.STRING else None
    if cls is None or not cls.instances:
        return []
    if any(name not in cls.attributes for name in names or ()):
        raise AisError(Code.ERR_INVALID_PARAM, f"class {cls.name} lacks one of the attributes")
    return list(cls.instances.values())


def _dependents(store: Store, criterion: Optional[Criterion]) -> list[StoredObject]:
    if criterion is None or criterion.name or criterion.type not in (ValueType.NAME, ValueType.STRING):
        raise AisError(Code.ERR_INVALID_PARAM, "dependents are searched by DN alone")
    dn = str(criterion.value)
    if store.visible(dn) is None:
        raise AisError(Code.ERR_INVALID_PARAM, f"{dn} does not exist")
    return store.referrers(dn)


def _tree(store: Store, top: Optional[StoredObject], scope: int) -> list[StoredObject]:
    if top is None:
        return store.roots() if scope == Scope.SUBLEVEL else list(store.everything())
    return sorted(top.in_scope(scope), key=lambda found: found.dn)


def _in_scope(candidate: StoredObject, top: Optional[StoredObject], scope: int) -> bool:
    if scope == Scope.SUBLEVEL:
        return candidate is top or candidate.parent is top
    if top is None:
        return True
    above: Optional[StoredObject] = candidate
    while above is not None and above is not top:
        above = above.parent
    return above is top


def _matches(candidate: StoredObject, criterion: Criterion) -> bool:
    assert criterion.name is not None
    definition = candidate.cls.attributes.get(criterion.name)
    if definition is None:
        return False
    if criterion.value is None:
        return True
    if definition.type != criterion.type:
        return False
    if definition.is_pure:
        raise AisError(Code.ERR_NO_RESOURCES, f"{criterion.name} is not cached")
    return criterion.value in candidate.get(criterion.name)
