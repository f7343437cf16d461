# SPDX-License-Identifier: Apache-2.0
"""rtnetlink: links, addresses and routes as the kernel tells them, for listening, asking and watching.

Reading order: `constants` and `errors`; `wire` (messages, attributes); `link`, `address`, `route` (typed
messages) with `link_facts` (the fast link decoder) and `parsers` (the registry), all of them bytes in,
values out, without IO; then `socket` (the only one that opens a netlink socket), `conversation` (questions
and answers), `datagrams` and `buffer` (a queue that is a transport; a thread that fills one from a socket),
`listener` (the thread of the component).  The tools: `changes`, `tables` with `route_table`, `recording`,
`follower`; then `state`, `monitor`, `wait` (see `mirror`).

The public names are imported when first used: the component needs a few of them and starts in milliseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from amf_netwatch.netlink.buffer import ReceiveBuffer
    from amf_netwatch.netlink.codec.address import Address, decode_address, format_ip
    from amf_netwatch.netlink.codec.constants import (
        AddressFlag,
        Family,
        Group,
        HardwareType,
        HeaderFlag,
        LinkFlag,
        MessageType,
        OperState,
        RouteScope,
    )
    from amf_netwatch.netlink.codec.link import Link, LinkInfo, decode_link, format_address
    from amf_netwatch.netlink.codec.link_facts import LinkFacts, LinkFactsDecoder, decode_link_facts
    from amf_netwatch.netlink.codec.messages import ByteFilter, Message, iter_attributes, iter_messages
    from amf_netwatch.netlink.codec.parsers import ParserRegistry
    from amf_netwatch.netlink.codec.route import DEFAULT_ROUTES, NextHop, Route, Via, decode_route
    from amf_netwatch.netlink.codec.route_constants import RouteFlag, RouteProtocol, RouteTable, RouteType
    from amf_netwatch.netlink.conversation import Conversation
    from amf_netwatch.netlink.datagrams import DatagramQueue
    from amf_netwatch.netlink.errors import (
        AnswerTimeoutError,
        DecodeError,
        InterruptedDumpError,
        KernelError,
        LossError,
        NetlinkError,
        OverrunError,
        RecordingError,
        SocketError,
        StateError,
        TruncatedError,
        WaitTimeoutError,
    )
    from amf_netwatch.netlink.listener import Cause, Changes, Listener
    from amf_netwatch.netlink.mirror.changes import Action, Change, Object
    from amf_netwatch.netlink.mirror.conditions import Condition, NamedCondition
    from amf_netwatch.netlink.mirror.follower import Follower
    from amf_netwatch.netlink.mirror.lines import format_colour, format_json, format_text
    from amf_netwatch.netlink.mirror.mirror import Mirror
    from amf_netwatch.netlink.mirror.monitor import Monitor, Selection
    from amf_netwatch.netlink.mirror.recording import (
        Record,
        RecordedEvents,
        Recorder,
        Recording,
        RecordKind,
        replay,
    )
    from amf_netwatch.netlink.mirror.state import State
    from amf_netwatch.netlink.mirror.tables import Tables
    from amf_netwatch.netlink.mirror.views import AddressView, LinkView, RouteView
    from amf_netwatch.netlink.mirror.wait import (
        LinkWaiter,
        wait_attach,
        wait_detach,
        wait_down,
        wait_reconnect,
        wait_up,
    )
    from amf_netwatch.netlink.mirror.waiting import EventQueue, Watch
    from amf_netwatch.netlink.socket import NetlinkSocket
    from amf_netwatch.netlink.transport import QueryTransport, Transport

_MODULES = {
    "codec.address": "Address decode_address format_ip",
    "buffer": "ReceiveBuffer",
    "mirror.changes": "Action Change Object",
    "codec.constants": (
        "AddressFlag Family Group HardwareType HeaderFlag LinkFlag MessageType OperState RouteScope"
    ),
    "conversation": "Conversation",
    "datagrams": "DatagramQueue",
    "errors": "AnswerTimeoutError DecodeError InterruptedDumpError KernelError LossError "
    "NetlinkError OverrunError RecordingError SocketError StateError TruncatedError "
    "WaitTimeoutError",
    "mirror.follower": "Follower",
    "codec.link": "Link LinkInfo decode_link format_address",
    "codec.link_facts": "LinkFacts LinkFactsDecoder decode_link_facts",
    "listener": "Cause Changes Listener",
    "mirror.conditions": "Condition NamedCondition",
    "mirror.lines": "format_colour format_json format_text",
    "mirror.mirror": "Mirror",
    "mirror.monitor": "Monitor Selection",
    "codec.parsers": "ParserRegistry",
    "mirror.recording": "Record RecordedEvents Recorder Recording RecordKind replay",
    "codec.route": "DEFAULT_ROUTES NextHop Route Via decode_route",
    "codec.route_constants": "RouteFlag RouteProtocol RouteTable RouteType",
    "socket": "NetlinkSocket",
    "mirror.state": "State",
    "mirror.tables": "Tables",
    "mirror.views": "AddressView LinkView RouteView",
    "mirror.waiting": "EventQueue Watch",
    "transport": "QueryTransport Transport",
    "mirror.wait": "LinkWaiter wait_attach wait_detach wait_down wait_reconnect wait_up",
    "codec.messages": "ByteFilter Message iter_attributes iter_messages",
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names.split()}

__all__ = [
    "DEFAULT_ROUTES",
    "Action",
    "Address",
    "AddressFlag",
    "AddressView",
    "AnswerTimeoutError",
    "ByteFilter",
    "Cause",
    "Change",
    "Changes",
    "Condition",
    "Conversation",
    "DatagramQueue",
    "DecodeError",
    "EventQueue",
    "Family",
    "Follower",
    "Group",
    "HardwareType",
    "HeaderFlag",
    "InterruptedDumpError",
    "KernelError",
    "Link",
    "LinkFacts",
    "LinkFactsDecoder",
    "LinkFlag",
    "LinkInfo",
    "LinkView",
    "LinkWaiter",
    "Listener",
    "LossError",
    "Message",
    "MessageType",
    "Mirror",
    "Monitor",
    "NamedCondition",
    "NetlinkError",
    "NetlinkSocket",
    "NextHop",
    "Object",
    "OperState",
    "OverrunError",
    "ParserRegistry",
    "QueryTransport",
    "ReceiveBuffer",
    "Record",
    "RecordKind",
    "RecordedEvents",
    "Recorder",
    "Recording",
    "RecordingError",
    "Route",
    "RouteFlag",
    "RouteProtocol",
    "RouteScope",
    "RouteTable",
    "RouteType",
    "RouteView",
    "Selection",
    "SocketError",
    "State",
    "StateError",
    "Tables",
    "Transport",
    "TruncatedError",
    "Via",
    "WaitTimeoutError",
    "Watch",
    "decode_address",
    "decode_link",
    "decode_link_facts",
    "decode_route",
    "format_address",
    "format_colour",
    "format_ip",
    "format_json",
    "format_text",
    "iter_attributes",
    "iter_messages",
    "replay",
    "wait_attach",
    "wait_detach",
    "wait_down",
    "wait_reconnect",
    "wait_up",
]


def __getattr__(name: str) -> Any:
    """Import a public name's module when the name is first used (PEP 562)."""
    module = _HOMES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415

    value = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
