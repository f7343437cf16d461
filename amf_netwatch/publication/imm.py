# SPDX-License-Identifier: Apache-2.0
"""What publishing needs from IMM: the methods of the handles, and what IMM's error codes mean for us.

Nothing here calls IMM. `amf_netwatch.ais` has the real handles, and tests have their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from amf_netwatch.errors import (
    ERR_BAD_HANDLE,
    ERR_LIBRARY,
    ERR_NO_MEMORY,
    ERR_NO_RESOURCES,
    ERR_TIMEOUT,
    ERR_TRY_AGAIN,
)
from imm_model.objects import ImmObject
from imm_model.types import Value

# The handle does not work any more.
HANDLE_DEAD = frozenset({ERR_BAD_HANDLE, ERR_LIBRARY})
# IMM does not answer, or cannot answer at the moment.
SERVICE_AWAY = frozenset({ERR_TRY_AGAIN, ERR_TIMEOUT, ERR_NO_MEMORY, ERR_NO_RESOURCES})


class Implementer(Protocol):
    """A handle with an implementer name, which writes runtime objects. Each method is one call of IMM.

    Each method raises AisError.
    """

    def selection_object(self) -> int:
        """Return the descriptor to poll."""

    def dispatch(self) -> None:
        """Let the library process the waiting events."""

    def set_name(self, name: str) -> None:
        """Take this implementer name."""

    def clear_name(self) -> None:
        """Give the implementer name back. The objects stay."""

    def create(self, obj: ImmObject) -> None:
        """Create an object."""

    def update(self, dn: str, class_name: str, attributes: Mapping[str, Sequence[Value]]) -> None:
        """Replace the values of these attributes."""

    def delete(self, dn: str) -> None:
        """Delete an object and everything below it."""

    def finalize(self) -> None:
        """Give the handle back."""


class Manager(Protocol):
    """A handle that reads IMM. Each method raises AisError."""

    def read(self, dn: str, *names: str) -> dict[str, tuple[Value, ...]]:
        """Return these attributes of one object."""

    def iterate_subtree(self, root: str) -> Iterator[ImmObject]:
        """Yield `root` and everything below it, without system attributes. Each object is one call of IMM.

        Nothing if there is no such object. A caller that stops before the end must `close()` the iterator.
        """

    def finalize(self) -> None:
        """Give the handle back."""


class Imm(Protocol):
    """Opens handles. Each method raises AisError."""

    def open_implementer(self) -> Implementer:
        """Open a new handle for writing."""

    def open_manager(self) -> Manager:
        """Open a new handle for reading."""
