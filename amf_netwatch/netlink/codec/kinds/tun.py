# SPDX-License-Identifier: Apache-2.0
"""tun and tap devices (IFLA_TUN_*). Source: linux/if_link.h, drivers/net/tun.c.

rtnetlink describes them but cannot make or change them: that needs an ioctl on /dev/net/tun.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amf_netwatch.netlink.codec.kinds.table import ABSENT, LAYOUTS, Option, Table, number, truth, unpack, word


def _queues(name: str, attribute: int) -> Option:
    """The number of queues. It is printed only for devices with several queues."""

    def read(found: Mapping[int, bytes]) -> Any:
        if attribute not in found or not unpack(LAYOUTS["u8"], found.get(7, b"\0")):
            return ABSENT
        return unpack(LAYOUTS["u32"], found[attribute])

    return Option(name, (attribute, 7), read, None)


def _multi_queue(found: Mapping[int, bytes]) -> Any:
    return bool(unpack(LAYOUTS["u8"], found.get(7, b"\0")))


TUN = Table(
    "tun",
    (
        word("type", 3, "u8", (None, "tun", "tap")).but_read_only(),
        truth("pi", 4).but_read_only(),
        truth("vnet_hdr", 5).but_read_only(),
        Option("multi_queue", (7,), _multi_queue, None),
        _queues("numqueues", 8),
        _queues("numdisabled", 9),
        truth("persist", 6).but_read_only(),
        number("user", 1, "u32").but_read_only(),
        number("group", 2, "u32").but_read_only(),
    ),
)
