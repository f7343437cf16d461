# SPDX-License-Identifier: Apache-2.0
"""rtnetlink: the links, addresses, routes, rules and neighbours of the kernel, to listen, ask and watch.

It does not read sysfs, and it does not know what the component publishes.

Reading order: `errors`; the room `codec` (bytes to values and back, without IO); `transport`, `socket` (the
only module that opens a netlink socket), `datagrams` and `buffer` (a queue that is a transport, and a thread
that fills one from a socket), `conversation` with `answers` (questions and answers), `link_query` (the
component's quick questions), `listener` (the component's thread), `patterns` (shell patterns on names); then
the rooms `mirror` (a view of the kernel's tables that follows events) and `network` (transactions that change
them).

The public names are imported when they are first used: the component needs a few of them and starts in
milliseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from amf_netwatch.netlink.buffer import (
        ReceiveBuffer as ReceiveBuffer,
    )
    from amf_netwatch.netlink.codec.address import (
        Address as Address,
    )
    from amf_netwatch.netlink.codec.address import (
        decode_address as decode_address,
    )
    from amf_netwatch.netlink.codec.address import (
        format_ip as format_ip,
    )
    from amf_netwatch.netlink.codec.address import (
        parse_ip as parse_ip,
    )
    from amf_netwatch.netlink.codec.constants import (
        AddressFlag as AddressFlag,
    )
    from amf_netwatch.netlink.codec.constants import (
        Family as Family,
    )
    from amf_netwatch.netlink.codec.constants import (
        Group as Group,
    )
    from amf_netwatch.netlink.codec.constants import (
        HardwareType as HardwareType,
    )
    from amf_netwatch.netlink.codec.constants import (
        HeaderFlag as HeaderFlag,
    )
    from amf_netwatch.netlink.codec.constants import (
        LinkFlag as LinkFlag,
    )
    from amf_netwatch.netlink.codec.constants import (
        MessageType as MessageType,
    )
    from amf_netwatch.netlink.codec.constants import (
        OperState as OperState,
    )
    from amf_netwatch.netlink.codec.constants import (
        Scope as Scope,
    )
    from amf_netwatch.netlink.codec.kinds.registry import (
        Choice as Choice,
    )
    from amf_netwatch.netlink.codec.kinds.registry import (
        pack_options as pack_options,
    )
    from amf_netwatch.netlink.codec.kinds.registry import (
        pack_port_options as pack_port_options,
    )
    from amf_netwatch.netlink.codec.kinds.registry import (
        read_options as read_options,
    )
    from amf_netwatch.netlink.codec.kinds.registry import (
        read_port_options as read_port_options,
    )
    from amf_netwatch.netlink.codec.link import (
        Link as Link,
    )
    from amf_netwatch.netlink.codec.link import (
        LinkInfo as LinkInfo,
    )
    from amf_netwatch.netlink.codec.link import (
        decode_link as decode_link,
    )
    from amf_netwatch.netlink.codec.link import (
        format_address as format_address,
    )
    from amf_netwatch.netlink.codec.link_facts import (
        LinkFacts as LinkFacts,
    )
    from amf_netwatch.netlink.codec.link_facts import (
        LinkFactsDecoder as LinkFactsDecoder,
    )
    from amf_netwatch.netlink.codec.link_facts import (
        decode_link_facts as decode_link_facts,
    )
    from amf_netwatch.netlink.codec.messages import (
        ByteFilter as ByteFilter,
    )
    from amf_netwatch.netlink.codec.messages import (
        Message as Message,
    )
    from amf_netwatch.netlink.codec.messages import (
        Unknown as Unknown,
    )
    from amf_netwatch.netlink.codec.messages import (
        iter_attributes as iter_attributes,
    )
    from amf_netwatch.netlink.codec.messages import (
        iter_messages as iter_messages,
    )
    from amf_netwatch.netlink.codec.neighbour import (
        Neighbour as Neighbour,
    )
    from amf_netwatch.netlink.codec.neighbour import (
        decode_neighbour as decode_neighbour,
    )
    from amf_netwatch.netlink.codec.parsers import (
        HeaderParser as HeaderParser,
    )
    from amf_netwatch.netlink.codec.parsers import (
        ParserRegistry as ParserRegistry,
    )
    from amf_netwatch.netlink.codec.route import (
        DEFAULT_ROUTES as DEFAULT_ROUTES,
    )
    from amf_netwatch.netlink.codec.route import (
        Metrics as Metrics,
    )
    from amf_netwatch.netlink.codec.route import (
        NextHop as NextHop,
    )
    from amf_netwatch.netlink.codec.route import (
        Route as Route,
    )
    from amf_netwatch.netlink.codec.route import (
        Via as Via,
    )
    from amf_netwatch.netlink.codec.route import (
        decode_route as decode_route,
    )
    from amf_netwatch.netlink.codec.route_constants import (
        NeighbourFlag as NeighbourFlag,
    )
    from amf_netwatch.netlink.codec.route_constants import (
        NeighbourState as NeighbourState,
    )
    from amf_netwatch.netlink.codec.route_constants import (
        RouteFlag as RouteFlag,
    )
    from amf_netwatch.netlink.codec.route_constants import (
        RouteProtocol as RouteProtocol,
    )
    from amf_netwatch.netlink.codec.route_constants import (
        RouteType as RouteType,
    )
    from amf_netwatch.netlink.codec.route_constants import (
        RuleAction as RuleAction,
    )
    from amf_netwatch.netlink.codec.route_constants import (
        RuleFlag as RuleFlag,
    )
    from amf_netwatch.netlink.codec.route_constants import (
        TableNumber as TableNumber,
    )
    from amf_netwatch.netlink.codec.rule import (
        Range as Range,
    )
    from amf_netwatch.netlink.codec.rule import (
        Rule as Rule,
    )
    from amf_netwatch.netlink.codec.rule import (
        decode_rule as decode_rule,
    )
    from amf_netwatch.netlink.conversation import (
        Answers as Answers,
    )
    from amf_netwatch.netlink.conversation import (
        Conversation as Conversation,
    )
    from amf_netwatch.netlink.conversation import (
        Statistics as Statistics,
    )
    from amf_netwatch.netlink.datagrams import (
        DatagramQueue as DatagramQueue,
    )
    from amf_netwatch.netlink.errors import (
        AnswerTimeoutError as AnswerTimeoutError,
    )
    from amf_netwatch.netlink.errors import (
        CommitError as CommitError,
    )
    from amf_netwatch.netlink.errors import (
        DecodeError as DecodeError,
    )
    from amf_netwatch.netlink.errors import (
        DocumentError as DocumentError,
    )
    from amf_netwatch.netlink.errors import (
        EncodeError as EncodeError,
    )
    from amf_netwatch.netlink.errors import (
        InterruptedDumpError as InterruptedDumpError,
    )
    from amf_netwatch.netlink.errors import (
        KernelError as KernelError,
    )
    from amf_netwatch.netlink.errors import (
        LossError as LossError,
    )
    from amf_netwatch.netlink.errors import (
        NetlinkError as NetlinkError,
    )
    from amf_netwatch.netlink.errors import (
        OverrunError as OverrunError,
    )
    from amf_netwatch.netlink.errors import (
        RecordingError as RecordingError,
    )
    from amf_netwatch.netlink.errors import (
        RefusedError as RefusedError,
    )
    from amf_netwatch.netlink.errors import (
        SocketError as SocketError,
    )
    from amf_netwatch.netlink.errors import (
        StateError as StateError,
    )
    from amf_netwatch.netlink.errors import (
        TruncatedError as TruncatedError,
    )
    from amf_netwatch.netlink.errors import (
        WaitTimeoutError as WaitTimeoutError,
    )
    from amf_netwatch.netlink.listener import (
        Cause as Cause,
    )
    from amf_netwatch.netlink.listener import (
        ChangedLinks as ChangedLinks,
    )
    from amf_netwatch.netlink.listener import (
        Listener as Listener,
    )
    from amf_netwatch.netlink.mirror.conditions import (
        Condition as Condition,
    )
    from amf_netwatch.netlink.mirror.conditions import (
        NamedCondition as NamedCondition,
    )
    from amf_netwatch.netlink.mirror.follower import (
        Follower as Follower,
    )
    from amf_netwatch.netlink.mirror.lines import (
        format_colour as format_colour,
    )
    from amf_netwatch.netlink.mirror.lines import (
        format_json as format_json,
    )
    from amf_netwatch.netlink.mirror.lines import (
        format_text as format_text,
    )
    from amf_netwatch.netlink.mirror.monitor import (
        Monitor as Monitor,
    )
    from amf_netwatch.netlink.mirror.monitor import (
        Selection as Selection,
    )
    from amf_netwatch.netlink.mirror.recording import (
        Record as Record,
    )
    from amf_netwatch.netlink.mirror.recording import (
        RecordedEvents as RecordedEvents,
    )
    from amf_netwatch.netlink.mirror.recording import (
        Recorder as Recorder,
    )
    from amf_netwatch.netlink.mirror.recording import (
        Recording as Recording,
    )
    from amf_netwatch.netlink.mirror.recording import (
        RecordKind as RecordKind,
    )
    from amf_netwatch.netlink.mirror.recording import (
        replay as replay,
    )
    from amf_netwatch.netlink.mirror.state import (
        State as State,
    )
    from amf_netwatch.netlink.mirror.tables.changes import (
        Action as Action,
    )
    from amf_netwatch.netlink.mirror.tables.changes import (
        Change as Change,
    )
    from amf_netwatch.netlink.mirror.tables.changes import (
        Object as Object,
    )
    from amf_netwatch.netlink.mirror.tables.mirror import (
        Mirror as Mirror,
    )
    from amf_netwatch.netlink.mirror.tables.namespace import (
        Tables as Tables,
    )
    from amf_netwatch.netlink.mirror.views import (
        AddressView as AddressView,
    )
    from amf_netwatch.netlink.mirror.views import (
        LinkView as LinkView,
    )
    from amf_netwatch.netlink.mirror.views import (
        NeighbourView as NeighbourView,
    )
    from amf_netwatch.netlink.mirror.views import (
        RouteView as RouteView,
    )
    from amf_netwatch.netlink.mirror.views import (
        RuleView as RuleView,
    )
    from amf_netwatch.netlink.mirror.wait import (
        LinkWaiter as LinkWaiter,
    )
    from amf_netwatch.netlink.mirror.wait import (
        wait_attach as wait_attach,
    )
    from amf_netwatch.netlink.mirror.wait import (
        wait_detach as wait_detach,
    )
    from amf_netwatch.netlink.mirror.wait import (
        wait_down as wait_down,
    )
    from amf_netwatch.netlink.mirror.wait import (
        wait_reconnect as wait_reconnect,
    )
    from amf_netwatch.netlink.mirror.wait import (
        wait_up as wait_up,
    )
    from amf_netwatch.netlink.mirror.waiting import (
        EventQueue as EventQueue,
    )
    from amf_netwatch.netlink.mirror.waiting import (
        Watch as Watch,
    )
    from amf_netwatch.netlink.network.network import (
        Network as Network,
    )
    from amf_netwatch.netlink.socket import (
        NetlinkSocket as NetlinkSocket,
    )
    from amf_netwatch.netlink.transport import (
        QueryTransport as QueryTransport,
    )
    from amf_netwatch.netlink.transport import (
        Transport as Transport,
    )

# The same names again, for use at run time. A test compares the two lists.
_MODULES = {
    "buffer": "ReceiveBuffer",
    "codec.address": "Address decode_address format_ip parse_ip",
    "codec.constants": (
        "AddressFlag Family Group HardwareType HeaderFlag LinkFlag MessageType OperState Scope"
    ),
    "codec.kinds.registry": "Choice pack_options pack_port_options read_options read_port_options",
    "codec.link": "Link LinkInfo decode_link format_address",
    "codec.link_facts": "LinkFacts LinkFactsDecoder decode_link_facts",
    "codec.messages": "ByteFilter Message Unknown iter_attributes iter_messages",
    "codec.neighbour": "Neighbour decode_neighbour",
    "codec.parsers": "HeaderParser ParserRegistry",
    "codec.route": "DEFAULT_ROUTES Metrics NextHop Route Via decode_route",
    "codec.route_constants": (
        "NeighbourFlag NeighbourState RouteFlag RouteProtocol RouteType RuleAction RuleFlag TableNumber"
    ),
    "codec.rule": "Range Rule decode_rule",
    "conversation": "Answers Conversation Statistics",
    "datagrams": "DatagramQueue",
    "errors": (
        "AnswerTimeoutError CommitError DecodeError DocumentError EncodeError InterruptedDumpError "
        "KernelError LossError NetlinkError OverrunError RecordingError RefusedError SocketError "
        "StateError TruncatedError WaitTimeoutError"
    ),
    "listener": "Cause ChangedLinks Listener",
    "mirror.tables.changes": "Action Change Object",
    "mirror.conditions": "Condition NamedCondition",
    "mirror.follower": "Follower",
    "mirror.lines": "format_colour format_json format_text",
    "mirror.tables.mirror": "Mirror",
    "mirror.monitor": "Monitor Selection",
    "mirror.recording": "Record RecordKind RecordedEvents Recorder Recording replay",
    "mirror.state": "State",
    "mirror.tables.namespace": "Tables",
    "mirror.views": "AddressView LinkView NeighbourView RouteView RuleView",
    "mirror.wait": "LinkWaiter wait_attach wait_detach wait_down wait_reconnect wait_up",
    "mirror.waiting": "EventQueue Watch",
    "network.network": "Network",
    "socket": "NetlinkSocket",
    "transport": "QueryTransport Transport",
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names.split()}

__all__ = sorted(_HOMES)  # noqa: PLE0605 - one list fewer to keep


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
