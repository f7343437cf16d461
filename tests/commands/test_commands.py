# SPDX-License-Identifier: Apache-2.0
"""The command line: what every command has in common, and the commands that run without AMF."""

from __future__ import annotations

import importlib
import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

from amf_netwatch import cli
from amf_netwatch.cli import COMMANDS
from amf_netwatch.commands.setting_options import parse_options
from amf_netwatch.errors import SettingsError, SurroundingsError
from amf_netwatch.settings import TABLE

ROOT = Path(__file__).resolve().parents[2]
COMPONENT = "safComp=NetWatch,safSu=SC-1,safSg=NetWatch,safApp=NetWatch"


def run(*words, **environment):
    """The command line in a process of its own."""
    ours = ("AMF_NETWATCH", "SA_AMF", "SAF_SHIM")
    clean = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    return subprocess.run(
        [sys.executable, "-m", "amf_netwatch", *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**clean, **environment},
        check=False,
    )


def test_run_outside_amf_is_one_clear_line():
    done = run("run")
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "not started by AMF" in done.stderr


def test_without_pyosaf_there_is_a_clear_message(tmp_path):
    done = run("show")
    assert done.returncode == 1
    assert "pyosaf" in done.stderr
    assert "Traceback" not in done.stderr
    done = run("instantiate", SA_AMF_COMPONENT_NAME=COMPONENT, AMF_NETWATCH_RUN_DIR=str(tmp_path / "run"))
    assert done.returncode == 1
    assert "pyosaf" in done.stderr


@pytest.mark.parametrize("command", ["run", "instantiate"])
def test_a_wrong_setting_says_which(command, tmp_path):
    names = {"SA_AMF_COMPONENT_NAME": COMPONENT, "AMF_NETWATCH_RUN_DIR": str(tmp_path / "run")}
    done = run(command, "--types", "wifi", **names)
    assert done.returncode == 2
    assert "--types" in done.stderr
    assert "wifi" in done.stderr
    done = run(command, **names, AMF_NETWATCH_BUDGET="soon")
    assert done.returncode == 2
    assert "AMF_NETWATCH_BUDGET" in done.stderr


def test_help_lists_every_command_and_version_is_told():
    text = run("--help").stdout
    for command in COMMANDS:
        assert f"  {command.name} " in text
    assert run("--version").stdout.startswith("amf-netwatch ")
    assert run().returncode == 2
    assert run("no-such").returncode == 2


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_has_the_same_shape(command):
    """`main(arguments) -> int`, and `make_parser()` in each module that reads its options with argparse."""
    module = importlib.import_module(f"amf_netwatch.commands.{command.module}")
    signature = inspect.signature(module.main)
    assert list(signature.parameters) == ["arguments"]
    assert signature.return_annotation == "int"
    if "argparse" in vars(module):
        assert module.make_parser().prog == f"amf-netwatch {command.name}"


def test_every_module_of_the_room_is_a_command_or_named_by_it():
    room = ROOT / "amf_netwatch" / "commands"
    found = {".".join(path.relative_to(room).with_suffix("").parts) for path in room.rglob("*.py")}
    shared = {"__init__", "network.__init__", "shape", "setting_options"}
    assert found - shared == {command.module for command in COMMANDS}


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["classes"], ["model"], ["run", "--help"]])
def test_a_full_disk_is_one_line(words):
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "amf_netwatch", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, "amf-netwatch: standard output: No space left on device\n")


@pytest.mark.parametrize("command", ["run", "instantiate"])
def test_help_of_the_light_commands_lists_every_setting(command):
    text = run(command, "--help").stdout
    for setting in TABLE:
        assert f"--{setting.name} " in text


@pytest.mark.parametrize("command", ["demo", "show", "model", "classes"])
def test_other_commands_help(command):
    done = run(command, "--help")
    assert done.returncode == 0
    assert f"usage: amf-netwatch {command}" in done.stdout


def test_options_are_words_or_pairs():
    assert parse_options(["--include", "a", "--include=b=c", "--types", "all"]) == {
        "include": ("a", "b=c"),
        "types": ("all",),
    }
    for wrong in (["x"], ["--nope", "1"], ["--types"], ["--types", "a", "b"]):
        with pytest.raises(SettingsError):
            parse_options(wrong)


def test_main_catches_our_errors(capsys, monkeypatch):
    monkeypatch.setattr(
        cli, "import_module", lambda name: (_ for _ in ()).throw(SurroundingsError("it rains"))
    )
    assert cli.main(["show"]) == 1
    assert capsys.readouterr().err == "amf-netwatch: it rains\n"


def test_what_the_component_does_not_import():
    """Each of these costs milliseconds and megabytes (`re` comes with `typing` up to Python 3.12)."""
    text = (
        "import sys; before = set(sys.modules); "
        "import amf_netwatch.cli, amf_netwatch.commands.run, amf_netwatch.component.process; "
        "print(*set(sys.modules) - before)"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", text], capture_output=True, text=True, cwd=ROOT, check=True
    )
    heavy = {"argparse", "logging", "json", "subprocess", "socket", "selectors", "dataclasses", "inspect"}
    heavy |= {"asyncio", "fnmatch", "tempfile", "shutil", "ctypes", "pyosaf"}
    assert not heavy & set(done.stdout.split())


def test_the_command_line_of_model():
    done = run(
        "model", "--node", "A", "--node", "B", "--prefix", "/opt/x", "--period", "0.5", "--set", "types=all"
    )
    assert done.returncode == 0
    assert ">/opt/x<" in done.stdout
    assert "<value>500000000</value>" in done.stdout
    for wrong in (
        ["--period", "0.05"],
        ["--period", "x"],
        ["--set", "types"],
        ["--set", "nope=1"],
        ["--set", "types=wifi"],
        ["--node", "A", "--node", "A"],
        ["--node", "a,b"],
    ):
        done = run("model", *wrong)
        assert done.returncode == 2, wrong
        assert "Traceback" not in done.stderr
