# SPDX-License-Identifier: Apache-2.0
"""Ask the kernel: one conversation for several threads, with a parser for one request.

    python samples/netlink_conversation.py

Every request has a parser: the one that is registered for the message type, or its own. What a parser returns
None for is left out of the answer; what `only` does not let through is not even looked at.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor

from amf_netwatch.netlink import (
    DEFAULT_ROUTES,
    Conversation,
    KernelError,
    MessageType,
    NetlinkError,
    decode_link,
    format_ip,
)
from amf_netwatch.netlink.codec.messages import Buffer


def name_of_bridge(buffer: Buffer, start: int, end: int) -> str | None:
    """A parser: takes the place of one message, gives a value or None."""
    link = decode_link(buffer, start, end)
    return os.fsdecode(link.name or b"?") if link.kind == "bridge" else None


def main() -> None:
    with Conversation() as conversation, ThreadPoolExecutor(4) as threads:
        links = threads.submit(conversation.dump_links)
        routes = threads.submit(conversation.dump_routes, only=DEFAULT_ROUTES)
        bridges = threads.submit(conversation.dump_links, parser=name_of_bridge)
        for link in links.result():
            texts = [address.text for address in conversation.dump_addresses(link.ifindex)]
            print(link.ifindex, os.fsdecode(link.name or b"?"), link.operstate, *texts)
        print("default gateways:", *(format_ip(route.gateway) for route in routes.result() if route.gateway))
        print("bridges:", *bridges.result())
        try:
            conversation.ask(MessageType.GETLINK, b"\0" * 16)  # of no link
        except KernelError as error:
            print("refused:", error)


if __name__ == "__main__":
    try:
        main()
    except NetlinkError as problem:
        sys.exit(f"netlink_conversation: {problem}")
