# SPDX-License-Identifier: Apache-2.0
"""The routes of a namespace, grouped by their place, which is what the kernel uses to tell routes apart.

Several routes may share one place (destination, table, metric and so on). IPv4 keeps them side by side and
replaces the first one. IPv6 merges those that have a gateway into one route with several ways; it announces
the whole route when a way is added, and only the way itself when one goes.

The kernel does not announce the end of every route. IPv4 routes vanish without an event when their link goes
down, when the address that they prefer as source is removed, when their link loses its last IPv4 address, and
when their next hop object is deleted; next hop objects vanish without an event when their link loses its
carrier (measured on Linux 6.18). So this table notes in `to_reread` which part of the routes may be wrong.
Whoever feeds the table reads that part from the kernel and hands it to `apply_dump`. No sockets, no threads.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple, Optional, Union

from amf_netwatch.netlink.codec.constants import Family, HeaderFlag
from amf_netwatch.netlink.codec.route import NextHop, Route
from amf_netwatch.netlink.codec.route_constants import RouteFlag
from amf_netwatch.netlink.mirror.tables.changes import (
    ROUTE_FACTS,
    Commit,
    Object,
    changed_facts,
    make_change,
    route_hops,
)

FAMILIES = (Family.INET, Family.INET6)
_CLONED = int(RouteFlag.CLONED)


class RouteKey(NamedTuple):
    """The place of a route in the kernel's tables."""

    family: int
    table: int
    destination_length: int
    destination: Optional[bytes]
    source_length: int
    source: Optional[bytes]
    tos: int
    priority: int


class RouteScope(NamedTuple):
    """A part of the routes: of one family, in one table (None: any table), through one link (0: any link)."""

    family: int
    table: Optional[int] = None
    interface: int = 0


Tag = Union[int, bytes, None]


def route_key(route: Route) -> RouteKey:
    """Return the place of a route."""
    return RouteKey(
        route.family,
        route.table,
        route.destination_length,
        route.destination,
        route.source_length,
        route.source,
        route.tos,
        route.priority or 0,
    )


def route_interfaces(route: Route) -> set[int]:
    """Return the links through which a route leaves."""
    if route.next_hops is not None:
        return {hop.interface for hop in route.next_hops}
    return set() if route.interface is None else {route.interface}


def same_route(one: Route, other: Route) -> bool:
    """Return whether two routes at the same place agree in every fact."""
    return not changed_facts(ROUTE_FACTS, one, other)


class RouteTable:
    """All routes except those of `ignored_tables`. `commit` is called for every change, see `Commit`."""

    def __init__(self, commit: Commit, ignored_tables: Collection[int] = ()) -> None:
        self._commit = commit
        self._ignored = frozenset(ignored_tables)
        self._places: dict[RouteKey, tuple[Route, ...]] = {}
        # The places that have a route through a link (its index), with a source address (its bytes), or with
        # any next hop object (None). It avoids going through all routes when a link goes down.
        self._index: dict[Tag, dict[RouteKey, None]] = {}
        self._touched: set[RouteKey] | None = None  # places in events during a dump, else None
        self.to_reread: set[RouteScope] = set()  # the parts that may be wrong

    def __iter__(self) -> Iterator[Route]:
        for place in self._places.values():
            yield from place

    def __len__(self) -> int:
        return sum(map(len, self._places.values()))

    def clear(self) -> None:
        """Forget everything. No observer is called."""
        self._places.clear()
        self._index.clear()
        self._touched = None
        self.to_reread.clear()

    def find(self, key: RouteKey) -> tuple[Route, ...]:
        """Return the routes at one place, in the kernel's order."""
        return self._places.get(key, ())

    def load(self, routes: Iterable[Route]) -> None:
        """Take in what a dump lists, in the kernel's order. No observer is called."""
        places = self._places
        for route in routes:
            if not self._keeps(route):
                continue
            key = route_key(route)
            place = places.get(key)
            if place is None:
                places[key] = (route,)
            else:  # it may have the same facts: IPv4 also compares attributes that are not decoded
                places[key] = (*place, route)
            for tag in _tags(route):
                self._index.setdefault(tag, {})[key] = None

    def through(self, ifindex: int) -> list[Route]:
        """Return all routes through one link."""
        return [
            route
            for key in self._index.get(ifindex, ())
            for route in self._places[key]
            if ifindex in route_interfaces(route)
        ]

    def reaches(self, scope: RouteScope) -> bool:
        """Return whether there is a route in this scope."""
        if scope.interface:
            return any(_in_scope(route, scope) for route in self.through(scope.interface))
        return any(_in_scope(route, scope) for route in self)

    # -- events -------------------------------------------------------------------------------------------

    def add(self, route: Route, flags: int) -> None:
        """Apply RTM_NEWROUTE with the flags of its header."""
        if not self._keeps(route):
            return
        key = self._touch(route_key(route))
        place = self._places.get(key, ())
        old = self._find_replaced(place, route, flags)
        if old is None:
            at_end = flags & HeaderFlag.APPEND
            self._put(key, (*place, route) if at_end else (route, *place), None, route)
        else:
            self._exchange(key, old, route)

    def remove(self, route: Route) -> None:
        """Apply RTM_DELROUTE."""
        if not self._keeps(route):
            return
        key = self._touch(route_key(route))
        place = self._places.get(key, ())
        for old in place:
            if same_route(old, route):
                self._put(key, _swap(place, old), old, None)
                return
        if place:
            self.to_reread.add(RouteScope(route.family, route.table))
        if route.family == Family.INET6:
            gone = set(route_hops(route))
            for old in place:
                if old.next_hops is not None and gone < set(route_hops(old)):
                    left = _with_hops(old, [hop for hop in route_hops(old) if hop not in gone])
                    self._exchange(key, old, left)
                    return

    def _keeps(self, route: Route) -> bool:
        """Return whether such routes are kept: no cache entries, no multicast routes, none of ignored
        tables."""
        return (
            not route.flags & _CLONED
            and route.family in FAMILIES
            and (not self._ignored or route.table not in self._ignored)
        )

    def _touch(self, key: RouteKey) -> RouteKey:
        if self._touched is not None:
            self._touched.add(key)
        return key

    def _find_replaced(self, place: tuple[Route, ...], route: Route, flags: int) -> Route | None:
        """Return the route at this place that the new route replaces. None if it is added to them."""
        for old in place:
            if same_route(old, route):
                if not flags & HeaderFlag.REPLACE:
                    # Either a dump has shown this event already, or it is a second route that differs in an
                    # attribute that is not decoded.
                    self.to_reread.add(RouteScope(route.family, route.table))
                return old
        if not place:
            return None
        if flags & HeaderFlag.REPLACE:
            if len(place) > 1:
                self.to_reread.add(RouteScope(route.family, route.table))
            if route.family == Family.INET6 and _merges(route):
                return next((old for old in place if _merges(old)), place[0])
            return place[0]
        if route.family == Family.INET6 and _merges(route):
            for old in place:
                if _merges(old):
                    self.to_reread.add(RouteScope(route.family, route.table))
                    return old
        return None

    # -- what the kernel does not announce ----------------------------------------------------------------

    def note_link_down(self, ifindex: int) -> None:
        """Note that the link went down or lost an address: routes through it may be gone without an event."""
        self.to_reread.update(RouteScope(family, None, ifindex) for family in FAMILIES)

    def note_source_removed(self, family: int, address: bytes | None) -> None:
        """Note that an address was removed: routes that prefer it as source may be gone without an event."""
        for key in self._index.get(address, ()) if address is not None else ():
            for route in self._places[key]:
                if route.family == family and route.preferred_source == address:
                    self.to_reread.update(
                        RouteScope(family, None, index) for index in route_interfaces(route)
                    )

    def note_mtu_changed(self, ifindex: int) -> None:
        """Note that the link has another MTU: the kernel changes the MTU of IPv6 routes that have one,
        without an event."""
        if any(route.metrics is not None and route.family == Family.INET6 for route in self.through(ifindex)):
            self.to_reread.add(RouteScope(Family.INET6, None, ifindex))

    def note_next_hops_changed(self, ifindex: int | None = None) -> None:
        """Note that next hop objects may be deleted or replaced; with `ifindex`, only those through this
        link.

        A route may name its next hop object alone, without a link (sysctl nexthop_compat_mode=0).
        """
        for route in (route for key in self._index.get(None, ()) for route in self._places[key]):
            if route.next_hop_id is None:
                continue
            interfaces = route_interfaces(route)
            if ifindex is None or not interfaces:
                self.to_reread.add(RouteScope(route.family))
            elif ifindex in interfaces:
                self.to_reread.add(RouteScope(route.family, None, ifindex))

    def remove_interface(self, ifindex: int) -> None:
        """Remove every route through a link that has gone."""
        for route in self.through(ifindex):
            key = self._touch(route_key(route))
            hops = [hop for hop in route_hops(route) if hop.interface != ifindex]
            if hops and route.family == Family.INET6:  # an IPv4 route vanishes with the first of its links
                self._exchange(key, route, _with_hops(route, hops))
                self.to_reread.add(RouteScope(route.family, route.table))
            else:
                self._put(key, _swap(self._places[key], route), route, None)

    # -- what a dump says ---------------------------------------------------------------------------------

    def begin_dump(self) -> None:
        """Begin a dump for `apply_dump`. Later events about a place are newer than the dump."""
        self._touched = set()

    def end_dump(self) -> None:
        """End the dump. Everything dumped since `begin_dump` has been given to `apply_dump`."""
        self._touched = None

    def apply_dump(self, scope: RouteScope, routes: Iterable[Route], resync: bool = False) -> None:
        """Apply a dump since `begin_dump` that listed all routes in `scope`.

        Places without an event since then become as the dump says. The other places are noted to be read once
        more.
        """
        found: dict[RouteKey, list[Route]] = {}
        for route in routes:
            if self._keeps(route) and _in_scope(route, scope):
                found.setdefault(route_key(route), []).append(route)
        here = list(self._index.get(scope.interface, ()) if scope.interface else self._places)
        for key in dict.fromkeys([*here, *found]):
            missing, fresh = self._compare_place(key, scope, found.get(key, []))
            if not missing and not fresh:
                continue
            if self._touched is not None and key in self._touched:
                self.to_reread.add(scope)  # it is not known which came first, the event or the dump
            else:
                self._replace_place(key, missing, fresh, resync)

    def _compare_place(
        self, key: RouteKey, scope: RouteScope, listed: list[Route]
    ) -> tuple[list[Route], list[Route]]:
        """Compare the routes at one place. Return ours that are not listed, and the listed ones that we
        lack."""
        missing = [one for one in self._places.get(key, ()) if _in_scope(one, scope)]
        fresh: list[Route] = []
        for route in listed:
            old = next((one for one in missing if same_route(one, route)), None)
            if old is None:
                fresh.append(route)
            else:
                missing.remove(old)
        return missing, fresh

    def _replace_place(self, key: RouteKey, missing: list[Route], fresh: list[Route], resync: bool) -> None:
        while missing and fresh:
            old, route = missing.pop(0), fresh.pop(0)
            self._exchange(key, old, route, resync)
        for old in missing:
            self._put(key, _swap(self._places[key], old), old, None, resync)
        for route in fresh:
            self._put(key, (*self._places.get(key, ()), route), None, route, resync)

    def _exchange(self, key: RouteKey, old: Route, new: Route, resync: bool = False) -> None:
        self._put(key, _swap(self._places[key], old, new), old, new, resync)

    def _put(
        self,
        key: RouteKey,
        place: tuple[Route, ...],
        old: Route | None,
        new: Route | None,
        resync: bool = False,
    ) -> None:
        def make() -> None:
            self._store(key, place)

        changed: tuple[str, ...] = ()
        if old is not None and new is not None:
            changed = changed_facts(ROUTE_FACTS, old, new)
            if not changed:
                make()
                return
        self._commit(make_change(Object.ROUTE, old, new, changed, resync), make)

    def _store(self, key: RouteKey, place: tuple[Route, ...]) -> None:
        old = {tag for route in self._places.get(key, ()) for tag in _tags(route)}
        new = {tag for route in place for tag in _tags(route)}
        if place:
            self._places[key] = place
        else:
            self._places.pop(key, None)
        for tag in new - old:
            self._index.setdefault(tag, {})[key] = None
        for tag in old - new:
            keys = self._index[tag]
            del keys[key]
            if not keys:
                del self._index[tag]


def _swap(place: tuple[Route, ...], old: Route, *new: Route) -> tuple[Route, ...]:
    """Return the place with `new` instead of `old`, which is one of its routes."""
    at = next(number for number, one in enumerate(place) if one is old)
    return (*place[:at], *new, *place[at + 1 :])


def _tags(route: Route) -> list[Tag]:
    """Return the tags by which the index finds this route."""
    tags: list[Tag] = [*route_interfaces(route)]
    if route.preferred_source is not None:
        tags.append(route.preferred_source)
    if route.next_hop_id is not None:
        tags.append(None)
    return tags


def _merges(route: Route) -> bool:
    """Return whether IPv6 merges this route with others at its place. It does if the route has a gateway."""
    return route.next_hops is not None or route.gateway is not None or route.via is not None


def _with_hops(route: Route, hops: list[NextHop]) -> Route:
    """Return the IPv6 route with these ways instead of its own. A single way is put into the route itself."""
    if len(hops) > 1:
        return route._replace(next_hops=tuple(hops))
    hop = hops[0]
    return route._replace(
        next_hops=None,
        interface=hop.interface,
        gateway=hop.gateway,
        via=hop.via,
        encap_type=hop.encap_type,
        encap=hop.encap,
    )


def _in_scope(route: Route, scope: RouteScope) -> bool:
    return (
        route.family == scope.family
        and (scope.table is None or route.table == scope.table)
        and (not scope.interface or scope.interface in route_interfaces(route))
        and not route.flags & _CLONED
    )
