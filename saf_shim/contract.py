# SPDX-License-Identifier: Apache-2.0
"""What the server and the services that it hosts (IMM, AMF, CLM) promise each other.

A *service* is pure: it knows no sockets, clocks or processes. The server (`saf_shim.server.server`) calls it
in its one thread, with one event at a time. The service acts only on the `World` that its constructor gets,
on `Call`s and on `Session`s. Nothing here blocks.

A client process has one *session* for each handle that it initialized: one for an OM handle with its
accessors, searches, owners and CCBs, one for each AMF handle. The life of a session:

- The first call is an initializing one. `Session.data` is for the service to use.
- `Service.handle_call` serves each call: it returns an Answer, or it returns None and calls `Call.reply`
  later.
- `Session.push` queues a callback, and the selection object of the handle becomes readable.
- For a dispatch call the service checks handle and flags and returns the result of `Session.dispatch`.
- Where a callback was pushed with `on_return`, that function gets the code that the program's function
  returned. It gets None when there will be no code, because the client has gone or the server stops.
- `Service.session_closed` is called when the client has finalized the handle or has died
  (`Session.finalized` tells which). `Session.closed` is true by then, and pushing and replying do nothing.

The prefix of a session's first call decides which service gets the session: ``saImm`` IMM, ``saAmf`` AMF,
``saClm`` CLM. Forms on the wire (JSON): strings are `str` with surrogates for bytes that are not UTF-8,
SA_ANY_T is a hexadecimal `str`, NULL is None, attributes are ``[name, type, [values]]``, modifications
``[how, name, type, [values]]``, parameters of administrative operations ``[name, type, value]``.

A callback is ``[name, {arguments}]``, for example ``["saAmfHealthcheckCallback", {"invocation": 4, ...}]``.
The client's side (`saf_shim.client`) calls the program's function with it. The call log and the faults
(`saf-shim fault`) belong to the server: a service never sees them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Optional, Protocol

from saf_shim.codes import Code, DispatchFlag

Arguments = dict[str, Any]
CallbackMessage = tuple[str, Arguments]


class Answer(NamedTuple):
    """What a call returns: its AIS return code, and the values that it fills in, by their AIS names."""

    rc: int
    out: Optional[Mapping[str, Any]] = None


OK = Answer(Code.OK)


class Session(Protocol):
    """The client of one handle, as a service sees it."""

    id: int  # unique in the life of the server and never 0, so it can serve as AIS handle
    pid: int  # the client process, from the kernel
    environment: Mapping[str, str]  # the client's variables SA_* and IMMA_* when it connected
    closed: bool
    finalized: bool  # True if the client has finalized the handle, False if it has died
    data: Any  # what the service keeps for this session

    def push(
        self, callback: CallbackMessage, on_return: Optional[Callable[[Optional[int]], None]] = None
    ) -> None:
        """Queue `callback` and make the selection object readable.

        `on_return` gets the code that the program's function returned, or None if it will never return."""

    def dispatch(self, call: Call, flags: int) -> Optional[Answer]:
        """Return the answer to a dispatch call: ERR_INVALID_PARAM for unknown flags. None for BLOCKING, which
        is answered later."""

    def finish(self) -> None:
        """Finalize the handle: BLOCKING dispatches end with OK, queued callbacks are dropped. After the
        answer to the present call the session closes and `session_closed` is called."""

    def discard(self, match: Callable[[CallbackMessage], bool]) -> int:
        """Drop the queued callbacks that `match`, and return their number."""

    def lose(self) -> None:
        """End the session as a restart of the service does: later calls answer ERR_BAD_HANDLE, and the
        selection object becomes readable. The session stays open until the client closes it."""


class Call(Protocol):
    """One call of a client. It is answered once."""

    session: Session
    name: str  # the AIS function, such as saAmfResponse_4
    args: Arguments
    answered: bool

    def reply(self, rc: int, out: Optional[Mapping[str, Any]] = None) -> None:
        """Answer the call, now or later. When the client has gone, do nothing."""


class Timer(Protocol):
    """A running timer."""

    def cancel(self) -> None:
        """Stop the timer. Do nothing if its function was called already."""


class CommandEnd(NamedTuple):
    """The end of a command. `status` is None if `signal` killed it, or if it could not be started."""

    status: Optional[int]
    signal: Optional[int] = None
    error: str = ""  # why it could not be started


class Command(Protocol):
    """A running command."""

    pid: int

    def kill(self) -> None:
        """Send SIGKILL to the command, but not to the processes that it started. `on_end` is still called."""


class Watch(Protocol):
    """A watched process, which need not be a child of the server."""

    def cancel(self) -> None:
        """Stop watching."""


class Lateness(NamedTuple):
    """What the machine costs the simulated cluster."""

    lost: float  # seconds since the start that OpenSAF on an idle machine would not have lost
    is_watched: bool  # True if a command of the simulator runs or has just ended: a script is looking


class World(Protocol):
    """Time and processes, as the server offers them to a service."""

    directory: str  # the directory of the simulator, DIR
    nodes: Sequence[Node]

    def now(self) -> float:
        """Return seconds of a clock that never goes back."""

    def wall_clock(self) -> int:
        """Return nanoseconds since the epoch (SaTimeT)."""

    def start_timer(self, delay: float, function: Callable[[], None]) -> Timer:
        """Call `function` once, `delay` seconds from now."""

    def run_command(
        self, argv: Sequence[str], environment: Mapping[str, str], on_end: Callable[[CommandEnd], None]
    ) -> Command:
        """Start a program with exactly this environment (`base_environment` can be its basis).

        It runs in the server's session, in the directory ``/``, with umask 022, with /dev/null as standard
        input, and ignores SIGHUP, SIGTSTP, SIGTTIN and SIGTTOU. Its output goes into DIR/log. The processes
        that it leaves running are killed when the simulator stops."""

    def base_environment(self) -> dict[str, str]:
        """Return the environment of an amfnd: PATH (DIR/bin first), LANG, PWD, PYTHONPATH=DIR/python,
        SAF_SHIM_DIR, LD_LIBRARY_PATH..."""

    def watch_process(self, pid: int, on_death: Callable[[], None]) -> Optional[Watch]:
        """Call `on_death` when process `pid` ends. Return None if there is no such process."""

    def lateness(self) -> Lateness:
        """Return how late the machine has made the cluster up to now."""

    def log(self, text: str) -> None:
        """Write one line into DIR/log."""


class Node(NamedTuple):
    """One node of the simulated cluster, from ``--node NAME[=PREFIX COMMAND]``."""

    name: str  # such as SC-1
    node_id: int  # 0x2010f for the first node, 0x2020f for the second, ...
    prefix: tuple[str, ...] = ()  # put before each command of this node: ("ip", "netns", "exec", "n2")


class Service(Protocol):
    """A service, as the server sees it."""

    # The calls that finalize a handle of this service, and the answer of each on a lost session.
    finalizers: Mapping[str, Code]
    # The calls that OpenSAF's library answers without the service. They work even while the service hangs.
    local_calls: frozenset[str]

    def handle_call(self, call: Call) -> Optional[Answer]:
        """Serve one call. Return an Answer, or None if `call.reply` comes later. AisError counts as an
        answer."""

    def session_closed(self, session: Session) -> None:
        """Free everything of a session. Its client has finalized the handle or died."""

    def start(self) -> None:
        """Start working. The server calls this once, when it listens and the model and all ``--load`` files
        are in IMM."""

    def stop(self) -> None:
        """Stop working. The server calls this once before it ends. Afterwards it kills the commands that
        still run."""


__all__ = [
    "OK",
    "Answer",
    "Arguments",
    "Call",
    "CallbackMessage",
    "Code",
    "Command",
    "CommandEnd",
    "DispatchFlag",
    "Lateness",
    "Node",
    "Service",
    "Session",
    "Timer",
    "Watch",
    "World",
]
