# SPDX-License-Identifier: Apache-2.0
"""What the directors want to be done outside. They never do it themselves.

Each effect is a value. `service` carries the effects out on the server's `World` and in IMM, and tests
compare them. A timer has a key (any hashable value); starting a running timer restarts it. Times are
nanoseconds, names are DNs."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple, Union

from imm_model.types import Value

Values = tuple[Value, ...]


class RunCommand(NamedTuple):
    """Start a CLC-CLI command on a node. Its end is reported to `cluster.director.command_ended` with
    `ticket`."""

    ticket: int
    node: str  # the AMF node's RDN value, such as SC-1
    argv: tuple[str, ...]
    environment: Mapping[str, str]  # added to the environment of the node director
    timeout: int  # ns


class KillCommand(NamedTuple):
    """Send SIGKILL to the command with this ticket, because it did not exit in time."""

    ticket: int


class StartTimer(NamedTuple):
    """Call `cluster.director.timer_fired(key)` after `delay`."""

    key: Hashable
    delay: int  # ns
    leaves_out_lateness: bool = False  # the time that a slow machine costs does not count


class StopTimer(NamedTuple):
    """Forget the timer with this key."""

    key: Hashable


class SendCallback(NamedTuple):
    """Queue a callback for a client's handle."""

    handle: int
    name: str  # such as saAmfCSISetCallback
    arguments: Mapping[str, Any]


class WatchProcess(NamedTuple):
    """Call `cluster.director.process_ended(key)` when the process ends."""

    key: tuple[str, str, int]  # node, component, pid
    pid: int


class UnwatchProcess(NamedTuple):
    """Forget the watch with this key."""

    key: tuple[str, str, int]


class EndOperation(NamedTuple):
    """Answer an administrative operation."""

    ticket: int
    code: int
    text: str  # the error string, or empty


class Update(NamedTuple):
    """Set runtime attributes of an object."""

    dn: str
    attributes: Mapping[str, Values]


class Create(NamedTuple):
    """Create a runtime object."""

    class_name: str
    parent: str
    attributes: Mapping[str, Values]


class Delete(NamedTuple):
    """Delete a runtime object."""

    dn: str


class Log(NamedTuple):
    """Write one line to the log, as amfnd or amfd writes to syslog."""

    text: str


Effect = Union[
    RunCommand,
    KillCommand,
    StartTimer,
    StopTimer,
    SendCallback,
    WatchProcess,
    UnwatchProcess,
    EndOperation,
    Update,
    Create,
    Delete,
    Log,
]
