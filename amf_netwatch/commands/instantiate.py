# SPDX-License-Identifier: Apache-2.0
"""``amf-netwatch instantiate``: the CLC-CLI command that starts the component."""

from __future__ import annotations

import os
from collections.abc import Sequence

from amf_netwatch.commands.setting_options import format_help, read_sources, wants_help
from amf_netwatch.commands.shape import EXIT_OK, EXIT_USAGE, complain, write_output
from amf_netwatch.component.clc import instantiate
from amf_netwatch.errors import SettingsError
from amf_netwatch.log import open_log

_TEXT = """\
CLC-CLI command: start `amf-netwatch run` in the background; ends with status 0 when it has
registered with AMF, or with 1 and a reason. Options are handed on."""


def main(arguments: Sequence[str]) -> int:
    """Start the component and wait until it has registered."""
    if wants_help(arguments):
        write_output(format_help("instantiate", _TEXT))
        return EXIT_OK
    try:
        sources = read_sources(arguments, os.environ)
        log = open_log(sources.process_settings().log_level)
    except SettingsError as error:
        open_log("info").event("start-failed", reason=error)
        complain("amf-netwatch", str(error))
        return EXIT_USAGE
    return instantiate(log, arguments, os.environ)
