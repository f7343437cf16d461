# SPDX-License-Identifier: Apache-2.0
"""Effects for the outside, and messages between the directors, until somebody takes them.

All directors of a simulated cluster share one outbox, so that everything stays in its original order. The
outbox delivers nothing itself: the cluster director takes the messages, and the service takes the effects."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple, Optional, Union

from saf_shim.amf.effects import Effect
from saf_shim.amf.messages import ToCluster, ToNode


class Envelope(NamedTuple):
    """One message on its way."""

    node: Optional[str]  # the receiving node's RDN value (SC-1); None for the cluster director
    message: Union[ToNode, ToCluster]


class Outbox:
    """Effects and messages, each in their order."""

    def __init__(self) -> None:
        self._effects: list[Effect] = []
        self._mail: deque[Envelope] = deque()
        self._tickets = 0

    def emit(self, effect: Effect) -> None:
        self._effects.append(effect)

    def take_effects(self) -> list[Effect]:
        """Return the effects that nobody has taken yet, in their order."""
        effects, self._effects = self._effects, []
        return effects

    def to_cluster(self, message: ToCluster) -> None:
        self._mail.append(Envelope(None, message))

    def to_node(self, node: str, message: ToNode) -> None:
        self._mail.append(Envelope(node, message))

    def next_message(self) -> Optional[Envelope]:
        """Return the oldest message that nobody has taken yet."""
        return self._mail.popleft() if self._mail else None

    @property
    def has_messages(self) -> bool:
        return bool(self._mail)

    def forget_node(self, node: str, names: set[str]) -> None:
        """Drop the messages to a node that goes down, and what is about its units and components `names`."""
        self._mail = deque(
            envelope
            for envelope in self._mail
            if envelope.node != node
            and getattr(envelope.message, "dn", getattr(envelope.message, "unit", "")) not in names
        )

    def ticket(self) -> int:
        """Return a new number for a command or an administrative operation."""
        self._tickets += 1
        return self._tickets
