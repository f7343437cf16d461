# SPDX-License-Identifier: Apache-2.0
"""What can go wrong, and who causes it.

::

    NetlinkError
    ├── DecodeError        the peer's bytes: a length lies, a value has the wrong size
    ├── EncodeError        our caller's value: it does not fit the field, option or attribute it is meant for
    ├── KernelError        the kernel's answer: an errno, often with a sentence
    ├── LossError          some of what the kernel sent is not there any more: read everything anew
    │   ├── OverrunError       our receive buffer was full (ENOBUFS, NLMSG_OVERRUN, a full buffering queue)
    │   └── TruncatedError     a datagram was larger than the room we gave it
    ├── InterruptedDumpError   the table kept changing while it was listed, in every attempt
    ├── AnswerTimeoutError     the kernel did not answer
    ├── SocketError        the socket itself: cannot be opened, was closed; carries the errno
    ├── RecordingError     a file is no recording, or one that cannot be played here
    ├── StateError         a state is not followed any more; its cause says why
    ├── DocumentError      a network document is wrong; lists every error with its path
    ├── RefusedError       a change cannot be planned; nothing was changed
    ├── CommitError        a change was refused or did not last; says what could not be restored
    └── WaitTimeoutError   what the caller waited for has not happened in time; a TimeoutError too
"""

from __future__ import annotations

from os import strerror


class NetlinkError(Exception):
    """The root of all errors of this package."""


class DecodeError(NetlinkError):
    """Bytes that cannot be a netlink message. The text says what is wrong, and at which offset."""


class EncodeError(NetlinkError):
    """A value that cannot be sent to the kernel. The text names the field or option, and the reason."""


class KernelError(NetlinkError):
    """The kernel refused a request: `errno` (positive) and `message`, its extended text or ''."""

    def __init__(self, errno: int, message: str = "") -> None:
        super().__init__(errno, message)
        self.errno = errno
        self.message = message

    def __str__(self) -> str:
        text = f"the kernel answered: {strerror(self.errno)} (errno {self.errno})"
        return f"{text}: {self.message}" if self.message else text


class LossError(NetlinkError):
    """Messages were lost. What was read before is still valid, but the present state must be read again."""


class OverrunError(LossError):
    """The kernel (or our own buffering queue) dropped messages because we were too slow."""


class TruncatedError(LossError):
    """A datagram of `size` bytes did not fit. The rest of it is lost."""

    def __init__(self, size: int) -> None:
        super().__init__(f"a datagram of {size} bytes was truncated")
        self.size = size


class InterruptedDumpError(NetlinkError):
    """Every attempt at a dump was marked inconsistent by the kernel (NLM_F_DUMP_INTR)."""


class AnswerTimeoutError(NetlinkError):
    """No complete answer came within the allowed time."""


class SocketError(NetlinkError):
    """The socket cannot be opened or used. `errno` is that of the system call."""

    def __init__(self, errno: int, doing: str) -> None:
        super().__init__(errno, doing)
        self.errno = errno
        self.doing = doing

    def __str__(self) -> str:
        return f"netlink socket: {self.doing}: {strerror(self.errno)} (errno {self.errno})"


class RecordingError(NetlinkError):
    """A file is not a recording, or it is one that cannot be played on this machine."""


class StateError(NetlinkError):
    """A state is not followed any more. The cause of this exception has the reason."""


class WaitTimeoutError(NetlinkError, TimeoutError):
    """The caller waited for something that has not happened in time."""


class DocumentError(NetlinkError):
    """A network document is wrong. `errors` has pairs: a path in the document, and what is wrong there."""

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        super().__init__(errors)
        self.errors = errors

    def __str__(self) -> str:
        return "\n".join(f"{path}: {text}" if path else text for path, text in self.errors)


class RefusedError(NetlinkError):
    """A change cannot be planned. `path` is the place in its document, '' if it is not one place."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason


class CommitError(NetlinkError):
    """A change was refused, or did not last, and was undone.

    `step`: what was being done, in the words of `ip`; '' before the first step. `reason`: the kernel's words,
    or ours. `left`: what could not be restored, one line each; normally empty.
    """

    def __init__(self, step: str, reason: str, left: tuple[str, ...] = ()) -> None:
        super().__init__(step, reason, left)
        self.step = step
        self.reason = reason
        self.left = left

    def __str__(self) -> str:
        text = f"{self.step}: {self.reason}" if self.step else self.reason
        return "\n".join((text, *(f"not put back: {one}" for one in self.left)))
