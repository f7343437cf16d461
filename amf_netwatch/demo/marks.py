# SPDX-License-Identifier: Apache-2.0
"""Which rows are new, changed or gone recently. It is pure: rows and times in, marked rows out."""

from __future__ import annotations

from typing import NamedTuple, Optional

from amf_netwatch.publication.view import Row, order_of

MEMORY = 6.0  # seconds for which a change stays marked


class MarkedRow(NamedTuple):
    """A row and what happened to it recently: ``+`` new, ``~`` changed, ``-`` gone, blank for nothing."""

    mark: str
    row: Row


class Marks:
    """Remembers the rows of the last read, and when each of them changed."""

    def __init__(self) -> None:
        self._seen: Optional[dict[str, Row]] = None
        self._marks: dict[str, tuple[float, MarkedRow]] = {}

    def mark(self, rows: list[Row], now: float) -> list[MarkedRow]:
        """Return the rows with their marks, and those that have gone recently. The rows of the first call are
        not new.

        `now`: seconds of any clock that never goes back.
        """
        current = {row.dn: row for row in rows}
        seen = current if self._seen is None else self._seen
        for dn, row in current.items():
            if dn not in seen:
                self._marks[dn] = (now, MarkedRow("+", row))
            elif seen[dn] != row:
                self._marks[dn] = (now, MarkedRow("~", row))
        for dn, row in seen.items():
            if dn not in current:
                self._marks[dn] = (now, MarkedRow("-", row))
        self._seen = current
        self._marks = {dn: each for dn, each in self._marks.items() if now - each[0] < MEMORY}
        marked = [
            MarkedRow(self._marks[row.dn][1].mark if row.dn in self._marks else " ", row) for row in rows
        ]
        marked += [each for dn, (_, each) in self._marks.items() if dn not in current]
        return sorted(marked, key=lambda each: order_of(each.row))
