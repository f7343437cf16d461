# SPDX-License-Identifier: Apache-2.0
"""DN and RDN: encoding and nesting can be undone exactly."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imm_model.names import (
    decode_rdn_value,
    encode_rdn_value,
    escape_dn,
    join_dn,
    make_rdn,
    parent_dn,
    rdn_of,
    rdn_value,
    split_dn,
)

dn_parts = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("raw", "encoded"),
    [
        (b"eth0", "eth0"),
        (b"eth0.100", "eth0.100"),
        (b"br-lan:1@if2", "br-lan:1@if2"),
        (b"a,b=c", "a%2Cb=c"),
        (b"50%", "50%25"),
        (b"back\\slash", "back%5Cslash"),
        ("é".encode(), "%C3%A9"),
        (b"\xff", "%FF"),
        (b"two words", "two%20words"),
        (b"", ""),
    ],
)
def test_an_interface_name_is_encoded_as_the_design_says(raw, encoded):
    assert encode_rdn_value(raw) == encoded
    assert decode_rdn_value(encoded) == raw


@given(st.binary(max_size=80))
def test_encoding_is_exact_and_bearable_for_imm(raw):
    encoded = encode_rdn_value(raw)
    assert decode_rdn_value(encoded) == raw
    assert unquote_to_bytes(encoded) == raw  # an independent decoder
    assert all(0x21 <= ord(char) <= 0x7E and char not in ",\\" for char in encoded)


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=20))
def test_decoding_takes_only_what_encoding_writes(text):
    try:
        raw = decode_rdn_value(text)
    except ValueError:
        return
    assert encode_rdn_value(raw) == text


@pytest.mark.parametrize("text", ["%", "%4", "%4g", "%2c", "%41", "a b", "é", "a,b", "%-1"])
def test_what_encoding_never_writes_is_refused(text):
    with pytest.raises(ValueError, match="encoded RDN value"):
        decode_rdn_value(text)


def test_a_dn_is_split_at_its_first_bare_comma():
    dn = "safSISU=safSu=SU1\\,safSg=A\\,safApp=A,safSi=S,safApp=A"
    assert split_dn(dn) == ("safSISU=safSu=SU1\\,safSg=A\\,safApp=A", "safSi=S,safApp=A")
    assert rdn_of(dn) == "safSISU=safSu=SU1\\,safSg=A\\,safApp=A"
    assert rdn_value(dn) == "safSu=SU1\\,safSg=A\\,safApp=A"
    assert parent_dn("netWatchNode=SC-1") == ""
    assert rdn_value("plain,a=b") == "plain"
    assert make_rdn("netIf", b"a,b") == "netIf=a%2Cb"


@given(
    st.lists(
        dn_parts.filter(lambda part: "," not in part and not part.endswith("\\")), min_size=1, max_size=5
    )
)
def test_splitting_undoes_joining(parts):
    dn = ""
    for part in reversed(parts):
        dn = join_dn(part, dn)
    found = []
    while dn:
        rdn, dn = split_dn(dn)
        found.append(rdn)
    assert found == parts


@given(st.lists(dn_parts.filter(lambda part: not part.endswith("\\")), min_size=1, max_size=3))
def test_a_dn_nested_in_an_rdn_comes_back(parts):
    dn = ",".join(parts)
    nested = escape_dn(dn)
    assert nested.replace("\\,", ",") == dn
    assert split_dn(f"safSISU={nested},safSi=S") == (f"safSISU={nested}", "safSi=S")
