# SPDX-License-Identifier: Apache-2.0
"""What the kernel removes or changes by itself, and the pictures that restore it.

Two functions answer with a picture to be planned:

`bring_back`: after a change has been carried out, it restores other objects that are missing although nobody
asked for that. `restore`: it undoes a change as if it had never happened.

Both look at three pictures (before the change, as it was asked for, and now), and only at the closure of
what the change touches. What differs from before and from what was asked for belongs to another program, and
stays. Never restored are: a MAC or MTU that the change did not set (a bridge would never be automatic again),
link-local addresses that the kernel makes by itself, its own routes, states and counters.
"""

from __future__ import annotations

from typing import Any

from amf_netwatch.netlink.network.objects.picture import LinkRecord, Picture
from amf_netwatch.netlink.network.objects.records import (
    INET,
    PROTOCOL_KERNEL,
    RTA_EXPIRES,
    RTA_METRICS,
    RTA_MULTIPATH,
    RTA_PREFSRC,
    AddressRecord,
    RouteKey,
    RouteRecord,
    RuleRecord,
)
from amf_netwatch.netlink.network.planning.goals import why_kept

_STACKED_MTU = ("vlan", "macvlan", "macvtap", "ipvlan", "ipvtap", "macsec")  # lowered with the link below
_LEAST_IPV6_MTU = 1280
_PROTOCOL_LINK_LOCAL = 3  # IFA_PROTO: the kernel made it
_FRA_L3MDEV = 19
_DIRECT = ("queue_length", "alias", "group", "generation_mode")
_ALL = ("name", "up", "mtu", "mac", *_DIRECT)


def find_touched(before: Picture, goal: Picture) -> set[int]:
    """Return the links that differ in themselves, in their addresses or in their neighbours."""
    touched = set(before.links.keys() ^ goal.links.keys())
    touched |= {
        index
        for index, link in goal.links.items()
        if index in before.links and before.links[index] is not link
    }
    for index in before.addresses.keys() | goal.addresses.keys():
        if before.addresses.get(index) is not goal.addresses.get(index):
            touched.add(index)
    if before.neighbours != goal.neighbours:
        touched |= {
            key[0]
            for key in before.neighbours.keys() | goal.neighbours.keys()
            if before.neighbours.get(key) != goal.neighbours.get(key)
        }
    return touched


def find_closure(before: Picture, goal: Picture) -> set[int]:
    """Return the links that the change touches, and all links above and below them, before or afterwards."""
    touched = find_touched(before, goal)
    return before.related(touched) | goal.related(touched)


def next_hop_links(picture: Picture, number: int) -> set[int]:
    """Return the links through which a next hop object, or a member of a group, leaves."""
    record = picture.next_hops.get(number)
    if record is None:
        return set()
    own = set() if record.interface is None else {record.interface}
    return own.union(*(next_hop_links(picture, member) for member in record.members() if member != number))


def find_lost_next_hops(now: Picture, before: Picture, closure: set[int]) -> list[int]:
    """Return next hop objects over these links that are gone, and groups that have lost members."""
    return [
        number
        for number, old in before.next_hops.items()
        if now.next_hops.get(number) != old and closure & next_hop_links(before, number)
    ]


# -- after a change -----------------------------------------------------------------------------------------


def bring_back(now: Picture, before: Picture, goal: Picture, closure: set[int]) -> Picture:
    """Return `now` with what vanished although nobody asked for that, as far as it can exist."""
    wanted = now.copy()
    for index in closure:
        old, new, here = before.links.get(index), goal.links.get(index), now.links.get(index)
        if old is None or new is None or here is None:
            continue
        _bring_back_link(wanted, goal, old, new, here)
        taken_down = old.up and not new.up
        there = {one.key for one in now.addresses.get(index, ())}
        asked = goal.addresses.get(index, ())
        kept = {one.key for one in before.addresses.get(index, ())}
        ipv6 = not taken_down and (new.mtu is None or new.mtu >= _LEAST_IPV6_MTU)
        missing = [
            one
            for one in asked
            if one.key not in there
            and one.key in kept
            and (len(one.local) == 4 or (ipv6 and not comes_by_itself(one)))
        ]
        if missing:
            extra = [one for one in now.addresses.get(index, ()) if one.key not in {a.key for a in asked}]
            back = {one.key for one in missing} | there
            wanted.addresses[index] = (
                *(one for one in asked if one.key in back),
                *extra,
            )
        if not taken_down:
            for key, neighbour in before.neighbours.items():
                if key[0] == index and key not in now.neighbours and key in goal.neighbours:
                    wanted.neighbours[key] = neighbour
    for number in find_lost_next_hops(now, before, closure):
        if all(index in goal.links and goal.links[index].up for index in next_hop_links(before, number)):
            wanted.next_hops[number] = before.next_hops[number]
    for route, old_routes in before.routes.items():
        if goal.routes.get(route) == old_routes and now.routes.get(route, ()) != old_routes:
            _bring_back_route(wanted, goal, route, old_routes, now.routes.get(route, ()), closure)
    return wanted


def _bring_back_link(
    wanted: Picture, goal: Picture, old: LinkRecord, new: LinkRecord, here: LinkRecord
) -> None:
    changes: dict[str, Any] = {}
    below = None if new.is_peer_pair or new.lower is None else goal.links.get(new.lower)
    if here.up != new.up and old.up == new.up and (not new.up or below is None or below.up):
        changes["up"] = new.up
    if (
        new.kind in _STACKED_MTU
        and old.mtu == new.mtu != here.mtu
        and (below is None or below.mtu is None or new.mtu is None or below.mtu >= new.mtu)
    ):
        changes["mtu"] = new.mtu
    if changes:
        wanted.links[here.ifindex] = here._replace(**changes)


def _bring_back_route(
    wanted: Picture,
    goal: Picture,
    key: RouteKey,
    before: tuple[RouteRecord, ...],
    now: tuple[RouteRecord, ...],
    closure: set[int],
) -> None:
    back = list(now)
    for route in before:
        if route in now or route.protocol == PROTOCOL_KERNEL:
            continue
        if not closure.intersection(route.interfaces()) or not _can_exist(route, goal):
            continue
        stripped = _without_source(route)
        if stripped in back:  # IPv6: the route exists, but has lost its source address
            back[back.index(stripped)] = route
        elif not now or len(before) > 1:
            back.append(route)
    if tuple(back) != now:
        wanted.routes[key] = tuple(back)


def _without_source(route: RouteRecord) -> RouteRecord:
    rest = {number: value for number, value in route.attributes.items() if number != RTA_PREFSRC}
    return route._replace(attributes=rest)


def _bare(route: RouteRecord) -> RouteRecord:
    """Return the route without what the kernel changes by itself while the route exists."""
    followed = (RTA_PREFSRC, RTA_METRICS, RTA_EXPIRES)
    rest = {number: value for number, value in route.attributes.items() if number not in followed}
    return route._replace(attributes=rest)


def _can_exist(route: RouteRecord, goal: Picture) -> bool:
    """Tell whether its links exist and are up, and have addresses of its family if it needs them."""
    for index in route.interfaces():
        link = goal.links.get(index)
        if link is None or not link.up:
            return False
        if route.family == INET and not any(len(one.local) == 4 for one in goal.addresses.get(index, ())):
            return False
        if route.family != INET and link.mtu is not None and link.mtu < _LEAST_IPV6_MTU:
            return False
    source = route.attributes.get(RTA_PREFSRC)
    return source is None or any(one.local == source for some in goal.addresses.values() for one in some)


def comes_by_itself(address: AddressRecord) -> bool:
    """Tell whether the kernel makes this address again when the link goes up."""
    return (address.protocol is not None and 0 < address.protocol <= _PROTOCOL_LINK_LOCAL) or (
        address.protocol is None and address.link_local and address.local[11:13] == b"\xff\xfe"
    )


# -- undoing ------------------------------------------------------------------------------------------------


def restore(
    now: Picture, before: Picture, goal: Picture, closure: set[int]
) -> tuple[Picture, tuple[str, ...]]:
    """Return the picture that undoes the change from `before` to `goal`, and lines about what cannot be
    undone."""
    return _Restoration(now, before, goal, closure).build()


class _Restoration:
    def __init__(self, now: Picture, before: Picture, goal: Picture, closure: set[int]) -> None:
        self.now = now
        self.before = before
        self.goal = goal
        self.closure = closure
        self.wanted = now.copy()
        self.left: list[str] = []

    def build(self) -> tuple[Picture, tuple[str, ...]]:
        self.remove_new_links()
        for index in sorted(self.closure & self.before.links.keys()):
            self.restore_link(index)
        for index in sorted(self.closure & self.before.links.keys() & self.wanted.links.keys()):
            self.restore_addresses(index)
            self.restore_neighbours(index)
        for number in find_lost_next_hops(self.now, self.before, self.closure):
            self.wanted.next_hops[number] = self.before.next_hops[number]
        self.restore_routes()
        self.restore_rules()
        return self.wanted, tuple(self.left)

    def remove_new_links(self) -> None:
        for index in self.goal.links.keys() - self.before.links.keys():
            made, here = self.goal.links[index], self.now.links.get(index)
            if here is not None and here.kind == made.kind and (not made.name or here.name == made.name):
                self.wanted.remove_links(self.wanted.doomed_with(index) - self.before.links.keys())

    def restore_link(self, index: int) -> None:
        old, here = self.before.links[index], self.now.links.get(index)
        asked = self.goal.links.get(index, old)
        if here is None:
            reason = why_kept(old)
            if reason:
                self.left.append(f"link {self.before.name_of(index)}: {reason}")
                return
            self.wanted.links[index] = to_create(old, self.before)
            return
        made_again = index not in self.goal.links
        if made_again:
            new = to_create(old, self.before)
            changes = {name: getattr(new, name) for name in _ALL if getattr(new, name) != getattr(here, name)}
            changes = {name: value for name, value in changes.items() if value not in (None, b"")}
        else:
            changes = _restored_facts(old, asked, here)
        changes.update(_restored_port(old, asked, here))
        if (asked.options or made_again) and here.data != old.data:
            changes["data"] = old.data
        if changes:
            self.wanted.links[index] = here._replace(**changes)

    def restore_addresses(self, index: int) -> None:
        there = self.now.addresses.get(index, ())
        before = self.before.addresses.get(index, ())
        keys = {one.key for one in before}
        present = {one.key: one for one in there}
        ours = {one.key for one in self.goal.addresses.get(index, ())}
        back = [
            one if one.key not in present or one.facts() != present[one.key].facts() else present[one.key]
            for one in before
            if one.key in present or not comes_by_itself(one)
        ]
        extra = [one for one in there if one.key not in keys and one.key not in ours]
        wanted = (*back, *extra)
        if wanted != there:
            self.wanted.addresses[index] = wanted

    def restore_neighbours(self, index: int) -> None:
        for key in {*self.before.neighbours, *self.goal.neighbours}:
            if key[0] != index:
                continue
            old, here = self.before.neighbours.get(key), self.now.neighbours.get(key)
            asked = self.goal.neighbours.get(key)
            if here == old:
                continue
            if old is None:
                if asked is not None and here is not None and here.mac == asked.mac:
                    del self.wanted.neighbours[key]
            elif here is None or here == asked or old.mac == here.mac:
                self.wanted.neighbours[key] = old

    def restore_routes(self) -> None:
        before, goal, now = self.before.routes, self.goal.routes, self.now.routes
        closure = self.closure
        for key in [*before, *(key for key in goal if key not in before)]:
            old, asked, here = before.get(key, ()), goal.get(key, ()), now.get(key, ())
            if here == old:
                continue
            changed = asked != old
            over = any(closure.intersection(route.interfaces()) for route in old)
            if not changed and not over:
                continue
            wanted: list[RouteRecord] = []
            for route in here:
                if route in old or not self.is_ours(route, old, asked):
                    wanted.append(route)
            theirs = [route for route in wanted if route not in old]
            for route in old:
                if route in wanted or route.protocol == PROTOCOL_KERNEL:
                    continue
                if theirs and len(old) == 1:
                    self.left.append(f"route {key}: somebody else has changed it")
                    continue
                wanted.append(route)
            wanted.sort(key=lambda route: old.index(route) if route in old else len(old))
            if tuple(wanted) != here:
                if wanted:
                    self.wanted.routes[key] = tuple(wanted)
                else:
                    self.wanted.routes.pop(key, None)

    def is_ours(
        self, route: RouteRecord, old: tuple[RouteRecord, ...], asked: tuple[RouteRecord, ...]
    ) -> bool:
        """Tell whether the route came from this change, or is an old route that the change has altered.

        An IPv6 route loses its source address with the address, and its mtu metric follows that of the link.
        """
        if route.protocol == PROTOCOL_KERNEL:
            return False
        if any(_bare(one) == _bare(route) for one in old):
            return True
        return any(one not in old and covers(route, one) for one in asked)

    def restore_rules(self) -> None:
        before, goal, now = list(self.before.rules), list(self.goal.rules), list(self.now.rules)
        for rule in goal:
            if rule in before:
                before.remove(rule)
                continue
            made = next(
                (one for one in now if one not in self.before.rules and _rule_covers(one, rule)), None
            )
            if made is not None:
                now.remove(made)
        for rule in before:  # rules that the change removes
            if rule not in now:
                now.append(rule)
        if any(
            link.kind == "vrf" and index not in self.before.links for index, link in self.goal.links.items()
        ):
            now = [rule for rule in now if rule in self.before.rules or rule.find(_FRA_L3MDEV) is None]
        if now != list(self.now.rules):
            self.wanted.rules = tuple(now)


def _restored_facts(old: LinkRecord, asked: LinkRecord, here: LinkRecord) -> dict[str, Any]:
    """Return the facts that this change has set, and those that followed from that."""
    changes: dict[str, Any] = {} if here.up == old.up else {"up": old.up}
    for name in ("name", "mac", *_DIRECT):
        if getattr(old, name) not in (getattr(here, name), getattr(asked, name)):
            changes[name] = getattr(old, name)
    set_here = asked.mtu != old.mtu
    follows = old.kind in _STACKED_MTU or (old.master != asked.master or old.master != here.master)
    if here.mtu != old.mtu and (set_here or (follows and old.kind != "bridge")):
        changes["mtu"] = old.mtu
    return changes


def _restored_port(old: LinkRecord, asked: LinkRecord, here: LinkRecord) -> dict[str, Any]:
    if here.master != old.master:
        return {"master": old.master, "port_kind": old.port_kind, "port_data": old.port_data}
    if (asked.port or asked.master != old.master) and here.port_data != old.port_data:
        return {"port_data": old.port_data}
    return {}


def to_create(old: LinkRecord, picture: Picture) -> LinkRecord:
    """Return the link as it must be created again: what was automatic stays automatic."""
    ports = [link for link in picture.links.values() if link.master == old.ifindex]
    mac, mtu = old.mac, old.mtu
    if old.kind == "bridge" and ports:
        if mac == min(link.mac for link in ports):
            mac = b""
        if mtu == min(link.mtu or 0 for link in ports):
            mtu = None
    below = picture.links.get(old.lower or 0)
    if old.kind == "vlan" and below is not None and below.mac == mac:
        mac = b""
    return old._replace(mac=mac, mtu=mtu)


def covers(route: RouteRecord, asked: RouteRecord) -> bool:
    """Tell whether the kernel's route has everything that was asked for. The kernel may add to it."""
    if route.type != asked.type or route.protocol != asked.protocol:
        return False
    return all(
        route.attributes.get(number) == value
        for number, value in asked.attributes.items()
        if number not in (RTA_METRICS, RTA_MULTIPATH, RTA_EXPIRES)
    )


def _rule_covers(rule: RuleRecord, asked: RuleRecord) -> bool:
    if rule[:6] != asked[:6]:
        return False
    found = dict(rule.attributes)
    return all(found.get(number) == value for number, value in asked.attributes)
