# SPDX-License-Identifier: Apache-2.0
"""Network namespaces for tests: one of its own for each test that asks the kernel.

Import nothing from here in a test; take the fixtures (`tests/conftest.py` makes them known to every test)::

    @pytest.mark.kernel
    def test_a_new_link_is_seen(namespace):
        namespace.ip("link add v0 type veth peer name v1")   # or namespace.add_link("v0", "veth", ...)
        assert if_nameindex() ...                            # the test itself is inside

``namespace``      a `Namespace`; the test's main thread is inside while the test runs, and so are the threads
                   and processes that it starts from there. /sys shows it, loopback is up, IPv6 does no
                   duplicate detection (addresses are there at once). Afterwards it is deleted with all that
                   is in it.
``new_namespace``  makes further ones, for links to move to and for processes of other nodes; not entered.

Without root, the tests that use these fixtures run first, by a pytest of their own in a user namespace, where
all this works as well; all other tests run where they always do. What cannot run is skipped with the reason;
in CI (``CI=true``, as root) such a skip is a failure.
"""

from __future__ import annotations

import ctypes
import itertools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, Callable, NoReturn, Optional

import pytest

_CLONE_NEWNET = 0x40000000
_CLONE_NEWNS = 0x00020000
_MOVED = "AMF_NETWATCH_TESTS_IN_USER_NAMESPACE"
_numbers = itertools.count(1)
_libc = ctypes.CDLL(None, use_errno=True)
_mounts_are_ours = False
_RENAMES_WHILE_UP = tuple(map(int, re.findall(r"\d+", os.uname().release)[:2])) >= (6, 2)


def cannot_run(reason: str) -> NoReturn:
    """Skip the test visibly; in CI, which has everything, fail."""
    if os.environ.get("CI") == "true" and os.geteuid() == 0 and _MOVED not in os.environ:
        pytest.fail(f"CI must be able to run this: {reason}")
    pytest.skip(reason)


class Namespace:
    """A network namespace with a name that `ip netns` knows."""

    def __init__(self, name: str) -> None:
        self.name = name

    def ip(self, command: str, *more: str) -> str:
        """Run `ip COMMAND MORE...` in the namespace; returns what it prints, fails when it fails."""
        words = [*shlex.split(command), *more]
        if words[:2] == ["link", "set"] and words[3:4] == ["name"]:
            return self._rename(words[2], words[4])
        return self.run("ip", *words).stdout

    def _rename(self, old: str, new: str) -> str:
        """Rename a link; before Linux 6.2 one that is up goes down for it and comes up again."""
        done = self.run("ip", "link", "set", old, "name", new, check=False)
        if "Device or resource busy" in done.stderr:
            self.run("ip", "link", "set", old, "down")
            done = self.run("ip", "link", "set", old, "name", new)
            self.run("ip", "link", "set", new, "up")
        assert done.returncode == 0, f"rename {old} to {new}: {done.stderr}"
        return done.stdout

    def ip_json(self, command: str) -> Any:
        """Return what `ip -j COMMAND` prints, decoded."""
        text = self.ip(f"-j {command}")
        return json.loads(text) if text.strip() else []

    def batch(self, commands: list[str]) -> None:
        """Many `ip` commands by one process: thousands of events in a second."""
        if not _RENAMES_WHILE_UP:
            commands = self._take_down_to_rename(commands)
        self.run("ip", "-batch", "-", input="\n".join(commands) + "\n")

    def _take_down_to_rename(self, commands: list[str]) -> list[str]:
        """The commands, with each link that is up taken down for its renaming and put up again."""
        up = {item["ifname"] for item in self.ip_json("link show") if "UP" in item["flags"]}
        expanded = []
        for command in commands:
            words = command.split()
            if words[:2] == ["link", "set"] and words[3:4] == ["name"] and words[2] in up:
                up = up - {words[2]} | {words[4]}
                expanded += [f"link set {words[2]} down", command, f"link set {words[4]} up"]
            else:
                expanded.append(command)
        return expanded

    def batch_anyhow(self, commands: list[str]) -> None:
        """As `batch`; what is refused is passed over."""
        self.run("ip", "-force", "-batch", "-", input="\n".join(commands) + "\n", check=False)

    def add_link(self, name: str, kind: str, *arguments: str) -> int:
        """`ip link add NAME type KIND ARGUMENTS...`; returns the ifindex; skips when the kernel lacks the
        kind."""
        added = self.run("ip", "link", "add", name, "type", kind, *arguments, check=False)
        if "Unknown device type" in added.stderr or "not supported" in added.stderr:
            cannot_run(f"this kernel has no links of kind {kind}")
        assert added.returncode == 0, added.stderr
        return int(self.ip_json(f"link show dev {name}")[0]["ifindex"])

    def run(
        self, *command: str, check: bool = True, input: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the namespace, with a /sys of its own."""
        done = subprocess.run(
            ["ip", "netns", "exec", self.name, *command],
            check=False,
            input=input,
            capture_output=True,
            text=True,
            errors="surrogateescape",
        )
        assert not check or done.returncode == 0, f"{shlex.join(command)}: {done.stderr}"
        return done

    def delete(self) -> None:
        """Delete it; what was in it goes with it once no process is left there."""
        subprocess.run(["ip", "netns", "del", self.name], check=False, capture_output=True)


@pytest.fixture
def new_namespace() -> Iterator[Callable[[], Namespace]]:
    """A function that makes a namespace."""
    made: list[Namespace] = []

    def make() -> Namespace:
        _own_mounts()
        _no_fallback_tunnels()
        name = f"netwatch-{os.getpid()}-{next(_numbers)}"
        added = subprocess.run(["ip", "netns", "add", name], check=False, capture_output=True, text=True)
        if added.returncode != 0:
            cannot_run(f"no network namespaces here: {added.stderr.strip()}")
        namespace = Namespace(name)
        made.append(namespace)
        duplicates = "/proc/sys/net/ipv6/conf/default/accept_dad"
        namespace.run("sh", "-c", f"echo 0 >{duplicates}", check=False)  # a kernel may lack IPv6
        namespace.ip("link set lo up")
        return namespace

    yield make
    for namespace in made:
        namespace.delete()


@pytest.fixture
def namespace(new_namespace: Callable[[], Namespace]) -> Iterator[Namespace]:
    """The namespace that the test is in."""
    namespace = new_namespace()
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    there = os.open(f"/run/netns/{namespace.name}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _call(_libc.setns, there, _CLONE_NEWNET)
        try:
            subprocess.run(["mount", "-t", "sysfs", "netwatch-test", "/sys"], check=True)
            try:
                yield namespace
            finally:
                subprocess.run(["umount", "-l", "/sys"], check=True)
        finally:
            _call(_libc.setns, home, _CLONE_NEWNET)
    finally:
        os.close(there)
        os.close(home)


@pytest.fixture
def quiet(namespace: Namespace) -> Namespace:
    """The namespace that the test is in; the kernel makes no link-local addresses there, so that nothing
    comes later by itself and dumps can be compared."""
    namespace.run("sysctl", "-qw", "net.ipv6.conf.default.addr_gen_mode=1")
    return namespace


def _no_fallback_tunnels() -> None:
    """On the second kernel: new namespaces without gre0, sit0, tunl0 and their like.

    Their modules put them into every namespace, where they cannot be deleted. The machine's own kernel is
    left as it is; the second one is ours alone.
    """
    if not _is_user_mode_linux():
        return
    try:
        with open("/proc/sys/net/core/fb_tunnels_only_for_init_net", "w", encoding="ascii") as setting:
            setting.write("1")
    except FileNotFoundError:
        pass  # only the first namespace has it; we are in another one, which was made after it had been set


def _is_user_mode_linux() -> bool:
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as description:
        return "User Mode Linux" in description.read()


def _own_mounts() -> None:
    """Once in each process: a mount namespace of our own, so that our /sys is nobody else's."""
    global _mounts_are_ours  # noqa: PLW0603
    if _mounts_are_ours:
        return
    if shutil.which("ip") is None:
        cannot_run("the command `ip` (iproute2) is missing: make system-packages")
    if os.geteuid() != 0:
        cannot_run("neither root nor user namespaces here")
    try:
        _call(_libc.unshare, _CLONE_NEWNS)
        subprocess.run(["mount", "--make-rprivate", "/"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        cannot_run(f"no mount namespace of our own: {error}")
    _mounts_are_ours = True


def _call(function: Any, *arguments: int) -> None:
    if function(*arguments) != 0:
        errno = ctypes.get_errno()
        raise OSError(errno, os.strerror(errno))


def needs_namespace(item: pytest.Item) -> bool:
    """Tell whether this is a kernel test."""
    names = getattr(item, "fixturenames", ())
    return item.get_closest_marker("kernel") is not None or not {"namespace", "new_namespace"}.isdisjoint(
        names
    )


def in_user_namespace() -> bool:
    """Tell whether this is the pytest that runs the kernel tests for an ordinary user."""
    return _MOVED in os.environ


def run_in_user_namespace(config: pytest.Config) -> Optional[int]:
    """Without root: run the kernel tests of this run in a user namespace; the exit status of that pytest.

    None: they need no other pytest, or there are no user namespaces here, and then they skip and say so.
    """
    if os.geteuid() == 0 or in_user_namespace() or shutil.which("unshare") is None:
        return None
    entering = ["unshare", "--map-root-user", "--net", "--mount"]
    probe = [*entering, "mount", "-t", "tmpfs", "run", "/run"]
    if subprocess.run(probe, check=False, capture_output=True).returncode:
        return None
    script = 'mount -t tmpfs run /run && mkdir /run/netns && ip link set lo up; exec "$@"'
    pytest_again = [sys.executable, "-m", "pytest", *config.invocation_params.args]
    print("The kernel tests, in a user namespace; all others follow:", flush=True)
    return subprocess.run(
        [*entering, "sh", "-c", script, "sh", *map(str, pytest_again)],
        check=False,
        cwd=config.invocation_params.dir,
        env={**os.environ, _MOVED: "1"},
    ).returncode
