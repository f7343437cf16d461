# SPDX-License-Identifier: Apache-2.0
"""Makes changes, commits them and undoes them, in one namespace.

It is `Network` without the live state, because a command that changes something once needs no thread that
follows the kernel. It is for one thread at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from errno import EEXIST
from typing import Any, Optional

from amf_netwatch.netlink.codec.constants import AddressFlag
from amf_netwatch.netlink.codec.messages import iter_attributes
from amf_netwatch.netlink.conversation import Conversation
from amf_netwatch.netlink.errors import CommitError, KernelError, RefusedError
from amf_netwatch.netlink.network.change import Change
from amf_netwatch.netlink.network.documents.dump import OBJECTS, describe_picture
from amf_netwatch.netlink.network.documents.reader import arrange_document
from amf_netwatch.netlink.network.guardian import Guardian
from amf_netwatch.netlink.network.objects.picture import Picture, read_picture
from amf_netwatch.netlink.network.planning.consequences import find_touched, restore
from amf_netwatch.netlink.network.planning.goals import apply_wishes
from amf_netwatch.netlink.network.reachability import answers, parse_target
from amf_netwatch.netlink.network.transaction import (
    Aim,
    OpenTransport,
    Outcome,
    Transaction,
    open_sockets,
    roll_back,
)
from amf_netwatch.netlink.network.trial import Trial, iter_conflicts
from amf_netwatch.netlink.socket import Namespace

Hook = Callable[[Change], object]
"""Called with a change. It refuses the change by returning False or by raising."""
_NOT_YET_FORWARDING = (1, 2)  # IFLA_BRPORT_STATE: listening, learning
_ATTEMPTS = 3  # attempts if another program took the index for a new link


class Committer:
    """Changes one namespace. `open_transport`: opens the sockets; None: ordinary ones."""

    def __init__(
        self, namespace: Optional[Namespace] = None, *, open_transport: Optional[OpenTransport] = None
    ) -> None:
        self._namespace = namespace
        self._open = open_transport or open_sockets(namespace)
        self.guardian: Optional[Guardian] = None  # the guardian of the last commit that had one
        self._before: list[Hook] = []
        self._after: list[Hook] = []

    def read(self) -> Picture:
        """Return everything that is there. Raises NetlinkError."""
        with Conversation(self._open()) as conversation:
            return read_picture(conversation)

    def dump(self, objects: Collection[str] = OBJECTS) -> dict[str, Any]:
        """Return what is there now, as a document; `objects`: see `describe_picture`. Raises NetlinkError."""
        return arrange_document(describe_picture(self.read(), objects))

    def change(self) -> Change:
        """Return a new change, which begins with what is there now. Raises NetlinkError."""
        return Change(self.read(), self.commit)

    def add_hook(self, hook: Hook, *, after: bool = False) -> Callable[[], None]:
        """Call `hook` before every commit, or at its end (`after`). Return a function that removes the
        hook."""
        hooks = self._after if after else self._before
        hooks.append(hook)
        return lambda: hooks.remove(hook)

    def commit(
        self,
        change: Change,
        *,
        check: Optional[Callable[[], object]] = None,
        confirm: Optional[float] = None,
        ensure: tuple[str, ...] = (),
        ensure_timeout: float = 5.0,
        guard: bool = False,
        strict: bool = False,
        timeout: float = 60.0,
    ) -> None:
        """Carry a change out, completely or not at all.

        `check`: called when everything is done; if it returns False or raises, everything is undone.
        `ensure`: addresses that must answer then (``ADDRESS`` by ICMP, ``ADDRESS:PORT`` by TCP) within
        `ensure_timeout` seconds. `confirm`: undo the change after this number of seconds unless
        `change.trial` is confirmed. `guard`: a separate process undoes everything if this process dies.
        `strict`: refuse if an object that the change touches has changed since the change began.

        Raises RefusedError if it cannot be planned (nothing was done), CommitError if it was undone.
        """
        targets = [parse_target(text) for text in ensure]

        def before_it(picture: Picture, goal: Picture) -> None:
            for trial in iter_conflicts(lambda: name_objects(picture, goal), self._namespace):
                raise RefusedError(
                    "", f"the change {trial} is on trial and touches the same: confirm it first"
                )
            if strict:
                check_unchanged(change, picture)
            for hook in self._before:
                if hook(change) is False:
                    raise RefusedError("", "a hook says no")

        def after_it() -> None:
            for hook in self._after:
                if hook(change) is False:
                    raise CommitError("", "a hook says no")
            if check is not None and check() is False:
                raise CommitError("", "the check says no")
            for text, target in zip(ensure, targets):
                if not answers(target, ensure_timeout, namespace=self._namespace):
                    raise CommitError(
                        "", f"{text} does not answer within {ensure_timeout:g} s{self._explain_silence()}"
                    )

        def aim(picture: Picture, again: bool) -> Picture:
            return apply_wishes(change.wishes, picture, force=change.force, again=again)

        guardian = Guardian(self._namespace, stay=confirm is not None) if guard else None
        self.guardian = guardian
        outcome = self._run(aim, before_it, after_it, guardian, timeout)
        change.finish(outcome)
        if confirm is not None and outcome.plan:
            change.trial = self._begin_trial(change, outcome, confirm, guardian, timeout)

    def undo(self, change: Change, *, timeout: float = 60.0) -> None:
        """Restore the state before the last commit of this change. Raises CommitError, RefusedError.

        What other programs have changed since then stays as it is.
        """
        outcome = change.outcome
        if outcome is None:
            raise RefusedError("", "the change was not committed")

        def aim(picture: Picture, again: bool) -> Picture:
            return restore(picture, outcome.before, outcome.goal, set(outcome.closure))[0]

        self._run(aim, None, None, None, timeout, known=outcome.before)
        change.outcome = None

    def _run(
        self,
        aim: Aim,
        before_it: Optional[Callable[[Picture, Picture], None]],
        after_it: Optional[Callable[[], None]],
        guardian: Optional[Guardian],
        timeout: float,
        *,
        known: Optional[Picture] = None,
    ) -> Outcome:
        for attempt in range(1, _ATTEMPTS + 1):
            transaction = Transaction(
                aim, self._open, timeout=timeout, check=after_it, watch=guardian, known=known
            )
            try:
                return transaction.run(before_it)
            except CommitError as error:
                if attempt == _ATTEMPTS or not self._was_overtaken(error):
                    raise
        raise AssertionError("unreachable")

    def _was_overtaken(self, error: CommitError) -> bool:
        """Tell whether another program took the index of a new link, but not its name."""
        cause = error.__cause__
        if error.left or not error.step.startswith("link add ") or not isinstance(cause, KernelError):
            return False
        name = error.step.split()[2]
        return cause.errno == EEXIST and self.read().find(name.encode("utf-8", "surrogateescape")) is None

    def _begin_trial(
        self,
        change: Change,
        outcome: Outcome,
        seconds: float,
        guardian: Optional[Guardian],
        timeout: float,
    ) -> Trial:
        def put_back() -> tuple[str, ...]:
            left = roll_back(outcome.before, outcome.goal, set(outcome.closure), self._open, timeout)
            if guardian is not None:
                guardian.ended()
            return left

        def keep() -> None:
            if guardian is not None:
                guardian.ended()

        objects = name_objects(outcome.before, outcome.goal)
        return Trial(change.id, seconds, objects, put_back, keep, namespace=self._namespace)

    def _explain_silence(self) -> str:
        """Return what may still need time: duplicate detection, and bridge ports that listen or learn
        (STP)."""
        with Conversation(self._open()) as conversation:
            tentative = [
                one.text
                for one in conversation.dump_addresses()
                if (one.flags if one.all_flags is None else one.all_flags) & AddressFlag.TENTATIVE
            ]
            picture = read_picture(conversation)
        learning = [
            picture.name_of(link.ifindex)
            for link in picture.links.values()
            if link.port_kind == "bridge" and _state_of(link.port_data) in _NOT_YET_FORWARDING
        ]
        words = [
            f"still {what}: {', '.join(some)}"
            for what, some in (("tentative", tentative), ("learning", learning))
            if some
        ]
        return f" ({'; '.join(words)})" if words else ""


def _state_of(port_data: bytes) -> int:
    """Return IFLA_BRPORT_STATE. 0 if it is missing."""
    for attribute in iter_attributes(port_data, 0, len(port_data)):
        if attribute.type == 1:
            return port_data[attribute.start]
    return 0


def name_objects(before: Picture, goal: Picture) -> tuple[str, ...]:
    """Return names of the objects that a change touches. Two changes can be compared by them."""
    names = {
        f"link {(before if index in before.links else goal).name_of(index)}"
        for index in find_touched(before, goal)
    }
    for key in before.routes.keys() | goal.routes.keys():
        if before.routes.get(key) != goal.routes.get(key):
            names.add(f"route {tuple(key)}")
    for rule in set(before.rules) ^ set(goal.rules):
        names.add(f"rule {tuple(rule)}")
    return tuple(sorted(names))


def check_unchanged(change: Change, now: Picture) -> None:
    """Raise RefusedError if an object that the change touches is not as it was when the change began."""
    base = change.base
    goal = change.goal()
    for index in find_touched(base, goal) & base.links.keys():
        if _settable(base, index) != _settable(now, index):
            raise RefusedError("", f"link {base.name_of(index)} has changed since the change began")
    for key in base.routes.keys() | goal.routes.keys():
        if base.routes.get(key) != goal.routes.get(key) and base.routes.get(key) != now.routes.get(key):
            raise RefusedError("", f"the route {key} has changed since the change began")
    if base.rules not in (goal.rules, now.rules):
        raise RefusedError("", "the rules have changed since the change began")


def _settable(picture: Picture, index: int) -> Any:
    link = picture.links.get(index)
    if link is None:
        return None
    addresses = tuple(one.facts() for one in picture.addresses.get(index, ()) if one.permanent)
    return link._replace(flags=0, data=b"", port_data=b""), addresses
