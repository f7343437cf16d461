# SPDX-License-Identifier: Apache-2.0
"""`apply`, `confirm` and `freeze` as processes: statuses, output, how they end."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from kernel_fixtures import Namespace
from network_dump import compare, dump_all

pytestmark = pytest.mark.kernel
COMMAND = [sys.executable, "-m", "amf_netwatch"]
DOCUMENT: dict[str, Any] = {
    "links": [{"name": "br0", "kind": "bridge", "state": "up", "mtu": 1400, "addresses": ["192.0.2.1/24"]}],
    "routes": [{"dst": "198.51.100.0/24", "gateway": "192.0.2.254"}],
}


def run(*words: str, document: Any = None) -> tuple[int, str, str]:
    text = document if isinstance(document, str) else json.dumps(document)
    done = subprocess.run([*COMMAND, *words], input=text, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def start(*words: str, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


def wait_for_line(stream: Any, words: str) -> str:
    for line in stream:
        if words in line:
            return str(line)
    raise AssertionError(f"{words!r} was not said")


def test_it_is_checked_applied_and_then_nothing_is_left_to_do(quiet: Namespace) -> None:
    status, said, _ = run("apply", "-", "--check", "--plan", document=DOCUMENT)
    assert status == 1
    assert "+ link br0" in said
    assert "link add br0 type bridge    (inverse: link del br0)" in said
    status, said, errors = run("apply", "-", document=DOCUMENT)
    assert (status, errors) == (0, "")
    assert said.splitlines()[-1] == "applied"
    assert quiet.ip_json("route show 198.51.100.0/24")[0]["gateway"] == "192.0.2.254"
    for check in ([], ["--check"]):
        assert run("apply", "-", *check, document=DOCUMENT)[:2] == (0, "nothing to do\n")


def test_a_file_is_read(quiet: Namespace, tmp_path: Path) -> None:
    file = tmp_path / "network.json"
    file.write_text(json.dumps(DOCUMENT), encoding="utf-8")
    assert run("apply", str(file))[0] == 0
    status, _, errors = run("apply", str(tmp_path / "nope"))
    assert status == 2
    assert "No such file" in errors


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("{", "this is no JSON"),
        ({"links": [{"name": "br0", "mtu": "x", "colour": 1}]}, "links[0].colour: unknown"),
        ({"routes": [{"dst": "10.0.0.1/8"}]}, "10.0.0.0/8 is the prefix"),
    ],
)
def test_a_wrong_document_is_2(quiet: Namespace, document: Any, said: str) -> None:
    status, output, errors = run("apply", "-", document=document)
    assert (status, output) == (2, "")
    assert said in errors


@pytest.mark.parametrize(
    "words", [["--ensure", "nobody"], ["--confirm", "x"], ["--timeout", "-1"], ["--colour"]]
)
def test_wrong_use_is_2(quiet: Namespace, words: list[str]) -> None:
    assert run("apply", "-", *words, document=DOCUMENT)[0] == 2
    assert run("apply", "-", "--netns", "no-such-namespace", document=DOCUMENT)[0] == 2


def test_a_refusal_is_1_with_the_kernels_words(quiet: Namespace) -> None:
    before = dump_all()
    wrong = {**DOCUMENT, "routes": [{"dst": "10.0.0.0/8", "gateway": "172.31.0.1"}]}
    status, _, errors = run("apply", "-", document=wrong)
    assert status == 1
    assert "route add 10.0.0.0/8 via 172.31.0.1" in errors
    assert "Nexthop has invalid gateway" in errors
    status, output, _ = run("apply", "-", "--json", document=wrong)
    answer = json.loads(output)
    assert (status, answer["result"], answer["error"]["left"]) == (1, "refused", [])
    status, _, errors = run("apply", "-", document={"links": [{"name": "nope", "mtu": 1400}]})
    assert status == 1
    assert "links[0]: there is no link nope" in errors
    assert compare(before, dump_all()) == []


def test_json_has_the_review_and_the_result(quiet: Namespace) -> None:
    status, output, _ = run("apply", "-", "--json", "--plan", document=DOCUMENT)
    answer = json.loads(output)
    assert status == 0
    assert answer["result"] == "applied"
    assert answer["changes"]["links"][0]["name"] == "br0"
    assert answer["plan"]


def test_an_address_must_answer(quiet: Namespace) -> None:
    before = dump_all()
    status, _, errors = run(
        "apply", "-", "--ensure", "192.0.2.99", "--ensure-timeout", "0.5", document=DOCUMENT
    )
    assert status == 1
    assert "192.0.2.99 does not answer within 0.5 s" in errors
    assert compare(before, dump_all()) == []
    ensure = ["--ensure", "127.0.0.1", "--ensure", "[::1]:9", "--ensure", "192.0.2.1"]
    assert run("apply", "-", *ensure, document=DOCUMENT)[0] == 0


def test_a_trial_is_put_back_or_confirmed(quiet: Namespace) -> None:
    before = dump_all()
    status, _, errors = run("apply", "-", "--confirm", "0.2", document=DOCUMENT)
    assert status == 1
    assert "nobody confirmed it in time" in errors
    assert compare(before, dump_all()) == []
    assert run("confirm")[0] == 1
    with start("apply", "-", "--confirm", "60", stdin=subprocess.PIPE) as trial:
        assert trial.stdin is not None
        trial.stdin.write(json.dumps(DOCUMENT))
        trial.stdin.close()
        line = wait_for_line(trial.stderr, "on trial for 60 s")
        identifier = line.rpartition("confirm ")[2].strip().rstrip("`")
        status, _, errors = run("apply", "-", document={"links": [{"name": "br0", "mtu": 1300}]})
        assert status == 1
        assert identifier in errors
        assert run("confirm", "00000000")[0] == 1
        assert run("confirm", identifier)[:2] == (0, f"{identifier} confirmed\n")
        assert trial.wait(30) == 0
    assert quiet.ip_json("link show dev br0")[0]["mtu"] == 1400


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_puts_a_trial_back(quiet: Namespace, number: signal.Signals, tmp_path: Path) -> None:
    before = dump_all()
    file = tmp_path / "network.json"
    file.write_text(json.dumps(DOCUMENT), encoding="utf-8")
    with start("apply", str(file), "--confirm", "60", stdin=subprocess.DEVNULL) as trial:
        wait_for_line(trial.stderr, "on trial")
        trial.send_signal(number)
        assert trial.wait(30) == 1
    assert compare(before, dump_all()) == []


def test_a_signal_in_the_middle_puts_everything_back(quiet: Namespace, tmp_path: Path) -> None:
    before = dump_all()
    file = tmp_path / "network.json"
    file.write_text(json.dumps(DOCUMENT), encoding="utf-8")
    words = ["--ensure", "192.0.2.99", "--ensure-timeout", "60"]
    with start("apply", str(file), *words, stdin=subprocess.DEVNULL) as process:
        while not quiet.ip_json("route show 198.51.100.0/24"):
            select.poll().poll(20)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 1
        assert process.stderr is not None
        assert "interrupted by SIGTERM" in process.stderr.read()
    assert compare(before, dump_all()) == []


@pytest.mark.parametrize("keep", [True, False])
def test_enter_keeps_it_and_a_terminal_that_goes_puts_it_back(
    quiet: Namespace, keep: bool, tmp_path: Path
) -> None:
    before = dump_all()
    file = tmp_path / "network.json"
    file.write_text(json.dumps(DOCUMENT), encoding="utf-8")
    ours, theirs = pty.openpty()
    with start("apply", str(file), "--confirm", "60", stdin=theirs, start_new_session=True) as trial:
        os.close(theirs)
        wait_for_line(trial.stderr, "press Enter")
        if keep:
            os.write(ours, b"\n")
            assert trial.wait(30) == 0
        os.close(ours)
        assert trial.wait(30) == (0 if keep else 1)
    assert bool(compare(before, dump_all())) is keep


def test_freeze_puts_back_and_ends_with_ctrl_c(quiet: Namespace) -> None:
    assert run("freeze", "nope")[0] == 2
    quiet.add_link("v0", "veth", "peer", "name", "v1")
    with start("freeze", "v0") as freeze:
        wait_for_line(freeze.stdout, "frozen: v0")
        quiet.ip("addr add 10.0.0.1/24 dev v0")
        wait_for_line(freeze.stdout, "put back: addr del 10.0.0.1/24 dev v0")
        freeze.send_signal(signal.SIGINT)
        assert freeze.wait(30) == 0
    assert quiet.ip_json("addr show dev v0")[0]["addr_info"] == []
