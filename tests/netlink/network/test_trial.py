# SPDX-License-Identifier: Apache-2.0
"""Confirmed commits: a change is kept if it is confirmed, otherwise it is undone."""

from __future__ import annotations

import select
import socket
from typing import Callable

import pytest
from kernel_fixtures import Namespace
from network_dump import compare, dump_all

from amf_netwatch.netlink import RefusedError
from amf_netwatch.netlink.network import trial
from amf_netwatch.netlink.network.committer import Committer
from amf_netwatch.netlink.network.trial import ask_trial, list_trials

pytestmark = pytest.mark.kernel
DOCUMENT = {"links": [{"name": "v0", "state": "up", "addresses": ["10.0.0.1/24"]}]}


@pytest.fixture
def space(quiet: Namespace) -> Namespace:
    quiet.add_link("v0", "veth", "peer", "name", "v1")
    quiet.add_link("w0", "veth", "peer", "name", "w1")
    return quiet


def test_it_is_put_back_when_the_time_is_over(space: Namespace) -> None:
    before = dump_all()
    change = Committer().change().load(DOCUMENT)
    change.commit(confirm=0.2, guard=True)
    assert change.trial is not None
    assert compare(before, dump_all())
    assert change.trial.wait(30) is False
    assert change.trial.left == ()
    assert compare(before, dump_all()) == []
    assert change.trial.confirm() is False


def test_it_stays_when_it_is_confirmed(space: Namespace) -> None:
    change = Committer().change().load(DOCUMENT)
    change.commit(confirm=60)
    assert change.trial is not None
    assert list_trials() == [change.id]
    assert change.trial.confirm() is True
    assert list_trials() == []
    assert space.ip_json("addr show dev v0")[0]["addr_info"]
    assert change.trial.cancel() is False


def test_it_is_confirmed_or_cancelled_from_outside(space: Namespace) -> None:
    before = dump_all()
    for word, kept in (("cancel", False), ("confirm", True)):
        change = Committer().change().load(DOCUMENT)
        change.commit(confirm=60, guard=True)
        assert change.trial is not None
        assert ask_trial(change.id, "nonsense") == "unknown word"
        assert ask_trial(change.id, word) == "ok"
        assert change.trial.wait(30) is kept
        assert bool(compare(before, dump_all())) is kept
    assert ask_trial(change.id, "confirm") is None


def test_meanwhile_the_same_objects_cannot_be_changed(space: Namespace) -> None:
    change = Committer().change().load(DOCUMENT)
    change.commit(confirm=60)
    with pytest.raises(RefusedError, match=f"the change {change.id} is on trial"):
        Committer().change().load({"links": [{"name": "v0", "mtu": 1400}]}).commit()
    Committer().change().load({"links": [{"name": "w0", "mtu": 1400}]}).commit()
    assert change.trial is not None
    change.trial.confirm()
    Committer().change().load({"links": [{"name": "v0", "mtu": 1400}]}).commit()


def test_other_namespaces_do_not_see_it(space: Namespace, new_namespace: Callable[[], Namespace]) -> None:
    other = new_namespace()
    change = Committer().change().load(DOCUMENT)
    change.commit(confirm=60)
    assert list_trials(other.name) == []
    assert list_trials(space.name) == [change.id]
    assert change.trial is not None
    change.trial.cancel()


def test_another_namespace_is_changed_from_here(
    space: Namespace, new_namespace: Callable[[], Namespace]
) -> None:
    other = new_namespace()
    before = dump_all()
    change = Committer(other.name).change().load({"links": [{"name": "br0", "kind": "bridge"}]})
    change.commit(confirm=60, guard=True)
    assert list_trials(other.name) == [change.id]
    assert ask_trial(change.id, "cancel", other.name) == "ok"
    assert [link["ifname"] for link in other.ip_json("link")] == ["lo"]
    assert compare(before, dump_all()) == []


def test_the_client_has_its_answer_before_the_end_is_announced(
    space: Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that sees the end may exit, and would take the answer with it."""
    announced = []
    change = Committer().change().load(DOCUMENT)
    change.commit(confirm=60)
    one = change.trial
    assert one is not None
    answer = trial._answer

    def note(client: socket.socket, text: str) -> None:
        announced.append(bool(select.select([one.fileno()], [], [], 0)[0]))
        answer(client, text)

    monkeypatch.setattr(trial, "_answer", note)
    assert ask_trial(change.id, "confirm") == "ok"
    assert one.wait(30) is True
    assert announced == [False]
