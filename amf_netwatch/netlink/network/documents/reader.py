# SPDX-License-Identifier: Apache-2.0
"""The document: JSON that describes the wanted links, routes, rules and neighbours.

`read_document` checks everything and lists every error with its path; `print_document` writes in stable
order, so that documents can be compared and kept in git; `same_document` compares by value.

Rules: an unknown key or value is an error. ``null`` means "none" where it is allowed (`master`, `gateway`,
`source`). Objects that a dump marks as ``foreign``, and the key ``dynamic`` of a link, can be read but not
asked for: they are ignored. Naming the same object twice is an error unless both entries are equal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Callable, Optional

from amf_netwatch.netlink.errors import DocumentError
from amf_netwatch.netlink.network.documents import texts
from amf_netwatch.netlink.network.documents.options import check_metrics, check_options, check_port_options
from amf_netwatch.netlink.network.documents.wishes import (
    LinkWish,
    NeighbourWish,
    NextHopWish,
    RouteWish,
    RuleWish,
    Wishes,
)
from amf_netwatch.netlink.network.objects.records import INET, INET6, IPV6_PRIORITY, RouteKey

SECTIONS = ("links", "routes", "rules", "neighbours")
_LINK_KEYS = (
    "name",
    "kind",
    "lower",
    "peer",
    "state",
    "mtu",
    "mac",
    "master",
    "txqlen",
    "alias",
    "addresses",
    "dynamic",
    "options",
    "port",
    "foreign",
)
_ROUTE_KEYS = (
    "dst",
    "table",
    "priority",
    "tos",
    "gateway",
    "link",
    "source",
    "scope",
    "kind",
    "metrics",
    "nexthops",
    "onlink",
    "state",
    "foreign",
)
_NEXT_HOP_KEYS = (
    "gateway",
    "link",
    "weight",
    "onlink",
)
_RULE_KEYS = (
    "priority",
    "family",
    "src",
    "dst",
    "input",
    "output",
    "mark",
    "table",
    "action",
    "state",
    "foreign",
)
_NEIGHBOUR_KEYS = (
    "link",
    "address",
    "mac",
    "state",
    "foreign",
)
KEYS = {
    "links": _LINK_KEYS,
    "routes": _ROUTE_KEYS,
    "rules": _RULE_KEYS,
    "neighbours": _NEIGHBOUR_KEYS,
}
_U32_LIMIT = 1 << 32
_WITHOUT_NEXT_HOP = (6, 7, 8, 9)  # blackhole unreachable prohibit throw


def parse_document(text: str) -> Wishes:
    """Return the wishes of a document as text. DocumentError if it has an error or is not JSON."""
    try:
        document = json.loads(text, object_pairs_hook=_without_doubles)
    except _DoubleKeyError as error:
        raise DocumentError([("", f"the key {error.args[0]!r} stands twice in one object")]) from None
    except (ValueError, RecursionError) as error:
        raise DocumentError([("", f"this is no JSON: {error}")]) from None
    return read_document(document)


class _DoubleKeyError(Exception):
    pass


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _DoubleKeyError(key)
        found[key] = value
    return found


def read_document(document: Any) -> Wishes:
    """Return the wishes of a decoded document. DocumentError lists every error with its path."""
    reader = _Reader()
    wishes = reader.read(document)
    if reader.errors:
        raise DocumentError(reader.errors)
    return wishes


def print_document(document: Mapping[str, Any], *, indent: Optional[int] = 2) -> str:
    """Return JSON text in stable order: sections and keys as in the manual, options by name."""
    return json.dumps(arrange_document(document), indent=indent, ensure_ascii=True)


def arrange_document(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with its sections and keys in the order of the manual; lists stay unchanged."""
    arranged: dict[str, Any] = {}
    for section in SECTIONS:
        if document.get(section):
            arranged[section] = [_arrange(KEYS[section], entry) for entry in document[section]]
    return arranged


def _arrange(order: tuple[str, ...], entry: Mapping[str, Any]) -> dict[str, Any]:
    arranged = {key: entry[key] for key in order if key in entry}
    for key in ("options", "port", "metrics"):
        if isinstance(arranged.get(key), dict):
            arranged[key] = dict(sorted(arranged[key].items()))
    if "nexthops" in arranged:
        arranged["nexthops"] = [
            {key: hop[key] for key in _NEXT_HOP_KEYS if key in hop} for hop in arranged["nexthops"]
        ]
    return arranged


def same_document(one: Any, other: Any) -> bool:
    """Tell whether both ask for the same, by value, in any order of the objects."""
    return _canonical(read_document(one)) == _canonical(read_document(other))


def _canonical(wishes: Wishes) -> list[list[str]]:
    links = [repr((one.link, _sorted(one.facts), one.absent)) for one in wishes.links]
    routes = [repr((one.key, _sorted(one.facts), one.absent)) for one in wishes.routes]
    rules = [repr((one.family, _sorted(one.facts), one.absent)) for one in wishes.rules]
    neighbours = [repr((one.link, one.address, one.mac, one.absent)) for one in wishes.neighbours]
    return [sorted(links), sorted(routes), sorted(rules), sorted(neighbours)]


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return [(key, _sorted(one)) for key, one in sorted(value.items())]
    return value


class _Reader:
    """One walk through a document."""

    def __init__(self) -> None:
        self.errors: list[tuple[str, str]] = []

    def complain(self, path: str, text: str) -> None:
        self.errors.append((path, text))

    def read(self, document: Any) -> Wishes:
        wishes = Wishes()
        if not isinstance(document, dict):
            self.complain("", "a document is an object with links, routes, rules, neighbours")
            return wishes
        for key in document:
            if key not in SECTIONS:
                self.complain(str(key), f"unknown; the sections are {', '.join(SECTIONS)}")
        for section, read_one, found in (
            ("links", self._link, wishes.links),
            ("routes", self._route, wishes.routes),
            ("rules", self._rule, wishes.rules),
            ("neighbours", self._neighbour, wishes.neighbours),
        ):
            entries = document.get(section, [])
            if not isinstance(entries, list):
                self.complain(section, "must be a list")
                continue
            seen: dict[Any, Any] = {}
            for number, entry in enumerate(entries):
                path = f"{section}[{number}]"
                if not isinstance(entry, dict):
                    self.complain(path, "must be an object")
                    continue
                foreign = entry.get("foreign", False)
                if not isinstance(foreign, bool):
                    self.complain(f"{path}.foreign", "must be true or false")
                elif foreign:
                    continue
                wish: Any = read_one(path, entry)
                if wish is None:
                    continue
                identity = _identity(wish)
                before = seen.get(identity)
                if before is None:
                    seen[identity] = wish
                    found.append(wish)
                elif (getattr(before, "facts", None), before.absent, getattr(before, "mac", None)) != (
                    getattr(wish, "facts", None),
                    wish.absent,
                    getattr(wish, "mac", None),
                ):
                    self.complain(path, f"the same object as {before.path}, with other wishes")
        return wishes

    # -- the four kinds of objects ------------------------------------------------------------------------

    def _link(self, path: str, entry: dict[str, Any]) -> LinkWish | None:
        self._check_keys(path, entry, _LINK_KEYS)
        name = self._need(path, entry, "name", _name)
        facts: dict[str, Any] = {}
        state = self._take(path, entry, "state", _word({"up": 1, "down": 0, "absent": -1}))
        if state is not None and state >= 0:
            facts["up"] = bool(state)
        self._fact(facts, path, entry, "kind", _kind)
        self._fact(facts, path, entry, "lower", _name)
        self._fact(facts, path, entry, "peer", _name)
        self._fact(facts, path, entry, "mtu", _number(0, 1 << 31))
        self._fact(facts, path, entry, "mac", _text(texts.read_mac))
        self._fact(facts, path, entry, "master", _name, null=True)
        self._fact(facts, path, entry, "txqlen", _number(0, _U32_LIMIT))
        self._fact(facts, path, entry, "alias", _alias)
        if "addresses" in entry:
            facts["addresses"] = self._addresses(f"{path}.addresses", entry["addresses"])
        if "options" in entry:
            kind = facts.get("kind")
            facts["options"] = self._options(path, entry, "options", lambda some: check_options(kind, some))
        if "port" in entry:
            facts["port"] = self._options(path, entry, "port", check_port_options)
        if name is None:
            return None
        if state == -1 and set(entry) - {"name", "state", "kind"}:
            self.complain(path, "an absent link cannot have anything else")
        for key in ("lower", "master"):
            if facts.get(key) == name:
                self.complain(f"{path}.{key}", "a link cannot be below or above itself")
        return LinkWish(name, facts, state == -1, path=path)

    def _addresses(self, path: str, value: Any) -> tuple[tuple[bytes, int, bytes | None], ...]:
        if not isinstance(value, list):
            self.complain(path, "must be a list")
            return ()
        found: dict[tuple[bytes, int, bytes | None], None] = {}  # in order
        read = _text(texts.read_address)
        for number, entry in enumerate(value):
            address = self._value(f"{path}[{number}]", entry, read)
            if address in found:
                self.complain(f"{path}[{number}]", "stands there twice")
            elif address is not None:
                found[address] = None
        return tuple(found)

    def _options(
        self,
        path: str,
        entry: dict[str, Any],
        key: str,
        check: Callable[[dict[str, Any]], list[tuple[str, str]]],
    ) -> dict[str, Any]:
        value = entry[key]
        if not isinstance(value, dict):
            self.complain(f"{path}.{key}", "must be an object")
            return {}
        for name, text in check(value):
            self.complain(f"{path}.{key}.{name}", text)
        return value

    def _route(self, path: str, entry: dict[str, Any]) -> RouteWish | None:
        self._check_keys(path, entry, _ROUTE_KEYS)
        facts: dict[str, Any] = {}
        self._fact(facts, path, entry, "gateway", _text(texts.read_ip), null=True)
        self._fact(facts, path, entry, "link", _name)
        self._fact(facts, path, entry, "source", _text(texts.read_ip), null=True)
        self._fact(facts, path, entry, "scope", _word(texts.SCOPES))
        self._fact(facts, path, entry, "kind", _word(texts.ROUTE_KINDS))
        self._fact(facts, path, entry, "onlink", _boolean)
        table = self._take(path, entry, "table", _number(1, _U32_LIMIT))
        priority = self._take(path, entry, "priority", _number(0, _U32_LIMIT))
        tos = self._take(path, entry, "tos", _number(0, 256))
        if "metrics" in entry:
            facts["metrics"] = self._options(path, entry, "metrics", check_metrics)
        if "nexthops" in entry:
            facts["nexthops"] = self._next_hops(f"{path}.nexthops", entry["nexthops"])
            for key in ("gateway", "link", "onlink"):
                if key in entry:
                    self.complain(f"{path}.{key}", "a route with nexthops has it in each of them")
        if facts.get("kind") in _WITHOUT_NEXT_HOP:
            for key in ("gateway", "nexthops"):
                if facts.get(key):
                    self.complain(f"{path}.{key}", f"a route of kind {entry['kind']} leads nowhere")
        absent = self._take(path, entry, "state", _word({"absent": 1})) is not None
        family_of = [facts.get("gateway"), *[hop.gateway for hop in facts.get("nexthops", ())]]
        destination = self._need(
            path, entry, "dst", _destination(next((one for one in family_of if one), None))
        )
        if destination is None:
            return None
        family, prefix, length = destination
        source = facts.get("source")
        if source is not None and len(source) != len(_unspecified(family)):
            self.complain(f"{path}.source", "must be of the same family as dst")
        if family == INET6:
            for gateway in family_of:
                if gateway is not None and len(gateway) == 4:
                    self.complain(path, "an IPv6 route cannot have an IPv4 gateway")
            priority = priority or IPV6_PRIORITY
        identity = RouteKey(family, prefix, length, table or 254, priority or 0, tos or 0)
        return RouteWish(identity, facts, absent, path)

    def _next_hops(self, path: str, value: Any) -> tuple[NextHopWish, ...]:
        if not isinstance(value, list) or not value:
            self.complain(path, "must be a list with at least one next hop")
            return ()
        hops = []
        for number, entry in enumerate(value):
            here = f"{path}[{number}]"
            if not isinstance(entry, dict):
                self.complain(here, "must be an object")
                continue
            self._check_keys(here, entry, _NEXT_HOP_KEYS)
            hop = NextHopWish(
                self._take(here, entry, "gateway", _text(texts.read_ip)),
                self._take(here, entry, "link", _name),
                self._take(here, entry, "weight", _number(1, 257)) or 1,
                bool(self._take(here, entry, "onlink", _boolean)),
            )
            if "gateway" not in entry and "link" not in entry:
                self.complain(here, "needs a gateway or a link")
            hops.append(hop)
        return tuple(hops)

    def _rule(self, path: str, entry: dict[str, Any]) -> RuleWish | None:
        self._check_keys(path, entry, _RULE_KEYS)
        facts: dict[str, Any] = {}
        self._fact(facts, path, entry, "priority", _number(0, _U32_LIMIT))
        self._fact(facts, path, entry, "src", _text(texts.read_prefix))
        self._fact(facts, path, entry, "dst", _text(texts.read_prefix))
        self._fact(facts, path, entry, "input", _name)
        self._fact(facts, path, entry, "output", _name)
        self._fact(facts, path, entry, "mark", _number(0, _U32_LIMIT))
        self._fact(facts, path, entry, "table", _number(1, _U32_LIMIT))
        self._fact(facts, path, entry, "action", _word(texts.RULE_ACTIONS))
        family = self._take(path, entry, "family", _word(texts.FAMILIES))
        absent = self._take(path, entry, "state", _word({"absent": 1})) is not None
        for key in ("src", "dst"):
            if facts.get(key):
                own = INET if len(facts[key][0]) == 4 else INET6
                if family is None:
                    family = own
                elif family != own:
                    self.complain(f"{path}.{key}", "is not of the rule's family")
        if not absent and facts.get("action", 1) == 1 and "table" not in facts:
            self.complain(path, "a rule needs a table, or an action other than lookup")
        if absent and not facts:
            self.complain(path, "says nothing that a rule could be found by")
        return RuleWish(family or INET, facts, absent, path)

    def _neighbour(self, path: str, entry: dict[str, Any]) -> NeighbourWish | None:
        self._check_keys(path, entry, _NEIGHBOUR_KEYS)
        link = self._need(path, entry, "link", _name)
        address = self._need(path, entry, "address", _text(texts.read_ip))
        mac = self._take(path, entry, "mac", _text(texts.read_mac))
        absent = self._take(path, entry, "state", _word({"absent": 1})) is not None
        if not absent and "mac" not in entry:
            self.complain(path, "needs a mac")
        if link is None or address is None:
            return None
        return NeighbourWish(link, address, mac, absent, path)

    # -- values -------------------------------------------------------------------------------------------

    def _check_keys(self, path: str, entry: dict[str, Any], known: tuple[str, ...]) -> None:
        for key in entry:
            if key not in known:
                self.complain(f"{path}.{key}", f"unknown; the keys are {' '.join(known)}")

    def _value(self, path: str, value: Any, read: Callable[[Any], Any]) -> Any:
        try:
            return read(value)
        except ValueError as error:
            self.complain(path, str(error))
            return None

    def _take(self, path: str, entry: dict[str, Any], key: str, read: Callable[[Any], Any]) -> Any:
        return self._value(f"{path}.{key}", entry[key], read) if key in entry else None

    def _need(self, path: str, entry: dict[str, Any], key: str, read: Callable[[Any], Any]) -> Any:
        if key not in entry:
            self.complain(path, f"needs the key {key}")
            return None
        return self._value(f"{path}.{key}", entry[key], read)

    def _fact(
        self,
        facts: dict[str, Any],
        path: str,
        entry: dict[str, Any],
        key: str,
        read: Callable[[Any], Any],
        *,
        null: bool = False,
    ) -> None:
        if key not in entry:
            return
        if null and entry[key] is None:
            facts[key] = None
            return
        value = self._value(f"{path}.{key}", entry[key], read)
        if value is not None:
            facts[key] = value


def _identity(wish: Any) -> Any:
    if isinstance(wish, LinkWish):
        return wish.link
    if isinstance(wish, RouteWish):
        return wish.key
    if isinstance(wish, NeighbourWish):
        return (wish.link, wish.address)
    return (wish.family, tuple(sorted(wish.facts.items())))


def _unspecified(family: int) -> bytes:
    return bytes(4 if family == INET else 16)


def _text(read: Callable[[str], Any]) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if not isinstance(value, str):
            raise ValueError("must be text")
        return read(value)

    return check


_name = _text(texts.read_name)


def _kind(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("must be text")
    return value


def _alias(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text")
    if len(value.encode("utf-8", "surrogateescape")) > 255 or "\0" in value:
        raise ValueError("an alias has at most 255 bytes")
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _number(least: int, limit: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value < limit:
            raise ValueError(f"must be a number from {least} to {limit - 1}")
        return value

    return read


def _word(words: Mapping[str, int]) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if not isinstance(value, str) or value not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return words[value]

    return read


def _destination(gateway: bytes | None) -> Callable[[Any], tuple[int, bytes, int]]:
    """Return the reader of a destination: `default` belongs to IPv6 if the gateway does, else to IPv4."""

    def read(value: Any) -> tuple[int, bytes, int]:
        if not isinstance(value, str):
            raise ValueError("must be text")
        if value == "default":
            return (INET6 if gateway is not None and len(gateway) == 16 else INET, b"", 0)
        address, length = texts.read_prefix(value)
        return (INET if len(address) == 4 else INET6, address if length else b"", length)

    return read
