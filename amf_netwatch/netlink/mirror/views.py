# SPDX-License-Identifier: Apache-2.0
"""Live views of a state: what is there, found by name, by prefix, or by its facts.

::

    state.links["eth0"]                       by name, index, or alternative name; else KeyError
    state.links.filter(kind="bridge", state="up")
    state.addresses.of("eth0").ipv4           the IPv4 addresses of one link
    state.routes["default"]                   by destination; the one of the main table comes first
    state.routes.find(dst="10.0.0.0/8", priority=10)
    state.routes.tables                       the numbers of the tables that have routes
    state.rules.filter(table=100, family="ipv4")
    state.neighbours.find(link="eth0", address="192.0.2.9")

A view shows the present moment at each call. What it returns are the codec's records: values that cannot be
changed and do not change afterwards. `find` gives the first record that has all the facts, or None; `filter`
gives all of them. A fact is one of the words in the tables below, or any field or property of the record. A
name, an address or a number of the kernel may be given as text: ``family="ipv4"``,
``mac="02:00:00:00:00:01"``.

Threads: a view takes the state's lock for each call. Raises StateError when the state has ended.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from typing import Any, Generic, NamedTuple, Optional, TypeVar, Union

from amf_netwatch.netlink.codec.address import Address, format_ip
from amf_netwatch.netlink.codec.constants import Family
from amf_netwatch.netlink.codec.link import Link, format_address
from amf_netwatch.netlink.codec.neighbour import Neighbour
from amf_netwatch.netlink.codec.route import Route
from amf_netwatch.netlink.codec.route_constants import TableNumber
from amf_netwatch.netlink.codec.rule import Rule
from amf_netwatch.netlink.mirror.tables.changes import Object, Value
from amf_netwatch.netlink.mirror.tables.namespace import Tables
from amf_netwatch.netlink.mirror.tables.routes import route_interfaces
from amf_netwatch.netlink.mirror.waiting import News

Key = Union[bytes, str, int]
"""A link: its name (bytes, or text as `os.fsdecode` makes it), an alternative name, or its index."""

Record = TypeVar("Record", bound=Value)
Reader = Callable[[Any, Tables], Any]
"""Reads one fact of a record. If it is a set, each of its members matches."""

_FAMILY_WORDS = {Family.INET: "ipv4", Family.INET6: "ipv6"}


class Prefix(NamedTuple):
    """A destination in the kernel's form."""

    family: Optional[int]  # None: either (`default`)
    address: Optional[bytes]  # None: all zero
    length: int


def read_prefix(text: str) -> Prefix:
    """Read ``10.0.0.0/8``, ``2001:db8::1`` (a host), or ``default`` (any family). Raises ValueError."""
    if text == "default":
        return Prefix(None, None, 0)
    from ipaddress import ip_network  # noqa: PLC0415 - 4 ms, and only those who look up prefixes need it

    network = ip_network(text)
    family = Family.INET if network.version == 4 else Family.INET6
    return Prefix(
        int(family), network.network_address.packed if network.prefixlen else None, network.prefixlen
    )


def _prefix(family: int, address: bytes | None, length: int) -> Prefix:
    return Prefix(int(family), address if length else None, length)


def _read_destination(route: Route, _: Tables) -> set[Prefix]:
    prefix = _prefix(route.family, route.destination, route.destination_length)
    return {prefix, prefix._replace(family=None)} if prefix.length == 0 else {prefix}


def _either(name: bytes | None) -> set[Any]:
    """Return the name as bytes and as text."""
    return {None} if name is None else {name, os.fsdecode(name)}


def _read_family(value: Any, _: Tables) -> set[Any]:
    return {value.family, str(value.family), _FAMILY_WORDS.get(value.family)}


def _names_of(tables: Tables, ifindexes: Iterable[int | None]) -> set[Any]:
    """Return all ways to name these links; {None} if there are none."""
    words: set[Any] = set()
    for ifindex in ifindexes:
        if ifindex:
            words.add(ifindex)
            name = tables.find_name(ifindex)
            if name is not None:
                words |= {name, os.fsdecode(name)}
    return words or {None}


_FACTS: dict[Object, dict[str, Reader]] = {
    Object.LINK: {
        "name": lambda link, _: _either(link.name),
        "mac": lambda link, _: format_address(link.address),
        "state": lambda link, _: "up" if link.up else "down",
        "master": lambda link, tables: _names_of(tables, [link.master]),
        "lower": lambda link, tables: _names_of(tables, [link.lower]),
    },
    Object.ADDRESS: {
        "address": lambda one, _: {one.text, format_ip(one.own), one.own},
        "peer": lambda one, _: {one.address, format_ip(one.address)},
        "link": lambda one, tables: _names_of(tables, [one.ifindex]),
        "family": _read_family,
    },
    Object.ROUTE: {
        "dst": _read_destination,
        "link": lambda route, tables: _names_of(tables, route_interfaces(route)),
        "gateway": lambda route, _: {route.gateway, format_ip(route.gateway) or None},
        "source": lambda route, _: {route.preferred_source, format_ip(route.preferred_source) or None},
        "priority": lambda route, _: route.priority or 0,
        "kind": lambda route, _: str(route.type),
        "family": _read_family,
    },
    Object.RULE: {
        "src": lambda rule, _: {rule.source_text, _prefix(rule.family, rule.source, rule.source_length)},
        "dst": lambda rule, _: {
            rule.destination_text,
            _prefix(rule.family, rule.destination, rule.destination_length),
        },
        "priority": lambda rule, _: rule.priority or 0,
        "input": lambda rule, _: _either(rule.input),
        "output": lambda rule, _: _either(rule.output),
        "family": _read_family,
    },
    Object.NEIGHBOUR: {
        "address": lambda one, _: {one.text, one.destination},
        "mac": lambda one, _: format_address(one.address),
        "link": lambda one, tables: _names_of(tables, [one.ifindex]),
        "family": _read_family,
    },
}
_RECORDS: dict[Object, type] = {
    Object.LINK: Link,
    Object.ADDRESS: Address,
    Object.ROUTE: Route,
    Object.RULE: Rule,
    Object.NEIGHBOUR: Neighbour,
}
# For these facts, a text is read as a prefix.
_PREFIXES = {(Object.ROUTE, "dst"), (Object.RULE, "src"), (Object.RULE, "dst")}


def matcher(about: Object, tables: Tables, facts: dict[str, Any]) -> Callable[[Any], bool]:
    """Return a function that tells whether a record has all these facts. TypeError for an unknown fact."""
    readers: list[tuple[Reader, Any]] = []
    for name, value in facts.items():
        reader = _FACTS[about].get(name)
        if reader is None:
            if name.startswith("_") or not hasattr(_RECORDS[about], name):
                raise TypeError(f"a {about} has no fact {name!r}")
            reader = _read_field(name)
        is_prefix = (about, name) in _PREFIXES and isinstance(value, str) and value != "all"
        readers.append((reader, read_prefix(value) if is_prefix else value))

    def matches(record: Any) -> bool:
        return all(_is(reader(record, tables), wanted) for reader, wanted in readers)

    return matches


def _read_field(name: str) -> Reader:
    return lambda record, _: getattr(record, name)


def _is(found: Any, wanted: Any) -> bool:
    if isinstance(found, set):
        return wanted in found
    if isinstance(wanted, str) and isinstance(found, Enum):
        return str(found) == wanted
    return bool(found == wanted)


class View(Generic[Record]):
    """All objects of one kind, as the docstring of the module explains."""

    about: Object

    def __init__(self, news: News, tables: Tables) -> None:
        self._news = news
        self._tables = tables

    def _list(self) -> Iterable[Record]:
        """Return the records. The caller holds the lock."""
        raise NotImplementedError

    def __iter__(self) -> Iterator[Record]:
        """Yield all of them, as of one moment."""
        return iter(self.filter())

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.filter())

    def filter(self, **facts: Any) -> tuple[Record, ...]:
        """Return all that have these facts. TypeError for an unknown fact."""
        with self._news.lock:
            self._news.check()
            matches = matcher(self.about, self._tables, facts)
            return (
                tuple(record for record in self._list() if matches(record)) if facts else tuple(self._list())
            )

    def find(self, **facts: Any) -> Record | None:
        """Return the first that has these facts, or None. TypeError for an unknown fact."""
        with self._news.lock:
            self._news.check()
            matches = matcher(self.about, self._tables, facts)
            return next((record for record in self._list() if matches(record)), None)


class LinkView(View[Link]):
    """The links."""

    about = Object.LINK

    def _list(self) -> Iterable[Link]:
        return self._tables.links.values()

    def get(self, key: Key) -> Link | None:
        """Return the link of this name, alternative name or index. None if there is none."""
        with self._news.lock:
            self._news.check()
            ifindex = find_ifindex(self._tables, key)
            return None if ifindex is None else self._tables.links[ifindex]

    def __getitem__(self, key: Key) -> Link:
        """Return the same link. KeyError if there is none."""
        link = self.get(key)
        if link is None:
            raise KeyError(key)
        return link

    def __contains__(self, key: Key) -> bool:
        """Return whether there is such a link."""
        return self.get(key) is not None


def find_ifindex(tables: Tables, key: Key) -> int | None:
    """Return the index of the link of this name, alternative name or index. None if there is none."""
    if isinstance(key, int):
        return key if key in tables.links else None
    name = os.fsencode(key)
    ifindex = tables.names.get(name)
    if ifindex is None:  # few links have alternative names, and few programs ask for them
        for link in tables.links.values():
            if name in (link.alternative_names or ()):
                return link.ifindex
    return ifindex


class AddressView(View[Address]):
    """The addresses: all of them, those of one link, those of one family."""

    about = Object.ADDRESS

    def __init__(
        self, news: News, tables: Tables, link: Key | None = None, family: Family | None = None
    ) -> None:
        super().__init__(news, tables)
        self._link = link
        self._family = family

    @property
    def ipv4(self) -> AddressView:
        """Return the IPv4 addresses among these."""
        return AddressView(self._news, self._tables, self._link, Family.INET)

    @property
    def ipv6(self) -> AddressView:
        """Return the IPv6 addresses among these."""
        return AddressView(self._news, self._tables, self._link, Family.INET6)

    def of(self, link: Key) -> AddressView:
        """Return the addresses of this link; none while there is no such link."""
        return AddressView(self._news, self._tables, link, self._family)

    def _list(self) -> Iterable[Address]:
        if self._link is None:
            listed: Iterable[Address] = self._tables.addresses
        else:
            ifindex = find_ifindex(self._tables, self._link)
            listed = [] if ifindex is None else self._tables.addresses.of(ifindex)
        return [one for one in listed if self._family is None or one.family == self._family]

    def __getitem__(self, text: str) -> Address:
        """Return the first that reads ``192.0.2.1/24`` or ``192.0.2.1``. KeyError if there is none."""
        address = self.find(address=text)
        if address is None:
            raise KeyError(text)
        return address

    def __contains__(self, text: str) -> bool:
        """Return whether there is such an address."""
        return self.find(address=text) is not None


class RouteView(View[Route]):
    """The routes."""

    about = Object.ROUTE

    def _list(self) -> Iterable[Route]:
        return self._tables.routes

    @property
    def tables(self) -> tuple[int, ...]:
        """Return the numbers of the tables that have routes, sorted."""
        return tuple(sorted({route.table for route in self.filter()}))

    def __getitem__(self, dst: str) -> Route:
        """Return the route to this destination: ``10.0.0.0/8`` or ``default``. Raises KeyError, ValueError.

        If there are several, the main table comes first, then the smallest table number; within a table, the
        smallest priority.
        """
        routes = self.filter(dst=dst)
        if not routes:
            raise KeyError(dst)
        return min(
            routes, key=lambda route: (route.table != TableNumber.MAIN, route.table, route.priority or 0)
        )

    def __contains__(self, dst: str) -> bool:
        """Return whether there is a route to this destination."""
        return bool(self.filter(dst=dst))


class RuleView(View[Rule]):
    """The routing rules, in the order in which the kernel goes through them: IPv4, then IPv6."""

    about = Object.RULE

    def _list(self) -> Iterable[Rule]:
        return self._tables.rules


class NeighbourView(View[Neighbour]):
    """The neighbours whose hardware address is known."""

    about = Object.NEIGHBOUR

    def _list(self) -> Iterable[Neighbour]:
        return self._tables.neighbours

    def __getitem__(self, address: str) -> Neighbour:
        """Return the first with this address, such as ``192.0.2.9``, on any link. KeyError if there is
        none."""
        neighbour = self.find(address=address)
        if neighbour is None:
            raise KeyError(address)
        return neighbour

    def __contains__(self, address: str) -> bool:
        """Return whether there is such a neighbour."""
        return self.find(address=address) is not None
