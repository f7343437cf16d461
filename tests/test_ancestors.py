# SPDX-License-Identifier: Apache-2.0
"""`docs/ancestors.md` names files, and what is in them: both exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "ancestors.md"
REFERENCE = re.compile(
    r"`((?:amf_netwatch|saf_shim|imm_model|samples|docs|tests)/[\w/.]*\w)(?:: ([\w, ]+))?`"
)
SECTIONS = 5


def references() -> list[tuple[str, str]]:
    return sorted({found.groups(default="") for found in REFERENCE.finditer(DOCUMENT.read_text("utf-8"))})


def names_in(path: Path) -> set[str]:
    """Every class, function, attribute and variable that the file defines, and the rows of its tables."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            names.add(node.name)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            names.add(node.attr)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


@pytest.mark.parametrize(("path", "names"), references())
def test_what_the_document_names_exists(path: str, names: str) -> None:
    assert (ROOT / path).exists(), path
    missing = {name for name in names.split(", ") if name} - (names_in(ROOT / path) if names else set())
    assert not missing, f"{path} has no {', '.join(sorted(missing))}"


def test_each_row_has_a_place_or_says_that_there_is_none() -> None:
    text = DOCUMENT.read_text("utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    heads = [line for line in rows if line.startswith("| it |")]
    assert len(heads) == SECTIONS
    for line in rows:
        if line in heads or line.startswith("| ---"):
            continue
        assert line.count("|") == 4, line
        place = line.split("|")[2]
        assert REFERENCE.search(place) or "nowhere" in place, line
