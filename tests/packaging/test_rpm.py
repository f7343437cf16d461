# SPDX-License-Identifier: Apache-2.0
"""The RPM packages: built, clean for rpmlint, with the right contents and relations."""

from __future__ import annotations

import pytest
from package_tools import PACKAGING, ROOT, need, run

import amf_netwatch


@pytest.fixture(scope="module")
def packages(rpms):
    version = f"{amf_netwatch.__version__}-1"
    names = ("amf-netwatch", "python3-imm-model", "saf-shim")
    return {name: rpms / f"{name}-{version}.noarch.rpm" for name in names}


def query(package, *options):
    return run("rpm", "--query", "--package", *options, package).stdout.splitlines()


def test_rpmlint_has_nothing_to_say(rpms):
    need("rpmlint")
    configuration = PACKAGING / "rpm" / "rpmlint.toml"
    files = sorted(rpms.glob("*.rpm"))
    found = run("rpmlint", "--config", configuration, *files)
    assert " 0 errors, 0 warnings" in found.stdout, found.stdout


def test_the_component_requires_opensafs_python_modules_and_the_shim_does_not(packages):
    version = f"{amf_netwatch.__version__}-1"
    component, shim = query(packages["amf-netwatch"], "--requires"), query(packages["saf-shim"], "--requires")
    assert {"opensaf-python", "python3 >= 3.9", f"python3-imm-model = {version}"} <= set(component)
    assert {"python3 >= 3.9", f"python3-imm-model = {version}"} <= set(shim)
    assert not [each for each in shim if "opensaf" in each]


def test_contents(packages):
    listed = {name: set(query(package, "--list")) for name, package in packages.items()}
    commands = {"amf-netwatch": "amf_netwatch", "python3-imm-model": "imm_model", "saf-shim": "saf_shim"}
    for name, module in commands.items():
        for path in (ROOT / module).rglob("*.py"):
            ending = f"/site-packages/{path.relative_to(ROOT)}"
            assert [each for each in listed[name] if each.endswith(ending)], path
            assert [each for each in listed[name] if f"/__pycache__/{path.stem}.cpython" in each], path
    assert {"/usr/bin/amf-netwatch", "/usr/share/amf-netwatch/netwatch_classes.xml"} <= listed["amf-netwatch"]
    assert "/usr/bin/saf-shim" in listed["saf-shim"]
    for name in ("shim.md", "shim-tools.md", "samples/lamp/lamp.py"):
        assert [each for each in listed["saf-shim"] if each.endswith(f"/{name}")], name
    for page in (PACKAGING / "man").iterdir():
        owner = "saf-shim" if page.name.startswith("saf-shim") else "amf-netwatch"
        assert f"/usr/share/man/man{page.suffix[1:]}/{page.name}.gz" in listed[owner]
    for name in ("amf-netwatch", "saf-shim"):
        assert f"/usr/share/bash-completion/completions/{name}" in listed[name]
    for files in listed.values():
        assert [each for each in files if each.endswith("/LICENSE")]


def test_files_belong_to_root_and_nobody_else_writes_them(packages):
    for package in packages.values():
        for line in query(
            package, "--queryformat", "[%{FILEUSERNAME} %{FILEGROUPNAME} %{FILEMODES:perms}\n]"
        ):
            user, group, mode = line.split()
            assert (user, group) == ("root", "root")
            assert mode[5] == "-"
            assert mode[8] == "-"
