# SPDX-License-Identifier: Apache-2.0
"""The examples of `docs/network.md` run, and everything that it lists exists."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from kernel_fixtures import Namespace

from amf_netwatch.netlink.network.committer import Committer
from amf_netwatch.netlink.network.documents.reader import KEYS

TEXT = (Path(__file__).parents[3] / "docs" / "network.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
DOCUMENTS = re.findall(r"^```json\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


@pytest.mark.kernel
@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_a_block_runs(quiet: Namespace, number: int, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(BLOCKS[number], f"docs/network.md, block {number + 1}", "exec"), {})
    if "CommitError" in BLOCKS[number]:
        assert "route add 203.0.113.0/24 via 172.31.0.1" in capsys.readouterr().out
        assert [link["ifname"] for link in quiet.ip_json("link")] == ["lo"]


@pytest.mark.kernel
def test_the_document_can_be_applied(quiet: Namespace) -> None:
    Committer().change().load(json.loads(DOCUMENTS[0])).commit()
    assert quiet.ip_json("route show 198.51.100.0/24")


def test_every_key_is_listed() -> None:
    for section, word in (
        ("links", "link"),
        ("routes", "route"),
        ("rules", "rule"),
        ("neighbours", "neighbour"),
    ):
        row = re.search(rf"^\| {word} \| (.*)$", TEXT, re.MULTILINE)
        assert row is not None
        listed = set(re.findall(r"`(\w+)`", row.group(1)))
        assert set(KEYS[section]) - {"foreign", "dynamic"} <= listed
