# SPDX-License-Identifier: Apache-2.0
"""The facts that are read of an interface, and the facts of the node that follow from them.

A fact does not change without an event: counters and lifetimes are not facts. This module does not know how a
fact is written to IMM (`publication.objects` does). It has no IO and no state.
"""

from __future__ import annotations

from typing import NamedTuple


class Interface(NamedTuple):
    """One interface as the kernel describes it. Addresses are sorted texts such as ``192.0.2.1/24``."""

    name: bytes
    ifindex: int
    mac: str  # lower-case hex with colons, of any length; empty if the link has none
    mtu: int
    admin_up: bool
    oper_state: str  # the kernel's RFC 2863 word
    master: bytes  # name of the bridge or bond above it, or empty
    physical: bool
    ipv4: tuple[str, ...] = ()
    ipv6: tuple[str, ...] = ()


class NodeFacts(NamedTuple):
    """The facts of the whole node. `macs` are distinct and sorted."""

    macs: tuple[str, ...]
    interface_count: int
    overrun_count: int
