# SPDX-License-Identifier: Apache-2.0
"""Text to value and value to text, against the C library that the real tools use."""

from __future__ import annotations

import ctypes
import errno
import math
import struct
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from imm_model.types import ValueType
from saf_shim.tools.imm import formatting
from saf_shim.tools.imm.values import (
    ConversionError,
    parse_argument,
    parse_file_value,
    scan_float,
    scan_integer,
)

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.strtoll.restype = ctypes.c_longlong
LIBC.strtoull.restype = ctypes.c_ulonglong
LIBC.strtod.restype = ctypes.c_double
LIBC.strtof.restype = ctypes.c_float

# What numbers are made of, and a little else.
NUMBER_TEXT = st.text(alphabet="0123456789abcdefxXpPeEnNiItTyY+-. \t_()", max_size=24)
INT64 = st.integers(-(2**63), 2**63 - 1)


def call_libc(name: str, text: str, *base: int) -> tuple[float, int, bool]:
    """strtoX(text): number, characters used, ERANGE."""
    raw = ctypes.create_string_buffer(text.encode())
    end = ctypes.c_char_p()
    ctypes.set_errno(0)
    address = ctypes.addressof(raw)
    number = getattr(LIBC, name)(ctypes.c_void_p(address), ctypes.byref(end), *base)
    used = (ctypes.cast(ctypes.byref(end), ctypes.POINTER(ctypes.c_void_p))[0] or address) - address
    return number, used, ctypes.get_errno() == errno.ERANGE


def print_with_libc(form: str, value: object) -> str:
    buffer = ctypes.create_string_buffer(400)
    LIBC.snprintf(buffer, ctypes.c_size_t(400), form.encode(), value)
    return buffer.value.decode()


@given(NUMBER_TEXT, st.sampled_from([0, 10]))
@example("0x", 0)
@example("-0x10", 0)
@example("08", 0)
@example(" +9223372036854775808", 0)
@example("-9223372036854775808", 0)
@example("-9223372036854775809", 10)
def test_signed_integers_are_read_as_strtoll_does(text: str, base: int) -> None:
    assert tuple(scan_integer(text, signed=True, base=base)) == call_libc("strtoll", text, base)


@given(NUMBER_TEXT)
@example("-1")
@example("18446744073709551616")
@example("-18446744073709551616")
@example("0777")
def test_unsigned_integers_are_read_as_strtoull_does(text: str) -> None:
    assert tuple(scan_integer(text, signed=False)) == call_libc("strtoull", text, 0)


@given(NUMBER_TEXT)
@example("0x1.8p3")
@example("0x1p-1080")
@example("1e309")
@example("-1e-310")
@example("1e")
@example("1e+")
@example(".")
@example("0x.p1")
@example("infinit")
@example("-inf")
@example("nan(a_1)")
@example("nan(")
@example("2.2250738585072014e-308")
def test_doubles_are_read_as_strtod_does(text: str) -> None:
    assert_same_float(scan_float(text, ValueType.DOUBLE), call_libc("strtod", text))


@given(NUMBER_TEXT)
@example("3.4028235e38")
@example("3.5e38")
@example("1e-40")
@example("0.1")
def test_floats_are_read_as_strtof_does(text: str) -> None:
    assert_same_float(scan_float(text, ValueType.FLOAT), call_libc("strtof", text))


def assert_same_float(found: tuple[float, int, bool], wanted: tuple[float, int, bool]) -> None:
    assert found[1:] == wanted[1:]
    if math.isnan(wanted[0]):
        assert math.isnan(found[0])
    else:
        assert found[0] == wanted[0]
        assert math.copysign(1, found[0]) == math.copysign(1, wanted[0])


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("0x10", ValueType.INT32, 16),
        ("010", ValueType.UINT32, 8),
        (" +5", ValueType.INT64, 5),
        ("-1", ValueType.UINT64, 2**64 - 1),
        ("-18446744073709551615", ValueType.UINT32, 1),
        ("1700000000000000000", ValueType.TIME, 1700000000000000000),
        ("", ValueType.STRING, ""),
        ("a,b=c", ValueType.NAME, "a,b=c"),
        ("00ff10", ValueType.ANY, b"\x00\xff\x10"),
        ("abc", ValueType.ANY, b"\xab\xc0"),
        ("xyz", ValueType.ANY, b"\0\0"),
        ("f.", ValueType.ANY, b"\x0f"),
        ("", ValueType.ANY, b""),
        ("inf", ValueType.FLOAT, math.inf),
    ],
)
def test_arguments(text: str, kind: ValueType, value: object) -> None:
    assert parse_argument(text, kind) == value


@pytest.mark.parametrize(
    ("text", "kind", "line", "too_large"),
    [
        ("2147483648", ValueType.INT32, "int32 conversion failed, value too large", True),
        ("-1", ValueType.UINT32, "uint32 conversion failed, value too large", True),
        ("9223372036854775808", ValueType.INT32, "int32 conversion failed", False),
        ("", ValueType.UINT32, "uint32 conversion failed", False),
        ("12 ", ValueType.INT64, "int64 conversion failed", False),
        ("yesterday", ValueType.TIME, "int64 conversion failed", False),
        ("18446744073709551616", ValueType.UINT64, "uint64 conversion failed", False),
        ("1e39", ValueType.FLOAT, "float conversion failed", False),
        ("1,5", ValueType.DOUBLE, "double conversion failed", False),
    ],
)
def test_refused_arguments(text: str, kind: ValueType, line: str, too_large: bool) -> None:
    with pytest.raises(ConversionError) as caught:
        parse_argument(text, kind)
    assert (str(caught.value), caught.value.too_large) == (line, too_large)


@pytest.mark.parametrize(
    ("text", "kind", "value", "complete"),
    [
        ("4294967296", ValueType.UINT32, 0, True),
        ("-3", ValueType.UINT32, 2**32 - 3, True),
        ("2147483648", ValueType.INT32, -(2**31), True),
        ("abc", ValueType.UINT32, 0, False),
        ("", ValueType.INT64, 0, True),
        ("12x", ValueType.TIME, 12, False),
        ("1.5 ", ValueType.DOUBLE, 1.5, False),
        ("abc", ValueType.ANY, b"\xab", True),
        ("  spaces  ", ValueType.STRING, "  spaces  ", True),
    ],
)
def test_values_of_files(text: str, kind: ValueType, value: object, complete: bool) -> None:
    assert parse_file_value(text, kind) == (value, complete)


@given(INT64)
def test_integers_come_back_from_their_text(number: int) -> None:
    for form in (formatting.format_plain, formatting.format_raw):
        assert parse_argument(form(number, ValueType.INT64), ValueType.INT64) == number


@given(st.floats(allow_nan=False))
def test_doubles_come_back_from_their_text(number: float) -> None:
    text = formatting.format_plain(number, ValueType.DOUBLE)
    assert parse_file_value(text, ValueType.DOUBLE) == (number, True)


@given(st.binary(max_size=40))
def test_bytes_come_back_from_their_text(raw: bytes) -> None:
    text = formatting.format_plain(raw, ValueType.ANY)
    assert parse_argument(text, ValueType.ANY) == raw
    assert parse_file_value(text, ValueType.ANY) == (raw, True)
    assert formatting.format_raw(raw, ValueType.ANY) == (f"0x{text}" if raw else "-empty-")
    assert formatting.format_table(raw, ValueType.ANY).endswith(f" size({len(raw)}) ")


@given(st.floats(allow_nan=False))
def test_floats_are_printed_as_printf_does(number: float) -> None:
    value = ctypes.c_double(number)
    assert formatting.format_plain(number, ValueType.DOUBLE) == print_with_libc("%.17g", value)
    assert formatting.format_plain(number, ValueType.FLOAT) == print_with_libc("%.8g", value)
    assert formatting.format_parameter(number, ValueType.DOUBLE) == print_with_libc("%f", value)


@given(INT64)
def test_integers_are_printed_as_printf_does(number: int) -> None:
    assert formatting.format_table(number, ValueType.INT64) == print_with_libc(
        "%lld", ctypes.c_longlong(number)
    ) + print_with_libc(" (0x%llx)", ctypes.c_longlong(number))
    small = struct.unpack("<i", struct.pack("<q", number)[:4])[0]
    assert formatting.format_table(small, ValueType.INT32) == (
        print_with_libc("%d", ctypes.c_int(small)) + print_with_libc(" (0x%x)", ctypes.c_int(small))
    )


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0 (0x0, Thu Jan  1 00:00:00 1970)"),
        (-1, "18446744073709551615 (0xffffffffffffffff, Thu Jan  1 00:00:00 1970)"),
        (-1_000_000_001, "18446744072709551615 (0xffffffffc46535ff, Wed Dec 31 23:59:59 1969)"),
        (1700000000123456789, "1700000000123456789 (0x17979cfe3d85cd15, Tue Nov 14 22:13:20 2023)"),
        (2**63 - 1, "9223372036854775807 (0x7fffffffffffffff, Fri Apr 11 23:47:16 2262)"),
    ],
)
def test_times(monkeypatch: pytest.MonkeyPatch, nanoseconds: int, text: str) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    assert formatting.format_table(nanoseconds, ValueType.TIME) == text


def test_columns_are_counted_in_bytes() -> None:
    row = formatting.table_row("grün", ValueType.STRING, "x")
    assert len(row.encode()) == 50 + 1 + 12 + 1 + 1


def test_names_show_their_length_in_bytes() -> None:
    assert formatting.format_table("grün", ValueType.NAME) == "grün (5)"


@pytest.mark.parametrize(
    ("code", "text"),
    [(1, "SA_AIS_OK (1)"), (12, "SA_AIS_ERR_NOT_EXIST (12)"), (0, "OUT_OF_RANGE"), (99, "OUT_OF_RANGE")],
)
def test_codes(code: int, text: str) -> None:
    assert formatting.describe_code(code) == text
