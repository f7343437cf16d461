# SPDX-License-Identifier: Apache-2.0
"""The operations manual speaks of what there is: commands, options, log lines, settings, attributes."""

from __future__ import annotations

import re

import pytest
from command_help import options_of
from package_tools import ROOT

from amf_netwatch.cli import COMMANDS
from amf_netwatch.log_lines import LOG_LINES
from amf_netwatch.settings import TABLE
from saf_shim.model.amf_classes import AMF_CLASSES
from saf_shim.model.amf_types import AMF_TYPES
from saf_shim.model.smf_classes import SMF_CLASSES
from saf_shim.model.tables import read_table

MANUAL = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
PROSE = re.sub(r"<!-- (.*): begin .*?<!-- \1: end -->", "", MANUAL, flags=re.DOTALL)
CODE = re.findall(r"`([^`\n]+)`", PROSE) + re.findall(r"^# (.*)$", PROSE, re.MULTILINE)


def test_links_lead_to_sections_and_files():
    headings = re.findall(r"^##+ (.*)$", MANUAL, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings}
    for target in re.findall(r"\]\(([^)]+)\)", MANUAL):
        if target.startswith("#"):
            assert target[1:] in anchors, target
        else:
            assert (ROOT / "docs" / target.partition("#")[0]).exists(), target


def test_every_section_is_in_the_contents():
    headings = re.findall(r"^## (.*)$", MANUAL, re.MULTILINE)
    contents = MANUAL.partition("\n## ")[0]
    for heading in headings:
        assert f"](#{re.sub(r'[^a-z0-9 -]', '', heading.lower()).replace(' ', '-')})" in contents, heading


def test_commands_and_their_options_exist():
    names = {command.name for command in COMMANDS}
    seen = set()
    for text in CODE:
        for name, rest in re.findall(r"(?<![\w/-])amf-netwatch ([a-z]+)([^|>&]*)", text):
            assert name in names, text
            seen.add(name)
            assert set(re.findall(r"(?<!\S)--[a-z-]+", rest)) <= options_of("amf_netwatch", name), text
    assert {"model", "classes", "campaign", "show", "demo"} <= seen


def test_log_lines_exist():
    known = {event.name for event in LOG_LINES}
    named = set(re.findall(r"event=([a-z-]+)", PROSE))
    assert named <= known
    assert {"start-failed", "backing-off", "assignment-refused"} <= named


def test_settings_exist():
    known = {setting.name: setting for setting in TABLE}
    for name in re.findall(r"--set ([a-z-]+)=", PROSE) + re.findall(r"safCsiAttr=([a-z-]+),", PROSE):
        assert name in known
    for variable in re.findall(r"AMF_NETWATCH_[A-Z_]+", PROSE):
        assert variable in {setting.variable for setting in TABLE}


@pytest.mark.parametrize("words", [r"\b(?:sa|osaf)Amf\w+", r"\bsaSmf\w+"])
def test_attributes_exist(words):
    attributes = {
        attribute.name
        for table in (AMF_CLASSES, AMF_TYPES, SMF_CLASSES)
        for each in read_table(table)
        for attribute in each.attributes
    }
    found = set(re.findall(words, MANUAL))
    assert found
    assert found <= attributes
