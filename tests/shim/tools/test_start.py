# SPDX-License-Identifier: Apache-2.0
"""What a tool imports before it does anything: a command is started for each line of a script."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
HEAVY = {
    "argparse",
    "asyncio",
    "ctypes",
    "dataclasses",
    "inspect",
    "logging",
    "socket",
    "subprocess",
    "xml.sax",
}


@pytest.mark.parametrize("tool", ["immlist", "immfind", "immcfg", "immadm", "immdump"])
def test_tools_import_nothing_heavy(tool: str) -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); import saf_shim.tools.{tool}; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-IS", "-c", program], check=True, capture_output=True, text=True)
    loaded = set(done.stdout.split())
    assert f"saf_shim.tools.{tool}" in loaded
    assert not loaded & HEAVY
