# SPDX-License-Identifier: Apache-2.0
"""From "these links changed" to an inventory that is true again: the reading half of a refresh.

Cost follows change: a full read only when everything may have changed, otherwise one link after the other.
What could not be read, or could not be believed, stays marked and is read in the next round. Nothing here
listens or writes to IMM. For one thread.
"""

from __future__ import annotations

from amf_netwatch.interfaces.inventory import Inventory
from amf_netwatch.interfaces.reader import DisagreementError, Reader
from amf_netwatch.netlink.listener import ChangedLinks

_NONE: frozenset[int] = frozenset()


class Refresh:
    """Keeps an inventory true. Everything counts as changed at first."""

    __slots__ = ("_everything", "_ifindexes", "_whole", "inventory", "source")

    def __init__(self, source: Reader, inventory: Inventory) -> None:
        self.source = source
        self.inventory = inventory
        self._everything = True
        self._ifindexes: set[int] = set()
        self._whole: set[int] = set()  # those of them of which nothing is certain to hold still

    @property
    def pending(self) -> bool:
        """Is any link marked that was not read yet?"""
        return self._everything or bool(self._ifindexes)

    def mark(self, changes: ChangedLinks) -> None:
        """Note what has to be read."""
        if changes.everything:
            self.mark_everything()
        elif not self._everything:
            self._ifindexes |= changes.ifindexes
            self._whole |= changes.ifindexes - changes.only_links

    def mark_everything(self) -> None:
        """Note that all has to be read."""
        self._everything = True
        self._ifindexes.clear()
        self._whole.clear()

    def read(self) -> frozenset[int]:
        """Read what is marked; the links that could not be believed, which stay marked.

        Raises NetlinkError and SysfsError; then what was not read stays marked.
        """
        if self._everything:
            found = self.source.read_everything(self.inventory.at)
            self.inventory.replace(found.interfaces, found.uncertain)
            self._everything = False
            uncertain = set(found.uncertain)
            self._whole |= uncertain
        else:
            uncertain = set()
            while self._ifindexes:
                ifindex = self._ifindexes.pop()
                try:
                    self._read_one(ifindex)
                except DisagreementError:
                    uncertain.add(ifindex)
                except BaseException:
                    self._ifindexes |= {ifindex, *uncertain}
                    raise
        if not uncertain:
            return _NONE
        self._ifindexes |= uncertain
        return frozenset(uncertain)

    def _read_one(self, ifindex: int) -> None:
        known = None if ifindex in self._whole else self.inventory.at(ifindex)
        facts = self.source.read(ifindex, known)
        if facts is None:
            self.inventory.drop(ifindex)
        else:
            self.inventory.put(facts)
        self._whole.discard(ifindex)
        former = self.source.renamed_master(ifindex)
        if former is not None:
            self._ifindexes |= self.inventory.ports_of(former)
