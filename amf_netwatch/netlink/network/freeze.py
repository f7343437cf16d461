# SPDX-License-Identifier: Apache-2.0
"""A freeze: changes of some links, their addresses and routes are undone at once, whoever makes them.

A thread ("netlink-freeze") listens to the kernel. Any event makes it read the network, because routes vanish
without events. Differences on the frozen links are undone. Other links are ignored.

Two programs that both enforce a state would fight for ever. So each object has a limit: after it was restored
`LIMIT` times within `WINDOW` seconds, it is left alone for a while, which doubles each time, and the freeze
reports this.
"""

from __future__ import annotations

import os
import select
import threading
from collections import deque
from time import monotonic
from typing import Callable, Optional

from amf_netwatch.netlink.codec.constants import Group, MessageType
from amf_netwatch.netlink.codec.messages import Message, iter_messages
from amf_netwatch.netlink.conversation import Conversation
from amf_netwatch.netlink.errors import LossError, NetlinkError, RefusedError
from amf_netwatch.netlink.network.documents.texts import read_name
from amf_netwatch.netlink.network.exchange import Exchange
from amf_netwatch.netlink.network.objects.picture import LinkRecord, Picture, read_picture
from amf_netwatch.netlink.network.objects.records import (
    PROTOCOL_KERNEL,
    AddressRecord,
    RouteRecord,
    read_neighbour,
)
from amf_netwatch.netlink.network.planning.consequences import comes_by_itself, to_create
from amf_netwatch.netlink.network.planning.goals import why_kept
from amf_netwatch.netlink.network.planning.order import Plan, make_plan
from amf_netwatch.netlink.network.planning.steps import Step
from amf_netwatch.netlink.network.transaction import open_sockets, run_anyhow
from amf_netwatch.netlink.socket import Namespace, NetlinkSocket

LIMIT = 20  # an object that was restored this many times
WINDOW = 10.0  # within this many seconds is left alone
FIRST_PAUSE = 5.0  # seconds; doubled each time
_GROUPS = (
    Group.LINK,
    Group.NEIGHBOUR,
    Group.IPV4_ADDRESS,
    Group.IPV6_ADDRESS,
    Group.IPV4_ROUTE,
    Group.IPV6_ROUTE,
)
_ROUNDS = 5
_SECONDS = 10.0  # the time for one restoration
_FACTS = ("name", "up", "mtu", "mac", "queue_length", "alias", "group")


class Freeze:
    """Keeps links as they are. It is active when the constructor returns. `close` ends it.

    `report` gets one line for everything that was restored, in the thread of the freeze. Raises RefusedError
    if a link does not exist, NetlinkError.
    """

    def __init__(
        self,
        links: tuple[str, ...],
        *,
        namespace: Optional[Namespace] = None,
        report: Optional[Callable[[str], None]] = None,
    ) -> None:
        self.reverted = 0  # how many steps restored something
        self.failure: Optional[BaseException] = None
        self._report = report or (lambda line: None)
        self._open = open_sockets(namespace)
        self._events = NetlinkSocket(_GROUPS, namespace=namespace)
        self._fights: dict[str, _Fight] = {}
        self._ended, self._ender = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._failed, self._failer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            with Conversation(self._open()) as conversation:
                self._kept = read_picture(conversation)
            self._frozen = {self._find(link) for link in links}
        except BaseException:
            self._close_all()
            raise
        self._thread = threading.Thread(target=self._run, name="netlink-freeze", daemon=True)
        self._thread.start()

    def _find(self, link: str) -> int:
        try:
            found = self._kept.find(read_name(link))
        except ValueError as error:
            raise RefusedError("", str(error)) from None
        if found is None:
            raise RefusedError("", f"there is no link {link}")
        return found.ifindex

    def __enter__(self) -> Freeze:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Unfreeze. Nothing is restored after it returns. A second call does nothing."""
        if self._ender >= 0:
            os.write(self._ender, b"x")
            self._thread.join()
            self._close_all()

    def fileno(self) -> int:
        """Return a descriptor that is readable when the freeze has failed; `failure` has the reason."""
        return self._failed

    def _close_all(self) -> None:
        self._events.close()
        if self._ender >= 0:
            for descriptor in (self._ended, self._ender, self._failed, self._failer):
                os.close(descriptor)
            self._ended = self._ender = -1

    # -- the thread ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._events, select.POLLIN)
        poll.register(self._ended, select.POLLIN)
        try:
            conversation = Conversation(self._open())
            exchange = Exchange(self._open())
            try:
                while True:
                    again = self._put_back(conversation, exchange)
                    matters = False
                    while not matters:
                        ready = poll.poll(None if again is None else max(0.0, again - monotonic()) * 1000)
                        if any(descriptor == self._ended for descriptor, _ in ready):
                            return
                        matters = self._take_events() or not ready
            finally:
                conversation.close()
                exchange.close()
        except BaseException as error:
            self.failure = error
            os.write(self._failer, b"x")

    def _take_events(self) -> bool:
        """Remove the waiting events; the network itself is read again. True if something may differ."""
        matters = False
        try:
            while (datagram := self._events.receive()) is not None:
                matters = matters or any(_matters(message) for message in iter_messages(datagram))
        except LossError:
            self._events.discard()
            return True
        return matters

    def _put_back(self, conversation: Conversation, exchange: Exchange) -> Optional[float]:
        """Read and restore until nothing differs. Return when to check again what was left alone."""
        again: Optional[float] = None
        for _ in range(_ROUNDS):
            try:
                now = read_picture(conversation)
                plan = make_plan(now, self._wish(now), known=self._kept)
            except NetlinkError as error:
                self._report(f"cannot be read: {error}")
                return monotonic() + FIRST_PAUSE
            allowed, again = self._allow(plan)
            if not allowed:
                return again
            deadline = monotonic() + _SECONDS
            for stage in allowed:
                refusals = run_anyhow(stage, exchange, deadline, self._kept, conversation)
                refused = {refusal.step.text: refusal.error for refusal in refusals}
                for step in stage:
                    if step.text in refused:
                        self._report(f"could not be put back: {step.text}: {refused[step.text]}")
                    else:
                        self.reverted += 1
                        self._report(f"put back: {step.text}")
        return again

    def _allow(self, plan: Plan) -> tuple[list[list[Step]], Optional[float]]:
        """Return the steps of the objects below their limit, and when the others may be restored again."""
        now = monotonic()
        allowed = []
        again: Optional[float] = None
        for stage in plan.stages:
            some = []
            for step in stage:
                fight = self._fights.setdefault(step.text, _Fight())
                if fight.may(now):
                    some.append(step)
                    continue
                if fight.just_stopped:
                    self._report(f"somebody keeps changing it, left alone for {fight.pause:g} s: {step.text}")
                again = fight.until if again is None else min(again, fight.until)
            if some:
                allowed.append(some)
        return allowed, again

    def _wish(self, now: Picture) -> Picture:
        """Return `now`, with the frozen links as they were."""
        wanted = now.copy()
        kept = self._kept
        for index in self._frozen:
            old, here = kept.links[index], now.links.get(index)
            if here is None:
                if not why_kept(old) and old.lower_namespace is None:
                    wanted.links[index] = to_create(old, kept)
                    if old.is_peer_pair and old.lower is not None and old.lower not in now.links:
                        wanted.links[old.lower] = to_create(kept.links[old.lower], kept)
                    wanted.addresses[index] = tuple(
                        one for one in kept.addresses.get(index, ()) if not comes_by_itself(one)
                    )
                continue
            wanted.links[index] = _as_it_was(old, here)
            there = now.addresses.get(index, ())
            addresses = _addresses_as_they_were(kept.addresses.get(index, ()), there)
            if addresses != there:
                wanted.addresses[index] = addresses
        wanted_neighbours = {key: one for key, one in now.neighbours.items() if key[0] not in self._frozen}
        for key, neighbour in kept.neighbours.items():
            if key[0] in self._frozen and key[0] in wanted.links:
                wanted_neighbours[key] = neighbour
        wanted.neighbours = wanted_neighbours
        self._wish_routes(now, wanted)
        return wanted

    def _wish_routes(self, now: Picture, wanted: Picture) -> None:
        frozen = self._frozen
        for key in now.routes.keys() | self._kept.routes.keys():
            there = now.routes.get(key, ())
            was = self._kept.routes.get(key, ())
            if there == was:
                continue
            routes = [
                route
                for route in there
                if route.protocol == PROTOCOL_KERNEL or not frozen.intersection(route.interfaces())
            ]
            routes += [
                route
                for route in was
                if route.protocol != PROTOCOL_KERNEL
                and frozen.intersection(route.interfaces())
                and self._can_be(route, wanted)
            ]
            if tuple(routes) != there:
                if routes:
                    wanted.routes[key] = tuple(routes)
                else:
                    wanted.routes.pop(key, None)

    def _can_be(self, route: RouteRecord, wanted: Picture) -> bool:
        return all(index in wanted.links and wanted.links[index].up for index in route.interfaces())


def _matters(message: Message) -> bool:
    """Tell whether an event matters. Neighbours change all the time; only those of an administrator
    matter."""
    if message.type != MessageType.NEWNEIGH:
        return True
    return read_neighbour(message.buffer, message.start, message.end) is not None


def _as_it_was(old: LinkRecord, here: LinkRecord) -> LinkRecord:
    changes = {name: getattr(old, name) for name in _FACTS if getattr(here, name) != getattr(old, name)}
    if here.kind in ("bridge", "bond"):  # these follow their ports
        changes.pop("mac", None)
        changes.pop("mtu", None)
    if here.master != old.master:
        changes["master"] = old.master
        changes["port_kind"], changes["port_data"] = old.port_kind, old.port_data
    elif here.port_data != old.port_data:
        changes["port_data"] = old.port_data
    if here.data != old.data:
        changes["data"] = old.data
    return here._replace(**changes) if changes else here


def _addresses_as_they_were(
    old: tuple[AddressRecord, ...], there: tuple[AddressRecord, ...]
) -> tuple[AddressRecord, ...]:
    present = {one.key: one for one in there}
    keys = {one.key for one in old}
    loose = [one for one in there if one.key not in keys and (not one.permanent or comes_by_itself(one))]
    kept = [
        present[one.key] if one.key in present and present[one.key].facts() == one.facts() else one
        for one in old
        if one.key in present or not comes_by_itself(one)
    ]
    return (*kept, *loose)


class _Fight:
    """How often one object was restored recently."""

    def __init__(self) -> None:
        self.until = 0.0
        self.pause = FIRST_PAUSE / 2
        self.just_stopped = False
        self._times: deque[float] = deque(maxlen=LIMIT)

    def may(self, now: float) -> bool:
        """Count one more time. False if the object must be left alone for now."""
        self.just_stopped = False
        if now < self.until:
            return False
        if len(self._times) == LIMIT and now - self._times[0] < WINDOW:
            self.pause *= 2
            self.until = now + self.pause
            self.just_stopped = True
            self._times.clear()
            return False
        self._times.append(now)
        return True
