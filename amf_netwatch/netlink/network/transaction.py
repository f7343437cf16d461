# SPDX-License-Identifier: Apache-2.0
"""One transaction: from the present picture to the wanted picture, or back.

::

    read -> aim -> plan -> steps -> read: what vanished comes back -> read: nothing is left to do -> done
                             |                                              |
                         a refusal, a time-out, a signal, a check that fails
                             |
                             v
    read -> restore -> plan -> steps, whatever is refused -> read: ... until nothing is left, or nothing helps

Rules: the dump is the truth, never the acknowledgement. A request whose answer was lost may have been
carried out, so a roll-back starts from what it reads. A roll-back has sockets of its own. The first error is
the one that is raised, with a list of what could not be restored.
"""

from __future__ import annotations

import select
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from errno import EBUSY, EHOSTUNREACH, EINVAL, ENETUNREACH
from time import monotonic
from typing import Callable, NamedTuple, Optional

from amf_netwatch.netlink.codec.constants import AddressFlag, Family
from amf_netwatch.netlink.conversation import Conversation
from amf_netwatch.netlink.errors import AnswerTimeoutError, CommitError, KernelError, NetlinkError
from amf_netwatch.netlink.network.exchange import PATIENCE, Exchange, Refusal
from amf_netwatch.netlink.network.objects.picture import Picture, read_picture
from amf_netwatch.netlink.network.objects.records import (
    INET,
    RTA_MULTIPATH,
    RTA_OIF,
    RTA_PREFSRC,
    RouteKey,
    RouteRecord,
    iter_next_hops,
)
from amf_netwatch.netlink.network.planning.consequences import bring_back, find_closure, restore
from amf_netwatch.netlink.network.planning.order import Plan, make_plan
from amf_netwatch.netlink.network.planning.steps import Step, add_route, delete_route, set_up
from amf_netwatch.netlink.socket import Namespace, NetlinkSocket
from amf_netwatch.netlink.transport import QueryTransport

OpenTransport = Callable[[], QueryTransport]
"""Opens a socket in the namespace of the transaction."""
ProxyKey = tuple[int, bytes, bool]
"""The key of a `NeighbourRecord`."""
Aim = Callable[[Picture, bool], Picture]
"""From the present picture to the wanted one. The flag says that steps have been carried out already."""

TIMEOUT = 60.0  # seconds for a commit; a roll-back has the same time again
ROUNDS = 4  # rounds of reading and repairing
SETTLING = 1.5  # seconds: the kernel looks at new carriers at most once a second
DUPLICATE_DETECTION = 4.0  # seconds that an IPv6 address may need until it can be a source
_LOWER_UP = 0x10000  # the link has a carrier
_LOOK_AGAIN = 0.05  # seconds
_TRIES = 2  # how often the same plan is tried in a roll-back
_HELPED_BY_HOST_ROUTE = (ENETUNREACH, EHOSTUNREACH, EINVAL)


class Outcome(NamedTuple):
    """What a transaction did."""

    before: Picture
    goal: Picture
    after: Picture
    plan: Plan
    closure: frozenset[int]


class Watch:
    """Gets reports from a running transaction. A guardian overrides it."""

    def begun(self, before: Picture, goal: Picture, closure: set[int]) -> None:
        """Called before the first request is sent."""

    def committed(self) -> None:
        """Called when everything is done and verified."""

    def ended(self) -> None:
        """Called when everything has been undone."""


class Transaction:
    """Carries out one aim. `open_transport` opens every socket that it uses.

    `known`: the aim is to restore this picture, so addresses need no duplicate detection, and routes may be
    restored although nothing makes their gateway reachable any more.
    """

    def __init__(
        self,
        aim: Aim,
        open_transport: OpenTransport,
        *,
        timeout: float = TIMEOUT,
        patience: float = PATIENCE,
        check: Optional[Callable[[], object]] = None,
        watch: Optional[Watch] = None,
        known: Optional[Picture] = None,
    ) -> None:
        self._aim = aim
        self._open = open_transport
        self._timeout = timeout
        self._patience = patience
        self._check = check
        self._known = known
        self._watch = watch or Watch()
        self._step = ""
        self._undone: list[str] = []

    def run(self, base: Optional[Callable[[Picture, Picture], None]] = None) -> Outcome:
        """Carry it out. CommitError if it was refused and undone, RefusedError if it did not begin.

        `base` is called before the first step with the present and the wanted picture, and may raise.
        """
        deadline = monotonic() + self._timeout
        with self._asking() as conversation:
            before = read_picture(conversation)
        goal = self._aim(before, False)
        if base is not None:
            base(before, goal)
        plan = make_plan(before, goal, known=self._known)
        closure = find_closure(before, goal)
        if not plan:
            self._approve(before)
            return Outcome(before, goal, before, plan, frozenset(closure))
        self._watch.begun(before, goal, closure)
        try:
            after = self._carry_out(before, goal, closure, plan, deadline)
            self._approve(after)
        except BaseException as error:
            with undisturbed():
                left = roll_back(before, goal, closure, self._open, self._timeout, self._patience)
                self._watch.ended()
            if not isinstance(error, Exception):
                raise
            raise CommitError(self._step, _say(error), left) from error
        self._watch.committed()
        return Outcome(before, goal, after, plan, frozenset(closure))

    def _asking(self) -> Conversation:
        return Conversation(self._open())

    def _approve(self, after: Picture) -> None:
        self._step = ""
        if self._check is not None and self._check() is False:
            raise CommitError("", "the check says no")

    def _carry_out(
        self, before: Picture, goal: Picture, closure: set[int], plan: Plan, deadline: float
    ) -> Picture:
        exchange = Exchange(self._open(), patience=self._patience)
        known = before if self._known is None else self._known
        settled = False
        try:
            for stage in plan.stages:
                self._run_stage(stage, exchange, before, goal, deadline)
            with self._asking() as conversation:
                now = read_picture(conversation)
                for _ in range(ROUNDS):
                    consequences = make_plan(now, bring_back(now, before, goal, closure), known=known)
                    for stage in consequences.stages:
                        run_anyhow(stage, exchange, deadline, now, conversation)
                    if consequences:
                        now = read_picture(conversation)
                    rest = make_plan(now, self._aim(now, True), known=known)
                    if not rest and (
                        not consequences or not make_plan(now, bring_back(now, before, goal, closure))
                    ):
                        unsettled = set() if settled else _find_unsettled(before, now, goal)
                        if not unsettled:
                            return now
                        settled = True
                        wait_for_proxies(unsettled, conversation)
                        now = read_picture(conversation)
                        continue
                    for stage in rest.stages:
                        self._run_stage(stage, exchange, now, goal, deadline)
                    if rest:
                        now = read_picture(conversation)
                rest = make_plan(now, self._aim(now, True), known=known)
                if rest:
                    self._step = next(iter(rest)).text
                    raise CommitError(self._step, "the kernel took it, but it is not so afterwards")
                return now
        finally:
            exchange.close()

    def _helps(self, refusal: Refusal, exchange: Exchange, goal: Picture, deadline: float) -> bool:
        with self._asking() as conversation:
            if help_step(refusal, exchange, goal, deadline, conversation):
                return True
        return self._known is not None and add_by_host_route(refusal, exchange, goal, deadline)

    def _run_stage(
        self, stage: Sequence[Step], exchange: Exchange, now: Picture, goal: Picture, deadline: float
    ) -> None:
        """Run all steps of a stage. Raises at the first refusal without a remedy."""
        if monotonic() > deadline:
            raise AnswerTimeoutError(f"not done within {self._timeout:g} s")
        self._step = stage[0].text
        start = 0
        while start < len(stage):
            refused = exchange.run(stage[start:], deadline)
            if not refused:
                return
            for refusal in refused:
                self._step = refusal.step.text
                if not self._helps(refusal, exchange, goal, deadline):
                    raise refusal.error
            # All requests of that datagram were sent; the next datagram begins after it.
            start += _end_of_datagram(refused[-1].place, stage[start:], exchange)


def _end_of_datagram(place: int, some: Sequence[Step], exchange: Exchange) -> int:
    """Return how many of these steps were sent if `place` was the last refused one."""
    sent = 0
    while sent <= place:
        sent = exchange.end_of_datagram(some, sent)
    return sent


def help_step(
    refusal: Refusal, exchange: Exchange, goal: Picture, deadline: float, conversation: Conversation
) -> bool:
    """Try a remedy for a refusal: set a link down for the step, or wait until a source address is usable."""
    step, errno = refusal.step, refusal.error.errno
    if errno == EBUSY and step.needs_down:
        link = goal.links.get(step.needs_down)
        if link is None:
            return False
        _run_all((set_up(link, False), step, *((set_up(link, True),) if link.up else ())), exchange, deadline)
        return True
    if errno == EINVAL and step.route is not None and step.route.family != INET:
        source = step.route.attributes.get(RTA_PREFSRC)
        if source is not None and wait_for_source(source, conversation):
            _run_all((step,), exchange, deadline)
            return True
    return False


def _run_all(some: Sequence[Step], exchange: Exchange, deadline: float) -> None:
    for one in some:
        refused = exchange.run([one], deadline)
        if refused:
            raise refused[0].error


def wait_for_source(source: bytes, conversation: Conversation) -> bool:
    """Wait until an IPv6 address is not tentative any more. False if that did not help."""
    deadline = monotonic() + DUPLICATE_DETECTION
    while monotonic() < deadline:
        flags = [
            one.flags if one.all_flags is None else one.all_flags
            for one in conversation.dump_addresses(family=Family.INET6)
            if one.own == source
        ]
        if not flags or all(flag & AddressFlag.DADFAILED for flag in flags):
            return False
        if not all(flag & AddressFlag.TENTATIVE for flag in flags):
            return True
        select.poll().poll(_LOOK_AGAIN * 1000)
    return False


def _say(error: BaseException) -> str:
    if isinstance(error, CommitError):
        return error.reason
    if isinstance(error, KernelError):
        return str(error)
    if isinstance(error, NetlinkError):
        return str(error)
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


# -- back ---------------------------------------------------------------------------------------------------


def roll_back(
    before: Picture,
    goal: Picture,
    closure: set[int],
    open_transport: OpenTransport,
    timeout: float = TIMEOUT,
    patience: float = PATIENCE,
) -> tuple[str, ...]:
    """Undo the change as if it had never happened. Return what could not be restored, one line each.

    It does not raise for any answer of the kernel.
    """
    deadline = monotonic() + timeout
    refusals: dict[str, str] = {}
    tried: list[list[str]] = []
    lines: list[str] = []
    left: tuple[str, ...] = ()
    first: Optional[Picture] = None
    settled = False
    while len(tried) < ROUNDS + 2:
        try:
            exchange = Exchange(open_transport(), patience=patience)
            try:
                with Conversation(open_transport()) as conversation:
                    now = read_picture(conversation)
                    first = first or now
                    wanted, left = restore(now, before, goal, closure)
                    plan = make_plan(now, wanted, known=before)
                    lines = [step.text for step in plan]
                    if not plan and not settled:
                        settled = True
                        unsettled = _find_unsettled(first, now, before)
                        if unsettled:
                            wait_for_proxies(unsettled, conversation)
                            continue
                    if not plan or tried.count(lines) == _TRIES:
                        break
                    tried.append(lines)
                    for stage in plan.stages:
                        for refusal in run_anyhow(stage, exchange, deadline, wanted, conversation):
                            refusals[refusal.step.text] = str(refusal.error)
            finally:
                exchange.close()
        except NetlinkError as error:
            lines, left = [f"nothing is known: {error}"], ()
            tried.append(lines)
            if monotonic() > deadline:
                break
    return (*left, *(f"{line}: {refusals[line]}" if line in refusals else line for line in lines))


def _find_unsettled(before: Picture, now: Picture, wanted: Picture) -> set[ProxyKey]:
    """Return proxy neighbours on links without a carrier that have gone up since `before`, or will go up.

    The kernel drops them when it notices that there is no carrier, up to a second later.
    """
    return {
        key
        for key in wanted.neighbours
        if key[2]
        and key[0] in now.links
        and now.links[key[0]].up
        and not now.links[key[0]].flags & _LOWER_UP
        and (key[0] not in before.links or not before.links[key[0]].up)
    }


def wait_for_proxies(keys: set[ProxyKey], conversation: Conversation) -> None:
    """Wait until the kernel has dropped one of these neighbours, or for `SETTLING` seconds."""
    deadline = monotonic() + SETTLING
    while monotonic() < deadline and keys <= read_picture(conversation).neighbours.keys():
        select.poll().poll(_LOOK_AGAIN * 1000)


def run_anyhow(
    stage: Sequence[Step],
    exchange: Exchange,
    deadline: float,
    picture: Picture,
    conversation: Conversation,
) -> list[Refusal]:
    """Run every step, even after refusals. Return the refusals without a remedy."""
    refusals: list[Refusal] = []
    start = 0
    while start < len(stage):
        refused = exchange.run(stage[start:], deadline)
        if not refused:
            break
        for one in refused:
            refusal = one
            try:
                helped = help_step(refusal, exchange, picture, deadline, conversation) or add_by_host_route(
                    refusal, exchange, picture, deadline
                )
            except KernelError as error:
                refusal, helped = one._replace(error=error), False
            if not helped:
                refusals.append(refusal)
        start += _end_of_datagram(refused[-1].place, stage[start:], exchange)
    return refusals


def add_by_host_route(refusal: Refusal, exchange: Exchange, picture: Picture, deadline: float) -> bool:
    """Add a route through an unreachable gateway, with the help of a temporary host route.

    Such a route existed before: the kernel keeps a route when the route to its gateway vanishes.
    """
    step, route = refusal.step, refusal.step.route
    if route is None or refusal.error.errno not in _HELPED_BY_HOST_ROUTE:
        return False
    helpers = [_host_route(gateway, interface) for gateway, interface in _ways(route)]
    added = []
    for helper in helpers:
        if not exchange.run([add_route(helper, picture)], deadline):
            added.append(helper)
    again = exchange.run([step], deadline)
    for helper in added:
        exchange.run([delete_route(helper, picture)], deadline)
    return bool(added) and not again


def _ways(route: RouteRecord) -> Iterator[tuple[bytes, int]]:
    """Yield gateway and interface of each way that has both."""
    hops = route.attributes.get(RTA_MULTIPATH)
    if hops is not None:
        for _, _, interface, attributes in iter_next_hops(hops):
            if 5 in attributes and interface:
                yield attributes[5], interface
        return
    interfaces = route.interfaces()
    for gateway in route.gateways():
        if interfaces:
            yield gateway, interfaces[0]


def _host_route(gateway: bytes, interface: int) -> RouteRecord:
    family = INET if len(gateway) == 4 else 10
    key = RouteKey(family, gateway, len(gateway) * 8, 254, 0 if family == INET else 1024)
    scope = 253 if family == INET else 0
    return RouteRecord(key, 77, scope, 1, 0, {RTA_OIF: interface.to_bytes(4, "little")})


@contextmanager
def undisturbed() -> Iterator[None]:
    """Ignore the signals that would interrupt, inside the block. It has no effect outside the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = {}
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        kept[number] = signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)


def open_sockets(namespace: Optional[Namespace] = None) -> OpenTransport:
    """Return a function that opens sockets for requests and dumps in this namespace."""

    def open_one() -> QueryTransport:
        return NetlinkSocket(receive_buffer=None, extended_ack=True, strict=True, namespace=namespace)

    return open_one
