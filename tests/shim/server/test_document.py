# SPDX-License-Identifier: Apache-2.0
"""docs/shim.md is correct: the output of its example, and its lists of commands and methods."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from saf_shim import api, cli, pytest_plugin
from saf_shim.codes import Code
from saf_shim.pytest_plugin import SafShim

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docs" / "shim.md").read_text("utf-8")
LAMP = ROOT / "samples" / "lamp"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def test_the_first_example_prints_what_is_shown(saf_shim: SafShim) -> None:
    command, *output = blocks("console")[0].splitlines()
    assert command == "$ saf-shim run -- sh samples/lamp/lamp.sh"
    done = saf_shim.run("sh", str(LAMP / "lamp.sh"))
    assert done.stdout.splitlines() == output


def test_the_lamps_own_tests_pass(tmp_path: Path) -> None:
    """As a stranger runs them: in a directory of its own, with the plugin and nothing of this repository."""
    shutil.copytree(LAMP, tmp_path / "lamp", ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."]
    done = subprocess.run(
        command, cwd=tmp_path / "lamp", capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 passed" in done.stdout


def test_a_reader_of_the_lamps_model_may_leave_early() -> None:
    done = subprocess.run(["sh", "-c", f"{LAMP}/lamp.py model | true"], check=True, capture_output=True)
    assert done.stderr == b""


def test_shown_parts_of_the_lamps_tests_are_in_its_file() -> None:
    source = {line.strip() for line in (LAMP / "test_lamp.py").read_text("utf-8").splitlines()}
    shown = [line.strip() for line in blocks("python")[0].splitlines()]
    assert [line for line in shown if line not in ("", "...") and line not in source] == []


COMMANDS = sorted(["run", "start", "stop", "exec", "shell", "status", "log", "calls", "fault", "imm", "new"])


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_described_and_helps(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert re.search(rf"`{command}\b|saf-shim {command}\b", TEXT)
    with pytest.raises(SystemExit) as left:
        cli.main([command, "--help"])
    assert left.value.code == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"usage: saf-shim {command}")
    for option in re.findall(r"--[a-z-]+[a-z]", shown):
        assert option in ("--help", "--dir") or option in TEXT, f"{command} {option}"


def test_the_commands_are_these(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    listed = re.findall(r"^    (\w+) ", capsys.readouterr().out, re.MULTILINE)
    assert sorted(listed) == COMMANDS


def complete(*words: str) -> list[str]:
    """Return what bash offers for the last word."""
    script = (
        'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _saf_shim; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    path = ROOT / "packaging" / "bash-completion" / "saf-shim"
    done = subprocess.run(["bash", "-c", script, path, *words], check=True, capture_output=True, text=True)
    return done.stdout.split()


def test_the_shell_completes_calls_and_codes() -> None:
    assert complete("saf-shim", "fault", "") == api.calls()
    assert complete("saf-shim", "fault", "saImmOmSearchN") == ["saImmOmSearchNext_2", "saImmOmSearchNext_o3"]
    codes = [code.name for code in Code]
    assert complete("saf-shim", "fault", "--times", "3", "saImmOmFinalize", "") == ["none", "lost", *codes]
    assert complete("saf-shim", "fault", "saImmOmFinalize", "ERR_BUSY", "") == []
    assert complete("saf-shim", "calls", "--prefix", "saClmD") == ["saClmDispatch"]
    assert complete("saf-shim", "imm", "h") == ["hang"]


def test_everything_of_the_fixture_is_described() -> None:
    names = [name for name in vars(SafShim) if not name.startswith("_")]
    assert [name for name in names if name != "stop" and not re.search(rf"`[^`]*\b{name}\b", TEXT)] == []


def test_every_fixture_is_described() -> None:
    source = Path(pytest_plugin.__file__).read_text("utf-8")
    fixtures = re.findall(r"@pytest\.fixture.*\n(?:@.*\n)*def (\w+)", source)
    assert fixtures
    assert [name for name in fixtures if f"`{name}`" not in TEXT] == []


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)", TEXT):
        assert os.path.exists(ROOT / "docs" / target), target


def test_the_suites_are_as_long_as_it_says() -> None:
    """The table under "How faithful it is"."""
    suite = ROOT / "tests" / "conformance"
    steps = {
        "IMM": sum(
            len(path.read_text("utf-8").splitlines()) for path in (suite / "expected").glob("*.jsonl")
        ),
        "AMF": sum(
            len(path.read_text("utf-8").splitlines()) for path in (suite / "amf" / "expected").glob("*.jsonl")
        ),
    }
    for name, count in steps.items():
        assert re.search(rf"^\| {name}: .*\| {count} steps \|", TEXT, re.MULTILINE), (name, count)
