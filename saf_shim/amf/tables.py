# SPDX-License-Identifier: Apache-2.0
"""The form of the state machines here: a table from a state and an event to what is done.

An event without an entry changes nothing. The document (`diagrams`) and the tests read the same tables that
the directors work by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Generic, TypeVar

State = TypeVar("State")
Action = TypeVar("Action", bound=Callable[..., object])


@dataclass(frozen=True)
class Transition(Generic[State, Action]):
    """One entry of a table."""

    to: tuple[State, ...]  # the states it may lead to; its own state: the entity stays in it for now
    action: Action
    text: str  # what is done, for the document
