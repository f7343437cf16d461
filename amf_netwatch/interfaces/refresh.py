# SPDX-License-Identifier: Apache-2.0
"""From "these links changed" to an inventory that is true again: the reading half of a refresh.

Cost follows change: a full read only when everything may have changed, otherwise one link after the other.
What could not be read stays marked. Nothing here listens or writes to IMM. One thread.
"""

from __future__ import annotations

from typing import Optional, Protocol

from amf_netwatch.interfaces.inventory import Inventory
from amf_netwatch.interfaces.record import Interface


class Changes(Protocol):
    """What the listener's `take()` hands over."""

    @property
    def everything(self) -> bool:
        """Anything may have changed."""

    @property
    def ifindexes(self) -> frozenset[int]:
        """The links that appeared, changed or went, or whose addresses did."""

    @property
    def only_links(self) -> frozenset[int]:
        """Those of them that lived on with the addresses they had."""


class Source(Protocol):
    """Where facts come from: `reading.Reader`. Raises NetlinkError."""

    def read(self, ifindex: int, known: Optional[Interface] = None) -> Optional[Interface]:
        """One link; `known` if it is known to live on with the same addresses."""

    def read_everything(self) -> list[Interface]:
        """All links."""

    def renamed_master(self, ifindex: int) -> Optional[bytes]:
        """The former name of a link with ports, if it has another now."""

    def close(self) -> None:
        """Give back what it holds."""


class Refresh:
    """Keeps an inventory true. Everything counts as changed at first."""

    __slots__ = ("_beyond", "_everything", "_ifindexes", "inventory", "source")

    def __init__(self, source: Source, inventory: Inventory) -> None:
        self.source = source
        self.inventory = inventory
        self._everything = True
        self._ifindexes: set[int] = set()
        self._beyond: set[int] = set()  # those of which nothing can be taken as known

    @property
    def pending(self) -> bool:
        """Is anything marked that was not read yet?"""
        return self._everything or bool(self._ifindexes)

    def mark(self, changes: Changes) -> None:
        """Note what has to be read."""
        if changes.everything:
            self.mark_everything()
        elif not self._everything:
            self._ifindexes |= changes.ifindexes
            self._beyond |= changes.ifindexes - changes.only_links

    def mark_everything(self) -> None:
        """Note that all has to be read."""
        self._everything = True
        self._ifindexes.clear()
        self._beyond.clear()

    def read(self) -> None:
        """Read what is marked. Raises NetlinkError; what was not read stays marked."""
        if self._everything:
            self.inventory.replace(self.source.read_everything())
            self._everything = False
            return
        while self._ifindexes:
            ifindex = self._ifindexes.pop()
            try:
                self._read_one(ifindex)
            except BaseException:
                self._ifindexes.add(ifindex)
                raise

    def _read_one(self, ifindex: int) -> None:
        known = None if ifindex in self._beyond else self.inventory.at(ifindex)
        facts = self.source.read(ifindex, known)
        if facts is None:
            self.inventory.drop(ifindex)
        else:
            self.inventory.put(facts)
        self._beyond.discard(ifindex)
        former = self.source.renamed_master(ifindex)
        if former is not None:
            self._ifindexes |= self.inventory.ports_of(former)
