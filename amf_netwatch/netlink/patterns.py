# SPDX-License-Identifier: Apache-2.0
"""Shell patterns on interface names: ``*``, ``?``, ``[a-z]``, ``[!0-9]``.

Names are bytes and may hold almost anything, so patterns are matched as bytes. This is `fnmatch` for
short names without `re`, whose import alone would cost a tenth of the component's memory. There is no
escape character: a bracket matches a special character (``[*]``), as in the shell.
"""

from __future__ import annotations

from collections.abc import Iterable

_STAR, _QUESTION, _OPEN, _CLOSE, _NOT, _DASH = b"*?[]!-"


def matches(name: bytes, pattern: bytes) -> bool:
    """Tell whether the whole of `name` matches `pattern`.

    It is greedy with one point of return (the last star), so it takes at most ``len(name) * len(pattern)``
    steps.
    """
    if pattern == b"*":
        return True  # this is the most common pattern
    at, to, star_at, star_to = 0, 0, -1, 0
    while at < len(name):
        if to < len(pattern) and pattern[to] == _STAR:
            star_at, star_to = at, to
            to += 1
            continue
        following = _match_one(name[at], pattern, to)
        if following:
            at, to = at + 1, following
        elif star_at >= 0:
            star_at += 1
            at, to = star_at, star_to + 1
        else:
            return False
    while to < len(pattern) and pattern[to] == _STAR:
        to += 1
    return to == len(pattern)


def matches_any(name: bytes, patterns: Iterable[bytes]) -> bool:
    """Tell whether `name` matches at least one of the patterns."""
    return any(matches(name, pattern) for pattern in patterns)


def _match_one(byte: int, pattern: bytes, at: int) -> int:
    """Return the place after the element at ``pattern[at]`` if that element matches `byte`, else 0."""
    if at >= len(pattern):
        return 0
    element = pattern[at]
    if element == _QUESTION:
        return at + 1
    if element == _OPEN:
        end = _end_of_bracket(pattern, at)
        if end:
            return end + 1 if _in_bracket(byte, pattern[at + 1 : end]) else 0
    return at + 1 if element == byte else 0


def _end_of_bracket(pattern: bytes, at: int) -> int:
    """Return where the bracket opened at `at` closes. 0 if it does not (then ``[`` stands for itself)."""
    start = at + 1
    if start < len(pattern) and pattern[start] == _NOT:
        start += 1
    # A closing bracket that comes first is a member: "[]]".
    end = pattern.find(b"]", start + 1)
    return max(end, 0)


def _in_bracket(byte: int, members: bytes) -> bool:
    wanted = True
    if members[:1] == b"!":
        wanted, members = False, members[1:]
    at = 0
    while at < len(members):
        if at + 2 < len(members) and members[at + 1] == _DASH:
            if members[at] <= byte <= members[at + 2]:
                return wanted
            at += 3
        else:
            if members[at] == byte:
                return wanted
            at += 1
    return not wanted
