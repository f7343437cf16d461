# SPDX-License-Identifier: Apache-2.0
"""The neighbours of a namespace, kept up to date by events. No sockets, no threads.

A neighbour is identified by its link and its address. Only neighbours whose hardware address is known and in
use are kept, because the kernel does not announce the others reliably (measured on Linux 6.18). The others
are those that the kernel has only asked for, and those that it makes for itself, for multicast and loopback
(state NOARP). The forwarding entries of a bridge (AF_BRIDGE) and proxies are not neighbours. The kernel
announces the end of every neighbour that is kept, even when its link goes down.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Optional

from amf_netwatch.netlink.codec.neighbour import Neighbour
from amf_netwatch.netlink.codec.route_constants import NeighbourState
from amf_netwatch.netlink.mirror.tables.changes import (
    NEIGHBOUR_FACTS,
    Commit,
    Object,
    changed_facts,
    make_change,
)
from amf_netwatch.netlink.mirror.tables.routes import FAMILIES

# The states of a neighbour whose hardware address is known and in use.
_KNOWN = int(
    NeighbourState.PERMANENT
    | NeighbourState.REACHABLE
    | NeighbourState.STALE
    | NeighbourState.DELAY
    | NeighbourState.PROBE
)


class NeighbourKey(NamedTuple):
    """The identity of a neighbour."""

    ifindex: int
    family: int
    address: Optional[bytes]


def neighbour_key(neighbour: Neighbour) -> NeighbourKey:
    """Return the identity of this neighbour."""
    return NeighbourKey(neighbour.ifindex, neighbour.family, neighbour.destination)


def counts_as_neighbour(neighbour: Neighbour) -> bool:
    """Return whether such a neighbour is kept; the docstring of the module says which are."""
    return neighbour.family in FAMILIES and bool(neighbour.state & _KNOWN) and not neighbour.proxy


class NeighbourTable:
    """All neighbours; `commit` is called for every change, see `Commit`."""

    def __init__(self, commit: Commit) -> None:
        self._commit = commit
        self._neighbours: dict[NeighbourKey, Neighbour] = {}
        self._keys_of: dict[int, dict[NeighbourKey, None]] = {}  # by ifindex

    def __iter__(self) -> Iterator[Neighbour]:
        return iter(self._neighbours.values())

    def __len__(self) -> int:
        return len(self._neighbours)

    def clear(self) -> None:
        """Forget everything. No observer is called."""
        self._neighbours.clear()
        self._keys_of.clear()

    def of(self, ifindex: int) -> list[Neighbour]:
        """Return the neighbours on one link."""
        return [self._neighbours[key] for key in self._keys_of.get(ifindex, ())]

    def put(self, neighbour: Neighbour, resync: bool = False) -> None:
        """Apply RTM_NEWNEIGH. A neighbour whose hardware address is not known any more counts as gone."""
        key = neighbour_key(neighbour)
        if not counts_as_neighbour(neighbour):
            if not neighbour.proxy:
                self.remove(neighbour, resync)
            return
        old = self._neighbours.get(key)

        def make() -> None:
            self._neighbours[key] = neighbour
            self._keys_of.setdefault(neighbour.ifindex, {})[key] = None

        changed = changed_facts(NEIGHBOUR_FACTS, old, neighbour) if old is not None else ()
        if old is not None and not changed:
            make()
        else:
            self._commit(make_change(Object.NEIGHBOUR, old, neighbour, changed, resync), make)

    def remove(self, neighbour: Neighbour, resync: bool = False) -> None:
        """Apply RTM_DELNEIGH."""
        key = neighbour_key(neighbour)
        old = self._neighbours.get(key)
        if old is None or neighbour.proxy:
            return

        def make() -> None:
            del self._neighbours[key]
            del self._keys_of[key.ifindex][key]
            if not self._keys_of[key.ifindex]:
                del self._keys_of[key.ifindex]

        self._commit(make_change(Object.NEIGHBOUR, old, None, (), resync), make)

    def resynchronise(self, fresh: Iterable[Neighbour]) -> None:
        """Make this table equal to these neighbours, as changes marked `resync`."""
        listed = {neighbour_key(one): one for one in fresh}
        for old in [one for key, one in self._neighbours.items() if key not in listed]:
            self.remove(old, True)
        for neighbour in listed.values():
            self.put(neighbour, True)
