# SPDX-License-Identifier: Apache-2.0
"""Settings: defaults, places that give them, bad values."""

from __future__ import annotations

import pytest

from amf_netwatch.errors import SettingsError
from amf_netwatch.settings import (
    TABLE,
    ProcessSettings,
    Settings,
    Sources,
    environment_settings,
    read_duration,
)


def test_defaults_are_those_of_the_table():
    given_defaults = {
        setting.name: tuple(setting.default.split()) if setting.several else (setting.default,)
        for setting in TABLE
        if setting.name != "user"
    }
    sources = Sources(given_defaults, {})
    assert sources.settings(()) == Settings()
    assert sources.process_settings() == ProcessSettings()


def test_options_win_over_environment_over_csi_attributes():
    attributes = [("types", "all"), ("budget", "1s"), ("addresses", "no"), ("include", "a"), ("include", "b")]
    sources = Sources({"budget": ("3s",)}, {"budget": ("500ms",), "addresses": ("yes",)})
    assert sources.settings(attributes) == Settings(
        include=(b"a", b"b"), types="all", budget=3.0, addresses=True
    )


def test_the_environment_gives_lists_with_blanks():
    found = environment_settings(
        {"AMF_NETWATCH_EXCLUDE": "veth*  docker*", "AMF_NETWATCH_TYPES": "all", "PATH": "/bin"}
    )
    assert Sources({}, found).settings(()) == Settings(exclude=(b"veth*", b"docker*"), types="all")


def test_a_misspelt_variable_is_found():
    with pytest.raises(SettingsError, match="AMF_NETWATCH_EXLUDE"):
        environment_settings({"AMF_NETWATCH_EXLUDE": "x"})


def test_a_csi_attribute_without_value_means_no_pattern():
    assert Sources({}, {}).settings([("exclude", None)]).exclude == ()


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("types", ("ether", "all")),
        ("types", ("",)),
        ("physical-only", ("true",)),
        ("budget", ("0s",)),
        ("budget", ("-1s",)),
        ("budget", ("1e3s",)),
        ("budget", ("61s",)),
        ("healthcheck-key", ("",)),
        ("healthcheck-key", ("x" * 33,)),
        ("log-level", ("loud",)),
        ("user", ("",)),
    ],
)
def test_bad_values_say_which_and_why(name, values):
    with pytest.raises(SettingsError, match=f"--{name}"):
        Sources({name: values}, {})
    with pytest.raises(SettingsError, match="AMF_NETWATCH_"):
        Sources({}, {name: values})


def test_a_process_setting_is_no_csi_attribute():
    with pytest.raises(SettingsError, match="log-level"):
        Sources({}, {}).settings([("log-level", "debug")])


@pytest.mark.parametrize(("text", "seconds"), [("2s", 2), ("500ms", 0.5), ("1.5s", 1.5), ("1m", 60)])
def test_durations(text, seconds):
    assert read_duration(text) == seconds


@pytest.mark.parametrize("text", ["2", "s", "", "2 s", "2h", "inf s", "nans", "1.2.3s", "٢s"])
def test_no_durations(text):
    with pytest.raises(ValueError, match="no duration"):
        read_duration(text)
