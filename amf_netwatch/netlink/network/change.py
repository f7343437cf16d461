# SPDX-License-Identifier: Apache-2.0
"""A change: wishes collected in memory, reviewed, and committed as one transaction.

::

    with network.change() as change:
        br0 = change.create("bridge", "br0", stp_state=1).set(mtu=1400).up().add_address("192.0.2.1/24")
        br0.add_port("eth1")
        change.links["eth1"].port["cost"] = 200
        change.routes.add("default", gateway="192.0.2.254", metrics={"mtu": 1300})
        print(change.review())

Editors (`change.links[...]`, `change.routes[...]`) show what was read when the change began, and collect
wishes. Names and values are those of the document. Nothing reaches the kernel before `commit`.
A refused change keeps its wishes: correct them and commit again, or drop it. Only one thread may use it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import Any, Callable, Optional, Union

from amf_netwatch.netlink.codec.address import format_ip
from amf_netwatch.netlink.errors import RefusedError
from amf_netwatch.netlink.network.documents import texts
from amf_netwatch.netlink.network.documents.reader import read_document
from amf_netwatch.netlink.network.documents.review import describe_addresses, describe_route, review_changes
from amf_netwatch.netlink.network.documents.wishes import (
    LinkReference,
    LinkWish,
    RouteWish,
    Wishes,
)
from amf_netwatch.netlink.network.objects.picture import LinkRecord, Picture
from amf_netwatch.netlink.network.objects.records import RTA_MULTIPATH, RouteKey, RouteRecord
from amf_netwatch.netlink.network.planning.goals import apply_wishes
from amf_netwatch.netlink.network.planning.order import Plan, make_plan
from amf_netwatch.netlink.network.transaction import Outcome
from amf_netwatch.netlink.network.trial import Trial

AddressText = Union[str, "tuple[str, int]"]
Committer = Callable[..., Any]


class Change:
    """Wishes for one network. `Network.change` makes it, with the functions that carry out a commit."""

    def __init__(self, base: Picture, commit: Committer) -> None:
        self.id = os.urandom(4).hex()
        self.base = base
        self.wishes = Wishes()
        self.outcome: Optional[Outcome] = None  # the outcome of the last successful commit
        self.trial: Optional[Trial] = None  # the trial of the last commit that must be confirmed
        self.links = LinkEditors(self)
        self.routes = RouteEditors(self)
        self.rules = RuleEditors(self)
        self.neighbours = NeighbourEditors(self)
        self.force = False
        self._commit = commit
        self._dropped = False

    def __enter__(self) -> Change:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is not None:
            self.drop()
        elif not self._dropped:
            self.commit()

    # -- wishes -------------------------------------------------------------------------------------------

    def load(self, document: Mapping[str, Any]) -> Change:
        """Add everything that a document names. Raises DocumentError."""
        self.wishes.add(read_document(document))
        return self

    def create(
        self,
        kind: str,
        name: str,
        *,
        lower: Optional[str] = None,
        peer: Optional[str] = None,
        reuse: bool = False,
        **options: Any,
    ) -> LinkEditor:
        """Create a link; `options` are those of its kind. `reuse`: a link of this name and kind may exist."""
        facts: dict[str, Any] = {"kind": kind}
        if lower is not None:
            facts["lower"] = lower
        if peer is not None:
            facts["peer"] = peer
        if options:
            facts["options"] = options
        editor = self.links.edit(texts.read_name(name))
        editor.set(**facts)
        editor.wish.create, editor.wish.reuse = True, reuse
        return editor

    # -- looking ------------------------------------------------------------------------------------------

    def goal(self) -> Picture:
        """Return the picture that the wishes ask for, from what was read at the beginning. Raises
        RefusedError."""
        return apply_wishes(self.wishes, self.base, force=self.force)

    def review(self) -> dict[str, Any]:
        """Return a document of what would change, without a system call. Raises RefusedError."""
        return review_changes(self.base, self.goal())

    def plan(self) -> Plan:
        """Return the steps, in order, with their inverses, without a system call. Raises RefusedError."""
        return make_plan(self.base, self.goal())

    # -- the end ------------------------------------------------------------------------------------------

    def commit(
        self,
        *,
        check: Optional[Callable[[], object]] = None,
        confirm: Optional[float] = None,
        ensure: Iterable[str] = (),
        ensure_timeout: float = 5.0,
        guard: bool = False,
        strict: bool = False,
        timeout: float = 60.0,
    ) -> Change:
        """Carry it out, completely or not at all; see `Network.commit`. Raises CommitError, RefusedError."""
        if self._dropped:
            raise RefusedError("", "the change was dropped")
        self._commit(
            self,
            check=check,
            confirm=confirm,
            ensure=tuple(ensure),
            ensure_timeout=ensure_timeout,
            guard=guard,
            strict=strict,
            timeout=timeout,
        )
        return self

    def drop(self) -> None:
        """Forget the wishes. A second call does nothing."""
        self.wishes = Wishes()
        self._dropped = True

    def finish(self, outcome: Outcome) -> None:
        """Note that the commit succeeded, and begin again with what is there now."""
        self.outcome = outcome
        self.base = outcome.after
        self.wishes = Wishes()
        self.links = LinkEditors(self)


class LinkEditors:
    """The links of a change, by name, alternative name or index."""

    def __init__(self, change: Change) -> None:
        self._change = change
        self._editors: dict[LinkReference, LinkEditor] = {}

    def __getitem__(self, link: Union[str, int, LinkEditor]) -> LinkEditor:
        reference = refer(link)
        record = self._find(reference)
        if record is None and reference not in self._editors and not self._will_be(reference):
            raise KeyError(link)
        return self.edit(reference if record is None else record.ifindex)

    def __contains__(self, link: Union[str, int]) -> bool:
        return self._find(refer(link)) is not None or refer(link) in self._editors

    def _will_be(self, reference: LinkReference) -> bool:
        """Tell whether a wish asks for this link, by itself or as the peer of another."""
        return any(
            reference in (wish.link, wish.facts.get("peer"), wish.facts.get("rename"))
            for wish in self._change.wishes.links
        )

    def __iter__(self) -> Iterator[str]:
        return iter([texts.format_name(link.name) for link in self._change.base.links.values()])

    def _find(self, reference: LinkReference) -> Optional[LinkRecord]:
        base = self._change.base
        return base.links.get(reference) if isinstance(reference, int) else base.find(reference)

    def edit(self, reference: LinkReference) -> LinkEditor:
        """Return the editor of this link. The link need not exist yet."""
        if isinstance(reference, bytes):
            record = self._change.base.find(reference)
            reference = reference if record is None else record.ifindex
        editor = self._editors.get(reference)
        if editor is None:
            wish = LinkWish(reference)
            self._change.wishes.links.append(wish)
            editor = self._editors[reference] = LinkEditor(self._change, wish, self._find(reference))
        return editor


def refer(link: Union[str, int, LinkEditor]) -> LinkReference:
    """Return a link by name, index or editor, in the form that wishes use."""
    if isinstance(link, LinkEditor):
        return link.wish.link
    if isinstance(link, int):
        return link
    return texts.read_name(link)


class LinkEditor:
    """One link of a change. Every method returns the editor, so that calls can be chained."""

    def __init__(self, change: Change, wish: LinkWish, record: Optional[LinkRecord]) -> None:
        self.wish = wish
        self.record = record  # the link as it was read; None if it is new
        self._change = change
        self.port: MutableMapping[str, Any] = _NamedValues(self, "port")
        self.options: MutableMapping[str, Any] = _NamedValues(self, "options")

    @property
    def addresses(self) -> list[str]:
        """Return its permanent addresses as they were read, in the kernel's order."""
        return [] if self.record is None else describe_addresses(self._there())

    def _there(self) -> Any:
        return self._change.base.addresses.get(self.record.ifindex if self.record else 0, ())

    def set(self, **facts: Any) -> LinkEditor:
        """Set facts of the document (mtu mac master txqlen alias state addresses options port), or `name`
        to rename it. Raises DocumentError."""
        name = facts.pop("name", None)
        if "master" in facts and facts["master"] is not None:
            self.wish.facts["master"] = refer(facts.pop("master"))
        if facts.get("state") == "absent":
            facts.pop("state")
            self.delete()
        read = read_document({"links": [{"name": "x", **facts}]}).links[0]
        for key in ("options", "port"):
            if key in read.facts:
                read.facts[key] = {**self.wish.facts.get(key, {}), **read.facts[key]}
        self.wish.facts.update(read.facts)
        if name is not None:
            self.wish.facts["rename"] = texts.read_name(name)
        return self

    def __setitem__(self, key: str, value: Any) -> None:
        self.set(**{key: value})

    def up(self) -> LinkEditor:
        """Set it up."""
        self.wish.facts["up"] = True
        return self

    def down(self) -> LinkEditor:
        """Set it down."""
        self.wish.facts["up"] = False
        return self

    def delete(self) -> LinkEditor:
        """Delete it."""
        self.wish.absent = True
        return self

    def add_address(self, address: AddressText, length: Optional[int] = None) -> LinkEditor:
        """Add an address: ``"192.0.2.1/24"``, ``("192.0.2.1", 24)`` or ``"192.0.2.1", 24``."""
        self.wish.more_addresses.append(_address(address, length))
        return self

    def del_address(self, address: AddressText, length: Optional[int] = None) -> LinkEditor:
        """Remove an address. It need not exist."""
        self.wish.fewer_addresses.append(_address(address, length))
        return self

    def add_port(self, link: Union[str, int, LinkEditor]) -> LinkEditor:
        """Put a link under this bridge, bond or VRF."""
        self._change.links.edit(refer(link)).wish.facts["master"] = self.wish.facts.get(
            "rename", self.wish.link
        )
        return self

    def del_port(self, link: Union[str, int, LinkEditor]) -> LinkEditor:
        """Remove a link from this bridge, bond or VRF."""
        self._change.links.edit(refer(link)).wish.facts["master"] = None
        return self


def _address(address: AddressText, length: Optional[int]) -> tuple[bytes, int, Optional[bytes]]:
    if not isinstance(address, str):
        address, length = address
    try:
        return texts.read_address(address if length is None else f"{address}/{length}")
    except ValueError as error:
        raise RefusedError("", str(error)) from None


class _NamedValues(MutableMapping[str, Any]):
    """The wanted options of a link or of a port, or the wanted metrics of a route, as a mapping.

    Assigning a value checks it.
    """

    def __init__(self, editor: Union[LinkEditor, RouteEditor], key: str) -> None:
        self._editor = editor
        self._key = key

    def _wished(self) -> dict[str, Any]:
        found: dict[str, Any] = self._editor.wish.facts.get(self._key, {})
        return found

    def __getitem__(self, name: str) -> Any:
        return self._wished()[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._editor.set(**{self._key: {name: value}})

    def __delitem__(self, name: str) -> None:
        del self._wished()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._wished())

    def __len__(self) -> int:
        return len(self._wished())


class RouteEditors:
    """The routes of a change."""

    def __init__(self, change: Change) -> None:
        self._change = change

    def add(self, dst: str, **facts: Any) -> RouteEditor:
        """Ask for a route; facts as in the document. Raises DocumentError."""
        wish = read_document({"routes": [{"dst": dst, **facts}]}).routes[0]
        return self._take(wish)

    def remove(self, dst: str, **identity: Any) -> None:
        """Ask that a route is removed (give `table`, `priority`, `tos` if they are not the defaults)."""
        self._take(read_document({"routes": [{"dst": dst, **identity, "state": "absent"}]}).routes[0])

    def __getitem__(self, identity: Union[str, Mapping[str, Any]]) -> RouteEditor:
        """Return the route to this destination, or with these facts (`dst`, `table`, `priority`, `tos`)."""
        entry = {"dst": identity} if isinstance(identity, str) else dict(identity)
        wish = read_document({"routes": [entry]}).routes[0]
        record = self._find(wish.key, exact="priority" in entry)
        if record is None and entry["dst"] == "default":
            record = self._find(wish.key._replace(family=10, priority=1024), exact=False)
        if record is None:
            raise KeyError(identity)
        return self._take(RouteWish(record.key, wish.facts), record)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        base = self._change.base
        return iter([describe_route(route, base) for route in base.iter_routes()])

    def _find(self, key: RouteKey, *, exact: bool) -> Optional[RouteRecord]:
        for route in self._change.base.iter_routes():
            there = route.key
            if there == key or (not exact and there._replace(priority=key.priority) == key):
                return route
        return None

    def _take(self, wish: RouteWish, record: Optional[RouteRecord] = None) -> RouteEditor:
        for known in self._change.wishes.routes:
            if known.key == wish.key:
                known.facts.update(wish.facts)
                known.absent = wish.absent
                return RouteEditor(self._change, known, record)
        self._change.wishes.routes.append(wish)
        return RouteEditor(self._change, wish, record)


class RouteEditor:
    """One route of a change; calls can be chained."""

    def __init__(self, change: Change, wish: RouteWish, record: Optional[RouteRecord]) -> None:
        self.wish = wish
        self._change = change
        self._record = record if record is not None else (change.base.routes.get(wish.key) or (None,))[0]
        self.metrics: MutableMapping[str, Any] = _NamedValues(self, "metrics")

    def set(self, **facts: Any) -> RouteEditor:
        """Set facts of the document. Raises DocumentError."""
        dst = "default" if self.wish.key.family == 2 else "::/0"
        read = read_document({"routes": [{"dst": dst, **facts}]}).routes[0].facts
        if "metrics" in read:
            read["metrics"] = {**self.wish.facts.get("metrics", {}), **read["metrics"]}
        for key in ("gateway", "link"):
            if key in read:
                self.wish.facts.pop("nexthops", None)
        self.wish.facts.update(read)
        return self

    def __setitem__(self, key: str, value: Any) -> None:
        self.set(**{key: value})

    def nexthops(self) -> list[dict[str, Any]]:
        """Return its wanted ways, in the words of the document."""
        if "nexthops" in self.wish.facts:
            return [
                {
                    key: value
                    for key, value in (
                        ("gateway", None if hop.gateway is None else format_ip(hop.gateway)),
                        ("link", self._say(hop.link)),
                        ("weight", hop.weight),
                        ("onlink", hop.onlink or None),
                    )
                    if value is not None
                }
                for hop in self.wish.facts["nexthops"]
            ]
        if "gateway" in self.wish.facts or "link" in self.wish.facts:
            gateway = self.wish.facts.get("gateway")
            way = {
                "gateway": None if gateway is None else format_ip(gateway),
                "link": self._say(self.wish.facts.get("link")),
            }
            return [{key: value for key, value in way.items() if value is not None}]
        if self._record is None:
            return []
        entry = describe_route(self._record, self._change.base)
        if RTA_MULTIPATH in self._record.attributes:
            hops: list[dict[str, Any]] = entry["nexthops"]
            return hops
        return [{key: entry[key] for key in ("gateway", "link", "onlink") if key in entry}]

    def _say(self, link: Optional[LinkReference]) -> Optional[str]:
        if link is None:
            return None
        return self._change.base.name_of(link) if isinstance(link, int) else texts.format_name(link)

    def add_nexthop(self, **way: Any) -> RouteEditor:
        """Add one more way: `gateway`, `link`, `weight`, `onlink`."""
        return self._ways([*self.nexthops(), way])

    def del_nexthop(self, **way: Any) -> RouteEditor:
        """Remove the ways that have all these facts."""
        return self._ways(
            [hop for hop in self.nexthops() if any(hop.get(key) != value for key, value in way.items())]
        )

    def _ways(self, ways: list[dict[str, Any]]) -> RouteEditor:
        for key in ("gateway", "link", "onlink"):
            self.wish.facts.pop(key, None)
        return self.set(nexthops=ways)

    def remove(self) -> RouteEditor:
        """Ask that the route is removed."""
        self.wish.absent = True
        return self


class RuleEditors:
    """The rules of a change. A rule is changed by removing it and adding another."""

    def __init__(self, change: Change) -> None:
        self._change = change

    def add(self, **facts: Any) -> None:
        """Ask for a rule. Raises DocumentError."""
        self._change.wishes.add(read_document({"rules": [facts]}))

    def remove(self, **facts: Any) -> None:
        """Ask that the rules that have all these facts are removed. Raises DocumentError."""
        self._change.wishes.add(read_document({"rules": [{**facts, "state": "absent"}]}))


class NeighbourEditors:
    """The permanent neighbours of a change."""

    def __init__(self, change: Change) -> None:
        self._change = change

    def add(self, link: str, address: str, mac: str) -> None:
        """Ask for a neighbour. Raises DocumentError."""
        entry = {"link": link, "address": address, "mac": mac}
        self._change.wishes.add(read_document({"neighbours": [entry]}))

    def remove(self, link: str, address: str) -> None:
        """Ask that a neighbour is removed. Raises DocumentError."""
        entry = {"link": link, "address": address, "state": "absent"}
        self._change.wishes.add(read_document({"neighbours": [entry]}))
