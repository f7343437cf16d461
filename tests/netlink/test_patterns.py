# SPDX-License-Identifier: Apache-2.0
"""Shell patterns of interface names."""

from __future__ import annotations

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amf_netwatch.netlink.patterns import matches, matches_any

LETTERS = st.sampled_from([b"a", b"b", b"c", b"*", b"?", b"[", b"]", b"!", b"-", b"\xff", b"\xc3"])


@given(st.lists(LETTERS, max_size=8).map(b"".join), st.lists(LETTERS, max_size=8).map(b"".join))
def test_patterns_agree_with_the_standard_library(name, pattern):
    if b"[" in pattern:
        return  # the standard library repairs odd ranges its own way; brackets have a test of their own
    expected = fnmatch.fnmatchcase(name.decode("latin-1"), pattern.decode("latin-1"))
    assert matches(name, pattern) == expected


@given(
    st.binary(max_size=4), st.sets(st.sampled_from(list(b"abcxyz019")), min_size=1, max_size=4), st.booleans()
)
def test_brackets_agree_with_the_standard_library(name, members, negated):
    pattern = b"[" + (b"!" if negated else b"") + bytes(sorted(members)) + b"]*"
    expected = fnmatch.fnmatchcase(name.decode("latin-1"), pattern.decode("latin-1"))
    assert matches(name, pattern) == expected


@pytest.mark.parametrize(
    ("name", "pattern", "wanted"),
    [
        (b"eth0", b"eth[0-9]", True),
        (b"ethx", b"eth[0-9]", False),
        (b"eth-", b"eth[!0-9]", True),
        (b"a]", b"a[]]", True),
        (b"a[", b"a[", True),
        (b"a*b", b"a[*]b", True),
        (b"aXb", b"a[*]b", False),
        (b"a-", b"a[x-]", True),
        (b"", b"*", True),
        (b"", b"", True),
        (b"x", b"", False),
        ("é".encode(), b"??", True),  # bytes, not letters
    ],
)
def test_patterns(name, pattern, wanted):
    assert matches(name, pattern) is wanted


def test_a_pattern_full_of_stars_is_quick():
    assert not matches(b"a" * 15, b"*a" * 50 + b"b")


def test_any():
    assert matches_any(b"veth1", [b"docker*", b"veth*"])
    assert not matches_any(b"eth0", [])
