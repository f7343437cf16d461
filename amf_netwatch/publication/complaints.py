# SPDX-License-Identifier: Apache-2.0
"""What the operator is told about IMM, summed up: a line for each trouble, not for each attempt.

A trouble is told when it begins. While it lasts, and when it comes back within a minute, it is only counted;
the next line of its kind says how often it came. So an IMM that goes and comes twice a second costs two
lines a minute, and a thousand objects that are refused for one reason cost one.
"""

from __future__ import annotations

from typing import Callable, Optional

from amf_netwatch.errors import AisError, SurroundingsError
from amf_netwatch.log import Log

QUIET = 60.0  # seconds between two lines of one kind
_Key = tuple[str, ...]


class Complaints:
    """The troubles of one publisher. `clock`: seconds, monotonic. For one thread."""

    def __init__(self, log: Log, clock: Callable[[], float]) -> None:
        self._log = log
        self._clock = clock
        self._seen: dict[_Key, float] = {}  # when a trouble was last seen, for those that were told
        self._outage = False  # does IMM not answer at present?
        self._outages = 0  # how many began since the last line about one
        self._outage_told: Optional[float] = None  # when the last line about an outage was written
        self._back_owed = False  # was the present outage told, so that its end has to be told too?
        self._refused: dict[tuple[str, str], tuple[str, int]] = {}  # call and code: an object, how many

    def away(self, error: AisError) -> None:
        """IMM does not answer."""
        if not self._outage:
            self._outage = True
            self._outages += 1
        now = self._clock()
        if not self._back_owed and (self._outage_told is None or now - self._outage_told >= QUIET):
            self._log.event("imm-away", call=error.call, code=error.name, outages=self._outages)
            self._outage_told, self._outages, self._back_owed = now, 0, True

    def back(self) -> None:
        """IMM answers, and a round went through."""
        self._outage = False
        if self._back_owed:
            self._back_owed = False
            self._log.event("imm-back")

    def name_held(self, implementer: str) -> None:
        """Another process holds our implementer name."""
        if self._is_new(("name-taken", implementer)):
            self._log.event("name-taken", implementer=implementer)

    def node_unknown(self, error: SurroundingsError) -> None:
        """IMM does not say which node we are on."""
        if self._is_new(("node-unknown", str(error))):
            self._log.event("node-unknown", reason=error)

    def refused(self, dn: str, error: AisError) -> None:
        """IMM refused to write this object; told with the others of its kind by `round_over`."""
        example, count = self._refused.get((error.call, error.name), (dn, 0))
        self._refused[error.call, error.name] = (example, count + 1)

    def round_over(self) -> None:
        """Tell what was refused in the round that ends here."""
        refused, self._refused = self._refused, {}
        for (call, code), (dn, count) in refused.items():
            if self._is_new(("imm-refused", call, code)):
                self._log.event("imm-refused", call=call, code=code, dn=dn, objects=count)

    def _is_new(self, key: _Key) -> bool:
        """Was this trouble not there within the last minute? It is noted as seen now."""
        now = self._clock()
        before = self._seen.get(key)
        self._seen = {each: seen for each, seen in self._seen.items() if now - seen < QUIET}
        self._seen[key] = now
        return before is None or now - before >= QUIET
