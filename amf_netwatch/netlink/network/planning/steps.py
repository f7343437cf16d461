# SPDX-License-Identifier: Apache-2.0
"""A step: one request to the kernel, with a text for people and with its inverse.

The functions here know how each object is added, changed and deleted, and which flags and attributes that
needs. `order` decides which steps are needed, and in which order.

Rules: one SETLINK carries one attribute, because the kernel leaves a refused request half done. Creation
is always exclusive. Flags are changed with their mask. A deletion names everything that identifies the
object, so it cannot delete an object of another program.
"""

from __future__ import annotations

from collections.abc import Callable
from errno import EADDRNOTAVAIL, ENODEV, ENOENT, ESRCH
from struct import Struct
from typing import NamedTuple

from amf_netwatch.netlink.codec.address import format_ip
from amf_netwatch.netlink.codec.messages import pack_attribute
from amf_netwatch.netlink.network.documents.texts import (
    ROUTE_KIND_WORDS,
    format_link_address,
    format_name,
    format_prefix,
)
from amf_netwatch.netlink.network.objects.picture import LinkRecord, Picture
from amf_netwatch.netlink.network.objects.records import (
    FOR_EVER,
    FRA_DST,
    FRA_SRC,
    FRA_TABLE,
    INET,
    RTA_GATEWAY,
    AddressRecord,
    NeighbourRecord,
    NextHopRecord,
    RouteRecord,
    RuleRecord,
    pack_address,
    pack_neighbour,
    pack_next_hop,
    pack_route,
    pack_rule,
)

NEWLINK, DELLINK, SETLINK = 16, 17, 19
NEWADDR, DELADDR = 20, 21
NEWROUTE, DELROUTE = 24, 25
NEWNEIGH, DELNEIGH = 28, 29
NEWRULE, DELRULE = 32, 33
NEWNEXTHOP = 104
_REPLACE, _EXCLUSIVE, _CREATE = 0x100, 0x200, 0x400
ADD = _CREATE | _EXCLUSIVE
PUT = _CREATE | _REPLACE
APPEND = _CREATE | 0x800  # NLM_F_APPEND: one more route with the same identity

_IFINFO = Struct("=BxHiII")
_U32 = Struct("=I")
_UP = 1
_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_MTU, _IFLA_LINK, _IFLA_MASTER, _IFLA_TXQLEN = 1, 3, 4, 5, 10, 13
_IFLA_LINKINFO, _IFLA_IFALIAS, _IFLA_AF_SPEC, _IFLA_GROUP = 18, 20, 26, 27
_INFO_KIND, _INFO_DATA, _INFO_SLAVE_KIND, _INFO_SLAVE_DATA = 1, 2, 4, 5
_VETH_PEER = 1
GONE = (ENODEV, ESRCH, EADDRNOTAVAIL, ENOENT)  # the answers to deleting something that is gone


Words = Callable[[], "tuple[str, str]"]
"""Returns, in the words of `ip`, what a step does and what undoes it ('' if nothing has to be done).

Nearly all steps succeed, and their texts are never shown. So the texts are made only when they are needed.
"""


class Step(NamedTuple):
    """One request."""

    type: int
    flags: int
    payload: bytes
    say: Words
    links: tuple[int, ...] = ()  # the indexes of the links that it touches
    accepted: tuple[int, ...] = ()  # the errno values that mean "this is done already"
    route: RouteRecord | None = None  # the route that is added, to find a remedy against a refusal
    needs_down: int = 0  # the index of a link that is set down, and up again, if the kernel answers EBUSY

    @property
    def text(self) -> str:
        """Return what it does."""
        return self.say()[0]

    @property
    def inverse(self) -> str:
        """Return what undoes it."""
        return self.say()[1]


# -- links --------------------------------------------------------------------------------------------------


def _set_link(
    index: int, attribute: int, value: bytes, text: str, inverse: str, *, needs_down: int = 0
) -> Step:
    payload = _IFINFO.pack(0, 0, index, 0, 0) + pack_attribute(attribute, value)
    return Step(SETLINK, 0, payload, lambda: (text, inverse), (index,), needs_down=needs_down)


def set_up(link: LinkRecord, up: bool) -> Step:
    """Set the link up or down."""
    words = ("down", "up")
    name = format_name(link.name)
    payload = _IFINFO.pack(0, 0, link.ifindex, _UP if up else 0, _UP)
    text, inverse = f"link set {name} {words[up]}", f"link set {name} {words[not up]}"
    return Step(SETLINK, 0, payload, lambda: (text, inverse), (link.ifindex,))


def rename_link(link: LinkRecord, name: bytes) -> Step:
    """Give the link another name."""
    old, new = format_name(link.name), format_name(name)
    return _set_link(
        link.ifindex,
        _IFLA_IFNAME,
        name + b"\0",
        f"link set {old} name {new}",
        f"link set {new} name {old}",
        needs_down=link.ifindex,
    )


def set_mtu(link: LinkRecord, old: int | None) -> Step:
    """Set the MTU that the record has."""
    name = format_name(link.name)
    text, inverse = f"link set {name} mtu {link.mtu}", "" if old is None else f"link set {name} mtu {old}"
    return _set_link(link.ifindex, _IFLA_MTU, _U32.pack(link.mtu or 0), text, inverse)


def set_mac(link: LinkRecord, old: bytes) -> Step:
    """Set the hardware address that the record has."""
    name = format_name(link.name)
    text, inverse = (f"link set {name} address {mac.hex(':')}" for mac in (link.mac, old))
    return _set_link(link.ifindex, _IFLA_ADDRESS, link.mac, text, inverse, needs_down=link.ifindex)


def set_queue_length(link: LinkRecord, old: int | None) -> Step:
    """Set the length of the transmit queue that the record has."""
    name = format_name(link.name)
    text, inverse = (f"link set {name} txqueuelen {length}" for length in (link.queue_length, old))
    return _set_link(link.ifindex, _IFLA_TXQLEN, _U32.pack(link.queue_length or 0), text, inverse)


def set_alias(link: LinkRecord, old: str) -> Step:
    """Set the alias that the record has. An empty one removes it."""
    name = format_name(link.name)
    value = link.alias.encode("utf-8", "surrogateescape")
    text, inverse = (f"link set {name} alias {alias!r}" for alias in (link.alias, old))
    return _set_link(link.ifindex, _IFLA_IFALIAS, value + b"\0", text, inverse)


def set_group(link: LinkRecord, old: int) -> Step:
    """Set the group that the record has."""
    name = format_name(link.name)
    text, inverse = (f"link set {name} group {group}" for group in (link.group, old))
    return _set_link(link.ifindex, _IFLA_GROUP, _U32.pack(link.group), text, inverse)


def set_generation_mode(link: LinkRecord, old: int | None) -> Step:
    """Set how IPv6 makes the link-local address."""
    name = format_name(link.name)
    inside = pack_attribute(10, pack_attribute(8, bytes((link.generation_mode or 0,))))
    text, inverse = (f"link set {name} addrgenmode {mode}" for mode in (link.generation_mode, old))
    return _set_link(link.ifindex, _IFLA_AF_SPEC, inside, text, inverse)


def set_master(link: LinkRecord, picture: Picture, old: int | None) -> Step:
    """Set the master that the record has, which may be none."""
    name = format_name(link.name)
    text, inverse = (
        f"link set {name} nomaster" if master is None else f"link set {name} master {picture.name_of(master)}"
        for master in (link.master, old)
    )
    value = _U32.pack(link.master or 0)
    return _set_link(link.ifindex, _IFLA_MASTER, value, text, inverse)


def set_options(link: LinkRecord, data: bytes) -> Step:
    """Set options of its kind. `data` has the form of IFLA_INFO_DATA."""
    kind = link.kind or ""
    inside = pack_attribute(_INFO_KIND, kind.encode() + b"\0") + pack_attribute(_INFO_DATA, data)
    payload = _IFINFO.pack(0, 0, link.ifindex, 0, 0) + pack_attribute(_IFLA_LINKINFO, inside)
    text = f"link set {format_name(link.name)} type {kind} {_say_options(link.options)}".rstrip()
    return Step(NEWLINK, 0, payload, lambda: (text, "the options as they were"), (link.ifindex,))


def set_port_options(link: LinkRecord, data: bytes) -> Step:
    """Set its options as a port. `data` has the form of IFLA_INFO_SLAVE_DATA."""
    kind = link.port_kind or ""
    inside = pack_attribute(_INFO_SLAVE_KIND, kind.encode() + b"\0") + pack_attribute(_INFO_SLAVE_DATA, data)
    payload = _IFINFO.pack(0, 0, link.ifindex, 0, 0) + pack_attribute(_IFLA_LINKINFO, inside)
    text = f"link set {format_name(link.name)} type {kind}_slave {_say_options(link.port)}".rstrip()
    return Step(NEWLINK, 0, payload, lambda: (text, "the port options as they were"), (link.ifindex,))


def create_link(link: LinkRecord, picture: Picture, data: bytes) -> Step:
    """Create the link with its index and the options in `data`. A veth is created with its peer."""
    kind = link.kind or ""
    payload = _IFINFO.pack(0, 0, link.ifindex, 0, 0) + _describe_new(link)
    text = f"link add {format_name(link.name)}"
    touched: tuple[int, ...] = (link.ifindex,)
    if link.is_peer_pair:
        peer = picture.links[link.lower or 0]
        described = _IFINFO.pack(0, 0, peer.ifindex, 0, 0) + _describe_new(peer)
        data = pack_attribute(_VETH_PEER, described)
        text += f" type veth peer name {format_name(peer.name) or '(any)'}"
        touched = (link.ifindex, peer.ifindex)
    else:
        if link.lower is not None:
            payload += pack_attribute(_IFLA_LINK, _U32.pack(link.lower))
            text += f" link {picture.name_of(link.lower)}"
        text += f" type {kind} {_say_options(link.options)}".rstrip()
    inside = pack_attribute(_INFO_KIND, kind.encode() + b"\0")
    if data:
        inside += pack_attribute(_INFO_DATA, data)
    payload += pack_attribute(_IFLA_LINKINFO, inside)
    return Step(NEWLINK, ADD, payload, lambda: (text, f"link del {format_name(link.name)}"), touched)


def _describe_new(link: LinkRecord) -> bytes:
    packed = b""
    if link.name:
        packed += pack_attribute(_IFLA_IFNAME, link.name + b"\0")
    if link.mac:
        packed += pack_attribute(_IFLA_ADDRESS, link.mac)
    if link.mtu is not None:
        packed += pack_attribute(_IFLA_MTU, _U32.pack(link.mtu))
    if link.queue_length is not None:
        packed += pack_attribute(_IFLA_TXQLEN, _U32.pack(link.queue_length))
    if link.group:
        packed += pack_attribute(_IFLA_GROUP, _U32.pack(link.group))
    return packed


def delete_link(link: LinkRecord) -> Step:
    """Delete the link."""
    name = format_name(link.name)
    inverse = f"link add {name} type {link.kind}, with all that it had"
    payload = _IFINFO.pack(0, 0, link.ifindex, 0, 0)
    return Step(DELLINK, 0, payload, lambda: (f"link del {name}", inverse), (link.ifindex,), GONE)


def _say_options(options: dict[str, object]) -> str:
    return " ".join(f"{name} {value}" for name, value in options.items())


# -- addresses ----------------------------------------------------------------------------------------------


def _say_address(record: AddressRecord, link: str) -> str:
    return f"{format_link_address(record.local, record.prefix_length, record.peer)} dev {link}"


def add_address(record: AddressRecord, link: str, *, known: bool) -> Step:
    """Add the address. `known`: it existed before, so no duplicate detection is needed."""

    def say() -> tuple[str, str]:
        words = _say_address(record, link)
        return f"addr add {words}", f"addr del {words}"

    return Step(NEWADDR, ADD, pack_address(record, known=known), say, (record.ifindex,))


def change_address(record: AddressRecord, link: str) -> Step:
    """Set flags and lifetimes of an existing address."""

    def say() -> tuple[str, str]:
        return f"addr change {_say_address(record, link)}", "the address as it was"

    return Step(NEWADDR, _REPLACE, pack_address(record), say, (record.ifindex,))


def delete_address(record: AddressRecord, link: str) -> Step:
    """Delete the address."""

    def say() -> tuple[str, str]:
        words = _say_address(record, link)
        return f"addr del {words}", f"addr add {words}"

    payload = pack_address(record._replace(priority=None, valid=FOR_EVER, preferred=FOR_EVER))
    return Step(DELADDR, 0, payload, say, (record.ifindex,), GONE)


# -- routes -------------------------------------------------------------------------------------------------


def say_route(record: RouteRecord, picture: Picture) -> str:
    """Return the route in the words of `ip`."""
    key = record.key
    zeros = bytes(4 if key.family == INET else 16)
    words = "" if record.type == 1 else ROUTE_KIND_WORDS.get(record.type, str(record.type)) + " "
    words += "default" if not key.length else format_prefix(key.destination or zeros, key.length)
    for gateway in record.gateways():
        words += f" via {format_ip(gateway)}"
    for ifindex in dict.fromkeys(record.interfaces()):
        if ifindex:
            words += f" dev {picture.name_of(ifindex)}"
    if key.table != 254:
        words += f" table {key.table}"
    if key.priority:
        words += f" metric {key.priority}"
    return words


def add_route(record: RouteRecord, picture: Picture, *, one_more: bool = False) -> Step:
    """Add the route. Another route of its identity must not exist, unless this is `one_more`."""

    def say() -> tuple[str, str]:
        words = say_route(record, picture)
        return f"route add {words}", f"route del {words}"

    flags = APPEND if one_more else ADD
    return Step(NEWROUTE, flags, pack_route(record), say, record.interfaces(), route=record)


def replace_route(record: RouteRecord, old: RouteRecord, picture: Picture) -> Step:
    """Replace the only route of its identity."""

    def say() -> tuple[str, str]:
        return f"route replace {say_route(record, picture)}", f"route replace {say_route(old, picture)}"

    links = (*record.interfaces(), *old.interfaces())
    return Step(NEWROUTE, PUT, pack_route(record), say, links, route=record)


def delete_route(record: RouteRecord, picture: Picture) -> Step:
    """Delete exactly this route."""

    def say() -> tuple[str, str]:
        words = say_route(record, picture)
        return f"route del {words}", f"route add {words}"

    return Step(DELROUTE, 0, pack_route(record), say, record.interfaces(), GONE)


def is_alike(one: RouteRecord, other: RouteRecord) -> bool:
    """Tell whether a replace request finds the route: in IPv6, both must have a gateway, or neither."""
    return one.key.family == 2 or (
        (RTA_GATEWAY in one.attributes or bool(one.gateways()))
        == (RTA_GATEWAY in other.attributes or bool(other.gateways()))
        and one.type == other.type
    )


def put_next_hop(record: NextHopRecord) -> Step:
    """Set a next hop object or group, whether it exists or not."""

    def say() -> tuple[str, str]:
        return f"nexthop replace id {record.id}", f"nexthop del id {record.id}"

    links = () if record.interface is None else (record.interface,)
    return Step(NEWNEXTHOP, PUT, pack_next_hop(record), say, links)


# -- rules and neighbours -----------------------------------------------------------------------------------


def _say_rule(record: RuleRecord) -> str:
    zeros = bytes(4 if record.family == 2 else 16)
    words = f"priority {record.priority}" if record.priority else ""
    for word, number, length in (
        ("from", FRA_SRC, record.source_length),
        ("to", FRA_DST, record.destination_length),
    ):
        if length:
            words += f" {word} {format_prefix(record.find(number) or zeros, length)}"
    words += f" table {_U32.unpack(record.find(FRA_TABLE) or bytes(4))[0]}"
    return words.strip()


def add_rule(record: RuleRecord) -> Step:
    """Add the rule."""

    def say() -> tuple[str, str]:
        words = _say_rule(record)
        return f"rule add {words}", f"rule del {words}"

    return Step(NEWRULE, ADD, pack_rule(record), say)


def delete_rule(record: RuleRecord) -> Step:
    """Delete exactly this rule."""

    def say() -> tuple[str, str]:
        words = _say_rule(record)
        return f"rule del {words}", f"rule add {words}"

    return Step(DELRULE, 0, pack_rule(record), say, (), GONE)


def put_neighbour(record: NeighbourRecord, old: NeighbourRecord | None, link: str) -> Step:
    """Set the neighbour, whether it exists or not."""

    def say() -> tuple[str, str]:
        words = f"{format_ip(record.address)} dev {link}"
        mac = "proxy" if record.proxy else f"lladdr {(record.mac or b'').hex(':')}"
        inverse = f"neigh del {words}" if old is None else f"neigh replace {words} as it was"
        return f"neigh replace {words} {mac}", inverse

    return Step(NEWNEIGH, PUT, pack_neighbour(record), say, (record.ifindex,))


def delete_neighbour(record: NeighbourRecord, link: str) -> Step:
    """Delete the neighbour."""

    def say() -> tuple[str, str]:
        words = f"{format_ip(record.address)} dev {link}"
        return f"neigh del {words}", f"neigh add {words}"

    return Step(DELNEIGH, 0, pack_neighbour(record), say, (record.ifindex,), GONE)
