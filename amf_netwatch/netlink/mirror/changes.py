# SPDX-License-Identifier: Apache-2.0
"""A change of the network as a value: what happened to which link, address or route.

This module also says what counts as a change: the *facts* of each object, named as `amf-netwatch monitor`
prints them. What is no fact (a counter, a queue length, an alias) is kept as the kernel last said it, but
makes no change, because the kernel does not announce it reliably. No IO.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Callable, NamedTuple, Optional, Union

from amf_netwatch.netlink.codec.address import Address
from amf_netwatch.netlink.codec.constants import AddressFlag, Family, LinkFlag
from amf_netwatch.netlink.codec.link import Link
from amf_netwatch.netlink.codec.route import NextHop, Route
from amf_netwatch.netlink.codec.route_constants import RouteFlag

Value = Union[Link, Address, Route]
Fact = Callable[[Any], Any]


class Object(Enum):
    """What a change is about."""

    LINK = "link"
    ADDRESS = "address"
    ROUTE = "route"

    def __str__(self) -> str:
        return self.value


class Action(Enum):
    """What happened."""

    CURRENT = "current"  # it is there, now that the view is complete, or complete again
    NEW = "new"
    CHANGED = "changed"
    REMOVED = "removed"
    LOST = "lost"  # the kernel dropped events; `CURRENT` for everything follows. It concerns no object

    def __str__(self) -> str:
        return self.value


class Change(NamedTuple):
    """One change; `before` is None for a new object, `after` for one that went, both for `Action.LOST`."""

    action: Action
    object: Optional[Object]  # None for `Action.LOST`
    before: Any = None  # Link, Address or Route
    after: Any = None
    changed: tuple[str, ...] = ()  # the names of the facts that differ; of `Action.CHANGED` only
    name: Optional[bytes] = None  # the name of the link (of an address's or route's link) after the change
    resync: bool = False  # no event told of it: it was found when everything was read anew after a loss

    @property
    def value(self) -> Any:
        """The object as it is now, or as it was when it went."""
        return self.before if self.after is None else self.after

    @property
    def ifindex(self) -> int | None:
        """The link's index; None for a route without one (blackhole, several next hops)."""
        value = self.value
        return value.interface if isinstance(value, Route) else None if value is None else value.ifindex


def address_flags(address: Address) -> int:
    """All flags of an address, `AddressFlag` bits."""
    return address.flags if address.all_flags is None else address.all_flags


def route_hops(route: Route) -> tuple[NextHop, ...]:
    """The ways of a route, also when there is only one; () for a route without any (blackhole).

    Of their flags only ONLINK is kept, because the kernel sets DEAD and LINKDOWN without an event. The ways
    of an IPv6 route have no order of their own and are sorted.
    """
    if route.next_hops is not None:
        hops = [hop._replace(flags=hop.flags & RouteFlag.ONLINK) for hop in route.next_hops]
        if route.family == Family.INET6:
            hops.sort(key=repr)
        return tuple(hops)
    if route.interface is None and route.gateway is None and route.via is None:
        return ()
    flags = route.flags & RouteFlag.ONLINK
    return (NextHop(flags, 1, route.interface or 0, route.gateway, route.via),)


def _multipath(route: Route) -> tuple[NextHop, ...] | None:
    return None if route.next_hops is None else route_hops(route)


# The kernel changes other flags without an event, for example while an IPv6 address is tentative.
_ANNOUNCED_FLAGS = (
    AddressFlag.SECONDARY | AddressFlag.DADFAILED | AddressFlag.DEPRECATED | AddressFlag.TENTATIVE
)

LINK_FACTS: dict[str, Fact] = {
    "ifname": lambda link: link.name,
    "mac": lambda link: link.address or None,
    "mtu": lambda link: link.mtu,
    "admin_state": lambda link: link.flags & LinkFlag.UP,
    "oper_state": lambda link: link.operstate,
    "running": lambda link: link.flags & LinkFlag.RUNNING,
    "carrier": lambda link: link.flags & LinkFlag.LOWER_UP,
    "master": lambda link: link.master,
    "kind": lambda link: link.kind,
}
ADDRESS_FACTS: dict[str, Fact] = {
    "prefix_length": lambda address: address.prefix_length,
    "peer": lambda address: address.address,
    "scope": lambda address: address.scope,
    "label": lambda address: address.label,
    "broadcast": lambda address: address.broadcast,
    "flags": lambda address: address_flags(address) & _ANNOUNCED_FLAGS,
}
ROUTE_FACTS: dict[str, Fact] = {
    "gateway": lambda route: route.gateway if route.via is None else route.via,
    "ifindex": lambda route: route.interface,
    "next_hops": _multipath,
    "next_hop_id": lambda route: route.next_hop_id,
    "type": lambda route: route.type,
    "protocol": lambda route: route.protocol,
    "scope": lambda route: route.scope,
    "flags": lambda route: route.flags & RouteFlag.ONLINK,
    "preferred_source": lambda route: route.preferred_source,
}


def changed_facts(facts: dict[str, Fact], before: Any, after: Any) -> tuple[str, ...]:
    """The names of the facts in which two values differ."""
    return tuple(name for name, read in facts.items() if read(before) != read(after))


def read_facts(facts: dict[str, Fact], value: Any) -> tuple[Any, ...]:
    """All facts of a value, in the table's order."""
    return tuple(read(value) for read in facts.values())
