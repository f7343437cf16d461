# SPDX-License-Identifier: Apache-2.0
"""Waiting for something to happen to a link: attach, detach, up, down, reconnect.

::

    wait_attach(timeout=30)                 # subscribes, then waits
    with LinkWaiter() as waiter:            # subscribes
        plug_in()
        link = waiter.attach(timeout=30)    # counts also what has happened since it subscribed

What exactly ends each wait is in `conditions`. This module has the sockets and the time.
"""

from __future__ import annotations

import os
import select
from collections import deque
from collections.abc import Iterable
from math import ceil
from time import monotonic
from typing import Union

from amf_netwatch.netlink.codec.constants import OperState
from amf_netwatch.netlink.codec.link import Link
from amf_netwatch.netlink.errors import WaitTimeoutError
from amf_netwatch.netlink.mirror.conditions import (
    AdminState,
    AnyDetached,
    Attached,
    Condition,
    Detached,
    Reconnected,
    StrictlyReconnected,
)
from amf_netwatch.netlink.mirror.follower import Follower
from amf_netwatch.netlink.mirror.tables.changes import Action, Change, Object
from amf_netwatch.netlink.mirror.tables.namespace import Tables
from amf_netwatch.netlink.socket import RECEIVE_BUFFER, Namespace

_CATCH_UP = 16  # reads; each takes in hundreds of events, or reads everything again

Name = Union[bytes, str]


class LinkWaiter:
    """Waits for links. It gets every event since it was constructed. Only one thread may use it.

    Each wait continues where the one before ended, so what happens between two waits is not missed. Names are
    bytes, or text as `os.fsdecode` makes it. `timeout`: seconds from the call; None waits for ever. Every
    wait raises WaitTimeoutError, and NetlinkError when the kernel does not answer.
    """

    def __init__(
        self, *, namespace: Namespace | None = None, receive_buffer: int | None = RECEIVE_BUFFER
    ) -> None:
        self._links: dict[int, Link] = {}
        self._changes: deque[Change] = deque()
        self._follower = Follower(
            (Object.LINK,), after=self._changes.append, namespace=namespace, receive_buffer=receive_buffer
        )
        try:
            while self._follower.mirror.reading:
                self._follower.read()
        except BaseException:
            self._follower.close()
            raise
        self._links.update(self._follower.mirror.tables.links)
        self._changes.clear()

    def __enter__(self) -> LinkWaiter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the sockets. A second call does nothing."""
        self._follower.close()

    @property
    def tables(self) -> Tables:
        """Return all links as the kernel last described them."""
        return self._follower.mirror.tables

    def attach(
        self,
        existing: Iterable[Name] | None = None,
        *,
        state: OperState | None = None,
        timeout: float | None = None,
    ) -> Link:
        """Wait for the first link that was not there, or not among `existing`, and return it.

        With `state`: the first of these links that has this operational state.
        """
        names = None if existing is None else map(os.fsencode, existing)
        return self._wait_for_link(Attached(names, state), timeout)

    def detach(self, name: Name | None = None, *, timeout: float | None = None) -> Link | None:
        """Wait until the link of this name has gone. Return it as it was before, or None if there was none.

        Without a name: wait for the first link that goes.
        """
        condition = AnyDetached() if name is None else Detached(os.fsencode(name))
        return self.wait(condition, timeout)

    def up(self, name: Name, *, timeout: float | None = None) -> Link:
        """Wait until the link is administratively up, and return it."""
        return self._wait_for_link(AdminState(os.fsencode(name), True), timeout)

    def down(self, name: Name, *, timeout: float | None = None) -> Link:
        """Wait until the link is administratively down, and return it."""
        return self._wait_for_link(AdminState(os.fsencode(name), False), timeout)

    def reconnect(self, name: Name, *, strict: bool = False, timeout: float | None = None) -> Link:
        """Wait until the link has carrier, after it had none, and return it.

        `strict`: wait until its operational state is UP, after it has been DOWN (RFC 2863).
        """
        condition = StrictlyReconnected if strict else Reconnected
        return self._wait_for_link(condition(os.fsencode(name)), timeout)

    def wait(self, condition: Condition, timeout: float | None = None) -> Link | None:
        """Wait until the condition is fulfilled. Return the link that fulfilled it, or None if there is
        none."""
        deadline = None if timeout is None else monotonic() + timeout
        condition.start(self._links)
        self._pass_on(condition)
        if not condition.fulfilled:
            self._read_announced(condition)
        if not condition.fulfilled:
            condition.check(self._links)
        late = False
        while not condition.fulfilled:
            if late:
                raise WaitTimeoutError("it has not happened in time")
            left = None if deadline is None else deadline - monotonic()
            late = left is not None and left <= 0  # what has been announced by now still counts
            self._read(left)
            self._pass_on(condition)
        return condition.link

    def _wait_for_link(self, condition: Condition, timeout: float | None) -> Link:
        link = self.wait(condition, timeout)
        assert link is not None
        return link

    def _read_announced(self, condition: Condition) -> None:
        """Let the condition observe what has been announced by now, within a limited number of reads."""
        for _ in range(_CATCH_UP):
            self._read(0)
            self._pass_on(condition)
            if condition.fulfilled or not self._follower.behind:
                return

    def _pass_on(self, condition: Condition) -> None:
        """Let the condition observe what has been read, until it is fulfilled."""
        while self._changes and not condition.fulfilled:
            change = self._changes.popleft()
            if change.action in (Action.CURRENT, Action.LOST):
                continue
            if change.after is None:
                del self._links[change.before.ifindex]
            else:
                self._links[change.after.ifindex] = change.after
            condition.observe(change, self._links)

    def _read(self, left: float | None) -> None:
        """Wait for events, at most `left` seconds, and read them."""
        poll = select.poll()
        poll.register(self._follower.fileno(), select.POLLIN)
        milliseconds = 0 if self._follower.behind else None if left is None else max(0, ceil(left * 1000))
        if poll.poll(milliseconds) or self._follower.behind:
            self._follower.read()


def wait_attach(
    existing: Iterable[Name] | None = None,
    *,
    state: OperState | None = None,
    timeout: float | None = None,
    namespace: Namespace | None = None,
) -> Link:
    """Wait from now on for a link that was not there; see `LinkWaiter.attach`."""
    with LinkWaiter(namespace=namespace) as waiter:
        return waiter.attach(existing, state=state, timeout=timeout)


def wait_detach(
    name: Name | None = None, *, timeout: float | None = None, namespace: Namespace | None = None
) -> Link | None:
    """Wait from now on until a link has gone; see `LinkWaiter.detach`."""
    with LinkWaiter(namespace=namespace) as waiter:
        return waiter.detach(name, timeout=timeout)


def wait_up(name: Name, *, timeout: float | None = None, namespace: Namespace | None = None) -> Link:
    """Wait from now on until a link is administratively up; see `LinkWaiter.up`."""
    with LinkWaiter(namespace=namespace) as waiter:
        return waiter.up(name, timeout=timeout)


def wait_down(name: Name, *, timeout: float | None = None, namespace: Namespace | None = None) -> Link:
    """Wait from now on until a link is administratively down; see `LinkWaiter.down`."""
    with LinkWaiter(namespace=namespace) as waiter:
        return waiter.down(name, timeout=timeout)


def wait_reconnect(
    name: Name,
    *,
    strict: bool = False,
    timeout: float | None = None,
    namespace: Namespace | None = None,
) -> Link:
    """Wait from now on until a link has lost its connection and regained it; see `LinkWaiter.reconnect`."""
    with LinkWaiter(namespace=namespace) as waiter:
        return waiter.reconnect(name, strict=strict, timeout=timeout)
