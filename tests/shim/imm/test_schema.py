# SPDX-License-Identifier: Apache-2.0
"""Which changes of a class are allowed while schema changes are on (the rules of OpenSAF)."""

from __future__ import annotations

from typing import Any, Optional

import pytest

from imm_model.classes import AttributeDefinition, AttributeFlag, Category, ClassDefinition
from imm_model.types import Value, ValueType
from saf_shim.codes import AisError, Code
from saf_shim.imm.content.classes import create_class, define
from saf_shim.imm.content.store import IMM_OBJECT, Store, StoredObject

F = AttributeFlag
FLAGS = "opensafImmNostdFlags"
RDN = AttributeDefinition("id", ValueType.STRING, F.CONFIG | F.RDN)
RT_RDN = AttributeDefinition("id", ValueType.STRING, F.RUNTIME | F.CACHED | F.RDN)


def attribute(
    flags: AttributeFlag, kind: ValueType = ValueType.STRING, default: Optional[Value] = None
) -> AttributeDefinition:
    return AttributeDefinition("x", kind, flags, default)


def make_store(allowed: bool = True) -> Store:
    store = Store()
    parts = (RDN, AttributeDefinition(FLAGS, ValueType.UINT32, F.RUNTIME | F.CACHED))
    cls = define(store, ClassDefinition("OpensafImm", Category.CONFIG, parts))
    store.insert(StoredObject(IMM_OBJECT, cls, None, {FLAGS: (1 if allowed else 0,)}))
    return store


def change(
    store: Store, *after: AttributeDefinition, category: Category = Category.CONFIG, name: str = "C"
) -> Code:
    """Create or change the class with these attributes, and return the code."""
    wire: list[list[Any]] = [[a.name, int(a.type), int(a.flags), a.default] for a in after]
    try:
        create_class(store, name, int(category), wire)
    except AisError as error:
        return error.code
    return Code.OK


C, W, M = F.CONFIG, F.CONFIG | F.WRITABLE, F.CONFIG | F.MULTI_VALUE

CHANGES = [
    (attribute(C), attribute(C), Code.ERR_EXIST),  # no change at all
    (attribute(C), attribute(W), Code.OK),
    (attribute(W), attribute(C), Code.ERR_EXIST),
    (attribute(C), attribute(M), Code.OK),
    (attribute(M), attribute(C), Code.ERR_EXIST),
    (attribute(C), attribute(C | F.INITIALIZED), Code.ERR_EXIST),
    (attribute(C | F.INITIALIZED), attribute(C), Code.OK),
    (attribute(C), attribute(C | F.NOTIFY), Code.OK),
    (attribute(C | F.NOTIFY), attribute(C), Code.OK),
    (attribute(M), attribute(M | F.NO_DUPLICATES), Code.OK),
    (attribute(M | F.NO_DUPLICATES), attribute(M), Code.OK),
    (attribute(C), attribute(C | F.DN), Code.ERR_EXIST),
    (attribute(C, ValueType.NAME), attribute(C | F.NO_DANGLING, ValueType.NAME), Code.OK),
    (attribute(C), attribute(C, default="d"), Code.OK),
    (attribute(C, default="d"), attribute(C, default="e"), Code.OK),
    (attribute(C, default="d"), attribute(C), Code.ERR_EXIST),
    (attribute(C, default="d"), attribute(C | F.DEFAULT_REMOVED), Code.OK),
    (attribute(C), attribute(C | F.DEFAULT_REMOVED), Code.ERR_EXIST),
    (attribute(C), attribute(C, ValueType.NAME), Code.ERR_EXIST),
    (attribute(C), attribute(F.RUNTIME | F.CACHED), Code.ERR_EXIST),
    (attribute(C), attribute(F.CONFIG | F.CACHED), Code.ERR_INVALID_PARAM),
    (attribute(F.RUNTIME), attribute(F.RUNTIME | F.CACHED), Code.ERR_EXIST),
]


@pytest.mark.parametrize(("before", "after", "code"), CHANGES)
def test_changes_of_an_attribute(before: AttributeDefinition, after: AttributeDefinition, code: Code) -> None:
    store = make_store()
    assert change(store, RDN, before) == Code.OK
    assert change(store, RDN, after) == code


@pytest.mark.parametrize(("before", "after", "_code"), CHANGES)
def test_nothing_changes_while_it_is_not_allowed(
    before: AttributeDefinition, after: AttributeDefinition, _code: Code
) -> None:
    store = make_store(allowed=False)
    assert change(store, RDN, before) == Code.OK
    assert change(store, RDN, after) == Code.ERR_EXIST


@pytest.mark.parametrize(
    ("added", "code"),
    [
        (attribute(C), Code.OK),
        (attribute(C, default="d"), Code.OK),
        (attribute(C | F.INITIALIZED), Code.ERR_EXIST),
        (attribute(C | F.DEFAULT_REMOVED), Code.ERR_EXIST),
        (attribute(F.RUNTIME | F.CACHED), Code.OK),
    ],
)
def test_attributes_may_be_added(added: AttributeDefinition, code: Code) -> None:
    store = make_store()
    assert change(store, RDN) == Code.OK
    assert change(store, RDN, added) == code
    assert change(store, RDN) == Code.ERR_EXIST


def test_a_runtime_class_needs_defaults_for_new_cached_attributes() -> None:
    store = make_store()
    assert change(store, RT_RDN, category=Category.RUNTIME) == Code.OK
    cached = attribute(F.RUNTIME | F.CACHED)
    assert change(store, RT_RDN, cached, category=Category.RUNTIME) == Code.ERR_EXIST
    assert change(store, RT_RDN, cached._replace(default="d"), category=Category.RUNTIME) == Code.OK


def test_instances_get_defaults_of_new_attributes_only() -> None:
    store = make_store()
    change(store, RDN, attribute(C, default="old"))
    cls = store.classes["C"]
    instance = StoredObject("id=1", cls, None, {"id": ("id=1",), "x": ("old",)})
    store.insert(instance)
    new = AttributeDefinition("y", ValueType.UINT32, C, 7)
    assert change(store, RDN, attribute(C, default="new"), new) == Code.OK
    assert instance.values["x"] == ("old",)
    assert instance.values["y"] == (7,)


@pytest.mark.parametrize(
    ("before", "values", "gained"),
    [
        (attribute(M), ("a", "a"), F.NO_DUPLICATES),
        (attribute(C, default="d"), (), F.STRONG_DEFAULT),
        (attribute(C, ValueType.NAME), ("id=nobody",), F.NO_DANGLING),
    ],
)
def test_instances_that_break_a_new_rule_forbid_it(
    before: AttributeDefinition, values: tuple[Value, ...], gained: AttributeFlag
) -> None:
    store = make_store()
    change(store, RDN, before)
    instance = StoredObject("id=1", store.classes["C"], None, {"id": ("id=1",), "x": values})
    store.insert(instance)
    after = before._replace(flags=before.flags | gained)
    assert change(store, RDN, after) == Code.ERR_EXIST
    store.remove(instance)
    assert change(store, RDN, after) == Code.OK


def test_names_that_differ_in_case_only_are_one() -> None:
    store = make_store()
    assert change(store, RDN, name="Name") == Code.OK
    assert change(store, RDN, name="NAME") == Code.ERR_EXIST


def test_a_new_class_cannot_have_lost_a_default() -> None:
    assert change(make_store(), RDN, attribute(C | F.DEFAULT_REMOVED)) == Code.ERR_INVALID_PARAM


def test_what_the_library_refuses_goes_before_existence() -> None:
    store = make_store(allowed=False)
    change(store, RDN)
    assert change(store, RDN._replace(flags=RDN.flags | F.MULTI_VALUE)) == Code.ERR_INVALID_PARAM
    assert change(store) == Code.ERR_EXIST
