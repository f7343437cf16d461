# SPDX-License-Identifier: Apache-2.0
"""The facts that are read of an interface, and those that follow from all of them for the node.

A fact does not change by itself: counters and lifetimes are no facts. How a fact is written to IMM is not
known here, see `publication.objects`. No IO and no state.
"""

from __future__ import annotations

from typing import NamedTuple


class Interface(NamedTuple):
    """One interface as the kernel describes it. Addresses are sorted texts such as ``192.0.2.1/24``."""

    name: bytes
    ifindex: int
    mac: str  # lower-case colon hex of any length; empty when the link has none
    mtu: int
    admin_up: bool
    oper_state: str  # the kernel's RFC 2863 word
    master: bytes  # name of the bridge or bond above, or empty
    physical: bool
    ipv4: tuple[str, ...] = ()
    ipv6: tuple[str, ...] = ()


class NodeFacts(NamedTuple):
    """The facts of the node as a whole; `macs` are distinct and sorted."""

    macs: tuple[str, ...]
    interface_count: int
    overrun_count: int
