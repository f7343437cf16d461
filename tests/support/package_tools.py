# SPDX-License-Identifier: Apache-2.0
"""What the tests of packages share: running commands, and checking for tools."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import threading
import time
from pathlib import Path
from typing import Callable

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"


def need(*tools: str) -> None:
    """Skip without these commands; in CI, where `make system-packages` has run, fail."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        _unable(f"needs {', '.join(missing)}: make system-packages")


def need_root() -> None:
    """Skip unless root, and not only in a user namespace; in CI, which is root, fail."""
    mapping = Path("/proc/self/uid_map").read_text(encoding="ascii").split()
    if os.geteuid() != 0 or mapping != ["0", "0", "4294967295"]:
        _unable("needs root: it makes systems and network namespaces that others can enter")


def _unable(message: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def run(*command: object, **options) -> subprocess.CompletedProcess:
    """Run a command that must succeed; its output is in the failure's text."""
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, f"{words}: status {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def made_once(factory, name, make):
    """The directory `name` that all workers share; the first to come calls ``make(directory)``."""
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    target, done = shared / name, shared / f"{name}.done"
    with open(shared / f"{name}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            target.mkdir()
            make(target)
            done.touch()
    return target


def eventually(what: str, holds: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until `holds`; asked again and again, because IMM's tools have no way to wait."""
    pause = threading.Event()
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        pause.wait(0.05)
