# SPDX-License-Identifier: Apache-2.0
"""The component's own work: an idle healthcheck, a refresh after one change, a full read.

The listener, the reader and the publisher are the real ones, on a kernel namespace of their own. Only IMM
takes every call and does nothing, and its owner works in this thread: what is measured of a refresh is our
own work, from AMF's call to the first call of IMM.
"""

from __future__ import annotations

import fcntl
import os
import select
import shutil
import socket
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter_ns
from typing import Optional

from pyroute2 import IPRoute

from amf_netwatch.assignment import CsiDescriptor, CsiFlag, HAState, Recovery
from amf_netwatch.component.callbacks import Component
from amf_netwatch.interfaces.inventory import Difference, Inventory
from amf_netwatch.interfaces.reader import Reader
from amf_netwatch.interfaces.refresh import Refresh
from amf_netwatch.interfaces.sysfs import Sysfs
from amf_netwatch.log import Log, level_number
from amf_netwatch.netlink.listener import Listener
from amf_netwatch.publication.publisher import Publisher
from amf_netwatch.settings import Settings, Sources
from bench.listening import piped, timestamp
from bench.measure import Contender, Row, at_most, contest, faster, show_seconds
from bench.rivals import ip_link_list
from bench.world import links
from imm_model.objects import ImmObject
from imm_model.types import Value

_SIOCSIFMTU = 0x8922
COMPONENT, KEY = "safComp=NetWatch,safSu=SC-1,safSg=NetWatch,safApp=NetWatch", "NetWatch"
SAMPLES = 31
REFRESHES = 20  # in a row, because a process in between would leave the caches cold


class EverWilling:
    """An IMM that accepts every call. `calls` counts them."""

    def __init__(self) -> None:
        self.calls = 0
        self.first_call = 0  # clock, ns, of the first call since this was set to 0
        self._silent, self._other_end = os.pipe()

    def open_implementer(self) -> EverWilling:
        return self

    open_manager = open_implementer

    def iterate_subtree(self, _root: str) -> Iterator[ImmObject]:
        return iter(())

    def read(self, _dn: str, name: str) -> dict[str, tuple[Value, ...]]:
        return {name: ("safAmfNode=SC-1,safAmfCluster=c",)}

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


class InPlace:
    """An owner of IMM that carries out an order at once."""

    settled, busy, withdrawn = True, False, False

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    def start(self) -> None:
        pass

    stop = start

    def publish(self, difference: Difference, budget: float) -> None:
        self._publisher.note(difference)
        self.settled = self._publisher.publish(budget)

    def withdraw(self, _patience: float) -> bool:
        return self._publisher.withdraw()


class NoAmf:
    """An AMF that accepts every call."""

    def component_name(self) -> str:
        return COMPONENT

    def register(self, _handler: object) -> None:
        pass

    def start_healthcheck(self, _key: str, _recovery: Recovery) -> None:
        pass


class Answered:
    """An invocation whose answer goes nowhere."""

    def answer(self, code: int = 1) -> None:
        pass

    complete_quiescing = answer


class Running:
    """The component, ACTIVE and up to date, in this process. `touch` changes a real link."""

    def __init__(self) -> None:
        self.imm = EverWilling()
        self.listener = Listener()
        log = Log(lambda _level, _line: None, level_number("info"))
        publisher = Publisher(self.imm, COMPONENT, log)
        sysfs = Sysfs()
        self.component = Component(
            listener=self.listener,
            connect=NoAmf,  # type: ignore[arg-type]
            make_owner=lambda _name, _component: InPlace(publisher),
            make_refresh=lambda settings, inventory: Refresh(Reader(settings, sysfs), inventory),
            sources=Sources({}, {}),
            log=log,
        )
        self.component.initialize()
        descriptor = CsiDescriptor(CsiFlag.ADD_ONE, "csi", ())
        self.component.csiSetCallback(Answered(), COMPONENT, HAState.ACTIVE, descriptor)  # type: ignore[arg-type]
        for _ in range(2):
            self.component.healthcheckCallback(Answered(), COMPONENT, KEY)  # type: ignore[arg-type]
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._mtu = 1400
        self._answered = Answered()

    def check(self) -> int:
        """Run a healthcheck. Return the clock, ns, at its first call of IMM."""
        self.imm.first_call = 0
        self.component.healthcheckCallback(self._answered, COMPONENT, KEY)  # type: ignore[arg-type]
        return self.imm.first_call

    def touch(self) -> None:
        """Change the MTU of a link, and wait until the listener has noticed."""
        self._mtu ^= 1
        fcntl.ioctl(self._socket, _SIOCSIFMTU, struct.pack("16si12x", b"b0a", self._mtu))
        while not self.listener.network_changed:
            select.select([], [], [], 0.0001)

    def stop(self) -> None:
        self.component.finalize()
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
            "idle": Contender(partial(running.component.healthcheckCallback, answered, COMPONENT, KEY), 2000),
            "refresh": Contender(running.check, REFRESHES, running.touch),
            "ip": Contender(ip_link_list),
        },
        samples=SAMPLES,
    )
    written = running.imm.calls - before
    least = _least(running)
    running.stop()
    costs[count] = medians["refresh"]
    yield faster(f"healthcheck, flag down, N={count}", medians["idle"], medians["ip"], "ip link list", 10_000)
    floor = 100 if count < 100 else 500
    yield faster(
        f"refresh after one change, N={count}", medians["refresh"], medians["ip"], "ip link list", floor
    )
    if least is not None:
        ours = medians["refresh"]
        yield Row(
            f"refresh after one change, N={count}",
            show_seconds(ours),
            f"C, the same system calls {show_seconds(least)}",
            least / ours,
            "<= 2.5x C",
            ours <= 2.5 * least,
        )
    yield at_most(f"IMM calls for one change, N={count}", written / (SAMPLES + 1) / REFRESHES, 2, "calls")


def _least(running: Running) -> Optional[float]:
    """Return the time in which a C program reads one file of sysfs and one link. None if there is no
    compiler.

    It reads after each change like ours, so that the caches are as warm.
    """
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if compiler is None:
        return None
    taken = []
    with tempfile.TemporaryDirectory() as directory:
        program = f"{directory}/refresh"
        source = str(Path(__file__).with_name("refresh.c"))
        subprocess.run([compiler, "-O2", "-o", program, source], check=True)
        with piped(program, "b0a") as reader:
            for _ in range(SAMPLES * REFRESHES):
                running.touch()
                running.check()
                reader.stdin.write(b"x")
                taken.append(timestamp(reader))
    return median(taken) / 1e9


def _full_read(count: int) -> Iterator[Row]:
    reader = Reader(Settings(), Sysfs())
    inventory = Inventory()
    inventory.replace(reader.read_everything().interfaces)
    with IPRoute() as general:
        medians = contest(
            {
                "new": Contender(reader.read_everything),
                "known": Contender(partial(reader.read_everything, inventory.at)),
                "ip": Contender(ip_link_list),
                "pyroute2": Contender(general.get_links),
            },
            samples=11,
        )
    reader.close()
    yield faster(f"full read, every MAC new, N={count}", medians["new"], medians["ip"], "ip link list", 1)
    yield faster(f"full read, every MAC known, N={count}", medians["known"], medians["ip"], "ip link list", 1)
    yield faster(
        f"full read, every MAC known, N={count}", medians["known"], medians["pyroute2"], "pyroute2 get_links"
    )
