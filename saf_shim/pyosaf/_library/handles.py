# SPDX-License-Identifier: Apache-2.0
"""The AIS handles of this process: the session of each handle, and what must stay alive for it."""

from __future__ import annotations

from typing import Any, Callable, Optional

from saf_shim.client import Session, UnreachableError
from saf_shim.codes import Code

Out = dict[str, Any]


class Handle:
    """A handle. A program has initialized it, and then it has a session of its own, or it was made from
    another handle."""

    def __init__(self, number: int, session: Session, parent: Optional[Handle] = None) -> None:
        self.number = number
        self.session = session
        self.parent = parent
        self.below: set[int] = set()  # handles that end with this one
        self.keep: Any = None  # the result of the last call; in C the library would own it
        self.callbacks: Any = None
        self.kept: Any = None  # the program's structure of callbacks
        self.timeout: Optional[float] = None  # seconds that a call may take
        self.implementer = ""  # the IMM implementer name that the handle holds


handles: dict[int, Handle] = {}


def initialize(
    call: str, args: Out, exclusive: bool = True, timeout: Optional[float] = None
) -> tuple[int, Out, Optional[Handle]]:
    """Connect and perform an initializing call.

    Return its code, the values that it fills in (``handle``), and the new handle (None if the code is not
    OK)."""
    try:
        session = Session(exclusive)
    except UnreachableError as error:
        return error.code, {}, None
    rc, out = session.call(call, args, timeout)
    if rc != Code.OK:
        session.close()
        return rc, out, None
    handle = Handle(out["handle"], session)
    handle.timeout = timeout
    handles[handle.number] = handle
    return rc, out, handle


def call(
    number: int, name: str, args: Out, timeout: Optional[float] = None, answering: bool = False
) -> tuple[int, Out]:
    """Perform a call on a handle. ERR_BAD_HANDLE if this process has no such handle.

    `answering` calls, which callbacks make, may run at the same time as another thread's call."""
    handle = handles.get(number)
    if handle is None:
        return Code.ERR_BAD_HANDLE, {}
    args["handle"] = number
    return handle.session.call(name, args, handle.timeout if timeout is None else timeout, answering)


def open_below(number: int, name: str, args: Out) -> tuple[int, int]:
    """Perform a call that makes a handle from handle `number`. Return its code and the new handle (or 0)."""
    rc, out = call(number, name, args)
    if rc != Code.OK:
        return rc, 0
    parent = handles[number]
    made = Handle(out["handle"], parent.session, parent)
    made.timeout = parent.timeout
    handles[made.number] = made
    parent.below.add(made.number)
    return rc, made.number


def finalize(number: int, name: str, patience: Optional[float] = None) -> int:
    """Perform a finalizing call. If it is OK, forget the handle and the handles made from it.

    With `patience` (seconds), the call succeeds even without an answer: the handle is then given up."""
    handle = handles.get(number)
    if handle is not None and handle.parent is None:
        handle.session.is_ending = True
    rc, _ = call(number, name, {}, patience)
    if rc == Code.ERR_TIMEOUT and patience is not None:
        rc = Code.OK
    if rc == Code.OK:
        forget(number)
    elif handle is not None:
        handle.session.is_ending = False
    return rc


def forget(number: int) -> None:
    """Drop a handle and the handles made from it. If it was initialized, its session is closed."""
    handle = handles.pop(number, None)
    if handle is None:
        return
    for below in list(handle.below):
        forget(below)
    if handle.parent is not None:
        handle.parent.below.discard(number)
    else:
        handle.session.close()


def dispatch(number: int, name: str, flags: int, run: Callable[[Handle, str, Out], Optional[int]]) -> int:
    """Perform a dispatch call: run this handle's queued callbacks in the calling thread."""
    handle = handles.get(number)
    if handle is None:
        return Code.ERR_BAD_HANDLE
    owner = handle
    return handle.session.dispatch(
        name, {"handle": number, "flags": flags}, flags, lambda callback, args: run(owner, callback, args)
    )


def selection_object(number: int, name: str, target: Any) -> int:
    """Perform a selection object call: ask the service, then fill in the descriptor."""
    if not target:
        return Code.ERR_INVALID_PARAM
    rc, _ = call(number, name, {})
    if rc == Code.OK:
        fd = handles[number].session.fileno()
        if fd < 0:
            return Code.ERR_BAD_HANDLE
        target[0] = fd
    return rc


def keep_callbacks(number: Any, callbacks: Any, _version: Any) -> None:
    """Keep the program's structure of callbacks as long as the handle that was opened with it exists.

    A program should keep it itself; the real library crashes at the next callback if it does not."""
    handles[number.value].kept = callbacks


def read_name(name: Any) -> Optional[str]:
    """Return the text of a ``SaNameT *``. None for NULL. Bytes that are not UTF-8 become surrogates."""
    if not name:
        return None
    raw: bytes = name[0].value[: name[0].length]
    return raw.decode("utf-8", "surrogateescape")


def read_string(string: Any) -> Optional[str]:
    """Return the text of a ``char *`` (a SaStringT or bytes), None for NULL."""
    raw = string.value if hasattr(string, "value") else string
    return None if raw is None else raw.decode("utf-8", "surrogateescape")


def read_version(version: Any) -> Optional[list[int]]:
    """Return ``[release, major, minor]`` of a ``SaVersionT *`` (release as a number), None for NULL."""
    if not version:
        return None
    return [ord(version[0].releaseCode), version[0].majorVersion, version[0].minorVersion]


def write_version(version: Any, numbers: list[int]) -> None:
    """Fill in a ``SaVersionT *``."""
    version[0].releaseCode = bytes([numbers[0]])
    version[0].majorVersion = numbers[1]
    version[0].minorVersion = numbers[2]
