# SPDX-License-Identifier: Apache-2.0
"""The wanted routes: which wishes are fulfilled already, and how the others change the present routes.

Links and addresses are in `goals`, rules and neighbours in `rule_goals`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from struct import Struct
from typing import Any

from amf_netwatch.netlink.errors import RefusedError
from amf_netwatch.netlink.network.documents.options import merge_metrics
from amf_netwatch.netlink.network.documents.texts import SCOPES, format_prefix
from amf_netwatch.netlink.network.documents.wishes import LinkReference, NextHopWish, RouteWish
from amf_netwatch.netlink.network.objects.picture import LinkRecord, Picture
from amf_netwatch.netlink.network.objects.records import (
    INET,
    INET6,
    PROTOCOL_KERNEL,
    RTA_GATEWAY,
    RTA_METRICS,
    RTA_MULTIPATH,
    RTA_OIF,
    RTA_PREFSRC,
    RTA_VIA,
    RouteRecord,
    iter_next_hops,
    pack_next_hops,
)

PROTOCOL_OURS = 77  # RTPROT_*: marks the routes and rules that this library made
ONLINK = 0x4
_UNICAST, _LOCAL, _FIRST_WITHOUT_LINK = 1, 2, 6
_WITHIN_LINK = (3, 4, 5)  # broadcast anycast multicast
_U32 = Struct("=I")
_VIA_FAMILY = Struct("=H")

NeedLink = Callable[[LinkReference, str, str], LinkRecord]
"""Finds the link of a name or index. It also gets the wish's path and the end of the refusing sentence."""


class RouteGoals:
    """Applies the wishes for routes to a picture. `need` finds the links that they name."""

    def __init__(self, goal: Picture, need: NeedLink) -> None:
        self._goal = goal
        self._need = need

    def set_route(self, wish: RouteWish) -> None:
        """Make the route as the wish says. Raises RefusedError."""
        routes = self._goal.routes
        there = routes.get(wish.key, ())
        if len(there) > 1 or any(route.foreign for route in there):
            if wish.absent or len(there) != 1 or not self.holds(wish, there[0]):
                raise RefusedError(
                    wish.path, f"the routes to {_say(wish)} cannot be expressed here, and stay as they are"
                )
            return
        old = there[0] if there else None
        if (old is None and wish.absent) or (old is not None and not wish.absent and self.holds(wish, old)):
            return
        if old is not None and old.protocol == PROTOCOL_KERNEL:
            raise RefusedError(
                wish.path, f"the route to {_say(wish)} is the kernel's own, and stays as it is"
            )
        if wish.absent:
            del routes[wish.key]
        else:
            routes[wish.key] = (self.make_route(wish, old),)

    def holds(self, wish: RouteWish, route: RouteRecord) -> bool:
        """Tell whether the route has everything that the wish names."""
        return self._same_properties(wish, route) and self._same_ways(wish, route)

    def _same_properties(self, wish: RouteWish, route: RouteRecord) -> bool:
        facts, attributes = wish.facts, route.attributes
        metrics = attributes.get(RTA_METRICS, b"")
        return (
            _kind_of(facts, route.type) == route.type
            and (wish.key.family != INET or facts.get("scope", route.scope) == route.scope)
            and ("source" not in facts or facts["source"] == attributes.get(RTA_PREFSRC))
            and ("metrics" not in facts or merge_metrics(metrics, facts["metrics"]) == metrics)
        )

    def _same_ways(self, wish: RouteWish, route: RouteRecord) -> bool:
        facts, attributes = wish.facts, route.attributes
        if "nexthops" in facts:
            return self.same_next_hops(facts["nexthops"], route, wish.path)
        if "onlink" in facts and facts["onlink"] != bool(route.flags & ONLINK):
            return False
        if RTA_MULTIPATH in attributes:
            return "gateway" not in facts and "link" not in facts
        if "gateway" in facts and facts["gateway"] != gateway_of(attributes):
            return False
        return "link" not in facts or route.interfaces() == (
            self._need(facts["link"], wish.path, "").ifindex,
        )

    def same_next_hops(self, wanted: tuple[NextHopWish, ...], route: RouteRecord, path: str) -> bool:
        """Tell whether the ways are the same, in any order. A way without a named link matches any link."""
        packed = route.attributes.get(RTA_MULTIPATH)
        if packed is None:
            there = [(route.flags, 1, (route.interfaces() or (0,))[0], route.attributes)]
        else:
            there = iter_next_hops(packed)
        if len(there) != len(wanted):
            return False
        for hop in sorted(wanted, key=lambda one: one.link is None):
            index = None if hop.link is None else self._need(hop.link, path, "").ifindex
            for place, (flags, weight, interface, attributes) in enumerate(there):
                if (
                    gateway_of(attributes) == hop.gateway
                    and (weight == hop.weight or len(wanted) == 1)
                    and (index is None or index == interface)
                    and (not hop.onlink or flags & ONLINK)
                ):
                    del there[place]
                    break
            else:
                return False
        return True

    def make_route(self, wish: RouteWish, old: RouteRecord | None) -> RouteRecord:
        """Return the wanted route. What is not named stays as in `old`."""
        facts, key = wish.facts, wish.key
        kind = _kind_of(facts, _UNICAST if old is None else old.type)
        attributes = _drop_ways(facts.keys(), {} if old is None else dict(old.attributes), kind, old)
        flags = 0 if old is None else old.flags
        if "onlink" in facts or "nexthops" in facts:
            flags = flags | ONLINK if facts.get("onlink") else flags & ~ONLINK
        flags = self._add_ways(wish, attributes, flags)
        if "source" in facts:
            attributes.pop(RTA_PREFSRC, None)
            if facts["source"] is not None:
                attributes[RTA_PREFSRC] = facts["source"]
        if "metrics" in facts:
            attributes[RTA_METRICS] = merge_metrics(attributes.get(RTA_METRICS, b""), facts["metrics"])
            if not attributes[RTA_METRICS]:
                del attributes[RTA_METRICS]
        scope = facts.get("scope")
        if scope is None or key.family != INET:
            scope = _default_scope(key.family, kind, attributes)
        protocol = PROTOCOL_OURS if old is None else old.protocol
        return RouteRecord(key, protocol, scope, kind, flags, attributes)

    def _add_ways(self, wish: RouteWish, attributes: dict[int, bytes], flags: int) -> int:
        """Add the gateway, link or next hops of the wish. Return the flags of the route."""
        facts, family = wish.facts, wish.key.family
        hops: tuple[NextHopWish, ...] = facts.get("nexthops", ())
        gateway, link = facts.get("gateway"), facts.get("link")
        if len(hops) == 1:  # the kernel does not make a multipath route of a single way
            gateway, link = hops[0].gateway, hops[0].link
            flags = flags | ONLINK if hops[0].onlink else flags
        elif hops:
            packed = []
            for hop in hops:
                index = 0 if hop.link is None else self._need(hop.link, wish.path, "").ifindex
                inside = {} if hop.gateway is None else _gateway_attribute(family, hop.gateway)
                packed.append((ONLINK if hop.onlink else 0, hop.weight, index, inside))
            attributes[RTA_MULTIPATH] = pack_next_hops(packed)
        if gateway is not None:
            attributes.update(_gateway_attribute(family, gateway))
        if link is not None:
            attributes[RTA_OIF] = _U32.pack(self._need(link, wish.path, "").ifindex)
        return flags


def _kind_of(facts: dict[str, Any], there: int) -> int:
    """Return the wanted kind: a route that gets a gateway or link is not a blackhole any more."""
    leads = facts.get("gateway") is not None or "link" in facts or "nexthops" in facts
    kind: int = facts.get("kind", _UNICAST if leads and there >= _FIRST_WITHOUT_LINK else there)
    return kind


def _say(wish: RouteWish) -> str:
    key = wish.key
    return format_prefix(key.destination or bytes(4 if key.family == INET else 16), key.length)


def _drop_ways(
    named: Iterable[str], attributes: dict[int, bytes], kind: int, old: RouteRecord | None
) -> dict[int, bytes]:
    """Remove the old ways of the route, as far as the wish replaces them."""
    ways = {"gateway", "link", "nexthops"}.intersection(named)
    if not ways and (old is None or kind == old.type):
        return attributes
    attributes.pop(RTA_MULTIPATH, None)
    attributes.pop(RTA_OIF, None)
    if "gateway" in ways or "nexthops" in ways or kind >= _FIRST_WITHOUT_LINK:
        attributes.pop(RTA_GATEWAY, None)
        attributes.pop(RTA_VIA, None)
    return attributes


def gateway_of(attributes: dict[int, bytes]) -> bytes | None:
    """Return the address of the next hop, of any family."""
    via = attributes.get(RTA_VIA)
    return attributes.get(RTA_GATEWAY) if via is None else via[2:]


def _gateway_attribute(family: int, gateway: bytes) -> dict[int, bytes]:
    own = INET if len(gateway) == 4 else INET6
    if own == family:
        return {RTA_GATEWAY: gateway}
    return {RTA_VIA: _VIA_FAMILY.pack(own) + gateway}


def _default_scope(family: int, kind: int, attributes: dict[int, bytes]) -> int:
    """Return the scope that `ip route` would choose."""
    if family != INET:
        return 0
    if kind == _LOCAL:
        return SCOPES["host"]
    leads_on = RTA_GATEWAY in attributes or RTA_VIA in attributes or RTA_MULTIPATH in attributes
    if kind in _WITHIN_LINK or (kind == _UNICAST and not leads_on):
        return SCOPES["link"]
    return 0
