# SPDX-License-Identifier: Apache-2.0
"""The live demonstration: it reads IMM again and again and shows the result, until the user ends it."""

from __future__ import annotations

import os
import time
from typing import TextIO

from amf_netwatch.demo.marks import Marks
from amf_netwatch.demo.screen import Style, compose
from amf_netwatch.demo.simulation import LOOK, Simulation
from amf_netwatch.demo.terminal import Terminal
from amf_netwatch.errors import AisError, SurroundingsError
from amf_netwatch.publication.view import Found, rows_of

TRIES = 5  # reads of IMM that may fail in a row


def show(simulation: Simulation, objects: list[Found], output: TextIO, style: Style) -> None:
    """Show the interfaces until q is pressed. SurroundingsError if the simulator does not answer any more."""
    marks = Marks()
    root = os.geteuid() == 0
    failures = 0
    shown: tuple[list[str], tuple[int, int]] = ([], (0, 0))
    with Terminal(output) as terminal:
        while True:
            simulation.read_log()
            try:
                objects = simulation.read_imm()
                failures = 0
            except AisError as error:
                # A call times out if the process was stopped during the call. So it is tried once more.
                failures += 1
                if failures == TRIES:
                    raise SurroundingsError(f"the simulator is gone: {error}") from error
            marked = marks.mark(rows_of(objects), time.monotonic())
            size = terminal.size
            lines = compose(objects, marked, simulation.log_lines, size, style, root)
            if (lines, size) != shown:
                shown = lines, size
                terminal.draw(lines)
            if terminal.wait(LOOK, simulation.log):
                shown = ([], (0, 0))
            if terminal.ended:
                return
