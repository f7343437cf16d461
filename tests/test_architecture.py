# SPDX-License-Identifier: Apache-2.0
"""Who may import whom, and what only one module may do: the design's rules, read off the sources."""

from __future__ import annotations

import ast
import importlib.util
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("amf_netwatch", "imm_model", "saf_shim")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
SOURCES = sorted(
    path
    for folder in (*PACKAGES, "tests", "bench", "samples", "packaging")
    for path in (ROOT / folder).rglob("*.py")
    if not path.is_relative_to(ROOT / "tests" / "conformance")
)


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> set[str]:
    """Every module that `path` imports anywhere in it, by absolute name."""
    found: set[str] = set()
    package = name_of(path) if path.name == "__init__.py" else name_of(path).rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            found |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return found


def is_standard(root: str) -> bool:
    """Does the module come with Python?"""
    known = getattr(sys, "stdlib_module_names", None)  # since Python 3.10
    if known is not None:
        return root in known
    spec = importlib.util.find_spec(root)
    return spec is not None and (spec.origin or "").startswith(
        (sysconfig.get_path("stdlib"), "built-in", "frozen")
    )


def roots_of(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imports_of(path)}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_package_imports_only_what_the_design_allows(path):
    own = name_of(path).partition(".")[0]
    allowed = {"imm_model": {"imm_model"}, "amf_netwatch": {"amf_netwatch", "imm_model"}}.get(
        own, {"saf_shim", "imm_model"}
    )
    foreign = {root for root in roots_of(path) - allowed if not is_standard(root)}
    if name_of(path) == "amf_netwatch.ais" or name_of(path).startswith("saf_shim.pyosaf"):
        foreign -= {"pyosaf"}
    if name_of(path) == "saf_shim.pytest_plugin":
        foreign -= {"pytest"}
    assert not foreign


def test_one_module_imports_pyosaf():
    users = [
        name_of(path)
        for path in MODULES
        if "pyosaf" in roots_of(path) and not name_of(path).startswith("saf_shim.pyosaf")
    ]
    assert users == ["amf_netwatch.ais"]


def test_one_module_opens_netlink_sockets():
    users = [name_of(path) for path in MODULES if "AF_NETLINK" in path.read_text(encoding="utf-8")]
    assert users == ["amf_netwatch.netlink.socket"]


def test_the_codec_does_no_io():
    doers = {"os", "io", "socket", "_socket", "select", "selectors", "threading", "time", "subprocess"}
    for path in (ROOT / "amf_netwatch" / "netlink" / "codec").glob("*.py"):
        assert not roots_of(path) & doers, path.name
        calls = {
            node.func.id
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not calls & {"open", "print", "input"}, path.name


def test_the_pure_parts_of_the_shim_know_no_sockets_and_clocks():
    doers = {"socket", "_socket", "select", "selectors", "threading", "time", "subprocess", "signal"}
    for path in (ROOT / "saf_shim" / "imm").rglob("*.py"):
        assert not roots_of(path) & doers, name_of(path)


def test_the_judge_does_not_share_the_mind_of_the_judged():
    for path in (ROOT / "saf_shim").rglob("*.py"):
        assert not any(name.startswith("imm_model.diff") for name in imports_of(path)), name_of(path)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_file_begins_with_its_licence(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    head = lines[1] if lines and lines[0].startswith("#!") else lines[0]
    assert head == "# SPDX-License-Identifier: Apache-2.0"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_says_what_it_is(path):
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_nothing_sleeps(path):
    """Whatever waits takes a clock or a descriptor."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    sleeps = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "sleep"
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "time"
    ]
    assert not sleeps
