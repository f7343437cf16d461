# SPDX-License-Identifier: Apache-2.0
"""A network: a state, always at hand, that can change what it shows.

Looking is `State`'s; what is shown are values, which cannot be assigned to.  Changing is done in changes,
each of which is committed whole, or not at all (see `change` and `committer`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Optional

from amf_netwatch.netlink.mirror.state import State
from amf_netwatch.netlink.network.change import Change
from amf_netwatch.netlink.network.committer import Committer, Hook
from amf_netwatch.netlink.network.documents.dump import OBJECTS
from amf_netwatch.netlink.network.freeze import Freeze
from amf_netwatch.netlink.socket import Namespace


class Network(State):
    """A state and a committer for the same namespace; the options are those of `State`."""

    def __init__(self, *options: Any, namespace: Optional[Namespace] = None, **more: Any) -> None:
        super().__init__(*options, namespace=namespace, **more)
        self._committer = Committer(namespace)
        self._namespace = namespace

    def dump(self, objects: Collection[str] = OBJECTS) -> dict[str, Any]:
        """What is there now, as a document that a change can load; read from the kernel, not from the state.

        `objects`: some of the words link, address, route, rule, neighbour. Raises NetlinkError.
        """
        return self._committer.dump(objects)

    def change(self) -> Change:
        """A new change; several may be open.  It is read from the kernel now, and reviewed without asking.

        After its commit this state shows what was done.
        """
        return Change(self._committer.read(), self._commit)

    def _commit(self, change: Change, **options: Any) -> None:
        self._committer.commit(change, **options)
        self.refresh()

    def undo(self, change: Change) -> None:
        """Make it as it was before this change's last commit; raises CommitError, RefusedError."""
        self._committer.undo(change)
        self.refresh()

    def add_hook(self, hook: Hook, *, after: bool = False) -> Callable[[], None]:
        """Call `hook(change)` before every commit, or (`after`) when it is done and does not count yet.

        A hook refuses by returning False or by raising.  Returns a function that ends it.
        """
        return self._committer.add_hook(hook, after=after)

    def freeze(self, *links: str, report: Optional[Callable[[str], None]] = None) -> Freeze:
        """Keep these links, their addresses and routes as they are now, until the freeze is closed."""
        return Freeze(links, namespace=self._namespace, report=report)
