# SPDX-License-Identifier: Apache-2.0
"""The rooms and walls that `docs/architecture.md` shows, held against the sources."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import house
import pytest
from house import DOCUMENT, PACKAGES, ROOT

MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
SOURCES = sorted(
    path
    for folder in (*PACKAGES, "tests", "bench", "samples", "packaging")
    for path in (ROOT / folder).rglob("*.py")
    if not path.is_relative_to(ROOT / "tests" / "conformance")
)
TEXT = DOCUMENT.read_text(encoding="utf-8")
ROOMS = house.read_rooms(TEXT)
WALLS = [
    tuple(re.findall(r"`([^`]+)`", cell) for cell in line.split("|")[1:3])
    for line in TEXT.partition("\n## Walls\n")[2].partition("\n## ")[0].splitlines()
    if line.startswith("| `")
]


def name_of(path: Path) -> str:
    """The dotted name of the module at `path`."""
    return house.name_of(path.relative_to(ROOT))


def imports_of(path: Path) -> set[str]:
    """Every name that the module at `path` imports anywhere in it, with the packages that it stands in."""
    package = name_of(path) if path.name == "__init__.py" else name_of(path).rpartition(".")[0]
    return set(house.imported_names(path, package))


def is_standard(root: str) -> bool:
    """Tell whether the module comes with Python."""
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


def test_the_table_has_every_module_once():
    assert not house.homeless(house.read_house(), ROOMS)


def test_rooms_import_what_the_table_says_and_nothing_above_them():
    assert not house.broken_walls(house.read_house(), ROOMS)


def test_no_modules_import_each_other_in_a_circle():
    assert not house.circles(house.read_house())


def test_no_room_is_crowded():
    assert not house.crowded(house.read_house())


@pytest.mark.parametrize(("where", "never"), WALLS, ids=[where[0] for where, _ in WALLS])
def test_a_wall_stands(where, never):
    (folder,) = where
    assert (ROOT / folder).is_dir()
    for path in (ROOT / folder).rglob("*.py"):
        for name in imports_of(path):
            assert not any(name == each or name.startswith(f"{each}.") for each in never), (path, name)


def test_the_codec_prints_and_opens_nothing():
    for path in (ROOT / "amf_netwatch" / "netlink" / "codec").rglob("*.py"):
        calls = {
            node.func.id
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not calls & {"open", "print", "input"}, path.name


def test_the_command_finds_an_arrow_up_a_circle_and_a_crowd(tmp_path):
    """The checks can fail: a small house with one fault of each kind."""
    (tmp_path / "small" / "low").mkdir(parents=True)
    (tmp_path / "small" / "top.py").write_text("import small.low.ground\n")
    (tmp_path / "small" / "low" / "ground.py").write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from small import top\n"
    )
    for number in range(house.CROWD):
        (tmp_path / "small" / "low" / f"more{number}.py").write_text("")
    small = house.read_house(tmp_path, ("small",))
    rooms = house.read_rooms(
        "\n## Rooms\n\n| room | what | imports |\n| --- | --- | --- |\n"
        "| `small` | top | `small/low` |\n| `small/low` | ground | nothing |\n"
    )
    assert house.broken_walls(small, rooms) == [
        "upward: small/low -> small (small.low.ground -> small.top)",
        "not in the table: small/low -> small (small.low.ground -> small.top)",
    ]
    assert house.circles(small) == [["small.low.ground", "small.top"]]
    assert house.crowded(small) == [f"small/low holds {house.CROWD + 1} modules"]
    assert house.homeless(small, rooms[1:]) == [
        "small.top stands in no room of the table in docs/architecture.md"
    ]


def test_make_rooms_prints_rooms_sizes_and_arrows():
    done = subprocess.run(
        [sys.executable, house.__file__], check=False, capture_output=True, text=True, cwd=ROOT
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"^imm_model  \(\d+ modules, \d+ lines\)$", done.stdout, re.MULTILINE)
    assert re.search(r"^    -> imm_model  \(\d+ imports\)$", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("path", [path for path in MODULES if path.name == "__init__.py"], ids=name_of)
def test_a_room_says_what_it_is_for_and_in_which_order_to_read_it(path):
    """The reading order names every module and every room inside."""
    words = set(re.findall(r"\w+", ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""))
    inside = {each.stem for each in path.parent.glob("*.py")} - {"__init__", "__main__"}
    inside |= {each.parent.name for each in path.parent.glob("*/__init__.py")}
    assert inside <= words, f"not in the reading order: {sorted(inside - words)}"


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
