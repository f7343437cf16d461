# SPDX-License-Identifier: Apache-2.0
"""The component's own work: an idle healthcheck, a refresh after one change, a full read.

The listener, the reader and the publisher are the real ones, on a kernel namespace of their own; only IMM
is one that takes every call and does nothing.
"""

from __future__ import annotations

import fcntl
import os
import select
import socket
import struct
from collections.abc import Iterable, Iterator
from functools import partial
from time import perf_counter_ns

from pyroute2 import IPRoute

from amf_netwatch.assignment import Assignment, CsiFlag, HAState
from amf_netwatch.component.callbacks import Component
from amf_netwatch.interfaces.inventory import Inventory
from amf_netwatch.interfaces.reader import Reader
from amf_netwatch.interfaces.refresh import Refresh
from amf_netwatch.interfaces.sysfs import Sysfs
from amf_netwatch.log import Log, level_number
from amf_netwatch.netlink.listener import Listener
from amf_netwatch.publication.publisher import Publisher
from amf_netwatch.settings import Settings, Sources
from bench.measure import Contender, Row, at_most, contest, faster
from bench.rivals import ip_link_list
from bench.world import links

_SIOCSIFMTU = 0x8922
SAMPLES = 31
REFRESHES = 20  # in a row, as the process in between leaves the caches cold


class EverWilling:
    """An IMM that takes every call; `calls` counts what would have been written."""

    def __init__(self) -> None:
        self.calls = 0
        self.first_call = 0  # clock, ns, of the first call since this was set to 0
        self._silent, self._other_end = os.pipe()

    def open_implementer(self) -> EverWilling:
        return self

    def read_subtree(self, _root: str) -> Iterable[object]:
        return ()

    def read_node(self) -> str:
        return "SC-1"

    def selection_object(self) -> int:
        return self._silent

    def _count(self, *_arguments: object) -> None:
        if not self.first_call:
            self.first_call = perf_counter_ns()
        self.calls += 1

    create = update = delete = _count

    def _nothing(self, *_arguments: object) -> None:
        pass

    dispatch = set_name = clear_name = finalize = _nothing


class Answered:
    """An invocation that goes nowhere."""

    def answer(self, code: int = 1) -> None:
        pass

    complete_quiescing = answer


class Running:
    """The component, ACTIVE and up to date, in this process; `touch` changes one link for real."""

    def __init__(self) -> None:
        self.imm = EverWilling()
        self.listener = Listener()
        self.listener.start()
        log = Log(lambda _level, _line: None, level_number("info"))
        inventory = Inventory()
        publisher = Publisher(self.imm, inventory, log)
        self.component = Component(
            listener=self.listener,
            publisher=publisher,
            make_refresh=lambda settings: Refresh(Reader(settings, Sysfs()), inventory),
            sources=Sources({}, {}),
            log=log,
        )
        self.component.csiSetCallback(Answered(), Assignment(HAState.ACTIVE, CsiFlag.ADD_ONE, "csi", ()))
        self.component.healthcheckCallback(Answered())
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._mtu = 1400
        self._answered = Answered()

    def check(self) -> int:
        """A healthcheck; returns the clock, ns, when it came to its first call of IMM."""
        self.imm.first_call = 0
        self.component.healthcheckCallback(self._answered)
        return self.imm.first_call

    def touch(self) -> None:
        """Change the MTU of a link, and wait until the listener has noticed."""
        self._mtu ^= 1
        fcntl.ioctl(self._socket, _SIOCSIFMTU, struct.pack("16si12x", b"b0a", self._mtu))
        while not self.listener.network_changed:
            select.select([], [], [], 0.0001)

    def stop(self) -> None:
        self.listener.stop()
        self._socket.close()


def rows() -> Iterator[Row]:
    """Every figure of this part."""
    costs = {}
    for count in (4, 1000):
        with links(count):
            yield from _idle_and_refresh(count, costs)
    yield at_most("refresh at N=1000 against N=4", costs[1000] / costs[4], 2, "times")
    for count in (4, 100, 1000):
        with links(count):
            yield from _full_read(count)


def _idle_and_refresh(count: int, costs: dict[int, float]) -> Iterator[Row]:
    running = Running()
    answered = Answered()
    before = running.imm.calls
    medians = contest(
        {
            "idle": Contender(partial(running.component.healthcheckCallback, answered), 2000),
            "refresh": Contender(running.check, REFRESHES, running.touch),
            "ip": Contender(ip_link_list),
        },
        samples=SAMPLES,
    )
    written = running.imm.calls - before
    running.stop()
    costs[count] = medians["refresh"]
    yield faster(f"healthcheck, flag down, N={count}", medians["idle"], medians["ip"], "ip link list", 10_000)
    floor = 100 if count < 100 else 1000
    yield faster(
        f"refresh after one change, N={count}", medians["refresh"], medians["ip"], "ip link list", floor
    )
    yield at_most(f"IMM calls for one change, N={count}", written / (SAMPLES + 1) / REFRESHES, 2, "calls")


def _full_read(count: int) -> Iterator[Row]:
    reader = Reader(Settings(), Sysfs())
    with IPRoute() as general:
        medians = contest(
            {
                "ours": Contender(reader.read_everything),
                "ip": Contender(ip_link_list),
                "pyroute2": Contender(general.get_links),
            },
            samples=11,
        )
    reader.close()
    yield faster(f"full read, N={count}", medians["ours"], medians["ip"], "ip link list", 1)
    yield faster(f"full read, N={count}", medians["ours"], medians["pyroute2"], "pyroute2 get_links")
