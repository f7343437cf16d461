# SPDX-License-Identifier: Apache-2.0
"""A trial: a commit that is undone after a time unless somebody confirms it.

The trial listens on an abstract Unix socket in the network namespace that was changed. So any process in that
namespace finds it, nothing is left behind when its process dies, and no other namespace sees it. A client
sends one line and gets one line:

===========  ==================================================================
``confirm``  the change stays; ``ok``
``cancel``   it is undone now; ``ok`` comes after that
``objects``  what the trial touches, as a JSON list
===========  ==================================================================

It answers only root and its owner, and a client trusts only trials of its own user and of root.
"""

from __future__ import annotations

import json
import os
import select
import socket
import threading
from collections.abc import Iterator
from struct import Struct
from time import monotonic
from typing import Callable, Optional

from amf_netwatch.netlink.errors import SocketError
from amf_netwatch.netlink.socket import Namespace, entered

_PREFIX = "amf-netwatch/trial/"
_CREDENTIALS = Struct("=iII")  # pid, uid, gid
_PATIENCE = 30.0  # seconds that a client waits for an answer, because a roll-back may take time
_LINE = 1 << 20


class Trial:
    """Waits in a thread of its own ("netlink-trial") until it is confirmed, cancelled or its time is over.

    `put_back` restores everything, and returns what it could not restore. `keep` is called if the change
    stays.
    """

    def __init__(
        self,
        identifier: str,
        seconds: float,
        objects: tuple[str, ...],
        put_back: Callable[[], tuple[str, ...]],
        keep: Callable[[], None],
        *,
        namespace: Optional[Namespace] = None,
    ) -> None:
        self.id = identifier
        self.confirmed: Optional[bool] = None  # None: not decided yet
        self.left: tuple[str, ...] = ()
        self._objects = objects
        self._put_back = put_back
        self._keep = keep
        self._wish: Optional[bool] = None
        self._ended = threading.Event()
        self._wake, self._waker = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._over, self._over_writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            with entered(namespace):
                self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
            self._listener.bind(f"\0{_PREFIX}{identifier}")
            self._listener.listen()
        except OSError as error:
            raise SocketError(error.errno or 0, "listen for a confirmation") from error
        self._deadline = monotonic() + seconds
        self._thread = threading.Thread(target=self._run, name="netlink-trial", daemon=True)
        self._thread.start()

    def fileno(self) -> int:
        """Return a descriptor that is readable when it has been decided."""
        return self._over

    @property
    def seconds_left(self) -> float:
        """Return the seconds until the change is undone."""
        return max(0.0, self._deadline - monotonic())

    def confirm(self) -> bool:
        """Keep the change. False if it was undone already."""
        return self._decide(True)

    def cancel(self) -> bool:
        """Undo the change now. False if it was confirmed already."""
        return not self._decide(False)

    def wait(self, timeout: Optional[float] = None) -> Optional[bool]:
        """Wait until it is decided. True: the change stays, False: it was undone, None: not decided yet."""
        self._ended.wait(timeout)
        return self.confirmed

    def _decide(self, keep: bool) -> bool:
        if self._wish is None:
            self._wish = keep
        os.write(self._waker, b"x")
        self._ended.wait()
        return bool(self.confirmed)

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._listener, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        client: Optional[socket.socket] = None
        while self._wish is None:
            left = self._deadline - monotonic()
            if left <= 0:
                self._wish = False
                break
            for descriptor, _ in poll.poll(left * 1000):
                if descriptor == self._listener.fileno():
                    client = self._serve()
        self._listener.close()  # later clients find no trial
        if self._wish:
            self._keep()
        else:
            self.left = self._put_back()
        self.confirmed = self._wish
        if client is not None:
            _answer(client, "ok")  # first: whoever waits for the end may end this process
        self._ended.set()
        os.write(self._over_writer, b"x")

    def _serve(self) -> Optional[socket.socket]:
        """Answer one client. Return the client that waits for the result of its decision."""
        client, _ = self._listener.accept()
        client.settimeout(1.0)
        try:
            if _peer(client) not in (0, os.geteuid()):
                client.close()
                return None
            word = client.recv(64).decode("ascii", "replace").strip()
        except OSError:
            client.close()
            return None
        if word in ("confirm", "cancel"):
            self._wish = word == "confirm"
            return client
        _answer(client, json.dumps(self._objects) if word == "objects" else "unknown word")
        return None


def _peer(connection: socket.socket) -> int:
    """Return the user at the other end."""
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    uid: int = _CREDENTIALS.unpack(data)[1]
    return uid


def _answer(client: socket.socket, text: str) -> None:
    try:
        client.sendall(text.encode() + b"\n")
    except OSError:
        pass  # the client did not wait
    client.close()


def list_trials(namespace: Optional[Namespace] = None) -> list[str]:
    """Return the ids of the trials in a namespace that belong to us or to root."""
    with entered(namespace), open("/proc/thread-self/net/unix", encoding="utf-8", errors="replace") as table:
        names = [line.rstrip("\n").rpartition(" ")[2] for line in table]
    found = {name[len(_PREFIX) + 1 :] for name in names if name.startswith(f"@{_PREFIX}")}
    return sorted(one for one in found if ask_trial(one, "objects", namespace) is not None)


def ask_trial(identifier: str, word: str, namespace: Optional[Namespace] = None) -> Optional[str]:
    """Ask a trial. None if there is no such trial that can be trusted."""
    with entered(namespace):
        asking = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    with asking:
        asking.settimeout(_PATIENCE)
        try:
            asking.connect(f"\0{_PREFIX}{identifier}")
            if _peer(asking) not in (0, os.geteuid()):
                return None
            asking.sendall(word.encode() + b"\n")
            answer = b""
            while not answer.endswith(b"\n") and len(answer) < _LINE:
                part = asking.recv(65536)
                if not part:
                    return None
                answer += part
        except OSError:
            return None
    return answer.decode().strip()


def iter_conflicts(
    name_objects: Callable[[], tuple[str, ...]], namespace: Optional[Namespace] = None
) -> Iterator[str]:
    """Yield the trials that touch one of the objects. `name_objects` is called only if there is any."""
    for identifier in list_trials(namespace):
        answer = ask_trial(identifier, "objects", namespace)
        if answer and set(name_objects()) & set(json.loads(answer)):
            yield identifier
