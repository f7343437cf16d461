# SPDX-License-Identifier: Apache-2.0
"""The codec between simulator and clients: exact for what AIS carries, an error for anything else."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saf_shim import compact_json
from saf_shim.compact_json import MAX_DIGITS
from saf_shim.protocol import LineBuffer, ProtocolError, decode_line, encode_line

TEXT = st.binary(max_size=40).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64) | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=20,
)


@settings(deadline=None)
@given(message=st.lists(VALUES, max_size=5))
def test_what_is_encoded_is_decoded(message: list[object]) -> None:
    line = encode_line(message)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode_line(line) == message
    assert json.loads(line) == message, "it is ordinary JSON"


@given(data=st.binary(max_size=200))
def test_any_bytes_are_an_array_or_an_error(data: bytes) -> None:
    try:
        assert isinstance(decode_line(data), list)
    except ProtocolError:
        pass


@pytest.mark.parametrize(
    "line", [b"", b"[1", b"{}", b"[1]x", b"[nope]", b'["a', b'{"a":', b"[" * 100_000, b"[" + b"9" * 26 + b"]"]
)
def test_broken_lines_are_errors(line: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode_line(line)


def test_broken_lines_are_errors_also_without_the_json_package() -> None:
    """The interpreter's scanner takes its exception from there, if it is imported."""
    code = (
        "import sys; from saf_shim.protocol import *\n"
        "for bad in (b'[1', b'[\"a', b'{\"a\":'):\n"
        "    try: decode_line(bad)\n"
        "    except ProtocolError: pass\n"
        "    else: sys.exit('accepted')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_interpreter_without_the_c_module_uses_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "_json", None)
    encode, scan = compact_json._from_package()
    assert scan(encode(["a\udcff", 2**64, None]))[0] == ["a\udcff", 2**64, None]
    with pytest.raises(ValueError):
        scan("9" * (MAX_DIGITS + 1))
    with pytest.raises(TypeError):
        encode(b"bytes")


def test_what_json_cannot_carry_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        encode_line([b"bytes"])


def test_numbers_of_many_digits_are_refused_before_they_cost_time() -> None:
    assert decode_line(b"[" + b"9" * MAX_DIGITS + b"]") == [10**MAX_DIGITS - 1]
    with pytest.raises(ProtocolError):
        decode_line(b"[" + b"9" * 1_000_000 + b"]")


@given(
    lines=st.lists(st.binary(max_size=30).map(lambda raw: raw.replace(b"\n", b" ")), max_size=10),
    data=st.data(),
)
def test_lines_come_out_whole_however_they_come_in(lines: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(line + b"\n" for line in lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    buffer, found = LineBuffer(), []
    for begin, end in zip([0, *cuts], [*cuts, len(stream)]):
        found += buffer.feed(stream[begin:end])
    assert found == lines


def test_an_endless_line_is_an_error() -> None:
    buffer = LineBuffer(100)
    assert buffer.feed(b"x" * 100) == []
    with pytest.raises(ProtocolError):
        buffer.feed(b"x")
