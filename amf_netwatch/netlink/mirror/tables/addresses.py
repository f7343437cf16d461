# SPDX-License-Identifier: Apache-2.0
"""The addresses of a namespace, kept up to date by events. No sockets, no threads.

An address is identified by its link and, in IPv4, by address, prefix length and peer; in IPv6, by the
address.

The kernel does not announce every change: a link that comes up gets an IPv6 address that is announced only
seconds later, after duplicate address detection, and an address that a link keeps while it is down becomes
tentative without an event. So the links whose IPv6 addresses must be read again are noted in `to_reread`;
whoever has a socket reads them and hands them to `apply_dump`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Optional

from amf_netwatch.netlink.codec.address import Address
from amf_netwatch.netlink.codec.constants import Family
from amf_netwatch.netlink.mirror.tables.changes import (
    ADDRESS_FACTS,
    Commit,
    Object,
    changed_facts,
    make_change,
)


class AddressKey(NamedTuple):
    """The identity of an address."""

    ifindex: int
    family: int
    own: Optional[bytes]
    prefix_length: int  # 0 in IPv6
    peer: Optional[bytes]  # None in IPv6


def address_key(address: Address) -> AddressKey:
    """Return the identity of this address."""
    if address.family == Family.INET6:
        return AddressKey(address.ifindex, address.family, address.own, 0, None)
    return AddressKey(address.ifindex, address.family, address.own, address.prefix_length, address.address)


class AddressTable:
    """All addresses.

    `commit` is called for every change, see `Commit`; `removed`, for every address that an event says is
    gone, also one that is not known: routes may have gone with it.
    """

    def __init__(self, commit: Commit, removed: Callable[[Address], None]) -> None:
        self._commit = commit
        self._removed = removed
        self._addresses: dict[AddressKey, Address] = {}
        self._keys_of: dict[int, dict[AddressKey, None]] = {}  # by ifindex
        self._touched: set[AddressKey] | None = None  # keys in events during a dump, else None
        self.to_reread: set[int] = set()  # links, by ifindex; 0 stands for all links

    def __iter__(self) -> Iterator[Address]:
        return iter(self._addresses.values())

    def __len__(self) -> int:
        return len(self._addresses)

    def clear(self) -> None:
        """Forget everything. No observer is called."""
        self._addresses.clear()
        self._keys_of.clear()
        self._touched = None
        self.to_reread.clear()

    def of(self, ifindex: int) -> list[Address]:
        """Return the addresses of one link, in the order in which they came."""
        return [self._addresses[key] for key in self._keys_of.get(ifindex, ())]

    def put(self, address: Address, resync: bool = False) -> None:
        """Apply RTM_NEWADDR."""
        key = self._touch(address_key(address))

        def make() -> None:
            self._addresses[key] = address
            self._keys_of.setdefault(address.ifindex, {})[key] = None

        old = self._addresses.get(key)
        changed = changed_facts(ADDRESS_FACTS, old, address) if old is not None else ()
        if old is not None and not changed:
            make()
        else:
            self._commit(make_change(Object.ADDRESS, old, address, changed, resync), make)

    def remove(self, address: Address, resync: bool = False) -> None:
        """Apply RTM_DELADDR."""
        key = self._touch(address_key(address))
        old = self._addresses.get(key)
        if old is not None:

            def make() -> None:
                del self._addresses[key]
                del self._keys_of[key.ifindex][key]
                if not self._keys_of[key.ifindex]:
                    del self._keys_of[key.ifindex]

            self._commit(make_change(Object.ADDRESS, old, None, (), resync), make)
        self._removed(address)

    def begin_dump(self) -> None:
        """Begin a dump for `apply_dump`. Later events are newer than the dump."""
        self._touched = set()

    def end_dump(self) -> None:
        """End the dump. Everything dumped since `begin_dump` has been given to `apply_dump`."""
        self._touched = None

    def apply_dump(self, ifindex: int, listed: Iterable[Address], known: Callable[[int], bool]) -> None:
        """Apply a dump since `begin_dump` that listed all IPv6 addresses of one link (0: of all links).

        `known` tells whether there is a link with this index. Addresses of other links are left to the event
        about that link.
        """
        found = {
            address_key(one): one
            for one in listed
            if one.family == Family.INET6 and ifindex in (0, one.ifindex)
        }
        ours = self.of(ifindex) if ifindex else list(self._addresses.values())
        here = {address_key(one): one for one in ours if one.family == Family.INET6}
        touched, self._touched = self._touched or set(), None
        for key in [*here, *(key for key in found if key not in here)]:
            old, new = here.get(key), found.get(key)
            if old is not None and new is not None and not changed_facts(ADDRESS_FACTS, old, new):
                continue
            if key in touched:
                self.to_reread.add(key.ifindex)  # it is not known which came first, the event or the dump
            elif new is not None and known(key.ifindex):
                self.put(new)
            elif new is None and old is not None:
                self.remove(old)
        self._touched = touched

    def remove_missing(self, fresh: AddressTable) -> None:
        """Remove what `fresh` does not have, as changes marked `resync`."""
        for key, address in list(self._addresses.items()):
            if key not in fresh._addresses:
                self.remove(address, True)

    def _touch(self, key: AddressKey) -> AddressKey:
        if self._touched is not None:
            self._touched.add(key)
        return key
