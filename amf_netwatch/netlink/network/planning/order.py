# SPDX-License-Identifier: Apache-2.0
"""The plan: the steps from one picture to another, in an order that the kernel accepts.

Steps are grouped in *stages*. The steps of a stage do not need each other, so they share datagrams. A stage
begins when the stage before it has succeeded.

=========================  ================================================================================
stages                     why there
=========================  ================================================================================
rules, neighbours, routes, removal goes from the top down; secondary addresses before the primary, which
addresses are removed      would take them along
links go down, and leave   a link that goes down takes its routes along without a word
their masters
links are deleted early    only if their name or index is needed again
names                      a name that is still taken goes through a third one
links are created          the lower link first
MTU, MAC, options          lower links are raised first, upper links lowered first; a bond's options while it
                           has no ports
masters, port options      a bond takes only links that are down; port options only once there is a port
addresses                  while the link is down: one duplicate detection, and no moment without
links go up                the lower link first
next hop objects           before the routes that refer to them
routes                     a route through a gateway after the route that makes the gateway reachable
rules are added            after the routes of their tables
links are deleted          last: nothing can be refused any more, and it is slow
=========================  ================================================================================

A plan knows no consequences: what the kernel removes by itself is seen in the next picture, and planned
again. This module is pure: it has no IO.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from amf_netwatch.netlink.codec.kinds.registry import find_port_table, find_table
from amf_netwatch.netlink.network.documents.options import find_changed, keep_options, pack_options
from amf_netwatch.netlink.network.documents.texts import mask
from amf_netwatch.netlink.network.objects.picture import LinkRecord, Picture
from amf_netwatch.netlink.network.objects.records import AddressKey, AddressRecord, RouteRecord
from amf_netwatch.netlink.network.planning import steps
from amf_netwatch.netlink.network.planning.steps import Step

_BOND = "bond"
_DEPTH = 64  # links on links; the kernel allows fewer


class Plan(NamedTuple):
    """Stages. Each stage is a list of steps."""

    stages: tuple[tuple[Step, ...], ...]

    def __bool__(self) -> bool:
        return bool(self.stages)

    def __iter__(self) -> Iterator[Step]:  # type: ignore[override]
        for stage in self.stages:
            yield from stage

    def count(self) -> int:  # type: ignore[override]
        """Return how many steps there are."""
        return sum(len(stage) for stage in self.stages)

    def describe(self) -> list[str]:
        """Return one line for each step, with its inverse, and a blank line between stages."""
        lines: list[str] = []
        for stage in self.stages:
            if lines:
                lines.append("")
            lines += [
                f"{step.text}    (inverse: {step.inverse})" if step.inverse else step.text for step in stage
            ]
        return lines


def make_plan(now: Picture, goal: Picture, *, known: Picture | None = None) -> Plan:
    """Return the steps from `now` to `goal`.

    `known`: an earlier picture; addresses in it are restored without duplicate detection.
    """
    return _Planner(now, goal, known).plan()


class _Planner:
    def __init__(self, now: Picture, goal: Picture, known: Picture | None) -> None:
        self.now = now
        self.goal = goal
        self.known = known
        self.names = goal.names()
        self.gone = {index for index in now.links if index not in goal.links}
        self.new = {index for index in goal.links if index not in now.links}

    def plan(self) -> Plan:
        changed = [
            (link, self.goal.links[index])
            for index, link in self.now.links.items()
            if index in self.goal.links and self.goal.links[index] is not link
        ]
        rules_away = self.rules_away()
        rules_here = self.rules_here()
        routes_away, routes_here = self.routes()
        addresses_away, addresses_here = self.addresses()
        early, late = self.deletions()
        stages: list[Iterable[Step]] = [
            [] if rules_here else rules_away,
            self.neighbours_away(),
            routes_away,
            *addresses_away,
            [
                steps.set_up(old._replace(name=old.name), False)
                for old, new in changed
                if old.up and not new.up
            ],
            [
                steps.set_master(old._replace(master=None), self.now, old.master)
                for old, new in changed
                if old.master is not None and new.master is None
            ],
            *early,
            *self.names_first(changed),
            *self.creations(),
            *self.properties(changed),
            *self.masters(changed),
            addresses_here,
            *self.ups(changed),
            *self.next_hops(),
            *routes_here,
            self.neighbours_here(),
            rules_here,
            rules_away if rules_here else [],
            *late,
        ]
        return Plan(tuple(tuple(stage) for stage in map(list, stages) if stage))

    # -- links --------------------------------------------------------------------------------------------

    def depth(self, link: LinkRecord) -> int:
        """Return how many links are below this one."""
        depth = 0
        while link.lower is not None and not link.is_peer_pair and link.lower_namespace is None:
            below = self.goal.links.get(link.lower)
            depth += 1
            if below is None or depth > _DEPTH:
                break
            link = below
        return depth

    def deletions(self) -> tuple[list[list[Step]], list[list[Step]]]:
        """Return the deletions that others wait for, and the rest. What is deleted with another link is left
        out."""
        taken = {link.name for link in self.goal.links.values()}
        early: list[Step] = []
        late: list[Step] = []
        covered: set[int] = set()
        for index in sorted(self.gone, key=lambda one: self.depth_now(self.now.links[one])):
            if index in covered:
                continue
            doomed = self.now.doomed_with(index)
            covered |= doomed
            names = {self.now.links[one].name for one in doomed}
            step = steps.delete_link(self.now.links[index])
            (early if names & taken else late).append(step)
        return ([early] if early else []), ([late] if late else [])

    def depth_now(self, link: LinkRecord) -> int:
        depth = 0
        while link.lower is not None and not link.is_peer_pair and depth < _DEPTH:
            below = self.now.links.get(link.lower)
            if below is None:
                break
            depth += 1
            link = below
        return depth

    def names_first(self, changed: list[tuple[LinkRecord, LinkRecord]]) -> list[list[Step]]:
        """Return renames. If another link still has a needed name, that link first gets a temporary name."""
        wanted = {old.ifindex: (old, new.name) for old, new in changed if old.name != new.name}
        if not wanted:
            return []
        holders = {link.name: index for index, link in self.now.links.items() if index not in self.gone}
        stages: list[list[Step]] = []
        while wanted:
            free = [
                (old, name) for old, name in wanted.values() if holders.get(name, old.ifindex) == old.ifindex
            ]
            if not free:  # a circle: one of them gets a temporary name
                old, name = next(iter(wanted.values()))
                aside = self.free_name(holders, old.ifindex)
                stages.append([steps.rename_link(old, aside)])
                del holders[old.name]
                holders[aside] = old.ifindex
                wanted[old.ifindex] = (old._replace(name=aside), name)
                continue
            stages.append([steps.rename_link(old, name) for old, name in free])
            for old, name in free:
                holders.pop(old.name, None)
                holders[name] = old.ifindex
                del wanted[old.ifindex]
        return stages

    def free_name(self, holders: dict[bytes, int], index: int) -> bytes:
        number = index
        while (name := b"aside%d" % number) in holders or name in self.names:
            number += 1
        return name

    def creations(self) -> list[list[Step]]:
        stages: dict[int, list[Step]] = {}
        covered: set[int] = set()
        for index in sorted(self.new):
            if index in covered:
                continue
            link = self.goal.links[index]
            if link.is_peer_pair:
                other = self.goal.links.get(link.lower or 0)
                covered.add(link.lower or 0)
                if other is not None and not link.name and other.name:
                    link = other  # the end with a name is the one to create
            covered.add(index)
            if self.is_above_lower_mtu(link):
                link = link._replace(mtu=None)
            stages.setdefault(self.depth(link), []).append(
                steps.create_link(link, self.goal, self.pack_options(None, link))
            )
        return [stages[depth] for depth in sorted(stages)]

    def is_above_lower_mtu(self, link: LinkRecord) -> bool:
        """Tell whether the link needs a larger MTU than the link below it has now: it is then raised
        afterwards."""
        if link.lower is None or link.is_peer_pair or link.mtu is None:
            return False
        below = self.now.links.get(link.lower)
        return below is not None and below.mtu is not None and below.mtu < link.mtu

    def properties(self, changed: list[tuple[LinkRecord, LinkRecord]]) -> list[list[Step]]:
        lowered: list[tuple[LinkRecord, LinkRecord]] = []
        raised: list[tuple[LinkRecord, LinkRecord]] = []
        plain: list[Step] = []
        options: list[Step] = []
        for old, new in changed:
            if new.mtu is not None and new.mtu != old.mtu:
                (lowered if old.mtu is not None and new.mtu < old.mtu else raised).append((old, new))
            if new.mac != old.mac:
                plain.append(steps.set_mac(new, old.mac))
            if new.queue_length != old.queue_length and new.queue_length is not None:
                plain.append(steps.set_queue_length(new, old.queue_length))
            if new.alias != old.alias:
                plain.append(steps.set_alias(new, old.alias))
            if new.group != old.group:
                plain.append(steps.set_group(new, old.group))
            if new.generation_mode != old.generation_mode and new.generation_mode is not None:
                plain.append(steps.set_generation_mode(new, old.generation_mode))
            data = self.pack_options(old, new)
            if data:
                options.append(steps.set_options(new, data))
        for index in sorted(self.new):
            link = self.goal.links[index]
            if self.is_above_lower_mtu(link):
                raised.append((link._replace(mtu=None), link))
            if link.alias:  # the request that creates the link ignores it
                plain.append(steps.set_alias(link, ""))
            if link.generation_mode:
                plain.append(steps.set_generation_mode(link, None))
        lowered.sort(key=lambda pair: -self.depth(pair[1]))
        raised.sort(key=lambda pair: self.depth(pair[1]))
        return [
            [steps.set_mtu(new, old.mtu) for old, new in lowered],
            [steps.set_mtu(new, old.mtu) for old, new in raised],
            plain,
            options,
        ]

    def pack_options(self, old: LinkRecord | None, new: LinkRecord) -> bytes:
        """Return what to send as the options of its kind. b'' for nothing."""
        table = find_table(new.kind)
        if new.options:
            return pack_options(table, new.options, b"" if old is None else old.data, self.names)
        if not new.data or new.is_peer_pair:
            return b""
        if old is None:
            return keep_options(table, new.data)
        return b"" if old.data == new.data else find_changed(table, new.data, old.data)

    def pack_port_options(self, old: LinkRecord | None, new: LinkRecord) -> bytes:
        """Return what to send as its options as a port. b'' for nothing."""
        table = find_port_table(new.port_kind)
        joined = old is None or old.master != new.master
        there = b"" if old is None or joined else old.port_data
        if new.port:
            return pack_options(table, new.port, there, self.names)
        if not new.port_data:
            return b""
        if joined:
            return keep_options(table, new.port_data)
        return b"" if there == new.port_data else find_changed(table, new.port_data, there)

    def masters(self, changed: list[tuple[LinkRecord, LinkRecord]]) -> list[list[Step]]:
        down: list[Step] = []
        join: list[Step] = []
        port: list[Step] = []
        pairs: list[tuple[LinkRecord | None, LinkRecord]] = [
            *changed,
            *((None, self.goal.links[index]) for index in sorted(self.new)),
        ]
        for old, new in pairs:
            before = None if old is None else old.master
            if new.master is not None and new.master != before:
                above = self.goal.links.get(new.master)
                if above is not None and above.kind == _BOND and old is not None and old.up:
                    down.append(steps.set_up(new, False))
                join.append(steps.set_master(new, self.goal, before))
            data = self.pack_port_options(old, new)
            if data and new.master is not None:
                kind = self.goal.links[new.master].kind if new.master in self.goal.links else None
                port.append(steps.set_port_options(new._replace(port_kind=kind), data))
        return [down, join, port]

    def ups(self, changed: list[tuple[LinkRecord, LinkRecord]]) -> list[list[Step]]:
        stages: dict[int, list[Step]] = {}
        rising = [new for old, new in changed if new.up and not old.up]
        rising += [self.goal.links[index] for index in sorted(self.new) if self.goal.links[index].up]
        for link in rising:
            stages.setdefault(self.depth(link), []).append(steps.set_up(link, True))
        return [stages[depth] for depth in sorted(stages)]

    # -- addresses ----------------------------------------------------------------------------------------

    def addresses(self) -> tuple[list[list[Step]], list[Step]]:
        """Return the removals in two stages (secondary addresses first), and what is added or changed."""
        secondary: list[Step] = []
        primary: list[Step] = []
        here: list[Step] = []
        for index, wanted in self.goal.addresses.items():
            there = self.now.addresses.get(index, ())
            if there is wanted:
                continue
            name = self.goal.name_of(index)
            before = (
                {} if self.known is None else {one.key: one for one in self.known.addresses.get(index, ())}
            )
            kept = keep_in_order(there, wanted)
            for one in reversed(there):
                if one.key not in kept:
                    step = steps.delete_address(one, self.now.name_of(index))
                    (secondary if one.secondary else primary).append(step)
            old = {one.key: one for one in there}
            inet = [one for one in wanted if len(one.local) == 4]
            inet6 = [one for one in wanted if len(one.local) == 16]
            for one in (*inet, *reversed(inet6)):
                if one.key not in kept:
                    here.append(steps.add_address(one, name, known=one.key in before))
                elif len(one.local) == 16 and one.facts() != old[one.key].facts():
                    here.append(steps.change_address(one, name))
        for index, there in self.now.addresses.items():
            if index not in self.goal.addresses and index not in self.gone:
                name = self.now.name_of(index)
                for one in reversed(there):
                    step = steps.delete_address(one, name)
                    (secondary if one.secondary else primary).append(step)
        return [secondary, primary], here

    # -- routes -------------------------------------------------------------------------------------------

    def routes(self) -> tuple[list[Step], list[list[Step]]]:
        away: list[Step] = []
        here: list[tuple[RouteRecord, list[Step]]] = []
        now, goal, gone = self.now.routes, self.goal.routes, self.gone
        for key, there in now.items():
            if key not in goal:
                away += [
                    steps.delete_route(route, self.now)
                    for route in there
                    if not gone.intersection(route.interfaces())
                ]
        for key, wanted in goal.items():
            there = now.get(key, ())
            if there is wanted or there == wanted:
                continue
            if len(there) == 1 and len(wanted) == 1 and steps.is_alike(there[0], wanted[0]):
                here.append((wanted[0], [steps.replace_route(wanted[0], there[0], self.goal)]))
                continue
            made = [
                steps.delete_route(route, self.now)
                for route in there
                if route not in wanted and not gone.intersection(route.interfaces())
            ]
            for route in wanted:
                if route not in there:
                    made.append(steps.add_route(route, self.goal, one_more=len(wanted) > 1))
            if made:
                here.append((wanted[0], made))
        return away, self.order_routes(here)

    def next_hops(self) -> list[list[Step]]:
        """Return the next hop objects to restore: single ones, then groups of them."""
        missing = [
            one for number, one in self.goal.next_hops.items() if self.now.next_hops.get(number) != one
        ]
        return [
            [steps.put_next_hop(one) for one in missing if not one.members()],
            [steps.put_next_hop(one) for one in missing if one.members()],
        ]

    def order_routes(self, some: list[tuple[RouteRecord, list[Step]]]) -> list[list[Step]]:
        """Return stages: a route comes after the routes of the same change that make its gateways
        reachable."""
        direct: list[Step] = []
        waiting: list[tuple[RouteRecord, list[Step]]] = []
        for route, made in some:
            if route.gateways() and not route.flags & 0x4:
                waiting.append((route, made))
            else:
                direct += made
        stages = [direct]
        while waiting:
            prefixes: dict[tuple[int, int], set[bytes]] = {}
            for route, _ in waiting:
                key = route.key
                if key.length:
                    prefixes.setdefault((key.family, key.length), set()).add(key.destination)
            later = [
                entry
                for entry in waiting
                if any(
                    mask(gateway, length) in found
                    for gateway in entry[0].gateways()
                    for (family, length), found in prefixes.items()
                    if family == entry[0].key.family
                    and not (
                        length == entry[0].key.length and mask(gateway, length) == entry[0].key.destination
                    )
                )
            ]
            if len(later) == len(waiting):  # a circle: the kernel will refuse it
                later = []
            late = {id(entry) for entry in later}
            stages.append([step for entry in waiting if id(entry) not in late for step in entry[1]])
            waiting = later
        return stages

    # -- rules and neighbours -----------------------------------------------------------------------------

    def rules_away(self) -> list[Step]:
        return [steps.delete_rule(rule) for rule in _without(self.now.rules, self.goal.rules)]

    def rules_here(self) -> list[Step]:
        return [steps.add_rule(rule) for rule in _without(self.goal.rules, self.now.rules)]

    def neighbours_away(self) -> list[Step]:
        return [
            steps.delete_neighbour(one, self.now.name_of(one.ifindex))
            for key, one in self.now.neighbours.items()
            if key not in self.goal.neighbours and one.ifindex not in self.gone
        ]

    def neighbours_here(self) -> list[Step]:
        return [
            steps.put_neighbour(one, self.now.neighbours.get(key), self.goal.name_of(one.ifindex))
            for key, one in self.goal.neighbours.items()
            if self.now.neighbours.get(key) != one
        ]


def _without(some: tuple[object, ...], others: tuple[object, ...]) -> list:  # type: ignore[type-arg]
    """Return `some` without `others`. Each of `others` removes one equal element."""
    if some is others:
        return []
    left: dict[object, int] = {}
    for one in others:
        left[one] = left.get(one, 0) + 1
    rest = []
    for one in some:
        if left.get(one):
            left[one] -= 1
        else:
            rest.append(one)
    return rest


def keep_in_order(there: tuple[AddressRecord, ...], wanted: tuple[AddressRecord, ...]) -> set[AddressKey]:
    """Return the keys of addresses that can stay, if adding the others one by one gives the wanted order.

    IPv4 lists addresses in the order in which they were added, secondary ones after all primary ones. IPv6
    lists the newest first. Dynamic and link-local addresses stay in any case.
    """
    have = {one.key for one in there}
    keys = {one.key for one in wanted}
    loose = {one.key for one in (*there, *wanted) if not one.permanent or one.link_local}
    kept = loose & have & keys
    old4 = [one for one in there if len(one.local) == 4 and one.key not in loose]
    new4 = split_primaries([one for one in wanted if len(one.local) == 4 and one.key not in loose])
    first, others = new4
    kept_primaries = _common([one for one in old4 if not one.secondary], first)
    kept |= kept_primaries
    subnets = {subnet(one) for one in old4 if not one.secondary and one.key not in kept_primaries}
    kept |= _common([one for one in old4 if one.secondary and subnet(one) not in subnets], others)
    old6 = [one for one in there if len(one.local) == 16 and one.key not in loose]
    new6 = [one for one in wanted if len(one.local) == 16 and one.key not in loose]
    kept |= _common(old6[::-1], new6[::-1])
    same = {one.key: one for one in wanted}
    return {
        one.key
        for one in there
        if one.key in kept
        and (len(one.local) == 4 or same[one.key].prefix_length == one.prefix_length)
        and (len(one.local) == 16 or _alike4(one, same[one.key]))
    }


def _alike4(one: AddressRecord, other: AddressRecord) -> bool:
    """Tell whether both agree in what only deleting and adding can change, where a wish names it."""
    return one.scope == other.scope and one.label == other.label and one.broadcast == other.broadcast


def _common(old: list[AddressRecord], new: list[AddressRecord]) -> set[AddressKey]:
    """Return the longest beginning of `new` that is in `old` in this order."""
    places = {one.key: place for place, one in enumerate(old)}
    kept: set[AddressKey] = set()
    last = -1
    for one in new:
        place = places.get(one.key, -1)
        if place <= last:
            break
        kept.add(one.key)
        last = place
    return kept


def split_primaries(some: list[AddressRecord]) -> tuple[list[AddressRecord], list[AddressRecord]]:
    """Return IPv4 addresses as the kernel groups them: the first of each subnet, and the others."""
    first: list[AddressRecord] = []
    others: list[AddressRecord] = []
    seen: set[object] = set()
    for one in some:
        place = subnet(one)
        (others if place in seen else first).append(one)
        seen.add(place)
    return first, others


def subnet(one: AddressRecord) -> tuple[int, bytes]:
    """Return the subnet in which one address is the primary."""
    return one.prefix_length, mask(one.local if one.peer is None else one.peer, one.prefix_length)
