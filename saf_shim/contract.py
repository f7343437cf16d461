# SPDX-License-Identifier: Apache-2.0
"""The plug between the server and the services it hosts (IMM, AMF, CLM).

A *service* is pure: it knows no sockets, clocks or processes. The server (`saf_shim.server.server`) calls it
in its one thread, with one event at a time; the service acts on the `World` it was given at
construction, on `Call`s and on `Session`s, and nothing else. Nothing here blocks.

A client process has one *session* for each handle it initialized (an OM handle with its accessors,
searches, owners and CCBs is one; each AMF handle is one). Life of a session::

    call   saAmfInitialize_4   the first call of every session; Session.data is the service's to use
    call   anything            service.handle_call(call): return an Answer, or None and call.reply() later
    ...    Session.push(cb)    queues a callback; the handle's selection object becomes readable
    call   saAmfDispatch       the service validates handle and flags, then returns session.dispatch(call,
    flags)
    return of a callback       only for callbacks pushed with `on_return`: called with the client's return
    code
                               (None: the client went away, or the service was `cancel`led before it answered)
    closed                     service.session_closed(session): the client finalized *or died*; by then
                               session.closed is True, push and reply do nothing; Session.finalized tells
                               which

Which service gets a session is decided by the prefix of its first call: ``saImm`` IMM, ``saAmf`` AMF,
``saClm`` CLM. Wire forms (JSON): strings are `str` with surrogateescape for bytes that are not UTF-8,
SA_ANY_T is hexadecimal `str`, NULL is None, attributes are ``[name, type, [values]]``, modifications
``[how, name, type, [values]]``, admin operation parameters ``[name, type, value]``.

A callback is ``[name, {arguments}]``, for example ``["saAmfHealthcheckCallback", {"invocation": 4, ...}]``;
the client module (`saf_shim.pyosaf.saAmf`) gets it from `client.Handle.dispatch` and calls the program's
function. The call log and the faults (`saf-shim fault`) are the server's: a service never sees them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Optional, Protocol

from saf_shim.codes import Code, DispatchFlag

Arguments = dict[str, Any]
CallbackMessage = tuple[str, Arguments]


class Answer(NamedTuple):
    """What a call returns: its AIS return code and the values it fills in (named as AIS names them)."""

    rc: int
    out: Optional[Mapping[str, Any]] = None


OK = Answer(Code.OK)


class Session(Protocol):
    """One handle's client, as a service sees it."""

    id: int  # unique in the life of the server, never 0: good as the AIS handle
    pid: int  # of the client process, from the kernel
    environment: Mapping[str, str]  # the client's SA_* variables (SA_AMF_COMPONENT_NAME...) when it connected
    closed: bool
    finalized: bool  # it was closed by its own finalize call, not by death
    data: Any  # the service's own

    def push(
        self, callback: CallbackMessage, on_return: Optional[Callable[[Optional[int]], None]] = None
    ) -> None:
        """Queue `callback`; the selection object becomes readable.

        `on_return` gets the code that the program's function returned, or None when it never will."""

    def dispatch(self, call: Call, flags: int) -> Optional[Answer]:
        """What a dispatch call answers (ERR_INVALID_PARAM for unknown flags; BLOCKING answers later)."""

    def finish(self) -> None:
        """The handle is finalized: BLOCKING dispatches end with OK, queued callbacks are dropped; after the
        answer to the present call the session closes and `session_closed` is called."""

    def discard(self, match: Callable[[CallbackMessage], bool]) -> int:
        """Drop queued callbacks that `match`; the number dropped."""

    def lose(self) -> None:
        """Let later calls of this session answer ERR_BAD_HANDLE, its selection object be readable (restart
        of a service); the session stays open until the client closes it."""


class Call(Protocol):
    """One call of a client, to be answered once."""

    session: Session
    name: str  # the AIS function: saAmfResponse_4
    args: Arguments
    answered: bool

    def reply(self, rc: int, out: Optional[Mapping[str, Any]] = None) -> None:
        """Answer it (later); does nothing when the client has gone."""


class Timer(Protocol):
    """A running timer."""

    def cancel(self) -> None:
        """Never call its function (also when it has fired already: no error)."""


class CommandEnd(NamedTuple):
    """How a command ended: `status` is its exit status, or None when `signal` killed it or it could not
    start."""

    status: Optional[int]
    signal: Optional[int] = None
    error: str = ""  # why it could not be started


class Command(Protocol):
    """A running command."""

    pid: int

    def kill(self) -> None:
        """SIGKILL to it (not to what it started); `on_end` is still called."""


class Watch(Protocol):
    """A watched process (not necessarily our child)."""

    def cancel(self) -> None:
        """Stop watching."""


class World(Protocol):
    """Time and processes, as the server lends them to a service."""

    directory: str  # the simulator's DIR
    nodes: Sequence[Node]

    def now(self) -> float:
        """Monotonic seconds."""

    def wall_clock(self) -> int:
        """Nanoseconds since the epoch (SaTimeT)."""

    def start_timer(self, delay: float, function: Callable[[], None]) -> Timer:
        """Call `function` once, `delay` seconds from now."""

    def run_command(
        self, argv: Sequence[str], environment: Mapping[str, str], on_end: Callable[[CommandEnd], None]
    ) -> Command:
        """Start a program: cwd ``/``, umask 022, stdio on /dev/null, SIGHUP SIGTSTP SIGTTIN SIGTTOU ignored,
        the server's session; just this environment (`base_environment` is a start). What it leaves running
        is killed when the simulator stops."""

    def base_environment(self) -> dict[str, str]:
        """PATH (DIR/bin first), LANG, PWD, PYTHONPATH=DIR/python, SAF_SHIM_DIR, LD_LIBRARY_PATH...: an
        amfnd's environment."""

    def watch_process(self, pid: int, on_death: Callable[[], None]) -> Optional[Watch]:
        """Call `on_death` when process `pid` ends; None when there is no such process."""

    def log(self, text: str) -> None:
        """One line into DIR/log."""


class Node(NamedTuple):
    """One node of the simulated cluster, from ``--node NAME[=PREFIX COMMAND]``."""

    name: str  # SC-1
    node_id: int  # 0x2010f for the first, 0x2020f, ...
    prefix: tuple[str, ...] = ()  # put before every command run on this node: ("ip", "netns", "exec", "n2")


class Service(Protocol):
    """What the server hosts."""

    # The calls that give a handle of this service back, and what each answers on a session that was lost.
    finalizers: Mapping[str, Code]
    # The calls that OpenSAF's library answers without the service: they work while the service hangs.
    local_calls: frozenset[str]

    def handle_call(self, call: Call) -> Optional[Answer]:
        """Serve one call: an Answer, or None when `call.reply` comes later. AisError is an answer too."""

    def session_closed(self, session: Session) -> None:
        """The session's client has finalized it or died."""

    def start(self) -> None:
        """Called once, when the standard model and all ``--load`` files are in IMM and the server listens."""

    def stop(self) -> None:
        """Called once before the server ends; commands still running are killed after it."""


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
    "Node",
    "Service",
    "Session",
    "Timer",
    "Watch",
    "World",
]
