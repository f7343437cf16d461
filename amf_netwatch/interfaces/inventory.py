# SPDX-License-Identifier: Apache-2.0
"""The published interfaces of this node as last read, and what differs since that was last handed over.

Facts are kept by ifindex, which is the link's identity. They are handed over by name, because people look
for eth0: a renamed link is one name that is gone and one that is new, two links that swap their names are
two names with other facts. The cost of a change does not depend on how many interfaces there are. No IO;
nothing is filtered here. For one thread.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple, Optional

from amf_netwatch.interfaces.record import Interface, NodeFacts


class Difference(NamedTuple):
    """What has changed since the last one was taken. Its parts are values: it may go to another thread."""

    interfaces: Mapping[bytes, Optional[Interface]]  # by name; None: there is no such interface any more
    node: NodeFacts


class Inventory:
    """What is true according to the last read."""

    __slots__ = ("_by_index", "_changed", "_mac_counts", "_macs", "_macs_sorted", "_owners")

    def __init__(self) -> None:
        self._by_index: dict[int, Interface] = {}
        self._owners: dict[bytes, int] = {}  # name -> ifindex of the link that has it
        self._changed: set[bytes] = set()  # the names whose facts may differ from those handed over
        self._mac_counts: dict[str, int] = {}
        self._macs: list[str] = []  # the keys of _mac_counts, kept sorted
        self._macs_sorted: Optional[tuple[str, ...]] = ()  # a copy for others; None when it is outdated

    def __len__(self) -> int:
        return len(self._owners)

    def names(self) -> Iterable[bytes]:
        """The names of all interfaces."""
        return self._owners.keys()

    def find(self, name: bytes) -> Optional[Interface]:
        """The interface that has this name now."""
        index = self._owners.get(name)
        return None if index is None else self._by_index[index]

    def at(self, ifindex: int) -> Optional[Interface]:
        """The interface with this ifindex."""
        return self._by_index.get(ifindex)

    def ports_of(self, master: bytes) -> set[int]:
        """The ifindexes of the interfaces that have a master of this name."""
        return {index for index, facts in self._by_index.items() if facts.master == master}

    @property
    def macs(self) -> tuple[str, ...]:
        """The distinct link-layer addresses, sorted; links without one do not count."""
        if self._macs_sorted is None:
            self._macs_sorted = tuple(self._macs)
        return self._macs_sorted

    def put(self, facts: Interface) -> None:
        """Note what was read of one interface."""
        old = self._by_index.get(facts.ifindex)
        if old == facts and self._owners.get(facts.name) == facts.ifindex:
            return
        if old is not None and old.name != facts.name:
            self._free_name(old)
        if old is None or old.mac != facts.mac:
            self._count_mac(facts.mac, 1)
            self._count_mac(old.mac if old is not None else "", -1)
        self._by_index[facts.ifindex] = facts
        # Two links have one name only while one of them was read before a rename: the later read is right.
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
        """Note a full read: what is not in it is gone, but for links of which it is uncertain."""
        read = {facts.ifindex: facts for facts in everything}
        for ifindex in [known for known in self._by_index if known not in read and known not in uncertain]:
            self.drop(ifindex)
        for facts in read.values():
            self.put(facts)

    def take_difference(self, overrun_count: int) -> Difference:
        """What has changed since the last call; from now on new changes are collected."""
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
