# SPDX-License-Identifier: Apache-2.0
"""The ``--help`` of the commands, for tests that compare documents with it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
WAITS = ("attach", "detach", "up", "down", "reconnect")


@cache
def help_of(*words: str) -> str:
    """Return what ``--help`` prints. `words`: the program's module and its arguments."""
    environment = {**os.environ, "COLUMNS": "200", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", *words, "--help"], capture_output=True, text=True, check=True, env=environment
    )
    return done.stdout


def options_of(*words: str) -> set[str]:
    """The options that the command's help names."""
    text = help_of(*words)
    if words == ("amf_netwatch", "wait"):
        text += "".join(help_of(*words, each) for each in WAITS)
    # Prose may speak of other commands: `amf-netwatch model` and the like.
    return set(OPTION.findall(re.sub(r"`[^`]*`", "", text))) | {"--help"}
