# SPDX-License-Identifier: Apache-2.0
"""The namespace fixtures keep what they promise to the tests that build on them."""

from __future__ import annotations

import os
import socket
import subprocess

import kernel_fixtures
import pytest


@pytest.mark.kernel
def test_inside_and_outside(namespace, new_namespace):
    other = new_namespace()
    ifindex = namespace.add_link("v0", "veth", "peer", "name", "v1")
    assert socket.if_nametoindex("v0") == ifindex
    assert {"lo", "v0", "v1"} <= set(os.listdir("/sys/class/net"))
    assert "v0" in subprocess.run(["ip", "link"], capture_output=True, text=True, check=True).stdout
    assert "v0" in namespace.run("ls", "/sys/class/net").stdout
    assert "v0" not in other.run("ls", "/sys/class/net").stdout
    namespace.ip(f"link set v1 netns {other.name}")
    assert [item["ifname"] for item in other.ip_json("link show type veth")] == ["v1"]
    assert namespace.ip_json("addr show dev lo")[0]["flags"].count("UP") == 1


@pytest.mark.kernel
def test_a_failing_command_fails_the_test(namespace):
    with pytest.raises(AssertionError, match="Cannot find device"):
        namespace.ip("link set nope up")


@pytest.mark.kernel
def test_a_missing_kind_of_link_is_a_visible_skip(namespace, monkeypatch):
    monkeypatch.setenv("CI", "")
    with pytest.raises(pytest.skip.Exception, match="no links of kind no-such-kind"):
        namespace.add_link("x0", "no-such-kind")


@pytest.mark.parametrize(
    ("ci", "user", "moved", "outcome"),
    [
        ("true", 0, None, pytest.fail.Exception),
        ("true", 1000, None, pytest.skip.Exception),
        ("true", 0, "1", pytest.skip.Exception),
        ("", 0, None, pytest.skip.Exception),
    ],
    ids=["CI as root", "CI as anyone", "CI in a user namespace", "at home"],
)
def test_what_cannot_run_is_skipped_but_fails_in_ci(monkeypatch, ci, user, moved, outcome):
    monkeypatch.setenv("CI", ci)
    monkeypatch.delenv(kernel_fixtures._MOVED, raising=False)
    if moved is not None:
        monkeypatch.setenv(kernel_fixtures._MOVED, moved)
    monkeypatch.setattr(os, "geteuid", lambda: user)
    with pytest.raises(outcome, match="the reason"):
        kernel_fixtures.cannot_run("the reason")
