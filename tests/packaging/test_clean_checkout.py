# SPDX-License-Identifier: Apache-2.0
"""The commands of a checkout on a bare Debian: what README and Makefile promise, as root and as anyone.

The system has Python and make, nothing else; what is missing is installed on the way, as the messages say.
All of it is one test, because each step stands on the one before. Of the suite a quick part runs.
"""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from clean_root import Workshop
from package_tools import ROOT

USER = "tester"
PURE, KERNEL = (
    "tests/imm_model tests/support",
    "tests/support tests/test_readme.py tests/packaging/test_dist.py",
)
NOT_COPIED = (".git", ".venv*", "__pycache__", ".*_cache", "*.egg-info", ".hypothesis")


@pytest.fixture
def workshop(minimal_system, tmp_path):
    """A workshop of its own for the test, out of the minimal system."""
    root = tmp_path / "root"
    subprocess.run(["cp", "-a", "--reflink=auto", minimal_system, root], check=True)
    machine = Workshop(root)
    yield machine
    machine.close()
    shutil.rmtree(root)


def succeed(machine, place, *command, user="root"):
    done = machine.work(place, *command, user=user)
    assert done.returncode == 0, f"{user}: {command}: status {done.returncode}\n{done.stdout}"
    return done.stdout


def copy_checkout(machine, place):
    shutil.copytree(ROOT, machine.root / place.lstrip("/"), ignore=shutil.ignore_patterns(*NOT_COPIED))


def counts(text):
    """The numbers of a pytest's summaries, added up: passed, failed, skipped, error."""
    found = {}
    for number, word in re.findall(r"(\d+) (passed|failed|skipped|error)", text):
        found[word] = found.get(word, 0) + int(number)
    return found


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_commands_of_a_checkout(workshop):
    copy_checkout(workshop, "/root/checkout")
    succeed(workshop, "/", "apt-get", "update", "-qq")
    succeed(workshop, "/", "apt-get", "install", "-qq", "-y", "--no-install-recommends", "make")

    # Only Python and make: the demonstration runs, and the rest says what it needs.
    assert "netWatchNode=SC-1 in IMM" in succeed(workshop, "/root/checkout", "make", "run")
    done = workshop.work("/root/checkout", "make", "test", f"TESTS={PURE}")
    assert (done.returncode, "apt install python3-venv" in done.stdout) == (2, True), done.stdout
    for target in ("deb", "rpm"):
        done = workshop.work("/root/checkout", "make", target)
        assert (done.returncode, "make system-packages" in done.stdout) == (2, True), done.stdout

    # With python3-venv the same checkout works: the failure has left nothing that is in the way.
    succeed(workshop, "/", "apt-get", "install", "-qq", "-y", "--no-install-recommends", "python3-venv")
    said = succeed(workshop, "/root/checkout", "make", "test", f"TESTS={PURE}")
    assert counts(said)["passed"] > 50
    assert "`ip` (iproute2) is missing: make system-packages" in said
    assert len(re.findall(r"^skipped: ", said, re.MULTILINE)) == len(
        set(re.findall(r"^skipped: .*", said, re.MULTILINE))
    )

    # A checkout may be moved. Where its path has a blank, the demonstration runs as well.
    succeed(workshop, "/root", "mv", "checkout", "another place")
    assert "netWatchNode=SC-1 in IMM" in succeed(workshop, "/root/another place", "make", "run")
    succeed(workshop, "/root", "mv", "another place", "third-place")

    place = "/root/third-place"
    succeed(workshop, place, "make", "system-packages", "deb")
    made = {path.name for path in (workshop.root / place.lstrip("/") / "dist").glob("*.deb")}
    assert {name.partition("_")[0] for name in made} == {"amf-netwatch", "saf-shim"}
    said = succeed(workshop, place, "make", "test", f"TESTS={KERNEL}")
    assert set(counts(said)) == {"passed"}, said

    # The same as an ordinary user: the kernel tests run in a user namespace, the others have the network.
    succeed(workshop, "/", "useradd", "--create-home", USER)
    copy_checkout(workshop, f"/home/{USER}/checkout")
    succeed(workshop, "/", "chown", "-R", f"{USER}:{USER}", f"/home/{USER}/checkout")
    place = f"/home/{USER}/checkout"
    assert "netWatchNode=SC-1 in IMM" in succeed(workshop, place, "make", "run", user=USER)
    said = succeed(workshop, place, "make", "test", f"TESTS={KERNEL}", user=USER)
    assert "The kernel tests, in a user namespace" in said
    assert set(counts(said)) == {"passed"}, said
    succeed(workshop, place, "make", "deb", user=USER)
