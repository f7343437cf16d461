# SPDX-License-Identifier: Apache-2.0
"""Random operations at a high rate, while the component is killed and IMM goes and comes: at quiet, IMM
says exactly what `ip` says, within two healthchecks.

Longer or other ones: AMF_NETWATCH_SOAK=SECONDS:SEED.
"""

from __future__ import annotations

import os
import signal
import time
from random import Random

import pytest
from component_cluster import BIN, Cluster, as_imm_says, as_ip_says, eventually

from amf_netwatch.deployment.model import ModelOptions

pytestmark = pytest.mark.kernel
PERIOD = 1.0
SECONDS, SEED = (int(word) for word in os.environ.get("AMF_NETWATCH_SOAK", "12:7").split(":"))
ROUND = 3.0  # seconds of noise between two quiet moments
NAMES = ("a0", "b0", "a1", "b1", "a2", "b2", "br0", "br1", "mv0", "if0", "c0", "a,b=c", "é")
ADDRESSES = (
    *("192.0.2.1/24", "192.0.2.2/24", "192.0.2.130/25", "198.51.100.1/32"),
    *("2001:db8::1/64", "2001:db8::2/64", "fd00::1/128"),
)
WRITES = ("saImmOiRtObjectCreate_2", "saImmOiRtObjectUpdate_2", "saImmOiRtObjectDelete")
CODES = ("lost", "ERR_TRY_AGAIN", "ERR_BAD_HANDLE", "ERR_TIMEOUT", "ERR_NO_RESOURCES", "ERR_LIBRARY")


class Noise:
    """Batches of commands of `ip`; many fail, because what they name is not there."""

    def __init__(self, random: Random, elsewhere: str) -> None:
        self._random = random
        self._elsewhere = elsewhere

    def batch(self) -> list[str]:
        size = self._random.choice((1, 5, 30, 200))
        return [command for _ in range(size) for command in self._operation()]

    def _operation(self) -> list[str]:
        link, other = self._random.choice(NAMES), self._random.choice(NAMES)
        number, index = self._random.randint(0, 2), self._random.choice(("", "", "index 60 ", "index 61 "))
        choices = (
            (6, [f"link add a{number} {index}type veth peer name b{number}"]),
            (1, [f"link add {link} {index}type veth peer name {other}"]),
            (1, [f"link add br{number % 2} {index}type bridge"]),
            (1, [f"link add mv0 link {link} {index}type macvlan"]),
            (1, [f"link add if0 {index}type ifb"]),
            (3, [f"link delete {link}"]),
            (8, [f"link set {link} {self._random.choice(('up', 'up', 'down'))}"]),
            (3, [f"link set {link} name {other}"]),
            (3, [f"link set {link} name t", f"link set {other} name {link}", f"link set t name {other}"]),
            (4, [f"link set {link} address 02:00:00:00:00:0{number}"]),
            (4, [f"link set {link} mtu {self._random.choice((1400, 1500, 1280))}"]),
            (3, [f"link set {link} master br{number % 2}"]),
            (2, [f"link set {link} nomaster"]),
            (8, [f"address replace {self._random.choice(ADDRESSES)} dev {link}"]),
            (5, [f"address delete {self._random.choice(ADDRESSES)} dev {link}"]),
            (1, [f"address flush dev {link}"]),
            (1, [f"link set {link} netns {self._elsewhere}"]),
        )
        (chosen,) = self._random.choices(choices, [weight for weight, _ in choices])
        return chosen[1]


class Trouble:
    """A disturbance of the component or of IMM, one at a time; `end` ends it."""

    def __init__(self, random: Random, cluster: Cluster) -> None:
        self._random = random
        self._cluster = cluster
        self.kills = 0

    def begin(self) -> None:
        self._random.choice((self._nothing, self._kill, self._absent, self._restart, self._fault))()

    def end(self) -> None:
        self._cluster.run(BIN / "saf-shim", "imm", "back")
        self._cluster.fault("--clear")

    def _nothing(self) -> None:
        pass

    def _kill(self) -> None:
        pid = self._cluster.pid()
        if pid is not None:
            self.kills += 1
            os.kill(pid, signal.SIGKILL)

    def _absent(self) -> None:
        self._cluster.run(BIN / "saf-shim", "imm", "absent")

    def _restart(self) -> None:
        self._cluster.run(BIN / "saf-shim", "imm", "restart")

    def _fault(self) -> None:
        times = self._random.randint(1, 20)
        self._cluster.fault(self._random.choice(WRITES), self._random.choice(CODES), "--times", times)


@pytest.mark.timeout(SECONDS * 6 + 120)
def test_at_quiet_imm_says_what_ip_says(namespace, new_namespace, tmp_path):
    random = Random(SEED)
    noise = Noise(random, new_namespace().name)
    cluster = Cluster(tmp_path, ModelOptions(period=PERIOD))
    cluster.run("immcfg", "-a", "saAmfSGCompRestartMax=1000", "safSg=NetWatch,safApp=NetWatch")
    trouble, starts = Trouble(random, cluster), 0
    try:
        cluster.unlock()
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            quiet = time.monotonic() + ROUND
            trouble_at = time.monotonic() + random.random() * ROUND
            begun = False
            while time.monotonic() < quiet:
                if not begun and time.monotonic() > trouble_at:
                    trouble.begin()
                    begun = True
                commands = noise.batch()
                namespace.run("ip", "-force", "-batch", "-", input="\n".join(commands) + "\n", check=False)
            trouble.end()
            _settles(cluster, namespace)
            starts += len(cluster.calls("saAmfComponentRegister", clear=True))
        assert starts == 1 + trouble.kills, cluster.log_lines()
        cluster.admin("lock")
        assert cluster.find() == set()
        assert cluster.find("NetWatchNode") == set()
    finally:
        cluster.stop()


def _settles(cluster, namespace):
    """Within two healthchecks, and what this machine takes to look."""
    started = time.monotonic()
    try:
        eventually(lambda: as_imm_says(cluster) == as_ip_says(namespace), 2 * PERIOD + 3)
    except AssertionError:
        assert as_imm_says(cluster) == as_ip_says(namespace), cluster.log_lines()[-30:]
    print(f"true after {time.monotonic() - started:.2f} s")
    node = "netWatchNode=SC-1"
    assert cluster.attribute(node, "interfaceCount") == str(len(as_ip_says(namespace)))
