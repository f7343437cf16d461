# SPDX-License-Identifier: Apache-2.0
"""A network: a live state of a namespace that can also change what it shows.

`State` has the view; it shows values, which cannot be assigned to. The network is changed by changes, each of
which is committed completely or not at all (see `change` and `committer`).
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
    """A state and a committer for the same namespace. The options are those of `State`."""

    def __init__(self, *options: Any, namespace: Optional[Namespace] = None, **more: Any) -> None:
        super().__init__(*options, namespace=namespace, **more)
        self._committer = Committer(namespace)
        self._namespace = namespace

    def dump(self, objects: Collection[str] = OBJECTS) -> dict[str, Any]:
        """Return what is there now, as a document for a change. It is read from the kernel, not from the
        state.

        `objects`: some of the words link, address, route, rule, neighbour. Raises NetlinkError.
        """
        return self._committer.dump(objects)

    def change(self) -> Change:
        """Return a new change; several may be open. It reads the kernel now; reviewing it asks nothing.

        After its commit this state shows what was done.
        """
        return Change(self._committer.read(), self._commit)

    def _commit(self, change: Change, **options: Any) -> None:
        self._committer.commit(change, **options)
        self.refresh()

    def undo(self, change: Change) -> None:
        """Restore the state before this change's last commit. Raises CommitError, RefusedError."""
        self._committer.undo(change)
        self.refresh()

    def add_hook(self, hook: Hook, *, after: bool = False) -> Callable[[], None]:
        """Call `hook(change)` before every commit, or (`after`) when it is done but not final yet.

        A hook refuses by returning False or by raising. Return a function that removes the hook.
        """
        return self._committer.add_hook(hook, after=after)

    def freeze(self, *links: str, report: Optional[Callable[[str], None]] = None) -> Freeze:
        """Keep these links, their addresses and routes as they are now, until the freeze is closed."""
        return Freeze(links, namespace=self._namespace, report=report)
