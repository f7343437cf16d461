# SPDX-License-Identifier: Apache-2.0
"""What is asked for, as values: one wish for each object that a document or a change names.

A wish holds only what was named.  What is not named stays as it is, and is not verified.  `path` says where
the wish stands in its document, for messages.  `document` makes wishes from JSON and JSON from wishes;
`goals` makes from wishes and a picture the picture that is asked for.
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
    """A link.  `facts` by name: kind lower peer up mtu mac master txqlen alias addresses options port,
    and `rename`, which only the library has."""

    link: LinkReference
    facts: dict[str, Any] = field(default_factory=dict)
    absent: bool = False
    more_addresses: list[AddressWish] = field(default_factory=list)  # to be added to those that are there
    fewer_addresses: list[AddressWish] = field(default_factory=list)
    reuse: bool = False  # a link of this name and kind may be there already
    create: bool = False  # the link must not be there yet
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
    """A route.  `facts` by name: gateway link source scope kind metrics nexthops onlink."""

    key: RouteKey
    facts: dict[str, Any] = field(default_factory=dict)
    absent: bool = False
    path: str = ""


@dataclass
class RuleWish:
    """A rule.  `facts` by name: priority src dst input output mark table action."""

    family: int
    facts: dict[str, Any] = field(default_factory=dict)
    absent: bool = False
    path: str = ""


@dataclass
class NeighbourWish:
    """A permanent neighbour.  `mac` None: not named (then it is absent)."""

    link: LinkReference
    address: bytes
    mac: bytes | None = None
    absent: bool = False
    path: str = ""


@dataclass
class Wishes:
    """All that is asked for, in the order in which it was named."""

    links: list[LinkWish] = field(default_factory=list)
    routes: list[RouteWish] = field(default_factory=list)
    rules: list[RuleWish] = field(default_factory=list)
    neighbours: list[NeighbourWish] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.links or self.routes or self.rules or self.neighbours)

    def add(self, other: Wishes) -> None:
        """Everything that `other` asks for, too."""
        self.links += other.links
        self.routes += other.routes
        self.rules += other.rules
        self.neighbours += other.neighbours
