# SPDX-License-Identifier: Apache-2.0
"""The published interfaces of this node as of the last read, and the changes since they were last handed
over.

Facts are kept by ifindex, which is the link's identity. They are handed over by name, because people look for
eth0. So a renamed link appears as one name that is gone and one that is new, and two links that swap their
names appear as two names with other facts. The cost of a change does not depend on the number of interfaces.
There is no IO, and nothing is filtered here. Only one thread may use it.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple, Optional

from amf_netwatch.interfaces.record import Interface, NodeFacts


class Difference(NamedTuple):
    """The changes since the last difference was taken. It holds only values, so it may go to another
    thread."""

    interfaces: Mapping[bytes, Optional[Interface]]  # by name; None if there is no such interface any more
    node: NodeFacts


class Inventory:
    """The facts as of the last read."""

    __slots__ = ("_by_index", "_changed", "_mac_counts", "_macs", "_macs_sorted", "_owners")

    def __init__(self) -> None:
        self._by_index: dict[int, Interface] = {}
        self._owners: dict[bytes, int] = {}  # by name: the ifindex of the link that has this name
        self._changed: set[bytes] = set()  # names whose facts may differ from the facts handed over
        self._mac_counts: dict[str, int] = {}
        self._macs: list[str] = []  # the keys of _mac_counts, kept sorted
        self._macs_sorted: Optional[tuple[str, ...]] = ()  # a copy for callers; None if it is outdated

    def __len__(self) -> int:
        return len(self._owners)

    def names(self) -> Iterable[bytes]:
        """Return the names of all interfaces."""
        return self._owners.keys()

    def find(self, name: bytes) -> Optional[Interface]:
        """Return the interface that has this name now."""
        index = self._owners.get(name)
        return None if index is None else self._by_index[index]

    def at(self, ifindex: int) -> Optional[Interface]:
        """Return the interface with this ifindex."""
        return self._by_index.get(ifindex)

    def ports_of(self, master: bytes) -> set[int]:
        """Return the ifindexes of the interfaces whose master has this name."""
        return {index for index, facts in self._by_index.items() if facts.master == master}

    @property
    def macs(self) -> tuple[str, ...]:
        """Return the distinct link-layer addresses, sorted. Links without an address do not count."""
        if self._macs_sorted is None:
            self._macs_sorted = tuple(self._macs)
        return self._macs_sorted

    def put(self, facts: Interface) -> None:
        """Note the facts of one interface."""
        old = self._by_index.get(facts.ifindex)
        if old == facts and self._owners.get(facts.name) == facts.ifindex:
            return
        if old is not None and old.name != facts.name:
            self._free_name(old)
        if old is None or old.mac != facts.mac:
            self._count_mac(facts.mac, 1)
            self._count_mac(old.mac if old is not None else "", -1)
        self._by_index[facts.ifindex] = facts
        # Two links can have one name only if one of them was read before a rename: the later read is right.
        before = self._owners.get(facts.name)
        if before is not None and before != facts.ifindex:
            self._count_mac(self._by_index.pop(before).mac, -1)
        self._owners[facts.name] = facts.ifindex
        self._changed.add(facts.name)

    def drop(self, ifindex: int) -> None:
        """Note that there is no such interface, or that it is not to be published."""
        old = self._by_index.pop(ifindex, None)
        if old is not None:
            self._free_name(old)
            self._count_mac(old.mac, -1)

    def replace(self, everything: Iterable[Interface], uncertain: Collection[int] = ()) -> None:
        """Note a full read. Interfaces that are not in it are gone, except for the `uncertain` ones."""
        read = {facts.ifindex: facts for facts in everything}
        for ifindex in [known for known in self._by_index if known not in read and known not in uncertain]:
            self.drop(ifindex)
        for facts in read.values():
            self.put(facts)

    def take_difference(self, overrun_count: int) -> Difference:
        """Return the changes since the last call. Later changes are collected for the next call."""
        changed, self._changed = self._changed, set()
        owners, by_index = self._owners, self._by_index
        interfaces = {name: by_index[owners[name]] if name in owners else None for name in changed}
        return Difference(interfaces, NodeFacts(self.macs, len(owners), overrun_count))

    def _free_name(self, old: Interface) -> None:
        if self._owners.get(old.name) == old.ifindex:
            del self._owners[old.name]
            self._changed.add(old.name)

    def _count_mac(self, mac: str, step: int) -> None:
        if not mac:
            return
        before = self._mac_counts.get(mac, 0)
        self._mac_counts[mac] = before + step
        if not before:
            self._macs_sorted = None
            insort(self._macs, mac)
        elif not before + step:
            self._macs_sorted = None
            del self._mac_counts[mac]
            del self._macs[bisect_left(self._macs, mac)]
