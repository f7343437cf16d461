# SPDX-License-Identifier: Apache-2.0
"""Value types: the ranges are those of C, and text forms read back exactly."""

from __future__ import annotations

import ctypes
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imm_model.types import ValueType, check_value, decode_text, encode_text, format_value, parse_value

C_INTEGERS = {
    ValueType.INT32: ctypes.c_int32,
    ValueType.UINT32: ctypes.c_uint32,
    ValueType.INT64: ctypes.c_int64,
    ValueType.UINT64: ctypes.c_uint64,
    ValueType.TIME: ctypes.c_int64,
}


@given(st.sampled_from(sorted(C_INTEGERS)), st.integers(-(2**70), 2**70))
def test_an_integer_is_taken_exactly_when_c_does_not_wrap_it(kind, number):
    fits = C_INTEGERS[kind](number).value == number
    if fits:
        check_value(number, kind)
    else:
        with pytest.raises(ValueError, match=kind.sa_name):
            check_value(number, kind)


VALUES = st.one_of(
    *(st.tuples(st.just(kind), st.integers(low, high)) for kind, (low, high) in {
        ValueType.INT32: (-(2**31), 2**31 - 1),
        ValueType.UINT32: (0, 2**32 - 1),
        ValueType.INT64: (-(2**63), 2**63 - 1),
        ValueType.UINT64: (0, 2**64 - 1),
        ValueType.TIME: (-(2**63), 2**63 - 1),
    }.items()),
    st.tuples(st.just(ValueType.FLOAT), st.floats(width=32)),
    st.tuples(st.just(ValueType.DOUBLE), st.floats()),
    st.tuples(st.just(ValueType.STRING), st.text().filter(lambda text: "\0" not in text)),
    st.tuples(st.just(ValueType.NAME), st.text(max_size=60).filter(lambda text: "\0" not in text)),
    st.tuples(st.just(ValueType.ANY), st.binary()),
)  # fmt: skip


@given(VALUES)
def test_the_text_of_a_value_reads_back(pair):
    kind, value = pair
    check_value(value, kind)
    back = parse_value(format_value(value, kind), kind)
    assert back == value or (isinstance(value, float) and math.isnan(value) and math.isnan(back))


@given(st.binary())
def test_strings_keep_bytes_that_are_not_utf8(raw):
    assert encode_text(decode_text(raw)) == raw


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("1", ValueType.INT32),
        (True, ValueType.UINT32),
        (1.0, ValueType.INT64),
        (1, ValueType.STRING),
        (b"x", ValueType.STRING),
        ("x", ValueType.ANY),
        ("a\0b", ValueType.STRING),
        ("x" * 256, ValueType.NAME),
        (1e39, ValueType.FLOAT),
        ("1.0", ValueType.DOUBLE),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_by_name(value, kind):
    with pytest.raises(ValueError, match=kind.sa_name):
        check_value(value, kind)


@pytest.mark.parametrize(
    ("text", "kind"), [("0x10", ValueType.INT32), ("", ValueType.UINT64), ("zz", ValueType.ANY)]
)
def test_text_that_is_no_value_is_refused(text, kind):
    with pytest.raises(ValueError, match=kind.sa_name):
        parse_value(text, kind)


def test_each_type_has_the_standards_word():
    assert [kind.sa_name for kind in ValueType] == [
        "SA_INT32_T", "SA_UINT32_T", "SA_INT64_T", "SA_UINT64_T", "SA_TIME_T",
        "SA_NAME_T", "SA_FLOAT_T", "SA_DOUBLE_T", "SA_STRING_T", "SA_ANY_T",
    ]  # fmt: skip
    assert all(ValueType.from_sa_name(kind.sa_name) is kind for kind in ValueType)
    with pytest.raises(ValueError, match="SA_BOOL_T"):
        ValueType.from_sa_name("SA_BOOL_T")
