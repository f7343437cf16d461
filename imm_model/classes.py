# SPDX-License-Identifier: Apache-2.0
"""Classes of the information model, and the rules of AIS and OpenSAF for them.

A definition lists what its author wrote, without the three attributes that IMM adds to every class
(`SYSTEM_ATTRIBUTES`). `check_class` says whether IMM would accept a definition; it does not say whether the
class exists.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag

from imm_model.named_tuple import NamedTuple
from imm_model.types import Value, ValueType, check_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

SYSTEM_ATTRIBUTES = ("SaImmAttrClassName", "SaImmAttrImplementerName", "SaImmAttrAdminOwnerName")
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_LETTERS_AND_DIGITS = _LETTERS | frozenset("0123456789")


class ClassError(ValueError):
    """A class definition that IMM refuses (ERR_INVALID_PARAM); the text says why."""


class Category(IntEnum):
    """Who owns the objects of a class (SaImmClassCategoryT)."""

    CONFIG = 1  # changed by administrators, in CCBs
    RUNTIME = 2  # created and owned by an object implementer

    @property
    def sa_name(self) -> str:
        """Return ``SA_CONFIG`` or ``SA_RUNTIME``."""
        return f"SA_{self.name}"


class AttributeFlag(IntFlag):
    """The flags of an attribute (SaImmAttrFlagsT). OpenSAF's own flags begin at 0x1000000."""

    MULTI_VALUE = 0x1
    RDN = 0x2
    CONFIG = 0x100
    WRITABLE = 0x200
    INITIALIZED = 0x400  # a value must be given when the object is created
    RUNTIME = 0x10000
    PERSISTENT = 0x20000  # survives a restart of IMM, where IMM has a back end
    CACHED = 0x40000  # IMM holds the value; without it, IMM asks the implementer at each read
    NO_DUPLICATES = 0x1000000
    NOTIFY = 0x2000000
    NO_DANGLING = 0x4000000
    DN = 0x8000000
    DEFAULT_REMOVED = 0x10000000
    STRONG_DEFAULT = 0x20000000


_NOT_FOR_RDN = (
    AttributeFlag.NO_DANGLING
    | AttributeFlag.DN
    | AttributeFlag.DEFAULT_REMOVED
    | AttributeFlag.STRONG_DEFAULT
)

# The words for the flags in class files. CONFIG, RUNTIME and RDN have their own elements there.
FILE_FLAGS = {
    "SA_MULTI_VALUE": AttributeFlag.MULTI_VALUE,
    "SA_WRITABLE": AttributeFlag.WRITABLE,
    "SA_INITIALIZED": AttributeFlag.INITIALIZED,
    "SA_PERSISTENT": AttributeFlag.PERSISTENT,
    "SA_CACHED": AttributeFlag.CACHED,
    "SA_NO_DUPLICATES": AttributeFlag.NO_DUPLICATES,
    "SA_NOTIFY": AttributeFlag.NOTIFY,
    "SA_NO_DANGLING": AttributeFlag.NO_DANGLING,
    "SA_DN": AttributeFlag.DN,
    "SA_DEFAULT_REMOVED": AttributeFlag.DEFAULT_REMOVED,
    "SA_STRONG_DEFAULT": AttributeFlag.STRONG_DEFAULT,
}


class AttributeDefinition(NamedTuple):
    """One attribute of a class. `default` is None if the attribute has no default."""

    name: str
    type: ValueType
    flags: AttributeFlag
    default: Optional[Value] = None

    @property
    def is_rdn(self) -> bool:
        """Tell whether it is the attribute that names the object."""
        return bool(self.flags & AttributeFlag.RDN)

    @property
    def is_config(self) -> bool:
        """Tell whether it belongs to the administrator, not to the implementer."""
        return bool(self.flags & AttributeFlag.CONFIG)

    @property
    def is_multi(self) -> bool:
        """Tell whether it may have several values."""
        return bool(self.flags & AttributeFlag.MULTI_VALUE)

    @property
    def is_cached(self) -> bool:
        """Tell whether it is a runtime attribute whose value IMM holds."""
        return bool(self.flags & AttributeFlag.CACHED)

    @property
    def is_pure(self) -> bool:
        """Tell whether it is a runtime attribute for which IMM asks the implementer at each read."""
        return bool(self.flags & AttributeFlag.RUNTIME) and not self.is_cached


class ClassDefinition(NamedTuple):
    """A class as its author wrote it: name, category, and attributes, which include the RDN."""

    name: str
    category: Category
    attributes: tuple[AttributeDefinition, ...]

    @property
    def rdn(self) -> AttributeDefinition:
        """Return the attribute that names the objects. ClassError if the definition has none."""
        for attribute in self.attributes:
            if attribute.is_rdn:
                return attribute
        raise ClassError(f"class {self.name} has no RDN attribute")

    def attribute(self, name: str) -> Optional[AttributeDefinition]:
        """Return the attribute of that name, or None when the class has no such attribute."""
        for attribute in self.attributes:
            if attribute.name == name:
                return attribute
        return None


def check_class(definition: ClassDefinition) -> None:
    """Raise ClassError with the reason if IMM would refuse `definition` with ERR_INVALID_PARAM."""
    if not is_class_name(definition.name):
        raise ClassError(
            f"{definition.name!r} is no class name: a letter or '_' first, then letters, digits and '_'"
        )
    names = [attribute.name.lower() for attribute in definition.attributes]  # as OpenSAF compares them
    for name in names:
        if names.count(name) > 1:
            raise ClassError(f"class {definition.name}: attribute {name!r} is there twice")
    for attribute in definition.attributes:
        reason = _fault_of_attribute(attribute, definition.category)
        if reason:
            raise ClassError(f"class {definition.name}, attribute {attribute.name!r}: {reason}")
    if sum(attribute.is_rdn for attribute in definition.attributes) != 1:
        raise ClassError(f"class {definition.name}: exactly one attribute must be the RDN")
    kept = [attribute for attribute in definition.attributes if attribute.flags & AttributeFlag.PERSISTENT]
    if kept and definition.category is Category.RUNTIME and definition.rdn not in kept:
        raise ClassError(f"class {definition.name}: persistent attributes need a persistent RDN")


def is_class_name(name: str) -> bool:
    """Tell whether IMM accepts `name` for a class: ASCII letters, digits and '_', and no digit first."""
    return bool(name) and name[0] in _LETTERS and _LETTERS_AND_DIGITS.issuperset(name)


def _fault_of_attribute(attribute: AttributeDefinition, category: Category) -> Optional[str]:
    flags = attribute.flags
    config, runtime = bool(flags & AttributeFlag.CONFIG), bool(flags & AttributeFlag.RUNTIME)
    rules = (
        (not is_class_name(attribute.name), "it needs a name: a letter or '_', then letters, digits, '_'"),
        (config == runtime, "it must be either a config or a runtime attribute"),
        (config and category is Category.RUNTIME, "a runtime class has no config attributes"),
        (runtime and flags & AttributeFlag.WRITABLE, "only a config attribute can be writable"),
        (runtime and flags & AttributeFlag.INITIALIZED, "only a config attribute can be initialized"),
        (config and flags & AttributeFlag.CACHED, "only a runtime attribute can be cached"),
        (config and flags & AttributeFlag.PERSISTENT, "only a runtime attribute can be persistent"),
        (
            runtime and flags & AttributeFlag.PERSISTENT and not flags & AttributeFlag.CACHED,
            "a persistent attribute must be cached",
        ),
        (
            flags & AttributeFlag.NO_DUPLICATES and not flags & AttributeFlag.MULTI_VALUE,
            "NO_DUPLICATES is for multi-valued attributes",
        ),
        (
            flags & AttributeFlag.NO_DANGLING and not _holds_names(attribute),
            "NO_DANGLING is for attributes of type SA_NAME_T",
        ),
        (runtime and flags & AttributeFlag.NO_DANGLING, "NO_DANGLING is for config attributes"),
        (
            flags & AttributeFlag.NO_DANGLING and attribute.default is not None,
            "a NO_DANGLING attribute has no default",
        ),
        (
            flags & AttributeFlag.DN and attribute.type is not ValueType.STRING,
            "DN is for attributes of type SA_STRING_T",
        ),
        (attribute.is_pure and flags & AttributeFlag.NOTIFY, "only a cached runtime attribute can notify"),
        (
            flags & AttributeFlag.STRONG_DEFAULT
            and (attribute.default is None or flags & AttributeFlag.DEFAULT_REMOVED),
            "STRONG_DEFAULT needs a default",
        ),
        (
            flags & AttributeFlag.DEFAULT_REMOVED and attribute.default is not None,
            "a removed default is none",
        ),
        (
            flags & AttributeFlag.INITIALIZED and attribute.default is not None,
            "an initialized attribute has no default",
        ),
        (
            attribute.is_pure and attribute.default is not None,
            "a runtime attribute that is not cached has no default",
        ),
    )
    fault = next((reason for broken, reason in rules if broken), None)
    if fault is None and attribute.is_rdn:
        fault = _fault_of_rdn(attribute, category)
    if fault is not None:
        return fault
    if attribute.default is not None:
        try:
            check_value(attribute.default, attribute.type)
        except ValueError as error:
            return f"its default: {error}"
    return None


def _holds_names(attribute: AttributeDefinition) -> bool:
    """Tell whether the attribute holds names, or strings that are declared to be DNs."""
    return attribute.type is ValueType.NAME or (
        attribute.type is ValueType.STRING and bool(attribute.flags & AttributeFlag.DN)
    )


def _fault_of_rdn(attribute: AttributeDefinition, category: Category) -> Optional[str]:
    rules = (
        (attribute.is_multi, "an RDN has one value"),
        (
            attribute.type not in (ValueType.STRING, ValueType.NAME),
            "an RDN is of type SA_STRING_T or SA_NAME_T",
        ),
        (attribute.default is not None, "an RDN has no default"),
        (attribute.flags & AttributeFlag.WRITABLE, "an RDN cannot be writable"),
        (attribute.flags & _NOT_FOR_RDN, "an RDN refers to nothing and never has a default"),
        (
            category is Category.CONFIG and not attribute.is_config,
            "the RDN of a config class is a config attribute",
        ),
        (category is Category.RUNTIME and not attribute.is_cached, "the RDN of a runtime class is cached"),
    )
    return next((reason for broken, reason in rules if broken), None)
