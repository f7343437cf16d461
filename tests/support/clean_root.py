# SPDX-License-Identifier: Apache-2.0
"""A minimal Debian in a directory, and two kinds of machines made of it, each with namespaces of its own.

A `Machine` has no network but veths; commands of this machine can be run in its namespaces, too. A `Workshop`
shares this machine's network, so that it can install software; its users can make user namespaces, which the
kernel refuses in a chroot, so there the directory is the root of the mount namespace. Neither is a container
engine: root there is root of this machine.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from package_tools import run

# Files that a package manager changes with any package.
_BOOKKEEPING = ("var/lib/dpkg", "var/lib/rpm", "var/cache", "var/log", "proc", "sys", "dev", "root", "tmp")

_NAMESPACES = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"]
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
_SET_UP_WORKSHOP = """
set -e
mount --bind "$1" "$1"
cd "$1"
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
mount -t tmpfs tmpfs tmp
pivot_root . mnt
cd /
umount -l /mnt
echo ready
exec cat
"""
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# This machine's files, and where a workshop has them. A package that is installed there may own the original.
_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt", "/etc/certificates-of-the-machine.crt"
_NETWORK_FILES = (("/etc/resolv.conf", "/etc/resolv.conf"), ("/etc/hosts", "/etc/hosts"), _CERTIFICATES)


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

    namespaces = ("--net",)
    set_up = _SET_UP

    def __init__(self, root: Path) -> None:
        self.root = root
        self._holder = subprocess.Popen(
            [*_NAMESPACES, *self.namespaces, "sh", "-c", self.set_up, "sh", str(root)],
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
        return self._enter(["chroot", str(self.root), "env", "-i", _PATH, "LANG=C.UTF-8"], command)

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


class Workshop(Machine):
    """A machine in which people work: they install software and run the commands of a checkout."""

    namespaces = ()
    set_up = _SET_UP_WORKSHOP

    def __init__(self, root: Path) -> None:
        for source, target in _NETWORK_FILES:
            if os.path.exists(source):
                shutil.copyfile(source, root / target.lstrip("/"))
        super().__init__(root)

    def work(self, place: str, *command: str, user: str = "root") -> subprocess.CompletedProcess[str]:
        """Run a command in the directory `place` as this user; it may fail. Errors are in the output."""
        home = "/root" if user == "root" else f"/home/{user}"
        words = ["nsenter", "-t", self._init, "-m", "-p"]
        if user != "root":
            words += ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"]
        words += [
            "env",
            "-i",
            f"--chdir={place}",
            _PATH,
            "LANG=C.UTF-8",
            f"HOME={home}",
            f"USER={user}",
            *_network_settings(),
        ]
        return subprocess.run(
            [*words, *command],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )


def _network_settings() -> list[str]:
    """Return the settings by which pip reaches the network: this machine's proxy and certificates."""
    wanted = ("http_proxy", "https_proxy", "no_proxy", "pip_index_url", "pip_default_timeout")
    settings = [f"{name}={value}" for name, value in os.environ.items() if name.lower() in wanted]
    if os.path.exists(_CERTIFICATES[0]):
        names = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
        settings += [f"{name}={_CERTIFICATES[1]}" for name in names]
    return settings
