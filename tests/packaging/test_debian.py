# SPDX-License-Identifier: Apache-2.0
"""The Debian packages: built, clean for lintian, with the right contents and relations."""

from __future__ import annotations

import os
import re

import pytest
from package_tools import PACKAGING, ROOT, need, run

import amf_netwatch


def field(package, name):
    return run("dpkg-deb", "--field", package, name).stdout.strip()


def contents(package):
    lines = run("dpkg-deb", "--contents", package).stdout.splitlines()
    return {line.split()[5].lstrip("."): line.split()[0] for line in lines}


@pytest.fixture(scope="module")
def packages(debs):
    version = amf_netwatch.__version__
    return {name: debs / f"{name}_{version}_all.deb" for name in ("amf-netwatch", "saf-shim")}


def test_lintian_has_nothing_to_say(debs):
    need("lintian")
    changes = next(debs.glob("*.changes"))
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    found = run("lintian", "--info", "--display-info", "--fail-on", "error,warning", changes, env=environment)
    assert not re.findall(r"^[EWI]: .*", found.stdout, re.MULTILINE)


def test_the_version_is_that_of_the_code(packages):
    for package in packages.values():
        assert field(package, "Version") == amf_netwatch.__version__


def test_relations(packages):
    assert field(packages["amf-netwatch"], "Depends") == "python3:any"
    assert "opensaf" in field(packages["amf-netwatch"], "Recommends")
    assert f"amf-netwatch (= {amf_netwatch.__version__})" in field(packages["saf-shim"], "Depends")


def test_contents(packages):
    component, shim = contents(packages["amf-netwatch"]), contents(packages["saf-shim"])
    assert component["/usr/bin/amf-netwatch"] == "-rwxr-xr-x"
    assert shim["/usr/bin/saf-shim"] == "-rwxr-xr-x"
    for package in ("amf_netwatch", "imm_model"):
        for path in (ROOT / package).rglob("*.py"):
            assert f"/usr/lib/python3/dist-packages/{path.relative_to(ROOT)}" in component
    for path in (ROOT / "saf_shim").rglob("*"):
        if path.suffix in (".py", ".xml"):
            assert f"/usr/lib/python3/dist-packages/{path.relative_to(ROOT)}" in shim
    for page in (PACKAGING / "man").iterdir():
        listed = f"/usr/share/man/man{page.suffix[1:]}/{page.name}.gz"
        assert listed in (shim if page.name.startswith("saf-shim") else component)
    for name, listed in (("amf-netwatch", component), ("saf-shim", shim)):
        assert f"/usr/share/bash-completion/completions/{name}" in listed
        assert f"/usr/share/doc/{name}/copyright" in listed
    assert "/usr/share/amf-netwatch/netwatch_classes.xml" in component
    for page in (ROOT / "docs").glob("shim*.md"):  # dh_compress packs what is large
        assert {f"/usr/share/doc/saf-shim/{page.name}", f"/usr/share/doc/saf-shim/{page.name}.gz"} & set(shim)
    for sample in ("lamp/lamp.py", "cluster_interfaces.py", "README.md"):
        assert f"/usr/share/doc/saf-shim/examples/{sample}" in shim
    assert not [path for path in (*component, *shim) if "__pycache__" in path or "/tests/" in path]


def test_building_leaves_the_tree_alone(debs):
    """debian/ exists only in the directory that the build assembles."""
    assert debs.is_dir()
    assert not (ROOT / "debian").exists()


def test_the_source_package_builds_the_same_packages_elsewhere(packages, debs, tmp_path):
    (description,) = debs.glob("*.dsc")
    run("dpkg-source", "--no-check", "--extract", description, tmp_path / "source")
    run("dpkg-buildpackage", "--no-sign", "--build=binary", cwd=tmp_path / "source")
    for package in packages.values():
        assert (tmp_path / package.name).read_bytes() == package.read_bytes()
