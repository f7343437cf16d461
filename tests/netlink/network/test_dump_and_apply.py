# SPDX-License-Identifier: Apache-2.0
"""`apply` accepts the output of `dump`: it changes nothing at first, and undoes any later change."""

from __future__ import annotations

import os
from typing import Any

import pytest
from kernel_fixtures import Namespace
from random_changes import build, clear, make_document

from amf_netwatch.netlink import CommitError, RefusedError
from amf_netwatch.netlink.network.committer import Committer
from amf_netwatch.netlink.network.documents.reader import print_document, read_document

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(600)]
GROUPS = 4
SEEDS = int(os.environ.get("AMF_NETWATCH_FAULT_SEEDS", "200" if os.environ.get("CI") == "true" else "64"))
IDENTITIES = {
    "links": ("name",),
    "routes": ("dst", "table", "priority", "tos"),
    "rules": ("priority", "family", "src", "dst", "input", "output", "mark", "table", "action"),
    "neighbours": ("link", "address"),
}


def way_back(before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """The document of before, and the absence of what has come since then."""
    document: dict[str, Any] = {}
    links = {entry["name"] for entry in before["links"]}
    for section, keys in IDENTITIES.items():
        entries = [dict(entry) for entry in before.get(section, ())]
        known = {tuple(entry.get(key) for key in keys) for entry in entries}
        for entry in now.get(section, ()):
            identity = tuple(entry.get(key) for key in keys)
            on_new_link = entry.get("link", entry.get("name")) not in links and section != "links"
            if identity not in known and not entry.get("foreign") and not (on_new_link and "link" in entry):
                entries.append({**{key: entry[key] for key in keys if key in entry}, "state": "absent"})
        if section == "routes":
            take_metrics_away(entries, now.get(section, []))
        document[section] = entries
    return document


def take_metrics_away(entries: list[dict[str, Any]], now: list[dict[str, Any]]) -> None:
    """Name the metrics that have come since then."""
    keys = IDENTITIES["routes"]
    present = {tuple(entry.get(key) for key in keys): entry for entry in now}
    for entry in entries:
        came = present.get(tuple(entry.get(key) for key in keys), {}).get("metrics", {})
        names = came.keys() - entry.get("metrics", {}).keys()
        if names and entry.get("state") != "absent":
            entry["metrics"] = {**entry.get("metrics", {}), **dict.fromkeys(names)}


@pytest.mark.parametrize("group", range(GROUPS))
def test_a_dump_is_applied_without_effect_and_leads_back(quiet: Namespace, group: int) -> None:
    held = 0
    for seed in range(2000 + group, 2000 + SEEDS, GROUPS):
        build(seed)
        committer = Committer()
        before = committer.dump()
        read_document(before)
        assert committer.change().load(before).review() == {}, f"seed {seed}"
        assert not committer.change().load(before).plan(), f"seed {seed}"
        try:
            committer.change().load(make_document(seed)).commit()
        except (CommitError, RefusedError):
            clear()
            continue
        held += 1
        committer.change().load(way_back(before, committer.dump())).commit()
        assert print_document(committer.dump()) == print_document(before), f"seed {seed}"
        clear()
    assert held or SEEDS < 64
