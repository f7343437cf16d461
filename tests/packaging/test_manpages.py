# SPDX-License-Identifier: Apache-2.0
"""Man pages and completion: they format cleanly, and name what the commands have, no more and no less."""

from __future__ import annotations

import os
import re
import subprocess

import pytest
from command_help import OPTION, WAITS, help_of, options_of
from package_tools import PACKAGING, need

import amf_netwatch
from amf_netwatch.cli import COMMANDS
from amf_netwatch.publication.classes import CLASSES
from amf_netwatch.settings import TABLE
from imm_model.classes import AttributeFlag

PAGES = sorted((PACKAGING / "man").iterdir())
NAMES = tuple(command.name for command in COMMANDS)


def source(page):
    return (PACKAGING / "man" / page).read_text(encoding="utf-8").replace("\\-", "-")


def section(page, name):
    found = re.search(rf"^\.SH {re.escape(name)}$(.*?)(?=^\.SH |\Z)", source(page), re.MULTILINE | re.DOTALL)
    assert found, f"{page} has no section {name}"
    return found.group(1)


def options_in(page):
    """The options that the page's section OPTIONS explains, or mentions in a paragraph's head."""
    if "\n.SH OPTIONS" not in source(page):
        return set()
    return set(OPTION.findall(re.sub(r"\\f.", " ", section(page, "OPTIONS"))))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_formats_without_warnings(page):
    need("man")
    done = subprocess.run(
        ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", str(page)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8", "MANROFFSEQ": "", "MANWIDTH": "80"},
    )
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_of_this_version_and_whatis_can_read_it(page):
    assert f'"amf-netwatch {amf_netwatch.__version__}"' in source(page.name)
    name, _, what = section(page.name, "NAME").strip().partition(" - ")
    assert name == page.stem
    assert what


def test_each_subcommand_has_a_page_and_each_page_a_subcommand():
    pages = {page.name for page in PAGES}
    assert pages == {
        "amf-netwatch.1",
        "netwatch-model.7",
        "saf-shim.1",
        *(f"amf-netwatch-{name}.1" for name in NAMES),
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_page_explains_the_options_that_the_command_has(name):
    documented = options_in(f"amf-netwatch-{name}.1") | {"--help"}
    assert documented == options_of("amf_netwatch", name)


def test_the_first_page_lists_the_commands():
    commands = re.findall(r"^\.TP\n\.B (\S+)$", section("amf-netwatch.1", "COMMANDS"), re.MULTILINE)
    assert set(commands) == set(NAMES)
    assert len(commands) == len(NAMES)
    for name in NAMES:
        assert f"amf-netwatch-{name} (1)" in section("amf-netwatch.1", "SEE ALSO")


def test_references_lead_somewhere():
    known = {(page.stem, page.suffix[1:]) for page in PAGES}
    for page in PAGES:
        for name, number in re.findall(r"^\.BR (\S+) \((\d)\)", source(page.name), re.MULTILINE):
            assert (name, number) in known, f"{page.name}: {name}({number})"


def test_the_model_page_has_each_attribute_with_its_type():
    text = section("netwatch-model.7", "CLASSES")
    for definition in CLASSES:
        part = text.partition(f".SS {definition.name}\n")[2].partition(".SS ")[0]
        documented = re.findall(
            r'^\.BR (\S+) " \((SA_\w+)(, RDN)?(, several values)?\)"$', part, re.MULTILINE
        )
        assert documented == [
            (
                each.name,
                each.type.sa_name,
                ", RDN" if each.flags & AttributeFlag.RDN else "",
                ", several values" if each.flags & AttributeFlag.MULTI_VALUE else "",
            )
            for each in definition.attributes
        ]


def test_the_model_page_has_each_setting_with_default_and_variable():
    text = section("netwatch-model.7", "SETTINGS")
    heads = re.findall(r'^\.BR (\S+) " \(default (.*); \\fB(\w+)\\fP\)"$', text, re.MULTILINE)
    assert [(name, variable) for name, _, variable in heads] == [(each.name, each.variable) for each in TABLE]
    for (_, words, _), setting in zip(heads, TABLE):
        assert (f"\\fB{setting.default}\\fP" if setting.default else "none") in words
        assert ("several values" in words) == setting.several
    before, _, after = text.partition("These are needed before any assignment")
    for setting in TABLE:
        assert f".BR {setting.name} " in (before if setting.assigned else after)


# ---------------------------------------------------------------------------------------------- completion

_COMPLETE = r"""
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
compopt() { :; }
"_${1//-/_}"
printf '%s\n' "${COMPREPLY[@]}"
"""


def complete(*words):
    """Return what bash offers after these words. The last word is still being typed."""
    script = PACKAGING / "bash-completion" / words[0]
    done = subprocess.run(
        ["bash", "--norc", "-euc", _COMPLETE, "bash", str(script), *words],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return set(done.stdout.split())


def test_completion_offers_the_subcommands():
    assert complete("amf-netwatch", "") == {*NAMES, "--help", "--version"}
    assert complete("amf-netwatch", "cl") == {"classes", "cleanup"}


@pytest.mark.parametrize("name", NAMES)
def test_completion_offers_a_commands_options(name):
    if name == "wait":
        offered = set().union(*(complete("amf-netwatch", name, wait, "--") for wait in WAITS))
    else:
        offered = complete("amf-netwatch", name, "--")
    assert offered == options_of("amf_netwatch", name)


@pytest.mark.parametrize("wait", WAITS)
def test_completion_of_a_wait_offers_its_options_and_one_name(wait):
    assert complete("amf-netwatch", "wait", wait, "--") == options_of("amf_netwatch", "wait", wait)
    named = wait != "attach"
    assert ("lo" in complete("amf-netwatch", "wait", wait, "")) == named
    assert ("lo" in complete("amf-netwatch", "wait", "--timeout", "3", wait, "")) == named
    assert not {"lo", *WAITS} & complete("amf-netwatch", "wait", wait, "lo", "")


@pytest.mark.parametrize("name", [each.name for each in TABLE if each.several or each.name == "budget"])
def test_completion_leaves_free_texts_alone(name):
    assert complete("amf-netwatch", "run", f"--{name}", "") == set()


def test_completion_offers_values():
    assert complete("amf-netwatch", "run", "--types", "") == {"ether", "all"}
    assert complete("amf-netwatch", "run", "--log-level", "") == {
        "error",
        "warning",
        "notice",
        "info",
        "debug",
    }
    assert complete("amf-netwatch", "model", "--redundancy", "") == {"none", "2n"}
    assert complete("amf-netwatch", "model", "--set", "") == {f"{each.name}=" for each in TABLE}
    assert {"install", "upgrade", "remove"} <= complete("amf-netwatch", "campaign", "")
    assert complete("amf-netwatch", "wait", "") == {*WAITS, "--help"}
    assert "lo" in complete("amf-netwatch", "monitor", "--dev", "")


# ---------------------------------------------------------------------------------------------- saf-shim


def shim_commands():
    return re.findall(r"^    ([a-z]+)  ", help_of("saf_shim.cli"), re.MULTILINE)


def test_the_shims_page_explains_its_commands_and_options():
    commands = re.findall(r"^\.TP\n\.B (\S+)$", section("saf-shim.1", "COMMANDS"), re.MULTILINE)
    assert sorted(commands) == sorted(shim_commands())
    options = {option for command in commands for option in options_of("saf_shim.cli", command)}
    assert options_in("saf-shim.1") == options | {"--version"}


def test_the_shims_completion_offers_its_commands_and_options():
    commands = set(shim_commands())
    assert complete("saf-shim", "") == {*commands, "--version", "--help"}
    for command in commands:
        options = options_of("saf_shim.cli", command)
        offered = complete("saf-shim", command, "--")
        assert offered - {"--"} == options
    assert complete("saf-shim", "imm", "") >= {"absent", "back", "restart"}
    assert "immlist" in complete("saf-shim", "run", "--", "immli")
