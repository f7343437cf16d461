# SPDX-License-Identifier: Apache-2.0
"""Waiting for something to happen to a link: attach, detach, up, down, reconnect.

::

    wait_attach(timeout=30)                 # subscribes, then waits
    with LinkWaiter() as waiter:            # subscribes
        plug_in()
        link = waiter.attach(timeout=30)    # sees what happened since

A condition is an object of its own for one wait; it is told what was there when listening began (`start`),
each change since (`observe`), and when those that had been announced by then are told (`check`); it answers
with the link when it has come true.  It knows no sockets and no time.

Rules.  A link is known by its index: under another name it is the same link, and another link under its
name is not.  What is there already counts: nothing waits for what has happened.  Only what the kernel says
of the link itself counts, not what it says of a bridge's port.  Carrier is IFF_LOWER_UP.  A link that moves
to another namespace is detached here and attached there.

===========  ==================================================  =========================================
wait         there already                                       later
===========  ==================================================  =========================================
attach       with `existing` names: a link not among them,       the first new link (not among them)
             loopback apart
detach       no link of this name                                the link of this name is gone
up, down     IFF_UP as wanted                                    the link of this name, also a new one, is so
reconnect    (nothing)                                           carrier, after it was lost, was missing at
                                                                 the start, or the link was not there
===========  ==================================================  =========================================
"""

from __future__ import annotations

import os
import select
from collections import deque
from collections.abc import Iterable, Mapping
from math import ceil
from time import monotonic
from typing import Optional, Protocol, Union

from amf_netwatch.netlink.codec.constants import HardwareType
from amf_netwatch.netlink.codec.link import Link
from amf_netwatch.netlink.errors import WaitTimeoutError
from amf_netwatch.netlink.mirror.changes import Action, Change, Object
from amf_netwatch.netlink.mirror.follower import Follower
from amf_netwatch.netlink.mirror.tables import Tables
from amf_netwatch.netlink.socket import RECEIVE_BUFFER, Namespace

_CATCH_UP = 16  # reads; each takes in hundreds of events, or everything anew

Name = Union[bytes, str]
Links = Mapping[int, Link]


class Condition(Protocol):
    """Something to wait for; `links` are those after the change."""

    fulfilled: bool

    def start(self, links: Links) -> None:
        """What was there when listening began."""

    def observe(self, change: Change, links: Links) -> Optional[Link]:
        """One change since; the link, if this fulfils the condition."""

    def check(self, links: Links) -> Optional[Link]:
        """What is there now; the link, if this fulfils the condition.  None can also be the answer of one
        that is fulfilled because there is no link."""


class Attached:
    """A link that was not there: new, or there now although not among the `existing` names."""

    def __init__(self, existing: Iterable[bytes] | None = None) -> None:
        self.fulfilled = False
        self._existing = None if existing is None else frozenset(existing)

    def start(self, links: Links) -> None:
        """See `Condition`."""

    def observe(self, change: Change, links: Links) -> Link | None:
        """See `Condition`."""
        if change.action is Action.NEW and change.after.name not in (self._existing or ()):
            return self._fulfil(change.after)
        return None

    def check(self, links: Links) -> Link | None:
        """See `Condition`."""
        if self._existing is not None:
            for link in links.values():
                if link.hardware_type != HardwareType.LOOPBACK and link.name not in self._existing:
                    return self._fulfil(link)
        return None

    def _fulfil(self, link: Link) -> Link:
        self.fulfilled = True
        return link


class _Named:
    """A condition on the link that has a name at the start, or gets it while there is none."""

    def __init__(self, name: bytes) -> None:
        self.fulfilled = False
        self.name = name
        self.ifindex: int | None = None

    def start(self, links: Links) -> None:
        """See `Condition`."""
        link = next((link for link in links.values() if link.name == self.name), None)
        self.ifindex = None if link is None else link.ifindex
        self.see(link)

    def observe(self, change: Change, links: Links) -> Link | None:
        """See `Condition`."""
        if self.ifindex is None:
            if change.after is None or change.after.name != self.name:
                return None
            self.ifindex = change.ifindex
        elif change.ifindex != self.ifindex:
            return None
        if change.action is Action.REMOVED or _is_another(change):
            self.start(links)  # another one may have the name by now
            self.fulfilled = self.see_end()
            return change.before if self.fulfilled else None
        self.fulfilled = self.see_change(change)
        return change.after if self.fulfilled else None

    def check(self, links: Links) -> Link | None:
        """See `Condition`."""
        link = None if self.ifindex is None else links.get(self.ifindex)
        self.fulfilled = self.see(link)
        return link if self.fulfilled else None

    def see(self, link: Link | None) -> bool:
        """The link as it is, or None: there is none.  Is it so?"""
        raise NotImplementedError

    def see_change(self, change: Change) -> bool:
        """The link has changed, or is new.  Is it so?"""
        return self.see(change.after)

    def see_end(self) -> bool:
        """The link is gone.  Is it so?"""
        return False


class Detached(_Named):
    """The link is gone."""

    def see(self, link: Link | None) -> bool:
        """Whether there is none."""
        return link is None

    def see_end(self) -> bool:
        """That is it."""
        return True


class AdminState(_Named):
    """The link is administratively up, or down."""

    def __init__(self, name: bytes, up: bool) -> None:
        super().__init__(name)
        self._up = up

    def see(self, link: Link | None) -> bool:
        """Whether it is so now."""
        return link is not None and link.up is self._up


class Reconnected(_Named):
    """The link has carrier, and has been without."""

    def __init__(self, name: bytes) -> None:
        super().__init__(name)
        self._lost = False

    def see(self, link: Link | None) -> bool:
        """Notes a missing carrier; whether there is one after it was missing."""
        if link is None or not link.lower_up:
            self._lost = True
            return False
        return self._lost

    def see_change(self, change: Change) -> bool:
        """The same, and a loss so short that only the kernel's counter tells of it."""
        if change.before is not None and change.before.lower_up and "carrier" in change.changed:
            self._lost = True
        return self.see(change.after)

    def see_end(self) -> bool:
        """A link that is gone has lost its carrier."""
        self._lost = True
        return False


def _is_another(change: Change) -> bool:
    """After a loss: an index that went to another link.  One link keeps its name, its address or both."""
    return change.resync and {"ifname", "mac"} <= set(change.changed)


class LinkWaiter:
    """Waits for links; subscribed when constructed.  For one thread.

    Each wait goes on where the one before ended, so that what happened between two waits is not missed.
    Names are bytes, or text as `os.fsdecode` makes it.  `timeout`: seconds from the call; None: for ever.
    Every wait raises WaitTimeoutError, and NetlinkError when the kernel does not answer.
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
        self._poll = select.poll()
        self._poll.register(self._follower.fileno(), select.POLLIN)

    def __enter__(self) -> LinkWaiter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the sockets; a second call does nothing."""
        self._follower.close()

    @property
    def tables(self) -> Tables:
        """All links as the kernel last told them."""
        return self._follower.mirror.tables

    def attach(self, existing: Iterable[Name] | None = None, *, timeout: float | None = None) -> Link:
        """The first link that was not there; see the module for `existing`."""
        link = self.wait(Attached(None if existing is None else map(os.fsencode, existing)), timeout)
        assert link is not None
        return link

    def detach(self, name: Name, *, timeout: float | None = None) -> Link | None:
        """The link as it was before it went; None: it was not there."""
        return self.wait(Detached(os.fsencode(name)), timeout)

    def up(self, name: Name, *, timeout: float | None = None) -> Link:
        """The link, administratively up."""
        return self._wait_named(AdminState(os.fsencode(name), True), timeout)

    def down(self, name: Name, *, timeout: float | None = None) -> Link:
        """The link, administratively down."""
        return self._wait_named(AdminState(os.fsencode(name), False), timeout)

    def reconnect(self, name: Name, *, timeout: float | None = None) -> Link:
        """The link, with carrier, after it has been without."""
        return self._wait_named(Reconnected(os.fsencode(name)), timeout)

    def wait(self, condition: Condition, timeout: float | None = None) -> Link | None:
        """Wait until the condition is fulfilled; the link that did it, or None when there is none."""
        deadline = None if timeout is None else monotonic() + timeout
        condition.start(self._links)
        link = self._tell(condition, None)
        if not condition.fulfilled:
            link = self._read_announced(condition)
        if not condition.fulfilled:
            link = condition.check(self._links)
        late = False
        while not condition.fulfilled:
            if late:
                raise WaitTimeoutError("it has not happened in time")
            left = None if deadline is None else deadline - monotonic()
            late = left is not None and left <= 0  # what is there already is still looked at
            self._read(left)
            link = self._tell(condition, link)
        return link

    def _read_announced(self, condition: Condition) -> Link | None:
        """Tell the condition what has been announced by now, as far as a storm lets us catch up."""
        link = None
        for _ in range(_CATCH_UP):
            self._read(0)
            link = self._tell(condition, link)
            if condition.fulfilled or not self._follower.behind:
                break
        return link

    def _tell(self, condition: Condition, link: Link | None) -> Link | None:
        """Tell the condition what has been read; the link that fulfilled it."""
        while self._changes and not condition.fulfilled:
            change = self._changes.popleft()
            if self._take_in(change):
                link = condition.observe(change, self._links)
        return link

    def _wait_named(self, condition: Condition, timeout: float | None) -> Link:
        link = self.wait(condition, timeout)
        assert link is not None
        return link

    def _read(self, left: float | None) -> None:
        """Wait for news, at most `left` seconds, and read it."""
        milliseconds = 0 if self._follower.behind else None if left is None else max(0, ceil(left * 1000))
        if self._poll.poll(milliseconds) or self._follower.behind:
            self._follower.read()

    def _take_in(self, change: Change) -> bool:
        """Bring our links up to the change; False: it is none (CURRENT, LOST)."""
        if change.action in (Action.CURRENT, Action.LOST):
            return False
        if change.after is None:
            del self._links[change.before.ifindex]
        else:
            self._links[change.after.ifindex] = change.after
        return True


def wait_attach(
    existing: Iterable[Name] | None = None,
    *,
    timeout: float | None = None,
    namespace: Namespace | None = None,
) -> Link:
    """`LinkWaiter.attach` from now on."""
    with LinkWaiter(namespace=namespace) as waiter:
        return waiter.attach(existing, timeout=timeout)


def wait_detach(
    name: Name, *, timeout: float | None = None, namespace: Namespace | None = None
) -> Link | None:
    """`LinkWaiter.detach` from now on."""
    with LinkWaiter(namespace=namespace) as waiter:
        return waiter.detach(name, timeout=timeout)


def wait_up(name: Name, *, timeout: float | None = None, namespace: Namespace | None = None) -> Link:
    """`LinkWaiter.up` from now on."""
    with LinkWaiter(namespace=namespace) as waiter:
        return waiter.up(name, timeout=timeout)


def wait_down(name: Name, *, timeout: float | None = None, namespace: Namespace | None = None) -> Link:
    """`LinkWaiter.down` from now on."""
    with LinkWaiter(namespace=namespace) as waiter:
        return waiter.down(name, timeout=timeout)


def wait_reconnect(name: Name, *, timeout: float | None = None, namespace: Namespace | None = None) -> Link:
    """`LinkWaiter.reconnect` from now on."""
    with LinkWaiter(namespace=namespace) as waiter:
        return waiter.reconnect(name, timeout=timeout)
