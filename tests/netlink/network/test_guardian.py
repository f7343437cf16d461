# SPDX-License-Identifier: Apache-2.0
"""kill -9 in the middle of a change, at any step: another process puts everything back."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from pathlib import Path

import pytest
from kernel_fixtures import Namespace
from network_dump import compare, dump_all
from random_changes import build, clear, make_document

from amf_netwatch.netlink import RefusedError
from amf_netwatch.netlink.network.committer import Committer

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(300)]
SUPPORT = str(Path(__file__).parents[2] / "support")

_PROGRAM = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
from network_faults import Fault
from amf_netwatch.netlink.network.committer import Committer
fault = Fault("killed", int(sys.argv[2]))
committer = Committer(open_transport=fault.open)
committer.change().load(json.loads(sys.stdin.read())).commit(guard=True)
"""


def run_until_killed(document: str, place: int) -> int:
    """Run the program, and wait until it and its guardian have ended; its status."""
    # The guardian inherits the writing end: the pipe ends when it does.
    reader, writer = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, SUPPORT, str(place)],
        stdin=subprocess.PIPE,
        stderr=writer,
        text=True,
    )
    os.close(writer)
    process.communicate(document)
    said = b""
    while select.select([reader], [], [], 60)[0] and (part := os.read(reader, 65536)):
        said += part
    os.close(reader)
    assert b"Traceback" not in said or process.returncode == 1, said.decode()
    return process.returncode


@pytest.mark.parametrize("seed", [3, 5, 12, 21, 30, 44])
def test_a_killed_change_leaves_nothing(quiet: Namespace, seed: int) -> None:
    build(seed)
    document = make_document(seed)
    try:
        steps = Committer().change().load(document).plan().count()
    except RefusedError:
        steps = 0
    before = dump_all()
    for place in range(0, steps, max(1, steps // 4)):
        status = run_until_killed(json.dumps(document), place)
        if status == 0:
            pytest.fail("it was not killed")
        assert compare(before, dump_all()) == [], f"step {place}"
    clear()


def test_a_guardian_that_is_told_to_end_rolls_back(quiet: Namespace) -> None:
    quiet.add_link("v0", "veth", "peer", "name", "v1")
    before = dump_all()
    committer = Committer()
    change = committer.change().load({"links": [{"name": "v0", "state": "up", "addresses": ["10.0.0.1/24"]}]})
    change.commit(guard=True, confirm=60)
    assert compare(before, dump_all())
    guardian = committer.guardian
    assert guardian is not None
    guardian.terminate()
    assert compare(before, dump_all()) == []
    assert change.trial is not None
    change.trial.confirm()
