# SPDX-License-Identifier: Apache-2.0
"""``amf-netwatch run``: the component, in the foreground."""

from __future__ import annotations

import os
from collections.abc import Sequence

from amf_netwatch.commands.setting_options import format_help, read_sources, wants_help
from amf_netwatch.commands.shape import EXIT_OK, EXIT_USAGE, complain, write_output
from amf_netwatch.errors import SettingsError


def main(arguments: Sequence[str]) -> int:
    """Run the component until AMF ends it."""
    if wants_help(arguments):
        write_output(
            format_help("run", "The component, in the foreground. AMF starts it through `instantiate`.")
        )
        return EXIT_OK
    try:
        sources = read_sources(arguments, os.environ)
    except SettingsError as error:
        from amf_netwatch.component.clc import report_ready  # noqa: PLC0415 - only for this end

        complain("amf-netwatch", str(error))
        report_ready(os.environ, str(error))
        return EXIT_USAGE
    from amf_netwatch.component.process import run  # noqa: PLC0415 - a wrong setting needs no component

    return run(sources, os.environ)
