# SPDX-License-Identifier: Apache-2.0
"""The publisher's states, and what leads from one to another: one table, without any code that acts.

A state says how far we have come with IMM. An event says how an attempt to get further ended. For each state
and each event that can happen in it the table has the next state, and whether anything is left to do after
it. What is left is tried again in the next round.

The publisher reads this table at run time, `docs/architecture.md` shows it, and a test walks every line of
it.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class State(Enum):
    """How far we have come with IMM."""

    DETACHED = "detached"  # there is no handle
    OPENED = "opened"  # there is a handle; it has no implementer name
    ATTACHED = "attached"  # the implementer name is ours; what IMM holds of us is not known
    COMPARED = "compared"  # what IMM holds of us is known: only differences are written


class Event(Enum):
    """How an attempt ended, or what IMM let us know."""

    HANDLE_OPENED = "a handle was opened"
    NAME_TAKEN = "the implementer name is ours"
    ALL_READ = "everything that IMM holds of us was read"
    ALL_WRITTEN = "every difference was written"
    WITHDRAWAL_BEGUN = "our objects are about to be deleted"
    NAME_CLEARED = "our objects are deleted and the name is given back"
    NOTHING_FOUND = "IMM holds nothing of us, so there is nothing to delete"
    RELEASED = "the handle was given back"
    BUDGET_SPENT = "the time for this round is over"
    NODE_UNKNOWN = "IMM does not say which node we are on"
    IMM_AWAY = "IMM does not answer"
    NAME_HELD = "another process holds the implementer name"
    NAME_UNCERTAIN = "no answer while the name was taken: nobody knows whether it is ours"
    REFUSED = "IMM refused to write an object"
    SURPRISED = "IMM does not hold what it held"
    IMM_SPOKE = "IMM's descriptor is readable: it may have lost everything"
    HANDLE_DEAD = "the handle does not work any more"


class Outcome(NamedTuple):
    """What follows an event."""

    state: State
    left: bool  # is anything left to do?


_D, _O, _A, _C = State.DETACHED, State.OPENED, State.ATTACHED, State.COMPARED

TRANSITIONS: dict[tuple[State, Event], Outcome] = {
    (_D, Event.HANDLE_OPENED): Outcome(_O, True),
    (_D, Event.NOTHING_FOUND): Outcome(_D, False),
    (_D, Event.NODE_UNKNOWN): Outcome(_D, True),
    (_D, Event.IMM_AWAY): Outcome(_D, True),
    (_D, Event.HANDLE_DEAD): Outcome(_D, True),
    (_D, Event.RELEASED): Outcome(_D, False),
    (_O, Event.NAME_TAKEN): Outcome(_A, True),
    (_O, Event.IMM_AWAY): Outcome(_O, True),
    (_O, Event.NAME_HELD): Outcome(_O, True),
    (_O, Event.IMM_SPOKE): Outcome(_O, True),
    (_O, Event.NAME_UNCERTAIN): Outcome(_D, True),
    (_O, Event.HANDLE_DEAD): Outcome(_D, True),
    (_O, Event.RELEASED): Outcome(_D, False),
    (_A, Event.ALL_READ): Outcome(_C, True),
    (_A, Event.BUDGET_SPENT): Outcome(_A, True),
    (_A, Event.IMM_AWAY): Outcome(_A, True),
    (_A, Event.REFUSED): Outcome(_A, False),  # of a withdrawal: asking again would change nothing
    (_A, Event.IMM_SPOKE): Outcome(_A, True),
    (_A, Event.HANDLE_DEAD): Outcome(_D, True),
    (_A, Event.WITHDRAWAL_BEGUN): Outcome(_A, True),
    (_A, Event.NAME_CLEARED): Outcome(_O, False),
    (_A, Event.RELEASED): Outcome(_D, False),
    (_C, Event.ALL_WRITTEN): Outcome(_C, False),
    (_C, Event.BUDGET_SPENT): Outcome(_C, True),
    (_C, Event.IMM_AWAY): Outcome(_C, True),
    (_C, Event.REFUSED): Outcome(_C, True),
    (_C, Event.SURPRISED): Outcome(_A, True),
    (_C, Event.IMM_SPOKE): Outcome(_A, True),
    (_C, Event.HANDLE_DEAD): Outcome(_D, True),
    (_C, Event.WITHDRAWAL_BEGUN): Outcome(_A, True),
}


def format_table() -> str:
    """The table in Markdown, as the documentation shows it."""
    lines = ["| state | what happened | next state | anything left? |", "| --- | --- | --- | --- |"]
    for (state, event), outcome in TRANSITIONS.items():
        left = "yes" if outcome.left else "no"
        lines.append(f"| {state.value} | {event.value} | {outcome.state.value} | {left} |")
    return "\n".join(lines)
