# SPDX-License-Identifier: Apache-2.0
"""A change of the network as a value: what happened to which link, address, route, rule or neighbour.

This module also says what counts as a change: the *facts* of each object, named as `amf-netwatch monitor`
prints them. What is no fact (a counter, a queue length, an alias) is kept as the kernel last said it, but
makes no change, because the kernel does not announce it reliably. No IO.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Callable, NamedTuple, Optional, Union

from amf_netwatch.netlink.codec.address import Address
from amf_netwatch.netlink.codec.constants import AddressFlag, Family, LinkFlag
from amf_netwatch.netlink.codec.link import Link, LinkInfo
from amf_netwatch.netlink.codec.neighbour import Neighbour
from amf_netwatch.netlink.codec.route import NextHop, Route
from amf_netwatch.netlink.codec.route_constants import RouteFlag, RuleFlag
from amf_netwatch.netlink.codec.rule import Rule
from amf_netwatch.netlink.errors import DecodeError

Value = Union[Link, Address, Route, Rule, Neighbour]
# Plain numbers, because the operators of an IntFlag take ten times as long, and each event needs dozens.
_UP, _RUNNING, _LOWER_UP = int(LinkFlag.UP), int(LinkFlag.RUNNING), int(LinkFlag.LOWER_UP)
_ONLINK = int(RouteFlag.ONLINK)
_RULE_FLAGS = int(RuleFlag.PERMANENT | RuleFlag.INVERT)

Fact = Callable[[Any], Any]
Commit = Callable[["Change", Callable[[], None]], None]
"""Reports a change and makes it: it calls the observers before, the given function, the observers after."""


class Object(Enum):
    """The kind of object that a change is about."""

    LINK = "link"
    ADDRESS = "address"
    ROUTE = "route"
    RULE = "rule"
    NEIGHBOUR = "neighbour"

    def __str__(self) -> str:
        return self.value


class Action(Enum):
    """What happened to the object."""

    CURRENT = "current"  # it exists, in a listing of a view that is complete (again)
    NEW = "new"
    CHANGED = "changed"
    REMOVED = "removed"
    LOST = "lost"  # the kernel dropped events; `CURRENT` for everything follows; it is about no object

    def __str__(self) -> str:
        return self.value


class Change(NamedTuple):
    """One change. `before` is None for a new object, `after` for one that is gone, both for `Action.LOST`."""

    action: Action
    object: Optional[Object]  # None for `Action.LOST`
    before: Any = None  # a `Value`
    after: Any = None
    changed: tuple[str, ...] = ()  # the names of the facts that differ; only for `Action.CHANGED`
    name: Optional[bytes] = None  # the name, after the change, of the link or of the object's link
    resync: bool = False  # there was no event: a new reading after a loss has found it

    @property
    def value(self) -> Any:
        """Return the object as it is now, or as it was before it was gone."""
        return self.before if self.after is None else self.after

    @property
    def ifindex(self) -> int | None:
        """Return the link's index. None for a rule, and for a route without one (blackhole, several next
        hops)."""
        value = self.value
        if value is None or isinstance(value, Rule):
            return None
        ifindex: int | None = value.interface if isinstance(value, Route) else value.ifindex
        return ifindex


def make_change(
    about: Object, before: Value | None, after: Value | None, changed: tuple[str, ...], resync: bool
) -> Change:
    """Return the change from one value to another. None stands for no object."""
    action = Action.NEW if before is None else Action.REMOVED if after is None else Action.CHANGED
    return Change(action, about, before, after, changed, None, resync)


def address_flags(address: Address) -> int:
    """Return all flags of an address, as `AddressFlag` bits."""
    return address.flags if address.all_flags is None else address.all_flags


def route_hops(route: Route) -> tuple[NextHop, ...]:
    """The ways of a route, also when there is only one; () for a route without any (blackhole).

    Of their flags only ONLINK is kept, because the kernel sets DEAD and LINKDOWN without an event. The ways
    of an IPv6 route have no order of their own and are sorted.
    """
    if route.next_hops is not None:
        hops = [hop._replace(flags=hop.flags & _ONLINK) for hop in route.next_hops]
        if route.family == Family.INET6:
            hops.sort(key=repr)
        return tuple(hops)
    if route.interface is None and route.gateway is None and route.via is None:
        return ()
    flags = route.flags & _ONLINK
    way = NextHop(flags, 1, route.interface or 0, route.gateway, route.via)
    return (way._replace(encap_type=route.encap_type, encap=route.encap),)


def _multipath(route: Route) -> tuple[NextHop, ...] | None:
    return None if route.next_hops is None else route_hops(route)


def port_options(link: Link) -> dict[str, Any]:
    """The options of a link as a port, those that can be set; {} unless it is a port and up.

    While a port is down, the kernel announces no change of them.
    """
    if not link.up:
        return {}
    # Imported here because it takes 1 ms, and few networks have bridges.
    from amf_netwatch.netlink.codec.kinds.registry import Choice, read_port_options  # noqa: PLC0415

    try:
        return read_port_options(link, choice=Choice.SETTABLE)
    except DecodeError:  # the format of another kernel; the bytes are kept all the same
        return {}


def same_port(one: Link, other: Link) -> bool:
    """Return whether two messages agree about the port, by the bytes, because decoding takes 100 us."""
    here, there = one.info or LinkInfo(), other.info or LinkInfo()
    return (here.port_kind, here.port_data) == (there.port_kind, there.port_data)


def rule_identity(rule: Rule) -> Rule:
    """Return the rule without the flags that the kernel sets when a link or another rule comes or goes."""
    return rule._replace(flags=rule.flags & _RULE_FLAGS)


# The kernel changes other flags without an event, for example while an IPv6 address is tentative.
_ANNOUNCED_FLAGS = int(
    AddressFlag.SECONDARY | AddressFlag.DADFAILED | AddressFlag.DEPRECATED | AddressFlag.TENTATIVE
)

LINK_FACTS: dict[str, Fact] = {
    "ifname": lambda link: link.name,
    "mac": lambda link: link.address or None,
    "mtu": lambda link: link.mtu,
    "admin_state": lambda link: link.flags & _UP,
    "oper_state": lambda link: link.operstate,
    "running": lambda link: link.flags & _RUNNING,
    "carrier": lambda link: link.flags & _LOWER_UP,
    "master": lambda link: link.master,
    "kind": lambda link: link.kind,
}
# Facts of a port; `same_port` says why they are separate. The state changes by itself (spanning tree).
PORT_FACTS: dict[str, Fact] = {
    "port": lambda link: {name: value for name, value in port_options(link).items() if name != "state"},
    "port_state": lambda link: port_options(link).get("state"),
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
    "flags": lambda route: route.flags & _ONLINK,
    "preferred_source": lambda route: route.preferred_source,
    "metrics": lambda route: route.metrics,
    "encap": lambda route: (route.encap_type, route.encap),
}
# A rule has no facts that could change: all its fields are its identity.
RULE_FACTS: dict[str, Fact] = {}
# The kernel does not announce every step between the states of a neighbour that answers.
NEIGHBOUR_FACTS: dict[str, Fact] = {
    "mac": lambda neighbour: neighbour.address,
    "permanent": lambda neighbour: neighbour.permanent,
}


def changed_facts(facts: dict[str, Fact], before: Any, after: Any) -> tuple[str, ...]:
    """Return the names of the facts in which two values differ."""
    return tuple(name for name, read in facts.items() if read(before) != read(after))


def read_facts(facts: dict[str, Fact], value: Any) -> tuple[Any, ...]:
    """Return all facts of a value, in the table's order."""
    return tuple(read(value) for read in facts.values())
