# SPDX-License-Identifier: Apache-2.0
"""The settings: one table of names, defaults and readers, and three places where a value can be given.

An option of ``amf-netwatch run`` wins over an environment variable, which wins over an attribute of the CSI,
which wins over the default. A list (``include``, ``exclude``) is taken as a whole from the first place that
gives it, never merged. Every given value must be correct, even if another place overrides it: an unknown name
or a bad value raises a `SettingsError` with the name and the reason. Nothing here logs or exits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Callable, NamedTuple, Optional

from amf_netwatch.environment import INTERNAL_VARIABLES, SETTING_PREFIX
from amf_netwatch.errors import SettingsError

TYPES = ("ether", "all")
LOG_LEVELS = ("error", "warning", "notice", "info", "debug")
MAX_KEY_LENGTH = 32  # bytes of a healthcheck key (SaAmfHealthcheckKeyT)
MIN_BUDGET, MAX_BUDGET = 0.01, 60.0
_UNITS = (("ms", 0.001), ("s", 1.0), ("m", 60.0))  # "ms" first, because it also ends in "s"


class Settings(NamedTuple):
    """The settings of an assignment: which interfaces and which facts are published, and what it may cost."""

    include: tuple[bytes, ...] = (b"*",)
    exclude: tuple[bytes, ...] = ()
    types: str = "ether"  # one of TYPES
    physical_only: bool = False
    addresses: bool = True
    budget: float = 2.0  # seconds that one refresh may use in IMM


class ProcessSettings(NamedTuple):
    """The settings that must be known before any assignment."""

    healthcheck_key: str = "NetWatch"
    user: Optional[str] = None  # None means `opensaf` if that user exists, else the present user
    log_level: str = "info"  # one of LOG_LEVELS


class Setting(NamedTuple):
    """A line of the table. `read` turns the given texts into the setting's value, or raises ValueError."""

    name: str
    default: str
    meaning: str
    assigned: bool  # True if it may be given as a CSI attribute
    several: bool
    read: Callable[[tuple[str, ...]], Any]

    @property
    def field(self) -> str:
        """Return the name of the field in `Settings` or `ProcessSettings`."""
        return self.name.replace("-", "_")

    @property
    def variable(self) -> str:
        """Return the name of the environment variable."""
        return SETTING_PREFIX + self.field.upper()


def read_duration(text: str) -> float:
    """Return the seconds of ``2s``, ``500ms``, ``1m``. ValueError for anything else, even a bare number."""
    for suffix, factor in _UNITS:
        number = text[: -len(suffix)]
        if text.endswith(suffix) and number.replace(".", "", 1).isdecimal() and number.isascii():
            return float(number) * factor
    raise ValueError(f"{text!r} is no duration such as 2s or 500ms")


def _read_patterns(texts: tuple[str, ...]) -> tuple[bytes, ...]:
    # An empty value is an attribute without a value, so it is no pattern.
    return tuple(text.encode("utf-8", "surrogateescape") for text in texts if text)


def _read_types(texts: tuple[str, ...]) -> str:
    return _read_word(_single(texts), TYPES)


def _read_switch(texts: tuple[str, ...]) -> bool:
    return _read_word(_single(texts), ("yes", "no")) == "yes"


def _read_budget(texts: tuple[str, ...]) -> float:
    seconds = read_duration(_single(texts))
    if not MIN_BUDGET <= seconds <= MAX_BUDGET:
        raise ValueError(f"{texts[0]!r} is not between 10ms and 60s")
    return seconds


def _read_key(texts: tuple[str, ...]) -> str:
    key = _single(texts)
    if not 1 <= len(key.encode("utf-8", "surrogateescape")) <= MAX_KEY_LENGTH:
        raise ValueError(f"{key!r} is not of 1 to {MAX_KEY_LENGTH} bytes")
    return key


def _read_user(texts: tuple[str, ...]) -> str:
    name = _single(texts)
    if not name:
        raise ValueError("a user needs a name")
    return name


def _read_level(texts: tuple[str, ...]) -> str:
    return _read_word(_single(texts), LOG_LEVELS)


def _single(texts: tuple[str, ...]) -> str:
    if len(texts) != 1:
        raise ValueError(f"it takes one value, not {len(texts)}")
    return texts[0]


def _read_word(text: str, words: tuple[str, ...]) -> str:
    if text not in words:
        raise ValueError(f"{text!r} is none of {', '.join(words)}")
    return text


TABLE = (
    Setting("include", "*", "shell patterns of interface names to publish", True, True, _read_patterns),
    Setting("exclude", "", "shell patterns not to publish; wins over include", True, True, _read_patterns),
    Setting("types", "ether", "ether: Ethernet-like links only; all: every link", True, False, _read_types),
    Setting("physical-only", "no", "yes: only links backed by a device", True, False, _read_switch),
    Setting("addresses", "yes", "yes: publish IPv4 and IPv6 addresses", True, False, _read_switch),
    Setting("budget", "2s", "the most time one refresh may spend in IMM", True, False, _read_budget),
    Setting("healthcheck-key", "NetWatch", "the healthcheck of the AMF model", False, False, _read_key),
    Setting("user", "opensaf", "whom to become when started as root", False, False, _read_user),
    Setting("log-level", "info", "error, warning, notice, info or debug", False, False, _read_level),
)
BY_NAME = {setting.name: setting for setting in TABLE}

Given = Mapping[str, tuple[str, ...]]
"""The given texts by the name of the setting, from one place."""


class Sources:
    """The settings from options and environment. The settings of an assignment are combined with them."""

    __slots__ = ("environment", "options")

    def __init__(self, options: Given, environment: Given) -> None:
        """Raise SettingsError if a given value is wrong."""
        self.options = options
        self.environment = environment
        _read_all(options, "option")
        _read_all(environment, "environment variable")

    def process_settings(self) -> ProcessSettings:
        """Return the settings that are needed before any assignment."""
        values = {**_read_all(self.environment, ""), **_read_all(self.options, "")}
        return ProcessSettings(**{name: value for name, value in values.items() if not _is_assigned(name)})

    def settings(self, attributes: Iterable[tuple[str, Optional[str]]]) -> Settings:
        """Return the settings of an assignment with these CSI attributes. A list has several pairs of a name.

        Raises SettingsError for an unknown name or a bad value.
        """
        given: dict[str, tuple[str, ...]] = {}
        for name, value in attributes:
            setting = BY_NAME.get(name)
            if setting is None or not setting.assigned:
                known = ", ".join(each.name for each in TABLE if each.assigned)
                raise SettingsError(f"CSI attribute {name!r} is no setting; settings are {known}")
            given[name] = (*given.get(name, ()), value or "")
        values = {
            **_read_all(given, "CSI attribute"),
            **_read_all(self.environment, ""),
            **_read_all(self.options, ""),
        }
        return Settings(**{name: value for name, value in values.items() if _is_assigned(name)})


def environment_settings(environment: Mapping[str, str]) -> Given:
    """Return the settings that environment variables give. The values of a list are separated by blanks.

    Raises SettingsError for an unknown variable with our prefix, because it is probably a misspelt setting.
    """
    given = {}
    variables = {setting.variable: setting for setting in TABLE}
    for variable, value in environment.items():
        if not variable.startswith(SETTING_PREFIX) or variable in INTERNAL_VARIABLES:
            continue
        setting = variables.get(variable)
        if setting is None:
            known = ", ".join(variables)
            raise SettingsError(f"environment variable {variable} is no setting; settings are {known}")
        given[setting.name] = tuple(value.split()) if setting.several else (value,)
    return given


def _read_all(given: Given, place: str) -> dict[str, Any]:
    values = {}
    for name, texts in given.items():
        setting = BY_NAME[name]
        try:
            values[setting.field] = setting.read(texts)
        except ValueError as error:
            raise SettingsError(f"{place} {_name_at(place, setting)}: {error}") from None
    return values


def _name_at(place: str, setting: Setting) -> str:
    if place == "option":
        return f"--{setting.name}"
    return setting.variable if place == "environment variable" else setting.name


def _is_assigned(field: str) -> bool:
    return BY_NAME[field.replace("_", "-")].assigned
