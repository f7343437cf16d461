# SPDX-License-Identifier: Apache-2.0
"""Every sample about changing the network runs, and does what it says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from kernel_fixtures import Namespace

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"
SAID = {
    "network_quickstart": ["'new_name': 'bala'", "now: b'bala' 00:11:22:33:44:55 2000", "undone: True"],
    "network_changes": [
        "two changes: True",
        "review: ['192.0.2.1/24', '198.51.100.1/24', '198.51.100.2/24']",
        "plan: addr add 198.51.100.1/24 dev v0    (inverse: addr del 198.51.100.1/24 dev v0)",
        "refused: route add 203.0.113.0/24 via 172.31.0.1 left: ()",
        "mended: {}",
    ],
    "network_create": ["ports: ['port0', 'port1']", "refused: there is a link", "mtu: 1400", "deleted: True"],
    "network_addresses": [
        "there: ['10.0.0.1/24', '10.0.0.2/24', '2001:db8::39/64']",
        "exactly: ['10.0.0.2/24', '10.0.0.1/24']",
    ],
    "network_ports": ["ports: ['v0', 'veth0', 'veth2']", "ports: ['veth0', 'veth2']"],
    "network_routes": [
        "route: 172.16.1.0/24 192.0.2.3 {'mtu': 1300, 'advmss': 500}",
        "route: default 192.0.2.253 None",
        "ways: [{'gateway': '192.0.2.2', 'link': 'v0'}, {'gateway': '192.0.2.3', 'link': 'v0', 'weight': 3}]",
        "ways: [{'gateway': '192.0.2.3', 'link': 'v0'}]",
    ],
    "network_rules": ["'src': '172.16.2.0/24'", "changed: 2"],
    "network_freeze": ["put back: addr del 10.9.9.9/24 dev v0", "it was put back: True"],
    "network_trial": [
        "put back: 192.0.2.99 does not answer within 0.5 s",
        "on trial for 30 s",
        "confirmed: True",
    ],
}


@pytest.mark.kernel
@pytest.mark.parametrize("name", sorted(path.stem for path in SAMPLES.glob("network_*.py")))
def test_a_sample_runs(quiet: Namespace, name: str) -> None:
    quiet.batch(["link add v0 type veth peer name v1", "addr add 192.0.2.1/24 dev v0", "link set v0 up"])
    command = [sys.executable, str(SAMPLES / f"{name}.py"), "v0"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert [said for said in SAID[name] if said not in done.stdout] == [], done.stdout


def test_every_sample_is_in_the_documentation() -> None:
    text = (ROOT / "docs" / "network.md").read_text(encoding="utf-8")
    assert [path.name for path in SAMPLES.glob("network_*.py") if path.name not in text] == []
