# SPDX-License-Identifier: Apache-2.0
"""A process that restores the network if the process that changes it dies.

It is started before the first request, gets the pictures of before and after, and waits on a pipe. The
process that changes the network sends ``done`` when nothing has to be restored any more. If the pipe ends
without that (kill -9, out of memory, a crash), or if the guardian gets SIGTERM, it rolls back.

It has its own session, sockets and memory, and it ignores Ctrl-C and the loss of the terminal.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from struct import Struct
from typing import IO, Optional

from amf_netwatch.netlink.errors import NetlinkError
from amf_netwatch.netlink.network.objects.picture import Picture
from amf_netwatch.netlink.network.transaction import Watch, open_sockets, roll_back, undisturbed
from amf_netwatch.netlink.socket import Namespace

_SIZE = Struct("=Q")
_READY = b"ready\n"
_DONE = b"done\n"
_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
_START = (
    "import sys; sys.path.insert(0, {!r}); from amf_netwatch.netlink.network.guardian import main; main()"
)


class Guardian(Watch):
    """Starts the process when a transaction begins, and ends it when the transaction has ended.

    `stay`: it stays after the commit until `release`, because the commit must be confirmed.
    """

    def __init__(self, namespace: Optional[Namespace] = None, *, stay: bool = False) -> None:
        self._namespace = namespace
        self._stay = stay
        self._process: Optional[subprocess.Popen[bytes]] = None

    def begun(self, before: Picture, goal: Picture, closure: set[int]) -> None:
        """Start it and wait until it is ready. Raises NetlinkError if it cannot be started."""
        inherited = (self._namespace,) if isinstance(self._namespace, int) else ()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", _START.format(_ROOT)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,
                pass_fds=inherited,
            )
            pipe, answers = self._pipes()
            data = pickle.dumps((before, goal, closure, self._namespace))
            pipe.write(_SIZE.pack(len(data)) + data)
            pipe.flush()
            if answers.readline() != _READY:
                raise NetlinkError("the guardian process did not start")
        except OSError as error:
            raise NetlinkError(f"the guardian process cannot be started: {error}") from error

    def committed(self) -> None:
        """Note that the change succeeded. It may still have to be confirmed."""
        if not self._stay:
            self.ended()

    def ended(self) -> None:
        """End the process, because nothing has to be restored any more."""
        if self._process is None:
            return
        pipe, answers = self._pipes()
        try:
            pipe.write(_DONE)
            pipe.close()
        except OSError:
            pass  # it has ended already, because it got a signal
        answers.close()
        self._process.wait()
        self._process = None

    def terminate(self) -> None:
        """Tell it to restore everything now, and wait until it has done so."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        return self._process.stdin, self._process.stdout


class _ToldToEnd(Exception):  # noqa: N818 - it is no error
    pass


def main() -> None:
    """Run the process itself: read the pipe, and roll back unless the word ``done`` comes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    pipe = sys.stdin.buffer
    (size,) = _SIZE.unpack(pipe.read(_SIZE.size))
    before, goal, closure, namespace = pickle.loads(pipe.read(size))
    signal.signal(signal.SIGTERM, _end)
    sys.stdout.buffer.write(_READY)
    sys.stdout.buffer.flush()
    try:
        if pipe.readline() == _DONE:
            return
    except _ToldToEnd:
        pass
    with undisturbed():
        roll_back(before, goal, closure, open_sockets(namespace))


def _end(*_: object) -> None:
    raise _ToldToEnd
