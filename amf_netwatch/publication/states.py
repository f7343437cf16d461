# SPDX-License-Identifier: Apache-2.0
"""The publisher's states, and the transitions between them: one table, without any code that acts.

A state says how far the connection to IMM has come. An outcome says how an attempt ended, or which event came
from IMM. For each state and each possible outcome the table has the next state, and whether anything is left
to do. What is left is tried again in the next round.

The publisher reads this table at run time, `docs/architecture.md` shows it, and a test checks every line of
it.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class State(Enum):
    """How far the connection to IMM has come."""

    DETACHED = "detached"  # there is no handle
    OPENED = "opened"  # there is a handle, but it has no implementer name
    ATTACHED = "attached"  # the implementer name is ours, but what IMM holds of us is not known
    COMPARED = "compared"  # what IMM holds of us is known, so only differences are written


class Outcome(Enum):
    """How an attempt ended, or which event came from IMM."""

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


class Next(NamedTuple):
    """What follows an outcome in a state."""

    state: State
    left: bool  # True if anything is left to do


_D, _O, _A, _C = State.DETACHED, State.OPENED, State.ATTACHED, State.COMPARED

TRANSITIONS: dict[tuple[State, Outcome], Next] = {
    (_D, Outcome.HANDLE_OPENED): Next(_O, True),
    (_D, Outcome.NOTHING_FOUND): Next(_D, False),
    (_D, Outcome.NODE_UNKNOWN): Next(_D, True),
    (_D, Outcome.IMM_AWAY): Next(_D, True),
    (_D, Outcome.HANDLE_DEAD): Next(_D, True),
    (_D, Outcome.RELEASED): Next(_D, False),
    (_O, Outcome.NAME_TAKEN): Next(_A, True),
    (_O, Outcome.IMM_AWAY): Next(_O, True),
    (_O, Outcome.NAME_HELD): Next(_O, True),
    (_O, Outcome.IMM_SPOKE): Next(_O, True),
    (_O, Outcome.NAME_UNCERTAIN): Next(_D, True),
    (_O, Outcome.HANDLE_DEAD): Next(_D, True),
    (_O, Outcome.RELEASED): Next(_D, False),
    (_A, Outcome.ALL_READ): Next(_C, True),
    (_A, Outcome.BUDGET_SPENT): Next(_A, True),
    (_A, Outcome.IMM_AWAY): Next(_A, True),
    (_A, Outcome.REFUSED): Next(_A, False),  # of a withdrawal: asking again would change nothing
    (_A, Outcome.IMM_SPOKE): Next(_A, True),
    (_A, Outcome.HANDLE_DEAD): Next(_D, True),
    (_A, Outcome.WITHDRAWAL_BEGUN): Next(_A, True),
    (_A, Outcome.NAME_CLEARED): Next(_O, False),
    (_A, Outcome.RELEASED): Next(_D, False),
    (_C, Outcome.ALL_WRITTEN): Next(_C, False),
    (_C, Outcome.BUDGET_SPENT): Next(_C, True),
    (_C, Outcome.IMM_AWAY): Next(_C, True),
    (_C, Outcome.REFUSED): Next(_C, True),
    (_C, Outcome.SURPRISED): Next(_A, True),
    (_C, Outcome.IMM_SPOKE): Next(_A, True),
    (_C, Outcome.HANDLE_DEAD): Next(_D, True),
    (_C, Outcome.WITHDRAWAL_BEGUN): Next(_A, True),
}


def format_table() -> str:
    """Return the table in Markdown, as the documentation shows it."""
    lines = ["| state | what happened | next state | anything left? |", "| --- | --- | --- | --- |"]
    for (state, outcome), following in TRANSITIONS.items():
        left = "yes" if following.left else "no"
        lines.append(f"| {state.value} | {outcome.value} | {following.state.value} | {left} |")
    return "\n".join(lines)
