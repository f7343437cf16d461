# SPDX-License-Identifier: Apache-2.0
"""IMM values as the tools print them: in tables, after ``name=``, and in dumps.

The forms are those of the C tools: floats with 8 significant digits, doubles with 17, times as unsigned
nanoseconds (with the local time, in tables), SA_ANY_T in hexadecimal.
"""

from __future__ import annotations

import time

from imm_model.classes import AttributeDefinition, AttributeFlag, Category
from imm_model.types import TEXT_TYPES, Value, ValueType, encode_text
from saf_shim.codes import Code

EMPTY = "<Empty>"
TABLE_HEAD = f"{'Name':50} {'Type':12} Value(s)\n" + "=" * 72

_SECOND = 1_000_000_000  # ns
_UNSIGNED_MASKS = {ValueType.INT32: 0xFFFFFFFF, ValueType.UINT32: 0xFFFFFFFF}
_ALL_BITS = 0xFFFFFFFFFFFFFFFF

# The words in immlist's class descriptions, in immlist's order.
_CONFIG_WORDS: tuple[tuple[str, AttributeFlag], ...] = (
    ("WRITEABLE", AttributeFlag.WRITABLE),
    ("INITIALIZED", AttributeFlag.INITIALIZED),
    ("MULTI_VALUE", AttributeFlag.MULTI_VALUE),
    ("NOTIFY", AttributeFlag.NOTIFY),
    ("NO_DUPLICATES", AttributeFlag.NO_DUPLICATES),
    ("NO_DANGLING", AttributeFlag.NO_DANGLING),
    ("DN", AttributeFlag.DN),
    ("DEFAULT_REMOVED", AttributeFlag.DEFAULT_REMOVED),
    ("STRONG_DEFAULT", AttributeFlag.STRONG_DEFAULT),
)
_RUNTIME_WORDS: tuple[tuple[str, AttributeFlag], ...] = (
    ("CACHED", AttributeFlag.CACHED),
    ("PERSISTENT", AttributeFlag.PERSISTENT),
    ("MULTI_VALUE", AttributeFlag.MULTI_VALUE),
    ("NOTIFY", AttributeFlag.NOTIFY),
    ("NO_DUPLICATES", AttributeFlag.NO_DUPLICATES),
    ("DN", AttributeFlag.DN),
    ("DEFAULT_REMOVED", AttributeFlag.DEFAULT_REMOVED),
    ("STRONG_DEFAULT", AttributeFlag.STRONG_DEFAULT),
)


def describe_code(code: int) -> str:
    """Return a return code in the form of error lines: ``SA_AIS_ERR_NOT_EXIST (12)``."""
    try:
        return f"SA_AIS_{Code(code).name} ({int(code)})"
    except ValueError:
        return "OUT_OF_RANGE"


def format_plain(value: Value, kind: ValueType) -> str:
    """Return a value without decoration, as in files. SA_ANY_T is hexadecimal without a prefix."""
    if isinstance(value, bytes):
        return value.hex()
    if kind is ValueType.FLOAT:
        return f"{value:.8g}"
    if kind is ValueType.DOUBLE:
        return f"{value:.17g}"
    if kind is ValueType.TIME:
        return str(int(value) & _ALL_BITS)
    return str(value)


def format_raw(value: Value, kind: ValueType) -> str:
    """Return a value as immlist prints it after ``name=``."""
    if isinstance(value, bytes):
        return "0x" + value.hex() if value else "-empty-"
    return format_plain(value, kind)


def format_table(value: Value, kind: ValueType) -> str:
    """Return a value as in immlist's tables: numbers also in hexadecimal, times also in readable form, names
    with their length, SA_ANY_T with its size."""
    if isinstance(value, bytes):
        return (f"0x{value.hex()}" if value else "") + f" size({len(value)}) "
    if kind is ValueType.NAME:
        return f"{value} ({len(encode_text(str(value)))})"
    if kind in TEXT_TYPES or isinstance(value, float):
        return format_plain(value, kind)
    number = int(value)
    hexadecimal = f"0x{number & _UNSIGNED_MASKS.get(kind, _ALL_BITS):x}"
    if kind is ValueType.TIME:
        return f"{number & _ALL_BITS} ({hexadecimal}, {format_clock(number)})"
    return f"{number} ({hexadecimal})"


def format_parameter(value: Value, kind: ValueType) -> str:
    """Return a value as immadm prints result parameters."""
    if isinstance(value, bytes):
        return "<Not shown>"
    if kind in TEXT_TYPES:
        return str(value)
    if kind in (ValueType.FLOAT, ValueType.DOUBLE):
        return f"{value:f}"
    return format_table(value, kind)


def format_clock(nanoseconds: int) -> str:
    """Return local time as ctime(3) writes it. C's division rounds towards zero."""
    seconds = nanoseconds // _SECOND if nanoseconds >= 0 else -(-nanoseconds // _SECOND)
    return time.ctime(seconds)


def table_row(name: str, kind: ValueType, text: str) -> str:
    """Return one line of a table, without its line end. Columns are counted in bytes, as printf does."""
    padding = " " * (50 - len(encode_text(name)))
    return f"{name}{padding} {kind.sa_name:12} {text}"


def describe_class(name: str, category: Category, attributes: tuple[AttributeDefinition, ...]) -> str:
    """Return a class as ``immlist -c`` prints it. Attributes that IMM itself added are left out."""
    lines = [f"\n<< {name} - {category.name} >>\n"]
    lines += [
        _describe_attribute(attribute) + "\n"
        for attribute in attributes
        if not attribute.name.startswith("SaImmAttr")
    ]
    return "".join(lines)


def _describe_attribute(attribute: AttributeDefinition) -> str:
    flags = attribute.flags
    initialized = bool(flags & AttributeFlag.INITIALIZED)
    many = "..*" if attribute.is_multi else ""
    text = f"{attribute.name} : {attribute.type.sa_name} [{int(initialized)}{many}]"
    default = "Empty" if attribute.default is None else format_table(attribute.default, attribute.type)
    if attribute.is_config:
        shown, category, words = not initialized, "CONFIG", _CONFIG_WORDS
    else:
        shown, category, words = attribute.default is not None, "RUNTIME", _RUNTIME_WORDS
    if shown:
        text += f" = {default}"
    names = ["RDN"] if attribute.is_rdn else []
    names += [category, *(word for word, flag in words if flags & flag)]
    return f"{text} {{{', '.join(names)}}}"
