# SPDX-License-Identifier: Apache-2.0
"""Programs bring their own Python: the bindings run on each that is installed here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Optional

import pytest

from saf_shim.pytest_plugin import SafShim

SUPPORT = Path(__file__).resolve().parents[2] / "support"
PROGRAM = Path(__file__).with_name("program_everything.py")
OLDEST, NEWEST = 9, 13


def find_python(minor: int) -> Optional[str]:
    """A python3.N that works: in PATH or, as pyenv keeps them, beside each other."""
    found = [
        shutil.which(f"python3.{minor}"),
        *map(str, Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python3")),
    ]
    for command in found:
        if command and not subprocess.run([command, "-c", ""], check=False, capture_output=True).returncode:
            return command
    return None


PYTHONS = {f"3.{sys.version_info[1]}": sys.executable}
PYTHONS.update(
    (f"3.{minor}", command)
    for minor in range(OLDEST, NEWEST + 1)
    for command in [find_python(minor)]
    if command
)


@pytest.mark.parametrize("version", sorted(PYTHONS))
def test_a_program_lives_with(saf_shim: SafShim, version: str) -> None:
    where = f"{os.environ.get('PYTHONPATH', '')}:{SUPPORT}"
    done = saf_shim.run(
        *("env", f"PYTHONPATH={saf_shim.environment()['PYTHONPATH']}:{where}", "PYTHONDONTWRITEBYTECODE=1"),
        *(PYTHONS[version], "-X", "dev", "-W", "error", str(PROGRAM)),
    )
    assert (done.stdout, done.stderr) == (f"lived with {version}\n", "")
