# SPDX-License-Identifier: Apache-2.0
"""What one may wait for on a link: attach, detach, up, down, reconnect, and conditions of your own.

A `Condition` is an object for one wait. `wait.LinkWaiter` calls `start` once with the links that were there
when listening began, `observe` for each change since, and `check` when the changes that were announced by
then have been observed; each of them answers whether the wait is over. A condition knows no sockets and no
time.

::

    class Renamed(Condition):
        def observe(self, change, links):
            if "ifname" in change.changed:
                self.fulfil(change.after)

    with LinkWaiter() as waiter:
        link = waiter.wait(Renamed(), timeout=5)

Rules of the conditions here:

* A link is known by its index: under another name it is the same link, and another link that takes its name
  is not.
* What is there already counts: nobody waits for what has happened.
* Only what the kernel says of the link itself counts, not what it says of the link as a port of a bridge.
* Carrier is IFF_LOWER_UP. A link that moves to another namespace is detached here and attached there.

==================  =========================================  =========================================
wait                over at once, if                           over later, when
==================  =========================================  =========================================
attach              with `existing`: a link is there that is   a new link comes that is not among them
                    not among them, apart from loopback
attach with state   the same, and it is in that state          such a link is, or comes to be, in that
                                                               state
detach NAME         no link has this name                      the link goes
detach              (never)                                    any link goes
up, down            the link is (IFF_UP)                       the link becomes so; if no link has this
                                                               name, the next one that gets it
reconnect           (never)                                    the link has carrier, after it was lost or
                                                               was missing, or there was no link
reconnect, strict   (never)                                    the operational state (RFC 2863) is UP,
                                                               after it was DOWN
==================  =========================================  =========================================
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Optional

from amf_netwatch.netlink.codec.constants import HardwareType, OperState
from amf_netwatch.netlink.codec.link import Link
from amf_netwatch.netlink.mirror.tables.changes import Action, Change

Links = Mapping[int, Link]
"""All links, by index."""


class Condition:
    """Something to wait for. `links` are always the links after the change.

    A subclass overrides what it needs and calls `fulfil` when the wait is over.
    """

    def __init__(self) -> None:
        self.fulfilled = False
        self.link: Optional[Link] = None  # the link that fulfilled it; None if a link had to be absent

    def start(self, links: Links) -> None:
        """Note the links that were there when listening began. This cannot end the wait."""

    def observe(self, change: Change, links: Links) -> None:
        """Observe that a link is new, has changed, or has gone."""

    def check(self, links: Links) -> None:
        """Check the links that are there now. All changes up to now have been observed."""

    def fulfil(self, link: Link | None) -> None:
        """End the wait. The waiter returns this link."""
        self.fulfilled = True
        self.link = link


class Attached(Condition):
    """A link that was not there: a new link, or an existing one that is not among the `existing` names.

    With `state`, the wait is over when one of these links is in this operational state.
    """

    def __init__(self, existing: Iterable[bytes] | None = None, state: OperState | None = None) -> None:
        super().__init__()
        self._existing = None if existing is None else frozenset(existing)
        self._state = state
        self._new: set[int] = set()  # the links that count

    def observe(self, change: Change, links: Links) -> None:
        """Note a new link, forget one that went, and look at the state of those that count."""
        if change.after is None:
            self._new.discard(change.before.ifindex)
            return
        if change.action is Action.NEW and change.after.name not in (self._existing or ()):
            self._new.add(change.after.ifindex)
        if change.after.ifindex in self._new:
            self._look_at(change.after)

    def check(self, links: Links) -> None:
        """Look for a link that is not among the existing ones."""
        if self._existing is None:
            return
        for link in links.values():
            if link.hardware_type != HardwareType.LOOPBACK and link.name not in self._existing:
                self._new.add(link.ifindex)
                self._look_at(link)

    def _look_at(self, link: Link) -> None:
        if not self.fulfilled and (self._state is None or link.operstate == self._state):
            self.fulfil(link)


class AnyDetached(Condition):
    """A link has gone, whichever it is."""

    def observe(self, change: Change, links: Links) -> None:
        """End the wait at the first link that goes."""
        if change.action is Action.REMOVED:
            self.fulfil(change.before)


class NamedCondition(Condition):
    """A condition on the link that has a name at the start, or gets it while there is none.

    A subclass says with `is_met` whether the wait is over for the link as it is.
    """

    def __init__(self, name: bytes) -> None:
        super().__init__()
        self._name = name
        self._ifindex: int | None = None

    def start(self, links: Links) -> None:
        """Look for the link."""
        link = next((link for link in links.values() if link.name == self._name), None)
        self._ifindex = None if link is None else link.ifindex
        self.is_met(link)

    def observe(self, change: Change, links: Links) -> None:
        """Look at a change of this link; one of another link is passed over."""
        if self._ifindex is None:
            if change.after is None or change.after.name != self._name:
                return
            self._ifindex = change.ifindex
        elif change.ifindex != self._ifindex:
            return
        if change.action is Action.REMOVED or _is_another_link(change):
            self.start(links)  # another link may have the name by now
            if self.is_met_by_end():
                self.fulfil(change.before)
        elif self.is_met_by_change(change):
            self.fulfil(change.after)

    def check(self, links: Links) -> None:
        """Look at the link as it is now."""
        link = None if self._ifindex is None else links.get(self._ifindex)
        if self.is_met(link):
            self.fulfil(link)

    def is_met(self, link: Link | None) -> bool:
        """Return whether the wait is over for the link as it is. None: there is no link of this name."""
        raise NotImplementedError

    def is_met_by_change(self, change: Change) -> bool:
        """Return whether the wait is over after this change. The link is new or has changed."""
        return self.is_met(change.after)

    def is_met_by_end(self) -> bool:
        """Return whether the wait is over because the link has gone."""
        return False


class Detached(NamedCondition):
    """The link has gone."""

    def is_met(self, link: Link | None) -> bool:
        """Return whether there is no such link."""
        return link is None

    def is_met_by_end(self) -> bool:
        """Return True, because the link has gone."""
        return True


class AdminState(NamedCondition):
    """The link is administratively up, or down."""

    def __init__(self, name: bytes, up: bool) -> None:
        super().__init__(name)
        self._up = up

    def is_met(self, link: Link | None) -> bool:
        """Return whether IFF_UP is as wanted."""
        return link is not None and link.up is self._up


class Reconnected(NamedCondition):
    """The link has carrier, after it had none."""

    def __init__(self, name: bytes) -> None:
        super().__init__(name)
        self._lost = False

    def is_met(self, link: Link | None) -> bool:
        """Return whether there is carrier after it was missing. A missing carrier is noted."""
        if link is None or not link.lower_up:
            self._lost = True
            return False
        return self._lost

    def is_met_by_change(self, change: Change) -> bool:
        """Do the same for a change. The kernel's counter of carrier changes also shows losses without an
        event.
        """
        if change.before is not None and change.before.lower_up and "carrier" in change.changed:
            self._lost = True
        return self.is_met(change.after)

    def is_met_by_end(self) -> bool:
        """Return False, and note that a link that has gone has lost its carrier."""
        self._lost = True
        return False


class StrictlyReconnected(NamedCondition):
    """The operational state of the link is UP, and has been DOWN (RFC 2863).

    Other states are passed over: the end of a veth pair whose peer is down is LOWERLAYERDOWN, not DOWN.
    """

    def __init__(self, name: bytes) -> None:
        super().__init__(name)
        self._was_down = False

    def is_met(self, link: Link | None) -> bool:
        """Return whether the state is UP after it was DOWN. DOWN is noted."""
        state = None if link is None else link.operstate
        if state == OperState.DOWN:
            self._was_down = True
        return self._was_down and state == OperState.UP


def _is_another_link(change: Change) -> bool:
    """Return whether the index belongs to another link after a loss: one link keeps its name, its MAC, or
    both."""
    return change.resync and {"ifname", "mac"} <= set(change.changed)
