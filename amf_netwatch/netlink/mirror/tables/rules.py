# SPDX-License-Identifier: Apache-2.0
"""The routing rules of a namespace, kept up to date by events. No sockets, no threads.

A rule has no number of its own: it is identified by all its fields, and several equal rules may exist side by
side. So an event about an existing rule is ambiguous: it may be an equal rule, or the same rule, announced
after a dump had listed it. In that case the family is noted in `to_reread`. The owner of the socket reads its
rules and gives them to `apply_dump`. The kernel announces every rule that comes or goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from amf_netwatch.netlink.codec.rule import Rule
from amf_netwatch.netlink.mirror.tables.changes import Action, Change, Commit, Object, rule_identity
from amf_netwatch.netlink.mirror.tables.routes import FAMILIES


class RuleTable:
    """All rules; `commit` is called for every change, see `Commit`."""

    def __init__(self, commit: Commit) -> None:
        self._commit = commit
        self._rules: dict[Rule, tuple[Rule, ...]] = {}  # equal rules, by what identifies them
        self._touched: set[int] | None = None  # families in events during a dump, else None
        self.to_reread: set[int] = set()  # address families

    def __iter__(self) -> Iterator[Rule]:
        """Yield the rules in the kernel's order: IPv4, then IPv6, each by priority."""
        rules = [rule for equals in self._rules.values() for rule in equals]
        return iter(sorted(rules, key=lambda rule: (rule.family, rule.priority or 0)))

    def __len__(self) -> int:
        return sum(map(len, self._rules.values()))

    def clear(self) -> None:
        """Forget everything. No observer is called."""
        self._rules.clear()
        self._touched = None
        self.to_reread.clear()

    def load(self, rules: Iterable[Rule]) -> None:
        """Take in what a dump lists."""
        for rule in rules:
            if rule.family in FAMILIES:
                self._insert(rule)

    def add(self, rule: Rule) -> None:
        """Apply RTM_NEWRULE. Rules of multicast routing, which have lists of their own, are ignored."""
        if rule.family not in FAMILIES:
            return
        self._touch(rule.family)
        if rule_identity(rule) in self._rules:
            self.to_reread.add(rule.family)
        else:
            self._insert(rule)

    def remove(self, rule: Rule, resync: bool = False) -> None:
        """Apply RTM_DELRULE."""
        key = rule_identity(rule)
        equals = self._rules.get(key, ())
        self._touch(rule.family)
        if not equals:
            return

        def make() -> None:
            if len(equals) > 1:
                self._rules[key] = equals[1:]
            else:
                del self._rules[key]

        self._commit(Change(Action.REMOVED, Object.RULE, equals[0], resync=resync), make)

    def begin_dump(self) -> None:
        """Begin a dump for `apply_dump`. Later events are newer than the dump."""
        self._touched = set()

    def end_dump(self) -> None:
        """End the dump. Everything dumped since `begin_dump` has been given to `apply_dump`."""
        self._touched = None

    def apply_dump(self, family: int, listed: Iterable[Rule], resync: bool = False) -> None:
        """Apply a dump since `begin_dump` that listed all rules of a family."""
        touched, self._touched = self._touched, None
        if touched is not None and family in touched:
            self.to_reread.add(family)  # it is not known which came first, the event or the dump
        else:
            missing = {key: list(equals) for key, equals in self._rules.items() if key.family == family}
            fresh: list[Rule] = []
            for rule in listed:
                equals = missing.get(rule_identity(rule))
                if equals:
                    equals.pop()
                elif rule.family == family:
                    fresh.append(rule)
            for gone in missing.values():
                for rule in gone:
                    self.remove(rule, resync)
            for rule in fresh:
                self._insert(rule, resync)
        self._touched = touched

    def _insert(self, rule: Rule, resync: bool = False) -> None:
        key = rule_identity(rule)

        def make() -> None:
            self._rules[key] = (*self._rules.get(key, ()), rule)

        self._commit(Change(Action.NEW, Object.RULE, None, rule, resync=resync), make)

    def _touch(self, family: int) -> None:
        if self._touched is not None:
            self._touched.add(family)
