# SPDX-License-Identifier: Apache-2.0
"""The examples of `docs/netlink.md` run, and everything that it lists exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import amf_netwatch.netlink
from amf_netwatch.netlink import Cause, NetlinkError, errors

TEXT = (Path(__file__).parents[2] / "docs" / "netlink.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


@pytest.mark.kernel
@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_a_block_runs(namespace, number, capsys):
    namespace.add_link("v0", "veth", "peer", "name", "v1")
    namespace.ip("addr add 192.0.2.1/24 dev v0")
    exec(compile(BLOCKS[number], f"docs/netlink.md, block {number + 1}", "exec"), {})
    if "print(link" in BLOCKS[number]:
        printed = capsys.readouterr().out
        assert "b'v0' veth down 1500" in printed
        assert "192.0.2.1/24" in printed


def test_every_module_is_listed():
    table = re.findall(r"^\| (`[^|]+) \|", TEXT, re.MULTILINE)
    listed = {name for cell in table for name in re.findall(r"(\w+)`", cell)}
    folder = Path(amf_netwatch.netlink.__file__).parent
    modules = {path.stem for path in folder.rglob("*.py")} - {"__init__"}
    assert modules <= listed


def test_every_cause_and_error_is_listed():
    for cause in Cause:
        assert cause is Cause.NONE or f"| `{cause.value}` |" in TEXT
    for error in vars(errors).values():
        if isinstance(error, type) and issubclass(error, NetlinkError):
            assert error.__name__ in TEXT
