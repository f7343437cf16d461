# SPDX-License-Identifier: Apache-2.0
"""The wishes as values: one wish for each object that a document or a change names.

A wish holds only what was named. What is not named stays as it is, and is not verified. `path` is the place
of the wish in its document, for messages. `reader` makes wishes from JSON; `goals` applies wishes to a
picture and makes the wanted picture.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Union

from amf_netwatch.netlink.network.objects.records import RouteKey

LinkReference = Union[bytes, int]
"""A link by its name, or by its index."""
AddressWish = tuple[bytes, int, "bytes | None"]
"""Own address, prefix length, and the peer's address or None."""


@dataclass
class LinkWish:
    """A link. `facts` by name: kind lower peer up mtu mac master txqlen alias addresses options port,
    and `rename`, which only the library has."""

    link: LinkReference
    facts: dict[str, Any] = field(default_factory=dict)
    absent: bool = False
    more_addresses: list[AddressWish] = field(default_factory=list)  # to be added to the present ones
    fewer_addresses: list[AddressWish] = field(default_factory=list)
    reuse: bool = False  # a link of this name and kind may be there already
    create: bool = False  # the link must not exist yet
    path: str = ""


@dataclass
class NextHopWish:
    """One way of a multipath route."""

    gateway: bytes | None = None
    link: LinkReference | None = None
    weight: int = 1
    onlink: bool = False


@dataclass
class RouteWish:
    """A route. `facts` by name: gateway link source scope kind metrics nexthops onlink."""

    key: RouteKey
    facts: dict[str, Any] = field(default_factory=dict)
    absent: bool = False
    path: str = ""


@dataclass
class RuleWish:
    """A rule. `facts` by name: priority src dst input output mark table action."""

    family: int
    facts: dict[str, Any] = field(default_factory=dict)
    absent: bool = False
    path: str = ""


@dataclass
class NeighbourWish:
    """A permanent neighbour. `mac` None: it is not named, because the neighbour must be absent."""

    link: LinkReference
    address: bytes
    mac: bytes | None = None
    absent: bool = False
    path: str = ""


@dataclass
class Wishes:
    """All wishes, in the order in which they were named."""

    links: list[LinkWish] = field(default_factory=list)
    routes: list[RouteWish] = field(default_factory=list)
    rules: list[RuleWish] = field(default_factory=list)
    neighbours: list[NeighbourWish] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.links or self.routes or self.rules or self.neighbours)

    def add(self, other: Wishes) -> None:
        """Add everything that `other` asks for."""
        self.links += other.links
        self.routes += other.routes
        self.rules += other.rules
        self.neighbours += other.neighbours
