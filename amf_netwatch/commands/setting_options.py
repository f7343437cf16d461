# SPDX-License-Identifier: Apache-2.0
"""The settings as options of `run` and `instantiate`: ``--NAME VALUE`` or ``--NAME=VALUE``.

An option may be repeated when its setting is a list.

They are read without argparse, which costs 8 ms and 1.3 MB. This matters because AMF waits for the start of
the component, and the component stays in memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from amf_netwatch.errors import SettingsError
from amf_netwatch.settings import BY_NAME, TABLE, Sources, environment_settings


def read_sources(arguments: Sequence[str], environment: Mapping[str, str]) -> Sources:
    """Read the settings of options and environment. Raises SettingsError if one is unknown or wrong."""
    return Sources(parse_options(arguments), environment_settings(environment))


def parse_options(arguments: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Read the texts given for each setting. Raises SettingsError for a word that is not a setting."""
    given: dict[str, tuple[str, ...]] = {}
    words = list(arguments)
    while words:
        word = words.pop(0)
        name, equals, value = word[2:].partition("=")
        if not word.startswith("--") or name not in BY_NAME:
            known = ", ".join(f"--{each}" for each in BY_NAME)
            raise SettingsError(f"{word!r} is no option; options are {known}")
        if not equals:
            if not words:
                raise SettingsError(f"option --{name} needs a value")
            value = words.pop(0)
        given[name] = (*given.get(name, ()), value)
    return given


def wants_help(arguments: Sequence[str]) -> bool:
    """Tell whether ``--help`` is among the arguments."""
    return "-h" in arguments or "--help" in arguments


def format_help(command: str, text: str) -> str:
    """Return the text that ``--help`` prints: the usage, the text and all settings."""
    lines = [f"usage: amf-netwatch {command} [--NAME VALUE]...", "", text, "", "settings:"]
    for setting in TABLE:
        default = f" (default: {setting.default})" if setting.default else ""
        lines.append(f"  --{setting.name:<16} {setting.meaning}{default}")
    lines += [
        "",
        "An option wins over its environment variable (AMF_NETWATCH_INCLUDE, ...; lists separated by",
        "blanks), that over the CSI attribute of the same name, that over the default. An option of a list",
        "may be repeated.",
        "",
        "exit status: 0 ended in an orderly way, 1 cannot run here, 2 wrong settings, 3 AMF was lost",
    ]
    return "\n".join(lines) + "\n"
