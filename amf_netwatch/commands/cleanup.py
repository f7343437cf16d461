# SPDX-License-Identifier: Apache-2.0
"""``amf-netwatch cleanup``: the CLC-CLI command that ends a process of the component that is left."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from amf_netwatch.commands.setting_options import wants_help
from amf_netwatch.commands.shape import EXIT_OK, EXIT_USAGE, write_output
from amf_netwatch.component.clc import cleanup
from amf_netwatch.log import open_log

_HELP = """\
usage: amf-netwatch cleanup

CLC-CLI command: kill what the component left, if anything.
"""


def main(arguments: Sequence[str]) -> int:
    """Kill the component's process, if there is one."""
    if wants_help(arguments):
        write_output(_HELP)
        return EXIT_OK
    if arguments:
        sys.stderr.write(_HELP)
        return EXIT_USAGE
    return cleanup(open_log("info"), os.environ)
