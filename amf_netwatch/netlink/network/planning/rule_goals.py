# SPDX-License-Identifier: Apache-2.0
"""The wanted rules. A rule is identified by everything that a wish names.

A wanted rule has exactly what is named. An unwanted rule has at least what is named.
"""

from __future__ import annotations

from struct import Struct

from amf_netwatch.netlink.network.documents.texts import RULE_ACTIONS
from amf_netwatch.netlink.network.documents.wishes import RuleWish
from amf_netwatch.netlink.network.objects.picture import Picture
from amf_netwatch.netlink.network.objects.records import (
    FRA_DST,
    FRA_IIFNAME,
    FRA_OIFNAME,
    FRA_PRIORITY,
    FRA_SRC,
    FRA_TABLE,
    RuleRecord,
)
from amf_netwatch.netlink.network.planning.route_goals import PROTOCOL_OURS

_FRA_MARK, _FRA_SUPPRESS, _FRA_MARK_MASK, _FRA_PROTOCOL = 10, 14, 16, 21
_WHOLE = b"\xff\xff\xff\xff"  # as a mask: all bits; as a prefix length to suppress: none
_U32 = Struct("=I")
_PREFIXES = (("src", FRA_SRC), ("dst", FRA_DST))
_NAMES = (("input", FRA_IIFNAME), ("output", FRA_OIFNAME))


def set_rule(goal: Picture, wish: RuleWish) -> None:
    """Make the rules of the picture as the wish says."""
    if wish.absent:
        kept = tuple(rule for rule in goal.rules if not _has_what_is_named(wish, rule))
        if len(kept) != len(goal.rules):
            goal.rules = kept
        return
    lookup = wish.facts.get("action", RULE_ACTIONS["lookup"])
    for rule in goal.rules:
        if rule.action == lookup and _has_what_is_named(wish, rule) and _has_nothing_else(wish, rule):
            return
    goal.rules = (*goal.rules, make_rule(wish))


def make_rule(wish: RuleWish) -> RuleRecord:
    """Return the rule of a wish, in the form of a dump."""
    facts = wish.facts
    attributes: dict[int, bytes] = {
        FRA_TABLE: _U32.pack(facts.get("table", 0)),
        _FRA_SUPPRESS: _WHOLE,
        _FRA_PROTOCOL: bytes((PROTOCOL_OURS,)),
    }
    if facts.get("priority"):
        attributes[FRA_PRIORITY] = _U32.pack(facts["priority"])
    if "mark" in facts:
        attributes[_FRA_MARK] = _U32.pack(facts["mark"])
        attributes[_FRA_MARK_MASK] = _WHOLE
    for key, number in _NAMES:
        if key in facts:
            attributes[number] = facts[key] + b"\0"
    lengths = {}
    for key, number in _PREFIXES:
        prefix, lengths[key] = facts.get(key, (b"", 0))
        if lengths[key]:
            attributes[number] = prefix
    return RuleRecord(
        wish.family,
        lengths["dst"],
        lengths["src"],
        0,
        facts.get("action", RULE_ACTIONS["lookup"]),
        0,
        tuple(sorted(attributes.items())),
    )


def _has_what_is_named(wish: RuleWish, rule: RuleRecord) -> bool:
    facts = wish.facts
    if rule.family != wish.family or facts.get("action", rule.action) != rule.action:
        return False
    lengths = {"src": rule.source_length, "dst": rule.destination_length}
    return (
        facts.get("priority", rule.priority) == rule.priority
        and ("table" not in facts or rule.find(FRA_TABLE) == _U32.pack(facts["table"]))
        and all(
            facts[key][1] == lengths[key] and (not lengths[key] or facts[key][0] == rule.find(number))
            for key, number in _PREFIXES
            if key in facts
        )
        and all(rule.find(number) == facts[key] + b"\0" for key, number in _NAMES if key in facts)
        and ("mark" not in facts or rule.find(_FRA_MARK) == _U32.pack(facts["mark"]))
    )


def _has_nothing_else(wish: RuleWish, rule: RuleRecord) -> bool:
    named = {FRA_TABLE, FRA_PRIORITY, _FRA_SUPPRESS, _FRA_PROTOCOL}
    named.update(number for key, number in (*_PREFIXES, *_NAMES) if key in wish.facts)
    if "mark" in wish.facts:
        named.update((_FRA_MARK, _FRA_MARK_MASK))
    return (
        not rule.flags
        and not rule.tos
        and rule.find(_FRA_SUPPRESS) in (None, _WHOLE)
        and rule.find(_FRA_MARK_MASK) in (None, _WHOLE)
        and all(number in named for number, _ in rule.attributes)
    )
