# SPDX-License-Identifier: Apache-2.0
"""Log lines: ``event=NAME key=value ...``, to syslog, or to standard error when that is a terminal.

Under AMF all standard descriptors are /dev/null, so syslog is the only way out. `logging` would cost 13 ms
and 2 MB, and syslog(3) blocks the caller when the system's log daemon does not read. So this module sends the
lines itself. A line that cannot be sent at once is dropped and counted, and the next line reports the number.
Every thread may log.
"""

from __future__ import annotations

import _socket  # the C half of `socket`: 6 ms and 1.3 MB less
import os
import time
from typing import Callable, Protocol

from amf_netwatch.environment import SYSLOG_VARIABLE
from amf_netwatch.log_lines import BY_NAME, LEVEL_NAMES

SYSLOG_PATH = "/dev/log"
_IDENTITY = "amf-netwatch"
_FACILITY = 3 << 3  # LOG_DAEMON
_MAX_VALUE = 400  # characters of one value: a line must fit a datagram that every syslog daemon takes


class Sink(Protocol):
    """The destination of lines."""

    def __call__(self, level: int, line: str) -> None:
        """Take one line. It must not raise and must not block."""


class Log:
    """The log of one process. `level`: the highest severity number that is still written."""

    def __init__(self, sink: Sink, level: int) -> None:
        self._sink = sink
        self._level = level

    def event(self, name: str, /, **fields: object) -> None:
        """Log the line of this name. It must be in `log_lines`, and the fields must match exactly."""
        line = BY_NAME[name]
        assert tuple(fields) == line.fields, f"log line {name} has the fields {line.fields}"
        if line.level <= self._level:
            self._sink(line.level, format_line(name, fields))


def format_line(name: str, fields: dict[str, object]) -> str:
    """Return the text of a line, without time and process."""
    return " ".join([f"event={name}", *(f"{key}={format_value(value)}" for key, value in fields.items())])


def format_value(value: object) -> str:
    """Return a value as text without blanks, or in double quotes. It never has more than one line."""
    text = str(value)
    if len(text) > _MAX_VALUE:
        text = text[: _MAX_VALUE - 3] + "..."
    if text and text.isprintable() and text.isascii() and not set(text) & set(' "\\='):
        return text
    quoted = []
    for character in text:
        if character in '"\\':
            quoted.append("\\" + character)
        elif character.isprintable():
            quoted.append(character)
        else:
            quoted.append(character.encode("unicode_escape", "surrogatepass").decode("ascii"))
    return '"' + "".join(quoted) + '"'


def level_number(name: str) -> int:
    """Return the severity of a log level's name."""
    return next(number for number, word in LEVEL_NAMES.items() if word == name)


def open_log(level: str) -> Log:
    """Open a log to standard error if that is a terminal, else to syslog."""
    return Log(TerminalSink() if _is_terminal(2) else SyslogSink(), level_number(level))


class TerminalSink:
    """Writes lines to standard error."""

    def __call__(self, level: int, line: str) -> None:
        """Write the line."""
        try:
            os.write(2, f"{_IDENTITY}: {LEVEL_NAMES[level]}: {line}\n".encode("utf-8", "backslashreplace"))
        except OSError:
            return  # the terminal is gone, so nobody can read the line


class SyslogSink:
    """Sends lines to the system's log daemon, as RFC 3164 datagrams."""

    def __init__(self, path: str = "", now: Callable[[], float] = time.time) -> None:
        self._path = path or os.environ.get(SYSLOG_VARIABLE) or SYSLOG_PATH
        self._now = now
        self._socket = _socket.socket(_socket.AF_UNIX, _socket.SOCK_DGRAM | _socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)
        self._dropped = 0

    def __call__(self, level: int, line: str) -> None:
        """Send the line. If the daemon is away or does not read, the line is lost. This never waits."""
        if self._dropped:
            line = f"{line} lines_dropped={self._dropped}"
        stamp = time.strftime("%b %e %H:%M:%S", time.localtime(self._now()))
        text = f"<{_FACILITY | level}>{stamp} {_IDENTITY}[{os.getpid()}]: {line}"
        try:
            self._socket.sendto(text.encode("utf-8", "backslashreplace"), self._path)
            self._dropped = 0
        except OSError:
            self._dropped += 1


def _is_terminal(descriptor: int) -> bool:
    try:
        return os.isatty(descriptor)
    except OSError:
        return False
