# SPDX-License-Identifier: Apache-2.0
"""Wheel and sdist: built as `make dist` does, installed into a fresh environment, used from elsewhere."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tarfile
import zipfile

import pytest
from package_tools import ROOT, made_once, run

import amf_netwatch
from amf_netwatch.deployment.model import format_classes


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    """A directory with wheel and sdist. The wheel is built from the sdist, so that one proves the other."""
    if importlib.util.find_spec("build") is None:
        pytest.skip("needs the package `build` (make venv)")
    command = (sys.executable, "-m", "build", "--outdir")
    return made_once(tmp_path_factory, "dist", lambda target: run(*command, target, ROOT))


@pytest.fixture(scope="module")
def commands(dist, tmp_path_factory):
    """The directory of the commands that the wheel brings, in an environment with nothing else."""
    environment = tmp_path_factory.mktemp("venv")
    run(sys.executable, "-m", "venv", environment)
    (wheel,) = dist.glob("*.whl")
    run(
        environment / "bin" / "python",
        "-I",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-index",
        "--no-deps",
        wheel,
    )
    return environment / "bin"


def from_elsewhere(*command):
    """Standard output of a command run in ``/`` with an environment as small as a daemon's."""
    environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    done = subprocess.run(
        [str(word) for word in command], cwd="/", env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_component_commands_work_from_anywhere(commands):
    assert from_elsewhere(commands / "amf-netwatch", "classes") == format_classes()
    assert f"<value>{commands}</value>" in from_elsewhere(commands / "amf-netwatch", "model")
    version = from_elsewhere(commands / "amf-netwatch", "--version")
    assert version == f"amf-netwatch {amf_netwatch.__version__}\n"


def test_the_simulator_works_from_anywhere(commands):
    listed = from_elsewhere(
        commands / "saf-shim", "run", "--", "immlist", "-a", "safApp", "safApp=safImmService"
    )
    assert listed == "safApp=safApp=safImmService\n"


def test_the_wheel_has_every_module_and_no_other(dist):
    (wheel,) = dist.glob("*.whl")
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    packages = ("amf_netwatch", "imm_model", "saf_shim")
    expected = {
        str(path.relative_to(ROOT))
        for package in packages
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert names == expected


def test_the_sdist_can_build_everything(dist):
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for wanted in (
        "Makefile",
        "LICENSE",
        "packaging/deb/build",
        "packaging/deb/debian/rules",
        "packaging/rpm/amf-netwatch.spec",
        "packaging/man/saf-shim.1",
        "docs/operations.md",
        "tests/packaging/test_dist.py",
    ):
        assert wanted in names
    assert not [name for name in names if "__pycache__" in name]


def test_versions_agree():
    """pyproject, the code, and the packages' changelogs name one version."""
    version = amf_netwatch.__version__
    assert f'version = "{version}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    changelog = (ROOT / "packaging/deb/debian/changelog").read_text(encoding="utf-8")
    assert changelog.startswith(f"amf-netwatch ({version})")
    assert f"- {version}-1" in (ROOT / "packaging/rpm/amf-netwatch.spec").read_text(encoding="utf-8")
