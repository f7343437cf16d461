# SPDX-License-Identifier: Apache-2.0
"""From a picture and wishes to the wanted picture.

`apply_wishes` changes only what was named, and returns the very same records where a wish is already
fulfilled: then the plan between the two pictures is empty. A commit is verified in the same way: the wishes
are applied to what the kernel shows afterwards, and nothing may be left to do.

It refuses (RefusedError) what can be known without the kernel: a link that does not exist and has no kind, a
kind that cannot be changed, a route of the kernel's own in the way. The kernel decides about everything else.
"""

from __future__ import annotations

from typing import Any

from amf_netwatch.netlink.codec.kinds.registry import find_port_table, find_table
from amf_netwatch.netlink.codec.kinds.table import Table
from amf_netwatch.netlink.errors import EncodeError, RefusedError
from amf_netwatch.netlink.network.documents.options import find_differing
from amf_netwatch.netlink.network.documents.texts import SCOPES, format_name
from amf_netwatch.netlink.network.documents.wishes import (
    AddressWish,
    LinkReference,
    LinkWish,
    NeighbourWish,
    Wishes,
)
from amf_netwatch.netlink.network.objects.picture import LOOPBACK, LinkRecord, Picture
from amf_netwatch.netlink.network.objects.records import (
    FOR_EVER,
    PERMANENT,
    AddressKey,
    AddressRecord,
    NeighbourRecord,
)
from amf_netwatch.netlink.network.planning.route_goals import RouteGoals
from amf_netwatch.netlink.network.planning.rule_goals import set_rule

_DIRECT = (("up", "up"), ("mtu", "mtu"), ("mac", "mac"), ("txqlen", "queue_length"), ("alias", "alias"))
_FIXED = frozenset(("tun",))  # kinds that rtnetlink deletes, but cannot create
_FALLBACKS = frozenset(
    (
        b"tunl0",
        b"gre0",
        b"gretap0",
        b"erspan0",
        b"sit0",
        b"ip6tnl0",
        b"ip6gre0",
        b"ip_vti0",
        b"ip6_vti0",
    )
)


def apply_wishes(wishes: Wishes, picture: Picture, *, force: bool = False, again: bool = False) -> Picture:
    """Return the wanted picture. Raises RefusedError.

    `force`: links that could not be made again may be deleted. `again`: the wishes have been carried out
    once, so what they create may exist.
    """
    return _Goal(picture, force, again).build(wishes)


class _Goal:
    """One application of wishes to a picture."""

    def __init__(self, picture: Picture, force: bool, again: bool) -> None:
        self.before = picture
        self.goal = picture.copy()
        self.force = force
        self.again = again
        self.names = picture.names()
        self.next_index = max(picture.links, default=0) + 1

    def build(self, wishes: Wishes) -> Picture:
        for wish in wishes.links:
            if wish.absent:
                self.remove(wish)
        self.rename(wishes.links)
        new = self.create([wish for wish in wishes.links if not wish.absent])
        for wish in wishes.links:
            if not wish.absent:
                self.set_link(wish, new)
        for wish in wishes.links:
            if not wish.absent:
                self.set_addresses(wish)
        routes = RouteGoals(self.goal, self.need)
        for route in wishes.routes:
            routes.set_route(route)
        for rule in wishes.rules:
            set_rule(self.goal, rule)
        for neighbour in wishes.neighbours:
            self.set_neighbour(neighbour)
        return self.goal

    # -- links --------------------------------------------------------------------------------------------

    def find(self, link: LinkReference) -> LinkRecord | None:
        index = link if isinstance(link, int) else self.names.get(link)
        return None if index is None else self.goal.links.get(index)

    def need(self, link: LinkReference, path: str, what: str) -> LinkRecord:
        found = self.find(link)
        if found is None:
            raise RefusedError(path, f"there is no link {_say(link)}{what}")
        return found

    def remove(self, wish: LinkWish) -> None:
        link = self.find(wish.link)
        if link is None:
            return
        if not self.force and (reason := why_kept(link)):
            raise RefusedError(
                wish.path, f"{format_name(link.name)} could not be made again ({reason}); force deletes it"
            )
        doomed = self.goal.doomed_with(link.ifindex)
        for ifindex in doomed:
            other = self.goal.links[ifindex]
            for name in (other.name, *other.alternative_names):
                if self.names.get(name) == ifindex:
                    del self.names[name]
        self.goal.remove_links(doomed)

    def rename(self, wishes: list[LinkWish]) -> None:
        renamed = []
        for wish in wishes:
            name = wish.facts.get("rename")
            if name is not None and not wish.absent:
                link = self.find(wish.link)
                if link is None and self.again:
                    link = self.find(name)
                if link is None:
                    link = self.need(wish.link, wish.path, "")
                renamed.append((link, name))
        for link, _ in renamed:
            if self.names.get(link.name) == link.ifindex:
                del self.names[link.name]
        for link, name in renamed:
            holder = self.names.get(name)
            if holder is not None and holder != link.ifindex:
                raise RefusedError("", f"the name {format_name(name)} belongs to another link")
            self.names[name] = link.ifindex
            if link.name != name:
                self.goal.links[link.ifindex] = self.goal.links[link.ifindex]._replace(name=name)

    def create(self, wishes: list[LinkWish]) -> set[int]:
        """Put the missing links into the picture, lower ones first. Return the indexes that they get."""
        new: set[int] = set()
        missing = []
        for wish in wishes:
            link = self.find(wish.link)
            if link is None and self.again and "rename" in wish.facts:
                link = self.find(wish.facts["rename"])
            if link is None:
                missing.append(wish)
            elif wish.create and not self.again and not wish.reuse:
                raise RefusedError(wish.path, f"there is a link {_say(wish.link)} already")
        while missing:
            ready = [wish for wish in missing if self.find(wish.link) is None and self.is_ready(wish)]
            if not ready:
                rest = [wish for wish in missing if self.find(wish.link) is None]
                if not rest:
                    break
                self.refuse_creation(rest[0])
            for wish in ready:
                if self.find(wish.link) is None:
                    self.create_one(wish, new)
            missing = [wish for wish in missing if wish not in ready]
        return new

    def is_ready(self, wish: LinkWish) -> bool:
        lower = wish.facts.get("lower")
        return "kind" in wish.facts and (lower is None or self.find(lower) is not None)

    def refuse_creation(self, wish: LinkWish) -> None:
        if "kind" not in wish.facts:
            raise RefusedError(
                wish.path, f"there is no link {_say(wish.link)}, and without a kind none can be created"
            )
        lower = wish.facts["lower"]
        raise RefusedError(wish.path, f"there is no link {_say(lower)} to put {_say(wish.link)} on")

    def create_one(self, wish: LinkWish, new: set[int]) -> None:
        if isinstance(wish.link, int):
            raise RefusedError(wish.path, f"there is no link {_say(wish.link)}")
        kind, lower = wish.facts["kind"], wish.facts.get("lower")
        index = self.next_index
        self.next_index += 1
        below = None if lower is None else self.need(lower, wish.path, "").ifindex
        if kind == "veth":
            peer = wish.facts.get("peer")
            below = self.next_index
            self.next_index += 1
            far = LinkRecord(below, peer if peer is not None else b"", "veth", lower=index)
            if peer is not None:
                if peer in self.names:
                    raise RefusedError(
                        wish.path, f"the name of the peer, {_say(peer)}, belongs to another link"
                    )
                self.names[peer] = below
            self.goal.links[below] = far
            new.add(below)
        self.goal.links[index] = LinkRecord(index, wish.link, kind, lower=below)
        self.names[wish.link] = index
        new.add(index)

    def set_link(self, wish: LinkWish, new: set[int]) -> None:
        facts = wish.facts
        link = self.find(wish.link) or self.need(facts.get("rename", wish.link), wish.path, "")
        if link.ifindex not in new:
            self.check_fixed(wish, link)
        changed: dict[str, Any] = {
            name: facts[key] for key, name in _DIRECT if key in facts and facts[key] != getattr(link, name)
        }
        if "master" in facts:
            above = facts["master"]
            master = None if above is None else self.need(above, wish.path, " to be the master").ifindex
            if master != link.master:
                changed.update(master=master, port_kind=None, port_data=b"")
        if facts.get("options"):
            if link.kind is None:
                raise RefusedError(wish.path, f"{_say(wish.link)} has no kind, and so no options")
            table = find_table(link.kind)
            wanted = self.compare(
                wish.path, "options", table, facts["options"], link.data, link.ifindex in new
            )
            if wanted:
                changed["options"] = wanted
        if facts.get("port"):
            self.set_port(wish, link, changed)
        if changed:
            self.goal.links[link.ifindex] = link._replace(**changed)

    def set_port(self, wish: LinkWish, link: LinkRecord, changed: dict[str, Any]) -> None:
        """Add to `changed` the wishes about the link as a port."""
        master = changed.get("master", link.master)
        if master is None:
            raise RefusedError(wish.path, f"{_say(wish.link)} is no port of another link")
        port_kind = self.goal.links[master].kind
        joined = "master" in changed or link.port_kind is None
        data = b"" if joined else link.port_data
        table = find_port_table(port_kind)
        wanted = self.compare(wish.path, "port", table, wish.facts["port"], data, joined)
        if wanted:
            changed["port"] = wanted
            changed["port_kind"] = port_kind

    def compare(
        self, path: str, key: str, table: Table | None, wanted: dict[str, Any], data: bytes, new: bool
    ) -> dict[str, Any]:
        """Return the wanted options that must be set. Raises RefusedError."""
        try:
            differing, fixed = find_differing(table, wanted, data, self.names)
        except EncodeError as error:
            raise RefusedError(f"{path}.{key}", str(error)) from None
        if fixed and not new:
            raise RefusedError(
                f"{path}.{key}.{fixed[0]}", "can be set at creation only; delete the link and create it anew"
            )
        return differing

    def check_fixed(self, wish: LinkWish, link: LinkRecord) -> None:
        """Refuse the wish if it differs in something that cannot be changed after the creation."""
        facts = wish.facts
        if "kind" in facts and facts["kind"] != link.kind:
            raise RefusedError(
                wish.path,
                f"{_say(wish.link)} is {'of kind ' + link.kind if link.kind else 'no virtual link'}: "
                f"to make it a {facts['kind']}, delete it and create it anew",
            )
        below = None if link.lower_namespace is not None else link.lower
        for key in ("lower", "peer"):
            if key in facts:
                wanted = self.names.get(facts[key])
                if wanted != below:
                    raise RefusedError(
                        wish.path,
                        f"the {key} of {_say(wish.link)} is {self.before.name_of(below)} and cannot be "
                        f"changed to {_say(facts[key])}; delete the link and create it anew",
                    )

    # -- addresses ----------------------------------------------------------------------------------------

    def set_addresses(self, wish: LinkWish) -> None:
        facts = wish.facts
        if "addresses" not in facts and not wish.more_addresses and not wish.fewer_addresses:
            return
        link = self.find(wish.link) or self.need(facts.get("rename", wish.link), wish.path, "")
        there = self.goal.addresses.get(link.ifindex, ())
        by_key = {one.key: one for one in there}
        kept = (
            self.exact_addresses(link, facts["addresses"], there, by_key) if "addresses" in facts else there
        )
        fewer = {_address_key(link.ifindex, one) for one in wish.fewer_addresses}
        if fewer:
            kept = tuple(one for one in kept if one.key not in fewer)
        if wish.more_addresses:
            known = {one.key for one in kept}
            more = [one for one in wish.more_addresses if _address_key(link.ifindex, one) not in known]
            kept = (*kept, *(self.make_address(link, one, by_key) for one in more))
        if kept != there:
            self.goal.addresses[link.ifindex] = kept

    def exact_addresses(
        self,
        link: LinkRecord,
        wanted: tuple[AddressWish, ...],
        there: tuple[AddressRecord, ...],
        by_key: dict[AddressKey, AddressRecord],
    ) -> tuple[AddressRecord, ...]:
        """Return these addresses and, before them, those that are neither asked for nor removed."""
        records = [self.make_address(link, one, by_key) for one in wanted]
        keys = {_address_key(link.ifindex, one) for one in wanted}
        aside = [
            one
            for key, one in by_key.items()
            if key not in keys and (one.valid != FOR_EVER or one.link_local)
        ]
        left_out = set(map(id, aside))
        present = [one for one in there if id(one) not in left_out]
        if len(present) == len(records) and all(one is other for one, other in zip(present, records)):
            return there
        return (*aside, *records)

    def make_address(
        self, link: LinkRecord, wanted: AddressWish, there: dict[AddressKey, AddressRecord]
    ) -> AddressRecord:
        local, length, peer = wanted
        known = there.get(_address_key(link.ifindex, wanted))
        if known is not None and known.prefix_length == length and known.permanent:
            return known
        if len(local) == 16:
            return AddressRecord(link.ifindex, local, length, peer)
        scope = SCOPES["host"] if local[0] == 127 else 0
        return AddressRecord(link.ifindex, local, length, peer, scope, label=link.name)

    # -- neighbours ---------------------------------------------------------------------------------------

    def set_neighbour(self, wish: NeighbourWish) -> None:
        link = self.need(wish.link, wish.path, "")
        key = (link.ifindex, wish.address, False)
        there = self.goal.neighbours.get(key)
        if wish.absent:
            if there is not None:
                del self.goal.neighbours[key]
        elif there is None or there.mac != wish.mac:
            self.goal.neighbours[key] = NeighbourRecord(
                link.ifindex, wish.address, False, PERMANENT, 0, wish.mac, {}
            )


def why_kept(link: LinkRecord) -> str:
    """Return why this link could not be made again. '' if it could."""
    if link.hardware_type == LOOPBACK:
        return "it is the loopback link"
    if link.kind is None:
        return "it is no virtual link"
    if link.kind in _FIXED:
        return f"rtnetlink does not create links of kind {link.kind}"
    if link.name in _FALLBACKS:
        return "it came with its kernel module"
    if link.lower_namespace is not None:
        return "the link below it is in another namespace"
    return ""


def _say(link: LinkReference) -> str:
    return f"#{link}" if isinstance(link, int) else format_name(link)


def _address_key(ifindex: int, wanted: AddressWish) -> tuple[int, bytes, int, bytes | None]:
    local, length, peer = wanted
    return (ifindex, local, length, peer) if len(local) == 4 else (ifindex, local, 0, None)
