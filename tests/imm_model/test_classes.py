# SPDX-License-Identifier: Apache-2.0
"""Class definitions: what IMM refuses is refused, with the reason."""

from __future__ import annotations

import pytest

from imm_model.classes import (
    AttributeDefinition,
    AttributeFlag,
    Category,
    ClassDefinition,
    ClassError,
    check_class,
)
from imm_model.types import ValueType

F = AttributeFlag
RDN_CONFIG = AttributeDefinition("id", ValueType.STRING, F.CONFIG | F.RDN)
RDN_RUNTIME = AttributeDefinition("id", ValueType.STRING, F.RUNTIME | F.CACHED | F.RDN)


def config_class(*attributes, name="C", rdn=RDN_CONFIG):
    return ClassDefinition(name, Category.CONFIG, (rdn, *attributes) if rdn else attributes)


def runtime_class(*attributes, rdn=RDN_RUNTIME):
    return ClassDefinition("R", Category.RUNTIME, (rdn, *attributes) if rdn else attributes)


def attribute(flags, kind=ValueType.UINT32, default=None, name="x"):
    return AttributeDefinition(name, kind, flags, default)


GOOD = [
    config_class(),
    config_class(attribute(F.CONFIG | F.WRITABLE | F.MULTI_VALUE, default=1)),
    config_class(attribute(F.CONFIG | F.INITIALIZED)),
    config_class(attribute(F.RUNTIME), attribute(F.RUNTIME | F.CACHED | F.PERSISTENT, name="y")),
    config_class(attribute(F.CONFIG | F.NO_DANGLING | F.WRITABLE, ValueType.NAME)),
    config_class(rdn=RDN_CONFIG._replace(flags=RDN_CONFIG.flags | F.INITIALIZED)),
    runtime_class(attribute(F.RUNTIME | F.CACHED | F.MULTI_VALUE | F.NO_DUPLICATES)),
    runtime_class(attribute(F.RUNTIME | F.CACHED | F.NOTIFY, default=7)),
    runtime_class(rdn=RDN_RUNTIME._replace(type=ValueType.NAME)),
    config_class(attribute(F.CONFIG | F.NO_DANGLING | F.DN, ValueType.STRING)),
    config_class(attribute(F.CONFIG | F.STRONG_DEFAULT, default=1)),
    runtime_class(
        attribute(F.RUNTIME | F.CACHED | F.PERSISTENT),
        rdn=RDN_RUNTIME._replace(flags=RDN_RUNTIME.flags | F.PERSISTENT),
    ),
]

BAD = [
    (config_class(name="1st"), "no class name"),
    (config_class(name="a-b"), "no class name"),
    (config_class(name=""), "no class name"),
    (config_class(name="é"), "no class name"),
    (config_class(rdn=None), "exactly one attribute must be the RDN"),
    (config_class(RDN_CONFIG._replace(name="other")), "exactly one attribute must be the RDN"),
    (config_class(RDN_CONFIG), "there twice"),
    (config_class(rdn=RDN_CONFIG._replace(type=ValueType.UINT32)), "SA_STRING_T or SA_NAME_T"),
    (config_class(rdn=RDN_CONFIG._replace(flags=RDN_CONFIG.flags | F.WRITABLE)), "RDN cannot be writable"),
    (config_class(rdn=RDN_CONFIG._replace(flags=RDN_CONFIG.flags | F.MULTI_VALUE)), "RDN has one value"),
    (config_class(rdn=RDN_CONFIG._replace(default="d")), "RDN has no default"),
    (runtime_class(rdn=RDN_RUNTIME._replace(flags=F.RUNTIME | F.RDN)), "runtime class is cached"),
    (config_class(rdn=RDN_RUNTIME), "config class is a config attribute"),
    (runtime_class(attribute(F.CONFIG)), "no config attributes"),
    (config_class(attribute(F.CONFIG | F.RUNTIME)), "either a config or a runtime"),
    (config_class(attribute(F.MULTI_VALUE)), "either a config or a runtime"),
    (runtime_class(attribute(F.RUNTIME | F.PERSISTENT)), "must be cached"),
    (runtime_class(attribute(F.RUNTIME, default=1)), "has no default"),
    (runtime_class(attribute(F.RUNTIME | F.WRITABLE)), "can be writable"),
    (config_class(attribute(F.CONFIG | F.NO_DUPLICATES)), "multi-valued"),
    (config_class(attribute(F.CONFIG | F.NO_DANGLING)), "SA_NAME_T"),
    (config_class(attribute(F.CONFIG | F.INITIALIZED, default=1)), "initialized attribute has no default"),
    (config_class(attribute(F.CONFIG, default=-1)), "outside SA_UINT32_T"),
    (config_class(attribute(F.CONFIG, name="")), "needs a name"),
    (config_class(attribute(F.CONFIG, name="a-b")), "needs a name"),
    (config_class(attribute(F.CONFIG), attribute(F.CONFIG, name="X")), "there twice"),
    (config_class(attribute(F.CONFIG | F.NO_DANGLING, ValueType.STRING)), "SA_NAME_T"),
    (config_class(attribute(F.CONFIG | F.NO_DANGLING, ValueType.NAME, "a=1")), "has no default"),
    (config_class(attribute(F.CONFIG | F.DN, ValueType.NAME)), "SA_STRING_T"),
    (config_class(attribute(F.CONFIG | F.STRONG_DEFAULT)), "STRONG_DEFAULT needs a default"),
    (config_class(attribute(F.CONFIG | F.DEFAULT_REMOVED, default=1)), "removed default"),
    (config_class(rdn=RDN_CONFIG._replace(flags=RDN_CONFIG.flags | F.DN)), "RDN refers to"),
    (runtime_class(attribute(F.RUNTIME | F.NOTIFY)), "cached runtime attribute can notify"),
    (runtime_class(attribute(F.RUNTIME | F.CACHED | F.PERSISTENT)), "persistent RDN"),
]


@pytest.mark.parametrize("definition", GOOD)
def test_what_imm_takes_passes(definition):
    check_class(definition)


@pytest.mark.parametrize(("definition", "reason"), BAD)
def test_what_imm_refuses_is_refused_with_the_reason(definition, reason):
    with pytest.raises(ClassError, match=reason):
        check_class(definition)


def test_attributes_are_found_by_name():
    definition = runtime_class(attribute(F.RUNTIME))
    assert definition.rdn is RDN_RUNTIME
    assert definition.attribute("x").is_pure
    assert not definition.rdn.is_pure
    assert definition.attribute("nope") is None
