# SPDX-License-Identifier: Apache-2.0
"""The listener: a storm between two healthchecks, the time from a change to the flag, and idleness."""

from __future__ import annotations

import fcntl
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter_ns
from typing import Any

from pyroute2 import IPRoute

from amf_netwatch.netlink import Group, Listener, NetlinkSocket, decode_link, iter_messages
from bench.measure import Row, at_most, show_seconds
from bench.world import links

STORM = 10_000
IDLE = 20.0  # seconds
_SIOCSIFMTU = 0x8922


class Watched(Listener):
    """The listener with a clock in its flag."""

    def __init__(self) -> None:
        self.raised = threading.Event()
        self.raised_at = 0
        super().__init__((Group.LINK,))

    @property
    def network_changed(self) -> bool:
        return self._flag

    @network_changed.setter
    def network_changed(self, value: bool) -> None:
        if value:
            self.raised_at = perf_counter_ns()
        self._flag = value
        if value:
            self.raised.set()
        else:
            self.raised.clear()


def rows() -> Iterator[Row]:
    """Every figure of this part."""
    with links(4):
        yield from _storm()
        yield from _latency()
        yield from _idle()


class Link:
    """A link of this namespace whose MTU is changed by one system call: one event each."""

    def __init__(self, name: bytes = b"b0a") -> None:
        self._name = name
        self._mtu = 1400
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def change(self, times: int = 1) -> None:
        for _ in range(times):
            self._mtu ^= 1
            fcntl.ioctl(self._socket, _SIOCSIFMTU, struct.pack("16si12x", self._name, self._mtu))

    def close(self) -> None:
        self._socket.close()


# -- storm ------------------------------------------------------------------------------------------------


def _storm() -> Iterator[Row]:
    link = Link()
    singles, storms, takes, complete = [], [], [], True
    with Watched() as listener:
        listener.take()
        clock = time.pthread_getcpuclockid(listener._thread.ident)
        for _ in range(15):
            for count, costs in ((1, singles), (STORM, storms)):
                before = time.clock_gettime_ns(clock)
                link.change(count)
                assert listener.raised.wait(5)
                started = perf_counter_ns()
                changes = listener.take()
                if count == STORM:
                    takes.append(perf_counter_ns() - started)
                    complete = complete and changes.everything
                settle(listener)
                costs.append(time.clock_gettime_ns(clock) - before)
    naive = median(_naive(link) for _ in range(3))
    general = _by_pyroute2(link)
    link.close()
    one, many = median(singles), median(storms)
    yield Row(
        f"listener CPU: {STORM} events between two healthchecks",
        show_seconds(many / 1e9),
        f"one event {show_seconds(one / 1e9)}",
        None,
        "<= 2x of one",
        many <= 2 * one and complete,
    )
    yield Row("  take() after it", show_seconds(median(takes) / 1e9))
    yield compared(f"  {STORM} events read and decoded one by one", many, naive, "plain loop")
    yield compared(f"  {STORM} events by the general library", many, general, "pyroute2")


def settle(listener: Watched) -> None:
    """Take until nothing is left and the thread waits again."""
    while listener.network_changed:
        listener.take()


def compared(what: str, ours: float, rival: float, name: str) -> Row:
    return Row(what, show_seconds(ours / 1e9), f"{name} {show_seconds(rival / 1e9)}", rival / ours)


def _naive(link: Link) -> float:
    """Return the CPU ns of receiving and decoding every event of a storm, as far as the queue allows."""
    cost, done = 0, 0
    with NetlinkSocket((Group.LINK,)) as opened:
        while done < STORM:
            link.change(400)
            started = time.thread_time_ns()
            while (datagram := opened.receive()) is not None:
                for message in iter_messages(datagram):
                    decode_link(message.buffer, message.start, message.end)
            cost += time.thread_time_ns() - started
            done += 400
    return cost * STORM / done


def _by_pyroute2(link: Link) -> float:
    """Do the same with IPRoute, for a twentieth of the events, because it is slow."""
    part = STORM // 20
    with IPRoute() as general:
        general.bind()
        link.change(part // 2)
        started, seen = time.process_time_ns(), 0
        link.change(1)
        while seen < part // 2:
            seen += len(list(general.get()))
        cost = time.process_time_ns() - started
    return cost * STORM / seen


# -- latency ----------------------------------------------------------------------------------------------


def _latency() -> Iterator[Row]:
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if compiler is None:
        yield Row("latency of the flag", "not measured", "no C compiler here")
        return
    ours: list[int] = []
    rival: list[int] = []
    with tempfile.TemporaryDirectory() as directory:
        program = str(Path(directory) / "latency")
        source = str(Path(__file__).with_name("latency.c"))
        subprocess.run([compiler, "-O2", "-o", program, source], check=True)
        with piped(program, "change", "b0a") as changer:
            for _ in range(10):
                with Watched() as listener:
                    settle(listener)
                    for _ in range(40):
                        _rest()
                        changer.stdin.write(b"x")
                        assert listener.raised.wait(5)
                        ours.append(listener.raised_at - timestamp(changer))
                        settle(listener)
                with piped(program, "listen") as c_listener:
                    timestamp(c_listener)
                    for _ in range(40):
                        _rest()
                        changer.stdin.write(b"x")
                        rival.append(-timestamp(changer) + timestamp(c_listener))
    ratio = median(ours) / median(rival)
    yield Row(
        "latency: change to flag",
        show_seconds(median(ours) / 1e9),
        f"C {show_seconds(median(rival) / 1e9)}",
        1 / ratio,
        "<= 2.5x C",
        ratio <= 2.5,
    )


@contextmanager
def piped(*command: str) -> Iterator[Any]:
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def timestamp(process: Any) -> int:
    value: int = struct.unpack("=q", process.stdout.read(8))[0]
    return value


def _rest() -> None:
    """Wait two milliseconds, so that all threads go to sleep, as on a quiet machine."""
    threading.Event().wait(0.002)


# -- idleness ---------------------------------------------------------------------------------------------


def _idle() -> Iterator[Row]:
    with Listener() as listener:
        while listener.network_changed:
            listener.take()
        _rest()
        clock = time.pthread_getcpuclockid(listener._thread.ident)
        switches, cpu = switches_of(listener), time.clock_gettime_ns(clock)
        threading.Event().wait(IDLE)
        switches, cpu = switches_of(listener) - switches, time.clock_gettime_ns(clock) - cpu
    yield at_most(f"wake-ups of the idle listener in {IDLE:.0f} s", switches, 0, "")
    yield Row("  its CPU time in them", show_seconds(cpu / 1e9))


def switches_of(listener: Listener) -> int:
    """Voluntary context switches of the thread since it began."""
    status = Path(f"/proc/self/task/{listener._thread.native_id}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("voluntary"))
