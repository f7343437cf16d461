# SPDX-License-Identifier: Apache-2.0
"""What the log says about IMM, in summary: one line for each trouble, not for each attempt.

A trouble is logged when it begins. While it lasts, and when it returns within a minute, it is only counted;
the next line of its kind says how often it happened. So an IMM that goes and comes twice a second costs two
lines a minute, and a thousand objects that are refused for one reason cost one line.
"""

from __future__ import annotations

from typing import Callable, Optional

from amf_netwatch.errors import AisError, SurroundingsError
from amf_netwatch.log import Log

QUIET = 60.0  # seconds between two lines of one kind
_Key = tuple[str, ...]


class Complaints:
    """The troubles of one publisher. `clock`: seconds, monotonic. Only one thread may use it."""

    def __init__(self, log: Log, clock: Callable[[], float]) -> None:
        self._log = log
        self._clock = clock
        self._seen: dict[_Key, float] = {}  # when each logged trouble was last seen
        self._outage = False  # True while IMM does not answer
        self._outages = 0  # how many outages began since the last line about one
        self._outage_told: Optional[float] = None  # when the last line about an outage was written
        self._back_owed = False  # True if the present outage was logged, so that its end must be logged too
        self._refused: dict[tuple[str, str], tuple[str, int]] = {}  # by call and code: one object, the count

    def away(self, error: AisError) -> None:
        """Note that IMM does not answer."""
        if not self._outage:
            self._outage = True
            self._outages += 1
        now = self._clock()
        if not self._back_owed and (self._outage_told is None or now - self._outage_told >= QUIET):
            self._log.event("imm-away", call=error.call, code=error.name, outages=self._outages)
            self._outage_told, self._outages, self._back_owed = now, 0, True

    def back(self) -> None:
        """Note that IMM answers, and that a round has succeeded."""
        self._outage = False
        if self._back_owed:
            self._back_owed = False
            self._log.event("imm-back")

    def name_held(self, implementer: str) -> None:
        """Note that another process holds our implementer name."""
        if self._is_new(("name-taken", implementer)):
            self._log.event("name-taken", implementer=implementer)

    def node_unknown(self, error: SurroundingsError) -> None:
        """Note that IMM does not say which node we are on."""
        if self._is_new(("node-unknown", str(error))):
            self._log.event("node-unknown", reason=error)

    def refused(self, dn: str, error: AisError) -> None:
        """Note that IMM refused to write this object. `round_over` logs it with the others of its kind."""
        example, count = self._refused.get((error.call, error.name), (dn, 0))
        self._refused[error.call, error.name] = (example, count + 1)

    def round_over(self) -> None:
        """Log what was refused in the round that ends here."""
        refused, self._refused = self._refused, {}
        for (call, code), (dn, count) in refused.items():
            if self._is_new(("imm-refused", call, code)):
                self._log.event("imm-refused", call=call, code=code, dn=dn, objects=count)

    def _is_new(self, key: _Key) -> bool:
        """Tell whether this trouble was not seen within the last minute, and note that it is seen now."""
        now = self._clock()
        before = self._seen.get(key)
        self._seen = {each: seen for each, seen in self._seen.items() if now - seen < QUIET}
        self._seen[key] = now
        return before is None or now - before >= QUIET
