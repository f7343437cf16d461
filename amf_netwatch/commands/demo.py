# SPDX-License-Identifier: Apache-2.0
"""``amf-netwatch demo``: the component at work on this machine, without a cluster.

0: the table was printed, or the user ended the live demonstration; 1: something did not start; 2: wrong
use; 128 and the signal's number: a signal came before the table was printed, or ended the live demonstration.
"""

from __future__ import annotations

import argparse
import signal
import tempfile
from collections.abc import Sequence
from types import FrameType
from typing import Optional, TextIO

from amf_netwatch.commands.model import read_setting
from amf_netwatch.commands.shape import (
    EXIT_OK,
    complain,
    get_output,
    is_dumb_terminal,
    wants_colour,
    write_output,
)
from amf_netwatch.demo.live import show
from amf_netwatch.demo.screen import COLOURS, Style, format_once
from amf_netwatch.demo.simulation import Simulation
from amf_netwatch.errors import SettingsError

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ended(Exception):  # noqa: N818 - it is not an error
    """A signal has asked us to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def main(arguments: Sequence[str]) -> int:
    """Run the demonstration."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    output = get_output()
    live = output.isatty() and not options.once and not is_dumb_terminal()
    with tempfile.TemporaryDirectory(prefix="netwatch-demo-") as directory:
        simulation = Simulation(directory, tuple(options.set))
        old = {number: signal.signal(number, _end) for number in _SIGNALS}
        try:
            _run(simulation, output, live)
        except SettingsError as error:
            parser.error(str(error))
        except Ended as ended:
            if live and ended.number == signal.SIGINT:
                return EXIT_OK
            complain("amf-netwatch demo", f"ended by {signal.Signals(ended.number).name}")
            return 128 + ended.number
        finally:
            for number in _SIGNALS:  # a second Ctrl-C must not stop the clean-up of the simulator
                signal.signal(number, signal.SIG_IGN)
            simulation.end()
            for number, handler in old.items():
                signal.signal(number, handler)
    return EXIT_OK


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of `demo`."""
    parser = argparse.ArgumentParser(
        prog="amf-netwatch demo",
        description="AMF, IMM and the component on this machine: its interfaces as IMM has them, live.",
    )
    parser.add_argument("--once", action="store_true", help="print the table once and end")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        type=read_setting,
        metavar="NAME=VALUE",
        help="a setting, as for `model`",
    )
    return parser


def _run(simulation: Simulation, output: TextIO, live: bool) -> None:
    if live:
        output.write("starting the simulator, AMF, the component ...")
        output.flush()
    simulation.start()
    objects = simulation.await_publication()
    if live:
        show(simulation, objects, output, _style(output))
    else:
        write_output(format_once(objects))


def _style(output: TextIO) -> Style:
    style = COLOURS if wants_colour(output) else Style()
    try:
        "…".encode(output.encoding)
    except (LookupError, UnicodeEncodeError):
        return style
    return style._replace(cut="…")


def _end(number: int, _frame: Optional[FrameType]) -> None:
    raise Ended(number)
