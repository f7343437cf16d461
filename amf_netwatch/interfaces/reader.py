# SPDX-License-Identifier: Apache-2.0
"""Reading the truth about links: one that an event hinted at, or all of them.

The MAC comes from sysfs: one file, ``/sys/class/net/<name>/address``. A full read opens that file only for
links whose MAC is new or differs from what an earlier read found there. The other facts come from the
kernel's answer to one netlink request, which holds in one consistent message what sysfs has in eight files:
8 us against 55 for one link, 7 ms against 63 for a thousand.

The two sources are not read at one moment. When they do not tell the same MAC, both are asked again. Usually
the link has changed in between, or its name belongs to another link by now: then nothing is believed of it,
and it is read again in the next round (`DisagreementError`, `Everything.uncertain`). When neither of them
changes and they still differ, sysfs shows another network namespace than ours, in which links have the same
names: from then on netlink tells the MAC.

Rules: filters come before anything that costs; a link's facts are never built from an event; a link that is
not there is None. What never changes while a link lives is read once: a device is behind a link for all its
life.
"""

from __future__ import annotations

import _socket  # the C half of `socket`
import os
from collections.abc import Iterable
from typing import Callable, NamedTuple, Optional

from amf_netwatch.interfaces.record import Interface
from amf_netwatch.interfaces.sysfs import Sysfs
from amf_netwatch.netlink.codec.address import Address
from amf_netwatch.netlink.codec.constants import Family, HardwareType, LinkFlag, OperState
from amf_netwatch.netlink.codec.link import format_address
from amf_netwatch.netlink.codec.link_facts import LinkFacts
from amf_netwatch.netlink.errors import KernelError
from amf_netwatch.netlink.link_query import LinkQuery
from amf_netwatch.netlink.patterns import matches_any
from amf_netwatch.settings import Settings

_OPER_STATES = tuple(str(state) for state in OperState)  # the kernel's words by number
_UP = int(LinkFlag.UP)
_ATTEMPTS = 3  # to find out whether sysfs and netlink differ for good
_ETHER, _LOOPBACK = int(HardwareType.ETHER), int(HardwareType.LOOPBACK)


class Filter(NamedTuple):
    """Which links are published, decided by what is known before anything else is read."""

    include: tuple[bytes, ...]
    exclude: tuple[bytes, ...]
    ether_only: bool

    def admits(self, name: bytes, hardware_type: int) -> bool:
        """Is a link of this name and type published? `exclude` wins over `include`."""
        if not self.admits_type(hardware_type):
            return False
        return matches_any(name, self.include) and not matches_any(name, self.exclude)

    def admits_type(self, hardware_type: int) -> bool:
        """Are links of this type published?"""
        return not self.ether_only or hardware_type == _ETHER


class DisagreementError(Exception):
    """Netlink and sysfs do not tell the same MAC of a link: it is to be read again."""


class Everything(NamedTuple):
    """The result of a full read."""

    interfaces: list[Interface]  # in no order
    uncertain: frozenset[int]  # the ifindexes of links that have to be read again, and are not among them


class Reader:
    """Asks the kernel for facts. For one thread. Raises NetlinkError and SysfsError; close it after use."""

    def __init__(
        self, settings: Settings, sysfs: Optional[Sysfs], on_foreign: Callable[[], None] = lambda: None
    ) -> None:
        """`sysfs` None: there is no sysfs of our namespace.

        Then netlink tells the MAC as well, and a link counts as physical when it has no kind. `on_foreign` is
        called when `sysfs` turns out to show another namespace; it is not used any more then.
        """
        self._filter = Filter(settings.include, settings.exclude, settings.types == "ether")
        self._physical_only = settings.physical_only
        self._addresses = settings.addresses
        self._sysfs = sysfs
        self._on_foreign = on_foreign
        self._query = LinkQuery()
        self._masters: dict[int, bytes] = {}  # name of each link that has a published port

    def close(self) -> None:
        """Close the sockets."""
        self._query.close()

    # ------------------------------------------------------------------------------------------- one link

    def read(self, ifindex: int, known: Optional[Interface] = None) -> Optional[Interface]:
        """The facts of one link; None when it is not there or not to be published.

        `known`: what an earlier read found, if it is certain that the link has lived since and has the same
        addresses: then these are not read again. Raises DisagreementError.
        """
        link = self._query.get_link(ifindex)
        if link is None or link.name is None:
            return None
        if known is None or known.name != link.name:
            if not self._filter.admits(link.name, link.hardware_type):
                return None
            physical = self._is_physical(link)
            if self._physical_only and not physical:
                return None
        else:
            if not self._filter.admits_type(link.hardware_type):
                return None  # a tap or a bond may change its type while it lives
            physical = known.physical
        mac = self._read_mac(link)
        if known is not None:
            ipv4, ipv6 = known.ipv4, known.ipv6
        elif self._addresses:
            ipv4, ipv6 = _sort(self._query.get_addresses(ifindex)).get(ifindex, _NO_ADDRESSES)
        else:
            ipv4, ipv6 = _NO_ADDRESSES
        return self._interface(link, mac, physical, self._master_name(link.master), ipv4, ipv6)

    def _read_mac(self, link: LinkFacts, known: Optional[Interface] = None) -> str:
        """The link's MAC from sysfs, unless `known` says that the same one was read there before."""
        told = format_address(link.address)
        if self._sysfs is None or (known is not None and known.mac == told):
            return told
        read = self._sysfs.read_mac(link.name or b"")
        return read if read == told else self._settle(link, told, self._sysfs)

    def _settle(self, link: LinkFacts, told: str, sysfs: Sysfs) -> str:
        """The MAC of a link of which the sources did not tell the same; raises DisagreementError."""
        for _ in range(_ATTEMPTS):
            again = self._query.get_link(link.ifindex)
            if again is None or (again.name, again.address) != (link.name, link.address):
                raise DisagreementError(f"link {link.ifindex} has changed while it was read")
            if sysfs.read_mac(link.name or b"") == told:
                return told
        self._sysfs = None
        self._on_foreign()
        return told

    def _master_name(self, ifindex: Optional[int]) -> bytes:
        """The name of the link above; b"" when there is none, or none any more."""
        if not ifindex:
            return b""
        name = self._masters.get(ifindex)
        if name is None:
            name = _name_of(ifindex)
            if name:
                self._masters[ifindex] = name
        return name

    def renamed_master(self, ifindex: int) -> Optional[bytes]:
        """The former name of a link that has ports, when it has another name now or is gone; else None.

        A bridge that is renamed tells nothing of its ports, whose `master` changes all the same.
        """
        before = self._masters.get(ifindex)
        if before is None or _name_of(ifindex) == before:
            return None
        del self._masters[ifindex]
        return before

    # ---------------------------------------------------------------------------------------- everything

    def read_everything(self, known: Callable[[int], Optional[Interface]] = lambda _: None) -> Everything:
        """The facts of all links that are to be published.

        `known`: what an earlier read found of the link with this ifindex; it saves reading the MAC again.
        """
        links = self._query.get_links()
        names = {link.ifindex: link.name for link in links}
        admits = self._filter.admits
        admitted = [link for link in links if link.name and admits(link.name, link.hardware_type)]
        physical = self._physical_among(admitted)
        if self._physical_only:
            admitted = [link for link in admitted if link.name in physical]
        addresses = _sort(self._query.get_all_addresses()) if self._addresses and admitted else {}
        self._masters = {
            link.master: names.get(link.master) or _name_of(link.master) for link in admitted if link.master
        }
        found, uncertain = [], set()
        for link in admitted:
            try:
                mac = self._read_mac(link, known(link.ifindex))
            except DisagreementError:
                uncertain.add(link.ifindex)
                continue
            master = self._masters.get(link.master or 0, b"")
            ipv4, ipv6 = addresses.get(link.ifindex, _NO_ADDRESSES)
            found.append(self._interface(link, mac, link.name in physical, master, ipv4, ipv6))
        return Everything(found, frozenset(uncertain))

    # ------------------------------------------------------------------------------------------ all facts

    def _interface(
        self,
        link: LinkFacts,
        mac: str,
        physical: bool,
        master: bytes,
        ipv4: tuple[str, ...],
        ipv6: tuple[str, ...],
    ) -> Interface:
        """The record of one link. A fact that a file of sysfs tells costs 4 us here for each link read."""
        state = link.operstate or 0
        return Interface(
            link.name or b"",
            link.ifindex,
            mac,
            link.mtu or 0,
            bool(link.flags & _UP),
            _OPER_STATES[state] if state < len(_OPER_STATES) else str(OperState(state)),
            master,
            physical,
            ipv4,
            ipv6,
        )

    # ------------------------------------------------------------------------------------------- physical

    def _physical_among(self, links: list[LinkFacts]) -> set[bytes]:
        """The names of those that are backed by a device."""
        if self._sysfs is not None:
            return self._sysfs.physical_among([link.name or b"" for link in links])
        return {link.name or b"" for link in links if self._is_physical(link)}

    def _is_physical(self, link: LinkFacts) -> bool:
        if self._sysfs is not None:
            return self._sysfs.is_physical(link.name or b"")
        if link.hardware_type == _LOOPBACK:
            return False
        try:
            return self._query.get_kind(link.ifindex) is None
        except KernelError:
            return False  # the link has gone, which is an event of its own


_Addresses = tuple[tuple[str, ...], tuple[str, ...]]
_NO_ADDRESSES: _Addresses = ((), ())


def _sort(addresses: Iterable[Address]) -> dict[int, _Addresses]:
    """IPv4 and IPv6 addresses as sorted texts, by the ifindex of their link."""
    found: dict[int, tuple[list[str], list[str]]] = {}
    for address in addresses:
        ipv4, ipv6 = found.setdefault(address.ifindex, ([], []))
        if address.text:
            (ipv4 if address.family == Family.INET else ipv6).append(address.text)
    return {index: (tuple(sorted(ipv4)), tuple(sorted(ipv6))) for index, (ipv4, ipv6) in found.items()}


def _name_of(ifindex: int) -> bytes:
    try:
        return os.fsencode(_socket.if_indextoname(ifindex))
    except OSError:
        return b""
