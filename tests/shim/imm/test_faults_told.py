# SPDX-License-Identifier: Apache-2.0
"""The fault that a refused call reports: for names that are too long, and for calls with two faults.

OpenSAF 5.21.03 answered these codes to the same command lines.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from imm_client import Oi, Om, make_runtime_class, values

from imm_model.classes import AttributeDefinition, AttributeFlag, Category, ClassDefinition
from imm_model.types import ValueType
from imm_model.xml import format_imm_xml
from saf_shim.pytest_plugin import SafShim

CONFIG = AttributeFlag.CONFIG
LINKED = ClassDefinition(
    "Linked",
    Category.CONFIG,
    (
        AttributeDefinition("no", ValueType.STRING, CONFIG | AttributeFlag.RDN),
        AttributeDefinition("dn", ValueType.NAME, CONFIG | AttributeFlag.WRITABLE),
        AttributeDefinition(
            "links", ValueType.NAME, CONFIG | AttributeFlag.WRITABLE | AttributeFlag.NO_DANGLING
        ),
        AttributeDefinition(
            "link", ValueType.NAME, CONFIG | AttributeFlag.WRITABLE | AttributeFlag.NO_DANGLING
        ),
    ),
)
LONG = "x" * 256


@pytest.fixture
def linked(saf_shim: SafShim, tmp_path: Path) -> SafShim:
    """A simulator with the class Linked and the object ``no=1`` of it."""
    path = tmp_path / "linked.xml"
    path.write_text(format_imm_xml([LINKED]))
    saf_shim.load(str(path))
    saf_shim.run("immcfg", "-c", "Linked", "no=1")
    return saf_shim


def refusal(saf_shim: SafShim, *command: str) -> str:
    done = saf_shim.run(*command, check=False)
    assert done.returncode == 1
    return done.stderr


def test_a_name_that_is_too_long_as_a_value(linked: SafShim, tmp_path: Path) -> None:
    assert "SA_AIS_ERR_BAD_OPERATION (20)" in refusal(linked, "immcfg", "-a", f"dn={LONG}", "no=1")
    path = tmp_path / "long.xml"
    head, tail = format_imm_xml([LINKED]).split("</imm:IMM-contents>")
    given = f"<object class='Linked'><dn>no=2</dn><attr><name>dn</name><value>{LONG}</value></attr></object>"
    path.write_text(f"{head}{given}</imm:IMM-contents>{tail}")
    assert "SA_AIS_ERR_NAME_TOO_LONG (13)" in refusal(linked, "immcfg", "-f", str(path))


def test_of_two_objects_the_last_is_looked_at_first(linked: SafShim) -> None:
    assert "SA_AIS_ERR_INVALID_PARAM (7)" in refusal(linked, "immcfg", "-d", "no=9", "a=1, b=2")
    assert "object does not exist" in refusal(linked, "immcfg", "-d", "a=1, b=2", "no=9")


def test_of_two_dangling_references_the_first_in_the_alphabet_is_named(linked: SafShim) -> None:
    text = refusal(linked, "immcfg", "-a", "links=no=8", "-a", "link=no=9", "no=1")
    assert "has dangling reference (no=9)" in text
    assert "no=8" not in text


@pytest.mark.parametrize(
    ("name", "code"), [("a=1", 7), ("1", 7), ("a 1", 7), ("port=eth0", 7), ("Nothing", 12)]
)
def test_a_name_that_no_class_can_have(saf_shim: SafShim, name: str, code: int) -> None:
    assert f"({code})" in refusal(saf_shim, "immlist", "-c", name)


def test_a_parent_that_is_too_long_is_no_parent_that_is_missing(saf_shim: SafShim) -> None:
    om, oi = Om(), Oi("Long")
    make_runtime_class(om)
    assert oi.create("TestRt", "rt=" + "x" * 252, values("a")) == "ERR_NOT_EXIST"
    assert oi.create("TestRt", "rt=" + "x" * 253, values("a")) == "ERR_INVALID_PARAM"
