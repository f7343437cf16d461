# SPDX-License-Identifier: Apache-2.0
"""The README's examples run, one after the other, and print what it says (``...`` stands for anything)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

README = Path(__file__).resolve().parent.parent / "README.md"


class Example(NamedTuple):
    line: int
    command: str
    output: str


def read_examples() -> list[Example]:
    """Every ``$ command`` of the console blocks with what follows it."""
    examples: list[Example] = []
    console = False
    for number, line in enumerate(README.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("```"):
            console = line == "```console"
        elif console and line.startswith("$ "):
            examples.append(Example(number, line[2:], ""))
        elif console:
            last = examples.pop()
            examples.append(last._replace(output=f"{last.output}{line}\n"))
    return examples


def pattern_of(output: str) -> str:
    return ".*".join(re.escape(part) for part in output.split("..."))


@pytest.mark.kernel
def test_the_examples_of_the_readme_run(namespace, tmp_path):
    peer = namespace.add_link("eth0", "veth", "peer", "name", "peer0")
    assert peer
    bridge = namespace.add_link("br0", "bridge")
    assert bridge
    for name, mac in (
        ("eth0", "02:00:00:00:00:01"),
        ("peer0", "02:00:00:00:00:02"),
        ("br0", "02:00:00:00:00:03"),
    ):
        namespace.ip(f"link set {name} address {mac}")
    namespace.ip("address add 192.0.2.1/24 dev eth0")
    namespace.ip("link set eth0 up")
    namespace.ip("link set peer0 master br0 up")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "TZ": "UTC"}
    examples = [example for example in read_examples() if not example.command.startswith("make ")]
    assert len(examples) > 12
    for example in examples:
        done = subprocess.run(
            ["sh", "-c", example.command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        said = f"README.md:{example.line}: $ {example.command}\n{done.stdout}{done.stderr}"
        assert done.returncode == 0, said
        assert not done.stderr, said
        assert re.fullmatch(pattern_of(example.output), done.stdout, re.DOTALL), said


def test_the_links_of_the_readme_lead_somewhere():
    targets = re.findall(r"\]\(([^)#]+)", README.read_text(encoding="utf-8"))
    assert targets
    assert not [target for target in targets if not (README.parent / target).exists()]
