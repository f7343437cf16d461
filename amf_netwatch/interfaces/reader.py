# SPDX-License-Identifier: Apache-2.0
"""Reading the facts of links: of one link that an event named, or of all links.

The MAC comes from sysfs: one file, ``/sys/class/net/<name>/address``. A full read opens that file only for
links whose MAC is new or differs from what an earlier read found there. The other facts come from the
kernel's answer to one netlink request, which holds in one consistent message what sysfs has in eight files:
8 us against 55 for one link, 7 ms against 63 for a thousand.

The two sources are not read at the same moment. If they give different MACs, both are asked again. Usually
the link has changed in between, or its name belongs to another link by now. Then no fact of it is used, and
it is read again in the next round (`DisagreementError`, `Everything.uncertain`). If neither source changes
and they still differ, sysfs shows another network namespace, whose links have the same names: from then on
netlink gives the MAC.

Rules: filters come before everything that costs time; a link's facts are never built from an event; a link
that does not exist is None. A fact that never changes while a link lives is read once, such as the device
behind a link.
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

_OPER_STATES = tuple(str(state) for state in OperState)  # the kernel's words, by number
_UP = int(LinkFlag.UP)
_ATTEMPTS = 3  # attempts to find out whether sysfs and netlink differ permanently
_ETHER, _LOOPBACK = int(HardwareType.ETHER), int(HardwareType.LOOPBACK)


class Filter(NamedTuple):
    """Which links are published. It needs only what is known before anything else is read."""

    include: tuple[bytes, ...]
    exclude: tuple[bytes, ...]
    ether_only: bool

    def admits(self, name: bytes, hardware_type: int) -> bool:
        """Tell whether a link with this name and type is published. `exclude` wins over `include`."""
        if not self.admits_type(hardware_type):
            return False
        return matches_any(name, self.include) and not matches_any(name, self.exclude)

    def admits_type(self, hardware_type: int) -> bool:
        """Tell whether links of this type are published."""
        return not self.ether_only or hardware_type == _ETHER


class DisagreementError(Exception):
    """Netlink and sysfs give different MACs for a link, so the link must be read again."""


class Everything(NamedTuple):
    """The result of a full read."""

    interfaces: list[Interface]  # in no particular order
    uncertain: frozenset[int]  # the ifindexes of other links, which must be read again


class Reader:
    """Asks the kernel for facts. Only one thread may use it. Raises NetlinkError and SysfsError. Close it
    after use."""

    def __init__(
        self, settings: Settings, sysfs: Optional[Sysfs], on_foreign: Callable[[], None] = lambda: None
    ) -> None:
        """`sysfs` is None if there is no sysfs of our namespace.

        In that case netlink gives the MAC as well, and a link counts as physical if it has no kind.
        `on_foreign` is called when `sysfs` proves to show another namespace; `sysfs` is not used any more
        after that.
        """
        self._filter = Filter(settings.include, settings.exclude, settings.types == "ether")
        self._physical_only = settings.physical_only
        self._addresses = settings.addresses
        self._sysfs = sysfs
        self._on_foreign = on_foreign
        self._query = LinkQuery()
        self._masters: dict[int, bytes] = {}  # the name of each link that has a published port

    def close(self) -> None:
        """Close the sockets."""
        self._query.close()

    # ------------------------------------------------------------------------------------------- one link

    def read(self, ifindex: int, known: Optional[Interface] = None) -> Optional[Interface]:
        """Return the facts of one link. None if it does not exist or must not be published.

        `known`: the facts of an earlier read, if it is certain that the link has existed since and has the
        same addresses. Then the addresses are not read again. Raises DisagreementError.
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
        """Return the link's MAC from sysfs, unless `known` says that the same MAC was read there before."""
        told = format_address(link.address)
        if self._sysfs is None or (known is not None and known.mac == told):
            return told
        read = self._sysfs.read_mac(link.name or b"")
        return read if read == told else self._settle(link, told, self._sysfs)

    def _settle(self, link: LinkFacts, told: str, sysfs: Sysfs) -> str:
        """Return the MAC of a link for which the sources gave different ones. Raises DisagreementError."""
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
        """Return the name of the master. b"" if there is none, or none any more."""
        if not ifindex:
            return b""
        name = self._masters.get(ifindex)
        if name is None:
            name = _name_of(ifindex)
            if name:
                self._masters[ifindex] = name
        return name

    def renamed_master(self, ifindex: int) -> Optional[bytes]:
        """Return the former name of a link with ports if it has another name now or is gone, else None.

        When a bridge is renamed, the kernel sends no event for its ports, although their `master` changes.
        """
        before = self._masters.get(ifindex)
        if before is None or _name_of(ifindex) == before:
            return None
        del self._masters[ifindex]
        return before

    # ---------------------------------------------------------------------------------------- everything

    def read_everything(self, known: Callable[[int], Optional[Interface]] = lambda _: None) -> Everything:
        """Return the facts of all links that are published.

        `known`: the facts of an earlier read of the link with this ifindex. They save reading the MAC again.
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
        """Return the record of one link. A fact from a file of sysfs costs 4 us here for each link."""
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
        """Return the names of the links that have a device behind them."""
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
            return False  # the link is gone, and there will be an event for that


_Addresses = tuple[tuple[str, ...], tuple[str, ...]]
_NO_ADDRESSES: _Addresses = ((), ())


def _sort(addresses: Iterable[Address]) -> dict[int, _Addresses]:
    """Return IPv4 and IPv6 addresses as sorted texts, by the ifindex of their link."""
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
