# SPDX-License-Identifier: Apache-2.0
"""The monitor: it selects changes and writes a line for each.

`Monitor` is an observer: it gets changes from the kernel by `follow`, or from a recording by
`recording.replay`. `lines` gives the form of a line.
"""

from __future__ import annotations

import select
from collections.abc import Collection
from math import ceil
from time import monotonic, time
from typing import Callable, NamedTuple, Optional

from amf_netwatch.netlink.codec.link import Link
from amf_netwatch.netlink.codec.rule import Rule
from amf_netwatch.netlink.mirror.follower import EVERYTHING, Follower
from amf_netwatch.netlink.mirror.tables.changes import Action, Change, Object
from amf_netwatch.netlink.mirror.tables.namespace import Tables
from amf_netwatch.netlink.patterns import matches_any

# Changes of these facts alone make no line, because people do not need them: the end of a duplicate address
# detection, a label that follows a rename, or a carrier that the running flag shows as well.
_SILENT: dict[Object, set[str]] = {
    Object.LINK: {"carrier", "port_state"},
    Object.ADDRESS: {"flags", "label"},
}
_LINES = 256  # lines that are written together; the first listing may have many thousands


class Selection(NamedTuple):
    """What a monitor shows: these objects, of links whose name matches one of the patterns (none: any)."""

    objects: Collection[Object] = EVERYTHING
    patterns: tuple[bytes, ...] = ()

    def select(self, change: Change) -> Optional[Change]:
        """Return the change in the form in which it is shown. None if it is not shown."""
        if change.object is None:
            return change
        if change.object not in self.objects:
            return None
        if change.action is Action.CHANGED:
            silent = _SILENT.get(change.object, ())
            shown = tuple(name for name in change.changed if name not in silent)
            if not shown:
                return None
            change = change._replace(changed=shown)
        if not self.patterns:
            return change
        names = _names_in(change)
        return change if any(name and matches_any(name, self.patterns) for name in names) else None


def _names_in(change: Change) -> set[Optional[bytes]]:
    """Return the names of the links that a change concerns."""
    value = change.value
    if isinstance(value, Rule):
        return {value.input, value.output}
    return {change.name, change.before.name if isinstance(change.before, Link) else change.name}


class Monitor:
    """Writes a line for each change that it is given.

    `write`: takes one or more whole lines. `format_line`: makes one, such as `lines.format_json`. `count`:
    how many changes (lines other than `current`) are written before it is `finished`; None: any number. The
    time of a line is that of the machine, unless `set_clock` was called.
    """

    def __init__(
        self,
        write: Callable[[str], object],
        format_line: Callable[[Change, float, Tables], str],
        selection: Selection = Selection(),  # noqa: B008 - a value
        *,
        count: int | None = None,
    ) -> None:
        self._write = write
        self._format = format_line
        self._selection = selection
        self._left = count
        self._closed = False  # the last line has been written
        self._time: float | None = None
        self._lines: list[str] = []
        self.tables = Tables()  # the owner sets those that the changes are about

    @property
    def finished(self) -> bool:
        """Tell whether as many changes as were wanted have been written."""
        return self._left == 0

    def observe(self, change: Change) -> None:
        """Take one change: give this method to `Follower` or `Mirror` as `after`."""
        current = change.action is Action.CURRENT
        if change.resync or self._closed or (self.finished and not current):
            return
        selected = self._selection.select(change)
        if selected is None:
            return
        self._lines.append(self._format(selected, time() if self._time is None else self._time, self.tables))
        if not current and self._left is not None:
            self._left -= 1
            self._closed = self._left == 0
        if len(self._lines) >= _LINES:
            self.flush()

    def set_clock(self, at: float) -> None:
        """Set the time (seconds since the epoch) of the next lines. A recording uses this."""
        self._time = at

    def flush(self) -> None:
        """Write the lines that have been made so far."""
        if self._lines:
            text = "\n".join(self._lines) + "\n"
            self._lines.clear()
            self._write(text)


def follow(
    monitor: Monitor, follower: Follower, *, timeout: float | None = None, output: int | None = None
) -> None:
    """Show a follower's changes until the monitor is finished, or for `timeout` seconds.

    `output`: the descriptor that is written to; this function also returns when its reader has gone. Raises
    what `Follower.read` and the monitor's `write` raise.
    """
    deadline = None if timeout is None else monotonic() + timeout
    while True:
        follower.read()
        monitor.flush()
        if monitor.finished and not follower.mirror.reading:
            return
        left = None if deadline is None else deadline - monotonic()
        if left is not None and left <= 0:
            return
        poll = select.poll()
        poll.register(follower.fileno(), select.POLLIN)
        if output is not None:
            poll.register(output, 0)  # reports errors and hang-ups only
        ready = poll.poll(0 if follower.behind else None if left is None else ceil(left * 1000))
        if any(descriptor == output for descriptor, _ in ready):
            return
