# SPDX-License-Identifier: Apache-2.0
"""A minimal Debian in a directory, and a machine made of it: namespaces of its own, no network but veths.

Not a container engine: the commands run as root of this machine, chrooted into the directory.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from package_tools import run

# What a package manager changes by itself, whatever it installs.
_BOOKKEEPING = ("var/lib/dpkg", "var/lib/rpm", "var/cache", "var/log", "proc", "sys", "dev", "root", "tmp")

_NAMESPACES = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--propagation", "private"]
_SET_UP = """
set -e
mount -t proc proc "$1/proc"
mount -t sysfs sysfs "$1/sys"
mount --rbind /dev "$1/dev"
mount -t tmpfs tmpfs "$1/tmp"
ip link set lo up
echo ready
exec cat
"""


def bootstrap(directory: Path) -> None:
    """Debian's minimal system with Python, from the mirror that apt uses here."""
    codename = _release()
    mirror = run("apt-get", "indextargets", "--format", "$(REPO_URI)", f"Codename: {codename}").stdout.split()
    run(
        "mmdebstrap",
        "--quiet",
        "--variant=minbase",
        "--include=python3",
        codename,
        directory,
        mirror[0] if mirror else "http://deb.debian.org/debian",
    )


def _release() -> str:
    for line in Path("/etc/os-release").read_text(encoding="utf-8").splitlines():
        if line.startswith("VERSION_CODENAME="):
            return line.partition("=")[2]
    raise AssertionError("this is no Debian")


class Machine:
    """Runs commands in the directory `root` and in the namespaces around it, until `close`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._holder = subprocess.Popen(
            [*_NAMESPACES, "sh", "-c", _SET_UP, "sh", str(root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == "ready\n"
        children = Path(f"/proc/{self._holder.pid}/task/{self._holder.pid}/children").read_text()
        self._init = children.split()[0]

    def outside(self, *command: object) -> str:
        """Run one of this machine's commands in those namespaces, not chrooted: `ip`, `kill`."""
        return self._enter([], command)

    def run(self, *command: object) -> str:
        """Run a command inside, with an environment as small as a daemon's; it must succeed."""
        path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return self._enter(["chroot", str(self.root), "env", "-i", path, "LANG=C.UTF-8"], command)

    def _enter(self, prefix: list[str], command: tuple[object, ...]) -> str:
        return run("nsenter", "-t", self._init, "-m", "-n", "-p", *prefix, *command, timeout=60).stdout

    def files(self) -> set[str]:
        """Every path of the system but the package manager's own records."""
        found = set()
        for folder, folders, files in os.walk(self.root):
            here = os.path.relpath(folder, self.root)
            if here in _BOOKKEEPING:
                folders.clear()
                continue
            found |= {os.path.join(here, name) for name in (*folders, *files)}
        return found

    def processes(self) -> str:
        """The names of the processes inside, one a line."""
        return self.run("sh", "-c", "cat /proc/[0-9]*/comm 2>/dev/null")

    def close(self) -> None:
        """End every process inside; the namespaces and their mounts go with the last of them."""
        assert self._holder.stdin is not None
        self._holder.stdin.close()
        self._holder.wait(timeout=30)
