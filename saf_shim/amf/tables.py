# SPDX-License-Identifier: Apache-2.0
"""The form of the state machines of AMF: a table from a state and an event to an action.

An event without an entry changes nothing. The document (`diagrams`), the tests and the directors use the same
tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Generic, TypeVar

State = TypeVar("State")
Action = TypeVar("Action", bound=Callable[..., object])


@dataclass(frozen=True)
class Transition(Generic[State, Action]):
    """One entry of a table."""

    to: tuple[State, ...]  # the states that may follow; its own state if the entity stays in it for now
    action: Action
    text: str  # what is done, as the document shows it
