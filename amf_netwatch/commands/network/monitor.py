# SPDX-License-Identifier: Apache-2.0
"""`amf-netwatch monitor`: it reads the options, opens what they name, and ends with a status.

0: the count was reached, the time is over, the recording has ended, or Ctrl-C; 1: the kernel or a file did
not do what was needed; 2: wrong use.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from errno import EINVAL, ENOENT, ENOTDIR

from amf_netwatch.commands.shape import (
    complain,
    descriptor_of,
    get_output,
    give_up_output,
    read_seconds,
    wants_colour,
)
from amf_netwatch.netlink.errors import NetlinkError, RecordingError, SocketError
from amf_netwatch.netlink.mirror.follower import EVERYTHING, Follower
from amf_netwatch.netlink.mirror.lines import format_colour, format_json, format_text
from amf_netwatch.netlink.mirror.monitor import Monitor, Selection, follow
from amf_netwatch.netlink.mirror.tables.changes import Object

PROGRAM = "amf-netwatch monitor"
_EPILOG = """\
One line each: first what is there (current), then what happens (new, changed, removed). After the kernel
dropped events: lost, and then what is there anew.
"""


def main(arguments: Sequence[str]) -> int:
    """Run the command with these arguments. Return its exit status."""
    parser = make_parser()
    try:
        options = parser.parse_intermixed_args(arguments)
        if options.replay is not None:
            for name in ("netns", "record", "timeout"):
                if getattr(options, name) is not None:
                    parser.error(f"--replay shows what was recorded: it does not go with --{name}")
    except SystemExit as exit_:  # argparse has printed the reason
        return exit_.code if isinstance(exit_.code, int) else 2
    try:
        return _run(options)
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:  # the reader has closed the pipe
        give_up_output()
        return 0
    except (NetlinkError, OSError) as error:
        if isinstance(error, OSError) and error.filename is None:
            give_up_output()
        complain(PROGRAM, explain(error, options.netns))
        return status_of(error, options.netns)


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of `monitor`."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Show links, addresses, routes, rules, neighbours, and what happens to them.",
        epilog=_EPILOG,
        allow_abbrev=False,
    )
    parser.add_argument(
        "objects",
        nargs="*",
        type=_read_object,
        metavar="|".join(map(str, Object)),
        help="what to show (all)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument(
        "--dev",
        action="append",
        default=[],
        metavar="PATTERN",
        help="only links whose name matches this shell pattern, their addresses and routes; may be repeated",
    )
    parser.add_argument(
        "--count", type=_read_count, metavar="N", help="end after N changes; 0: only show what is there"
    )
    parser.add_argument("--timeout", type=read_seconds, metavar="S", help="end after S seconds")
    parser.add_argument("--netns", metavar="NAME", help="in this network namespace (needs privileges)")
    parser.add_argument("--record", metavar="FILE", help="also store the kernel's datagrams in FILE")
    parser.add_argument("--replay", metavar="FILE", help="show a recording instead of this machine")
    return parser


def _read_count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of changes")
    return int(text)


def _read_object(text: str) -> Object:
    try:
        return Object(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(map(str, Object))}") from None


def _run(options: argparse.Namespace) -> int:
    output = get_output()
    objects = tuple(options.objects) or EVERYTHING
    selection = Selection(objects, tuple(map(os.fsencode, options.dev)))
    line = format_json if options.json else format_colour if wants_colour(output) else format_text

    def write(text: str) -> None:
        output.write(text)
        output.flush()

    monitor = Monitor(write, line, selection, count=options.count)
    if options.replay is not None:
        return _replay(options.replay, monitor)
    recorder = None
    if options.record is not None:
        from amf_netwatch.netlink.mirror.recording import Recorder  # noqa: PLC0415 - 4 ms, and few record

        recorder = Recorder(options.record)
    try:
        # It is buffered, because a reader of our output may pause (`| less`), and no event may be lost
        # meanwhile.
        with Follower(
            objects, after=monitor.observe, namespace=options.netns, recorder=recorder, buffered=True
        ) as follower:
            monitor.tables = follower.mirror.tables
            follow(monitor, follower, timeout=options.timeout, output=descriptor_of(output))
    finally:
        monitor.flush()
        if recorder is not None:
            recorder.close()
    return 0


def _replay(path: str, monitor: Monitor) -> int:
    from amf_netwatch.netlink.mirror.recording import Recording, replay  # noqa: PLC0415
    from amf_netwatch.netlink.mirror.tables.mirror import Mirror  # noqa: PLC0415

    recording = Recording(path)
    mirror = Mirror(after=monitor.observe)
    monitor.tables = mirror.tables
    try:
        unreadable = replay(recording, mirror, monitor.set_clock)
    finally:
        monitor.flush()
    if unreadable:
        complain(PROGRAM, f"{path}: {unreadable} datagrams could not be decoded")
    if recording.damage is not None:
        complain(PROGRAM, f"{path}: {recording.damage}; what was before it has been shown")
    return 0


def status_of(error: Exception, namespace: str | None) -> int:
    """Return 2 if a name given by the user is wrong, else 1."""
    if isinstance(error, RecordingError):
        return 2
    if isinstance(error, SocketError):
        return 2 if namespace is not None and error.errno in (ENOENT, ENOTDIR, EINVAL) else 1
    return 2 if isinstance(error, OSError) and error.filename is not None else 1


def explain(error: Exception, namespace: str | None) -> str:
    """Return what went wrong, in words for the user."""
    if isinstance(error, SocketError) and namespace is not None and error.doing == "open":
        return f"cannot enter the network namespace {namespace}: {os.strerror(error.errno)}"
    if isinstance(error, OSError) and error.filename is not None:
        return f"{os.fsdecode(error.filename)}: {error.strerror}"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
