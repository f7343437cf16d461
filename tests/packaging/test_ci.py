# SPDX-License-Identifier: Apache-2.0
"""CI runs the targets of the Makefile, on the Python versions that the package supports."""

from __future__ import annotations

import re
import subprocess

from package_tools import ROOT

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
WORKFLOW = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
RUN = (ROOT / ".ci" / "run").read_text("utf-8")


def test_the_workflow_calls_ci_run_on_every_supported_python():
    assert ".ci/run" in WORKFLOW
    found = re.search(r"python: \[(.*)\]", WORKFLOW)
    assert found
    versions = re.findall(r'"([\d.]+)"', found.group(1))
    wanted = re.search(r"^VERSIONS \?= (.*)$", MAKEFILE, re.MULTILINE)
    assert wanted
    assert versions == wanted.group(1).split()
    assert f'requires-python = ">={versions[0]}"' in (ROOT / "pyproject.toml").read_text("utf-8")


def test_ci_run_calls_targets_that_exist():
    words = [word for line in re.findall(r"^make (.*)$", RUN, re.MULTILINE) for word in line.split()]
    assert {"system-packages", "check", "test"} <= set(words)
    for word in words:
        assert re.search(rf"^{word}:", MAKEFILE, re.MULTILINE), word


def test_every_target_of_the_help_is_listed_as_a_command():
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    targets = set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))
    assert targets == set(re.findall(r"^  make (\S+)", listed, re.MULTILINE))
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert phony
    assert targets <= set(phony.group(1).split())


def test_scripts_are_sound_and_can_be_executed():
    for script in (
        ".ci/run",
        ".ci/test",
        "packaging/deb/build",
        "packaging/rpm/build",
        "packaging/checkout.py",
    ):
        path = ROOT / script
        assert path.stat().st_mode & 0o111, script
        shell = path.read_text("utf-8").splitlines()[0].rpartition("/")[2].replace("env ", "")
        if shell in ("sh", "bash"):
            subprocess.run([shell, "-n", path], check=True)
