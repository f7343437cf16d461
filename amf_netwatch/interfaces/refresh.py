# SPDX-License-Identifier: Apache-2.0
"""From "these links changed" to a correct inventory: the reading half of a refresh.

The cost follows the change: a full read is done only if everything may have changed, otherwise one link is
read after the other. Links that could not be read, or whose sources disagree, stay marked and are read in the
next round. Nothing here listens or writes to IMM. Only one thread may use it.
"""

from __future__ import annotations

from amf_netwatch.interfaces.inventory import Inventory
from amf_netwatch.interfaces.reader import DisagreementError, Reader
from amf_netwatch.netlink.listener import ChangedLinks

_NONE: frozenset[int] = frozenset()


class Refresh:
    """Keeps an inventory correct. At first, everything counts as changed."""

    __slots__ = ("_everything", "_ifindexes", "_whole", "inventory", "source")

    def __init__(self, source: Reader, inventory: Inventory) -> None:
        self.source = source
        self.inventory = inventory
        self._everything = True
        self._ifindexes: set[int] = set()
        self._whole: set[int] = set()  # those marked links whose earlier facts must not be reused

    @property
    def pending(self) -> bool:
        """Tell whether any marked link has not been read yet."""
        return self._everything or bool(self._ifindexes)

    def mark(self, changes: ChangedLinks) -> None:
        """Note which links must be read."""
        if changes.everything:
            self.mark_everything()
        elif not self._everything:
            self._ifindexes |= changes.ifindexes
            self._whole |= changes.ifindexes - changes.only_links

    def mark_everything(self) -> None:
        """Note that all links must be read."""
        self._everything = True
        self._ifindexes.clear()
        self._whole.clear()

    def read(self) -> frozenset[int]:
        """Read the marked links. Return the links whose sources disagree; they stay marked.

        Raises NetlinkError and SysfsError. The links that were not read then stay marked.
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
