# SPDX-License-Identifier: Apache-2.0
"""What the component is compared with: the method of its ancestor, and the general netlink library."""

from __future__ import annotations

import re
import subprocess

_LINK = re.compile(r"^\d+: ([^:@]+)[@:].*?\n\s+link/ether ([0-9a-f:]{17})", re.MULTILINE)


def ip_link_list() -> dict[str, str]:
    """Names and MACs as a healthcheck of the ancestor learnt them: a process, its text, a pattern."""
    text = subprocess.run(["ip", "link", "list"], capture_output=True, text=True, check=True).stdout
    return dict(_LINK.findall(text))
