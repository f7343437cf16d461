# SPDX-License-Identifier: Apache-2.0
"""A network namespace with as many links as a measurement wants, entered by this process.

Needs root, or a user namespace: `python -m bench` moves itself into one (`unshare -rnm`).
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_CLONE_NEWNET = 0x40000000
_CLONE_NEWNS = 0x00020000
_libc = ctypes.CDLL(None, use_errno=True)


def become_able() -> None:
    """Restart as root of a user namespace if this process is not root. It does not return then."""
    if os.geteuid():
        os.execvp("unshare", ["unshare", "-rnm", sys.executable, "-m", "bench", *sys.argv[1:]])


@contextmanager
def links(count: int) -> Iterator[None]:
    """Be in a namespace with loopback and `count` further links, half of them up, and /sys showing it."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    _call("unshare", _CLONE_NEWNET | _CLONE_NEWNS)
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "-t", "sysfs", "bench", "/sys"], check=True)
    try:
        commands = ["link set lo up"]
        for pair in range(count // 2):
            mac = f"02:00:00:00:{pair >> 8:02x}:{pair & 255:02x}"
            commands.append(f"link add b{pair}a address {mac} type veth peer b{pair}b")
            commands += [f"addr add 198.18.{pair >> 8}.{pair & 255}/32 dev b{pair}a", f"link set b{pair}a up"]
        ip(*commands)
        yield
    finally:
        subprocess.run(["umount", "-l", "/sys"], check=True)
        _call("setns", home, _CLONE_NEWNET)
        os.close(home)


def ip(*commands: str) -> None:
    """Run many `ip` commands with one process."""
    subprocess.run(["ip", "-batch", "-"], input="\n".join(commands) + "\n", text=True, check=True)


def _call(function: str, *arguments: int) -> None:
    if getattr(_libc, function)(*arguments):
        raise OSError(ctypes.get_errno(), f"{function} failed: {os.strerror(ctypes.get_errno())}")
