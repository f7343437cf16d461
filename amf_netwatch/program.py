# SPDX-License-Identifier: Apache-2.0
"""Where the program ``amf-netwatch`` itself is: to start it again, and to tell AMF where it is."""

from __future__ import annotations

import os
import sys
from typing import Optional

DEFAULT_PREFIX = "/usr/bin"  # where packages put the command


def own_command() -> list[str]:
    """Return the words that start this program again. `ps` shows it as ``amf-netwatch run``."""
    script = find_script()
    return [sys.executable, script] if script else [sys.executable, "-m", "amf_netwatch"]


def own_prefix() -> str:
    """Return the directory of the command that was started."""
    script = find_script()
    return os.path.dirname(script) if script else DEFAULT_PREFIX


def find_script() -> Optional[str]:
    """Return the ``amf-netwatch`` that was started, or else the one in the interpreter's directory, or
    None."""
    started = os.path.abspath(sys.argv[0]) if os.path.basename(sys.argv[0]) == "amf-netwatch" else ""
    beside = os.path.join(os.path.dirname(sys.executable), "amf-netwatch")
    return next((path for path in (started, beside) if path and os.path.isfile(path)), None)
